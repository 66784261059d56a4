"""Times as devices write them; a year that is not written comes from a neighbour, or from nowhere."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.written_time import Written, dated_by, with_years, without_year, written_time
from tocsin.model.chunk import Dating
from tocsin.model.instant import parse_time


def at(text: str) -> int:
    time = parse_time(text)
    assert time is not None
    return time


@pytest.mark.parametrize(
    ("text", "zone", "expected", "warnings"),
    [
        ("1709539201", "", "2024-03-04T08:00:01Z", ()),
        ("1709539201123", "", "2024-03-04T08:00:01.123Z", ()),
        ("1709539201123456", "", "2024-03-04T08:00:01.123456Z", ()),
        ("1709539201123456789", "", "2024-03-04T08:00:01.123456789Z", ()),
        ("1709539201.250", "", "2024-03-04T08:00:01.25Z", ()),
        ("2024-03-04 08:00:01", "", "2024-03-04T08:00:01Z", ("zone_assumed_utc",)),
        ("2024-03-04 08:00:01", "+0100", "2024-03-04T07:00:01Z", ()),
        ("2024-03-04 08:00:01", "CET", "2024-03-04T07:00:01Z", ()),
        ("2024-03-04 08:00:01 UTC", "", "2024-03-04T08:00:01Z", ()),
        ("2024-03-04 08:00:01", "IST", "2024-03-04T08:00:01Z", ("zone_assumed_utc",)),
        ("2024-03-04T08:00:01.5-05:30", "", "2024-03-04T13:30:01.5Z", ()),
        ("2024:03:04-08:00:01", "", "2024-03-04T08:00:01Z", ("zone_assumed_utc",)),
        ("Mar 04 2024 08:00:01.123 GMT", "", "2024-03-04T08:00:01.123Z", ()),
        ("Mar  4 08:00:01 2024", "", "2024-03-04T08:00:01Z", ("zone_assumed_utc",)),
        ("04/Mar/2024:08:00:01 +0100", "", "2024-03-04T07:00:01Z", ()),
        ("", "", None, ("time_missing",)),
        ("soon", "", None, ("time_unrepresentable",)),
        ("Feb 31 2024 08:00:01", "", None, ("time_unrepresentable",)),
    ],
)
def test_times(text: str, zone: str, expected: str | None, warnings: tuple[str, ...]) -> None:
    assert written_time(text, zone) == Written(at(expected) if expected else None, warnings)


def test_a_missing_year_comes_from_the_neighbour_nearest_before() -> None:
    dated = [Written(at("2019-12-31T23:00:00Z")), written_time("Jan  1 00:10:00"), Written(at("2024-06-01T00:00:00Z"))]
    found = with_years(dated)[1]
    assert found == Written(at("2020-01-01T00:10:00Z"), ("zone_assumed_utc", "year_from_neighbours"))
    assert with_years(dated[1:])[0].time == at("2024-01-01T00:10:00Z")


def test_without_a_neighbour_there_is_no_year() -> None:
    alone = with_years([written_time("Mar  4 08:00:00"), Written(None, ("time_missing",))])
    assert [(one.time, one.warnings) for one in alone] == [(None, ("year_unknown",)), (None, ("time_missing",))]
    leap = with_years([written_time("Feb 29 08:00:00"), Written(at("2022-03-01T00:00:00Z"))])
    assert (leap[0].time, leap[0].warnings) == (None, ("year_unknown",))


@given(st.datetimes(dt.datetime(1996, 1, 2), dt.datetime(2049, 1, 1)), st.integers(-150, 150))
def test_the_year_found_is_the_one_that_was_left_out(moment: dt.datetime, days: int) -> None:
    moment = moment.replace(microsecond=0)
    beside = int((moment + dt.timedelta(days=days)).replace(tzinfo=dt.UTC).timestamp()) * 10**9
    yearless = written_time(moment.strftime("%b %d %H:%M:%S"))
    found = with_years([Written(beside), yearless])[1]
    assert found.time == int(moment.replace(tzinfo=dt.UTC).timestamp()) * 10**9


@given(st.text(max_size=40), st.text(max_size=6))
def test_no_text_raises(text: str, zone: str) -> None:
    with_years([written_time(text, zone), Written(0)])


@pytest.mark.parametrize(
    ("line", "dating", "expected"),
    [
        ("Dec 31 23:59:59", Dating(at("2026-01-02T00:00:00Z"), is_latest=True), "2025-12-31T23:59:59Z"),
        ("Jan 1 00:00:01", Dating(at("2026-01-02T00:00:00Z"), is_latest=True), "2026-01-01T00:00:01Z"),
        ("Jan 2 12:00:00", Dating(at("2026-01-02T00:00:00Z"), is_latest=True), "2026-01-02T12:00:00Z"),
        ("Jan 4 00:00:00", Dating(at("2026-01-02T00:00:00Z"), is_latest=True), "2025-01-04T00:00:00Z"),
        ("Jan 4 00:00:00", Dating(at("2026-01-02T00:00:00Z"), is_latest=False), "2026-01-04T00:00:00Z"),
        ("Dec 31 23:00:00.5", Dating(at("2026-01-02T00:00:00Z"), is_latest=False), "2025-12-31T23:00:00.5Z"),
        ("Feb 29 08:00:00", Dating(at("2026-03-02T00:00:00Z"), is_latest=True), "2024-02-29T08:00:00Z"),
        ("2024-03-04 08:00:01", Dating(at("2026-03-02T00:00:00Z"), is_latest=True), None),
    ],
)
def test_a_year_is_found_by_when_the_log_was_taken_or_by_other_logs(
    line: str, dating: Dating, expected: str | None
) -> None:
    assert dated_by(line, dating) == (at(expected) if expected else None)


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 1, 1)), st.integers(0, 363 * 86_400))
def test_a_line_taken_within_a_year_of_its_writing_is_dated_right(written: dt.datetime, age: int) -> None:
    time = int(written.replace(tzinfo=dt.UTC, microsecond=0).timestamp()) * 1_000_000_000
    line = without_year(written_time(f"{written:%b %d %H:%M:%S}"))
    assert line is not None
    assert dated_by(line, Dating(time + age * 1_000_000_000, is_latest=True)) == time
