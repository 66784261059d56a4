"""Findings become incidents: only over a shared entity that says something, and the same whatever their order."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.correlate.incidents import correlate
from tocsin.correlate.weights import load_weights
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level
from tocsin.model.instant import DAY, HOUR, parse_time
from tocsin.model.reference import RecordPlace

START = parse_time("2026-03-02T08:00:00Z") or 0
ADA = Entity(EntityType.ACCOUNT, "ada.example@tribunal.example")
BO = Entity(EntityType.ACCOUNT, "bo.example@tribunal.example")
SESSION = Entity(EntityType.SESSION, "session-1")
FAR = Entity(EntityType.ADDRESS, "203.0.113.9")
WS1 = Entity(EntityType.HOST, "ws1")
OUTLOOK = Entity(EntityType.APPLICATION, "5d661950-3475-41cd-a2c3-d671a3162bc1")


def finding(
    name: str,
    *entities: Entity,
    at: int | None = START,
    level: Level = Level.MEDIUM,
    rule: str = "rule-a",
    lasts: int = 0,
) -> Finding:
    return Finding(
        id=f"f-{name}",
        detector=Detector(kind="sigma", id=rule, title=f"Title of {rule}", level=level),
        techniques=("T1114.003",),
        tactics=("collection",),
        first=at,
        last=None if at is None else at + lasts,
        entities=entities,
        records=(RecordPlace("audit.jsonl", 0),),
        why="",
    )


def members(incidents: tuple[Incident, ...]) -> set[frozenset[str]]:
    return {frozenset(incident.findings) for incident in incidents}


def test_a_shared_account_joins_and_the_link_says_so() -> None:
    (incident,) = correlate([finding("a", ADA), finding("b", ADA, at=START + HOUR // 15)])
    assert incident.findings == ("f-a", "f-b")
    (link,) = incident.links
    assert (link.a, link.b, link.affinity) == ("f-a", "f-b", 0.78)
    assert link.reason == "account ada.example@tribunal.example was shared, 4 minutes apart (affinity 0.78)"


def test_nothing_shared_stays_apart_however_near() -> None:
    assert len(correlate([finding("a", ADA), finding("b", BO)])) == 2


def test_an_account_joins_over_days_and_a_host_does_not() -> None:
    assert len(correlate([finding("a", ADA), finding("b", ADA, at=START + 2 * DAY)])) == 1
    assert len(correlate([finding("a", ADA), finding("b", ADA, at=START + 6 * DAY)])) == 2
    assert len(correlate([finding("a", WS1), finding("b", WS1, at=START + DAY)])) == 2


def test_the_gap_counts_from_the_end_of_a_long_finding() -> None:
    assert len(correlate([finding("a", WS1, lasts=DAY), finding("b", WS1, at=START + DAY + HOUR)])) == 1


@pytest.mark.parametrize(
    "entity",
    [
        Entity(EntityType.ACCOUNT, "nt authority\\system"),
        Entity(EntityType.ACCOUNT, "window manager\\dwm-1"),
        Entity(EntityType.ACCOUNT, "local service"),
        Entity(EntityType.ACCOUNT, "tribunal\\ws1$"),
        Entity(EntityType.ADDRESS, "127.0.0.1"),
        OUTLOOK,
    ],
)
def test_what_everything_carries_links_nothing(entity: Entity) -> None:
    assert len(correlate([finding("a", entity), finding("b", entity)])) == 2


def test_the_responders_own_work_is_in_no_incident() -> None:
    pair = [finding("a", ADA, BO), finding("b", Entity(EntityType.HOST, "ws9"), BO)]
    (incident,) = correlate([pair[0], dataclasses.replace(pair[1], responder="forensic firm")])
    assert incident.findings == ("f-a",)


def test_an_address_behind_which_everybody_sits_links_nobody() -> None:
    pair = [finding("a", ADA, FAR), finding("b", BO, FAR)]
    assert len(correlate(pair)) == 1
    assert len(correlate(pair, carriers={FAR: 60}, accounts=60)) == 2
    many = [finding(f"n{n}", Entity(EntityType.ACCOUNT, f"user{n}"), FAR, at=START + n * 1000) for n in range(60)]
    assert len(correlate(many)) == 60


def test_a_noisy_entity_links_less_than_a_quiet_one() -> None:
    noise = [
        finding(f"n{n:03}", Entity(EntityType.ACCOUNT, f"user{n % 2}"), WS1, at=START + n * HOUR, level=Level.LOW)
        for n in range(300)
    ]
    then = START + 300 * HOUR
    quiet = finding("z", ADA, Entity(EntityType.HOST, "ws2"), at=then)
    assert len(correlate([*noise, finding("y", BO, WS1, at=then)])) > len(correlate(noise))
    assert len(correlate([quiet, finding("y", BO, Entity(EntityType.HOST, "ws2"), at=then)])) == 1


def test_informational_findings_stay_findings() -> None:
    assert correlate([finding("a", ADA, level=Level.INFORMATIONAL)]) == ()


def test_one_session_merges_two_incidents() -> None:
    other = Entity(EntityType.SESSION, "session-2")
    by_account = [finding("a", ADA), finding("b", BO, at=START + 1), finding("c", ADA, BO, at=START + 2)]
    assert members(correlate(by_account)) == {frozenset({"f-a", "f-c"}), frozenset({"f-b"})}
    by_session = [finding("a", SESSION), finding("b", other, at=START + 1), finding("c", SESSION, other, at=START + 2)]
    (incident,) = correlate(by_session)
    assert [(link.a, link.b) for link in incident.links] == [("f-a", "f-c"), ("f-b", "f-c")]


def test_a_mailbox_and_its_owner_are_one_link_not_two() -> None:
    mailbox = Entity(EntityType.MAILBOX, BO.id)
    first, second = finding("a", ADA, SESSION), finding("b", BO, mailbox, at=START + 1)
    assert len(correlate([first, second, finding("c", SESSION, BO, mailbox, at=START + 2)])) == 2
    far = finding("b", BO, mailbox, FAR, at=START + 1)
    assert len(correlate([first, far, finding("c", SESSION, BO, mailbox, FAR, at=START + 2)])) == 1


def test_an_incident_does_not_grow_without_bound() -> None:
    largest = load_weights().largest
    incidents = correlate([finding(f"n{n:04}", ADA, at=START + n) for n in range(largest + 10)])
    assert sorted(len(incident.findings) for incident in incidents) == [10, largest]


def test_score_is_the_noisy_or_of_distinct_detectors() -> None:
    (one,) = correlate([finding("a", ADA), finding("b", ADA)])
    (two,) = correlate([finding("a", ADA), finding("b", ADA, rule="rule-b", level=Level.HIGH)])
    assert (one.score, one.level) == (30, Level.MEDIUM)
    assert (two.score, two.level) == (72, Level.HIGH)
    assert two.title == "ada.example@tribunal.example: Title of rule-b and 1 other finding"


def test_gravest_incident_comes_first() -> None:
    found = correlate([finding("a", ADA, level=Level.LOW), finding("b", BO, at=START + 1, level=Level.CRITICAL)])
    assert [incident.level for incident in found] == [Level.CRITICAL, Level.LOW]


def test_findings_without_a_time_join_by_account_and_not_by_host() -> None:
    assert len(correlate([finding("a", ADA), finding("b", ADA, at=None)])) == 1
    assert len(correlate([finding("a", WS1), finding("b", WS1, at=None)])) == 2


POOL = [ADA, BO, SESSION, FAR, WS1, OUTLOOK, Entity(EntityType.MAILBOX, ADA.id), Entity(EntityType.PROCESS, "ws1/4711")]
FINDINGS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 400).map(lambda n: START + n * HOUR // 4),
        st.lists(st.sampled_from(POOL), max_size=4, unique=True),
        st.sampled_from([Level.LOW, Level.MEDIUM, Level.HIGH]),
        st.sampled_from(["rule-a", "rule-b", "rule-c"]),
    ),
    max_size=25,
).map(
    lambda rows: [
        finding(f"{n:02}", *entities, at=at, level=level, rule=rule)
        for n, (at, entities, level, rule) in enumerate(rows)
    ]
)


@settings(deadline=None)
@given(FINDINGS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_every_finding_is_in_one_incident(found: list[Finding], random: object) -> None:
    incidents = correlate(found)
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert correlate(shuffled) == incidents
    assert sorted(name for incident in incidents for name in incident.findings) == sorted(f.id for f in found)
    assert len({incident.id for incident in incidents}) == len(incidents)


@settings(deadline=None)
@given(FINDINGS)
def test_every_link_is_of_two_findings_of_the_incident_that_share_the_entity_it_names(found: list[Finding]) -> None:
    known = {f.id: f for f in found}
    for incident in correlate(found):
        for link in incident.links:
            assert {link.a, link.b} <= set(incident.findings)
            shared = set(known[link.a].entities) & set(known[link.b].entities)
            assert any(link.reason.startswith(f"{e.type} {e.id} was shared") for e in shared)
            assert 0.3 <= link.affinity <= 1
        assert len(incident.links) >= len(incident.findings) - 1


@settings(deadline=None)
@given(FINDINGS, st.integers(0, 400))
def test_an_unrelated_finding_changes_nothing(found: list[Finding], hours: int) -> None:
    stranger = finding("stranger", Entity(EntityType.ACCOUNT, "cy.example"), at=START + hours * HOUR // 4)
    with_it = [incident for incident in correlate([*found, stranger]) if "f-stranger" not in incident.findings]
    assert tuple(with_it) == correlate(found)


NET_A, NET_B = Entity(EntityType.NETWORK, "10.1.0.0/16"), Entity(EntityType.NETWORK, "10.2.0.0/16")
WS2 = Entity(EntityType.HOST, "ws2")


def alert(
    name: str, host: Entity, *entities: Entity, at: int = START, rule: str = "wazuh:1", surprise: int = 400
) -> Finding:
    one = finding(name, host, *entities, at=at, rule=rule)
    return dataclasses.replace(one, surprise=surprise, detector=dataclasses.replace(one.detector, kind="wazuh"))


def test_one_host_name_in_two_networks_is_two_hosts() -> None:
    assert len(correlate([alert("a", WS1, NET_A, rule="wazuh:1"), alert("b", WS1, NET_B, rule="wazuh:2")])) == 2
    assert len(correlate([alert("a", WS1, NET_A, rule="wazuh:1"), alert("b", WS1, NET_A, rule="wazuh:2")])) == 1


def test_a_quiet_rule_of_another_tool_that_fires_on_two_hosts_at_once_joins_them_for_minutes() -> None:
    def joined(gap: int, surprise: int | None = 400) -> bool:
        one, other = alert("a", WS1), alert("b", WS2, at=START + gap)
        return len(correlate([dataclasses.replace(each, surprise=surprise) for each in (one, other)])) == 1

    assert joined(HOUR // 60)
    assert not joined(HOUR)
    assert not joined(HOUR // 60, surprise=None), "a rule that was compared with nothing may be an everyday one"


def test_two_rules_that_fire_in_two_incidents_merge_them_and_one_leaves_them_related() -> None:
    apart = [alert("a", WS1, rule="wazuh:x"), alert("b", WS2, rule="wazuh:y")]
    # each joins its own host, the nearer in affinity, and ties with the other by its rule
    first = [alert("c", WS1, rule="wazuh:1", at=START + 1), alert("d", WS2, rule="wazuh:1", at=START + 2)]
    second = [alert("e", WS1, rule="wazuh:2", at=START + 3), alert("f", WS2, rule="wazuh:2", at=START + 4)]
    one, other = correlate([*apart, *first])
    assert [each.incident for each in one.related] == [other.id]
    assert [each.incident for each in other.related] == [one.id]
    assert one.related[0].reason.startswith("rule wazuh:1 was shared")
    (whole,) = correlate([*apart, *first, *second])
    assert not whole.related


def test_a_rule_ties_nothing_across_sites() -> None:
    found = [alert("a", WS1, NET_A), alert("b", WS2, NET_B, at=START + 1)]
    assert len(correlate(found)) == 1
    assert len(correlate(found, sites={NET_A.id: 0, NET_B.id: 0})) == 1
    assert len(correlate(found, sites={NET_A.id: 0, NET_B.id: 1})) == 2


def test_among_incidents_of_one_score_the_stranger_one_comes_first() -> None:
    found = [alert("a", WS1, rule="wazuh:1", surprise=300), alert("b", WS2, rule="wazuh:2", surprise=500)]
    assert [one.findings for one in correlate(found)] == [("f-b",), ("f-a",)]
    assert [one.evidence for one in correlate(found)] == [500, 300]
