"""Logs of Microsoft 365 made by hand: by which words they are complete, and as whom somebody may act by the estate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, M365, Record, audit
from tests.benchmarks.test_ruled_out_plainly import AROUND, AT, CUSTODIAN, box

from tocsin.assess import obstacles
from tocsin.assess.actors import Actors
from tocsin.model.acquisition import Extent
from tocsin.model.estate import Alias, Attestation, Estate, Grant, Group, Holding, Identity, Membership, Unit
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.instant import parse_time
from tocsin.model.joining import Identities
from tocsin.model.question import Question

ADAS = Identity(id="p-ada", accounts=(ADA,), name="Ada Invented")
BENS = Identity(id="p-ben", accounts=(BEN,), name="Ben Fictive")
CYNS = Identity(id="p-cyn", accounts=(CYN,), name="Cyn Made-up")
PEOPLE = (ADAS, BENS, CYNS)
SERVICE = Identity(id="p-svc", accounts=("svc@tribunal.example",), is_service=True)
T = "06T10:00:00"
HERS = box(AT, ADA, ADA)


def at(text: str) -> int:
    return parse_time(text) or 0


FROM, TO, FIRST, TAKEN = (at(f"2026-03-{day}T00:00:00Z") for day in ("03", "11", "01", "20"))
WORD = Attestation(
    source=M365,
    pattern="*",
    from_=FIRST,
    to=TAKEN,
    custodian=CUSTODIAN.id,
    date="2026-03-20",
    setting="MailItemsAccessed audited for owner, delegate and administrator; no bypass",
    recorded=Extent.EVERYTHING,
)
OF_HERS = Holding(kind="mailbox", pattern=CYN)


def said(
    *records: Record,
    people: Sequence[Identity] = PEOPLE,
    holding: Holding = OF_HERS,
    words: Sequence[Attestation] = (WORD,),
    taken: dict[str, Any] | None = None,
    **estate: Any,
) -> Exposure:
    """What is said of Cyn's mailbox, where Ada is asked for."""
    known = sorted([*AROUND, HERS, *records], key=lambda one: str(one["CreationTime"]))
    declared = (*people, CUSTODIAN)
    described = Estate(
        identities=declared,
        by_account={account: one for one in declared for account in one.accounts},
        holdings=(holding,),
        attestations=tuple(words),
        **estate,
    )
    data = "\n".join(json.dumps(one) for one in known).encode()
    question = Question(identities=(ADA,), from_=FROM, to=TO)
    case = Case(logs=[Log(name="a.jsonl", records=[], damaged=data)], estate=described, question=question)
    acquired(case, TAKEN)
    if taken and case.acquisition:
        case.acquisition = replace(case.acquisition, **taken)
    (row,) = (one for one in judged(case, no_rules(), tried=(M365,)) if one.holding == CYN and not one.records)
    return row


def is_ruled_out(*records: Record, **given: Any) -> bool:
    return said(*records, **given).verdict is Verdict.RULED_OUT


# ---- What was taken --------------------------------------------------------------------------------------------------

SEARCH = "Search-UnifiedAuditLog -StartDate 2026-03-01 -EndDate 2026-03-20"
EVERYBODY = "all users, every record type, from 2026-03-01 to 2026-03-20"


@pytest.mark.parametrize(
    "taken",
    [
        {"extent": None}, {"extent": None, "filter": EVERYBODY}, {"from_": None}, {"to": None},
        {"from_": None, "to": None, "filter": EVERYBODY, "command": SEARCH},
    ],
)  # fmt: skip
def test_no_words_but_the_closed_ones_say_that_everything_was_taken(taken: dict[str, Any]) -> None:
    row = said(taken=taken)
    assert (row.verdict, row.reasons[0]) == (Verdict.UNKNOWN, obstacles.NOT_ALL_TAKEN)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"extent": Extent.PART}, False),
        ({"to": at("2026-03-06T00:00:00Z")}, False), ({"from_": at("2026-03-06T00:00:00Z")}, False),
        ({"from_": FROM, "to": TO}, True),
        ({"filter": "all users but one"}, False), ({"filter": "users of the registry"}, False),
        ({"command": f"{SEARCH} -UserIds ben"}, False), ({"command": f"{SEARCH} -RecordType ExchangeItem"}, False),
        ({"filter": EVERYBODY, "command": SEARCH, "note": "sealed at once"}, True),
    ],
)  # fmt: skip
def test_what_the_acquisition_record_says_was_taken(taken: dict[str, Any], expected: bool) -> None:
    assert is_ruled_out(taken=taken) is expected


