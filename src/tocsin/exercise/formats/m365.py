"""Records of the Microsoft 365 unified audit log in their real shape: an act in, a record or its bytes out, purely.

Key order and spelling are those of the AuditData schemas (Office 365 Management Activity API). A builder returns a
plain dict that `audit_line` and `m365_csv.export_csv` turn into bytes; nothing is drawn or counted here, so the same
arguments give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tocsin.model.instant import NANOSECONDS, format_time

AuditRecord = dict[str, Any]

OUTLOOK_WEB = "00000002-0000-0ff1-ce00-000000000000"  # Office 365 Exchange Online
SHAREPOINT_ONLINE = "00000003-0000-0ff1-ce00-000000000000"

_AGGREGATED = 50  # the one mailbox record type without ClientIP


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The tenant: directory id (GUID), its `*.onmicrosoft.com` domain, and the host name of its SharePoint root."""

    id: str
    domain: str
    sharepoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account as the services know it.

    object_id     directory object (GUID)
    puid          16 hexadecimal digits: `UserKey` in Exchange
    sid           `S-1-5-21-…` of the mailbox owner
    mailbox_guid  GUID of the mailbox
    """

    upn: str
    object_id: str
    puid: str
    sid: str
    mailbox_guid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acted, when and through what: everything all records share.

    time        nanoseconds UTC; the log keeps whole seconds
    record_id   GUID of the record, given by the caller
    session     directory session id (GUID), or "" where the client has none
    user_agent  as a browser or client sends it
    app_id      application the token was issued to, or "" where the client has none (older desktop Outlook)
    """

    time: int
    record_id: str
    tenant: Tenant
    person: Person
    address: str
    session: str
    user_agent: str
    app_id: str = OUTLOOK_WEB


def audit_line(record: Mapping[str, Any]) -> bytes:
    """One AuditData line, with its newline."""
    return orjson.dumps(record) + b"\n"


def sign_in(act: Act, *, error: int = 0, error_name: str = "", request: str = "OAuth2:Authorize") -> AuditRecord:
    """A sign-in: `UserLoggedIn` for error 0, else `UserLoginFailed` with the directory's error number and name."""
    record = _common(
        act, "UserLoginFailed" if error else "UserLoggedIn", 15, "AzureActiveDirectory", act.person.object_id
    )
    record["ResultStatus"] = "Failed" if error else "Success"
    record |= {
        "ClientIP": act.address,
        "ObjectId": act.app_id,
        "UserId": act.person.upn,
        "AzureActiveDirectoryEventType": 1,
        "ExtendedProperties": _pairs(
            {"ResultStatusDetail": "Success", "UserAgent": act.user_agent, "RequestType": request}
        ),
        "ModifiedProperties": [],
        "Actor": [{"ID": act.person.object_id, "Type": 0}, {"ID": act.person.upn, "Type": 5}],
        **_directory_context(act),
        "Target": [{"ID": act.app_id, "Type": 0}],
        "TargetContextId": act.tenant.id,
        "ApplicationId": act.app_id,
        "DeviceProperties": _pairs(
            {"OS": "Windows10", "BrowserType": "Other", "IsCompliantAndManaged": "False", "SessionId": act.session}
        ),
        "ErrorNumber": str(error),
    }
    if error:
        record["LogonError"] = error_name
    return record


def mail_items_accessed(
    act: Act,
    *,
    folders: Mapping[str, Sequence[str]],
    mailbox: Person | None = None,
    client_info: str = "",
    throttled: bool = False,
) -> AuditRecord:
    """A bind: the messages opened, as folder path (`\\Inbox`) to internet message ids (`<…@…>`)."""
    record = _mailbox_record(
        act,
        "MailItemsAccessed",
        _AGGREGATED,
        mailbox or act.person,
        client_info,
        {"MailAccessType": "Bind", "IsThrottled": str(throttled)},
    )
    record["Folders"] = [
        {
            "FolderItems": [{"InternetMessageId": message} for message in messages],
            "Id": _folder_id(path),
            "Path": path,
        }
        for path, messages in folders.items()
    ]
    record["OperationCount"] = sum(len(messages) for messages in folders.values())
    return record


def mail_folder_synchronised(
    act: Act,
    *,
    folder: str,
    mailbox: Person | None = None,
    client_info: str = "Client=MSExchangeRPC",
    throttled: bool = False,
) -> AuditRecord:
    """A sync: a desktop client fetched a whole folder, given by name (`Inbox`)."""
    record = _mailbox_record(
        act,
        "MailItemsAccessed",
        2,
        mailbox or act.person,
        client_info,
        {"MailAccessType": "Sync", "IsThrottled": str(throttled)},
    )
    identifier = _folder_id(folder)
    record["Item"] = {"Id": identifier, "ParentFolder": {"Id": identifier, "Name": folder, "Path": f"\\{folder}"}}
    return record


