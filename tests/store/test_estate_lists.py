"""The lists that say who belongs to what, which case is how sensitive, and what else a thing is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.behaving import surroundings
from tocsin.errors import ConfigError
from tocsin.model.estate import Alias, Sensitivity
from tocsin.model.instant import DAY
from tocsin.model.joining import Identities
from tocsin.store.estate import read_estate, read_estate_with_warnings
from tocsin.store.estate_values import HOLDING_KINDS

IDENTITIES = (
    "id,name,accounts,from,to\np-1,Ada Example,ada@tribunal.example,2024-01-01,2024-01-31\np-2,Ben Example,,,\n"
)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_estate(folder)
    return str(caught.value).splitlines()[1:]


def warnings(folder: Path) -> tuple[str, ...]:
    return read_estate_with_warnings(folder).warnings


def test_an_identity_belongs_to_the_institution_for_a_time(tmp_path: Path) -> None:
    ada = read_estate(write(tmp_path, identities=IDENTITIES)).identities[0]
    assert ada.from_ is not None
    assert ada.to == ada.from_ + 31 * DAY


def test_who_came_to_its_unit_later_than_to_the_institution_has_moved(tmp_path: Path) -> None:
    rows = "p-1,ada@tribunal.example,Registry,2024-03-01,2020-01-01\np-2,ben@tribunal.example,Registry,,2020-01-01\n"
    estate = read_estate(write(tmp_path, identities=f"id,accounts,unit,unit_since,from\n{rows}"))
    around = surroundings(estate, Identities(), (), {})
    assert around.moved == {"ada@tribunal.example"}
    assert around.joined["ada@tribunal.example"] - around.joined["ben@tribunal.example"] == 1521  # days
    write(tmp_path, identities="id,accounts,unit_since\np-1,ada@tribunal.example,lately\n")
    assert "unit_since is neither a date" in faults(tmp_path)[0]


def test_a_service_owns_its_accounts_as_a_person_does(tmp_path: Path) -> None:
    write(
        tmp_path, services="id,accounts,host,owner\nbackup,TRIBUNAL\\svc-backup,FILES-01.,IT\n", identities=IDENTITIES
    )
    estate = read_estate(tmp_path)
    service = estate.identity_of("tribunal\\svc-backup")
    assert service is not None
    assert (service.is_service, service.host, service.owner) == (True, "files-01", "IT")
    assert [one.is_service for one in estate.identities] == [False, False, True]
    write(tmp_path, services="id,accounts\np-1,ada@tribunal.example\n")
    assert faults(tmp_path) == [
        "services.csv:2: an account that is already that of the identity in identities.csv:2",
        "services.csv:2: the id is already used in identities.csv:2",
    ]


def test_a_holding_is_as_sensitive_as_its_matter_unless_it_says_otherwise(tmp_path: Path) -> None:
    write(
        tmp_path,
        matters="id,title,sensitivity,protective_measures\nM1,First,sealed,yes\nM2,Second,open,\n",
        holdings="pattern,kind,matter,sensitivity\na/*,folder,M1,\na/list,document,M1,top\nb/*,folder,M2,\nc,site,,\n",
        sensitivities="name,label\ntop,0A1B-Label\nsealed,\n",
    )
    estate = read_estate(tmp_path)
    assert [holding.sensitivity for holding in estate.holdings] == ["sealed", "top", "open", ""]
    assert [matter.protective_measures for matter in estate.matters] == [True, False]
    assert [one.name for one in estate.sensitivities] == ["top", "sealed", "open"]
    assert estate.sensitivities[0] == Sensitivity(name="top", label="0a1b-label")
    assert warnings(tmp_path) == ("matters.csv:3: a sensitivity that is not declared",)


def test_memberships_of_identities_services_and_groups(tmp_path: Path) -> None:
    write(
        tmp_path,
        identities=IDENTITIES,
        groups="id,name\nregistry,Registry\nall-staff,\n",
        memberships="identity,group,from,to\np-1,registry,2024-01-01,\nregistry,all-staff,,\np-9,no-group,,\n",
    )
    estate = read_estate(tmp_path)
    assert [(one.identity, one.group) for one in estate.memberships][:2] == [
        ("p-1", "registry"),
        ("registry", "all-staff"),
    ]
    assert warnings(tmp_path)[1:] == (
        "memberships.csv:4: a group that is not declared",
        "memberships.csv:4: neither an identity, nor a service, nor a group that is declared",
    )
    write(tmp_path, groups="id\nregistry\np-1\n", memberships="identity,group\nregistry,registry\n")
    assert faults(tmp_path) == [
        "groups.csv:3: the id is already used in identities.csv:2",
        "memberships.csv:2: a group that is a member of itself",
    ]


@pytest.mark.parametrize("handle", ["ADA EXAMPLE", "Ada@tribunal.example", "somebody@elsewhere.example"])
def test_a_protected_person_is_named_by_handle_and_never_by_name(tmp_path: Path, handle: str) -> None:
    write(tmp_path, identities=IDENTITIES, persons="pattern,handle\na/*,W-7\n")
    (person,) = read_estate(tmp_path).persons
    assert (person.pattern, person.handle) == ("a/*", "W-7")
    write(tmp_path, persons=f"pattern,handle\na/*,{handle}\n")
    (fault,) = faults(tmp_path)
    assert fault == "persons.csv:2: the handle is a name or an account: write the handle that the vault has"


def test_a_list_for_the_vault_is_told_apart(tmp_path: Path) -> None:
    write(tmp_path, persons="handle,matter,form\nW-7,12,Eva Example\n")
    (fault,) = faults(tmp_path)
    assert fault == "persons.csv:1: this is a list for the vault: names of protected persons stand in no estate"


def test_other_names_of_one_thing(tmp_path: Path) -> None:
    write(
        tmp_path,
        aliases="kind,name,other\naccount,Ada@tribunal.example,S-1-5-21-1-2-3-1001\n"
        "folder,\\\\files-01\\Matters\\*,D:\\Matters\\*\n",
    )
    first, second = read_estate(tmp_path).aliases
    assert first == Alias(kind="account", name="ada@tribunal.example", other="s-1-5-21-1-2-3-1001")
    assert (second.name, second.other) == ("\\\\files-01\\Matters\\*", "D:\\Matters\\*")
    write(
        tmp_path,
        aliases="kind,name,other\nsite,a,b\nsite,c,B\nsite,b,d\nsite,e,E\nsite,f*,g\ndesk,h,i\nsite,*j,k\n",
    )
    assert faults(tmp_path) == [
        "aliases.csv:3: this other name is already used in aliases.csv:2",
        "aliases.csv:5: the two names are the same",
        "aliases.csv:6: one name ends in * and the other does not",
        f"aliases.csv:7: kind is not one of account, host, group, {', '.join(HOLDING_KINDS)}",
        "aliases.csv:8: a * stands elsewhere than at the end of a name",
    ]


def test_a_holding_under_a_pattern_of_another_matter_is_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        holdings="pattern,kind,matter\nx/sites/m*,site,M1\nx/sites/m2/*,site,M2\nx/sites/m1/a,document,M1\nx/*,site,\n",
    )
    assert warnings(tmp_path) == (
        "holdings.csv:3: lies under holdings.csv:2, which is of another matter: the longer pattern decides",
    )


def test_remarks_are_for_people_and_marks_for_spreadsheets(tmp_path: Path) -> None:
    write(
        tmp_path,
        holdings="pattern,kind,draft,comment\n'=cmd|x,site,1,seen 12 times\n'quoted',site,,\n",
    )
    assert [holding.pattern for holding in read_estate(tmp_path).holdings] == ["=cmd|x", "'quoted'"]


def test_a_holding_that_names_no_matter_is_of_the_matter_it_lies_under(tmp_path: Path) -> None:
    write(
        tmp_path,
        matters="id,sensitivity\nM1,sealed\nM2,open\n",
        holdings="pattern,kind,matter,sensitivity\nx/*,site,M1,\nx/a/*,folder,,\nx/a/b,document,,secret\nx/c/*,folder,M2,\n"
        "x/c/d,document,,\nX/A2,folder,,\ny,site,,\n",
    )
    found = [(one.matter, one.sensitivity) for one in read_estate(tmp_path).holdings]
    assert found == [
        ("M1", "sealed"),
        ("M1", "sealed"),
        ("M1", "secret"),
        ("M2", "open"),
        ("M2", "open"),
        ("M1", "sealed"),
        ("", ""),
    ]


def test_grants_say_who_may_open_sign_in_to_and_act_as_what_and_where_that_stands(tmp_path: Path) -> None:
    write(
        tmp_path,
        identities=IDENTITIES,
        grants="grantee,kind,pattern,right,from\np-1,folder,\\\\files\\M1\\*,read,2024-01-01\n*,HOST,Files-01.Example.,admin,\n"
        "p-9,account,Ada@Example.org,,\n",
    )
    estate = read_estate(tmp_path)
    assert [(one.grantee, one.kind, one.pattern, one.right) for one in estate.grants] == [
        ("p-1", "folder", "\\\\files\\M1\\*", "read"),
        ("*", "host", "files-01.example", "admin"),
        ("p-9", "account", "ada@example.org", ""),
    ]
    assert [estate.lines[one] for one in estate.grants] == ["grants.csv:2", "grants.csv:3", "grants.csv:4"]
    assert estate.lines[estate.identities[0]] == "identities.csv:2"
    assert "grants.csv:4: neither an identity, nor a service, a group or a unit that is declared" in warnings(tmp_path)
    write(tmp_path, grants="grantee,kind,pattern\np-1,door,x\n,folder,a*b\n")
    told = " ".join(faults(tmp_path))
    assert "grants.csv:2: kind is not one of account, host, mailbox" in told
    assert "grants.csv:3: a * stands elsewhere than at the end of the pattern" in told
    assert "grants.csv:3: grantee is empty" in told


def test_a_decoy_is_declared_as_one_and_nothing_else_becomes_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        holdings="pattern,kind,matter,decoy\nhttps://t.example/m1/*,site,M1,\nhttps://t.example/m1/names.docx,document,,yes\n",
    )
    site, decoy = read_estate(tmp_path).holdings
    assert (site.is_decoy, decoy.is_decoy, decoy.matter) == (False, True, "M1")
    write(tmp_path, holdings="pattern,kind,decoy\nhttps://t.example/m1/*,site,perhaps\n")
    assert faults(tmp_path) == ["holdings.csv:2: decoy is neither yes nor no"]
