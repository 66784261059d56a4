"""Logs of Microsoft 365 made by hand: what colleagues gave, sent on and took, by whatever name, of a plain mailbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, M365, SITE, Record, audit, document, windows
from tests.benchmarks.test_ruled_out_plainly import AROUND, AT, CUSTODIAN, IDS, box, said

from tocsin.assess import obstacles
from tocsin.model.acquisition import Extent
from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

IN_DIRECTORY = "EURPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/tribunal.onmicrosoft.com"
UNKNOWN = "77777777-2222-4333-8444-555555555555"
MANY = "; ".join(f"Number{number} Invented" for number in range(9))
LATER = "06T10:00:00"
MAILBOXES = (("mailbox", CYN), ("mailbox", BEN), ("mailbox", ADA))


def command(operation: str, user: str, of: str = "x", time: str = AT, **given: Any) -> Record:
    parameters = [{"Name": name, "Value": value} for name, value in given.items()]
    return audit(time, operation, user, RecordType=1, ObjectId=of, Parameters=parameters)


def in_directory(operation: str, user: str, of: str, name: str, value: str) -> Record:
    changed = [{"Name": name, "OldValue": "[]", "NewValue": value}]
    return audit(
        AT, operation, user, RecordType=8, Workload="AzureActiveDirectory", ObjectId=of, ModifiedProperties=changed
    )


def is_ruled_out(*records: Record) -> bool:
    return said(*records, holdings=MAILBOXES).verdict is Verdict.RULED_OUT


def right(of: str, to: str, by: str = BEN) -> Record:
    return command("Add-MailboxPermission", by, of, Identity=of, User=to, AccessRights="FullAccess")


@pytest.mark.parametrize(
    "of",
    ["cyn.invented", "Cyn Invented", f"{IN_DIRECTORY}/cyn.invented", IDS[CYN], "cyn.invented@tribunal.onmicrosoft.com"],
)
@pytest.mark.parametrize("to", [ADA, "Staff", "somebody@elsewhere.example"])
def test_a_right_on_what_is_called_as_the_mailbox_is_one_on_it(of: str, to: str) -> None:
    assert not is_ruled_out(right(of, to))


def test_a_right_on_what_is_not_told_is_on_any_where_those_in_question_may_have_it() -> None:
    assert not is_ruled_out(right(UNKNOWN, "Staff"))
    assert not is_ruled_out(right("registry@tribunal.example", ADA))  # which may be a second address of any
    assert is_ruled_out(right(BEN, ADA))
    assert is_ruled_out(right(UNKNOWN, f"{IN_DIRECTORY}/ben.invented"))


@pytest.mark.parametrize(
    "records",
    [
        [command("Set-Mailbox", BEN, CYN, Identity=CYN, ForwardingAddress=BEN), box(LATER, ADA, BEN, LogonType=2)],
        [
            command("Set-Mailbox", CYN, CYN, Identity=CYN, ForwardingAddress=BEN),
            command("Set-Mailbox", BEN, BEN, LATER, Identity=BEN, ForwardingSmtpAddress=f"smtp:{ADA}"),
        ],
        [command("New-InboxRule", CYN, Name="x", RedirectTo=BEN), box(LATER, ADA, BEN, LogonType=2)],
        [command("New-JournalRule", BEN, Name="x", JournalEmailAddress=BEN), box(LATER, ADA, BEN, LogonType=2)],
        [command("New-TransportRule", BEN, Name="x", BlindCopyTo=CYN)],
        [command("Search-Mailbox", BEN, CYN, Identity=CYN, TargetMailbox=BEN), box(LATER, ADA, BEN, LogonType=2)],
        [command("New-MailboxRestoreRequest", BEN, SourceMailbox=UNKNOWN, TargetMailbox=BEN)],
    ],
)  # fmt: skip
def test_mail_sent_on_is_where_others_may_be_too(records: list[Record]) -> None:
    assert not is_ruled_out(*records)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"BlindCopyTo": "ada.invented@tribunal.onmicrosoft.com"}, False), ({"RedirectMessageTo": "Staff"}, False),
        ({"BlindCopyTo": "ada.invented@elsewhere.example"}, False), ({"AddManagerAsRecipientType": "Bcc"}, False),
        ({"ModerateMessageByManager": "True"}, False), ({"GenerateIncidentReport": "Staff"}, False),
        ({"BlindCopyTo": "registry@tribunal.example, x@elsewhere.example"}, False),
        ({"BlindCopyTo": "somebody@elsewhere.example"}, True), ({"SetHeaderName": "x"}, True),
    ],
)  # fmt: skip
def test_to_whom_a_rule_of_all_mail_sends_it(given: dict[str, str], expected: bool) -> None:
    assert is_ruled_out(command("New-TransportRule", BEN, Name="x", **given)) is expected


@pytest.mark.parametrize(("operation", "user"), [("New-TransportRule", BEN), ("New-InboxRule", CYN)])
@pytest.mark.parametrize("told", [None, [], ["@{Name=ForwardTo; Value=x}"], {}])
def test_a_rule_whose_parameters_were_not_read_may_send_mail_to_anybody(
    operation: str, user: str, told: object
) -> None:
    assert not is_ruled_out(audit(AT, operation, user, RecordType=1, ObjectId="x", Parameters=told))
    assert is_ruled_out(command(operation, user, Name="x"))


@pytest.mark.parametrize(
    "record",
    [
        command("Remove-InboxRule", ADA, "cyn.invented\\x", Mailbox=CYN, Identity="x"),
        command("Disable-InboxRule", ADA, "cyn.invented\\x", Identity="cyn.invented\\x"),
        command("Set-MailboxCalendarFolder", CYN, Identity="cyn.invented:\\Calendar", PublishEnabled="True"),
        command("Set-MailboxCalendarFolder", BEN, Identity=f"{IN_DIRECTORY}/Cyn Invented", PublishEnabled="1"),
        command("Set-MailboxCalendarFolder", CYN, Identity=":\\Calendar", PublishEnabled="True"),
        command("New-InboxRule", CYN, Name="x", SendTextMessageNotificationTo="+491700000000"),
        command("Set-CalendarProcessing", BEN, Identity="cyn.invented", ResourceDelegates="Staff"),
        command("New-RoleGroup", BEN, Name="x", Roles="Mailbox Search", Members="Staff"),
        command("Update-eDiscoveryCaseAdmin", BEN, Users=f"{MANY}; Ada Invented"),
        in_directory("Add eligible member to role in PIM completed (permanent).", BEN, "Administrator", "x", "y")
        | {"Target": [{"ID": f"User_{UNKNOWN}", "Type": 2}]},
        command("New-MigrationBatch", BEN, Name="x", Users="c7"),
        in_directory("Consent to application.", CYN, "Mail", "ConsentAction.Permissions", "Mail.Read"),
        in_directory("Update user.", ADA, ADA, "ProxyAddresses", f'["smtp:{CYN}"]'),
        document(AT, ADA, f"{SITE}/Shared Documents/export.pst", "FileDownloaded"),
    ],
)  # fmt: skip
def test_what_may_open_or_hold_the_mailbox_under_another_name(record: Record) -> None:
    assert not is_ruled_out(record)


SERVERS = "NT AUTHORITY\\SYSTEM (w3wp)"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("Add-MailboxPermission", {"Identity": CYN, "User": ADA}),
        ("Set-Mailbox", {"Identity": CYN, "ForwardingSmtpAddress": f"smtp:{ADA}"}),
        ("New-TransportRule", {"Name": "x", "BlindCopyTo": ADA}),
    ],
)
def test_what_servers_of_the_provider_gave_somebody_is_given(operation: str, given: dict[str, str]) -> None:
    assert not is_ruled_out(command(operation, SERVERS, CYN, **given) | {"UserType": 3})
    own = command("Add-MailboxPermission", SERVERS, Identity="x", User="Discovery Management") | {"UserType": 3}
    assert is_ruled_out(own)


@pytest.mark.parametrize("told", [None, ["@{Name=ForwardingSmtpAddress; Value=x}"]])
@pytest.mark.parametrize("of", [CYN, "cyn.invented", UNKNOWN])
def test_a_command_of_which_no_parameter_was_read_may_send_mail_on(of: str, told: object) -> None:
    assert not is_ruled_out(audit(AT, "Set-Mailbox", BEN, RecordType=1, ObjectId=of, Parameters=told))


@pytest.mark.parametrize(
    "record",
    [
        command("Remove-InboxRule", ADA, "ada.invented\\x", Mailbox=ADA, Identity="x"),
        command("Remove-InboxRule", BEN, "ben.invented\\x", Identity="x"),
        in_directory("Update user.", ADA, ADA, "ProxyAddresses", f'["SMTP:{ADA}"]'),
        document(AT, ADA, f"{SITE}/Shared Documents/export.docx", "FileDownloaded"),
        command("New-RoleGroup", BEN, Name="x", Roles="Mailbox Search", Members=BEN),
    ],
)  # fmt: skip
def test_what_opens_nothing_of_it_leaves_it_ruled_out(record: Record) -> None:
    assert is_ruled_out(record)


def asked(people: tuple[Identity, ...], identity: str, *records: Record, beside: tuple[Log, ...] = ()) -> Exposure:
    """What is said of the mailbox where these people are declared and one is asked for."""
    from_, to = (parse_time(f"2026-03-{day}T00:00:00Z") or 0 for day in ("01", "20"))
    word = Attestation(
        source=M365,
        pattern="*",
        from_=from_,
        to=to,
        custodian=CUSTODIAN.id,
        date="2026-03-20",
        setting="all",
        recorded=Extent.EVERYTHING,
    )
    estate = Estate(
        identities=(*people, CUSTODIAN),
        by_account={account: one for one in (*people, CUSTODIAN) for account in one.accounts},
        holdings=(Holding(kind="mailbox", pattern=CYN),),
        attestations=(word,),
    )
    known = sorted([*AROUND, *records], key=lambda one: str(one["CreationTime"]))
    question = Question(
        identities=(identity,), from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z")
    )
    case = Case(logs=[Log(name="a.jsonl", records=known), *beside], estate=estate, question=question)
    acquired(case, to)
    return next(row for row in judged(case, no_rules(), tried=(M365,)) if row.holding == CYN and not row.records)


ADAS, BENS, CYNS = (Identity(id=f"p-{one}", accounts=(one,)) for one in (ADA, BEN, CYN))


@pytest.mark.parametrize(
    "record",
    [
        command("New-TransportRule", BEN, Name="x", BlindCopyTo="a7@tribunal.example"),
        command("Add-ComplianceCaseMember", BEN, Case="x", Member="a7@tribunal.example"),
    ],
)
def test_who_is_declared_without_an_address_may_have_any(record: Record) -> None:
    by_number = Identity(id="p-ai", accounts=("tribunal\\ai01",))
    people = (by_number, ADAS, BENS, CYNS)
    assert asked(people, "tribunal\\ai01", record).verdict is Verdict.UNKNOWN
    assert asked(people, "tribunal\\ai01").verdict is Verdict.RULED_OUT


def test_a_second_account_of_a_person_may_be_in_the_same_hands() -> None:
    other = "adm.a7@tribunal.example"
    by_other = box(AT, BEN, CYN, LogonType=2) | {"UserId": other, "UserKey": other}
    people = (
        replace(ADAS, name="Ada Invented"),
        BENS,
        CYNS,
        Identity(id="p-a7", name="Ada INVENTED", accounts=(other,)),
    )
    assert asked(people, ADA, by_other).verdict is Verdict.UNKNOWN


def test_a_copy_of_a_mailbox_on_a_host_may_be_of_it() -> None:
    def read(name: str) -> Exposure:
        path = f"C:\\Users\\x\\{name}"
        around = [windows(f"{day}T00:00:00", 4663, "ben", ObjectName="C:\\x.txt") for day in ("01", "19")]
        log = Log(name="w.jsonl", records=[around[0], windows(AT, 4663, "ada", ObjectName=path), around[1]])
        return asked(
            (replace(ADAS, accounts=(ADA, "tribunal\\ada")), replace(BENS, accounts=(BEN, "tribunal\\ben")), CYNS),
            ADA,
            beside=(log,),
        )

    assert read("a.ost").reasons[0] == obstacles.NOT_PLAINLY
    assert read("a.txt").verdict is Verdict.RULED_OUT
