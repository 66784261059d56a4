"""Rules, log source maps and records as the tests of the matcher write them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sigma.rule import SigmaRule

from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map
from tocsin.detect.sigma.match import Match, Matcher
from tocsin.detect.sigma.rules import ANY_EXPRESSION, LoadedRule, RuleSet
from tocsin.model.finding import Level
from tocsin.model.record import Record
from tocsin.model.rule import RuleInfo

LOG_FIELDS = ("Channel", "EventID")

ONE_LOG = """
[[logsource]]
product = "windows"
category = "test"
"""


def rule(
    detection: Mapping[str, Any], log_source: Mapping[str, str] | None = None, *, name: str = "rule"
) -> LoadedRule:
    """A rule with this detection; a `condition` is added where one selection stands alone."""
    detection = dict(detection)
    if "condition" not in detection:
        (selection,) = detection
        detection["condition"] = selection
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    source = log_source or {"product": "windows", "category": "test"}
    document = {"title": name, "id": id_, "logsource": dict(source), "detection": detection}
    sigma = SigmaRule.from_dict(document, policy=ANY_EXPRESSION)
    info = RuleInfo(id=id_, title=name, level=Level.MEDIUM, author="", path=f"{name}.yml", techniques=(), tactics=())
    return LoadedRule(info=info, sigma=sigma)


def log_source_map(text: str = ONE_LOG) -> LogSourceMap:
    """The map of a source named `test`."""
    return read_logsource_map("test", LOG_FIELDS, text)


def compiled(*rules: LoadedRule, text: str = ONE_LOG, **settings: Any) -> CompiledRules:
    """The rules compiled for the source named `test`."""
    return compile_rules(RuleSet(rules=rules, failed=(), digest="00"), [log_source_map(text)], **settings)


def record(fields: Mapping[str, Any], log: tuple[str, str] = ("one", "1")) -> Record:
    """A record of which only the log tuple and the fields matter."""
    return Record(0, 0, b"", log, fields, fields)


def hits(rules: CompiledRules, *events: Mapping[str, Any], log: tuple[str, str] = ("one", "1")) -> list[Match]:
    """The matches on events of one log tuple."""
    return Matcher(rules, "test").match([record(event, log) for event in events])


def matching(detection: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of the events on which a rule with this detection holds."""
    return [match.index for match in hits(compiled(rule(detection)), *events)]
