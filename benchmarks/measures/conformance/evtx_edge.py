"""Damaged and unusual event logs: at least the records another reader finds, and what is damaged said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures.product import ask

FOLDER = "parser_conformance/evtx_edge_cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFile:
    """`theirs` and `errors` are the other reader's records and faults; `told`: something of the input is reported."""

    name: str
    theirs: int
    errors: int
    read: int
    stored: int
    rejected: int
    told: bool


def measure(data: Path, scratch: Path) -> tuple[EdgeFile, ...]:
    """Investigate the archive and hold every file against the manifest."""
    path = data / FOLDER / "files.zip"
    answer, _ = ask(scratch, "investigate", path, "--workspace", scratch / "edge")
    inputs = {each["path"].removeprefix(f"{path}!"): each for each in answer["accounting"]["inputs"]}
    found = []
    for line in (data / FOLDER / "manifest.jsonl").read_text("utf-8").splitlines():
        one = json.loads(line)
        its = next(each for name, each in inputs.items() if name.endswith(one["file"]))
        rejected = sum(row["count"] for row in its["rejected"])
        found.append(
            EdgeFile(
                name=one["file"],
                theirs=one["records_by_evtx_0_14"],
                errors=one["errors_by_evtx_0_14"],
                read=its["records_read"],
                stored=its["stored"],
                rejected=rejected,
                told=bool(rejected or its["warnings"] or its["reason"]),
            )
        )
    return tuple(found)
