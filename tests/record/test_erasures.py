"""Holds, erasures and residues as the record has them, without a workspace below."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import RefusedError, VerificationError
from tocsin.record.binding import REWRITTEN, rewritten_statement
from tocsin.record.commitment import RecordSalts, all_salts, leaf_hashes, salts_of
from tocsin.record.erasures import Erasures
from tocsin.record.holds import holds_of, in_force, refuse_if_held
from tocsin.record.people import disowned_in
from tocsin.record.residue import Remnant, Residue, Unread, open_residue, remnant_hash, seal_residue
from tocsin.record.runs import indexes_in, runs_of
from tocsin.record.segment import seal_segment
from tocsin.record.statements import Statement
from tocsin.share.erasure import holds_text
from tocsin.store.derivation import new_secret

from .acting import ADA, BELA, CAI, Ledger, enrolment, person, two_officers

NAME = "ab" * 32
DORA = person("dora@tribunal.example", 4)


def rewritten(leaf: int, *erased: int) -> Statement:
    return Statement(leaf, REWRITTEN, bytes(32), rewritten_statement(7, "aa", "bb", erased))


def erasing(ledger: Ledger, *leaves: int) -> int:
    return ledger.add("erased", {"leaves": runs_of(leaves), "reason": "an order"}, ADA, BELA).leaf


@given(st.sets(st.integers(0, 300)))
def test_leaves_told_as_runs_are_the_same_leaves(leaves: set[int]) -> None:
    runs = runs_of(leaves)
    assert list(indexes_in(runs)) == sorted(leaves)
    assert len(runs) == len(leaves - {leaf + 1 for leaf in leaves}), "neighbours are one run"


@pytest.mark.parametrize(
    "runs", [None, 3, [3], [[3]], [[3, 2]], [[-1, 2]], [[True, 2]], [[1, 2], [3, 4]], [[5, 6], [1, 2]]]
)
def test_other_ways_to_tell_leaves_are_refused(runs: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        list(indexes_in(runs))


def test_a_hold_is_in_force_until_it_is_released_and_can_be_set_anew() -> None:
    ledger = two_officers()
    ledger.add("held", {"name": "Case 7", "reason": "an appeal"}, ADA)
    assert [hold.name for hold in in_force(ledger.acts)] == ["Case 7"]
    with pytest.raises(RefusedError, match=r"'Case 7' is in force: ada@tribunal\.example set it at .* an appeal"):
        refuse_if_held(ledger.acts)
    ledger.add("released", {"name": "Case 8", "reason": "not that one"}, ADA)
    assert len(in_force(ledger.acts)) == 1
    ledger.add("released", {"name": "Case 7", "reason": "settled"}, BELA)
    assert not in_force(ledger.acts)
    refuse_if_held(ledger.acts)
    ledger.add("held", {"name": "Case 7", "reason": "reopened"}, ADA)
    assert [hold.is_in_force for hold in holds_of(ledger.acts)] == [False, True]


def test_records_that_acts_erased_may_be_gone() -> None:
    ledger = two_officers()
    act = erasing(ledger, 4, 5, 9)
    found = Erasures(ledger.acts, [rewritten(act + 1, 4, 5, 9)])
    assert found.leaves == 3
    assert [each.leaf for each in found.acts] == [act]
    said = found.of(7)
    assert said is not None
    assert said.erased == {4, 5, 9}
    assert found.of(8) is None


def test_a_record_gone_without_an_act_before_is_evidence_taken_away() -> None:
    ledger = two_officers()
    with pytest.raises(VerificationError, match="leaf 4, and no act before it erased that record"):
        Erasures(ledger.acts, [rewritten(20, 4)])
    act = erasing(ledger, 4)
    with pytest.raises(VerificationError, match="leaf 5, and no act before"):
        Erasures(ledger.acts, [rewritten(act + 1, 4, 5)])
    with pytest.raises(VerificationError, match="leaf 4, and no act before"):
        Erasures(ledger.acts, [rewritten(act - 1, 4)])


def test_an_erasure_that_was_not_carried_out_is_said() -> None:
    ledger = two_officers()
    act = erasing(ledger, 4, 5)
    with pytest.raises(VerificationError, match="leaf 5 was erased, and no chunk was written anew without it"):
        Erasures(ledger.acts, [rewritten(act + 1, 4)])


def test_records_that_come_back_are_noticed() -> None:
    ledger = two_officers()
    act = erasing(ledger, 4, 5)
    with pytest.raises(VerificationError, match="holds records again"):
        Erasures(ledger.acts, [rewritten(act + 1, 4, 5), rewritten(act + 2, 4)])


def test_an_erasure_while_a_hold_was_in_force_is_a_fault_of_the_record() -> None:
    ledger = two_officers()
    ledger.add("held", {"name": "Case 7", "reason": "an appeal"}, ADA)
    act = erasing(ledger, 4)
    with pytest.raises(VerificationError, match="stands while the hold 'Case 7'"):
        Erasures(ledger.acts, [rewritten(act + 1, 4)])


def revoke(ledger: Ledger, since: int) -> None:
    """Bela revokes Ada's key: somebody else signed with it from entry `since` on."""
    ledger.add("revoked", {"name": ADA.name, "reason": "stolen", "since": since}, BELA)


