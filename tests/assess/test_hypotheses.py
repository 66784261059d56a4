"""Who may stand behind it, by kind: the table is whole, nothing absent speaks for anybody, and nobody is named."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess.hypotheses import MEASURES, SUPPLIED, conclude, is_weekend_everywhere
from tocsin.assess.hypotheses_table import load_table
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Assignment, Estate, Identity, Network
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Premises, Verdict
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level
from tocsin.model.hypotheses import Hypotheses
from tocsin.model.instant import DAY, parse_time
from tocsin.model.reference import RecordPlace

START = parse_time("2026-03-02T08:00:00Z") or 0  # a Monday
ADA, SUPPLIER = "ada.example@tribunal.example", "svc@supplier.example"
ACCOUNT, OTHER = Entity(EntityType.ACCOUNT, ADA), Entity(EntityType.ACCOUNT, SUPPLIER)
OFFICE = Entity(EntityType.ADDRESS, "198.51.100.7")
KINDS = ("insider", "criminal", "state_directed", "supplier", "error", "unknown")


def finding(number: int, *techniques: str, days: float = 0.0, entities: Sequence[Entity] = (ACCOUNT,)) -> Finding:
    """The numbered finding, so many days after the start."""
    time = START + int(days * DAY)
    return Finding(
        id=f"f{number}",
        detector=Detector(kind="sigma", id=f"r{number}", title="An invented rule", level=Level.HIGH),
        techniques=techniques,
        tactics=(),
        first=time,
        last=time,
        entities=tuple(entities),
        records=(RecordPlace("audit.jsonl", number),),
        why="invented",
    )


def incident(findings: Sequence[Finding], score: int = 80) -> Incident:
    """All of them in one."""
    times = [one.first for one in findings if one.first is not None]
    return Incident(
        id="i-1",
        title="Invented",
        level=Level.HIGH,
        first=min(times, default=START),
        last=max(times, default=START),
        score=score,
        findings=tuple(one.id for one in findings),
        techniques=(),
        entities=(),
        links=(),
    )


def exposure(number: int, *, matter: str = "IT-1", degree: Degree = Degree.OPENED, actor: str = ADA) -> Exposure:
    """One confirmed document of a matter."""
    return Exposure(
        holding=f"document {number}",
        kind="document",
        container="site",
        label="",
        actor=actor,
        actor_class=ActorClass.ACCOUNT,
        verdict=Verdict.CONFIRMED,
        degree=degree,
        basis=Basis.RECORD,
        premises=Premises(
            compromised=(), earliest=None, likely=None, latest=None, channels=(), logging_point="the provider"
        ),
        addresses=(),
        sessions=(),
        clients=(),
        operations=(),
        first=START,
        last=START,
        matter=matter,
        sensitivity="",
        reasons=(),
        records=(RecordPlace("files.jsonl", number),),
    )


def change(number: int, kind: Mark) -> StandingChange:
    """A lasting change by the account."""
    return StandingChange(
        kind=kind,
        time=START,
        actor=ADA,
        scope="mailbox",
        detail="",
        source="m365",
        record=RecordPlace("c.jsonl", number),
    )


def estate_of(
    *identities: Identity, networks: tuple[Network, ...] = (), assignments: tuple[Assignment, ...] = ()
) -> Estate:
    """An estate of these."""
    by_account = {account: one for one in identities for account in one.accounts}
    return Estate(identities=identities, by_account=by_account, networks=networks, assignments=assignments)


def weighed(
    findings: Sequence[Finding],
    *,
    changes: Sequence[StandingChange] = (),
    exposures: Sequence[Exposure] = (),
    estate: Estate | None = None,
    within: Incident | None = None,
) -> Hypotheses:
    """The hypotheses on one incident of all of them."""
    (found,) = conclude([within or incident(findings)], findings, changes, exposures, estate or Estate())
    return found


def speaking(found: Hypotheses) -> dict[str, tuple[set[str], set[str]]]:
    """By kind, the observations for and against."""
    return {
        one.id: ({each.id for each in one.supports}, {each.id for each in one.contradicts}) for one in found.hypotheses
    }


def test_the_table_is_whole() -> None:
    table = load_table()
    kinds = [one.id for one in table.hypothesis]
    assert tuple(kinds) == KINDS
    assert len({one.id for one in table.observation}) == len(table.observation)
    for row in table.observation:
        assert row.measure in MEASURES, row.id
        assert set(row.for_) | set(row.against) <= set(kinds), row.id
        assert row.for_ or row.against, row.id
        assert not set(row.for_) & set(row.against), row.id
        assert "unknown" not in (*row.for_, *row.against), row.id
        assert all((row.says, row.why, row.source)), row.id
        assert bool(row.techniques) == (row.measure == "techniques"), row.id
        assert {Mark(one) for one in row.changes} or row.measure != "changes", row.id
    assert {row.measure for row in table.observation} == set(MEASURES)
    asked = {one.unless for row in table.hypothesis for one in row.missing if one.unless}
    assert asked == set(SUPPLIED)
    for kind in table.hypothesis:
        assert any(not one.unless for one in kind.missing), f"{kind.id} would seem decided"


def test_no_key_of_the_table_is_left_unread() -> None:
    said = tomllib.loads(resources.files("tocsin.assess").joinpath("hypotheses.toml").read_text(encoding="utf-8"))
    allowed = {
        "id",
        "says",
        "measure",
        "for",
        "against",
        "why",
        "source",
        "plantable",
        "techniques",
        "changes",
        "least",
    }
    for row in said["observation"]:
        assert set(row) <= allowed, row["id"]
    for row in said["hypothesis"]:
        assert set(row) == {"id", "title", "premise", "missing"}, row["id"]


def test_all_kinds_stand_side_by_side_whatever_was_seen_and_only_for_what_is_taken_as_an_intrusion() -> None:
    found = [finding(1, "T1486"), finding(2, "T1110.003")]
    assert tuple(one.id for one in weighed(found).hypotheses) == KINDS
    assert conclude([incident(found, score=20)], found, (), (), Estate()) == ()
    nothing = weighed([finding(1)])
    assert tuple(one.id for one in nothing.hypotheses) == KINDS
    assert not any(one.supports or one.contradicts for one in nothing.hypotheses)
    assert "more than for another" in nothing.statement


@pytest.mark.parametrize(
    ("technique", "supports", "contradicts"),
    [
        ("T1486", {"criminal"}, {"error"}),
        ("T1606.002", {"state_directed", "criminal"}, {"error"}),
        ("T1110.003", {"criminal", "state_directed"}, {"insider", "error"}),
        ("T1052.001", {"insider"}, set()),
        ("T1199", {"supplier"}, set()),
        ("T1070.001", set(), {"error"}),
        ("T1082", set(), set()),
    ],
)
def test_a_technique_speaks_as_the_table_says(technique: str, supports: set[str], contradicts: set[str]) -> None:
    found = speaking(weighed([finding(1, technique)]))
    assert {kind for kind, (for_, _) in found.items() if for_} == supports
    assert {kind for kind, (_, against) in found.items() if against} == contradicts


def test_what_was_reached_changed_and_by_whom_is_observed() -> None:
    holder = Identity(id="ada", accounts=(ADA,), to=START + 10 * DAY)
    gone = Identity(id="gone", accounts=(SUPPLIER,), role="Supplier, records system", to=START - DAY)
    estate = estate_of(
        holder,
        gone,
        networks=(Network(range=ipaddress.ip_network("198.51.100.0/24"), name="office"),),
        assignments=(Assignment(identity="ada", matter="IT-1"),),
    )
    found = speaking(
        weighed(
            [
                finding(1, entities=(ACCOUNT, OFFICE)),
                finding(2, entities=(OTHER,), days=31),
                finding(3, days=5.3),
            ],
            changes=[change(1, Mark.FORWARDING), change(2, Mark.NOTE)],
            exposures=[exposure(number) for number in range(20)],
            estate=estate,
        )
    )
    assert found["insider"][0] == {
        "one_matter_collected",
        "stayed_long",
        "from_inside",
        "before_leaving",
        "after_leaving",
    }
    assert found["supplier"][0] == {"suppliers_account"}
    assert found["error"] == ({"from_inside", "own_matter"}, {"one_matter_collected", "stayed_long", "weekend"})
    assert found["unknown"] == (set(), set())


def test_what_the_estate_supplies_is_not_missing() -> None:
    bare = {one.id: {each.what for each in one.missing} for one in weighed([finding(1)]).hypotheses}
    vendor = Identity(id="ada", accounts=(ADA,), role="vendor", to=START)
    estate = estate_of(vendor, assignments=(Assignment(identity="ada", matter="x"),))
    told = {one.id: {each.what for each in one.missing} for one in weighed([finding(1)], estate=estate).hypotheses}
    assert {kind for kind in KINDS if told[kind] < bare[kind]} == {"insider", "supplier"}
    assert all(told.values())


def test_no_sentence_names_an_account_or_an_address() -> None:
    found = weighed(
        [finding(1, "T1110", "T1486", entities=(ACCOUNT, OFFICE))],
        exposures=[exposure(number) for number in range(25)],
        changes=[change(1, Mark.RULE)],
    )
    for each in found.hypotheses:
        for one in (*each.supports, *each.contradicts):
            assert not any(name in f"{one.says} {one.why}" for name in (ADA, OFFICE.id, "IT-1"))
    assert ADA not in found.statement


@pytest.mark.parametrize(
    ("time", "is_one"),
    [
        ("2026-03-07T11:59:59Z", False),  # Friday still, where it is latest
        ("2026-03-07T12:00:00Z", True),
        ("2026-03-08T09:59:59Z", True),
        ("2026-03-08T10:00:00Z", False),  # Monday already, where it is earliest
    ],
)
def test_a_weekend_is_one_everywhere(time: str, is_one: bool) -> None:
    assert is_weekend_everywhere(parse_time(time) or 0) is is_one


_TECHNIQUES = sorted({technique for row in load_table().observation for technique in row.techniques})
_IDENTITY = Identity(id="ada", accounts=(ADA,), to=START + 3 * DAY, role="vendor")
_ESTATES = [
    estate_of(_IDENTITY, assignments=(Assignment(identity="ada", matter="IT-1"),)),
    estate_of(_IDENTITY),
    estate_of(
        replace(_IDENTITY, to=None), networks=(Network(range=ipaddress.ip_network("198.51.100.0/24"), name="o"),)
    ),
]
_LESS = {0: (_ESTATES[1], Estate()), 1: (estate_of(replace(_IDENTITY, role="")), Estate()), 2: (Estate(),)}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_taking_evidence_away_never_adds_anything_for_a_kind(data: st.DataObject) -> None:
    rows = data.draw(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from(_TECHNIQUES), max_size=2),
                st.sampled_from([0.0, 2.5, 5.3, 31.0, 40.0]),
                st.lists(st.sampled_from([ACCOUNT, OTHER, OFFICE]), max_size=2),
            ),
            max_size=5,
        )
    )
    findings = [finding(n, *row[0], days=row[1], entities=row[2]) for n, row in enumerate(rows)]
    changes = [change(n, kind) for n, kind in enumerate(data.draw(st.lists(st.sampled_from(list(Mark)), max_size=4)))]
    degrees = data.draw(st.sampled_from([Degree.OPENED, Degree.DESTROYED]))
    exposures = [exposure(n, degree=degrees) for n in range(data.draw(st.integers(0, 24)))]
    which = data.draw(st.integers(0, 2))
    whole = incident(findings)
    before = speaking(weighed(findings, changes=changes, exposures=exposures, estate=_ESTATES[which], within=whole))

    def some(values: list[object]) -> list[object]:
        kept = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
        return [value for value, stays in zip(values, kept, strict=True) if stays]

    left = some(list(findings))
    after = speaking(
        weighed(
            [one for one in left if isinstance(one, Finding)],
            changes=[one for one in some(list(changes)) if isinstance(one, StandingChange)],
            exposures=[one for one in some(list(exposures)) if isinstance(one, Exposure)],
            estate=data.draw(st.sampled_from(_LESS[which])),
            within=whole,
        )
    )
    for kind in KINDS:
        assert after[kind][0] <= before[kind][0]
        assert after[kind][1] <= before[kind][1]
