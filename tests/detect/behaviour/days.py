"""Invented days of a relation, as models read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from tocsin.detect.behaviour.history import History, history_of
from tocsin.detect.behaviour.model import Model, Scores
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR

FIRST_DAY = 20_003  # a Monday


def history(relation_name: str, rows: Iterable[Mapping[str, Any]]) -> History:
    """A history of these rows: `day` counted from 0, `hour` of it (9), and keys; what a row does not say is ""."""
    relation = all_relations()[relation_name]
    filled = []
    for record, row in enumerate(rows):
        first = (FIRST_DAY + row["day"]) * DAY + int(row.get("hour", 9) * HOUR)
        filled.append(
            {
                "day": FIRST_DAY + row["day"],
                "count": 1,
                "first": first,
                "last": first,
                "record": record,
                **{key: row.get(key, "") for key in relation.keys},
                **{name: 0 for name, _, _ in relation.measures},
            }
        )
    return history_of(relation, combine(relation, [pa.Table.from_pylist(filled, schema=schema_of(relation))]))


def run(
    model: Model, rows: History, around: Surroundings | None = None, *, barred_from: Mapping[str, int] | None = None
) -> Iterator[tuple[int, str, float, str, Scores, int]]:
    """(day counted from 0, subject, p, sentence, scores, place in them) of each score, in time.

    barred_from  by subject the day from which it may not be learned from
    """
    memory = model.begin(rows, around or Surroundings())
    names = rows.names[model.subject]
    barred = np.array([FIRST_DAY + (barred_from or {}).get(name, 10_000) for name in names])
    for day, part in rows.by_day():
        scores = memory.score(day, part)
        for place, (subject, p) in enumerate(zip(scores.subject.tolist(), scores.p.tolist(), strict=True)):
            yield day - FIRST_DAY, names[subject], p, model.explain(scores.numbers_of(place)), scores, place
        memory.learn(day, part, barred[rows.codes[model.subject][part]] > day)
