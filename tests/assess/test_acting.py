"""As whom somebody may act by the estate: the more it says of rights, groups and members, the more people it may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.acting import acting
from tocsin.model.estate import Estate, Grant, Group, Identity, Membership
from tocsin.model.joining import Identities

ADA = "ada@tribunal.example"
PEOPLE = tuple(
    Identity(id=f"p-{name}", accounts=(f"{name}@tribunal.example",), unit="registry" if name == "ben" else "")
    for name in ("ada", "ben", "cyn", "dag")
)
ESTATE = Estate(
    identities=PEOPLE,
    groups=(Group(id="g1"), Group(id="g2")),
    by_account={account: one for one in PEOPLE for account in one.accounts},
)
names = st.sampled_from(("p-ada", "p-ben", "p-cyn", "p-dag", "g1", "g2", "registry", "nobody knows", "*"))
targets = st.sampled_from(("p-ben", "cyn@tribunal.example", "p-dag", "c*", "nobody knows"))
grants = st.lists(st.builds(Grant, grantee=names, kind=st.just("account"), pattern=targets), max_size=4)
memberships = st.lists(
    st.builds(Membership, identity=names.filter(lambda one: one != "*"), group=st.sampled_from(("g1", "g2", "p-ben"))),
    max_size=4,
)


@given(grants, memberships, st.data())
def test_whoever_says_more_frees_nobody(given_: list[Grant], members: list[Membership], data: st.DataObject) -> None:
    estate = replace(ESTATE, grants=tuple(given_), memberships=tuple(members))
    known = acting(estate, Identities(), (ADA,))
    assert known.surely <= known.perhaps <= {"p-ben", "p-cyn", "p-dag"}
    one = data.draw(st.builds(Grant, grantee=names, kind=st.just("account"), pattern=targets))
    more = acting(replace(estate, grants=(*given_, one)), Identities(), (ADA,))
    assert known.surely <= more.surely
    assert known.perhaps <= more.perhaps


@pytest.mark.parametrize(
    ("grants", "surely", "perhaps"),
    [
        ((), set(), set()),
        ((("p-ada", "p-ben"), ("p-ben", "p-cyn")), {"p-ben", "p-cyn"}, {"p-ben", "p-cyn"}),
        ((("p-ada", "p-ben"), ("registry", "p-cyn")), {"p-ben", "p-cyn"}, {"p-ben", "p-cyn"}),
        ((("p-dag", "p-cyn"),), set(), set()),
        ((("nobody knows", "p-cyn"),), set(), {"p-cyn"}),
        ((("p-ada", "c*"),), set(), {"p-ben", "p-cyn", "p-dag"}),
        ((("p-dag", "c*"),), set(), set()),
    ],
)
def test_one_way_leads_on_to_the_next(grants: tuple[tuple[str, str], ...], surely: set[str], perhaps: set[str]) -> None:
    rights = tuple(Grant(grantee=grantee, kind="account", pattern=pattern) for grantee, pattern in grants)
    found = acting(replace(ESTATE, grants=rights), Identities(), (ADA,))
    assert ({*found.surely}, {*found.perhaps}) == (surely, perhaps)
