"""Files from which records were erased: given again under another name they are not taken in, and it is said why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection, select

from tocsin.model.chunk import Input, InputState
from tocsin.record.acts import acts_of
from tocsin.record.erasures import ERASED, leaves_of
from tocsin.store import tables


class Bar(NamedTuple):
    """Something was erased from `path` by the act at `entry` of the ledger: content that is the same stays out."""

    path: str
    entry: int


def bars_of(connection: Connection) -> dict[str, Bar]:
    """By SHA-256 (hex) of what an input holds, inflated: what was erased from it. Raises VerificationError."""
    chunks, inputs = tables.chunks.c, tables.inputs.c
    rows = connection.execute(
        select(chunks.tree_start, chunks.leaves, inputs.path, inputs.content_sha256)
        .join_from(tables.chunks, tables.inputs, chunks.input == inputs.id)
        .where(chunks.stem.is_not(None))
        .order_by(chunks.sequence)
    ).all()
    if not rows:
        return {}
    acts = [(act.leaf, leaves_of(act)) for act in acts_of(connection) if act.kind == ERASED]
    found: dict[str, Bar] = {}
    for row in rows:
        span = range(row.tree_start, row.tree_start + row.leaves)
        entry = next((leaf for leaf, gone in acts if any(each in span for each in gone)), None)
        if entry is not None and row.content_sha256:
            found.setdefault(row.content_sha256, Bar(row.path, entry))
    return found


def barred(entry: Input, bars: Mapping[str, Bar]) -> Input | None:
    """The input as it is accounted where it must stay out, None where it may come in.

    The file of that path itself is held already, as far as it was left. What lies in an archive comes in with the
    archive, so that it can be named and erased there.
    """
    bar = bars.get(entry.content_sha256)
    if bar is None or entry.path == bar.path or entry.container is not None:
        return None
    reason = f"records of it were erased (entry {bar.entry} of the ledger): what is left of it is held as {bar.path}"
    return replace(entry, state=InputState.IGNORED, reason=reason)
