"""Cloud audit logs: detonated techniques, events labelled by a peer's detection team, and samples of ordinary activity."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.attack_samples import RULES
from benchmarks.measures.noticed import ALERTS, Noticed, by_input
from benchmarks.measures.product import ask
from benchmarks.page import share, table
from tocsin.correlate.techniques import crosswalk

DETONATIONS = "cloudtrail/stratus_detonations.zip"
TRUTH = "cloudtrail/stratus_ground_truth.jsonl"
LABELLED = "cloud_saas_labelled_events/events.jsonl.gz"
ORDINARY = "benign_and_mixed_samples/msticpy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detonation:
    """One technique: `state` is `alert` with a finding of medium or above, else `finding` below it, else `nothing`."""

    name: str
    tactics: tuple[str, ...]
    read: int
    records: int
    state: str
    tactic_named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """The labelled events of one product.

    read                  of `events`, records read by a source of the product
    alerting, alerted     events that should alert, and those with a finding of medium or above
    near, false           near misses, and those with such a finding
    noticed               events that should alert with a finding of any level
    """

    name: str
    events: int
    read: int
    alerting: int
    alerted: int
    noticed: int
    near: int
    false: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinary:
    """One sample of activity without labels; `alerts` are findings of medium and above."""

    name: str
    state: str
    reason: str
    read: int
    stored: int
    rejected: int
    alerts: int
    findings: int


def detonations(data: Path, scratch: Path) -> tuple[Detonation, ...]:
    """Investigate every detonation, with SigmaHQ's rules and ours."""
    path = data / DETONATIONS
    answer, _ = ask(scratch, "investigate", path, "--workspace", scratch / "stratus", "--rules", data / RULES)
    read = {each["path"]: each["records_read"] for each in answer["accounting"]["inputs"]}
    noticed = by_input(answer["findings"])
    ids = crosswalk()
    found = []
    for one in _lines((data / TRUTH).read_text("utf-8")):
        place = f"{path}!{one['file']}"
        its = noticed.get(place, Noticed())
        tactics = tuple(tactic.lower().replace(" ", "-") for tactic in one["attack_tactics"])
        found.append(
            Detonation(
                name=one["stratus_id"],
                tactics=tactics,
                read=read[place],
                records=one["records"],
                state="alert" if its.is_alerted else "finding" if its.levels else "nothing",
                tactic_named=any(ids.is_same_tactic(a, b) for a in its.tactics for b in tactics),
            )
        )
    return tuple(found)


def labelled(data: Path, scratch: Path) -> tuple[Type, ...]:
    """Investigate the events of every product as a file of its own, with SigmaHQ's rules and ours."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for case in _lines(gzip.decompress((data / LABELLED).read_bytes()).decode()):
        cases.setdefault(case["log_type"], []).append(case)
    folder = scratch / "labelled"
    folder.mkdir()
    for name, its in cases.items():
        text = "".join(json.dumps(case["event"]) + "\n" for case in its)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    answer, _ = ask(scratch, "investigate", folder, "--workspace", scratch / "events", "--rules", data / RULES)
    read = {each["path"]: each["stored"] for each in answer["accounting"]["inputs"]}
    levels: dict[tuple[str, int], set[str]] = {}
    for finding in answer["findings"]:
        for place in finding["records"]:
            levels.setdefault((place["input"], place["entry"]), set()).add(finding["detector"]["level"])
    return tuple(
        _type(name, cases[name], read.get(f"{folder / name}.jsonl", 0), f"{folder / name}.jsonl", levels)
        for name in sorted(cases, key=lambda name: (-len(cases[name]), name))
    )


def _type(
    name: str, cases: list[dict[str, Any]], read: int, path: str, levels: Mapping[tuple[str, int], set[str]]
) -> Type:
    # An event that is there twice, byte for byte, is one event to the product: what is said of it holds for its copies.
    said: dict[str, set[str]] = {}
    for entry, case in enumerate(cases):
        said.setdefault(json.dumps(case["event"]), set()).update(levels.get((path, entry), set()))
    seen = [(case["should_alert"], said[json.dumps(case["event"])]) for case in cases]
    return Type(
        name=name,
        events=len(cases),
        read=read,
        alerting=sum(should for should, _ in seen),
        alerted=sum(should and not its.isdisjoint(ALERTS) for should, its in seen),
        noticed=sum(should and bool(its) for should, its in seen),
        near=sum(not should for should, _ in seen),
        false=sum(not should and not its.isdisjoint(ALERTS) for should, its in seen),
    )


def ordinary(data: Path, scratch: Path) -> tuple[Ordinary, ...]:
    """Investigate each sample alone, with SigmaHQ's rules and ours."""
    found = []
    for path in sorted((data / ORDINARY).glob("*.gz")):
        answer, _ = ask(scratch, "investigate", path, "--workspace", scratch / path.name, "--rules", data / RULES)
        inputs = answer["accounting"]["inputs"]
        levels = [finding["detector"]["level"] for finding in answer["findings"]]
        found.append(
            Ordinary(
                name=path.name,
                state=inputs[-1]["state"],
                reason=inputs[-1]["reason"],
                read=sum(each["records_read"] for each in inputs),
                stored=sum(each["stored"] for each in inputs),
                rejected=sum(row["count"] for each in inputs for row in each["rejected"]),
                alerts=sum(level in ALERTS for level in levels),
                findings=len(levels),
            )
        )
    return tuple(found)


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        yield json.loads(line)


