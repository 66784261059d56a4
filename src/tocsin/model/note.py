"""What a responder wrote down by hand: an entry of the timeline that no log holds."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.reference import RecordPlace

# The source a note is accounted under: it is evidence of what was done and seen, and no log of the institution.
SOURCE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEntry:
    """A note before it is sealed: `time` and `written` in ns UTC, `text` of one or more lines, `by` whom."""

    time: int
    text: str
    by: str
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as the record holds it; `written` is when it was entered, RFC 3339.

    entered  whether `tocsin note` put it into this workspace; a note that lay among the logs anybody may have written
    """

    time: int | None
    text: str
    by: str
    written: str
    record: RecordPlace
    entered: bool = True
