"""Everything at rest, taken apart, and planted names looked for in it byte by byte."""

from __future__ import annotations

import base64
import gzip
import io
import sqlite3
import tarfile
import unicodedata
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

_KEY = 6  # bytes a needle is looked up by
_BLOCK = 1 << 22
_DEEPEST = 4
_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")


class Needle(NamedTuple):
    """Bytes that must not be there."""

    person: int
    writing: str


class Leak(NamedTuple):
    """Where it is, and whose."""

    where: str
    person: int
    writing: str
    around: bytes


def needles(person: int, word: str) -> Iterator[tuple[bytes, Needle]]:
    """A word in each encoding, as it stands in the middle of a longer text too."""
    for said, text in {
        "": word,
        " NFD": unicodedata.normalize("NFD", word),
        " lower": word.lower(),
        " upper": word.upper(),
    }.items():
        utf8 = text.encode()
        escaped = [f"{ord(letter):04x}" for letter in text]
        whole = {
            "UTF-8": utf8,
            "UTF-16LE": text.encode("utf-16-le"),
            "UTF-16BE": text.encode("utf-16-be"),
            "percent": urllib.parse.quote(text, safe="").encode(),
            "percent, all": "".join(f"%{byte:02X}" for byte in utf8).encode(),
            "JSON": "".join(f"\\u{each}" for each in escaped).encode(),
            "JSON twice": "".join(f"\\\\u{each}" for each in escaped).encode(),
            "quoted-printable": "".join(chr(byte) if 32 < byte < 127 else f"={byte:02X}" for byte in utf8).encode(),
            "entities": "".join(f"&#{ord(letter)};" for letter in text).encode(),
            "entities, hexadecimal": "".join(f"&#x{ord(letter):X};" for letter in text).encode(),
            "hexadecimal": utf8.hex().encode(),
        }
        whole["percent twice"] = whole["percent"].replace(b"%", b"%25")
        whole["percent of JSON"] = whole["JSON"].replace(b"\\", b"%5C")
        for name, data in whole.items():
            if len(data) >= _KEY:
                yield data, Needle(person, name + said)
        for name in ("UTF-8", "UTF-16LE", "UTF-16BE", "percent", "JSON"):
            for data in _in_base64(whole[name]):
                yield data, Needle(person, f"base64 of {name}{said}")


def _in_base64(data: bytes) -> Iterator[bytes]:
    """What is certain of it at each of the three places it can begin at."""
    for shift in range(3):
        digits = base64.b64encode(b"\0" * shift + data)
        inner = digits[(0, 2, 3)[shift] : len(digits) - (0, 4, 4)[(shift + len(data)) % 3]]
        if len(inner) >= 2 * _KEY:
            yield from {inner, inner.translate(_URL_ALPHABET)}


class Searcher:
    """Looks for many needles at once: their first bytes in a table, the rest compared."""

    def __init__(self, wanted: Iterable[tuple[bytes, Needle]]) -> None:
        self._by_key: dict[bytes, list[tuple[bytes, Needle]]] = {}
        for data, needle in wanted:
            self._by_key.setdefault(data[:_KEY], []).append((data, needle))
        self._keys = np.unique(np.array([int.from_bytes(key, "little") for key in self._by_key], dtype=np.uint64))
        self._heads = np.zeros(1 << 24, dtype=bool)
        self._heads[(self._keys & np.uint64(0xFFFFFF)).astype(np.int64)] = True

    def search(self, data: bytes, where: str) -> list[Leak]:
        """All that stands in the bytes, and in them as lower-case text."""
        folded = data.decode("utf-8", "ignore").lower().encode()
        return [*self._found(data, where), *(self._found(folded, where) if folded != data else ())]

    def _found(self, data: bytes, where: str) -> Iterator[Leak]:
        for start in range(0, len(data), _BLOCK):
            block = np.frombuffer(data, dtype=np.uint8, offset=start, count=min(_BLOCK + _KEY - 1, len(data) - start))
            if len(block) < _KEY:
                continue
            size = len(block) - _KEY + 1
            head = (
                block[:size].astype(np.int64)
                | block[1 : size + 1].astype(np.int64) << 8
                | block[2 : size + 2].astype(np.int64) << 16
            )
            places = np.flatnonzero(self._heads[head])
            values = np.zeros(len(places), dtype=np.uint64)
            for shift in range(_KEY):
                values |= block[places + shift].astype(np.uint64) << np.uint64(8 * shift)
            if len(self._keys) and len(values):
                at = np.minimum(np.searchsorted(self._keys, values), len(self._keys) - 1)
                for place in places[self._keys[at] == values].tolist():
                    yield from self._at(data, start + place, where)

    def _at(self, data: bytes, place: int, where: str) -> Iterator[Leak]:
        for needle, who in self._by_key[data[place : place + _KEY]]:
            if data.startswith(needle, place):
                yield Leak(where, who.person, who.writing, data[max(0, place - 60) : place + len(needle) + 20])


def everything(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file, its path, and what is in it, as deep as it goes."""
    yield f"the name of {path}", str(path).encode("utf-8", "surrogateescape")
    yield from opened(str(path), path.read_bytes(), 0)
    if path.suffix == ".db":
        yield from _cells(path)


def opened(where: str, data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what they are when they are taken apart."""
    yield where, data
    if depth == _DEEPEST:
        return
    for name, inner in _inside(data):
        yield from opened(f"{where} > {name}", inner, depth + 1)


def _inside(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        if data[:2] == b"\x1f\x8b":
            yield "gzip", gzip.decompress(data)
        elif data[:4] == b"\x28\xb5\x2f\xfd":
            yield "zstd", pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()
        elif data[:4] == b"PAR1":
            yield from _table(pyarrow.parquet.read_table(pa.BufferReader(data)))
        elif data[:6] == b"ARROW1":
            yield from _table(pa.ipc.open_file(pa.BufferReader(data)).read_all())
        elif data[:4] == b"\xff\xff\xff\xff":
            yield from _table(pa.ipc.open_stream(pa.BufferReader(data)).read_all())
        elif data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    yield member.filename, member.filename.encode() + b"\n" + archive.read(member)
        elif data[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for entry in tar:
                    stream = tar.extractfile(entry)
                    yield entry.name, entry.name.encode() + b"\n" + (stream.read() if stream else b"")
        elif data[:1] == b"\x78":
            yield "zlib", zlib.decompress(data)
    except (OSError, pa.ArrowException, zlib.error, zipfile.BadZipFile, tarfile.TarError, EOFError):
        return


def _table(table: pa.Table) -> Iterator[tuple[str, bytes]]:
    yield "schema", str(table.schema).encode()
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = [value for value in column.to_pylist() if value is not None]
        texts = [value if isinstance(value, bytes) else str(value).encode() for value in values]
        yield name, b"\n".join(texts)


def _cells(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            texts: list[bytes] = []
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 — its own tables
                texts += [str(value).encode() for value in row if value is not None and not isinstance(value, bytes)]
                for value in row:
                    if isinstance(value, bytes):
                        yield from opened(f"{path} > {name}", value, 1)
            yield f"{path} > {name}", b"\n".join(texts)
    finally:
        connection.close()
