"""Transfer notes and receipts: each verifies as it was signed, and in no other form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.handing import Party, read_receipt, read_transfer, signed_receipt, signed_transfer

from .acting import ADA, AT, BELA, ORIGIN, vkey

TRANSFER = signed_transfer(
    content="ab" * 32,
    origin=ORIGIN,
    giver=Party(key=vkey(ADA), person="Ada Invented"),
    receiver=Party(key=vkey(BELA), person="Registry of the Example"),
    at=AT,
    signer=ADA,
)
RECEIPT = signed_receipt(TRANSFER, at=AT, signer=BELA)


def test_what_was_signed_is_read_back() -> None:
    assert read_transfer(TRANSFER.note) == TRANSFER
    assert read_receipt(RECEIPT.note) == RECEIPT
    assert RECEIPT.transfer == TRANSFER.digest


def test_a_note_is_signed_by_whom_it_names() -> None:
    with pytest.raises(ValueError, match="another key"):
        signed_receipt(TRANSFER, at=AT, signer=ADA)


def test_the_one_is_not_taken_for_the_other() -> None:
    with pytest.raises(VerificationError, match="its first line"):
        read_receipt(TRANSFER.note)
    with pytest.raises(VerificationError, match="its first line"):
        read_transfer(RECEIPT.note)


@given(place=st.integers(0, len(TRANSFER.note) - 1), letter=st.characters(min_codepoint=10, max_codepoint=126))
def test_a_changed_transfer_note_is_refused(place: int, letter: str) -> None:
    changed = TRANSFER.note[:place] + letter + TRANSFER.note[place + 1 :]
    if changed != TRANSFER.note:
        with pytest.raises(VerificationError):
            read_transfer(changed)


@given(place=st.integers(0, len(RECEIPT.note) - 1), count=st.integers(1, 5))
def test_a_receipt_that_lacks_something_is_refused(place: int, count: int) -> None:
    with pytest.raises(VerificationError):
        read_receipt(RECEIPT.note[:place] + RECEIPT.note[place + count :])


def test_a_note_that_gives_no_time_is_refused() -> None:
    made = signed_transfer(
        content=TRANSFER.content,
        origin=ORIGIN,
        giver=TRANSFER.giver,
        receiver=TRANSFER.receiver,
        at="one day in May",
        signer=ADA,
    )
    with pytest.raises(VerificationError, match="gives no time"):
        read_transfer(made.note)
