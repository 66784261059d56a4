"""The EVTX source on invented logs of the product's own writer: what is read, how it is mapped, what damage costs."""

from __future__ import annotations

import struct
import tomllib
import zlib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.scanning import scan
from tocsin.collect.source import Head, Mapped, source_named
from tocsin.collect.sources.windows_evtx import SOURCE
from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.exercise.formats.evtx import CHUNK_BYTES, FILE_HEADER_BYTES, WindowsEvent, evtx_bytes
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENTS, MARKS

SAMPLE = Path(__file__).parents[2] / "samples" / "windows_evtx" / "sample.evtx"
SECOND = 1_000_000_000
NOON = 1_770_000_000 * SECOND
HOST = "FS1.tribunal.example"
SUBJECT: list[tuple[str, str | int]] = [
    ("SubjectUserSid", "S-1-5-21-1-2-3-1104"),
    ("SubjectUserName", "Ada.Example"),
    ("SubjectDomainName", "TRIBUNAL"),
    ("SubjectLogonId", "0x5A3f"),
]
AUDITING = "Microsoft-Windows-Security-Auditing"


def event(event_id: int, data: list[tuple[str, str | int]], record: int = 1) -> WindowsEvent:
    return WindowsEvent(
        channel="Security",
        provider=AUDITING,
        event_id=event_id,
        record_number=record,
        time=NOON + record * SECOND,
        computer=HOST,
        data=data,
    )


def sample_events() -> list[WindowsEvent]:
    """A morning on a file server: a logon, a document read, one deleted, a share used, the log cleared."""
    file = [*SUBJECT, ("ObjectType", "File"), ("ObjectName", "D:\\Cases\\1234\\statement.docx")]
    cleared = event(1102, [], 6)._replace(
        provider="Microsoft-Windows-Eventlog", user_data=("LogFileCleared", SUBJECT), keywords=0x4020000000000000
    )
    return [
        event(4624, [("TargetUserName", "Ada.Example"), ("TargetDomainName", "TRIBUNAL"), ("LogonType", 3)], 1),
        event(4663, [*file, ("AccessList", "%%4416"), ("AccessMask", "0x1")], 2),
        event(4663, [*file, ("AccessList", "%%1537"), ("AccessMask", "0x10000")], 3),
        event(5145, [*SUBJECT, ("ObjectType", "File"), ("IpAddress", "192.0.2.7"), ("ShareName", "\\\\*\\Cases"),
                     ("RelativeTargetName", "1234\\witness list.xlsx"), ("AccessMask", "0x1")], 4),
        event(4724, [*SUBJECT, ("TargetUserName", "ben.example"), ("TargetDomainName", "TRIBUNAL")], 5),
        cleared,
    ]  # fmt: skip


def items(data: bytes) -> list[Record | Unreadable]:
    return list(SOURCE.records(data, data[:FILE_HEADER_BYTES], FILE_HEADER_BYTES))


def readable(data: bytes) -> list[Record]:
    return [item for item in items(data) if isinstance(item, Record)]


def lost(data: bytes) -> list[Unreadable]:
    return [item for item in items(data) if isinstance(item, Unreadable)]


def numbers(data: bytes) -> list[int]:
    return [record.fields["EventRecordID"] for record in readable(data)]


def mapped(changed: WindowsEvent) -> Mapped:
    (record,) = readable(evtx_bytes([changed]))
    return SOURCE.map(record)


def many(count: int = 1000) -> bytes:
    return evtx_bytes([event(4688, [("NewProcessName", f"C:\\tool{n}.exe")], n) for n in range(1, count + 1)])


