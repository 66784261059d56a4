"""A STIX 2.0 or 2.1 document in (a bundle, a TAXII envelope, a list of objects, one object); its indicators out.

Of the other objects what is said of an indicator is taken: the marking it bears, and the names of what it is said to
indicate. Everything else is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from tocsin.detect.indicators.pattern import PatternError, parse_pattern
from tocsin.detect.indicators.statement import Statement, Unread
from tocsin.model.instant import parse_time

_ID: Final = re.compile(r"indicator--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BEGINS_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\[\s*[{\]])")
_LONGEST_TEXT: Final = 2_000
# The markings OASIS and FIRST define, by id: of TLP 1 (STIX 2.1, section 7.2.1.4) and of TLP 2.0.
_TLP: Final[Mapping[str, str]] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "TLP:WHITE",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "TLP:GREEN",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "TLP:AMBER",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "TLP:RED",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "TLP:CLEAR",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "TLP:GREEN",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "TLP:AMBER",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "TLP:AMBER+STRICT",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "TLP:RED",
}


def is_json(data: bytes) -> bool:
    """Whether a file is meant as JSON; an address in brackets begins a list as an array does."""
    return _BEGINS_JSON.match(data, 0, 4096) is not None


def statements(data: bytes, name: str) -> Iterator[Statement | Unread]:
    """Every indicator of a document; `name` is the file's own."""
    try:
        document = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        yield Unread(f"line {error.lineno}, column {error.colno}", "not JSON: the file is damaged or cut short")
        return
    objects = _objects(document)
    if objects is None:
        yield Unread("the file", f"{name} is JSON, and no STIX: it has neither a type nor objects")
        return
    about = _About(objects)
    for place, one in enumerate(objects, 1):
        if isinstance(one, dict) and one.get("type") == "indicator":
            yield _statement(one, f"object {place}", about)
        elif not isinstance(one, dict) or not isinstance(one.get("type"), str):
            yield Unread(f"object {place}", "no STIX object: it has no type")


def _objects(document: object) -> list[Any] | None:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    objects = document.get("objects")
    if isinstance(objects, list):
        return objects
    if document.get("type") == "bundle":
        return []
    return [document] if isinstance(document.get("type"), str) else None


class _About:
    """What the other objects of a document say of its indicators."""

    def __init__(self, objects: list[Any]) -> None:
        known = {one["id"]: one for one in objects if isinstance(one, dict) and isinstance(one.get("id"), str)}
        self._markings = {id_: _marking(one) for id_, one in known.items() if one.get("type") == "marking-definition"}
        self._related: dict[str, dict[str, None]] = {}
        for one in known.values():
            if one.get("type") != "relationship" or one.get("relationship_type") not in ("indicates", "related-to"):
                continue
            target = known.get(one.get("target_ref", ""), {})
            if isinstance(one.get("source_ref"), str) and isinstance(target.get("name"), str):
                said = f"{target.get('type', '')} {_text(target['name'])}"
                self._related.setdefault(one["source_ref"], {})[said] = None

    def related(self, id_: str) -> tuple[str, ...]:
        return tuple(self._related.get(id_, ()))

    def marking(self, refs: object) -> str:
        found = (self._markings.get(ref) or _TLP.get(ref, "") for ref in refs) if isinstance(refs, list) else ()
        return ", ".join(dict.fromkeys(text for text in found if text))


def _marking(one: Mapping[str, Any]) -> str:
    if one["id"] in _TLP:
        return _TLP[one["id"]]
    for extension in (one.get("extensions") or {}).values() if isinstance(one.get("extensions"), dict) else ():
        if isinstance(extension, dict) and isinstance(extension.get("tlp_2_0"), str):
            return f"TLP:{extension['tlp_2_0'].upper()}"
    definition = one.get("definition")
    if isinstance(definition, dict) and isinstance(definition.get("tlp"), str):
        return f"TLP:{definition['tlp'].upper()}"
    return _text(one.get("name"))


def _statement(one: Mapping[str, Any], place: str, about: _About) -> Statement | Unread:
    id_ = one.get("id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        return Unread(place, "its id is none of an indicator")
    place = f"{place}, {id_.lower()}"
    pattern = one.get("pattern")
    if not isinstance(pattern, str):
        return Unread(place, "it has no pattern")
    written = one.get("pattern_type", "stix")
    parsed = None
    if written == "stix":
        try:
            parsed = parse_pattern(pattern)
        except PatternError as error:
            return Unread(place, f"its pattern cannot be read: {error}")
    confidence = one.get("confidence")
    return Statement(
        id=id_.lower(),
        place=place,
        comparisons=parsed.comparisons if parsed else (),
        alternatives=parsed.alternatives if parsed else (),
        not_asked=parsed.not_asked if parsed else (_not_stix(written),),
        title=_text(one.get("name")),
        description=_text(one.get("description")),
        labels=_texts(one.get("indicator_types")) + _texts(one.get("labels")),
        marking=about.marking(one.get("object_marking_refs")),
        related=about.related(id_),
        confidence=confidence if isinstance(confidence, int) and 0 <= confidence <= 100 else None,
        valid_from=_time(one.get("valid_from")),
        valid_until=_time(one.get("valid_until")),
        modified=_text(one.get("modified")),
        is_revoked=one.get("revoked") is True,
    )


def _not_stix(written: object) -> str:
    known = written if written in ("pcre", "sigma", "snort", "suricata", "yara") else "another type"
    hint = ": give it as a rule, with --rules" if known == "sigma" else ""
    return f"its pattern is of {known}, and not of STIX{hint}"


def _time(value: object) -> int | None:
    return parse_time(value) if isinstance(value, str) else None


def _text(value: object) -> str:
    return " ".join(value.split())[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(one) for one in value if isinstance(one, str)) if isinstance(value, list) else ()
