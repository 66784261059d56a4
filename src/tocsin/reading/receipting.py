"""What a run took in, put on the record: how much of each log, and by which tool, rules and estate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any

import orjson
import pyarrow as pa
from sqlalchemy import func, select

from tocsin.books import CAME_ALONE
from tocsin.cover.receipts import Receipt, receipts
from tocsin.opening import TOOL, now_utc, utc_text
from tocsin.record.acts import counted_acts, record_act
from tocsin.record.canonical import canonical
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people_keys import Signer
from tocsin.store import tables
from tocsin.store.workspace import Workspace

# So that an act stays small: beyond this the digest of the list stands for it, and the list follows from the record.
_MOST_RECEIPTS = 500


def note_collection(
    workspace: Workspace, key: WorkspaceKey, run: int, rules: str, coverage: pa.Table, actors: Sequence[Signer]
) -> None:
    """Put on the record what was taken in by `run`, and by those before it that ended before they could say so.

    Under the writer lock; where nothing was taken in it is a reading.

    rules      digest of those the run was made with
    coverage   what the coverage keeps of all that is held
    """
    what = _of_runs(workspace, _untold(workspace, run))
    if not what["inputs"]:
        said = {"command": "investigate", "arguments": {}, "run": run}
        record_act(workspace, key, "read", said, utc_text(now_utc()), actors)
        return
    listed = [_shown(receipt) for receipt in receipts(coverage)]
    what |= {
        "run": run,
        "tool": TOOL,
        "rules": rules,
        "estate": estate_digest(workspace, key),
        "logs": len(listed),
        "receipts": listed[:_MOST_RECEIPTS],
        "receipts_sha256": sha256(canonical({"receipts": listed})).hexdigest(),
    }
    record_act(workspace, key, "collected", what, utc_text(now_utc()), actors)


def estate_digest(workspace: Workspace, key: WorkspaceKey) -> str:
    """What stands for the estate's files, by name and content, and tells nothing of them; "" where there is none.

    Under a key of the workspace: an estate can be one line that names one account, and acts leave with every package.
    """
    files = sorted(file for file in workspace.estate.iterdir() if file.is_file()) if workspace.estate.is_dir() else []
    lines = "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    return key.name_of("estate", lines) if files else ""


def _untold(workspace: Workspace, run: int) -> list[int]:
    """`run`, and those before it since the last that told what it took in; without notes and what was sent back."""
    with workspace.reading() as connection:
        told = max((int(act.what["run"]) for act in counted_acts(connection, "collected")), default=0)
        rows = connection.execute(
            select(tables.runs.c.id, tables.runs.c.settings).where(tables.runs.c.id > told, tables.runs.c.id <= run)
        ).all()
    return [row.id for row in rows if orjson.loads(row.settings).keys().isdisjoint(CAME_ALONE)]


def _of_runs(workspace: Workspace, runs: Collection[int]) -> dict[str, Any]:
    """How many inputs came with these runs, and what became of their records."""
    entry, chunk = tables.inputs.c, tables.chunks.c
    counts = select(func.sum(chunk.read), func.sum(chunk.stored), func.sum(chunk.duplicates))
    with workspace.reading() as connection:
        inputs = connection.scalar(select(func.count()).select_from(tables.inputs).where(entry.run.in_(runs)))
        of_run = counts.join(tables.inputs, chunk.input == entry.id).where(entry.run.in_(runs))
        read, stored, duplicates = (int(number or 0) for number in connection.execute(of_run).one())
        refused = (
            select(func.sum(tables.rejections.c.count))
            .join(tables.chunks, tables.rejections.c.chunk == chunk.sequence)
            .join(tables.inputs, chunk.input == entry.id)
            .where(entry.run.in_(runs))
        )
        rejected = int(connection.scalar(refused) or 0)
    return {
        "inputs": int(inputs or 0),
        "records": read,
        "stored": stored,
        "duplicates": duplicates,
        "rejected": rejected,
    }


def _shown(receipt: Receipt) -> dict[str, Any]:
    """A receipt as an act has it: numbers as text, for they can be larger than canonical JSON holds."""
    return {
        "source": receipt.source,
        "host": receipt.host,
        "channel": receipt.channel,
        "records": receipt.records,
        "highest": None if receipt.highest is None else str(receipt.highest),
        "first": None if receipt.first is None else str(receipt.first),
        "last": None if receipt.last is None else str(receipt.last),
    }
