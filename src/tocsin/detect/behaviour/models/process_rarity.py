"""Whether a program was started by one that hardly ever starts it, or in a way it hardly ever is.

Three rarities (`rarity`): of the program under its parent, of the parent of the program (one that never started
anything has no programs to be judged by), and of the form of the program's command line; each first among hosts of the
same role, then among all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.detect.behaviour.history import Flags, History, Integers
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.rarity import Counted, Dimension
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_WARM_DAYS = 3
_LEAST_LEARNED = 100.0  # host-days of a program
# Of the three ways: what is told first, what it did, and of what.
_WAYS = (
    ("parent", "started", "child"),
    ("child", "was started by", "parent"),
    ("child", "was started with a command line of the form", "template"),
)


class ProcessRarity:
    """One score for each distinct thing of a host's day, in each of the three ways."""

    info = ModelInfo(
        name="process_rarity",
        title="Started a program in a way that is rare",
        about=EntityType.HOST,
        tells="programs started by one that hardly ever starts them, and command lines of a form hardly ever seen",
        techniques=("T1059", "T1204", "T1218"),
        tactics=("execution", "defense-evasion"),
        is_on=False,
        why_off="on recorded techniques it finds no more than how seldom a program is seen at all does",
    )
    relation = "processes"
    subject = "host"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each pair of the history."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`program|winword.exe started system|mshta.exe: so in 0 of 41 …`."""
        return (
            f"{numbers['first']} {numbers['did']} {numbers['object']}: so in {numbers['seen']:.3g} of "
            f"{numbers['days']:,.4g} cases, each counted once a host of its role and day; {numbers['others']:,} of "
            f"{numbers['hosts']:,} other hosts ever did so"
        )


class _Memory:
    def __init__(self, history: History, around: Surroundings) -> None:
        self._names = {key: np.array(history.names[key], dtype=object) for key in ("parent", "child", "template")}
        self._codes = history.codes
        self._hosts = len(history.names["host"])
        roles = [around.role.get(name, "") for name in history.names["host"]]
        role = np.unique(np.array(roles, dtype=object), return_inverse=True)[1].astype(np.int64)[history.codes["host"]]
        host, parent, child, form = (history.codes[key] for key in ("host", "parent", "child", "template"))
        pair = _paired(parent, child)
        self._ways = tuple(
            Counted(Dimension(subject=host, thing=thing, contexts=(_paired(role, within), within), done=done))
            for thing, within, done in (
                (child, parent, pair),
                (parent, child, pair),
                (form, child, _paired(child, form)),
            )
        )
        self._learned = 0

    def score(self, day: int, rows: slice) -> Scores:
        """All distinct things of a host were tested."""
        if self._learned < _WARM_DAYS or rows.stop == rows.start or self._ways[0].total(day) < _LEAST_LEARNED:
            return NO_SCORES
        ways = [one.found(day, rows) for one in self._ways]
        subject = np.concatenate([one.subject for one in ways])
        row = np.concatenate([one.row for one in ways])
        tested = np.bincount(subject, minlength=self._hosts)
        told = [
            (did, self._told(first, one.row), self._told(then, one.row))
            for (first, did, then), one in zip(_WAYS, ways, strict=True)
        ]
        return Scores(
            subject=subject,
            row=row,
            p=np.concatenate([one.p for one in ways]),
            tested=tested[subject].astype(np.int64),
            numbers={
                "first": np.concatenate([first for _, first, _ in told]),
                "did": np.repeat(np.array([did for did, _, _ in told], dtype=object), [one.row.size for one in ways]),
                "object": np.concatenate([then for _, _, then in told]),
                "seen": np.concatenate([one.seen for one in ways]),
                "days": np.concatenate([one.days for one in ways]),
                "others": np.concatenate([one.anywhere for one in ways]),
                "hosts": np.concatenate([one.subjects for one in ways]),
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """What a host did counts once a day."""
        for one in self._ways:
            one.learn(day, rows, taken)
        self._learned += 1

    def _told(self, key: str, row: Integers) -> npt.NDArray[Any]:
        return self._names[key][self._codes[key][row]]


def _paired(one: Integers, other: Integers) -> Integers:
    paired: Integers = one * (int(other.max(initial=0)) + 1) + other
    return paired


MODEL = ProcessRarity()
