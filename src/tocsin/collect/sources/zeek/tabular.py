"""Tab-separated logs: header lines and rows in, the fields of each row out.

A header holds for the rows behind it until the next one: rotated logs are joined into one file with all their headers.
Header and closing lines are part of the record they stand before, or behind where no record follows.
https://docs.zeek.org/en/master/log-formats.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.collect.lines import Line, split_lines
from tocsin.collect.source import MAX_RECORD_BYTES
from tocsin.collect.sources.zeek.moments import epoch_nanoseconds, moment_text
from tocsin.collect.sources.zeek.vocabulary import SHARED, VALUES, path_of

SEPARATOR_LINE: Final = b"#separator"
_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|\\)")
_CONTAINER = re.compile(r"(?:set|vector|table|list)\[(.*)\]$")
_ENOUGH: Final = 3
_CUT: Final = "line_end_missing"
_CONTROLS = {byte: f"\\x{byte:02x}" for byte in range(32) if chr(byte) not in "\b\f\n\r\t"}
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{2,}(?:%\w+)?$")
_NUMBER = re.compile(r"-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?$")


class Header(NamedTuple):
    """What the header lines say of the rows that follow; `types` is as long as `names` or empty."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row's span with the header lines that belong to it, and what it says.

    `ts` are the nanoseconds of the column `ts`. Without fields, `reason` and `detail` are those of `Unreadable`; with
    them, `context` is that of `Record`.
    """

    offset: int
    length: int
    path: str
    fields: dict[str, Any] | None
    ts: int | None = None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    context: str = ""


class _Context(NamedTuple):
    """What a row is read with: the header lines in force, and whether the file's last line is it and has no end."""

    header: Header
    is_cut: bool


def header_after(header: Header, line: bytes) -> Header:
    """The header in force behind one more header line; `#separator` begins a new one."""
    text = line.decode("utf-8", "replace")
    if line.startswith(SEPARATOR_LINE):
        return Header(separator=_unescaped(text[len(SEPARATOR_LINE) :].strip(" ")) or "\t")
    name, _, value = text.partition(header.separator)
    if name == "#fields":
        return header._replace(names=tuple(value.split(header.separator)), types=())
    if name == "#types":
        return header._replace(types=tuple(value.split(header.separator)))
    value = _unescaped(value)
    if name == "#path":
        return header._replace(path=value)
    if name == "#set_separator":
        return header._replace(set_separator=value or ",")
    if name == "#empty_field":
        return header._replace(empty=value)
    return header._replace(unset=value) if name == "#unset_field" else header


def header_of(preamble: bytes) -> Header:
    """The header in force at the end of a preamble."""
    header = Header()
    for line in split_lines(preamble, 0):
        if line.data.startswith(b"#"):
            header = header_after(header, line.data)
    return header


def header_length(head: bytes, start: int) -> int:
    """Bytes up to and with the last header line before the first row; all of them where no row follows."""
    position = start
    while position < len(head):
        newline = head.find(b"\n", position)
        line = head[position : len(head) if newline < 0 else newline]
        if line.strip() and not line.startswith(b"#"):
            return position
        position = len(head) if newline < 0 else newline + 1
    return len(head)


def frame_rows(data: bytes, skip: int, header: Header) -> Iterator[Row]:
    """Every row from byte `skip` on, in order, read by the header in force; never raises for bad bytes."""
    decode: Decoder | None = _decoder(header)
    held: Row | None = None
    comment = -1  # where the header lines begin that no row has followed yet
    end = 0
    for line in split_lines(data, skip):
        if line.data.startswith(b"#"):
            comment = line.offset if comment < 0 else comment
            header = header_after(header, line.data)
            if not line.data.startswith((b"#open", b"#close")):
                decode = None
        else:
            if decode is None:
                decode = _decoder(header)
            if held is not None:
                yield held
            begin = line.offset if comment < 0 else comment
            held = decode(line, begin)
            comment = -1
        end = line.end
    if held is not None:
        if comment >= 0:
            yield held._replace(length=end - held.offset)
        else:
            is_cut = held.fields is not None and not data.endswith(b"\n")
            yield _cut(held, header) if is_cut else held
    elif comment >= 0:
        yield Row(
            comment, end - comment, header.path, None, reason="header_only", detail="header lines without a record"
        )


def frame_row_alone(raw: bytes, context: str) -> Row | None:
    """The row in these bytes of one record, by its context; None where they hold none, or more than one.

    Raises msgspec's error or ValueError for what is no such context.
    """
    header, is_cut = msgspec.json.decode(context, type=_Context)
    rows = list(frame_rows(raw, 0, header))
    if len(rows) != 1 or rows[0].length != len(raw):
        return None
    (row,) = rows
    bare = tuple(one for one in row.warnings if one != _CUT)  # the row alone always ends without a line end
    return row._replace(warnings=(*bare, _CUT) if is_cut else bare, context=context)


def _cut(row: Row, header: Header) -> Row:
    return row._replace(warnings=(*row.warnings, _CUT), context=_context(header, is_cut=True))


@lru_cache(maxsize=256)
def _context(header: Header, *, is_cut: bool) -> str:
    return msgspec.json.encode(_Context(header, is_cut)).decode()


