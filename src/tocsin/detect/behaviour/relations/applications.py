"""Which account used which application, by day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen


class Applications:
    """A row an event that did not fail of an account with an application: its id, and where there is none, of a sign-in
    to no host, what was signed in to.
    """

    name = "applications"
    keys = ("account", "application")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> pa.Table:
        """The events with both names."""
        events = seen.events
        is_cloud_sign_in = pc.and_(
            pc.equal(events["class_uid"], _AUTHENTICATION), pc.is_null(events["device.hostname"])
        )
        told = pc.or_(
            pc.is_valid(events["actor.app_uid"]), pc.and_(is_cloud_sign_in, pc.is_valid(events["resource.name"]))
        )
        kept = pc.and_(pc.is_valid(events["actor.user.name"]), told)
        done = events.filter(pc.and_(kept, pc.not_equal(pc.fill_null(events["status"], ""), "failure")))
        rows = pa.table(
            {
                "account": pc.utf8_lower(done["actor.user.name"]),
                "application": pc.utf8_lower(pc.coalesce(done["actor.app_uid"], done["resource.name"])),
                "time": done["time"],
                "record": done["record"],
            }
        )
        return rows.filter(pc.and_(pc.not_equal(rows["account"], ""), pc.not_equal(rows["application"], "")))


_AUTHENTICATION = 3002  # OCSF class

RELATION = Applications()