def test_a_hold_that_a_stolen_key_lifted_holds_again() -> None:
    ledger = two_officers()
    ledger.add("held", {"name": "Case 7", "reason": "an appeal"}, BELA)
    lifted = ledger.add("released", {"name": "Case 7", "reason": "a lie"}, ADA).leaf
    assert not in_force(ledger.acts)
    revoke(ledger, lifted)
    with pytest.raises(RefusedError, match="'Case 7' is in force"):
        refuse_if_held(ledger.acts)
    (hold,) = holds_of(ledger.acts)
    assert f"entry {lifted} released it and does not count" in hold.still_held[0]


def test_a_hold_that_a_stolen_key_set_holds_nothing_and_is_listed() -> None:
    ledger = two_officers()
    stolen = ledger.add("held", {"name": "Case 7", "reason": "a nuisance"}, ADA).leaf
    ledger.add("held", {"name": "Case 8", "reason": "an appeal"}, BELA)
    revoke(ledger, stolen)
    assert [hold.name for hold in in_force(ledger.acts)] == ["Case 8"]
    nuisance, _ = holds_of(ledger.acts)
    assert "stolen" in nuisance.disowned
    assert "DOES NOT COUNT" in holds_text(holds_of(ledger.acts))


def test_an_erasure_by_a_stolen_key_is_no_fault_and_is_said_to_be_unfounded() -> None:
    ledger = two_officers()
    act = erasing(ledger, 4, 5)
    gone = [rewritten(act + 1, 4, 5)]
    assert not Erasures(ledger.acts, gone).unfounded
    revoke(ledger, act)
    (found,) = Erasures(ledger.acts, gone).unfounded
    assert (found.entry, found.leaves) == (act, 2)
    assert "stolen" in found.why


def test_an_erasure_past_a_hold_that_a_stolen_key_lifted_is_said_to_be_unfounded() -> None:
    ledger = two_officers()
    ledger.add("held", {"name": "Case 7", "reason": "an appeal"}, BELA)
    lifted = ledger.add("released", {"name": "Case 7", "reason": "a lie"}, ADA).leaf
    act = ledger.add("erased", {"leaves": [[4, 4]], "reason": "an order"}, BELA, CAI).leaf
    revoke(ledger, lifted)
    (found,) = Erasures(ledger.acts, [rewritten(act + 1, 4)]).unfounded
    assert found.entry == act
    assert f"the hold 'Case 7' was lifted by entry {lifted}, which does not count" in found.why


def test_a_hold_that_counts_again_after_an_erasure_makes_it_unfounded_and_no_fault() -> None:
    ledger = two_officers()
    hold = ledger.add("held", {"name": "Case 7", "reason": "an appeal"}, BELA).leaf
    thief = ledger.add("revoked", {"name": BELA.name, "reason": "a lie", "since": hold}, ADA).leaf
    ledger.add("enrolled", enrolment(DORA, "officer"), ADA)
    act = ledger.add("erased", {"leaves": [[4, 4]], "reason": "an order"}, DORA, CAI).leaf
    ledger.add("revoked", {"name": ADA.name, "reason": "stolen", "since": thief}, ADA)
    (found,) = Erasures(ledger.acts, [rewritten(act + 1, 4)]).unfounded
    assert found.entry == act


