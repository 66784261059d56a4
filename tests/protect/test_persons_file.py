"""The list of protected persons: what is read of it, and that its faults are said without what they are about."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigError, StoreError
from tocsin.model.protection import FormKind
from tocsin.protect.age import open_with_identity, open_with_passphrase
from tocsin.protect.persons_file import fault_text, is_age, kind_of, read_list

HEADER = "handle,matter,form,kind\n"


@pytest.mark.parametrize(
    "text",
    [
        "handle,matter,form\nW-1,Q-7,Zorblat Quixmere\n",
        "\ufeffform;handle;matter\r\nZorblat Quixmere;W-1;Q-7\r\n",
        'Handle\tMatter\tForm\nW-1\tQ-7\t"Zorblat Quixmere"',
    ],
)
def test_a_list_as_spreadsheets_write_it(text: str) -> None:
    (row,) = read_list(text.encode()).rows
    assert (row.line, row.handle, row.matter, row.form) == (2, "W-1", "Q-7", "Zorblat Quixmere")
    assert "Zorblat" not in repr(row)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("Zorblat Quixmere", FormKind.NAME),
        ("zorblat@example.org", FormKind.ADDRESS),
        ("+99 (0) 555-010-2030", FormKind.PHONE),
        ("XK 4455667", FormKind.DOCUMENT),
        ("Ыфщзук", FormKind.NAME),
    ],
)
def test_a_form_without_a_kind_is_taken_for_what_it_looks_like(form: str, kind: FormKind) -> None:
    assert kind_of(form) is kind
    assert read_list(f"{HEADER}W-1,,{form},\n".encode()).rows[0].kind is kind


def test_faults_are_named_by_line_and_reason_and_quote_nothing() -> None:
    lines = [
        "W-1,Q-7,Zorblat Quixmere,name",
        ",Q-7,Pomfret Wuzzle,name",
        "W-2,Q-7,,name",
        "W-3,Q-7,Pomfret Wuzzle,Pomfret",
        "W-4,Q-7,Pomfret",
        "W-5,Q-7,---,name",
        "",
        "W-6,Q-7," + "Wuzzle" * 300 + ",name",
        'W-7,Q-7,"Pomfret\nWuzzle",name',
        ",Q-7,Pomfret Wuzzle,name",
    ]
    listed = read_list((HEADER + "\n".join(lines)).encode())
    assert [row.line for row in listed.rows] == [2]
    assert sorted(listed.faults) == [3, 4, 5, 6, 7, 9, 10, 12]
    said = fault_text(listed.faults)
    assert "lines 3, 12: the handle is empty" in said
    assert "line 6: it has 3 fields, and the header 4" in said
    assert not [word for word in ("Pomfret", "Wuzzle", "Zorblat", "W-") if word in said]


def test_ten_thousand_faults_are_each_named_and_still_read_at_a_glance() -> None:
    listed = read_list((HEADER + "W-1,,,\n" * 5_000 + ",,x,\n" * 5_000).encode())
    assert len(listed.faults) == 10_000
    assert fault_text(listed.faults) == "lines 2-5001: the form is empty\nlines 5002-10001: the handle is empty"


def test_weak_forms_are_told_and_kept() -> None:
    listed = read_list((HEADER + "W-1,,admin,\nW-1,,Zorblat Quixmere,\n").encode())
    assert list(listed.weak) == [2]
    assert len(listed.rows) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"name,form\nW,x\n",
        b"handle,matter,form,form\n",
        b"W-1,Q-7,Zorblat\n",
        b"handle,matter,form,colour\n",
    ],
)
def test_what_has_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError, match="header"):
        read_list(data)


def test_what_is_no_text_and_what_is_no_csv_is_refused_by_line() -> None:
    with pytest.raises(ConfigError, match="line 2 of the list is not UTF-8"):
        read_list(HEADER.encode() + "W-1,,Zürblat,\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="quotation mark") as caught:
        read_list((HEADER + 'W-1,,"Zorblat,\n').encode())
    assert "Zorblat" not in str(caught.value)


@given(st.binary(max_size=200))
def test_whatever_is_given_is_read_or_refused(data: bytes) -> None:
    try:
        listed = read_list(b"handle,matter,form\n" + data)
    except ConfigError:
        return
    assert not {row.line for row in listed.rows} & set(listed.faults)


def test_a_sealed_list_opens_for_whom_it_was_sealed(tmp_path: Path) -> None:
    text = b"handle,matter,form\n"
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity"
    path.write_text(f"# created: 2031\n{identity}\n")
    path.chmod(0o600)
    sealed = pyrage.encrypt(text, [identity.to_public()], armored=True)
    assert is_age(sealed)
    assert not is_age(text)
    assert open_with_identity(sealed, path) == text
    assert open_with_identity(pyrage.encrypt(text, [identity.to_public()]), path) == text
    other = tmp_path / "other"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    other.chmod(0o600)
    with pytest.raises(ConfigError, match="does not open"):
        open_with_identity(sealed, other)
    with pytest.raises(ConfigError, match="passphrase"):
        open_with_passphrase(sealed, "a bell")
    other.write_text("AGE-SECRET-KEY-1" + "Q" * 58)
    with pytest.raises(ConfigError, match="damaged"):
        open_with_identity(sealed, other)
    other.write_text("nothing")
    with pytest.raises(ConfigError, match="no age identity"):
        open_with_identity(sealed, other)
    other.chmod(0o644)
    with pytest.raises(StoreError, match="other accounts"):
        open_with_identity(sealed, other)
