"""Cells of a CSV: whatever a log says, no spreadsheet computes it, and nothing of it is lost."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.model.cells import csv_text, plain_cell, safe_cell

# What a spreadsheet computes when a cell begins with it, and what it may skip or split at before.
FORMULA = "=+-@＝＋－＠\t\r\n"
TEXT = st.text(st.sampled_from(list("=+-@＝＋－＠\t\r\n'\" ;,|ab\u00a0\\")) | st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=4)


@given(TEXT)
@example('=HYPERLINK("https://mail.example")')
@example("a;=1+1")
@example(" \"'=1")
def test_no_cell_begins_with_a_formula_at_any_separator(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(tuple(FORMULA))
    for separator in ",;|\t\r\n":
        for part in cell.split(separator):
            assert not part.strip('"“”„«»` \t\r\n\xa0').startswith(tuple(FORMULA)), part


@given(TEXT)
@example("'=1")
@example("''a;''=1")
def test_the_mark_can_be_taken_off_again(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


@given(ROWS)
def test_every_table_reads_back_as_it_was(rows: list[list[str]]) -> None:
    read = csv.reader(io.StringIO(csv_text(rows), newline=""))
    assert [[plain_cell(cell) for cell in row] for row in read] == rows


@given(st.text("abc 123._/:\\", max_size=30))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text
