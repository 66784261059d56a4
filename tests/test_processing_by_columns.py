"""A chunk read by columns: everything that leaves is what the records give when they are taken one by one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.collect.test_rows_of import objects
from tests.detect.sigma.rules_given import rule_text

from tocsin.chunk_rows import Rows
from tocsin.collect.source import Tabular, logsource_text, source_named
from tocsin.collect.sources.windows_evtx import WindowsEvtx
from tocsin.collect.sources.windows_evtx.blocks import Sound
from tocsin.collect.sources.windows_evtx.table import table_of
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.logsource import read_logsource_map
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.model.chunk import Chunk, Input, InputState
from tocsin.model.record import Record
from tocsin.model.rows import MISSING
from tocsin.model.tables import ACCESSES, MARKS
from tocsin.processing import TABLES, Plan, Sealing, numbered, process, process_framed, spans
from tocsin.protect.passing import cut_hits
from tocsin.record.commitment import leaf_hashes, unpacked_places

SAMPLES = Path(__file__).parent / "samples"
EVTX = WindowsEvtx()
SEALING = Sealing(secret=bytes(32), name="invented")
DETECTIONS: tuple[Mapping[str, Any], ...] = (
    {"a": {"Image|contains": "a"}, "b": {"EventID": 4688}, "condition": "a or b"},
    {"a": {"TargetUserName|startswith": "A"}, "b": {"NewValue": None}, "condition": "a and not b"},
    {"a": {"Keywords|exists": True, "EventID": [1, 4]}},
    {"a": {"Level": 0}, "b": {"Channel": "Security"}, "condition": "1 of them"},
)


@cache
def plan_of(source_name: str) -> Plan:
    source = source_named(source_name)
    texts = [
        rule_text(detection, {"product": "windows", "service": service}, name=f"{service} {number}")
        for service in ("security", "sysmon", "system")
        for number, detection in enumerate(DETECTIONS)
    ]
    rules = read_rules({f"{number:02}.yml": text.encode() for number, text in enumerate(texts)})
    assert not rules.failed
    compiled = compile_rules(rules, [read_logsource_map(source_name, source.log_fields, logsource_text(source))])
    return Plan(matchers={source_name: Matcher(compiled, source_name)})


def chunk_of(data: bytes, source: str, preamble: int) -> Chunk:
    digest = hashlib.sha256(data).hexdigest()
    entry = Input(
        path="a",
        sha256=digest,
        content_sha256=digest,
        size=len(data),
        source=source,
        certainty=1.0,
        state=InputState.READ,
    )
    return Chunk(
        input=entry,
        sequence=3,
        offset=100,
        length=len(data),
        preamble=data[:preamble],
        skip=preamble,
        sha256=digest,
    )


def assert_same(data: bytes, source_name: str, preamble: int = 0, without: Sequence[int] = ()) -> None:
    source, plan, chunk = source_named(source_name), plan_of(source_name), chunk_of(data, source_name, preamble)
    gone = frozenset(without)
    result, logs = process(data, chunk, plan, SEALING, without=gone)
    framed = list(source.records(data, chunk.preamble, chunk.skip))
    singly = process_framed(numbered(framed), chunk, plan, without=gone)
    for name in TABLES:
        one = getattr(singly, name)
        expected = cut_hits(one) if name == "hits" else one
        assert getattr(result, name).to_pylist() == expected.to_pylist(), name
    assert result.account == singly.account
    assert logs.to_pylist() == singly.logs.to_pylist()
    committed = spans(data, source.decoder, chunk, unpacked_places(result.fielded))
    assert result.leaves == leaf_hashes(SEALING.secret, SEALING.name, source.decoder, committed)


TIMES = st.sampled_from(
    ["2026-01-31 12:00:00", "2026-01-31T12:00:00.1234567Z", "2026-01-31 11:00:00.5", "", None, 1769860800, "never"]
)


@st.composite
def timed(draw: st.DrawFn) -> Mapping[str, Any]:
    """An event with the names by which its origin is told."""
    found = dict(draw(objects()))
    for name in draw(
        st.lists(
            st.sampled_from(("EventTime", "TimeCreated", "UtcTime", "@timestamp", "EventReceivedTime")), unique=True
        )
    ):
        found[name] = draw(TIMES)
    found["Hostname"] = draw(st.sampled_from(("WS1.tribunal.example", "ws1", None, 7)))
    found["RecordNumber"] = draw(st.sampled_from((1, 2, "3", None, True, -1)))
    for name in draw(
        st.lists(st.sampled_from(("SubjectUserName", "SubjectDomainName", "User", "ProcessGuid")), unique=True)
    ):
        found[name] = draw(
            st.sampled_from(("ada", "TRIBUNAL", "-", "", None, 4, "b34bc01c-2f2d-5edb-0000-0010ad890000"))
        )
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(timed(), min_size=1, max_size=12),
    st.sampled_from(("\n", "\r\n")),
    st.lists(st.integers(0, 11), max_size=4),
)
@example([{"EventID": 1, "Channel": "System", "EventTime": "2026-01-31 12:00:00"}] * 3, "\n", [0])
def test_json_by_columns_is_json_by_records(events: list[Mapping[str, Any]], end: str, without: list[int]) -> None:
    assert_same(end.join(json.dumps(event) for event in events).encode(), "windows_json", 0, without)


ELEMENTS = st.one_of(
    st.sampled_from([{"#text": "ada"}, {"#attributes": {"Name": "a"}, "#text": ["b", "c"]}, {"#attributes": {}}]),
    st.sampled_from([{"TargetUserName": "ada"}, "ada", ["ada", None], "-", None, 7, True]),
)
GIVEN: Mapping[str, tuple[object, ...]] = {
    "Computer": ("WS1.tribunal.example", None, 7),
    "EventRecordID": (1, "2", None, True, {"#text": "3"}),
    "Keywords": ("0x8020000000000000", None, 4),
    "Level": (0, 4, None),
    "Security": (None, {"#attributes": {"UserID": "S-1-5-18"}}, {"#attributes": {}}, "x"),
    "Execution": ({"#attributes": {"ProcessID": 4, "ThreadID": None}}, None),
    "TimeCreated": (
        {"#attributes": {"SystemTime": "2026-01-31T12:00:00.123456Z"}},
        {"#attributes": {"SystemTime": "never"}},
        {"#attributes": {"SystemTime": "1601-01-01T00:00:00Z"}},
        None,
    ),
}
NAMES = st.sampled_from(
    ("SubjectUserName", "SubjectDomainName", "User", "Data", "#attributes", "Image", "New Value", "UserID", "Level")
)


ASKED_OF_LOG = frozenset(("Level", "User", "NewValue", "ProcessID", "ThreadID", "UserID", "Channel", "EventID", "Data"))
ASKED_OF_LOG |= {"Keywords", "EventRecordID", "Computer", "#attributes"}


@st.composite
def events_of_log(draw: st.DrawFn) -> Mapping[str, Any]:
    """An event as the decoder of event logs gives it."""
    channel, event_id = draw(st.sampled_from((("Security", 4688), ("Security", 4663), ("System", 7036), ("a", "12"))))
    system: dict[str, Any] = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}},
        "EventID": draw(st.sampled_from((event_id, {"#attributes": {"Qualifiers": 0}, "#text": event_id}))),
        "Channel": channel,
    }
    for name, values in GIVEN.items():
        if draw(st.integers(0, 6)):
            system[name] = draw(st.sampled_from(values))
    data = draw(st.one_of(st.none(), st.dictionaries(NAMES, ELEMENTS, max_size=5), st.just("a text")))
    section = draw(st.sampled_from(("EventData", "EventData", "UserData")))
    if section == "UserData":
        data = {"Element": data, **({"Other": {"User": "bela"}} if draw(st.booleans()) else {})}
    return {"#attributes": None, "System": system, section: data}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events_of_log(), min_size=1, max_size=12), st.lists(st.integers(0, 11), max_size=4))
def test_event_log_by_columns_is_event_log_by_records(events: list[Mapping[str, Any]], without: list[int]) -> None:
    texts = [json.dumps({"Event": event}) for event in events]
    spans = [(100 * place, 100) for place in range(len(texts))]
    chunk, gone, asked = chunk_of(b"", "windows_evtx", 0), frozenset(without), ASKED_OF_LOG

    def record_of(offset: int, length: int, text: bytes) -> Record:
        found = EVTX.record_of(bytes(length), text, b"", "")
        assert isinstance(found, Record)
        return found._replace(offset=offset)

    table = table_of(Sound(spans, texts), lambda _: asked, record_of)
    records = [record_of(*span, text.encode()) for span, text in zip(spans, texts, strict=True)]
    side_by_side, singly = (Rows(chunk, "windows_evtx", gone, None) for _ in range(2))
    side_by_side.add_table(table, EVTX.map)
    for place, record in enumerate(records):
        singly.add(place, (record,), EVTX.map(record))
    for one, other in zip(side_by_side.tables(), singly.tables(), strict=True):
        assert one.to_pylist() == other.to_pylist()
    assert (side_by_side.warnings, side_by_side.duplicates) == (singly.warnings, singly.duplicates)
    for rows in table.rows:
        for at, place in enumerate(rows.places):
            held = {name: rows.values(name)[at] for name in sorted(asked)}
            expected = {name: records[place].fields.get(name, MISSING) for name in sorted(asked)}
            assert (rows.log, repr(held)) == (records[place].log, repr(expected))


@pytest.mark.parametrize(
    ("source", "file", "preamble"),
    [
        ("windows_json", "nxlog.jsonl", 0),
        ("windows_json", "plain.jsonl", 0),
        ("windows_json", "winlogbeat.jsonl", 0),
        ("windows_json", "azure_monitor.jsonl", 0),
        ("windows_evtx", "sample.evtx", 4096),
    ],
)
def test_samples_by_columns_are_samples_by_records(source: str, file: str, preamble: int) -> None:
    data = (SAMPLES / source / file).read_bytes()
    assert_same(data, source, preamble)
    assert_same(data, source, preamble, range(0, 40, 3))


def test_what_shows_accesses_and_marks_is_mapped_record_by_record() -> None:
    data = (SAMPLES / "windows_json" / "nxlog.jsonl").read_bytes()
    source = source_named("windows_json")
    assert isinstance(source, Tabular)
    table = source.table(data, b"", 0, lambda log: frozenset())
    assert table is not None
    assert {mapped is None for mapped in table.mapped} == {True, False}
    result, _ = process(data, chunk_of(data, "windows_json", 0), plan_of("windows_json"), SEALING)
    assert result.accesses.schema == ACCESSES
    assert result.marks.schema == MARKS
    assert result.accesses.num_rows > 0
    assert result.marks.num_rows > 0


@pytest.mark.parametrize("name", ["EventRecordID", "Keywords", "EventTime", "EventID", "UtcTime"])
@pytest.mark.parametrize(
    "value",
    ["1" * 5_000, 2**63, "2262-04-11T23:47:16.9Z", "2262-04-11 23:47:16.9", "2262-04-11T23:47:59.1Z", 10**30, -(2**63)],
)
def test_no_value_costs_its_neighbours_their_events(name: str, value: object) -> None:
    event = {"EventID": 4688, "Channel": "Security", "EventTime": "2026-01-31T12:00:00Z", "Image": "a"}
    events = [event, {**event, name: value}, event]
    data = "\n".join(json.dumps(one) for one in events).encode()
    result, _ = process(data, chunk_of(data, "windows_json", 0), plan_of("windows_json"), SEALING)
    assert (result.account.read, result.events.num_rows) == (3, 3)
    assert_same(data, "windows_json")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("m365_unified_audit", {"CreationTime": "2262-04-11T23:47:59", "Operation": "UserLoggedIn", "RecordType": 15}),
        ("aws_cloudtrail", {"eventTime": "2262-04-11T23:47:59Z", "eventName": "GetObject", "eventSource": "s3"}),
    ],
)
def test_a_time_that_no_column_holds_is_none_and_warned_of(source: str, line: Mapping[str, Any]) -> None:
    data = json.dumps(line).encode() + b"\n"
    result, _ = process(data, chunk_of(data, source, 0), Plan(matchers={}), SEALING)
    assert result.events.column("time").to_pylist() == [None]
    assert dict(result.account.warnings)["time_unrepresentable"] == 1


@pytest.mark.parametrize(
    ("source", "file", "old", "new"),
    [
        ("aws_s3_access", "access.log", b" 200 - ", b" 200 - " + b"1" * 5_000),
        ("bind_query", "query.log", b" ", b" 5 "),
        ("bind_query", "query.log", b" ", b" 1:" + b"1" * 5_000 + b":1.1 "),
    ],
)
def test_an_odd_line_costs_its_neighbours_nothing(source: str, file: str, old: bytes, new: bytes) -> None:
    data = (SAMPLES / source / file).read_bytes()
    line = [line for line in data.splitlines() if old in line][-1]
    odd = data + line.replace(old, new, 1) + b"\n"
    results = [process(each, chunk_of(each, source, 0), Plan(matchers={}), SEALING)[0] for each in (data, odd)]
    assert results[1].account.read == results[0].account.read + 1
    assert results[1].account.stored >= results[0].account.stored > 0
