"""Logs of Microsoft 365 made by hand: records in forms an exporter leaves them in, and names written otherwise."""

from __future__ import annotations

import json
from itertools import pairwise
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
    M365,
    OPEN,
    OWN,
    SECRET,
    SITE,
    Record,
    audit,
    document,
    mail,
)

from tocsin.model.estate import Attestation, Estate, Holding, Identity
from tocsin.model.exposure import Verdict
from tocsin.model.instant import parse_time
from tocsin.model.question import Question

LIBRARY, OTHER = f"{SITE}/Shared Documents", "https://tribunal.sharepoint.com/sites/other"
MESSAGE, AT = "<w@elsewhere.example>", "05T10:00:00"
ONE, GUID = {"InternetMessageId": "<a@elsewhere.example>"}, "99999999-2222-4333-8444-555555555555"
SITES = [("site", SITE), ("site", OTHER)]


def read(url: Any, operation: str = "FileAccessed", **fields: Any) -> Record:
    return document(AT, ADA, url, operation, **fields)


def is_ruled_out(
    kind: str, pattern: str, *records: Record, beside: list[tuple[str, str]] | None = None, line: str = ""
) -> bool:
    """Whether all of it is, where the log holds these records and a line as it stands."""
    known = sorted([*AROUND[M365], *records], key=lambda one: str(one["CreationTime"]))
    lines = [json.dumps(one, ensure_ascii=False) for one in known]
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in (ADA, BEN, CYN, APP))
    word = Attestation(
        source=M365, pattern="*", from_=parse_time("2026-03-01T00:00:00Z") or 0,
        to=parse_time("2026-03-20T00:00:00Z") or 0, custodian="C. Invented", date="2026-03-20", setting="all",
    )  # fmt: skip
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=tuple(Holding(kind=of, pattern=name) for of, name in ((kind, pattern), *(beside or []))),
        attestations=(word,),
    )
    asked = Question(identities=(ADA,), from_=parse_time("2026-03-03T00:00:00Z"), to=parse_time("2026-03-11T00:00:00Z"))
    data = "\n".join([*lines[:2], *([line] if line else []), *lines[2:]]).encode()
    case = Case(logs=[Log(name="a.jsonl", records=[], damaged=data)], estate=estate, question=asked)
    acquired(case, parse_time("2026-03-20T00:00:00Z") or 0)
    rows = [row for row in judged(case, no_rules()) if row.holding == pattern]
    return any(row.verdict is Verdict.RULED_OUT and not row.label for row in rows)


def of_cyn(*records: Record) -> bool:
    return is_ruled_out("mailbox", CYN, *records, beside=OWN[:2])


# ---- Mail ------------------------------------------------------------------------------------------------------------


def items(*found: Any, **fields: Any) -> Record:
    folder = {"Id": "L1", "Path": "\\Inbox", "FolderItems": list(found)}
    return mail(AT, ADA, ADA, Folders=[folder]) | fields


@pytest.mark.parametrize(
    "record",
    [
        items(ONE, {"SizeInBytes": 55}),
        items(ONE, "@{InternetMessageId=<w@elsewhere.example>}"),  # as PowerShell prints what lies too deep
        items(ONE, Item={"InternetMessageId": MESSAGE}),
        items({"InternetMessageId": [MESSAGE]}, ONE),
        mail(AT, ADA, ADA, Folders=[{"Id": "L1", "Path": "\\Inbox", "FolderItems": [ONE]}, "@{Id=L2; Path=\\Witness}"]),
        audit(AT, "HardDelete", ADA, RecordType=3, MailboxOwnerUPN=ADA, AffectedItems=[ONE, {"Id": None}]),
    ],
)
def test_an_item_of_several_that_is_not_told_may_be_any(record: Record) -> None:
    assert not is_ruled_out("mail_item", MESSAGE, record)
    assert is_ruled_out("mail_item", MESSAGE, items(ONE))


@pytest.mark.parametrize(
    "told", [{"Id": "RgAAAA1", "ImmutableId": "LgAAAA1"}, {"Id": "RgAAAABx/1+"}, {"ImmutableId": "LgAAAA1"}]
)
@pytest.mark.parametrize("asked", ["RgAAAA9", "AAMkAGI1-_AA="])
def test_an_item_has_several_ids_of_its_store(told: dict[str, str], asked: str) -> None:
    assert not is_ruled_out("mail_item", asked, items(told))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"SendAsUserMailboxGuid": GUID}, False), ({"SendOnBehalfOfUserMailboxGuid": GUID}, False), ({}, False),
        ({"SendAsUserSmtp": BEN}, True), ({"SendAsUserMailboxGuid": GUID, "MailboxGuid": GUID}, True),
    ],
)  # fmt: skip
def test_mail_sent_as_another_reaches_the_mailbox_of_the_other(fields: dict[str, str], expected: bool) -> None:
    assert of_cyn(audit(AT, "SendAs", ADA, RecordType=2, MailboxOwnerUPN=ADA, Item=ONE, **fields)) is expected


