"""One run of a case as any reader of the formats sees it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

from tocsin.exercise import run

SEED = 7
IDENTITIES = 60

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """`records`: path below the folder to its records, in order; EVTX records as their Event object."""

    folder: Path
    truth: dict[str, Any]
    records: dict[str, list[dict[str, Any]]]

    def at(self, place: Mapping[str, Any]) -> dict[str, Any]:
        """The record a place of the truth names."""
        record: dict[str, Any] = self.records[place["file"]][place["entry"]]
        return record

    def under(self, start: str) -> Iterator[dict[str, Any]]:
        """The records of every file whose path begins so."""
        for name, records in self.records.items():
            if name.startswith(start):
                yield from records

    def estate(self, name: str) -> list[Row]:
        """The rows of a file of the estate."""
        with (self.folder / "estate" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def play(name: str, place: Path, days: int | None = None, identities: int = IDENTITIES) -> Played:
    """Play a case in a small institution and read everything it wrote."""
    folder = run(name, place, SEED, days, identities)
    logs = sorted(path for path in (folder / "logs").rglob("*") if path.is_file() and path.name != "acquisition.yaml")
    return Played(
        folder=folder,
        truth=json.loads((folder / "truth.json").read_bytes()),
        records={path.relative_to(folder).as_posix(): read_log(path) for path in logs},
    )


def event(record: Mapping[str, Any]) -> tuple[str, int]:
    """Channel and event id of an EVTX record."""
    return record["System"]["Channel"], int(record["System"]["EventID"])


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of one log file."""
    if path.suffix == ".evtx":
        found = PyEvtxParser(str(path)).records_json()
        return [json.loads(record["data"])["Event"] for record in found if record is not None]
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [json.loads(row["AuditData"]) for row in csv.DictReader(file)]
    if path.suffix == ".log":
        return _read_text(path.read_text(encoding="utf-8"))
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]


def _read_text(text: str) -> list[dict[str, Any]]:
    """W3C lines by their fields, DHCP rows by their columns, firewall lines by their keys."""
    lines = text.splitlines()
    if text.startswith("#Software"):
        names = next(line for line in lines if line.startswith("#Fields:")).split()[1:]
        return [dict(zip(names, line.split(" "), strict=True)) for line in lines if not line.startswith("#")]
    if "DHCP Service Activity Log" in lines[0]:
        start = next(number for number, line in enumerate(lines) if line.startswith("ID,"))
        return list(csv.DictReader(lines[start:]))
    words = ([word.partition("=") for word in line.split(" ") if "=" in word] for line in lines)
    return [{name: value.strip('"') for name, _, value in line} for line in words]
