"""Every rule's own event through the whole product: what a rule says it can see, it sees."""

from __future__ import annotations

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures.product import ask
from benchmarks.synthesis.making import NOT_WRITTEN, Made, head_of, made
from tocsin.books import Places, kept_by
from tocsin.correlate import findings
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.rules import load_rules
from tocsin.ruleset.compiled import log_source_maps
from tocsin.store.workspace import open_workspace

RULES = "sigma/rules"
# Why no event fires them, looked at in the rule.
WHY = {
    "Account Created And Deleted By Non Approved Users": "its `Status: Sucess` is misspelt in the rule",
    "COM Object Execution via Xwizard.EXE": "the whole command line is to be `RunWizard`, and to hold a GUID beside",
    "Multifactor Authentication Denied": "`Status` is asked for the admin centre's words; ours is success or failure",
    "Temporary Access Pass Added To An Account": "`Status` is asked for the admin centre's words; ours is success or failure",
    "User State Changed From Guest To Member": "the activity is to have a name and be a changed property, in one field",
}
_PLACEHOLDER = re.compile(r"placeholder %(.+)%$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisFigures:
    """What was measured.

    rules, failed     rules in the archive, and those that cannot be run though every placeholder has a value
    unread            rules whose log no source reads
    bound             rules that some source reads
    fired             of these, rules that fired on their own event
    pairs             by source: (rules it reads, events that could be made, events on which the rule fired)
    not_made          (source, rule, reason) of every pair without an event
    silent            (source, rule) of every event on which its rule did not fire
    never             rules for which no source gave an event, with the reasons
    """

    rules: int
    failed: tuple[tuple[str, str], ...]
    unread: int
    bound: int
    fired: int
    pairs: Mapping[str, tuple[int, int, int]]
    not_made: tuple[tuple[str, str, str], ...]
    silent: tuple[tuple[str, str], ...]
    never: Mapping[str, str]


def measure(data: Path, scratch: Path, *, every: int = 1) -> SynthesisFigures:
    """Make the events, write them as files, investigate the folder, and see which rule fired on which record.

    `every` takes one rule of so many. The folder is investigated with the same rules; placeholders have an example value.
    """
    rules = _rules(data, scratch / "rules", every)
    loaded = load_rules([rules])
    maps = log_source_maps()
    compiled = compile_rules(loaded, maps)
    events = list(made(compiled))
    fired_on = _fired(events, rules, scratch / "all")
    # A workspace keeps the first records of a noisy rule only: what it does not name is asked again, without neighbours.
    silent_there = [one for one in events if one.lines and one not in fired_on]
    fired_on |= _fired(silent_there, rules, scratch / "again") if silent_there else set()
    pairs: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    silent, fired, reasons = [], set(), defaultdict(list)
    for one in events:
        counts = pairs[one.source]
        counts[0] += 1
        if one.reason:
            reasons[one.rule].append(f"{one.source}: {one.reason}")
            continue
        counts[1] += 1
        if one in fired_on:
            counts[2] += 1
            fired.add(one.rule)
        else:
            silent.append((one.source, one.rule))
    bound = {rule.id for rule in compiled.rules if rule.tree is not None}
    title = {id_: info.title for id_, info in compiled.infos.items()}
    return SynthesisFigures(
        rules=len(compiled.rules) + len(compiled.failed),
        failed=tuple((one.path, one.reason) for one in compiled.failed),
        unread=len(compiled.rules) - len(bound),
        bound=len(bound),
        fired=len(fired),
        pairs={source: (each[0], each[1], each[2]) for source, each in sorted(pairs.items())},
        not_made=tuple((one.source, title[one.rule], one.reason) for one in events if one.reason),
        silent=tuple((source, title[rule]) for source, rule in silent),
        never={title[rule]: "; ".join(reasons[rule]) for rule in sorted(bound - fired, key=title.__getitem__)},
    )


def _rules(data: Path, folder: Path, every: int) -> Path:
    """The rules as files, and beside them a value for every placeholder they name."""
    (path,) = (data / RULES).glob("*.zip")
    folder.mkdir(parents=True)
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".yml", ".yaml")))
        for number, name in enumerate(names[::every]):
            (folder / f"{number:05}.yml").write_bytes(archive.read(name))
    failed = compile_rules(load_rules([folder]), ()).failed
    while named := {found[1] for one in failed if (found := _PLACEHOLDER.search(one.reason))}:
        with (folder / "placeholders.yml").open("a", encoding="utf-8") as file:
            file.write(
                "".join(f"---\nplaceholders: {{'{name}': [example-{at}$]}}\n" for at, name in enumerate(sorted(named)))
            )
        failed = compile_rules(load_rules([folder]), ()).failed
    return folder


