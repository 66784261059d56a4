"""JSON lines: the text of one record in, its fields under Zeek's own names out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from tocsin.collect.json_text import readable_json, strict_integer
from tocsin.collect.sources.zeek.moments import epoch_nanoseconds, moment_of, moment_text
from tocsin.collect.sources.zeek.vocabulary import DOTTED, ENVELOPE, TIMES, path_of

_TS = re.compile(rb'"ts"\s*:\s*(-?[0-9][0-9.eE+-]*)\s*[,}]')
_MOST_NESTED = 8
_TOO_DEEP = "(nested too deeply)"
_SCALARS = frozenset((str, int, float, bool))


class Decoded(NamedTuple):
    """`path` is the log's name, `sensor` its writer; without fields `reason` and `detail` are those of `Unreadable`."""

    path: str
    sensor: str
    fields: dict[str, Any] | None
    ts: int | None = None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""


def decode_line(line: bytes) -> Decoded:
    """The record on one line."""
    value, warnings, detail = _parsed(line)
    if detail:
        return Decoded("", "", None, reason="not_json", detail=detail)
    if not isinstance(value, dict):
        return Decoded("", "", None, reason="not_an_object", detail="JSON, but not an object")
    return _record(value, line, warnings)


def parsed_object(line: bytes) -> Mapping[str, Any] | None:
    """The JSON object on a line as it stands, or None."""
    value, _, detail = _parsed(line)
    return value if not detail and isinstance(value, dict) else None


def _parsed(line: bytes) -> tuple[object, tuple[str, ...], str]:
    """(value, warnings, why it is no JSON): strict first, then with bytes that are no text replaced."""
    try:
        return orjson.loads(line), (), ""
    except orjson.JSONDecodeError as error:
        detail = f"not JSON: {error.msg} at byte {error.pos}"
    warnings = set()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = readable_json(line)
        warnings.add("invalid_utf8")
    try:
        value = json.loads(text, strict=False, parse_constant=str, parse_int=strict_integer)
        clean = (
            json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        )
        return orjson.loads(clean), tuple(sorted(warnings)) or ("repaired_json",), ""
    except (ValueError, RecursionError):
        return None, (), detail


def _record(value: dict[str, Any], line: bytes, warnings: tuple[str, ...]) -> Decoded:
    path = value.get("_path") or value.get("@stream")
    sensor = value.get("_system_name") or value.get("@system")
    fields: dict[str, Any] = {}
    for name, own in value.items():
        kind = own.__class__
        if kind in _SCALARS:
            known = _name(name)
            if known is None:
                continue
            fields[known] = own
        elif kind is list:
            listed = fields[_name(name) or name] = _listed(own)
            if _TOO_DEEP in listed:
                warnings = (*warnings, "nested_too_deeply")
        elif kind is dict and not _nested(fields, name, own, 1):
            warnings = (*warnings, "nested_too_deeply")
    if not isinstance(path, str) or not path:
        path = path_of(fields)
        warnings = (*warnings, "path_inferred" if path else "path_unknown")
    ts = _moment(fields, value.get("ts"), line)
    for name in fields.keys() & TIMES:
        own = fields[name]
        if name != "ts" and own.__class__ in (int, float) and (moment := epoch_nanoseconds(repr(own))) is not None:
            fields[name] = moment_text(moment)
    return Decoded(path, sensor if isinstance(sensor, str) else "", fields, ts, warnings)


@lru_cache(maxsize=16_384)
def _name(name: str) -> str | None:
    """A field's name as Zeek writes it: shippers make its dots underscores. None for what a shipper added."""
    return None if name in ENVELOPE else DOTTED.get(name, name)


def _moment(fields: dict[str, Any], value: object, line: bytes) -> int | None:
    """The record's time by its own digits; in the fields it becomes the text both renditions share."""
    if isinstance(value, str):
        moment = moment_of(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        match = _TS.search(line)
        digits = match[1].decode() if match else ""
        moment = epoch_nanoseconds(digits)
        if moment is None or float(digits) != value:
            moment = epoch_nanoseconds(repr(value))
    else:
        return None
    if moment is not None:
        fields["ts"] = moment_text(moment)
    return moment


def _listed(values: list[Any]) -> list[Any]:
    """A list of scalars. One empty text alone is no element: the tab-separated rendition has the same word for both."""
    if values == [""]:
        return []
    if all(one is None or one.__class__ in _SCALARS for one in values):
        return values
    return [_flat(one) for one in values]


def _flat(value: object) -> object:
    """An element of a list as a scalar: what nests is kept as its JSON text."""
    return value if value is None or value.__class__ in _SCALARS else _json_text(value)


def _json_text(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return _TOO_DEEP


def _nested(fields: dict[str, Any], prefix: str, value: Mapping[str, Any], depth: int) -> bool:
    """Objects under dotted names, as Zeek flattens its records; False where something lay too deep."""
    if depth > _MOST_NESTED:
        fields[prefix] = _json_text(value)
        return False
    whole = True
    for name, own in value.items():
        dotted = f"{prefix}.{name}"
        if isinstance(own, dict):
            whole = _nested(fields, dotted, own, depth + 1) and whole
        elif isinstance(own, list):
            fields[dotted] = _listed(own)
        elif own is not None:
            fields[dotted] = own
    return whole
