from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import ConfigError
from tocsin.model.acquisition import Extent
from tocsin.model.instant import DAY, parse_time
from tocsin.store.estate import read_estate, read_estate_with_warnings
from tocsin.store.estate_values import HOLDING_KINDS

IDENTITIES = (
    "id,name,accounts,unit,role,function,administrator\n"
    "p-1,Ada Example,Ada.Example@tribunal.example;TRIBUNAL\\ada;S-1-5-21-1-2-3-1001,Registry,clerk,filing,no\n"
    "p-2,Ben Example,ben.example@tribunal.example,IT,operator,,yes\n"
)
HOLDINGS = (
    "pattern,kind,matter,sensitivity,owner\n"
    "ada.example@tribunal.example,mailbox,12,sealed,p-1\n"
    "https://tribunal.example/sites/matter-12*,site,12,internal,\n"
)
FUNCTIONS = "name,description,protected\nfiling,Receives filings,yes\n"
ASSIGNMENTS = "identity,matter,from,to\np-1,12,2024-01-01,\n"
ATTESTATIONS = (
    "source,pattern,from,to,custodian,date,setting,recorded\n"
    "m365_unified_audit,*,2024-03-01T00:00:00Z,2024-03-31,Records Office,2024-04-02,MailItemsAccessed on,Everything\n"
)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def whole(folder: Path) -> Path:
    return write(
        folder,
        identities=IDENTITIES,
        holdings=HOLDINGS,
        functions=FUNCTIONS,
        assignments=ASSIGNMENTS,
        attestations=ATTESTATIONS,
    )


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read_estate(folder)
    return str(caught.value).splitlines()[1:]


def test_every_list_is_read(tmp_path: Path) -> None:
    reading = read_estate_with_warnings(whole(tmp_path))
    estate = reading.estate
    assert reading.warnings == ()
    ada, ben = estate.identities
    assert ada.accounts == ("ada.example@tribunal.example", "tribunal\\ada", "s-1-5-21-1-2-3-1001")
    assert (ada.function, ada.administrator, ben.administrator) == ("filing", False, True)
    assert estate.identity_of("tribunal\\ada") is ada
    assert estate.holdings[0].sensitivity == "sealed"
    assert estate.functions[0].protected
    assert estate.assignments[0].to is None
    (attestation,) = estate.attestations
    assert attestation.from_ == parse_time("2024-03-01T00:00:00Z")
    assert attestation.to == parse_time("2024-04-01T00:00:00Z")
    assert attestation.recorded is Extent.EVERYTHING


def test_a_bare_date_as_end_means_its_last_moment(tmp_path: Path) -> None:
    write(tmp_path, identities=IDENTITIES, functions=FUNCTIONS, holdings=HOLDINGS)
    write(tmp_path, assignments="identity,matter,from,to\np-1,12,2024-01-01,2024-01-01\n")
    (assignment,) = read_estate(tmp_path).assignments
    assert assignment.from_ is not None
    assert assignment.to == assignment.from_ + DAY


def test_the_products_of_the_institution(tmp_path: Path) -> None:
    write(tmp_path, products="product,log,tier,days\nMicrosoft 365,,E5,\nDocuments Archive,access log,,60\n")
    first, second = read_estate(tmp_path).products
    assert (first.product, first.tier, first.days) == ("Microsoft 365", "E5", None)
    assert (second.log, second.days) == ("access log", 60)


@pytest.mark.parametrize("row", ["Archive,access log,0", "Archive,access log,2 weeks", "Archive,,60", ",access log,"])
def test_a_product_that_cannot_be_meant_is_refused(tmp_path: Path, row: str) -> None:
    assert faults(write(tmp_path, products=f"product,log,days\n{row}\n"))


