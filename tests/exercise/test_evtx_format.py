"""The EVTX writer, read back by the decoder the product uses and by its own checksums."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
from evtx import PyEvtxParser
from hypothesis import given
from hypothesis import strategies as st

from tocsin.exercise.formats.evtx import CHUNK_BYTES, FILE_HEADER_BYTES, WindowsEvent, evtx_bytes

NOON = 1_770_000_000_123_456_700


def event(record: int = 1) -> WindowsEvent:
    return WindowsEvent(
        channel="Security",
        provider="Microsoft-Windows-Security-Auditing",
        provider_guid="{54849625-5478-4994-a5ba-3e3b0328c30d}",
        event_id=4624,
        record_number=record,
        time=NOON + record * 1_000_000_000,
        computer="dc1.tribunal.example",
        data=[("TargetUserName", f"ada{record}"), ("LogonType", 3), ("IpAddress", "192.0.2.7")],
    )


def decoded(data: bytes) -> list[dict[str, Any]]:
    parser = PyEvtxParser(io.BytesIO(data), number_of_threads=1, validate_checksums=True)
    return [json.loads(record["data"])["Event"] for record in parser.records_json() if record]


def only(changed: WindowsEvent) -> dict[str, Any]:
    (found,) = decoded(evtx_bytes([changed]))
    return found


def test_system_fields_come_out_as_real_files_have_them() -> None:
    system = only(
        event(42)._replace(level=4, task=12544, version=2, process_id=600, thread_id=712, security_user_id="S-1-5-18")
    )["System"]
    assert system == {
        "Provider": {
            "#attributes": {
                "Name": "Microsoft-Windows-Security-Auditing",
                "Guid": "54849625-5478-4994-A5BA-3E3B0328C30D",
            }
        },
        "EventID": 4624,
        "Version": 2,
        "Level": 4,
        "Task": 12544,
        "Opcode": 0,
        "Keywords": "0x8020000000000000",
        "TimeCreated": {"#attributes": {"SystemTime": "2026-02-02T02:40:42.123456Z"}},
        "EventRecordID": 42,
        "Correlation": None,
        "Execution": {"#attributes": {"ProcessID": 600, "ThreadID": 712}},
        "Channel": "Security",
        "Computer": "dc1.tribunal.example",
        "Security": {"#attributes": {"UserID": "S-1-5-18"}},
    }


def test_event_data_keeps_names_types_and_empty_values() -> None:
    data: list[tuple[str, str | int]] = [
        ("Name", "Zoë 漢字 😀"),
        ("Empty", ""),
        ("Count", 7),
        ("Large", 1 << 40),
        ("Flag", True),
    ]
    assert only(event()._replace(data=data))["EventData"] == dict(data)


def test_unnamed_strings_come_out_as_classic_events_have_them() -> None:
    assert only(event()._replace(data=[("", "one"), ("", ""), ("", "three")]))["EventData"] == {
        "Data": {"#text": ["one", "", "three"]}
    }


def test_user_data_stands_in_place_of_event_data() -> None:
    found = only(
        event()._replace(event_id=1102, user_data=("LogFileCleared", [("SubjectUserName", "mallory.example")]))
    )
    assert found["UserData"]["LogFileCleared"]["SubjectUserName"] == "mallory.example"
    assert "EventData" not in found


def test_many_chunks_hold_every_record_in_order() -> None:
    events = [event(record)._replace(event_id=4624 + record % 5) for record in range(1000, 3500)]
    data = evtx_bytes(events)
    assert (len(data) - FILE_HEADER_BYTES) // CHUNK_BYTES > 5
    found = [(entry["System"]["EventRecordID"], entry["EventData"]["TargetUserName"]) for entry in decoded(data)]
    assert found == [(record, f"ada{record}") for record in range(1000, 3500)]


def test_record_header_keeps_100_nanoseconds() -> None:
    record = next(PyEvtxParser(io.BytesIO(evtx_bytes([event(1)]))).records_json())
    assert record is not None
    assert record["timestamp"] == "2026-02-02T02:40:01.1234567Z UTC"


def test_checksums_and_next_record_hold() -> None:
    data = evtx_bytes([event(record) for record in range(7, 1007)])
    assert struct.unpack_from("<Q", data, 24) == (1007,)
    assert struct.unpack_from("<I", data, 124) == (zlib.crc32(data[:120]),)
    for start in range(FILE_HEADER_BYTES, len(data), CHUNK_BYTES):
        chunk = data[start : start + CHUNK_BYTES]
        (free,) = struct.unpack_from("<I", chunk, 48)
        assert struct.unpack_from("<I", chunk, 52) == (zlib.crc32(chunk[512:free]),)
        assert struct.unpack_from("<I", chunk, 124) == (zlib.crc32(chunk[:120] + chunk[128:512]),)


def test_no_events_make_a_valid_empty_file() -> None:
    assert decoded(evtx_bytes([])) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"data": [("Name", "a\0b")]},
        {"data": [("Name", "\ud800")]},
        {"data": [("Name", "x" * 33_000)]},
        {"data": [("One", "x" * 30_000), ("Two", "x" * 30_000)]},
        {"data": [("Negative", -1)]},
        {"event_id": 70_000},
        {"time": -(10**30)},
    ],
)
def test_what_the_format_cannot_hold_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - encoding errors are value errors with their own wording
        evtx_bytes([event()._replace(**changes)])


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@given(st.lists(texts, max_size=12))
def test_any_text_survives(values: Sequence[str]) -> None:
    data = [(f"Field{place}", value) for place, value in enumerate(values)]
    assert (only(event()._replace(data=data))["EventData"] or {}) == dict(data)
