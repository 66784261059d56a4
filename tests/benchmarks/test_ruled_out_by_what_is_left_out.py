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
    done,
    is_ruled_out,
    lines,
)

from tocsin.assess.elsewhere import Elsewhere
from tocsin.assess.holdings import HoldingIndex
from tocsin.assess.matching import Seen
from tocsin.assess.naming import NO_NAMES
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
        ("Get-MailboxPermission", {}, True),
    ],
)
def test_a_command_does_with_another_parameter_another_thing(
    name: str, parameters: dict[str, str], expected: bool
) -> None:
    def command(who: str) -> Record:
        told = [{"Name": key, "Value": value} for key, value in {"Identity": who, **parameters}.items()]
        return audit("05T10:00:00", name, who, RecordType=1, ObjectId=who, Parameters=told)

    assert of_cyn(command(ADA)) is expected
    assert of_cyn(command(BEN)) is not any(
        value == ADA for value in parameters.values()
    )  # what names her may be for her


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


# ---- Windows ---------------------------------------------------------------------------------------------------------

OF_ADA = {"TargetUserName": "ada", "TargetDomainName": "TRIBUNAL", "TargetUserSid": ADAS}
NOBODY = {"SubjectUserName": "-", "SubjectDomainName": "-", "SubjectUserSid": "S-1-0-0"}
NO_SUBJECT = {"SubjectUserName": None, "SubjectDomainName": None, "SubjectUserSid": None, "SubjectLogonId": None}


def told(event: int, user: Any = "ada", **fields: Any) -> Record:
    return windows("05T00:00:00", event, user, **{"ObjectType": None, **fields})


def is_open(record: Record) -> bool:
    """Whether a file is ruled out that a colleague read the day after."""
    return is_ruled_out(WINDOWS, [record, opened("06T00:00:00", "ben", FILE)], "document", DRIVE)


@pytest.mark.parametrize(
    "record",
    [
        told(4624, LogonType=3, ElevatedToken="%%1842", **OF_ADA | NOBODY),
        told(4624, LogonType=3, TransmittedServices="ada@TRIBUNAL", **OF_BEN | NOBODY),
        told(4769, TransmittedServices="ada@TRIBUNAL", ServiceName="FS01$", **OF_BEN | NO_SUBJECT),
        told(4627, GroupMembership="%{S-1-5-21-1-2-3-513} %{S-1-5-32-544}", **OF_ADA | NOBODY),
        told(4627, GroupMembership="\n\t\t%{S-1-5-21-1-2-3-512}", **OF_ADA | NOBODY),
        told(4688, TokenElevationType="%%1937", TargetUserSid="S-1-0-0"),
        told(4688, MandatoryLabel="S-1-16-12288", TargetUserSid="S-1-0-0"),
        told(4690, SourceProcessId="0x5", TargetProcessId="0x9"),
        told(4904, AuditSourceName="x"),
        told(5058, KeyType="%%2499"),
        told(5140, ShareName="\\\\*\\ADMIN$"),
        told(5140, ShareName="\\\\*\\C$"),
        shared("05T00:00:00", "ada", "ADMIN$", "Temp\\x.txt", "C:\\Windows"),
        told(4662, Properties="%%7684 {e362ed86-b728-0842-b27d-2dea7a9df218}"),
        told(4662, Properties="%%7685 {5b47d60f-6090-40b2-9f37-2a4de88f3063}"),
        told(4662, Properties="%%1539 {19195a5b-6da0-11d0-afd3-00c04fd930c9}"),
        *(told(5145, **PIPE, RelativeTargetName=one) for one in ("SVCCTL", "efsrpc", "ntsvcs", "RemCom_x", "drsuapi")),
    ],
)
def test_rights_that_an_event_tells_of_an_account_of_windows(record: Record) -> None:
    assert not is_open(record)


