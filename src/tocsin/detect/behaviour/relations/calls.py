"""Which account called what of a cloud, in which region and with which program, by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.columns import Texts
from tocsin.detect.behaviour.relation import Rows, Seen

_AGENT = r"^[^a-z]*(?P<name>[a-z][a-z_.!-]*)"
_SILENT = "unnamed"
_TOLD = ("actor.user.name", "cloud.region", "activity_name")


class Calls:
    """A row a call that names its region: `operation` with the service before it, `agent` without its version."""

    name = "calls"
    keys = ("account", "operation", "region", "agent")
    measures = ()

    def rows(self, seen: Seen) -> Rows | None:
        """Calls of somebody; those that the provider makes itself name no account."""
        events = seen.events
        calls = np.flatnonzero(np.logical_and.reduce([events.is_told(key) for key in _TOLD]))
        if not calls.size:
            return None
        account, region, name = (events.texts_of(key, calls) for key in _TOLD)
        service = events.texts_of("metadata.event_code", calls).filled().each(_without_domain)
        operation = pc.binary_join_element_wise(service.column(), name.column(), ":")
        return Rows(
            keys={
                "account": account,
                "operation": Texts.of(pc.replace_substring_regex(operation, "^:", "")),
                "region": region,
                "agent": events.texts_of("http_request.user_agent", calls).filled().each(_agents),
            },
            time=events.time[calls],
            record=events.record[calls],
        )


def _without_domain(services: pa.StringArray) -> pa.Array:
    return pc.replace_substring_regex(services, r"\..*$", "")


def _agents(texts: pa.StringArray) -> pa.Array:
    """The program a user agent names first."""
    return pc.fill_null(pc.struct_field(pc.extract_regex(pc.utf8_lower(texts), _AGENT), "name"), _SILENT)


RELATION = Calls()
