"""Who reached what that can be compromised, by day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.detect.behaviour.relation import Seen
from tocsin.model.exposure import Degree

_CHANGED = [str(Degree.ALTERED), str(Degree.DESTROYED)]


class Accesses:
    """A row an access (`model.tables.ACCESSES`); `changed` counts those that altered or destroyed."""

    name = "accesses"
    keys = ("actor", "actor_class", "kind", "holding", "container")
    measures = (("changed", pa.int64(), "sum"),)

    def rows(self, seen: Seen) -> pa.Table:
        """The accesses as they are; a page of text that names nothing is none of a holding."""
        accesses = seen.accesses
        columns = {key: pc.fill_null(accesses[key], "") for key in self.keys}
        changed = pc.is_in(accesses["degree"], pa.array(_CHANGED)).cast(pa.int64())
        return pa.table({**columns, "time": accesses["time"], "record": accesses["record"], "changed": changed})


RELATION = Accesses()
