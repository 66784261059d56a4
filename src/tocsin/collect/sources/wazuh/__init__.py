"""Alerts of Wazuh (`alerts.json`, the indexer's documents) and of OSSEC as JSON: one object an alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.alert_objects import AlertObjects, Shaped, shaped_flat
from tocsin.collect.source import Source, declared_proof


class Wazuh(AlertObjects):
    """The source: one alert an object; a document of the indexer is what lies in its `_source`."""

    name = "wazuh"
    decoder = "wazuh 1"
    log_fields: tuple[str, ...] = ("dialect",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """An object with a rule that has a level, and what it was true of."""
        inner = value.get("_source")
        said = inner if isinstance(inner, dict) else value
        rule = said.get("rule")
        if not isinstance(rule, dict) or "level" not in rule:
            return None
        if "description" in rule and ("agent" in said or "manager" in said):
            return shaped_flat(said, ("wazuh",))
        if "comment" in rule and ("location" in said or "full_log" in said or "TimeStamp" in said):
            return shaped_flat(said, ("ossec",))
        return None


SOURCE: Source = Wazuh()
