"""The exercises against their own truth: what of the intrusion is confirmed, and what is confirmed that was not."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.product import ask
from tocsin.exercise import list_cases
from tocsin.exercise import run as play

SEEDS = (101, 102, 103, 104, 105, 106, 107, 108, 109, 110)
Holding = tuple[str, str]  # holding and actor, in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseFigures:
    """What was measured, on one case and seed. A holding is counted once for each name a log gives it.

    touched, proven     holdings the intruder touched, by the truth, and those of them the logs still show
    confirmed, right    holdings confirmed without being asked, and those that are true, with the degree the logs show
    told, told_right    the same where the question names the intruder's sessions
    vouched, ruled_out  holdings whose custodian vouches for a log that nobody cleared and that nobody in question touched,
                        and those of them that are ruled out, or told as without an access on record, where the question
                        names the intruder's accounts, from its first act on; the others are unknown
    false_ruled_out     holdings ruled out in any answer that the intruder touched: must be 0
    records, noticed    records of the intruder, and those a finding rests on
    incidents, mixed    incidents of level high and above, and those that hold no record of the intruder
    """

    case: str
    seed: int
    touched: int
    proven: int
    confirmed: int
    right: int
    told: int
    told_right: int
    vouched: int
    ruled_out: int
    false_ruled_out: int
    records: int
    noticed: int
    incidents: int
    mixed: int


def measure(scratch: Path, seed: int, name: str = "quiet-reader", identities: int | None = None) -> ExerciseFigures:
    """Play the case, investigate it with its estate, and hold the answer against the truth."""
    place = scratch / f"{name}-{seed}"
    folder, workspace = play(name, place, seed, identities=identities), place / "workspace"
    truth = json.loads((folder / "truth.json").read_bytes())
    answer, _ = ask(
        scratch, "investigate", folder / "logs", "--estate", folder / "estate", "--workspace", workspace
    )  # fmt: skip
    sessions = [word for each in truth["compromised"]["sessions"] for word in ("--session", each["id"])]
    told, _ = ask(scratch, "exposure", "--workspace", workspace, *sessions)
    named = _named(scratch, workspace, truth["compromised"]["accounts"])
    vouched = _vouched(folder, named["exposure"], is_cleared=bool(truth["cleared"]))
    shown = {_holding(each): each["proven"] for each in truth["holdings"]}
    of_intruder = {(each["file"], each["entry"]) for each in truth["records"]}
    findings = {finding["id"]: finding for finding in answer["findings"]}
    noticed = {_place(each, folder) for finding in findings.values() for each in finding["records"]}
    grave = [incident for incident in answer["incidents"] if incident["level"] in ("high", "critical")]
    confirmed, confirmed_told = _confirmed(answer["exposure"]), _confirmed(told["exposure"])
    return ExerciseFigures(
        case=name,
        seed=seed,
        touched=len(shown),
        proven=sum(degree is not None for degree in shown.values()),
        confirmed=len(confirmed),
        right=_right(confirmed, shown),
        told=len(confirmed_told),
        told_right=_right(confirmed_told, shown),
        vouched=len(vouched),
        ruled_out=sum(map(_says_none, vouched)),
        false_ruled_out=_denied([*answer["exposure"], *told["exposure"], *named["exposure"]], truth["holdings"]),
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


def _named(scratch: Path, workspace: Path, accounts: list[dict[str, str]]) -> Any:
    """The answer to the question that names the intruder's accounts, from the first act on."""
    words = [word for each in accounts for word in ("--identity", each["id"])]
    first = min(each["earliest"] for each in accounts)
    told, _ = ask(scratch, "exposure", "--workspace", workspace, *words, "--from", first)
    return told


def _vouched(folder: Path, exposure: Iterable[Mapping[str, Any]], *, is_cleared: bool) -> list[Mapping[str, Any]]:
    """Untouched holdings, or their rest, whose logs a custodian vouches for; a machine's not, where one was cleared."""
    with (folder / "estate" / "attestations.csv").open(encoding="utf-8", newline="") as lines:
        patterns = {
            row["pattern"].lower()
            for row in csv.DictReader(lines)
            if not (is_cleared and row["source"] == "windows_evtx")
        }
    return [
        row
        for row in exposure
        if row["holding"].lower() in patterns and row["verdict"] != "confirmed" and not row["label"]
    ]


def section(_data: Path, scratch: Path) -> str:
    """What the page says of it, one row a case and seed."""
    rows = []
    for case in list_cases():
        if len(case.players) > 1:  # measured by `players`
            continue
        for seed in SEEDS:
            found = measure(scratch, seed, case.name)
            rows.append(
                f"| {case.name} | {seed} | {found.touched} | {found.proven} | {found.confirmed} | {found.right} "
                f"| {found.told} | {found.told_right} | {found.ruled_out} of {found.vouched} | {found.false_ruled_out} | {found.noticed} of {found.records} "
                f"| {found.incidents} | {found.mixed} |"
            )
    return f"""## The exercises, on seeds not used in writing them

Simulated institutions of 400 identities: they show that the stages agree with each other, and replace no real data.
A holding is counted once for each name a log gives it. "Shown" are those the logs still show; the rest was cleared away.
"Told" is the answer to the question that names the intruder's sessions. "None recorded" (or ruled out) is
counted where the question names the intruder's accounts, from their first act on, of holdings whose mailboxes or folders
a custodian vouches for, in logs nobody cleared. Right is a confirmed holding with the degree the logs show.

| case | seed | touched | shown | confirmed | right | told: confirmed | right | none recorded, of those untouched and vouched for | wrongly | intruder's records in a finding | incidents, high and above | of them false |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}"""


def _holding(row: Mapping[str, Any]) -> Holding:
    return row["holding"].lower(), row["actor"].lower()


def _confirmed(exposure: Iterable[Mapping[str, Any]]) -> dict[Holding, str]:
    return {
        _holding(row): row["degree"]
        for row in exposure
        if row["verdict"] == "confirmed" and row["actor_class"] != "provider_service"
    }


def _right(confirmed: Mapping[Holding, str], shown: Mapping[Holding, str | None]) -> int:
    return sum(shown.get(holding) == degree for holding, degree in confirmed.items())


def _says_none(row: Mapping[str, Any]) -> bool:
    return bool(row["verdict"] == "ruled_out" or row["none_recorded"])


def _denied(exposure: Iterable[Mapping[str, Any]], touched: Iterable[Mapping[str, Any]]) -> int:
    """How many holdings touched are ruled out, or told as without an access on record: by name, by the name of their
    container, or by the beginning of a name."""
    denied = {row["holding"].lower() for row in exposure if _says_none(row)}
    starts = tuple(each.removesuffix("*") for each in denied if each.endswith("*"))
    return sum(
        each["holding"].lower() in denied
        or each["container"].lower().rstrip("/") in {name.rstrip("/") for name in denied}
        or bool(starts and each["holding"].lower().startswith(starts))
        for each in touched
    )


def _place(record: Any, folder: Path) -> tuple[str, int]:
    return record["input"].removeprefix(f"{folder}/"), record["entry"]
