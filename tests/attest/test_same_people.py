"""The product and the stand-alone verifier, written apart, say the same of who could sign what."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.record.acting import ADA, BELA, CAI, WORKSPACE, Ledger, enrolment, person, two_officers, vkey

from tocsin.attest import standalone
from tocsin.errors import VerificationError
from tocsin.record.acts import Act
from tocsin.record.people_keys import HeldKey

KEYS = [ADA, BELA, CAI, *(person(f"key-{number}@tribunal.example", 20 + number) for number in range(4))]
KEY = st.sampled_from(KEYS)
ROLES = st.sampled_from(["officer", "custodian", "analyst", "receiver", "protection"])
SIGNERS = st.lists(st.sampled_from([*KEYS, WORKSPACE]), min_size=1, max_size=2, unique=True)


@st.composite
def attempts(draw: st.DrawFn) -> tuple[str, dict[str, Any], list[HeldKey]]:
    """An act that somebody tries, whether he may or not."""
    kinds = ["enrolled", "succeeded", "recovered", "revoked", "revoked", "read", "erased", "exported", "handed_over"]
    kinds += ["unsealed", "unsealed", "reviewed"]
    kind, signers = draw(st.sampled_from(kinds)), draw(SIGNERS)
    name, new = draw(KEY).name, draw(KEY)
    if kind == "enrolled":
        whose = draw(st.sampled_from(["Ada Invented", " ada INVENTED", "somebody", "somebody else"]))
        more = draw(st.sampled_from([{}, {"new_name": name}]))
        return kind, enrolment(new, draw(ROLES), person=whose) | more, signers
    if kind == "revoked":
        since = draw(st.one_of(st.none(), st.integers(0, 9)))
        return kind, {"name": name, "reason": "a test", "since": since}, signers
    if kind in ("succeeded", "recovered"):
        return kind, {"name": name, "new_name": new.name, "key": str(vkey(new)), "reason": "a test"}, signers
    if kind == "unsealed":
        return kind, {"reason": "a test", "break_glass": draw(st.booleans())}, signers
    if kind == "reviewed":
        return kind, {"entry": draw(st.integers(0, 12))}, signers
    return kind, {"command": "exposure"}, signers


def alone(acts: list[Act]) -> set[int] | None:
    """The entries that do not count, as the stand-alone verifier has it; None where it finds a fault."""
    log = standalone.verifier_key(str(vkey(WORKSPACE)), 1)
    try:
        read = [standalone.read_act(act.note.encode(), act.leaf) for act in acts]
        return {taken for taken in standalone.judge(read, log, lambda _: None) if isinstance(taken, int)}
    except standalone.Fault:
        return None


@settings(max_examples=300)
@given(tried=st.lists(attempts(), max_size=9))
def test_both_let_in_the_same_acts_and_take_back_the_same(
    tried: list[tuple[str, dict[str, Any], list[HeldKey]]],
) -> None:
    ledger: Ledger = two_officers()
    for kind, what, signers in tried:
        act = ledger.act(kind, what, *signers)
        said = alone([*ledger.acts, act])
        refusal = refused(ledger, act)
        assert (said is None) == bool(refusal), f"{kind} by {act.by}: {refusal or 'the product lets it in'}"
        if not refusal:
            ledger.acts.append(act)
            assert said == set(ledger.registry.disowned)


def refused(ledger: Ledger, act: Act) -> str:
    """Why the product refuses the act, "" where it is added."""
    try:
        ledger.registry.add(act)
    except VerificationError as error:
        return str(error)
    return ""
