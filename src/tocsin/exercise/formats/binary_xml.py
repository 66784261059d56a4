"""Windows binary XML: elements with substitutions in, the bytes of a template definition and of its values out.

The encoding follows [MS-EVEN6] section 2.2 (BinXml) as it is laid down in event log files: names are stored once per
chunk and referred to by their offset in it, a template is defined where it is first used and referred to afterwards.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple


class ValueType(IntEnum):
    """Value types of [MS-EVEN6] 2.2.12 that the writer uses."""

    NULL = 0x00
    STRING = 0x01
    UINT8 = 0x04
    UINT16 = 0x06
    UINT32 = 0x08
    UINT64 = 0x0A
    BOOLEAN = 0x0D
    GUID = 0x0F
    FILETIME = 0x11
    SID = 0x13
    HEX64 = 0x15
    STRINGS = 0x81


class Substitution(NamedTuple):
    """The place of value `place` in a template; an `optional` one leaves no trace where its value is null."""

    place: int
    type: ValueType
    optional: bool = False


class Element(NamedTuple):
    """An element of a template: attributes, then either child elements or one substitution, or nothing."""

    name: str
    attributes: tuple[tuple[str, str | Substitution], ...] = ()
    content: tuple[Element, ...] | Substitution = ()


class Value(NamedTuple):
    """An encoded value, ready to stand behind a template's descriptor."""

    type: ValueType
    data: bytes


_OPEN, _OPEN_WITH_ATTRIBUTES = 0x01, 0x41
_CLOSE_START, _CLOSE_EMPTY, _END = b"\x02", b"\x03", b"\x04"
_TEXT, _ATTRIBUTE, _MORE_ATTRIBUTES = 0x05, 0x06, 0x46
_SUBSTITUTION, _OPTIONAL_SUBSTITUTION = 0x0D, 0x0E
_TEMPLATE_INSTANCE = 0x0C
FRAGMENT_HEADER = b"\x0f\x01\x01\x00"
END_OF_STREAM = b"\x00"
_NO_DEPENDENCY = 0xFFFF
_INLINE_NAME_BYTES = 10  # next offset, hash, length and final NUL around a name's characters


def string(text: str) -> Value:
    """A text as UTF-16 without a final NUL; ValueError for NUL, which ends a text here, and for a lone surrogate."""
    if "\0" in text:
        raise ValueError("a value of an event cannot hold NUL")
    return Value(ValueType.STRING, text.encode("utf-16-le"))


def strings(texts: Sequence[str]) -> Value:
    """An array of texts, each with its final NUL: how classic events give their unnamed data."""
    return Value(ValueType.STRINGS, b"".join(string(text).data + b"\0\0" for text in texts))


def unsigned(value: int) -> Value:
    """A number from 0 in four bytes, or in eight where it needs them; ValueError where it does not fit."""
    try:
        if value < 1 << 32:
            return Value(ValueType.UINT32, value.to_bytes(4, "little"))
        return Value(ValueType.UINT64, value.to_bytes(8, "little"))
    except OverflowError as error:
        raise ValueError(f"{value} is no unsigned number of 64 bits") from error


def boolean(value: bool) -> Value:
    """A truth value: four bytes."""
    return Value(ValueType.BOOLEAN, int(value).to_bytes(4, "little"))


def guid(text: str) -> Value:
    """A GUID with or without braces; null for an empty text."""
    return Value(ValueType.GUID, uuid.UUID(text).bytes_le) if text else Value(ValueType.NULL, b"")


def sid(text: str) -> Value:
    """A security identifier `S-1-…` in its binary form ([MS-DTYP] 2.4.2.2); null for an empty text."""
    if not text:
        return Value(ValueType.NULL, b"")
    _, revision, authority, *parts = text.split("-")
    head = bytes([int(revision), len(parts)]) + int(authority).to_bytes(6, "big")
    return Value(ValueType.SID, head + struct.pack(f"<{len(parts)}I", *map(int, parts)))


def name_hash(name: str) -> int:
    """The 16-bit hash that stands before a stored name and selects its bucket."""
    value = 0
    for (unit,) in struct.iter_unpack("<H", name.encode("utf-16-le")):
        value = value * 65599 + unit & 0xFFFFFFFF
    return value & 0xFFFF


