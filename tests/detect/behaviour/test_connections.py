"""What counts as a connection of a host, and that its moments can be combined in any order."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.relation import SMALLEST, Seen, all_relations, combine, in_order, summarise
from tocsin.model.instant import DAY, NANOSECONDS
from tocsin.model.tables import ACCESSES, EVENTS

_RELATION = all_relations()["connections"]
_START = 20_000 * DAY


def _seen(rows: list[dict[str, Any]]) -> Seen:
    blank = {"key": b"0" * 16, "source": "invented", "class_uid": 4001, "time": _START}
    told = [{**blank, "record": number, **row} for number, row in enumerate(rows)]
    return Seen(events=pa.Table.from_pylist(told, schema=EVENTS), accesses=ACCESSES.empty_table())


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 86_399)), max_size=60), st.randoms())
def test_moments_are_those_of_the_day_in_whatever_order_they_came(
    moments: list[tuple[int, int]], chance: random.Random
) -> None:
    rows = [
        {"src_endpoint.ip": f"10.0.0.{host}", "dst_endpoint.ip": "192.0.2.1", "time": _START + second * NANOSECONDS}
        for host, second in moments
    ]
    whole = in_order(_RELATION, summarise(_RELATION, _seen(rows)))
    parts = [summarise(_RELATION, _seen([row])).set_column(4, "count", pa.array([1])) for row in rows]
    chance.shuffle(parts)
    at = len(parts) // 2
    halves = [combine(_RELATION, parts[:at]), combine(_RELATION, parts[at:])]
    told = in_order(_RELATION, combine(_RELATION, halves))
    assert told.drop_columns(["record"]).equals(whole.drop_columns(["record"]))
    for host, seconds in zip(whole["host"].to_pylist(), whole["seconds"].to_pylist(), strict=True):
        assert seconds == sorted({second for other, second in moments if f"10.0.0.{other}" == host})


def test_of_very_many_moments_the_first_are_kept_and_all_are_counted() -> None:
    rows = [
        {"src_endpoint.ip": "10.0.0.1", "dst_endpoint.ip": "192.0.2.1", "time": _START + second * NANOSECONDS}
        for second in range(1_000)
    ]
    (row,) = summarise(_RELATION, _seen(rows)).to_pylist()
    assert row["count"] == 1_000
    assert row["seconds"] == list(range(SMALLEST))


def test_a_host_is_who_made_it_and_a_destination_where_it_went() -> None:
    rows: list[dict[str, Any]] = [
        {"src_endpoint.ip": "10.0.0.1", "dst_endpoint.ip": "192.0.2.1", "dst_endpoint.hostname": "files.example"},
        {"src_endpoint.ip": "10.0.0.2", "dst_endpoint.ip": "192.0.2.1", "device.hostname": "firewall-1"},
        {
            "process.file.path": "a.exe",
            "device.hostname": "ws-1",
            "src_endpoint.ip": "10.0.0.3",
            "dst_endpoint.ip": "::2",
        },
        {"src_endpoint.ip": "8.8.8.8", "dst_endpoint.ip": "10.0.0.9"},  # came in from outside
        {"src_endpoint.ip": "10.0.0.4", "dst_endpoint.ip": "10.0.0.4"},  # to itself
        {"src_endpoint.ip": "10.0.0.4", "dst_endpoint.ip": "127.0.0.1"},
        {"src_endpoint.ip": "10.0.0.4"},  # no destination told
    ]
    told = summarise(_RELATION, _seen(rows))
    assert sorted(zip(told["host"].to_pylist(), told["destination"].to_pylist(), strict=True)) == [
        ("10.0.0.1", "files.example"),
        ("10.0.0.2", "192.0.2.1"),
        ("ws-1", "::2"),
    ]


def test_bytes_are_summed_and_a_row_without_a_time_is_kept() -> None:
    row: dict[str, Any] = {"src_endpoint.ip": "10.0.0.1", "dst_endpoint.ip": "192.0.2.1", "traffic.bytes_out": 5}
    told = summarise(_RELATION, _seen([row, row, {**row, "time": None}])).sort_by("day").to_pylist()
    assert [(one["day"], one["out"], one["seconds"]) for one in told] == [(-1, 5, []), (20_000, 10, [0])]