def cut_rows(window: bytes, header: Header) -> int | None:
    """Where a chunk may begin: at a header that a row follows, or at a row that shows itself to be the first header's.

    A row behind another header than the file's first one would be read wrongly at the start of a chunk. So a row counts
    only where its values tell (`_telling`): otherwise the next header is waited for.
    """
    decode = _decoder(header)
    telling, enough = _telling(header)
    newline = window.find(b"\n")
    while newline >= 0:
        begin = newline + 1
        newline = window.find(b"\n", begin)
        if newline < 0:
            return None
        line = window[begin:newline].rstrip(b"\r")
        if line.startswith(SEPARATOR_LINE):
            if _row_follows(window, newline):
                return begin
        elif line and not line.isspace() and not line.startswith(b"#"):
            row = decode(Line(0, len(line), line), 0)
            fields = row.fields
            if fields is None or row.warnings or row.ts is None:
                continue
            if sum(name in fields and (not known or fields[name] in known) for name, known in telling) >= enough > 0:
                return begin
    return None


def _telling(header: Header) -> tuple[tuple[tuple[str, frozenset[str]], ...], int]:
    """(column, its possible values or none) of those that tell a log's rows from another's, and how many must be there.

    Beside time and connection, which all logs share, these are the columns of a type other than text, and texts out of
    a known list. A row that leaves them unset would fit any header.
    """
    found = tuple(
        (name, known)
        for name, kind in zip(header.names, header.types, strict=False)
        if name not in SHARED
        and ((known := VALUES.get((header.path, name), frozenset())) or (_CONTAINER.sub(r"\1", kind) in _TYPED))
    )
    return found, min(len(found), _ENOUGH)


def _row_follows(window: bytes, position: int) -> bool:
    while position >= 0:
        begin = position + 1
        position = window.find(b"\n", begin)
        line = window[begin : len(window) if position < 0 else position]
        if line.startswith((SEPARATOR_LINE, b"#close")):
            return False
        if line.strip() and not line.startswith(b"#"):
            return True
    return False


Converter = Callable[[str], Any]
Decoder = Callable[[Line, int], Row]


def _decoder(header: Header) -> Decoder:
    """Reads a line by this header."""
    separator, unset = header.separator, header.unset
    types = header.types if len(header.types) == len(header.names) else ("string",) * len(header.names)
    whole = tuple(_converter(one, header) for one in types)
    plain = tuple(None if one in _TEXTS else convert for one, convert in zip(types, whole, strict=True))
    columns_escaped = tuple(zip(header.names, whole, strict=True))
    columns = tuple(zip(header.names, plain, strict=True))
    ts = header.names.index("ts") if "ts" in header.names else -1
    count = len(header.names)
    path = header.path or path_of(dict.fromkeys(header.names))
    context = _context(header, is_cut=False)
    assumed = () if header.path else ("path_inferred",) if path else ("path_unknown",)

    def decode(line: Line, begin: int) -> Row:
        raw = line.data
        length = line.end - begin
        if len(raw) > MAX_RECORD_BYTES:
            detail = f"{len(raw)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
            return Row(begin, length, path, None, reason="too_long", detail=detail)
        if not count:
            return Row(begin, length, path, None, reason="no_header", detail="no #fields line stands before it")
        warnings: tuple[str, ...] = assumed
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("utf-8", "backslashreplace")
            warnings = (*warnings, "invalid_utf8")
        values = text.split(separator)
        if len(values) != count:
            detail = f"{len(values)} columns where the header names {count}"
            return Row(begin, length, path, None, reason="columns_differ", detail=detail)
        fields: dict[str, Any] = {}
        odd = False
        for (name, convert), value in zip(
            columns_escaped if "\\" in text or header.empty in text else columns, values, strict=True
        ):
            if value == unset:
                continue
            if convert is None:
                fields[name] = value
                continue
            try:
                fields[name] = convert(value)
            except (ValueError, OverflowError):
                fields[name] = value
                odd = True
        if odd:
            warnings = (*warnings, "value_not_of_type")
        moment = epoch_nanoseconds(values[ts]) if ts >= 0 and values[ts] != unset else None
        return Row(begin, length, path, fields, moment, warnings, context=context)

    return decode


def _text(value: str, header: Header) -> str:
    if value == header.empty:
        return ""
    return _readable(value) if "\\" in value else value


def _readable(value: str) -> str:
    """Escapes undone; what is no UTF-8 and control characters as Zeek's JSON writes them: the text `\\xNN`."""
    data = _ESCAPE.sub(_byte, value.encode("utf-8", "surrogatepass"))
    return data.decode("utf-8", "backslashreplace").translate(_CONTROLS)


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else b"\\"


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _time(value: str) -> str:
    moment = epoch_nanoseconds(value)
    if moment is None:
        raise ValueError(value)
    return moment_text(moment)


def _whole(value: str) -> int:
    if not value.isascii() or len(value) > 20:
        raise ValueError(value)
    return int(value)


def _real(value: str) -> float:
    if not _NUMBER.match(value):
        raise ValueError(value)
    return float(value)


def _truth(value: str) -> bool:
    if value not in ("T", "F"):
        raise ValueError(value)
    return value == "T"


def _address(value: str) -> str:
    if not _ADDRESS.match(value):
        raise ValueError(value)
    return value


_TYPED: dict[str, Converter] = {
    "time": _time,
    "interval": _real,
    "double": _real,
    "count": _whole,
    "int": _whole,
    "counter": _whole,
    "port": _whole,
    "bool": _truth,
    "addr": _address,
}
_TEXTS = frozenset(("string", "enum", "subnet", "pattern", "func", "file", "any"))


def _converter(kind: str, header: Header) -> Converter:
    container = _CONTAINER.match(kind)
    if container:
        return _many(_converter(container[1], header), header)
    return _TYPED.get(kind) or (lambda value: _text(value, header))


def _many(one: Converter, header: Header) -> Converter:
    def convert(value: str) -> Sequence[Any]:
        if value == header.empty:
            return []
        return [None if part == header.unset else one(part) for part in value.split(header.set_separator)]

    return convert
