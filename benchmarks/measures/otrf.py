"""Recorded techniques and campaigns of a laboratory domain: every event read, what is noticed, and how much noise there is."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measures import file_objects
from benchmarks.measures.attack_samples import RULES
from benchmarks.measures.noticed import ALERTS, Noticed, by_input, names_technique
from benchmarks.measures.product import ask
from benchmarks.page import share, table
from tocsin.correlate.techniques import crosswalk
from tocsin.detect.sigma.rules import load_rules
from tocsin.ruleset.compiled import own_rules

FOLDER = "otrf_mordor"
OBSERVABLE = Path(__file__).resolve().parents[1] / "observable_techniques.toml"
MISSED = Path(__file__).resolve().parents[1] / "missed_techniques.toml"
NO_TECHNIQUE = "T0000"
# Rules of ours that were written after the sets had been looked at.
LATE = (
    "disk_read_raw_by_script",
    "flaw_of_server_named_by_command",
    "scheduled_task_runs_hidden_command",
    "script_asks_for_password",
    "script_interpreter_listens",
    "script_serves_web_requests",
    "system_program_loads_planted_library",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A set whose technique no finding of level medium or above names: `why` as `Noticed.why_missed` has it."""

    set: str
    title: str
    labelled: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Of those who tell, alone or with those before: sets whose technique they name at any level, and at medium and above."""

    who: str
    named: int
    alerted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign.

    techniques, observable   as labelled, and those that can show in the logs given
    found                    observable techniques that a finding of level medium or above names
    together                 the most of them that one incident names
    beyond                   techniques that incident names besides: the laboratory's own activity, and misnamings
    incidents                incidents of level medium and above
    """

    name: str
    events: int
    techniques: int
    observable: tuple[str, ...]
    found: tuple[str, ...]
    together: tuple[str, ...]
    beyond: int
    incidents: int
    findings: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtrfFigures:
    """What was measured on the sets of one technique, and on the campaigns.

    files, files_exact   files of the truth, and those whose events are all read, with none beyond
    unread               (file, events, reason) of those that are not
    events               (of the truth, read, stored, rejected)
    labelled             sets whose label is a technique
    named                of these, sets for which a finding of level medium or above names it
    tellers              how many that are by who tells it
    late                 sets on which one of `LATE` fires
    per_set              by set how many incidents of level medium and above its findings are in
    findings, incidents  by level
    """

    sets: int
    labelled: int
    files: int
    files_exact: int
    unread: tuple[tuple[str, int, str], ...]
    events: tuple[int, int, int, int]
    alerted: int
    named: int
    misses: tuple[Miss, ...]
    tellers: tuple[Teller, ...]
    late: int
    per_set: tuple[int, ...]
    findings: Mapping[str, int]
    incidents: Mapping[str, int]
    campaigns: tuple[Campaign, ...]