class TestReading:
    def test_sample_is_what_the_writer_makes(self) -> None:
        assert SAMPLE.read_bytes() == evtx_bytes(sample_events())

    def test_source_is_found_by_folder(self) -> None:
        assert source_named("windows_evtx") is SOURCE

    def test_recognised_by_content_alone(self) -> None:
        data = many(2)
        assert SOURCE.recognises(Head(data, len(data), "report.txt")) == 1.0
        damaged = bytes(4096) + data[4096:]
        assert 0.5 < SOURCE.recognises(Head(damaged, len(damaged), "x")) < 1.0
        assert SOURCE.recognises(Head(b"plain text", 10, "Security.evtx")) == 0.0

    def test_every_record_in_order_with_its_span(self) -> None:
        data = many()
        records = readable(data)
        assert numbers(data) == list(range(1, 1001))
        for record in records:
            head = struct.unpack_from("<4sIQ", data, record.offset)
            assert head == (b"**\0\0", record.length, record.fields["EventRecordID"])

    def test_committed_text_is_the_decoders_json(self) -> None:
        (record,) = readable(evtx_bytes([event(4688, [("CommandLine", "whoami /all")])]))
        assert record.data.startswith(b'{"Event":{')
        assert b'"CommandLine":"whoami /all"' in record.data
        assert SOURCE.commits_text
        assert SOURCE.decoder.startswith("evtx ")

    def test_empty_log_has_no_records(self) -> None:
        assert items(evtx_bytes([])) == []

    def test_blocks_of_zeros_are_no_records(self) -> None:
        assert len(items(many(10) + bytes(3 * CHUNK_BYTES))) == 10

    @pytest.mark.parametrize("shift", [0, 1, 512, 40_000, CHUNK_BYTES - 1])
    def test_chunks_cut_anywhere_give_the_same_records(self, shift: int) -> None:
        data = many(3000)
        start = FILE_HEADER_BYTES + shift
        found = SOURCE.cut(data[start:], data[:FILE_HEADER_BYTES])
        assert found == (0 if shift == 0 else CHUNK_BYTES - shift)
        cut = start + (found or 0)
        second = SOURCE.records(data[cut:], data[:FILE_HEADER_BYTES], 0)
        assert len(readable(data[:cut])) + len(list(second)) == 3000

    def test_a_block_planted_in_a_record_does_not_move_the_cut(self) -> None:
        data = bytearray(many(3000))
        data[FILE_HEADER_BYTES + 20_000 : FILE_HEADER_BYTES + 20_512] = evtx_bytes([])[4096:4608]
        assert SOURCE.cut(bytes(data[FILE_HEADER_BYTES + 100 :]), b"") == CHUNK_BYTES - 100

    def test_no_cut_where_nothing_is_certain(self) -> None:
        data = many(3000)
        assert SOURCE.cut(data[FILE_HEADER_BYTES + 100 : FILE_HEADER_BYTES + 60_000], b"") is None
        assert SOURCE.cut(b"", b"") is None


