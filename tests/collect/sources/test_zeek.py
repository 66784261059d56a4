"""Zeek's logs on invented samples: both renditions, headers after rotation, times, accesses, and what damage costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped, logsource_text, source_named
from tocsin.collect.sources.zeek import SOURCE
from tocsin.collect.sources.zeek.moments import epoch_nanoseconds, moment_of, moment_text
from tocsin.detect.sigma.logsource import LogSource, read_logsource_map
from tocsin.model.exposure import Degree
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENTS

SAMPLES = Path(__file__).parents[2] / "samples" / "zeek"
BLANK = b" \t\r\n\x0b\x0c"
HEADER = (
    b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    b"#fields\tts\tuid\tid.orig_h\tid.resp_p\tservice\tduration\tlocal_orig\ttags\n"
    b"#types\ttime\tstring\taddr\tport\tstring\tinterval\tbool\tset[string]\n"
)
ROW = b"1770022800.000001\tCTocsin0000000001\t198.51.100.7\t445\tsmb\t0.5\tT\ta,b\n"
SMB = {"ts": 1.0, "_path": "smb_files", "uid": "CTocsin0000000001", "id.orig_h": "198.51.100.7"}


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def items(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def readable(data: bytes) -> list[Record]:
    return [one for one in items(data) if isinstance(one, Record)]


def lost(data: bytes) -> list[Unreadable]:
    return [one for one in items(data) if isinstance(one, Unreadable)]


def sample(name: str) -> list[Record]:
    data = (SAMPLES / name).read_bytes()
    assert SOURCE.recognises(head_of(data)) >= 0.95
    assert not lost(data)
    return readable(data)


def mapped(**fields: object) -> Mapped:
    (record,) = readable(json.dumps(fields).encode() + b"\n")
    return SOURCE.map(record)


def row_of(columns: list[tuple[str, str, str]], path: str = "x") -> Record:
    names, types, values = zip(*columns, strict=True)
    text = f"#separator \\x09\n#path\t{path}\n#fields\t" + "\t".join(names) + "\n#types\t" + "\t".join(types)
    (record,) = readable((text + "\n" + "\t".join(values) + "\n").encode())
    return record


class TestRecognition:
    def test_found_by_folder(self) -> None:
        assert source_named("zeek") is SOURCE

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"#Software: Microsoft Internet Information Services 10.0\n#Fields: date time\n",
            b'{"ts":1.5,"level":"info","msg":"started"}\n',
            b'{"EventID":4624,"Channel":"Security"}\n',
            b'{"CreationTime":"2026-02-02T08:00:00","Id":"1","Operation":"Send","Workload":"Exchange"}\n',
            b"# a comment\nts\tuid\n",
            b"[]",
        ],
    )
    def test_other_formats_are_not_claimed(self, data: bytes) -> None:
        assert SOURCE.recognises(head_of(data)) == 0.0

    def test_json_that_names_no_log_is_nearly_certain(self) -> None:
        line = b'{"ts":1770022700.5,"id.orig_h":"198.51.100.7","id.resp_h":"192.0.2.2","uid":"CTocsin0000000002"}\n'
        assert 0.5 < SOURCE.recognises(head_of(line * 3)) < 1.0

    def test_a_head_that_ends_in_a_record(self) -> None:
        line = json.dumps({**SMB, "name": "x" * 3000}).encode() + b"\n"
        assert SOURCE.recognises(Head((line * 40)[:65_536], len(line) * 40, "")) == 1.0


class TestTabular:
    def test_types(self) -> None:
        record = row_of(
            [
                ("ts", "time", "1770022800.000001"),
                ("n", "count", "18446744073709551615"),
                ("p", "port", "445"),
                ("d", "interval", "0.163820"),
                ("b", "bool", "F"),
                ("a", "addr", "2001:db8::1"),
                ("unset", "string", "-"),
                ("empty", "string", "(empty)"),
                ("dash", "string", "\\x2d"),
                ("set", "set[string]", "a\\x2cb,c"),
                ("none", "vector[interval]", "(empty)"),
                ("times", "vector[interval]", "1.0,-"),
            ]
        )
        assert record.fields == {
            "ts": "2026-02-02T09:00:00.000001Z", "n": 2**64 - 1, "p": 445, "d": 0.16382, "b": False,
            "a": "2001:db8::1", "empty": "", "dash": "-", "set": ["a,b", "c"], "none": [], "times": [1.0, None],
        }  # fmt: skip
        assert SOURCE.map(record).event["time"] == 1_770_022_800_000_001_000

    def test_escapes_read_as_in_json(self) -> None:
        record = sample("rotated.log")[1]
        assert record.fields["query"] == "café,\\\\x01\\xff.tribunal.example"
        assert record.fields["answers"] == []
        assert not record.warnings

    def test_each_header_holds_until_the_next(self) -> None:
        records = sample("rotated.log")
        assert [record.log for record in records] == [("dns",), ("dns",), ("ntlm",)]
        assert "rejected" in records[0].fields
        assert "rejected" not in records[1].fields
        assert records[2].fields["username"] == "Ada.Example"

    def test_header_and_closing_lines_belong_to_records(self) -> None:
        data = (SAMPLES / "rotated.log").read_bytes()
        preamble = SOURCE.preamble(head_of(data))
        owned = b"".join(record.data for record in sample("rotated.log"))
        assert (data[:preamble] + owned).translate(None, BLANK) == data.translate(None, BLANK)

    def test_a_log_without_records(self) -> None:
        assert items(HEADER + b"#close\t2026-02-02-09-00-00\n") == []

    def test_a_row_of_another_width_costs_itself(self) -> None:
        data = HEADER + ROW + ROW.replace(b"\tT\t", b"\t") + ROW
        assert len(readable(data)) == 2
        assert [(one.reason, one.records) for one in lost(data)] == [("columns_differ", 1)]

    def test_a_value_not_of_its_type_stays_text(self) -> None:
        (record,) = readable(HEADER + ROW.replace(b"\t445\t", b"\tmany\t"))
        assert record.fields["id.resp_p"] == "many"
        assert record.warnings == ("value_not_of_type",)

    def test_bytes_that_are_no_text(self) -> None:
        (record,) = readable(HEADER + ROW.replace(b"smb", b"s\xffb"))
        assert record.fields["service"] == "s\\xffb"
        assert record.warnings == ("invalid_utf8",)

    def test_a_last_line_without_an_end_is_told(self) -> None:
        (record,) = readable(HEADER + ROW[:-1])
        assert record.warnings == ("line_end_missing",)

    def test_rows_without_a_header(self) -> None:
        (one,) = SOURCE.records(ROW, b"#separator \\x09\n", 0)
        assert isinstance(one, Unreadable)
        assert one.reason == "no_header"

    def test_a_log_that_does_not_say_which(self) -> None:
        record = row_of(
            [("ts", "time", "1.0"), ("share_type", "string", "DISK"), ("id.orig_h", "addr", "192.0.2.1")], ""
        )
        assert (record.log, record.warnings) == (("smb_mapping",), ("path_inferred",))

    def test_too_long(self) -> None:
        (one,) = items(HEADER + ROW.replace(b"smb", b"s" * MAX_RECORD_BYTES))
        assert isinstance(one, Unreadable)
        assert one.reason == "too_long"


class TestJson:
    def test_a_stream_of_several_logs(self) -> None:
        files, dns, kerberos = sample("stream.json")
        assert (files.log, files.warnings) == (("smb_files",), ())
        assert (dns.log, dns.warnings) == (("dns",), ("path_inferred",))
        assert kerberos.fields["id.orig_h"] == "198.51.100.7"
        assert kerberos.fields["till"] == "2026-02-02T18:58:10.000000Z"
        assert [SOURCE.map(one).event["time"] for one in (files, dns, kerberos)] == [
            1_770_022_800_000_001_000, 1_770_022_700_500_000_000, 1_770_022_690_123_000_000,
        ]  # fmt: skip

    def test_equal_to_the_tabular_rendition(self) -> None:
        assert sample("stream.json")[1].fields == sample("rotated.log")[0].fields
        assert sample("stream.json")[0].fields == sample("smb_files.log")[0].fields

    def test_the_sensor_stands_with_the_log(self) -> None:
        event = SOURCE.map(sample("stream.json")[0]).event
        assert event["metadata.log_name"] == "sensor1/smb_files"
        assert "device.hostname" not in event

    def test_names_whose_dots_were_made_underscores(self) -> None:
        (record,) = readable(
            b'{"@stream":"smb_files","@proc":"zeek","ts":1.0,"id_orig_h":"192.0.2.1","times_modified":2.5}'
        )
        assert record.fields == {
            "ts": "1970-01-01T00:00:01.000000Z",
            "id.orig_h": "192.0.2.1",
            "times.modified": "1970-01-01T00:00:02.500000Z",
        }

    def test_what_costs_one_record(self) -> None:
        good = json.dumps(SMB).encode() + b"\n"
        data = good + b"{broken\n[1]\n\n" + good
        assert [one.reason for one in lost(data)] == ["not_json", "not_an_object"]
        assert len(readable(data)) == 2

    def test_bytes_that_are_no_text(self) -> None:
        (record,) = readable(b'{"ts":1.0,"_path":"http","uri":"/\xff"}\n')
        assert (record.fields["uri"], record.warnings) == ("/\\xff", ("invalid_utf8",))

    def test_what_nests_too_deeply_is_told(self) -> None:
        for text in (b"[" * 900 + b"]" * 900, b'{"a":' * 40 + b"1" + b"}" * 40):
            (record,) = readable(b'{"_path":"x","ts":1.0,"a":' + text + b"}\n")
            assert record.warnings == ("nested_too_deeply",)

    def test_unknown_log(self) -> None:
        (record,) = readable(b'{"ts":1770022700.5,"anything":1}\n')
        assert (record.log, record.warnings) == (("",), ("path_unknown",))


class TestTime:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1770022800.123456", 1_770_022_800_123_456_000),
            ("1770022800.1234567891", 1_770_022_800_123_456_789),
            ("1770022800", 1_770_022_800_000_000_000),
            ("1770022800123", 1_770_022_800_123_000_000),
            ("0.000000", 0),
            ("-1.5", -1_500_000_000),
            ("1.7700228e9", 1_770_022_800_000_000_000),
            ("99999999999.5", None),
            ("1e400", None),
            ("1e-999999999", 0),
            ("1e99999999999999999999", None),
            ("9" * 1000, None),
            ("nan", None),
            ("", None),
        ],
    )
    def test_seconds_by_their_digits(self, text: str, expected: int | None) -> None:
        assert epoch_nanoseconds(text) == expected

    @given(st.integers(min_value=0, max_value=2_500_000_000), st.integers(min_value=0, max_value=999_999))
    def test_no_microsecond_is_lost_in_any_rendition(self, seconds: int, micros: int) -> None:
        exact = seconds * 1_000_000_000 + micros * 1000
        epoch = f"{seconds}.{micros:06d}"
        (number,) = readable(f'{{"_path":"x","ts":{epoch}}}\n'.encode())
        (text,) = readable(f'{{"_path":"x","ts":"{moment_text(exact)}"}}\n'.encode())
        row = row_of([("ts", "time", epoch)])
        assert [SOURCE.map(one).event["time"] for one in (number, text, row)] == [exact] * 3
        assert number.fields == text.fields == row.fields

    def test_no_time(self) -> None:
        assert mapped(_path="loaded_scripts", name="x").warnings == ("time_missing",)
        assert mapped(_path="conn", ts="soon").warnings == ("time_unrepresentable",)
        assert mapped(_path="conn", ts=1.0).warnings == ("time_implausible",)

    def test_iso_with_other_digits(self) -> None:
        assert moment_of("2026-02-02T09:00:00Z") == 1_770_022_800_000_000_000


class TestMapping:
    def test_a_connection(self) -> None:
        event = SOURCE.map(readable(HEADER + ROW)[0]).event
        assert event["class_uid"] == 4001
        assert event["src_endpoint.ip"] == "198.51.100.7"
        assert event["metadata.uid"] == "CTocsin0000000001"
        assert "actor.session.uid" not in event

    def test_accounts_as_windows_writes_them(self) -> None:
        kerberos = SOURCE.map(sample("stream.json")[2]).event
        assert kerberos["actor.user.name"] == "tribunal.example\\ada.example"
        assert kerberos["status"] == "success"
        ntlm = SOURCE.map(sample("rotated.log")[2]).event
        assert ntlm["actor.user.name"] == "tribunal\\ada.example"
        machine = mapped(_path="kerberos", ts=1.0, client="WS7$/TRIBUNAL.EXAMPLE", success=False).event
        assert machine["actor.user.name"] == "tribunal.example\\ws7$"
        assert machine["status"] == "failure"

    def test_account_and_files_of_one_connection_share_a_session(self) -> None:
        ntlm = SOURCE.map(sample("rotated.log")[2]).event
        (access,) = SOURCE.map(sample("smb_files.log")[0]).accesses
        assert ntlm["actor.session.uid"] == access["session"] == "CTocsin0000000001"

    def test_columns_are_those_of_the_tables(self) -> None:
        for name in ("smb_files.log", "rotated.log", "stream.json"):
            for record in sample(name):
                one = SOURCE.map(record)
                assert set(one.event) <= set(EVENTS.names)
                assert one.key is None
                assert not one.marks
                for access in one.accesses:
                    assert set(access) | {"record", "time", "source"} == set(ACCESSES.names)

    def test_requests(self) -> None:
        event = mapped(_path="http", ts=1.0, method="GET", host="www.tribunal.example", uri="/a", user_agent="x").event
        assert event["resource.name"] == "www.tribunal.example/a"
        assert event["http_request.user_agent"] == "x"
        assert mapped(_path="dns", ts=1.0, query="a.example").event["resource.name"] == "a.example"


class TestAccesses:
    def test_what_is_done_on_a_share(self) -> None:
        found = [access for record in sample("smb_files.log") for access in SOURCE.map(record).accesses]
        share = "\\\\fs1.tribunal.example\\Cases"
        assert [(one["holding"], one["degree"], one["operation"]) for one in found] == [
            (f"{share}\\1234\\statement.docx", "accessed", "SMB::FILE_OPEN"),
            (f"{share}\\1234\\old.docx", "altered", "SMB::FILE_RENAME"),
            (f"{share}\\1234\\statement.docx", "altered", "SMB::FILE_RENAME"),
            (f"{share}\\1234\\witness list.xlsx", "destroyed", "SMB::FILE_DELETE"),
        ]
        assert {(one["kind"], one["container"], one["address"], one["actor"]) for one in found} == {
            ("document", share, "198.51.100.7", "")
        }

    @pytest.mark.parametrize(
        ("action", "degree"),
        [("READ", "opened"), ("WRITE", "altered"), ("SET_ATTRIBUTE", "altered"), ("CLOSE", None)],
    )
    def test_degrees(self, action: str, degree: str | None) -> None:
        found = mapped(**SMB, action=f"SMB::FILE_{action}", path="\\\\fs1\\s", name="a.txt").accesses
        assert [one["degree"] for one in found] == ([degree] if degree else [])
        assert degree is None or Degree(degree)

    def test_without_the_share(self) -> None:
        one = mapped(**{**SMB, "id.resp_h": "192.0.2.20"}, action="SMB::FILE_OPEN", name="\\dir\\a.txt")
        (access,) = one.accesses
        assert (access["holding"], access["container"]) == ("dir\\a.txt", "\\\\192.0.2.20")
        assert "share_unknown" in one.warnings

    def test_content_that_went_by(self) -> None:
        content = {
            "_path": "files", "ts": 1.0, "source": "SMB", "filename": "1234\\a.docx", "seen_bytes": 10,
            "tx_hosts": ["192.0.2.20"], "rx_hosts": ["198.51.100.7"], "conn_uids": ["CTocsin0000000001"],
        }  # fmt: skip
        (read,) = mapped(**content, is_orig=False).accesses
        assert (read["degree"], read["address"], read["container"]) == ("opened", "198.51.100.7", "\\\\192.0.2.20")
        assert read["session"] == "CTocsin0000000001"
        (written,) = mapped(**content, is_orig=True).accesses
        assert (written["degree"], written["address"]) == ("altered", "192.0.2.20")
        assert not mapped(**{**content, "seen_bytes": 0}, is_orig=False).accesses
        assert not mapped(**{**content, "source": "HTTP"}, is_orig=False).accesses


class TestLogSources:
    def test_services_are_the_logs_names(self) -> None:
        declared = read_logsource_map("zeek", SOURCE.log_fields, logsource_text(SOURCE))
        (one,) = declared.alternatives(LogSource("zeek", "", "smb_files"))
        assert one.when == (("_path", ("smb_files",)),)
        assert declared.alternatives(LogSource("", "dns", ""))
        for category in ("proxy", "firewall", "webserver"):
            assert not declared.alternatives(LogSource("", category, ""))


fragments = st.sampled_from(
    [
        HEADER,
        ROW,
        ROW,
        HEADER.replace(b"conn", b"dns").replace(b"\tservice", b"").replace(b"port\tstring", b"port"),
        ROW.replace(b"\tsmb", b""),
        b"#close\t2026\n",
        b"#separator \\x09\n",
        b'{"ts":1.5,"_path":"x"}\n',
        b"\n",
        b"\t",
        b"#",
        b"\\x",
        b"\\",
        b"\xff",
        b"\x00",
        b"{",
        b"}",
        b"-",
        b"(empty)",
    ]
) | st.binary(max_size=6)
noise = st.lists(fragments, max_size=20).map(b"".join)
starts = st.sampled_from([b"", HEADER, b"\xef\xbb\xbf" + HEADER, b'{"ts":1.5,"_path":"x"}\n'])


@settings(max_examples=200, deadline=None)
@given(starts, noise)
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


OTHER = HEADER.replace(b"conn", b"dns").replace(b"\tservice", b"").replace(b"port\tstring", b"port")
OTHER_ROW = ROW.replace(b"\tsmb", b"")
sections = st.lists(
    st.sampled_from(
        [
            HEADER + ROW,
            HEADER + ROW * 3 + b"#close\t2026\n",
            OTHER + OTHER_ROW * 3,
            OTHER + b"#close\t2026\n",
            b"\n \n",
            b"broken\t\xff\n",
        ]
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(sections, st.integers(min_value=0, max_value=1500))
def test_a_cut_never_changes_what_is_read(rest: bytes, at: int) -> None:
    data = HEADER + ROW + rest + OTHER + OTHER_ROW * 2 + HEADER + ROW * 2
    preamble = data[: SOURCE.preamble(head_of(data))]
    at = max(at, len(preamble))
    found = SOURCE.cut(data[at:], preamble)
    if found is None:
        return
    cut = at + found
    assert data[cut - 1 : cut] == b"\n"
    first = list(SOURCE.records(data[:cut], preamble, len(preamble)))
    second = list(SOURCE.records(data[cut:], preamble, 0))
    assert [_told(one) for one in (*first, *second)] == [_told(one) for one in items(data)]


def test_a_row_of_another_header_is_no_place_to_cut() -> None:
    data = OTHER_ROW * 5 + HEADER + ROW
    assert SOURCE.cut(data, HEADER) == len(OTHER_ROW) * 5
    assert SOURCE.cut(OTHER_ROW * 5, HEADER) is None
    assert SOURCE.cut(OTHER_ROW * 5, OTHER) == len(OTHER_ROW)


def test_a_row_of_texts_alone_is_no_place_to_cut() -> None:
    header = b"#separator \\x09\n#path\tx\n#fields\tts\tuid\tnote\n#types\ttime\tstring\tstring\n"
    assert SOURCE.cut(b"1770022800.5\tC1\tsome text\n" * 3, header) is None
    known = header.replace(b"\tx\n", b"\tsmb_mapping\n").replace(b"note", b"share_type")
    row = b"1770022800.5\tC1\tDISK\n"
    assert SOURCE.cut(row + b"1770022800.5\tC1\tother\n" + row * 2, known) == 2 * len(row) + 1


def test_json_lines_are_cut_behind_a_line_end() -> None:
    line = json.dumps(SMB).encode() + b"\n"
    assert SOURCE.cut(line[5:] + line * 2, b"") == len(line) - 5
    assert SOURCE.cut(line[5:] + b"{broken\n" + line, b"") == len(line) - 5 + 8
    assert SOURCE.cut(line[5:], b"") is None


def _told(one: Record | Unreadable) -> tuple[object, ...]:
    return (one.log, dict(one.fields)) if isinstance(one, Record) else (one.reason,)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["conn", "smb_files", "files", "kerberos", "ntlm", "http", "dns", "dhcp", "notice", "", "odd"]),
    st.dictionaries(
        st.sampled_from(
            [
                "ts", "uid", "id.orig_h", "id.resp_h", "id.resp_p", "action", "path", "name", "prev_name", "source",
                "filename", "is_orig", "seen_bytes", "tx_hosts", "rx_hosts", "conn_uids", "client", "username",
                "domainname", "success", "host", "uri", "query", "uids", "id", "_system_name",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=12,
    ),
)  # fmt: skip
def test_odd_values_raise_nothing(path: str, record: dict[str, Any]) -> None:
    text = json.dumps({**record, "_path": path}).encode()
    for one in items(text):
        if not isinstance(one, Record):
            continue
        found = SOURCE.map(one)
        for value in found.event.values():
            assert value is None or isinstance(value, (str, int))
        for access in found.accesses:
            assert access["holding"]
            assert all(value is None or isinstance(value, str) for value in access.values())
        for value in one.fields.values():
            assert not isinstance(value, dict)
            assert not isinstance(value, list) or not any(isinstance(item, (dict, list)) for item in value)
