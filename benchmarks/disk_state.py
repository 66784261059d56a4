"""A workspace as it is on disk, read without a line of the product and without touching it: what a kill may not change."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HASH_BYTES = 32
TILE_WIDTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A workspace as it is on disk, read without a line of the product and without touching it.

    rows     what was committed and may never change: chunks, statements, checkpoints
    leaves   of the tree, 32 bytes each
    """

    rows: frozenset[tuple[Any, ...]] = frozenset()
    leaves: bytes = b""
    keys: tuple[bytes, ...] = ()
    chunks: tuple[tuple[str, bool, bool, bool], ...] = ()  # name of its files; has it a segment, events, a residue
    runs: tuple[tuple[int, bool], ...] = ()
    unfinished: int = 0
    collected: int = 0
    read: int = 0
    published: int = 0
    in_file: int = 0

    @property
    def size(self) -> int:
        """Entries of the ledger."""
        return len(self.leaves) // HASH_BYTES


_KEPT = {
    "chunk": "SELECT sequence, name, sha256, segment_sha256, tree_start, leaves, read, stored, duplicates FROM chunks",
    "statement": "SELECT leaf, kind, salt, data FROM statements",
    "checkpoint": "SELECT size, root, note FROM checkpoints",
}


def state_of(workspace: Path, scratch: Path) -> State:
    """The state of a workspace nobody writes to; the empty one where it is not made yet."""
    if not (workspace / "tocsin.db").exists() or not (workspace / "workspace.toml").exists():
        return State()
    copied = scratch / "copied.db"
    for ending in ("", "-wal", "-shm"):  # opening the original would bring its log in, which is for the product to do
        Path(f"{copied}{ending}").unlink(missing_ok=True)
        if ending != "-shm" and Path(f"{workspace / 'tocsin.db'}{ending}").exists():
            shutil.copyfile(f"{workspace / 'tocsin.db'}{ending}", f"{copied}{ending}")
    with closing(sqlite3.connect(copied)) as connection:
        ask = connection.execute
        rows = {(kind, *row) for kind, query in _KEPT.items() for row in ask(query)}
        size, edge = ask("SELECT size, edge FROM tree").fetchone() or (0, b"")
        runs = ask("SELECT id, settings, finished IS NOT NULL FROM runs ORDER BY id").fetchall()
        noted = [number for number, settings, _ in runs if json.loads(settings).get("notes")]
        taken = "SELECT coalesce(sum(c.read), 0) FROM chunks c JOIN inputs i ON c.input = i.id WHERE i.run NOT IN (%s)"
        acts = [json.loads(data.split(b"\n")[1]) for (data,) in ask("SELECT data FROM statements WHERE kind = 'act'")]
        return State(
            rows=frozenset(rows),
            leaves=_leaves(workspace / "ledger", size, edge),
            keys=tuple(
                data[at : at + 16] for (data,) in ask("SELECT data FROM chunk_keys") for at in range(0, len(data), 16)
            ),
            chunks=tuple(
                (stem or name, bool(segment), bool(events), bool(stem))
                for name, stem, segment, events in ask("SELECT name, stem, segment_sha256, events_sha256 FROM chunks")
            ),
            runs=tuple((number, bool(finished)) for number, _, finished in runs),
            unfinished=ask("SELECT count(*) FROM inputs WHERE NOT complete").fetchone()[0],
            collected=sum(act["what"]["records"] for act in acts if act["act"] == "collected"),
            read=ask(taken % ",".join(map(str, noted))).fetchone()[0],  # numbers of our own
            published=ask("SELECT coalesce(max(size), 0) FROM checkpoints").fetchone()[0],
            in_file=_size_in(workspace / "ledger" / "checkpoint"),
        )


def _leaves(ledger: Path, size: int, edge: bytes) -> bytes:
    """The leaf hashes: full tiles from their files (below a million), the rest from the edge."""
    tiles = [(ledger / "tile" / "0" / f"{number:03d}").read_bytes() for number in range(size // TILE_WIDTH)]
    return b"".join(tiles) + edge[: size % TILE_WIDTH * HASH_BYTES]


def _size_in(checkpoint: Path) -> int:
    return int(checkpoint.read_text().split("\n")[1]) if checkpoint.exists() else 0


def contradictions(before: State, after: State, *, is_erasing: bool = False) -> Iterator[str]:
    """What was committed and is not there, or not the same, any more; erasing may change what a chunk holds."""
    if not after.leaves.startswith(before.leaves):
        yield f"the {before.size} leaves committed before are no beginning of the {after.size} there now"
    there = {_row(row, is_erasing) for row in after.rows}
    for row in sorted({_row(row, is_erasing) for row in before.rows} - there, key=str)[:3]:
        yield f"committed, and gone or altered: {str(row)[:120]}"


def _row(row: tuple[Any, ...], is_erasing: bool) -> tuple[Any, ...]:
    return (*row[:2], *row[5:8]) if is_erasing and row[0] == "chunk" else row  # sequence; tree_start, leaves, read


def strays(workspace: Path, state: State) -> set[str]:
    """Files that belong to nothing that is committed, and files that are missing, each by its place."""
    tiles: set[str] = set()
    level = 0
    while state.size >> 8 * level:
        full = state.size >> 8 * (level + 1)
        tiles |= {f"ledger/tile/{level}/{number:03d}" for number in range(full)}
        level += 1
    there = {path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if path.is_file()}
    segments = {f"raw/{name}.segment" for name, has_segment, _, _ in state.chunks if has_segment}
    segments |= {f"raw/{name}.residue" for name, _, _, has_residue in state.chunks if has_residue}
    events = {f"events/{name}.parquet" for name, _, has_events, _ in state.chunks if has_events}
    partial = {path for path in there if re.fullmatch(r"ledger/tile/\d+/\d+\.p/\d+", path)}
    bearing = {
        path for path in partial if int(path.split("/")[3][:3]) <= state.size >> 8 * (int(path.split("/")[2]) + 1)
    }
    other = {path for path in there if path.split("/")[0] not in ("raw", "events", "ledger")}
    allowed = {"tocsin.db", "tocsin.db-wal", "tocsin.db-shm", "workspace.toml", "writer.lock", "report.html"}
    known = segments | events | tiles | bearing | {"ledger/checkpoint"}
    odd = {path for path in other if path not in allowed and not re.fullmatch(r"rules/[0-9a-f]{32}/rules\.\w+", path)}
    return (there - other - known) | odd | {f"missing: {path}" for path in (segments | events | tiles) - there}
