"""Logs of Microsoft 365 made by hand: whose hand a record may be, what was undone, and mail recorded in part."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, M365, OPEN, Record, audit, document
from tests.benchmarks.test_ruled_out_plainly import AROUND, AT, CUSTODIAN, IDS, box

from tocsin.model.acquisition import Extent
from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

ADAS = Identity(id="p-ada", accounts=(ADA,), name="Ada Invented")
BENS = Identity(id="p-ben", accounts=(BEN,), name="Ben Fictive")
CYNS = Identity(id="p-cyn", accounts=(CYN,), name="Cyn Made-up")
PEOPLE = (ADAS, BENS, CYNS)
T = "06T10:00:00"
HERS = box(AT, ADA, ADA)
FROM, TO, FIRST, TAKEN = (f"2026-03-{day}T00:00:00Z" for day in ("03", "11", "01", "20"))


def at(text: str) -> int:
    return parse_time(text) or 0


WORD = Attestation(
    source=M365, pattern="*", from_=at(FIRST), to=at(TAKEN), custodian=CUSTODIAN.id, date="2026-03-20", setting="all",
    recorded=Extent.EVERYTHING,
)  # fmt: skip


def is_ruled_out(
    *records: Record,
    people: Sequence[Identity] = PEOPLE,
    holding: Holding | None = None,
    beside: Sequence[Holding] = (),
    words: Sequence[Attestation] = (WORD,),
    taken: dict[str, str] | None = None,
    without: Callable[[Record], bool] = lambda _: False,
    **estate: Any,
) -> bool:
    """Whether the product says that Cyn's mailbox was not reached, where Ada is asked for."""
    known = sorted(
        [*(one for one in AROUND if not without(one)), HERS, *records], key=lambda one: str(one["CreationTime"])
    )
    of = holding or Holding(kind="mailbox", pattern=CYN)
    described = Estate(
        identities=(*people, CUSTODIAN),
        by_account={account: one for one in (*people, CUSTODIAN) for account in one.accounts},
        holdings=(of, *beside), attestations=tuple(words), **estate,
    )  # fmt: skip
    data = "\n".join(json.dumps(one) for one in known).encode()
    question = Question(identities=(ADA,), from_=at(FROM), to=at(TO))
    case = Case(logs=[Log(name="a.jsonl", records=[], damaged=data)], estate=described, question=question)
    acquired(case, at(TAKEN))
    if taken and case.acquisition:
        case.acquisition = replace(case.acquisition, **taken)  # type: ignore[arg-type]
    rows = [one for one in judged(case, no_rules(), tried=(M365,)) if one.holding == of.pattern]
    assert rows
    return any(one.verdict is Verdict.RULED_OUT for one in rows)


def told(**named: Any) -> list[dict[str, Any]]:
    return [{"Name": name, "Value": value} for name, value in named.items()]


def ran(name: str, of: str, by: str = BEN, **parameters: Any) -> Record:
    return audit("05T10:00:00", name, by, RecordType=1, ObjectId=of, Parameters=told(**parameters))


def in_directory(name: str, of: str, **fields: Any) -> Record:
    return audit("05T10:00:00", name, BEN, RecordType=8, Workload="AzureActiveDirectory", ObjectId=of, **fields)


# ---- Whose hand it may be --------------------------------------------------------------------------------------------

SID, HER_SID, HER_ID = "S-1-5-21-11-22-33-1003", "S-1-5-21-11-22-33-1001", "aaaaaaaa-1111-4222-8333-444444444444"
PUID, SESSION = "10032001a2b3c4d5", "0a11ce00-0000-4000-8000-0000000000a1"
TENANT, OTHER = "bbbbbbbb-1111-4222-8333-444444444444", "cccccccc-1111-4222-8333-444444444444"
SIGNED = {"LogonUserSid": HER_SID, "MailboxOwnerSid": HER_SID, "TokenObjectId": HER_ID, "UserKey": PUID}


@pytest.mark.parametrize(
    "fields",
    [
        {"LogonUserSid": HER_SID}, {"LogonType": 2}, {"LogonUserDisplayName": "Ada Invented"},
        {"LogonUserSid": HER_SID, "MailboxOwnerSid": SID, "MailboxOwnerMasterAccountSid": HER_SID},
        {"TokenObjectId": HER_ID}, {"UserKey": PUID}, {"ExternalAccess": True}, {"UserType": 5},
        {"AppAccessContext": {"UserObjectId": HER_ID}}, {"SessionId": SESSION},
        {"TokenTenantId": OTHER, "OrganizationId": TENANT}, {"InternalLogonType": 2},
    ],
)  # fmt: skip
def test_a_record_of_the_owner_that_may_be_of_another(fields: dict[str, Any]) -> None:
    signed_in = audit("06T09:00:00", "UserLoggedIn", ADA, RecordType=15, Workload="AzureActiveDirectory")
    hers = box("05T11:00:00", ADA, ADA, **SIGNED)
    assert is_ruled_out(hers, box(T, CYN, CYN, LogonUserSid=SID, MailboxOwnerSid=SID))
    signed_in["DeviceProperties"] = told(SessionId=SESSION)
    assert not is_ruled_out(hers, signed_in, box(T, CYN, CYN, **fields))


