"""When an account was active and which privileges it used, by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen
from tocsin.model.exposure import ActorClass
from tocsin.model.instant import DAY

SLOTS = 96  # of a day in UTC: quarters of an hour
UNPLACED = "--"  # the slot of rows without a time
_SLOT_TEXTS = pa.array([f"{slot:02d}" for slot in range(SLOTS)] + [UNPLACED])
# OCSF classes of what only some may do: account change, authorised session (Windows event 4672), access management,
# group management.
_PRIVILEGED = pa.array([3001, 3003, 3005, 3006], pa.int32())
_AS_ADMINISTRATOR = "opened a holding as administrator"


class Activity:
    """A row an event of an account, and one an access as administrator.

    slot       of the day, `00` to `95`, by UTC
    privilege  what was done, in the words of the log, where only some may do it; else ""
    """

    name = "activity"
    keys = ("account", "slot", "privilege")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> pa.Table:
        """The events that name who acted; what failed is activity and no use of a privilege."""
        named = pc.and_(pc.is_valid(seen.events["actor.user.name"]), pc.not_equal(seen.events["actor.user.name"], ""))
        events = seen.events.select(
            ["time", "record", "class_uid", "status", "activity_name", "actor.user.name"]
        ).filter(named)
        is_used = pc.and_(
            pc.is_in(events["class_uid"], _PRIVILEGED), pc.not_equal(pc.fill_null(events["status"], ""), "failure")
        )
        of_events = pa.table(
            {
                "account": pc.utf8_lower(events["actor.user.name"]),
                "slot": _slots(events["time"]),
                "privilege": pc.if_else(is_used, pc.fill_null(events["activity_name"], ""), ""),
                "time": events["time"],
                "record": events["record"],
            }
        )
        accesses = seen.accesses.filter(pc.equal(seen.accesses["actor_class"], str(ActorClass.ADMINISTRATOR)))
        accesses = accesses.filter(pc.not_equal(accesses["actor"], ""))
        of_accesses = pa.table(
            {
                "account": pc.utf8_lower(accesses["actor"]),
                "slot": _slots(accesses["time"]),
                "privilege": pa.array([_AS_ADMINISTRATOR] * accesses.num_rows, pa.string()),
                "time": accesses["time"],
                "record": accesses["record"],
            }
        )
        return pa.concat_tables([of_events, of_accesses])


def _slots(time: pa.ChunkedArray) -> pa.Array:
    ticks = pc.fill_null(time, -1).to_numpy()
    slot = np.where(ticks < 0, SLOTS, ticks % DAY // (DAY // SLOTS))
    return _SLOT_TEXTS.take(pa.array(slot))


RELATION = Activity()