@pytest.mark.parametrize("told", [["@{Name=IsThrottled; Value=True}"], "System.Object[]"])
def test_recording_that_may_have_stopped_in_a_text_stopped(told: object) -> None:
    assert not of_cyn(mail("04T10:00:00", CYN, CYN, OperationProperties=told))


def test_an_address_of_another_form_of_the_domain_may_be_an_alias() -> None:
    assert not is_ruled_out("mailbox", f"{CYN}.org", mail(AT, ADA, CYN), beside=[("mailbox", ADA)])


def test_a_mailbox_that_a_pattern_fits_is_not_declared_by_it() -> None:
    of_one, aliases = mail(AT, ADA, "registry.cyn@tribunal.example"), [("mailbox", ADA), ("mailbox", "registry*")]
    assert not is_ruled_out("mailbox", CYN, of_one, beside=aliases)
    assert is_ruled_out("mailbox", CYN, mail(AT, ADA, ADA), beside=aliases)


def test_an_address_that_was_given_to_another_mailbox_is_both() -> None:
    changed = [{"Name": "UserPrincipalName", "OldValue": f'["{CYN}"]', "NewValue": f'["{BEN}"]'}]
    given = audit("04T10:00:00", "Update user.", APP, RecordType=8, ObjectId=CYN, ModifiedProperties=changed)
    assert not of_cyn(given, mail(AT, ADA, BEN))
    assert of_cyn(given, mail(AT, ADA, ADA))


@pytest.mark.parametrize(("said", "expected"), [(1, False), ("True", False), (False, True), ("0", True), (None, True)])
def test_a_copy_into_another_mailbox_however_that_is_said(said: object, expected: bool) -> None:
    copied = audit(AT, "Copy", ADA, RecordType=3, MailboxOwnerUPN=ADA, CrossMailboxOperation=said, AffectedItems=[ONE])
    assert of_cyn(copied) is expected


def test_a_rule_of_a_mailbox_by_its_guid_is_not_the_callers() -> None:
    rule = audit(
        AT, "UpdateInboxRules", ADA, RecordType=2, OperationProperties=[{"Name": "RuleOperation", "Value": "x"}]
    )
    assert not of_cyn(rule | {"MailboxGuid": GUID})
    assert of_cyn(rule | {"MailboxOwnerUPN": ADA})


@pytest.mark.parametrize("asked", [f"mid:{MESSAGE[1:-1]}", f"Message-ID: {MESSAGE}", f"&lt;{MESSAGE[1:-1]}&gt;"])
def test_the_id_of_a_message_as_people_copy_it(asked: str) -> None:
    assert not is_ruled_out("mail_item", asked, items({"InternetMessageId": MESSAGE}))
    assert is_ruled_out("mail_item", asked, items(ONE))


# ---- Values of another form than the declared one --------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        read([OPEN, SECRET]),
        read(f"{OPEN}; {SECRET}"),
        read(None, SourceRelativeUrl="Shared Documents/witness"),
        read(None, SourceFileName="secret.docx"),
        read(f"{LIBRARY}/witness", ItemType=2),
        read(f"{LIBRARY}/witness/~$cret.docx", "FileUploaded"),  # written where a document is open
        read(f"{SITE}/RecycleBin/secret.docx", "FileRestored"),
        read(f"{LIBRARY}/witness/b/secret.docx", SourceRelativeUrl="Shared Documents/witness")
        | {"SourceFileName": "secret.docx"},
        read(f"{SITE}/_layouts/15/getpreview.ashx?guidFile={GUID}", "FilePreviewed"),
        document(AT, BEN, SECRET) | {"UserId": [ADA, BEN]},
    ],
)  # fmt: skip
def test_what_names_several_things_or_half_of_one_may_be_it(record: Record) -> None:
    assert not is_ruled_out("document", SECRET, record)
    assert is_ruled_out("document", SECRET, read(OPEN, SourceRelativeUrl="Shared Documents", SourceFileName="b.docx"))


