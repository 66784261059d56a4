"""Records of Microsoft 365 made by hand by which a mailbox that stands plainly in the log may have been reached."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.benchmarks.test_ruled_out_by_hand import ADA, BEN, CYN, SITE, Record, audit, document
from tests.benchmarks.test_ruled_out_plainly import AROUND, AT, IDS, box, said

from tocsin.model.exposure import Verdict

OTHER_ID = "77777777-2222-4333-8444-555555555555"
NO_ID = "00000000-0000-0000-0000-000000000000"
OTHER_FORM = "cyn.invented@tribunal.onmicrosoft.com"


def command(name: str, by: str, of: str, parameters: object, **fields: Any) -> Record:
    """A command of the administration shell; `parameters` in whatever form an exporter leaves them."""
    return audit("04T10:00:00", name, by, RecordType=1, ObjectId=of, Parameters=parameters, **fields)


def printed(**values: str) -> list[str]:
    """Parameters as a shell prints what lies too deep for it."""
    return [f"@{{Name={name}; Value={value}}}" for name, value in values.items()]


def in_small_letters(**values: str) -> list[dict[str, str]]:
    """Parameters as an exporter writes them that calls every field so."""
    return [{"name": name, "value": value} for name, value in values.items()]


def with_ids_of_cyn(written: str) -> list[Record]:
    """The log around with the id of Cyn's mailbox written so."""
    return [one | ({"MailboxGuid": written} if one.get("MailboxOwnerUPN") == CYN else {}) for one in AROUND]


@pytest.mark.parametrize(
    "fields",
    [
        {"MailboxOwnerUPN": OTHER_FORM, "MailboxGuid": OTHER_ID},  # an archive, or moved here, or of a former name
        {"MailboxOwnerUPN": OTHER_FORM, "MailboxGuid": NO_ID},
        {"MailboxOwnerUPN": f"3f2a{'0' * 28}{CYN}", "MailboxGuid": OTHER_ID},  # how a deleted account is called
        {"MailboxOwnerUPN": "cyn.invented@xn--tribunl-bxa.example", "MailboxGuid": OTHER_ID},
    ],
)
def test_a_mailbox_that_nobody_declares_may_be_anothers(fields: Record) -> None:
    assert said(box(AT, ADA, CYN, **fields)).verdict is Verdict.UNKNOWN


def test_another_declared_mailbox_is_none_of_these() -> None:
    assert said(box(AT, ADA, BEN)).verdict is Verdict.RULED_OUT


def test_a_second_address_of_the_same_person_may_be_of_the_same_mailbox() -> None:
    reached = box(AT, ADA, CYN, MailboxOwnerUPN=OTHER_FORM, MailboxGuid=OTHER_ID)
    assert said(reached, people=(ADA, BEN, (CYN, OTHER_FORM))).verdict is Verdict.UNKNOWN
    assert said(reached, people=(ADA, (BEN, OTHER_FORM), CYN)).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize("written", [NO_ID, f"{{{IDS[CYN]}}}"])
