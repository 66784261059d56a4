"""What people decide of incidents holds, whatever is added; taken back, it leaves no trace."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.correlate import telling
from tocsin.correlate.decided import Decided, anchor_of, closed_of, decided, hold_back
from tocsin.correlate.incidents import correlate
from tocsin.correlate.tuning import Tally, local_chance, local_weights, tallies
from tocsin.correlate.weights import load_weights
from tocsin.model.decision import Decision, DecisionKind, Judgement
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level, Measured
from tocsin.model.instant import HOUR, parse_time
from tocsin.model.reference import RecordPlace

START = parse_time("2026-03-02T08:00:00Z") or 0
PEOPLE = tuple(Entity(EntityType.ACCOUNT, f"person-{number}.example") for number in range(4))
SESSIONS = tuple(Entity(EntityType.SESSION, f"session-{number}") for number in range(4))
ENTITIES = (*PEOPLE, *SESSIONS)


def finding(number: int, *entities: Entity, at: int = 0, rule: str = "rule-a") -> Finding:
    return Finding(
        id=f"f-{number:012d}",
        detector=Detector(kind="sigma", id=rule, title=f"Title of {rule}", level=Level.MEDIUM),
        techniques=(),
        tactics=(),
        first=START + at * HOUR // 4,
        last=START + at * HOUR // 4,
        entities=entities,
        records=(RecordPlace("audit.jsonl", number),),
        why="",
    )


@st.composite
def some_findings(draw: st.DrawFn, least: int = 2, first: int = 0) -> list[Finding]:
    """Findings that share a few entities, hours apart."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from(ENTITIES), min_size=1, max_size=3, unique=True),
                st.integers(0, 40),
                st.sampled_from(("rule-a", "rule-b", "rule-c")),
            ),
            min_size=least,
            max_size=14,
        )
    )
    return [finding(first + number, *named, at=at, rule=rule) for number, (named, at, rule) in enumerate(drawn)]


def cut(number: int, a: Finding, b: Finding) -> Decision:
    return told(number, DecisionKind.CUT, findings=(anchor_of(a),), others=(anchor_of(b),))


def told(number: int, kind: DecisionKind, **what: object) -> Decision:
    taken = Decision(number=number, kind=kind, at="2026-03-03T08:00:00Z", person="Ada Example", reason="as agreed")
    return dataclasses.replace(taken, **what)  # type: ignore[arg-type]


@st.composite
def some_decisions(draw: st.DrawFn, found: list[Finding]) -> list[Decision]:
    """Decisions of every kind that moves findings, on the findings there are, contradictory ones too."""
    decisions: list[Decision] = []
    for number in range(1, draw(st.integers(0, 6)) + 1):
        match draw(st.sampled_from(("entity", "cut", "merge", "split"))):
            case "entity":
                decisions.append(told(number, DecisionKind.CUT, entity=draw(st.sampled_from(ENTITIES))))
            case "cut":
                a, b = draw(st.lists(st.sampled_from(found), min_size=2, max_size=2, unique_by=lambda one: one.id))
                decisions.append(cut(number, a, b))
            case "merge":
                named = draw(st.lists(st.sampled_from(found), min_size=2, max_size=3, unique_by=lambda one: one.id))
                decisions.append(told(number, DecisionKind.MERGE, findings=tuple(map(anchor_of, named))))
            case "split":
                named = draw(st.lists(st.sampled_from(found), min_size=1, max_size=3, unique_by=lambda one: one.id))
                rest = [one for one in found if one not in named][:4]
                decisions.append(
                    told(
                        number,
                        DecisionKind.SPLIT,
                        findings=tuple(map(anchor_of, named)),
                        others=tuple(map(anchor_of, rest)),
                    )
                )
    return decisions


def asked(decisions: list[Decision], found: list[Finding]) -> Decided:
    return decided(decisions, found, str)


def incidents(found: list[Finding], decisions: list[Decision]) -> tuple[Incident, ...]:
    return correlate(found, decided=asked(decisions, found))


def stands_in(made: tuple[Incident, ...]) -> dict[str, str]:
    return {id_: one.id for one in made for id_ in one.findings}


CASES = some_findings().flatmap(lambda found: st.tuples(st.just(found), some_decisions(found)))


@settings(deadline=None)
@given(CASES)
def test_taking_every_decision_back_in_turn_gives_what_was_before_it(
    case: tuple[list[Finding], list[Decision]],
) -> None:
    found, decisions = case
    before = [incidents(found, decisions[:number]) for number in range(len(decisions) + 1)]
    standing = list(decisions)
    for number in reversed(range(len(decisions))):
        standing[number] = dataclasses.replace(standing[number], undone="Bo Example, 2026-03-04T08:00:00Z: again")
        assert incidents(found, standing) == before[number]
    assert before[0] == correlate(found)


