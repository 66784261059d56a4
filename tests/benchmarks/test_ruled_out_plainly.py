"""Logs of Microsoft 365 made by hand, with what the product says of mailboxes that stand plainly in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, M365, OPEN, Record, audit, document, mail

from tocsin.assess import obstacles
from tocsin.model.acquisition import Extent
from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

AT = "05T10:00:00"
IDS = {
    one: f"{number:08d}-2222-4333-8444-555555555555" for number, one in enumerate((ADA, BEN, CYN), start=1)
}  # of mailboxes


def box(time: str, user: str, owner: str, **fields: Any) -> Record:
    return mail(time, user, owner, MailboxGuid=IDS[owner], Id=f"{time}-{user}-{owner}") | fields


AROUND = [
    one
    for day in ("02", "12")
    for one in (*(box(f"{day}T00:00:00", who, who) for who in (ADA, BEN, CYN)), document(f"{day}T00:00:01", BEN, OPEN))
]
PEOPLE = (ADA, BEN, CYN)
CUSTODIAN = Identity(id="p-custodian", accounts=("custodian@tribunal.example",))  # in no record


def said(
    *records: Record, holdings: tuple[tuple[str, str], ...] = (("mailbox", CYN),), question: Question | None = None,
    people: tuple[str | tuple[str, ...], ...] = PEOPLE, without: tuple[Record, ...] = (),
    around: Sequence[Record] = AROUND, services: Sequence[str] = (),
    tried: Sequence[str] = (M365,), rest: bool = False,
) -> Exposure:  # fmt: skip
    """What is said of all of the first holding, where the log holds these records."""
    known = [one for one in around if one not in without]
    known = sorted([*known, *records], key=lambda one: str(one.get("CreationTime") or one["CreationDate"]))
    accounts = [(one,) if isinstance(one, str) else one for one in people]
    declared = (
        *(Identity(id=f"p-{one[0]}", accounts=one, is_service=one[0] in services) for one in accounts),
        CUSTODIAN,
    )
    estate = Estate(
        identities=declared,
        by_account={account: one for one in declared for account in one.accounts},
        holdings=tuple(Holding(kind=kind, pattern=pattern) for kind, pattern in holdings),
        attestations=(
            Attestation(
                source=M365, pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
                to=parse_time("2026-03-20T00:00:00Z") or 0, custodian=CUSTODIAN.id, date="2026-03-20", setting="all",
                recorded=Extent.EVERYTHING,
            ),
        ),
    )  # fmt: skip
    asked = question or Question(
        identities=(ADA,), from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z")
    )
    data = "\n".join(json.dumps(one, ensure_ascii=False) for one in known).encode()
    case = Case(logs=[Log(name="a.jsonl", records=[], damaged=data)], estate=estate, question=asked)
    acquired(case, parse_time("2026-03-20T00:00:00Z") or 0)
    rows = [row for row in judged(case, no_rules(), tried=tried) if row.holding == holdings[0][1]]
    return next(row for row in rows if not row.records and bool(row.label) is rest)


def test_a_mailbox_that_nobody_in_question_reached_is_ruled_out() -> None:
    row = said(box(AT, ADA, ADA), box(AT, CYN, CYN), document(AT, ADA, OPEN))
    assert row.verdict is Verdict.RULED_OUT, row.reasons
    assert "from 2026-03-03T00:00:00Z to 2026-03-11T00:00:00Z" in row.reasons[0]


def test_of_such_a_mailbox_it_is_told_that_no_access_is_recorded_and_from_when_to_when() -> None:
    row = said(box(AT, ADA, ADA), tried=())
    assert (row.verdict, row.reasons[0]) == (Verdict.UNKNOWN, obstacles.NONE_RECORDED)
    assert row.reasons[1] == "no access from 2026-03-03T00:00:00Z to 2026-03-11T00:00:00Z"
    assert row.none_recorded
    assert not said(given("helpdesk@tribunal.example", BEN), tried=()).none_recorded
    rest = said(box(AT, ADA, ADA), holdings=(("mailbox", ADA),), tried=(), rest=True)
    assert rest.label
    assert not rest.none_recorded


def test_without_a_time_asked_it_is_so_from_the_first_record_to_where_no_record_is_on_its_way() -> None:
    row = said(question=Question(identities=(ADA,)))
    assert row.verdict is Verdict.RULED_OUT, row.reasons
    assert (row.premises.from_, row.premises.to) == tuple(
        map(parse_time, ("2026-03-02T00:00:00Z", "2026-03-12T00:00:01Z"))
    )


def given(by: str, to: str) -> Record:
    """A right on the mailbox."""
    told = {"Identity": CYN, "User": to, "AccessRights": "FullAccess"}
    parameters = [{"Name": name, "Value": value} for name, value in told.items()]
    return audit(AT, "Add-MailboxPermission", by, RecordType=1, ObjectId=CYN, Parameters=parameters)


def test_a_right_that_one_colleague_gave_another_is_none_of_those_in_question() -> None:
    row = said(given(CYN, BEN), box("06T10:00:00", BEN, CYN, LogonType=2))
    assert row.verdict is Verdict.RULED_OUT, row.reasons


OTHER_ID = "99999999-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([box(AT, CYN, CYN, MailboxGuid=OTHER_ID)], obstacles.NOT_BY_ONE_NAME),
        ([box(AT, CYN, CYN, MailboxOwnerUPN="registry@tribunal.example")], obstacles.NOT_BY_ONE_NAME),
        ([box(AT, ADA, ADA, MailboxGuid=OTHER_ID)], obstacles.NOT_PLAINLY),
        ([box(AT, ADA, ADA, MailboxOwnerUPN="other@tribunal.example", MailboxGuid=None)], obstacles.OTHER_NAME),
        ([box(AT, BEN, CYN, LogonType=1)], obstacles.BY_STRANGERS),
        ([given(BEN, "somebody@tribunal.example")], obstacles.CHANGED),
        ([given("helpdesk@tribunal.example", BEN)], obstacles.STANDING_CHANGE),
    ],
)  # fmt: skip
def test_what_does_not_stand_plainly_is_unknown(records: list[Record], reason: str) -> None:
    row = said(*records)
    assert row.verdict is Verdict.UNKNOWN
    assert reason in row.reasons, row.reasons


def test_a_mailbox_that_no_record_names_is_unknown() -> None:
    own = tuple(one for one in AROUND if one.get("MailboxOwnerUPN") == CYN)
    row = said(without=own)
    assert (row.verdict, row.reasons[0]) == (Verdict.UNKNOWN, obstacles.NOT_BY_ONE_NAME)


def test_of_what_is_no_mailbox_it_is_not_said_yet() -> None:
    row = said(holdings=(("document", OPEN.replace("b.docx", "c.docx")),))
    assert (row.verdict, row.reasons[0]) == (Verdict.UNKNOWN, obstacles.UNTRIED)
