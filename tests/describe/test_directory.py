"""Exports that people have, in the shape their makers give them, with invented content."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.describe.rows import lists, values

from tocsin.describe.importing import imported, lists_in
from tocsin.describe.ldif import ldif_entries, sid_text
from tocsin.describe.taking import take

OBJECT = "0e5f2f0a-1111-4222-8333-444455556666"
MAILBOX = "7a6b5c4d-1111-4222-8333-444455556666"


def taken(tmp_path: Path, domain: str = "", **files: str) -> dict[str, list[dict[str, str]]]:
    paths = []
    for name, text in files.items():
        path = tmp_path / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    found = take(paths, domain)
    assert found.unread == []
    return values(found.lists)


def test_users_of_entra_as_the_portal_and_as_graph_give_them(tmp_path: Path) -> None:
    portal = (
        "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled\n"
        f"Ada@tribunal.example,Ada Example,Example,ada.example@tribunal.example,Ada,{OBJECT},Member,clerk,Registry,"
        "False\n"
    )
    graph = (
        f'{{"value": [{{"id": "{OBJECT}", "userPrincipalName": "Ada@tribunal.example", "displayName": "Ada Example",'
        '"mail": "ada.example@tribunal.example", "jobTitle": "clerk", "department": "Registry",'
        '"accountEnabled": false, "employeeHireDate": "2024-02-01T00:00:00Z", "businessPhones": []}]}'
    )
    expected = {
        "id": "ada@tribunal.example",
        "name": "Ada Example",
        "accounts": f"Ada@tribunal.example;ada.example@tribunal.example;{OBJECT}",
        "unit": "Registry",
        "role": "clerk",
        "comment": "disabled in the directory",
    }
    assert taken(tmp_path, users__csv=portal) == {"identities": [expected]}
    assert taken(tmp_path, users__json=graph) == {"identities": [{**expected, "from": "2024-02-01"}]}


def test_mailboxes_with_their_other_names(tmp_path: Path) -> None:
    text = (
        "#TYPE Selected.Microsoft.Exchange.Data.Directory.Management.Mailbox\n"
        '"DisplayName","UserPrincipalName","PrimarySmtpAddress","RecipientTypeDetails","ExchangeGuid","EmailAddresses"\n'
        f'"Ada Example","ada@tribunal.example","Ada@tribunal.example","UserMailbox","{MAILBOX}",'
        '"SMTP:Ada@tribunal.example;smtp:registrar@tribunal.example"\n'
        '"Filings","filings@tribunal.example","filings@tribunal.example","SharedMailbox","",""\n'
    )
    found = taken(tmp_path, mailboxes__csv=text)
    assert [(one["pattern"], one.get("owner", "")) for one in found["holdings"]] == [
        ("ada@tribunal.example", "ada@tribunal.example"),
        ("filings@tribunal.example", ""),
    ]
    assert [(one["kind"], one["name"], one["other"]) for one in found["aliases"]] == [
        ("mailbox", "ada@tribunal.example", "registrar@tribunal.example"),
        ("mailbox", "ada@tribunal.example", MAILBOX),
    ]
    assert [one["id"] for one in found["identities"]] == ["ada@tribunal.example"]


def test_sites_and_the_labels_they_bear(tmp_path: Path) -> None:
    sites = (
        "Site name,URL,Primary admin,Sensitivity,Storage used (GB)\n"
        f"Matter 12,https://tribunal.example/sites/m12/,ada@tribunal.example,{OBJECT},1\n"
        "Canteen,https://tribunal.example/sites/canteen,,None,1\n"
    )
    labels = f"ImmutableId,DisplayName,Priority,Tooltip\nx,Open,0,\n{OBJECT},Sealed,5,Persons at risk\n"
    found = taken(tmp_path, sites__csv=sites, labels__csv=labels)
    assert [(one["pattern"], one.get("sensitivity")) for one in found["holdings"]] == [
        ("https://tribunal.example/sites/m12/*", "Sealed"),
        ("https://tribunal.example/sites/canteen/*", None),
    ]
    assert [(one["name"], one["label"]) for one in found["sensitivities"]] == [("Sealed", OBJECT), ("Open", "x")]


def test_what_powershell_says_of_a_domain(tmp_path: Path) -> None:
    users = (
        '"DistinguishedName","Enabled","Name","ObjectClass","SamAccountName","SID","UserPrincipalName","Department"\n'
        '"CN=Ada,DC=tribunal,DC=example","True","Ada","user","ada","S-1-5-21-1-2-3-1101","ada@tribunal.example","Registry"\n'
    )
    computers = (
        '"DNSHostName","Name","ObjectClass","OperatingSystem"\n'
        '"FS01.tribunal.example","FS01","computer","Windows Server 2022"\n'
    )
    found = taken(tmp_path, "TRIBUNAL", users__csv=users, computers__csv=computers)
    assert found["identities"][0]["accounts"] == "ada@tribunal.example;TRIBUNAL\\ada;S-1-5-21-1-2-3-1101"
    assert found["hosts"] == [{"name": "fs01.tribunal.example", "role": "server", "comment": "Windows Server 2022"}]


SID = base64.b64encode(bytes((1, 5, 0, 0, 0, 0, 0, 5)) + b"".join(n.to_bytes(4, "little") for n in (21, 1, 2, 3, 512)))
LDIF = f"""version: 1

