"""Objects of System and EventData as converters of event XML write them in; the EVTX decoder's form out.

Forms: `#attributes` (evtx), `Provider_attributes` (evtx with separate attributes), `@Name` (xmltodict and its like),
`$` and `_` (xml2js), attributes as plain members (Velociraptor).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = ("#text", "_", "Value", "$t", "text", "content")
_SCALARS = ("EventID", "Version", "Level", "Task", "Opcode", "Keywords", "EventRecordID", "Channel", "Computer")
_ATTRIBUTED = ("Provider", "TimeCreated", "Execution", "Security")


def inner_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event in the decoder's form; one that is in it already is returned with its parts as they are."""
    inner: dict[str, Any] = {}
    for name, section in event.items():
        if name == "System" and isinstance(section, dict):
            inner[name] = section if _is_decoders(section) else _system(section)
        elif name == "EventData":
            inner[name] = event_data(section)
        elif name[:1] != "@" and name not in {"xmlns", "$"} and not name.endswith("_attributes"):
            inner[name] = _without_attributes(section) if name == "UserData" else section
    return inner


def event_data(section: object) -> object:
    """Event data by name, whichever way its `Data` elements are written; unnamed ones as `Data`."""
    if isinstance(section, list):
        return _named(section)
    if not isinstance(section, dict):
        return section
    if "Data" not in section and not any(name[:1] in "@$" for name in section):
        return section
    listed = section.get("Data")
    members = {name: value for name, value in section.items() if name != "Data" and name[:1] not in "@$"}
    if "Data" not in section:
        return members
    items = listed if isinstance(listed, list) else [listed]
    if any(isinstance(item, dict) and "#text" not in item and _name_of(item) is None for item in items):
        return section
    return {**members, **_named(items, bare=listed)}


def _named(items: list[Any], bare: object = None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    unnamed: list[Any] = []
    for item in items:
        name = _name_of(item) if isinstance(item, dict) else None
        value = _text_of(item) if isinstance(item, dict) else item
        if name is None:
            unnamed += map(_plain, value) if isinstance(value, list) else [value]
        else:
            found[name] = "" if value is None else value
    if unnamed:
        found["Data"] = bare if isinstance(bare, str) else unnamed[0] if len(unnamed) == 1 else unnamed
    return found


def _plain(value: object) -> object:
    """A value of a list as a field can hold it: what is nested in it as its JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _name_of(item: Mapping[str, Any]) -> str | None:
    attributes = item.get("#attributes") or item.get("$") or item
    if not isinstance(attributes, dict):
        return None
    name = attributes.get("Name", attributes.get("@Name"))
    return name if isinstance(name, str) else None


def _text_of(item: Mapping[str, object]) -> object:
    return next((item[name] for name in _TEXTS if name in item), None)


def _is_decoders(system: Mapping[str, Any]) -> bool:
    created = system.get("TimeCreated")
    return type(created) is dict and "#attributes" in created


def _system(system: Mapping[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for name in _SCALARS:
        value = system.get(name)
        if isinstance(value, dict):
            value = _text_of(value)
        if value is not None:
            inner[name] = whole(value) if name not in {"Keywords", "Channel", "Computer"} else value
    for name in _ATTRIBUTED:
        attributes = _attributes(system, name)
        if attributes:
            inner[name] = {"#attributes": attributes}
    return inner


def _attributes(system: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = system.get(f"{name}_attributes", system.get(name))
    if isinstance(value, dict):
        value = value.get("#attributes") or value.get("$") or value
    if not isinstance(value, dict):  # the one attribute that matters, as the element's value
        only = {"Provider": "Name", "TimeCreated": "SystemTime", "Security": "UserID"}.get(name)
        return {only: value} if only and value is not None else {}
    found = {key.lstrip("@"): one for key, one in value.items()}
    if name == "Execution":
        found = {key: whole(one) for key, one in found.items()}
    return {("UserID" if key == "UserId" else key): one for key, one in found.items()}


def whole(value: object) -> object:
    """A number for the text of one; anything else as it is."""
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) < 20:
        return int(value)
    return value


def _without_attributes(section: object) -> object:
    if isinstance(section, dict):
        return {
            name: _without_attributes(value)
            for name, value in section.items()
            if name[:1] not in "@$" and name not in {"xmlns", "xml_name"}
        }
    return section
