"""That the proof of the door would see a name if there were one: its search, apart from the product."""

from __future__ import annotations

import base64
import gzip
import io
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from benchmarks.door_proof.logs import planted
from benchmarks.door_proof.names import SCRIPTS, invented
from benchmarks.door_proof.search import Searcher, everything, needles
from benchmarks.door_proof.writings import ENCODINGS

NAMES = invented(40)
SEARCHER = Searcher(each for name in NAMES for each in needles(name.number, name.family))
# Nested writings whose inner one is no encoding of its own at rest: the product is asked about these by their tokens.
NESTED = {
    "base64 of base64",
    "base64 of entities",
    "percent of base64",
    "JSON escapes in percent",
    "percent, lower case",
}


def people_in(data: bytes) -> set[int]:
    """Who is found in the bytes."""
    return {leak.person for leak in SEARCHER.search(data, "here")}


@pytest.mark.parametrize("encoding", sorted(ENCODINGS.keys() - NESTED - {"zero-width strewn"}))
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_name_is_seen_in_each_encoding(encoding: str, script: str) -> None:
    for name in NAMES:
        if name.script == script:
            text = ENCODINGS[encoding](name.form).replace("=\n", "")
            assert people_in(f"before {text} after".encode()) == {name.number}


@pytest.mark.parametrize("shift", range(3))
def test_a_name_is_seen_wherever_in_base64_it_begins(shift: int) -> None:
    for name in NAMES:
        for charset in ("utf-8", "utf-16-le"):
            data = base64.b64encode(b"x" * shift + name.family.encode(charset) + b"y" * 9)
            assert people_in(data) == {name.number}


def test_what_names_nobody_is_clean() -> None:
    assert people_in(bytes(range(256)) * 100 + b"an invented line about nobody") == set()


def a_table(text: str) -> pa.Table:
    return pa.table({"label": ["nobody", text], "number": [1, 2]})


def in_parquet(text: str) -> bytes:
    out = io.BytesIO()
    pyarrow.parquet.write_table(a_table(text), out, compression="zstd")
    return out.getvalue()


def in_arrow(text: str) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_file(out, a_table(text).schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(a_table(text))
    return bytes(out.getvalue())


def in_zip(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt.gz", gzip.compress(text.encode()))
    return out.getvalue()


def in_tar(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(text))
    return out.getvalue()


def in_zstd(text: str) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(text.encode() * 20)
    return bytes(out.getvalue())


@pytest.mark.parametrize("pack", [in_parquet, in_arrow, in_zip, in_tar, in_zstd])
def test_a_name_is_seen_in_what_is_packed(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    name = NAMES[1]
    path = tmp_path / "packed"
    path.write_bytes(pack(name.form))
    assert name.number in {leak.person for where, data in everything(path) for leak in SEARCHER.search(data, where)}


def test_a_name_is_seen_in_what_a_database_packs(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE kept (part BLOB)")
        connection.execute("INSERT INTO kept VALUES (?)", (in_arrow(NAMES[2].form),))
        connection.commit()
    assert NAMES[2].number in {leak.person for where, data in everything(path) for leak in SEARCHER.search(data, where)}


def test_a_name_is_seen_in_the_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / f"{NAMES[3].form}.txt"
    path.write_bytes(b"")
    assert NAMES[3].number in {leak.person for where, data in everything(path) for leak in SEARCHER.search(data, where)}


def test_invented_names_are_the_same_each_time_and_nobody_shares_one() -> None:
    assert invented(40) == NAMES
    assert [name.script for name in NAMES[:4]] == list(SCRIPTS)
    assert len({name.family for name in invented(400)}) == 400


def test_every_writing_comes_up_in_every_source() -> None:
    places = planted(invented(400), 3, ["a", "b", "c"])
    assert {one.writing for one in places if one.kind == "exact" and one.source == "b"} >= set(ENCODINGS)
    assert len({one.mark for one in places}) == len(places)
