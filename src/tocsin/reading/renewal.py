"""A workspace brought to the newest epoch of its vault: all text that rests in it passes the door again.

What is derived from chunks is derived again, a chunk a transaction (`rereading.derive_again`); what is said beside them
is done here, in one. What the ledger said before cannot be unsaid: a statement that names somebody who is protected by
now keeps its hash and its place, and its text is sealed.
"""

from __future__ import annotations

import msgspec
import orjson
from sqlalchemy import Connection, insert, select, update

from tocsin.books import epoch_at_rest
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.chunk import VERBATIM
from tocsin.model.clipping import cut
from tocsin.model.door import mask_all, mask_json, mask_one
from tocsin.reading.estates import pass_again
from tocsin.reading.kept_rules import seal_rules
from tocsin.reading.renewed_answers import pass_answers_again
from tocsin.reading.shown import Clear, clear_of, epoch_of, shown
from tocsin.record.binding import BRIEF, CHUNK, DERIVED, INPUT, RUN
from tocsin.record.keys import WorkspaceKey, is_sealed, needs_door
from tocsin.record.ledger import Ledger, frontier_of
from tocsin.record.rows import brief_said, chunk_said, derived_said, input_said, run_said
from tocsin.record.statements import append_statements
from tocsin.store import tables
from tocsin.store.workspace import Workspace

_AT_ONCE = 512
_REPORT = "report.html"


def is_current(workspace: Workspace, key: WorkspaceKey) -> bool:
    """Whether everything in the workspace passed the door under the epoch it has now."""
    with workspace.reading() as connection:
        if epoch_at_rest(connection) != key.door.epoch:
            return False
        row = tables.chunks.c
        plans = connection.execute(select(row.plan).where(row.plan != "", row.decoder != VERBATIM).distinct())
        return all(epoch_of(plan) == key.door.epoch for plan in plans.scalars())


def pass_texts_again(workspace: Workspace, key: WorkspaceKey) -> bool:
    """Every text beside what is derived from chunks through the door as it is now; False where it has been already.

    Under the writer lock. Wrapped secrets are wrapped under the door's key as well.
    """
    with workspace.reading() as connection:
        if epoch_at_rest(connection) == key.door.epoch:
            return False
    (workspace.path / _REPORT).unlink(missing_ok=True)  # as it stands it was written under another epoch
    pass_again(workspace, key)
    for folder in sorted((workspace.path / "rules").glob("*")):
        seal_rules(folder, key.door)
    with workspace.writing() as connection:
        said = [
            *_inputs(connection, key),
            *_chunks(connection, key),
            *_runs(connection, key),
            *_briefs(connection, key),
        ]
        if said:
            append_statements(connection, Ledger(workspace.ledger), said)
        pass_answers_again(workspace, connection, key)
        _statements(connection, key)
        values = {"epoch": key.door.epoch, "size": frontier_of(connection).size}
        connection.execute(insert(tables.doors).values(values))
    workspace.forget()
    return True


_Said = list[tuple[str, bytes]]


def _inputs(connection: Connection, key: WorkspaceKey) -> _Said:
    said: _Said = []
    rows, documents = tables.inputs, tables.acquisitions
    held = {row.input: row.document for row in connection.execute(select(documents))}
    for row in connection.execute(select(rows)).all():
        document = held.get(row.id)
        record = None if document is None else msgspec.json.decode(document, type=AcquisitionRecord)
        clear = Clear(row.path, row.reason, row.container, record)
        if row.clear is not None:
            first = clear_of(row.clear, key)
            # The reason is the row's own: a run may have added why it stopped.
            clear = first._replace(reason=row.reason, acquisition=first.acquisition or record)
        seen = shown(clear, key.door)
        if (seen.path, seen.reason, seen.container) != (row.path, row.reason, row.container) or (
            seen.acquisition != record
        ):
            wrapped = key.wrap(msgspec.msgpack.encode(clear))
            values = {"path": seen.path, "reason": cut(seen.reason), "container": seen.container, "clear": wrapped}
            connection.execute(update(rows).where(rows.c.id == row.id).values(values))
            if seen.acquisition is not None:
                new = msgspec.json.encode(seen.acquisition)
                connection.execute(update(documents).where(documents.c.input == row.id).values(document=new))
            said.append((INPUT, input_said(connection, row.id)))
        elif row.clear is not None and not needs_door(row.clear):
            rewrapped = key.wrap(key.unwrap(row.clear))
            connection.execute(update(rows).where(rows.c.id == row.id).values(clear=rewrapped))
    return said


