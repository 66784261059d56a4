"""Anomalies that the AMiner (logdata-anomaly-miner) writes as JSON: one object an anomaly, often over many lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.alert_objects import AlertObjects, Shaped, shaped_flat
from tocsin.collect.source import Source, declared_proof


class AMiner(AlertObjects):
    """The source: one anomaly an object."""

    name = "aminer"
    decoder = "aminer 1"
    log_fields: tuple[str, ...] = ("detector",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """An object that says which component found it, and in which lines."""
        component = value.get("AnalysisComponent")
        if not isinstance(component, dict) or "AnalysisComponentType" not in component or "LogData" not in value:
            return None
        return shaped_flat(value, (str(component["AnalysisComponentType"]),))


SOURCE: Source = AMiner()
