"""The debug log of Windows DNS Server on an invented sample: packets, times without a zone, and what damage costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, logsource_text, source_named
from tocsin.collect.sources.windows_dns_debug import SOURCE
from tocsin.collect.sources.windows_dns_debug.local_time import DateOrder, date_order, local_time
from tocsin.detect.sigma.logsource import LogSource, read_logsource_map
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable

SAMPLE = (Path(__file__).parents[2] / "samples" / "windows_dns_debug" / "dns.log").read_bytes()
BLANK = b" \t\r\n\x0b\x0c"
ENTRY = b"22/12/2026 21:46:04 0E1C PACKET  0000017DEDFE28D0 UDP Rcv 198.51.100.7  966f   Q [0001   D   NOERROR] A      "
QUERY = ENTRY + b"(3)www(8)tribunal(7)example(0)\r\n"


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def items(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def readable(data: bytes) -> list[Record]:
    return [one for one in items(data) if isinstance(one, Record)]


def test_found_by_folder_and_by_content() -> None:
    assert source_named("windows_dns_debug") is SOURCE
    assert SOURCE.recognises(head_of(SAMPLE)) == 1.0
    assert SOURCE.recognises(head_of(QUERY * 3)) == 1.0


@pytest.mark.parametrize(
    "data", [b"", b"02-May-2026 13:33:40.299 queries: info: x\n", b"5/6/2026 7:52:03 AM 06B0 EVENT x\n"]
)
def test_other_formats_are_not_claimed(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_packets() -> None:
    first, forwarded, answer, last, event = readable(SAMPLE)
    assert {name: first.fields[name] for name in ("Direction", "QuestionType", "QuestionName", "FlagCodes", "Xid")} == {
        "Direction": "Rcv", "QuestionType": "A", "QuestionName": "fs1.tribunal.example", "FlagCodes": "D",
        "Xid": "5b47",
    }  # fmt: skip
    assert [SOURCE.map(one).event.get("src_endpoint.ip") for one in (first, forwarded, answer, last)] == [
        "198.51.100.7", None, None, "198.51.100.7",
    ]  # fmt: skip
    assert (last.fields["ResponseCode"], last.fields["FlagCodes"]) == ("NXDOMAIN", "ADR")
    assert "Remote addr" in last.fields["Details"]
    assert event.log == ("EVENT",)
    assert SOURCE.map(event).event["class_uid"] == 0


def test_the_date_on_top_decides_the_order() -> None:
    record = readable(SAMPLE)[3]
    assert SOURCE.map(record).event["time"] == parse_time("2026-05-06T12:00:00Z")
    assert record.warnings == ("zone_assumed_utc",)


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["22/12/2026"], DateOrder(day_first=True, is_assumed=False)),
        (["4/21/2026", "5/6/2026"], DateOrder(day_first=False, is_assumed=False)),
        (["5.6.2026"], DateOrder(day_first=True, is_assumed=False)),
        (["5/6/2026", "6/6/2026"], DateOrder(day_first=True, is_assumed=False)),
        (["5/6/2026", "5/7/2026"], DateOrder(day_first=False, is_assumed=False)),
        (["6/6/2026"], DateOrder(day_first=False, is_assumed=False)),
        (["5/6/2026"], DateOrder(day_first=False, is_assumed=True)),
        (["2026-06-05"], DateOrder(day_first=False, is_assumed=False)),
        ([], DateOrder(day_first=False, is_assumed=False)),
    ],
)
def test_order_of_day_and_month(dates: list[str], order: DateOrder) -> None:
    assert date_order(dates, day_first=False) == order


def test_every_assumption_of_a_time_is_told() -> None:
    (record,) = readable(QUERY.replace(b"22/12/2026 21:46:04", b"5/6/26 9:46:04 PM"))
    assert record.warnings == ("zone_assumed_utc", "date_order_assumed", "century_assumed")
    assert SOURCE.map(record).event["time"] == parse_time("2026-05-06T21:46:04Z")
    assert local_time("5/6/2026", "25:00:00", DateOrder(day_first=True, is_assumed=False))[0] is None
    assert local_time("31/2/2026", "1:00:00", DateOrder(day_first=True, is_assumed=False))[0] is None


def test_a_label_with_brackets_in_it() -> None:
    (record,) = readable(ENTRY + b"(6)a(1)bc(7)example(0)\n")
    assert record.fields["QuestionName"] == "a(1)bc.example"


def test_a_packet_in_another_shape_is_kept() -> None:
    (record,) = readable(ENTRY.replace(b"Rcv", b"Fwd") + b"x\n")
    assert record.warnings[0] == "packet_not_understood"
    assert "UDP Fwd" in record.fields["Message"]


def test_dns_rules_read_packets() -> None:
    declared = read_logsource_map("windows_dns_debug", SOURCE.log_fields, logsource_text(SOURCE))
    (one,) = declared.alternatives(LogSource("", "dns", ""))
    assert dict(one.rename) == {"query": "QuestionName", "record_type": "QuestionType"}


fragments = (
    st.sampled_from([QUERY, QUERY, SAMPLE[:1300], b"  detail\r\n", b"\r\n", b"22/12/2026 ", b"PACKET", b"\xff"])
    | st.binary(max_size=8)
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(fragments, max_size=14).map(b"".join))
def test_every_byte_is_owned_once(data: bytes) -> None:
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


@settings(max_examples=200, deadline=None)
@given(st.lists(fragments, max_size=14).map(b"".join), st.integers(min_value=0, max_value=900))
def test_a_cut_never_changes_what_is_read(rest: bytes, at: int) -> None:
    data = QUERY + rest + b"\r\n" + QUERY * 2
    found = SOURCE.cut(data[at:], b"")
    if found is None:
        return
    cut = at + found
    parts = [*SOURCE.records(data[:cut], b"", 0), *SOURCE.records(data[cut:], b"", 0)]
    assert [one.data for one in parts] == [one.data for one in SOURCE.records(data, b"", 0)]