@pytest.mark.parametrize(
    "record",
    [
        told(4624, LogonType=3, ElevatedToken="%%1843", TransmittedServices="-", **OF_ADA | NOBODY),
        told(4624, LogonType=3, ElevatedToken="%%1842", **OF_BEN | NOBODY),
        told(4769, TransmittedServices="-", ServiceName="FS01$", **OF_ADA | NO_SUBJECT),
        told(4627, GroupMembership="%{S-1-5-21-1-2-3-513} %{S-1-5-32-545}", **OF_ADA | NOBODY),
        told(4688, TokenElevationType="%%1938", MandatoryLabel="S-1-16-8192", TargetUserSid="S-1-0-0"),
        told(4690, "ben", SourceProcessId="0x5"),
        told(5058, KeyType="%%2500"),
        told(5140, ShareName="\\\\*\\Cases"),
        told(5140, "ben", ShareName="\\\\*\\ADMIN$"),
        told(5145, **PIPE, RelativeTargetName="lsarpc"),
        told(4672, "SYSTEM", SubjectUserSid="S-1-5-18"),
    ],
)
def test_rights_it_tells_nothing_of(record: Record) -> None:
    assert is_open(record)


@pytest.mark.parametrize(
    ("kind", "name", "rights", "expected"),
    [
        ("Process", "\\Device\\HarddiskVolume2\\Windows\\System32\\lsass.exe", "%%4484 %%4490", False),
        ("Process", "\\Device\\HarddiskVolume2\\Windows\\explorer.exe", "%%4491", True),
        ("Key", "\\REGISTRY\\MACHINE\\SAM\\SAM\\Domains", "%%4432", False),
        ("Key", "\\REGISTRY\\USER\\S-1-5-21\\Software", "%%4432", True),
        ("Device", "\\Device\\Harddisk0\\DR0", "%%4416", False),
        ("File", "E:\\notes.txt", "%%4416", True),
    ],
)
def test_objects_that_are_no_files_may_hold_or_give_anything(kind: str, name: str, rights: str, expected: bool) -> None:
    record = windows("05T00:00:00", 4656, "ada", ObjectType=kind, ObjectName=name, AccessList=rights)
    assert is_open(record) is expected


@pytest.mark.parametrize("mask", ["0x20", "0x40000", "0x80000000", "0x2000000"])
def test_a_handle_for_any_right_beyond_its_attributes_is_one(mask: str) -> None:
    handle = windows("05T00:00:00", 4656, "ada", ObjectName=FILE, AccessMask=mask)
    assert not is_ruled_out(WINDOWS, [handle], "document", FILE)
    worded = handle | {"AccessMask": "ReadData", "AccessList": "ReadData"}
    assert not is_ruled_out(WINDOWS, [worded], "document", FILE)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (told(4817, "ben", OldSd="x", NewSd="y"), False),
        (told(4715, "ben"), False),
        (told(4906, "ben", CrashOnAuditFailValue="0"), False),
        (windows("05T00:00:00", 4907, "FS01$", ObjectName="D:\\Cases\\witness", SubjectUserSid="S-1-5-18"), False),
        (windows("05T00:00:00", 4907, "FS01$", ObjectName="D:\\Windows\\x.dll", SubjectUserSid="S-1-5-18"), True),
        (told(1108, **NO_SUBJECT), False),
    ],
)
def test_what_is_audited_changed_by_whomever(record: Record, expected: bool) -> None:
    assert is_open(record) is expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({**ADMINISTRATORS, "MemberName": "CN=Ada Invented,DC=x"}, False),
        ({**ADMINISTRATORS, "MemberSid": "-"}, False),
        ({"TargetUserName": "DnsAdmins", "TargetSid": "S-1-5-21-1-2-3-1101", "MemberSid": ADAS}, False),
        ({"TargetUserName": "Readers", "TargetSid": "S-1-5-21-1-2-3-1102", "MemberSid": ADAS}, True),
    ],
)
def test_whoever_is_put_among_administrators_may_be_the_one(group: Record, expected: bool) -> None:
    assert is_open(told(4732, "ben", **group)) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("D:\\$LogFile", False), ("\\Device\\HarddiskVolume3\\$Extend\\$ObjId", False), ("E:\\x.vmem", False),
        ("C:\\ProgramData\\Microsoft\\Search\\Data\\Applications\\Windows\\Windows.edb", False),
        ("C:\\Users\\ben\\AppData\\Local\\Microsoft\\Windows\\Explorer\\thumbcache_256.db", False),
        ("C:\\Windows\\System32\\config\\RegBack\\SAM", False), ("D:\\Cases\\WITN~123\\a.txt", False),
        ("C:\\Users\\ben\\AppData\\Roaming\\Microsoft\\Protect\\x", False), ("E:\\notes.db", True),
    ],
)  # fmt: skip
def test_what_holds_parts_of_files_or_passwords(path: str, expected: bool) -> None:
    assert is_open(opened("05T00:00:00", "ada", path)) is expected


