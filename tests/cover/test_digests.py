"""A file that a trail delivered and nobody read is found in its hour; so is a digest that is gone or was changed."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.cover import digests
from tocsin.cover.digests import Content
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR, format_time, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS

START = parse_time("2024-03-04T00:00:00Z") or 0
CHANNEL = "111122223333/eu-central-1"


class Trail(NamedTuple):
    """So many hours of a trail, a log file in each: the marks by hour, and the inputs."""

    marks: list[list[dict[str, Any]]]
    inputs: list[Content]


def log_name(hour: int) -> str:
    return f"s3://trail/AWSLogs/111122223333/CloudTrail/eu-central-1/{hour:03}_log.json.gz"


def digest_name(hour: int) -> str:
    return f"s3://trail/AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/{hour:03}_digest.json.gz"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def trail(hours: int) -> Trail:
    marks: list[list[dict[str, Any]]] = []
    inputs = []
    for hour in range(hours):
        from_, to = START + hour * HOUR, START + (hour + 1) * HOUR
        said = {
            "from": format_time(from_),
            "to": format_time(to),
            "object": digest_name(hour),
            "previous": digest_name(hour - 1) if hour else "",
            "trail": "court",
        }
        common = {"record": hour, "time": to, "source": "aws_cloudtrail_digest", "channel": CHANNEL}
        before = sha(digest_name(hour - 1)) if hour else ""
        listed = {"object": log_name(hour), "from": format_time(from_ - HOUR // 6), "to": format_time(to - HOUR // 2)}
        marks.append(
            [
                {**common, "kind": "digest", "scope": before, "detail": json.dumps(said)},
                {**common, "kind": "digest_lists", "scope": sha(log_name(hour)), "detail": json.dumps(listed)},
            ]
        )
        inputs.append(Content(f"logs/{hour:03}_log.json.gz", sha(log_name(hour)), 4))
        inputs.append(Content(f"digests/{hour}", sha(digest_name(hour)), 1))
    return Trail(marks, inputs)


def concluded(found: Trail) -> tuple[Coverage, ...]:
    parts = [digests.summarise(pa.Table.from_pylist(rows, schema=MARKS)) for rows in found.marks]
    return digests.conclude(
        digests.combine(parts), found.inputs, place=lambda record: RecordPlace(f"digests/{record}", 0)
    )


def doubts(rows: tuple[Coverage, ...]) -> list[Coverage]:
    return [row for row in rows if row.state is not CoverageState.UNPROVEN]


def test_a_whole_chain_is_told_and_proves_nothing_without_the_providers_signature() -> None:
    (told,) = concluded(trail(8))
    assert (told.state, told.basis) == (CoverageState.UNPROVEN, Basis.SEALED)
    assert "8 digests of trail court without a break: 8 of 8 log files" in told.evidence
    assert "signature on the digests was not checked" in told.evidence


@given(hours=st.integers(3, 30), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_log_file_taken_away_is_found_in_its_hour_and_no_other(hours: int, data: st.DataObject) -> None:
    taken = data.draw(st.sets(st.integers(0, hours - 1), min_size=1))
    found = trail(hours)
    gone = {sha(log_name(hour)) for hour in taken}
    rows = doubts(concluded(found._replace(inputs=[one for one in found.inputs if one.sha256 not in gone])))
    assert {row.state for row in rows} == {CoverageState.NOT_COLLECTED}
    touched = {hour for hour in range(hours) for row in rows if spans(row, hour)}
    assert touched == taken
    assert sum(int(row.evidence.split()[0]) for row in rows) == len(taken)
    # A file is delivered after its events: the row reaches back to the first of them.
    assert min(row.from_ or 0 for row in rows) == START + min(taken) * HOUR - HOUR // 6


def spans(row: Coverage, hour: int) -> bool:
    """Whether the row holds the whole hour."""
    assert row.from_ is not None
    assert row.to is not None
    return row.from_ <= START + hour * HOUR and row.to >= START + (hour + 1) * HOUR


@given(hours=st.integers(4, 30), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_digest_taken_from_the_middle_leaves_a_gap_of_its_hours(hours: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, hours - 2))
    last = data.draw(st.integers(first, hours - 2))
    found = trail(hours)
    rows = doubts(concluded(found._replace(marks=[*found.marks[:first], *found.marks[last + 1 :]])))
    (gap,) = [row for row in rows if row.state is CoverageState.GAPPED]
    assert (gap.from_, gap.to) == (START + first * HOUR, START + (last + 1) * HOUR)
    assert gap.channel == CHANNEL
    assert gap.source == "aws_cloudtrail"


def test_digests_gone_at_both_ends_leave_no_trace() -> None:
    found = trail(6)
    assert not doubts(concluded(found._replace(marks=found.marks[1:5])))


@pytest.mark.parametrize("hour", [0, 3])
def test_a_log_file_with_another_content_is_gapped(hour: int) -> None:
    found = trail(5)
    changed = [
        one._replace(sha256=sha("changed")) if one.sha256 == sha(log_name(hour)) else one for one in found.inputs
    ]
    (row,) = doubts(concluded(found._replace(inputs=changed)))
    assert (row.state, row.to) == (CoverageState.GAPPED, START + (hour + 1) * HOUR)
    assert "another content than the digest says" in row.evidence


def test_a_digest_that_was_changed_is_found_by_the_next() -> None:
    found = trail(5)
    changed = [one._replace(sha256=sha("changed")) if one.path == "digests/2" else one for one in found.inputs]
    (row,) = doubts(concluded(found._replace(inputs=changed)))
    assert (row.state, row.from_, row.to) == (CoverageState.GAPPED, START + 2 * HOUR, START + 3 * HOUR)
    assert "not the one that the next names" in row.evidence


def test_the_order_of_digests_and_second_copies_change_nothing() -> None:
    found = trail(9)
    shuffled = random.Random(7).sample([*found.marks, *found.marks[:3]], 12)
    assert concluded(found._replace(marks=shuffled)) == concluded(found)


def test_damaged_digests_are_left_out_and_raise_nothing() -> None:
    found = trail(4)
    found.marks[1][0]["detail"] = "{"
    found.marks[2][1]["detail"] = "[]"
    found.marks[2][1]["scope"] = None
    assert concluded(found)
