"""From the rows of an estate to its files: CSV that any spreadsheet opens and none computes, and one JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tocsin.model.cells import csv_text
from tocsin.store.estate_rows import REMARKS, TABLES, Row

Lists = Mapping[str, Sequence[Row]]
SCHEMA = {"name": "tocsin.estate", "version": 1}


def list_text(name: str, rows: Sequence[Row]) -> str:
    """One list with every column it can have; remarks where a row has one. Read back, it is the same rows."""
    columns = [*TABLES[name].columns, *(one for one in REMARKS if any(row.values.get(one) for row in rows))]
    return csv_text([columns, *([row.values.get(column, "") for column in columns] for row in rows)])


def estate_document(lists: Lists) -> str:
    """The whole estate as one JSON document, which is also the `estate.yaml` that says the same."""
    document = {
        "schema": SCHEMA,
        **{
            name: [{column: text for column, text in row.values.items() if text} for row in lists[name]]
            for name in TABLES
            if lists[name]
        },
    }
    return json.dumps(document, ensure_ascii=True, indent=1) + "\n"
