"""`tocsin incidents`: which findings belong together, and why; from alerts of other tools too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import deciding, options
from tocsin.cli.exit_code import of_answers
from tocsin.cli.follow_up import Wish, answer_part
from tocsin.cli.investigate import acting_in, found_path
from tocsin.cli.progress import progress_on_stderr
from tocsin.share.format import Part

_UNDATED = ("time_missing", "time_unrepresentable")  # warnings of records whose date is missing, or is none

commands = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@commands.callback()
def incidents(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", metavar="DIR", help="The workspace to answer from.", show_default=False),
    ] = None,
    alerts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            parser=found_path,
            help="Alerts of another tool, taken in first; may be repeated. The workspace is made where there is none.",
        ),
    ] = None,
    by_day: Annotated[
        bool, typer.Option("--by-day", help="What to look at on each day, at most five, the rarest first.")
    ] = False,
    short: Annotated[
        bool, typer.Option("--short", help="A line an incident: id, score, level, start, findings.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="ID", help="This incident alone, or the one of this finding; may be repeated."),
    ] = None,
    as_of: options.AsOfOption = None,
    workers: options.WorkersOption = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Incidents, the worst first, with the log lines.

    Alerts of other tools are sealed and accounted like any log; run it again to resume after an interruption.
    """
    if context.invoked_subcommand is not None:
        if workspace is not None or alerts or by_day or short or only:
            raise typer.BadParameter(f"options of tocsin incidents {context.invoked_subcommand} stand after it")
        return
    if workspace is None:
        raise typer.BadParameter("Missing option '--workspace'.")
    if (by_day and (short or only)) or (short and format_ != "text"):
        raise typer.BadParameter("--short is of text, and with --id of incidents: leave out --by-day and --format")
    part = Part.DAYS if by_day else Part.SHORT if short else Part.INCIDENTS
    keys = options.keys_given(as_)
    wish = Wish(format_, output, force, quiet, "incidents", keys, as_of=as_of, only=tuple(only or ()))
    if not alerts:
        answer_part(part, workspace, wish)
        return
    if as_of is not None:
        raise typer.BadParameter("--as-of together with --alerts: what was said then knows nothing of them")
    code = _take_in(workspace, alerts, workers, wish)
    answer_part(part, workspace, wish)
    raise typer.Exit(code)


def _take_in(workspace: Path, alerts: list[str], workers: int | None, wish: Wish) -> int:
    from tocsin.investigation import Settings, investigate
    from tocsin.share.exit import refuse_overwrite, tell
    from tocsin.share.summary import is_incomplete

    refuse_overwrite(wish.output, force=wish.force)
    passphrase, actors = acting_in(workspace, wish.keys, None)
    settings = Settings(
        paths=tuple(alerts),
        workspace=workspace,
        workers=workers,
        passphrase=passphrase,
        actors=actors,
        goes_on=True,
    )
    with progress_on_stderr(quiet=wish.quiet) as progress:
        answers = investigate(settings, progress)
    for account in answers.accounting.inputs:
        undated = sum(count for code, count in account.warnings if code in _UNDATED)
        if undated and account.path.startswith(settings.paths):
            tell(
                f"without a date: {account.path}: {undated:,} of {account.records_read:,} records name none that can be"
                " read\n  hint: they are in incidents by what they name alone, undated, and on no day's list:"
                " docs/guides/alerts.md"
            )
        if is_incomplete(account) and account.path.startswith(settings.paths):
            lost = sum(one.count for one in account.rejected)
            reason = account.reason or (f"{lost:,} records: {account.rejected[0].detail}" if lost else account.state)
            tell(f"not read: {account.path}: {reason}\n  hint: what such a file needs: docs/guides/alerts.md")
    return int(of_answers(answers, None))


for command in deciding.COMMANDS:
    commands.command(command.__name__.rstrip("_").replace("_", "-"))(command)
