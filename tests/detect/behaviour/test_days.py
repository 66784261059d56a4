"""The fold over event-days: what it promises whatever the order, and that it finds what is odd."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from functools import cache

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.detect.behaviour.days import Behaviour, conclude
from tocsin.detect.behaviour.model import all_models
from tocsin.detect.behaviour.relation import UNTIMED, Seen, all_relations, combine, in_order, schema_of, summarise
from tocsin.model.behaviour import Surroundings
from tocsin.model.instant import DAY, HOUR
from tocsin.model.tables import ACCESSES, EVENTS

_FIRST = 20_000
_THIEF = "thief@court.example"


def _accesses(seed: int, people: int, days: int, *, theft: int = 0) -> pa.Table:
    """An invented office: people who read a few files a day, and one who from day 30 on reads many more."""
    chance = np.random.default_rng(seed)
    rates = chance.gamma(2.0, 2.0, people)
    rows = []
    for day in range(days):
        for person in range(people):
            count = int(chance.poisson(rates[person]))
            actor = f"person-{person}@court.example"
            if theft and person == 0:
                actor, count = _THIEF, count + (theft if day >= 30 else 0)
            rows += [(day, actor, int(thing)) for thing in chance.integers(0, 3_000, count)]
    table = {
        "record": range(len(rows)),
        "time": [(_FIRST + day) * DAY + 9 * HOUR for day, _, _ in rows],
        "kind": ["document"] * len(rows),
        "holding": [f"file-{thing}" for _, _, thing in rows],
        "container": [""] * len(rows),
        "actor": [actor for _, actor, _ in rows],
        "actor_class": ["account"] * len(rows),
        "degree": ["opened"] * len(rows),
    }
    columns = {name: table.get(name, [""] * len(rows)) for name in ACCESSES.names}
    return pa.table({name: pa.array(list(columns[name]), ACCESSES.field(name).type) for name in ACCESSES.names})


def _concluded(
    accesses: pa.Table, around: Surroundings | None = None, cuts: tuple[int, ...] = (), budget: int = 3
) -> Behaviour:
    relation = all_relations()["accesses"]
    bounds = [0, *sorted(cuts), accesses.num_rows]
    parts = [
        summarise(relation, Seen(events=EVENTS.empty_table(), accesses=accesses.slice(start, end - start)))
        for start, end in itertools.pairwise(bounds)
    ]
    random.Random(len(cuts)).shuffle(parts)
    state = {"accesses": combine(relation, parts)}
    return conclude(state, around or Surroundings(), budget=budget, models={"volume": all_models()["volume"]})


@cache
def _office() -> pa.Table:
    return _accesses(1, 60, 45, theft=60)


def test_who_reads_far_more_than_before_is_told_first_and_the_budget_is_kept_on_every_day() -> None:
    found = _concluded(_office())
    a_day = Counter(alert.day for alert in found.alerts)
    assert max(a_day.values()) <= 3
    first = next(alert for alert in found.alerts if alert.day == _FIRST + 30)
    assert first.subject == _THIEF
    assert first.p is not None
    assert first.p < 1e-6
    assert "different things of class document" in first.oddities[0].why
    assert first.oddities[0].numbers["observed"] == int(first.oddities[0].why.split()[1])
    assert found.account.alerts == len(found.alerts)


def test_no_day_is_told_that_no_model_found_odd() -> None:
    """However many alerts are asked for: of 60 people 20 a day lie below 20 / 60."""
    told = [one.p for alert in _concluded(_office(), budget=20).alerts for one in alert.oddities]
    assert told
    assert all(p is not None and p <= 0.05 for p in told)


def _origins(days: int) -> pa.Table:
    """Forty people who come from home with a browser; on the last day one comes from elsewhere with another, too."""
    relation = all_relations()["origins"]
    came = [(day, person, f"home-{person}", "browser") for day in range(days) for person in range(40)]
    came += [(day, day % 40, f"hotel-{day}", "browser") for day in range(2, days, 3)]
    rows = [
        {
            "day": _FIRST + day,
            "account": f"person-{person}@court.example",
            "network": network,
            "client": client,
            "count": 1,
            "first": (_FIRST + day) * DAY,
            "last": (_FIRST + day) * DAY + 9 * HOUR,
            "record": number,
        }
        for number, (day, person, network, client) in enumerate([*came, (days - 1, 9, "elsewhere", "program")])
    ]
    return combine(relation, [pa.Table.from_pylist(rows, schema=schema_of(relation))])


def test_what_a_model_is_told_alone_for_is_not_lost_among_models_that_find_the_day_usual() -> None:
    """Beside three models that have nothing to say of the day the stranger is as rare as by this one alone."""
    days = 60
    alone = conclude({"origins": _origins(days)}, Surroundings(), budget=2, models={"origin": all_models()["origin"]})
    office = _accesses(3, 40, days)
    beside = {name: all_models()[name] for name in ("origin", "volume", "links_matter", "slow_collection")}
    relation = all_relations()["accesses"]
    state = summarise(relation, Seen(events=EVENTS.empty_table(), accesses=office))
    found = conclude({"origins": _origins(days), "accesses": state}, Surroundings(), budget=2, models=beside)
    rare = []
    for told in (alone, found):
        assert max(Counter(alert.day for alert in told.alerts).values()) <= 2
        last = [alert for alert in told.alerts if alert.day == _FIRST + days - 1]
        assert last[0].subject == "person-9@court.example"
        assert last[0].oddities[0].model == "origin"
        rare.append((last[0].p, last[0].among))
    assert rare[0] == rare[1]


def test_subjects_of_whom_nothing_is_ever_odd_seem_no_odder_day_by_day() -> None:
    """Alike on every day, they have a p of a half; held against the days before they must not drift to the extreme."""
    relation = all_relations()["origins"]
    quiet = _origins(60)
    quiet = quiet.filter(pa.array([text == "browser" for text in quiet["client"].to_pylist()]))
    found = conclude(
        {"origins": combine(relation, [quiet])}, Surroundings(), budget=5, models={"origin": all_models()["origin"]}
    )
    (at_a_tenth,) = (one for one in found.account.calibration if one.at == 0.1)
    assert at_a_tenth.tested > 1_000
    assert at_a_tenth.found < 0.1 * at_a_tenth.tested


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 8_000), max_size=6))
def test_neither_chunks_nor_their_order_change_an_alert(cuts: list[int]) -> None:
    office = _office()
    within = tuple(cut for cut in cuts if cut < office.num_rows)
    assert _concluded(office, cuts=within) == _concluded(office)


def test_late_records_change_no_day_before_theirs() -> None:
    office = _office()
    late = pa.array([time // DAY >= _FIRST + 40 for time in office["time"].to_pylist()])
    early = _concluded(office.filter(pa.array([not one.as_py() for one in late])))
    whole = _concluded(office)
    assert [alert for alert in whole.alerts if alert.day < _FIRST + 40] == [*early.alerts]


def test_what_an_account_in_an_open_incident_does_teaches_nobody() -> None:
    """What is expected of the thief stays what it was, where its days are not learned; else it grows day by day."""
    learned = _concluded(_office())
    barred = _concluded(_office(), Surroundings(open_since={_THIEF: _FIRST + 30}))
    expected = [
        [alert.oddities[0].numbers["expected"] for alert in found.alerts if alert.subject == _THIEF][-1]
        for found in (barred, learned)
    ]
    assert float(expected[1]) > 2 * float(expected[0])
    assert barred.account.not_learned > 0


def test_rows_without_a_time_are_counted_and_judge_nobody() -> None:
    office = _office()
    untimed = office.slice(0, 50).set_column(
        office.schema.get_field_index("time"), "time", pa.nulls(50, office.schema.field("time").type)
    )
    others = pa.array(range(len(office), len(office) + 50), pa.int64())
    untimed = untimed.set_column(office.schema.get_field_index("record"), "record", others)
    found = _concluded(pa.concat_tables([office, untimed]))
    (volume,) = (one for one in found.account.models if one.name == "volume")
    assert volume.untimed == 50
    assert found.alerts == _concluded(office).alerts


@given(st.permutations(range(6)), st.integers(1, 5))
def test_a_relation_combines_in_any_order_and_nesting(order: list[int], split: int) -> None:
    relation = all_relations()["accesses"]
    pieces = [_accesses(seed, 4, 3) for seed in range(6)]
    parts = [summarise(relation, Seen(events=EVENTS.empty_table(), accesses=piece)) for piece in pieces]
    shuffled = [parts[place] for place in order]
    nested = combine(relation, [combine(relation, shuffled[:split]), *shuffled[split:]])
    assert in_order(relation, nested).equals(in_order(relation, combine(relation, parts)))


def test_an_empty_log_gives_an_empty_answer() -> None:
    relation = all_relations()["accesses"]
    found = conclude(
        {"accesses": schema_of(relation).empty_table()}, Surroundings(), budget=5, models=dict(all_models())
    )
    assert found.alerts == ()
    assert found.account.tested == 0
    assert UNTIMED < 0
