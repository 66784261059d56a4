"""Notes made by hand, as JSON lines of `tocsin_note`, `at`, `text`, `by` and `written`: what `tocsin note` seals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocsin.collect.json_text import decode_json
from tocsin.collect.lines import cut_line, frame_lines
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.model.clipping import to_be_cut
from tocsin.model.coverage import Mark
from tocsin.model.instant import parse_time
from tocsin.model.note import SOURCE as NAME
from tocsin.model.record import Record, Unreadable

_MARK = b'{"tocsin_note":'
_TEXTS = ("at", "text", "by", "written")
_BASE_EVENT = 0  # OCSF: an event of no class of its own


class Notes:
    """The source: one note a line."""

    name = NAME
    decoder = "note 1"
    log_fields: tuple[str, ...] = ()
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Sure where every line of the head begins as a note does: a log with a note before it stays the log it is."""
        lines = head.data.splitlines()
        return 1.0 if lines and all(_MARK.startswith(line[: len(_MARK)]) for line in lines) else 0.0

    def preamble(self, head: Head) -> int:
        """None: every line stands for itself."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line."""
        for line in frame_lines(data, skip):
            if isinstance(line, Unreadable):
                yield line
                continue
            try:
                value, warnings = decode_json(line.data)
            except ValueError as error:
                yield Unreadable(line.offset, line.length, line.data, "not_json", to_be_cut(str(error), 200))
                continue
            if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in _TEXTS):
                detail = f"a note has {', '.join(_TEXTS)}, each a text"
                yield Unreadable(line.offset, line.length, line.data, "not_a_note", detail)
                continue
            yield Record(line.offset, line.length, line.data, (), value, value, warnings)

    def map(self, record: Record) -> Mapped:
        """An event of the note's time, and the note itself as a mark. Equal notes are one."""
        note = record.native
        time = parse_time(note["at"])
        event: dict[str, Any] = {"time": time, "class_uid": _BASE_EVENT, "metadata.log_name": NAME}
        mark = {"kind": Mark.NOTE, "scope": note["written"], "actor": note["by"], "detail": note["text"]}
        key = "\0".join((note["at"], note["by"], note["text"])).encode("utf-8", "surrogatepass")
        return Mapped(event, key, marks=(mark,), warnings=() if time is not None else ("time_unrepresentable",))


SOURCE: Source = Notes()
