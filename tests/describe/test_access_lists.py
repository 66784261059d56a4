"""Access lists as administrators export them: who was given what, and refusals that prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.describe.rows import values, write

from tocsin.assess.reach_estate import lets_open
from tocsin.describe.access_lists import EVERYBODY, REFUSED, given_by
from tocsin.describe.entries import entries_of
from tocsin.describe.taking import Taken, take

MAILBOXES = """#TYPE System.Object
"Identity","Name","DisplayName","Alias","PrimarySmtpAddress","RecipientTypeDetails"
"tribunal.example/Staff/Ada Example","Ada Example","Ada Example","ada","ada@tribunal.example","UserMailbox"
"tribunal.example/Staff/Registry","Registry","Registry","registry","registry@tribunal.example","SharedMailbox"
"tribunal.example/Staff/Bo One","Bo Twice","Bo Twice","bo.one","bo.one@tribunal.example","UserMailbox"
"tribunal.example/Staff/Bo Two","Bo Twice","Bo Twice","bo.two","bo.two@tribunal.example","UserMailbox"
"""


def taken(tmp_path: Path, **files: str) -> Taken:
    return take([write(tmp_path / "in", {f"{name}.csv": text for name, text in files.items()})])


def grants(found: Taken) -> list[tuple[str, str, str, str]]:
    return [
        (one["grantee"], one["kind"], one["pattern"], one["right"]) for one in values(found.lists).get("grants", [])
    ]


def test_mailboxes(tmp_path: Path) -> None:
    found = taken(
        tmp_path,
        mailboxes=MAILBOXES,
        permissions="""\
"AccessRights","Deny","Identity","InheritanceType","IsInherited","User"
"FullAccess","False","Registry","All","False","ada@tribunal.example"
"{FullAccess}","True","Registry","All","False","TRIBUNAL\\Interns"
"FullAccess","False","Ada Example","All","True","NT AUTHORITY\\SELF"
"FullAccess","False","Bo Twice","All","False","ada@tribunal.example"
"FullAccess","False","Nobody Listed","All","False","ada@tribunal.example"
"FullAccess","False","other@tribunal.example","All","False","S-1-5-21-1-2-3-513"
""",
        folders="""\
"FolderName","User","AccessRights","Identity"
"Calendar","Default","AvailabilityOnly","registry:\\Calendar"
"Inbox","Anonymous","None","registry:\\Inbox"
"Inbox","Ada Example","Reviewer","registry:\\Inbox"
""",
        sending='"Identity","Trustee","AccessControlType","AccessRights"\n"Registry","ada@tribunal.example","Allow","SendAs"\n',
    )
    assert sorted(grants(found)) == [
        ("*", "mailbox", "other@tribunal.example", "FullAccess"),
        ("*", "mailbox", "registry@tribunal.example", "AvailabilityOnly of its folder Calendar"),
        ("Ada Example", "mailbox", "registry@tribunal.example", "Reviewer of its folder Inbox"),
        ("TRIBUNAL\\Interns", "mailbox", "registry@tribunal.example", "denied: FullAccess"),
        ("ada@tribunal.example", "mailbox", "registry@tribunal.example", "FullAccess"),
        ("ada@tribunal.example", "mailbox", "registry@tribunal.example", "SendAs"),
    ]
    told = [(Path(one.file).name, one.line, one.why) for one in found.unread]
    assert [(name, line) for name, line, _ in told] == [("permissions.csv", 5), ("permissions.csv", 6)]
    assert "import the list of mailboxes (Get-Mailbox)" in told[0][2]
    rows = {Path(one.file).name: (one.rows, one.apart) for one in found.read}
    assert rows == {"mailboxes.csv": (4, 0), "permissions.csv": (6, 1), "folders.csv": (3, 1), "sending.csv": (1, 0)}


def test_shares_and_folders(tmp_path: Path) -> None:
    found = taken(
        tmp_path,
        shares="""\
"Name","ScopeName","AccountName","AccessControlType","AccessRight","PSComputerName"
"Matters","*","Everyone","Allow","Read","files-01"
"Matters","*","TRIBUNAL\\Registry","Deny","Full","files-01"
"Lonely","*","Everyone","Allow","Full",""
""",
        acl="""\