dn: CN=TRIBUNAL,CN=Partitions,CN=Configuration,DC=tribunal,DC=example
objectClass: crossRef
nCName: DC=tribunal,DC=example
nETBIOSName: TRIBUNAL

# a comment
 that goes on
dn: CN=Ada Example,OU=Staff,DC=tribunal,DC=example
objectClass: top
objectClass: person
objectClass: user
sAMAccountName: ada
userPrincipalName: ada@tribunal.ex
 ample
displayName:: {base64.b64encode("Ada Exämple".encode()).decode()}
department: Registry
accountExpires: 133801632000000000
memberOf: CN=Clerks,DC=tribunal,DC=example
jpegPhoto:: /9j/4AAQ

dn: CN=Domain Admins,CN=Users,DC=tribunal,DC=example
objectClass: group
sAMAccountName: Domain Admins
objectSid:: {SID.decode()}
member: CN=Operators,DC=tribunal,DC=example

dn: CN=Operators,DC=tribunal,DC=example
objectClass: group
sAMAccountName: Operators
member: CN=Ada Example,OU=Staff,DC=tribunal,DC=example
member: CN=Somebody,DC=elsewhere,DC=example

dn: CN=gmsa-backup,DC=tribunal,DC=example
objectClass: computer
objectClass: msDS-GroupManagedServiceAccount
sAMAccountName: gmsa-backup$

dn: CN=DC01,OU=Domain Controllers,DC=tribunal,DC=example
objectClass: computer
dNSHostName: dc01.tribunal.example
primaryGroupID: 516

dn: OU=Staff,DC=tribunal,DC=example
objectClass: organizationalUnit
"""


def test_a_whole_domain_in_ldif(tmp_path: Path) -> None:
    path = tmp_path / "domain.ldif"
    path.write_text(LDIF, encoding="utf-8")
    found = take([path])
    known = values(found.lists)
    assert known["identities"] == [
        {
            "id": "ada@tribunal.example",
            "name": "Ada Exämple",
            "accounts": "ada@tribunal.example;TRIBUNAL\\ada",
            "unit": "Registry",
            "to": "2024-12-31",
            "administrator": "yes",  # through a group in Domain Admins
        }
    ]
    assert [(one["identity"], one["group"]) for one in known["memberships"]] == [
        ("ada@tribunal.example", "Clerks"),
        ("Operators", "Domain Admins"),
        ("ada@tribunal.example", "Operators"),
    ]
    assert known["aliases"] == [{"kind": "group", "name": "Domain Admins", "other": "S-1-5-21-1-2-3-512"}]
    assert known["services"][0]["accounts"] == "TRIBUNAL\\gmsa-backup$"
    assert known["hosts"] == [{"name": "dc01.tribunal.example", "role": "domain controller"}]
    assert {one["id"] for one in known["groups"]} == {"Clerks", "Domain Admins", "Operators"}
    assert [(one.rows, one.apart) for one in found.read] == [(7, 2)]
    assert found.notes == [f"{path}: 1 members of groups are in none of the files"]


def test_lists_of_one_person_from_two_systems_are_one_identity(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("UserPrincipalName,Id,Department\nada@tribunal.example," + OBJECT + ",Registry\n")
    (tmp_path / "b.ldif").write_text(LDIF, encoding="utf-8")
    found = imported(lists(), [tmp_path])
    (tmp_path / "out").mkdir()
    for name, text in found.files.items():
        (tmp_path / "out" / name).write_text(text, encoding="utf-8")
    (ada,) = lists_in(tmp_path / "out")["identities"]
    assert ada.values["accounts"] == f"ada@tribunal.example;{OBJECT};TRIBUNAL\\ada"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("dn: x\nobjectClass:: ***\n", "objectclass is not base64"),
        ("dn: x\nchangetype: delete\n", "a change, and no entry"),
        ("objectClass: user\n", "an entry without a dn"),
        ("dn: x\nno attribute\n", "a line that is no attribute and its value"),
    ],
)
def test_an_entry_that_is_none(text: str, fault: str) -> None:
    assert [one.fault for one in ldif_entries(text)] == [fault]


def test_a_sid_of_bytes_that_are_none() -> None:
    assert sid_text(b"\1\5\0\0\0\0\0\5") == ""
    assert sid_text(base64.b64decode(SID)) == "S-1-5-21-1-2-3-512"


def test_columns_that_mean_nothing_are_told_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "canteen.csv"
    path.write_text("dish,price\nsoup,3\nbread,1\n")
    found = take([path])
    assert [(one.line, one.why) for one in found.unread] == [
        (2, "nothing an estate has is known by these columns"),
        (3, "nothing an estate has is known by these columns"),
    ]


@pytest.mark.parametrize(
    "begun", ["", "version: 1\n\n", "# a comment, with a comma\n#\n\nversion: 1\n# more\n\n", "\r\n\n"]
)
def test_ldif_is_known_however_it_begins(tmp_path: Path, begun: str) -> None:
    path = tmp_path / "export.ldf"
    path.write_text(f"{begun}dn: CN=Ada,DC=tribunal,DC=example\nchangetype: add\nobjectClass: user\nuid: ada\n")
    assert [(one.kind, one.taken) for one in take([path]).read] == [("LDIF", 1)]
    path.write_text('dn,objectClass,uid\n"CN=Ada,DC=x",user,ada\n')
    assert [(one.kind, one.taken) for one in take([path]).read] == [("CSV", 1)]