def message_sent(
    act: Act, *, message: str, subject: str, operation: str = "Send", client_info: str = ""
) -> AuditRecord:
    """`Send`, `SendAs` or `SendOnBehalf` of one message."""
    record = _mailbox_record(act, operation, 2, act.person, client_info)
    record["Item"] = {"Id": "Unknown", "InternetMessageId": message, "Subject": subject}
    return record


def messages_deleted(
    act: Act,
    *,
    operation: str,
    folder: str,
    messages: Mapping[str, str],
    mailbox: Person | None = None,
    client_info: str = "",
) -> AuditRecord:
    """`MoveToDeletedItems`, `SoftDelete` or `HardDelete` of messages (id to subject) in a folder given by path."""
    record = _mailbox_record(act, operation, 3, mailbox or act.person, client_info)
    parent = {"Id": _folder_id(folder), "Path": folder}
    record["AffectedItems"] = [
        {"Id": _folder_id(message), "InternetMessageId": message, "ParentFolder": parent, "Subject": subject}
        for message, subject in messages.items()
    ]
    record["CrossMailboxOperation"] = False
    record["Folder"] = parent
    return record


def file_operation(
    act: Act, *, operation: str, site: str, folder: str, name: str, workload: str = "SharePoint"
) -> AuditRecord:
    """One operation on a file: `site` a URL with a final `/`, `folder` site-relative, `name` the file's."""
    record = _common(act, operation, 6, workload, f"i:0h.f|membership|{act.person.puid.lower()}@live.com")
    record |= {
        "ClientIP": act.address,
        "ObjectId": f"{site}{folder}/{name}",
        "UserId": act.person.upn.lower(),
        "ApplicationId": act.app_id,
        "CorrelationId": act.record_id,
        "EventSource": "SharePoint",
        "ItemType": "File",
        "UserAgent": act.user_agent,
        "HighPriorityMediaProcessing": False,
        "SourceFileExtension": name.rpartition(".")[2],
        "SiteUrl": site,
        "SourceFileName": name,
        "SourceRelativeUrl": folder,
    }
    if act.session:
        record["AppAccessContext"] = {"AADSessionId": act.session, "CorrelationId": act.record_id}
    return record


def sharing(
    act: Act, *, operation: str, site: str, folder: str, name: str, event_data: str, target: str = ""
) -> AuditRecord:
    """`SharingSet`, `AnonymousLinkCreated` and the like on a file; `event_data` as in the log (`<Type>Edit</Type>`)."""
    record = file_operation(act, operation=operation, site=site, folder=folder, name=name)
    session = record.pop("AppAccessContext", None)
    for absent in ("ApplicationId", "HighPriorityMediaProcessing"):
        del record[absent]
    for moved in ("SiteUrl", "SourceFileName", "SourceRelativeUrl"):
        del record[moved]
    extension = record.pop("SourceFileExtension")
    record |= {
        "RecordType": 14,
        "EventData": event_data,
        "SourceFileExtension": extension,
        **({"TargetUserOrGroupType": "Member"} if target else {}),
        "SiteUrl": site.rstrip("/"),
        "SourceFileName": name,
        "SourceRelativeUrl": f"{folder}/{name}",
        **({"TargetUserOrGroupName": target} if target else {}),
        **({"AppAccessContext": session} if session else {}),
    }
    return record


def exchange_command(act: Act, *, command: str, object_id: str, parameters: Mapping[str, str]) -> AuditRecord:
    """A cmdlet of Exchange Online: `Set-Mailbox`, `Add-MailboxPermission`, `New-TransportRule`, …"""
    record = _common(act, command, 1, "Exchange", act.person.puid)
    record["ResultStatus"] = "True"
    record["UserType"] = 2
    record |= {
        "ClientIP": f"[{act.address}]:50312" if ":" in act.address else f"{act.address}:50312",
        "ObjectId": object_id,
        "UserId": act.person.upn,
        "AppId": act.app_id,
        "ClientAppId": "",
        "ExternalAccess": False,
        "OrganizationName": act.tenant.domain,
        "OriginatingServer": "EXAMPLE0001 (15.20.4042.018)",
        "Parameters": _pairs(parameters),
        "SessionId": act.session,
    }
    return record


def inbox_rule(act: Act, *, name: str, parameters: Mapping[str, str], command: str = "New-InboxRule") -> AuditRecord:
    """An inbox rule made or changed; `parameters` are its conditions and actions (`ForwardTo`, `DeleteMessage`, …)."""
    return exchange_command(
        act,
        command=command,
        object_id=f"{act.tenant.domain}/{act.person.upn.partition('@')[0]}\\{name}",
        parameters={"AlwaysDeleteOutlookRulesBlob": "False", "Force": "False", "Name": name, **parameters},
    )


