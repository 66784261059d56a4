"""Logs made by hand once more: what stands on a list of the harmless and is not, and fields an event is told by."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import (
    ADA,
    ADMINISTRATORS,
    APP,
    BEN,
    CYN,
    DRIVE,
    HOST,
    M365,
    OF_BEN,
    OWN,
    SECRET,
    SITE,
    WINDOWS,
    Record,
    audit,
    document,
    mail,
    opened,
    shared,
    verdicts,
    windows,
)
from tests.benchmarks.test_ruled_out_by_other_ways import (
    ADAS,
    FILE,
    PIPE,
    WITNESS,
    command,
    done,
    is_ruled_out,
    lines,
)

from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

def of_cyn(*records: Record) -> bool:
    """Whether her mailbox is ruled out, where the estate declares everybody's."""
    return verdicts(M365, records, OWN)[CYN] is Verdict.RULED_OUT


# ---- Microsoft 365 ---------------------------------------------------------------------------------------------------


def in_directory(operation: str, of: str, by: str = ADA, **fields: Any) -> Record:
    return audit("05T10:00:00", operation, by, RecordType=8, Workload="AzureActiveDirectory", ObjectId=of, **fields)


@pytest.mark.parametrize(
    "operation",
    ["Delete user.", "Delete group.", "Update group.", "Remove member from group.", "Enable Strong Authentication."],
)
def test_accounts_and_groups_that_are_deleted_or_changed_may_open_a_way(operation: str) -> None:
    assert not of_cyn(in_directory(operation, CYN))
    assert of_cyn(in_directory(operation, CYN, BEN))


@pytest.mark.parametrize(
    "operation",
    [
        "ListUpdated", "ListCreated", "ListColumnCreated", "SiteColumnCreated", "SiteContentTypeCreated",
        "SiteCollectionAdminRemoved", "RemovedFromGroup", "GroupRemoved", "SiteCollectionCreated",
    ],
)  # fmt: skip
def test_a_site_that_was_changed_was_reached(operation: str) -> None:
    changed = document("05T10:00:00", ADA, f"{SITE}/Lists/x", operation, ItemType="List")
    assert not is_ruled_out(M365, [changed], "site", SITE)
    assert of_cyn(changed)


@pytest.mark.parametrize(
    "operation",
    [
        "SharingRevoked", "AnonymousLinkRemoved", "CompanyLinkRemoved", "SecureLinkDeleted", "RemovedFromSecureLink",
        "SharingInvitationRevoked",
    ],
)  # fmt: skip
def test_a_document_that_is_shared_no_more_was_reached(operation: str) -> None:
    assert not is_ruled_out(M365, [document("05T10:00:00", ADA, SECRET, operation)], "document", SECRET)
    assert is_ruled_out(M365, [document("05T10:00:00", ADA, f"{SITE}/b.docx", operation)], "document", SECRET)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("Set-Mailbox", {"EmailAddresses": f"SMTP:{CYN}"}, False),
        ("Set-Mailbox", {"ModeratedBy": ADA}, False),
        ("Set-Mailbox", {"LinkedMasterAccount": "x"}, False),
        ("Set-Mailbox", {"ForwardingSmtpAddress": "smtp:x@elsewhere.example", "EmailAddresses": CYN}, False),
        ("Set-Mailbox", {"ForwardingSmtpAddress": "smtp:x@elsewhere.example", "Confirm": "False"}, True),
        ("Set-MailUser", {"EmailAddresses": CYN}, False),
        ("New-MailUser", {"Name": "x", "MicrosoftOnlineServicesID": "y"}, False),
        ("Set-OrganizationConfig", {"OAuth2ClientProfileEnabled": "False"}, False),
        ("Get-MailboxAutoReplyConfiguration", {}, False),
        ("Get-InboxRule", {}, True),
    ],
)
def test_a_command_does_with_another_parameter_another_thing(
    name: str, parameters: dict[str, str], expected: bool
) -> None:
    told = [{"Name": key, "Value": value} for key, value in {"Identity": ADA, **parameters}.items()]
    done_by = audit("05T10:00:00", name, ADA, RecordType=1, ObjectId=ADA, Parameters=told)
    assert of_cyn(done_by) is expected
    assert of_cyn(done_by | {"UserId": BEN, "UserKey": BEN})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cyn.invented\\123", False), (f"{CYN}\\rule", False), ("tribunal/cyn.invented\\5", False),
        ("ada.invented\\123", True), (f"{ADA}\\rule", True), ("123", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["Set-InboxRule", "Enable-InboxRule", "New-InboxRule"])
