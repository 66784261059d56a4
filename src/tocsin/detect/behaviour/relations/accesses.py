"""Who reached what that can be compromised, by day."""

from __future__ import annotations

import pyarrow as pa

from tocsin.detect.behaviour.relation import Rows, Seen
from tocsin.model.exposure import Degree

_TAKEN = [str(Degree.DOWNLOADED), str(Degree.SENT_OUT), str(Degree.PRESUMED)]
_CHANGED = [str(Degree.ALTERED), str(Degree.DESTROYED)]


class Accesses:
    """A row an access (`model.tables.ACCESSES`); `changed` counts those that altered or destroyed, `taken`
    those by which a copy left: downloads, what was sent out, what a program synchronised."""

    name = "accesses"
    keys = ("actor", "actor_class", "kind", "holding", "container")
    measures = (("changed", pa.int64(), "sum"), ("taken", pa.int64(), "sum"))

    def rows(self, seen: Seen) -> Rows:
        """The accesses as they are; a page of text that names nothing is none of a holding."""
        accesses = seen.accesses
        degree = accesses.texts("degree")
        return Rows(
            keys={key: accesses.texts(key).filled() for key in self.keys},
            time=accesses.time,
            record=accesses.record,
            measures={"changed": degree.is_in(_CHANGED).astype(int), "taken": degree.is_in(_TAKEN).astype(int)},
        )


RELATION = Accesses()
