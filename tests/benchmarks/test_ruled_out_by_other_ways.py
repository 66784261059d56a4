"""More logs made by hand: acts that prepare a way, second names, copies, logs that have nothing of what is asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from benchmarks.exposure_laws import no_rules
from benchmarks.laws.case import Case, Log, acquired, judged
from tests.benchmarks.test_ruled_out_by_hand import (
    ACCOUNT,
    ADA,
    ASKED,
    BEN,
    BEN_READS,
    CYN,
    DRIVE,
    HOST,
    M365,
    OBJECT,
    OF_ADA,
    OF_BEN,
    OWN,
    SECRET,
    SHARE,
    SITE,
    TABLE,
    TRAIL,
    USERS,
    VAULT,
    WINDOWS,
    Record,
    audit,
    became,
    call,
    document,
    mail,
    opened,
    shared,
    verdicts,
    windows,
)

from tocsin.assess.telling import tells
from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

LIBRARY = f"{SITE}/Shared Documents"
FILE = DRIVE[:-1] + "a.txt"


def is_ruled_out(source: str, records: list[Record], kind: str, pattern: str, **asked: Any) -> bool:
    return verdicts(source, records, [(kind, pattern)], **asked).get(pattern) is Verdict.RULED_OUT


# ---- Microsoft 365 ---------------------------------------------------------------------------------------------------


def command(name: str, by: str = ADA, **parameters: str) -> Record:
    given = [{"Name": key, "Value": value} for key, value in parameters.items()]
    return audit("05T10:00:00", name, by, RecordType=1, ObjectId=CYN, Parameters=given)


@pytest.mark.parametrize(
    "name",
    [
        "Remove-Mailbox", "Disable-Mailbox", "Remove-MailboxFolder", "Remove-CalendarEvents", "Remove-UnifiedGroup",
        "Remove-ApplicationAccessPolicy", "Remove-CaseHoldPolicy", "Disable-TransportRule",
        "Remove-InformationBarrierPolicy", "Get-MessageTrace", "Get-QuarantineMessage", "Get-DlpDetailReport",
        "Get-InventedMail", "Remove-Invented", "Stop-Invented", "Remove-MailboxPermission", "Remove-SharingPolicy",
        "Get-InboxRule", "Remove-InboxRule", "Disable-InboxRule",
    ],
)  # fmt: skip
def test_commands_that_take_away_or_show_mail_are_not_set_aside(name: str) -> None:
    assert not is_ruled_out(M365, [command(name, Identity=CYN)], "mailbox", CYN)


@pytest.mark.parametrize("name", ["Get-MailboxPermission", "Get-RetentionCompliancePolicy"])
def test_commands_that_show_settings_are_where_these_are_ones_own(name: str) -> None:
    assert is_ruled_out(M365, [{**command(name, Identity=ADA), "ObjectId": ADA}], "mailbox", CYN)
    assert not is_ruled_out(M365, [command(name, Identity=CYN)], "mailbox", CYN)


@pytest.mark.parametrize(
    "operation", ["Update user.", "Enable account.", "Add user.", "Disable Strong Authentication."]
)
def test_whoever_changes_the_account_of_another_may_go_on_as_the_other(operation: str) -> None:
    changed = audit("05T10:00:00", operation, ADA, RecordType=8, Workload="AzureActiveDirectory", ObjectId=BEN)
    assert not is_ruled_out(M365, [changed], "mailbox", CYN)
    assert is_ruled_out(M365, [changed | {"ObjectId": ADA}], "mailbox", CYN)
    assert is_ruled_out(M365, [changed | {"UserId": BEN, "UserKey": BEN}], "mailbox", CYN)


@pytest.mark.parametrize(
    "operation",
    ["SharingInheritanceReset", "PermissionLevelModified", "SharingPolicyChanged", "GroupUpdated", "MemberRoleChanged"],
)
def test_rights_that_are_prepared_are_not_set_aside(operation: str) -> None:
    assert not is_ruled_out(M365, [document("05T10:00:00", ADA, SECRET, operation)], "document", SECRET)


@pytest.mark.parametrize("name", ["Set-Mailbox", "New-InboxRule", "New-TransportRule"])
@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("Ada Invented", Verdict.UNKNOWN),
        ("ada.invented", Verdict.UNKNOWN),
        ("tribunal.example/Users/Ada Invented", Verdict.UNKNOWN),
        ("smtp:ada.alias@tribunal.example", Verdict.UNKNOWN),
        ("smtp:all@tribunal.example", Verdict.UNKNOWN),
        ("smtp:ben.invented@tribunal.example", Verdict.RULED_OUT),
        ("ben.invented", Verdict.RULED_OUT),
        ("smtp:someone@elsewhere.example", Verdict.RULED_OUT),
    ],
)
def test_mail_is_sent_on_to_an_account_under_any_of_its_names(name: str, to: str, expected: Verdict) -> None:
    key = {"Set-Mailbox": "ForwardingAddress", "New-InboxRule": "RedirectTo", "New-TransportRule": "BlindCopyTo"}[name]
    sent_on = command(name, BEN, Identity=CYN, Mailbox=CYN, **{key: to})
    assert verdicts(M365, [sent_on], OWN)[CYN] is expected


def test_under_the_name_of_all_applications_one_in_question_may_have_come() -> None:
    by_one = document("05T10:00:00", "app@sharepoint", SECRET, "FileDownloaded")
    assert not is_ruled_out(M365, [by_one], "document", SECRET)
    assert is_ruled_out(M365, [by_one], "mailbox", CYN)


def test_an_item_moved_into_a_mailbox_changes_it() -> None:
    moved = audit(
        "05T10:00:00", "Move", ADA, RecordType=3, MailboxOwnerUPN=ADA, DestMailboxOwnerUPN=CYN,
        AffectedItems=[{"InternetMessageId": "<a@elsewhere.example>"}],
    )  # fmt: skip
    found = verdicts(M365, [moved], OWN)
    assert found[CYN] is not Verdict.RULED_OUT
    assert found[BEN] is Verdict.RULED_OUT


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ΜΑΡΤΥΣ.docx", "μαρτυς.docx"),
        ("secret.docx", "secret.docx?d=w0a11ce00000040008000000000000e57&csf=1&web=1"),
        ("te\u0301moin.docx", "t\u00e9moin.docx"),
    ],
)
def test_one_document_written_two_ways(written: str, asked: str) -> None:
    read = document("05T10:00:00", ADA, f"{LIBRARY}/{written}")
    assert not is_ruled_out(M365, [read], "document", f"{LIBRARY}/{asked}")
    assert is_ruled_out(M365, [read], "document", f"{LIBRARY}/menu.docx")


# ---- Time and what a log has ----------------------------------------------------------------------------------------


def test_what_is_written_to_the_second_may_lie_in_the_second_a_time_begins_in() -> None:
    read = document("05T10:00:00", ADA, SECRET)
    assert not is_ruled_out(M365, [read], "document", SECRET, from_="2026-03-05T10:00:00.5Z")
    later = document("05T10:00:00", ADA, SECRET, "FileDownloaded")
    assert is_ruled_out(M365, [later], "document", SECRET, from_="2026-03-05T10:00:01Z")


def only(source: str, records: list[Record], pattern: str, kind: str = "document") -> Verdict:
    """What is said where the log holds these records and no others, all by somebody else."""
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in ASKED[source])
    word = Attestation(
        source=source, pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
        to=parse_time("2026-03-20T00:00:00Z") or 0, custodian="C. Invented", date="2026-03-20", setting="all",
    )  # fmt: skip
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=(Holding(kind=kind, pattern=pattern),),
        attestations=(word,),
    )
    question = Question(
        identities=ASKED[source][:1], from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z")
    )
    numbered = [one | ({"RecordNumber": 100 + place} if source == WINDOWS else {}) for place, one in enumerate(records)]
    case = Case(logs=[Log(name="a.jsonl", records=numbered)], estate=estate, question=question)
    acquired(case, parse_time("2026-03-20T00:00:00Z") or 0)
    return next(row.verdict for row in judged(case, no_rules()) if row.holding == pattern)


def listed(service: str, name: str, **given: Any) -> list[Record]:
    return [call(f"{day}T00:00:00", name, "ben", f"{service}.amazonaws.com", **given) for day in ("02", "12")]


def test_a_word_for_all_of_a_log_says_nothing_of_what_it_has_no_record_of() -> None:
    at = [f"{day}T00:00:00" for day in ("02", "12")]
    mails, documents = [mail(one, BEN, BEN) for one in at], [document(one, BEN, SECRET + "x") for one in at]
    assert only(M365, documents, CYN, "mailbox") is Verdict.UNKNOWN
    assert only(M365, mails, CYN, "mailbox") is Verdict.RULED_OUT
    shares, files = [shared(one, "ben", "Cases", "x") for one in at], [opened(one, "ben", "D:\\x") for one in at]
    assert only(WINDOWS, shares, DRIVE) is only(WINDOWS, files, SHARE) is Verdict.UNKNOWN
    assert only(WINDOWS, files, DRIVE) is Verdict.RULED_OUT
    users, objects = listed("iam", "ListUsers"), listed("s3", "GetObject", bucketName="other.example", key="x")
    assert only(TRAIL, users, OBJECT, "object") is only(TRAIL, objects, TABLE, "record_set") is Verdict.UNKNOWN
    assert only(TRAIL, objects, OBJECT, "object") is only(TRAIL, users, VAULT, "secret") is Verdict.RULED_OUT


# ---- Windows ---------------------------------------------------------------------------------------------------------

ADAS = "S-1-5-21-1-2-3-294"
RENAMED = {"OldTargetUserName": "ada", "NewTargetUserName": "ben", "TargetDomainName": "TRIBUNAL", "TargetSid": ADAS}
PIPE = {"ShareName": "\\\\*\\IPC$", "ObjectType": "File"}


@pytest.mark.parametrize(
    "record",
    [
        became(4741, TargetUserName="NEW$", TargetDomainName="TRIBUNAL"),
        became(4742, TargetUserName="FS02$", TargetDomainName="TRIBUNAL"),
        became(4781, "adm", **RENAMED),
        became(4781, OldTargetUserName="ben", NewTargetUserName="ben2", TargetDomainName="TRIBUNAL"),
        became(5136, ObjectDN="CN=ben", AttributeLDAPDisplayName="msDS-KeyCredentialLink"),
        became(4886, Requester="TRIBUNAL\\ada", Attributes="CertificateTemplate:User"),
        became(4720, TargetUserName="new", TargetDomainName="TRIBUNAL"),
        became(4692, MasterKeyId="1"),
        became(8222),
        became(5379, TargetName="admin"),
        became(9999),
        became(4765, SourceUserName="adm", **OF_BEN),
        became(4765, "ben", SourceUserName="adm", **OF_ADA, TargetSid=ADAS),
        became(4673, PrivilegeList="SeBackupPrivilege"),
        became(4674, PrivilegeList="SeTakeOwnershipPrivilege"),
        became(4703, "FS01$", SubjectUserSid="S-1-5-18", EnabledPrivilegeList="SeBackupPrivilege", **OF_ADA),
        became(5145, **PIPE, RelativeTargetName="svcctl"),
        became(5145, **PIPE, RelativeTargetName="atsvc"),
    ],
)
def test_what_gives_an_account_of_windows_more_than_its_own_is_not_set_aside(record: Record) -> None:
    assert not is_ruled_out(WINDOWS, [record, BEN_READS], "document", DRIVE)


@pytest.mark.parametrize(
    "record",
    [
        became(4741, "ben", TargetUserName="NEW$", TargetDomainName="TRIBUNAL"),
        became(9999, "ben"),
        became(4799, TargetUserName="Readers", TargetDomainName="TRIBUNAL"),
        became(5156),
        became(4673, PrivilegeList="SeSystemtimePrivilege"),
        became(4673, PrivilegeList="SeBackupPrivilege", Keywords="0x8010000000000000"),  # refused
        became(4703, EnabledPrivilegeList="SeChangeNotifyPrivilege", **OF_ADA),
        became(5136, "ben", ObjectDN="CN=ben"),
        became(5145, **PIPE, RelativeTargetName="srvsvc"),
        opened("05T00:00:00", "ada", "E:\\Backup\\notes.md"),
        windows("05T00:00:00", 4663, "ada", ObjectName="D:\\Else\\x.tmp", AccessMask="0x10000"),
    ],
)
def test_what_gives_it_nothing_is(record: Record) -> None:
    assert is_ruled_out(WINDOWS, [record, BEN_READS], "document", DRIVE)


@pytest.mark.parametrize(
    ("given_up", "reached"),
    [
        ("D:\\Cases\\witness", "D:\\Cases\\old\\a.txt"),  # renamed
        ("D:\\Cases\\witness", "D:\\Else\\witness\\a.txt"),  # moved
        ("D:\\Cases", "D:\\Old\\witness\\a.txt"),
        (FILE, "D:\\Else\\a.txt"),
        ("D:\\Cases\\old", "D:\\Cases\\old\\a.txt"),  # and since then, perhaps, the holding
    ],
)
def test_a_path_that_somebody_gave_up_may_go_on_under_another_name(given_up: str, reached: str) -> None:
    gone = windows("04T00:00:00", 4663, "ben", ObjectName=given_up, AccessMask="0x10000")
    assert not is_ruled_out(WINDOWS, [gone, opened("05T00:00:00", "ada", reached)], "document", DRIVE)
    assert is_ruled_out(WINDOWS, [gone, opened("05T00:00:00", "ada", "E:\\menu.txt")], "document", DRIVE)


@pytest.mark.parametrize(
    "pattern",
    ["D:\\Cases\\witness", "D:\\Cases\\witness\\", "D:\\", f"\\\\{HOST}\\Cases\\witness", f"\\\\{HOST}\\Cases"],
)
def test_a_folder_is_reached_with_what_lies_in_it_without_a_star(pattern: str) -> None:
    reads = [opened("05T00:00:00", "ada", FILE), shared("05T00:00:01", "ada", "Cases", "witness\\a.txt", "D:\\Cases")]
    assert not is_ruled_out(WINDOWS, reads, "folder", pattern)
    assert is_ruled_out(WINDOWS, reads, "folder", "D:\\Cases\\wit")


@pytest.mark.parametrize(
    "path",
    [
        "D:\\$MFT", "C:\\pagefile.sys", "C:\\hiberfil.sys", "D:\\DfsrPrivate\\Staging\\1.frx",
        "C:\\Windows\\CSC\\v2.0.6\\namespace\\fs01\\Cases\\witness\\a.txt", "E:\\b.bak", "E:\\b.dd", "E:\\b.ova",
    ],
)  # fmt: skip
def test_what_holds_parts_of_a_disk_or_of_memory_may_hold_it(path: str) -> None:
    assert not is_ruled_out(WINDOWS, [opened("05T00:00:00", "ada", path)], "document", DRIVE)


@pytest.mark.parametrize("pattern", ["//fs02/Cases/*", "\\\\?\\UNC\\fs02\\Cases\\*", "\\\\fs02\\Cases\\*"])
def test_a_share_of_another_server_needs_the_log_of_that_server(pattern: str) -> None:
    assert not is_ruled_out(WINDOWS, [], "document", pattern)


# ---- AWS -------------------------------------------------------------------------------------------------------------


def aws(service: str, event: str, by: str = "ada", at: str = "05T10:00:00", **fields: Any) -> Record:
    given = fields.pop("given", {})
    return call(at, event, by, f"{service}.amazonaws.com") | {"requestParameters": given} | fields


def got(bucket: str, key: str) -> Record:
    return aws("s3", "GetObject", at="06T00:00:00", given={"bucketName": bucket, "key": key})


def scanned(table: str, region: str = "eu-central-1") -> Record:
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}"
    return aws("dynamodb", "Scan", at="06T00:00:00", awsRegion=region, resources=[{"ARN": arn}])


BY_BEN = listed("dynamodb", "GetItem", tableName="other")
ELSEWHERE = {"ReplicationConfiguration": {"Rule": {"Destination": {"Bucket": "arn:aws:s3:::copy.example"}}}}
DISKS = {"snapshotSet": {"items": [{"snapshotId": "snap-0fff", "volumeId": "vol-0abc"}]}}
DATABASE = f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:cases"
TAKEN = {"dBInstanceIdentifier": "cases", "dBSnapshotIdentifier": "s1"}
ANYTHING = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@pytest.mark.parametrize(
    ("records", "kind", "pattern"),
    [
        (
            [aws("s3", "PutBucketReplication", "ben", given={"bucketName": "cases.example", **ELSEWHERE}),
             got("copy.example", "w/secret.pdf")],
            "object", OBJECT,
        ),
        (
            [aws("s3", "RenameObject", "ben",
                 given={"bucketName": "cases.example", "key": "w/b", "x-amz-rename-source": "/w/secret.pdf"}),
             got("cases.example", "w/b")],
            "object", OBJECT,
        ),
        (
            [aws("dynamodb", "RestoreTableToPointInTime", "ben",
                 given={"sourceTableName": "witness", "targetTableName": "copy"}), scanned("copy")],
            "record_set", TABLE,
        ),
        (
            [aws("dynamodb", "RestoreTableFromBackup", "ben",
                 given={"backupArn": f"{TABLE}/backup/01", "targetTableName": "copy"}), scanned("copy")],
            "record_set", TABLE,
        ),
        (
            [aws("dynamodb", "ExportTableToPointInTime", "ben", given={"tableArn": TABLE, "s3Bucket": "other.example"}),
             got("other.example", "data/1.json.gz")],
            "record_set", TABLE,
        ),
        ([scanned("witness", "us-east-1")], "record_set", TABLE),
        (
            [aws("ec2", "CreateSnapshots", "ben", responseElements=DISKS),
             aws("ec2", "CreateVolume", at="06T00:00:00", given={"snapshotId": "snap-0fff"})],
            "snapshot", "vol-0abc",
        ),
        ([aws("rds", "CreateDBSnapshot", given=TAKEN)], "record_set", DATABASE),
        (
            [aws("secretsmanager", "GetSecretValue", awsRegion="us-east-1",
                 given={"secretId": VAULT.replace("eu-central-1", "us-east-1")})],
            "secret", VAULT,
        ),
        ([aws("secretsmanager", "TagResource", given={"secretId": VAULT})], "secret", VAULT),
        ([aws("iam", "PutUserPolicy", "ben", given={"userName": "ada", "policyDocument": ANYTHING})], "secret", VAULT),
        ([aws("iam", "AddUserToGroup", "ben", given={"userName": "ada", "groupName": "Admins"})], "secret", VAULT),
        (
            [aws("kms", "Decrypt", given={"keyId": "k"})],
            "secret", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/0a11ce00-0000-4000-8000-000000000e57",
        ),
    ],
)  # fmt: skip
def test_copies_replicas_and_rights_in_aws(records: list[Record], kind: str, pattern: str) -> None:
    assert not is_ruled_out(TRAIL, [*BY_BEN, *records], kind, pattern)


@pytest.mark.parametrize(
    ("records", "kind", "pattern"),
    [
        ([got("copy.example", "w/secret.pdf")], "object", OBJECT),
        ([scanned("copy")], "record_set", TABLE),
        ([aws("rds", "CreateDBSnapshot", given={**TAKEN, "dBInstanceIdentifier": "else"})], "secret", VAULT),
        ([aws("iam", "PutUserPolicy", "ben", given={"userName": "ben", "policyDocument": ANYTHING})], "secret", VAULT),
        ([aws("iam", "AddUserToGroup", "ben", given={"userName": "ada", "groupName": "Clerks"})], "secret", VAULT),
    ],
)
def test_neighbours_of_them_are_ruled_out(records: list[Record], kind: str, pattern: str) -> None:
    assert is_ruled_out(TRAIL, [*BY_BEN, *records], kind, pattern)


def test_a_role_the_estate_declares_may_be_taken_by_whoever_is_asked_for() -> None:
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/ben"
    who = {"type": "AssumedRole", "principalId": "AROAREADERREADER00:ben", "arn": role, "accountId": ACCOUNT}
    assert not is_ruled_out(TRAIL, [got("cases.example", "w/secret.pdf") | {"userIdentity": who}], "object", OBJECT)
    assert USERS["ben"] != role


# ---- Linux -----------------------------------------------------------------------------------------------------------

NUMBERS = {"openat": 257, "rename": 82, "symlink": 88, "link": 86, "mount": 165, "chown": 92, "execve": 59}
NUMBERS |= {"ptrace": 101, "utime": 132, "connect": 42}
PLACES = {"ada": 1001, "ben": 1002, "root": 0}
WITNESS = "/srv/cases/witness"
_Done = tuple[str, str, str, tuple[tuple[str, str], ...]]


def done(day: str, what: str, who: str, *paths: tuple[str, str]) -> _Done:
    return day, what, who, paths


def lines(events: list[_Done]) -> bytes:
    """Enriched audit records of one host; a path is (name, nametype), and one below /dev is a disk's."""
    text = ""
    for serial, (day, what, who, paths) in enumerate(sorted(events), 100):
        time = int(dt.datetime(2026, 3, int(day), tzinfo=dt.UTC).timestamp())
        login, _, acting = who.partition(">")
        head = f"node={HOST} type=%s msg=audit({time}.000:{serial}): "
        text += head % "SYSCALL" + (
            f"arch=c000003e syscall={NUMBERS[what]} success=yes exit=3 a0=ffffff9c a1=0 a2=0 a3=0 items={len(paths)} "
            f'ppid=1 pid=2 auid={PLACES[login]} uid={PLACES[acting or login]} ses=5 comm="x" exe="/usr/bin/x"\x1d'
            f'ARCH=x86_64 SYSCALL={what} AUID="{login}" UID="{acting or login}"\n'
        )
        text += head % "CWD" + 'cwd="/home/x"\n'
        for item, (name, nametype) in enumerate(paths):
            mode = "060660" if name.startswith("/dev/") else "0100644"
            text += head % "PATH" + f'item={item} name="{name}" inode=7 dev=08:01 mode={mode} nametype={nametype}\n'
    return text.encode()


