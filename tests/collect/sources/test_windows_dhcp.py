"""The audit log of Windows DHCP Server on invented samples: leases, columns by header, marks, and what damage costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, source_named
from tocsin.collect.sources.windows_dhcp import SOURCE
from tocsin.model.coverage import Mark
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples" / "windows_dhcp"
SAMPLE = (SAMPLES / "DhcpSrvLog-Fri.log").read_bytes()
SAMPLE_V6 = (SAMPLES / "DhcpV6SrvLog-Fri.log").read_bytes()
BLANK = b" \t\r\n\x0b\x0c"
ROW = b"10,02/13/26,08:15:30,Assign,198.51.100.7,WS7.tribunal.example,0200005E1007,,1234567,0,,,,0x4D,MSFT 5.0,,,,0\r\n"
NAMES = b"ID,Date,Time,Description,IP Address,Host Name,MAC Address\r\n"


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def items(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def readable(data: bytes) -> list[Record]:
    return [one for one in items(data) if isinstance(one, Record)]


def test_found_by_folder_and_by_content() -> None:
    assert source_named("windows_dhcp") is SOURCE
    for data in (SAMPLE, SAMPLE_V6, NAMES + ROW):
        assert SOURCE.recognises(head_of(data)) == 1.0
    assert SOURCE.recognises(head_of(b"id,date,time,user\n1,2,3,4\n")) == 0.0
    assert SOURCE.recognises(head_of(b"some text\n" + NAMES + ROW)) == 0.0


def test_a_lease() -> None:
    record = readable(SAMPLE)[1]
    event = SOURCE.map(record).event
    assert record.fields["VendorClass(ASCII)"] == "MSFT 5.0"
    assert event["src_endpoint.ip"] == "198.51.100.7"
    assert event["resource.name"] == "ws7.tribunal.example"
    assert (event["metadata.event_code"], event["activity_name"]) == ("10", "Assign")
    assert event["time"] == parse_time("2026-02-13T08:15:30Z")
    assert record.warnings == ("zone_assumed_utc", "century_assumed")


def test_the_log_for_ipv6() -> None:
    (record,) = readable(SAMPLE_V6)
    event = SOURCE.map(record).event
    assert (event["src_endpoint.ip"], event["resource.name"]) == ("2001:db8::7", "ws7.tribunal.example")
    assert record.fields["Duid Bytes(Hex)"] == "0001000126"


def test_what_it_says_of_itself() -> None:
    marks = [mark for record in readable(SAMPLE) for mark in SOURCE.map(record).marks]
    assert [(Mark(mark["kind"]), mark["channel"]) for mark in marks] == [(Mark.AUDIT_CHANGED, "DHCP audit log")]


def test_a_title_in_the_middle_belongs_to_the_next_row() -> None:
    found = items(SAMPLE + SAMPLE_V6)
    assert all(isinstance(one, Record) for one in found)
    assert len(found) == 5
    assert b"DHCPv6 Service" in found[4].data


def test_fewer_columns_and_more() -> None:
    old, wide = readable(NAMES + ROW.split(b",,")[0] + b",\r\n" + ROW)
    assert old.fields["MAC Address"] == "0200005E1007"
    assert wide.fields["Rest"].startswith(",1234567")


def test_a_line_that_is_no_row_costs_itself() -> None:
    found = items(NAMES + ROW + b"broken\r\n" + ROW)
    assert [one.reason for one in found if isinstance(one, Unreadable)] == ["not_a_row"]
    assert len(found) == 3


def test_cut_behind_a_line_end() -> None:
    assert SOURCE.cut(ROW[4:] + ROW, b"") == len(ROW) - 4
    assert SOURCE.cut(ROW[4:], b"") is None


@pytest.mark.parametrize("skip", [True, False])
def test_a_later_chunk_reads_by_the_first_header(skip: bool) -> None:
    (record,) = SOURCE.records(ROW, NAMES if skip else b"", 0)
    assert isinstance(record, Record)
    assert record.fields["Host Name"] == "WS7.tribunal.example"


fragments = (
    st.sampled_from([ROW, ROW, NAMES, SAMPLE[:300], b"\r\n", b",", b"10,02/13/26,", b"11002,", b"\xff", b"\x00"])
    | st.binary(max_size=8)
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.sampled_from([b"", NAMES, SAMPLE, SAMPLE_V6]), st.lists(fragments, max_size=14).map(b"".join))
def test_every_byte_is_owned_once(start: bytes, rest: bytes) -> None:
    data = start + rest
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    position = SOURCE.preamble(head_of(data))
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