def test_a_rule_is_of_the_mailbox_it_is_named_by(operation: str, name: str, expected: bool) -> None:
    told = [{"Name": "ForwardTo", "Value": "x@elsewhere.example"}]
    told += [{"Name": "Identity", "Value": name}] if operation != "New-InboxRule" else []
    rule = audit("05T10:00:00", operation, ADA, RecordType=1, ObjectId=name, Parameters=told)
    assert of_cyn(rule) is expected


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("Get-MessageTrace", {"RecipientAddress": BEN, "SenderAddress": CYN}, False),
        ("Search-Mailbox", {"Identity": BEN, "TargetMailbox": CYN}, False),
        ("Search-Mailbox", {"Identity": [BEN, CYN]}, False),
        ("Start-MailboxSearch", {"Identity": BEN}, False),  # a search may be called like a mailbox
        ("New-MailboxRestoreRequest", {"SourceStoreMailbox": APP, "TargetMailbox": BEN}, False),
        ("New-MailboxSearch", {"TargetMailbox": BEN}, False),
        ("New-MailboxSearch", {"SourceMailboxes": [CYN], "Mailbox": BEN}, False),
        ("Search-Mailbox", {"Identity": BEN}, True),
    ],
)
def test_mailboxes_of_a_command_in_any_parameter(name: str, parameters: dict[str, Any], expected: bool) -> None:
    told = [{"Name": key, "Value": value} for key, value in parameters.items()]
    ran = audit("05T10:00:00", name, ADA, RecordType=1, ObjectId="x", Parameters=told)
    assert of_cyn(ran) is expected


ITEM = {"InternetMessageId": "<a@elsewhere.example>"}


@pytest.mark.parametrize(
    ("operation", "fields", "expected"),
    [
        ("Move", {"CrossMailboxOperation": True, "AffectedItems": [ITEM]}, False),
        ("Copy", {"DestMailboxId": "5", "AffectedItems": [ITEM]}, False),
        ("Copy", {"CrossMailboxOperation": False, "AffectedItems": [ITEM]}, True),
        ("SendAs", {"SendAsUserSmtp": CYN, "Item": ITEM}, False),
        ("SendOnBehalf", {"SendOnBehalfOfUserSmtp": CYN, "Item": ITEM}, False),
        ("Send", {"Item": ITEM}, True),
    ],
)
def test_what_is_moved_or_sent_reaches_the_other_mailbox(
    operation: str, fields: dict[str, Any], expected: bool
) -> None:
    record = audit("05T10:00:00", operation, ADA, RecordType=2, MailboxOwnerUPN=ADA, **fields)
    assert of_cyn(record) is expected


def test_fields_that_are_json_in_a_text_are_read() -> None:
    stopped = json.dumps([{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "True"}])
    assert not of_cyn(mail("04T10:00:00", CYN, CYN, OperationProperties=stopped))
    sent_on = json.dumps([{"Name": "Identity", "Value": CYN}, {"Name": "ForwardingSmtpAddress", "Value": ADA}])
    forwarded = audit("04T10:00:00", "Set-Mailbox", CYN, RecordType=1, ObjectId=CYN, Parameters=sent_on)
    assert not of_cyn(forwarded)


@pytest.mark.parametrize(("to", "expected"), [(ADA, False), (BEN, True)])
def test_a_rule_made_by_a_mail_client_sends_on_to_whom_its_actions_name(to: str, expected: bool) -> None:
    actions = json.dumps([{"ActionType": "Forward", "Recipients": [to]}])
    rule = audit(
        "04T10:00:00", "UpdateInboxRules", CYN, RecordType=2, MailboxOwnerUPN=CYN,
        OperationProperties=[{"Name": "RuleActions", "Value": actions}],
    )  # fmt: skip
    assert of_cyn(rule) is expected


def test_a_role_given_to_nobody_that_is_named_may_be_given_to_anybody() -> None:
    told = [{"Name": "Identity", "Value": "Organization Management"}]
    role = audit("04T10:00:00", "Add-RoleGroupMember", BEN, RecordType=1, Parameters=told)
    assert not of_cyn(role)
    member = [*told, {"Name": "Member", "Value": BEN}]
    assert of_cyn(role | {"Parameters": member})


def test_an_address_quoted_twice_is_not_told() -> None:
    read = document("05T10:00:00", ADA, SECRET.replace(" ", "%2520"))
    assert not is_ruled_out(M365, [read], "document", SECRET)