def _chunks(connection: Connection, key: WorkspaceKey) -> _Said:
    said: _Said = []
    rows = tables.chunks
    preambles = [row for row in connection.execute(select(rows.c.preamble).distinct()).scalars() if not is_sealed(row)]
    named = mask_all(key.door, {preamble.decode("utf-8", "replace") for preamble in preambles})
    to_seal = {preamble for preamble in preambles if preamble.decode("utf-8", "replace") in named}
    columns = rows.c.sequence, rows.c.secret, rows.c.preamble, rows.c.decoder, rows.c.plan
    for row in connection.execute(select(*columns).order_by(rows.c.sequence)).all():
        this = update(rows).where(rows.c.sequence == row.sequence)
        if not needs_door(row.secret):
            connection.execute(this.values(secret=key.wrap(key.unwrap(row.secret))))
        if row.preamble in to_seal:
            connection.execute(this.values(preamble=key.sealed(row.preamble)))
            whole = connection.execute(select(rows).where(rows.c.sequence == row.sequence)).one()
            said.append((CHUNK, chunk_said(connection, whole)))
        if row.decoder == VERBATIM and _details(connection, key, row.sequence):
            whole = connection.execute(select(rows).where(rows.c.sequence == row.sequence)).one()
            said.append((DERIVED, derived_said(connection, whole)))
    return said


def _details(connection: Connection, key: WorkspaceKey, sequence: int) -> bool:
    """What is said of a chunk that could not be processed: it is not processed again. Whether anything changed."""
    rows = tables.rejections
    found = connection.execute(select(rows.c.reason, rows.c.detail).where(rows.c.chunk == sequence)).all()
    changed = False
    for reason, detail in found:
        if (masked := mask_one(key.door, detail)) != detail:
            this = update(rows).where(rows.c.chunk == sequence, rows.c.reason == reason)
            connection.execute(this.values(detail=masked))
            changed = True
    return changed


def _runs(connection: Connection, key: WorkspaceKey) -> _Said:
    said: _Said = []
    rows = tables.runs
    for row in connection.execute(select(rows)).all():
        settings = orjson.loads(row.settings)
        if (masked := mask_json(key.door, settings)) != settings:
            text = orjson.dumps(masked).decode()
            connection.execute(update(rows).where(rows.c.id == row.id).values(settings=text))
            said.append((RUN, run_said(connection, row.id)))
    return said


def _briefs(connection: Connection, key: WorkspaceKey) -> _Said:
    said: _Said = []
    rows = tables.briefs
    for row in connection.execute(select(rows)).all():
        figures = msgspec.json.decode(row.figures)
        if (masked := mask_json(key.door, figures)) != figures:
            text = msgspec.json.encode(masked).decode()
            connection.execute(update(rows).where(rows.c.number == row.number).values(figures=text))
            said.append((BRIEF, brief_said(connection, row.number)))
    return said


def _statements(connection: Connection, key: WorkspaceKey) -> None:
    """Those that name somebody are sealed, unless they are already; what they committed to stays as it is."""
    rows = tables.statements
    leaves = list(connection.execute(select(rows.c.leaf).order_by(rows.c.leaf)).scalars())
    for begin in range(0, len(leaves), _AT_ONCE):
        some = leaves[begin : begin + _AT_ONCE]
        held = connection.execute(select(rows.c.leaf, rows.c.data).where(rows.c.leaf.in_(some))).all()
        texts = [(leaf, data) for leaf, data in held if not is_sealed(data)]
        for place in key.door.mask([data.decode("utf-8", "replace") for _, data in texts]):
            leaf, data = texts[place]
            connection.execute(update(rows).where(rows.c.leaf == leaf).values(data=key.sealed(data)))
