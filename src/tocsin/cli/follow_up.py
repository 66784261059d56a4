"""A part of the answers asked of a workspace that holds logs already: what three commands have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tocsin.cli import options
from tocsin.cli.called import told
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.share.exit import refuse_overwrite, tell
from tocsin.share.format import Comparing, Format, Part, format_named

if TYPE_CHECKING:
    from tocsin.model.answers import Answers
    from tocsin.model.question import Question


class Wish(NamedTuple):
    """How the answer is wanted: format, destination (None for standard output), and whether it may be replaced.

    `command` and `arguments` say on the record what was asked, naming nobody; `keys` sign for it. Under a vault the
    tokens are those of the recipient `to`, "" for those of the workspace; `passphrase_file` opens the vault.
    `as_of`, ns UTC: the answer that had been given by then. `is_for_others`: what is closed is not in it. `only`: of
    the incidents of these ids alone.
    """

    format: str
    output: Path | None
    force: bool
    quiet: bool
    command: str
    keys: tuple[str, ...] = ()
    arguments: Mapping[str, str | int] = MappingProxyType({})
    to: str = ""
    passphrase_file: Path | None = None
    as_of: int | None = None
    is_for_others: bool = False
    only: tuple[str, ...] = ()


class Released(NamedTuple):
    """What was released: the answers, the text that left, and what opened the workspace."""

    answers: Answers
    text: str
    passphrase: str | None


def answer_part(part: Part, workspace: Path, wish: Wish, question: Question | None = None) -> None:
    """Recompute the answers from the workspace and release the part asked for."""
    released(format_named(wish.format, part), part, workspace, wish, question)


def released(chosen: Format, part: Part, workspace: Path, wish: Wish, question: Question | None = None) -> Released:
    """Recompute the answers from the workspace, or find those of then, put that on its record, and release them."""
    from tocsin.investigation import answers_of

    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys, wish.passphrase_file)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = answers_of(
            workspace,
            question=question,
            passphrase=reading.passphrase,
            progress=progress,
            given_by=wish.as_of,
            readers=() if wish.is_for_others else reading.names,
            only_verdicts=part is Part.EXPOSURE,
        )
    if wish.only:
        from tocsin.share.narrowed import of_incidents

        answers = of_incidents(answers, wish.only)
    written = _written(chosen, part, workspace, told(answers), wish.to, reading.passphrase)
    to = {"to": wish.to} if wish.to else {}
    given = {"as-of": answers.run.given} if wish.as_of is not None else {}
    asked = {"format": chosen.name, **to, **given, **wish.arguments}
    text = reading.show(written, wish.command, asked, wish.output, force=wish.force)
    if wish.as_of is not None and not wish.quiet:
        tell(f"this is answer no. {answers.run.answer}, given {answers.run.given}: what could be said then")
    return Released(answers, text, reading.passphrase)


def _written(chosen: Format, part: Part, workspace: Path, answers: Answers, to: str, passphrase: str | None) -> str:
    if not to:
        return compared(chosen, workspace, answers, passphrase).render(answers, part)
    from tocsin.evidence.recipients import answers_to, text_to

    if isinstance(chosen, Comparing):  # the brief before knows what it spoke of by the workspace's own tokens
        text = compared(chosen, workspace, answers, passphrase).render(answers, part)
        return text_to(workspace, text, to, passphrase=passphrase)
    return chosen.render(answers_to(workspace, answers, to, passphrase=passphrase), part)


def compared(chosen: Format, workspace: Path, answers: Answers, passphrase: str | None) -> Format:
    """The format as it is, or comparing the answers with the brief that went out last before them."""
    if not isinstance(chosen, Comparing):
        return chosen
    from tocsin.investigation import changed_since_brief, last_brief

    previous = last_brief(workspace, answers.run.given) if answers.run.given else last_brief(workspace)
    if previous is None:
        return chosen
    return chosen.since(previous, changed_since_brief(workspace, answers, passphrase=passphrase))


def release_changed(workspace: Path, wish: Wish, since: int, *, verdicts_only: bool) -> None:
    """Release what changed since the answer given by `since`, until now or until that given by `wish.as_of`."""
    from tocsin.investigation import what_changed
    from tocsin.share.formats.json_document import single
    from tocsin.share.since_words import changed_text, verdicts_text

    options.refuse_format(wish.format, "what changed")
    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys, wish.passphrase_file)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        found = what_changed(workspace, since=since, by=wish.as_of, passphrase=reading.passphrase, progress=progress)
    if wish.format == "json":
        written = single("since", replace(found, incidents=(), coverage=()) if verdicts_only else found)
    else:
        written = verdicts_text(found) if verdicts_only else changed_text(found)
    asked = {"format": wish.format, "since": found.since.given}
    reading.show(written, wish.command, asked, wish.output, force=wish.force)