def measure(data: Path, scratch: Path, only: Collection[str] = ()) -> OtrfFigures:
    """Investigate all sets of one technique together, and each campaign alone; `only` names the sets to take."""
    folder = data / FOLDER
    sets = [one for one in _lines(folder / "ground_truth_atomic.jsonl") if not only or one["id"] in only]
    compound = [one for one in _lines(folder / "ground_truth_compound.jsonl") if not only or one["id"] in only]
    for file in (file for one in compound for file in one["files"]):
        file["events"] -= _directives(folder / file["file"])
    answer = _investigate(data, scratch, sets, "sets")
    files = [file for one in sets for file in one["files"]]
    books = _books(answer)
    unread = [
        _unread(folder, file, answer) for file in files if books.get(f"{folder / file['file']}") != file["events"]
    ]
    noticed = _by_set(folder, sets, answer["findings"])
    campaigns, campaign_files = [], []
    for one in compound:
        its = _investigate(data, scratch, [one], one["id"])
        its_books = _books(its)
        for file in one["files"]:
            campaign_files.append(file)
            if its_books.get(f"{folder / file['file']}") != file["events"]:
                unread.append(_unread(folder, file, its))
        campaigns.append(_campaign(one, its))
    named = [one for one in sets if names_technique(noticed[one["id"]].alerted, one["techniques"])]
    return OtrfFigures(
        sets=len(sets),
        labelled=sum(NO_TECHNIQUE not in one["techniques"] for one in sets),
        files=len(files) + len(campaign_files),
        files_exact=len(files) + len(campaign_files) - len(unread),
        unread=tuple(unread),
        events=(
            sum(file["events"] for file in files),
            sum(each["records_read"] for each in answer["accounting"]["inputs"]),
            sum(each["stored"] for each in answer["accounting"]["inputs"]),
            sum(row["count"] for each in answer["accounting"]["inputs"] for row in each["rejected"]),
        ),
        alerted=sum(each.is_alerted for each in noticed.values()),
        named=len(named),
        misses=tuple(
            Miss(
                set=one["id"],
                title=one["title"],
                labelled=tuple(one["techniques"]),
                why=noticed[one["id"]].why_missed(one["techniques"]),
            )
            for one in sets
            if one not in named
        ),
        tellers=_tellers(folder, sets, answer),
        late=_late(folder, sets, answer),
        per_set=_incidents_of(folder, sets, answer),
        findings=Counter(finding["detector"]["level"] for finding in answer["findings"]),
        incidents=Counter(incident["level"] for incident in answer["incidents"]),
        campaigns=tuple(campaigns),
    )


def observable(campaign: str, techniques: Collection[str]) -> tuple[str, ...]:
    """The techniques of a campaign its logs can show, as listed beforehand. ValueError where the list is of others."""
    listed = tomllib.loads(OBSERVABLE.read_text("utf-8"))[campaign]
    if set(listed) != set(techniques):
        raise ValueError(f"{OBSERVABLE.name} lists other techniques of {campaign} than the truth")
    return tuple(technique for technique in techniques if listed[technique]["observable"])


def _investigate(data: Path, scratch: Path, sets: Sequence[Mapping[str, Any]], name: str) -> Any:
    paths = sorted({data / FOLDER / file["file"] for one in sets for file in one["files"]})
    if not paths:
        return {"accounting": {"inputs": []}, "findings": [], "incidents": []}
    answer, _ = ask(scratch, "investigate", *paths, "--workspace", scratch / name, "--rules", data / RULES)
    return answer


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _books(answer: Any) -> Counter[str]:
    """Records stored, by the file that was given."""
    count: Counter[str] = Counter()
    for each in answer["accounting"]["inputs"]:
        count[each["path"].partition("!")[0]] += each["stored"]
    return count


def _directives(path: Path) -> int:
    """Lines of Zeek's tabular logs that the truth counts among the events, and that describe the columns."""
    if not path.name.endswith("_zeek_logs.zip"):
        return 0
    return sum(line.startswith(b"#") for _, text in file_objects.members(path) for line in text.splitlines())


def _unread(folder: Path, file: Mapping[str, Any], answer: Any) -> tuple[str, int, str]:
    reasons = {
        each["reason"] or each["state"]
        for each in answer["accounting"]["inputs"]
        if each["path"].startswith(f"{folder / file['file']}!") and each["state"] != "ignored"
    }
    return file["file"], file["events"], "; ".join(sorted(reasons))


def why_missed() -> Mapping[str, str]:
    """By set what its technique was looked for in and why nothing of level medium or above names it."""
    told: Mapping[str, str] = tomllib.loads(MISSED.read_text("utf-8"))
    return told


