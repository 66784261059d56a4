"""The exercise against its own truth: what of the intrusion is confirmed, and what is confirmed that was not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.product import ask, ruling_out
from tocsin.exercise import run as play


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseFigures:
    """What was measured, on one seed.

    touched             holdings the intruder touched, by the truth
    confirmed, right    holdings confirmed without being asked, and those that are true
    false_ruled_out     holdings ruled out that the intruder touched, or whose container is ruled out: must be 0
    records, noticed    records of the intruder, and those a finding rests on
    incidents, mixed    incidents of level high and above, and those that hold no record of the intruder
    """

    seed: int
    touched: int
    confirmed: int
    right: int
    false_ruled_out: int
    records: int
    noticed: int
    incidents: int
    mixed: int


@ruling_out()
def measure(scratch: Path, seed: int, name: str = "quiet-reader") -> ExerciseFigures:
    """Play the case, investigate it with its estate, and hold the answer against the truth."""
    place = scratch / f"{name}-{seed}"
    folder = play(name, place, seed)
    truth = json.loads((folder / "truth.json").read_bytes())
    answer, _ = ask(
        scratch, "investigate", folder / "logs", "--estate", folder / "estate", "--workspace", place / "workspace"
    )  # fmt: skip
    touched = {(each["container"].rstrip("/"), each["holding"]) for each in truth["holdings"]}
    of_intruder = {(each["file"], each["entry"]) for each in truth["records"] if each.get("file")}
    confirmed = {
        (row["container"].rstrip("/"), row["holding"])
        for row in answer["exposure"]
        if row["verdict"] == "confirmed" and row["actor_class"] != "provider_service"
    }
    ruled_out = {row["holding"].lower() for row in answer["exposure"] if row["verdict"] == "ruled_out"}
    noticed = {_place(each, folder) for finding in answer["findings"] for each in finding["records"]}
    findings = {finding["id"]: finding for finding in answer["findings"]}
    grave = [incident for incident in answer["incidents"] if incident["level"] in ("high", "critical")]
    return ExerciseFigures(
        seed=seed,
        touched=len(touched),
        confirmed=len(confirmed),
        right=len(confirmed & touched),
        false_ruled_out=sum(
            holding.lower() in ruled_out or container.lower() in ruled_out for container, holding in touched
        ),
        records=len(of_intruder),
        noticed=len(of_intruder & noticed),
        incidents=len(grave),
        mixed=sum(
            not any(
                _place(each, folder) in of_intruder for one in incident["findings"] for each in findings[one]["records"]
            )
            for incident in grave
        ),
    )


def _place(record: Any, folder: Path) -> tuple[str, int]:
    return record["input"].removeprefix(f"{folder}/"), record["entry"]
