"""From what relations kept to alerts: day after day, every model scores, all of them are put together, then they learn.

A fold over event-days. A day is judged by the days before it alone, so what comes late changes the days from its own on
and no other, and the same records give the same alerts in whatever order they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.budget import Picked, is_calibrated, pick
from tocsin.detect.behaviour.calibration import Reference
from tocsin.detect.behaviour.combination import Combination
from tocsin.detect.behaviour.history import Flags, Floats, History, Integers, history_of
from tocsin.detect.behaviour.model import Model, Scores, all_models
from tocsin.detect.behaviour.relation import all_relations
from tocsin.detect.behaviour.telling import KINDS, TOLD_BELOW, Channel, Running, oddities_of, oddity, p_of
from tocsin.model.behaviour import (
    Alert,
    BehaviourAccount,
    Calibrated,
    Kind,
    ModelAccount,
    Surroundings,
)
from tocsin.model.finding import EntityType

# Keys of relations that hold an account or a host, which the logs may call by several names.
ACCOUNTS = ("actor", "account", "owner", "user")
HOSTS = ("host", "source", "from_host", "to_host")
_USUAL = 0.45  # a p-value of all models together above it says nothing: where most subjects are alike, theirs is about
# a half, and would drift by a hair from day to day and be odder than all before
_ALONE_A_DAY = 1  # of each model that is told by itself too
_QUIET_DAYS = 14  # a day is quiet if fewer than half as many subjects were seen as on the median of so many days before
_CHECKED = (1e-1, 1e-2, 1e-3)

_Subject = tuple[EntityType, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What was unusual: alerts by day, then the oddest first; and the books."""

    alerts: tuple[Alert, ...]
    account: BehaviourAccount


class _Judged(NamedTuple):
    """The subjects of a day, what all models together say of each, and how many of its sort were judged."""

    subjects: Integers
    p: Floats
    among: Integers


class _Told(NamedTuple):
    """What is told of a subject: how many a day are as odd by chance, of `among` with that p; of how many models."""

    expected: float
    p: float
    among: int
    models: int
    is_controlled: bool


def conclude(
    states: Mapping[str, pa.Table],
    around: Surroundings,
    *,
    budget: int,
    models: Mapping[str, Model],
    account_name: Callable[[str], str] = str,
    host_name: Callable[[str], str] = str,
) -> Behaviour:
    """Alerts of the models given, over every day the relations hold.

    states          by relation, what `relation.combine` gave
    budget          most alerts a day, facts apart
    account_name, host_name   the one name each is shown by

    Equal states give equal alerts. A subject in an open incident is scored and not learned from (`Surroundings`).
    """
    histories = {
        name: history_of(all_relations()[name], state, _renaming(all_relations()[name].keys, account_name, host_name))
        for name, state in sorted(states.items())
        if any(model.relation == name for model in models.values())
    }
    subjects, running = _begin(histories, around, models)
    days = sorted({int(day) for history in histories.values() for day in history.days})
    fold = _Fold(subjects, running, tuple(histories.values()), budget)
    for day in days:
        fold.step(day)
    return Behaviour(alerts=tuple(fold.alerts), account=_account(fold, len(days), budget, histories, models))


def _renaming(
    keys: Sequence[str], account_name: Callable[[str], str], host_name: Callable[[str], str]
) -> dict[str, Callable[[str], str]]:
    named = {key: account_name for key in keys if key in ACCOUNTS}
    return named | {key: host_name for key in keys if key in HOSTS}


