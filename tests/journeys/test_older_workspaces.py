"""A workspace whose folds an older version kept: told as such, and made whole by the next run from the record alone."""

from __future__ import annotations

from pathlib import Path

import orjson
from sqlalchemy import select, update
from tests.journeys.conftest import Tocsin, without_run
from tests.journeys.logs import lines

from tocsin.store import tables
from tocsin.store.workspace import open_workspace


def test_what_an_older_version_kept_is_derived_anew(tmp_path: Path, tocsin: Tocsin) -> None:
    log, case = tmp_path / "audit.jsonl", tmp_path / "case"
    log.write_bytes(lines(30))
    before = tocsin("investigate", log, "--workspace", case, "--format", "json").document
    workspace = open_workspace(case)
    with workspace.writing() as connection:
        kept = orjson.loads(connection.scalar(select(tables.runs.c.settings)) or "")
        del kept["folds"]
        connection.execute(update(tables.runs).values(settings=orjson.dumps(kept).decode()))
        connection.execute(update(tables.chunks).values(plan="of another version"))
        connection.execute(update(tables.partials).values(data=b"of another version"))
    workspace.close()
    told = tocsin("incidents", "--workspace", case)
    assert told.code == 74
    assert "run the investigation again" in told.err
    after = tocsin("investigate", log, "--workspace", case, "--format", "json").document
    assert without_run(after) == without_run(before)
