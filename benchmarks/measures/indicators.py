"""Indicators as they are published: bundles read against a separate reading, planted in real logs, and asked of clean ones."""

from __future__ import annotations

import gzip
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measures.file_objects import members
from benchmarks.page import share, table
from tocsin.collect.source import HEAD_BYTES, Head, Source, source_named
from tocsin.detect.indicators.published import comparisons_in, indicators_path, read_indicators
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.model.record import Record
from tocsin.ruleset.compiled import log_source_maps

BUNDLES, TRUTH = "threat_intel_stix", "truth_indicators.jsonl.gz"
ZEEK = "otrf_mordor/apt29_zeek/apt29_day1_zeek_combined.json.gz"
PLANTED = 100
# Where a value of each object path is put, and how it may be written there.
_FIELDS = {
    "domain-name:value": (("dns", "query"), ("http", "host"), ("ssl", "server_name")),
    "ipv4-addr:value": (("conn", "id.resp_h"),),
    "file:hashes.sha256": (("files", "sha256"),),
    "file:name": (("files", "filename"),),
}
# Of these a value has to be one its own type allows: what is no domain name is counted among those not asked.
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+")


class _Value(NamedTuple):
    path: str
    value: str


@dataclass(slots=True, kw_only=True)
class IndicatorFigures:
    """What was measured.

    bundles, indicators   files, and indicators in them
    same          (object path, value) pairs that both readings have; `lacking` and `beside` those only one has
    account       asked, partly, not_asked, repeated, of the product's own books
    not_asked     reasons, with how many indicators
    planted, found   by object path: values put into real records, and those an indicator was found for at its record
    records, events  clean records asked, by source, and hits on them (each a false one)
    false         titles of those
    """

    bundles: int = 0
    indicators: int = 0
    same: int = 0
    lacking: int = 0
    beside: int = 0
    account: Counter[str] = field(default_factory=Counter)
    not_asked: dict[str, int] = field(default_factory=dict)
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0
    records: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)


def measure(data: Path, *, every: int = 1, seed: int = 8) -> IndicatorFigures:
    """All bundles; `PLANTED` values in Zeek records; all clean logs, or of the Windows ones each `every`-th file."""
    figures = IndicatorFigures()
    texts = {
        indicators_path(path.name): path.read_bytes()
        for path in sorted((data / BUNDLES).iterdir())
        if path.suffix in (".stix2", ".json")
    }
    truth = list(_truth(data))
    _compare(figures, texts, truth)
    compiled = compile_rules(read_rules(texts), log_source_maps())
    zeek = _records(source_named("zeek"), gzip.decompress((data / ZEEK).read_bytes()))
    _plant(figures, compiled, zeek, truth, random.Random(seed))
    _ask(figures, compiled, "zeek", zeek)
    for source, records in _clean(data, every):
        _ask(figures, compiled, source, records)
    return figures


