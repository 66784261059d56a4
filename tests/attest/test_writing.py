"""A package as files: what the verifier, a bag's validator and a stranger's eye find in them."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import bagit
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.acting import ADA, BELA, two_officers

from tocsin.attest.bag import close_bag
from tocsin.attest.enclosed import read_package
from tocsin.attest.page import ROWS, index
from tocsin.attest.payload import Payload, safe_name
from tocsin.attest.standalone import Options, verify
from tocsin.attest.words import attested
from tocsin.attest.writing import content_digest, seal_package, write_package
from tocsin.errors import ConfigError, StoreError, VerificationError
from tocsin.model.evidence import EnclosedStatement

from .packing import MAIL, ORIGIN, Made, export, made, with_token

LAYOUT = {
    "README.txt",
    "bag-info.txt",
    "bagit.txt",
    "data/checkpoints/10.note",
    "data/checkpoints/17.note",
    "data/checkpoints/18.note",
    "data/consistency.json",
    "data/custody/export.json",
    "data/findings.json",
    "data/findings.jsonl",
    "data/index.html",
    "data/package.json",
    "data/premises.json",
    "data/provenance.jsonld",
    "data/reading.json",
    "data/records.jsonl",
    "data/ro-crate-metadata.json",
    "data/rules/0c6f1a52-0000-4000-8000-00000000e001.yml",
    "data/statements.jsonl",
    "data/validation.json",
    "data/verify.py",
    "data/withheld.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The folder of a whole package."""
    return whole(made(), tmp_path / "package")


def whole(given_: Made, folder: Path, values: tuple[str, ...] = ()) -> Path:
    seal_package(folder, export(given_, write_package(given_.package, folder, values)))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_package_has_the_files_of_its_format_and_no_other(package: Path) -> None:
    odd_names = {path for path in contents(package) if path.startswith("data/rules/id-")}
    assert set(contents(package)) - odd_names == LAYOUT
    assert len(odd_names) == 2  # ids that are a path and a device


def test_the_verifier_finds_nothing_to_object_to(package: Path) -> None:
    said: list[str] = []
    verify(package, Options(), said.append)
    assert any("records: checked: 4" in line for line in said)
    assert any("export: checked" in line for line in said)


def test_any_validator_of_bags_accepts_it(package: Path) -> None:
    bag = bagit.Bag(str(package))
    bag.validate()
    assert bag.info["Source-Organization"] == ORIGIN
    assert bag.info["Bagging-Date"] == "2024-03-09"


def test_the_same_package_is_the_same_bytes(tmp_path: Path) -> None:
    assert contents(whole(made(), tmp_path / "a")) == contents(whole(made(), tmp_path / "b"))


def test_the_digest_is_that_of_the_manifest_without_what_came_later(package: Path) -> None:
    lines = (package / "manifest-sha256.txt").read_text().splitlines(keepends=True)
    kept = [line for line in lines if "  data/custody/" not in line and "  data/checkpoints/18.note" not in line]
    act = json.loads((package / "data/custody/export.json").read_bytes())["data"].split("\n")[1]
    digest = hashlib.sha256("".join(kept).encode()).hexdigest()
    assert digest == content_digest(package) == json.loads(act)["what"]["content"]


