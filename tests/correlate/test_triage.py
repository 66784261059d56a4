"""The list of a day: everything once, judged by the days before it alone, and the seldom before the usual."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tocsin.correlate.incidents import correlate
from tocsin.correlate.triage import by_day
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level, Measured
from tocsin.model.instant import DAY, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.triage import TriageItem

START = parse_time("2026-03-02T08:00:00Z") or 0
PEOPLE = [Entity(EntityType.ACCOUNT, f"{name}.example@tribunal.example") for name in ("ada", "bo", "cyd", "dov")]


def found(
    number: int, who: int, day: int, *, rule: str = "rule-a", level: Level = Level.MEDIUM, expected: float | None = None
) -> Finding:
    """A rule's finding, or that of a model which called the day as odd as `expected` of those judged by chance."""
    is_odd = expected is not None
    return Finding(
        id=f"f-{number:03}",
        detector=Detector(
            kind="behaviour" if is_odd else "sigma",
            id=rule,
            title=f"Title of {rule}",
            level=Level.LOW if is_odd else level,
        ),
        techniques=(),
        tactics=(),
        first=START + day * DAY,
        last=START + day * DAY,
        entities=(PEOPLE[who],),
        records=(RecordPlace("audit.jsonl", number),),
        why="",
        measured=(Measured(model=rule, p=0.01, numbers={}),) if is_odd else (),
        expected=expected,
    )


def alone(*findings: Finding) -> list[Incident]:
    """Each in an incident of its own."""
    return [incident for one in findings for incident in correlate([one])]


def items(findings: list[Finding], incidents: list[Incident] | None = None) -> dict[str, tuple[TriageItem, ...]]:
    return {each.day: each.items for each in by_day(findings, incidents or alone(*findings))}


SOME = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 30),
        st.sampled_from(["rule-a", "rule-b"]),
        st.sampled_from([Level.LOW, Level.MEDIUM, Level.HIGH]),
        st.none() | st.floats(0.001, 5),
    ),
    max_size=25,
).map(
    lambda rows: [
        found(number, who, day, rule=rule, level=level, expected=expected)
        for number, (who, day, rule, level, expected) in enumerate(rows)
    ]
)


@given(SOME)
def test_every_finding_of_an_incident_is_listed_once_on_its_day(findings: list[Finding]) -> None:
    incidents = correlate(findings)
    listed = [
        (day.day, one, item.incident)
        for day in by_day(findings, incidents)
        for item in day.items
        for one in item.findings
    ]
    days = {one.id: day for one in findings for day in [f"2026-03-{2 + ((one.first or 0) - START) // DAY:02}"]}
    april = {one: f"2026-04-{int(day[-2:]) - 31:02}" for one, day in days.items() if int(day[-2:]) > 31}
    of = {one: incident.id for incident in incidents for one in incident.findings}
    assert sorted(listed) == sorted(((days | april)[one], one, incident) for one, incident in of.items())


@given(SOME, st.randoms())
def test_the_order_in_which_things_come_makes_no_difference(findings: list[Finding], random: object) -> None:
    incidents = list(correlate(findings))
    expected = by_day(findings, incidents)
    random.shuffle(findings)  # type: ignore[attr-defined]
    random.shuffle(incidents)  # type: ignore[attr-defined]
    assert by_day(findings, incidents) == expected


@given(SOME, st.integers(0, 30))
def test_what_comes_later_changes_no_day_before(findings: list[Finding], until: int) -> None:
    incidents = correlate(findings)
    early = [one for one in findings if (one.first or 0) <= START + until * DAY]
    names = {one.id for one in early}
    cut = [replace(one, findings=tuple(name for name in one.findings if name in names)) for one in incidents]
    assert by_day(early, cut) == by_day(findings, incidents)[: len(by_day(early, cut))]


def test_what_comes_every_day_yields_to_what_never_came() -> None:
    usual = [found(day, day % 2, day, rule="rule-a", level=Level.MEDIUM) for day in range(20)]
    new = found(90, 2, 19, rule="rule-b", level=Level.MEDIUM)
    first, second = items([*usual, new])["2026-03-21"]
    assert first.findings == (new.id,)
    assert first.why == "Title of rule-b: never in the 19 days before"
    assert second.why == "Title of rule-a: 19 times in the 19 days before"


def test_the_third_of_one_account_is_more_than_the_first_of_another() -> None:
    others = [found(day, day % 2, day) for day in range(20)]
    own = [found(100 + day, 2, day) for day in (5, 12, 19)]
    together = [*alone(*others), replace(correlate(own[:1])[0], findings=tuple(one.id for one in own))]
    first, second = items([*others, *own], together)["2026-03-21"]
    assert first.findings == (own[-1].id,)
    assert first.why == "Title of rule-a, no. 3 here: never as many in the 19 days before"
    assert first.evidence > second.evidence


def test_old_ones_do_not_count_towards_it() -> None:
    own = [found(0, 0, 0), found(1, 0, 28)]
    (incident,) = [replace(correlate(own[:1])[0], findings=("f-000", "f-001"))]
    assert items(own, [incident])["2026-03-30"][0].why == "Title of rule-a: once in the 28 days before"


def test_odder_days_come_first_and_several_in_an_incident_say_no_more_than_the_oddest() -> None:
    odd, odder, oddest = found(0, 0, 3, expected=2.0), found(1, 1, 3, expected=0.5), found(2, 1, 3, expected=0.1)
    incidents = [*alone(odd), replace(correlate([odder])[0], findings=(odder.id, oddest.id))]
    first, second = items([odd, odder, oddest], incidents)["2026-03-05"]
    assert (first.findings, first.evidence) == ((oddest.id, odder.id), 100)
    assert first.why == "Title of rule-a: 0.1 a day are as odd by chance"
    assert second.evidence == -30


def test_kinds_add_up() -> None:
    both = [found(0, 0, 0, rule="rule-a"), found(1, 0, 0, rule="rule-b")]
    (one,) = items(both, list(correlate(both)))["2026-03-02"]
    (single,) = items(both[:1])["2026-03-02"]
    assert one.evidence == 2 * single.evidence == 300


def test_one_time_far_back_makes_nothing_rare_and_what_is_long_gone_is_forgotten() -> None:
    usual = [found(day, day % 2, day) for day in range(20)]
    far = found(90, 2, -9000)
    assert items([*usual, far])["2026-03-21"][0].why == "Title of rule-a: 19 times in the 90 days before"
    late = found(91, 3, 200)
    assert items([*usual, late])["2026-09-18"][0].why == "Title of rule-a: never in the 90 days before"
