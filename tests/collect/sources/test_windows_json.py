"""Windows events as JSON: every shape gives what the EVTX source gives for the same event, and no byte is lost."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.collect.sources.windows_shapes import (
    WRITERS,
    Writer,
    decoder,
    nxlog,
    plain,
    security_event_xml,
    windows_event,
    winlogbeat,
)

from tocsin.collect.source import MAX_RECORD_BYTES, Head, logsource_text, source_named
from tocsin.collect.sources.windows_evtx import SOURCE as EVTX
from tocsin.collect.sources.windows_evtx.columns import value_text
from tocsin.collect.sources.windows_json import SOURCE
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples"
NAMED_DIFFERENTLY = {"Level", "Task", "Opcode", "Version", "Message", "UserID", "Channel"}


def sample_records() -> list[Record]:
    data = (SAMPLES / "windows_evtx" / "sample.evtx").read_bytes()
    return [item for item in EVTX.records(data, data[:4096], 4096) if isinstance(item, Record)]


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def items(data: bytes) -> list[Record | Unreadable]:
    start = SOURCE.preamble(head_of(data))
    return list(SOURCE.records(data, data[:start], start))


def readable(data: bytes) -> list[Record]:
    return [item for item in items(data) if isinstance(item, Record)]


def lost(data: bytes) -> list[tuple[str, bytes]]:
    return [(item.reason, item.data) for item in items(data) if isinstance(item, Unreadable)]


def one(value: object) -> Record:
    (record,) = readable(orjson.dumps(value))
    return record


def _texts(fields: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: value_text(value) for name, value in fields.items()}


def flat(**members: object) -> dict[str, Any]:
    return {"EventID": 4688, "Channel": "Security", "Hostname": "FS1", "TimeCreated": "2026-02-02T08:00:00Z", **members}


class TestShapes:
    @pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
    def test_every_shape_gives_what_the_event_log_gives(self, write: Writer) -> None:
        for record in sample_records():
            written = one(write(record.native))
            assert (written.log[0].lower(), *written.log[1:]) == (record.log[0].lower(), *record.log[1:])
            expected, found = EVTX.map(record), SOURCE.map(written)
            assert found.key == expected.key
            assert {**found.event} == {**expected.event}
            assert (found.accesses, found.marks) == (expected.accesses, expected.marks)
            assert set(found.warnings) <= {"zone_inferred"}

    @pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
    def test_every_shape_has_the_fields_of_the_event_log_and_no_others(self, write: Writer) -> None:
        for record in sample_records():
            written = one(write(record.native)).fields
            carried = {name: one for name, one in _texts(record.fields).items() if name not in NAMED_DIFFERENTLY}
            if "Audit Success" in written["Keywords"]:  # the name of an audit leaves bits untold
                del carried["Keywords"]
            assert {name: one for name, one in _texts(written).items() if name in carried} == carried
            assert set(written) <= set(record.fields) | NAMED_DIFFERENTLY

    def test_source_is_found_by_folder_and_has_the_log_sources_of_the_event_log(self) -> None:
        assert source_named("windows_json") is SOURCE
        assert SOURCE.log_fields == EVTX.log_fields
        assert logsource_text(SOURCE) == logsource_text(EVTX)

    @pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
    def test_recognised_by_names_alone(self, write: Writer) -> None:
        text = b"\n".join(orjson.dumps(write(record.native)) for record in sample_records())
        assert SOURCE.recognises(head_of(text)) == 1.0

    @pytest.mark.parametrize(
        "other",
        [
            b'{"CreationTime":"2026-02-02T08:00:00","Id":"1","Operation":"Send","Workload":"Exchange"}',
            b'{"eventVersion":"1.08","eventName":"GetObject","eventTime":"2026-02-02T08:00:00Z"}',
            b'{"ts":1770000000.0,"uid":"C1","id.orig_h":"192.0.2.7"}',
            b'{"TimeGenerated":"2026-02-02T08:00:00Z","Computer":"L1","SyslogMessage":"x","EventData":"y"}',
            b"EventID,Channel\n4624,Security\n",
            b"<Event><System><EventID>1</EventID></System></Event>",
            b"",
        ],
    )
    def test_other_formats_are_left_to_others(self, other: bytes) -> None:
        assert SOURCE.recognises(head_of(other)) == 0.0

    def test_types_stay_as_written(self) -> None:
        fields = one(flat(Initiated=True, Port=443, Path="", Listed=["a", 2], Missing=None)).fields
        assert (fields["Initiated"], fields["Port"], fields["Path"], fields["Listed"]) == (True, 443, "", ["a", 2])
        assert fields["Missing"] is None

    def test_members_of_objects_stand_under_their_own_names(self) -> None:
        fields = one(flat(Outer={"Inner": {"Deep": 1}, "Near": 2}, Near=3, Items=[{"Name": "x"}, "y"])).fields
        assert (fields["Deep"], fields["Near"], fields["Name"], fields["Items"]) == (1, 3, "x", ["y"])

    def test_nesting_past_every_event_is_told(self) -> None:
        deep: dict[str, Any] = {"End": 1}
        for _ in range(12):
            deep = {"Level": deep}
        assert "nested_too_deeply" in one(flat(Outer=deep)).warnings

    def test_names_with_spaces_also_without_and_guids_in_braces(self) -> None:
        fields = one({**flat(), "New Value": "x", "SubcategoryGuid": "0CCE9215-69AE-11D9-BED3-505054503030"}).fields
        assert fields["NewValue"] == "x"
        assert fields["SubcategoryGuid"] == "{0CCE9215-69AE-11D9-BED3-505054503030}"

    def test_a_forwarded_event_is_of_the_computer_that_wrote_it(self) -> None:
        first, second = sample_records()[:2]
        moved = dict(second.native, System={**second.native["System"], "Computer": "FS2.tribunal.example"})
        for write in (winlogbeat, nxlog):
            events = [SOURCE.map(one(write(event))).event for event in (first.native, moved)]
            assert [event["device.hostname"] for event in events] == ["fs1.tribunal.example", "fs2.tribunal.example"]
            assert [event["metadata.sequence"] for event in events] == [1, 2]
            assert {event["metadata.log_name"] for event in events} == {"Security"}

    def test_one_log_whatever_the_case_of_its_name(self) -> None:
        events = [SOURCE.map(one(flat(Channel=name))).event for name in ("Security", "security", "SECURITY")]
        assert {event["metadata.log_name"] for event in events} == {"Security"}

    def test_unnamed_strings_of_a_classic_log_are_data(self) -> None:
        old = {
            "winlog": {"channel": "Windows PowerShell", "event_id": 400, "event_data": {"param1": "a", "param2": "b"}}
        }
        assert one(old).fields["Data"] == ["a", "b"]
        named = {"winlog": {**old["winlog"], "provider_guid": "{1}"}}
        assert one(named).fields["param2"] == "b"

    def test_event_type_of_the_collector_is_not_that_of_the_event(self) -> None:
        event = {**nxlog(sample_records()[0].native), "Channel": "Microsoft-Windows-Sysmon/Operational"}
        assert "EventType" not in one(event).fields
        assert one({**event, "EventType": "SetValue"}).fields["EventType"] == "SetValue"

    def test_a_clearing_without_its_provider_still_counts(self) -> None:
        record = one(flat(EventID=1102))
        assert record.warnings == ("provider_inferred",)
        assert [mark["kind"] for mark in SOURCE.map(record).marks] == ["cleared"]

    def test_the_log_that_was_cleared_is_not_the_log_that_says_so(self) -> None:
        cleared = flat(EventID=104, Channel="System", Message="The Application log file was cleared.")
        record = one(cleared)
        assert (record.log[0], record.fields["Channel"]) == ("System", "Application")
        assert [mark["channel"] for mark in SOURCE.map(record).marks] == ["Application"]
        assert "cleared_log_unknown" in one({**cleared, "Message": "gelöscht"}).warnings

    @pytest.mark.parametrize("text", ["<EventData><Data Name='x'>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", '{"a":'])
    def test_event_data_that_cannot_be_read_costs_the_record(self, text: str) -> None:
        event = {**security_event_xml(sample_records()[1].native), "EventData": text}
        assert [reason for reason, _ in lost(orjson.dumps(event))] == ["event_data_unreadable"]

    def test_a_document_type_is_never_expanded(self) -> None:
        bomb = "<!DOCTYPE a [<!ENTITY b 'cccccccc'>]><Event><System>&b;</System></Event>"
        assert [reason for reason, _ in lost(orjson.dumps({"Event": bomb}))] == ["event_data_unreadable"]


class TestTime:
    @pytest.mark.parametrize(
        ("members", "expected", "warnings"),
        [
            ({"TimeCreated": "2026-02-02T08:00:00.1234567Z"}, "2026-02-02T08:00:00.1234567Z", ()),
            ({"TimeCreated": "2026-02-02T09:00:00+01:00"}, "2026-02-02T08:00:00Z", ()),
            ({"TimeCreated": "/Date(1770019200123)/"}, "2026-02-02T08:00:00.123Z", ()),
            ({"TimeCreated": 1770019200}, "2026-02-02T08:00:00Z", ()),
            ({"TimeCreated": 1770019200123}, "2026-02-02T08:00:00.123Z", ()),
            ({"TimeCreated": "2026-02-02 08:00:00"}, "2026-02-02T08:00:00Z", ("zone_assumed_utc",)),
            ({"TimeCreated": "2026-02-02 04:00:00.010", "UtcTime": "2026-02-02 08:00:00.004"},
             "2026-02-02T08:00:00.010Z", ("zone_inferred",)),
            ({"TimeCreated": "2026-02-02T04:00:00Z", "UtcTime": "2026-02-02 08:00:00.004"},
             "2026-02-02T04:00:00Z", ("time_contradicted",)),
            ({"TimeCreated": "2026-02-02T08:00:03Z", "UtcTime": "2026-02-02 08:00:00.004"}, "2026-02-02T08:00:03Z", ()),
            ({"TimeCreated": None, "@timestamp": "2026-02-02T08:00:00Z"}, "2026-02-02T08:00:00Z", ()),
            ({"TimeCreated": "soon"}, None, ("time_unrepresentable",)),
            ({"TimeCreated": None}, None, ("time_missing",)),
            ({"TimeCreated": "1601-01-01T00:00:00Z"}, None, ("time_unrepresentable",)),
            ({"TimeCreated": "2200-01-01T00:00:00Z"}, "2200-01-01T00:00:00Z", ("time_implausible",)),
        ],
    )  # fmt: skip
    def test_every_way_to_write_it(
        self, members: dict[str, Any], expected: str | None, warnings: tuple[str, ...]
    ) -> None:
        found = SOURCE.map(one(flat(**members)))
        assert found.event["time"] == (parse_time(expected) if expected else None)
        assert found.warnings == warnings

    def test_a_local_time_takes_its_zone_from_neighbours_of_the_chunk(self) -> None:
        local = flat(TimeCreated="2026-02-02 04:00:00")
        told = flat(TimeCreated="2026-02-02 04:00:01.5", UtcTime="2026-02-02 08:00:01.498", Channel="Sysmon")
        other = flat(TimeCreated="2026-02-02 04:00:01.5", UtcTime="2026-02-02 07:00:01.498", Channel="Sysmon")
        first, *_ = readable(b"\n".join(map(orjson.dumps, (local, told))))
        assert SOURCE.map(first).event["time"] == parse_time("2026-02-02T08:00:00Z")
        assert SOURCE.map(first).warnings == ("zone_inferred",)
        first, *_ = readable(b"\n".join(map(orjson.dumps, (local, told, other))))
        assert SOURCE.map(first).warnings == ("zone_assumed_utc",)

    def test_a_copy_with_coarser_time_is_the_same_event(self) -> None:
        exact = flat(TimeCreated="2026-02-02T08:00:00.1234567Z", RecordNumber=7)
        rough = flat(TimeCreated="2026-02-02T08:00:00.123Z", RecordNumber="7", Channel="security")
        keys = {SOURCE.map(one(event)).key for event in (exact, rough)}
        assert len(keys) == 1
        assert SOURCE.map(one({**rough, "EventID": 4689})).key not in keys
        assert SOURCE.map(one(flat())).key is None


EVENTS = [decoder(record.native) for record in sample_records()]
LINES = [orjson.dumps(event) for event in EVENTS]
PRETTY = [json.dumps(event, indent=2).encode() for event in EVENTS]


class TestSamples:
    @pytest.mark.parametrize(
        ("name", "writers"),
        [
            ("winlogbeat.jsonl", [winlogbeat]),
            ("nxlog.jsonl", [nxlog]),
            ("plain.jsonl", [plain]),
            ("azure_monitor.jsonl", [security_event_xml, windows_event]),
        ],
    )
    def test_a_sample_is_what_the_writers_make(self, name: str, writers: list[Writer]) -> None:
        lines = [orjson.dumps(write(event["Event"])) + b"\n" for write in writers for event in EVENTS]
        assert (SAMPLES / "windows_json" / name).read_bytes() == b"".join(lines)

    def test_the_nested_sample_is_an_array_over_many_lines(self) -> None:
        assert json.loads((SAMPLES / "windows_json" / "nested.json").read_bytes()) == EVENTS

    def test_every_sample_is_read_whole(self) -> None:
        for path in sorted((SAMPLES / "windows_json").iterdir()):
            data = path.read_bytes()
            assert SOURCE.recognises(head_of(data)) == 1.0
            assert len(readable(data)) == len(items(data)) >= len(EVENTS)


class TestFraming:
    @pytest.mark.parametrize(
        "text",
        [
            b"\n".join(LINES),
            b"\r\n\r\n".join(LINES) + b"\r\n",
            b"[" + b",".join(LINES) + b"]",
            b"[\n" + b",\n".join(LINES) + b"\n]\n",
            b",\n".join(LINES) + b",",
            b"".join(LINES),
            b" ".join(LINES[:3]) + b"\n" + b"".join(LINES[3:]),
            b"\n".join(PRETTY),
            b"".join(PRETTY),
            json.dumps(EVENTS, indent=2).encode(),
            json.dumps(EVENTS, indent="\t").encode(),
            b"[" + b",\n".join(PRETTY) + b"]",
            b"[" + b",".join(LINES[:3]) + b"]\n[" + b",".join(LINES[3:]) + b"]",
            codecs.BOM_UTF8 + b"\n".join(LINES),
            codecs.BOM_UTF8 + b"\n".join(PRETTY),
            codecs.BOM_UTF16_LE + b"\n".join(LINES).decode().encode("utf-16-le"),
            codecs.BOM_UTF16_BE + json.dumps(EVENTS, indent=2).encode("utf-16-be"),
        ],
    )
    def test_every_layout_holds_the_same_records(self, text: bytes) -> None:
        records = items(text)
        assert len(records) == len(EVENTS)
        encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(text[:2], "utf-8")
        for record, event in zip(records, EVENTS, strict=True):
            assert isinstance(record, Record)
            assert record.data == text[record.offset : record.offset + record.length]
            assert json.loads(record.data.decode(encoding)) == event

    def test_one_bad_line_costs_one_record(self) -> None:
        text = b"\n".join([LINES[0], LINES[1][:200], LINES[2], b"not json", LINES[3], b'"text"', b"7", LINES[4]])
        assert len(readable(text)) == 4
        assert lost(text) == [
            ("not_json", LINES[1][:200]),
            ("not_json", b"not json"),
            ("not_an_object", b'"text"'),
            ("not_an_object", b"7"),
        ]

    def test_one_bad_object_of_an_array_costs_one_record(self) -> None:
        bad = LINES[1].replace(b'"System":{', b'"System":{{', 1)
        text = b"[" + b",".join([LINES[0], bad, LINES[2], LINES[3]]) + b"]"
        assert len(readable(text)) == 3
        assert lost(text) == [("not_json", bad)]

    def test_one_bad_object_over_lines_costs_one_record(self) -> None:
        bad = PRETTY[1].replace(b'"System": {', b'"System": {{', 1)
        text = b"\n".join([PRETTY[0], bad, PRETTY[2]])
        assert len(readable(text)) == 2
        assert lost(text) == [("not_json", bad)]

    def test_a_cut_off_line_swallows_no_neighbour(self) -> None:
        text = b'{"Event":{"System":{\n' + LINES[0] + b"\n" + LINES[1] + b"\n}}\n"
        assert [record.data for record in readable(text)] == LINES[:2]

    def test_an_input_that_ends_too_soon_says_so(self) -> None:
        (_, last) = items(LINES[0] + b"\n" + LINES[1][:100])
        assert isinstance(last, Unreadable)
        assert last.detail == "the input ends in the middle of a record"

    def test_an_object_that_is_no_event_is_told(self) -> None:
        assert lost(b'{"a":1}') == [("not_a_windows_event", b'{"a":1}')]

    def test_bytes_that_are_no_text_are_replaced_and_told(self) -> None:
        (record,) = readable(orjson.dumps(flat(CommandLine="ab")).replace(b"ab", b"a\xffb"))
        assert record.fields["CommandLine"] == "a\\xffb"
        assert record.warnings == ("invalid_utf8",)

    def test_a_record_too_long_is_not_read(self) -> None:
        long = orjson.dumps(flat(CommandLine="x" * MAX_RECORD_BYTES))
        first, second = items(long + b"\n" + LINES[0])
        assert isinstance(first, Unreadable)
        assert (first.reason, first.length) == ("too_long", len(long))
        assert isinstance(second, Record)

    @pytest.mark.parametrize("texts", [LINES * 30, PRETTY * 30])
    @pytest.mark.parametrize("shift", [1, 300, 5000])
    def test_chunks_cut_anywhere_give_the_same_records(self, texts: list[bytes], shift: int) -> None:
        data = b"[\n" + b",\n".join(texts) + b"\n]"
        found = SOURCE.cut(data[shift:], b"")
        assert found is not None
        place = shift + found
        parts = [*SOURCE.records(data[:place], b"", 0), *SOURCE.records(data[place:], b"", 0)]
        assert [part.data for part in parts] == texts

    def test_no_cut_where_nothing_is_certain(self) -> None:
        assert SOURCE.cut(LINES[0] + LINES[1], b"") is None
        assert SOURCE.cut(LINES[0] + b"\n" + LINES[1][:50], b"") is None
        assert SOURCE.cut(b"\n" + LINES[1] + b"\n", codecs.BOM_UTF16_LE) is None

    def test_a_million_brackets_take_no_time(self) -> None:
        assert len(items(b'{"a":[' * 200_000)) == 1
        assert len(items(b"\n".join(b" " * (n % 50) + b'{"a":[' for n in range(50_000)))) > 0


FRAGMENTS = st.sampled_from(
    [*LINES[:2], PRETTY[0], orjson.dumps(nxlog(EVENTS[0]["Event"])), orjson.dumps(windows_event(EVENTS[1]["Event"])),
     orjson.dumps(plain(EVENTS[2]["Event"])), b"\n", b"\r\n", b",", b"[", b"]", b"{", b"}", b'"', b"\\", b":", b"\xff",
     b"\x00", b"1", b"\n{\n", b'{"EventID":1,"Channel":"x"', codecs.BOM_UTF8]
) | st.binary(max_size=6)  # fmt: skip
NOISE = st.lists(FRAGMENTS, max_size=20).map(b"".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("<EventData/>"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["System", "EventData", "#attributes", "#text", "@Name", "Name", "Data", "SystemTime"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
NAMES = [
    "Event", "System", "EventData", "UserData", "winlog", "winlog.event_id", "winlog.event_data.x", "_source",
    "event_id", "log_name", "event_data", "EventID", "EventId", "EventRecordId", "Payload", "Channel", "TimeGenerated",
    "TimeCreated", "EventTime", "EventReceivedTime", "@timestamp", "UtcTime", "Keywords", "Hostname", "Computer",
    "RecordNumber", "EventType", "ObjectName", "AccessMask", "ObjectType", "keywords", "level", "Level",
]  # fmt: skip


class TestLaws:
    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE]), NOISE)
    def test_nothing_raises_spans_do_not_overlap_and_every_byte_is_owned(self, start: bytes, noise: bytes) -> None:
        data = start + noise
        preamble = data[: SOURCE.preamble(head_of(data))]
        SOURCE.recognises(head_of(data))
        SOURCE.cut(data, preamble)
        position = len(preamble)
        between = b" \t\r\n\x0b\x0c,[]" + (b"\0" if start == codecs.BOM_UTF16_LE else b"")
        for item in SOURCE.records(data, preamble, len(preamble)):
            assert item.offset >= position
            assert item.length > 0
            assert not data[position : item.offset].strip(between)
            assert item.data == data[item.offset : item.offset + item.length]
            position = item.offset + item.length
            if isinstance(item, Record):
                SOURCE.map(item)
        assert not data[position:].strip(between)

    @settings(max_examples=300, deadline=None)
    @given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10))
    def test_an_object_of_odd_values_is_a_record_or_told(self, value: dict[str, Any]) -> None:
        for item in items(json.dumps(value).encode()):
            if isinstance(item, Record):
                SOURCE.map(item)
                for field in item.fields.values():
                    parts = field if isinstance(field, list) else [field]
                    assert all(part is None or isinstance(part, (str, int, float, bool)) for part in parts)