SERVICE = Identity(id="p-svc", accounts=("svc@tribunal.example",), is_service=True)


@pytest.mark.parametrize(
    "other",
    [
        replace(BENS, to=at("2026-02-01T00:00:00Z")), SERVICE, replace(SERVICE, owner="Ada Invented"),
        Identity(id="p-adm", accounts=("adm-ada.invented@tribunal.example",)),
        Identity(id="p-adm", accounts=("x1@tribunal.example",), name="Invented, Ada"),
    ],
)  # fmt: skip
def test_a_mailbox_in_which_another_than_its_owner_is_recorded(other: Identity) -> None:
    people = [one for one in PEOPLE if one.id != other.id]
    assert not is_ruled_out(box(T, other.accounts[0], CYN, LogonType=2), people=[*people, other])


@pytest.mark.parametrize(
    "owner",
    [replace(CYNS, to=at("2026-03-05T00:00:00Z")), replace(CYNS, name="Invented, Ada"), replace(CYNS, is_service=True)],
)
def test_a_mailbox_whose_holder_is_not_one_other_person_all_the_time(owner: Identity) -> None:
    assert not is_ruled_out(people=(ADAS, BENS, owner))


# ---- Where mail goes on to, and what was changed ---------------------------------------------------------------------

OUT = "ada.invented@elsewhere.example"
BENS_BOX = Holding(kind="mailbox", pattern=BEN)
ITEMS = [{"InternetMessageId": "<w@elsewhere.example>", "ParentFolder": {"Path": "\\Inbox"}}]


@pytest.mark.parametrize(
    "records",
    [
        [ran("Set-Mailbox", "x/Cyn", Identity="Cyn Made-up", ForwardingSmtpAddress=f"smtp:{OUT}")],
        [ran("Set-Mailbox", IDS[CYN], Identity=IDS[CYN], ForwardingSmtpAddress="smtp:someone@elsewhere.example")],
        [ran("New-InboxRule", "x", Mailbox="cyn.invented", Name="x", RedirectTo=OUT)],
        [ran("New-TransportRule", "r", Name="r", BlindCopyTo=OUT)],
        [ran("New-TransportRule", "r", Name="r", BlindCopyTo=BEN), box(T, ADA, BEN, LogonType=2)],
        [ran("New-JournalRule", "j", Name="j", JournalEmailAddress=BEN), box(T, ADA, BEN, LogonType=2)],
        [ran("New-OutboundConnector", "c", Name="c", SmartHosts="mx.elsewhere.example", RecipientDomains="*")],
        [ran("Set-MailboxCalendarFolder", "x", CYN, Identity="cyn.invented:\\Calendar", PublishEnabled="True")],
        [ran("New-MailboxExportRequest", "x", Mailbox=CYN, FilePath="\\\\ada-pc\\share\\cyn.pst")],
        [audit(T, "Copy", CYN, RecordType=3, MailboxOwnerUPN=CYN, MailboxGuid=IDS[CYN], CrossMailboxOperation=True,
               AffectedItems=ITEMS)],
        [audit(T, "SetFolderAclTable", CYN, RecordType=2, MailboxOwnerUPN=CYN, MailboxGuid=IDS[CYN])],
        [document(T, ADA, OPEN.replace("b.docx", "cyn.pst"), "FileDownloaded")],
        [in_directory("Update user.", CYN)],
        [in_directory("Add member to role completed (PIM activation)", "Role", Target=[{"ID": HER_ID, "Type": 2}])],
    ],
)  # fmt: skip
def test_what_takes_mail_out_of_the_mailbox_or_changes_it(records: list[Record]) -> None:
    assert not is_ruled_out(*records, beside=(BENS_BOX,))


@pytest.mark.parametrize(
    "record",
    [
        ran("New-TransportRule", "r", Name="r", BlindCopyTo="someone@elsewhere.example"),
        ran("New-InboxRule", "x", Mailbox="ben.fictive", Name="x", MoveToFolder="y"),
        in_directory("Update user.", BEN),
    ],
)
def test_what_says_that_it_is_of_another_is_not(record: Record) -> None:
    assert is_ruled_out(record, beside=(BENS_BOX,))


# ---- What is complete ------------------------------------------------------------------------------------------------


def _is_mail(one: Record) -> bool:
    return bool(one["Workload"] == "Exchange")


def test_mail_that_is_recorded_for_a_part_of_the_time_alone() -> None:
    assert not is_ruled_out(without=lambda one: _is_mail(one) and str(one["CreationTime"]) > "2026-03-06")


