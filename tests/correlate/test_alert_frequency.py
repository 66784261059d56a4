"""What another tool says all the time is set aside and counted, and what it seldom says is kept, in any order."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.correlate import findings, frequency
from tocsin.model.alert import Alert
from tocsin.model.finding import Level
from tocsin.model.instant import DAY, HOUR, parse_time
from tocsin.model.tables import HITS

START = parse_time("2026-03-02T00:00:00Z") or 0
SPELL = frequency.SPELL


def alert(
    record: int, time: int | None, rule: str = "1", level: Level = Level.MEDIUM, **columns: str
) -> dict[str, Any]:
    said = Alert(kind="wazuh", rule=rule, title=f"Title of {rule}", level=level, said=[("rule.id", rule)])
    row: dict[str, Any] = dict.fromkeys(HITS.names)
    row |= {"record": record, "time": time, "rule": said.id, "matched": said.matched, "told": said.told}
    row |= {"source": "wazuh", "device.hostname": "web1", "device.ip": "10.0.0.5"}
    return row | {name.replace("__", "."): value for name, value in columns.items()}


def state_of(*chunks: list[dict[str, Any]]) -> pa.Table:
    return findings.combine([findings.summarise(pa.Table.from_pylist(rows, schema=HITS)) for rows in chunks])


def everyday(days: int = 4, size: int = 1) -> list[dict[str, Any]]:
    """Alerts of one rule in every half hour."""
    times = [START + number * 3 * SPELL for number in range(days * 48)]
    return [alert(100 * place + copy, time, "daily") for place, time in enumerate(times) for copy in range(size)]


def test_what_a_tool_says_all_the_time_is_set_aside_and_counted() -> None:
    sieved = frequency.set_aside(state_of(everyday(), [alert(90_000, START + 2 * DAY, "rare")]))
    assert sieved.kept["rule"].to_pylist() == ["wazuh:rare"]
    (one,) = sieved.aside
    assert (one.rule, one.title, one.alerts) == ("wazuh:daily", "Title of daily", 192)
    assert (one.first, one.last) == (START, START + 191 * 3 * SPELL)


def test_a_burst_of_what_is_usual_in_small_numbers_is_news() -> None:
    burst = [alert(50_000 + number, START + 2 * DAY + number, "daily") for number in range(40_000)]
    sieved = frequency.set_aside(state_of(everyday(1) + everyday(4)[-20:], burst))
    assert set(sieved.kept["rule"].to_pylist()) == {"wazuh:daily"}
    assert sum(sieved.kept["hits"].to_pylist()) >= 40_000


def test_critical_alerts_are_never_set_aside() -> None:
    rows = [alert(number, START + number * SPELL, "grave", Level.CRITICAL) for number in range(500)]
    sieved = frequency.set_aside(state_of(rows))
    assert sieved.kept.num_rows == 500
    assert not sieved.aside


def test_what_was_compared_with_nothing_is_kept() -> None:
    """A day's export holds no other days: nothing in it is known to be usual."""
    rows = [alert(number, START + number * SPELL) for number in range(30)]
    assert frequency.set_aside(state_of(rows)).kept.num_rows == 30


def test_rules_of_our_own_and_alerts_without_a_time_pass_untouched() -> None:
    own = [{**row, "told": None, "rule": "own"} for row in everyday()]
    sieved = frequency.set_aside(state_of(own, [alert(90_000, None, "daily")]))
    assert sieved.kept.num_rows == len(own) + 1
    assert not sieved.aside


def test_another_host_is_no_part_of_what_is_usual() -> None:
    other = alert(90_000, START + 2 * DAY, "daily", device__hostname="files1", device__ip="10.0.0.6")
    sieved = frequency.set_aside(state_of(everyday(), [other]))
    assert sieved.kept["device.hostname"].to_pylist() == ["files1"]


@st.composite
def streams(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Alerts of a few rules, some often, over some days."""
    rows = []
    for number in range(draw(st.integers(1, 60))):
        time = START + draw(st.integers(0, 60)) * 2 * HOUR + draw(st.integers(0, 3)) * SPELL
        rows += [
            alert(20 * number + copy, time, draw(st.sampled_from("ab"))) for copy in range(draw(st.integers(1, 12)))
        ]
    return rows


@settings(deadline=None)
@given(rows=streams(), data=st.data())
def test_nothing_is_lost_and_the_order_of_arrival_changes_nothing(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = frequency.set_aside(state_of(rows))
    assert sum(whole.kept["hits"].to_pylist()) + whole.alerts == len(rows)
    cut = data.draw(st.integers(0, len(rows)))
    shuffled = data.draw(st.permutations(rows))
    again = frequency.set_aside(state_of(shuffled[:cut], shuffled[cut:]))
    assert again.kept.equals(whole.kept)
    assert again.aside == whole.aside


@settings(deadline=None)
@given(rows=streams())
def test_p_is_as_the_formula_says_one_by_one(rows: list[dict[str, Any]]) -> None:
    """The columns give what counting by hand gives."""
    sizes: dict[tuple[str, int], int] = {}
    for row in rows:
        key = (row["rule"], row["time"] // SPELL)
        sizes[key] = sizes.get(key, 0) + 1
    spells = [spell for _, spell in sizes]
    first, last, around = min(spells), max(spells), 36
    kept = frequency.set_aside(state_of(rows)).kept
    said = {(row["rule"], row["time"] // SPELL): row["surprise"] for row in kept.to_pylist()}
    for (rule, spell), size in sizes.items():
        others = [n for (other, at), n in sizes.items() if other == rule and abs(at - spell) > around]
        beside = min(last, spell + around) - max(first, spell - around) + 1
        p = (len(others) + 0.02) / (last - first + 1 - beside + 1)
        p *= (1 + sum(n >= size for n in others)) / (len(others) + 1)
        if others and max(others) < size:
            p *= max(others) / size
        is_kept = not others or min(1.0, p) <= 1e-4
        assert ((rule, spell) in said) == is_kept
