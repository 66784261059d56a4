"""Readiness: what is declared is whole, more known never makes an answer worse, and measures do what they promise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess.holdings import family
from tocsin.collect.source import all_sources, all_tellings
from tocsin.cover.preserve import load_retentions
from tocsin.cover.readiness import assess
from tocsin.model.estate import (
    Attestation,
    Estate,
    Function,
    Holding,
    Identity,
    Matter,
    PersonAt,
    ProductInUse,
    Sensitivity,
)
from tocsin.model.instant import parse_time
from tocsin.model.readiness import SIGN_IN, Able, Asked, MeasureKind, Readiness, Telling
from tocsin.readiness import NOTHING_SHOWN, Move, Shown, after_moves, institution

NOW = parse_time("2026-03-20T00:00:00Z") or 0
ABLE = list(Able)
HOLDINGS = (
    Holding(pattern="canary@tribunal.example", kind="mailbox", matter="M1", sensitivity="sealed"),
    Holding(pattern="other@tribunal.example", kind="mailbox", matter="M2", sensitivity="internal"),
    Holding(pattern="https://tribunal.example/sites/m1/*", kind="site", matter="M1", sensitivity="sealed"),
    Holding(pattern="\\\\files-01\\Matters\\M1\\*", kind="folder", matter="M1", sensitivity="sealed"),
    Holding(pattern="arn:aws:s3:::files/*", kind="bucket", matter="M2", sensitivity="internal"),
)
ESTATE = Estate(
    holdings=HOLDINGS,
    sensitivities=(Sensitivity(name="sealed"), Sensitivity(name="internal")),
    matters=(Matter(id="M1", protective_measures=True), Matter(id="M2")),
    persons=(PersonAt(pattern="canary@*", handle="W-1"), PersonAt(pattern="canary@*", handle="W-2")),
)
PRODUCTS = sorted({(one.product, one.log, one.tier) for one in load_retentions()})
products = st.lists(st.sampled_from(PRODUCTS).map(lambda one: ProductInUse(product=one[0], log=one[1], tier=one[2])))
sources = sorted({one.source for one in all_tellings()})
attested = st.lists(st.sampled_from(sources), max_size=3).map(
    lambda found: tuple(
        Attestation(source=one, pattern="*", from_=0, to=NOW, custodian="C", date="2026-03-01", setting="all")
        for one in found
    )
)
seen = st.frozensets(st.sampled_from([(one.of, one.source) for one in all_tellings() if one.of != SIGN_IN]), max_size=4)


def shown(what: frozenset[tuple[str, str]]) -> Shown:
    telling = {one: frozenset(("account", "address", "session")) for one in what}
    return replace_sources(telling)


def replace_sources(telling: dict[tuple[str, str], frozenset[str]]) -> Shown:
    return Shown(frozenset(source for _, source in telling), telling, frozenset(), {})


def ready(estate: Estate, logs: Shown = NOTHING_SHOWN, look_back: int = 90) -> Readiness:
    return assess(institution(estate, logs, look_back), NOW, look_back)


def able(found: Readiness) -> dict[tuple[str, str, str, Asked], int]:
    return {
        (one.family, one.matter, one.sensitivity, answer.asked): ABLE.index(answer.able)
        for one in found.classes
        for answer in one.answers
    }


@pytest.mark.parametrize("telling", all_tellings(), ids=lambda one: f"{one.source}-{one.of}")
def test_what_a_source_declares_of_itself_is_whole(telling: Telling) -> None:
    known = {one.id for one in load_retentions()}
    assert telling.kept_as
    assert set(telling.kept_as) <= known
    assert telling.of in {
        SIGN_IN,
        *(family("document", text) for text in ("arn:", "https://x", "\\\\x", "x")),
        "mailbox",
    }
    assert bool(telling.behind) == (telling.of == SIGN_IN)
    assert telling.who <= {"account", "address", "session"}
    assert telling.permission
    assert telling.citation.startswith("https://")
    assert not telling.sealed_by or telling.sealed_by in {one.name for one in all_sources()}


@settings(max_examples=30)
@given(products, attested, seen, st.integers(1, 400))
def test_more_known_never_makes_an_answer_worse(
    declared: list[ProductInUse], word: tuple[Attestation, ...], read: frozenset[tuple[str, str]], look_back: int
) -> None:
    estate = replace(ESTATE, products=tuple(declared), attestations=word)
    least = able(ready(replace(estate, attestations=()), NOTHING_SHOWN, look_back))
    most = able(ready(estate, shown(read), look_back))
    assert least.keys() == most.keys()
    assert all(least[key] <= most[key] for key in least)
    longer = able(ready(estate, shown(read), look_back + 200))
    assert all(longer[key] <= most[key] for key in most)
    people = replace(estate, identities=(Identity(id="a", accounts=("a",)),), functions=(Function(name="f"),))
    assert all(most[key] <= value for key, value in able(ready(people, shown(read), look_back)).items())


@given(products, attested, seen, st.integers(1, 400))
def test_every_measure_changes_something_and_none_is_told_twice(
    declared: list[ProductInUse], word: tuple[Attestation, ...], read: frozenset[tuple[str, str]], look_back: int
) -> None:
    found = ready(replace(ESTATE, products=tuple(declared), attestations=word), shown(read), look_back)
    assert all(one.answers > 0 and one.holdings <= len(HOLDINGS) for one in found.measures)
    assert len({(one.kind, one.source, one.family, one.step) for one in found.measures}) == len(found.measures)
    if not found.measures:
        assert all(value > 0 for value in able(found).values())
    for one in found.classes:
        for answer in one.answers:
            assert bool(answer.reason) == (answer.able is not Able.YES)


def test_without_logs_and_products_nothing_can_be_answered_but_what_the_estate_says() -> None:
    found = ready(ESTATE)
    assert set(able(found).values()) == {0}
    first = found.classes[0]
    assert (first.family, first.matter, first.persons, first.protected) == ("mailbox", "M1", 2, True)
    assert first.weight == 1 * 3 * 2
    assert found.measures[0].kind is MeasureKind.LOG


def test_a_licence_that_keeps_longer_is_what_helps_where_the_log_is_read_and_vouched_for() -> None:
    word = Attestation(
        source="m365_unified_audit", pattern="*", from_=0, to=NOW, custodian="C", date="2026-03-01", setting="all"
    )
    estate = replace(
        ESTATE,
        holdings=HOLDINGS[:1],
        attestations=(word,),
        identities=(Identity(id="a", accounts=("a",)),),
        functions=(Function(name="f"),),
        products=(ProductInUse(product="Microsoft 365", tier="Audit (Standard): licences below E5, and guests"),),
    )
    read = shown(frozenset({("mailbox", "m365_unified_audit")}))
    assert set(able(ready(estate, read, 180)).values()) == {2}
    found = ready(estate, read, 300)
    assert [one.kind for one in found.measures] == [MeasureKind.LICENCE]
    assert "365 days" in found.measures[0].step
    assert found.classes[0].days == 180


def test_a_move_to_a_service_that_records_every_access_tells_what_gets_better_and_what_worse() -> None:
    move = Move(
        holdings="\\\\files-01\\Matters\\*",
        to="https://tribunal.example/sites/matters/*",
        kind="document",
        product=ProductInUse(product="Microsoft 365", log="Unified audit log", tier="Audit (Premium)"),
    )
    estate = replace(ESTATE, products=(ProductInUse(product="Windows"),))
    known = institution(estate, NOTHING_SHOWN, 90)
    moved = after_moves(estate, NOTHING_SHOWN, known, [move], 90)
    assert [one.pattern for one in moved.things if one.family == "site"][-1].endswith("/sites/matters/M1/*")
    (found,) = assess(known, NOW, 90, moved=moved).moves
    assert (found.before.family, found.after.family, found.before.holdings) == ("share", "site", 1)
    assert (found.before.days, found.after.days) == (None, 365)
    assert found.worse == ()
    back = Move(holdings="https://tribunal.example/*", to="D:\\Matters\\*", kind="document", product=None)
    away = assess(known, NOW, 90, moved=after_moves(estate, NOTHING_SHOWN, known, [back], 90))
    assert not set(away.moves[0].better) & set(away.moves[0].worse)