def test_a_mailbox_of_which_no_reading_is_recorded_or_as_much_as_a_day_has() -> None:
    sent = [
        audit(f"{day}T00:00:00", "Send", CYN, RecordType=2, MailboxOwnerUPN=CYN, MailboxGuid=IDS[CYN], Item=ITEMS[0])
        for day in ("02", "12")
    ]
    assert not is_ruled_out(*sent, without=lambda one: one.get("MailboxOwnerUPN") == CYN)
    read = [box(f"05T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}", CYN, CYN, Id=f"m{n}") for n in range(1000)]
    assert not is_ruled_out(*read)
    assert is_ruled_out(*read[:900])


# ---- Once more, after that was mended --------------------------------------------------------------------------------

APP_ID = "eeeeeeee-1111-4222-8333-444444444444"
WEB = "https://outlook.office365.com/owa"


@pytest.mark.parametrize(
    "records",
    [
        [box(T, CYN, CYN, AppAccessContext={"DeviceId": APP_ID}),
         box("06T09:00:00", ADA, ADA, AppAccessContext={"DeviceId": APP_ID})],
        [audit(T, "UserLoggedIn", CYN, RecordType=15, Workload="AzureActiveDirectory", Actor=[{"ID": ADA, "Type": 5}])],
        [in_directory("Remove member from role.", ADA)],
        [ran("Get-TransportRule", "", ADA)],
        [ran("Get-Mailbox", "", ADA, Identity="cyn")],
        [ran("New-TransportRule", "r", Name="r", BlindCopyTo="a.invented@elsewhere.example")],
        [document(T, ADA, OPEN.replace("b.docx", "cyn.pst.001"), "FileDownloaded")],
        [document(T, ADA, f"{WEB}/{CYN}/", SiteUrl=f"{WEB}/")],
        [in_directory("Add app role assignment to service principal.", f"{APP_ID};https://x.example"),
         box(T, CYN, CYN, AppId=APP_ID, ClientInfoString="Client=WebServices;ExchangeServicesClient/15.00")],
        [ran("Set-Mailbox", "x", Identity="cyn.invented", ForwardingSmtpAddress="")],
        [ran("Remove-InboxRule", "cyn.invented\\1", CYN, Identity="cyn.invented\\1")],
        [ran("Remove-TransportRule", "r1", Identity="r1")],
        [ran("Disable-TransportRule", "r1", Identity="r1")],
        [ran("Remove-JournalRule", "all", Identity="all")],
        [in_directory("Reset user password.", "User_99", Target=[{"ID": CYN, "Type": 5}])],
        [in_directory("Add registered owner to device.", "d", Target=[{"ID": HER_ID, "Type": 2}]),
         box(T, CYN, CYN, TokenObjectId=HER_ID)],
    ],
)  # fmt: skip
def test_what_she_had_or_what_was_undone(records: list[Record]) -> None:
    assert not is_ruled_out(*records)


def test_reading_that_is_no_longer_recorded_while_sending_is() -> None:
    def sent(day: int, user: str) -> Record:
        return audit(
            f"{day:02d}T12:00:00",
            "Send",
            user,
            RecordType=2,
            MailboxOwnerUPN=user,
            MailboxGuid=IDS[user],
            Item=ITEMS[0],
        )

    later = [sent(day, user) for day in range(7, 13) for user in (BEN, CYN)]
    assert not is_ruled_out(*later, without=lambda one: _is_mail(one) and str(one["CreationTime"]) > "2026-03-06")
    dense = [box(f"{day:02d}T11:00:00", BEN, BEN) for day in range(3, 12)]
    of_hers = [sent(day, CYN) for day in range(5, 12)]
    assert not is_ruled_out(
        *dense,
        *of_hers,
        without=lambda one: one.get("MailboxOwnerUPN") == CYN and str(one["CreationTime"]) > "2026-03-06",
    )


@pytest.mark.parametrize("named", [ADA, CYN])
def test_what_stands_around_a_record_may_name_another(named: str) -> None:
    def wrapped(one: Record) -> Record:
        return {
            "userPrincipalName": named if one["CreationTime"] == f"2026-03-{T}" else one["UserId"],
            "auditData": one,
        }

    records = [wrapped(one) for one in [*AROUND, HERS, box(T, CYN, CYN)]]
    case = Case(
        logs=[Log(name="a.jsonl", records=[], damaged="\n".join(map(json.dumps, records)).encode())],
        estate=Estate(
            identities=(*PEOPLE, CUSTODIAN), by_account={one.accounts[0]: one for one in (*PEOPLE, CUSTODIAN)},
            holdings=(Holding(kind="mailbox", pattern=CYN),), attestations=(WORD,),
        ),
        question=Question(identities=(ADA,), from_=at(FROM), to=at(TO)),
    )  # fmt: skip
    acquired(case, at(TAKEN))
    (row,) = (one for one in judged(case, no_rules(), tried=(M365,)) if one.holding == CYN and not one.records)
    assert (row.verdict is Verdict.RULED_OUT) is (named == CYN)
