"""What every behaviour model found by folder promises."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from tocsin.detect.behaviour.history import History, history_of
from tocsin.detect.behaviour.model import Model, Scores, all_models
from tocsin.detect.behaviour.relation import all_relations, combine, schema_of
from tocsin.model.behaviour import Surroundings

_DAYS = 40
_FIRST_DAY = 20_000
_DAY = 86_400 * 10**9
# What keys say where only certain words mean anything; of all others a few invented ones are seen often.
_WORDS = {"way": ("ticket", "service", "federation", "session"), "side": ("issued", "issued", "used")}
_AROUND = Surroundings(watched=lambda host, log: ((0, 2**62),))


def _state(relation_name: str, seed: int, days: int = _DAYS) -> pa.Table:
    """An invented relation: forty accounts with habits of their own, and now and then something new."""
    chance = random.Random(seed)
    relation = all_relations()[relation_name]
    schema = schema_of(relation)
    rows = []
    for number in range(days * 60):
        day = _FIRST_DAY + number // 60
        subject = f"person-{chance.randrange(40)}@court.example"
        time = day * _DAY + chance.randrange(8, 18) * 3_600 * 10**9
        row: dict[str, object] = {"day": day, "count": chance.randrange(1, 9), "first": time, "last": time + 60 * 10**9}
        row["record"] = number
        for key in relation.keys:
            invented = f"{key}-{chance.randrange(4) if chance.random() < 0.9 else chance.randrange(400)}"
            row[key] = chance.choice(_WORDS[key]) if key in _WORDS else invented
        for name, type_, _ in relation.measures:
            row[name] = [chance.randrange(86_400)] if pa.types.is_list(type_) else chance.randrange(1, 1_000)
        for key in ("actor", "account", "identity"):
            if key in relation.keys:
                row[key] = subject
        rows.append(row)
    return combine(relation, [pa.Table.from_pylist(rows, schema=schema)])


def _run(model: Model, history: History, *, learn: bool = True) -> Iterator[tuple[int, Scores]]:
    memory = model.begin(history, _AROUND)
    for day, rows in history.by_day():
        yield day, memory.score(day, rows)
        memory.learn(day, rows, np.full(rows.stop - rows.start, learn))


@pytest.fixture(params=sorted(all_models()))
def model(request: pytest.FixtureRequest) -> Model:
    return all_models()[request.param]


def test_p_values_lie_above_0_and_up_to_1_and_every_score_points_at_a_row_of_its_day(model: Model) -> None:
    history = history_of(all_relations()[model.relation], _state(model.relation, 1))
    told = 0
    for day, scores in _run(model, history):
        rows = history.rows_of(day)
        warm = scores.p[~np.isnan(scores.p)]
        assert np.all(warm == 0) if model.info.is_fact else np.all((warm > 0) & (warm <= 1))
        assert np.all((scores.row >= rows.start) & (scores.row < rows.stop))
        assert np.all(scores.tested >= 1)
        assert np.array_equal(history.codes[model.subject][scores.row], scores.subject)
        told += scores.p.size
    assert told or model.info.is_fact


def test_what_comes_later_changes_no_earlier_score(model: Model) -> None:
    relation = all_relations()[model.relation]
    state = _state(model.relation, 2)
    whole = history_of(relation, state)
    cut = history_of(relation, state.filter(pa.array([day < _FIRST_DAY + 25 for day in state["day"].to_pylist()])))
    later = dict(_run(model, whole))
    for day, scores in _run(model, cut):
        told, again = _by_name(whole, model, later[day]), _by_name(cut, model, scores)
        assert told.keys() == again.keys()
        assert all(told[key] == pytest.approx(again[key], rel=1e-9, nan_ok=True) for key in told)


def test_what_is_not_taken_leaves_no_trace(model: Model) -> None:
    """Where nothing of one account may be learned, all others are scored as if it had not been there."""
    relation = all_relations()[model.relation]
    state = _state(model.relation, 3)
    whole = history_of(relation, state)
    barred = whole.names[model.subject][0]
    without = history_of(
        relation, state.filter(pa.array([name != barred for name in state[model.subject].to_pylist()]))
    )
    memory = model.begin(whole, _AROUND)
    alone = dict(_run(model, without))
    for day, rows in whole.by_day():
        told = _by_name(whole, model, memory.score(day, rows))
        # Scoring changes nothing; what cannot be judged has no p-value.
        assert told == pytest.approx(_by_name(whole, model, memory.score(day, rows)), rel=0, abs=0, nan_ok=True)
        again = _by_name(without, model, alone[day])
        others = {key: p for key, p in told.items() if key[0] != barred}
        assert others.keys() == again.keys()
        assert all(others[key] == pytest.approx(again[key], rel=1e-9, nan_ok=True) for key in others)
        memory.learn(day, rows, whole.codes[model.subject][rows] != 0)


def test_each_sentence_is_made_of_named_numbers_alone(model: Model) -> None:
    history = history_of(all_relations()[model.relation], _state(model.relation, 4))
    for _, scores in _run(model, history):
        for place in range(min(3, scores.p.size)):
            numbers = scores.numbers_of(place)
            sentence = model.explain(numbers)
            assert sentence
            assert "\n" not in sentence
            marked = {
                name: (value + 1 if isinstance(value, int | float) else f"{value}-x") for name, value in numbers.items()
            }
            if any(isinstance(value, int | float) for value in numbers.values()) and re.search(r"\d", sentence):
                assert model.explain(marked) != sentence


def _by_name(history: History, model: Model, scores: Scores) -> dict[tuple[str, int], float]:
    """p by subject and the record of the row shown: codes differ between histories."""
    names = history.names[model.subject]
    records = history.values["record"][scores.row].tolist()
    return {
        (names[subject], record): p
        for subject, record, p in zip(scores.subject.tolist(), records, scores.p.tolist(), strict=True)
    }
