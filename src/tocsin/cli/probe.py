"""`tocsin probe`: known accesses of one's own, planned, and their records looked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.errors import RefusedError
from tocsin.share.exit import Cleared, cleared, refuse_overwrite, release

commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _interval(text: str | int) -> int:
    if isinstance(text, int):  # the default passes as well
        return text
    from tocsin.cover.probing.planning import every_of

    try:
        return every_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@commands.callback()
def probe() -> None:
    """Known accesses of your own, to see whether each leaves its record."""


@commands.command()
def plan(
    canaries: Annotated[
        Path, typer.Argument(metavar="CSV", help="What to access: channel, target, account, names, host, log.")
    ],
    workspace: options.WorkspaceOption,
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where plan and scripts go.", show_default=False)
    ],
    every: Annotated[
        int, typer.Option(metavar="TIME", parser=_interval, help="How often: 15m, 2h, 1d.", show_default="2h")
    ] = 7_200_000_000_000,
    days: Annotated[int, typer.Option(min=1, max=366, metavar="N", help="For so many days.")] = 7,
    from_: Annotated[
        int | None, typer.Option("--from", metavar="TIME", parser=options.rfc3339, help="From when on. Default: now.")
    ] = None,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Plan accesses, and write the script that makes them.

    Keeps plan.yaml to yourself: with its nonces a receipt can be made up. The workspace keeps what was planned without.
    """
    from tocsin.cover.probing.planning import plan_yaml
    from tocsin.cover.probing.scripts import powershell_script, sh_script
    from tocsin.probing import keep_plan
    from tocsin.probing import plan as plan_of
    from tocsin.share.probes import planned_text

    files = [folder / name for name in ("plan.yaml", "probe.sh", "probe.ps1")]
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        refuse_overwrite(file, force=False)
    reading = begin_reading(workspace, options.keys_given(as_))
    made = plan_of(canaries, from_=from_, days=days, every=every)
    texts = (plan_yaml(made), sh_script(made), powershell_script(made), planned_text(made, str(folder)))
    leaving: list[Cleared] = []

    def check_exits() -> None:
        leaving.extend(cleared(text, file) for text, file in zip(texts, (*files, None), strict=True))
        if any(one.withheld for one in leaving):
            raise RefusedError(
                "a canary bears the name of a protected person, and the script would be without it",
                hint="choose a canary that names nobody",
            )

    with progress_on_stderr(quiet=quiet) as progress:
        keep_plan(
            made,
            workspace,
            check_exits,
            passphrase=reading.passphrase,
            actors=reading.actors,
            progress=progress,
        )
    for place, one in zip((*files, None), leaving, strict=True):
        release(one, place)


@commands.command()
def check(
    workspace: options.WorkspaceOption,
    receipts: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RECEIPTS...]", help="What the scripts wrote; sealed here.", show_default=False),
    ] = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """What became of each probe, and how much of each log may be missing at most.

    Investigate the logs of the time first. A lost probe makes its log unproven around it, in every answer.
    """
    from tocsin.probing import check as check_of
    from tocsin.share.formats.json_document import single
    from tocsin.share.probes import check_text

    options.refuse_format(format_, "probe check")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = check_of(workspace, receipts or (), passphrase=reading.passphrase, progress=progress)
    written = single("probe_check", found) if format_ == "json" else check_text(found)
    reading.show(written, "probe check", {"receipts": len(receipts or ())}, output, force=force)