def test_the_responders_and_what_they_are_known_by(tmp_path: Path) -> None:
    write(
        tmp_path,
        responders="name,account,address,host,from,to\nFirm,TRIBUNAL\\Firm,192.0.2.10:443,,2026-03-06,\nScan,,,FILES-01,,\n",
    )
    firm, scan = read_estate(tmp_path).responders
    assert (firm.account, firm.address, firm.from_) == (
        "tribunal\\firm",
        "192.0.2.10",
        parse_time("2026-03-06T00:00:00Z"),
    )
    assert (scan.name, scan.host) == ("Scan", "files-01")
    (warning,) = read_estate_with_warnings(tmp_path).warnings
    assert warning == "responders.csv:3: known by one thing alone: an intruder who shares it is taken for a responder"
    assert "say by what" in faults(write(tmp_path, responders="name\nFirm\n"))[0]


def test_the_institutions_own_networks(tmp_path: Path) -> None:
    write(tmp_path, networks="range,name\n198.51.100.0/24,office\n198.51.100.7,VPN\n2001:db8::/32,data centre\n")
    found = read_estate(tmp_path)
    names = [getattr(found.network_of(one), "name", None) for one in ("198.51.100.7", "198.51.100.8", "2001:db8::1")]
    assert names == ["VPN", "office", "data centre"]
    assert found.network_of("203.0.113.9") is None
    assert found.network_of("not an address") is None
    assert "range is neither" in faults(write(tmp_path, networks="range,name\nhere,office\n"))[0]


def test_missing_files_are_empty_lists(tmp_path: Path) -> None:
    estate = read_estate(write(tmp_path, holdings=HOLDINGS))
    assert (estate.identities, len(estate.holdings)) == ((), 2)


def test_yaml_says_the_same_as_csv(tmp_path: Path) -> None:
    csv_folder, yaml_folder = tmp_path / "csv", tmp_path / "yaml"
    csv_folder.mkdir()
    yaml_folder.mkdir()
    (yaml_folder / "estate.yaml").write_text(
        """
identities:
  - {id: p-1, name: Ada Example, unit: Registry, role: clerk, function: filing, administrator: no,
     accounts: [Ada.Example@tribunal.example, 'TRIBUNAL\\ada', S-1-5-21-1-2-3-1001]}
  - {id: p-2, name: Ben Example, accounts: ben.example@tribunal.example, unit: IT, role: operator, administrator: yes}
holdings:
  - {pattern: ada.example@tribunal.example, kind: mailbox, matter: 12, sensitivity: sealed, owner: p-1}
  - {pattern: 'https://tribunal.example/sites/matter-12*', kind: site, matter: 12, sensitivity: internal}
functions: [{name: filing, description: Receives filings, protected: yes}]
assignments: [{identity: p-1, matter: 12, from: 2024-01-01, to: null}]
attestations:
  - {source: m365_unified_audit, pattern: '*', from: '2024-03-01T00:00:00Z', to: 2024-03-31,
     custodian: Records Office, date: 2024-04-02, setting: MailItemsAccessed on, recorded: everything}
""",
        encoding="utf-8",
    )
    assert read_estate(yaml_folder) == read_estate(whole(csv_folder))


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HOLDINGS,
        HOLDINGS.replace("\n", "\r\n"),
        HOLDINGS.replace(",", ";"),
        HOLDINGS.replace(",", "\t"),
        "\n" + HOLDINGS + "\n\n",
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "holdings.csv").write_bytes(text.encode())
    assert len(read_estate(tmp_path).holdings) == 2


