"""Answers in; the timeline out, one JSON object a line."""

from __future__ import annotations

import orjson

from tocsin.model.answers import Answers
from tocsin.share.format import Part
from tocsin.share.timeline import rows


class JsonLines:
    """The timeline for programs that read it line by line."""

    name = "jsonl"
    parts = frozenset({Part.INVESTIGATION})

    def render(self, answers: Answers, part: Part) -> str:
        """One object a line, every column in each."""
        return "".join(orjson.dumps(row._asdict()).decode("utf-8") + "\n" for row in rows(answers))


FORMAT = JsonLines()
