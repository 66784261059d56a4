"""`tocsin investigate`: logs in; the answers to the five questions out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.acting import acting
from tocsin.cli.called import program, told
from tocsin.cli.exit_code import of_answers
from tocsin.cli.follow_up import compared
from tocsin.cli.progress import progress_on_stderr
from tocsin.errors import ConfigError
from tocsin.model.finding import Level
from tocsin.share.exit import refuse_overwrite, release, tell
from tocsin.share.format import Part, format_named
from tocsin.share.report import REPORT_NAME

if TYPE_CHECKING:
    from tocsin.model.answers import Run
    from tocsin.record.people_keys import Signer


def found_path(path: str) -> str:
    """The path as given, if something is there; what cannot be read is the investigation's to report."""
    try:
        Path(path).lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise typer.BadParameter(f"there is no {path}") from error
    except OSError:
        return path
    return path


def acting_in(
    workspace: Path | None, keys: tuple[str, ...], passphrase_file: Path | None
) -> tuple[str | None, tuple[Signer, ...]]:
    """The passphrase, and who signs for what is taken in. Raises ConfigError where nobody can be enrolled yet."""
    if keys and (workspace is None or not (workspace / "workspace.toml").exists()):
        raise ConfigError(
            "nobody can sign yet: the workspace is new",
            hint="make it with tocsin init, enrol the key with tocsin key enrol, then investigate into it",
        )
    return acting(workspace, keys, passphrase_file)


def written_words(run: Run, output: Path) -> str:
    """What went where, and what to do next; `run` as it is told, its workspace under its tokens."""
    place = shlex.quote(run.workspace)
    return (
        f"written:  {output}\nreport:   {run.workspace}/{REPORT_NAME}\n"
        f"next:     {program()} incidents --workspace {place}   (what was found, with its records)\n"
        f"          {program()} exposure --workspace {place}   (what was compromised)"
    )


def investigate(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", parser=found_path, help="Logs: files, folders, archives.")
    ],
    workspace: options.NewWorkspaceOption = None,
    estate: Annotated[
        Path | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="The institution described, as CSV and YAML."),
    ] = None,
    rules: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", exists=True, help="More Sigma rules; may be repeated.")
    ] = None,
    indicators: options.IndicatorsOption = None,
    from_: options.FromOption = None,
    to: options.ToOption = None,
    taken: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=options.rfc3339,
            help="When the logs were taken: gives lines that name no year theirs. Default: by the other logs.",
        ),
    ] = None,
    workers: options.WorkersOption = None,
    format_: options.ReportFormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    passphrase_file: options.VaultPassphraseOption = None,
    fail_on: Annotated[Level | None, typer.Option(help="End with code 1 on a finding at or above this level.")] = None,
    quiet: options.QuietOption = False,
) -> None:
    """Read logs, seal them, answer the questions.

    What happened, what was compromised, who, what to cut, how it is proven. The report is always written into the
    workspace too. Run it again to resume after an interruption.
    """
    from tocsin.investigation import Settings
    from tocsin.investigation import investigate as answers_to

    chosen = format_named(format_, Part.INVESTIGATION)
    refuse_overwrite(output, force=force)
    options.check_span(from_, to)
    passphrase, actors = acting_in(workspace, options.keys_given(as_), passphrase_file)
    settings = Settings(
        paths=tuple(paths),
        workspace=workspace,
        estate=estate,
        rules=tuple(rules or ()),
        indicators=tuple(indicators or ()),
        from_=from_,
        to=to,
        workers=workers,
        taken=taken,
        now=None,
        passphrase=passphrase,
        actors=actors,
    )
    with progress_on_stderr(quiet=quiet) as progress:
        answers = answers_to(settings, progress)
    comparing = compared(chosen, Path(answers.run.workspace), answers, passphrase)
    text = comparing.render(told(answers), Part.INVESTIGATION)
    release(text, output, force=force)
    if output is not None and not quiet:
        tell(written_words(answers.run, output))
    raise typer.Exit(of_answers(answers, fail_on))