def _owners(folder: Path, sets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {f"{folder / file['file']}": one["id"] for one in sets for file in one["files"]}


def _tellers(folder: Path, sets: Sequence[Mapping[str, Any]], answer: Any) -> tuple[Teller, ...]:
    ours = load_rules([own_rules()])
    own = {rule.info.id for rule in ours.rules} | {correlation.info.id for correlation in ours.correlations}

    def is_of_others(finding: Mapping[str, Any]) -> bool:
        return finding["detector"]["kind"] == "sigma" and finding["detector"]["id"] not in own

    told = []
    for who, findings in (
        ("SigmaHQ's rules alone", [one for one in answer["findings"] if is_of_others(one)]),
        ("rules, SigmaHQ's and ours", [one for one in answer["findings"] if one["detector"]["kind"] == "sigma"]),
        ("all that the product tells", answer["findings"]),
    ):
        noticed = _by_set(folder, sets, findings)
        told.append(
            Teller(
                who=who,
                named=sum(names_technique(noticed[one["id"]].hinted, one["techniques"]) for one in sets),
                alerted=sum(names_technique(noticed[one["id"]].alerted, one["techniques"]) for one in sets),
            )
        )
    return tuple(told)


def _late(folder: Path, sets: Sequence[Mapping[str, Any]], answer: Any) -> int:
    late = {loaded.info.id for loaded in load_rules([own_rules()]).rules if Path(loaded.info.path).stem in LATE}
    noticed = _by_set(folder, sets, [one for one in answer["findings"] if one["detector"]["id"] in late])
    return sum(bool(one.levels) for one in noticed.values())


def _incidents_of(folder: Path, sets: Sequence[Mapping[str, Any]], answer: Any) -> tuple[int, ...]:
    owner = _owners(folder, sets)
    of_finding = {
        finding["id"]: {owner[place["input"].partition("!")[0]] for place in finding["records"]}
        for finding in answer["findings"]
    }
    count = Counter(
        one
        for incident in answer["incidents"]
        if incident["level"] in ALERTS
        for one in set().union(*(of_finding[finding] for finding in incident["findings"]))
    )
    return tuple(count[one["id"]] for one in sets)


def _by_set(
    folder: Path, sets: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
) -> dict[str, Noticed]:
    owner = _owners(folder, sets)
    found = {one["id"]: Noticed() for one in sets}
    for path, noticed in by_input(findings).items():
        its = found[owner[path.partition("!")[0]]]
        its.levels |= noticed.levels
        its.alerted |= noticed.alerted
        its.hinted |= noticed.hinted
    return found


def _campaign(one: Mapping[str, Any], answer: Any) -> Campaign:
    can_show = observable(one["id"], one["techniques"])
    alerts = [finding for finding in answer["findings"] if finding["detector"]["level"] in ALERTS]
    named = {technique for finding in alerts for technique in finding["techniques"]}
    incidents = [incident["techniques"] for incident in answer["incidents"]]
    best: list[str] = max(incidents, key=lambda names: (len(_of(can_show, names)), -len(names)), default=[])
    together = _of(can_show, best)
    return Campaign(
        name=one["id"],
        events=sum(file["events"] for file in one["files"]),
        techniques=len(one["techniques"]),
        observable=can_show,
        found=_of(can_show, named),
        together=together,
        beyond=len(best) - len(_of(best, together)),
        incidents=sum(incident["level"] in ALERTS for incident in answer["incidents"]),
        findings=Counter(finding["detector"]["level"] for finding in answer["findings"]),
    )


def _of(wanted: Collection[str], named: Collection[str]) -> tuple[str, ...]:
    """Those of `wanted` that are named, ids compared over the releases of ATT&CK."""
    ids = crosswalk()
    return tuple(one for one in wanted if any(ids.is_same(one, other) for other in named))


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, scratch)
    objects = file_objects.measure(data)
    truth, read, stored, rejected = figures.events
    why = Counter(miss.why for miss in figures.misses)
    reasons = why_missed()
    return f"""## Recorded techniques and campaigns of a laboratory domain: `{FOLDER}`

- Files read to the last event, none lost and none beyond: **{figures.files_exact} of {figures.files}**, those of the campaigns
  among them (of Zeek's tables without the lines that describe the columns, which the truth counts). Of the sets of one technique {truth:,} events are there, {read:,} read, {stored:,} stored, {rejected} rejected.
- Not read: {_listed(figures.unread)}
- Who touched which file object, through which process or address and how often (`file_object_access_truth`):
  **{objects.right} of {objects.expected}** rows exact, with their counts ({objects.events:,} events); {objects.beyond} rows
  beyond the truth.
- Sets with a finding of level medium or above: {figures.alerted} of {figures.sets}. Of the {figures.labelled} sets labelled with a
  technique, those for which one names it or its parent: **{figures.named} of {figures.labelled}** ({share(figures.named, figures.labelled)}),
  ids compared over the releases of ATT&CK.
- The others: {"; ".join(f"{count} {reason}" for reason, count in sorted(why.items()))}.
- Incidents of level medium and above that a set's findings are in: {np.median(figures.per_set):.0f} on the median, {max(figures.per_set)} at
  most; a set without such an incident: {sum(not count for count in figures.per_set)}.

{_told_by(figures)}

A set lasts minutes, and no model of behaviour speaks before it has learned for days: that it tells nothing here is as it should be.
{len(LATE)} of our rules were written after these sets had been looked at ({", ".join(f"`{name}`" for name in LATE)}): before
them 55 of 69 (79.7 %) were named at medium and above, 59 (85.5 %) at any level. What they add is no held-out figure. They fire on
{figures.late} of the {figures.sets} sets, in each on
what the attack did. No public Windows log of ordinary work alone is at hand to count their false alarms on.

All sets in one investigation, with SigmaHQ's rules and ours; the laboratory's own activity is in them, so that this is an
upper bound of noise, not a rate of false alarms:

{_noise(figures)}

Campaigns, each investigated alone. What its logs can show was listed beforehand, with the reason, in
`benchmarks/observable_techniques.toml`:

{_campaigns(figures)}

The sets that were missed (one is labelled T0000, which is no technique):

{table("set | labelled | what there is | why", [(miss.title, ", ".join(miss.labelled), miss.why, reasons.get(miss.set, "")) for miss in figures.misses])}"""


