"""Answers in; one JSON object out, with its schema's name and version at the top (docs/formats/investigation.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

from tocsin.model.answers import Answers
from tocsin.share.document import Json, document, element, headed
from tocsin.share.format import Part

# Valid in JSON as they are, but a terminal or an editor may act on them: written as the escapes JSON has for them.
_ACTS_ON_A_READER = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class JsonDocument:
    """The answers for programs: everything, each value verbatim."""

    name = "json"
    parts = frozenset(Part)

    def render(self, answers: Answers, part: Part) -> str:
        """Keys in the documented order, two spaces of indent."""
        return _written(document(answers, part))


def listed(name: str, elements: Iterable[object]) -> str:
    """The document of a list that is no part of an investigation, under its own name."""
    return _written(headed(name) | {name: element(tuple(elements))})


def single(name: str, value: object) -> str:
    """The document of one object that is no part of an investigation: its fields after the schema."""
    fields = element(value)
    return _written(headed(name) | (fields if isinstance(fields, dict) else {name: fields}))


def _written(value: Json) -> str:
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    text = orjson.dumps(value, option=options).decode("utf-8")
    return text if text.isascii() and "\x7f" not in text else _ACTS_ON_A_READER.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


FORMAT = JsonDocument()
