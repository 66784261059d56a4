"""Where our own rules and their cases are, and how a case becomes the records it is about."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from tocsin.detect.sigma.cases import Case, cases_path, read_cases
from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap
from tocsin.detect.sigma.rules import LoadedRule, load_rules
from tocsin.model.record import Record
from tocsin.ruleset.compiled import log_source_maps
from tocsin.ruleset.craft import read_log

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
    return log_source_maps()


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
    return tuple(_case(path, case) for path in rule_paths() for case in read_cases(cases_path(path)))


def _case(rule: Path, case: Case) -> RuleCase:
    source = case.source or SOURCES[rule.parent.name]
    if case.data:
        records = read_log(source, case.data)
    else:
        records = (Record(offset=0, length=0, data=b"", log=case.log, fields=case.fields, native={}),)
    return RuleCase(rule, case.name, case.expect == "match", source, records)
