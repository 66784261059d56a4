"""What a package shows of the ledger: records, statements, checkpoints, each with its proof; and what it withholds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from tocsin.attest.custody import by_whom, persons
from tocsin.attest.words import attested
from tocsin.errors import VerificationError
from tocsin.evidence.enclosure import Opened, OpenedRecord, leaves_of
from tocsin.evidence.redaction import Redaction
from tocsin.model.evidence import EnclosedRecord, EnclosedStatement, Export, Token, WithheldSession
from tocsin.record.acts import acts_of, read_act
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.outside import COSIGNED, TRUSTED, check_outside
from tocsin.record.people import disowned_in
from tocsin.record.proofs import TileReader
from tocsin.record.statements import ACT, Statement, statements_of
from tocsin.store import tables
from tocsin.store.events import read_events
from tocsin.store.workspace import Workspace

# A checkpoint that somebody kept can be held against a package that encloses it: all are enclosed while they are few.
MOST_CHECKPOINTS = 500


def tree_of(workspace: Workspace) -> TileReader:
    """The tree as the workspace has it now."""
    with workspace.reading() as connection:
        return TileReader(Ledger(workspace.ledger), *edge_row(connection))


def enclosed(
    record: OpenedRecord,
    redaction: Redaction,
    later: Mapping[int, int],
    by_finding: Mapping[int, Sequence[str]],
    tree: TileReader,
) -> EnclosedRecord:
    """A record as the package shows it.

    later        by leaf of a record that was sealed without a field root, the leaf of the statement that gives it one
    by_finding   by reference, the ids of the findings that rest on it
    """
    is_hidden = redaction.hides(record)
    shows_text = record.text is not None and not is_hidden
    return EnclosedRecord(
        index=record.index,
        leaf=record.leaf,
        proof=tuple(tree.inclusion_proof(record.index, tree.size)),
        chunk=record.statement,
        input=record.path,
        entry=record.entry,
        raw=None if is_hidden else record.raw,
        raw_salt=b"" if is_hidden else record.salts.raw,
        text=record.text if shows_text else None,
        text_salt=record.salts.text if shows_text else b"",
        fields=redaction.fields(record, None if record.is_fielded else later[record.index]),
        findings=tuple(by_finding.get(record.reference, ())),
    )


def enclosed_statements(
    connection: Connection, opened: Opened, later: Mapping[int, int], tree: TileReader
) -> Iterator[EnclosedStatement]:
    """What the ledger says of the inputs and chunks of the records, their late field roots, and every act."""
    wanted = {record.statement for record in opened.records} | {one.input_statement for one in opened.records}
    wanted |= {later[one.index] for one in opened.records if not one.is_fielded}
    for each in statements_of(connection):
        if each.leaf < tree.size and (each.leaf in wanted or each.kind == ACT):
            yield _shown(each, tree)


def _shown(statement: Statement, tree: TileReader) -> EnclosedStatement:
    return EnclosedStatement(
        index=statement.leaf,
        kind=statement.kind,
        salt=statement.salt,
        data=statement.data,
        proof=tuple(tree.inclusion_proof(statement.leaf, tree.size)),
        ledger_proof=_ledger_proof(statement, tree) if statement.kind == ACT else None,
    )


def _ledger_proof(statement: Statement, tree: TileReader) -> tuple[bytes, ...]:
    """That the ledger the act was signed over is this one's beginning. Raises VerificationError where it cannot be."""
    act = read_act(statement.leaf, statement.data)
    if act.size > statement.leaf:
        raise VerificationError(
            f"entry {act.leaf} ({act.kind}) says it was signed over {act.size} entries, more than there were before it",
            hint="see what else is changed, with: tocsin record verify",
        )
    return tuple(tree.consistency_proof(act.size, tree.size))


