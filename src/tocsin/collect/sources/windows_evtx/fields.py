"""A decoded event in, its flat fields under the names Sigma rules use and the values that bind its log source out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

# Of the text of a number that is read as one: of a text of thousands Python makes none.
MOST_DIGITS = 400
LOG_FIELDS = ("Channel", "EventID", "Provider_Name")

# What the System part says, under these names where event data does not.
SYSTEM_FIELDS = frozenset(
    ("Computer", "Level", "Task", "Opcode", "Keywords", "EventRecordID", "Version", "UserID", "ProcessID", "ThreadID")
).union(LOG_FIELDS)

_NOT_DATA = frozenset({"#attributes", "System", "RenderingInfo"})


def event_fields(event: Mapping[str, Any]) -> tuple[tuple[str, str, str], dict[str, Any]]:
    """(Channel, EventID, Provider_Name) as texts, "" where absent, and the fields with the types they were decoded to.

    System values stand under Sigma's names, and give way to event data of the same name; one that is absent has no
    field. A name with spaces is also there without them, because rules write it so. A GUID stands in braces, as Windows
    renders it and rules have it; the decoder leaves them off.
    """
    system = event.get("System")
    if type(system) is not dict:
        system = {}
    event_id = whole_number(system.get("EventID"))
    channel, provider = system.get("Channel"), _attribute(system, "Provider", "Name")
    fields: dict[str, Any] = {
        "EventID": event_id,
        "Channel": channel,
        "Provider_Name": provider,
        "Computer": system.get("Computer"),
        "Level": system.get("Level"),
        "Task": system.get("Task"),
        "Opcode": system.get("Opcode"),
        "Keywords": system.get("Keywords"),
        "EventRecordID": whole_number(system.get("EventRecordID")),
        "Version": system.get("Version"),
    }
    if None in fields.values():
        fields = {name: value for name, value in fields.items() if value is not None}
    if (user_id := _attribute(system, "Security", "UserID")) is not None:
        fields["UserID"] = user_id
    execution = system.get("Execution")
    if type(execution) is dict and type(attributes := execution.get("#attributes")) is dict:
        fields["ProcessID"] = attributes.get("ProcessID")
        fields["ThreadID"] = attributes.get("ThreadID")
    data = event.get("EventData")
    if type(data) is dict and len(event) == 3:
        _add_flat(data, fields)
    else:
        _add_sections(event, fields)
    return (_text(channel), _text(event_id), _text(provider)), fields


def _attribute(system: Mapping[str, Any], element: str, name: str) -> object:
    found = system.get(element)
    if type(found) is dict and type(attributes := found.get("#attributes")) is dict:
        return attributes.get(name)
    return None


def whole_number(value: object) -> object:
    """A number for the texts and the element with qualifiers that some events give; anything else as it is."""
    if type(value) is dict:
        value = value.get("#text")
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
        return int(value)
    return value


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _add_flat(data: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """Add event data to the fields; the plain case is one update."""
    if dict in map(type, data.values()):
        _add_nested(data, fields)
    else:
        fields.update(data)
    aliases, guids = names_to_mend(tuple(data))
    for name, alias in aliases:
        fields.setdefault(alias, fields.get(name))
    for name in guids:
        fields[name] = braced(fields.get(name))


def braced(value: object) -> object:
    """A GUID in braces; anything else as it is."""
    if type(value) is str and len(value) == 36 and value[8] == value[13] == "-":
        return f"{{{value}}}"
    return value


@lru_cache(maxsize=4096)
def names_to_mend(names: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Names with spaces and what they are without, and names of GUIDs; events of one kind share their names."""
    aliases = tuple((name, name.replace(" ", "")) for name in names if " " in name)
    return aliases, tuple(name for name in names if "guid" in name.lower())


def _add_nested(data: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """Add elements that hold elements, attributes or unnamed strings: the nearest name counts."""
    for name, value in data.items():
        if name == "#attributes":
            continue
        if type(value) is not dict:
            fields[name] = value
        elif "#text" in value:
            fields[name] = value["#text"]
        elif value.keys() <= {"#attributes"}:
            fields[name] = None
        else:
            inner: dict[str, Any] = {}
            _add_flat(value, inner)
            for inner_name, inner_value in inner.items():
                fields.setdefault(inner_name, inner_value)


def _add_sections(event: Mapping[str, Any], fields: dict[str, Any]) -> None:
    """Add every section but System: EventData, UserData by the children of its element, and the rarer ones."""
    collected: dict[str, Any] = {}
    for name, section in event.items():
        if name in _NOT_DATA or section is None:
            continue
        if type(section) is not dict:
            collected.setdefault("Data" if name == "EventData" else name, section)
            continue
        if name == "UserData":
            for element in section.values():
                if type(element) is dict:
                    _add_flat(element, collected)
        else:
            _add_flat(section, collected)
    rendering = event.get("RenderingInfo")
    if type(rendering) is dict and "Message" in rendering:
        collected.setdefault("Message", rendering["Message"])
    fields.update(collected)
