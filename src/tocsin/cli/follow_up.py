"""A part of the answers asked of a workspace that holds logs already: what three commands have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tocsin.cli.called import told
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.share.exit import cleared, refuse_overwrite, release
from tocsin.share.format import Comparing, Format, Part, format_named

if TYPE_CHECKING:
    from tocsin.model.answers import Answers
    from tocsin.model.question import Question


class Wish(NamedTuple):
    """How the answer is wanted: format, destination (None for standard output), and whether it may be replaced.

    `command` and `arguments` say on the record what was asked, naming nobody; `keys` sign for it. Under a vault the
    tokens are those of the recipient `to`, "" for those of the workspace; `passphrase_file` opens the vault.
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


def answer_part(part: Part, workspace: Path, wish: Wish, question: Question | None = None) -> None:
    """Recompute the answers from the workspace and release the part asked for."""
    released(format_named(wish.format, part), part, workspace, wish, question)


def released(
    chosen: Format, part: Part, workspace: Path, wish: Wish, question: Question | None = None
) -> tuple[Answers, str]:
    """Recompute the answers from the workspace, put that on its record, release them; both, for who keeps them."""
    from tocsin.investigation import answers_of

    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys, wish.passphrase_file)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = answers_of(workspace, question=question, passphrase=reading.passphrase, progress=progress)
    written = _written(chosen, part, workspace, told(answers), wish.to, reading.passphrase)
    text = cleared(written, wish.output)
    to = {"to": wish.to} if wish.to else {}
    reading.done(wish.command, {"format": chosen.name, **to, **wish.arguments}, text.text)
    release(text, wish.output, force=wish.force)
    return answers, text.text


def _written(chosen: Format, part: Part, workspace: Path, answers: Answers, to: str, passphrase: str | None) -> str:
    if not to:
        return compared(chosen, workspace).render(answers, part)
    from tocsin.evidence.recipients import answers_to, text_to

    if isinstance(chosen, Comparing):  # the brief before knows what it spoke of by the workspace's own tokens
        return text_to(workspace, compared(chosen, workspace).render(answers, part), to, passphrase=passphrase)
    return chosen.render(answers_to(workspace, answers, to, passphrase=passphrase), part)


def compared(chosen: Format, workspace: Path) -> Format:
    """The format as it is, or comparing with the brief that went out last."""
    if not isinstance(chosen, Comparing):
        return chosen
    from tocsin.investigation import last_brief

    return chosen.since(last_brief(workspace))
