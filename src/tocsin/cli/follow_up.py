"""A part of the answers asked of a workspace that holds logs already: what three commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tocsin.cli.called import told
from tocsin.cli.passphrase import passphrase_for
from tocsin.cli.progress import progress_on_stderr
from tocsin.share.exit import refuse_overwrite, release
from tocsin.share.format import Comparing, Format, Part, format_named

if TYPE_CHECKING:
    from tocsin.model.answers import Answers
    from tocsin.model.question import Question


class Wish(NamedTuple):
    """How the answer is wanted: format, destination (None for standard output), and whether it may be replaced."""

    format: str
    output: Path | None
    force: bool
    quiet: bool


def answer_part(part: Part, workspace: Path, wish: Wish, question: Question | None = None) -> None:
    """Recompute the answers from the workspace and release the part asked for."""
    released(format_named(wish.format, part), part, workspace, wish, question)


def released(
    chosen: Format, part: Part, workspace: Path, wish: Wish, question: Question | None = None
) -> tuple[Answers, str]:
    """Recompute the answers from the workspace, write and release them; both, for who keeps them."""
    from tocsin.investigation import answers_of

    refuse_overwrite(wish.output, force=wish.force)
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = answers_of(workspace, question=question, passphrase=passphrase_for(workspace), progress=progress)
    text = compared(chosen, workspace).render(told(answers), part)
    release(text, wish.output, force=wish.force)
    return answers, text


def compared(chosen: Format, workspace: Path) -> Format:
    """The format as it is, or comparing with the brief that went out last."""
    if not isinstance(chosen, Comparing):
        return chosen
    from tocsin.investigation import last_brief

    return chosen.since(last_brief(workspace))
