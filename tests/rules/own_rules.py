"""Where our own rules and their cases are, and how a case becomes the records it is about."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from tocsin.detect.sigma.cases import Case, cases_path, read_cases
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.correlation import LoadedCorrelation
from tocsin.detect.sigma.logsource import LogSourceMap
from tocsin.detect.sigma.rules import LoadedRule, load_rules
from tocsin.model.correlation import counted_only
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


@cache
def _paths() -> dict[Path, bool]:
    """Every rule file of ours, without the cases beside them, and whether a correlation stands in it; in order."""
    paths = sorted(path for path in RULES.rglob("*.yml") if not path.name.endswith(".cases.yml"))
    return {path: "\ncorrelation:\n" in path.read_text(encoding="utf-8") for path in paths}


def rule_paths() -> list[Path]:
    """Every file of a rule about one record, in order."""
    return [path for path, is_correlation in _paths().items() if not is_correlation]


def correlation_paths() -> list[Path]:
    """Every file of a correlation, with the rules that it alone counts, in order."""
    return [path for path, is_correlation in _paths().items() if is_correlation]


@cache
def logsource_maps() -> tuple[LogSourceMap, ...]:
    """The map of every source."""
    return log_source_maps()


@cache
def loaded_rules() -> dict[Path, LoadedRule]:
    """Every rule of ours about one record by its file, each of which holds one."""
    rule_set = load_rules(rule_paths())
    assert not rule_set.failed
    return {Path(rule.info.path): rule for rule in rule_set.rules}


@cache
def compiled_rules() -> CompiledRules:
    """Our rules and correlations against every source's log-source map."""
    return compile_rules(load_rules([RULES]), logsource_maps())


@cache
def shown_correlations() -> dict[Path, LoadedCorrelation]:
    """By its file the correlation that is shown; the others in it are counted by that."""
    counted = counted_only(compiled_rules().correlations)
    every = load_rules([RULES]).correlations
    return {Path(one.info.path): one for one in every if one.info.id not in counted}


@cache
def rule_cases() -> tuple[RuleCase, ...]:
    """Every case of every rule about one record."""
    return tuple(_case(path, case) for path in rule_paths() for case in read_cases(cases_path(path)))


def _case(rule: Path, case: Case) -> RuleCase:
    source = case.source or SOURCES[rule.parent.name]
    if case.data:
        records = read_log(source, case.data)
    else:
        records = (Record(offset=0, length=0, data=b"", log=case.log, fields=case.fields, native={}),)
    return RuleCase(rule, case.name, case.expect == "match", source, records)