class TestFields:
    def test_system_values_under_sigma_names(self) -> None:
        told = event(4688, [("NewProcessName", "C:\\a.exe")])._replace(process_id=4, security_user_id="S-1-5-18")
        (record,) = readable(evtx_bytes([told]))
        assert record.log == ("Security", "4688", AUDITING)
        assert dict(record.fields) == {
            "EventID": 4688, "Channel": "Security", "Provider_Name": AUDITING, "Computer": HOST, "Level": 0,
            "Task": 0, "Opcode": 0, "Keywords": "0x8020000000000000", "EventRecordID": 1, "Version": 0,
            "UserID": "S-1-5-18", "ProcessID": 4, "ThreadID": 0, "NewProcessName": "C:\\a.exe",
        }  # fmt: skip

    def test_event_data_wins_in_fields_and_never_in_the_log_source(self) -> None:
        cleared = event(104, [])._replace(
            channel="System", user_data=("LogFileCleared", [("Channel", "Application"), ("SubjectUserName", "x")])
        )
        (record,) = readable(evtx_bytes([cleared]))
        assert record.fields["Channel"] == "Application"
        assert record.log[0] == "System"

    def test_unnamed_strings_are_data(self) -> None:
        one, three = readable(
            evtx_bytes([event(400, [("", "one")]), event(400, [("", "one"), ("", ""), ("", "three")], 2)])
        )
        assert one.fields["Data"] == "one"
        assert three.fields["Data"] == ["one", "", "three"]

    def test_names_with_spaces_also_without(self) -> None:
        (record,) = readable(evtx_bytes([event(5007, [("New Value", "HKLM\\x")])]))
        assert record.fields["New Value"] == record.fields["NewValue"] == "HKLM\\x"

    def test_types_stay_as_decoded_and_empty_is_not_missing(self) -> None:
        data: list[tuple[str, str | int]] = [("Initiated", True), ("Port", 443), ("Path", "")]
        (record,) = readable(evtx_bytes([event(3, data)]))
        assert record.fields["Initiated"] is True
        assert record.fields["Port"] == 443
        assert record.fields["Path"] == ""

    @pytest.mark.parametrize(
        ("decoded", "expected"),
        [
            ({"EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 7036}}, 7036),
            ({"EventID": "4624"}, 4624),
            ({"EventID": "not a number"}, "not a number"),
        ],
    )
    def test_event_id_in_each_form_it_is_decoded_to(self, decoded: dict[str, Any], expected: object) -> None:
        log, fields = event_fields({"System": decoded})
        assert fields["EventID"] == expected
        assert log == ("", str(expected), "")

    def test_guid_stands_in_braces_as_rules_have_it(self) -> None:
        _, fields = event_fields(
            {"#attributes": {}, "System": {}, "EventData": {"SubcategoryGuid": "0CCE9215-69AE-11D9-BED3-505054503030"}}
        )
        assert fields["SubcategoryGuid"] == "{0CCE9215-69AE-11D9-BED3-505054503030}"

    @pytest.mark.parametrize("broken", [{}, {"System": None}, {"System": {"Provider": "x", "Execution": 3}}])
    def test_an_event_without_a_proper_system_is_still_a_record(self, broken: dict[str, Any]) -> None:
        log, _ = event_fields(broken)
        assert log == ("", "", "")
        assert SOURCE.map(Record(0, 1, b"", log, {}, broken)).warnings == ("time_missing",)

    def test_nested_elements_by_their_names(self) -> None:
        user_data = {"EventXML": {"#attributes": {"xmlns": "x"}, "A": 1, "Files": {"File": "a", "File_1": "b"}}}
        _, fields = event_fields({"#attributes": {}, "System": {}, "UserData": user_data})
        assert (fields["A"], fields["File"], fields["File_1"]) == (1, "a", "b")


class TestMapping:
    def test_event_columns_are_those_of_the_schema(self) -> None:
        for record in readable(evtx_bytes(sample_events())):
            result = SOURCE.map(record)
            assert set(result.event) <= set(EVENTS.names)
            for row in result.accesses:
                assert set(row) == set(ACCESSES.names) - {"record", "time", "source"}
            for row in result.marks:
                assert set(row) == set(MARKS.names) - {"record", "time", "source"}

    def test_logon(self) -> None:
        data: list[tuple[str, str | int]] = [
            ("TargetUserSid", "S-1-5-21-1-2-3-1104"), ("TargetUserName", "Ada.Example"),
            ("TargetDomainName", "TRIBUNAL"), ("TargetLogonId", "0x5a3f"), ("IpAddress", "::ffff:192.0.2.7"),
            ("AuthenticationPackageName", "Kerberos"),
        ]  # fmt: skip
        result = mapped(event(4624, data))
        assert result.event == {
            "time": NOON + SECOND, "class_uid": 3002, "metadata.sequence": 1, "device.hostname": "fs1.tribunal.example",
            "metadata.log_name": "Security", "metadata.event_code": "4624", "activity_name": "account logged on",
            "status": "success", "actor.user.name": "tribunal\\ada.example", "actor.user.uid": "S-1-5-21-1-2-3-1104",
            "actor.session.uid": "fs1.tribunal.example|0x5a3f", "user.name": "tribunal\\ada.example",
            "src_endpoint.ip": "192.0.2.7", "auth_protocol": "Kerberos",
        }  # fmt: skip

    def test_one_process_one_id_whatever_the_form_of_its_number(self) -> None:
        created = mapped(event(4688, [("NewProcessId", "0x1F4")])).event["process.uid"]
        exited = mapped(event(4689, [("ProcessId", 500)])).event["process.uid"]
        assert created == exited == "fs1.tribunal.example|500"

    def test_federation_audit_names_account_and_address_in_its_xml(self) -> None:
        xml = "<AuditBase><UserId>TRIBUNAL\\Ada.Example</UserId><IpAddress>192.0.2.7</IpAddress></AuditBase>"
        issued = event(1200, [("", "{activity}"), ("", xml)])._replace(provider="AD FS Auditing")
        columns = mapped(issued).event
        assert (columns["actor.user.name"], columns["src_endpoint.ip"]) == ("tribunal\\ada.example", "192.0.2.7")

    def test_an_event_nobody_declared_is_a_base_event(self) -> None:
        result = mapped(event(4999, [("SubjectUserName", "ada.example")]))
        assert (result.event["class_uid"], result.event["actor.user.name"]) == (0, "ada.example")

    def test_two_copies_of_an_event_have_one_key(self) -> None:
        first, second = event(4688, [("A", "1")], 1), event(4688, [("A", "1")], 2)
        assert mapped(first).key == mapped(first).key
        assert len({mapped(first).key, mapped(second).key, mapped(first._replace(time=NOON)).key}) == 3

    @pytest.mark.parametrize(
        ("time", "kept", "warning"),
        [
            (-11_644_473_600 * SECOND, None, "time_unrepresentable"),
            (4_070_908_800 * SECOND, 4_070_908_800 * SECOND, "time_implausible"),
        ],
    )
    def test_odd_times_are_kept_or_null_with_a_warning(self, time: int, kept: int | None, warning: str) -> None:
        result = mapped(event(4688, [])._replace(time=time))
        assert (result.event["time"], result.warnings) == (kept, (warning,))

    def test_system_time_keeps_every_digit_the_text_has(self) -> None:
        system = {"TimeCreated": {"#attributes": {"SystemTime": "2026-02-02T02:40:00.1234567Z"}}, "EventRecordID": 1}
        result = SOURCE.map(Record(0, 1, b"", ("", "", ""), {}, {"System": system}))
        assert result.event["time"] == NOON + 123_456_700


class TestAudit:
    @pytest.mark.parametrize(
        ("mask", "rights", "degree"),
        [
            ("0x1", "%%4416", "opened"),
            ("0x2", "%%4417", "altered"),
            ("0x10003", "%%4416 %%4417 %%1537", "destroyed"),
            ("0x80", "%%4423", "accessed"),
            ("", "%%4416\r\n\t\t%%4417", "altered"),
        ],
    )
    def test_file_access_by_what_was_used(self, mask: str, rights: str, degree: str) -> None:
        data = [*SUBJECT, ("ObjectType", "File"), ("ObjectName", "D:\\a  b.docx"), ("AccessMask", mask),
                ("AccessList", rights), ("ProcessName", "C:\\w.exe")]  # fmt: skip
        (row,) = mapped(event(4663, data)).accesses
        assert row == {
            "kind": "document", "holding": "D:\\a  b.docx", "container": "fs1.tribunal.example", "label": "a  b.docx",
            "actor": "tribunal\\ada.example", "actor_class": "account", "address": None,
            "session": "fs1.tribunal.example|0x5a3f", "client": "C:\\w.exe", "degree": degree,
            "operation": "4663 attempt to access an object",
        }  # fmt: skip

    def test_share_access_names_the_server_and_is_no_reading(self) -> None:
        row = mapped(sample_events()[3]).accesses[0]
        assert row["holding"] == "\\\\fs1.tribunal.example\\Cases\\1234\\witness list.xlsx"
        assert row["container"] == "\\\\fs1.tribunal.example\\Cases"
        assert (row["degree"], row["address"], row["label"]) == ("accessed", "192.0.2.7", "witness list.xlsx")

    @pytest.mark.parametrize("failed_or_other", ["failure", "pipe", "process", "handle for its size"])
    def test_what_is_no_access_to_a_document(self, failed_or_other: str) -> None:
        share = sample_events()[3]
        file = sample_events()[1]
        events = {
            "failure": share._replace(keywords=0x8010000000000000),
            "pipe": share._replace(data=[*share.data[:-3], ("ShareName", "\\\\*\\IPC$"), *share.data[-2:]]),
            "process": file._replace(data=[*SUBJECT, ("ObjectType", "Process"), ("ObjectName", "lsass.exe")]),
            "handle for its size": file._replace(
                event_id=4656,
                data=[*SUBJECT, ("ObjectType", "File"), ("ObjectName", "C:\\a.txt"), ("AccessMask", "0x80")],
            ),
        }
        assert not [one for one in mapped(events[failed_or_other]).accesses if one["kind"]]

    @pytest.mark.parametrize(
        ("channel", "event_id", "data", "actors"),
        [
            ("Microsoft-Windows-TaskScheduler/Operational", 106, [("UserContext", "X\\ada")], ["x\\ada"]),
            ("Microsoft-Windows-Sysmon/Operational", 1, [("User", "X\\ada"), ("IntegrityLevel", "High")], ["x\\ada"]),
            ("Microsoft-Windows-Sysmon/Operational", 1, [("User", "X\\ada"), ("IntegrityLevel", "Medium")], []),
            ("Microsoft-Windows-Sysmon/Operational", 1, [("User", "X\\ada")], []),
            (
                "Microsoft-Windows-Sysmon/Operational", 10,
                [("SourceUser", "X\\ada"), ("TargetImage", "C:\\Windows\\system32\\lsass.exe")], ["x\\ada"],
            ),
            ("Microsoft-Windows-Sysmon/Operational", 10, [("TargetImage", "C:\\explorer.exe")], []),
        ],
    )  # fmt: skip
    def test_rights_of_the_system_in_other_logs(
        self, channel: str, event_id: int, data: list[tuple[str, str | int]], actors: list[str]
    ) -> None:
        found = mapped(event(event_id, data)._replace(channel=channel)).accesses
        assert [(one["actor"], one["kind"], one["label"]) for one in found] == [(one, "", "s-1-5-18") for one in actors]

    def test_cleared_security_log(self) -> None:
        (mark,) = mapped(sample_events()[5]).marks
        assert mark == {
            "kind": "cleared", "host": "fs1.tribunal.example", "channel": "Security", "scope": "Security",
            "actor": "tribunal\\ada.example", "detail": "the Security log was cleared", "given_to": None,
        }  # fmt: skip

    def test_another_log_cleared_is_marked_at_that_log(self) -> None:
        cleared = event(104, [])._replace(
            channel="System",
            provider="Microsoft-Windows-Eventlog",
            user_data=("LogFileCleared", [("SubjectUserName", "ada"), ("Channel", "Application"), ("BackupPath", "")]),
        )
        (mark,) = mapped(cleared).marks
        assert (mark["kind"], mark["channel"], mark["scope"]) == ("cleared", "Application", "Application")

    @pytest.mark.parametrize(("sid", "kind"), [("S-1-5-32-544", "role"), ("S-1-5-21-1-2-3-1544", "membership")])
    def test_a_group_of_administrators_is_a_role(self, sid: str, kind: str) -> None:
        (mark,) = mapped(event(4732, [*SUBJECT, ("TargetSid", sid)])._replace(provider=AUDITING)).marks
        assert mark["kind"] == kind

    @pytest.mark.parametrize(
        ("event_id", "provider", "kind"),
        [
            (4719, AUDITING, "audit_changed"),
            (1100, "Microsoft-Windows-Eventlog", "stopped"),
            (1104, "Microsoft-Windows-Eventlog", "stopped"),
            (4728, AUDITING, "role"),  # of which group is not told: it may be one of administrators
            (4732, AUDITING, "role"),
            (4756, AUDITING, "role"),
            (4724, AUDITING, "credential"),
        ],
    )
    def test_other_marks(self, event_id: int, provider: str, kind: str) -> None:
        (mark,) = mapped(event(event_id, SUBJECT)._replace(provider=provider)).marks
        assert mark["kind"] == kind

    def test_the_number_of_another_provider_is_no_mark(self) -> None:
        assert mapped(event(104, [])._replace(channel="System", provider="Some-Other-Provider")).marks == ()


class TestDamage:
    """`many()` stands in several blocks; whatever is done to one, the others are read and the books balance."""

    def test_header_of_the_file_gone(self) -> None:
        assert numbers(bytes(4096) + many()[4096:]) == list(range(1, 1001))

    def test_header_of_a_block_gone_costs_nothing_and_is_told(self) -> None:
        data = bytearray(many())
        data[FILE_HEADER_BYTES + CHUNK_BYTES : FILE_HEADER_BYTES + CHUNK_BYTES + 128] = bytes(128)
        assert numbers(bytes(data)) == list(range(1, 1001))
        assert {record.warnings for record in readable(bytes(data))} == {(), ("block_header_damaged",)}

    def test_a_changed_value_is_read_and_told(self) -> None:
        data = bytearray(many())
        place = data.index("tool20.exe".encode("utf-16-le"))
        data[place] ^= 1
        changed = [record for record in readable(bytes(data)) if "block_checksum" in record.warnings]
        assert "C:\\uool20.exe" in {record.fields["NewProcessName"] for record in changed}
        assert len(changed) < 1000

    def test_records_overwritten_are_counted(self) -> None:
        data = bytearray(many())
        doomed = readable(bytes(data))[100:103]
        start, end = doomed[0].offset, doomed[-1].offset + doomed[-1].length
        data[start:end] = b"\xff" * (end - start)
        assert [(item.reason, item.records, item.offset, item.length) for item in lost(bytes(data))] == [
            ("damaged_block", 3, start, end - start)
        ]
        assert numbers(bytes(data)) == [n for n in range(1, 1001) if n not in {101, 102, 103}]

    def test_one_record_that_cannot_be_decoded(self) -> None:
        data = bytearray(many())
        record = readable(bytes(data))[50]
        data[record.offset + 28] = 0xEE
        (item,) = lost(bytes(data))
        assert (item.reason, item.records, item.offset) == ("damaged_record", 1, record.offset)
        assert len(numbers(bytes(data))) == 999

    def test_file_cut_off_within_a_block(self) -> None:
        data = many()
        record = readable(data)[700]
        kept = data[: record.offset + 20]
        assert numbers(kept) == list(range(1, 701))
        (item,) = lost(kept)
        assert item.reason == "cut_off"
        assert item.records >= 1

    def test_file_cut_off_between_two_records(self) -> None:
        data = many()
        assert [item.reason for item in lost(data[: readable(data)[700].offset])] == ["cut_off"]

    def test_bytes_missing_shift_only_their_own_block(self) -> None:
        data = many()
        broken = data[:10_000] + data[10_003:]
        following = [n for n in numbers(broken) if n > 400]
        assert following == list(range(401, 1001))

    def test_a_record_behind_the_declared_end_is_not_hidden(self) -> None:
        data = bytearray(many(20))
        block = data[FILE_HEADER_BYTES:]
        last = readable(bytes(data))[-1]
        struct.pack_into("<Q", block, 32, 19)
        struct.pack_into("<I", block, 48, last.offset - FILE_HEADER_BYTES)
        struct.pack_into("<I", block, 124, zlib.crc32(block[128:512], zlib.crc32(block[:120])))
        found = readable(bytes(data[:FILE_HEADER_BYTES] + block))
        assert len(found) == 20
        assert "beyond_block_end" in found[-1].warnings

    def test_garbage_is_one_unreadable_block(self) -> None:
        (item,) = lost(many(1)[:FILE_HEADER_BYTES] + b"\xaa" * CHUNK_BYTES)
        assert (item.reason, item.records, item.length) == ("damaged_block", 1, CHUNK_BYTES)

    @settings(max_examples=40, deadline=None)
    @given(
        place=st.integers(FILE_HEADER_BYTES, FILE_HEADER_BYTES + CHUNK_BYTES - 1),
        junk=st.binary(min_size=1, max_size=2000),
    )
    def test_nothing_raises_and_other_blocks_are_whole(self, place: int, junk: bytes) -> None:
        clean = TestDamage.clean
        limit = FILE_HEADER_BYTES + CHUNK_BYTES
        data = (clean[:place] + junk + clean[place + len(junk) :])[:limit] + clean[limit:]
        found = items(data)
        end = FILE_HEADER_BYTES
        for item in found:
            assert item.offset >= end
            assert item.length > 0
            end = item.offset + item.length
            if isinstance(item, Record):
                SOURCE.map(item)
        assert end <= len(data)
        beyond = [item for item in found if item.offset >= limit]
        assert [item.data for item in beyond] == [item.data for item in items(clean) if item.offset >= limit]

    clean = many(400)


def test_log_sources_name_log_fields_only() -> None:
    text = (resources.files("tocsin.collect.sources.windows_evtx") / "logsources.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)["logsource"]
    keys = [(entry.get("product"), entry.get("category"), entry.get("service")) for entry in declared]
    assert len(keys) == len(set(keys))
    for entry in declared:
        assert set(entry) <= {"product", "category", "service", "when"}
        for when in entry["when"]:
            assert set(when) <= {*SOURCE.log_fields, "rename"}
            assert all(isinstance(value, str) for name in when if name != "rename" for value in when[name])


def many_blocks() -> bytes:
    """A log of at least four blocks."""
    events = [
        event(4663, [*SUBJECT, ("ObjectName", f"D:\\Cases\\{number}" + "x" * 900)], number) for number in range(1, 260)
    ]
    return evtx_bytes(events)


def fault_of(data: bytes, step: int = 1 << 16) -> str:
    pieces = (data[start : start + step] for start in range(0, len(data), step))
    return scan(pieces, "Security.evtx", keep=False).fault


def with_flags(data: bytes, flags: int) -> bytes:
    return data[:120] + struct.pack("<I", flags) + data[124:]


@pytest.mark.parametrize("step", [997, 1 << 16, 1 << 20])
def test_a_log_cut_between_two_blocks_is_not_taken_as_whole(step: int) -> None:
    data = many_blocks()
    blocks = (len(data) - FILE_HEADER_BYTES) // CHUNK_BYTES
    assert blocks >= 4
    assert fault_of(data, step) == ""
    for kept in range(1, blocks):
        cut = data[: FILE_HEADER_BYTES + kept * CHUNK_BYTES]
        assert f"counts {blocks} blocks of records, {kept} are there" in fault_of(cut, step)


def test_a_log_without_its_last_records_is_told_by_their_numbers() -> None:
    data = many_blocks()
    (next_id,) = struct.unpack_from("<Q", data, 24)
    head = data[:24] + struct.pack("<Q", next_id + 7) + data[32:120]
    ahead = head + struct.pack("<II", 0, zlib.crc32(head)) + data[128:]
    assert f"the last record is number {next_id + 6}, the last one here is {next_id - 1}" in fault_of(ahead)
    assert fault_of(with_flags(ahead, 1)) == ""  # a log in use writes its header late: it may say anything of ids


def test_a_header_written_late_or_damaged_says_nothing_against_what_is_there() -> None:
    data = many_blocks()
    late = data[:42] + struct.pack("<H", 1) + data[44:120]
    assert fault_of(late + struct.pack("<II", 1, zlib.crc32(late)) + data[128:]) == ""
    assert fault_of(data[:42] + b"\xff\xff" + data[44:]) == ""  # its checksum does not hold
