"""Windows event logs as the event log service keeps them (EVTX): bytes in; records, events, accesses and marks out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import orjson

from tocsin.collect.alone import NOT_ALONE
from tocsin.collect.picking import Wanted
from tocsin.collect.source import Head, Mapped, Source, Table, declared_proof
from tocsin.collect.sources.windows_evtx.blocks import Lost, read_blocks, sound_records
from tocsin.collect.sources.windows_evtx.fields import LOG_FIELDS, event_fields
from tocsin.collect.sources.windows_evtx.file_header import Measure
from tocsin.collect.sources.windows_evtx.framing import BLOCK_MAGIC, FILE_HEADER_BYTES, FILE_MAGIC, next_block
from tocsin.collect.sources.windows_evtx.mapping import map_event
from tocsin.collect.sources.windows_evtx.picked import read_picked
from tocsin.collect.sources.windows_evtx.table import read_table
from tocsin.model.record import Record, Unreadable
from tocsin.model.rows import Rows

# What reading a text that is no event raises.
_NO_EVENT = (orjson.JSONDecodeError, KeyError, TypeError, AttributeError)


class WindowsEvtx:
    """The source. What is committed of a record is the decoder's JSON text beside its span."""

    name = "windows_evtx"
    decoder = f"evtx {version('evtx')}"
    log_fields: tuple[str, ...] = LOG_FIELDS
    commits_text = True
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Certain by the file's magic; nearly so where only the file header is damaged and the first block stands."""
        if head.data.startswith(FILE_MAGIC):
            return 1.0
        return 0.9 if head.data.startswith(BLOCK_MAGIC, FILE_HEADER_BYTES) else 0.0

    def preamble(self, head: Head) -> int:
        """The file header: nothing in it is needed to read a block, but every chunk can show what file it is of."""
        return min(FILE_HEADER_BYTES, head.size)

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """At the next block."""
        return next_block(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record; a damaged block costs only what cannot be read of it."""
        for item in read_blocks(data, skip):
            if isinstance(item, Lost):
                raw = data[item.offset : item.offset + item.length]
                yield Unreadable(item.offset, item.length, raw, item.reason, item.detail, item.records)
                continue
            found = _record(item.offset, item.length, item.text.encode(), item.warnings)
            if isinstance(found, Unreadable):
                found = found._replace(data=data[item.offset : item.offset + item.length])
            yield found

    def rows(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> tuple[int, Sequence[Rows]] | None:
        """Where every record can be read (`collect.source.Columnar`)."""
        sound = sound_records(data, skip, with_checksums=False)
        if sound is None:
            return None
        try:
            return len(sound.texts), read_picked(sound.texts, wanted)
        except _NO_EVENT:
            return None

    def table(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> Table | None:
        """Where every block is sound and every record can be read (`collect.source.Tabular`)."""
        try:
            return read_table(data, skip, wanted, _sound_record)
        except _NO_EVENT:
            return None

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """From the text alone: no decoder reads the bytes outside their block. The context is what is odd of that."""
        if text is None:
            detail = "a record cannot be decoded outside its block, and its text is not given"
            return Unreadable(0, len(raw), raw, NOT_ALONE, detail)
        return _record(0, len(raw), text, tuple(context.split()))

    def measure(self) -> Measure:
        """See `file_header.Measure`."""
        return Measure()

    def map(self, record: Record) -> Mapped:
        """The record as event, accesses and marks."""
        return map_event(record)


def _record(offset: int, length: int, text: bytes, warnings: tuple[str, ...]) -> Record | Unreadable:
    """The record of a decoder's text; what is no event is given with the text for its bytes."""
    try:
        return _sound_record(offset, length, text, warnings)
    except _NO_EVENT as error:
        return Unreadable(offset, length, text, "damaged_record", f"the decoded record is no event: {error}")


def _sound_record(offset: int, length: int, text: bytes, warnings: tuple[str, ...] = ()) -> Record:
    event = orjson.loads(text)["Event"]
    log, fields = event_fields(event)
    return Record(offset, length, text, log, fields, event, warnings, " ".join(warnings))


SOURCE: Source = WindowsEvtx()