def test_an_id_of_zeros_or_in_braces_is_none(written: str) -> None:
    assert said(around=with_ids_of_cyn(written)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "told",
    [
        {"OperationProperties": in_small_letters(MailAccessType="Bind", IsThrottled="True")},
        {"OperationProperties": {"mailAccessType": "Bind", "isThrottled": "True"}},
        {"OperationProperties": {"Name": ["MailAccessType", "IsThrottled"], "Value": ["Bind", "True"]}},
        {"OperationProperties": None},
        {"OperationProperties": None, "OperationProperties{}.Value": ["Bind", "True"]},
        {"IsThrottled": True},
        {"OperationProperties": [{"Name": "MailAccessType", "Value": "Bind;IsThrottled=True"}]},
    ],
)
def test_recording_of_it_may_have_stopped_where_a_record_does_not_plainly_say(told: Record) -> None:
    assert said(box(AT, CYN, CYN, **told)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("form", [printed, in_small_letters])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Set-Mailbox", {"Identity": "Cyn Invented", "AuditEnabled": "False"}),
        ("Set-Mailbox", {"Identity": "Cyn Invented", "ForwardingAddress": "a"}),
        ("Set-OrganizationConfig", {"AuditDisabled": "True"}),
        ("New-TransportRule", {"Name": "one", "BlindCopyTo": "a"}),
        ("New-InboxRule", {"Mailbox": "cyn.invented", "ForwardTo": "a"}),
        ("New-JournalRule", {"JournalEmailAddress": "a"}),
    ],
)
def test_parameters_that_are_not_told_apart_may_be_any(name: str, given: dict[str, str], form: Any) -> None:
    assert said(command(name, BEN, "one", form(**given))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("name", "given", "fields"),
    [
        ("Set-Mailbox", {"Identity": "cyn.invented", "ForwardingSmtpAddress": "smtp:x@elsewhere.example"}, {}),
        ("UpdateInboxRules", {}, {"MailboxGuid": IDS[CYN], "RecordType": 2}),
        ("New-MailboxExportRequest", {"Mailbox": "cyn.invented", "FilePath": "x"}, {}),
        ("New-MoveRequest", {"Identity": "Cyn Invented"}, {}),
        ("Set-MailboxCalendarFolder", {"Identity": "Cyn Invented:\\Calendar", "PublishEnabled": "True"}, {}),
        ("Set-MailUser", {"Identity": "ada", "ExchangeGuid": IDS[CYN]}, {}),
    ],
)
def test_what_sends_on_what_a_mailbox_has_may_be_of_any_that_it_does_not_name_by_address(
    name: str, given: dict[str, str], fields: Record
) -> None:
    parameters = [{"Name": one, "Value": value} for one, value in given.items()]
    assert said(command(name, BEN, "x", parameters) | fields).verdict is Verdict.UNKNOWN


READ = box(AT.replace("10:", "09:"), CYN, CYN)  # where a mailbox is used, reading it is on record within a day


def test_what_was_copied_out_of_it_to_a_mailbox_that_is_not_told_may_lie_in_any() -> None:
    copied: Record = {"RecordType": 3, "MailboxOwnerUPN": CYN, "MailboxGuid": IDS[CYN], "AffectedItems": [{"Id": "i"}]}
    assert said(READ, audit(AT, "Copy", BEN, **copied)).verdict is Verdict.RULED_OUT
    assert said(READ, audit(AT, "Copy", BEN, CrossMailboxOperation=True, **copied)).verdict is Verdict.UNKNOWN


SIDS = {one: f"S-1-5-21-1-2-3-{number}" for number, one in enumerate((ADA, BEN, CYN), start=1001)}
OWN = [box(f"04T09:00:0{number}", one, one, LogonUserSid=sid) for number, (one, sid) in enumerate(SIDS.items())]


def test_who_acted_is_called_by_one_id() -> None:
    assert said(*OWN, box(AT, BEN, CYN, LogonUserSid=SIDS[BEN])).verdict is Verdict.RULED_OUT


@pytest.mark.parametrize(
    "record",
    [
        box(AT, BEN, CYN, LogonUserSid=SIDS[ADA]),
        box(AT, CYN, CYN, LogonUserSid=SIDS[ADA]),
        box(AT, BEN, CYN, LogonUserDisplayName="Ada Invented"),
        box(AT, CYN, CYN, LogonType=2),
        box(AT, CYN, CYN, LogonType=0, InternalLogonType=2),
    ],
)
def test_a_record_that_names_two_may_be_of_either(record: Record) -> None:
    assert said(*OWN, record).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("form", ["5E55ABCD-0000-4000-8000-000000000001", "5e55abcd000040008000000000000001"])
def test_a_session_is_one_however_its_id_is_written(form: str) -> None:
    own = box("04T10:00:00", ADA, ADA, SessionId="5e55abcd-0000-4000-8000-000000000001")
    assert said(own, box(AT, BEN, CYN, SessionId=form)).verdict is Verdict.UNKNOWN


