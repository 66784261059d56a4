"""Windows events in, the bytes of an event log file (EVTX) out, as the event log service would have written it.

Layout: a header of 4,096 bytes, then chunks of 64 KiB, each with its own header, name table and template table, and the
records one after another. Sources: [MS-EVEN6] for the events, the public description of the file format in libevtx.
"""

from __future__ import annotations

import hashlib
import io
import struct
import uuid
import zlib
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import BinaryIO, NamedTuple

from tocsin.exercise.formats import binary_xml as xml
from tocsin.exercise.formats.binary_xml import Element, Substitution, Value, ValueType

FILE_HEADER_BYTES = 4096
CHUNK_BYTES = 65536
_CHUNK_HEADER_BYTES = 512
_RECORD_SIGNATURE = 0x00002A2A
_FILETIME_OF_1970 = 116_444_736_000_000_000
_EVENT_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_LOG_NAMESPACE = "http://manifests.microsoft.com/win/2004/08/windows/eventlog"


class WindowsEvent(NamedTuple):
    """One event. `time` is nanoseconds UTC, cut to the 100 ns that the format holds.

    data        (Name, value) of EventData in order; a value's own type is kept (text, number, truth value), and values
                with an empty Name are the unnamed strings of classic events
    user_data   (element, children) instead of EventData, as 1102 and 104 have it
    """

    channel: str
    provider: str
    event_id: int
    record_number: int
    time: int
    computer: str
    data: Sequence[tuple[str, str | int]] = ()
    user_data: tuple[str, Sequence[tuple[str, str | int]]] | None = None
    provider_guid: str = ""
    level: int = 0
    task: int = 0
    opcode: int = 0
    keywords: int = 0x8020000000000000
    version: int = 0
    process_id: int = 0
    thread_id: int = 0
    security_user_id: str = ""


class _Shape(NamedTuple):
    """What events that share a template have in common: names and value types below EventData or UserData."""

    container: str
    names: tuple[str, ...]
    types: bytes


class _Template(NamedTuple):
    identity: uuid.UUID
    root: Element
    limit: int