@settings(deadline=None)
@given(CASES, st.randoms(use_true_random=False))
def test_neither_the_order_of_findings_nor_of_decisions_matters(
    case: tuple[list[Finding], list[Decision]], random: object
) -> None:
    found, decisions = case
    made = incidents(found, decisions)
    shuffled, otherwise = list(found), list(decisions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(otherwise)  # type: ignore[attr-defined]
    assert incidents(shuffled, otherwise) == made
    assert sorted(id_ for one in made for id_ in one.findings) == sorted(one.id for one in found)


@settings(deadline=None)
@given(CASES, some_findings(least=0, first=100))
def test_what_is_kept_apart_stays_apart_and_what_is_merged_stays_so_whatever_is_added(
    case: tuple[list[Finding], list[Decision]], added: list[Finding]
) -> None:
    found, decisions = case
    every = [*found, *added]
    made = stands_in(incidents(every, decisions))
    held_up = asked(decisions, every).held_up
    for one in decisions:
        those = [anchor.id for anchor in one.findings]
        if one.kind in (DecisionKind.CUT, DecisionKind.SPLIT):
            assert all(made[a] != made[b.id] for a in those for b in one.others)
        elif one.kind is DecisionKind.MERGE and one.number not in held_up:
            assert len({made[a] for a in those}) == 1
    assert not {link.reason for one in incidents(every, decisions) for link in one.links} & {
        link.reason
        for one in correlate(every)
        for link in one.links
        for entity in asked(decisions, every).cut
        if link.reason.startswith(f"{entity.type} {entity.id} was shared")
    }


@settings(deadline=None)
@given(CASES)
def test_a_merge_is_given_up_only_for_what_is_kept_apart(case: tuple[list[Finding], list[Decision]]) -> None:
    found, decisions = case
    merges = [one for one in decisions if one.kind is DecisionKind.MERGE]
    assert not asked(merges, found).held_up
    merged = stands_in(incidents(found, merges))
    assert all(len({merged[anchor.id] for anchor in one.findings}) == 1 for one in merges)


def test_a_cut_holds_where_an_earlier_record_gave_the_finding_another_id() -> None:
    a, b = finding(1, PEOPLE[0]), finding(2, PEOPLE[0], at=2)
    decision = cut(1, a, b)
    earlier = dataclasses.replace(b, id="f-earlier", records=(RecordPlace("older.jsonl", 7), *b.records))
    assert len(correlate([a, earlier])) == 1
    assert len(incidents([a, earlier], [decision])) == 2


def test_a_cut_entity_ties_nothing_and_others_still_do() -> None:
    a, b = finding(1, PEOPLE[0], SESSIONS[0]), finding(2, PEOPLE[0], SESSIONS[0], at=1)
    no_account = told(1, DecisionKind.CUT, entity=PEOPLE[0])
    (one,) = incidents([a, b], [no_account])
    assert [link.reason.split(" was ")[0] for link in one.links] == ["session session-0"]
    assert len(incidents([a, b], [no_account, told(2, DecisionKind.CUT, entity=SESSIONS[0])])) == 2


def test_what_a_bond_will_make_one_incident_meets_nothing_it_is_apart_from() -> None:
    a, b = finding(1, PEOPLE[0]), finding(2, PEOPLE[1])
    with_a, with_b = finding(3, PEOPLE[0], at=1), finding(4, PEOPLE[1], at=1)
    made = stands_in(
        incidents(
            [a, b, with_a, with_b],
            [told(1, DecisionKind.MERGE, findings=(anchor_of(a), anchor_of(b))), cut(2, with_a, with_b)],
        )
    )
    assert made[a.id] == made[b.id]
    assert made[with_a.id] != made[with_b.id]


def test_two_groups_that_are_one_by_decision_say_which() -> None:
    a, b = finding(1, PEOPLE[0]), finding(2, PEOPLE[1])
    (one,) = incidents([a, b], [told(3, DecisionKind.MERGE, findings=(anchor_of(a), anchor_of(b)))])
    assert [link.reason for link in one.links] == ["put together by decision 3"]


def test_what_is_held_back_is_counted_and_shown_again_when_it_expires() -> None:
    odd = dataclasses.replace(
        finding(1, PEOPLE[0]), detector=Detector(kind="behaviour", id="volume", title="", level=Level.LOW)
    )
    other = dataclasses.replace(odd, id="f-other", entities=(PEOPLE[1],))
    back = told(1, DecisionKind.EXCEPT, entity=PEOPLE[0], detector=("behaviour", "volume"), expires="2026-03-31")
    found = hold_back([odd, other], [back], str, START)
    assert (found.kept, found.held) == ((other,), {1: (odd,)})
    late = parse_time("2026-04-01T00:00:00Z")
    assert hold_back([odd, other], [back], str, late) == ((odd, other), {1: ()})
    undated = dataclasses.replace(odd, first=None, last=None)
    assert hold_back([undated], [back], str, START).kept == (undated,)


def test_what_joined_a_closed_incident_since_is_closed_with_it() -> None:
    a, later, other = finding(1, PEOPLE[0]), finding(2, PEOPLE[0], at=1), finding(3, PEOPLE[1])
    found = [a, later, other]
    close = told(1, DecisionKind.CLOSE, findings=(anchor_of(a),), readers=("ada",))
    closed = closed_of([close], found, correlate(found), str, ())
    assert closed is not None
    assert closed.findings == {a.id, later.id}
    assert closed.about == {PEOPLE[0]}
    assert closed_of([close], found, correlate(found), str, ("ada", "bo")) is None


def test_what_is_held_back_of_a_closed_incident_stays_closed_and_so_does_whom_it_is_about() -> None:
    odd, other = finding(1, PEOPLE[0], rule="volume"), finding(2, PEOPLE[1])
    close = told(1, DecisionKind.CLOSE, findings=(anchor_of(odd),), readers=("ada",))
    back = told(2, DecisionKind.EXCEPT, entity=PEOPLE[0], detector=("sigma", "volume"), expires="2026-03-31")
    kept, held = hold_back([odd, other], [close, back], str, START)
    assert held == {2: (odd,)}
    shown = correlate(kept)
    closed = closed_of([close, back], (*kept, *held[2]), shown, str, ())
    assert closed is not None
    assert closed.findings == {odd.id}
    assert closed.about == {PEOPLE[0]}
    listed = telling.told(
        [close, back], kept, shown, held={2: ()}, held_up=frozenset(), closed=closed, canonical=str, as_of=START
    )
    assert listed == ()


def judged(number: int, one: Finding, judgement: Judgement) -> Decision:
    return told(number, DecisionKind.VERDICT, findings=(anchor_of(one),), judgement=judgement)


def test_a_finding_judged_hostile_is_worth_its_level_whatever_its_rule_became() -> None:
    found = [finding(number, PEOPLE[0]) for number in range(30)]
    doubts = [judged(number, one, Judgement.FALSE) for number, one in enumerate(found) if number]
    (doubted,) = incidents(found, doubts)
    (known,) = incidents(found, [*doubts, judged(99, found[0], Judgement.TRUE)])
    assert (doubted.score, known.score) == (15, 30)
    assert doubted.evidence < known.evidence == correlate(found)[0].evidence


@given(st.sampled_from((0.1, 0.3, 0.6, 0.85)), st.integers(0, 500), st.integers(0, 500))
def test_a_local_chance_is_bounded_and_moves_with_each_verdict_by_little(shipped: float, true: int, false: int) -> None:
    weights = load_weights()
    local = local_chance(shipped, Tally(true, false), weights)
    assert shipped / 2 <= local <= 0.85
    assert local_chance(shipped, Tally(0, 0), weights) == pytest.approx(shipped)
    assert local_chance(shipped, Tally(true, false + 1), weights) <= local
    assert local_chance(shipped, Tally(true + 1, false), weights) >= local
    assert local_chance(shipped, Tally(0, 1), weights) >= 0.95 * shipped


def test_no_verdict_makes_less_of_a_fact() -> None:
    fact = dataclasses.replace(
        finding(1, PEOPLE[0]),
        detector=Detector(kind="behaviour", id="decoy", title="", level=Level.HIGH),
        measured=(Measured(model="decoy", p=None, numbers={}),),
    )
    doubts = [judged(1, fact, Judgement.FALSE)]
    assert incidents([fact], doubts) == correlate([fact])
    (weight,) = local_weights(doubts, [fact])
    assert (weight.shipped, weight.local, weight.false) == (60, 60, 1)
    assert weight.why_not


def test_of_several_verdicts_on_one_finding_the_last_in_force_counts() -> None:
    one = finding(1, PEOPLE[0])
    first, second = judged(1, one, Judgement.FALSE), judged(2, one, Judgement.TRUE)
    assert tallies([second, first]) == {("sigma", "rule-a"): Tally(1, 0)}
    undone = dataclasses.replace(second, undone="Bo Example: a mistake")
    assert tallies([first, undone]) == {("sigma", "rule-a"): Tally(0, 1)}
