"""Findings of Amazon GuardDuty: `get-findings`, EventBridge events, exports to S3; one object a finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.alert_objects import AlertObjects, Shaped, shaped_flat
from tocsin.collect.source import Source, declared_proof


class GuardDuty(AlertObjects):
    """The source: one finding an object, under the names that events and exports give (`get-findings` has capitals)."""

    name = "guardduty"
    decoder = "guardduty 1"
    log_fields: tuple[str, ...] = ("kind",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """A finding; an event's is its `detail`."""
        detail = value.get("detail")
        finding = detail if isinstance(detail, dict) and value.get("source") == "aws.guardduty" else value
        if "Service" in finding and "Resource" in finding:
            finding = _uncapitalised(dict(finding))
        if not {"type", "severity", "service", "resource"} <= finding.keys() or "accountId" not in finding:
            return None
        return shaped_flat(finding, ("finding",))


def _uncapitalised(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": _uncapitalised(inner) for name, inner in value.items()}
    return [_uncapitalised(inner) for inner in value] if isinstance(value, list) else value


SOURCE: Source = GuardDuty()