# ---- Linux -----------------------------------------------------------------------------------------------------------


def call_of(
    name: str,
    number: int,
    *paths: tuple[str, str, str],
    who: str = "1001 ada 1001 ada",
    cwd: str = "/home/x",
    result: str = "success=yes exit=3 ",
    exe: str = "/usr/bin/x",
    more: str = "",
    flags: str = "a0=ffffff9c a1=0 a2=ffffff9c a3=0",
) -> str:
    """The records of a call; `who` is the login, its name, the acting account and its name."""
    login, named, acting, called = who.split()
    text = (
        f"type=SYSCALL {{}} arch=c000003e syscall={number} {result}{flags} items={len(paths)} ppid=1 pid=2 "
        f'auid={login} uid={acting} euid={acting}{more} ses=5 comm="x" exe="{exe}"\x1d'
        f'ARCH=x86_64 SYSCALL={name} AUID="{named}" UID="{called}"\ntype=CWD {{}} cwd="{cwd}"\n'
    )
    return text + path_records(*paths)


def path_records(*paths: tuple[str, str, str]) -> str:
    return "".join(
        f'type=PATH {{}} item={item} name="{name}" inode=7 dev=08:01 mode={mode} nametype={nametype}\n'
        for item, (name, nametype, mode) in enumerate(paths)
    )


def on_host(*events: str) -> bool:
    """Whether a folder is ruled out of which these events, in order on one day, are in the log of its host."""
    around = [done(day, "openat", "ben", ("/srv/cases/menu.txt", "NORMAL")) for day in ("02", "12")]
    known = lines(around).decode().splitlines(keepends=True)
    time = int(dt.datetime(2026, 3, 5, 12, tzinfo=dt.UTC).timestamp())
    middle = [
        f"node={HOST} {line.replace('{}', f'msg=audit({time}.000:{1000 + place}):')}"
        for place, event in enumerate(events)
        for line in event.splitlines(keepends=True)
    ]
    half = len(known) // 2
    serials: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        return f"audit({found[1]}:{serials.setdefault(found[0], 100 + len(serials))})"

    data = re.sub(r"audit\(([0-9.]+):([0-9]+)\)", numbered, "".join([*known[:half], *middle, *known[half:]]))
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in ("ada", "ben"))
    word = Attestation(
        source="auditd", pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
        to=parse_time("2026-03-20T00:00:00Z") or 0, custodian="C. Invented", date="2026-03-20", setting="all",
    )  # fmt: skip
    pattern = f"{WITNESS}/*"
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=(Holding(kind="document", pattern=pattern),),
        attestations=(word,),
    )
    question = Question(
        identities=("ada",), from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z")
    )
    case = Case(logs=[Log(name="audit.log", records=[], damaged=data.encode())], estate=estate, question=question)
    acquired(case, parse_time("2026-03-20T00:00:00Z") or 0)
    rows = [row for row in judged(case, no_rules()) if row.holding == pattern]
    return all(row.verdict is Verdict.RULED_OUT and not row.label for row in rows)