def _begin(
    histories: Mapping[str, History], around: Surroundings, models: Mapping[str, Model]
) -> tuple[tuple[_Subject, ...], tuple[Running, ...]]:
    wanted = {name: model for name, model in sorted(models.items()) if model.relation in histories}
    named: set[_Subject] = set()
    for model in wanted.values():
        names = histories[model.relation].names[model.subject]
        named |= {(model.info.about, name) for name in names if name}
    subjects = tuple(sorted(named))
    number = {subject: place for place, subject in enumerate(subjects)}
    running = []
    for model in wanted.values():
        history = histories[model.relation]
        names = history.names[model.subject]
        about = model.info.about
        kinds = [Kind.HOST if about is EntityType.HOST else around.kind_of(name) for name in names]
        running.append(
            Running(
                model=model,
                history=history,
                memory=model.begin(history, around),
                places=np.array([number.get((about, name), -1) for name in names], dtype=np.int64),
                kinds=np.array([KINDS.index(kind) for kind in kinds], dtype=np.int64),
                since=np.array([around.open_since.get(name, np.iinfo(np.int64).max) for name in names], dtype=np.int64),
            )
        )
    return subjects, tuple(running)


class _Fold:
    """The days so far: alerts as they were picked, and what the calibration has seen."""

    def __init__(
        self,
        subjects: tuple[_Subject, ...],
        running: tuple[Running, ...],
        histories: tuple[History, ...],
        budget: int,
    ) -> None:
        self._subjects = subjects
        self._histories = histories
        self._state = b""
        self.running = running
        self._scored = [number for number, one in enumerate(running) if not one.model.info.is_fact]
        self._combination = Combination(len(self._scored))
        self._budget = budget
        self.alerts: list[Alert] = []
        self.checked: list[tuple[int, Floats]] = []  # (day, combined p of the subjects that may be learned from)
        self.held_back = 0
        self.not_learned = 0
        self.facts = 0
        self._active: list[int] = []
        self._references = [Reference() for _ in KINDS]
        self._kinds = np.zeros(len(subjects), dtype=np.int64)
        for one in running:
            known = one.places >= 0
            self._kinds[one.places[known]] = one.kinds[known]

    def step(self, day: int) -> None:
        """Score the day, pick its alerts, learn it."""
        digests = (history.digest(history.rows_of(day)) for history in self._histories)
        self._state = hashlib.sha256(b"".join((self._state, str(day).encode(), *digests))).digest()
        scored = [one.memory.score(day, one.history.rows_of(day)) for one in self.running]
        is_quiet = self._is_quiet(day)
        channels = {
            number: self._channel(self.running[number], scored[number], day, is_quiet=is_quiet)
            for number in self._scored
        }
        present = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(c.subjects for c in channels.values())]))
        table = np.full((present.size, len(self._scored)), np.nan)
        for column, number in enumerate(self._scored):
            table[np.searchsorted(present, channels[number].subjects), column] = channels[number].p
        together = -np.log10(np.minimum(self._combination.p_values(table), _USUAL))
        combined = self._calibrated(present, together, day, is_quiet=is_quiet)
        barred = self._barred(present, day)
        with_reason = (table <= TOLD_BELOW).any(axis=1)  # NaN is not
        among = self._among(present, combined)
        picked = pick(
            np.where(with_reason, combined, np.nan),
            self._budget,
            among=among,
            controlled=is_calibrated(self.checked, day),
        )
        self.held_back += picked.held_back
        self._tell_facts(day, scored)
        self._tell(day, scored, channels, _Judged(present, combined, among), picked)
        known = ~np.isnan(combined) & ~barred
        self.checked.append((day, combined[known]))
        for kind, reference in enumerate(self._references):
            fit = ~barred & ~np.isnan(together) & (self._kinds[present] == kind)
            reference.add(day, together[fit], is_quiet=is_quiet)
        self._combination.learn(day, table[~barred])
        self._learn(day, channels, present[barred], is_quiet=is_quiet)

    def _is_quiet(self, day: int) -> bool:
        """Whether far fewer subjects were seen than on the days before: a weekend, a holiday, a log that is missing."""
        seen = [
            np.unique(one.places[one.history.codes[one.model.subject][one.history.rows_of(day)]])
            for one in self.running
        ]
        active = int(np.unique(np.concatenate([np.empty(0, dtype=np.int64), *seen])).size)
        before = self._active[-_QUIET_DAYS:]
        self._active.append(active)
        return bool(before) and active < 0.5 * float(np.median(before))

    def _channel(self, one: Running, scores: Scores, day: int, *, is_quiet: bool) -> Channel:
        """The oddest of each subject's things: -log10 of the least p times how many were tested (Bonferroni)."""
        warm = ~np.isnan(scores.p) & (one.places[scores.subject] >= 0) if scores.p.size else np.empty(0, dtype=bool)
        place = np.flatnonzero(warm)
        one.not_judged += int(np.isnan(scores.p).sum())
        if place.size:
            one.warm_from = day if one.warm_from is None else one.warm_from
            one.tested += int(place.size)
        p, subject = scores.p[place], scores.subject[place]
        order = np.lexsort((scores.row[place], p, subject))
        first = order[np.concatenate(([True], subject[order][1:] != subject[order][:-1]))] if order.size else order
        least = np.minimum(1.0, p[first] * scores.tested[place][first])
        statistic = -np.log10(np.maximum(least, 1e-300)) - 1e-3 * np.log10(np.maximum(p[first], 1e-300))
        calibrated = np.full(first.size, np.nan)
        kinds = one.kinds[subject[first]]
        for number, reference in enumerate(one.references):
            mine = kinds == number
            if mine.any():
                calibrated[mine] = reference.p_values(day, statistic[mine], is_quiet=is_quiet)
        return Channel(one.places[subject[first]], subject[first], place[first], statistic, calibrated)

    def _calibrated(self, present: Integers, together: Floats, day: int, *, is_quiet: bool) -> Floats:
        """The combined p-values held against those of the days before, as each model's are: what combines them errs on
        the side of the usual, and a budget would stay unused."""
        p = np.full(present.size, np.nan)
        for kind, reference in enumerate(self._references):
            mine = ~np.isnan(together) & (self._kinds[present] == kind)
            if mine.any():
                p[mine] = reference.p_values(day, together[mine], is_quiet=is_quiet)
        return p

    def _among(self, subjects: Integers, p: Floats) -> Integers:
        """By subject how many of its sort have a p-value."""
        kinds = self._kinds[subjects]
        judged: Integers = np.bincount(kinds[~np.isnan(p)], minlength=len(KINDS))[kinds].astype(np.int64)
        return judged

    def _barred(self, present: Integers, day: int) -> Flags:
        """Of the subjects of a day, those in an incident that is open by then."""
        barred = np.zeros(present.size, dtype=np.bool_)
        for one in self.running:
            shut = one.places[(one.since <= day) & (one.places >= 0)]
            barred |= np.isin(present, shut)
        return barred

    def _learn(
        self,
        day: int,
        channels: Mapping[int, Channel],
        barred: Integers,
        *,
        is_quiet: bool,
    ) -> None:
        """All but the `barred`. A day that was told, controlled or not, is learned: who moved house would else be as
        odd every day from then on, and a calibration without its oddest days would call ever more of them odd.
        """
        for number, one in enumerate(self.running):
            rows = one.history.rows_of(day)
            code = one.history.codes[one.model.subject][rows]
            taken = (one.since[code] > day) & ~np.isin(one.places[code], barred)
            self.not_learned += int(one.history.values["count"][rows][~taken].sum())
            if rows.stop > rows.start:
                one.memory.learn(day, rows, taken)
            if number in channels:
                channel = channels[number]
                fit = ~np.isin(channel.subjects, barred) & (one.since[channel.codes] > day)
                kinds = one.kinds[channel.codes]
                for kind, reference in enumerate(one.references):
                    reference.add(day, channel.statistic[fit & (kinds == kind)], is_quiet=is_quiet)

    def _tell(
        self,
        day: int,
        scored: Sequence[Scores],
        channels: Mapping[int, Channel],
        judged: _Judged,
        picked: Picked,
    ) -> None:
        """The rarest of the subjects picked and of those that a model told by itself too found odd, the rarest first.

        Of whom both say so the rarer counts: either is how often a day brings as much. No more than the budget.
        """
        told = self._alone(channels)
        for place, controlled in zip(picked.places.tolist(), picked.is_controlled.tolist(), strict=True):
            subject, p, among = int(judged.subjects[place]), float(judged.p[place]), int(judged.among[place])
            spoke = sum(p_of(channel, subject) is not None for channel in channels.values())
            together = _Told(p * among, p, among, spoke, controlled)
            told[subject] = min(together, told.get(subject, together))._replace(is_controlled=controlled)
        rarest = sorted(told, key=lambda subject: (told[subject], subject))
        self.held_back += len(rarest[self._budget :])
        for subject in rarest[: self._budget]:
            about, name = self._subjects[subject]
            self.alerts.append(
                Alert(
                    about=about,
                    subject=name,
                    day=day,
                    p=float(f"{told[subject].p:.3g}"),
                    among=told[subject].among,
                    is_controlled=told[subject].is_controlled,
                    models=told[subject].models,
                    oddities=oddities_of(subject, day, self.running, scored, channels),
                    state=self._state.hex(),
                )
            )

    def _alone(self, channels: Mapping[int, Channel]) -> dict[int, _Told]:
        """By subject the rarest of what models that are told by themselves too say, `_ALONE_A_DAY` of each model.

        The day of whom they mean is a usual one otherwise: put together with the models that say so it is lost.
        """
        found: dict[int, _Told] = {}
        for number, channel in channels.items():
            if not self.running[number].model.info.is_told_alone:
                continue
            among = self._among(channel.subjects, channel.p)
            p = np.where(channel.p <= TOLD_BELOW, channel.p, np.nan)
            for place in pick(p, min(_ALONE_A_DAY, self._budget), among=among, controlled=False).places.tolist():
                p_value, judged, subject = float(channel.p[place]), int(among[place]), int(channel.subjects[place])
                one = _Told(p_value * judged, p_value, judged, 1, False)
                found[subject] = min(found.get(subject, one), one)
        return found

    def _tell_facts(self, day: int, scored: Sequence[Scores]) -> None:
        for one, scores in zip(self.running, scored, strict=True):
            if not one.model.info.is_fact:
                continue
            one.warm_from = day if one.warm_from is None else one.warm_from  # what is declared needs no learning
            for place in range(scores.row.size):
                told = oddity(one, scores, place, day, None)
                self.facts += 1
                self.alerts.append(
                    Alert(
                        about=one.model.info.about,
                        subject=told.subject,
                        day=day,
                        p=None,
                        among=0,
                        is_controlled=False,
                        models=1,
                        oddities=(told,),
                        state=self._state.hex(),
                    )
                )


