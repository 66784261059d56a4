"""The ledger on disk: C2SP tlog-tiles below one folder, its right edge in the database, its checkpoint signed.

Files are written before the transaction that commits them. A crash can leave tiles beyond the committed size, which
nothing has signed and the next append writes anew.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, func, insert, select, update

from tocsin.errors import StoreError, VerificationError
from tocsin.model.instant import NANOSECONDS, format_time, parse_time
from tocsin.record.checkpoint import Checkpoint, sign_checkpoint
from tocsin.record.merkle import HASH_BYTES, TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, Frontier, partial_tile_places
from tocsin.store.durable import write_all_durably, write_durably
from tocsin.store.faults import disk_faults
from tocsin.store.tables import checkpoints, cosignatures, timestamps, tree

CLOCK_TOLERANCE = 300 * NANOSECONDS  # how far two honest clocks may be apart

_EDGE_ROW = 1
_AFFECTED = "see what is affected, with: tocsin record verify"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger below `folder`. Only the holder of the writer lock may call what writes."""

    folder: Path

    @property
    def checkpoint_path(self) -> Path:
        """The newest checkpoint, as published."""
        return self.folder / "checkpoint"

    def tile_path(self, level: int, number: int, width: int | None = None) -> Path:
        """Where a tile lies: the full one, or the partial one of that width."""
        digits = f"{number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        *above, last = groups
        path = self.folder.joinpath("tile", str(level), *(f"x{group}" for group in above), last)
        return path if width is None else path.with_name(f"{last}.p") / str(width)

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a full tile. Raises VerificationError where it is missing or cut, StoreError."""
        path = self.tile_path(level, number)
        if not path.exists():
            raise VerificationError(f"a tile of the ledger is missing: {path}")
        with disk_faults(path):
            hashes = path.read_bytes()
        if len(hashes) != TILE_BYTES:
            raise VerificationError(f"a tile of the ledger is cut short: {path}")
        return hashes

    def append(self, connection: Connection, leaf_hashes: bytes) -> int:
        """Appends 32-byte leaf hashes, concatenated, and returns the index of the first of them.

        The tiles that became full are on disk when it returns; the size and the edge change with the caller's
        transaction (`Workspace.writing`), and only then are the leaves part of the ledger.
        """
        frontier = frontier_of(connection)
        start = frontier.size
        full = frontier.append_many(leaf_hashes)
        write_all_durably((self.tile_path(tile.level, tile.number), tile.hashes) for tile in full)
        row = {"size": frontier.size, "edge": frontier.edge}
        if connection.execute(update(tree).where(tree.c.id == _EDGE_ROW).values(row)).rowcount == 0:
            connection.execute(insert(tree).values(id=_EDGE_ROW, **row))
        return start

    def leaves(self, connection: Connection, start: int, count: int) -> bytes:
        """`count` leaf hashes from index `start` on, as this transaction sees them. Raises StoreError."""
        size, edge = edge_row(connection)
        pieces = []
        for number in range(start // TILE_WIDTH, -(-(start + count) // TILE_WIDTH)):
            path = self.tile_path(0, number)
            if number < size // TILE_WIDTH:
                with disk_faults(path):
                    pieces.append(path.read_bytes())
            else:
                pieces.append(edge[: size % TILE_WIDTH * HASH_BYTES])
        begin = start % TILE_WIDTH * HASH_BYTES
        return b"".join(pieces)[begin : begin + count * HASH_BYTES]

    def publish(self, connection: Connection, signer: Ed25519PrivateKey, origin: str, time_text: str) -> Checkpoint:
        """Signs the committed tree: partial tiles, then `checkpoint`, both on disk when it returns, then the row.

        Cosignatures kept over this very tree stand below our own signature in the file.

        To be called in a transaction of its own, after the leaves were committed: ValueError where the transaction
        sees leaves that are not. Publishing the same tree again changes nothing. `time_text` is kept beside it,
        unsigned.
        """
        check_clock(connection, time_text)
        frontier = frontier_of(connection)
        with connection.engine.connect() as committed:
            if frontier_of(committed).size != frontier.size:
                raise ValueError("a checkpoint is signed only over committed leaves")
        checkpoint = sign_checkpoint(origin, frontier.size, frontier.root(), signer)
        last = _newest(connection)
        if last is not None and (last.size > checkpoint.size or (last.size == checkpoint.size and last != checkpoint)):
            raise StoreError(f"the tree does not go on from the one signed over {last.size} leaves", hint=_AFFECTED)
        write_all_durably(
            (self.tile_path(tile.level, tile.number, len(tile.hashes) // HASH_BYTES), tile.hashes)
            for tile in frontier.partial_tiles()
        )
        lines = "".join(cosignature_lines(connection, checkpoint.size))
        write_durably(self.checkpoint_path, (checkpoint.note + lines).encode())
        if last is None or last.size != checkpoint.size:
            connection.execute(
                insert(checkpoints).values(
                    size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, signed=time_text
                )
            )
        if last is not None:
            self._remove_outgrown(last.size, checkpoint.size)
        return checkpoint

    def recover(self, connection: Connection) -> int:
        """Removes the tiles a crash left beyond the committed size; returns how many. Call before anything is swept.

        Raises StoreError where the published checkpoint is ahead of the database: the database is not the one the
        checkpoint was signed over, and going on would fork the ledger and sweep evidence away.
        """
        size = frontier_of(connection).size
        published = published_size(self.checkpoint_path)
        if published > size:
            raise StoreError(
                f"{self.checkpoint_path} was signed over {published} leaves, but the database knows {size}",
                hint="the database is older than the ledger: put back the newest backup of tocsin.db",
            )
        removed = 0
        level = 0
        while (self.folder / "tile" / str(level)).is_dir():
            number = size >> TILE_HEIGHT * (level + 1)
            # What lies beyond a hole is written anew when its turn comes.
            while (path := self.tile_path(level, number)).is_file():
                with disk_faults(path):
                    path.unlink()
                number += 1
                removed += 1
            level += 1
        return removed

    def _remove_outgrown(self, before: int, size: int) -> None:
        """Removes the partial tiles of the checkpoint `before` whose full tile the one of `size` has."""
        for level, number, width in partial_tile_places(before):
            if number < size >> TILE_HEIGHT * (level + 1):
                shutil.rmtree(self.tile_path(level, number, width).parent, ignore_errors=True)


def edge_row(connection: Connection) -> tuple[int, bytes]:
    """Size and edge of the tree as this transaction sees them, unchecked."""
    row = connection.execute(select(tree).where(tree.c.id == _EDGE_ROW)).first()
    return (0, b"") if row is None else (row.size, row.edge)


def frontier_of(connection: Connection) -> Frontier:
    """The right edge as this transaction sees it. Raises StoreError where the row is damaged."""
    try:
        return Frontier(*edge_row(connection))
    except ValueError as error:
        raise StoreError(f"the database is damaged: {error}", hint=_AFFECTED) from error


def check_clock(connection: Connection, time_text: str) -> None:
    """Raises StoreError where somebody outside attested this ledger after the time that is to be written into it now.

    A false time could not be taken out again, and would be a fault of the record for ever.
    """
    latest = [
        connection.scalar(select(func.max(cosignatures.c.time))) or 0,
        (connection.scalar(select(func.max(timestamps.c.time - timestamps.c.accuracy))) or 0) // NANOSECONDS,
    ]
    time = parse_time(time_text)
    if time is not None and time < max(latest) * NANOSECONDS - CLOCK_TOLERANCE:
        raise StoreError(
            f"the clock says {time_text}, but this ledger was attested from outside at "
            f"{format_time(max(latest) * NANOSECONDS)}: nothing is dated before that",
            hint="set the clock of this computer, and run it again",
        )


def cosignature_lines(connection: Connection, size: int) -> list[str]:
    """The lines of those who cosigned the checkpoint of this size, each with its end, in one order."""
    columns = cosignatures.c
    query = select(columns.line).where(columns.size == size).order_by(columns.name, columns.key, columns.time)
    return list(connection.scalars(query))


def _newest(connection: Connection) -> Checkpoint | None:
    columns = checkpoints.c
    query = select(columns.size, columns.root, columns.note).order_by(columns.size.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else Checkpoint(*row)


def published_size(path: Path) -> int:
    """The size a checkpoint file gives, its signature unread; 0 where there is none. Raises StoreError if damaged."""
    with disk_faults(path):
        if not path.exists():
            return 0
        lines = path.read_bytes().split(b"\n")
    if len(lines) < 3 or not lines[1].isdigit():
        raise StoreError(f"{path} is damaged", hint=_AFFECTED)
    return int(lines[1])
