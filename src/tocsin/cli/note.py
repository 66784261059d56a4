"""`tocsin note`: what was done and seen that no log holds, sealed with its time and put into the timeline."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import options
from tocsin.cli.progress import progress_on_stderr
from tocsin.cli.reading import begin_reading
from tocsin.share.exit import cleared, release
from tocsin.share.notes import notes_text

if TYPE_CHECKING:
    from tocsin.model.note import NoteEntry


def note(
    workspace: options.WorkspaceOption,
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="What was done or seen.", show_default=False)] = "",
    at: Annotated[
        int | None, typer.Option(metavar="TIME", parser=options.rfc3339, help="When it was. Default: now.")
    ] = None,
    by: Annotated[str, typer.Option(metavar="WHO", help="Who says so. Default: your login name.")] = "",
    file: Annotated[
        Path | None,
        typer.Option(metavar="CSV", exists=True, dir_okay=False, help="Many at once: columns at, text and by."),
    ] = None,
    as_: options.AsOption = None,
    quiet: options.QuietOption = False,
) -> None:
    """Write into the timeline by hand: "18:40 firewall pulled".

    A note is sealed like any log and cannot be taken back: correct it by another. Without a text and a file the notes
    are listed.
    """
    from tocsin.investigation import answers_of, enter_notes
    from tocsin.record.acts import login_name

    entries = _entries(text, at, by or login_name(), file)
    reading = begin_reading(workspace, options.keys_given(as_))
    with progress_on_stderr(quiet=quiet) as progress:
        if entries:
            answers = enter_notes(workspace, entries, passphrase=reading.passphrase, progress=progress)
        else:
            answers = answers_of(workspace, question=None, passphrase=reading.passphrase, progress=progress)
    listing = cleared(notes_text(answers.notes), None)
    reading.done("note", {"entered": len(entries)}, listing.text)
    release(listing, None)


def _entries(text: str, at: int | None, by: str, file: Path | None) -> tuple[NoteEntry, ...]:
    from tocsin.investigation import notes_in
    from tocsin.model.note import NoteEntry

    if file is not None:
        if text or at is not None:
            raise typer.BadParameter("a text or --at together with --file: give one or the other")
        return notes_in(file, by=by)
    if not text.strip():
        if at is not None:
            raise typer.BadParameter("--at without a text: say what was done or seen")
        return ()
    now = time.time_ns()
    return (NoteEntry(time=now if at is None else at, text=text.strip(), by=by, written=now),)
