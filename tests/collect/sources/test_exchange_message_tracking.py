"""Reading message tracking: the servers' logs and every export of them, and the messages that left."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, Mapped
from tocsin.collect.sources.exchange_message_tracking import SOURCE
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples" / "exchange_message_tracking"
FIELDS = (
    "date-time,client-ip,connector-id,source,event-id,message-id,recipient-address,message-subject,sender-address,"
    "directionality,original-client-ip"
)
HEADER = f"#Software: Microsoft Exchange Server\r\n#Fields: {FIELDS}\r\n".encode()


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def read(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def mapped(data: bytes) -> list[Mapped]:
    found = read(data)
    assert not [one for one in found if isinstance(one, Unreadable)]
    return [SOURCE.map(one) for one in found if isinstance(one, Record)]


def row(**cells: str) -> bytes:
    """A row of a server's log: ada sends to the outside over a connector."""
    given = {
        "date_time": "2024-03-04T08:00:00.000Z",
        "client_ip": "192.0.2.5",
        "connector_id": "To the internet",
        "source": "SMTP",
        "event_id": "SEND",
        "message_id": "<m1@tribunal.example>",
        "recipient_address": "clerk@elsewhere.example",
        "message_subject": "List",
        "sender_address": "ada@tribunal.example",
        "directionality": "Originating",
        **cells,
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(
        given.get(name.replace("-", "_"), "") for name in FIELDS.split(",")
    )
    return text.getvalue().encode()


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_export_is_recognised_and_owned(path: Path) -> None:
    data = path.read_bytes()
    assert SOURCE.recognises(head_of(data)) == 1.0
    assert mapped(data)
    assert all(data[one.offset : one.offset + one.length] == one.data for one in read(data))


def test_fields_that_change_inside_a_file_change_the_reading() -> None:
    joined = mapped((SAMPLES / "joined.log").read_bytes())
    whole = mapped((SAMPLES / "MSGTRK.LOG").read_bytes())
    for one, other in zip(joined, whole, strict=True):
        assert {**one.event, "metadata.uid": ""} == {**other.event, "metadata.uid": ""}
        assert one.accesses == other.accesses
    assert [one.key is None for one in joined] == [False] * 4 + [True] * 4  # older rows have no id of their own


def test_directives_inside_a_file_belong_to_the_row_below() -> None:
    data = HEADER + row() + b"#Date: 2024-03-05T00:00:00.000Z\r\n" + HEADER + row() + b"#Software: x\r\n"
    one, other = read(data)
    assert one.data == row().rstrip()
    assert other.data == b"#Date: 2024-03-05T00:00:00.000Z\r\n" + HEADER + row() + b"#Software: x"


@pytest.mark.parametrize(
    ("cells", "leaves"),
    [
        ({}, True),
        ({"recipient_address": "bo@tribunal.example"}, False),
        ({"recipient_address": "bo@tribunal.example;clerk@elsewhere.example"}, True),
        ({"connector_id": "Intra-Organization SMTP Send Connector"}, False),
        ({"connector_id": ""}, False),
        ({"directionality": "Incoming", "sender_address": "clerk@elsewhere.example"}, False),
        ({"event_id": "RECEIVE"}, False),
        ({"event_id": "DELIVER", "source": "STOREDRIVER"}, False),
        ({"event_id": "FAIL", "source": "ROUTING"}, False),
        ({"sender_address": "<>"}, False),
    ],
)
def test_only_what_is_handed_to_another_domain_was_sent_out(cells: dict[str, str], *, leaves: bool) -> None:
    (one,) = mapped(HEADER + row(**cells))
    assert [access["degree"] for access in one.accesses] == ["sent_out"] * leaves
    assert not one.marks


def test_the_message_that_left_is_named_as_the_mailbox_log_names_it() -> None:
    (one,) = mapped(HEADER + row(original_client_ip="203.0.113.66"))
    (access,) = one.accesses
    assert (access["kind"], access["holding"], access["container"]) == (
        "mail_item",
        "<m1@tribunal.example>",
        "ada@tribunal.example",
    )
    assert (access["label"], access["address"]) == ("List", "203.0.113.66")


def test_exports_show_the_same_messages_leaving() -> None:
    left = {
        name: [access["holding"] for one in mapped((SAMPLES / name).read_bytes()) for access in one.accesses]
        for name in ("MSGTRK.LOG", "Get-MessageTrace.csv", "summary.csv")
    }
    assert left["MSGTRK.LOG"] == ["<m1@mail1.tribunal.example>", "<m3@mail1.tribunal.example>"]
    assert left["Get-MessageTrace.csv"] == left["summary.csv"] == ["<m1@mail1.tribunal.example>"]


def test_a_sender_from_outside_is_only_a_claim() -> None:
    cells = {"event_id": "RECEIVE", "client_ip": "203.0.113.9"}
    (spoofed,) = mapped(HEADER + row(**cells, directionality="Incoming"))
    (unknown,) = mapped(HEADER + row(**cells, directionality=""))
    (own,) = mapped(HEADER + row(**cells))
    names = [one.event["actor.user.name"] for one in (spoofed, unknown, own)]
    assert names == [None, None, "ada@tribunal.example"]
    assert spoofed.event["src_endpoint.ip"] == "203.0.113.9"


def test_a_server_of_the_institution_is_not_where_a_sender_was() -> None:
    (one,) = mapped(HEADER + row())
    assert one.event["src_endpoint.ip"] is None


def test_local_dates_are_read_as_one_among_them_proves() -> None:
    text = (SAMPLES / "Get-MessageTrackingLog.csv").read_bytes()
    times = [one.event["time"] for one in mapped(text)]
    assert times[0] == 1_709_539_201_000_000_000
    assert all("date_order_from_neighbours" in one.warnings for one in mapped(text)[:3])
    assert all("zone_assumed_utc" in one.warnings for one in mapped(text))
    unproven = mapped(text.replace(b"3/14/2024", b"3/4/2024"))
    assert [one.event["time"] for one in unproven] == [None] * 4
    assert all("time_ambiguous" in one.warnings for one in unproven)
    same = mapped(text.replace(b"3/14/2024", b"3/3/2024").replace(b"3/4/2024", b"3/3/2024"))
    assert all(one.event["time"] for one in same)


def test_recipients_powershell_did_not_export_are_told() -> None:
    found = mapped((SAMPLES / "Get-MessageTrackingLog.csv").read_bytes())
    assert ["recipients_not_exported" in one.warnings for one in found] == [False, True, False, False]


def test_a_broken_row_costs_that_row_only() -> None:
    found = read(HEADER + row() + row()[:50] + b"\r\n" + row() + b'"\r\n' + row(message_subject='a "b", c'))
    assert [one.reason if isinstance(one, Unreadable) else "" for one in found] == [
        "",
        "broken_row",
        "",
        "broken_row",
        "",
    ]


def test_a_section_of_another_log_is_rejected_and_counted() -> None:
    found = read(HEADER + row() + b"#Fields: a,b,c,d\r\n1,2,3,4\r\n5,6,7,8\r\n" + HEADER + row())
    assert isinstance(found[1], Unreadable)
    assert (found[1].reason, found[1].records, len(found)) == ("fields_unknown", 2, 3)


@pytest.mark.parametrize(
    "data",
    [b"", b"#Fields: date time c-ip cs-method\n2024-03-04 08:00:00 192.0.2.1 GET\n", b"a,b,c,d\n1,2,3,4\n", b"{}",
     b"RecordType,CreationDate,UserIds,Operations,AuditData\n"],
)  # fmt: skip
def test_what_is_no_message_tracking_is_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def in_pieces(data: bytes, window: int) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    pieces: list[Record | Unreadable] = []
    start = 0
    while start < len(data):
        from_ = start + max(window, len(preamble))
        found = SOURCE.cut(data[from_:], preamble)
        end = len(data) if found is None else from_ + found
        pieces += SOURCE.records(data[start:end], preamble, len(preamble) if start == 0 else 0)
        start = end
    return pieces


@pytest.mark.parametrize("window", [1, 300, 900])
@pytest.mark.parametrize("name", ["MSGTRK.LOG", "summary.csv", "Get-MessageTrace.csv"])
def test_a_file_read_in_pieces_gives_the_same_events(name: str, window: int) -> None:
    data = (SAMPLES / name).read_bytes()
    pieces = [SOURCE.map(one) for one in in_pieces(data, window) if isinstance(one, Record)]
    assert [one.event for one in pieces] == [one.event for one in mapped(data)]


@pytest.mark.parametrize("window", [1, 300, 900])
def test_rows_whose_fields_line_is_in_another_piece_are_rejected_and_never_misread(window: int) -> None:
    data = (SAMPLES / "joined.log").read_bytes()
    pieces = in_pieces(data, window)
    whole = [one.event for one in mapped(data)]
    assert all(SOURCE.map(one).event in whole for one in pieces if isinstance(one, Record))
    assert sum(one.records if isinstance(one, Unreadable) else 1 for one in pieces) == len(whole)


_FRAGMENTS = st.sampled_from(
    [row(), HEADER, b"#Fields: ", b"#\n", b"\n", b"\r\n", b",", b'"', b"\xff", b"\x00", b"2024-03-04T08:00:00.000Z,"]
) | st.binary(max_size=6)
_STARTS = st.sampled_from([HEADER, b"\xef\xbb\xbf" + HEADER, (SAMPLES / "summary.csv").read_bytes()[:250], b""])


@settings(max_examples=200, deadline=None)
@given(_STARTS, st.lists(_FRAGMENTS, max_size=20).map(b"".join))
def test_every_byte_is_owned_once(start: bytes, rest: bytes) -> None:
    data = start + rest
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    preamble = data[: SOURCE.preamble(head_of(data))]
    if not preamble:
        return
    position, loose = len(preamble), b""
    for one in SOURCE.records(data, preamble, len(preamble)):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            _check(SOURCE.map(one))
    assert not (loose + data[position:]).strip()


def _check(one: Mapped) -> None:
    values: list[Any] = [*one.event.values(), *(value for access in one.accesses for value in access.values())]
    assert all(value is None or isinstance(value, (str, int)) for value in values)
