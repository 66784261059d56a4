"""Whether mail being read was recorded all the time: by what is recorded of all mailboxes, and of one that was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

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
# Nowhere does nobody read mail for longer: then it is not recorded. In a tenant of a handful of people it was 11 days.
_MOST_APART = 14 * DAY

_Times = npt.NDArray[np.int64]
_NEVER: _Times = np.empty(0, dtype=np.int64)


class Reading:
    """What is recorded of mail being read, by anybody, in the accesses of `state`."""

    def __init__(self, state: pa.Table) -> None:
        columns = Columns(state)
        of_mail = columns["kind"].among(MAIL_KINDS)
        is_read = columns["operation"].among((_READING,))
        self._read = _times(state.take(pa.array(np.flatnonzero(of_mail & is_read))))
        self._used = _times(state.take(pa.array(np.flatnonzero(of_mail & ~is_read))))
        self._all = np.unique(np.concatenate([_NEVER, *self._read.values()]))
        self._all_used = np.unique(np.concatenate([_NEVER, *self._used.values()]))
        self._apart = min(int(np.diff(self._all).max(initial=0)), _MOST_APART)
        self._known: dict[Window, bool] = {}

    def is_kept(self, names: Collection[str], window: Window) -> bool:
        """Whether it was for the mailbox of these names, so that none in the window is left out.

        For all: such records lie no further apart than two weeks, and the window begins and ends no further from them
        than they lie apart. For all, and for the mailbox: no other use is recorded in the window that is further than
        a day from one. And these are never as many in a day, of the mailbox, as are recorded at most.
        """
        if window not in self._known:
            self._known[window] = self._is_kept_of_all(window)
        times, used = _of(self._read, names), _of(self._used, names)
        return (
            self._known[window]
            and bool(times.size)
            and _is_near(_within(used, window), times)
            and not bool(np.any(times[_MOST_A_DAY - 1 :] - times[: 1 - _MOST_A_DAY] < DAY))
        )

    def _is_kept_of_all(self, window: Window) -> bool:
        if window.from_ is None or window.to is None or not self._all.size:
            return False
        if window.from_ < self._all[0] - self._apart or window.to > self._all[-1] + self._apart + 1:
            return False
        begins, ends = self._all[:-1], self._all[1:]
        is_quiet = (ends - begins > _MOST_APART) & (ends > window.from_) & (begins < window.to)
        return not bool(np.any(is_quiet)) and _is_near(_within(self._all_used, window), self._all)


def _of(times: Mapping[str, _Times], names: Iterable[str]) -> _Times:
    return np.sort(np.concatenate([_NEVER, *(times.get(one, _NEVER) for one in names)]))


def _within(times: _Times, window: Window) -> _Times:
    begins, ends = window.from_ or 0, window.to or 0
    return times[np.searchsorted(times, begins) : np.searchsorted(times, ends)]


def _is_near(used: _Times, read: _Times) -> bool:
    """Whether each of the times has one of `read`, which are in order, within a day."""
    if not used.size or not read.size:
        return not used.size
    after = np.searchsorted(read, used)
    before, after = np.maximum(after - 1, 0), np.minimum(after, read.size - 1)
    return bool(np.all(np.minimum(np.abs(used - read[before]), np.abs(read[after] - used)) <= DAY))


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
