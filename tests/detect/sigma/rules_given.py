"""Rules, log source maps and records as the tests of the matcher write them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map
from tocsin.detect.sigma.match import Match, Matcher
from tocsin.detect.sigma.rules import LoadedRule, RuleSet, read_rules
from tocsin.model.record import Record

LOG_FIELDS = ("Channel", "EventID")

ONE_LOG = """
[[logsource]]
product = "windows"
category = "test"
"""


def rule_text(detection: Mapping[str, Any], log_source: Mapping[str, str] | None = None, *, name: str = "rule") -> str:
    """A rule file with this detection; a `condition` is added where one selection stands alone."""
    detection = dict(detection)
    if "condition" not in detection:
        (selection,) = detection
        detection["condition"] = selection
    source = log_source or {"product": "windows", "category": "test"}
    id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    document = {"title": name, "id": id_, "level": "medium", "logsource": dict(source), "detection": detection}
    return json.dumps(document, ensure_ascii=False)  # YAML holds JSON, but for surrogate pairs


def rule(
    detection: Mapping[str, Any], log_source: Mapping[str, str] | None = None, *, name: str = "rule"
) -> LoadedRule:
    """A rule with this detection, as `read_rules` reads it."""
    found = read_rules({f"{name}.yml": rule_text(detection, log_source, name=name).encode()})
    assert not found.failed, found.failed
    return found.rules[0]


def log_source_map(text: str = ONE_LOG) -> LogSourceMap:
    """The map of a source named `test`."""
    return read_logsource_map("test", LOG_FIELDS, text)


def compiled(*rules: LoadedRule, text: str = ONE_LOG, **settings: Any) -> CompiledRules:
    """The rules compiled for the source named `test`."""
    return compile_rules(RuleSet(rules=rules, failed=(), digest="00"), [log_source_map(text)], **settings)


def compiled_texts(*texts: str, text: str = ONE_LOG, **settings: Any) -> CompiledRules:
    """Rule files compiled for the source named `test`, in the order given."""
    rules = read_rules({f"{number:05}.yml": one.encode() for number, one in enumerate(texts)})
    return compile_rules(rules, [log_source_map(text)], **settings)


def record(fields: Mapping[str, Any], log: tuple[str, str] = ("one", "1")) -> Record:
    """A record of which only the log tuple and the fields matter."""
    return Record(0, 0, b"", log, fields, fields)


def hits(rules: CompiledRules, *events: Mapping[str, Any], log: tuple[str, str] = ("one", "1")) -> list[Match]:
    """The matches on events of one log tuple."""
    return Matcher(rules, "test").match([record(event, log) for event in events])


def matching(detection: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of the events on which a rule with this detection holds."""
    return [match.index for match in hits(compiled(rule(detection)), *events)]
