"""The books of a workspace read back: runs, inputs with their counts, places of records, and what the folds kept."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec
import orjson
import pyarrow as pa
from sqlalchemy import Connection, func, insert, select, update

from tocsin.collect.declared.packing import unpacked
from tocsin.collect.plan import ChunkKind
from tocsin.errors import StoreError
from tocsin.model.acquisition import AcquisitionRecord
from tocsin.model.answers import InputAccount, RejectedRecords
from tocsin.model.chunk import InputState
from tocsin.model.mapping import PREFIX, LogMapping
from tocsin.model.reference import RecordPlace, split_reference
from tocsin.record.acts import acts_of
from tocsin.record.binding import BRIEF, RUN
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger
from tocsin.record.rows import run_said
from tocsin.record.statements import append_statements, statements_of
from tocsin.store import tables
from tocsin.store.ipc import from_ipc
from tocsin.store.workspace import Workspace

_PARTIALS_AT_ONCE = 64
# What people enter, by the kind of run: notes; and plans and receipts of probes.
ENTERED = ("notes", "probes")
# Settings of a run that say what came with it alone: that, or what was sent back.
CAME_ALONE = (*ENTERED, "returned")
# The acts by which something left as a package.
_PACKAGES = ("exported",)


def begin_run(workspace: Workspace, started: str, tool: str, settings: Mapping[str, object]) -> int:
    """A new run's id; `settings` are kept as JSON, and the ledger says them. What a crash left is recovered before."""
    with workspace.writing() as connection:
        values = {"started": started, "tool": tool, "settings": orjson.dumps(settings).decode()}
        result = connection.execute(insert(tables.runs).values(**values))
        (run,) = result.inserted_primary_key or (0,)
        _say_run(workspace, connection, int(run))
    return int(run)


def finish_run(workspace: Workspace, run: int, finished: str) -> None:
    """Mark a run as done."""
    with workspace.writing() as connection:
        connection.execute(update(tables.runs).where(tables.runs.c.id == run).values(finished=finished))
        _say_run(workspace, connection, run)


def _say_run(workspace: Workspace, connection: Connection, run: int) -> None:
    """Put into the ledger what the row of a run says now."""
    append_statements(connection, Ledger(workspace.ledger), [(RUN, run_said(connection, run))])


def latest_run(workspace: Workspace) -> tuple[str, dict[str, object], bool]:
    """Start, settings and whether it ended, of the newest run. Raises StoreError where there was none yet."""
    with workspace.reading() as connection:
        row = connection.execute(select(tables.runs).order_by(tables.runs.c.id.desc()).limit(1)).first()
    if row is None:
        raise StoreError(f"{workspace.path} holds no logs yet", hint="run: tocsin investigate LOGS --workspace DIR")
    return row.started, orjson.loads(row.settings), row.finished is not None


def has_run(workspace: Workspace) -> bool:
    """Whether anything was ever taken in."""
    with workspace.reading() as connection:
        return connection.execute(select(tables.runs.c.id).limit(1)).first() is not None


def epoch_at_rest(connection: Connection) -> int:
    """Under which epoch of the vault the texts beside the chunks passed the door; 0 where there was no vault."""
    return connection.scalar(select(func.max(tables.doors.c.epoch))) or 0


def gone_out_before(workspace: Workspace) -> tuple[int, int]:
    """How many packages and how many briefs went out before the epoch of the vault that is in force: in them a person
    added since stands in clear."""
    with workspace.reading() as connection:
        newest = connection.execute(select(tables.doors.c.size).order_by(tables.doors.c.epoch.desc()).limit(1)).scalar()
        if newest is None:
            return 0, 0
        packages = sum(act.leaf < newest for kind in _PACKAGES for act in acts_of(connection, kind))
        return packages, sum(one.leaf < newest for one in statements_of(connection, BRIEF))


def chunk_names(workspace: Workspace) -> set[str]:
    """The names that the files of committed chunks bear."""
    named = func.coalesce(tables.chunks.c.stem, tables.chunks.c.name)
    with workspace.reading() as connection:
        return set(connection.execute(select(named)).scalars())


def note_chunks(workspace: Workspace) -> frozenset[int]:
    """The chunks of what was entered by hand: of inputs that came with a run of that kind."""
    with workspace.reading() as connection:
        entering = entering_runs(connection)
        rows = select(tables.chunks.c.sequence).join(tables.inputs, tables.chunks.c.input == tables.inputs.c.id)
        return frozenset(connection.execute(rows.where(tables.inputs.c.run.in_(entering))).scalars())


def entering_runs(connection: Connection) -> list[int]:
    """The runs in which something was entered by hand."""
    runs = connection.execute(select(tables.runs.c.id, tables.runs.c.settings)).all()
    return [run.id for run in runs if not orjson.loads(run.settings).keys().isdisjoint(ENTERED)]


class Places:
    """Resolves record references to the input's path and the entry in it."""

    def __init__(self, workspace: Workspace) -> None:
        chunk, entry = tables.chunks.c, tables.inputs.c
        with workspace.reading() as connection:
            rows = connection.execute(
                select(chunk.sequence, chunk.first_entry, entry.path)
                .join(tables.inputs, chunk.input == entry.id)
                .order_by(chunk.sequence)
            ).all()
        self._sequences = [row.sequence for row in rows]
        self._first = [row.first_entry for row in rows]
        self._paths = [row.path for row in rows]

    def __call__(self, reference: int) -> RecordPlace:
        sequence, ordinal = split_reference(reference)
        index = bisect_right(self._sequences, sequence) - 1
        return RecordPlace(self._paths[index], self._first[index] + ordinal)


