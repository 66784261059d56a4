"""The values of SQLite databases and Parquet files; a long one lies in pieces among the bytes of its file."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.protect.found_text import FoundText

_SQLITE = b"SQLite format 3\0"
_PARQUET = b"PAR1"
_APART = "\n" * 4  # between two values: more than may stand between the words of a name
_AT_ONCE = 1000


def read(data: bytes) -> Iterator[FoundText]:
    """Every text, and bytes as text, a table at a time, and what the tables are called; nothing for other files."""
    if data.startswith(_SQLITE):
        yield from _of_sqlite(data)
    elif data.startswith(_PARQUET):
        yield from _of_parquet(data)


def _of_sqlite(data: bytes) -> Iterator[FoundText]:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(data)
            connection.execute("PRAGMA query_only = 1")
            connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            schema = connection.execute("SELECT name, type, sql FROM sqlite_master ORDER BY rowid").fetchall()
            yield FoundText("its tables", _APART.join(str(each[2] or each[0]) for each in schema))
            names = [name for name, kind, sql in schema if kind == "table" and "VIRTUAL" not in str(sql).upper()[:16]]
            for number, name in enumerate(names, 1):
                quoted = name.replace('"', '""')
                rows = connection.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - an identifier, quoted
                while group := rows.fetchmany(_AT_ONCE):
                    yield FoundText(f"table {number}", _APART.join(_text(each) for row in group for each in row))
    except (sqlite3.Error, UnicodeError):
        yield FoundText("", "", "a damaged SQLite database")


def _of_parquet(data: bytes) -> Iterator[FoundText]:
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        said = [*file.schema_arrow.names]
        said += [_text(each) for pair in (file.schema_arrow.metadata or {}).items() for each in pair]
        yield FoundText("its columns", _APART.join(said))
        for batch in file.iter_batches(batch_size=_AT_ONCE):
            for name in batch.schema.names:
                values = batch.column(name).to_pylist()
                yield FoundText("its values", _APART.join(_text(value) for value in values if value is not None))
    except (pa.ArrowException, OSError, ValueError):
        yield FoundText("", "", "a damaged Parquet file, or an encrypted one")


def _text(value: object) -> str:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
