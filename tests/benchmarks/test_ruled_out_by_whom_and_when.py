"""Logs of Microsoft 365 made by hand once more: who did it, what colleagues prepare, what is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import (
    ADA,
    APP,
    AROUND,
    BEN,
    CYN,
    FROM,
    M365,
    OPEN,
    OWN,
    SECRET,
    TO,
    Record,
    audit,
    document,
    mail,
)

from tocsin.model.estate import Attestation, Estate, Grant, Group, Holding, Identity, Membership
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

SESSION, OTHER_SESSION = "0a11ce00-0000-4000-8000-0000000000a1", "0a11ce00-0000-4000-8000-0000000000a2"
SID, OTHER_SID = "S-1-5-21-11-22-33-1001", "S-1-5-21-11-22-33-1002"
PUID = "10032001a2b3c4d5"
ADDRESS = "203.0.113.9"
UNLISTED = "11111111-2222-4333-8444-555555555555"
ADAS = Identity(id="p-ada", accounts=(ADA,), name="Ada Invented")
OTHERS = tuple(Identity(id=f"p-{one[:3]}", accounts=(one,)) for one in (BEN, CYN, APP))
DOCUMENT = ("document", SECRET)


def _at(text: str) -> int:
    return parse_time(text) or 0


def is_ruled_out(
    records: Sequence[Record],
    what: str = CYN,
    *,
    people: Sequence[Identity] = (ADAS, *OTHERS),
    estate: Mapping[str, Any] | None = None,
    asked: Mapping[str, Any] | None = None,
    taken: Mapping[str, Any] | None = None,
    when: str = "2026-03-20T00:00:00Z",
    around: Sequence[Record] = AROUND[M365],
    custodian: str = "C. Custodian",
) -> bool:
    """Whether something is ruled out wholly, where ada is asked for and a custodian vouches for all of the log."""
    word = Attestation(
        source=M365, pattern="*", from_=_at("2026-03-01T00:00:00Z"), to=_at("2026-03-20T00:00:00Z"),
        custodian=custodian, date="2026-03-20", setting="all",
    )  # fmt: skip
    described = Estate(
        identities=tuple(people),
        by_account={account: one for one in people for account in one.accounts},
        holdings=tuple(Holding(kind=kind, pattern=pattern) for kind, pattern in (*OWN, DOCUMENT)),
        attestations=(word,),
        **(estate or {}),
    )
    question = Question(**{"identities": (ADA,), "from_": _at(FROM), "to": _at(TO), **(asked or {})})
    known = sorted([*around, *records], key=lambda one: str(one["CreationTime"]))
    case = Case(logs=[Log(name="a.jsonl", records=known)], estate=described, question=question)
    acquired(case, _at(when))
    if taken and case.acquisition:
        case.acquisition = replace(case.acquisition, **taken)
    rows = [row for row in judged(case, no_rules()) if row.holding == what]
    assert rows
    return all(row.verdict is Verdict.RULED_OUT and not row.label for row in rows)


def told(**parameters: Any) -> list[dict[str, Any]]:
    return [{"Name": name, "Value": value} for name, value in parameters.items()]


def ran(name: str, by: str = BEN, of: str = CYN, at: str = "05T10:00:00", **parameters: Any) -> Record:
    return audit(at, name, by, RecordType=1, ObjectId=of, Parameters=told(**parameters))


def in_directory(operation: str, of: str, at: str = "05T10:00:00", **fields: Any) -> Record:
    return audit(at, operation, BEN, RecordType=8, Workload="AzureActiveDirectory", ObjectId=of, **fields)


def by_ada(**fields: Any) -> Record:
    return mail("05T09:00:00", ADA, ADA, **fields)


def by_cyn(**fields: Any) -> Record:
    return mail("06T10:00:00", CYN, CYN, **fields)


# ---- Who it was ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "records",
    [
        [by_cyn(LogonUserSid=SID, MailboxOwnerSid=OTHER_SID)],
        [by_ada(SessionId=SESSION), by_cyn(SessionId=OTHER_SESSION, AppAccessContext={"AADSessionId": SESSION})],
        [by_ada(UserType=2)],
        [mail("02T09:00:00", ADA, BEN, LogonType=1)],
        [by_ada(UserType="Admin")],
    ],
)
def test_a_record_that_may_be_of_another_than_it_names(records: list[Record]) -> None:
    assert not is_ruled_out(records)


@pytest.mark.parametrize(
    "records",
    [
        [by_cyn(LogonUserSid=SID, MailboxOwnerSid=SID)],
        [by_ada(SessionId=SESSION), by_cyn(SessionId=OTHER_SESSION, AppAccessContext={"AADSessionId": OTHER_SESSION})],
        [by_ada(SessionId=APP.replace("0a11ce", "000000").replace("e57", "000").replace("4", "0").replace("8", "0"))],
        [by_ada(UserType=0), by_cyn(UserType=2)],
        [audit("05T09:00:00", "Get-MobileDevice", ADA, RecordType=1, UserType=2, ObjectId=ADA)],  # of one's own mailbox
        [by_cyn(AppId=UNLISTED, ClientInfoString="Client=OWA", SessionId=OTHER_SESSION)],
    ],
)
def test_one_that_names_who_it_was(records: list[Record]) -> None:
    assert is_ruled_out(records)


@pytest.mark.parametrize(("key", "expected"), [(PUID, False), ("10032001ffffffff", True)])
def test_the_id_in_a_claim_of_sharepoint_is_the_account(key: str, expected: bool) -> None:
    read = document("06T10:00:00", BEN, SECRET, UserKey=f"i:0h.f|membership|{key}@live.com")
    assert is_ruled_out([by_ada(UserKey=PUID.upper()), read], SECRET) is expected


@pytest.mark.parametrize("user", ["SHAREPOINT\\system", "app@sharepoint"])
def test_under_names_of_sharepoint_any_application_may_have_come(user: str) -> None:
    assert not is_ruled_out([document("06T10:00:00", user, SECRET)], SECRET)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ClientIPAddress": "2001:db8::1", "ClientIP": ADDRESS}, False),
        ({"ClientIPAddress": f"192.0.2.7, {ADDRESS}"}, False),
        ({"ClientIPAddress": "192.0.2.7"}, True),
    ],
)
def test_an_access_is_from_every_address_its_record_names(fields: dict[str, str], expected: bool) -> None:
    asked = {"identities": (), "addresses": (ADDRESS,)}
    read = mail("06T10:00:00", BEN, CYN, **fields)
    assert is_ruled_out([by_ada(ClientIPAddress=ADDRESS), read], asked=asked) is expected


@pytest.mark.parametrize(("session", "expected"), [("00000000-0000-0000-0000-000000000000", False), (APP, True)])
def test_a_session_of_zeros_is_none(session: str, expected: bool) -> None:
    asked = {"identities": (), "sessions": (SESSION,)}
    read = mail("06T10:00:00", ADA, CYN, SessionId=session)
    assert is_ruled_out([by_ada(SessionId=SESSION), read], asked=asked) is expected


SERVICE = Identity(id="p-svc", accounts=("svc@tribunal.example",), is_service=True, owner="p-ada")


@pytest.mark.parametrize(
    ("reader", "people", "estate", "expected"),
    [
        (CYN, (ADAS, *OTHERS), {"grants": (Grant(grantee="p-ada", kind="account", pattern="p-cyn"),)}, False),
        (CYN, (ADAS, *OTHERS), {"grants": (Grant(grantee="p-ben", kind="account", pattern="p-cyn"),)}, True),
        ("svc@tribunal.example", (ADAS, *OTHERS, SERVICE), {}, False),
        ("svc@tribunal.example", (ADAS, *OTHERS, replace(SERVICE, owner="p-ben")), {}, True),
    ],
)
def test_whom_an_account_may_act_as_by_the_estate(
    reader: str, people: tuple[Identity, ...], estate: dict[str, Any], expected: bool
) -> None:
    assert is_ruled_out([mail("06T10:00:00", reader, CYN)], people=people, estate=estate) is expected


# ---- What colleagues prepare -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [ADA, "ada.invented", "Ada Invented", "Invented, Ada", f"smtp:{ADA}", "/o=x/cn=0123-ada.invented"]
)
@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        ("New-RoleGroup", "Members"), ("Set-RoleGroup", "ManagedBy"), ("Add-eDiscoveryCaseAdmin", "User"),
        ("New-TransportRule", "GenerateIncidentReport"), ("New-TransportRule", "ModerateMessageByUser"),
        ("Set-Mailbox", "ModeratedBy"), ("Set-HostedContentFilterPolicy", "RedirectToRecipients"),
        ("New-SafeAttachmentPolicy", "RedirectAddress"), ("Set-TransportConfig", "JournalingReportNdrTo"),
        ("Add-UnifiedGroupLinks", "Links"), ("Set-CalendarProcessing", "ResourceDelegates"),
    ],
)  # fmt: skip
def test_what_nothing_declares_is_done_for_whom_it_names(command: str, parameter: str, name: str) -> None:
    assert not is_ruled_out([ran(command, **{parameter: name})])


@pytest.mark.parametrize(
    "record",
    [
        ran("New-RoleGroup", Members=BEN),
        ran("Set-Mailbox", ModeratedBy="Ben Invented"),
        ran("Set-Mailbox", of=ADA, Identity=ADA, MaxSendSize="5"),
        ran("Get-MessageTrace", RecipientAddress=ADA),
        ran("Add-MailboxPermission", Identity=CYN, User=ADA, AccessRights="FullAccess"),  # its use is recorded
        ran("New-InboxRule", by=CYN, of="x", Name="x", From=ADA, MoveToFolder="y"),
        in_directory("Add eligible member to role in PIM completed (permanent).", "one") | {"Target": [{"ID": CYN}]},
        audit("05T10:00:00", "CaseMemberAdded", BEN, RecordType=24, ObjectId="case 1"),
    ],
)
def test_what_names_somebody_else_or_is_declared_is_not(record: Record) -> None:
    assert is_ruled_out([record])


@pytest.mark.parametrize(
    "record",
    [
        in_directory("Add eligible member to role in PIM completed (permanent).", ADA),
        in_directory("Add member to role in PIM completed (timebound).", "x", Target=[{"ID": ADA, "Type": 5}]),
        audit("05T10:00:00", "Set-Mailbox", CYN, RecordType=1, ObjectId=CYN,
              Parameters=f'-Identity "{CYN}" -ForwardingSmtpAddress "smtp:{ADA}"'),
        audit("05T10:00:00", "PutPermissions", BEN, RecordType=30, RecipientUPN=ADA),
        audit("05T10:00:00", "CaseMemberAdded", BEN, RecordType=24, Parameters=f'-Member "{ADA}"'),
    ],
)  # fmt: skip
def test_operations_and_parameters_that_are_not_told_apart(record: Record) -> None:
    assert not is_ruled_out([record])


@pytest.mark.parametrize(("member", "expected"), [(ADA, False), (BEN, True)])
def test_a_group_with_a_role_by_a_list_of_mail(member: str, expected: bool) -> None:
    estate = {"groups": (Group(id="crew"),), "memberships": (Membership(identity="p-ben", group="crew"),)}
    role = ran("New-ManagementRoleAssignment", of="x", at="04T10:00:00", Role="Audit Logs", SecurityGroup="crew")
    added = ran("Add-DistributionGroupMember", of="crew", Identity="crew", Member=member)
    assert is_ruled_out([role, added], estate=estate) is expected


ITEM = [{"InternetMessageId": "<w@elsewhere.example>"}]


@pytest.mark.parametrize(("to", "expected"), [(ADA, False), (BEN, True)])
@pytest.mark.parametrize("way", ["search", "restore", "copy", "delegate"])
def test_what_is_put_into_a_mailbox_in_question(way: str, to: str, expected: bool) -> None:
    record = {
        "search": ran("Search-Mailbox", Identity=CYN, TargetMailbox=to, TargetFolder="x"),
        "restore": ran("New-MailboxRestoreRequest", SourceStoreMailbox=CYN, TargetMailbox=to),
        "copy": audit("05T10:00:00", "Copy", BEN, RecordType=3, MailboxOwnerUPN=CYN, LogonType=2,
                      CrossMailboxOperation=True, DestMailboxOwnerUPN=to, AffectedItems=ITEM),
        "delegate": audit("05T10:00:00", "UpdateCalendarDelegation", CYN, RecordType=2, MailboxOwnerUPN=CYN,
                          Item={"ParentFolder": {"Path": "\\Calendar", "MemberUpn": to}}),
    }[way]  # fmt: skip
    assert is_ruled_out([record]) is expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (ran("Enable-TransportRule", of="r1", Identity="r1"), False),
        (ran("Enable-InboxRule", by=CYN, of="cyn.invented\\1", Identity="1"), False),
        (audit("05T10:00:00", "UpdateInboxRules", CYN, RecordType=2, MailboxOwnerUPN=CYN,
               OperationProperties=told(RuleOperation="ModifyMailboxRule", RuleId="5")), False),
        (ran("Set-TransportRule", of="r1", Identity="r1", BlindCopyTo=BEN), True),
        (ran("New-TransportRule", of="r1", Name="r1", DeleteMessage="True"), True),
        (ran("Enable-InboxRule", by=BEN, of="ben.invented\\1", Identity="1"), True),
    ],
)  # fmt: skip
def test_a_rule_of_which_is_not_told_whom_it_sends_to(record: Record, expected: bool) -> None:
    assert is_ruled_out([record]) is expected


# ---- What is complete ------------------------------------------------------------------------------------------------

LATER = "11T10:00:00"  # after what is asked of
POLICY = "UnifiedAuditLogRetentionPolicy"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (ran("Set-Mailbox", at=LATER, Identity=CYN, AuditEnabled="True"), False),
        (ran("Set-Mailbox", at=LATER, Identity=CYN, AuditOwner="MailItemsAccessed"), False),
        (ran("Set-Mailbox", at=LATER, Identity=CYN, DefaultAuditSet="Owner"), False),
        (ran("Set-AdminAuditLogConfig", at=LATER, UnifiedAuditLogIngestionEnabled="True"), False),
        (ran("Set-OrganizationConfig", at=LATER, AuditDisabled="False"), False),
        (ran("Set-MailboxAuditBypassAssociation", at=LATER, Identity=ADA, AuditBypassEnabled="False"), False),
        (ran(f"New-{POLICY}", at=LATER, Name="x", RetentionDuration="SevenDays"), False),
        (ran(f"Remove-{POLICY}", at=LATER, Identity="x"), False),
        (audit("05T10:00:00", "Set-Mailbox", BEN, RecordType=1, Parameters="-AuditEnabled:$false"), False),
        (ran("Set-Mailbox", by="NT AUTHORITY\\SYSTEM (x)", AuditEnabled="False") | {"UserType": 3}, False),
        (ran("Set-Mailbox", at=LATER, Identity=CYN, AuditEnabled="False"), True),
        (ran("Set-AdminAuditLogConfig", at=LATER, UnifiedAuditLogIngestionEnabled="False"), True),
        (ran("Set-MailboxAuditBypassAssociation", at=LATER, Identity=ADA, AuditBypassEnabled="True"), True),
        (ran("Set-OrganizationConfig", at=LATER, OAuth2ClientProfileEnabled="False"), True),
    ],
)
def test_what_was_recorded_before_the_audit_was_set_anew(record: Record, expected: bool) -> None:
    assert is_ruled_out([record]) is expected


SEARCH = "Search-UnifiedAuditLog -StartDate 2026-03-01 -EndDate 2026-03-20"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"filter": "UserIds: ben.invented"}, False),
        ({"filter": "MailItemsAccessed alone"}, False),
        ({"filter": "allowed users"}, False),
        ({"filter": "all of SharePoint"}, False),
        ({"command": "Get-UAL -UserIds ben.invented"}, False),
        ({"command": 'POST /auditLog/queries {"userPrincipalNameFilters": ["b"]}'}, False),
        ({"command": f"{SEARCH} -UserIds {CYN},{BEN}"}, False),
        ({"command": f"{SEARCH} -RecordType ExchangeItem"}, False),
        ({"command": f"{SEARCH} -Op MailItemsAccessed | Export-Csv a.csv"}, False),
        ({"filter": "every record type, 2026-03-01 to 2026-03-20"}, True),
        ({"filter": "none"}, True),
        ({"command": f"{SEARCH} -SessionCommand ReturnLargeSet -ResultSize 5000 | Export-Csv -Path a.csv"}, True),
        ({"by": "Ada Invented"}, False),
        ({"account": ADA}, False),
        ({"account": BEN}, True),
    ],
)
def test_what_the_acquisition_record_says_of_itself(taken: dict[str, str], expected: bool) -> None:
    assert is_ruled_out([by_cyn()], taken=taken) is expected


@pytest.mark.parametrize(("custodian", "expected"), [("Ada Invented", False), (ADA, False), ("p-ben", True)])
def test_the_word_of_an_account_in_question_rules_nothing_out(custodian: str, expected: bool) -> None:
    assert is_ruled_out([by_cyn()], custodian=custodian) is expected


@pytest.mark.parametrize(("when", "expected"), [("2026-03-11T12:00:00Z", False), ("2026-03-12T00:00:00Z", True)])
def test_what_was_taken_before_the_last_records_had_come(when: str, expected: bool) -> None:
    end = [mail("11T00:00:30", BEN, BEN), document("11T00:00:31", BEN, OPEN)]
    assert is_ruled_out([by_cyn()], around=[*AROUND[M365][:2], *end], when=when) is expected