def _told_by(figures: OtrfFigures) -> str:
    return table(
        "told by | sets whose technique is named, at any level | at medium and above",
        [
            (one.who, _part(one.named, figures.labelled), _part(one.alerted, figures.labelled))
            for one in figures.tellers
        ],
    )


def _part(count: int, of: int) -> str:
    return f"{count} of {of} ({share(count, of)})"


def _listed(unread: Sequence[tuple[str, int, str]]) -> str:
    return "; ".join(f"`{file}` ({events} events): {reason}" for file, events, reason in unread) or "none"


def _noise(figures: OtrfFigures) -> str:
    levels = ("critical", "high", "medium", "low", "informational")
    read = figures.events[1]
    rows: list[tuple[object, ...]] = [
        (level, figures.findings[level], f"{10_000 * figures.findings[level] / read:.2f}", figures.incidents[level])
        for level in levels
    ]
    alerts = sum(figures.findings[level] for level in ALERTS)
    grave = sum(figures.incidents[level] for level in ALERTS)
    rows.append(("medium and above", alerts, f"{10_000 * alerts / read:.2f}", grave))
    return table("level | findings | per 10,000 events | incidents", rows)


def _campaigns(figures: OtrfFigures) -> str:
    rows: list[tuple[object, ...]] = []
    for one in figures.campaigns:
        missed = ", ".join(technique for technique in one.observable if technique not in one.together) or "-"
        alerts = sum(one.findings.get(level, 0) for level in ALERTS)
        shown = f"{len(one.observable)} of {one.techniques}"
        together = f"{len(one.together)} of {len(one.observable)} ({share(len(one.together), len(one.observable))})"
        rows.append((one.name, one.events, shown, len(one.found), together, missed, one.beyond, alerts, one.incidents))
    return table(
        "campaign | events | techniques its logs can show | named at medium and above | in one incident | not in it | techniques it names besides "
        "| findings, medium and above | incidents, medium and above",
        rows,
    )
