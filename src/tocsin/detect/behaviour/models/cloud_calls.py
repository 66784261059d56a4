"""Whether an account called an operation, in a region or with a program, that it never or hardly ever did before.

Three rarities (`rarity`), each of the account's own days first, then of those of its unit, then of all: what is new to
an account is judged by how usual it is for those around it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.detect.behaviour.history import Flags, History
from tocsin.detect.behaviour.model import NO_SCORES, Scores
from tocsin.detect.behaviour.rarity import Counted, Dimension
from tocsin.model.behaviour import ModelInfo, Number, Surroundings
from tocsin.model.finding import EntityType

_WARM_DAYS = 3
_LEAST_LEARNED = 30.0  # account-days of an operation
_WAYS = {"operation": "called", "region": "called something in the region", "agent": "called with the program"}


class CloudCalls:
    """One score for each distinct operation, region and program of an account's day."""

    info = ModelInfo(
        name="cloud_calls",
        title="Called what is new to the account in a cloud",
        about=EntityType.ACCOUNT,
        tells="operations, regions and programs that are new to an account, and rare for those around it",
        techniques=("T1078.004", "T1580", "T1535"),
        tactics=("initial-access", "discovery", "defense-evasion"),
    )
    relation = "calls"
    subject = "account"

    def begin(self, history: History, around: Surroundings) -> _Memory:
        """A memory with a place for each pair of account and thing of the history."""
        return _Memory(history, around)

    def explain(self, numbers: Mapping[str, Number]) -> str:
        """`called ec2:RunInstances, on 0 of its 214 …`."""
        own = (
            f"so in {numbers['seen']:.3g} of {numbers['days']:,.4g} cases of its own, each counted once a day"
            if numbers["days"]
            else "it has no day of its own yet and is judged by the others"
        )
        return (
            f"{numbers['did']} {numbers['object']}: {own}; {numbers['others']:,} of {numbers['accounts']:,} other "
            f"accounts ever did"
        )


class _Memory:
    def __init__(self, history: History, around: Surroundings) -> None:
        self._history = history
        self._names = {key: np.array(history.names[key], dtype=object) for key in _WAYS}
        account = history.codes["account"]
        units = [f"{around.unit.get(name, '')}\n{around.kind_of(name).value}" for name in history.names["account"]]
        unit = np.unique(np.array(units, dtype=object), return_inverse=True)[1].astype(np.int64)[account]
        self._ways = {
            key: Counted(Dimension(subject=account, thing=history.codes[key], contexts=(account, unit)))
            for key in _WAYS
        }
        self._learned = 0

    def score(self, day: int, rows: slice) -> Scores:
        """All distinct things of an account were tested."""
        if self._learned < _WARM_DAYS or rows.stop == rows.start:
            return NO_SCORES
        if self._ways["operation"].total(day) < _LEAST_LEARNED:
            return NO_SCORES
        ways = {key: one.found(day, rows) for key, one in self._ways.items()}
        subject = np.concatenate([one.subject for one in ways.values()])
        tested = np.bincount(subject, minlength=len(self._history.names["account"]))
        return Scores(
            subject=subject,
            row=np.concatenate([one.row for one in ways.values()]),
            p=np.concatenate([one.p for one in ways.values()]),
            tested=tested[subject].astype(np.int64),
            numbers={
                "did": np.repeat(
                    np.array([_WAYS[key] for key in ways], dtype=object), [one.row.size for one in ways.values()]
                ),
                "object": np.concatenate(
                    [self._names[key][self._history.codes[key][one.row]] for key, one in ways.items()]
                ),
                "seen": np.concatenate([one.seen for one in ways.values()]),
                "days": np.concatenate([one.days for one in ways.values()]),
                "others": np.concatenate([one.anywhere for one in ways.values()]),
                "accounts": np.concatenate([one.subjects for one in ways.values()]),
            },
        )

    def learn(self, day: int, rows: slice, taken: Flags) -> None:
        """What an account did counts once a day."""
        for one in self._ways.values():
            one.learn(day, rows, taken)
        self._learned += 1


MODEL = CloudCalls()
