"""What a search gave and nobody handed over is missed, by the numbers the search gave; nothing else is."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cover import coverage, searches
from tocsin.model.coverage import CoverageState
from tocsin.model.instant import NANOSECONDS, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import EVENTS, MARKS, NUMBERS

START = parse_time("2024-03-04T00:00:00Z") or 0
LIMITS = {"log": searches.Limits(frozenset((5, 50)), "https://provider.example/limits")}


class Numbered(NamedTuple):
    """A record as an export numbers it; `name` tells it from others of the same number."""

    number: int
    of: int
    name: str = ""


def search(of: int, name: str = "") -> list[Numbered]:
    return [Numbered(number, of, f"{name}{number}") for number in range(1, of + 1)]


def facts(rows: Sequence[Numbered], content: str = "a", offset: int = 0) -> pa.Table:
    table = [
        {
            "record": offset + place,
            "key": hashlib.blake2b(row.name.encode(), digest_size=16).digest(),
            "time": START + row.number * NANOSECONDS,
            "source": "log",
            "content": content,
            "number": row.number,
            "of": row.of,
        }
        for place, row in enumerate(rows)
    ]
    numbers = pa.Table.from_pylist(table, schema=NUMBERS)
    return coverage.summarise(EVENTS.empty_table(), MARKS.empty_table(), numbers)


def said(*states: pa.Table) -> list[str]:
    rows = coverage.conclude(
        coverage.combine(states), limits=LIMITS, place=lambda record: RecordPlace("export.csv", record)
    )
    assert all(row.state is CoverageState.TRUNCATED and (row.from_, row.to) == (None, None) for row in rows)
    return [row.evidence for row in rows]


@st.composite
def exports(draw: st.DrawFn) -> list[Numbered]:
    """The records of a few searches, no two of one size, in any order."""
    sizes = draw(st.lists(st.integers(6, 40), min_size=1, max_size=3, unique=True))
    return list(draw(st.permutations([one for size in sizes for one in search(size, f"{size}-")])))


@given(exports(), st.integers(0, 100), st.randoms(use_true_random=False))
def test_what_is_whole_lacks_nothing_in_any_order_and_however_it_is_cut(
    export: list[Numbered], at: int, chance: random.Random
) -> None:
    copies = chance.sample(export, len(export) // 3)
    assert said(facts([*export[:at], *copies]), facts(export[at:] + copies, offset=1000)) == []


@given(exports(), st.data())
def test_whatever_is_cut_out_of_a_search_is_missed(export: list[Numbered], data: st.DataObject) -> None:
    sizes = {one.of for one in export}
    gone = data.draw(st.sets(st.sampled_from(export), min_size=1))
    left = [one for one in export if one not in gone]
    seen = {one.of for one in left}  # a search of which nothing was handed over leaves no number
    missing = sum(one.of in seen for one in gone)
    found = said(facts(left))
    assert found == said(facts(left[::2]), facts(left[1::2], offset=1000))
    noun = "1 record is" if missing == 1 else f"{missing} records are"
    assert ("".join(found).startswith(f"by the numbers that their searches gave them, {noun} missing")) == (missing > 0)
    assert seen <= sizes


def test_which_numbers_are_missing_and_when_the_others_were_written() -> None:
    (told,) = said(facts([one for one in search(20) if one.number not in (3, 7, 8, 20)]))
    assert told == (
        "by the numbers that their searches gave them, 4 records are missing (of 20 that one gave 4, as number 3, 7 to"
        " 8, 20; the others are of 2024-03-04T00:00:01Z to 2024-03-04T00:00:19Z): not handed over, left out as copies"
        " of what another search gave, or erased since"
    )


def test_searches_of_one_size_are_told_apart_by_their_records() -> None:
    first, second = search(8, "a"), search(8, "b")
    assert said(facts(first + second)) == []
    (told,) = said(facts(first + [one for one in second if one.number != 4]))
    assert "1 record is missing (of 8 that one gave 1, as number 4;" in told


def test_a_search_may_stand_in_several_files() -> None:
    export = search(12)
    assert said(facts(export[:5], "a"), facts(export[5:], "b", 100)) == []
    (told,) = said(facts(export[:5], "a"), facts(export[6:], "b", 100))
    assert "1 record is missing" in told


def test_what_stands_in_another_search_does_not_stand_for_what_is_missing() -> None:
    """A file that is whole lends none of its numbers to one that is not."""
    assert len(said(facts(search(12, "a"), "a"), facts(search(12, "b")[:-1], "b", 100))) == 1


def test_a_number_beyond_what_the_search_gave() -> None:
    (told,) = said(facts([*search(6), Numbered(9, 6, "x")]))
    assert "2 records are missing" in told


@pytest.mark.parametrize(("of", "count"), [(4, 0), (5, 1), (50, 1)])
def test_a_search_that_gave_as_many_as_one_gives_may_have_left_out_others(of: int, count: int) -> None:
    told = said(facts(search(of)))
    assert len(told) == count
    assert all(f"gave {of} records, the most that one gives (https://provider.example/limits)" in one for one in told)
