"""Who touched which file object: shares, files on shares and audited files of Windows events, against the truth's counts."""

from __future__ import annotations

import gzip
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tocsin.collect.source import Head
from tocsin.collect.sources.windows_json import SOURCE
from tocsin.model.record import Record

FOLDER = "otrf_mordor"
_COLUMNS = {"5140": ("resource.name",), "5145": ("resource.name", "file.path"), "4663": ("file.path",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileObjectFigures:
    """Rows (dataset, event id, actor, address or process, object) of the truth, those answered with the truth's count,
    and those answered that the truth has not; `events` the sum of the truth's counts."""

    expected: int
    right: int
    beyond: int
    events: int


def measure(data: Path) -> FileObjectFigures:
    """Read every dataset the truth names, and compare row by row."""
    folder = data / FOLDER
    truth: Counter[tuple[str, ...]] = Counter()
    with gzip.open(folder / "file_object_access_truth.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            actor, place = row["actor"].lower(), row["object"].rstrip("\\")
            truth[row["dataset"], row["event_id"], actor, row["source"] or "", place] += row["count"]
    datasets = {key[0] for key in truth}
    found: Counter[tuple[str, ...]] = Counter()
    for table in ("ground_truth_atomic.jsonl", "ground_truth_compound.jsonl"):
        for line in (folder / table).read_text(encoding="utf-8").splitlines():
            dataset = json.loads(line)
            if dataset["id"] in datasets:
                for file in dataset["files"]:
                    for _, text in members(folder / file["file"]):
                        found.update(_file_objects(dataset["id"], text))
    return FileObjectFigures(
        expected=len(truth),
        right=sum(found[key] == count for key, count in truth.items()),
        beyond=len(found.keys() - truth.keys()),
        events=truth.total(),
    )


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file in a zip or tar archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    yield name, archive.read(name)
    else:
        with tarfile.open(path) as archive_file:
            for member in archive_file:
                if member.isfile() and (stream := archive_file.extractfile(member)):
                    yield member.name, stream.read()


def _file_objects(dataset: str, data: bytes) -> Iterator[tuple[str, ...]]:
    head = Head(data[:65_536], len(data), "")
    if SOURCE.recognises(head) < 0.5:
        return
    start = SOURCE.preamble(head)
    for record in SOURCE.records(data, data[:start], start):
        columns = _COLUMNS.get(record.log[1]) if isinstance(record, Record) else None
        if not isinstance(record, Record) or not columns or record.log[0].lower() != "security":
            continue
        if record.log[1] == "4663" and record.fields.get("ObjectType") != "File":
            continue
        event = SOURCE.map(record).event
        place = "\\".join(event.get(column) or "" for column in columns).rstrip("\\")
        source = event.get("process.file.path" if record.log[1] == "4663" else "src_endpoint.ip") or ""
        yield dataset, record.log[1], event.get("actor.user.name") or "", source, place
