"""What responders do is set apart, and never what an intruder does with a responder's password."""

from __future__ import annotations

import dataclasses

import pytest

from tocsin.correlate.responders import mark
from tocsin.model.estate import Responder
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Level
from tocsin.model.instant import HOUR, parse_time

START = parse_time("2026-03-02T08:00:00Z") or 0
FIRM = Entity(EntityType.ACCOUNT, "firm.example@tribunal.example")
ADA = Entity(EntityType.ACCOUNT, "ada.example@tribunal.example")
OFFICE = Entity(EntityType.ADDRESS, "198.51.100.20")
ELSEWHERE = Entity(EntityType.ADDRESS, "203.0.113.9")
FILES = Entity(EntityType.HOST, "files-01")
WORK = Responder(name="forensic firm", account=FIRM.id, address=OFFICE.id, from_=START - HOUR, to=START + HOUR)


def finding(*entities: Entity, first: int | None = START, last: int | None = START) -> Finding:
    return Finding(
        id="f-1",
        detector=Detector(kind="sigma", id="r", title="R", level=Level.HIGH),
        techniques=(),
        tactics=(),
        first=first,
        last=last,
        entities=entities,
        records=(),
        why="",
    )


def is_theirs(one: Finding, responder: Responder = WORK) -> bool:
    (marked,) = mark([one], [responder], lambda name: name)
    return marked.responder == "forensic firm"


def test_by_the_declared_account_from_the_declared_address_in_the_declared_time_it_is_theirs() -> None:
    assert is_theirs(finding(FIRM, OFFICE, FILES))


@pytest.mark.parametrize(
    "one",
    [
        finding(FIRM, ELSEWHERE),
        finding(FIRM, OFFICE, ELSEWHERE),
        finding(FIRM),
        finding(ADA, OFFICE, FIRM),
        finding(FILES, OFFICE),
        finding(FIRM, OFFICE, first=START - 2 * HOUR),
        finding(FIRM, OFFICE, last=START + HOUR),
        finding(FIRM, OFFICE, first=None, last=None),
    ],
    ids=[
        "from elsewhere",
        "also from elsewhere",
        "from no address",
        "about another account",
        "about a host",
        "begun before",
        "ended after",
        "without a time",
    ],
)
def test_anything_else_is_not_theirs(one: Finding) -> None:
    assert not is_theirs(one)


def test_a_host_alone_sets_apart_what_names_that_host_alone() -> None:
    by_host = Responder(name="forensic firm", host=FILES.id)
    assert is_theirs(finding(ADA, FILES), by_host)
    assert not is_theirs(finding(ADA, FILES, Entity(EntityType.HOST, "files-02")), by_host)


def test_every_finding_comes_back_in_its_order() -> None:
    given = [finding(ADA), dataclasses.replace(finding(FIRM, OFFICE), id="f-2")]
    assert [one.id for one in mark(given, [WORK], lambda name: name)] == ["f-1", "f-2"]
