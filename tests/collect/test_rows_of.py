"""Records read for matching alone: the same logs, the same fields as when read one by one, whatever the rules ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.collect.picking import PickedRows
from tocsin.collect.source import Columnar, Source, rows_of, source_named
from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.collect.sources.windows_evtx.picked import read_picked
from tocsin.model.record import Record, Unreadable
from tocsin.model.rows import MISSING, Rows

SAMPLES = Path(__file__).parents[1] / "samples"
JSON = source_named("windows_json")

Told = tuple[tuple[str, ...], dict[str, str]]

SCALARS = st.one_of(
    st.sampled_from(
        [None, "", "-", "1", "007", "4688", 1, 4688, 0, True, False, 1.0, 1.5, "INFO", "CreateKey", "Audit Success"]
    ),
    st.sampled_from(["0x8020000000000000", "b34bc01c-2f2d-5edb-0000-0010ad890000", "{b34bc01c-2f2d-5edb}", 2**63]),
    st.text(max_size=4),
)
VALUES = st.one_of(
    SCALARS,
    SCALARS,
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(("TargetUserName", "Image", "Deep")), SCALARS, max_size=2),
)
CHANNELS = st.sampled_from(
    ["Security", "security", "System", "Microsoft-Windows-Sysmon/Operational", "Kanzlei", 7, None]
)
NAMES = (
    "SourceName", "Provider_Name", "ProviderName", "Hostname", "Keywords", "EventType", "TargetUserName", "Image",
    "New Value", "NewValue", "LogonGuid", "Level", "Task", "TaskValue", "Opcode", "OpcodeValue", "RecordNumber",
    "ExecutionProcessID", "ProcessID", "Message", "AccountName", "AccountType", "tags", "@version", "UtcTime",
    "EventData", "Event ID",
)  # fmt: skip
ASKED: tuple[str, ...] = (
    "Channel",
    "EventID",
    "Provider_Name",
    "Keywords",
    "EventType",
    "TargetUserName",
    "Image",
    "NewValue",
)
ASKED += ("New Value", "LogonGuid", "Level", "Task", "ProcessID", "Computer", "AccountName", "absent", "Deep", "Data")


@st.composite
def objects(draw: st.DrawFn) -> Mapping[str, Any]:
    """An object as a collector writes one: nearly always an event."""
    found: dict[str, Any] = {
        "EventTime": "2026-01-31 12:00:00",
        "EventID": draw(st.sampled_from([1, 4, 104, 4688, "4688", "104", True, None, "x"])),
        draw(st.sampled_from(("Channel", "Channel", "Channel", "LogName"))): draw(CHANNELS),
    }
    if draw(st.booleans()):
        found["SourceModuleName"] = "eventlog"
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True)):
        found[name] = draw(VALUES)
    if draw(st.integers(0, 9)) == 0:
        found["TimeGenerated"] = "2026-01-31T12:00:00Z"
    return found


def told(groups: Sequence[Rows], asked: Sequence[str]) -> dict[int, Told]:
    """By place the log and what each field asked holds, with its type; fields that are missing are left out."""
    found: dict[int, Told] = {}
    for rows in groups:
        columns = {name: rows.values(name) for name in asked}
        for at, place in enumerate(rows.places):
            assert place not in found, "a record stands among rows once"
            held = {name: repr(column[at]) for name, column in columns.items() if column[at] is not MISSING}
            found[place] = rows.log, held
            whole = rows.fields(at)
            assert held == {name: repr(whole[name]) for name in asked if name in whole}
    return found


def read_singly(items: Sequence[tuple[tuple[str, ...], Mapping[str, Any]]], asked: Sequence[str]) -> dict[int, Told]:
    return {
        place: (log, {name: repr(fields[name]) for name in asked if name in fields})
        for place, (log, fields) in enumerate(items)
    }


def wanted_of(names: Sequence[str], log: tuple[str, ...]) -> frozenset[str] | None:
    """Now and then a log of which all fields are wanted."""
    return None if log[0] == "Kanzlei" else frozenset(names)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(objects(), min_size=1, max_size=12),
    st.lists(st.sampled_from(ASKED), unique=True, max_size=6),
    st.sampled_from(("\n", "\r\n")),
)
def test_json_rows_are_the_records(events: list[Mapping[str, Any]], names: list[str], end: str) -> None:
    data = end.join(json.dumps(event) for event in events).encode()
    records = [item for item in JSON.records(data, b"", 0) if isinstance(item, Record)]
    count, groups = rows_of(JSON, data, b"", 0, lambda log: wanted_of(names, log))
    assert count == len(records)
    # Every field may be asked for, also where the rules had not announced it.
    assert told(groups, ASKED) == read_singly([(one.log, one.fields) for one in records], ASKED)


@st.composite
def decoded(draw: st.DrawFn) -> Mapping[str, Any]:
    """An event as the decoder of event logs gives it."""
    event_id = draw(st.sampled_from([4688, 104, {"#attributes": {"Qualifiers": 0}, "#text": 7036}, "12", None]))
    system: dict[str, Any] = {
        "Provider": {"#attributes": {"Name": draw(st.sampled_from(("Kanzlei-Audit", "Microsoft-Windows-Sysmon")))}},
        "EventID": event_id,
        "Channel": draw(CHANNELS),
        "Level": draw(st.sampled_from((0, 4, None))),
        "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 8}},
    }
    names = st.sampled_from((*NAMES, "Channel", "EventID"))
    data = draw(st.one_of(st.none(), st.dictionaries(names, VALUES, max_size=5)))
    event: dict[str, Any] = {"#attributes": None, "System": system, "EventData": data}
    if draw(st.integers(0, 5)) == 0:
        event["UserData"] = {"LogFileCleared": data}
    return event


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(decoded(), min_size=1, max_size=12), st.lists(st.sampled_from(ASKED), unique=True, max_size=6))
def test_event_log_rows_are_the_records(events: list[Mapping[str, Any]], names: list[str]) -> None:
    texts = [json.dumps({"Event": event}) for event in events]
    groups = read_picked(texts, lambda log: wanted_of(names, log))
    assert told(groups, ASKED) == read_singly([event_fields(event) for event in events], ASKED)


@pytest.mark.parametrize(
    ("source", "file", "preamble"),
    [
        (JSON, "windows_json/nxlog.jsonl", 0),
        (JSON, "windows_json/plain.jsonl", 0),
        (JSON, "windows_json/winlogbeat.jsonl", 0),
        (JSON, "windows_json/azure_monitor.jsonl", 0),
        (JSON, "windows_json/nested.json", 0),
        (source_named("windows_evtx"), "windows_evtx/sample.evtx", 4096),
        (source_named("auditd"), None, 0),
    ],
)
def test_samples_read_for_matching(source: Source, file: str | None, preamble: int) -> None:
    path = SAMPLES / file if file else next(iter(sorted((SAMPLES / source.name).iterdir())))
    data = path.read_bytes()
    records = [one for one in source.records(data, data[:preamble], preamble) if isinstance(one, Record)]
    names = sorted({name for record in records for name in record.fields})
    count, groups = rows_of(source, data, data[:preamble], preamble, lambda _: frozenset(names[::2]))
    assert count == len(records)
    assert told(groups, names) == read_singly([(one.log, one.fields) for one in records], names)


def test_what_cannot_be_read_is_left_to_the_books_and_shifts_no_place() -> None:
    event = {"EventID": 1, "Channel": "Kanzlei", "TimeCreated": "2026-01-31T12:00:00Z", "Image": "a"}
    lines = [json.dumps(event), "{not json}", json.dumps({"some": "thing"}), json.dumps(event | {"Image": "b"})]
    data = "\n".join(lines).encode()
    assert sum(isinstance(one, Unreadable) for one in JSON.records(data, b"", 0)) == 2
    count, groups = rows_of(JSON, data, b"", 0, lambda _: frozenset({"Image"}))
    assert count == 2
    assert {place: held["Image"] for place, (_, held) in told(groups, ["Image"]).items()} == {0: "'a'", 1: "'b'"}


@pytest.mark.parametrize(
    ("name", "file", "skip"), [("windows_json", "nxlog.jsonl", 0), ("windows_evtx", "sample.evtx", 4096)]
)
def test_most_of_a_windows_log_is_not_read_singly(name: str, file: str, skip: int) -> None:
    source = source_named(name)
    assert isinstance(source, Columnar)
    data = (SAMPLES / name / file).read_bytes()
    count, groups = rows_of(source, data, data[:skip], skip, lambda _: frozenset({"Image", "TargetUserName"}))
    assert sum(len(rows.places) for rows in groups if isinstance(rows, PickedRows)) * 2 > count
