"""`tocsin exercise`: simulated institutions with labelled intrusions, to try the product and to train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.progress import progress_on_stderr
from tocsin.errors import ConfigError
from tocsin.share.exit import release
from tocsin.share.plain import shown

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def exercise() -> None:
    """Invented institutions with an intruder."""


@commands.command(name="list")
def list_(
    format_: Annotated[str, typer.Option("--format", metavar="NAME", help="How to write it: text or json.")] = "text",
) -> None:
    """Every exercise there is."""
    from tocsin.investigation import list_exercises
    from tocsin.share.formats.json_document import listed

    found = list_exercises()
    if format_ == "json":
        release(listed("exercises", found), None)
    elif format_ == "text":
        lines = (
            f"{each.name}\n  {each.sentence}\n  {each.identities} identities, {each.days} days\n"
            f"  players: {', '.join(each.players)}"
            for each in found
        )
        release("\n".join(lines) + "\n", None)
    else:
        raise ConfigError(f"there is no format {format_!r} for exercises", hint="formats: json, text")


@commands.command()
def run(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As `tocsin exercise list` gives it.", show_default=False)
    ],
    workspace: Annotated[
        Path, typer.Option(metavar="DIR", help="Logs, estate and truth go to DIR/exercise.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another number plays it another way.")] = 1,
    days: Annotated[
        int | None,
        typer.Option(metavar="N", help="Days of work, up to 70; the players come in the last.", show_default=False),
    ] = None,
    identities: Annotated[
        int | None, typer.Option(metavar="N", help="Size of the institution, up to 1500.", show_default=False)
    ] = None,
    players: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Only these, with commas between; or none.", show_default=False),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes.")] = False,
) -> None:
    """Write an exercise: logs, estate and truth.

    The same seed and size write the same bytes.
    """
    from tocsin.investigation import run_exercise

    with progress_on_stderr(quiet=quiet) as progress:
        written = run_exercise(
            name, workspace, seed, progress, days=days, identities=identities, players=_named(players)
        )
    folder = shown(str(written))
    investigate = f"tocsin investigate {folder}/logs --estate {folder}/estate --workspace {shown(str(workspace))}"
    release(f"exercise:  {folder}\ntry it:    {investigate}\nthe truth: {folder}/truth.json\n", None)


def _named(players: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas; `none` is nobody, and None is left to the exercise."""
    if players is None:
        return None
    names = tuple(name.strip() for name in players.split(",") if name.strip())
    return () if names == ("none",) else names