def test_of_a_move_to_several_mailboxes_none_is_told() -> None:
    moved = audit(AT, "Move", ADA, RecordType=3, MailboxOwnerUPN=ADA, AffectedItems=[ONE])
    assert not of_cyn(moved | {"DestMailboxOwnerUPN": [CYN]})
    assert of_cyn(moved | {"DestMailboxOwnerUPN": ADA})


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        (read(OPEN), {"ObjectId": SECRET}, False), (document(AT, BEN, SECRET), {"UserId": ADA}, False),
        (read(OPEN), {"ObjectId": OPEN}, True), (read(OPEN), {"Note": 'a "b": c'}, False),
        (document(AT, BEN, SECRET), {"Note": 'a "b": c'}, True),
    ],
)  # fmt: skip
def test_a_name_that_stands_twice_in_a_record_has_both_values(record: Record, name: Record, expected: bool) -> None:
    twice = json.dumps(name)[:-1] + ", " + json.dumps(record)[1:]
    assert is_ruled_out("document", SECRET, line=twice) is expected


# ---- What colleagues renamed, moved and copied -----------------------------------------------------------------------


def changed(operation: str, source: str = SECRET, **fields: Any) -> Record:
    return document("04T10:00:00", BEN, source, operation, **fields)


INTO = {"DestinationRelativeUrl": "Shared Documents", "DestinationFileName": "menu.docx"}
FROM = {"SourceRelativeUrl": "Shared Documents/witness", "SourceFileName": "secret.docx"}
MENU, ELSEWHERE = f"{LIBRARY}/menu.docx", f"{OTHER}/Shared Documents/menu.docx"


@pytest.mark.parametrize(
    ("change", "url"),
    [
        (changed("FileCopied", MENU, **FROM, **INTO), MENU),  # the address is where it went to
        (changed("FileRenamed", **FROM, DestinationFileName="menu.docx"), f"{LIBRARY}/witness/menu.docx"),
        (changed("FileRenamed", **INTO) | {"SiteUrl": None}, MENU),
        (changed("FileCopied", **INTO | {"DestinationRelativeUrl": f"{OTHER}/Shared Documents"}), ELSEWHERE),
        (changed("FileCopied", **INTO | {"DestinationRelativeUrl": "sites/other/Shared Documents"}), ELSEWHERE),
        (changed("FileMoved", **INTO), ELSEWHERE),  # relative to the site it went to
        (changed("FileMoved"), MENU),
        (changed("FileRenamed", DestinationFileName="Shared Documents/menu.docx"), MENU),
        (changed("FileCopied", DestinationRelativeUrl=["Shared Documents"], DestinationFileName=["menu.docx"]), MENU),
        (
            changed("SiteRenamed", f"{SITE}/", ModifiedProperties=[{"Name": "x", "OldValue": SITE, "NewValue": OTHER}]),
            f"{OTHER}/Shared Documents/witness/secret.docx",
        ),
    ],
)
def test_what_went_where_the_record_does_not_quite_say_may_be_there(change: Record, url: str) -> None:
    site = OTHER if url.startswith(OTHER) else SITE
    there = read(url, SiteUrl=f"{site}/")
    assert not is_ruled_out("document", SECRET, change, there, beside=SITES)
    assert is_ruled_out("document", SECRET, there, beside=SITES)


def test_what_is_renamed_again_and_again_is_still_the_folder() -> None:
    names = ["witness", *(f"n{number}" for number in range(40))]
    renamings = [
        changed(
            "FolderRenamed", f"{LIBRARY}/{old}", ItemType="Folder", Id=f"r{number}",
            DestinationRelativeUrl="Shared Documents", DestinationFileName=new,
        )
        for number, (old, new) in enumerate(pairwise(names))
    ]  # fmt: skip
    assert not is_ruled_out("document", SECRET, *renamings, read(f"{LIBRARY}/n39/secret.docx"))
    assert is_ruled_out("document", SECRET, *renamings, read(f"{LIBRARY}/m/secret.docx"))


@pytest.mark.parametrize(
    ("kind", "id_"), [("Page", GUID), ("ListItem", GUID), (None, GUID), ("file", GUID), ("File", f"{{{GUID}}}")]
)
def test_one_document_by_its_id_whatever_it_is_called(kind: str, id_: str) -> None:
    before = document("04T10:00:00", BEN, SECRET, ItemType=kind, ListItemUniqueId=id_)
    now = read(MENU, ItemType=kind, ListItemUniqueId=GUID)
    assert not is_ruled_out("document", SECRET, before, now)
    assert is_ruled_out("document", SECRET, before, now | {"ListItemUniqueId": APP})


def test_a_site_whose_name_begins_another_may_be_another_name_of_it() -> None:
    short = "https://tribunal.sharepoint.com/sites/case"
    assert not is_ruled_out("document", SECRET, read(f"{short}/Shared Documents/b.docx", SiteUrl=f"{short}/"))


def test_a_site_that_a_pattern_fits_is_not_declared_by_it() -> None:
    old = "https://tribunal.sharepoint.com/sites/old"
    there = read(f"{old}/Shared Documents/witness/secret.docx", SiteUrl=f"{old}/")
    assert not is_ruled_out("document", SECRET, there, beside=[("site", "https://tribunal.sharepoint.com/*")])


