"""What the ledger is to say of rows as they stand in the database now (`record.binding`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from tocsin.record.binding import (
    answer_statement,
    brief_statement,
    chunk_statement,
    derived_statement,
    input_statement,
    run_statement,
)
from tocsin.store.tables import acquisitions, answers, briefs, chunk_keys, inputs, partials, rejections, runs, warnings


def run_said(connection: Connection, run: int) -> bytes:
    """Of a run, by its id."""
    return run_statement(connection.execute(select(runs).where(runs.c.id == run)).one()._asdict())


def brief_said(connection: Connection, number: int) -> bytes:
    """Of a brief that went out, by its number."""
    return brief_statement(connection.execute(select(briefs).where(briefs.c.number == number)).one()._asdict())


def answer_said(connection: Connection, number: int) -> bytes:
    """Of an answer that was given, by its number."""
    return answer_statement(connection.execute(select(answers).where(answers.c.number == number)).one()._asdict())


def input_said(connection: Connection, input_id: int) -> bytes:
    """Of an input, by its id."""
    row = connection.execute(select(inputs).where(inputs.c.id == input_id)).one()
    held = select(acquisitions.c.document).where(acquisitions.c.input == input_id)
    return input_statement(row._asdict(), connection.execute(held).scalar())


def chunk_said(connection: Connection, row: Row[Any]) -> bytes:
    """Of a chunk, by its row."""
    keys = connection.execute(select(chunk_keys.c.data).where(chunk_keys.c.chunk == row.sequence)).scalar()
    return chunk_statement(row._asdict(), keys or b"")


def derived_said(connection: Connection, row: Row[Any]) -> bytes:
    """Of what was derived from a chunk, by its row."""
    refused = select(rejections).where(rejections.c.chunk == row.sequence).order_by(rejections.c.reason)
    warned = select(warnings).where(warnings.c.chunk == row.sequence).order_by(warnings.c.code)
    kept = select(partials.c.fold, partials.c.data).where(partials.c.chunk == row.sequence)
    return derived_statement(
        row._asdict(),
        [one._asdict() for one in connection.execute(refused)],
        [one._asdict() for one in connection.execute(warned)],
        {one.fold: one.data for one in connection.execute(kept)},
    )