def directory_change(
    act: Act,
    *,
    operation: str,
    object_id: str,
    target: Sequence[tuple[str, int]],
    modified: Mapping[str, tuple[str, str]],
    category: str,
) -> AuditRecord:
    """A change in the directory (`Add member to role.`, `Reset user password.`, …).

    target is (id, type) pairs, modified property to (new value, old value), category `User`, `Role`, …
    """
    record = _common(act, operation, 8, "AzureActiveDirectory", f"{act.person.puid}@{act.tenant.domain}")
    record["ResultStatus"] = "Success"
    agent = orjson.dumps({"User-Agent": act.user_agent}).decode()
    record |= {
        "ClientIP": act.address,
        "ObjectId": object_id,
        "UserId": act.person.upn,
        "AzureActiveDirectoryEventType": 1,
        "ExtendedProperties": _pairs({"additionalDetails": agent, "extendedAuditEventCategory": category}),
        "ModifiedProperties": [
            {"Name": name, "NewValue": new, "OldValue": old} for name, (new, old) in modified.items()
        ],
        "Actor": [
            {"ID": act.person.upn, "Type": 5},
            {"ID": act.person.puid, "Type": 3},
            {"ID": f"User_{act.person.object_id}", "Type": 2},
            {"ID": act.person.object_id, "Type": 2},
            {"ID": "User", "Type": 2},
        ],
        **_directory_context(act),
        "Target": [{"ID": identifier, "Type": kind} for identifier, kind in target],
        "TargetContextId": act.tenant.id,
    }
    return record


def consent(
    act: Act, *, application: str, name: str, principal: str, scope: str, by_administrator: bool = False
) -> AuditRecord:
    """`Consent to application.`: an application (app id, display name, service principal) was given `scope`."""
    kind = "AllPrincipals" if by_administrator else "Principal"
    grant = f"ClientId: {principal}, PrincipalId: {act.person.object_id}, ConsentType: {kind}, Scope: {scope}"
    return directory_change(
        act,
        operation="Consent to application.",
        object_id=application,
        target=(
            (f"ServicePrincipal_{principal}", 2),
            (principal, 2),
            ("ServicePrincipal", 2),
            (name, 1),
            (application, 2),
            (application, 4),
        ),
        modified={
            "ConsentContext.IsAdminConsent": (str(by_administrator), ""),
            "ConsentContext.IsAppOnly": ("False", ""),
            "ConsentContext.OnBehalfOfAll": (str(by_administrator), ""),
            "ConsentAction.Permissions": (f"[] => [[{grant}]]; ", ""),
            "TargetId.ServicePrincipalNames": (application, ""),
        },
        category="ServicePrincipal",
    )


def _common(act: Act, operation: str, record_type: int, workload: str, user_key: str) -> AuditRecord:
    return {
        "CreationTime": format_time(act.time // NANOSECONDS * NANOSECONDS).removesuffix("Z"),
        "Id": act.record_id,
        "Operation": operation,
        "OrganizationId": act.tenant.id,
        "RecordType": record_type,
        **({} if workload in {"SharePoint", "OneDrive"} else {"ResultStatus": "Succeeded"}),
        "UserKey": user_key,
        "UserType": 0,
        "Version": 1,
        "Workload": workload,
    }


def _mailbox_record(
    act: Act,
    operation: str,
    record_type: int,
    mailbox: Person,
    client_info: str,
    properties: Mapping[str, str] | None = None,
) -> AuditRecord:
    record = _common(act, operation, record_type, "Exchange", act.person.puid)
    logon_type = 0 if mailbox.sid == act.person.sid else 2
    if record_type != _AGGREGATED:
        record["ClientIP"] = act.address
    record |= {
        "UserId": act.person.upn,
        **({"AppId": act.app_id} if act.app_id else {}),
        "ClientIPAddress": act.address,
        "ClientInfoString": client_info or f"Client=OWA;{act.user_agent};",
        "ExternalAccess": False,
        "InternalLogonType": 0,
        "LogonType": logon_type,
        "LogonUserSid": act.person.sid,
        "MailboxGuid": mailbox.mailbox_guid,
        "MailboxOwnerSid": mailbox.sid,
        "MailboxOwnerUPN": mailbox.upn,
        **({"OperationProperties": _pairs(properties)} if properties else {}),
        "OrganizationName": act.tenant.domain,
        "OriginatingServer": "EXAMPLE0001 (15.20.4042.019)\r\n",
    }
    if act.session:
        record["SessionId"] = act.session
    return record


def _directory_context(act: Act) -> AuditRecord:
    return {
        "ActorContextId": act.tenant.id,
        "ActorIpAddress": act.address,
        "InterSystemsId": act.record_id,
        "IntraSystemId": act.record_id,
        "SupportTicketId": "",
    }


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _folder_id(text: str) -> str:
    """A stable id in the look of a folder or item entry id."""
    return "LgAAAAD" + text.encode().hex().upper()[:60].ljust(60, "A") + "AAAB"
