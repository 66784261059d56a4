"""The audit log against another parser's records, field for field, and its events, fact for fact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tocsin.collect.source import Coalescing, Event
from tocsin.collect.sources.auditd import SOURCE
from tocsin.collect.sources.auditd.line import AuditLine
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable

FOLDER = "parser_conformance/auditd_go_libaudit"
_UNSET = ("4294967295", "-1")
_RESULT = {"yes": "success", "1": "success", "success": "success"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """Values compared of single records and of coalesced events, and those that differ, each as (where, name)."""

    records: int
    events: int
    differing: tuple[tuple[str, str], ...]


def measure(data: Path) -> AuditFigures:
    """Compare every golden file. ValueError where one has more or fewer records than we read."""
    differing: list[tuple[str, str]] = []
    records = 0
    for golden in sorted((data / FOLDER).glob("auparse__*.golden")):
        found = items(golden.with_suffix("").read_bytes())
        for item, record in zip(found, json.loads(golden.read_text("utf-8")), strict=True):
            compared = list(_of_record(item, record))
            records += len(compared)
            differing += [(golden.name, name) for name, expected, ours in compared if expected != ours]
    events = 0
    for golden in sorted((data / FOLDER).glob("aucoalesce__*.golden")):
        given = golden.with_name(golden.name.replace(".json.golden", ".yaml"))
        texts = yaml.safe_load(given.read_text("utf-8"))["tests"]
        for case in json.loads(golden.read_text("utf-8")):
            (event,) = coalesced(texts[case["test_name"]].encode())
            ours = _ours(event)
            wanted = list(_expected(case["event"]))
            events += len(wanted)
            differing += [(case["test_name"], name) for name, value in wanted if ours.get(name) != value]
    return AuditFigures(records=records, events=events, differing=tuple(differing))


def _of_record(item: Record | Unreadable, record: Mapping[str, Any] | None) -> Iterator[tuple[str, object, object]]:
    """(name, expected, ours); of a record without an event id nothing is expected but that it is refused."""
    if record is None or isinstance(item, Unreadable):
        yield "event id", record is None, isinstance(item, Unreadable) and item.reason == "no_event_id"
        return
    line = line_of(item)
    yield "type", record["record_type"], line.type.lower()
    yield "time", parse_time(record["@timestamp"]), line.time
    yield "sequence", record["sequence"], line.serial
    ours, expected = as_golden(item.fields), record["data"] or {}
    for name in sorted(ours.keys() | expected.keys()):
        yield name, expected.get(name), ours.get(name)


def items(data: bytes) -> list[Any]:
    return list(SOURCE.records(data, b"", 0))


def coalesced(data: bytes) -> list[Event]:
    if not isinstance(SOURCE, Coalescing):
        raise TypeError("the source of the audit log makes no events of several records")
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
