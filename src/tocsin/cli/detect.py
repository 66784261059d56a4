"""`tocsin detect`: rules asked of what a workspace holds already, from the bytes of its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.exit_code import ExitCode
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.errors import ConfigError
from tocsin.model.finding import Level
from tocsin.share.exit import refuse_overwrite


def detect(
    workspace: options.WorkspaceOption,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE|DIR|-",
            help="Sigma rules: a file, a folder, a zip, or - for standard input; may be repeated. "
            "Default: the sets the workspace keeps.",
            show_default=False,
        ),
    ] = None,
    indicators: options.IndicatorsOption = None,
    from_: options.FromOption = None,
    to: options.ToOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Then keep them in the workspace, and answer with them from now on.")
    ] = False,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="With --keep: what to call the rule set.")] = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    fail_on: Annotated[Level | None, typer.Option(help="End with code 1 on a finding at or above this level.")] = None,
    quiet: options.QuietOption = False,
) -> None:
    """Ask rules or indicators of all the workspace holds, back to its first record: what they find, and since when they
    could have.

    Nothing derived before is changed, unless --keep is given.
    """
    from tocsin.hunting.hunt import hunt
    from tocsin.hunting.keeping import keep_rules, kept_name
    from tocsin.ruleset.given import indicators_given, texts_given
    from tocsin.share.formats.json_document import single
    from tocsin.share.hunt import hunt_text

    options.refuse_format(format_, "a hunt")
    paths = [*(rules or []), *(indicators or [])]
    if keep and not paths:
        raise ConfigError(
            "--keep without --rules: there is nothing new to keep", hint="name what to keep: --rules or --indicators"
        )
    options.check_span(from_, to)
    refuse_overwrite(output, force=force)
    called = kept_name(paths, name) if keep else ""
    given = texts_given(rules, sys.stdin.buffer) if rules else {}
    texts = (given | indicators_given(indicators or [])) if paths else None
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = hunt(
            workspace,
            texts,
            from_=from_,
            to=to,
            passphrase=reading.passphrase,
            progress=progress,
            readers=reading.names,
        )
    asked: dict[str, str | int] = {
        "format": format_,
        "rules": found.rules.loaded,
        "findings": len(found.findings),
    }
    written = single("hunt", found) if format_ == "json" else hunt_text(found)
    reading.show(written, "detect", asked, output, force=force)
    if keep and texts is not None:
        with progress_on_stderr(quiet=quiet) as progress:
            keep_rules(
                texts,
                paths,
                workspace,
                name=called,
                passphrase=reading.passphrase,
                actors=reading.actors,
                progress=progress,
            )
    if fail_on is not None and any(finding.detector.level.rank >= fail_on.rank for finding in found.findings):
        raise typer.Exit(ExitCode.FINDINGS)