def _account(
    fold: _Fold, days: int, budget: int, histories: Mapping[str, History], models: Mapping[str, Model]
) -> BehaviourAccount:
    running = {one.model.info.name: one for one in fold.running}
    accounts = []
    for name, model in all_models().items():
        history, one = histories.get(model.relation), running.get(name)
        info = model.info
        accounts.append(
            ModelAccount(
                name=name,
                title=info.title,
                is_on=name in models,
                why_off="" if name in models else info.why_off or "not asked for",
                rows=int(history.values["count"].sum()) if history and name in models else 0,
                untimed=history.untimed if history and name in models else 0,
                tested=one.tested if one else 0,
                warm_from=one.warm_from if one else None,
                not_judged=one.not_judged if one else 0,
            )
        )
    every = np.concatenate([np.empty(0), *(p for _, p in fold.checked)])
    alerts = [alert for alert in fold.alerts if alert.p is not None]
    return BehaviourAccount(
        budget=budget,
        days=days,
        tested=int(every.size),
        alerts=len(alerts),
        controlled=sum(alert.is_controlled for alert in alerts),
        facts=fold.facts,
        held_back=fold.held_back,
        not_learned=fold.not_learned,
        models=tuple(accounts),
        calibration=tuple(Calibrated(at, int(every.size), int((every <= at).sum())) for at in _CHECKED),
        is_calibrated=bool(fold.checked) and is_calibrated(fold.checked, fold.checked[-1][0] + 1),
    )