def test_all_faults_are_told_with_file_and_line_and_no_name(tmp_path: Path) -> None:
    whole(tmp_path)
    write(
        tmp_path,
        identities=IDENTITIES.replace("filing,no", "singing,perhaps")
        + "p-1,Eva Example,eva.example@tribunal.example,,,,\n,Gus Example,ada.example@tribunal.example,,,,\n",
        holdings=HOLDINGS + "Eva Example,diary,,,\n*x*y,site,,,\n" + HOLDINGS.splitlines()[1] + "\n",
        assignments="identity,matter,from,to\nEva Example,12,2024-02-01,2024-01-01\np-1,12,yesterday,\n",
        attestations=ATTESTATIONS.replace("Records Office", "")
        .replace("2024-04-02", "soon")
        .replace("Everything", "all"),
    )
    told = faults(tmp_path)
    assert told == [
        "assignments.csv:2: an identity that is not declared",
        "assignments.csv:2: from is not before to",
        "assignments.csv:3: from is neither a date (YYYY-MM-DD) nor a time (RFC 3339)",
        "attestations.csv:2: custodian is empty",
        "attestations.csv:2: date is not a date (YYYY-MM-DD)",
        "attestations.csv:2: recorded is not one of everything, part",
        f"holdings.csv:4: kind is not one of {', '.join(HOLDING_KINDS)}",
        "holdings.csv:5: a * stands elsewhere than at the end of the pattern",
        "holdings.csv:6: the pattern is already used in holdings.csv:2",
        "identities.csv:2: a function that is not declared",
        "identities.csv:2: administrator is neither yes nor no",
        "identities.csv:4: the id is already used in identities.csv:2",
        "identities.csv:5: an account that is already that of the identity in identities.csv:2",
        "identities.csv:5: id is empty",
    ]
    assert "Example" not in "".join(told)


def test_twenty_faults_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    write(tmp_path, holdings="pattern,kind\n" + "x,diary\n" * 45)
    told = faults(tmp_path)
    assert len(told) == 21
    assert told[-1] == "and 69 more"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"pattern,kind\nx,site,1,2\n", "holdings.csv:2: 4 values for 2 columns"),
        (b"pattern,colour\nx,red\n", "holdings.csv:1: there is no column kind"),
        (b"pattern,kind,kind\nx,site,site\n", "holdings.csv:1: the column kind is there twice"),
        (b"pattern,kind\n\xe9,site\n", "holdings.csv:2: not UTF-8 text"),
        (b'pattern,kind\n"x,site\n', "holdings.csv:2: not CSV: a quote is open or out of place"),
    ],
)
def test_a_file_that_is_not_what_it_should_be(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "holdings.csv").write_bytes(content)
    assert fault in faults(tmp_path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("holdings: {a: [}", "estate.yaml:1: not YAML"),
        ("- a", "estate.yaml:1: not a mapping of names to values"),
        ("holdings: yes", "estate.yaml:1: holdings is not a list"),
        ("people:\n  - {}", "estate.yaml:2: a list that is not one of"),
        ("holdings:\n  - {pattern: x, kind: site, kind: site}", "estate.yaml:2: the key kind is there twice"),
        ("holdings:\n  - {pattern: {x: y}, kind: site}", "estate.yaml:2: pattern is not a text"),
    ],
)
def test_yaml_that_is_not_what_it_should_be(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "estate.yaml").write_text(text, encoding="utf-8")
    assert any(told.startswith(fault) for told in faults(tmp_path))


def test_what_is_odd_is_warned_of(tmp_path: Path) -> None:
    whole(tmp_path)
    write(
        tmp_path,
        identites="id\n",
        assignments=ASSIGNMENTS + "p-1,12,2024-05-01T10:00:00,\np-1,99,,\n",
        identities=IDENTITIES + "p-3,,,,,,\n",
    )
    assert read_estate_with_warnings(tmp_path).warnings == (
        "assignments.csv:3: an assignment that overlaps the one in assignments.csv:2",
        "assignments.csv:3: from has no time zone: taken as UTC",
        "assignments.csv:4: a matter that no holding belongs to",
        "identites.csv: not a file of an estate: left out",
        "identities.csv:4: an identity without an account: no record can be matched to it",
    )


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a folder"):
        read_estate(tmp_path / "missing")


@given(content=st.binary(max_size=200), name=st.sampled_from(["holdings.csv", "identities.csv", "estate.yaml"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_told_as_faults(
    content: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("estate")
    (folder / name).write_bytes(content)
    told = ""
    try:
        read_estate(folder)
    except ConfigError as error:
        told = str(error)
    assert name in told or not told
