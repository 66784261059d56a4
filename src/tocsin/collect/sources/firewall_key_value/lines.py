"""One line of a firewall in, its named values and what wrote it out, by `dialects.toml`."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any, NamedTuple

from tocsin.collect.device_lines import Parsed

_EQUALS = re.compile(r'(?:^|(?<=[\s,;|]))([A-Za-z_][A-Za-z0-9_.\-]{0,63})=(?:"((?:[^"\\]|\\.)*+)"|([^\s"]*))')
_COLON = re.compile(r'([A-Za-z_][A-Za-z0-9_.\-]{0,63}):{1,2}"((?:[^"\\]|\\.)*+)"')
_UTM_TIME = re.compile(r"(?:<\d{1,3}>)?(\d{4}:\d\d:\d\d-\d\d:\d\d:\d\d) ")
_RULE = re.compile(r"\[([^\]=]{1,60})\] *(?=\w+=)|(?:^|: |[+-]\d{4} )([A-Za-z][\w .:-]{0,60}?)[: ] *(?=(?:IN|OUT)=)")
_OWN_TIME = re.compile(r" (\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}) ")  # Proxmox
_PLACE = re.compile(r"([^:\s]*)(?::(\d{0,5}))?(?::([^:\s]*))?(?::(\S*))?")
_UI = re.compile(r"[^()]*\(([0-9A-Fa-f.:]+)\)")
_LEAST_PAIRS = 4


class Dialect(NamedTuple):
    """How one firewall names things."""

    name: str
    marks: frozenset[str]
    one_of: frozenset[str]
    colon: bool
    log: tuple[str, ...]
    time: tuple[tuple[str, ...], ...]
    zone: str


def _dialects() -> tuple[Dialect, ...]:
    declared = tomllib.loads(resources.files(__package__).joinpath("dialects.toml").read_text("utf-8"))
    return tuple(
        Dialect(
            one["name"],
            frozenset(one["marks"]),
            frozenset(one.get("one_of", ())),
            one.get("pairs") == "colon",
            tuple(one["log"]),
            tuple(tuple(names.split()) for names in one["time"]),
            one.get("zone", ""),
        )
        for one in declared["dialect"]
    )


_DIALECTS = _dialects()


def read_line(text: str) -> Parsed | None:
    """The values of a line; None where it is of no firewall known."""
    if text.count("=") >= _LEAST_PAIRS:
        fields = _pairs(text)
        colon = False
    elif text.count(':"') >= _LEAST_PAIRS:
        fields = {}
        for key, value in _COLON.findall(text):
            _put(fields, key, value)
        colon = True
    else:
        return None
    if text.count(':"') >= _LEAST_PAIRS and not colon and "loguid" not in fields and 'loguid:"' in text:
        return read_colons(text)
    keys = fields.keys()
    for dialect in _DIALECTS:
        if (
            dialect.colon is colon
            and dialect.marks <= keys
            and not (dialect.one_of and dialect.one_of.isdisjoint(keys))
        ):
            return _of_dialect(text, fields, dialect)
    return None


def read_colons(text: str) -> Parsed | None:
    """The values of a line of `key:"value";` pairs."""
    fields: dict[str, Any] = {}
    for key, value in _COLON.findall(text):
        _put(fields, key, value)
    dialect = next(one for one in _DIALECTS if one.colon)
    return _of_dialect(text, fields, dialect) if dialect.marks <= fields.keys() else None


def _pairs(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, quoted, bare in _EQUALS.findall(text):
        _put(fields, key, quoted.replace('\\"', '"') if quoted else bare)
    return fields


def _put(fields: dict[str, Any], key: str, value: str) -> None:
    """A name given twice holds both values."""
    if key not in fields:
        fields[key] = value
    elif isinstance(held := fields[key], list):
        held.append(value)
    else:
        fields[key] = [held, value]


def _of_dialect(text: str, fields: dict[str, Any], dialect: Dialect) -> Parsed:
    time = zone = ""
    for names in dialect.time:
        values = [value for name in names if isinstance(value := fields.get(name), str) and value]
        if len(values) == len(names):
            time = " ".join(values)
            break
    if dialect.zone and isinstance(value := fields.get(dialect.zone), str):
        zone = value
    if dialect.name == "sonicwall":
        _places(fields)
    elif dialect.name == "fortigate" and (match := _UI.fullmatch(str(fields.get("ui", "")))):
        fields["derived.ui_address"] = match[1]
    elif dialect.name == "sophos_utm" and (match := _UTM_TIME.match(text)):
        time = match[1]
    elif dialect.name == "netfilter":
        time = match[1] if (match := _OWN_TIME.search(text, 0, 120)) else ""
        if match := _RULE.search(text):
            fields["derived.rule"] = match[1] or match[2]
    log = tuple(value if isinstance(value := fields.get(name, ""), str) else value[0] for name in dialect.log)
    return Parsed(fields, (dialect.name, *log, *[""] * (2 - len(log))), time, zone)


def _places(fields: dict[str, Any]) -> None:
    """SonicWall writes address, port, interface and name as one value."""
    for name in ("src", "dst"):
        value = fields.get(name)
        if isinstance(value, str) and (match := _PLACE.fullmatch(value)):
            if match[1]:
                fields[f"derived.{name}_ip"] = match[1]
            if match[2]:
                fields[f"derived.{name}_port"] = match[2]
