"""Roles that records give: whether an account in question may hold one."""

from __future__ import annotations

import pytest

from tocsin.assess.actors import Actors
from tocsin.assess.roles import Role, held
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Alias, Estate, Group, Identity, Membership
from tocsin.model.joining import Identities
from tocsin.model.question import Question
from tocsin.model.reference import RecordPlace

ADA, BEN, CYN = "ada@x.example", "ben@x.example", "cyn@x.example"
GROUP = "b50379c5-0000-4000-8000-000000000001"
OTHER = "b50379c5-0000-4000-8000-000000000002"
PEOPLE = tuple(Identity(id=one[:3], accounts=(one,)) for one in (ADA, BEN, CYN))
NOWHERE = RecordPlace(input="audit.json", entry=0)


def change(kind: Mark, scope: str, *given_to: str) -> StandingChange:
    return StandingChange(
        kind=kind,
        time=1,
        actor=CYN,
        scope=scope,
        detail="",
        source="m365_unified_audit",
        record=NOWHERE,
        given_to=given_to,
    )


def to(*names: str) -> StandingChange:
    return change(Mark.ROLE, names[0], *names)


def added(name: str, group: str) -> StandingChange:
    return change(Mark.MEMBERSHIP, group, name)


def estate(*members: tuple[str, str], **more: tuple[object, ...]) -> Estate:
    return Estate(
        identities=PEOPLE,
        by_account={account: one for one in PEOPLE for account in one.accounts},
        groups=tuple(Group(id=one) for one in sorted({group for _, group in members})),
        memberships=tuple(Membership(identity=who, group=group) for who, group in members),
        **more,  # type: ignore[arg-type]
    )


def of_ada(declared: Estate, *changes: StandingChange) -> Role:
    identities = Identities()
    return held(Actors(Question(identities=(ADA,)), declared, identities), changes, declared, identities)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((), Role.NOBODYS),
        ((to(ADA),), Role.HELD),
        ((change(Mark.ROLE, "a role"),), Role.MAYBE),
        ((to(BEN),), Role.NOBODYS),
        ((to(BEN, OTHER),), Role.NOBODYS),
        ((to("somebody@x.example"),), Role.MAYBE),
        ((to(OTHER),), Role.MAYBE),
        ((to(f"{OTHER}/sync.example", OTHER, "https://sync.example"),), Role.NOBODYS),
        ((to("https://sync.example", ADA),), Role.HELD),
        ((to("https://sync.example", "somebody@x.example"),), Role.MAYBE),
    ],
)
def test_a_role_is_somebody_elses_only_where_the_name_is(changes: tuple[StandingChange, ...], expected: Role) -> None:
    assert of_ada(estate(), *changes) is expected


@pytest.mark.parametrize("name", [f"Group_{GROUP}", GROUP, GROUP.upper()])
@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([], Role.MAYBE),
        ([("ben", OTHER)], Role.MAYBE),
        ([("ben", GROUP)], Role.NOBODYS),
        ([("ben", GROUP), ("ada", GROUP)], Role.HELD),
        ([(ADA, GROUP)], Role.HELD),
        ([("somebody", GROUP)], Role.MAYBE),
        ([("ben", OTHER), (OTHER, GROUP)], Role.NOBODYS),
        ([("ada", OTHER), (OTHER, GROUP)], Role.HELD),
        ([("ada", OTHER), (OTHER, GROUP), (GROUP, OTHER)], Role.HELD),
        ([("ada", OTHER), ("ben", GROUP)], Role.NOBODYS),
    ],
)
def test_a_group_is_told_by_who_the_estate_says_is_in_it(
    name: str, members: list[tuple[str, str]], expected: Role
) -> None:
    assert of_ada(estate(*members), to(name)) is expected


def test_of_several_who_are_given_a_role_each_counts() -> None:
    told = estate(("ben", GROUP))
    assert of_ada(told, to(GROUP, "somebody@x.example")) is Role.MAYBE
    assert of_ada(told, to(GROUP, BEN)) is Role.NOBODYS
    assert of_ada(told, to(GROUP, ADA)) is Role.HELD


def test_a_group_is_found_by_another_name_of_it() -> None:
    named = estate(("ben", GROUP), aliases=(Alias(kind="group", name=GROUP, other="Clerks of the court"),))
    assert of_ada(named, to("Clerks of the court")) is Role.NOBODYS
    assert of_ada(estate(("ben", GROUP)), to("Clerks of the court")) is Role.MAYBE


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (added(BEN, GROUP), Role.NOBODYS),
        (added(ADA, GROUP), Role.HELD),
        (added(ADA, f"Group_{GROUP}"), Role.HELD),
        (added("somebody", GROUP), Role.MAYBE),
        (added(ADA, "Clerks of the court"), Role.MAYBE),
        (added(ADA, OTHER), Role.NOBODYS),
        (added("somebody", "Clerks of the court"), Role.MAYBE),
        (change(Mark.MEMBERSHIP, GROUP), Role.MAYBE),
        (change(Mark.PERMISSION, "https://x.example/sites/registry", ADA), Role.NOBODYS),
    ],
)
def test_who_was_added_on_record_is_in_the_group_too(later: StandingChange, expected: Role) -> None:
    assert of_ada(estate(("ben", GROUP), ("cyn", OTHER)), to(GROUP), later) is expected


def test_who_was_added_to_a_group_within_it_is_in_the_group() -> None:
    nested = estate(("ben", GROUP), (OTHER, GROUP), ("cyn", OTHER))
    assert of_ada(nested, to(GROUP), added(ADA, OTHER)) is Role.HELD
