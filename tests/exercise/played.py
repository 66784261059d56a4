"""One run of the quiet reader as any reader of the formats sees it."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtx import PyEvtxParser

SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """`records`: path below the folder to its records, in order; EVTX records as their Event object."""

    folder: Path
    truth: dict[str, Any]
    records: dict[str, list[dict[str, Any]]]


def read_log(path: Path) -> list[dict[str, Any]]:
    """The records of one log file."""
    if path.suffix == ".evtx":
        found = PyEvtxParser(str(path)).records_json()
        return [json.loads(record["data"])["Event"] for record in found if record is not None]
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return [json.loads(row["AuditData"]) for row in csv.DictReader(file)]
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]
