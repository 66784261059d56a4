"""A field's value as predicates see it: canonical text, no value, or no field; and text with its case folded."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tocsin.model.rows import MISSING, Missing, Rows

__all__ = ["MISSING", "Cell", "Cells", "Missing", "canonical", "canonical_text", "fold", "texts"]


# A tuple is a field with several values; `None` inside it is a null among them.
Cell = str | None | Missing | tuple[str | None, ...]

_PLAIN: Final[frozenset[type]] = frozenset({str, Missing, type(None)})


_CODES: Final = 0x110000


@cache
def _simple_folds() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """By code point its simple case folding (Unicode CaseFolding.txt, statuses C and S), which keeps the length; and
    whether it is known yet."""
    folds, is_known = np.arange(_CODES, dtype=np.uint32), np.zeros(_CODES, dtype=np.bool_)
    folds[ord("A") : ord("Z") + 1] += 32
    is_known[:0x80] = True
    return folds, is_known


def _simple_fold(code: int) -> int:
    character = chr(code)
    return next((ord(one) for one in (character.casefold(), character.lower()) if len(one) == 1), code)


def fold(text: str) -> str:
    """The text with case removed, character by character: as many characters out as in."""
    if text.isascii():
        return text.lower()
    folds, is_known = _simple_folds()
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    known = is_known[codes]
    if not known.all():
        for code in np.unique(codes[~known]).tolist():
            folds[code] = _simple_fold(code)
            is_known[code] = True
    folded: bytes = folds[codes].tobytes()
    return folded.decode("utf-32-le", "surrogatepass")


def canonical_text(value: object) -> str | None:
    """One value as text: `true`/`false`, whole numbers without a point, other numbers as Python writes them."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def canonical(value: object) -> Cell:
    """What a record holds in one field as a cell; a list becomes its elements, each canonical."""
    if type(value) in _PLAIN:
        return value  # type: ignore[return-value]
    if isinstance(value, list | tuple):
        return tuple(canonical_text(element) for element in value)
    return canonical_text(value)


class Cells:
    """The cells of rows, by field; each field's are made once."""

    __slots__ = ("_known", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._known: dict[str, list[Cell]] = {}

    def __len__(self) -> int:
        return len(self.rows.places)

    def of(self, name: str) -> list[Cell]:
        """The cells of one field, row by row."""
        cells = self._known.get(name)
        if cells is None:
            values = self.rows.values(name)
            kinds = set(map(type, values))
            if kinds <= _PLAIN:
                cells = values if isinstance(values, list) else list(values)  # type: ignore[arg-type]
            elif kinds == {int}:
                cells = list(map(str, values))
            else:
                cells = [value if type(value) in _PLAIN else canonical(value) for value in values]  # type: ignore[misc]
            self._known[name] = cells
        return cells


def texts(cell: Cell) -> tuple[str, ...]:
    """The texts in a cell; none for a missing field or a null."""
    if isinstance(cell, str):
        return (cell,)
    if isinstance(cell, tuple):
        return tuple(text for text in cell if text is not None)
    return ()
