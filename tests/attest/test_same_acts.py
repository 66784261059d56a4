"""What is an act and what is none: the record and the stand-alone verifier take the same notes."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.record.acting import ADA, AT, two_officers

from tocsin.attest import standalone
from tocsin.errors import VerificationError
from tocsin.record.acts import read_act
from tocsin.record.canonical import canonical, read_canonical

NOTE = two_officers().act("read", {"command": "exposure"}, ADA).note
HEADER, LINE, REST = NOTE.split("\n", 2)
BODY = read_canonical(LINE.encode())
ROOT = base64.b64encode(bytes(32)).decode()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5) | st.sampled_from([AT, ROOT, ADA.name]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["size", "root"]), inner, max_size=2),
    max_leaves=4,
)


def note_of(body: dict[str, Any]) -> bytes:
    return f"{HEADER}\n{canonical(body).decode()}\n{REST}".encode()


def is_read(note: bytes) -> bool:
    try:
        read_act(7, note)
    except VerificationError:
        return False
    return True


def is_read_alone(note: bytes) -> bool:
    try:
        with standalone.at(6, "entry 7"):
            standalone.read_act(note, 7)
            return True
    except standalone.Fault:
        return False


def test_an_act_is_read_back() -> None:
    act = read_act(7, NOTE.encode())
    assert (act.kind, act.at, act.by, act.size, act.previous) == ("read", AT, (ADA.name,), 3, 2)
    assert act.note == NOTE
    assert is_read_alone(NOTE.encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"act": 7},
        {"at": "2031-05-04"},
        {"at": "2031-05-04T10:00:00+00:00"},
        {"at": "2031-5-4T10:0:0Z"},
        {"at": "2031-02-30T10:00:00Z"},
        {"at": "2031-05-04T10:00:60Z"},
        {"by": ADA.name},
        {"by": []},
        {"by": [7]},
        {"by": [ADA.name, ADA.name]},
        {"previous": True},
        {"previous": "2"},
        {"what": []},
        {"why": "a member more"},
        {"ledger": {"size": "3", "root": ROOT}},
        {"ledger": {"size": True, "root": ROOT}},
        {"ledger": {"size": 3, "root": base64.b64encode(bytes(31)).decode()}},
        {"ledger": {"size": 3, "root": f"{ROOT[:-2]}B="}},
        {"ledger": {"size": 3, "root": ROOT, "more": 1}},
    ],
)
def test_what_is_no_act_is_none_to_both(changed: dict[str, Any]) -> None:
    note = note_of(BODY | changed)
    with pytest.raises(VerificationError, match=r"^entry 7"):
        read_act(7, note)
    assert not is_read_alone(note)


@given(name=st.sampled_from(sorted(BODY)), value=VALUES)
def test_both_take_the_same_notes_whatever_a_member_is(name: str, value: object) -> None:
    note = note_of(BODY | {name: value})
    assert is_read(note) == is_read_alone(note)


@example(place=NOTE.index("— ") + 2, letter="+")
@given(place=st.integers(0, len(NOTE) - 1), letter=st.characters(min_codepoint=10, max_codepoint=126))
def test_both_take_the_same_notes_whatever_letter_is_changed(place: int, letter: str) -> None:
    note = (NOTE[:place] + letter + NOTE[place + 1 :]).encode()
    assert is_read(note) == is_read_alone(note)