@pytest.mark.parametrize(
    "taken",
    [
        {"by": "Invented, Ada"}, {"by": "Ada"}, {"by": f"Registry <{ADA}>"}, {"by": "IT/ada.invented"},
        {"by": "A. Invented"}, {"by": "P-ADA"}, {"account": ADA}, {"account": SERVICE.accounts[0]},
        {"by": "Audit robot"},
    ],
)  # fmt: skip
def test_who_took_it_may_be_one_in_question(taken: dict[str, Any]) -> None:
    people = (*PEOPLE, replace(SERVICE, name="Audit robot", owner="p-ada"))
    assert is_ruled_out(people=people, taken={"by": "Ben Fictive", "account": BEN})
    assert obstacles.OWN_WORD in said(people=people, taken=taken).reasons


# ---- What was recorded -----------------------------------------------------------------------------------------------

PART = replace(WORD, recorded=Extent.PART)


@pytest.mark.parametrize(
    "words",
    [
        (replace(WORD, recorded=None, setting="everything is recorded, of everybody"),), (PART,),
        (WORD, replace(PART, pattern=CYN)), (WORD, replace(WORD, recorded=None, pattern=CYN)),
        (WORD, replace(PART, pattern="cyn*", from_=at("2026-03-05T00:00:00Z"), to=at("2026-03-06T00:00:00Z"))),
        (WORD, replace(PART, pattern="under another name")),
    ],
)  # fmt: skip
def test_a_word_by_which_not_everything_was_recorded(words: Sequence[Attestation]) -> None:
    assert not is_ruled_out(words=words)


@pytest.mark.parametrize("beside", [replace(PART, from_=TO), replace(PART, source="windows_evtx")])
def test_a_word_of_another_time_or_log_takes_nothing_away(beside: Attestation) -> None:
    assert is_ruled_out(words=(WORD, beside))


@pytest.mark.parametrize("custodian", ["p-ben", BEN, BEN.upper(), CUSTODIAN.accounts[0]])
def test_a_word_of_another_person_by_id_or_account(custodian: str) -> None:
    assert is_ruled_out(words=(replace(WORD, custodian=custodian),))


@pytest.mark.parametrize(
    "custodian",
    [
        "p-ada", ADA, "A. Invented", "Ms Ada Invented, IT", "TRIBUNAL\\ada.invented", f"Registry <{ADA}>", "Ada",
        "crew", "Clerk", "C. Custodian", "Ben Fictive", "p-svc", "p-left", "p-nobody", "p-shared@tribunal.example",
    ],
)  # fmt: skip
def test_a_word_that_is_not_signed_by_one_other_person(custodian: str) -> None:
    shared = "p-shared@tribunal.example"
    people = (
        replace(ADAS, role="Clerk"),
        BENS,
        CYNS,
        SERVICE,
        Identity(id="p-left", accounts=("left@tribunal.example",), to=FROM),
        Identity(id="p-nobody", accounts=()),
        Identity(id="p-one", accounts=(shared,)),
        Identity(id="p-two", accounts=(shared,)),
    )
    group: dict[str, Any] = {
        "groups": (Group(id="crew"),),
        "memberships": (Membership(identity="p-ada", group="crew"),),
    }
    assert is_ruled_out(people=people, **group)
    row = said(people=people, words=(replace(WORD, custodian=custodian),), **group)
    assert row.verdict is Verdict.UNKNOWN
    assert {obstacles.NO_CUSTODIAN, obstacles.OWN_WORD} & {*row.reasons}


