"""Notes made by hand, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.model.instant import format_time
from tocsin.model.note import Note
from tocsin.share.plain import shown


def notes_text(notes: Sequence[Note]) -> str:
    """One paragraph a note, in time; ends with a line end."""
    if not notes:
        return 'No notes yet. Write one: tocsin note "firewall pulled" --at TIME --workspace DIR\n'
    return "".join(f"{_when(note)}  {shown(note.text)}  ({shown(note.by)}; {_place(note)})\n" for note in notes)


def _when(note: Note) -> str:
    return "no time" if note.time is None else format_time(note.time)


def _place(note: Note) -> str:
    place = f"sealed as {shown(note.record.input)} entry {note.record.entry}"
    return place if note.entered else f"{place}; FOUND AMONG THE LOGS, not entered here"
