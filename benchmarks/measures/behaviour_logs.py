"""Events of public logs as relations are made of them: each input read by its source, outside the product's workspace."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from tocsin.collect.source import HEAD_BYTES, Head, all_sources
from tocsin.detect.behaviour.relation import Seen, all_relations, summarise
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENTS


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of what a file holds: of a zip its members without resource forks, of a gz what is in it."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and not name.startswith("__MACOSX/"):
                    yield name, archive.read(name)
    elif path.suffix == ".gz":
        yield path.stem, gzip.decompress(path.read_bytes())
    else:
        yield path.name, path.read_bytes()


def relation_of(name: str, path: Path) -> pa.Table:
    """The relation's rows of one file, a partial of its fold."""
    tables = [_events(member, data) for member, data in contents(path)]
    events = pa.concat_tables([EVENTS.empty_table(), *tables])
    return summarise(all_relations()[name], Seen(events=events, accesses=ACCESSES.empty_table()))


def _events(name: str, data: bytes) -> pa.Table:
    head = Head(data[:HEAD_BYTES], len(data), name)
    source = max(all_sources(), key=lambda one: one.recognises(head))
    if source.recognises(head) == 0.0:
        return EVENTS.empty_table()
    start = source.preamble(head)
    rows: list[dict[str, Any]] = []
    for number, record in enumerate(source.records(data, data[:start], start)):
        if isinstance(record, Record):
            event = source.map(record).event
            rows.append({"record": number, "key": b"\0" * 16, "source": source.name, **event})
    return pa.Table.from_pylist(rows, schema=EVENTS) if rows else EVENTS.empty_table()
