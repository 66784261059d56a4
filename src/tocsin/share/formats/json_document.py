"""Answers in; one JSON object out, with its schema's name and version at the top (docs/formats/investigation.md)."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.model.answers import Answers
from tocsin.render.element import element
from tocsin.render.json_text import json_text
from tocsin.share.document import document, headed
from tocsin.share.format import Part


class JsonDocument:
    """The answers for programs: everything, each value verbatim."""

    name = "json"
    parts = frozenset(Part) - {Part.SHORT}

    def render(self, answers: Answers, part: Part) -> str:
        """Keys in the documented order, two spaces of indent."""
        return json_text(document(answers, part))


def listed(name: str, elements: Iterable[object]) -> str:
    """The document of a list that is no part of an investigation, under its own name."""
    return json_text(headed(name) | {name: element(tuple(elements))})


def single(name: str, value: object) -> str:
    """The document of one object that is no part of an investigation: its fields after the schema."""
    fields = element(value)
    return json_text(headed(name) | (fields if isinstance(fields, dict) else {name: fields}))


FORMAT = JsonDocument()
