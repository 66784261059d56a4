"""Suricata's EVE output: alerts, and what else it writes of the traffic; one object a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.alert_objects import AlertObjects, Shaped, shaped_flat
from tocsin.collect.source import Source, declared_proof
from tocsin.model.identity import is_private_address


class SuricataEve(AlertObjects):
    """The source: one record an object, of the kind its `event_type` says."""

    name = "suricata_eve"
    decoder = "suricata_eve 1"
    log_fields: tuple[str, ...] = ("event_type",)
    proof = declared_proof(__name__)

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """An object with a time and an `event_type`. The device concerned is the inner end: the one that was reached
        where both are, or neither is."""
        kind = value.get("event_type")
        if not isinstance(kind, str) or not isinstance(value.get("timestamp"), str):
            return None
        shaped = shaped_flat(value, (kind,))
        source, target = (text if isinstance(text, str) else "" for text in (value.get("src_ip"), value.get("dest_ip")))
        inner = source if is_private_address(source) and not is_private_address(target) else target
        shaped.fields["derived.device_ip"] = inner or None
        return shaped


SOURCE: Source = SuricataEve()
