"""Whose an account is, by what the estate declares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.actors import DeclaredAccounts
from tocsin.model.estate import Estate, Identity
from tocsin.model.identity import canonical_account

NAMES = st.sampled_from(
    ("ada@x.example", "ADA@x.example", "X\\ada", "ben@x.example", "p1", "P2", " ben@x.example", "-")
)


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=3)), max_size=6), st.lists(NAMES, max_size=3))
def test_all_accounts_of_an_identity_are_found_by_any_of_them_or_by_its_id(
    declared: list[tuple[str, list[str]]], asked: list[str]
) -> None:
    estate = Estate(identities=tuple(Identity(id=id_, accounts=tuple(accounts)) for id_, accounts in declared))
    given_as = {canonical_account(text) or text for text in asked}
    same = [
        {canonical_account(account) or account for account in accounts}
        for id_, accounts in declared
        if given_as & {id_.lower(), *(canonical_account(account) or account for account in accounts)}
    ]
    assert DeclaredAccounts(estate).of(asked) == given_as.union(*same)