PLAIN, FOLDER, DISK, SOCKET, CHARACTERS = "0100644", "040755", "060660", "0140660", "020660"
SECRET_FILE = (f"{WITNESS}/a.txt", "NORMAL", PLAIN)
MENU = ("/srv/else/menu.txt", "NORMAL", PLAIN)
ROOT = "1001 ada 0 root"
BEN_AS_ROOT = "1002 ben 0 root"
RING = (
    "type=URINGOP {} uring_op=18 success=yes exit=5 items=1 ppid=1 pid=2 uid=1001 gid=0 euid=1001 fsuid=1001"
    '\x1dURING_OP=openat UID="ada"\n'
)
SIGNED_IN = (
    'type=%s {} pid=2 uid=1001 auid=1001 ses=5 msg=\'op=PAM:x grantors=x acct="%s" exe="/usr/bin/su" '
    'hostname=? addr=? terminal=pts/0 res=%s\'\x1dUID="ada" AUID="ada"\n'
)
COMMAND = (
    'type=USER_CMD {} pid=2 uid=1001 auid=1001 ses=5 msg=\'cwd="/home/x" cmd="id" exe="/usr/bin/sudo" '
    'terminal=pts/0 res=%s\'\x1dUID="ada" AUID="ada"\n'
)
BECAME = (
    'type=LOGIN {} pid=2 uid=0 old-auid=%s auid=%s tty=(none) old-ses=5 ses=9 res=1\x1dUID="root" '
    'OLD-AUID="%s" AUID="%s"\n'
)


@pytest.mark.parametrize(
    "event",
    [
        path_records(SECRET_FILE),  # the record of the call is lost
        call_of("openat", 257, SECRET_FILE, result=""),
        RING + path_records(SECRET_FILE),
        RING,
        call_of("connect", 42, who=ROOT),
        call_of("execve", 59, ("/usr/bin/ls", "NORMAL", "0100755"), who=ROOT),
        call_of("openat", 257, MENU, exe="/tmp/sh", more=" fsuid=0"),
        call_of("openat", 257, SECRET_FILE, who="1002 ben 1001 ada"),  # by whoever had signed in
        COMMAND % "success",
        SIGNED_IN % ("USER_START", "root", "success"),
        BECAME % ("1001", "1002", "ada", "ben"),
        call_of("recvmsg", 47),
        call_of("connect", 42, ("/run/docker.sock", "NORMAL", SOCKET)),
        *(call_of("execve", 59, (f"/usr/bin/{one}", "NORMAL", "0100755")) for one in ("sudo", "ssh", "docker")),
        call_of("mkdir", 83, (f"{WITNESS}/new", "CREATE", FOLDER)),
        call_of("symlink", 88, ("/tmp/x", "UNKNOWN", PLAIN), (f"{WITNESS}/new", "CREATE", "0120777")),
        call_of("chmod", 90, SECRET_FILE, flags="a0=1 a1=1a4 a2=0 a3=0"),
        call_of("openat", 257, ("/a.txt", "NORMAL", PLAIN), cwd="/", exe="/usr/sbin/sshd"),
        call_of("openat", 257, ("/dev/sg0", "NORMAL", CHARACTERS)),
        *(
            call_of("openat", 257, (one, "NORMAL", PLAIN))
            for one in ("/srv/.zfs/snapshot/d/a.txt", "/srv/lost+found/#12", "/etc/shadow", "/home/ben/.ssh/id_rsa",
                        "/srv/.Trash-1001/files/a.txt", "/var/lib/systemd/coredump/core.x")
        ),
    ],
)  # fmt: skip
def test_on_linux_what_is_told_otherwise_is_not_set_aside(event: str) -> None:
    assert not on_host(event)


@pytest.mark.parametrize(
    "event",
    [
        call_of("openat", 257, MENU),
        call_of("openat", 257, SECRET_FILE, result="success=no exit=-13 "),
        call_of("openat", 257, MENU, exe="/usr/bin/passwd", more=" fsuid=0"),
        call_of("openat", 257, SECRET_FILE, who="1002 ben 0 root"),
        COMMAND % "failed",
        SIGNED_IN % ("USER_START", "ben", "success"),
        BECAME % ("4294967295", "1001", "unset", "ada"),
        call_of("connect", 42, ("/run/nscd/socket", "NORMAL", SOCKET)),
        call_of("execve", 59, ("/usr/bin/sudo", "NORMAL", "0100755"), who="1002 ben 1002 ben"),
        call_of("mkdir", 83, ("/srv/else/new", "CREATE", FOLDER)),
        call_of("chmod", 90, MENU, flags="a0=1 a1=1a4 a2=0 a3=0"),
        call_of("openat", 257, ("/a.txt", "NORMAL", PLAIN), cwd="/", exe="/usr/bin/cat"),
        call_of("openat", 257, ("/dev/null", "NORMAL", CHARACTERS)),
        call_of("openat", 257, ("/home/ada/.ssh/known_hosts", "NORMAL", PLAIN)),
    ],
)
def test_on_linux_its_neighbours_are(event: str) -> None:
    assert on_host(event)


