"""Windows events as JSON on public data: every event read, as from the event log, and every rule's own case."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from benchmarks.measures import file_objects
from benchmarks.measures.file_objects import members
from tests.collect.sources.windows_shapes import WRITERS, Writer

from tocsin.collect import sources
from tocsin.collect.source import Head
from tocsin.collect.sources.sysmon_linux import SOURCE as SYSMON_LINUX
from tocsin.collect.sources.windows_evtx import SOURCE as EVTX
from tocsin.collect.sources.windows_json import SOURCE
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.record import Record

pytestmark = pytest.mark.real

CASES = "sigma/regression/cases.zip"
MORDOR = "otrf_mordor"


def _records(data: bytes) -> list[Record]:
    start = SOURCE.preamble(Head(data[:65_536], len(data), ""))
    found = list(SOURCE.records(data, data[:start], start))
    records = [item for item in found if isinstance(item, Record)]
    assert len(records) == len(found)
    return records


def _evtx(data: bytes) -> list[Record]:
    return [item for item in EVTX.records(data, data[:4096], 4096) if isinstance(item, Record)]


@pytest.fixture(scope="module")
def matcher(real_data: Path) -> Matcher:
    (archive,) = (real_data / "sigma" / "rules").glob("*.zip")
    path = Path(sources.__path__[0]) / SOURCE.name / "logsources.toml"
    maps: list[LogSourceMap] = [read_logsource_map(SOURCE.name, SOURCE.log_fields, path.read_text(encoding="utf-8"))]
    return Matcher(compile_rules(load_rules([archive]), maps), SOURCE.name)


def test_every_case_fires_its_rule_as_from_the_event_log(real_data: Path, matcher: Matcher) -> None:
    lines = (real_data / "sigma/regression/expected.jsonl").read_text(encoding="utf-8").splitlines()
    cases: list[dict[str, Any]] = [json.loads(line) for line in lines]
    missed, differing, seen = [], [], 0
    with zipfile.ZipFile(real_data / CASES) as archive:
        names = set(archive.namelist())
        for case in cases:
            for file in (one["file"] for one in case["files"] if one["file"].endswith(".json")):
                data = archive.read(file)
                assert SOURCE.recognises(Head(data[:65_536], len(data), "")) == 1.0
                found = {match.rule for match in matcher.match(_records(data))}
                seen += 1
                if not set(case["expected_rule_ids"]) <= found:
                    missed.append(file)
                beside = f"{file[:-5]}.evtx"
                if beside in names and found != {match.rule for match in matcher.match(_evtx(archive.read(beside)))}:
                    differing.append(file)
    assert (seen, missed, differing) == (120, [], [])


def test_the_copy_of_a_case_is_the_same_event(real_data: Path) -> None:
    """Beside each case's log stands its event as JSON: columns, key, accesses and marks are those of the log."""
    equal = 0
    with zipfile.ZipFile(real_data / CASES) as archive:
        names = set(archive.namelist())
        for name in sorted(names):
            if not name.endswith(".json") or f"{name[:-5]}.evtx" not in names:
                continue
            logged = {mapped.key: mapped for mapped in map(EVTX.map, _evtx(archive.read(f"{name[:-5]}.evtx")))}
            for copy in map(SOURCE.map, _records(archive.read(name))):
                assert logged[copy.key]._replace(event={}) == copy._replace(event={}), name
                assert _bare(logged[copy.key].event) == _bare(copy.event), name
                equal += 1
    assert equal == 143


def _bare(event: Mapping[str, Any]) -> dict[str, Any]:
    """The columns without space at their ends, which one of the copies lacks."""
    return {name: value.strip() if isinstance(value, str) else value for name, value in event.items()}


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_every_shape_of_the_attack_samples_is_the_same_event(real_data: Path, write: Writer) -> None:
    """Real events written in each shape: key, accesses and marks are those of the log, and so is the time's second."""
    compared = 0
    for path in sorted((real_data / "evtx_attack_samples").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist())[::7]:
                for record in _evtx(archive.read(name))[::5] if name.endswith(".evtx") else ():
                    if not _is_plain(record):
                        continue
                    (copy,) = _records(json.dumps(write(record.native)).encode())
                    expected, found = EVTX.map(record), SOURCE.map(copy)
                    assert found.key == expected.key
                    assert len(found.accesses) == len(expected.accesses)
                    assert [mark["kind"] for mark in found.marks] == [mark["kind"] for mark in expected.marks]
                    for column in ("device.hostname", "metadata.log_name", "metadata.sequence", "class_uid"):
                        assert found.event[column] == expected.event[column], (name, column)
                    compared += 1
    assert compared > 300


def _is_plain(record: Record) -> bool:
    """Whether the event has what the writers of shapes need: named data of plain values, keywords, a provider."""
    data = record.native.get("EventData")
    return (
        isinstance(data, dict)
        and bool(data)
        and not any(isinstance(value, (dict, list)) or value is None for value in data.values())
        and not any(name in data for name in ("Channel", "Computer", "Keywords", "AccountType", "ProviderName"))
        and isinstance(record.native["System"].get("EventID"), int)
        and record.native["System"].get("Execution") is not None
        and not {"Version", "Task", "Opcode", "Level"} & {k for k, v in record.native["System"].items() if v is None}
    )


def test_every_event_of_every_dataset_by_channel_and_id(real_data: Path) -> None:
    read, odd = 0, []
    for table in ("ground_truth_atomic.jsonl", "ground_truth_compound.jsonl"):
        for line in (real_data / MORDOR / table).read_text(encoding="utf-8").splitlines():
            for file in json.loads(line)["files"]:
                expected = {name for name in file["event_ids"] if not name.endswith("/None")}
                if not expected:
                    continue
                counts: Counter[str] = Counter()
                for name, data in members(real_data / MORDOR / file["file"]):
                    if name.rpartition("/")[2] not in {one.rpartition("/")[2] for one in file["members"]}:
                        continue
                    assert SOURCE.recognises(Head(data[:65_536], len(data), name)) == 1.0
                    records = _records(data)
                    counts.update(f"{record.log[0]}/{record.log[1]}" for record in records)
                    odd += [name for record in records[::50] if SOURCE.map(record).event["time"] is None]
                assert counts.total() == file["events"], file["file"]
                assert {name: counts[name] for name in expected} == {name: file["event_ids"][name] for name in expected}
                read += counts.total()
    assert (read, odd) == (506_812, [])


def test_who_touched_which_file_object_is_exact(real_data: Path) -> None:
    figures = file_objects.measure(real_data)
    assert figures.right == figures.expected > 0
    assert figures.beyond == 0


def test_sysmon_for_linux_inside_a_syslog_table(real_data: Path) -> None:
    (path,) = (real_data / MORDOR / "compound" / "Log4Shell").glob("syslog_sysmon*")
    ((_, data),) = members(path)
    assert SYSMON_LINUX.recognises(Head(data[:65_536], len(data), "")) == 1.0
    found = list(SYSMON_LINUX.records(data, b"", 0))
    records = [item for item in found if isinstance(item, Record)]
    assert len(records) == len(found) == 93
    assert Counter(record.log[1] for record in records) == {"5": 50, "1": 31, "3": 6, "11": 4, "23": 2}
    numbers = sorted(record.fields["EventRecordID"] for record in records)
    assert numbers == list(range(numbers[0], numbers[0] + 93)), "those that syslog broke keep their number"
    assert all(SYSMON_LINUX.map(record).key for record in records)
