"""BIND's query log on an invented sample: queries, other messages, times in each form, and what damage costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, source_named
from tocsin.collect.sources.bind_query import SOURCE
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable

SAMPLE = (Path(__file__).parents[2] / "samples" / "bind_query" / "query.log").read_bytes()
BLANK = b" \t\r\n\x0b\x0c"
LINE = b"02-May-2026 13:33:40.301 client 198.51.100.7#59752: query: tribunal.example IN MX + (192.0.2.53)\n"


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def items(data: bytes) -> list[Record | Unreadable]:
    return list(SOURCE.records(data, b"", 0))


def sample() -> list[Record]:
    found = items(SAMPLE)
    assert not [one for one in found if isinstance(one, Unreadable)]
    return [one for one in found if isinstance(one, Record)]


def test_found_by_folder_and_by_content() -> None:
    assert source_named("bind_query") is SOURCE
    assert SOURCE.recognises(head_of(SAMPLE)) == 1.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"2026-05-02T13:33:41.000Z INFO client connected from 198.51.100.7#4000\n",
        b"May  2 13:33:40 ns1 named[4711]: client 198.51.100.7#59752: query: tribunal.example IN MX +\n",
        b"2026-05-02T13:33:41.000Z host sshd[1]: Accepted publickey\n",
    ],
)
def test_other_formats_are_not_claimed(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_queries() -> None:
    first, bare, wide, _ = sample()
    assert first.fields["view"] == "internal"
    assert (first.fields["query"], first.fields["type"], first.fields["flags"]) == (
        "www.tribunal.example",
        "A",
        "+E(0)K",
    )
    assert bare.log == ("query",)
    assert wide.fields["options"] == "[ECS 198.51.100.0/24/0]"
    event = SOURCE.map(wide).event
    assert (event["src_endpoint.ip"], event["resource.name"], event["activity_name"]) == (
        "2001:db8::7",
        "a.example",
        "AAAA",
    )


def test_times() -> None:
    assert [(SOURCE.map(one).event["time"], one.warnings) for one in sample()] == [
        (parse_time("2026-05-02T13:33:40.299Z"), ("zone_assumed_utc",)),
        (parse_time("2026-05-02T13:33:40.301Z"), ("zone_assumed_utc",)),
        (parse_time("2026-05-02T13:33:41Z"), ()),
        (parse_time("2026-05-02T13:33:42.5Z"), ("zone_assumed_utc",)),
    ]


def test_other_messages_are_kept() -> None:
    denied = sample()[3]
    assert denied.log == ("message",)
    assert denied.fields["message"] == "query (cache) 'b.example/A/IN' denied"
    assert SOURCE.map(denied).event["src_endpoint.ip"] == "203.0.113.9"


def test_a_line_without_a_time_costs_itself() -> None:
    found = items(LINE + b"broken\n" + LINE)
    assert [one.reason for one in found if isinstance(one, Unreadable)] == ["no_time"]
    assert len(found) == 3


def test_cut_behind_a_line_end() -> None:
    assert SOURCE.cut(LINE[4:] + LINE, b"") == len(LINE) - 4
    assert SOURCE.cut(LINE, b"") is None


fragments = (
    st.sampled_from([LINE, LINE, *SAMPLE.splitlines(keepends=True), b"\n", b"client ", b"query: ", b"\xff", b"#"])
    | st.binary(max_size=8)
    | st.just(b"31-Xxx-2026 99:99:99.999 client x#1: query: a IN A +\n")
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(fragments, max_size=14).map(b"".join))
def test_every_byte_is_owned_once(data: bytes) -> None:
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    position = 0
    loose = b""
    for one in items(data):
        assert one.offset >= position
        assert one.length > 0
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    assert not (loose + data[position:]).translate(None, BLANK)