# ---- Whose mailbox it is, and who is in it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        replace(BENS, to=at("2026-02-01T00:00:00Z")), SERVICE, replace(SERVICE, owner="Ada Invented"),
        Identity(id="p-adm", accounts=("adm-ada.invented@tribunal.example",)),
        Identity(id="p-adm", accounts=("x1@tribunal.example",), name="Invented, Ada"),
    ],
)  # fmt: skip
def test_a_mailbox_in_which_another_than_one_other_person_is_recorded(other: Identity) -> None:
    people = [one for one in PEOPLE if one.id != other.id]
    assert not is_ruled_out(box(T, other.accounts[0], CYN, LogonType=2), people=[*people, other])


@pytest.mark.parametrize(
    "owner",
    [
        replace(CYNS, to=at("2026-03-05T00:00:00Z")), replace(CYNS, name="Invented, Ada"),
        replace(CYNS, is_service=True), replace(CYNS, accounts=("other@tribunal.example",)),
    ],
)  # fmt: skip
def test_a_mailbox_whose_holder_is_not_one_other_person_all_the_time(owner: Identity) -> None:
    assert not is_ruled_out(people=(ADAS, BENS, owner))


@pytest.mark.parametrize("owner", ["p-ada", "p-ben", "registry", "Cyn Made-up"])
def test_a_mailbox_that_is_declared_to_be_of_another(owner: str) -> None:
    for holders in ("p-cyn", CYN, ""):
        assert is_ruled_out(holding=replace(OF_HERS, owner=holders))
    assert not is_ruled_out(holding=replace(OF_HERS, owner=owner))


# ---- As whom she may act by the estate -------------------------------------------------------------------------------


def may_act(grantee: str, pattern: str = CYN, right: str = "") -> Grant:
    return Grant(grantee=grantee, kind="account", pattern=pattern, right=right)


def of(identity: str, group: str) -> Membership:
    return Membership(identity=identity, group=group)


OF_BEN = Identity(id="p-svc", accounts=("svc@tribunal.example",), is_service=True, owner="p-ben")


@pytest.mark.parametrize(
    "estate",
    [
        {
            "groups": (Group(id="a"), Group(id="b")), "memberships": (of("p-ada", "a"), of("a", "b")),
            "grants": (may_act("b"),),
        },
        {"grants": (may_act("registry"),)},
        {"grants": (may_act("*"),)},
        {"grants": (may_act("p-ada", "cyn*"),)},
        {"grants": (may_act("p-ada", "cyn made-up"),)},
        {"grants": (may_act("Ada Invented"),)},
        {
            "groups": (Group(id="g1", name="Front desk"),), "memberships": (of("p-ada", "Front desk"),),
            "grants": (may_act("g1"),),
        },
        {
            "groups": (Group(id="g1"),), "memberships": (of("p-ben", "g1"), of("Ada Invented", "g1")),
            "grants": (may_act("g1"),),
        },
        {"groups": (Group(id="g1"),), "grants": (may_act("g1"),)},
        {"groups": (Group(id="g1", owner="p-ada"),), "memberships": (of("p-ben", "g1"),), "grants": (may_act("g1"),)},
        {
            "groups": (Group(id="g1"),), "memberships": (of("p-ada", "G1-other"),), "grants": (may_act("g1"),),
            "aliases": (Alias(kind="group", name="g1", other="g1-other"),),
        },
        {"grants": (may_act("p-ada", BEN), may_act("p-ben"))},
        {"memberships": (of("p-ada", "p-cyn"),)},
        {"grants": (Grant(grantee="p-ada", kind="host", pattern="app-01", right="administrator"), may_act("p-svc"))},
        {"groups": (Group(id="g", name="Organization Management"),), "memberships": (of("p-ada", "g"),)},
        {"units": (Unit(name="registry"),), "grants": (may_act("registry"),)},
    ],
)  # fmt: skip
def test_as_whom_she_may_act_by_the_estate(estate: dict[str, Any]) -> None:
    people = (replace(ADAS, unit="registry"), BENS, CYNS, replace(SERVICE, host="app-01"))
    assert is_ruled_out(people=people)
    assert not is_ruled_out(people=people, **estate)