def export_of(workspace: Workspace, entry: int, size: int) -> Export:
    """The act at this entry, proven in the newest checkpoint, which goes on from the package's size."""
    tree = tree_of(workspace)
    with workspace.reading() as connection:
        statement = next(each for each in statements_of(connection, ACT) if each.leaf == entry)
        note = connection.scalar(select(tables.checkpoints.c.note).where(tables.checkpoints.c.size == tree.size))
    return Export(
        act=_shown(statement, tree),
        size=tree.size,
        checkpoint=str(note),
        consistency=tuple(tree.consistency_proof(size, tree.size)),
    )


def attested_outside(connection: Connection, origin: str, size: int, settled: Sequence[int]) -> Iterator[str]:
    """For each cosignature and time stamp, verified: what it covers, whose word it is that it counts, what came later.

    size      entries the package shows; `settled` of each record enclosed, the last entry that any of it rests on
    """
    acts = list(acts_of(connection))
    names = persons((act.kind, act.what) for act in acts)
    by = {act.leaf: act.by for act in acts}
    disowned = disowned_in(acts)
    trusting = [act for act in acts if act.kind == TRUSTED and act.leaf not in disowned]
    named = {str(act.what.get("name")): act.leaf for act in reversed(trusting)}
    for each in check_outside(connection, acts):
        entry = named.get(each.who) if each.how == COSIGNED else each.leaf
        who = (
            "nobody whose act still counts"
            if entry is None
            else f"{by_whom(by[entry], origin, names)} (entry {entry:,})"
        )
        later, records = max(size - each.size, 0), sum(last >= each.size for last in settled)
        yield attested(each.how, each.who, each.size, each.time, who, later, records)


def checkpoints_up_to(connection: Connection, size: int) -> tuple[dict[int, str], tuple[Token, ...]]:
    """The notes of checkpoints up to this size, those attested from outside among them; and the tokens."""
    notes = {row.size: row.note for row in connection.execute(select(tables.checkpoints))}
    lines = connection.execute(select(tables.cosignatures).order_by(tables.cosignatures.c.time)).all()
    tokens = tuple(
        Token(size=row.size, authority=row.authority, time=row.time, der=row.token, roots=row.roots)
        for row in connection.execute(select(tables.timestamps).order_by(tables.timestamps.c.time))
    )
    wanted = {size} | {row.size for row in lines} | {token.size for token in tokens}
    wanted |= set(sorted(notes)[:: -(-len(notes) // MOST_CHECKPOINTS)])
    found = {each: notes[each] for each in sorted(wanted) if each <= size}
    for row in lines:
        if row.size in found:
            found[row.size] += row.line if row.line.endswith("\n") else f"{row.line}\n"
    return found, tuple(token for token in tokens if token.size in found)


def withheld_records(
    workspace: Workspace, sessions: Collection[str], shown: Collection[int], tree: TileReader
) -> Iterator[WithheldSession]:
    """The records of the same sessions that are not enclosed, by session."""
    if not sessions:
        return
    times: dict[str, dict[int, int | None]] = defaultdict(dict)
    with workspace.reading() as connection:
        columns = tables.chunks.c
        names = connection.execute(
            select(func.coalesce(columns.stem, columns.name)).where(columns.events > 0).order_by(columns.sequence)
        ).scalars()
        for name in names.all():
            events = read_events(workspace, name, ["record", "time", "actor.session.uid"])
            mask = pc.is_in(events["actor.session.uid"], pa.array(sorted(sessions), pa.string()))
            for row in events.filter(mask).to_pylist():
                times[row["actor.session.uid"]][row["record"]] = row["time"]
        leaves = leaves_of(connection, {reference for found in times.values() for reference in found})
    for session, found in sorted(times.items()):
        left = {
            leaves[reference]: time
            for reference, time in found.items()
            if reference in leaves and leaves[reference] not in shown
        }
        if not left:
            continue
        known = [time for time in left.values() if time is not None]
        yield WithheldSession(
            session=session,
            count=len(left),
            first=min(known, default=None),
            last=max(known, default=None),
            leaves=tuple((leaf, tree.leaf_hash(leaf)) for leaf in sorted(left)),
        )
