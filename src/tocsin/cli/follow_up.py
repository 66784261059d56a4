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

    `command` and `arguments` say on the record what was asked, naming nobody; `keys` sign for it.
    """

    format: str
    output: Path | None
    force: bool
    quiet: bool
    command: str
    keys: tuple[str, ...] = ()
    arguments: Mapping[str, str | int] = MappingProxyType({})


def answer_part(part: Part, workspace: Path, wish: Wish, question: Question | None = None) -> None:
    """Recompute the answers from the workspace and release the part asked for."""
    released(format_named(wish.format, part), part, workspace, wish, question)


def released(
    chosen: Format, part: Part, workspace: Path, wish: Wish, question: Question | None = None
) -> tuple[Answers, str]:
    """Recompute the answers from the workspace, put that on its record, release them; both, for who keeps them."""
    from tocsin.investigation import answers_of

    refuse_overwrite(wish.output, force=wish.force)
    reading = begin_reading(workspace, wish.keys)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = answers_of(workspace, question=question, passphrase=reading.passphrase, progress=progress)
    text = cleared(compared(chosen, workspace).render(told(answers), part), wish.output)
    reading.done(wish.command, {"format": chosen.name, **wish.arguments}, text.text)
    release(text, wish.output, force=wish.force)
    return answers, text.text


def compared(chosen: Format, workspace: Path) -> Format:
    """The format as it is, or comparing with the brief that went out last."""
    if not isinstance(chosen, Comparing):
        return chosen
    from tocsin.investigation import last_brief

    return chosen.since(last_brief(workspace))
