"""Tables with quotes: what is quoted rightly is read as it was written, and what is not puts no words into a log."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect import scanning
from tocsin.collect.declared.packing import declared_log
from tocsin.collect.mapping_file import parse_mapping
from tocsin.collect.rows import Layout, Row, frame_rows
from tocsin.model.record import Record, Unreadable

HEADER = "when;who;what;doc;note"
LAYOUT = Layout(HEADER.encode(), b";", tuple(HEADER.split(";")))
FORGED = "2026-03-12T08:00:00Z;victim;print;D-9;"
MAPPING = """
mapping: 1
name: papers
files: ['papers*.csv']
format: {type: csv, delimiter: ';'}
time: {column: when, format: iso}
"""
CELL = st.lists(
    st.sampled_from(["\n", "\r\n", '"', '""', ";", " ", "a", "ü", f"\n{FORGED}x\n", f'{FORGED}"x', f'\n"{FORGED}"\n'])
).map("".join)


def frame(text: str) -> list[Row | Unreadable]:
    return list(frame_rows(text.encode(), len(HEADER) + 1, LAYOUT))


def kinds(text: str) -> list[str]:
    return [one.cells[1].decode() if isinstance(one, Row) else f"{one.records} lost" for one in frame(text)]


def table(written: Sequence[Sequence[str]], quoting: int) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", quoting=quoting).writerows([HEADER.split(";"), *written])  # type: ignore[arg-type]
    return out.getvalue().encode()


@settings(deadline=None)
@given(
    notes=st.lists(st.tuples(CELL, CELL), max_size=12),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    chunk=st.integers(1, 300),
    block=st.integers(1, 200),
)
def test_what_csv_writes_is_read_back_whatever_the_chunk_size(
    notes: list[tuple[str, str]], quoting: int, chunk: int, block: int
) -> None:
    written = [["2026-03-12T08:00:00Z", "ada", "open", doc, note] for doc, note in notes]
    data = table(written, quoting)
    source = declared_log(parse_mapping("papers.mapping.yaml", MAPPING.encode()))
    blocks = (data[at : at + block] for at in range(0, len(data), block))
    with mock.patch.object(scanning, "CHUNK_BYTES", chunk), mock.patch.object(scanning, "_OVERLAP", 1_000):
        content = scanning.scan(blocks, "papers.csv", keep=False, declared=[scanning.Offered(source)])
    assert content.source is source
    found: list[list[str]] = []
    for piece in content.ranges:
        skip = len(content.preamble) if piece.offset == 0 else 0
        for one in source.records(data[piece.offset : piece.offset + piece.length], content.preamble, skip):
            assert isinstance(one, Record), one
            found.append([str(value) for value in one.fields.values()])
    assert found == written


def test_a_large_table_is_still_cut() -> None:
    written = [
        ["2026-03-12T08:00:00Z", "ada", "open", str(number), f"x\n{FORGED}" * (number % 2)] for number in range(200)
    ]
    data = table(written, csv.QUOTE_MINIMAL)
    source = declared_log(parse_mapping("papers.mapping.yaml", MAPPING.encode()))
    with mock.patch.object(scanning, "CHUNK_BYTES", 2_000):
        assert (
            len(scanning.scan(iter([data]), "papers.csv", keep=False, declared=[scanning.Offered(source)]).ranges) > 3
        )


def test_a_row_inside_a_quoted_cell_is_no_row() -> None:
    assert kinds(f'{HEADER}\nt;mallory;print;D-1;"x\n{FORGED}\n"\nt;ada;open;D-2;y\n') == ["mallory", "ada"]


def test_where_quotes_do_not_match_no_line_they_may_hold_is_stored() -> None:
    naive = f'{HEADER}\nt;mallory;print;D-1;"my "best" title\n{FORGED}\n"\nt;ada;open;D-2;y\n'
    assert kinds(naive) == ["2 lost", "ada"]
    assert kinds(f'{HEADER}\nt;mallory;print;"x\n{FORGED}\n";D-1;much;more\nt;ada;open;D-2;y\n') == ["2 lost", "ada"]


def test_a_quote_that_is_never_closed_costs_its_row_only() -> None:
    assert kinds(f'{HEADER}\nt;bela;open;D-1;"x\nt;ada;open;D-2;y\nt;cy;open;D-3;z\n') == ["1 lost", "ada", "cy"]
