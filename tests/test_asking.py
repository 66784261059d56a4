"""A question in the logs' own words: hosts by the ways through them, and names no log knows told as such."""

from __future__ import annotations

import dataclasses
import ipaddress

import pyarrow as pa
import pytest

from tocsin.asking import hostile_ways, in_the_logs_words, look_up
from tocsin.assess import attribution
from tocsin.correlate.incidents import correlate
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.estate import Estate, Network
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Level
from tocsin.model.joining import Identities, Join, JoinKind
from tocsin.model.question import Question, Way

ADA, HOST, FULL = "ada.example@tribunal.example", "ws1", "ws1.tribunal.example"
SESSION, OTHER = "ws1.tribunal.example|0x5a21", "ws2.tribunal.example|0x1"


def lease(host: str, address: str) -> Join:
    return Join(kind=JoinKind.HOST_ADDRESS, a=host, b=address, count=1, first=0, last=1, record=None)


IDENTITIES = Identities(
    joins=(lease(FULL, "10.0.0.7"), lease(FULL, "10.0.0.8"), lease("ws2.tribunal.example", "10.0.0.8")),
    name_of={HOST: FULL, FULL: FULL, "tribunal\\ada": ADA, ADA: ADA},
    forms={FULL: (HOST, FULL), ADA: (ADA, "tribunal\\ada")},
)


def means(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"account": account, "session": session, "address": address, "client": "", "count": 2}
            for account, session, address in rows
        ],
        schema=attribution.SCHEMA,
    )


MEANS = means((ADA, SESSION, "10.0.0.7"), ("tribunal\\ada", OTHER, ""), (ADA, "s-1", "192.0.2.9"))


def host_row(host: str) -> Coverage:
    return Coverage(source="s", host=host, channel="", from_=None, to=None, state=CoverageState.UNPROVEN, evidence="")


def ways(question: Question) -> tuple[Way, ...]:
    return in_the_logs_words(question, IDENTITIES, MEANS, ()).ways


def test_a_short_name_stands_for_the_one_host_it_can_be() -> None:
    asked = in_the_logs_words(Question(hosts=("ws2",)), Identities(), MEANS, [host_row("ws2.tribunal.example")])
    assert (asked.hosts, [way.session for way in asked.ways]) == (("ws2.tribunal.example",), [OTHER])
    both = [host_row("ws2.tribunal.example"), host_row("ws2.chambers.example")]
    assert in_the_logs_words(Question(hosts=("ws2",)), Identities(), MEANS, both).hosts == ("ws2",)


def test_a_host_is_asked_of_by_its_sessions_and_the_addresses_it_alone_had() -> None:
    assert ways(Question(hosts=(HOST,))) == (
        Way(identity="", address="", session=SESSION),
        Way(identity="", address="10.0.0.7", session=""),
    )


def test_criteria_beside_a_host_hold_too() -> None:
    found = ways(Question(hosts=(HOST,), identities=(ADA,), addresses=("10.0.0.7",)))
    assert {way.identity for way in found} == {ADA, "tribunal\\ada"}
    assert {way.address for way in found} == {"10.0.0.7"}
    assert ways(Question(hosts=(HOST,), addresses=("192.0.2.9",))) == (
        Way(identity="", address="192.0.2.9", session=SESSION),
    )


def test_a_question_without_a_host_keeps_its_criteria_with_every_form() -> None:
    asked = in_the_logs_words(Question(identities=("tribunal\\ada",), sessions=("s-1",)), IDENTITIES, MEANS, ())
    assert asked.identities == (ADA, "tribunal\\ada")
    assert (asked.sessions, asked.ways) == (("s-1",), ())


def test_what_the_logs_do_not_know_is_told_apart_from_what_did_nothing() -> None:
    question = Question(
        identities=("tribunal\\ada", "nobody@tribunal.example"),
        addresses=("192.0.2.9", "203.0.113.1"),
        sessions=("S-1", "none"),
        hosts=(HOST, "ws9"),
    )
    found = look_up(question, IDENTITIES, MEANS, [host_row(FULL)])
    assert [(one.value, one.records, one.found) for one in found] == [
        ("tribunal\\ada", 6, True),
        ("nobody@tribunal.example", 0, False),
        ("192.0.2.9", 2, True),
        ("203.0.113.1", 0, False),
        ("S-1", 2, True),
        (HOST, None, True),
        ("ws9", None, False),
    ]


@pytest.mark.parametrize(
    ("address", "carriers", "expected"),
    [
        ("203.0.113.9", 1, Way(identity="", address="203.0.113.9", session="")),
        ("203.0.113.9", 6, Way(identity=ADA, address="203.0.113.9", session="")),
        ("10.20.0.7", 1, Way(identity=ADA, address="10.20.0.7", session="")),
        ("198.51.100.7", 1, Way(identity=ADA, address="198.51.100.7", session="")),
    ],
    ids=["an address of few", "of many", "private", "the institution's own"],
)
def test_an_address_alone_is_hostile_only_where_few_come_from_and_nobody_here_owns_it(
    address: str, carriers: int, expected: Way
) -> None:
    entities = (Entity(EntityType.ACCOUNT, ADA), Entity(EntityType.ADDRESS, address))
    finding = dataclasses.replace(_finding(), entities=entities)
    (incident,) = correlate([finding])
    estate = Estate(networks=(Network(range=ipaddress.ip_network("198.51.100.0/24"), name="office"),))
    ways = hostile_ways(
        [incident], [finding], {Entity(EntityType.ADDRESS, address): carriers}, Identities(), estate, MEANS
    )
    assert ways.ways == (expected,)
    assert ways.is_whole


@pytest.mark.parametrize(
    ("address", "carriers", "expected", "is_whole"),
    [
        ("10.20.0.7", 1, (Way(identity="", address="10.20.0.7", session=""),), True),
        ("10.20.0.7", 6, (), False),
        ("203.0.113.9", 6, (), False),
    ],
    ids=["a private address of few", "a private address of many", "an address of many"],
)
def test_a_finding_that_names_no_account_is_followed_by_its_address_or_leaves_the_ways_incomplete(
    address: str, carriers: int, expected: tuple[Way, ...], is_whole: bool
) -> None:
    entities = (Entity(EntityType.HOST, FULL), Entity(EntityType.ADDRESS, address))
    finding = dataclasses.replace(_finding(), entities=entities)
    (incident,) = correlate([finding])
    counted = {Entity(EntityType.ADDRESS, address): carriers}
    hostile = hostile_ways([incident], [finding], counted, Identities(), Estate(), means())
    assert (hostile.ways, hostile.is_whole) == (expected, is_whole)


def test_the_sessions_opened_from_a_hostile_address_are_hostile_and_no_others() -> None:
    used = means((ADA, "from-there", "203.0.113.9"), (ADA, "both", "203.0.113.9"), (ADA, "both", "192.0.2.1"))
    finding = dataclasses.replace(_finding(), entities=(Entity(EntityType.ADDRESS, "203.0.113.9"),))
    (incident,) = correlate([finding])
    hostile = hostile_ways([incident], [finding], {}, Identities(), Estate(), used)
    assert {way.session for way in hostile.ways} == {"", "from-there"}


def _finding() -> Finding:
    return Finding(
        id="f-1",
        detector=Detector(kind="sigma", id="r", title="R", level=Level.HIGH),
        techniques=(),
        tactics=(),
        first=None,
        last=None,
        entities=(),
        records=(),
        why="",
    )
