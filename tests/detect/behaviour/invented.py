"""Relations and estates that are made up, and models run over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.history import Flags, History, history_of
from tocsin.detect.behaviour.model import Scores, all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, NANOSECONDS

FIRST_DAY = 20_000


def history(relation_name: str, rows: Iterable[Mapping[str, Any]]) -> History:
    """Rows of `day` (from 0), keys and measures; what is left out is empty, one record, in the middle of the day."""
    relation = all_relations()[relation_name]
    filled = []
    for number, row in enumerate(rows):
        time = (FIRST_DAY + row["day"]) * DAY + 43_200 * NANOSECONDS
        blank = {"count": 1, "first": time, "last": time, "record": number, **dict.fromkeys(relation.keys, "")}
        blank |= {name: [] if pa.types.is_list(type_) else 0 for name, type_, _ in relation.measures}
        filled.append({**blank, **row, "day": FIRST_DAY + row["day"]})
    return history_of(relation, combine(relation, [pa.Table.from_pylist(filled, schema=schema_of(relation))]))


def run(
    model_name: str, told: History, *, barred: Flags | None = None, around: Surroundings | None = None
) -> Iterator[tuple[int, Scores]]:
    """(day from 0, scores) of each day; rows of `barred` are not learned."""
    memory = all_models()[model_name].begin(told, around or Surroundings())
    for day, rows in told.by_day():
        yield day - FIRST_DAY, memory.score(day, rows)
        taken = np.ones(rows.stop - rows.start, dtype=np.bool_) if barred is None else ~barred[rows]
        memory.learn(day, rows, taken)


def least(model_name: str, told: History, scores: Scores) -> dict[str, float]:
    """By subject the least p of the day, times what was tested."""
    names = told.names[all_models()[model_name].subject]
    found: dict[str, float] = {}
    for subject, p, tested in zip(scores.subject.tolist(), scores.p.tolist(), scores.tested.tolist(), strict=True):
        name = names[subject]
        found[name] = min(found.get(name, 1.0), p * tested)
    return found
