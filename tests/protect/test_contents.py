"""Names are found in whatever holds them: encodings, archives in archives, documents, properties; the rest is said."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import py7zr
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protect.planted import CYRILLIC, LATIN, guard

from tocsin.errors import RefusedError
from tocsin.protect.contents import contents
from tocsin.protect.searched import Searched, script_of

TEXT = f"the letter of {LATIN} was read\n".encode()


def search(data: bytes) -> Searched:
    return guard().search(contents(data))


def zipped(name: str = "a.txt", data: bytes = TEXT, comment: bytes = b"") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        archive.writestr(name, data)
    return held.getvalue()


def tarred(name: str = "a.txt", data: bytes = TEXT) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def seven(name: str = "a.txt", data: bytes = TEXT, password: str | None = None) -> bytes:
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", password=password) as archive:
        archive.writestr(data, name)
    return held.getvalue()


def sqlite() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE letters (id INTEGER, body TEXT)")
        # Longer than a page: in the file it is cut into pieces, one of them in the middle of the name.
        connection.execute("INSERT INTO letters VALUES (1, ?)", ("x " * 2037 + LATIN + " x" * 4000,))
        return connection.serialize()


def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table({"who": ["nobody", LATIN] * 50}), held, compression="zstd")
    return held.getvalue()


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    said = b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(LATIN.encode())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(*said) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    xmp = f"<x:xmpmeta><dc:creator>{LATIN}</dc:creator></x:xmpmeta>".encode()
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + bytes(range(128, 256)) * 20 + b"\xff\xd9"


def docx() -> bytes:
    runs = "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>".join(("Jan Qw", "ertović"))
    return zipped("word/document.xml", f'<?xml version="1.0"?><w:p><w:r><w:t>{runs}</w:t></w:r></w:p>'.encode())


def pdf(content: bytes, *, info: bytes = b"", extra: bytes = b"", catalog: bytes = b"") -> bytes:
    packed = zlib.compress(content)
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R " + catalog + b">>\nendobj\n"
        b"2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"
        b"3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>\nendobj\n"
        b"4 0 obj\n<< /Length " + str(len(packed)).encode() + b" /Filter /FlateDecode >>\nstream\n" + packed
        + b"\nendstream\nendobj\n5 0 obj\n<< " + info + b" >>\nendobj\n" + extra
        + b"trailer\n<< /Root 1 0 R /Info 5 0 R >>\n%%EOF\n"
    )  # fmt: skip


def pdf_glyphs() -> bytes:
    """Text as codes of a font that has its own table, two bytes a glyph, as most writers of PDF do."""
    letters = sorted(set(CYRILLIC))
    codes = "".join(f"{letters.index(each) + 1:04x}" for each in CYRILLIC)
    rows = "\n".join(f"<{place:04x}> <{ord(each):04x}>" for place, each in enumerate(letters, 1))
    table = zlib.compress(f"{len(letters)} beginbfchar\n{rows}\nendbfchar".encode())
    font = b"6 0 obj\n<< /Filter /FlateDecode /Length " + str(len(table)).encode() + b" >>\nstream\n" + table
    return pdf(f"BT /F1 9 Tf <{codes}> Tj ET".encode(), extra=font + b"\nendstream\nendobj\n")


FILES: dict[str, Callable[[], bytes]] = {
    "utf-8": lambda: TEXT,
    "utf-16": lambda: TEXT.decode().encode("utf-16"),
    "utf-16-be": lambda: TEXT.decode().encode("utf-16-be"),
    "cp1252": lambda: b"\xe9 Jan Qwertovic, \xe8",
    "binary": lambda: bytes(range(256)) * 3 + TEXT + bytes(range(256)),
    "binary wide": lambda: b"\x01" + bytes(range(256)) * 3 + CYRILLIC.encode("utf-16-le") + bytes(range(256)),
    "zip": zipped,
    "zip, its member's name": lambda: zipped("letters of Jan Qwertović.txt", b"x"),
    "zip behind a picture": lambda: jpeg() + zipped("a", b"x"),
    "zip, its comment": lambda: zipped("a", b"x", "by Jan Qwertović".encode()),
    "tar": tarred,
    "tar, its member's name": lambda: tarred("jan_qwertovic.txt", b"x"),
    "tar.gz": lambda: gzip.compress(tarred()),
    "gzip, two in one": lambda: gzip.compress(b"x\n") + gzip.compress(TEXT),
    "bzip2": lambda: bz2.compress(TEXT),
    "xz": lambda: lzma.compress(TEXT),
    "zstd": lambda: zstd.compress(TEXT),
    "7z": seven,
    "7z, its member's name": lambda: seven("jan_qwertovic.txt", b"x"),
    "zip in tar.gz in zip": lambda: zipped("a", gzip.compress(tarred("b", zipped()))),
    "docx, a name in two runs": docx,
    "sqlite": sqlite,
    "parquet": parquet,
    "png": png,
    "jpeg": jpeg,
    "pdf": lambda: pdf(b"BT /F1 12 Tf (Jan Qwertovic) Tj ET"),
    "pdf, spaces by steps": lambda: pdf(b"BT [(Ja)20(n)-250(Qwer)15(tovic)] TJ ET"),
    "pdf, hex and octal": lambda: pdf(b"BT <4a616e> Tj (\\040Qwertov\\151c) Tj ET"),
    "pdf, glyphs": pdf_glyphs,
    "pdf, its author": lambda: pdf(
        b"BT (x) Tj ET", info=b"/Author <FEFF" + LATIN.encode("utf-16-be").hex().encode() + b">"
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_name_is_found_in(kind: str) -> None:
    found = search(FILES[kind]())
    assert found.references
    assert not found.unsearched


@pytest.mark.parametrize(
    ("kind", "part"),
    [("zip", "a.txt"), ("zip in tar.gz in zip", "a!b!a.txt"), ("pdf", "page 1"), ("pdf, its author", "properties")],
)
def test_the_part_is_told(kind: str, part: str) -> None:
    assert search(FILES[kind]()).references[0].part == part


def test_a_member_named_after_a_person_is_told_without_the_name() -> None:
    found = search(zipped(f"{LATIN}.txt", TEXT))
    assert len(found.references) == 2
    assert not any("Qwert" in each.place for each in found.references)


def encrypted_zip() -> bytes:
    data = bytearray(zipped())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


CLOSED: dict[str, Callable[[], bytes]] = {
    "zip, encrypted": encrypted_zip,
    "7z, encrypted": lambda: seven(password="x"),
    "zip, cut": lambda: zipped()[40:],
    "gzip, cut": lambda: gzip.compress(TEXT * 50)[:-20],
    "xz, damaged": lambda: lzma.compress(TEXT)[:20] + b"\xff" * 40,
    "pdf, encrypted": lambda: pdf(b"BT (x) Tj ET", catalog=b"/Encrypt 9 0 R "),
    "pdf, a filter that is not read": lambda: pdf(
        b"x", extra=b"9 0 obj\n<< /Filter /LZWDecode /Length 3 >>\nstream\nabc\nendstream\nendobj\n"
    ),
    "age": lambda: b"age-encryption.org/v1\n-> X25519 abc\n",
    "pgp": lambda: b"-----BEGIN PGP MESSAGE-----\n",
    "rar": lambda: b"Rar!\x1a\x07\x01\x00xxxx",
    "an older Office document": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "sqlite, damaged": lambda: sqlite()[:3000],
    "parquet, damaged": lambda: b"PAR1 damaged PAR1",
    "too deep": lambda: _deep(9),
}  # fmt: skip


def _deep(levels: int) -> bytes:
    data = b"x"
    for _ in range(levels):
        data = gzip.compress(data)
    return data


@pytest.mark.parametrize("kind", CLOSED)
def test_what_cannot_be_read_is_said_and_stopped_at_an_exit(kind: str) -> None:
    data = CLOSED[kind]()
    assert search(data).unsearched
    with pytest.raises(RefusedError, match="not searched"):
        guard().refuse(data)


def test_more_than_there_is_room_for_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.protect.contents.LARGEST", 1 << 20)
    bomb = gzip.compress(bytes(8 << 20))
    for data in (bomb, zipped("a", bytes(8 << 20)), zstd.compress(bytes(8 << 20)), seven("a", bytes(8 << 20))):
        assert search(data).unsearched


@given(st.binary(max_size=300), st.sampled_from((b"", b"PK\x05\x06", b"%PDF-1.4\n1 0 obj<<", b"\x1f\x8b\x08", b"BZh9")))
@settings(deadline=None, max_examples=150)
def test_no_bytes_are_too_odd(data: bytes, magic: bytes) -> None:
    search(magic + data)


@given(st.binary(max_size=64), st.sampled_from([*FILES]), st.integers(0, 4000))
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_is_read_or_said_and_never_a_fault(noise: bytes, kind: str, at: int) -> None:
    data = FILES[kind]()
    at = min(at, len(data))
    search(data[:at] + noise + data[at + len(noise) :])


def test_files_and_folders_are_searched_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "jan.qwertovic").mkdir()
    (tmp_path / "jan.qwertovic" / "a.txt").write_bytes(b"nothing")
    (tmp_path / "b.txt").write_bytes(TEXT)
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = guard().search_folder(tmp_path, shown_as="here")
    assert [(each.part, each.line) for each in found.references] == [("", 1), ("its name", 0)]
    assert not any("qwert" in each.file.lower() for each in found.references)
    assert {each.file for each in found.unsearched} == {"here/link", "here/pipe"}


SCAN = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (SCAN, [("", "picture")]),
        (png(), [("", "picture")]),
        (zipped("word/media/image1.jpeg", SCAN), [("word/media/image1.jpeg", "picture")]),
        (b"RIFF\x24\0\0\0WAVEfmt ", [("", "recording")]),
        (b"\0\0\0\x18ftypheic", [("", "picture")]),
        (b"BM is how this line of a letter begins", []),
        (docx(), []),
    ],
)
def test_pictures_and_recordings_are_told_and_their_pixels_are_no_text(
    data: bytes, seen: list[tuple[str, str]]
) -> None:
    found = search(data)
    assert [(each.part, each.kind) for each in found.unseen] == seen
    assert not found.unsearched


def test_a_scanned_page_of_a_pdf_is_a_picture_and_the_mask_of_it_none() -> None:
    image = b"9 0 obj <</Subtype /Image /SMask 10 0 R /Filter /DCTDecode>>\nstream\nx\nendstream\nendobj\n"
    mask = b"10 0 obj <</Subtype /Image /Filter /DCTDecode>>\nstream\nx\nendstream\nendobj\n"
    found = search(pdf(b"BT (x) Tj ET") + image + mask)
    assert [(each.part, each.kind) for each in found.unseen] == [("object 9", "picture")]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("יעל", "Hebrew"),
        ("李雷", "Chinese"),
        ("Ան", "Armenian"),
        ("김", "Korean"),
        ("\uff2a\uff41\uff4e", "Latin"),
        ("Jan Яр", "Cyrillic"),
        ("Ελ", "Greek"),
        ("12 34", "digits"),
    ],
)
def test_a_reference_is_told_with_the_script_it_is_in(text: str, script: str) -> None:
    assert script_of(text) == script
