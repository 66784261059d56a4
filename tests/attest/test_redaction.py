"""A value that is redacted leaves in no file, in no form; and a package that would show it is not written."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.attest.redaction import MASK, Mask, Sought, check_records, is_sought, refuse_leaks, values_of, without
from tocsin.attest.writing import seal_package, write_package
from tocsin.errors import RefusedError
from tocsin.model.evidence import Package

from .packing import ADA, RECORDS, SUBJECT, export, made

FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16, little end first": lambda value: value.encode("utf-16-le"),
    "utf-16, big end first": lambda value: value.encode("utf-16-be"),
    "json": lambda value: json.dumps(value)[1:-1].encode(),
    "json in utf-8": lambda value: json.dumps(value, ensure_ascii=False)[1:-1].encode(),
    "json in json": lambda value: json.dumps(json.dumps(value))[3:-3].encode(),
    "html": lambda value: html.escape(value).encode(),
    "per cent": lambda value: quote(value, safe="").encode(),
    "per cent, lower case": lambda value: quote(value, safe="/").encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "hex in capitals": lambda value: value.encode().hex().upper().encode(),
    "base64": lambda value: inside(value.encode(), 0),
    "base64 one in": lambda value: inside(value.encode(), 1),
    "base64 two in": lambda value: inside(value.encode(), 2),
    "base64 for addresses": lambda value: base64.urlsafe_b64encode(b"?" + value.encode() + b"?"),
    "base64 of utf-16": lambda value: inside(value.encode("utf-16-le"), 1),
    "composed": lambda value: unicodedata.normalize("NFC", value).encode(),
    "accents apart": lambda value: unicodedata.normalize("NFD", value).encode(),
    "latin-1": lambda value: in_charset(value, "iso-8859-1"),
    "windows-1252": lambda value: in_charset(value, "cp1252"),
    "base64 of latin-1": lambda value: inside(in_charset(value, "iso-8859-1"), 1),
    "hex of latin-1": lambda value: in_charset(value, "iso-8859-1").hex().encode(),
    "hex of utf-16": lambda value: value.encode("utf-16-le").hex().encode(),
    "per cent of latin-1": lambda value: quote(in_charset(value, "iso-8859-1"), safe="").encode(),
    "xml by number": lambda value: escape(value).encode("ascii", "xmlcharrefreplace"),
    "xml by hex number": lambda value: "".join(c if c.isascii() else f"&#X{ord(c):X};" for c in escape(value)).encode(),
    "html by name": lambda value: escape(value).replace("ä", "&auml;").encode(),
    "json with slashes": lambda value: json.dumps(value)[1:-1].replace("/", "\\/").encode(),
    "base64 of json": lambda value: inside(json.dumps(value).encode(), 2),
}
# Long enough to be sought anywhere, with what each of the forms writes otherwise.
secrets = st.text(st.sampled_from("abcXYZ019 äж李'\"<&>/\\+%=\u202e"), min_size=8, max_size=30).filter(
    lambda value: is_sought(value) and not value.isspace()
)


def in_charset(value: str, charset: str) -> bytes:
    """In this character set; what it cannot hold nobody writes in it."""
    try:
        return value.encode(charset)
    except UnicodeEncodeError:
        return value.encode()


def inside(value: bytes, lead: int) -> bytes:
    """Base64 of the value with so many bytes before it, and some behind."""
    return base64.b64encode(b"?" * lead + value + b"?!")


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=secrets)
def test_a_value_is_found_in_every_form_it_can_stand_in(form: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b'{"a": "' + FORMS[form](value) + b'"}')
    with pytest.raises(RefusedError, match=r"file\.txt") as refused:
        refuse_leaks(tmp_path, [value])
    assert value not in str(refused.value)
    assert value not in refused.value.hint


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=secrets)
def test_what_is_not_there_is_not_found(value: str, tmp_path: Path) -> None:
    other = "".join(chr(ord(letter) + 0x1000) for letter in value)
    (tmp_path / "file.txt").write_bytes(b"\n".join(form(other) for form in FORMS.values()))
    refuse_leaks(tmp_path, [value])


def test_a_long_value_is_compared_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("A" * 100 + "B")
    refuse_leaks(tmp_path, ["A" * 100 + "C"])
    with pytest.raises(RefusedError):
        refuse_leaks(tmp_path, ["A" * 100 + "C", "A" * 90 + "B"])


def test_one_value_among_very_many_is_found(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("number 301 of the list")
    values = [f"number {number} of the list" for number in range(302)]
    refuse_leaks(tmp_path, values[:301])
    with pytest.raises(RefusedError):
        refuse_leaks(tmp_path, values)


def test_a_value_in_the_name_of_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "witness-4471.yml").write_text("")
    with pytest.raises(RefusedError):
        refuse_leaks(tmp_path, ["witness-4471"])


@pytest.mark.parametrize(
    ("text", "is_found"),
    [('"K-71"', True), ("K-71.", True), ("AK-71", False), ("K-715", False), ("proof K-71a", False)],
)
def test_a_short_value_is_a_whole_word(text: str, is_found: bool, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(text)
    if is_found:
        with pytest.raises(RefusedError):
            refuse_leaks(tmp_path, ["K-71"])
    else:
        refuse_leaks(tmp_path, ["K-71"])


def test_a_short_value_is_read_in_base64_too(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(json.dumps({"raw": base64.b64encode(b'{"a":"K-71"}').decode()}))
    with pytest.raises(RefusedError):
        refuse_leaks(tmp_path, ["K-71"])


@pytest.mark.parametrize("value", ["yes", "403", "4624", "record", "Ledger", ""])
def test_what_stands_in_any_package_is_not_sought(value: str) -> None:
    assert not is_sought(value)


def test_the_values_of_a_field_are_its_texts_and_numbers() -> None:
    text = json.dumps({"a": ["x", 4624, True, None], "b": {"c": "y", "d": 1.5}})
    assert list(values_of(text)) == ["x", "4624", "y", "1.5"]


@pytest.mark.parametrize("said", ["ada.example@tribunal.example", "Ada <ada.example@tribunal.example>; bo@x.example"])
def test_of_a_mail_address_the_account_is_kept_out_too(said: str, tmp_path: Path) -> None:
    values = list(values_of(json.dumps(said)))
    assert {"ada.example@tribunal.example", "ada.example"} <= set(values)
    assert "bo" not in values
    assert Mask(values).text("TRIBUNAL\\Ada.Example signed in") == f"TRIBUNAL\\{MASK} signed in"
    (tmp_path / "file.txt").write_text(json.dumps("tribunal\\ADA.EXAMPLE"))
    with pytest.raises(RefusedError):
        refuse_leaks(tmp_path, values)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("TRIBUNAL\\a.invented", "a.invented"),
        ("a.invented@tribunal.example", "a_invented_tribunal_example"),
        ("ws-0417.tribunal.example", "ws-0417"),
        ("Ada Invented <a.invented@tribunal.example>", "Ada Invented"),
        ("CN=Ada Invented,OU=Registry,DC=tribunal,DC=example", "Ada Invented"),
    ],
)
def test_what_others_call_the_same_by_is_kept_out_too(said: str, part: str) -> None:
    assert part in list(values_of(json.dumps(said)))


@pytest.mark.parametrize("said", ["C:\\Users\\ada\\ruling.docx", "ruling.docx", "192.0.2.7", "TRIBUNAL\\ada"])
def test_what_is_no_such_name_or_too_short_is_left_whole(said: str) -> None:
    assert list(values_of(json.dumps(said))) == [said]


def test_in_records_a_name_is_looked_for_though_it_is_a_word_of_any_package() -> None:
    assert not Sought(["Record"]).stands_in(b"signed in as Record")
    assert Sought(["Record"], in_records=True).stands_in(b"signed in as Record")
    assert "record" in list(values_of('"record@tribunal.example"', in_records=True))


def test_an_account_that_is_a_word_of_any_package_is_not_taken_for_a_name() -> None:
    assert "record" not in list(values_of('"record@tribunal.example"'))


def test_what_was_derived_is_masked_however_its_accents_are_written() -> None:
    apart = unicodedata.normalize("NFD", "Zoë Müller")
    assert Mask(["Zoë Müller"]).text(f"mail of {apart} read") == f"mail of {MASK} read"


def test_a_redacted_package_holds_the_value_nowhere_and_still_verifies(tmp_path: Path) -> None:
    given_ = made(hide=frozenset({"Subject"}))
    values = [str(record["Subject"]) for record in RECORDS if "Subject" in record]
    seal_package(tmp_path / "package", export(given_, write_package(given_.package, tmp_path / "package", values)))
    written = texts(tmp_path / "package")
    assert "K-4471" not in written
    assert base64.b64encode(SUBJECT.encode()).decode().rstrip("=")[:-1] not in written
    assert f"Subject is {MASK}" in (tmp_path / "package/data/findings.json").read_text()
    withheld = json.loads((tmp_path / "package/data/withheld.json").read_bytes())
    assert withheld["fields"] == [{"field": "Subject", "records": [4, 5, 6]}]
    page = (tmp_path / "package/data/index.html").read_text()
    assert "Subject; its bytes" in page
    assert '<span class="hidden">withheld</span>' in page
    lines = (tmp_path / "package/data/records.jsonl").read_text().splitlines()
    assert ["raw" in json.loads(line) for line in lines] == [False, False, False, True]


def test_a_value_that_a_rule_names_keeps_the_package_from_leaving(tmp_path: Path) -> None:
    package = made(hide=frozenset({"Subject"})).package
    telling = dataclasses.replace(package, rules={"tocsin-0001": f"detection: {{Subject: '{SUBJECT}'}}\n"})
    with pytest.raises(RefusedError, match=r"rules/tocsin-0001\.yml") as refused:
        write_package(telling, tmp_path / "package", [SUBJECT])
    assert SUBJECT not in str(refused.value)
    assert not (tmp_path / "package").exists()


def _opened(package: Package) -> Package:
    """The same with the redacted value of its first record shown."""
    open_ = made().package.records[0]
    fields = open_.fields
    assert fields is not None
    first = dataclasses.replace(package.records[0], fields=fields)
    return dataclasses.replace(package, records=(first, *package.records[1:]))


def _bytes_shown(package: Package) -> Package:
    """The same with the bytes of its first record shown."""
    open_ = made().package.records[0]
    first = dataclasses.replace(package.records[0], raw=open_.raw, raw_salt=open_.raw_salt)
    return dataclasses.replace(package, records=(first, *package.records[1:]))


def _fields_not_shown(package: Package) -> Package:
    """The same, its first record shown by its bytes alone."""
    changed = _bytes_shown(package)
    first = dataclasses.replace(changed.records[0], fields=None)
    return dataclasses.replace(changed, records=(first, *package.records[1:]))


@pytest.mark.parametrize("change", [_opened, _bytes_shown, _fields_not_shown])
def test_a_record_that_shows_its_redacted_field_is_refused_without_any_search(
    change: Callable[[Package], Package], tmp_path: Path
) -> None:
    package = change(made(hide=frozenset({"Subject"})).package)
    with pytest.raises(RefusedError, match="entry 4"):
        check_records(package)
    with pytest.raises(RefusedError):
        write_package(package, tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_what_was_derived_says_the_value_nowhere_and_refers_as_before() -> None:
    package = made().package
    hidden = without(package, [SUBJECT, ADA])
    assert SUBJECT not in repr((hidden.findings, hidden.exposure, hidden.incidents, hidden.hits))
    assert ADA not in repr((hidden.findings, hidden.exposure, hidden.incidents, hidden.hits))
    assert hidden.findings[0].entities[0].id == MASK
    assert [one.id for one in hidden.findings] == [one.id for one in package.findings]
    assert hidden.incidents[0].links[0].a == package.incidents[0].links[0].a
    assert hidden.findings[0].records == package.findings[0].records
    assert (hidden.records, hidden.statements) == (package.records, package.statements)


def test_a_value_of_two_letters_is_taken_out_of_sentences_alone() -> None:
    package = made().package
    finding = dataclasses.replace(package.findings[0], why="LogonType is 10 and 2010 came before")
    hidden = without(dataclasses.replace(package, findings=(finding,)), ["10"])
    assert hidden.findings[0].why == f"LogonType is {MASK} and 2010 came before"
    assert hidden.findings[0].techniques == finding.techniques


@given(st.lists(secrets, min_size=1, max_size=3), st.text(max_size=20))
def test_nothing_masked_is_left_however_values_overlap(values: list[str], around: str) -> None:
    text = around + values[0] + around + values[-1] + around
    assert Mask(values).text(text).count(MASK) >= 1
    assert not any(value in Mask(values).text(text).replace(MASK, "\n") for value in values)
