"""The text of one record in, the audit record in it out: strict JSON first, then what a person would still read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from tocsin.collect.json_text import BYTE_ORDER_MARK, readable_json, strict_integer, without_surrogates

_WRAPPED = ("AuditData", "auditData")
_MARKS_OF_A_RECORD = ("Operation", "Id", "CreationTime")
# What exports repeat of a record beside it, by the names they give it, and where the record has it.
_BESIDE = (
    (("UserIds", "UserId", "userPrincipalName"), "UserId"),
    (("Operations", "Operation"), "Operation"),
    (("MailboxOwnerUPN",), "MailboxOwnerUPN"),
)
_NUMBERED = ("ResultIndex", "ResultCount")
BESIDE = (*(name for names, _ in _BESIDE for name in names), *_NUMBERED)
_A_NUMBER = re.compile(r"([0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.0*)?")
# A search that was broken off numbers what it gives so: how much it left out, nobody knows.
BROKEN_OFF = "search_broken_off"
SAYS_OTHERWISE = "export_says_otherwise"
# Fields that some exporters write as a text of JSON.
_NESTED = (
    "OperationProperties", "Parameters", "ModifiedProperties", "ExtendedProperties", "Folders", "AffectedItems", "Item",
    "AppAccessContext", "Actor", "Target", "Members", "DeviceProperties",
)  # fmt: skip
# The end of a name before its colon where it is not `":`, and of one whose last letter is a backslash.
_BEHIND_BLANKS = re.compile(rb'"[ \t\r\n]+:')
_BEHIND_BACKSLASHES = re.compile(rb'(?<!\\)(?:\\\\)+":')


class Decoded(NamedTuple):
    """`native` is the audit record; without one `reason` and `detail` say why, in the words of `Unreadable`.

    `numbered` as in `Record`.
    """

    native: dict[str, Any] | None
    warnings: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    numbered: tuple[int, int] | None = None


def decode_record(text: bytes) -> Decoded:
    """The audit record in a JSON text, out of a wrapper that holds it as `AuditData` where there is one."""
    warnings: tuple[str, ...] = ()
    try:
        value: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        repaired = decode_tolerantly(text)
        if repaired is None:
            return Decoded(None, (), "not_json", f"not JSON: {error.msg} at byte {error.pos}")
        value, warnings = repaired
    if not warnings:  # what was repaired may be of anything as it is
        value, warnings = with_names_once(value, text)
    return unwrapped(value, warnings)


def with_names_once(value: object, text: bytes) -> tuple[object, tuple[str, ...]]:
    """(the decoded value, warning codes): where a name stands twice in its text with two values, with both as a list,
    and `name_twice`."""
    try:
        if _names_told(text) <= _names_in(value):
            return value, ()
        once = _Once()
        found = json.loads(text, object_pairs_hook=once, parse_int=strict_integer, parse_constant=str)
    except (ValueError, RecursionError):
        return value, ()
    return found, ("name_twice",) if once.is_twice else ()


def _names_told(text: bytes) -> int:
    """How many names the objects of a JSON text have, those in texts left out; rather too many than too few."""
    found = text.count(b'":') - text.count(b'\\":')
    if b'\\\\":' in text:
        found += len(_BEHIND_BACKSLASHES.findall(text))
    if b" :" in text or b"\n" in text or b"\t" in text or b"\r" in text:
        found += len(_BEHIND_BLANKS.findall(text))
    return found


def _names_in(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_names_in(one) for one in value.values() if one.__class__ in (dict, list))
    return sum(_names_in(one) for one in value if one.__class__ in (dict, list)) if isinstance(value, list) else 0


class _Once:
    """An object of its pairs; `is_twice` once a name stood twice with two values."""

    def __init__(self) -> None:
        self.is_twice = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            is_another = name in found and found[name] != value
            self.is_twice |= is_another
            found[name] = [found[name], value] if is_another else value
        return found


def unwrapped(value: object, warnings: tuple[str, ...] = ()) -> Decoded:
    """The audit record in a decoded JSON value, or why there is none."""
    if not isinstance(value, dict):
        return Decoded(None, warnings, "not_an_object", f"JSON, but not an object: {_kind(value)}")
    for name in _WRAPPED:
        if name in value:
            return beside(_inner(value[name], warnings), value)
    if not any(name in value for name in _MARKS_OF_A_RECORD):
        return Decoded(None, warnings, "not_an_audit_record", "an object without Id, Operation and CreationTime")
    for name in _NESTED:
        inner = value.get(name)
        if isinstance(inner, str) and inner.lstrip()[:1] in ("[", "{"):
            told, warned = _nested(inner)
            value, warnings = {**value, name: told}, tuple(sorted({*warnings, *warned}))
    return Decoded(value, warnings)


def _nested(text: str) -> tuple[object, tuple[str, ...]]:
    """(the value a text of JSON holds, warning codes); the text itself where it holds none."""
    try:
        return with_names_once(orjson.loads(text), text.encode())
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return text, ()


def is_typical(native: Mapping[str, Any]) -> bool:
    """Whether an object has what every record of the common schema has: enough to recognise the log by."""
    return (
        "CreationTime" in native
        and "Id" in native
        and "Operation" in native
        and ("Workload" in native or "RecordType" in native)
    )


def beside(decoded: Decoded, told: Mapping[str, object]) -> Decoded:
    """The record; with a warning where an export says beside it that somebody else did it, or something else.

    What was sorted or pasted in one column alone is so: which of the two is true, nobody knows.
    """
    native = decoded.native
    if native is None:
        return decoded
    number, of = (_number(told.get(name)) for name in _NUMBERED)
    if 0 in (number, of):
        decoded = decoded._replace(warnings=tuple(sorted({*decoded.warnings, BROKEN_OFF})))
    elif number and of:
        decoded = decoded._replace(numbered=(number, of))
    for names, own in _BESIDE:
        said = {word for name in names if (word := _word(told.get(name)))}
        if said and (is_own := _word(native.get(own))) and said != {is_own}:
            return decoded._replace(warnings=tuple(sorted({*decoded.warnings, SAYS_OTHERWISE})))
    return decoded


def _number(value: object) -> int | None:
    """A number from 1 as an export or a spreadsheet writes it (`1234`, `1,234`, `1234.0`), below 2**63; 0 for any other
    text, None where there is none."""
    text = "" if value is None else str(value).strip()
    found = _A_NUMBER.fullmatch(text)
    return (int(found[1].replace(",", "")) if found else 0) if text else None


def _word(value: object) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _inner(value: object, warnings: tuple[str, ...]) -> Decoded:
    if isinstance(value, str):
        inner = decode_record(value.encode("utf-8", "replace"))
        if inner.native is None:
            return Decoded(None, warnings, inner.reason, f"its AuditData: {inner.detail}")
        return Decoded(inner.native, tuple(sorted({*warnings, *inner.warnings})))
    if isinstance(value, dict):
        return unwrapped(value, warnings)
    return Decoded(None, warnings, "not_an_audit_record", f"its AuditData is {_kind(value)}")


def decode_tolerantly(text: bytes) -> tuple[Any, tuple[str, ...]] | None:
    """The value of a text that strict JSON refuses: bad UTF-8, lone surrogates, control characters, padding of NULs."""
    warnings: set[str] = set()
    bare = text.removeprefix(BYTE_ORDER_MARK).strip(b" \t\r\n\0")
    try:
        readable = bare.decode("utf-8")
    except UnicodeDecodeError:
        readable = readable_json(bare)
        warnings.add("invalid_utf8")
    try:
        value = json.loads(readable, parse_int=strict_integer, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        return None
    if _has_control_characters(bare) or len(bare) < len(text.strip(b" \t\r\n").removeprefix(BYTE_ORDER_MARK)):
        warnings.add("control_characters")
    if not warnings or "\\u" in readable:
        value, lone = without_surrogates(value)
        if lone:
            warnings.add("lone_surrogate")
    return value, tuple(sorted(warnings))


def _has_control_characters(text: bytes) -> bool:
    return any(byte < 0x20 and byte not in b"\t\r\n" for byte in text)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a text" if isinstance(value, str) else "a list"