class EvtxFile:
    """A file that is written event by event, its records in the order and with the numbers given.

    `file` must be empty, seekable and stay open until `close`, which writes what is left and the header.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._file.write(bytes(FILE_HEADER_BYTES))
        self._chunk = _Chunk(first_number=1)
        self._chunks = 0
        self._events = 0
        self._next_record = 1

    def append(self, event: WindowsEvent) -> None:
        """Add an event. Raises ValueError for a value the format cannot hold, and an event larger than a chunk."""
        if not self._chunk.append(event):
            self._finish_chunk()
            self._chunk = _Chunk(first_number=self._events + 1)
            if not self._chunk.append(event):
                raise ValueError(f"event record {event.record_number} is larger than a chunk")
        self._events += 1
        self._next_record = event.record_number + 1

    def close(self) -> None:
        """Write the last chunk and the header; the file itself stays open."""
        self._finish_chunk()
        self._file.seek(0)
        self._file.write(_file_header(self._chunks, self._next_record))

    def _finish_chunk(self) -> None:
        self._file.write(self._chunk.finish())
        self._chunks += 1


def evtx_bytes(events: Iterable[WindowsEvent]) -> bytes:
    """A whole file (`EvtxFile`); equal events give equal bytes."""
    data = io.BytesIO()
    file = EvtxFile(data)
    for event in events:
        file.append(event)
    file.close()
    return data.getvalue()


def _file_header(chunks: int, next_record: int) -> bytes:
    header = struct.pack(
        "<8sQQQIHHHH76s", b"ElfFile\0", 0, chunks - 1, next_record, 128, 1, 3, FILE_HEADER_BYTES, chunks & 0xFFFF, b""
    )
    return (header + struct.pack("<II", 0, zlib.crc32(header))).ljust(FILE_HEADER_BYTES, b"\0")


class _Chunk:
    """One chunk while it is filled."""

    def __init__(self, *, first_number: int) -> None:
        self._first_number = first_number
        self._record_ids: list[int] = []
        self._last_record_at = 0
        self._body = bytearray()
        self._names = xml.NameTable()
        self._templates: dict[_Shape, int] = {}
        self._template_heads = [0] * 32

    def append(self, event: WindowsEvent) -> bool:
        """Add the event's record; False, and nothing changed, where it might not fit."""
        shape, values = _encoded(event)
        template = _template(shape)
        known = self._templates.get(shape)
        tail = values + xml.END_OF_STREAM
        position = _CHUNK_HEADER_BYTES + len(self._body)
        longest = 24 + 4 + 10 + (template.limit if known is None else 0) + len(tail) + 7 + 4
        if position + longest > CHUNK_BYTES:
            return False
        definition_at = position + 24 + 4 + 10 if known is None else known
        binary = xml.FRAGMENT_HEADER + xml.instance(template.identity, definition_at)
        if known is None:
            binary += self._define(shape, template, definition_at)
        binary += tail
        size = (24 + len(binary) + 4 + 7) // 8 * 8
        filetime = event.time // 100 + _FILETIME_OF_1970
        self._body += struct.pack("<IIQQ", _RECORD_SIGNATURE, size, event.record_number, filetime)
        self._body += binary.ljust(size - 28, b"\0") + struct.pack("<I", size)
        self._record_ids.append(event.record_number)
        self._last_record_at = position
        return True

    def _define(self, shape: _Shape, template: _Template, position: int) -> bytes:
        bucket = int.from_bytes(template.identity.bytes_le[:4], "little") % 32
        definition = xml.definition(
            template.root, template.identity, self._template_heads[bucket], position, self._names
        )
        self._template_heads[bucket] = self._templates[shape] = position
        return definition

    def finish(self) -> bytes:
        """The chunk's 65,536 bytes with both its checksums; an empty chunk is one that was made and never used."""
        ids = self._record_ids
        first, last = (ids[0], ids[-1]) if ids else (0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
        numbers = (self._first_number, self._first_number + len(ids) - 1) if ids else (first, last)
        head = struct.pack(
            "<8sQQQQIIII64sI",
            b"ElfChnk\0",
            *numbers,
            first,
            last,
            128,
            self._last_record_at,
            _CHUNK_HEADER_BYTES + len(self._body),
            zlib.crc32(self._body),
            b"",
            0,
        )
        tables = struct.pack("<64I32I", *self._names.heads, *self._template_heads)
        header = head + struct.pack("<I", zlib.crc32(tables, zlib.crc32(head[:120]))) + tables
        return (header + self._body).ljust(CHUNK_BYTES, b"\0")


# Values of fixed width come first, so that one call packs them: their types, in the order of `_encoded`.
_FIXED = struct.Struct("<BHBHQQQIIB")
_FIXED_TYPES = (
    ValueType.UINT8,
    ValueType.UINT16,
    ValueType.UINT8,
    ValueType.UINT16,
    ValueType.HEX64,
    ValueType.FILETIME,
    ValueType.UINT64,
    ValueType.UINT32,
    ValueType.UINT32,
    ValueType.UINT8,
)
_FIXED_DESCRIPTORS = xml.descriptors(
    [Value(type_, bytes(struct.calcsize(f"<{code}"))) for type_, code in zip(_FIXED_TYPES, "BHBHQQQIIB", strict=True)]
)
_text = lru_cache(maxsize=4096)(xml.string)
_guid = lru_cache(maxsize=4096)(xml.guid)
_sid = lru_cache(maxsize=4096)(xml.sid)
_SYSTEM_VALUES = len(_FIXED_TYPES) + 5


def _encoded(event: WindowsEvent) -> tuple[_Shape, bytes]:
    """The shape of an event, and its values (count, descriptors, data) at the places `_system` and `_template` name."""
    container, children = event.user_data or ("", event.data)
    named = [(name, _value(value)) for name, value in children if name]
    unnamed = [str(value) for name, value in children if not name]
    if unnamed:
        named.append(("", xml.strings(unnamed)))
    values = [
        _text(event.provider),
        _guid(event.provider_guid),
        _text(event.channel),
        _text(event.computer),
        _sid(event.security_user_id),
        *[value for _, value in named],
    ]
    try:
        fixed = _FIXED.pack(
            event.level,
            event.task,
            event.opcode,
            event.event_id,
            event.keywords,
            event.time // 100 + _FILETIME_OF_1970,
            event.record_number,
            event.process_id,
            event.thread_id,
            event.version,
        )
    except struct.error as error:
        raise ValueError(f"event record {event.record_number}: a number that the format cannot hold") from error
    count = struct.pack("<I", len(_FIXED_TYPES) + len(values))
    data = [value.data for value in values]
    shape = _Shape(container, tuple([name for name, _ in named]), bytes([value.type for _, value in named]))
    return shape, b"".join([count, _FIXED_DESCRIPTORS, xml.descriptors(values), fixed, *data])


def _value(value: str | int) -> Value:
    if isinstance(value, str):
        return xml.string(value)
    return xml.boolean(value) if isinstance(value, bool) else xml.unsigned(value)


def _system() -> Element:
    """The System element; the numbers are places in the values that `_encoded` makes."""

    def leaf(name: str, index: int, type_: ValueType) -> Element:
        return Element(name, (), Substitution(index, type_))

    return Element(
        "System",
        (),
        (
            Element(
                "Provider",
                (
                    ("Name", Substitution(10, ValueType.STRING)),
                    ("Guid", Substitution(11, ValueType.GUID, optional=True)),
                ),
            ),
            leaf("EventID", 3, ValueType.UINT16),
            leaf("Version", 9, ValueType.UINT8),
            leaf("Level", 0, ValueType.UINT8),
            leaf("Task", 1, ValueType.UINT16),
            leaf("Opcode", 2, ValueType.UINT8),
            leaf("Keywords", 4, ValueType.HEX64),
            Element("TimeCreated", (("SystemTime", Substitution(5, ValueType.FILETIME)),)),
            leaf("EventRecordID", 6, ValueType.UINT64),
            Element("Correlation"),
            Element(
                "Execution",
                (
                    ("ProcessID", Substitution(7, ValueType.UINT32)),
                    ("ThreadID", Substitution(8, ValueType.UINT32)),
                ),
            ),
            leaf("Channel", 12, ValueType.STRING),
            leaf("Computer", 13, ValueType.STRING),
            Element("Security", (("UserID", Substitution(14, ValueType.SID, optional=True)),)),
        ),
    )


@cache
def _template(shape: _Shape) -> _Template:
    places = [
        (name, Substitution(_SYSTEM_VALUES + place, ValueType(type_)))
        for place, (name, type_) in enumerate(zip(shape.names, shape.types, strict=True))
    ]
    if shape.container:
        children = tuple(Element(name, (), place) for name, place in places)
        body = Element("UserData", (), (Element(shape.container, (("xmlns", _LOG_NAMESPACE),), children),))
    else:
        named = tuple(Element("Data", (("Name", name),) if name else (), place) for name, place in places)
        body = Element("EventData", (), named)
    root = Element("Event", (("xmlns", _EVENT_NAMESPACE),), (_system(), body))
    identity = uuid.UUID(bytes=hashlib.sha256(repr(shape).encode()).digest()[:16])
    return _Template(identity, root, xml.definition_limit(root))
