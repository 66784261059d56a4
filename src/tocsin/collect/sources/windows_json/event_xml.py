"""An event's XML, or a part of it, as text in; the same form out that the EVTX decoder gives."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tocsin.model.clipping import to_be_cut

# https://learn.microsoft.com/en-us/windows/win32/wes/eventschema-schema


_NUMBERS = ("ProcessID", "ThreadID")


class XmlError(ValueError):
    """A text that is no XML of an event. The message is one line for a person."""


def event_of(text: str) -> dict[str, Any]:
    """A whole `<Event>`: its sections, with System values as numbers where they are ones."""
    root = _parse(text)
    if _name(root) != "Event":
        raise XmlError(f"the element {to_be_cut(_name(root), 40)} is no Event")
    event: dict[str, Any] = {}
    for section in root:
        name = _name(section)
        event[name] = {_name(one): _element(one) for one in section} if name == "System" else _section(section)
    return event


def data_of(text: str) -> dict[str, Any]:
    """Event data by name, from `<EventData>`, `<UserData>`, a wrapper of one of them, or bare `<Data>`, `<Param>`."""
    root = _parse(f"<EventData>{text}</EventData>")
    while len(root) == 1 and _name(root[0]) in {"DataItem", "EventData", "UserData"}:
        root = root[0]
    if _name(root) == "UserData" and len(root) == 1:
        root = root[0]
    data = _section(root)
    return data if isinstance(data, dict) else {} if data is None else {"Data": data}


def _parse(text: str) -> ElementTree.Element:
    # Without a document type there are no entities to expand, and no event has one.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmlError("an event has no document type")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise XmlError(f"not XML: {error}") from error


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _element(element: ElementTree.Element) -> object:
    """An element of System: its text, as a number where it is one, and its attributes."""
    text = (element.text or "").strip() or None
    value: object = int(text) if text and text.isdecimal() and text.isascii() and len(text) < 20 else text
    if not element.attrib:
        return value
    attributes = {_attribute(name): _whole(name, one) for name, one in element.attrib.items()}
    return {"#attributes": attributes} if value is None else {"#attributes": attributes, "#text": value}


def _attribute(name: str) -> str:
    return "UserID" if name == "UserId" else name  # as Sysmon for Linux writes it


def _whole(name: str, text: str) -> object:
    return int(text) if name in _NUMBERS and text.isdecimal() and text.isascii() and len(text) < 20 else text


def _section(section: ElementTree.Element) -> dict[str, Any] | str | None:
    if not len(section):
        return (section.text or "").strip() or None
    found: dict[str, Any] = {}
    unnamed: list[str] = []
    for child in section:
        name = _name(child)
        if name in {"Data", "Param"}:
            given = child.get("Name")
            if given is None:
                unnamed.append(child.text or "")
                continue
            name = given
        value = _section(child) if len(child) else child.text or ""
        place, number = name, 1
        while place in found:  # as the decoder tells elements of one name apart
            place, number = f"{name}_{number}", number + 1
        found[place] = value
    if unnamed:
        found["Data"] = unnamed[0] if len(unnamed) == 1 else unnamed
    return found
