"""Logs their owner describes: the mapping is checked with its lines, and a file is read exactly as it says."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.declared.moments import moment
from tocsin.collect.declared.packing import declared_log, digest, packed, source_of, unpacked
from tocsin.collect.declared.reader import DeclaredLog
from tocsin.collect.mapping_file import joined, mappings_for, mappings_in, parse_mapping
from tocsin.collect.plan import plan
from tocsin.collect.scanning import CHUNK_BYTES, declared_for
from tocsin.collect.source import HEAD_BYTES, Head
from tocsin.errors import ConfigError, StoreError
from tocsin.model.chunk import InputState
from tocsin.model.instant import NANOSECONDS
from tocsin.model.mapping import TimeColumns
from tocsin.model.record import Record, Unreadable

HEADER = "when;who;what;doc;note"
MAPPING = """\
mapping: 1
name: dms
files: ['dms*.csv']
format: {type: csv, delimiter: ';'}
time: {column: when, format: iso, zone: UTC}
operation: what
attributes: {actor.user.name: who}
holdings: {document: {kind: document, id: doc, label: note}}
operations: {open: opened, login: none}
"""


def source(text: str = MAPPING) -> DeclaredLog:
    return declared_log(parse_mapping("dms.mapping.yaml", text.encode()))


def read(data: bytes, log: DeclaredLog) -> list[Record | Unreadable]:
    length = log.preamble(Head(data, len(data), "dms.csv"))
    return list(log.records(data, data[:length], length))


def rows(*lines: str) -> bytes:
    return "\r\n".join((HEADER, *lines, "")).encode()


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("mapping: 1", "mapping: 9", 1, "mapping is not 1"),
        ("name: dms", "name: My DMS", 2, "name is missing, or not lower-case"),
        ("files: ['dms*.csv']", "files: []", 3, "files is missing"),
        ("type: csv", "type: xml", 4, "format has no type of csv, json"),
        ("delimiter: ';'", "delimiter: ';;'", 4, "single characters"),
        ("format: iso, zone: UTC", "format: '%d.%m.%Y %H:%M'", 5, "zone is missing"),
        ("format: iso, zone: UTC", "format: '%d.%m.%Y', zone: UTC", 5, "lacks a part"),
        ("zone: UTC", "zone: Mars/Olympus", 5, "the zone is not known here"),
        ("actor.user.name", "actor.user.nmae", 7, "not a key of attributes"),
        ("kind: document", "kind: dossier", 8, "kind is not one of mailbox"),
        ("open: opened", "open: opend", 9, "not a meaning of an operation"),
        ("open: opened", "open: {is: opened, holding: file}", 9, "not among holdings"),
        ("operation: what", "operatoin: what", 6, "not a key of the file"),
        ("operation: what", "name: again", 6, "there twice"),
        ("login: none}", "login: none", 10, "not YAML"),
    ],
)
def test_a_fault_is_told_with_its_line(old: str, new: str, line: int, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        source(MAPPING.replace(old, new))
    assert f"dms.mapping.yaml:{line}: " in str(raised.value)
    assert told in str(raised.value)
    assert raised.value.hint


def test_a_row_becomes_the_access_the_mapping_says() -> None:
    log = source()
    found = read(rows("2026-03-12T08:00:00.123456789Z;Ada;open;D-1;Summons"), log)
    assert len(found) == 1
    assert isinstance(found[0], Record)
    assert found[0].fields["note"] == "Summons"  # what a Sigma rule asks, by the log's own name
    mapped = log.map(found[0])
    assert mapped.event["time"] == 1_773_302_400 * NANOSECONDS + 123_456_789
    assert mapped.event["actor.user.name"] == "ada"
    (access,) = mapped.accesses
    assert (access["holding"], access["label"], access["degree"]) == ("D-1", "Summons", "opened")
    assert mapped.warnings == ()


@pytest.mark.parametrize(
    ("row", "warnings"),
    [
        ("2026-03-12T08:00:00Z;ada;print;D-1;", ("operation_undeclared",)),
        ("2026-03-12T08:00:00Z;ada;open;;", ("holding_missing",)),
        ("2026-03-12T08:00:00Z;ada;login;;", ()),
        ("at eight;ada;login;;", ("time_unrepresentable",)),
    ],
)
def test_what_a_row_does_not_say_is_warned_of_and_no_access_is_made_up(row: str, warnings: tuple[str, ...]) -> None:
    log = source()
    (record,) = read(rows(row), log)
    assert isinstance(record, Record)
    assert log.map(record).warnings == warnings
    assert not log.map(record).accesses


def test_what_failed_is_no_access() -> None:
    log = source(MAPPING + "outcome: {column: note, success: [done], failure: [denied]}\n")
    done, denied, odd = (
        log.map(one)
        for one in read(rows(*(f"2026-03-12T08:00:00Z;a;open;D;{how}" for how in ("Done", "denied", "?"))), log)
        if isinstance(one, Record)
    )
    assert (len(done.accesses), done.event["status"]) == (1, "success")
    assert (len(denied.accesses), denied.event["status"]) == (0, "failure")
    assert (len(odd.accesses), odd.warnings) == (1, ("outcome_undeclared",))


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from("\n;\"',"), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6), st.sampled_from([";", ",", "\t", "|"]))
def test_every_cell_that_csv_can_hold_is_read_as_it_was_written(written: list[tuple[str, str, str]], sign: str) -> None:
    out = io.StringIO()
    table = csv.writer(out, delimiter=sign, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    table.writerow(HEADER.split(";"))
    for who, what, note in written:
        table.writerow(["2026-03-12T08:00:00Z", who, what, "D-1", note])
    found = read(out.getvalue().encode(), source(MAPPING.replace("';'", f"'{sign}'" if sign != "\t" else "tab")))
    cells = [(one.fields["who"], one.fields["what"], one.fields["note"]) for one in found if isinstance(one, Record)]
    assert cells == written


def test_a_faulty_row_costs_that_row_only() -> None:
    good = "2026-03-12T08:00:00Z;ada;open;D-1;fine"
    found = read(rows(good, "2026-03-12T08:00:01Z;ada;open", good, 'a;"b;c', good), source())
    assert [type(one).__name__ for one in found] == ["Record", "Unreadable", "Record", "Unreadable", "Record"]
    assert {one.reason for one in found if isinstance(one, Unreadable)} == {"broken_row"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "utf-16-le"])
def test_the_encodings_of_exports_give_the_same_records(encoding: str) -> None:
    text = rows('2026-03-12T08:00:00Z;Jörg;open;D-1;"zwei\nZeilen"', "2026-03-12T08:00:01Z;Zoë;open;D-2;").decode()
    declared = encoding if encoding in ("windows-1252", "utf-16-le") else "utf-8"
    log = source(MAPPING.replace("type: csv,", f"type: csv, encoding: {declared},"))
    data = text.encode(encoding)
    found = read(data, log)
    assert [one.fields["who"] for one in found if isinstance(one, Record)] == ["Jörg", "Zoë"]
    assert [one.fields["note"] for one in found if isinstance(one, Record)] == ["zwei\nZeilen", ""]
    assert all(data[one.offset : one.offset + one.length] == one.data for one in found)


def test_a_file_without_header_is_read_by_the_columns_declared() -> None:
    text = MAPPING.replace(
        "delimiter: ';'", "delimiter: ';', header: no, columns: [when, who, what, doc, note], quote: none"
    )
    (record,) = read(b'2026-03-12T08:00:00Z;ada;open;D-1;5" disk\n', source(text))
    assert isinstance(record, Record)
    assert record.fields["note"] == '5" disk'


def test_json_is_read_by_dotted_names() -> None:
    text = MAPPING.replace("type: csv, delimiter: ';'", "type: json").replace("column: when", "column: at.time")
    data = b'{"at": {"time": "2026-03-12T08:00:00Z"}, "who": "ada", "what": "open", "doc": 17}\n[1]\n{"at"\n'
    log = source(text)
    record, *others = read(data, log)
    assert isinstance(record, Record)
    assert log.map(record).accesses[0]["holding"] == "17"
    assert others
    assert all(isinstance(one, Unreadable) for one in others)


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        ("12.03.2026 08:00:00.5", ("%d.%m.%Y %H:%M:%S.%f", "Europe/Berlin"), "2026-03-12T07:00:00.500000"),
        ("12.07.2026 08:00:00.0", ("%d.%m.%Y %H:%M:%S.%f", "Europe/Berlin"), "2026-07-12T06:00:00"),
        ("Mar 3, 2026 12:05 AM", ("%b %d, %Y %I:%M %p", "UTC"), "2026-03-03T00:05:00"),
        ("2026-03-12 08:00:00 +0530", ("%Y-%m-%d %H:%M:%S %z", ""), "2026-03-12T02:30:00"),
        ("1773302400.25", ("seconds", ""), "2026-03-12T08:00:00.250000"),
        ("1773302400250", ("milliseconds", ""), "2026-03-12T08:00:00.250000"),
        ("2026-03-12T08:00:00", ("iso", "-03:00"), "2026-03-12T11:00:00"),
    ],
)
def test_times_are_read_by_their_format_and_zone(text: str, declared: tuple[str, str], expected: str) -> None:
    time = moment(text, TimeColumns(columns=("t",), format=declared[0], zone=declared[1])).time
    assert time is not None
    assert dt.datetime.fromtimestamp(time / 1e9, dt.UTC).replace(tzinfo=None) == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        ("25.10.2026 02:30", "2026-10-25T00:30:00", ("time_ambiguous",)),
        ("29.03.2026 02:30", "2026-03-29T01:30:00", ("time_skipped_by_clock_change",)),
        ("32.03.2026 02:30", None, ("time_unrepresentable",)),
        ("", None, ("time_missing",)),
    ],
)
def test_a_time_that_is_not_certain_is_warned_of(text: str, expected: str | None, warnings: tuple[str, ...]) -> None:
    found = moment(text, TimeColumns(columns=("t",), format="%d.%m.%Y %H:%M", zone="Europe/Berlin"))
    wanted = None if expected is None else int(dt.datetime.fromisoformat(f"{expected}+00:00").timestamp()) * NANOSECONDS
    assert found == (wanted, warnings)


@settings(deadline=None)
@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_nanoseconds_lose_nothing(time: int) -> None:
    assert moment(str(time), TimeColumns(columns=("t",), format="nanoseconds")).time == time


def test_a_chunk_carries_its_mapping_and_another_mapping_is_another_decoder() -> None:
    log = source()
    found, own = source_of("declared:dms", packed(log, b"when;who\n"))
    assert (found.decoder, own) == (log.decoder, b"when;who\n")
    assert unpacked(packed(log, b""))[0] == log.mapping
    other = source(MAPPING.replace("open: opened", "open: downloaded"))
    assert digest(other.mapping) in other.decoder
    assert other.decoder != log.decoder
    assert source(MAPPING + "# a comment\n").decoder == log.decoder
    with pytest.raises(StoreError):
        source_of("declared:dms", b"when;who\n")


def test_two_mappings_that_fit_one_file_are_told_and_neither_is_taken() -> None:
    other = source(MAPPING.replace("name: dms", "name: other"))
    data = rows("2026-03-12T08:00:00Z;a;open;D;")
    found = declared_for(Head(data, len(data), "dms.csv"), [source(), other])
    assert found.source is None
    assert "dms and other" in found.why


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "dms.mapping.yaml").write_text(MAPPING)
    (tmp_path / "dms.csv").write_text("when;who;what;note\n2026-03-12T08:00:00Z;a;open;x\n")
    log, mapping = plan([str(tmp_path)], mappings=mappings_for([str(tmp_path)]))
    assert (log.input.state, log.input.reason) == (
        InputState.UNRECOGNISED,
        "the mapping dms names it, but it has no column doc",
    )
    assert mapping.input.state is InputState.IGNORED
    assert "no file of this run" in mapping.input.reason


def test_mappings_of_one_name_that_differ_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mapping.yaml").write_text(MAPPING)
    (tmp_path / "b.mapping.yaml").write_text(MAPPING)
    assert len(mappings_for([str(tmp_path)])) == 1
    (tmp_path / "b.mapping.yaml").write_text(MAPPING.replace("login: none", "login: opened"))
    with pytest.raises(ConfigError, match="both declare dms"):
        mappings_for([str(tmp_path)])


def sure_of(tmp_path: Path) -> Path:
    """A folder with a log that a source of our own is sure of, and a mapping that fits it."""
    audit: dict[str, object] = {
        "CreationTime": "2026-03-12T08:00:00",
        "Id": "e1",
        "Operation": "FileAccessed",
        "Workload": "OneDrive",
    }
    audit |= {"UserId": "ada@example.org", "RecordType": 6, "OrganizationId": "o", "UserType": 0, "UserKey": "k"}
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "audit.jsonl").write_text(json.dumps(audit) + "\n")
    return logs


PLANTED = """\
mapping: 1
name: planted
files: ['*.jsonl']
format: {type: json}
time: {column: CreationTime, format: iso, zone: UTC}
operation: Operation
"""


def test_a_mapping_deep_in_what_was_collected_is_an_input_and_nothing_else(tmp_path: Path) -> None:
    logs = sure_of(tmp_path)
    (logs / "collected/uploads").mkdir(parents=True)
    for name, text in (("x.mapping.yaml", PLANTED), ("y.mapping.yml", "x: [")):
        (logs / "collected/uploads" / name).write_text(text)
    with zipfile.ZipFile(logs / "collected.zip", "w") as archive:
        archive.writestr("x.mapping.yaml", PLANTED)
    mappings = mappings_for([str(logs), str(logs / "audit.jsonl")])
    assert mappings == ()
    found = {each.input.path.removeprefix(str(logs)): each.input for each in plan([str(logs)], mappings=mappings)}
    assert found["/audit.jsonl"].source == "m365_unified_audit"
    for name in (
        "/collected/uploads/x.mapping.yaml",
        "/collected/uploads/y.mapping.yml",
        "/collected.zip!x.mapping.yaml",
    ):
        assert found[name].state is InputState.UNRECOGNISED
        assert found[name].reason.startswith("a mapping that is not in force: put it in the estate folder")


def test_a_faulty_mapping_beside_what_was_given_ends_the_run(tmp_path: Path) -> None:
    logs = sure_of(tmp_path)
    (logs / "y.mapping.yml").write_text("mapping: 1\nx: [")
    for given_path in (logs, logs / "audit.jsonl"):
        with pytest.raises(ConfigError, match=r"y\.mapping\.yml:\d+: not YAML") as fault:
            mappings_for([str(given_path)])
        assert fault.value.hint
    with pytest.raises(ConfigError, match="not YAML"):
        mappings_in(logs)


def test_only_the_estates_mapping_comes_before_a_source_that_is_sure(tmp_path: Path) -> None:
    logs = sure_of(tmp_path)
    (logs / "x.mapping.yaml").write_text(PLANTED)
    log, mapping = plan([str(logs)], mappings=mappings_for([str(logs)]))
    assert log.input.source == "m365_unified_audit"
    assert mapping.input.state is InputState.IGNORED
    assert "only the estate's mappings come before it" in mapping.input.reason
    vouched = joined((*mappings_for([str(logs)]), *mappings_in(logs)))
    log, mapping = plan([str(logs)], mappings=vouched)
    assert (log.input.source, mapping.input.state) == ("declared:planted", InputState.READ)
    (task,) = log.tasks
    reader, own = source_of(task.chunk.input.source, task.chunk.preamble)
    (record,) = reader.records((logs / "audit.jsonl").read_bytes(), own, task.chunk.skip)
    assert isinstance(record, Record)
    assert "displaces_m365_unified_audit" in reader.map(record).warnings
    assert unpacked(task.chunk.preamble)[0] == vouched[0].mapping


def test_two_planted_mappings_do_not_make_a_log_unread_by_disputing_it(tmp_path: Path) -> None:
    logs = sure_of(tmp_path)
    (logs / "x.mapping.yaml").write_text(PLANTED)
    (logs / "y.mapping.yaml").write_text(PLANTED.replace("name: planted", "name: other"))
    log, *_ = plan([str(logs)], mappings=mappings_for([str(logs)]))
    assert (log.input.source, log.input.state) == ("m365_unified_audit", InputState.READ)


def test_a_copy_of_a_mapping_in_force_is_no_lack(tmp_path: Path) -> None:
    logs = sure_of(tmp_path)
    (logs / "deep").mkdir()
    for place in (tmp_path, logs / "deep"):
        (place / "x.mapping.yaml").write_text(PLANTED)
    _, copy, _ = plan([str(logs)], mappings=mappings_in(tmp_path))
    assert (copy.input.state, copy.input.reason) == (InputState.IGNORED, "a copy of a mapping that is in force")


@pytest.mark.parametrize("columns", ["when;note", HEADER])
def test_a_large_file_is_cut_where_rows_begin_and_nowhere_in_a_quoted_cell(tmp_path: Path, columns: str) -> None:
    text = MAPPING.replace("operation: what\n", "").replace("attributes: {actor.user.name: who}\n", "")
    text = "".join(line for line in text.splitlines(True) if not line.startswith(("holdings", "operations")))
    (tmp_path / "dms.mapping.yaml").write_text(text)
    lines = "".join(f"x;{number}\nx;y;z;u;v\n" for number in range(9000))  # each could pass for a row of its own
    middle = ";a;b;c" if columns == HEADER else ""
    one = f'2026-03-12T08:00:00Z{middle};"{lines}"\n' + f"2026-03-12T08:00:00Z{middle};\n" * 900
    count = 2 * CHUNK_BYTES // len(one) + 2
    (tmp_path / "dms.csv").write_text(columns + "\n" + one * count)
    log, _ = plan([str(tmp_path)], mappings=mappings_for([str(tmp_path)]))
    tasks = list(log.tasks)
    data = (tmp_path / "dms.csv").read_bytes()
    assert len(tasks) > 1
    records: list[Record | Unreadable] = []
    for task in tasks:
        reader, own = source_of(task.chunk.input.source, task.chunk.preamble)
        records += reader.records(data[task.chunk.offset :][: task.chunk.length], own, task.chunk.skip)
    notes = [record.fields["note"] for record in records if isinstance(record, Record)]
    assert len(records) == len(notes) == count * 901
    assert notes.count(lines) == count


@settings(deadline=None)
@given(st.data())
def test_a_damaged_mapping_is_told_and_nothing_else_is_raised(data: st.DataObject) -> None:
    text = bytearray(MAPPING.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=6) | st.just(b": {"))
    with contextlib.suppress(ConfigError):
        parse_mapping("dms.mapping.yaml", bytes(text))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("shift", range(4))
def test_a_character_at_the_end_of_the_head_breaks_nothing(encoding: str, shift: int) -> None:
    row = "2026-03-12T08:00:00Z;ada;open;D-1;" + "x" * shift + "\U0001f512" * 9000
    data = rows(row, row, row).decode().encode(encoding)
    log = source()
    head = Head(data[:HEAD_BYTES], len(data), "dms.csv")
    assert log.missing(head) == ""
    found = list(log.records(data, data[: log.preamble(head)], log.preamble(head)))
    assert [type(one) for one in found] == [Record] * 3


def test_one_id_with_another_content_is_another_event() -> None:
    log = source(MAPPING.replace("operation: what", "id: doc\noperation: what"))
    row, other = "2026-03-12T08:00:00Z;ada;open;D-1;x", "2026-03-12T08:00:00Z;bela;open;D-1;x"
    genuine, copy, forged = (log.map(one) for one in read(rows(row, row, other), log) if isinstance(one, Record))
    assert genuine.key == copy.key != forged.key
    assert genuine.claimed == forged.claimed is not None