HOUSE = (ADA, BELA)
steps = st.lists(st.tuples(st.sampled_from(("held", "released", "revoked")), st.integers(0, 1)), max_size=9)


@given(steps)
def test_holds_are_those_of_a_ledger_without_what_was_taken_back(taken: list[tuple[str, int]]) -> None:
    ledger = two_officers()
    for kind, who in taken:
        other = HOUSE[1 - who]
        if not all(ledger.registry.holders[each.name].is_in_force for each in HOUSE):
            break
        what = {"name": other.name, "reason": "stolen", "since": 3} if kind == "revoked" else {"name": "Case 7"}
        ledger.add(kind, what, HOUSE[who])
    standing = [act for act in ledger.acts if act.leaf not in ledger.registry.disowned and act.kind != "revoked"]
    assert [hold.leaf for hold in in_force(ledger.acts)] == [hold.leaf for hold in in_force(standing)]
    assert disowned_in(ledger.acts) == ledger.registry.disowned


@pytest.mark.parametrize("data", [b"{}", b'{"statement":"rewritten"}', b"no", rewritten_statement(1, "", "", [3])[:-1]])
def test_a_statement_that_does_not_say_what_it_should_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError, match="entry 5"):
        Erasures([], [Statement(5, REWRITTEN, bytes(32), data)])


records = st.lists(
    st.tuples(
        st.binary(max_size=20),
        st.none() | st.binary(max_size=20),
        st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.integers(-5, 5), max_size=3),
    ),
    max_size=8,
)


@given(records, st.sets(st.integers(0, 7)), st.text(max_size=5))
def test_what_a_residue_keeps_opens_the_leaves_of_the_chunk(
    found: list[tuple[bytes, bytes | None, dict[str, object] | None]], gone: set[int], context: str
) -> None:
    secret, new = new_secret(), new_secret()
    spans = [(7 * place, len(raw), raw, text, fields) for place, (raw, text, fields) in enumerate(found)]
    leaves = leaf_hashes(secret, NAME, "lines 1", spans)
    opening = all_salts(secret, len(spans))
    assert opening == [salts_of(secret, place) for place in range(len(spans))]
    kept = tuple(
        Remnant(
            place=place,
            ordinal=place,
            offset=span[0],
            length=span[1],
            salts=salts if span[3] is not None else salts._replace(text=b""),
            text=span[3],
            context=context.encode("utf-8", "ignore").decode(),
            unread=Unread("odd", "a line", 2) if place % 3 == 0 else None,
        )
        for place, (span, salts) in enumerate(zip(spans, opening, strict=True))
        if place not in gone
    )
    blob = seal_residue(Residue(NAME, "lines 1", kept), new)
    again = open_residue(blob, new)
    assert again == Residue(NAME, "lines 1", kept)
    for remnant in again.remnants:
        begin = 32 * remnant.place
        assert remnant_hash(again, remnant, spans[remnant.place]) == leaves[begin : begin + 32]
    with pytest.raises(VerificationError):
        open_residue(blob, secret)


@pytest.mark.parametrize("line", [b'{"place":0}', b"[]", b"no", b'{"place":0,"raw_salt":"zz","fields_key":""}'])
def test_a_residue_of_another_shape_is_refused(line: bytes) -> None:
    from tocsin.store.derivation import derive

    secret = new_secret()
    head = b'{"format":"tocsin.residue","version":1,"chunk":"a","decoder":"b"}\n'
    with pytest.raises(VerificationError, match="residue"):
        open_residue(seal_segment(head + line, derive(secret, "residue")), secret)
    with pytest.raises(VerificationError, match="version 2"):
        open_residue(seal_segment(head.replace(b"1", b"2"), derive(secret, "residue")), secret)


def test_records_of_a_residue_stand_in_order() -> None:
    secret = new_secret()
    remnants = tuple(Remnant(place, place, 0, 0, RecordSalts(bytes(32), b"", bytes(32))) for place in (2, 1))
    with pytest.raises(VerificationError, match="out of order"):
        open_residue(seal_residue(Residue(NAME, "lines 1", remnants), secret), secret)
