"""Text from logs in; cells of a CSV that no spreadsheet takes for a formula out, and back again.

A cell that a spreadsheet could compute gets the mark `'` before it, wherever in the cell a program that splits at
another separator than the comma would see a new cell begin (OWASP, "CSV Injection"). `plain_cell` takes the marks off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

MARK = "'"
# With these a cell begins that is computed; the last four are their full-width and small forms.
_FORMULA = "=+\\-@＝＋－＠﹦﹢﹣﹫"
# A cell begins at the start of the text and after what a program may split at; blanks and quotes before it are skipped.
_START = r"(?:^|(?<=[,;|\t\r\n]))"
_TO_MARK = re.compile(rf"{_START}(?=[\s\"“”„«»`]*[{_FORMULA}]|{MARK})|^(?=[\t\r\n])")
_MARKED = re.compile(rf"{_START}{MARK}(?=[\s\"“”„«»`]*[{_FORMULA}]|{MARK})|^{MARK}(?=[\t\r\n])")


def safe_cell(text: str) -> str:
    """The text with a mark wherever a formula could begin, and before every mark of its own."""
    return _TO_MARK.sub(MARK, text)


def plain_cell(cell: str) -> str:
    """The text that `safe_cell` made the cell of; a cell with no mark that it would have put there is left as it is."""
    return _MARKED.sub("", cell)


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV (RFC 4180, every cell quoted, lines ended by a line feed), each cell safe."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return written.getvalue()
