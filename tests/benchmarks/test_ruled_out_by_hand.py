"""Logs made by hand in which something was reached, or may have been: it is not ruled out; its neighbour is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged

from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

ADA, BEN, CYN = (f"{name}.invented@tribunal.example" for name in ("ada", "ben", "cyn"))
APP = "0a11ce00-0000-4000-8000-000000000e57"
SITE = "https://tribunal.sharepoint.com/sites/cases"
OPEN = f"{SITE}/Shared Documents/b.docx"
SECRET = f"{SITE}/Shared Documents/witness/secret.docx"
M365, WINDOWS, TRAIL = "m365_unified_audit", "windows_json", "aws_cloudtrail"
FROM, TO = "2026-03-03T00:00:00Z", "2026-03-11T00:00:00Z"
HOST, ACCOUNT = "fs01.tribunal.example", "111122223333"
USERS = {one: f"arn:aws:iam::{ACCOUNT}:user/{one}" for one in ("ada", "ben")}
Record = dict[str, Any]


def audit(time: str, operation: str, user: str, **fields: Any) -> Record:
    return {
        "CreationTime": f"2026-03-{time}", "Id": f"{operation}-{time}-{user}", "Operation": operation,
        "OrganizationId": "invented", "RecordType": 50, "ResultStatus": "Succeeded", "UserKey": user, "UserType": 0,
        "Workload": "Exchange", "UserId": user, "ClientIPAddress": "198.51.100.7",
    } | fields  # fmt: skip


def mail(time: str, user: str, owner: str, **fields: Any) -> Record:
    folder = {"Id": "L1", "Path": "\\Inbox", "FolderItems": [{"InternetMessageId": "<a@elsewhere.example>"}]}
    return audit(
        time, "MailItemsAccessed", user, MailboxOwnerUPN=owner, Folders=[folder],
        OperationProperties=[{"Name": "MailAccessType", "Value": "Bind"}],
    ) | fields  # fmt: skip


def document(time: str, user: str, url: str, operation: str = "FileAccessed", **fields: Any) -> Record:
    of = {"RecordType": 6, "Workload": "SharePoint", "ObjectId": url, "SiteUrl": f"{SITE}/", "ItemType": "File"}
    return audit(time, operation, user, **of) | fields


def renamed(operation: str, source: str, to: str, **fields: Any) -> Record:
    folder, _, name = to.rpartition("/")
    return document(
        "04T10:00:00", BEN, f"{SITE}/{source}", operation,
        DestinationRelativeUrl=folder, DestinationFileName=name, **fields,
    )  # fmt: skip


def windows(time: str, event: int, user: str, **fields: Any) -> Record:
    return {
        "@timestamp": f"2026-03-{time}.000Z", "Hostname": HOST, "Channel": "Security", "EventID": event,
        "SubjectUserName": user, "SubjectDomainName": "TRIBUNAL", "SubjectLogonId": "0x1234",
        "SubjectUserSid": f"S-1-5-21-1-2-3-{sum(map(ord, user))}", "SourceName": "Microsoft-Windows-Security-Auditing",
        "ObjectType": "File", "AccessMask": "0x1",
    } | fields  # fmt: skip


def shared(time: str, user: str, share: str, name: str, folder: str = "") -> Record:
    return windows(
        time, 5145, user, ShareName=f"\\\\*\\{share}", ShareLocalPath=folder and f"\\??\\{folder}",
        RelativeTargetName=name,
    )  # fmt: skip


def opened(time: str, user: str, path: str) -> Record:
    return windows(time, 4663, user, ObjectName=path)


def call(time: str, name: str, user: str, source: str, **given: Any) -> Record:
    key = user.upper().ljust(16, "A")
    who = {"type": "IAMUser", "principalId": f"AIDA{key}", "arn": USERS[user], "accountId": ACCOUNT, "userName": user}
    return {
        "eventVersion": "1.08", "userIdentity": who, "eventTime": f"2026-03-{time}Z", "eventSource": source,
        "eventName": name, "awsRegion": "eu-central-1", "sourceIPAddress": "192.0.2.9", "requestParameters": given,
        "eventID": f"{name}-{time}-{user}", "eventType": "AwsApiCall", "recipientAccountId": ACCOUNT,
    }  # fmt: skip


AROUND = {
    M365: [
        one
        for day in ("02", "12")
        for one in (mail(f"{day}T00:00:00", BEN, BEN), document(f"{day}T00:00:01", BEN, OPEN))
    ],
    WINDOWS: [
        one
        for day in ("02", "12")
        for one in (
            shared(f"{day}T00:00:00", "ben", "Cases", "menu.txt", "D:\\Cases"),
            opened(f"{day}T00:00:01", "ben", "D:\\Cases\\menu.txt"),
        )
    ],
    TRAIL: [
        call(f"{day}T00:00:00", "GetObject", "ben", "s3.amazonaws.com", bucketName="other.example", key="x")
        for day in ("02", "12")
    ],
}  # fmt: skip
ASKED = {M365: (ADA, BEN, CYN), WINDOWS: ("tribunal\\ada", "tribunal\\ben"), TRAIL: tuple(USERS.values())}


def _time(record: Record) -> str:
    return str(record.get("CreationTime") or record.get("@timestamp") or record["eventTime"])


def verdicts(
    source: str,
    records: Sequence[Record],
    holdings: Sequence[tuple[str, str]],
    *,
    who: str = "",
    from_: str = FROM,
    to: str = TO,
    said: str = "2026-03-20",
    taken: str = "2026-03-20T00:00:00Z",
) -> dict[str, Verdict]:
    """By pattern, what is said of it, with everything of the source vouched for by `*`."""
    known = sorted([*AROUND[source], *records], key=_time)
    for number, one in enumerate(known if source == WINDOWS else (), 100):
        one["RecordNumber"] = number
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in (*ASKED[source], APP))
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=tuple(Holding(kind=kind, pattern=pattern) for kind, pattern in holdings),
        attestations=(
            Attestation(
                source=source, pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
                to=parse_time("2026-03-20T00:00:00Z") or 0, custodian="C. Invented", date=said, setting="all",
            ),
        ),
    )  # fmt: skip
    question = Question(identities=(who or ASKED[source][0],), from_=parse_time(from_), to=parse_time(to))
    case = Case(logs=[Log(name="a.jsonl", records=known)], estate=estate, question=question)
    acquired(case, parse_time(taken) or 0)
    return {row.holding: row.verdict for row in judged(case, no_rules())}


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("document", f"\\\\{HOST}\\cases\\*"),
        ("document", "C:\\Cases\\*"),
        ("document", "/srv/cases/*"),
        ("document", "https://dms.tribunal.example/cases/1"),
        ("bucket", "arn:aws:s3:::cases.example"),
        ("secret", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:vault-AbCdEf"),
        ("record_set", "DMS-1"),
    ],
)
def test_a_word_for_all_of_a_log_says_nothing_of_what_that_log_cannot_record(kind: str, pattern: str) -> None:
    read = document("05T10:00:00", ADA, f"{SITE}/Shared Documents/b.docx")
    found = verdicts(M365, [read], [(kind, pattern), ("document", SECRET)])
    assert found[pattern] is Verdict.UNKNOWN
    assert found[SECRET] is Verdict.RULED_OUT


def test_a_word_for_the_files_of_a_log_says_nothing_of_another_form_of_files() -> None:
    found = verdicts(
        WINDOWS, [], [("document", "/srv/cases/*"), ("record_set", "DMS-1"), ("document", "D:\\Cases\\w\\*")]
    )
    assert found["/srv/cases/*"] is found["DMS-1"] is Verdict.UNKNOWN
    assert found["D:\\Cases\\w\\*"] is Verdict.RULED_OUT


OWN = [("mailbox", ADA), ("mailbox", BEN), ("mailbox", CYN)]


@pytest.mark.parametrize(
    ("at", "from_", "to", "expected"),
    [
        ("05T09:30:00", "2026-03-05T10:00:00Z", TO, Verdict.UNKNOWN),  # the same again would leave no record
        ("05T08:59:59", "2026-03-05T10:00:00Z", TO, Verdict.RULED_OUT),
        ("05T10:01:30", FROM, "2026-03-05T10:00:00Z", Verdict.UNKNOWN),  # binds of two minutes in one record
        ("05T10:02:00", FROM, "2026-03-05T10:00:00Z", Verdict.RULED_OUT),
    ],
)
def test_a_record_stands_for_accesses_before_and_after_its_time(
    at: str, from_: str, to: str, expected: Verdict
) -> None:
    found = verdicts(M365, [mail(at, ADA, CYN)], OWN, from_=from_, to=to)
    assert found[CYN] is expected
    assert found[BEN] is Verdict.RULED_OUT


def test_an_item_by_the_id_of_its_store_may_be_one_known_by_the_id_of_its_message() -> None:
    deleted = audit(
        "05T10:00:00", "HardDelete", ADA, RecordType=3, MailboxOwnerUPN=CYN, AffectedItems=[{"Id": "RgAAAA1"}]
    )
    assert (
        verdicts(M365, [deleted], [("mail_item", "<w@elsewhere.example>")])["<w@elsewhere.example>"] is Verdict.UNKNOWN
    )
    other = verdicts(M365, [mail("05T10:00:00", ADA, CYN)], [("mail_item", "<w@elsewhere.example>")])
    assert other["<w@elsewhere.example>"] is Verdict.RULED_OUT


def test_the_id_of_a_message_is_the_same_with_and_without_its_brackets() -> None:
    assert Verdict.RULED_OUT not in {
        verdict
        for holding, verdict in verdicts(
            M365, [mail("05T10:00:00", ADA, CYN)], [("mail_item", "a@elsewhere.example")]
        ).items()
        if holding.strip("<>") == "a@elsewhere.example"
    }


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (renamed("FolderRenamed", "Shared Documents/witness", "Shared Documents/menus"), "menus/secret.docx"),
        (renamed("FileRenamed", "Shared Documents/witness/secret.docx", "Shared Documents/menu.docx"), "menu.docx"),
        (renamed("FileCopied", "Shared Documents/witness/secret.docx", "Shared Documents/menu.docx"), "menu.docx"),
        (renamed("FileAccessed", "Shared Documents/b.docx", ""), "Forms/AllItems.aspx?id=%2Fsites%2Fcases%2Fx%2Edocx"),
        (renamed("FileAccessed", "Shared Documents/b.docx", ""), "../PreservationHoldLibrary/secret_1.docx"),
    ],
)  # fmt: skip
def test_what_a_colleague_renamed_or_copied_is_not_ruled_out_by_its_old_name(change: Record, read: str) -> None:
    url = f"{SITE}/Shared Documents/{read}".replace("Shared Documents/../", "")
    found = verdicts(M365, [change, document("05T10:00:00", ADA, url)], [("document", SECRET), *OWN])
    assert found[SECRET] is Verdict.UNKNOWN
    assert found[CYN] is Verdict.RULED_OUT


def test_a_name_after_three_renamings_and_in_a_circle_is_still_the_folder() -> None:
    steps = ["witness", "a", "b", "c", "a"]
    changes = [
        renamed("FolderMoved", f"Shared Documents/{old}", f"Shared Documents/{new}", Id=f"move-{place}")
        for place, (old, new) in enumerate(pairwise(steps))
    ]
    read = document("05T10:00:00", ADA, f"{SITE}/Shared Documents/c/secret.docx")
    assert verdicts(M365, [*changes, read], [("document", SECRET)])[SECRET] is Verdict.UNKNOWN


def test_a_role_given_by_somebody_else_makes_an_administrator() -> None:
    role = audit("04T10:00:00", "Add member to role.", BEN, RecordType=8, Workload="AzureActiveDirectory", ObjectId=ADA)
    assert verdicts(M365, [role], OWN)[CYN] is Verdict.UNKNOWN
    assert verdicts(M365, [role | {"ObjectId": CYN}], OWN)[CYN] is Verdict.RULED_OUT


def test_an_application_acts_under_the_names_of_those_who_consented() -> None:
    found = verdicts(M365, [mail("05T10:00:00", CYN, CYN, ClientAppId=APP)], OWN, who=APP)
    assert Verdict.RULED_OUT not in found.values()


@pytest.mark.parametrize(
    "owner", [{"MailboxOwnerUPN": "c.alias@tribunal.example"}, {"MailboxOwnerUPN": "", "MailboxGuid": APP}]
)
def test_recording_that_stopped_for_a_mailbox_of_another_name_may_be_of_any(owner: Record) -> None:
    stopped = [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "True"}]
    found = verdicts(M365, [mail("04T10:00:00", CYN, CYN, OperationProperties=stopped) | owner], OWN)
    assert found[CYN] is Verdict.UNKNOWN


@pytest.mark.parametrize("operation", ["SearchExported", "Get-ComplianceSearchAction"])
def test_a_search_that_names_no_places_may_have_been_anywhere(operation: str) -> None:
    found = verdicts(M365, [audit("05T10:00:00", operation, ADA, ObjectId="search 1")], [*OWN, ("document", SECRET)])
    assert found[CYN] is found[SECRET] is Verdict.UNKNOWN


SHARE, DRIVE = f"\\\\{HOST}\\Cases\\witness\\*", "D:\\Cases\\witness\\*"


@pytest.mark.parametrize(
    ("record", "not_ruled_out"),
    [
        (shared("05T00:00:00", "ada", "Other", "a.txt"), (SHARE, DRIVE)),  # which folder it shows is not told
        (shared("05T00:00:00", "ada", "D$", "Cases\\witness\\a.txt"), (SHARE, DRIVE)),
        (opened("05T00:00:00", "ada", "\\Device\\HarddiskVolume3\\Cases\\witness\\a.txt"), (SHARE, DRIVE)),
        (opened("05T00:00:00", "ada", "D:\\$Recycle.Bin\\S-1-5-21\\$R1.txt"), (SHARE, DRIVE)),
        (opened("05T00:00:00", "ada", "\\\\localhost\\Cases\\witness\\a.txt"), (SHARE, DRIVE)),
        (windows("05T00:00:00", 4907, "ben", ObjectName="D:\\Cases\\witness"), (SHARE, DRIVE)),
        (windows("05T00:00:00", 4912, "ben"), (SHARE, DRIVE)),
        (windows("05T00:00:00", 4670, "ada", ObjectName="D:\\Cases\\witness\\a.txt"), (SHARE, DRIVE)),
        (shared("05T00:00:00", "ada", "D$", "Else\\a.txt"), (SHARE, DRIVE)),  # who may open it is an administrator
        (windows("05T00:00:00", 4907, "SYSTEM", ObjectName="C:\\Windows\\x.dll", SubjectUserSid="S-1-5-18"), ()),
        (windows("05T00:00:00", 4670, "ada", ObjectName="-", ObjectType="Token"), ()),
    ],
)
def test_on_a_file_server(record: Record, not_ruled_out: tuple[str, ...]) -> None:
    found = verdicts(WINDOWS, [record], [("document", SHARE), ("document", DRIVE)])
    assert {one for one in (SHARE, DRIVE) if found[one] is not Verdict.RULED_OUT} == set(not_ruled_out)


def test_an_earlier_version_of_a_file_of_a_share_is_the_file() -> None:
    name = f"\\\\{HOST}\\Cases\\witness\\a.txt"
    read = shared("05T00:00:00", "ada", "Cases", "@GMT-2026.03.02-10.00.00\\witness\\a.txt", "D:\\Cases")
    found = verdicts(WINDOWS, [read], [("document", name)])
    assert found.get(name) is not Verdict.RULED_OUT


@pytest.mark.parametrize("pattern", ["snap-0abc", "arn:aws:ec2:eu-central-1::snapshot/snap-0abc"])
def test_a_snapshot_is_the_same_by_its_id_and_by_its_arn(pattern: str) -> None:
    made = call("05T00:00:00", "CreateVolume", "ada", "ec2.amazonaws.com", snapshotId="snap-0abc")
    assert verdicts(TRAIL, [made], [("snapshot", pattern)])["snap-0abc"] is Verdict.CONFIRMED
    assert verdicts(TRAIL, [made], [("snapshot", pattern)]).get(pattern) is not Verdict.RULED_OUT


def became(event: int, user: str = "ada", **fields: Any) -> Record:
    """An event after which an account goes on under another name, three days before what is asked of ends."""
    return windows(fields.pop("at", "05T00:00:00"), event, user, **{"ObjectType": None, **fields})


OF_BEN = {"TargetUserName": "ben", "TargetDomainName": "TRIBUNAL"}
OF_ADA = {"TargetUserName": "ada", "TargetDomainName": "TRIBUNAL", "TargetUserSid": "S-1-5-21-1-2-3-294"}
ADMINISTRATORS = {"TargetUserName": "Administrators", "TargetDomainName": "Builtin", "TargetSid": "S-1-5-32-544"}
REPLICATION = "%%7688 {1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}"
BEN_READS = shared("06T00:00:00", "ben", "Cases", "witness\\a.txt", "D:\\Cases")


@pytest.mark.parametrize(
    "record",
    [
        became(4648, **OF_BEN, TargetServerName=HOST),
        became(4648, TargetUserName="ben@tribunal.example"),
        became(4648, **OF_BEN, at="02T12:00:00"),  # before what is asked of: who had it then has it still
        became(4624, **OF_ADA, LogonType=9, TargetOutboundUserName="ben", TargetOutboundDomainName="TRIBUNAL"),
        became(4624, **OF_ADA, LogonType="9"),  # of systems that do not say as whom
        became(4624, **OF_BEN, TargetLogonId="0x99", LogonType=2),
        became(4688, **OF_BEN, TargetUserSid="S-1-5-21-1-2-3-309"),
        became(4723, **OF_BEN),
        became(4738, **OF_BEN),
        became(4672, PrivilegeList="SeBackupPrivilege"),
        became(4697, ServiceName="x", ServiceAccount="LocalSystem"),
        became(4698, TaskName="x", TaskContent="<Task><UserId>S-1-5-18</UserId></Task>"),
        became(4662, Properties=REPLICATION),
        became(5142, ShareName="\\\\*\\New", ShareLocalPath="D:\\Cases"),
        became(4704, "ben", TargetSid="S-1-5-21-1-2-3-294", PrivilegeList="SeBackupPrivilege"),
        became(4732, "ben", MemberSid="S-1-5-21-1-2-3-294", **ADMINISTRATORS, at="02T10:00:00"),
        became(4616, "ben", PreviousTime="2026-03-05T00:00:00Z", NewTime="2026-03-01T00:00:00Z"),
    ],
)
def test_what_an_account_becomes_on_windows_is_not_set_aside(record: Record) -> None:
    found = verdicts(WINDOWS, [record, opened("06T00:00:00", "ben", DRIVE[:-1] + "a.txt")], [("document", DRIVE)])
    assert found[DRIVE] is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "record",
    [
        became(4648, **OF_ADA),
        became(4648, "SYSTEM", **OF_BEN, SubjectUserSid="S-1-5-18"),
        became(4648, "ben", **OF_ADA),
        became(4624, "-", **OF_ADA, SubjectUserSid="S-1-0-0", LogonType=3),
        became(4624, "FS01$", **OF_ADA, SubjectUserSid="S-1-5-18", LogonType=10),
        became(4688, TargetUserName="-", TargetUserSid="S-1-0-0"),
        became(4672, "ben"),
        became(4698, TaskName="x", TaskContent="<UserId>TRIBUNAL\\ada</UserId>"),
        became(4662, Properties="%%7684 {771727b1-31b8-4cdf-ae62-4fe39fadf89e}"),
        became(4732, "ben", MemberSid="S-1-5-21-1-2-3-309", **ADMINISTRATORS),
        became(4616, "LOCAL SERVICE", SubjectUserSid="S-1-5-19"),
        windows("05T00:00:00", 4656, "ada", ObjectName=DRIVE[:-1] + "a.txt", AccessMask="0x80"),  # its attributes
    ],
)
def test_what_is_of_somebody_else_or_under_the_own_name_takes_nothing_away(record: Record) -> None:
    assert verdicts(WINDOWS, [record, BEN_READS], [("document", DRIVE)])[DRIVE] is Verdict.RULED_OUT


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([windows("05T00:00:00", 4656, "ada", ObjectName=DRIVE[:-1] + "a.txt")], Verdict.CONFIRMED),
        ([windows("05T00:00:00", 4659, "ada", ObjectName=DRIVE[:-1] + "a.txt")], Verdict.CONFIRMED),
        ([windows("05T00:00:00", 4664, "ada", FileName=DRIVE[:-1] + "a.txt", LinkName="D:\\x")], Verdict.CONFIRMED),
        (
            [
                windows("04T00:00:00", 4664, "ben", FileName=DRIVE[:-1] + "a.txt", LinkName="D:\\x"),
                opened("05T00:00:00", "ada", "D:\\x"),
            ],
            Verdict.UNKNOWN,
        ),
        ([opened("05T00:00:00", "ada", "\\\\.\\D:")], Verdict.UNKNOWN),
        ([opened("05T00:00:00", "ada", "\\Device\\HarddiskVolume3")], Verdict.UNKNOWN),
        ([opened("05T00:00:00", "ada", "E:\\Backup\\fs01.vhdx")], Verdict.UNKNOWN),
        ([opened("05T00:00:00", "ada", "E:\\Backup\\notes.txt")], Verdict.RULED_OUT),
    ],
)
def test_a_file_by_a_handle_a_second_name_or_with_its_whole_disk(records: list[Record], expected: Verdict) -> None:
    name = DRIVE[:-1] + "a.txt"
    assert verdicts(WINDOWS, records, [("document", name)])[name] is expected


def test_an_archive_that_was_opened_holds_what_is_in_it() -> None:
    inside, beside = "D:\\Cases\\w.zip\\a.txt", "D:\\Cases\\v.zip\\a.txt"
    found = verdicts(
        WINDOWS, [opened("05T00:00:00", "ada", "D:\\Cases\\w.zip")], [("document", inside), ("document", beside)]
    )
    assert (found[inside], found[beside]) == (Verdict.UNKNOWN, Verdict.RULED_OUT)


def given(operation: str, to: str, **fields: Any) -> Record:
    return audit(
        "04T10:00:00", operation, BEN, RecordType=8, Workload="AzureActiveDirectory", ObjectId=to, **fields
    )  # fmt: skip


def management(*members: str) -> Record:
    parameters = [{"Name": "Identity", "Value": "Organization Management"}]
    parameters += [{"Name": "Member", "Value": one} for one in members]
    return audit("04T10:00:00", "Add-RoleGroupMember", BEN, RecordType=1, Parameters=parameters)


def forwarded(time: str, to: str) -> Record:
    to_whom = [{"Name": "Identity", "Value": CYN}, {"Name": "ForwardingSmtpAddress", "Value": to}]
    return audit(time, "Set-Mailbox", CYN, RecordType=1, ObjectId=CYN, Parameters=to_whom)


IN_ONE_SESSION = {"SessionId": APP, "AppAccessContext": {"AADSessionId": APP}}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([given("Add member to role.", "11111111-0000-4000-8000-0000000000aa")], Verdict.UNKNOWN),
        ([given("Add member to role.", "Not Available")], Verdict.UNKNOWN),
        ([given("Add member to role.", CYN)], Verdict.RULED_OUT),
        ([management("ada.invented")], Verdict.UNKNOWN),
        ([management("Ada Invented")], Verdict.UNKNOWN),
        ([management("ben.invented")], Verdict.RULED_OUT),
        ([forwarded("04T10:00:00", f"smtp:{ADA}")], Verdict.UNKNOWN),
        ([forwarded("02T10:00:00", f"smtp:{ADA}")], Verdict.UNKNOWN),
        ([forwarded("04T10:00:00", f"smtp:{BEN}")], Verdict.RULED_OUT),
        ([{**mail("05T10:00:00", ADA, CYN), "MailboxOwnerUPN": ""}], Verdict.UNKNOWN),
        (
            [mail("05T09:00:00", ADA, ADA, **IN_ONE_SESSION), mail("05T10:00:00", CYN, CYN, **IN_ONE_SESSION)],
            Verdict.UNKNOWN,
        ),
        ([mail("05T09:00:00", ADA, ADA, **IN_ONE_SESSION), mail("05T10:00:00", CYN, CYN)], Verdict.RULED_OUT),
    ],
)
def test_of_a_mailbox(records: list[Record], expected: Verdict) -> None:
    assert verdicts(M365, records, OWN)[CYN] is expected


def test_an_item_of_a_list_by_its_number_may_be_any_document() -> None:
    read = document("05T10:00:00", ADA, f"{SITE}/Lists/Docs/12_.000")
    assert verdicts(M365, [read], [("document", SECRET)])[SECRET] is Verdict.UNKNOWN


def test_a_pattern_that_leaves_a_letter_open_is_not_ruled_out_by_it() -> None:
    pattern = f"{SITE}/Shared Documents/witness/secre?.docx"
    read = document("05T10:00:00", ADA, SECRET)
    assert verdicts(M365, [read], [("document", pattern)])[pattern] is Verdict.UNKNOWN
    assert verdicts(M365, [], [("document", pattern)])[pattern] is Verdict.RULED_OUT


OBJECT = "arn:aws:s3:::cases.example/w/secret.pdf"
TABLE = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/witness"
PARAMETER = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/w/one"
VAULT = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:vault-AbCdEf"
S3, EC2, SSM, DYNAMODB = (f"{one}.amazonaws.com" for one in ("s3", "ec2", "ssm", "dynamodb"))


def parameter(name: str) -> Record:
    return call("05T10:00:00", "GetParameter", "ada", SSM) | {"requestParameters": {"name": name}}


def attached(user: str) -> Record:
    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    return call("04T10:00:00", "AttachUserPolicy", "ben", "iam.amazonaws.com", userName=user, policyArn=policy)


@pytest.mark.parametrize(
    ("records", "kind", "pattern", "expected"),
    [
        (
            [
                call("04T10:00:00", "CopyObject", "ben", S3, bucketName="other.example", key="x")
                | {
                    "requestParameters": {
                        "bucketName": "other.example", "key": "x", "x-amz-copy-source": "cases.example/w/secret.pdf"
                    }
                },
                call("05T10:00:00", "GetObject", "ada", S3, bucketName="other.example", key="x"),
            ],
            "object", OBJECT, Verdict.UNKNOWN,
        ),
        (
            [call("05T10:00:00", "GetObject", "ada", S3, bucketName="ap.mrap", key="w/secret.pdf")],
            "object", OBJECT, Verdict.UNKNOWN,
        ),
        (
            [call("05T10:00:00", "GetObject", "ada", S3, bucketName="cases.example", key="w%2Fsecret.pdf")],
            "object", OBJECT, Verdict.UNKNOWN,
        ),
        (
            [call("05T10:00:00", "GetObject", "ada", S3, bucketName="cases.example", key="w/menu.pdf")],
            "object", OBJECT, Verdict.RULED_OUT,
        ),
        (
            [
                call("04T10:00:00", "CopySnapshot", "ben", EC2, sourceSnapshotId="snap-0abc")
                | {"responseElements": {"snapshotId": "snap-0fff"}},
                call("05T10:00:00", "CreateVolume", "ada", EC2, snapshotId="snap-0fff"),
            ],
            "snapshot", "snap-0abc", Verdict.UNKNOWN,
        ),
        (
            [
                call("05T10:00:00", "CreateSnapshot", "ada", EC2, volumeId="vol-0abc")
                | {"responseElements": {"snapshotId": "snap-0fff"}}
            ],
            "snapshot", "vol-0abc", Verdict.UNKNOWN,
        ),
        ([parameter("/w/one:3")], "secret", PARAMETER, Verdict.UNKNOWN),
        ([parameter("/w/two:3")], "secret", PARAMETER, Verdict.RULED_OUT),
        ([parameter("/aws/reference/secretsmanager/vault")], "secret", VAULT, Verdict.UNKNOWN),
        ([attached("ada")], "secret", VAULT, Verdict.UNKNOWN),
        ([attached("ben")], "secret", VAULT, Verdict.RULED_OUT),
    ],
)  # fmt: skip
def test_in_aws(records: list[Record], kind: str, pattern: str, expected: Verdict) -> None:
    assert verdicts(TRAIL, records, [(kind, pattern)])[pattern] is expected


def test_an_index_of_a_table_is_the_table() -> None:
    read = call("05T10:00:00", "Query", "ada", DYNAMODB) | {"resources": [{"ARN": f"{TABLE}/index/i"}]}
    found = verdicts(TRAIL, [read], [("record_set", TABLE)])
    assert found.get(TABLE) is not Verdict.RULED_OUT


@pytest.mark.parametrize(
    ("said", "taken", "expected"),
    [
        ("2026-03-20", "2026-03-20T00:00:00Z", Verdict.RULED_OUT),
        ("2026-03-05", "2026-03-20T00:00:00Z", Verdict.UNKNOWN),  # a word for time to come
        ("2026-03-20", "2026-03-08T00:00:00Z", Verdict.UNKNOWN),  # a copy that holds what came later
    ],
)
def test_nobody_vouches_for_what_is_to_come(said: str, taken: str, expected: Verdict) -> None:
    assert verdicts(M365, [], OWN, said=said, taken=taken)[CYN] is expected
