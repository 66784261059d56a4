"""How much people reach, on an invented estate, where somebody takes a little more for a month.

Two hundred people work on two to five of thirty-six matters of three classes, mostly with few of their files; pace,
day and the week's hearing vary what they reach, and on six days of a thousand they take copies of many files of a matter at once.
Files are added all the time. Nothing of the models was fitted to it, and no public data has months of such work with
somebody's taking among it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from benchmarks.measures.planted import WARM, Found, Key, history, least, ranks_of, shares
from tocsin.model.behaviour import Placed, Surroundings
from tocsin.model.instant import HOUR

_DAYS = 90
_PEOPLE, _UNITS, _MATTERS, _FILES = 200, 8, 36, 120
_CLASSES = ("public", "confidential", "sealed")
_COPIED = 0.1  # of what people reach, beside what they take many of at once
_COLLECTORS, _COLLECTED_DAYS, _COLLECTED_A_DAY = 6, 30, 2.5


class _Work(NamedTuple):
    """Files (matter times `_FILES` and number) each person reached on each day, with whether a copy was taken, and the
    matters of each person."""

    files: dict[Key, dict[int, bool]]
    matters: list[list[int]]


def collectors(seeds: Iterable[int] = range(3)) -> Found:
    """By method and budget the share of the collectors that are among the first of a day on which they collect.

    Six of each estate take copies of some 2.5 more files a day of matters of theirs for thirty days, each once, matter by matter.
    """
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    for seed in seeds:
        chance = np.random.default_rng((seed, 1))
        work = _worked(chance)
        begins: dict[int, int] = {}
        for person in chance.choice(_PEOPLE, _COLLECTORS, replace=False).tolist():
            begins[person] = int(chance.integers(WARM, _DAYS - _COLLECTED_DAYS))
            left = [matter * _FILES + file for matter in work.matters[person] for file in range(_FILES)]
            for day in range(begins[person], begins[person] + _COLLECTED_DAYS):
                if (day, person) in work.files:
                    count = int(chance.poisson(_COLLECTED_A_DAY))
                    work.files[day, person] |= dict.fromkeys(left[:count], True)
                    left = left[count:]
        collected = {(day, person) for person, begin in begins.items() for day in range(begin, begin + _COLLECTED_DAYS)}
        for name, scores in _scores(work, chance).items():
            ordered = sorted(collected)
            best = dict.fromkeys(begins, 10**6)
            for (_, person), rank in zip(ordered, ranks_of(scores, collected, chance), strict=True):
                best[person] = min(best[person], rank)
            ranks[name] += best.values()
    return shares(ranks)


def _worked(chance: np.random.Generator) -> _Work:
    """Who reached what on which day, without anybody's taking."""
    unit = np.arange(_PEOPLE) % _UNITS
    of_unit = [np.arange(_MATTERS)[np.arange(_MATTERS) % _UNITS == each] for each in range(_UNITS)]
    matters = [
        sorted({*chance.choice(of_unit[unit[person]], 2).tolist(), *chance.choice(_MATTERS, 2).tolist()})
        for person in range(_PEOPLE)
    ]
    pace = chance.lognormal(1.5, 0.55, _PEOPLE)
    taste = chance.integers(0, _FILES, _PEOPLE)
    files: dict[Key, dict[int, bool]] = {}
    for day in (each for each in range(_DAYS) if each % 7 < 5):
        heard = set(np.random.default_rng(day // 7).choice(_MATTERS, 5, replace=False).tolist())
        there = int(_FILES * (0.6 + 0.4 * (day + 1) / _DAYS))
        for person in range(_PEOPLE):
            if chance.random() < 0.12:
                continue
            own = matters[person]
            busy = 1.8 if heard.intersection(own) else 1.0
            reached: dict[int, bool] = {}
            for _ in range(int(chance.poisson(pace[person] * busy * chance.gamma(2.5, 0.4)))):
                rank = int(chance.pareto(0.9)) % there
                file = there - 1 - rank if chance.random() < 0.6 else (taste[person] + 31 * rank) % there
                reached[int(chance.choice(own)) * _FILES + int(file)] = chance.random() < _COPIED
            if chance.random() < 0.006:
                bundle = chance.choice(there, int(chance.integers(12, 40)), replace=False)
                matter = int(chance.choice(own))
                reached |= {matter * _FILES + int(file): True for file in bundle}
            if reached:
                files[day, person] = reached
    return _Work(files, matters)


def _scores(work: _Work, chance: np.random.Generator) -> dict[str, dict[Key, float]]:
    """By method and day of a person, from the warm days on; lower is odder."""
    rows = [
        {
            "day": day,
            "actor": f"person-{person:03d}",
            "kind": "document",
            "holding": f"file-{file % _FILES:03d}",
            "container": f"matter-{file // _FILES:02d}",
            "taken": int(is_copied),
            "at": 10 * HOUR,
        }
        for (day, person), files in sorted(work.files.items())
        for file, is_copied in sorted(files.items())
    ]
    past = history("accesses", rows)
    around = Surroundings(
        unit={f"person-{person:03d}": f"unit-{person % _UNITS}" for person in range(_PEOPLE)},
        place=lambda kind, holding, container: Placed(container, _CLASSES[int(container[-2:]) % 3], 0, False),
    )
    scores = {name: least(name, past, around) for name in ("volume", "slow_collection")}
    seen: dict[int, set[int]] = {}
    before: dict[int, list[tuple[int, int, int]]] = {}  # files, those of them that were new, and copies, by day
    for (day, person), files in sorted(work.files.items()):
        known, days = seen.setdefault(person, set()), before.setdefault(person, [])
        new, copies = len(files.keys() - known), sum(files.values())
        if day >= WARM:
            usual = sum(count for count, _, _ in days) / max(1, len(days))
            for name, value in (
                ("most holdings", float(len(files))),
                ("times its own mean", len(files) / max(usual, 0.5)),
                ("most new holdings", float(new)),
                ("new holdings of ten days", float(new + sum(one for _, one, _ in days[-9:]))),
                ("most copies", float(copies)),
                ("copies of ten days", float(copies + sum(one for _, _, one in days[-9:]))),
                ("random", float(chance.random())),
            ):
                scores.setdefault(name, {})[day, person] = -value
        days.append((len(files), new, copies))
        known |= files.keys()
    return scores
