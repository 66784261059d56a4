"""The corpora of the comparison, written out once: Windows events as JSON lines, and as one file of the event log."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import yaml

from tocsin.collect.source import HEAD_BYTES, Head, source_named
from tocsin.collect.sources.windows_evtx.framing import (
    BLOCK_BYTES,
    FILE_HEADER_BYTES,
    FILE_MAGIC,
    RECORD_SIGNATURE,
    chain,
    read_header,
)
from tocsin.model.record import Record

JSON_LOGS = "otrf_mordor"
EVTX_LOGS = "evtx_attack_samples"
RULES = "sigma/rules/sigma_rules_8eaafff1.zip"
EVTX_RECORDS = 250_000
WINDOWS_RULES = "rules/windows/"


def write_json_lines(data: Path, target: Path, *, keep_every: int = 1) -> int:
    """All Windows events in JSON of the data set, a line each as it stands there; every n-th of them. How many."""
    source = source_named("windows_json")
    events = written = 0
    with target.open("wb") as stream:
        for name, content in _members(data / JSON_LOGS):
            head = Head(content[:HEAD_BYTES], len(content), name)
            if source.recognises(head) < 0.5:
                continue
            skip = source.preamble(head)
            for record in source.records(content, content[:skip], skip):
                events += 1
                if isinstance(record, Record) and events % keep_every == 0:
                    raw = record.data
                    stream.write((orjson.dumps(orjson.loads(raw)) if b"\n" in raw else raw) + b"\n")
                    written += 1
    return written


def write_evtx(data: Path, target: Path, *, least: int = EVTX_RECORDS) -> int:
    """The blocks of all event log files under one file header, over and over until there are so many records."""
    blocks = [
        content[at : at + BLOCK_BYTES]
        for name, content in _members(data / EVTX_LOGS)
        if content.startswith(FILE_MAGIC)
        for at in range(FILE_HEADER_BYTES, len(content), BLOCK_BYTES)
        if _records_of(content[at : at + BLOCK_BYTES])
    ]
    header = next(content for _, content in _members(data / EVTX_LOGS) if content.startswith(FILE_MAGIC))
    records = 0
    with target.open("wb") as stream:
        stream.write(header[:FILE_HEADER_BYTES])
        while records < least:
            for block in blocks:
                stream.write(block)
                records += _records_of(block)
                if records >= least:
                    break
    return records


def write_rules(data: Path, folder: Path) -> int:
    """The Windows rules that SQL backends can say: those with a keyword bound to no field are left out. How many."""
    written = 0
    with zipfile.ZipFile(data / RULES) as archive:
        for name in sorted(archive.namelist()):
            if not name.startswith(WINDOWS_RULES) or not name.endswith(".yml"):
                continue
            content = archive.read(name)
            if _is_bound(yaml.safe_load(content)["detection"]):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                written += 1
    return written


def _is_bound(detection: Mapping[str, object]) -> bool:
    return all(_has_fields(one) for name, one in detection.items() if name not in {"condition", "timeframe"})


def _has_fields(selection: object) -> bool:
    if isinstance(selection, dict):
        return not any(name.startswith("|") for name in selection)
    return isinstance(selection, list) and all(isinstance(one, dict) and _has_fields(one) for one in selection)


def _records_of(block: bytes) -> int:
    header = read_header(block)
    if not header.is_sound or len(block) < BLOCK_BYTES or block.count(RECORD_SIGNATURE) == 0:
        return 0
    return len(chain(block, header.end))


def _members(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file in the archives of a folder, in order."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if not name.endswith("/") and "__MACOSX" not in name:
                        yield name, archive.read(name)
        elif path.name.endswith(".tar.gz"):
            with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tape:
                for member in tape:
                    found = tape.extractfile(member) if member.isfile() else None
                    if found is not None:
                        yield member.name, found.read()
