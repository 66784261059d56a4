"""Rows of estates for tests: invented, and any that could be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

from tocsin.store.estate_rows import TABLES, Row
from tocsin.store.estate_values import ALIAS_KINDS, HOLDING_KINDS

Lists = dict[str, list[Row]]

_TEXTS = st.text(st.sampled_from("ab=+-@'\";,| \t\nÄß*\\/:.1"), max_size=6).map(str.strip)
_IDS = st.sampled_from(["p-1", "p-2", "svc", "=id", "G 1"])
_ACCOUNT = st.sampled_from(["ada@x.example", "TNI\\ada", "ben", "-1", "S-1-5-21-1"])
_ACCOUNTS = st.lists(_ACCOUNT, max_size=2).map(";".join)
_DATES = st.sampled_from(["", "", "2024-01-01", "2024-06-30", "yesterday"])
_COLUMNS = {
    "id": _IDS,
    "identity": _IDS,
    "group": _IDS,
    "accounts": _ACCOUNTS,
    "from": _DATES,
    "to": _DATES,
    "administrator": st.sampled_from(["", "yes", "no", "perhaps"]),
    "matter": st.sampled_from(["", "M1", "M2"]),
    "pattern": st.sampled_from(["x/*", "x/a", "X/a/*", "y", "*", "a*b"]) | _TEXTS,
    "name": st.sampled_from(["", "one", "two", "x/*"]) | _TEXTS,
    "other": st.sampled_from(["one", "three", "z/*"]) | _TEXTS,
}


def lists(**rows: Sequence[Mapping[str, str]]) -> Lists:
    """Lists with these rows, placed as if they were read from their files."""
    return {
        name: [Row(f"{name}.csv", line, dict(values)) for line, values in enumerate(rows.get(name, ()), 2)]
        for name in TABLES
    }


def values(found: Mapping[str, Sequence[Row]]) -> dict[str, list[dict[str, str]]]:
    """What the rows say, without empty cells and without where they stand."""
    return {
        name: [{column: text for column, text in row.values.items() if text} for row in rows]
        for name, rows in found.items()
        if rows
    }


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _row(name: str) -> st.SearchStrategy[dict[str, str]]:
    kinds = {"holdings": HOLDING_KINDS, "aliases": ALIAS_KINDS}.get(name, ())
    columns = {column: _COLUMNS.get(column, _TEXTS) for column in (*TABLES[name].columns, "comment")}
    if kinds:
        columns["kind"] = st.sampled_from([*kinds[:4], "desk"])
    return st.fixed_dictionaries({}, optional=columns)


def any_lists() -> st.SearchStrategy[Lists]:
    """Lists as people could write them: most rows fit together, some do not."""
    some = {name: st.lists(_row(name), max_size=3) for name in TABLES if name not in ("networks", "attestations")}
    return st.fixed_dictionaries(some).map(lambda rows: lists(**rows))