class NameTable:
    """The names stored in one chunk so far: offset of each, and the heads of the 64 hash buckets."""

    def __init__(self) -> None:
        self.heads = [0] * 64
        self._offsets: dict[str, int] = {}

    def reference(self, name: str, position: int) -> bytes:
        """The four offset bytes that stand at `position` in the chunk, followed by the name itself on first use."""
        known = self._offsets.get(name)
        if known is not None:
            return struct.pack("<I", known)
        offset = position + 4
        hashed = name_hash(name)
        following = self.heads[hashed % 64]
        self.heads[hashed % 64] = self._offsets[name] = offset
        characters = name.encode("utf-16-le")
        return struct.pack("<IIHH", offset, following, hashed, len(characters) // 2) + characters + b"\0\0"


def _append_element(element: Element, out: bytearray, start: int, names: NameTable) -> None:
    """Append an element to `out`, whose first byte lies at `start` in the chunk."""
    out += struct.pack("<BHI", _OPEN_WITH_ATTRIBUTES if element.attributes else _OPEN, _NO_DEPENDENCY, 0)
    size_at = len(out) - 4
    out += names.reference(element.name, start + len(out))
    if element.attributes:
        out += bytes(4)
        attributes_at = len(out)
        for place, (name, content) in enumerate(element.attributes, 1):
            out.append(_ATTRIBUTE if place == len(element.attributes) else _MORE_ATTRIBUTES)
            out += names.reference(name, start + len(out))
            if isinstance(content, Substitution):
                out += _substitution(content)
            else:
                characters = content.encode("utf-16-le")
                out += struct.pack("<BBH", _TEXT, ValueType.STRING, len(characters) // 2) + characters
        struct.pack_into("<I", out, attributes_at - 4, len(out) - attributes_at)
    if isinstance(element.content, Substitution):
        out += _CLOSE_START + _substitution(element.content) + _END
    elif element.content:
        out += _CLOSE_START
        for child in element.content:
            _append_element(child, out, start, names)
        out += _END
    else:
        out += _CLOSE_EMPTY
    struct.pack_into("<I", out, size_at, len(out) - size_at - 4)


def _substitution(substitution: Substitution) -> bytes:
    return struct.pack(
        "<BHB",
        _OPTIONAL_SUBSTITUTION if substitution.optional else _SUBSTITUTION,
        substitution.place,
        substitution.type,
    )


def definition(root: Element, identity: uuid.UUID, following: int, position: int, names: NameTable) -> bytes:
    """A template definition that stands at `position` in its chunk; `following` is the next one in its bucket, or 0."""
    head_bytes = 24
    body = bytearray(FRAGMENT_HEADER)
    _append_element(root, body, position + head_bytes, names)
    body += END_OF_STREAM
    return struct.pack("<I16sI", following, identity.bytes_le, len(body)) + body


def instance(identity: uuid.UUID, definition_at: int) -> bytes:
    """The token that uses the template defined at `definition_at`; the definition, on first use, and values follow."""
    return struct.pack("<BB4sI", _TEMPLATE_INSTANCE, 1, identity.bytes_le[:4], definition_at)


def descriptors(values: Sequence[Value]) -> bytes:
    """What stands before the data of a template's values, in their order; ValueError above 65,535 bytes in one."""
    try:
        return b"".join([struct.pack("<HBB", len(data), type_, 0) for type_, data in values])
    except struct.error as error:
        raise ValueError("a value of an event is longer than 65,535 bytes") from error


def definition_limit(root: Element) -> int:
    """No definition of this template is longer than this, however many of its names are already stored."""

    def texts(element: Element) -> Iterator[tuple[str, int]]:
        yield element.name, 16
        for name, content in element.attributes:
            yield name, 5 + (4 if isinstance(content, Substitution) else 4 + len(content.encode("utf-16-le")))
        if isinstance(element.content, Substitution):
            yield "", 4
        else:
            for child in element.content:
                yield from texts(child)

    return 32 + sum(len(name.encode("utf-16-le")) + 4 + _INLINE_NAME_BYTES + fixed for name, fixed in texts(root))
