"""Where our own rules and their cases are, and how a case becomes the records it is about."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tocsin.collect.source import Coalescing, Head, Source, all_sources, logsource_text, source_named
from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map
from tocsin.detect.sigma.rules import LoadedRule, load_rules
from tocsin.model.record import Record

RULES = Path(__file__).resolve().parents[2] / "rules"

# The source of a case that gives fields in place of what the log has, by area.
SOURCES = {"m365": "m365_unified_audit", "windows": "windows_evtx"}


class RuleCase(NamedTuple):
    """One case of one rule: the records its file gives, as `source` has them, and whether one of them is hit."""

    rule: Path
    name: str
    is_hit: bool
    source: str
    records: tuple[Record, ...]


def rule_paths() -> list[Path]:
    """Every rule file of ours, without the cases beside them, in order."""
    return sorted(path for path in RULES.rglob("*.yml") if not path.name.endswith(".cases.yml"))


@cache
def logsource_maps() -> tuple[LogSourceMap, ...]:
    """The map of every source."""
    return tuple(read_logsource_map(source.name, source.log_fields, logsource_text(source)) for source in all_sources())


@cache
def loaded_rules() -> dict[Path, LoadedRule]:
    """Every rule of ours by its file, each of which holds one."""
    rule_set = load_rules(rule_paths())
    assert not rule_set.failed
    return {Path(rule.info.path): rule for rule in rule_set.rules}


@cache
def compiled_rules() -> CompiledRules:
    """Our rules against every source's log-source map."""
    return compile_rules(load_rules(rule_paths()), logsource_maps())


@cache
def rule_cases() -> tuple[RuleCase, ...]:
    """Every case of every rule."""
    return tuple(
        _case(path, case)
        for path in rule_paths()
        for case in yaml.safe_load(path.with_suffix(".cases.yml").read_text(encoding="utf-8"))
    )


def read_records(source: Source, data: bytes, name: str) -> tuple[Record, ...]:
    """The records of a whole log as rules see them; nothing in it may be unreadable."""
    start = source.preamble(Head(data, len(data), name))
    found = list(source.records(data, data[:start], start))
    records = [record for record in found if isinstance(record, Record)]
    assert len(records) == len(found), found
    if not isinstance(source, Coalescing):
        return tuple(records)
    return tuple(record for event in source.coalesce(records) for record in event.seen)


def _case(rule: Path, case: dict[str, Any]) -> RuleCase:
    keys = set(case) - {"name", "expect"}
    assert case["expect"] in ("match", "no_match"), f"{rule}: {case['name']}"
    source = source_named(case.get("source") or SOURCES[rule.parent.name])
    records: tuple[Record, ...]
    if keys == {"log", "fields"}:
        records = (Record(offset=0, length=0, data=b"", log=tuple(case["log"]), fields=case["fields"], native={}),)
    elif keys == {"source", "record"}:
        records = read_records(source, json.dumps(case["record"], default=str).encode() + b"\n", rule.name)
    else:
        assert keys == {"source", "lines"}, f"{rule}: {case['name']} has {sorted(keys)}"
        records = read_records(source, "".join(f"{line}\n" for line in case["lines"]).encode(), rule.name)
    assert records, f"{rule}: nothing is read of {case['name']}"
    return RuleCase(rule, case["name"], case["expect"] == "match", source.name, records)