@pytest.mark.parametrize("name", ["records.jsonl", "index.html", "verify.py", "rules/new.yml"])
def test_a_file_changed_before_the_act_is_not_sealed(tmp_path: Path, name: str) -> None:
    given_ = made()
    act = export(given_, write_package(given_.package, tmp_path / "package"))
    with (tmp_path / "package/data" / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(VerificationError, match="names other files"):
        seal_package(tmp_path / "package", act)
    assert not (tmp_path / "package/bagit.txt").exists()


def test_an_act_that_did_not_follow_the_package_does_not_seal_it(tmp_path: Path) -> None:
    given_ = made()
    act = export(given_, write_package(given_.package, tmp_path / "package"))
    with pytest.raises(VerificationError, match="no act of export that follows"):
        seal_package(tmp_path / "package", dataclasses.replace(act, size=given_.package.size))
    other = next(one for one in given_.package.statements if one.kind == "act")
    with pytest.raises(VerificationError, match="no act of export"):
        seal_package(tmp_path / "package", dataclasses.replace(act, act=other))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        write_package(made().package, tmp_path)
    assert contents(tmp_path) == {"mine.txt": b"mine"}


def test_nothing_is_left_of_a_package_that_failed(tmp_path: Path) -> None:
    given_ = made().package
    broken = dataclasses.replace(given_.statements[0], data=b"\xff")
    with pytest.raises(VerificationError):
        write_package(dataclasses.replace(given_, statements=(broken,)), tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_a_record_line_holds_what_was_given_byte_for_byte(package: Path) -> None:
    lines = [json.loads(line) for line in (package / "data/records.jsonl").read_text().splitlines()]
    records = sorted(made().package.records, key=lambda record: record.index)
    assert [line["index"] for line in lines] == [record.index for record in records]
    for line, record in zip(lines, records, strict=True):
        assert base64.b64decode(line["raw"]) == record.raw
        assert bytes.fromhex(line["raw_salt"]) == record.raw_salt
        assert [base64.b64decode(one) for one in line["proof"]] == list(record.proof)
        assert line.get("text", "").encode() == (record.text or b"")
        assert (line["leaf"], line["input"], line["entry"]) == (record.leaf, record.input, record.entry)
        assert record.fields is not None
        assert [value["text"] for value in line["fields"]["values"]] == [one.text for one in record.fields.values]


def test_tokens_stand_beside_the_roots_they_were_verified_under(tmp_path: Path) -> None:
    package = with_token(made().package)
    write_package(package, tmp_path / "package")
    stamps = tmp_path / "package/data/timestamps"
    assert sorted(path.name for path in stamps.iterdir()) == ["17-1.pem", "17-1.tsr", "17-2.pem", "17-2.tsr"]
    assert {path.read_bytes() for path in stamps.glob("*.tsr")} == {token.der for token in package.tokens}


def test_no_json_text_can_act_on_a_terminal(package: Path) -> None:
    for name, data in contents(package).items():
        if not name.endswith(".py"):
            text = data.decode()
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), name


class _Elements(HTMLParser):
    """What a browser would build of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def read(package: Path) -> _Elements:
    found = _Elements()
    found.feed((package / "data/index.html").read_text())
    return found


def test_no_record_can_put_anything_into_the_page(package: Path) -> None:
    page = read(package)
    assert not page.elements & {"script", "img", "iframe", "link", "object", "form", "input", "b"}
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value.startswith("#") for name, value in page.attributes if name == "href")
    assert MAIL in page.text
    assert "</pre><img src=x onerror=a>" in page.text


def test_every_link_of_the_page_leads_somewhere(package: Path) -> None:
    page = read(package)
    targets = {value for name, value in page.attributes if name == "id"}
    assert {value[1:] for name, value in page.attributes if name == "href"} <= targets


def test_what_is_beyond_the_rows_of_the_page_is_counted_and_not_linked(tmp_path: Path) -> None:
    given_ = made().package
    findings = tuple(dataclasses.replace(given_.findings[1], id=f"f-{number}") for number in range(ROWS + 5))
    records = tuple(
        dataclasses.replace(given_.records[3], index=number, entry=number, findings=(f"f-{number}",))
        for number in range(ROWS + 5)
    )
    package = dataclasses.replace(given_, findings=findings, records=records, incidents=())
    write_package(package, tmp_path / "package")
    page = read(tmp_path / "package")
    targets = {value for name, value in page.attributes if name == "id"}
    assert {value[1:] for name, value in page.attributes if name == "href"} <= targets
    assert f"entry-{ROWS - 1}" in targets
    assert f"entry-{ROWS}" not in targets
    assert "5 findings beyond these 300: in findings.json" in page.text
    assert "5 records beyond these 300: in records.jsonl" in page.text


def test_the_first_thing_said_is_who_attests(tmp_path: Path) -> None:
    own = whole(made(), tmp_path / "own")
    assert "SELF-ATTESTED" in (own / "README.txt").read_text()
    assert "SELF-ATTESTED" in read(own).text
    outside = dataclasses.replace(made().package, outside=("Cosigned by witness.example.org on 2024-03-08.",))
    write_package(outside, tmp_path / "outside")
    assert "SELF-ATTESTED" not in (tmp_path / "outside/README.txt").read_text()
    assert "SELF-ATTESTED" not in read(tmp_path / "outside").text
    assert "Cosigned by witness.example.org" in read(tmp_path / "outside").text


def test_the_page_opens_with_what_a_judge_asks(package: Path) -> None:
    page = read(package)
    text = " ".join(page.text.split())
    opening = (
        "Evidence: Mailbox of ada.example@tribunal.example read in bulk "
        "This package holds 4 records of computer logs and 2 findings that rest on them, on the incident "
        "\u201cMailbox of ada.example@tribunal.example read in bulk\u201d (4 March 2024). "
        "It was exported on 9 March 2024, 10:00 UTC "
        "from the ledger tribunal.example/tocsin. Who exported it: nobody by an own key"
    )
    assert opening in text
    assert "Withheld: 2 other records of the same sessions, because no finding rests on them." in text
    assert text.index("Withheld:") < text.index("SELF-ATTESTED") < text.index("What this package claims")
    assert "rests on the institution's own word alone" in text


def test_who_exports_is_named_by_person_and_key(tmp_path: Path) -> None:
    by_officer = dataclasses.replace(made().package, by=("registrar@tribunal.example",))
    write_package(by_officer, tmp_path / "package")
    text = " ".join(read(tmp_path / "package").text.split())
    assert "Who exported it: The officer (invented) (key registrar@tribunal.example)." in text


def test_custody_is_told_in_words(package: Path) -> None:
    text = " ".join(read(package).text.split())
    assert "enrolled The custodian (invented) with the key duty@tribunal.example as custodian." in text
    assert "signed by The officer (invented) (key registrar@tribunal.example); entry 1" in text
    custody = text[text.index("Chain of custody What") : text.index("Records Each")]
    assert "{" not in custody


def test_a_package_that_cannot_be_derived_again_does_not_say_it_can(tmp_path: Path) -> None:
    given_ = made(hide=frozenset({"Subject"})).package
    write_package(dataclasses.replace(given_, reproducible=False), tmp_path / "package")
    assert "evidence reproduce" not in read(tmp_path / "package").text
    assert "evidence reproduce" not in (tmp_path / "package/README.txt").read_text()
    write_package(made().package, tmp_path / "whole")
    assert "evidence reproduce" in read(tmp_path / "whole").text


def test_the_page_is_made_of_the_files_beside_it_alone(package: Path) -> None:
    assert (package / "data/index.html").read_text() == index(read_package(package / "data"))


@pytest.mark.parametrize(
    ("later", "said"), [(0, "It covers every entry"), (5, "Not covered: 5 entries that came later")]
)
def test_an_attestation_says_who_named_it_and_what_it_does_not_cover(later: int, said: str) -> None:
    told = attested("cosigned", "witness.example.org", 12, 0, "Ada Invented (key ada) (entry 3)", later, 1)
    assert said in told
    assert "Who named the witness as one to trust: Ada Invented (key ada) (entry 3)." in told


def test_the_page_names_what_was_signed_by_no_person_and_what_is_not_enclosed(package: Path) -> None:
    text = " ".join(read(package).text.split())
    assert "The evidence was read 2 times" in text
    assert "not signed by a person; entry 15 to 16" in text
    assert "1 finding of it is not in this package" in text
    assert "2 of its 2 fields (committed to later, at entry 14)" in text
    assert "1 rule: no Sysmon log was read" in text


def test_a_finding_whose_records_are_not_all_enclosed_says_so(tmp_path: Path) -> None:
    given_ = made().package
    fewer = dataclasses.replace(given_, records=given_.records[1:])
    write_package(fewer, tmp_path / "package")
    assert "1 more record of the same findings is not enclosed" in read(tmp_path / "package").text
    assert "1 more record" in " ".join((tmp_path / "package/README.txt").read_text().split())


def test_the_readme_fits_a_terminal(package: Path) -> None:
    assert max(map(len, (package / "README.txt").read_text().splitlines())) <= 80


def test_a_package_without_findings_acts_or_records_can_be_written(tmp_path: Path) -> None:
    given_ = made().package
    empty = dataclasses.replace(
        given_,
        records=(),
        statements=(),
        findings=(),
        incidents=(),
        exposure=(),
        hits=(),
        withheld=(),
        rules={},
        made="",
        reproducible=False,
    )
    write_package(empty, tmp_path / "package")
    text = read(tmp_path / "package").text
    assert "No act is in the ledger" in text
    assert "cannot be derived again" in text
    assert "2024-03-08" in text  # of what the answers speak of: no act gives a time


@given(st.lists(st.text(min_size=1, max_size=90), unique=True, max_size=6))
def test_no_two_ids_share_a_file_and_none_leaves_its_folder(ids: list[str]) -> None:
    names = [safe_name(one) for one in ids]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*[a-z0-9]", name) or len(name) == 1 for name in names)


def test_an_id_made_to_look_like_the_name_of_another_gets_its_own_file() -> None:
    assert safe_name(safe_name("../a")) != safe_name("../a")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", "a//b", "a/../b", ".hidden", "a\nb", "taken.TXT"])
def test_a_file_that_would_leave_the_payload_is_not_written(tmp_path: Path, name: str) -> None:
    payload = Payload(tmp_path / "data")
    payload.add("taken.txt", b"", "text/plain", "")
    with pytest.raises(StoreError):
        payload.add(name, b"out", "text/plain", "")
    assert set(contents(tmp_path)) == {"data/taken.txt"}


def test_a_value_of_the_bag_info_cannot_start_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    close_bag(tmp_path, {"Source-Organization": "a\nPayload-Oxum: 0.0"})
    assert (tmp_path / "bag-info.txt").read_text() == "Source-Organization: a Payload-Oxum: 0.0\nPayload-Oxum: 0.0\n"


def test_what_a_stolen_key_signed_is_shown_as_not_counting(tmp_path: Path) -> None:
    ledger = two_officers()
    stolen = ledger.add("held", {"name": "Case 7", "reason": "a lie"}, ADA).leaf
    ledger.add("revoked", {"name": ADA.name, "reason": "taken with the laptop", "since": stolen}, BELA)
    acts = tuple(
        EnclosedStatement(index=act.leaf, kind="act", salt=bytes(32), data=act.note.encode(), proof=(), ledger_proof=())
        for act in ledger.acts
    )
    write_package(dataclasses.replace(made().package, statements=acts), tmp_path / "package")
    page = (tmp_path / "package/data/index.html").read_text()
    assert page.count("It does not count any more:") == 1
    assert "taken with the laptop" in page.partition("It does not count any more:")[2].partition("</span>")[0]
    graph = json.loads((tmp_path / "package/data/provenance.jsonld").read_bytes())["@graph"]
    held = next(entity for entity in graph if entity.get("uco-core:name") == "held")
    assert "does not count any more" in held["uco-core:description"]
