"""`tocsin readiness`: before anything happens, whether the five questions could be answered, and what would help."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.errors import ConfigError
from tocsin.share.exit import cleared, refuse_overwrite, release


def readiness(
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", metavar="DIR", help="With logs, an estate, or both.", show_default=False),
    ] = None,
    estate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", exists=True, file_okay=False, help="The institution described.", show_default=False
        ),
    ] = None,
    move: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Holdings moved elsewhere: before and after."),
    ] = None,
    look_back: Annotated[
        int, typer.Option("--look-back", min=1, max=3650, metavar="DAYS", help="How long ago the intrusion began.")
    ] = 90,
    as_of: Annotated[
        int | None, typer.Option(metavar="TIME", parser=options.rfc3339, help="Ask as of then. Default: now.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="How to write it: text, json or html.")
    ] = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Could the five questions be answered tomorrow? What would help most?

    Needs no incident. Class of holding by class: yes, partly or no, with the reason; then what moves most out of
    "unknown".
    """
    from tocsin.readiness import readiness as readiness_of
    from tocsin.share.formats.json_document import single
    from tocsin.share.readiness import readiness_page, readiness_text

    writers = {"text": readiness_text, "json": lambda one: single("readiness", one), "html": readiness_page}
    if format_ not in writers:
        raise ConfigError(f"there is no format {format_!r} for readiness", hint="formats: html, json, text")
    refuse_overwrite(output, force=force)
    reading = begin_reading(workspace, options.keys_given(as_)) if workspace is not None else None
    with progress_on_stderr(quiet=quiet) as progress:
        found = readiness_of(
            workspace,
            estate,
            move,
            as_of=time.time_ns() if as_of is None else as_of,
            look_back=look_back,
            passphrase=reading.passphrase if reading is not None else None,
            progress=progress,
        )
    text = cleared(writers[format_](found), output)
    if reading is not None:
        reading.done("readiness", {"format": format_}, text.text)
    release(text, output, force=force)
