"""Whose signature counts at an entry of the ledger, and what is said where one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record import people
from tocsin.record.acts import Act
from tocsin.record.people import registry_of
from tocsin.record.people_keys import HeldKey
from tocsin.record.roles import Role, allowed_acts, role_meanings

from .acting import ADA, BELA, CAI, ORIGIN, Ledger, enrolment, person, two_officers, vkey

READ = {"command": "exposure"}
NEW_ADA = person("ada-2@tribunal.example", 11)
THIEF = person("thief@intruder.example", 66)


def successor(old: HeldKey, new: HeldKey, **more: str) -> dict[str, Any]:
    return {"name": old.name, "new_name": new.name, "key": str(vkey(new)), **more}


def revocation(key: HeldKey, since: int | None = None) -> dict[str, Any]:
    return {"name": key.name, "reason": "a laptop was stolen", "since": since}


def test_what_was_signed_before_a_succession_stays_good_and_the_old_key_signs_no_more() -> None:
    ledger = two_officers()
    ledger.add("read", READ, ADA)
    ledger.add("succeeded", successor(ADA, NEW_ADA), ADA)
    ledger.add("read", READ, NEW_ADA)
    assert not ledger.registry.disowned
    assert [each.name for each in ledger.registry.in_force(Role.OFFICER)] == [NEW_ADA.name, BELA.name]
    with pytest.raises(VerificationError, match=r"entry 6 \(read\) is signed by 'ada@.*superseded by 'ada-2@"):
        ledger.add("read", READ, ADA)


def test_a_lost_key_is_replaced_by_another_officer_and_refused_afterwards() -> None:
    ledger = two_officers()
    ledger.add("recovered", successor(ADA, NEW_ADA, reason="the token broke"), BELA)
    assert ledger.registry.holders[NEW_ADA.name].person == "Ada Invented"
    with pytest.raises(VerificationError, match=r"was lost, and replaced by 'ada-2@"):
        ledger.add("read", READ, ADA)


def test_where_no_officer_is_left_the_key_of_the_workspace_recovers_and_is_seen_to_have() -> None:
    ledger = Ledger()
    ledger.add("enrolled", enrolment(ADA, "officer"), ADA)
    ledger.add("revoked", revocation(ADA), ADA)
    act = ledger.add("recovered", successor(ADA, NEW_ADA, reason="the sole officer died"))
    assert ledger.registry.is_unsigned(act)
    assert ledger.registry.holders[NEW_ADA.name].by == (ORIGIN,)
    assert ledger.registry.holders[NEW_ADA.name].is_in_force


def test_a_thief_who_enrolled_himself_is_out_once_the_stolen_key_is_revoked_from_before() -> None:
    ledger = two_officers()
    kept = ledger.add("read", READ, ADA)
    stolen = len(ledger.acts)
    ledger.add("enrolled", enrolment(THIEF, "officer"), ADA)
    by_thief = ledger.add("read", READ, THIEF)
    ledger.add("revoked", revocation(ADA, since=stolen), BELA)
    assert set(ledger.registry.disowned) == {stolen, by_thief.leaf}
    assert kept.leaf not in ledger.registry.disowned
    with pytest.raises(VerificationError, match=r"'thief@.*', a key that was revoked at entry 6"):
        ledger.add("read", READ, THIEF)


def test_a_succession_by_a_thief_changes_nothing_once_the_key_is_revoked_from_before() -> None:
    ledger = two_officers()
    stolen = ledger.add("succeeded", successor(ADA, THIEF), ADA).leaf
    by_thief = ledger.add("read", READ, THIEF).leaf
    ledger.add("revoked", revocation(ADA, since=stolen), BELA)
    assert set(ledger.registry.disowned) == {stolen, by_thief}
    assert [each.name for each in ledger.registry.in_force(Role.OFFICER)] == [BELA.name]
    ledger.add("recovered", successor(ADA, NEW_ADA, reason="stolen"), BELA)
    assert ledger.registry.holders[NEW_ADA.name].is_in_force


def test_the_sole_officers_lost_key_is_recovered_by_the_key_of_the_workspace() -> None:
    ledger = Ledger()
    ledger.add("enrolled", enrolment(ADA, "officer"), ADA)
    ledger.add("recovered", successor(ADA, NEW_ADA, reason="the passphrase is forgotten"))
    assert [each.name for each in ledger.registry.in_force(Role.OFFICER)] == [NEW_ADA.name]


def test_no_two_people_from_outside_erase() -> None:
    ledger = two_officers()
    ledger.add("enrolled", enrolment(THIEF, "receiver"), ADA)
    with pytest.raises(VerificationError, match=r"\(receiver\) does not allow it"):
        ledger.add("erased", {"selection": "x"}, ADA, THIEF)


def test_a_revocation_without_a_size_leaves_what_was_signed_before_it() -> None:
    ledger = two_officers()
    ledger.add("read", READ, ADA)
    ledger.add("revoked", revocation(ADA), BELA)
    assert not ledger.registry.disowned
    with pytest.raises(VerificationError, match=r"entry 5 \(read\) .* was revoked at entry 4"):
        ledger.add("read", READ, ADA)


def test_a_thief_who_revokes_another_officer_is_undone_from_that_officers_recovered_key() -> None:
    ledger = two_officers()
    new_bela = person("bela-2@tribunal.example", 12)
    dora, emil = person("dora@tribunal.example", 4), person("emil@tribunal.example", 5)
    ledger.add("enrolled", enrolment(emil, "officer"), ADA)
    by_bela = ledger.add("enrolled", enrolment(dora, "officer"), BELA).leaf
    by_thief = ledger.add("revoked", revocation(BELA, since=by_bela), ADA).leaf
    assert set(ledger.registry.disowned) == {by_bela}, "the thief takes back what Bela signed"
    ledger.add("recovered", successor(BELA, new_bela, reason="revoked by a thief"), emil)
    ledger.add("revoked", revocation(ADA, since=by_thief), new_bela)
    assert set(ledger.registry.disowned) == {by_thief}, "and it stands again"
    assert [each.name for each in ledger.registry.in_force(Role.OFFICER)] == [new_bela.name, dora.name, emil.name]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda it: it.act("read", READ, THIEF), "a key no earlier entry enrols"),
        (lambda it: it.act("read", READ, THIEF, by=[ADA.name]), "is not signed by 'ada@tribunal.example'"),
        (lambda it: it.act("read", READ, ADA, by=[ADA.name, BELA.name]), "is not signed by 'bela@tribunal.example'"),
        (lambda it: it.act("read", READ, ADA, by=[]), "names no signer"),
        (lambda it: it.act("read", READ, ADA, ADA), "names no signer, or one twice"),
        (lambda it: it.act("invented", READ, ADA), "there is no such kind of act"),
        (lambda it: it.act("held", READ, CAI), r"whose role \(analyst\) does not allow it: it takes officer"),
        (lambda it: it.act("handed_over", READ), "the workspace's key alone, and takes a person"),
        (lambda it: it.act("enrolled", enrolment(THIEF, "officer")), "the workspace's key alone, and takes a person"),
        (lambda it: it.act("enrolled", enrolment(THIEF, "officer"), THIEF), "a key no earlier entry enrols"),
        (lambda it: it.act("enrolled", enrolment(THIEF, "king"), ADA), "gives no role this version knows"),
        (lambda it: it.act("enrolled", enrolment(THIEF), ADA), "gives no role this version knows"),
        (lambda it: it.act("enrolled", enrolment(THIEF, "officer", person=" "), ADA), "without saying whose it is"),
        (lambda it: it.act("enrolled", enrolment(CAI, "officer"), ADA), "to a second key"),
        (
            lambda it: it.act("enrolled", enrolment(person("cai-again", 3), "officer"), ADA),
            "under a second name: one person would pass for two",
        ),
        (lambda it: it.act("erased", {"selection": "x"}, ADA), "signed by 1 person and takes 2"),
        (lambda it: it.act("held", {"why": "x"}, ADA, CAI), "signed by 'cai@.* does not allow it"),
        (lambda it: it.act("erased", {"selection": "x"}), "the workspace's key alone, and takes a person"),
        (lambda it: it.act("succeeded", successor(ADA, NEW_ADA), BELA), "is not signed by it alone"),
        (lambda it: it.act("succeeded", successor(ADA, BELA), ADA), "to a second key"),
        (lambda it: it.act("recovered", successor(ADA, NEW_ADA, reason="lost"), ADA), "on that person's own word"),
        (lambda it: it.act("recovered", successor(ADA, NEW_ADA, reason="lost")), "is an officer who could sign"),
        (lambda it: it.act("recovered", successor(ADA, NEW_ADA), BELA), "without a reason"),
        (lambda it: it.act("recovered", successor(THIEF, NEW_ADA, reason="x"), BELA), "no key that could have been"),
        (lambda it: it.act("revoked", revocation(THIEF), BELA), "no key that stood then"),
        (lambda it: it.act("revoked", revocation(ADA, since=99), BELA), "that the record had not reached"),
        (lambda it: it.act("revoked", {"name": ADA.name, "since": None, "reason": ""}, BELA), "without a reason"),
    ],
)
def test_each_act_that_does_not_count_is_refused_in_words_of_its_own(make: Callable[[Ledger], Act], said: str) -> None:
    ledger = two_officers()
    before = dict(ledger.registry.holders)
    act = make(ledger)
    with pytest.raises(VerificationError, match=f"^entry 3.*{said}"):
        ledger.registry.add(act)
    assert ledger.registry.holders == before


def test_two_people_erase_and_one_person_with_two_keys_does_not() -> None:
    ledger = two_officers()
    ledger.add("erased", {"selection": "x"}, ADA, CAI)
    ledger.add("enrolled", enrolment(NEW_ADA, "custodian", person="ADA Invented "), BELA)
    with pytest.raises(VerificationError, match="signed by 1 person and takes 2"):
        ledger.add("erased", {"selection": "x"}, ADA, NEW_ADA)


def test_the_first_person_enrols_himself_as_an_officer_and_nothing_else() -> None:
    with pytest.raises(VerificationError, match="has to be an officer"):
        Ledger().add("enrolled", enrolment(ADA, "analyst"), ADA)
    ledger = Ledger()
    ledger.add("enrolled", enrolment(ADA, "officer"), ADA)
    assert ledger.registry.holders[ADA.name].by == (ADA.name,)


def test_a_signature_is_good_for_the_text_it_stands_under_alone() -> None:
    ledger = two_officers()
    good = ledger.act("read", READ, ADA)
    altered = replace(good, note=good.note.replace("expo", "Expo"))
    with pytest.raises(VerificationError, match=r"the signature of 'ada@.* is not good"):
        ledger.registry.add(altered)


def test_an_act_over_more_entries_than_lie_before_it_is_refused() -> None:
    ledger = two_officers()
    good = ledger.act("read", READ, ADA)
    with pytest.raises(VerificationError, match="over 3 entries, more than there were"):
        ledger.registry.add(replace(good, leaf=2))


_EVENTS = st.lists(st.sampled_from(["read", "succeed", "revoke", "recover"]), max_size=8)


@given(events=_EVENTS)
def test_of_one_person_one_key_at_most_counts_and_only_the_fold_decides(events: list[str]) -> None:
    """Whatever happens to Ada's key, the registry of the acts so far is that of each prefix, and no key comes back."""
    ledger = two_officers()
    current, gone = ADA, set[str]()
    for number, event in enumerate(events):
        new = person(f"ada-{number}@tribunal.example", 100 + number)
        try:
            if event == "read":
                ledger.add("read", READ, current)
            elif event == "succeed":
                ledger.add("succeeded", successor(current, new), current)
                gone, current = gone | {current.name}, new
            elif event == "revoke":
                ledger.add("revoked", revocation(current), BELA)
                gone.add(current.name)
            else:
                ledger.add("recovered", successor(current, new, reason="lost"), BELA)
                gone, current = gone | {current.name}, new
        except VerificationError:
            assert current.name in gone
        standing = [each.name for each in ledger.registry.in_force() if each.person == "Ada Invented"]
        assert len(standing) <= 1
        assert not gone & set(standing)
        again = registry_of(ledger.acts, vkey(person(ORIGIN, 250)))
        assert again.holders == ledger.registry.holders


def test_an_officer_may_do_what_custodians_and_analysts_may_and_each_row_has_a_reason() -> None:
    for kind, row in allowed_acts().items():
        assert Role.OFFICER in row.roles | row.others, kind
        assert row.reason
    assert set(role_meanings()) == set(Role)


def test_a_record_takes_no_more_acts_about_keys_than_a_verifier_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = two_officers()
    monkeypatch.setattr(people, "MOST_KEY_ACTS", 2)
    with pytest.raises(VerificationError, match="one more act about keys than the 2 "):
        ledger.add("enrolled", enrolment(CAI, "analyst"), ADA)
    ledger.add("read", READ, ADA)
