"""When an account was active and which privileges it used, by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.columns import Texts, after, chosen
from tocsin.detect.behaviour.relation import Rows, Seen, once
from tocsin.model.exposure import ActorClass
from tocsin.model.instant import DAY

SLOTS = 96  # of a day in UTC: quarters of an hour
UNPLACED = "--"  # the slot of rows without a time
_SLOT_TEXTS = pa.array([f"{slot:02d}" for slot in range(SLOTS)] + [UNPLACED])
# OCSF classes of what only some may do: account change, authorised session (Windows event 4672), access management,
# group management.
_PRIVILEGED = (3001, 3003, 3005, 3006)
_AS_ADMINISTRATOR = "opened a holding as administrator"


class Activity:
    """A row an event of an account, and one a record of an access as administrator.

    slot       of the day, `00` to `95`, by UTC
    privilege  what was done, in the words of the log, where only some may do it; else ""
    """

    name = "activity"
    keys = ("account", "slot", "privilege")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> Rows:
        """The events that name who acted; what failed is activity and no use of a privilege."""
        events, accesses = seen.events, seen.accesses
        acted = np.flatnonzero(events.texts("actor.user.name").is_named)
        is_used = np.isin(events.numbers("class_uid")[acted], _PRIVILEGED)
        is_used &= ~events.texts("status")[acted].is_in(("failure",))
        words = events.texts("activity_name")[acted].filled()
        is_administrator = accesses.texts("actor_class").is_in((str(ActorClass.ADMINISTRATOR),))
        opened = np.flatnonzero(is_administrator & accesses.texts("actor").is_named)
        opened = opened[once(accesses.record[opened], [accesses.texts("actor")[opened]])[1]]
        time = np.concatenate((events.time[acted], accesses.time[opened]))
        return Rows(
            keys={
                "account": after([events.lower("actor.user.name")[acted], accesses.lower("actor")[opened]]),
                "slot": Texts(np.where(time < 0, SLOTS, time % DAY // (DAY // SLOTS)), _SLOT_TEXTS),
                "privilege": after(
                    [
                        chosen(is_used, words, Texts.same("", acted.size)),
                        Texts.same(_AS_ADMINISTRATOR, opened.size),
                    ]
                ),
            },
            time=time,
            record=np.concatenate((events.record[acted], accesses.record[opened])),
        )


RELATION = Activity()
