"""Answers in; the timeline out as CSV that no spreadsheet computes."""

from __future__ import annotations

from tocsin.model.answers import Answers
from tocsin.model.cells import csv_text
from tocsin.share.format import Part
from tocsin.share.timeline import COLUMNS, rows


class CsvTimeline:
    """The timeline for Timesketch and for spreadsheets."""

    name = "csv"
    parts = frozenset({Part.INVESTIGATION})

    def render(self, answers: Answers, part: Part) -> str:
        """A line of column names, then one line a row."""
        return csv_text([COLUMNS, *(tuple(map(str, row)) for row in rows(answers))])


FORMAT = CsvTimeline()
