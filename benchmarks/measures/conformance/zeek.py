"""Zeek's logs in both renditions, tabular and JSON: each must give the same records."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

from tocsin.collect.source import Head
from tocsin.collect.sources.zeek import SOURCE
from tocsin.model.record import Record, Unreadable

FOLDER = "parser_conformance/zeek_tsv_json_pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeekFigures:
    """Kinds of log, records of both renditions, and the records equal in every field and in every mapped column."""

    kinds: int
    records: int
    equal: int


def measure(data: Path) -> ZeekFigures:
    """Read every pair."""
    kinds = records = equal = 0
    for path in sorted((data / FOLDER).glob("*.log.gz")):
        rows, lines = _read(path), _read(path.with_name(path.name.replace(".log.", ".json.")))
        kinds += 1
        records += max(len(rows), len(lines))
        equal += sum(_is_same(row, line) for row, line in zip(rows, lines, strict=False))
    return ZeekFigures(kinds=kinds, records=records, equal=equal)


def _is_same(row: Record | Unreadable, line: Record | Unreadable) -> bool:
    if not isinstance(row, Record) or not isinstance(line, Record):
        return False
    return (row.log, row.fields) == (line.log, line.fields) and SOURCE.map(row) == SOURCE.map(line)


def _read(path: Path) -> list[Record | Unreadable]:
    data = gzip.decompress(path.read_bytes())
    preamble = data[: SOURCE.preamble(Head(data[:65_536], len(data), ""))]
    return list(SOURCE.records(data, preamble, len(preamble)))
