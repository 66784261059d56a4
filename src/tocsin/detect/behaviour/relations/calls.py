"""Which account called what of a cloud, in which region and with which program, by day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen

_AGENT = r"^[^a-z]*(?P<name>[a-z][a-z_.!-]*)"
_SILENT = "unnamed"


class Calls:
    """A row a call that names its region: `operation` with the service before it, `agent` without its version."""

    name = "calls"
    keys = ("account", "operation", "region", "agent")
    measures = ()

    def rows(self, seen: Seen) -> pa.Table:
        """Calls of somebody; those that the provider makes itself name no account."""
        events = seen.events
        is_call = pc.and_(pc.is_valid(events["cloud.region"]), pc.is_valid(events["actor.user.name"]))
        events = events.filter(pc.and_(is_call, pc.is_valid(events["activity_name"])))
        service = pc.replace_substring_regex(pc.fill_null(events["metadata.event_code"], ""), r"\..*$", "")
        operation = pc.binary_join_element_wise(service, events["activity_name"], ":")
        return pa.table(
            {
                "account": events["actor.user.name"],
                "operation": pc.replace_substring_regex(operation, "^:", ""),
                "region": events["cloud.region"],
                "agent": _agents(events["http_request.user_agent"]),
                "time": events["time"],
                "record": events["record"],
            }
        )


def _agents(texts: pa.ChunkedArray) -> pa.Array:
    """The program a user agent names first; each distinct text is looked at once."""
    encoded = pc.fill_null(texts, "").combine_chunks().dictionary_encode()
    lower = pc.utf8_lower(encoded.dictionary)
    named = pc.struct_field(pc.extract_regex(lower, _AGENT), "name")
    return pc.fill_null(named, _SILENT).take(encoded.indices)


RELATION = Calls()
