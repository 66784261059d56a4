"""The audit log against another parser's expectations, field for field, and a real machine's log read whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.collect.source import Coalescing, Event, Head
from tocsin.collect.sources.auditd import SOURCE
from tocsin.collect.sources.auditd.line import AuditLine
from tocsin.model.instant import parse_time
from tocsin.model.record import Record

pytestmark = pytest.mark.real

_UNSET = ("4294967295", "-1")
_RESULT = {"yes": "success", "1": "success", "success": "success"}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "parser_conformance" / "auditd_go_libaudit"
    if not folder.is_dir():
        pytest.skip(f"the parser conformance set is not at {folder}")
    return folder


def items(data: bytes) -> list[Any]:
    return list(SOURCE.records(data, b"", 0))


def coalesced(data: bytes) -> list[Event]:
    assert isinstance(SOURCE, Coalescing)
    return list(SOURCE.coalesce([item for item in items(data) if isinstance(item, Record)]))


def line_of(record: Record) -> AuditLine:
    line: AuditLine = record.native["audit"]
    return line


def as_golden(fields: Mapping[str, Any]) -> dict[str, str]:
    """Our fields under the names and in the spelling of the other parser: what it leaves out, splits or names."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        if value in (None, "", "?", "?,") or name in ("type", "key") or name.startswith("derived.") or name.isupper():
            continue
        if name in ("subj", "obj"):
            parts = value.split(":", 4)
            labels = ("user", "role", "domain", "level", "category")
            found |= {f"{name}_{label}": part for label, part in zip(labels, parts, strict=False)}
        elif name in ("success", "res"):
            found["result"] = _RESULT.get(value, "fail")
        elif name in ("auid", "ses", "old-auid") and value in _UNSET:
            found[name] = "unset"
        elif name == "saddr":
            found |= {"family": fields["derived.family"]}
            for ours, theirs in (("address", "addr"), ("port", "port"), ("path", "path")):
                if f"derived.{ours}" in fields:
                    found[theirs] = fields[f"derived.{ours}"]
            if found["family"] not in ("ipv4", "ipv6", "unix"):
                found["saddr"] = value
        else:
            named = {"arch": fields.get("ARCH"), "syscall": fields.get("SYSCALL"), "exit": fields.get("derived.error")}
            found[name] = named.get(name) or value
    if fields["type"] == "SECCOMP" and found.get("sig") == "31":
        found["sig"] = "SIGSYS"
    return found


def test_every_record_has_the_expected_fields(folder: Path) -> None:
    compared = 0
    for golden in sorted(folder.glob("auparse__*.golden")):
        found = items(golden.with_suffix("").read_bytes())
        expected = json.loads(golden.read_text("utf-8"))
        assert len(found) == len(expected)
        for item, record in zip(found, expected, strict=True):
            if record is None:  # a record without an event id: nothing is expected of it
                assert item.reason == "no_event_id"
                continue
            line = line_of(item)
            assert line.type.lower() == record["record_type"]
            assert (line.time, line.serial) == (parse_time(record["@timestamp"]), record["sequence"])
            assert as_golden(item.fields) == (record["data"] or {}), line.event
            compared += 3 + len(record["data"] or {})
    assert compared == 1_111


def _expected(event: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What the other parser says of an event, but for its own categories and summaries."""
    yield "time", parse_time(event["@timestamp"])
    yield "sequence", event["sequence"]
    yield "result", {"fail": "failure", "unknown": None}.get(event["result"], event["result"])
    yield "ses", event.get("session")
    yield from event.get("user", {}).get("ids", {}).items()
    yield from ((f"subj_{name}", value) for name, value in event.get("user", {}).get("selinux", {}).items())
    process = event.get("process", {})
    for ours, theirs in (("pid", "pid"), ("ppid", "ppid"), ("comm", "name"), ("cwd", "cwd"), ("proctitle", "title")):
        if theirs in process:
            yield ours, process[theirs]
    if "exe" in process:
        yield "process.file.path", process["exe"]
    if "args" in process:
        yield "args", process["args"]
    if "file" in event:
        yield "file.path", event["file"]["path"]
    if "paths" in event:
        yield "paths", [dict(path) for path in event["paths"]]
    for name, value in event.get("data", {}).items():
        yield {"socket_addr": "addr", "socket_port": "port", "socket_family": "family"}.get(name, name), value


def _ours(event: Event) -> dict[str, object]:
    lines = [line_of(record) for record in event.seen]
    speaker = next((line for line in lines if line.type == "SYSCALL"), lines[0])
    mapped = event.mapped.event
    found: dict[str, object] = {}
    for line in (speaker, *lines):
        if line.type not in ("PATH", "EXECVE"):
            found = {**as_golden(line.fields), **found}
    execve = next((line.fields for line in lines if line.type == "EXECVE"), {})
    found |= {
        "time": mapped["time"],
        "sequence": mapped["metadata.sequence"],
        "result": mapped["status"],
        "process.file.path": mapped.get("process.file.path"),
        "file.path": mapped.get("file.path"),
        "paths": [as_golden(line.fields) for line in lines if line.type == "PATH"],
    }
    if execve:
        found["argc"] = execve["argc"]
        found["args"] = [execve[f"a{number}"] for number in range(int(execve["argc"]))]
    return found


def test_every_event_is_coalesced_to_the_expected_facts(folder: Path) -> None:
    compared = 0
    for golden in sorted(folder.glob("aucoalesce__*.golden")):
        texts = yaml.safe_load(golden.with_name(golden.name.replace(".json.golden", ".yaml")).read_text("utf-8"))[
            "tests"
        ]
        for case in json.loads(golden.read_text("utf-8")):
            (event,) = coalesced(texts[case["test_name"]].encode())
            ours = _ours(event)
            for name, value in _expected(case["event"]):
                assert ours.get(name) == value, (case["test_name"], name)
                compared += 1
    assert compared > 500


def test_a_real_machines_log_is_read_whole_and_its_numbers_have_no_gap_but_a_restart(real_data: Path) -> None:
    file = real_data / "benign_and_mixed_samples" / "msticpy" / "auditd_log.txt.gz"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    data = gzip.decompress(file.read_bytes())
    assert SOURCE.recognises(Head(data[:65_536], len(data), "")) == 1.0
    assert len(items(data)) == len([item for item in items(data) if isinstance(item, Record)]) == 1_708
    events = coalesced(data)
    assert len(events) == 938
    assert not [event for event in events if event.mapped.warnings]
    numbers = [number for event in events if (number := event.mapped.event["metadata.sequence"]) is not None]
    assert [(a, b) for a, b in pairwise(numbers) if b != a + 1] == [(582, 588)]  # the daemon was restarted
