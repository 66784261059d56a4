"""Who reached what that can be compromised, by day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen
from tocsin.model.exposure import Degree

_TAKEN = [str(Degree.DOWNLOADED), str(Degree.SENT_OUT), str(Degree.PRESUMED)]
_CHANGED = [str(Degree.ALTERED), str(Degree.DESTROYED)]


class Accesses:
    """A row an access (`model.tables.ACCESSES`); `changed` counts those that altered or destroyed, `taken`
    those by which a copy left: downloads, what was sent out, what a program synchronised."""

    name = "accesses"
    keys = ("actor", "actor_class", "kind", "holding", "container")
    measures = (("changed", pa.int64(), "sum"), ("taken", pa.int64(), "sum"))

    def rows(self, seen: Seen) -> pa.Table:
        """The accesses as they are; a page of text that names nothing is none of a holding."""
        accesses = seen.accesses
        columns = {key: pc.fill_null(accesses[key], "") for key in self.keys}
        counted = {
            name: pc.is_in(accesses["degree"], pa.array(degrees)).cast(pa.int64())
            for name, degrees in (("changed", _CHANGED), ("taken", _TAKEN))
        }
        return pa.table({**columns, "time": accesses["time"], "record": accesses["record"], **counted})


RELATION = Accesses()