"PSPath","Path","Owner","AccessToString"
"x","Microsoft.PowerShell.Core\\FileSystem::\\\\files-01\\Matters\\M1","O","NT AUTHORITY\\SYSTEM Allow  FullControl
TRIBUNAL\\ada Allow  ReadAndExecute, Synchronize
TRIBUNAL\\bo Deny  Write"
"x","D:\\Matters\\M2","O","nothing that is known"
""",
        entries="""\
"Path","FileSystemRights","AccessControlType","IdentityReference","IsInherited"
"D:\\Matters\\M2","-1610612736","Allow","TRIBUNAL\\Domain Users","True"
""",
    )
    assert sorted(grants(found)) == [
        ("*", "folder", "D:\\Matters\\M2\\*", "-1610612736"),
        ("*", "folder", "\\\\files-01\\Matters\\*", "Read"),
        ("TRIBUNAL\\Registry", "folder", "\\\\files-01\\Matters\\*", "denied: Full"),
        ("TRIBUNAL\\ada", "folder", "\\\\files-01\\Matters\\M1\\*", "ReadAndExecute, Synchronize"),
        ("TRIBUNAL\\bo", "folder", "\\\\files-01\\Matters\\M1\\*", "denied: Write"),
    ]
    assert [(Path(one.file).name, one.line) for one in found.unread] == [("acl.csv", 5), ("shares.csv", 4)]


def test_sites(tmp_path: Path) -> None:
    header = "Resource Path,Item Type,Permission,User Name,User Email,User Or Group Type,Link ID,Link Type\n"
    found = taken(
        tmp_path,
        sites="Url,Title\nhttps://tribunal.example/sites/m1,Matter 1\n",
        members="""\
SiteUrl,Roles,Users
https://tribunal.example/sites/m1,Full Control,i:0#.f|membership|ada@tribunal.example;Owners
""",
        sharing=header
        + "sites/m1/Shared Documents/a.docx,File,Contribute,Bo,bo@tribunal.example,Internal,,\n"
        + "sites/m1/Shared Documents,Folder,Read,,,,77,Anonymous\n"
        + "sites/m9/x,Folder,Read,Bo,bo@tribunal.example,Internal,,\n",
    )
    assert sorted(grants(found)) == [
        ("*", "site", "https://tribunal.example/sites/m1/Shared Documents/*", "Read"),
        ("Owners", "site", "https://tribunal.example/sites/m1/*", "Full Control"),
        ("ada@tribunal.example", "site", "https://tribunal.example/sites/m1/*", "Full Control"),
        ("bo@tribunal.example", "site", "https://tribunal.example/sites/m1/Shared Documents/a.docx", "Contribute"),
    ]
    assert [(Path(one.file).name, one.line) for one in found.unread] == [("sharing.csv", 4)]


names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
FORMS = (
    ("AccessRights,Deny,Identity,User", "{right},{deny},a@x,{who}", ("True", "False")),
    ("AccessRights,AccessControlType,Identity,Trustee", "{right},{deny},a@x,{who}", ("Deny", "Allow")),
    ("Name,AccountName,AccessControlType,AccessRight,PSComputerName", "s,{who},{deny},{right},h", ("Deny", "Allow")),
    ("Path,FileSystemRights,AccessControlType,IdentityReference", "D:\\s,{right},{deny},{who}", ("Deny", "Allow")),
    ("Path,AccessToString", "D:\\s,{who} {deny}  {right}", ("Deny", "Allow")),
)


@given(st.sampled_from(FORMS), names, names, st.booleans())
def test_a_refusal_is_never_a_way_and_a_gift_always_is(
    form: tuple[str, str, tuple[str, str]], who: str, right: str, is_denied: bool
) -> None:
    header, row, words = form
    _, (entry,) = entries_of("a.csv", f"{header}\n{row.format(who=who, right=right, deny=words[not is_denied])}\n")
    found = given_by(entry)
    assert not isinstance(found, str)
    for one in found:
        assert one.right.startswith(REFUSED) == is_denied
        assert lets_open(one.right) != is_denied or one.right.lower().startswith(("denied", "send"))
        assert one.who in (who, EVERYBODY)
    assert found or who.lower() == "system" or right.lower() == "none"


@pytest.mark.parametrize("right", ["SendAs", "Send on behalf", "denied: FullAccess"])
def test_what_opens_nothing(right: str) -> None:
    assert not lets_open(right)
    assert lets_open(f"FullAccess, {right}")
