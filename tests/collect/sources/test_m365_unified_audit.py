"""Reading the unified audit log: every shape it is exported in, and every way a file of it can be broken."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import MAX_RECORD_BYTES, Head
from tocsin.collect.sources.m365_unified_audit import SOURCE
from tocsin.collect.sources.m365_unified_audit.decoding import BROKEN_OFF
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples" / "m365_unified_audit"
HEADER = b'"RecordType","CreationDate","UserIds","Operations","AuditData","Identity"\r\n'


def audit(number: int, **more: object) -> dict[str, Any]:
    """A small audit record."""
    return {
        "CreationTime": "2024-03-04T08:00:00",
        "Id": f"id-{number}",
        "Operation": "Update",
        "RecordType": 2,
        "Workload": "Exchange",
        "UserId": "ada.example@tribunal.example",
        **more,
    }


def line(number: int, **more: object) -> bytes:
    return json.dumps(audit(number, **more)).encode()


def row(number: int, **more: object) -> bytes:
    cells = ["2", "3/4/2024 8:00:00 AM", "ada", "Update", line(number, **more).decode(), f"id-{number}"]
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells).encode()


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def read(data: bytes) -> list[Record | Unreadable]:
    """All of a file as one chunk."""
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def ids(found: list[Record | Unreadable]) -> list[str]:
    """Record ids in order; the reason in place of what could not be read."""
    return [one.reason if isinstance(one, Unreadable) else str(one.native["Id"]) for one in found]


def only(data: bytes) -> Record:
    (record,) = read(data)
    assert isinstance(record, Record)
    return record


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_shape_gives_the_same_events(path: Path) -> None:
    data = path.read_bytes()
    expected = [SOURCE.map(one) for one in read((SAMPLES / "audit.jsonl").read_bytes()) if isinstance(one, Record)]
    found = read(data)
    assert SOURCE.recognises(head_of(data)) == 1.0
    assert [SOURCE.map(one) for one in found if isinstance(one, Record)] == expected
    assert len(found) == len(expected) == 13
    assert all(data[one.offset : one.offset + one.length] == one.data for one in found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}",
        b"hello\n" * 9,
        b"[1,2,3]",
        b'{"eventVersion":"1.08","eventName":"GetObject"}\n',
        b"a,b,c\n1,2,3\n",
        b"\xff\xfe",
        b"\x00" * 500,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    ],
)
def test_what_is_no_audit_log_is_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_certainty_is_the_share_of_records_that_fit() -> None:
    assert SOURCE.recognises(head_of(line(1) + b"\n" + line(2) + b"\nnoise\n{}\n")) == 0.5


def test_a_first_record_longer_than_the_head_is_still_recognised() -> None:
    assert SOURCE.recognises(head_of(line(1, Padding="x" * 200_000) + b"\n")) > 0.5
    assert SOURCE.recognises(head_of(HEADER + row(1, Padding="x" * 200_000) + b"\r\n")) > 0.5


def test_a_record_cut_off_by_the_head_does_not_count() -> None:
    data = b"".join(line(number, Padding="x" * 900) + b"\n" for number in range(100))
    assert SOURCE.recognises(head_of(data)) == 1.0
    assert SOURCE.recognises(Head(data[:65_536], 65_536, "")) == 1.0  # the size of a stream is not known yet


def test_blank_lines_are_no_records() -> None:
    assert ids(read(b"\n \r\n" + line(1) + b"\r\n\n\t\n" + line(2))) == ["id-1", "id-2"]


def test_each_broken_line_costs_itself_and_says_why() -> None:
    found = read(
        b"\n".join([line(1), b'{"Id": ', b"[1]", b'"text"', b'{"a": 1}', b"noise", line(2), line(3)[:-20]]),
    )
    assert ids(found) == [
        "id-1",
        "not_json",
        "not_an_object",
        "not_an_object",
        "not_an_audit_record",
        "not_json",
        "id-2",
        "not_json",
    ]
    assert isinstance(found[-1], Unreadable)
    assert "ends in the middle of a record" in found[-1].detail
    assert isinstance(found[1], Unreadable)
    assert "ends in the middle" not in found[1].detail


def test_invalid_utf8_is_kept_with_a_warning() -> None:
    record = only(line(1, UserId="ada@x").replace(b"ada@x", b"a\xffda@x") + b"\n")
    assert record.warnings == ("invalid_utf8",)
    assert record.fields["UserId"] == "a\\xffda@x"
    assert b"\xff" in record.data


def test_lone_surrogates_are_replaced_with_a_warning() -> None:
    record = only(line(1).replace(b'"Update"', rb'"a\ud800b"'))
    assert record.warnings == ("lone_surrogate",)
    assert record.fields["Operation"] == "a\ufffdb"


def test_nul_and_other_control_characters_inside_a_record() -> None:
    record = only(line(1).replace(b"Exchange", b"Ex\x00change"))
    assert record.warnings == ("control_characters",)
    assert record.log[0] == "Ex\x00change"
    assert only(b"\x00\x00" + line(2) + b"\x00\x00\n").native["Id"] == "id-2"


def test_a_line_longer_than_a_record_may_be_is_not_read() -> None:
    long = line(1, Padding="x" * MAX_RECORD_BYTES)
    found = read(long + b"\n" + line(2))
    assert ids(found) == ["too_long", "id-2"]
    assert found[0].length == len(long)


@pytest.mark.parametrize("levels", [400, 900])
def test_deep_nesting_neither_raises_nor_hides_the_record(levels: int) -> None:
    deep = '{"a":[' * (levels // 2) + '"x"' + "]}" * (levels // 2)
    record = only(line(1, Deep="?").replace(b'"?"', deep.encode()))
    assert record.warnings == ("nested_too_deeply",)
    assert SOURCE.map(record).event["metadata.uid"] == "id-1"
    assert ids(read(b'{"Id":' + b"[" * 100_000 + b"\n" + line(2))) == ["not_json", "id-2"]


def test_objects_over_several_lines_and_side_by_side() -> None:
    pretty = json.dumps(audit(1), indent=2).encode() + b"\n" + json.dumps(audit(2), indent=4).encode()
    assert ids(read(pretty)) == ["id-1", "id-2"]
    assert ids(read(line(1) + line(2) + b"," + line(3) + b"\n" + line(4))) == ["id-1", "id-2", "id-3", "id-4"]
    assert SOURCE.recognises(head_of(pretty)) == 1.0


def test_a_cut_off_line_never_swallows_the_records_after_it() -> None:
    found = read(b'{"CreationTime": "2024", "Folders": [\n' + line(2) + b"\n]}\n" + line(3))
    assert ids(found) == ["not_json", "id-2", "not_json", "id-3"]


def test_an_array_with_a_broken_element() -> None:
    assert ids(read(b"[" + line(1) + b"," + line(2)[:-10] + b"," + line(3) + b"]")) == ["id-1", "not_json", "id-3"]
    assert ids(read(b"[\n" + line(1) + b",\n7,\n" + line(3) + b"\n]\n")) == ["id-1", "not_an_object", "id-3"]
    found = read(b"[" + line(1) + b"," + line(2)[:-10])
    assert ids(found) == ["id-1", "not_json"]
    assert isinstance(found[1], Unreadable)
    assert "ends in the middle" in found[1].detail


def test_a_broken_element_that_runs_over_a_line_end_is_read_once() -> None:
    found = read(b"[" + line(1) + b'{half\nx,"y' + line(2) + b"]")
    ends = [0] + [one.offset + one.length for one in found]
    assert all(one.offset >= end for one, end in zip(found, ends, strict=False))
    assert ids(found)[0] == "id-1"


def test_an_array_commits_the_bytes_of_the_element_as_they_stand() -> None:
    spaced = b'{ "Id" :  "id-1", "Operation":"Send","CreationTime":"2024-03-04T08:00:00" }'
    assert only(b"[ " + spaced + b" ]").data == spaced


@pytest.mark.parametrize("separator", [b",", b"\n"])
def test_many_elements_on_one_line_take_linear_time(separator: bytes) -> None:
    data = b"[" + separator.join(line(number) for number in range(4_000)) + b"]"
    started = time.process_time()
    assert len(read(data)) == 4_000
    assert time.process_time() - started < 2


def test_wrappers_of_export_scripts() -> None:
    for wrapper in ({"AuditData": json.dumps(audit(1)), "Operations": "x"}, {"auditData": audit(1)}):
        assert only(json.dumps(wrapper).encode()).native["Id"] == "id-1"
    found = read(b'{"AuditData": "{cut"}\n{"AuditData": null}')
    assert ids(found) == ["not_json", "not_an_audit_record"]
    assert isinstance(found[0], Unreadable)
    assert found[0].detail.startswith("its AuditData: ")


@pytest.mark.parametrize(
    ("told", "numbered"),
    [
        ({"ResultIndex": 3, "ResultCount": 12}, (3, 12)),
        ({"ResultIndex": "3", "ResultCount": " 12 "}, (3, 12)),
        ({"ResultIndex": -1, "ResultCount": 0}, None),
        ({"ResultIndex": 3}, None),
        ({"ResultIndex": 3, "ResultCount": True}, None),
        ({"ResultIndex": 3, "ResultCount": 10**30}, None),
        ({"ResultIndex": "3.0", "ResultCount": "1200.0"}, (3, 1200)),  # as spreadsheets write them
    ],
)
def test_the_number_that_a_search_gave_a_record(told: dict[str, Any], numbered: tuple[int, int] | None) -> None:
    assert only(json.dumps({"AuditData": json.dumps(audit(1)), **told}).encode()).numbered == numbered
    names = "".join(f",{name}" for name in told)
    values = "".join(f",{value}" for value in told.values())
    cell = '"' + line(1).decode().replace('"', '""') + '"'
    assert only(f"AuditData{names}\n{cell}{values}\n".encode()).numbered == numbered


@pytest.mark.parametrize(
    ("number", "of", "warnings"),
    [("3", "1,200", ()), ("3", "many", (BROKEN_OFF,)), ("", "", ()), ("-1.0", "0", (BROKEN_OFF,))],
)
def test_a_number_that_cannot_be_read_leaves_open_how_many_there_were(
    number: str, of: str, warnings: tuple[str, ...]
) -> None:
    told = {"AuditData": json.dumps(audit(1)), "ResultIndex": number, "ResultCount": of}
    assert only(json.dumps(told).encode()).warnings == warnings


def test_what_a_record_itself_calls_a_count_is_no_number_of_a_search() -> None:
    assert only(line(1, ResultCount=12)).numbered is None


@pytest.mark.parametrize(
    "header",
    [
        b"CreationDate,UserIds,Operations,AuditData\n",
        b'\xef\xbb\xbf#TYPE Selected.System.Object\r\n"CreationDate","UserIds","Operations","AuditData"\r\n',
        b"CreationDate;UserIds;Operations;auditdata\n",
    ],
)
def test_headers_in_any_quoting_and_delimiter(header: bytes) -> None:
    delimiter = b";" if b";" in header else b","
    cell = b'"' + line(1).replace(b'"', b'""') + b'"'
    data = header + delimiter.join([b"2024-03-04", b'"ada, ""the"" first"', b"Update", cell]) + b"\n"
    assert only(data).native["Id"] == "id-1"
    assert SOURCE.recognises(head_of(data)) == 1.0


def test_a_quoted_line_end_is_part_of_the_row() -> None:
    pretty = json.dumps(audit(1), indent=1).replace('"', '""').encode()
    data = HEADER + row(0) + b'\r\n"2","x","y\nz","w","' + pretty + b'","id"\r\n' + row(2) + b"\r\n"
    assert ids(read(data)) == ["id-0", "id-1", "id-2"]


@pytest.mark.parametrize(
    "broken",
    [
        row(2)[:-40],  # cut off
        row(2).replace(b'""Id""', b'"Id""'),  # a quote missing
        row(2) + b',"one","more"',
        b'"2","x","y"',
        b'"',
    ],
)
def test_a_broken_row_costs_that_row_only(broken: bytes) -> None:
    found = read(HEADER + row(1) + b"\r\n" + broken + b"\r\n" + row(3) + b"\r\n" + row(4) + b"\r\n")
    assert ids(found) == ["id-1", "broken_row", "id-3", "id-4"]
    assert found[1].data == broken


def test_a_row_that_lost_its_first_quote_is_read() -> None:
    assert ids(read(HEADER + row(1) + b"\r\n" + row(2)[1:] + b"\r\n" + row(3))) == ["id-1", "id-2", "id-3"]


def test_rows_broken_one_after_the_other_are_counted_one_by_one() -> None:
    data = HEADER + b"\r\n".join([row(1)[:-40], row(2)[:-40], row(3), row(4)[:-40]])
    found = read(data)
    assert ids(found) == ["broken_row", "broken_row", "id-3", "broken_row"]
    assert isinstance(found[-1], Unreadable)
    assert "ends in the middle" in found[-1].detail


def test_a_row_whose_audit_data_was_cut_by_a_spreadsheet() -> None:
    cut = line(2)[:60].decode().replace('"', '""').encode()
    data = HEADER + row(1) + b'\r\n"2","x","y","z","' + cut + b'","id"\r\n' + row(3)
    assert ids(read(data)) == ["id-1", "not_json", "id-3"]


def test_exports_joined_with_their_headers() -> None:
    other = b'"AuditData","Identity","RecordType","CreationDate","UserIds","Operations"\r\n'
    moved = b'"' + line(2).replace(b'"', b'""') + b'","id-2","2","d","ada","Update"\r\n'
    found = read(HEADER + row(1) + b"\r\n" + HEADER + other + moved)
    assert ids(found) == ["id-1", "repeated_header", "not_json", "id-2"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_spans_are_over_the_bytes_as_they_are(encoding: str) -> None:
    for text in (
        "\ufeff" + line(1, Subject="ä𝄞").decode() + "\r\n\r\n" + json.dumps(audit(2, Subject="ä𝄞"), ensure_ascii=False),
        "\ufeff" + (HEADER + row(1) + b"\r\n" + row(2)).decode(),
    ):
        data = text.encode(encoding)
        found = read(data)
        assert ids(found) == ["id-1", "id-2"]
        assert all(data[one.offset : one.offset + one.length] == one.data for one in found)
        assert found[1].data.decode(encoding).startswith(("{", '"2"'))
        assert ids(read(data + b"\x7b")) == ["id-1", "id-2", "not_json"]
        assert SOURCE.recognises(head_of(data)) == 1.0
        assert SOURCE.cut(data[100:], data[:2]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"".join(line(number, Subject="é\n{") + b"\n" for number in range(40)) + b"noise\n\n" + line(99),
        HEADER + b"".join(row(number, Subject='a,"b"') + b"\r\n" for number in range(40)) + b'"broken\r\n' + row(99),
        b"\xef\xbb\xbf" + line(0) + b"\n" + line(1)[:-9] + b"\n" + b"".join(line(n) + b"\n" for n in range(2, 9)),
    ],
)
@pytest.mark.parametrize("window", [1, 100, 700, 3_000])
def test_a_file_read_in_pieces_gives_the_same_records(data: bytes, window: int) -> None:
    preamble = data[: SOURCE.preamble(head_of(data))]
    whole = [(one.offset, one.length, one.data) for one in read(data)]
    pieces: list[tuple[int, int, bytes]] = []
    start = 0
    while start < len(data):
        from_ = start + max(window, len(preamble))
        found = SOURCE.cut(data[from_:], preamble)
        end = len(data) if found is None else from_ + found
        skip = len(preamble) if start == 0 else 0
        pieces.extend(
            (start + one.offset, one.length, one.data) for one in SOURCE.records(data[start:end], preamble, skip)
        )
        start = end
    assert pieces == whole


@pytest.mark.parametrize("name", ["array.json", "wrapped.json", "utf16.jsonl"])
def test_what_cannot_be_cut_is_not(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    preamble = data[: SOURCE.preamble(head_of(data))]
    assert all(SOURCE.cut(data[start:], preamble) is None for start in range(0, len(data), 97))


def test_pretty_printed_objects_are_not_cut_inside() -> None:
    data = b"".join(json.dumps(audit(number), indent=1).encode() + b"\n" for number in range(9))
    assert all(SOURCE.cut(data[start:], b"") is None for start in range(0, len(data), 31))


def test_fields_are_flat_and_named_as_rules_name_them() -> None:
    record = only(
        line(
            1,
            Item={"ParentFolder": {"Path": "\\Inbox"}},
            Parameters=[
                {"Name": "ForwardTo", "Value": "x@elsewhere.example"},
                {"Name": "From", "Value": "a"},
                {"Name": "From", "Value": "b"},
            ],
            ModifiedProperties=[
                {"Name": "Role", "NewValue": "Reader", "OldValue": ""},
                {"Name": "ConsentContext.IsAdminConsent", "NewValue": "True"},
            ],
            Actor=[{"ID": "u", "Type": 5}, {"ID": "v", "Type": 3}],
            Folders=[{"FolderItems": [{"InternetMessageId": "<1>"}, {"InternetMessageId": "<2>"}]}],
            Recipients=["a", "b"],
            Empty=[],
            Nothing=None,
            Hidden='{"User-Agent": "x"}',
        )
    )
    fields = record.fields
    assert record.log == ("Exchange", "2", "Update")
    assert fields["Item.ParentFolder.Path"] == "\\Inbox"
    assert fields["Parameters.ForwardTo"] == "x@elsewhere.example"
    assert fields["Parameters.From"] == ["a", "b"]
    assert fields["Parameters"] == ["ForwardTo", "x@elsewhere.example", "From", "a", "From", "b"]
    assert fields["ModifiedProperties.Role.NewValue"] == "Reader"
    assert fields["ModifiedProperties.Role.OldValue"] == ""
    assert fields["ModifiedProperties.ConsentContext.IsAdminConsent.NewValue"] == "True"
    assert fields["ModifiedProperties.NewValue"] == ["Reader", "True"]
    assert fields["Actor.ID"] == ["u", "v"]
    assert fields["Folders.FolderItems.InternetMessageId"] == ["<1>", "<2>"]
    assert fields["Recipients"] == ["a", "b"]
    assert fields["Empty"] == []
    assert fields["Nothing"] is None
    assert fields["Hidden"] == '{"User-Agent": "x"}'
