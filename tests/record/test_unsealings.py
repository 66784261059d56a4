"""What the ledger says of names that were unsealed: who may, alone or by two, and what still wants a review."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.leave import Leave, tokens_digest
from tocsin.record.people_keys import HeldKey
from tocsin.record.unsealings import leave_of, unreviewed

from .acting import ADA, BELA, CAI, ORIGIN, Ledger, enrolment, person, two_officers

PIA = person("pia@tribunal.example", 31)
LEAVE = Leave(
    subject="record", of=7, persons=1, tokens="ab", reason="a test", until="2031-05-04T10:15:00Z", workspace=ORIGIN
)
TOKENS = st.lists(st.text("ABCDEFG234567", min_size=27, max_size=27), max_size=4)


def protected() -> Ledger:
    """Ada and Bela are officers, Cai an analyst, Pia answers for the protected persons."""
    ledger = two_officers()
    ledger.add("enrolled", enrolment(PIA, "protection"), ADA)
    return ledger


def alone(**more: Any) -> dict[str, Any]:
    return LEAVE.said() | {"break_glass": True} | more


@pytest.mark.parametrize("signers", [(PIA, ADA), (ADA, PIA)])
def test_two_people_unseal_one_of_whom_answers_for_the_protected(signers: tuple[HeldKey, ...]) -> None:
    act = protected().add("unsealed", LEAVE.said(), *signers)
    assert leave_of(act) == LEAVE


@pytest.mark.parametrize(
    ("signers", "said"),
    [
        ((PIA,), "signed by 1 person and takes 2"),
        ((ADA, BELA), "does not allow it: it takes protection"),
        ((PIA, CAI), r"whose role \(analyst\) does not allow it"),
        ((), "the workspace's key alone, and takes a person"),
    ],
)
def test_nobody_else_unseals(signers: tuple[HeldKey, ...], said: str) -> None:
    with pytest.raises(VerificationError, match=said):
        protected().add("unsealed", LEAVE.said(), *signers)


def test_one_person_with_two_keys_is_no_two_people() -> None:
    ledger = protected()
    ledger.add("enrolled", enrolment(person("pia-2@tribunal.example", 32), "officer", person="Pia Invented"), ADA)
    with pytest.raises(VerificationError, match="signed by 1 person and takes 2"):
        ledger.add("unsealed", LEAVE.said(), PIA, person("pia-2@tribunal.example", 32))


def test_what_one_unsealed_alone_wants_a_review_until_somebody_else_reviewed_it() -> None:
    ledger = protected()
    first = ledger.add("unsealed", alone(), ADA)
    second = ledger.add("unsealed", alone(), PIA)
    ledger.add("unsealed", LEAVE.said(), PIA, ADA)
    assert unreviewed(ledger.acts) == (first, second)
    ledger.add("reviewed", {"entry": first.leaf, "words": "called for"}, PIA)
    assert unreviewed(ledger.acts) == (second,)
    for signer, said in ((PIA, "its own signer"), (CAI, "does not allow it")):
        with pytest.raises(VerificationError, match=said):
            ledger.add("reviewed", {"entry": second.leaf}, signer)
    for entry in (0, 99, None, True, str(second.leaf)):
        with pytest.raises(VerificationError, match="nobody unsealed anything alone"):
            ledger.add("reviewed", {"entry": entry}, ADA)


def test_an_analyst_does_not_break_the_glass() -> None:
    with pytest.raises(VerificationError, match="does not allow it"):
        protected().add("unsealed", alone(), CAI)


def test_a_review_that_was_taken_back_is_none() -> None:
    ledger = protected()
    act = ledger.add("unsealed", alone(), PIA)
    review = ledger.add("reviewed", {"entry": act.leaf}, BELA)
    assert not unreviewed(ledger.acts)
    ledger.add("revoked", {"name": BELA.name, "reason": "stolen", "since": review.leaf}, ADA)
    assert unreviewed(ledger.acts) == (act,)


@given(first=TOKENS, second=TOKENS)
def test_the_digest_is_that_of_the_set_of_tokens(first: list[str], second: list[str]) -> None:
    assert (tokens_digest(first) == tokens_digest(second)) == (set(first) == set(second))


@pytest.mark.parametrize("member", sorted(LEAVE.said()))
def test_an_act_that_says_less_gives_no_leave(member: str) -> None:
    said = LEAVE.said()
    del said[member]
    with pytest.raises(VerificationError, match="does not say what it unseals"):
        leave_of(protected().add("unsealed", said, PIA, ADA))