def exported(record: Record, user: str) -> Record:
    """As a search of the log prints it, with whom it was by once more beside the record."""
    return {"CreationDate": record["CreationTime"], "UserIds": user, "AuditData": json.dumps(record)}


@pytest.mark.parametrize(("beside", "expected"), [(BEN, Verdict.RULED_OUT), (ADA, Verdict.UNKNOWN)])
def test_what_an_export_says_beside_a_record_is_what_the_record_says(beside: str, expected: Verdict) -> None:
    assert said(around=[*AROUND[:4], exported(box(AT, BEN, CYN), beside), *AROUND[4:]]).verdict is expected


@pytest.mark.parametrize("name", ["Remove-InboxRule", "Disable-InboxRule", "Get-InboxRule"])
def test_a_rule_lies_in_its_mailbox(name: str) -> None:
    parameters = [{"Name": "Mailbox", "Value": CYN}, {"Name": "Identity", "Value": "one"}]
    assert said(command(name, ADA, "one", parameters)).verdict is Verdict.UNKNOWN


def test_a_role_that_is_taken_away_was_had() -> None:
    record = audit(AT, "Remove member from role.", BEN, RecordType=8, Workload="AzureActiveDirectory")
    assert said(record | {"ObjectId": ADA}).verdict is Verdict.UNKNOWN
    assert said(record | {"ObjectId": BEN}).verdict is Verdict.RULED_OUT


def folder(path: str) -> list[Record]:
    return [{"Id": "L2", "Path": path, "FolderItems": [{"InternetMessageId": "<b@elsewhere.example>"}]}]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (box(AT, ADA, ADA, Folders=folder("\\Calendar\\Ben Invented")), Verdict.RULED_OUT),
        (box(AT, ADA, ADA, Folders=folder("\\Calendar\\Cyn Invented")), Verdict.UNKNOWN),
        (document(AT, ADA, f"{SITE}/Shared Documents/one.docx", "FileDownloaded"), Verdict.RULED_OUT),
        (document(AT, ADA, f"{SITE}/Shared Documents/one.pst", "FileDownloaded"), Verdict.UNKNOWN),
        (document(AT, ADA, f"{SITE}/Shared Documents/Cyn Invented.docx", "FileDownloaded"), Verdict.UNKNOWN),
    ],
)
def test_a_copy_of_it_may_lie_elsewhere(record: Record, expected: Verdict) -> None:
    assert said(record).verdict is expected


ADA_ELSEWHERE = "ada.invented@tribunal.onmicrosoft.com"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("New-TransportRule", {"Name": "one", "BlindCopyTo": ADA_ELSEWHERE}),
        ("New-TransportRule", {"Name": "one", "BlindCopyTo": "1a2b.tribunal.onmicrosoft.com@emea.teams.ms"}),
        ("New-TransportRule", {"Name": "one", "AddManagerAsRecipientType": "Bcc"}),
        ("Import-TransportRuleCollection", {"FileData": "3c3f786d6c"}),
        ("Set-CalendarProcessing", {"Identity": "Cyn Invented", "ResourceDelegates": "Finance"}),
        ("New-SupervisoryReviewPolicyV2", {"Name": "one", "Reviewers": "a1b2c3d4-0000-4000-8000-00000000000a"}),
        ("Set-SafeAttachmentPolicy", {"Identity": "one", "RedirectAddress": "ainvented"}),
        ("New-RoleGroup", {"Name": "one", "Roles": "Mailbox Search", "Members": "ainvented"}),
        ("Add-eDiscoveryCaseAdmin", {"User": "ainvented"}),
        ("Set-CalendarProcessing", {"Identity": "Cyn Invented", "ResourceDelegates": ADA_ELSEWHERE}),
    ],
)
def test_what_is_given_to_one_by_another_name_of_theirs(name: str, given: dict[str, str]) -> None:
    parameters = [{"Name": one, "Value": value} for one, value in given.items()]
    assert said(command(name, BEN, "one", parameters)).verdict is Verdict.UNKNOWN


