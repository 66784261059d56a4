"""A directory that is asked itself gives what an export of it gives, and says what it was not given."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ldap3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.describe.rows import values

from tocsin.describe.directory import LDAP_ATTRIBUTES
from tocsin.describe.ldap_server import entries_of_server
from tocsin.describe.ldap_url import DirectoryAsked, directory_asked
from tocsin.describe.taking import Taken, take
from tocsin.errors import ConfigError

BASE = "DC=tribunal,DC=example"
SID = bytes.fromhex("010500000000000515000000010000000200000003000000")
Attributes = Mapping[str, Sequence[bytes]]
DOMAIN: dict[str, Attributes] = {
    f"CN=Ada Exämple,OU=Staff,{BASE}": {
        "objectClass": [b"top", b"person", b"user"],
        "cn": ["Ada Exämple".encode()],
        "userPrincipalName": [b"ada@tribunal.example"],
        "sAMAccountName": [b"ada"],
        "objectSid": [SID + (1104).to_bytes(4, "little")],
        "department": [b"Registry"],
        "accountExpires": [b"133801632000000000"],
        "unicodePwd": [b"secret"],
        "thumbnailPhoto": [b"\xff\xd8\xff"],
    },
    f"CN=Domain Admins,{BASE}": {
        "objectClass": [b"top", b"group"],
        "cn": [b"Domain Admins"],
        "objectSid": [SID + (512).to_bytes(4, "little")],
        "member": [f"CN=Ada Exämple,OU=Staff,{BASE}".encode(), f"CN=Gone,{BASE}".encode()],
    },
    f"CN=DC01,{BASE}": {
        "objectClass": [b"top", b"person", b"user", b"computer"],
        "cn": [b"DC01"],
        "dNSHostName": [b"dc01.tribunal.example"],
        "primaryGroupID": [b"516"],
    },
}


def asked(**changed: Any) -> DirectoryAsked:
    return directory_asked(f"ldaps://dc01.tribunal.example/{BASE}", **changed)


def mocked(entries: Mapping[str, Attributes]) -> ldap3.Connection:
    server = ldap3.Server("dc01.tribunal.example", get_info=ldap3.NONE)
    connection = ldap3.Connection(server, client_strategy=ldap3.MOCK_SYNC, check_names=False, auto_range=False)
    for dn, attributes in entries.items():
        connection.strategy.add_entry(dn, {name: list(texts) for name, texts in attributes.items()})
    connection.bind()
    return connection


def ldif(entries: Mapping[str, Attributes]) -> str:
    """Every entry as an export writes it; all values in base64, which any may be."""

    def coded(value: bytes) -> str:
        return base64.b64encode(value).decode()

    return "\n".join(
        "".join(
            (
                f"dn:: {coded(dn.encode())}\n",
                *(f"{name}:: {coded(one)}\n" for name, texts in attributes.items() for one in texts),
            )
        )
        for dn, attributes in entries.items()
    )


def exported(folder: Path, entries: Mapping[str, Attributes]) -> Taken:
    (folder / "export.ldif").write_text(ldif(entries))
    return take([folder / "export.ldif"])


def answered(entries: Mapping[str, Attributes], **changed: Any) -> Taken:
    return take([], listed=[entries_of_server(asked(**changed), mocked(entries))])


def test_the_rows_are_those_of_an_export(tmp_path: Path) -> None:
    live = answered(DOMAIN)
    assert values(live.lists) == values(exported(tmp_path, DOMAIN).lists)
    (ada,) = values(live.lists)["identities"]
    assert ada["accounts"] == "ada@tribunal.example;S-1-5-21-1-2-3-1104"
    assert ada["administrator"] == "yes"
    assert [(one.file, one.kind, one.rows, one.taken) for one in live.read] == [(asked().label(BASE), "LDAP", 3, 3)]
    assert live.notes == [f"{asked().label(BASE)}: 1 members of groups are in none of the files"]


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=12)
odd = st.one_of(texts.map(str.encode), st.binary(min_size=1, max_size=12))


@given(
    st.dictionaries(
        st.from_regex(re.compile(r"[a-z]{1,8}"), fullmatch=True),
        st.dictionaries(st.sampled_from(LDAP_ATTRIBUTES[1:]), st.lists(odd, min_size=1, max_size=3, unique=True)),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_a_directory_holds_the_rows_are_those_of_an_export(
    tmp_path_factory: pytest.TempPathFactory, found: dict[str, dict[str, list[bytes]]]
) -> None:
    entries = {
        f"CN={name},{BASE}": {
            **attributes,
            "cn": [name.encode()],
            "objectClass": [b"group" if len(name) % 2 else b"user"],
        }
        for name, attributes in found.items()
    }
    listing = entries_of_server(asked(), mocked(entries))
    place = {entry.first("dn").lower(): number for number, entry in enumerate(listing.entries)}
    in_order = dict(sorted(entries.items(), key=lambda one: place[one[0].lower()]))  # a server has an order of its own
    live, whole = take([], listed=[listing]), exported(tmp_path_factory.mktemp("export"), in_order)
    assert values(live.lists) == values(whole.lists)
    assert sorted(one.why for one in live.unread) == sorted(one.why for one in whole.unread)


def test_a_limit_that_is_hit_is_told_and_one_that_is_not_is_not() -> None:
    cut = answered(DOMAIN, limit=2)
    assert [one.rows for one in cut.read] == [2]
    assert [(one.line, one.why[:29]) for one in cut.unread] == [(0, "no more than 2 entries were a")]
    assert answered(DOMAIN, limit=3).unread == []


def test_a_filter_narrows_and_no_secret_is_asked_for() -> None:
    only = answered(DOMAIN, only="department=Registry")
    assert [one["id"] for one in values(only.lists)["identities"]] == ["ada@tribunal.example"]
    (whole,) = (entries_of_server(asked(), mocked(DOMAIN)),)
    assert not {"unicodepwd", "thumbnailphoto"} & {name for entry in whole.entries for name in entry.values}


class Ranged:
    """A server that gives the members of a group three at a time, as a domain controller gives 1,500."""

    def __init__(self, members: list[bytes], *, refuses_after: int | None = None) -> None:
        self.server = ldap3.Server("dc01.tribunal.example", get_info=ldap3.NONE)
        self.members, self.refuses_after = members, refuses_after
        self.result: dict[str, Any] = {}
        self.response: list[dict[str, Any]] = []

    def search(self, base: str, _filter: str, _scope: str, attributes: list[str], **_: object) -> None:
        (ranged,) = [name for name in attributes if "range=" in name] or ["member;range=0-*"]
        first = int(ranged.split("=")[1].split("-")[0])
        part = self.members[first : first + 3]
        end = "*" if first + 3 >= len(self.members) else str(first + len(part) - 1)
        is_over = self.refuses_after is not None and first >= self.refuses_after
        self.result = {"result": 53 if is_over else 0, "description": "unwillingToPerform"}
        name = "member" if first == 0 and end == "*" else f"member;range={first}-{end}"
        attributes_of = {"objectClass": [b"group"], "cn": [b"Clerks"], name: part}
        entry = {"type": "searchResEntry", "dn": f"CN=Clerks,{BASE}", "raw_attributes": attributes_of}
        self.response = [] if is_over else [entry]


@given(st.integers(0, 20))
def test_every_member_of_a_large_group_is_fetched(count: int) -> None:
    members = [b"CN=%d" % number for number in range(count)]
    (entry,) = entries_of_server(asked(), Ranged(members)).entries
    assert list(entry.all("member")) == [one.decode() for one in members]
    assert entry.fault == ""


def test_members_that_are_not_given_are_told() -> None:
    (entry,) = entries_of_server(asked(), Ranged([b"CN=1"] * 10, refuses_after=6)).entries
    assert entry.fault == "member has more values than the server gave"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("dc01.tribunal.example", "no address of a directory"),
        ("https://dc01.tribunal.example", "no address of a directory"),
        ("ldaps://", "no address of a directory"),
        ("ldaps://host:port/", "no address of a directory"),
        ("ldaps://ada:secret@dc01/", "no user and no password"),
        ("ldaps://dc01/DC=x?mail", "which attributes are read is fixed"),
        ("ldaps://dc01/DC=x??all", "'all' is no scope"),
        ("ldaps://dc01/DC=x??sub?(a=b)?bindname=x", "no extensions"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        directory_asked(url)


def test_an_address_as_the_standard_writes_it() -> None:
    found = directory_asked("ldap://dc01:3268/OU=A%20b,DC=x??one?(mail=*)", only="department=Registry", limit=7)
    assert (found.host, found.port, found.is_tls, found.base, found.scope) == (
        "dc01",
        3268,
        False,
        "OU=A b,DC=x",
        "one",
    )
    assert found.filter.endswith("(mail=*)(department=Registry))")
    assert directory_asked("ldaps://dc01").port == 636


def test_a_name_without_a_password_is_nobody_and_a_password_is_never_shown() -> None:
    with pytest.raises(ConfigError, match="without a password"):
        directory_asked("ldaps://dc01", bind="ada@tribunal.example")
    assert "tulip" not in repr(directory_asked("ldaps://dc01", bind="ada@tribunal.example", password="tulip"))
