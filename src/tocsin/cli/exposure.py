"""`tocsin exposure`: what was reached through an identity, an address, a session, a host or a key, or could be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.follow_up import Wish, answer_part, release_changed
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.cli.vault_key import sources_of
from tocsin.errors import ConfigError
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.share.exit import refuse_overwrite, release
from tocsin.share.format import Part

if TYPE_CHECKING:
    from tocsin.model.question import Question
    from tocsin.store.key_sources import KeySources


def _canonical(given: list[str] | None, canonical: Callable[[str], str | None]) -> tuple[str, ...]:
    """Each as the logs' own are written; a text that names nothing is a usage error, never a wider question."""
    names = tuple((text, canonical(text)) for text in given or ())
    for text, name in names:
        if name is None:
            raise typer.BadParameter(f"{text!r} names nothing")
    return tuple(name for _, name in names if name is not None)


def _counted(question: Question) -> dict[str, str | int]:
    """What was asked, for the record: how many of each, and nobody's name."""
    from tocsin.opening import utc_text

    found: dict[str, str | int] = {
        "identity": len(question.identities),
        "address": len(question.addresses),
        "session": len(question.sessions),
        "host": len(question.hosts),
        "key": len(question.keys),
    }
    times = {"from": question.from_, "likely": question.likely, "latest": question.latest, "to": question.to}
    return {name: count for name, count in found.items() if count} | {
        name: utc_text(time) for name, time in times.items() if time is not None
    }


def _release_persons(workspace: Path, question: Question, sources: KeySources | None, wish: Wish) -> None:
    from tocsin.disclosure.at_risk import persons_at_risk
    from tocsin.share.formats.json_document import single
    from tocsin.share.persons import persons_text

    options.refuse_format(wish.format, "persons")
    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys, wish.passphrase_file)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        found = persons_at_risk(workspace, question, sources, passphrase=reading.passphrase, progress=progress)
    written = single("persons", found) if wish.format == "json" else persons_text(found)
    reading.show(written, wish.command, {"format": wish.format, **wish.arguments}, wish.output, force=wish.force)


def _released_reach(workspace: Path | None, estate: Path | None, question: Question, wish: Wish) -> None:
    """What could be opened: of an estate alone, or of what a workspace holds."""
    from tocsin.share.reach_text import FORMATS, reach_as

    if wish.format not in FORMATS:
        raise ConfigError(f"there is no format {wish.format!r} for reach", hint=f"formats: {', '.join(FORMATS)}")
    refuse_overwrite(wish.output, force=wish.force)
    if workspace is None and estate is not None:
        from tocsin.reaching import reach_of_estate

        release(reach_as(wish.format, reach_of_estate(estate, question)), wish.output, force=wish.force)
        return
    if workspace is None or estate is not None:
        raise ConfigError(
            "reach is asked of a workspace or of an estate: name one of --workspace and --estate",
            hint="a workspace has the estate that the last investigation was given",
        )
    from tocsin.investigation import answers_of

    reading = begin_reading(workspace, wish.keys, wish.passphrase_file)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = answers_of(workspace, question=question, passphrase=reading.passphrase, progress=progress)
    written = reach_as(wish.format, answers.reach, answers.asked)
    reading.show(written, wish.command, {"format": wish.format, **wish.arguments}, wish.output, force=wish.force)


def exposure(
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", metavar="DIR", help="The workspace to answer from.", show_default=False),
    ] = None,
    identity: Annotated[
        list[str] | None, typer.Option(metavar="X", help="Take this identity as hostile, in any form; may be repeated.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option(metavar="A", help="Take this address as hostile; may be repeated.")
    ] = None,
    session: Annotated[
        list[str] | None, typer.Option(metavar="S", help="Take this session as hostile; may be repeated.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option(metavar="H", help="Take this host as hostile; may be repeated.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(metavar="K", help="Take this access key as hostile; may be repeated.")
    ] = None,
    from_: options.FromOption = None,
    likely: Annotated[
        int | None,
        typer.Option(
            "--likely", metavar="TIME", parser=options.rfc3339, help="When it likely began; --from is the earliest."
        ),
    ] = None,
    latest: Annotated[
        int | None,
        typer.Option(
            "--latest",
            metavar="TIME",
            parser=options.rfc3339,
            help="When it began at the latest; what changes is told.",
        ),
    ] = None,
    to: options.ToOption = None,
    as_of: options.AsOfOption = None,
    since: options.SinceOption = None,
    reach: Annotated[
        bool, typer.Option("--reach", help="What they could open, by rights alone; of an estate also without logs.")
    ] = False,
    estate: Annotated[
        Path | None, typer.Option("--estate", metavar="DIR", help="With --reach: of this estate, without any log.")
    ] = None,
    persons: Annotated[
        bool,
        typer.Option("--persons", help="For the protection unit: a verdict on each protected person, by handle."),
    ] = False,
    tokens_only: Annotated[
        bool, typer.Option("--tokens-only", help="With --persons: without the vault's key, and so without handles.")
    ] = False,
    passphrase_file: options.VaultPassphraseOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What was compromised, and how surely; with --reach, what could be.

    Through whom and what: by default all that the incidents name. Options of one kind are alternatives; of
    different kinds all must hold.
    """
    from tocsin.model.question import Question

    options.check_span(from_, to)
    options.check_starts(from_, likely, latest, to)
    question = Question(
        identities=_canonical(identity, canonical_account),
        addresses=_canonical(address, canonical_address),
        sessions=tuple(session or ()),
        hosts=_canonical(host, canonical_host),
        keys=tuple(key or ()),
        from_=from_,
        to=to,
        likely=likely,
        latest=latest,
    )
    wish = Wish(
        format_, output, force, quiet, "exposure", options.keys_given(as_), _counted(question),
        passphrase_file=passphrase_file, as_of=as_of,
    )  # fmt: skip
    if (as_of is not None or since is not None) and reach:
        raise ConfigError("what could be opened is told of today", hint="leave out --as-of and --since, or --reach")
    if reach:
        _released_reach(workspace, estate, question, wish._replace(command="exposure --reach"))
        return
    if workspace is None or estate is not None:
        raise ConfigError("--workspace is missing", hint="an estate alone can be asked with --reach")
    if as_of is not None and (persons or question != Question()):
        raise ConfigError(
            "what could be said then is what was asked then: of everybody the incidents named",
            hint="leave out --as-of to ask of somebody today, or ask --as-of alone",
        )
    if since is not None:
        if persons or question != Question():
            raise ConfigError("--since compares whole answers", hint="leave out whom it is asked of")
        release_changed(workspace, wish, since, verdicts_only=True)
        return
    if persons:
        sources = None if tokens_only else sources_of(workspace, passphrase_file)
        _release_persons(workspace, question, sources, wish._replace(command="exposure --persons"))
        return
    answer_part(Part.EXPOSURE, workspace, wish, question)