SHOWN = call_of("openat", 257, ("/mnt/w/a.txt", "NORMAL", PLAIN))
MOVED = call_of("openat", 257, ("/tmp/z", "NORMAL", PLAIN))
OVER = ("/mnt/w", "NORMAL", FOLDER)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (call_of("mount", 165, OVER, who=BEN_AS_ROOT), SHOWN, False),  # a bind that names no source
        (call_of("mount", 165, ("/dev/sdb1", "NORMAL", DISK), OVER, who=BEN_AS_ROOT), SHOWN, False),
        (call_of("move_mount", 429, OVER, who=BEN_AS_ROOT), SHOWN, False),
        (call_of("mount", 165, OVER, who=BEN_AS_ROOT), MOVED, True),
        (call_of("mount", 165, OVER, who="4294967295 unset 0 root"), SHOWN, True),  # when the system starts
        (
            call_of("renameat", 264, ("a.txt", "DELETE", PLAIN), ("z", "CREATE", PLAIN), who=BEN_AS_ROOT,
                    flags="a0=5 a1=0 a2=6 a3=0"),
            MOVED, False,
        ),
        (
            call_of("linkat", 265, ("/proc/self/fd/5", "NORMAL", PLAIN), ("/tmp/z", "CREATE", PLAIN), who=BEN_AS_ROOT),
            MOVED, False,
        ),
        (
            call_of("symlink", 88, ("../srv/cases/witness", "UNKNOWN", PLAIN), ("/mnt/w", "CREATE", "0120777"),
                    who=BEN_AS_ROOT),
            SHOWN, False,
        ),
        (
            call_of("symlink", 88, ("../srv/else", "UNKNOWN", PLAIN), ("/mnt/w", "CREATE", "0120777"), who=BEN_AS_ROOT),
            SHOWN, True,
        ),
    ],
)  # fmt: skip
def test_on_linux_what_a_name_shows_that_does_not_say_it(first: str, then: str, expected: bool) -> None:
    assert on_host(first, then) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("type=KERNEL {} audit_lost=5 audit_rate_limit=0 audit_backlog_limit=64\n", False),
        ("type=DAEMON_ERR {} op=suspend auid=4294967295 res=failed\n", False),
        (call_of("clock_settime", 227, who=BEN_AS_ROOT), False),
        (
            call_of("kill", 62, who=BEN_AS_ROOT) + 'type=OBJ_PID {} opid=5 oauid=-1 ouid=0 oses=-1 ocomm="auditd"\n',
            False,
        ),
        (call_of("kill", 62, who=BEN_AS_ROOT) + 'type=OBJ_PID {} opid=5 oauid=-1 ouid=0 oses=-1 ocomm="top"\n', True),
        (call_of("adjtimex", 159, who="4294967295 unset 0 root"), True),
    ],
)
def test_on_linux_what_speaks_against_the_log(event: str, expected: bool) -> None:
    assert on_host(event) is expected


# ---- What an estate declares -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        (M365, f"{SITE}/*/witness/secret.docx"),
        (M365, f"{SITE}/Shared Documents/witness/*.docx"),
        (M365, f"{SITE}/Shared Documents/[w]itness/*"),
        (M365, f"{SITE}/Shared Documents/wit\u200bness/*"),
        (M365, f"{SITE}/Shared\u00a0Documents/witness/*"),
        (M365, f"{SITE}/Shared Documents/\uff57itness/*"),
        (M365, f"{SITE}/Shared Documents/w\u0131tness/*"),
        (WINDOWS, "D:\\Cases\\witness\\*.*"),
        (WINDOWS, "D:\\Cases\\wit\u00adness\\a.txt"),
    ],
)
def test_a_pattern_written_by_a_person_may_mean_what_it_looks_like(source: str, pattern: str) -> None:
    read = document("05T10:00:00", ADA, SECRET) if source == M365 else opened("05T00:00:00", "ada", FILE)
    other = (
        document("05T10:00:00", ADA, f"{SITE}/menu.docx") if source == M365 else opened("05T00:00:00", "ada", "E:\\b")
    )
    assert not is_ruled_out(source, [read], "document", pattern)
    assert is_ruled_out(source, [other], "document", pattern) or "/*/" in pattern


