"""Hits apart: nothing is lost, an exception hides to the end of its last day and only until that day has passed."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.correlate import findings
from tocsin.correlate.exceptions import account_exceptions, set_apart
from tocsin.model.exceptions import ExceptionInfo
from tocsin.model.finding import Entity, EntityType, Incident, Level
from tocsin.model.instant import DAY
from tocsin.model.tables import HITS

from .test_findings import ADA, START, hit, place

ENDS = {"short": "2026-03-02", "long": "2026-03-31"}
SHORT, LONG = (
    ExceptionInfo(
        id=name,
        title=f"Title of {name}",
        owner="x",
        reason="y",
        expires=day,
        path="",
        names=("any",),
        covers=("rule-a",),
    )
    for name, day in ENDS.items()
)
SETS = (None, "short", "long", "long short", "gone", "gone short")


def state(*rows: dict[str, object]) -> pa.Table:
    return findings.combine([findings.summarise(pa.Table.from_pylist(list(rows), schema=HITS))])


def hits_of(table: pa.Table) -> set[tuple[int, str]]:
    return set(zip(table["record"].to_pylist(), table["rule"].to_pylist(), strict=True))


ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(("rule-a", "rule-b")),
        st.sampled_from((START, START + DAY, START + 40 * DAY, None, 0)),
        st.lists(st.sampled_from(SETS), min_size=1, max_size=2, unique=True),
    ),
    unique_by=lambda row: (row[0], row[1]),
    max_size=8,
)


@given(ROWS, st.sampled_from((None, START, START + 2 * DAY, START + 40 * DAY)))
def test_shown_and_hidden_are_all_and_hidden_is_what_an_exception_in_force_covers(
    rows: list[tuple[int, str, int | None, list[str | None]]], as_of: int | None
) -> None:
    table = state(
        *(hit(n, time, rule, hidden_by=by) for n, rule, time, ways in rows for by in ways)  # type: ignore[arg-type]
    )
    apart = set_apart(table, (SHORT, LONG), as_of)
    assert hits_of(apart.shown) | hits_of(apart.hidden) == hits_of(table)
    assert apart.account.found == len(hits_of(table))

    def is_hidden(time: int | None, by: str | None) -> bool:
        return time is not None and any(
            one.id in (by or "").split() and 0 < time < one.ends and not one.has_expired(as_of) for one in (SHORT, LONG)
        )

    assert hits_of(apart.hidden) == {
        (n, rule) for n, rule, time, ways in rows if all(is_hidden(time, by) for by in ways)
    }
    assert set().union(*(places.tolist() for places in apart.hiding.values())) == set(range(apart.hidden.num_rows))


def test_an_expired_exception_hides_nothing_and_opens_what_it_hid() -> None:
    table = state(hit(1, START, hidden_by="short"), hit(2, START, hidden_by="short long"), hit(3, START))
    in_force, expired = (set_apart(table, (SHORT, LONG), as_of) for as_of in (START, START + DAY))
    assert (in_force.hidden["record"].to_pylist(), in_force.reopened) == ([1, 2], {"short": 0, "long": 0})
    assert (expired.hidden["record"].to_pylist(), expired.reopened) == ([2], {"short": 1, "long": 0})
    assert set_apart(table, (), START).shown.num_rows == 3


def test_the_account_says_what_was_hidden_and_what_of_it_an_incident_implicates() -> None:
    rows = [
        hit(n, START + n, hidden_by="long", actor__user__name=ADA, src_endpoint__ip="192.0.2.7") for n in range(150)
    ]
    table = state(*rows, hit(200, START, "rule-b", hidden_by="long", user__name="ben.example@tribunal.example"))
    apart = set_apart(table, (LONG,), START)
    incident = Incident(
        id="i-1",
        title="",
        level=Level.HIGH,
        first=None,
        last=None,
        score=1,
        findings=(),
        techniques=(),
        entities=(Entity(EntityType.ACCOUNT, "ada"), Entity(EntityType.HOST, "192.0.2.7")),
        links=(),
    )
    (account,) = account_exceptions(
        apart,
        (LONG,),
        START,
        rules={},
        place=place,
        incidents=[incident],
        canonical=lambda name: name.split(".")[0],
    )
    assert (account.hidden, account.first, account.last) == (151, START, START + 149)
    assert [(one.rule, one.hits, len(one.records)) for one in account.rules] == [("rule-a", 150, 100), ("rule-b", 1, 1)]
    assert [(one.entity.id, one.incidents, one.hits) for one in account.implicated] == [("ada", ("i-1",), 150)]
