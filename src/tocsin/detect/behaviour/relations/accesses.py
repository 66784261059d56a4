"""Who reached what that can be compromised, by day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.relation import Rows, Seen, once
from tocsin.model.exposure import Degree

_TAKEN = [str(Degree.DOWNLOADED), str(Degree.SENT_OUT), str(Degree.PRESUMED)]
_CHANGED = [str(Degree.ALTERED), str(Degree.DESTROYED)]


class Accesses:
    """A row a record and thing it reached (`model.tables.ACCESSES`), in however many ways it says so; `changed` counts
    those that altered or destroyed, `taken` those by which a copy left: downloads, what was sent out, what a program
    synchronised."""

    name = "accesses"
    keys = ("actor", "actor_class", "kind", "holding", "container")
    measures = (("changed", pa.int64(), "sum"), ("taken", pa.int64(), "sum"))

    def rows(self, seen: Seen) -> Rows:
        """The accesses as they are; a page of text that names nothing is none of a holding."""
        accesses = seen.accesses
        degree = accesses.texts("degree")
        keys = {key: accesses.texts(key).filled() for key in self.keys}
        group, first = once(accesses.record, list(keys.values()))
        measures = {}
        for name, degrees in (("changed", _CHANGED), ("taken", _TAKEN)):
            measures[name] = np.zeros(first.size, dtype=np.int64)
            measures[name][group[degree.is_in(degrees)]] = 1
        return Rows(
            keys={key: texts[first] for key, texts in keys.items()},
            time=accesses.time[first],
            record=accesses.record[first],
            measures=measures,
        )


RELATION = Accesses()
