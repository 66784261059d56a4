"""`tocsin mapping`: a mapping for a log of one's own, tried before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.exit_code import ExitCode
from tocsin.share.exit import release
from tocsin.share.plain import shortened, shown

if TYPE_CHECKING:
    from tocsin.model.mapping import Trial

_LISTED = 30
_UNDECLARED = "NOT DECLARED: what it did is unknown, and nothing is ruled out past it"
commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@commands.callback()
def mapping() -> None:
    """Mappings for logs of your own."""


@commands.command()
def check(
    file: Annotated[
        Path, typer.Argument(metavar="MAPPING", exists=True, dir_okay=False, help="The mapping, *.mapping.yaml.")
    ],
    log: Annotated[str, typer.Argument(metavar="LOG", help="A log as the mapping describes it, or a folder of them.")],
) -> None:
    """Show what a mapping makes of a log; nothing is sealed or kept.

    Ends with code 3 where something of it is not read, or an operation has no meaning yet.
    """
    from tocsin.investigation import check_mapping

    trial = check_mapping(file, log)
    release("\n".join(_lines(trial)) + "\n", None)
    raise typer.Exit(ExitCode.DONE if trial.is_sound else ExitCode.INCOMPLETE)


def _lines(trial: Trial) -> Iterator[str]:
    yield f"records read {trial.records:,}"
    for path, why in trial.unread[:_LISTED]:
        yield f"- not read: {shown(path)}: {shown(why)}"
    for code, count in trial.rejected:
        yield f"- rejected: {code} {count:,}"
    for code, count in trial.warnings:
        yield f"- warned:   {code} {count:,}"
    for name, count, meaning in trial.operations[:_LISTED]:
        yield f"operation {shortened(name, 40) or '(none)'}: {count:,}, {meaning or _UNDECLARED}"
    if len(trial.operations) > _LISTED:
        yield f"... and {len(trial.operations) - _LISTED:,} more operations"
    if trial.unmapped:
        yield f"columns not used: {', '.join(shortened(name, 40) for name in trial.unmapped[:_LISTED])}"
    for number, record in enumerate(trial.first, 1):
        yield f"record {number}"
        yield from (f"  {name}: {shortened(value, 100)}" for name, value in record)
