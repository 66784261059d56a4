"""`tocsin preserve`: what expires where it is made, and how to save it, before any log was read."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import options
from tocsin.errors import ConfigError
from tocsin.share.exit import refuse_overwrite, release


def preserve(
    estate: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", exists=True, file_okay=False, help="The institution described: its products first."
        ),
    ] = None,
    incident_start: Annotated[
        int | None,
        typer.Option(
            metavar="TIME", parser=options.rfc3339, help="When it began: says what is lost, and what is next."
        ),
    ] = None,
    as_of: Annotated[
        int | None, typer.Option(metavar="TIME", parser=options.rfc3339, help="Ask as of then. Default: now.")
    ] = None,
    format_: options.FormatOption = "text",
    output: options.OutputOption = None,
    force: options.ForceOption = False,
) -> None:
    """Evidence that expires, the soonest first, with the way to save it.

    Needs no log and no workspace: run it on the first day, before anything else.
    """
    from tocsin.investigation import what_expires
    from tocsin.share.formats.json_document import listed
    from tocsin.share.preservation import preservation_text

    now = time.time_ns() if as_of is None else as_of
    options.refuse_format(format_, "preserve")
    if incident_start is not None and incident_start > now:
        raise ConfigError(
            "the incident starts after the time it is asked at", hint="check --incident-start and --as-of"
        )
    refuse_overwrite(output, force=force)
    found = what_expires(estate, now=now, start=incident_start)
    text = listed("preservation", found) if format_ == "json" else preservation_text(found, now, incident_start)
    release(text, output, force=force)