# ---- Names as people, programs and exporters write them --------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "recorded"),
    [
        ("Case%20%237/*", "Case #7/a.docx"), ("secret%20%231.docx", "secret #1.docx"),
        ("Case #7/*", "Case%20%237/a.docx"), ("t\u00e9moin.docx", "t?moin.docx"),
        ("\u0434\u0435\u043b\u043e/*", "????/a.docx"), ("t\u00e9moin.docx", "t\ufffdmoin.docx"),
        ("t\u00e9moin.docx", "t\u00c3\u00a9moin.docx"), ("t\u00e9moin.docx", "t\u251c\u2310moin.docx"),
        ("t\u00e9moin.docx", "t\\xe9moin.docx"), ("t\u00c3\u00a9moin.docx", "t\u00e9moin.docx"),
        ("t%E9moin.docx", "t\u00e9moin.docx"), ("x/../witness/*", "witness/a.docx"),
        ("witness/*", "x/../witness/a.docx"), ("w list.docx", "w+list.docx"), ("w+list/*", "w list/a.docx"),
        ("\u0639 7.docx", "\u0639 \u0667.docx"), ("case-7.docx", "case\u22127.docx"),
        ("witness\\*", "witness/a.docx"), ("witness/*", "witness\\a.docx"), ("witness/.*", "witness/a.docx"),
        ("witness/{secret,list}.docx", "witness/list.docx"), ("witness\u2019s.docx", "witness's.docx"),
        ("case\u20137.docx", "case-7.docx"), ("case\u20117.docx", "case-7.docx"),
        ("\u0455\u0435\u0441ret.docx", "secret.docx"), ("PECA.docx", "\u0420\u0415\u0421\u0410.docx"),
        ("w list.docx", "w  list.docx"), ("\u0639\u0644\u064a.docx", "\u0639\u0640\u0640\u0644\u064a.docx"),
        ("a & b.docx", "a &amp; b.docx"), ("w's.docx", "w&#39;s.docx"),
    ],
)  # fmt: skip
def test_one_name_written_two_ways(pattern: str, recorded: str) -> None:
    of, all_of_it = f"{LIBRARY}/{pattern}", [("site", f"{SITE}/*")]
    assert not is_ruled_out("document", of, read(f"{LIBRARY}/{recorded}"), beside=all_of_it)
    assert is_ruled_out("document", of, read(f"{LIBRARY}/menu.docx"), beside=all_of_it)


@pytest.mark.parametrize(
    ("kind", "pattern", "url"),
    [
        ("document", f"{SITE}/Lists/Cases/DispForm.aspx?ID=12", f"{SITE}/Lists/Cases/Attachments/12/a.docx"),
        ("document", f"{SITE}/SitePages/Witness.aspx?Mode=Edit", f"{SITE}/SitePages/Witness.aspx"),
        ("document", f"{SITE}/SitePages/Witness.aspx", f"{SITE}/SitePages/Witness.aspx?Mode=Edit"),
        ("site", f"{SITE}/SitePages/Home.aspx", SECRET),
        ("site", f"{SITE}/_layouts/15/viewlsts.aspx", SECRET),
        ("folder", f"{LIBRARY}/Forms/AllItems.aspx", SECRET),
        ("folder", f"{SITE}/Lists/Cases/AllItems.aspx", f"{SITE}/Lists/Cases/Attachments/12/a.docx"),
    ],
)
def test_a_page_stands_for_what_it_shows(kind: str, pattern: str, url: str) -> None:
    assert not is_ruled_out(kind, pattern, read(url))
    there = read(f"{OTHER}/b.docx", SiteUrl=f"{OTHER}/")
    assert is_ruled_out(kind, pattern, there, beside=[("site", f"{OTHER}/*")])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("Shared%20Documents/Case%20%237/a.docx", "Shared Documents/Case #7/a.docx"),
        ("Shared Documents/a.docx?web=1", "Shared Documents/a.docx"),
        ("Shared Documents/w/a.docx", "my?id=%2Fw%2Fa.docx"),
    ],
)
def test_a_document_of_the_root_site(pattern: str, path: str) -> None:
    root = "https://tribunal.sharepoint.com"
    there, all_of_it = read(f"{root}/{path}", SiteUrl=f"{root}/"), [("site", f"{root}/*")]
    assert not is_ruled_out("document", f"{root}/{pattern}", there, beside=all_of_it)
    assert is_ruled_out("document", f"{root}/{pattern}", read(f"{root}/b.docx", SiteUrl=f"{root}/"), beside=all_of_it)
