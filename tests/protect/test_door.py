"""The door in this process: what it replaces, what stays different, what stays the same, and what it keeps."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protect.stub import ORIGIN, local_door

from tocsin.errors import ProtectionError
from tocsin.model.protection import How
from tocsin.protect.door import NO_DOOR, DoorAddress, connected, mask_one
from tocsin.protect.tokens import PERSON_LENGTH, TOKEN, TOKEN_LENGTH

WORDS = ("Zorblat", "Quixmere", "Ыфщзук")


def test_only_what_speaks_of_somebody_comes_back_and_the_rest_of_it_stays() -> None:
    door = local_door(WORDS)
    masked = door.mask(["nothing", "file of Zorblat, and of QUIXMERE.", ""])
    assert list(masked) == [1]
    text, (first, second) = masked[1].text, masked[1].sightings
    assert text == f"file of {first.token}, and of {second.token}."
    assert [text[one.start : one.end] for one in (first, second)] == [first.token, second.token]
    assert (first.how, second.how) == (How.EXACT, How.GENERATED)
    assert all(TOKEN.fullmatch(one.token) and len(one.token) == TOKEN_LENGTH for one in (first, second))
    assert door.person_of(first.token) == 0
    assert door.person_of(second.token.lower()) == 1


@given(st.lists(st.sampled_from(["Zorblat", "zorblat", "ZORBLAT", "zorBLAT"]), min_size=2, max_size=4))
def test_case_alone_is_told_apart_by_case_alone(spellings: list[str]) -> None:
    door = local_door(WORDS)
    tokens = [mask_one(door, spelling) for spelling in spellings]
    for spelling, token in zip(spellings, tokens, strict=True):
        assert token[:PERSON_LENGTH].upper() == tokens[0][:PERSON_LENGTH].upper()
        assert TOKEN.fullmatch(token.lower())
        assert token[PERSON_LENGTH + 2 :].lower() == tokens[0][PERSON_LENGTH + 2 :].lower()
        assert (token == mask_one(door, "zorblat")) == (spelling == "zorblat")


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_masked_text_passes_again_unchanged(before: str, after: str) -> None:
    door = local_door(("A", *WORDS))  # a form that many tokens spell by chance
    once = mask_one(door, f"{before} Zorblat {after}")
    assert mask_one(door, once) == once


def test_a_workspace_and_a_recipient_have_tokens_of_their_own() -> None:
    here, there = local_door(WORDS), local_door(WORDS, workspace="tocsin.invalid/ffff")
    token = mask_one(here, "Zorblat")
    others = {mask_one(there, "Zorblat"), *here.retoken([token], "police"), *here.retoken([token], "press")}
    assert len(others | {token}) == 4
    assert len({each[:PERSON_LENGTH] for each in others | {token}}) == 4
    assert here.retoken([f"of {token}", "of nobody"], "police") == [
        f"of {here.retoken([token], 'police')[0]}",
        "of nobody",
    ]


def test_a_recipient_can_join_what_belongs_together() -> None:
    door = local_door(WORDS)
    upper, lower, other = (
        door.retoken([mask_one(door, text)], "police")[0] for text in ("ZORBLAT", "zorblat", "Quixmere")
    )
    assert upper[:PERSON_LENGTH] == lower[:PERSON_LENGTH].upper() != other[:PERSON_LENGTH]
    assert upper[PERSON_LENGTH + 2 :] != lower[PERSON_LENGTH + 2 :]
    assert upper[PERSON_LENGTH + 2 :].lower() == lower[PERSON_LENGTH + 2 :].lower()
    (small,) = door.retoken([mask_one(door, "Quixmere").lower()], "police")
    assert small == other.lower()


@given(st.binary(max_size=100), st.text(max_size=20))
def test_what_was_wrapped_opens_for_its_context_alone(secret: bytes, context: str) -> None:
    door = local_door(WORDS)
    wrapped = door.wrap(secret, context)
    assert door.unwrap(wrapped, context) == secret
    for wrong, other in ((door, context + "."), (local_door(WORDS, workspace="other"), context)):
        with pytest.raises(ProtectionError, match="altered"):
            wrong.unwrap(wrapped, other)
    with pytest.raises(ProtectionError):
        door.unwrap(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), context)


def test_nothing_shows_what_the_door_holds_and_it_goes_nowhere() -> None:
    door = local_door(WORDS)
    assert "Zorblat" not in repr(door)
    assert repr(door.token_key) not in repr(door)
    with pytest.raises(TypeError, match="stays in the process"):
        pickle.dumps(door)


def test_without_a_vault_nothing_is_replaced_and_nothing_opens() -> None:
    assert connected(None) is NO_DOOR
    assert NO_DOOR.epoch == 0
    assert NO_DOOR.mask(["Zorblat"]) == {}
    assert NO_DOOR.retoken(["Zorblat"], "police") == ["Zorblat"]
    for use in (NO_DOOR.wrap, NO_DOOR.unwrap):
        with pytest.raises(ProtectionError, match="vault"):
            use(b"", "")


def test_an_address_goes_to_other_processes() -> None:
    address = DoorAddress(place="unix:/run/door", workspace=ORIGIN, epoch=3)
    assert pickle.loads(pickle.dumps(address)) == address
