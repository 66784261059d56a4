"""Which account used which application, by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.columns import first_told
from tocsin.detect.behaviour.relation import Rows, Seen


class Applications:
    """A row an event that did not fail of an account with an application: its id, and where there is none, of a sign-in
    to no host, what was signed in to.
    """

    name = "applications"
    keys = ("account", "application")
    measures: tuple[tuple[str, pa.DataType, str], ...] = ()

    def rows(self, seen: Seen) -> Rows:
        """The events with both names."""
        events = seen.events
        is_cloud_sign_in = (events.numbers("class_uid") == _AUTHENTICATION) & ~events.is_told("device.hostname")
        account, application = events.lower("actor.user.name"), events.lower("actor.app_uid")
        is_done = account.is_named & ~events.texts("status").is_in(("failure",))
        is_kept = is_done & (application.is_named | is_cloud_sign_in & ~application.is_told)
        done = np.flatnonzero(is_kept)
        used = application[done]
        if not used.is_told.all():
            used = first_told(used, events.texts_of("resource.name", done).lower())
            done, used = done[used.is_named], used[used.is_named]
        return Rows(
            keys={"account": account[done], "application": used}, time=events.time[done], record=events.record[done]
        )


_AUTHENTICATION = 3002  # OCSF class

RELATION = Applications()
