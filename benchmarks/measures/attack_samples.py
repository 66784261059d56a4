"""Windows event logs of known attacks: that every record is read, and how much the rules notice."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.noticed import Noticed, by_input, names_technique
from benchmarks.measures.product import ask
from benchmarks.page import share
from tocsin.correlate.techniques import crosswalk

FOLDER = "evtx_attack_samples"
RULES = "sigma/rules/sigma_rules_8eaafff1.zip"
_TACTICS = (
    "privilege-escalation",
    "lateral-movement",
    "credential-access",
    "defense-evasion",
    "execution",
    "persistence",
    "discovery",
    "command-and-control",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFigures:
    """What was measured.

    files, files_exact     files of the truth, and those whose record count is exactly theirs
    records                (of the truth, read, stored)
    alerted                files with a finding of level medium or above, with our own rules and SigmaHQ's
    alerted_by_own         the same with our own rules alone
    labelled, technique    files that carry a technique id, and those with a finding of level medium or above of it, its
                           parent or its child
    missed                 why the other labelled files were missed, with their number
    tactical, tactic       files in a folder of a tactic that carry no technique, and those with such a finding of it
    rules                  (loaded, operable, blind, failed)
    """

    files: int
    files_exact: int
    records: tuple[int, int, int]
    alerted: int
    alerted_by_own: int
    labelled: int
    technique: int
    missed: Mapping[str, int]
    tactical: int
    tactic: int
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
    found, found_by_own = by_input(answer["findings"]), by_input(own["findings"])
    nothing = Noticed()
    labelled = [(found.get(path, nothing), entry["techniques"]) for path, entry in places if entry["techniques"]]
    named = [names_technique(noticed.alerted, techniques) for noticed, techniques in labelled]
    tactical = [
        (found.get(path, nothing).tactics, tactic)
        for path, entry in places
        if not entry["techniques"] and (tactic := entry["tactic_dir"].lower().replace(" ", "-")) in _TACTICS
    ]
    ids = crosswalk()
    rules = answer["accounting"]["rules"]
    return SampleFigures(
        files=len(truth),
        files_exact=sum(inputs[path]["records_read"] == entry["records"] for path, entry in places),
        records=(
            sum(entry["records"] for entry in truth),
            sum(entry["records_read"] for entry in inputs.values()),
            sum(entry["stored"] for entry in inputs.values()),
        ),
        alerted=sum(found.get(path, nothing).is_alerted for path, _ in places),
        alerted_by_own=sum(found_by_own.get(path, nothing).is_alerted for path, _ in places),
        labelled=len(labelled),
        technique=sum(named),
        missed=Counter(
            noticed.why_missed(techniques)
            for (noticed, techniques), is_named in zip(labelled, named, strict=True)
            if not is_named
        ),
        tactical=len(tactical),
        tactic=sum(any(ids.is_same_tactic(one, wanted) for one in its) for its, wanted in tactical),
        rules=(rules["loaded"], rules["operable"], len(rules["blind"]), len(rules["failed"])),
        seconds=answer["run"]["seconds"],
    )


def _member(folder: Path, entry: Mapping[str, Any]) -> str:
    with zipfile.ZipFile(folder / entry["archive"]) as archive:
        names = [name for name in archive.namelist() if name == entry["file"] or name.endswith(f"/{entry['file']}")]
    return names[0]


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, scratch)
    truth, read, stored = figures.records
    loaded, operable, blind, failed = figures.rules
    return f"""## Windows event logs of known attacks: `{FOLDER}`

- Files whose record count is exactly that of the ground truth: **{figures.files_exact} of {figures.files}**
- Records: {truth:,} by the ground truth, {read:,} read, {stored:,} stored
- Files with a finding of level medium or above, with SigmaHQ's rules and ours: **{figures.alerted} of {figures.files}**
  ({share(figures.alerted, figures.files)}); with our own rules alone {figures.alerted_by_own}
- Files labelled with a technique for which a finding names it or its parent: {figures.technique} of {figures.labelled}
  ({share(figures.technique, figures.labelled)}), ids compared over the releases of ATT&CK. The others:
  {"; ".join(f"{count} {reason}" for reason, count in sorted(figures.missed.items()))}.
- Files in a folder of a tactic, without a technique, for which a finding names it: {figures.tactic} of {figures.tactical}
- Rules: {loaded:,} loaded, {operable:,} operable, {blind:,} blind, {failed} failed, each with its reason"""