def test_mail_sent_on_to_somebody_elsewhere() -> None:
    parameters = [{"Name": "BlindCopyTo", "Value": "archive@elsewhere.example"}]
    assert said(command("New-TransportRule", BEN, "one", parameters)).verdict is Verdict.RULED_OUT


def test_an_address_that_was_somebody_elses_is_no_plain_one() -> None:
    change = {"Name": "UserPrincipalName", "OldValue": f'["{ADA}"]', "NewValue": f'["{BEN}"]'}
    renamed = audit("04T10:00:00", "Update user.", BEN, RecordType=8, ObjectId=BEN, ModifiedProperties=[change])
    assert said(renamed).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("is_service", "expected"), [(False, Verdict.RULED_OUT), (True, Verdict.UNKNOWN)])
def test_a_service_is_no_person(is_service: bool, expected: Verdict) -> None:
    assert said(box(AT, BEN, CYN), services=(BEN,) if is_service else ()).verdict is expected


def test_an_address_that_another_is_given() -> None:
    for given, expected in ((CYN, Verdict.UNKNOWN), ("else@elsewhere.example", Verdict.RULED_OUT)):
        change = {"Name": "ProxyAddresses", "OldValue": "[]", "NewValue": f'["SMTP:{BEN}","smtp:{given}"]'}
        updated = audit("04T10:00:00", "Update user.", BEN, RecordType=8, ObjectId=BEN, ModifiedProperties=[change])
        assert said(updated).verdict is expected


def test_where_copies_of_mail_are_kept_is_nobodys_mailbox() -> None:
    kept = "discovery@tribunal.example"
    reached = box(AT, ADA, CYN, MailboxOwnerUPN=kept, MailboxGuid=OTHER_ID)
    assert said(reached, people=(ADA, BEN, CYN, kept), services=(kept,)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "told", [{"CrossMailboxOperations": 1}, {"DestMailboxOwnerSid": SIDS[ADA]}, {"CrossMailboxOperation": "True"}]
)
@pytest.mark.parametrize("operation", ["Move", "SoftDelete"])
def test_what_left_it_however_that_is_said(operation: str, told: Record) -> None:
    of: Record = {"RecordType": 3, "MailboxOwnerUPN": CYN, "MailboxGuid": IDS[CYN], "AffectedItems": [{"Id": "i"}]}
    assert said(READ, audit(AT, operation, BEN, **of)).verdict is Verdict.RULED_OUT
    assert said(READ, audit(AT, operation, BEN, **of, **told)).verdict is Verdict.UNKNOWN


def test_a_mailbox_whose_owner_has_an_id_of_another_is_not_plain() -> None:
    own = box("04T10:00:00", CYN, CYN, MailboxOwnerSid=SIDS[CYN])
    assert said(own, box(AT, ADA, BEN, MailboxOwnerSid=SIDS[BEN])).verdict is Verdict.RULED_OUT
    assert said(own, box(AT, ADA, BEN, MailboxOwnerSid=SIDS[CYN])).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("numbered", "expected"),
    [
        ({"ResultIndex": 1, "ResultCount": 1}, Verdict.RULED_OUT),
        ({"ResultIndex": -1, "ResultCount": 0}, Verdict.UNKNOWN),
        ({"ResultIndex": 1, "ResultCount": 2}, Verdict.UNKNOWN),
        ({"ResultIndex": "2", "ResultCount": "2"}, Verdict.UNKNOWN),
        ({"ResultIndex": 2}, Verdict.RULED_OUT),  # of how many is not told
    ],
)
def test_a_search_that_was_broken_off_or_gave_more_left_records_out(numbered: Record, expected: Verdict) -> None:
    found = exported(box(AT, BEN, BEN), BEN) | numbered
    assert said(around=[*AROUND[:4], found, *AROUND[4:]]).verdict is expected
