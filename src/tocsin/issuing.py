"""Briefs that went out, kept in the workspace so that the next one can say what changed."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import insert, select

from tocsin.model.brief import Figures, IssuedBrief
from tocsin.record.binding import BRIEF
from tocsin.record.ledger import Ledger
from tocsin.record.rows import brief_said
from tocsin.record.statements import append_statements
from tocsin.store.tables import briefs
from tocsin.store.workspace import Workspace


def latest_brief(workspace: Workspace, before: str = "") -> IssuedBrief | None:
    """The brief issued last, or last before a time (RFC 3339); None before the first."""
    newest = select(briefs).order_by(briefs.c.number.desc()).limit(1)
    with workspace.reading() as connection:
        row = connection.execute(newest.where(briefs.c.issued < before) if before else newest).first()
    if row is None:
        return None
    figures = msgspec.json.decode(row.figures, type=Figures)
    return IssuedBrief(number=row.number, issued=row.issued, sha256=row.sha256, figures=figures)


def keep_brief(workspace: Workspace, text: str, figures: Figures, issued: str, tool: str) -> IssuedBrief:
    """Keep what a released brief said; `issued` is RFC 3339. Two briefs are never given one number."""
    previous = latest_brief(workspace)
    brief = IssuedBrief(
        number=previous.number + 1 if previous else 1,
        issued=issued,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        figures=figures,
    )
    with workspace.writing() as connection:
        values = {
            "number": brief.number,
            "issued": issued,
            "as_of": figures.as_of,
            "sha256": brief.sha256,
            "tool": tool,
            "figures": msgspec.json.encode(figures).decode("utf-8"),
        }
        connection.execute(insert(briefs).values(**values))
        said = brief_said(connection, brief.number)
        append_statements(connection, Ledger(workspace.ledger), [(BRIEF, said)])
    return brief