def _truth(data: Path) -> Iterator[list[_Value]]:
    with gzip.open(data / BUNDLES / TRUTH, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield [_Value(path, value) for path, value in json.loads(line)["comparisons"]]


def _compare(figures: IndicatorFigures, texts: dict[str, bytes], truth: Sequence[Sequence[_Value]]) -> None:
    read = {_Value(*pair) for path, text in texts.items() for pair in comparisons_in(path, text)}
    separate = {value for values in truth for value in values}
    figures.same, figures.lacking, figures.beside = len(read & separate), len(separate - read), len(read - separate)
    found = read_indicators(texts)
    figures.bundles = len(found.files)
    for name in ("given", "asked", "partly", "not_asked", "repeated", "revoked", "unread"):
        figures.account[name] = sum(getattr(one, name) for one in found.files)
    figures.indicators = figures.account["given"]
    figures.not_asked = {one.reason: one.count for one in found.reasons}


def _records(source: Source, text: bytes) -> list[Record]:
    size = source.preamble(Head(text[:HEAD_BYTES], len(text), "a file"))
    return [one for one in source.records(text, text[:size], size) if isinstance(one, Record)]


def _plant(
    figures: IndicatorFigures,
    compiled: CompiledRules,
    zeek: Sequence[Record],
    truth: Sequence[Sequence[_Value]],
    chance: random.Random,
) -> None:
    """Into a copy of a real record of the fitting log, as a log may write it: another case, a name below, a point."""
    every = sorted({value for values in truth for value in values if value.path in _FIELDS})
    able = [one for one in every if one.path != "domain-name:value" or _DOMAIN.fullmatch(one.value)]
    logs = {log for fields in _FIELDS.values() for log, _ in fields}
    holders = {log: [one for one in zeek if one.log == (log,)] for log in logs}
    matcher = Matcher(compiled, "zeek")
    for path, value in chance.sample(able, PLANTED):
        log, name = chance.choice(_FIELDS[path])
        clean = chance.choice(holders[log])
        written = _written(path, value, chance)
        planted = clean._replace(fields={**clean.fields, name: written})
        place = chance.randrange(len(zeek))
        around = [*zeek[place : place + 5], planted, *zeek[place + 5 : place + 10]]
        figures.planted[path] += 1
        hits = matcher.match(around)
        own = [hit for hit in hits if hit.index == around.index(planted)]
        figures.found[path] += any(_names(compiled, hit.rule, value) for hit in own)
        figures.elsewhere += len(hits) - len(own)


def _written(path: str, value: str, chance: random.Random) -> str:
    forms = [value, value.upper()]
    if path == "domain-name:value":
        forms += [f"{value}.", f"cdn-{chance.randrange(1000)}.{value}"]
    if path == "file:name":
        forms += [f"/srv/share/{value}", f"C:\\Users\\Public\\{value}"]
    return chance.choice(forms)


def _names(compiled: CompiledRules, id_: str, value: str) -> bool:
    indicator = next(one for one in compiled.indicators.asked if one.id == id_)
    return any(value.lower() in test.key for tests in indicator.alternatives for test in tests)


def _clean(data: Path, every: int) -> Iterator[tuple[str, list[Record]]]:
    """Logs of which nothing has to do with the bundles: attack laboratories, a tenant, ordinary servers."""
    evtx, windows = source_named("windows_evtx"), source_named("windows_json")
    files = 0
    for path in sorted((data / "evtx_attack_samples").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                files += 1
                if name.lower().endswith(".evtx") and files % every == 0:
                    yield evtx.name, _records(evtx, archive.read(name))
    for path in sorted((data / "otrf_mordor" / "atomic").glob("*.zip")):
        files += 1
        for name, text in members(path) if files % every == 0 else ():
            if windows.recognises(Head(text[:HEAD_BYTES], len(text), name)) == 1.0:
                yield windows.name, _records(windows, text)
    for name, file in (("auditd", "auditd_log.txt.gz"), ("syslog", "syslog_data.csv.gz")):
        text = gzip.decompress((data / "benign_and_mixed_samples" / "msticpy" / file).read_bytes())
        source = source_named(name)
        if source.recognises(Head(text[:HEAD_BYTES], len(text), file)):
            yield name, _records(source, text)


def _ask(figures: IndicatorFigures, compiled: CompiledRules, source: str, records: Sequence[Record]) -> None:
    figures.records[source] += len(records)
    for hit in Matcher(compiled, source).match(records):
        figures.false[f"{compiled.infos[hit.rule].title}: {hit.matched[0][0]}"] += 1


def section(data: Path, scratch: Path) -> str:
    """The section of the page."""
    figures = measure(data)
    rows: list[tuple[Any, ...]] = [
        ("bundles read", figures.bundles),
        ("indicators in them", figures.indicators),
        ("(object path, value) pairs as the separate reading has them", figures.same),
        ("pairs that only the separate reading has; only this product", f"{figures.lacking}; {figures.beside}"),
        ("indicators asked; of these in part", f"{figures.account['asked']:,}; {figures.account['partly']:,}"),
        (
            "cannot be asked; say what another says",
            f"{figures.account['not_asked']:,}; {figures.account['repeated']:,}",
        ),
        *(
            (f"planted in real Zeek records and found: {path}", f"{figures.found[path]} of {count}")
            for path, count in sorted(figures.planted.items())
        ),
        ("recall of what was planted", share(figures.found.total(), figures.planted.total())),
        *((f"clean records asked: {name}", count) for name, count in sorted(figures.records.items())),
        ("false hits on them", figures.false.total()),
    ]
    reasons: list[tuple[Any, ...]] = [*sorted(figures.not_asked.items(), key=lambda one: (-one[1], one[0]))]
    return "\n\n".join(
        (
            "## Indicators of others\n\nThirteen published STIX files of spyware used against human-rights workers"
            " and of other intrusions, against a separate reading of their patterns; 100 of their values, chosen by"
            " chance, planted in copies of real Zeek records (in another case, with a final point, as a name below);"
            " and logs that have nothing to do with them.",
            table("what | number", rows),
            "Why indicators, or parts of them, are not asked:",
            table("reason | indicators", reasons),
        )
    )
