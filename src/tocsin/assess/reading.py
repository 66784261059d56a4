"""Whether mail being read was recorded all the time: by what is recorded of all mailboxes, and of one that was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.assess.accesses import flatten
from tocsin.assess.columns import Columns
from tocsin.assess.holdings import MAIL_KINDS
from tocsin.assess.spelling import comparable
from tocsin.assess.verdict import Window
from tocsin.model.instant import DAY

_READING = "mailitemsaccessed"
# Of one mailbox in less than a day: then it is recorded no more, whether or not a record says so.
# https://learn.microsoft.com/en-us/purview/audit-log-investigate-accounts
_MOST_A_DAY = 1000

_Times = npt.NDArray[np.int64]
_NEVER: _Times = np.empty(0, dtype=np.int64)


class Reading:
    """What is recorded of mail being read, by anybody, in the accesses of `state`."""

    def __init__(self, state: pa.Table) -> None:
        columns = Columns(state)
        of_mail = columns["kind"].among(MAIL_KINDS)
        is_read = columns["operation"].among((_READING,))
        self._read = _times(state.take(pa.array(np.flatnonzero(of_mail & is_read))))
        self._used: dict[str, set[int]] = defaultdict(set)
        rest = state.take(pa.array(np.flatnonzero(of_mail & ~is_read)))
        for container, *ends in zip(*(rest[one].to_pylist() for one in ("container", "first", "last")), strict=True):
            self._used[comparable(container or "")].update(one for one in ends if one is not None)
        self._all = np.unique(np.concatenate([_NEVER, *self._read.values()]))

    def is_kept(self, names: Collection[str], window: Window) -> bool:
        """Whether it was for the mailbox of these names, so that none in the window is left out.

        For all: the window ends no later after the last record of it, and begins no sooner before the first, than such
        records have lain apart. For the mailbox: no other use of it is recorded more than a day before the first or
        after the last record of its being read, and these are never as many in a day as are recorded at most.
        """
        times = np.sort(np.concatenate([_NEVER, *(self._read.get(name, _NEVER) for name in names)]))
        used = [one for name in names for one in self._used.get(name, ())]
        if not times.size or not self._is_within(window):
            return False
        if used and (min(used) < times[0] - DAY or max(used) > times[-1] + DAY):
            return False
        return not bool(np.any(times[_MOST_A_DAY - 1 :] - times[: 1 - _MOST_A_DAY] < DAY))

    def _is_within(self, window: Window) -> bool:
        if window.from_ is None or window.to is None:
            return False
        apart = int(np.diff(self._all).max(initial=0))
        return bool(window.from_ >= self._all[0] - apart and window.to <= self._all[-1] + apart + 1)


def _times(part: pa.Table) -> dict[str, _Times]:
    """By mailbox the time of each record of these accesses that has one."""
    way, record, time, timed = flatten(part)
    found: dict[str, list[int]] = defaultdict(list)
    for number, container in enumerate(part["container"].to_pylist()):
        found[comparable(container or "")].append(number)
    of = np.empty(part.num_rows, dtype=np.int64)
    for code, ways in enumerate(found.values()):
        of[ways] = code
    once = np.unique(np.stack([of[way[timed]], record[timed], time[timed]]), axis=1)
    edges = np.searchsorted(once[0], np.arange(len(found) + 1))
    return {name: once[2][edges[code] : edges[code + 1]] for code, name in enumerate(found)}
