"""`tocsin explain`: why a finding is one, counted again from the sealed bytes."""

from __future__ import annotations

from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.share.exit import refuse_overwrite


def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Its id (f-...), of tocsin incidents.")],
    workspace: options.WorkspaceOption,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Count every day before it again too, not its own alone: takes as long as reading."
        ),
    ] = False,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Why a finding is one: its numbers, its records, and whether the sealed bytes give them again.

    Ends with code 4 where they do not.
    """
    from tocsin.hunting.explain import explain as explained
    from tocsin.share.explanation import explanation_text
    from tocsin.share.formats.json_document import single

    options.refuse_format(format_, "an explanation")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        found = explained(
            workspace,
            finding,
            whole=whole,
            passphrase=reading.passphrase,
            progress=progress,
            readers=reading.names,
        )
    written = single("explanation", found) if format_ == "json" else explanation_text(found)
    reading.show(written, "explain", {"format": format_}, output, force=force)