def _fired(events: list[Made], rules: Path, scratch: Path) -> set[Made]:
    """The events that the product, given files of them all, shows their rule to have fired on."""
    scratch.mkdir()
    logs = scratch / "logs"
    places = _written(events, logs)
    ask(scratch, "investigate", logs, "--workspace", scratch / "workspace", "--rules", rules)
    hits = _hits(scratch / "workspace")
    found = set()
    for one in events:
        if one.lines:
            name, start = places[one.source, one.rule]
            if any((name, entry, one.rule) in hits for entry in range(start, start + one.records)):
                found.add(one)
    return found


def _written(events: list[Made], folder: Path) -> dict[tuple[str, str], tuple[str, int]]:
    """A file for each source and kind; by (source, rule) the file and the entry its event begins at."""
    folder.mkdir()
    lines: dict[str, list[str]] = {}
    entries: Counter[str] = Counter()
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for one in events:
        if one.lines:
            name = "-".join(part for part in (one.source, one.kind) if part) + ".log"
            lines.setdefault(name, list(head_of(one.kind))).extend(one.lines)
            places[one.source, one.rule] = name, entries[name]
            entries[name] += one.records
    for name, some in lines.items():
        (folder / name).write_text("".join(f"{line}\n" for line in some), encoding="utf-8")
    return places


def _hits(workspace: Path) -> set[tuple[str, int, str]]:
    """(file, entry, rule) of every hit the workspace holds."""
    opened = open_workspace(workspace)
    try:
        place = Places(opened)
        table = kept_by(opened, findings.NAME, findings.combine)
        found = zip(table["record"].to_pylist(), table["rule"].to_pylist(), strict=True)
        return {(Path(where.input).name, where.entry, rule) for record, rule in found for where in [place(record)]}
    finally:
        opened.close()


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, scratch)
    rows = "\n".join(
        f"| {source} | {bound:,} | {events:,} | {fired:,} |" for source, (bound, events, fired) in figures.pairs.items()
    )
    reasons = Counter((source, reason) for source, _, reason in figures.not_made)
    not_made = "\n".join(f"| {source} | {reason} | {count} |" for (source, reason), count in sorted(reasons.items()))
    never = "\n".join(f"- *{title}*: {WHY.get(title, reason)}" for title, reason in figures.never.items())
    same = ", ".join(f"`{one}` those of `{other}`" for one, other in NOT_WRITTEN.items())
    return f"""## Every rule's own event: SigmaHQ's rules, `sigma/rules`

For each rule an event is made from its own condition, written as its log would hold it, put into a file with the others of
its source, and the folder investigated (`benchmarks/synthesis/`; `python benchmarks/evaluate.py synthesised`).

- Rules: {figures.rules:,}; loaded {figures.rules - len(figures.failed):,}, failed {len(figures.failed)} (placeholders have
  an example value here; without values, those that need one are listed as failed)
- Rules whose log no source reads, each listed as blind: {figures.unread:,}
- Rules that some source reads: {figures.bound:,}; fired on their own event: **{figures.fired:,}**; events on which the rule
  stayed silent: **{len(figures.silent)}**

| source | rules it reads | with an event | fired on it |
| --- | --- | --- | --- |
{rows}

Events could not be made, by source (each source has the same log sources as its twin: {same}):

| source | reason | rules |
| --- | --- | --- |
{not_made}

Rules that no event of any source makes fire:

{never}"""
