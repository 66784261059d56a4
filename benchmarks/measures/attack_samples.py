"""Windows event logs of known attacks: that every record is read, and how much the rules notice."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.product import ask

FOLDER = "evtx_attack_samples"
RULES = "sigma/rules/sigma_rules_8eaafff1.zip"
_ALERTS = ("medium", "high", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFigures:
    """What was measured.

    files, files_exact     files of the truth, and those whose record count is exactly theirs
    records                (of the truth, read, stored)
    alerted                files with a finding of level medium or above, with our own rules and SigmaHQ's
    alerted_by_own         the same with our own rules alone
    labelled, technique    files that carry a technique id, and those with a finding of it, its parent or its child
    rules                  (loaded, operable, blind, failed)
    """

    files: int
    files_exact: int
    records: tuple[int, int, int]
    alerted: int
    alerted_by_own: int
    labelled: int
    technique: int
    rules: tuple[int, int, int, int]
    seconds: float


def measure(data: Path, scratch: Path) -> SampleFigures:
    """Investigate every archive with SigmaHQ's rules, and again with our own alone."""
    folder = data / FOLDER
    truth = [json.loads(line) for line in (folder / "ground_truth.jsonl").read_text(encoding="utf-8").splitlines()]
    archives = sorted(folder.glob("*.zip"))
    answer, _ = ask(scratch, "investigate", *archives, "--workspace", scratch / "all", "--rules", data / RULES)
    own, _ = ask(scratch, "investigate", *archives, "--workspace", scratch / "own")
    inputs = {entry["path"]: entry for entry in answer["accounting"]["inputs"]}
    places = [(f"{folder / entry['archive']}!{_member(folder, entry)}", entry) for entry in truth]
    found, found_by_own = _alerts(answer), _alerts(own)
    labelled = [(path, entry) for path, entry in places if entry["techniques"]]
    rules = answer["accounting"]["rules"]
    return SampleFigures(
        files=len(truth),
        files_exact=sum(inputs[path]["records_read"] == entry["records"] for path, entry in places),
        records=(
            sum(entry["records"] for entry in truth),
            sum(entry["records_read"] for entry in inputs.values()),
            sum(entry["stored"] for entry in inputs.values()),
        ),
        alerted=sum(path in found for path, _ in places),
        alerted_by_own=sum(path in found_by_own for path, _ in places),
        labelled=len(labelled),
        technique=sum(_names_technique(found.get(path, set()), entry["techniques"]) for path, entry in labelled),
        rules=(rules["loaded"], rules["operable"], len(rules["blind"]), len(rules["failed"])),
        seconds=answer["run"]["seconds"],
    )


def _member(folder: Path, entry: Mapping[str, Any]) -> str:
    with zipfile.ZipFile(folder / entry["archive"]) as archive:
        names = [name for name in archive.namelist() if name == entry["file"] or name.endswith(f"/{entry['file']}")]
    return names[0]


def _alerts(answer: Any) -> dict[str, set[str]]:
    """Techniques of the findings of level medium and above, by the input they rest on."""
    found: dict[str, set[str]] = {}
    for finding in answer["findings"]:
        if finding["detector"]["level"] in _ALERTS:
            for place in finding["records"]:
                found.setdefault(place["input"], set()).update(finding["techniques"])
    return found


def _names_technique(found: set[str], labelled: list[str]) -> bool:
    """A sub-technique answers for its technique and the other way round."""
    base = {technique.split(".")[0].upper() for technique in labelled}
    return any(technique.split(".")[0].upper() in base for technique in found)