@pytest.mark.parametrize(
    ("declared", "recorded"), [("stra\u00dfe", "STRASSE"), ("\u0639\u0644\u064a", "\u0639\u0644\u0649")]
)
def test_a_name_that_is_recorded_otherwise_than_declared_may_be_it(declared: str, recorded: str) -> None:
    read = document("05T10:00:00", ADA, f"{SITE}/{recorded}/a.docx")
    assert not is_ruled_out(M365, [read], "document", f"{SITE}/{declared}/*")
    assert is_ruled_out(M365, [read], "document", f"{SITE}/else/*")


@pytest.mark.parametrize(("server", "expected"), [("fs01", True), (HOST, True), ("fs01.other.example", False)])
def test_a_server_of_another_domain_is_another_one(server: str, expected: bool) -> None:
    assert is_ruled_out(WINDOWS, [], "document", f"\\\\{server}\\Cases\\witness\\*") is expected


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [("DMS-0007", False), ("DMS-7/2", False), ("DMS-7.v2", False), ("DMS-70", True), ("DMS-8", True)],
)
def test_a_number_with_zeros_or_a_version_may_be_the_number(recorded: str, expected: bool) -> None:
    seen = Seen(
        reached={}, near=frozenset({("record_set", recorded, "")}), administrators=False, containers=frozenset(),
        unnamed=frozenset(), sources={}, given_up=frozenset(),
    )  # fmt: skip
    declared = [Holding(kind="record_set", pattern="DMS-7")]
    assert Elsewhere(seen, NO_NAMES, declared, HoldingIndex(declared)).may_be("record_set", "DMS-7") is not expected


# ---- Records of another form than the declared one -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"MergedMailboxes": [CYN]}, False), ({"IsWholeTenant": True}, False), ({"Item": {"CopiedFrom": "x"}}, False),
        ({"Folders": [{"Id": "x", "Owner": "y"}]}, False), ({"Note": {"a": {"b": "c"}}}, False),
        ({"MergedMailboxes": []}, True), ({"IsWholeTenant": False}, True), ({"Note": ""}, True), ({"Note": None}, True),
        ({"AppAccessContext": {"UniqueTokenId": "x"}}, True), ({"GeoLocation": "EUR"}, True),
    ],
)  # fmt: skip
def test_a_field_that_nothing_declares_may_say_anything(fields: dict[str, Any], expected: bool) -> None:
    assert of_cyn(mail("05T10:00:00", ADA, ADA) | fields) is expected
    assert of_cyn(mail("05T10:00:00", BEN, BEN) | fields)


@pytest.mark.parametrize("kind", [20, 22, 64, 77, 147, ""])
def test_an_operation_in_records_of_another_kind_is_one_that_nothing_declares(kind: object) -> None:
    assert not of_cyn(document("05T10:00:00", ADA, f"{SITE}/b.docx") | {"RecordType": kind})
    assert not of_cyn(mail("05T10:00:00", ADA, ADA) | {"RecordType": kind})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"SourceFileName": "secret.docx"}, False), ({"SourceRelativeUrl": "Shared Documents/witness"}, False),
        ({"SiteUrl": SITE[:-1]}, False),
        ({"SiteUrl": f"{SITE}/elsewhere/"}, False), ({"SiteUrl": f"{SITE}/", "SourceFileName": "b.docx"}, True),
    ],
)  # fmt: skip
def test_a_record_whose_fields_name_two_documents_may_be_of_either(fields: dict[str, str], expected: bool) -> None:
    read = document("05T10:00:00", ADA, f"{SITE}/Shared Documents/b.docx") | fields
    assert is_ruled_out(M365, [read], "document", SECRET) is expected