class RememberedPlaces(Places):
    """Places of records, remembered: by place, the references that were asked for."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.references: dict[RecordPlace, set[int]] = defaultdict(set)

    def __call__(self, reference: int) -> RecordPlace:
        place = super().__call__(reference)
        self.references[place].add(reference)
        return place


def input_accounts(workspace: Workspace) -> tuple[InputAccount, ...]:
    """The books of every input in the order of the plan."""
    with workspace.reading() as connection:
        inputs = connection.execute(select(tables.inputs).order_by(tables.inputs.c.id)).all()
        chunks = connection.execute(select(tables.chunks).order_by(tables.chunks.c.sequence)).all()
        rejections = connection.execute(
            select(tables.rejections, tables.rejections.c.count.label("records")).order_by(tables.rejections.c.chunk)
        ).all()
        warnings = connection.execute(select(tables.warnings, tables.warnings.c.count.label("records"))).all()
    of_input = defaultdict(list)
    first_entry = {}
    input_of = {}
    for chunk in chunks:
        of_input[chunk.input].append(chunk)
        first_entry[chunk.sequence] = chunk.first_entry
        input_of[chunk.sequence] = chunk.input
    rejected: dict[int, dict[str, RejectedRecords]] = defaultdict(dict)
    for row in rejections:
        held = rejected[input_of[row.chunk]]
        known = held.get(row.reason)
        entry = known.first_entry if known else first_entry[row.chunk] + row.first
        held[row.reason] = RejectedRecords(
            reason=row.reason,
            count=row.records + (known.count if known else 0),
            first_entry=entry,
            detail=known.detail if known else row.detail,
        )
    warned: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in warnings:
        warned[input_of[row.chunk]][row.code] += row.records
    return tuple(
        InputAccount(
            path=row.path,
            sha256=row.sha256,
            source=row.source,
            certainty=row.certainty,
            state=_state(row.state, bool(rejected[row.id]), row.complete),
            reason=row.reason or ("" if row.complete else "the run stopped before its end: run it again"),
            size=row.size,
            records_read=sum(chunk.read for chunk in of_input[row.id]),
            stored=sum(chunk.stored for chunk in of_input[row.id]),
            duplicates=sum(chunk.duplicates for chunk in of_input[row.id]),
            rejected=tuple(rejected[row.id][reason] for reason in sorted(rejected[row.id])),
            warnings=tuple(sorted(warned[row.id].items())),
            first=min((chunk.first for chunk in of_input[row.id] if chunk.first is not None), default=None),
            last=max((chunk.last for chunk in of_input[row.id] if chunk.last is not None), default=None),
        )
        for row in inputs
    )


def content_hashes(workspace: Workspace) -> dict[str, str]:
    """The SHA-256 of what is in each input when inflated, by its path; "" where it could not be read."""
    with workspace.reading() as connection:
        rows = connection.execute(select(tables.inputs.c.path, tables.inputs.c.content_sha256))
        return {row.path: row.content_sha256 for row in rows}


def kept_acquisitions(workspace: Workspace) -> tuple[AcquisitionRecord, ...]:
    """Every acquisition record read, in the order of the plan; one that was changed between runs is there twice."""
    with workspace.reading() as connection:
        rows = connection.execute(select(tables.acquisitions.c.document).order_by(tables.acquisitions.c.input))
        return tuple(msgspec.json.decode(row.document, type=AcquisitionRecord) for row in rows)


def kept_mappings(workspace: Workspace, key: WorkspaceKey) -> tuple[LogMapping, ...]:
    """Every mapping by which something in the workspace was read, by name."""
    chunk, entry = tables.chunks.c, tables.inputs.c
    with workspace.reading() as connection:
        rows = connection.execute(
            select(chunk.preamble)
            .join(tables.inputs, chunk.input == entry.id)
            .where(entry.source.like(f"{PREFIX}%"), chunk.kind != ChunkKind.CONTAINER.value)
            .distinct()
        )
        found = {unpacked(key.unsealed(preamble))[0] for preamble in rows.scalars()}
    return tuple(sorted(found, key=lambda mapping: mapping.name))


def _state(state: str, has_rejected: bool, complete: bool) -> InputState:
    known = InputState(state)
    return InputState.PARTIAL if known is InputState.READ and (has_rejected or not complete) else known


def kept_by(workspace: Workspace, fold: str, combine: Callable[[Sequence[pa.Table]], pa.Table]) -> pa.Table:
    """What a fold has kept of the whole workspace, combined.

    Partials are combined as the digits of a number are carried, so that each row is handled once a level and not once a
    batch: the work grows with the partials, and not with their square.
    """
    partial = tables.partials.c
    levels: list[list[pa.Table]] = [[]]
    with workspace.reading() as connection:
        rows = connection.execute(select(partial.data).where(partial.fold == fold).order_by(partial.chunk))
        for row in rows:
            levels[0].append(from_ipc(row.data))
            for number, level in enumerate(levels):
                if len(level) < _PARTIALS_AT_ONCE:
                    break
                if number + 1 == len(levels):
                    levels.append([])
                levels[number + 1].append(combine(level))
                level.clear()
    return combine([table for level in reversed(levels) for table in level])