def section(data: Path, scratch: Path) -> str:
    """What the page says of them."""
    exploded, types, samples = detonations(data, scratch), labelled(data, scratch), ordinary(data, scratch)
    states = Counter(one.state for one in exploded)
    covered = [one for one in types if one.read]
    uncovered = ", ".join(f"{one.name} ({one.events})" for one in types if not one.read)
    alerting, alerted = sum(one.alerting for one in covered), sum(one.alerted for one in covered)
    near, false = sum(one.near for one in covered), sum(one.false for one in covered)
    events, read = sum(one.events for one in covered), sum(one.read for one in covered)
    missed = [
        (one.name, ", ".join(one.tactics), one.state, "yes" if one.tactic_named else "no")
        for one in exploded
        if one.state != "alert" or not one.tactic_named
    ]
    return f"""## Cloud audit logs

With SigmaHQ's rules and ours.

### Detonated techniques: `cloudtrail`

- Read to the last record: **{sum(one.read == one.records for one in exploded)} of {len(exploded)}** detonations,
  {sum(one.read for one in exploded):,} records
- Detonations with a finding of level medium or above: **{states["alert"]} of {len(exploded)}**
  ({share(states["alert"], len(exploded))}); with a finding below it alone {states["finding"]}, with none {states["nothing"]}
- Detonations for which such a finding names the tactic: {sum(one.tactic_named for one in exploded)} of {len(exploded)}

Those without an alert, or without their tactic:

{table("detonation | tactic | what there is | tactic named", list(missed))}

### Events with labels: `cloud_saas_labelled_events`

- Of the products that are read: {read:,} of {events:,} events read ({share(read, events)})
- Events that should alert and have a finding of level medium or above: **{alerted} of {alerting}** ({share(alerted, alerting)})
- Near misses with one: **{false} of {near}** ({share(false, near)})
- Products that no source reads, with their events: {uncovered}. S3 access and DNS are there in the other team's own form,
  not in that of the logs.

{table("product | events | read | should alert | alerted | a finding of any level | near misses | alerted falsely", _types(covered))}

The labels are of another team's rules. Many call for a threshold, a list of the institution's own accounts or a policy, which
a rule on one event cannot know.

### Ordinary activity: `benign_and_mixed_samples`

{table("sample | state | read | stored | rejected | findings | medium and above | of these per 1,000 events", _samples(samples))}

The samples have no labels. The three that are not read are tables of another program's notebook."""


def _types(types: list[Type]) -> list[tuple[object, ...]]:
    return [
        (
            one.name,
            one.events,
            one.read,
            one.alerting,
            f"{one.alerted} ({share(one.alerted, one.alerting)})",
            one.noticed,
            one.near,
            f"{one.false} ({share(one.false, one.near)})",
        )
        for one in types
    ]


def _samples(samples: tuple[Ordinary, ...]) -> list[tuple[object, ...]]:
    return [
        (
            one.name,
            f"{one.state}{f': {one.reason}' if one.reason else ''}",
            one.read,
            one.stored,
            one.rejected,
            one.findings,
            one.alerts,
            f"{1000 * one.alerts / one.read:.2f}" if one.read else "-",
        )
        for one in samples
    ]