@pytest.mark.parametrize(
    "estate",
    [
        {"grants": (may_act("p-ben"),)},
        {"grants": (may_act("p-ada", right="denied: full control"),)},
        {"grants": (may_act("p-ben", "cyn*"),)},
        {"groups": (Group(id="g1"),), "memberships": (of("p-ben", "g1"),), "grants": (may_act("g1"),)},
        {"groups": (Group(id="g1"),), "memberships": (of("p-ada", "g1"),), "grants": (may_act("p-ben"),)},
    ],
)
def test_as_whom_others_alone_may_act_takes_nothing_away(estate: dict[str, Any]) -> None:
    assert is_ruled_out(people=(*PEOPLE, OF_BEN), **estate)


@pytest.mark.parametrize(
    "ada",
    [
        replace(ADAS, role="Exchange administrator"), replace(ADAS, unit="IT Administration"),
        replace(ADAS, administrator=True),
    ],
)  # fmt: skip
def test_a_person_whom_the_estate_calls_an_administrator(ada: Identity) -> None:
    assert not is_ruled_out(people=(ada, BENS, CYNS))
    assert is_ruled_out(people=(replace(ADAS, role="administrative assistant"), BENS, CYNS))


# ---- Who is called as she is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hers", "other"),
    [
        ("Ada Invented", Identity(id="p-2", accounts=("ada.invented@other.example",))),
        ("Ada Invented", Identity(id="p-2", accounts=("x2@tribunal.example",), name="A. Invented")),
        ("Ada Invented | Registry", Identity(id="p-2", accounts=("x2@tribunal.example",), name="Ada Invented")),
        ("José Invénted", Identity(id="p-2", accounts=("jose.invented@tribunal.example",))),
        ("Jose\u0301 Invented", Identity(id="p-2", accounts=("x2@tribunal.example",), name="Jos\u00e9 Invented")),
    ],
)
def test_who_opened_it_may_be_called_as_she_is(hers: str, other: Identity) -> None:
    """Her account, `u4711`, says nothing of her name."""
    number = "u4711@tribunal.example"
    ada = Identity(id="p-ada", accounts=(ADA, number), name=hers)
    people = (Identity(id="p-ada", accounts=(number,), name=hers), BENS, CYNS)
    by_account = {one: each for each in (*people, other) for one in each.accounts}
    estate = Estate(identities=(*people, other), by_account=by_account)
    whose = Actors(Question(identities=(number,)), estate, Identities())
    assert whose.is_called_so(other.name or other.accounts[0])
    assert not whose.is_called_so("Ben Fictive | Registry")
    assert not is_ruled_out(box(T, other.accounts[0], CYN, LogonType=2), people=(ada, BENS, CYNS, other))


def test_a_group_of_which_only_the_owner_is_told_may_have_anybody_in_it() -> None:
    groups = (Group(id="crew", owner="p-ben"),)
    to_crew = {"groups": groups, "grants": (Grant(grantee="crew", kind="account", pattern=CYN),)}
    assert not is_ruled_out(**to_crew)
    assert is_ruled_out(**to_crew, memberships=(Membership(identity="p-ben", group="crew"),))


@pytest.mark.parametrize(
    "parameters",
    [
        {"Identity": CYN, "User": ADA},
        {"Identity": "ada.invented-two"},
        {"Identity": ADA, "Filter": "Name -ne 'x'"},
        {},
    ],
)
def test_who_is_shown_what_is_not_their_own_is_an_administrator(parameters: dict[str, str]) -> None:
    def shown(told: dict[str, str]) -> Record:
        given = [{"Name": name, "Value": value} for name, value in told.items()]
        return audit("05T10:00:00", "Get-MailboxPermission", ADA, RecordType=1, ObjectId="", Parameters=given)

    assert is_ruled_out(shown({"Identity": ADA.upper()}))
    assert not is_ruled_out(shown(parameters))
