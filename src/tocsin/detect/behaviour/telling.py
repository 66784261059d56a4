"""What one model says of the subjects of a day, and the words in which a day that is told is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tocsin.detect.behaviour.calibration import Reference
from tocsin.detect.behaviour.history import Floats, History, Integers
from tocsin.detect.behaviour.model import Memory, Model, Scores
from tocsin.model.behaviour import Kind, Oddity
from tocsin.model.finding import Level

KINDS = list(Kind)
TOLD_BELOW = 0.05  # an alert tells of the models that found the day at least so odd; where none did there is none


@dataclass(slots=True)
class Running:
    """A model on its way through the days; `places` are the numbers of its subjects among all."""

    model: Model
    history: History
    memory: Memory
    places: Integers
    kinds: Integers
    since: Integers
    references: list[Reference] = field(default_factory=lambda: [Reference() for _ in KINDS])
    tested: int = 0
    warm_from: int | None = None
    not_judged: int = 0


class Channel(NamedTuple):
    """What one model says of the subjects of a day: the odder of its things for each, and what it weighs."""

    subjects: Integers  # numbers among all subjects
    codes: Integers  # the same in the model's history
    best: Integers  # place in the scores
    statistic: Floats
    p: Floats  # calibrated; NaN where not warm


def p_of(channel: Channel, subject: int) -> float | None:
    """What the model says of the subject; None where it says nothing."""
    at = int(np.searchsorted(channel.subjects, subject))
    if at == channel.subjects.size or channel.subjects[at] != subject or np.isnan(channel.p[at]):
        return None
    return float(channel.p[at])


def oddities_of(
    subject: int, day: int, running: Sequence[Running], scored: Sequence[Scores], channels: Mapping[int, Channel]
) -> tuple[Oddity, ...]:
    """What the models that found the subject's day odd say of it, the oddest first.

    running, scored   by number of the model; `channels` of those that are no facts
    """
    told: list[tuple[float, str, Oddity]] = []
    for number, channel in channels.items():
        p = p_of(channel, subject)
        if p is not None and p <= TOLD_BELOW:
            one, at = running[number], int(np.searchsorted(channel.subjects, subject))
            told.append((p, one.model.info.name, oddity(one, scored[number], int(channel.best[at]), day, p)))
    return tuple(each for _, _, each in sorted(told, key=lambda each: each[:2]))


def oddity(one: Running, scores: Scores, place: int, day: int, p: float | None) -> Oddity:
    """One score in words; `p` after calibration, None for a fact."""
    history, row = one.history, int(scores.row[place])
    numbers = scores.numbers_of(place)
    first, last, record = (int(history.values[name][row]) for name in ("first", "last", "record"))
    return Oddity(
        model=one.model.info.name,
        subject=history.names[one.model.subject][int(scores.subject[place])],
        day=day,
        p=None if p is None else float(f"{p:.3g}"),
        why=one.model.explain(numbers),
        numbers=numbers,
        object=str(numbers.get("object", "")),
        level=one.model.info.level if scores.level is None else Level(scores.level[place]),
        first=first,
        last=last,
        records=(record,),
    )
