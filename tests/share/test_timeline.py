"""The timeline: what Timesketch needs of each row, the same rows in both formats, and the line each is found at."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.share.conftest import MAIL, at

from tocsin.model.answers import Answers
from tocsin.model.cells import plain_cell
from tocsin.model.coverage import CoverageState
from tocsin.model.exposure import Verdict
from tocsin.share.format import Part, format_named
from tocsin.share.timeline import COLUMNS, rows


def written(name: str, answers: Answers) -> str:
    return format_named(name, Part.INVESTIGATION).render(answers, Part.INVESTIGATION)


def read_csv(answers: Answers) -> list[dict[str, str]]:
    table = csv.reader(io.StringIO(written("csv", answers), newline=""))
    head = next(table)
    return [dict(zip(head, map(plain_cell, row), strict=True)) for row in table]


def test_every_row_has_what_timesketch_needs(answers: Answers) -> None:
    for row in rows(answers):
        assert row.message
        assert row.timestamp_desc
        moment = dt.datetime.fromisoformat(row.datetime)
        assert moment.utcoffset() == dt.timedelta(0)
        assert round((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1)) == row.timestamp


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.integers(-(2**63), 2**63 - 1))
def test_both_formats_hold_the_same_rows_on_lines_of_their_own(answers: Answers, text: str, time: int) -> None:
    finding = dataclasses.replace(answers.findings[0], why=text, first=time, last=time)
    hostile = dataclasses.replace(answers, findings=(finding, *answers.findings[1:]))
    objects = [json.loads(line) for line in written("jsonl", hostile).split("\n")[:-1]]
    assert [{key: str(value) for key, value in one.items()} for one in objects] == read_csv(hostile)
    assert len(written("csv", hostile).split("\n")) - 2 == len(objects)


def test_the_columns_come_in_the_documented_order(answers: Answers) -> None:
    assert written("csv", answers).split("\n")[0].replace('"', "").split(",") == list(COLUMNS)
    assert COLUMNS[:4] == ("message", "datetime", "timestamp", "timestamp_desc")


def test_a_row_names_the_line_it_stands_on(answers: Answers) -> None:
    row = next(row for row in rows(answers) if row.rule == "tocsin-0004")
    assert (row.record, row.entry, row.records) == (MAIL, "412", 1)
    assert (row.incident, row.technique, row.level) == ("i-0001", "T1114.003", "medium")


def test_a_span_has_a_row_at_each_end(answers: Answers) -> None:
    found = [row for row in rows(answers) if row.rule == "tocsin-0001"]
    assert [(row.timestamp_desc, row.exact_time) for row in found] == [
        ("First record of the finding", "2024-03-04T02:11:09Z"),
        ("Last record of the finding", "2024-03-07T23:58:40Z"),
    ]


def test_only_confirmed_accesses_of_those_in_question_are_rows(answers: Answers) -> None:
    found = [row for row in rows(answers) if row.data_type == "tocsin:access"]
    assert {row.verdict for row in found} == {"confirmed"}
    assert {row.holding for row in found} == {"<AAMk-invented-0001@tribunal.example>", "folder-inbox"}
    assert any(one.verdict is not Verdict.CONFIRMED for one in answers.exposure)


def test_gaps_and_notes_stand_among_the_rows(answers: Answers) -> None:
    ends = [(row.timestamp_desc, row.verdict) for row in rows(answers) if row.data_type == "tocsin:coverage"]
    assert ("Gap in the log ends", CoverageState.CLEARED) in ends
    assert ("Gap in the log begins", CoverageState.THROTTLED) in ends
    assert CoverageState.UNPROVEN not in {state for _, state in ends}
    notes = [row for row in rows(answers) if row.data_type == "tocsin:note"]
    assert len(notes) == sum(note.time is not None for note in answers.notes)


def test_what_has_no_time_is_counted_at_the_end(answers: Answers) -> None:
    last = rows(answers)[-1]
    assert "without a time, and so not among them: 1 finding, 1 lasting change" in last.message
    assert last.timestamp == at("2024-03-08T06:58:11.25Z") // 1000


def test_a_timeline_of_nothing_says_so(empty: Answers) -> None:
    (row,) = rows(empty)
    assert "0 rows, as of no time" in row.message


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_rows_come_in_the_order_of_time(answers: Answers, name: str) -> None:
    times = [row.timestamp for row in rows(answers)[:-1]]
    assert times == sorted(times)