def on_linux(*events: _Done, pattern: str = f"{WITNESS}/*") -> Verdict:
    around = [done(day, "openat", "ben", ("/srv/cases/menu.txt", "NORMAL")) for day in ("02", "12")]
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in ("ada", "ben"))
    word = Attestation(
        source="auditd", pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
        to=parse_time("2026-03-20T00:00:00Z") or 0, custodian="C. Invented", date="2026-03-20", setting="all",
    )  # fmt: skip
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=(Holding(kind="document", pattern=pattern),),
        attestations=(word,),
    )
    question = Question(
        identities=("ada",), from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z")
    )
    log = Log(name="audit.log", records=[], damaged=lines([*around, *events]))
    case = Case(logs=[log], estate=estate, question=question)
    acquired(case, parse_time("2026-03-20T00:00:00Z") or 0)
    return next(row.verdict for row in judged(case, no_rules()) if row.holding == pattern)


def reads(name: str, who: str = "ada") -> _Done:
    return done("05", "openat", who, (name, "NORMAL"))


@pytest.mark.parametrize(
    "events",
    [
        [done("04", "symlink", "ben", (WITNESS, "UNKNOWN"), ("/tmp/w", "CREATE")), reads("/tmp/w/a.txt")],
        [done("04", "link", "ben", (f"{WITNESS}/a.txt", "NORMAL"), ("/tmp/w", "CREATE")), reads("/tmp/w")],
        [done("04", "mount", "ben", (WITNESS, "NORMAL"), ("/mnt/w", "NORMAL")), reads("/mnt/w/a.txt")],
        [done("04", "rename", "ben", (f"{WITNESS}/a.txt", "DELETE"), ("/tmp/z", "CREATE")), reads("/tmp/z")],
        [done("04", "rename", "ben", (WITNESS, "DELETE"), ("/srv/old", "CREATE")), reads("/srv/old/a.txt")],
        [reads("/dev/sda1")],
        [reads("/proc/1/root/srv/cases/witness/a.txt")],
        [reads("/proc/44/fd/5")],
        [reads("/var/lib/docker/overlay2/0a/merged/srv/cases/witness/a.txt")],
        [reads("(null)")],
        [done("05", "openat", "ada")],
        [reads("/etc/hosts", "ada>root")],
        [done("05", "ptrace", "ada")],
        [done("05", "execve", "ada")],
    ],
)
def test_on_linux_what_was_reached_another_way_is_not_set_aside(events: list[_Done]) -> None:
    assert on_linux(*events) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "events",
    [
        [reads("/srv/else/a.txt")],
        [reads("/proc/meminfo")],
        [done("04", "symlink", "ben", ("/srv/else", "UNKNOWN"), ("/tmp/w", "CREATE")), reads("/tmp/w/a.txt")],
        [done("04", "link", "ben", (f"{WITNESS}/a.txt", "NORMAL"), ("/tmp/w", "CREATE")), reads("/srv/else/b.txt")],
        [reads(f"{WITNESS}/a.txt", "ben>root")],
        [done("05", "execve", "ada", ("/usr/bin/ls", "NORMAL"))],
        [done("05", "connect", "ada")],
        [done("05", "ptrace", "ben")],
    ],
)
def test_on_linux_what_has_nothing_to_do_with_it_is(events: list[_Done]) -> None:
    assert on_linux(*events) is Verdict.RULED_OUT


@pytest.mark.parametrize("what", ["link", "chown", "execve", "utime"])
def test_on_linux_what_is_named_another_way_is_an_access(what: str) -> None:
    events = done("05", what, "ada", (f"{WITNESS}/a.txt", "NORMAL"), ("/tmp/w", "CREATE"))
    assert on_linux(events, pattern=f"{WITNESS}/a.txt") is Verdict.CONFIRMED


@pytest.mark.parametrize("folder", ["/library/cases", "/usr/local/cases"])
def test_on_linux_a_program_beside_those_of_the_system_is_read(folder: str) -> None:
    event = done("05", "execve", "ada", (f"{folder}/run.sh", "NORMAL"))
    assert on_linux(event, pattern=f"{folder}/run.sh") is Verdict.CONFIRMED


@pytest.mark.parametrize(("text", "expected"), [("DMS-7,9", False), ("DMS-7 DMS-9", False), ("DMS-7", True)])
def test_ids_of_several_records_in_one_field_do_not_tell_which(text: str, expected: bool) -> None:
    assert tells("record_set", text, "", is_declared=bool) is expected
