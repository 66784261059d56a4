"""The ledger by itself: leaf hashes, tiles, roots and signatures, recomputed from the leaf hashes alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from sqlalchemy import Connection, select

from tocsin.errors import VerificationError
from tocsin.record.acts import Act
from tocsin.record.checkpoint import Checkpoint, read_checkpoint
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger, cosignature_lines, edge_row
from tocsin.record.merkle import EMPTY_ROOT, HASH_BYTES, TILE_WIDTH, Frontier, partial_tile_places
from tocsin.store.faults import disk_faults
from tocsin.store.tables import checkpoints
from tocsin.store.workspace import Workspace


class TreeCheck:
    """The ledger by itself: leaf hashes, tiles, roots and signatures."""

    def __init__(self, workspace: Workspace, key: WorkspaceKey, connection: Connection) -> None:
        self._ledger = Ledger(workspace.ledger)
        self._origin = workspace.origin
        self._public_key = key.signer.public_key()
        self._connection = connection
        self.size, self._edge = edge_row(connection)
        self.published = 0
        self.root = EMPTY_ROOT

    def check(self, said: Mapping[int, Collection[Act]]) -> None:
        """Raises VerificationError at the first fault; sets `published` and `root`.

        said   the acts, by the size of the tree each says it was made over
        """
        signed = self._signed()
        self.published = max(signed, default=0)
        if self.published > self.size:
            raise VerificationError(
                f"a checkpoint was signed over {self.published} leaves, but {self.size} are in the database: "
                "records that were sealed have been taken away"
            )
        try:
            Frontier(self.size, self._edge)
        except ValueError as error:
            raise VerificationError(f"the ledger's row in the database is damaged: {error}") from error
        frontier = Frontier()
        for size, hashes in self._between(sorted({*signed, *said, self.size})):
            for tile in frontier.append_many(hashes):
                if tile.level:  # those of level 0 are what was just read
                    self._compare(tile.level, tile.number, tile.hashes)
            if frontier.size == size and size in signed:
                self._check_signed(frontier, signed[size])
            if frontier.size == size and size in said:
                _check_said(frontier, said[size])
        if frontier.edge != self._edge:
            raise VerificationError("the ledger's row in the database contradicts its tiles")
        self.root = frontier.root()

    def leaves(self) -> Iterator[bytes]:
        """The leaf hashes as the ledger has them, tile by tile; the last may be partial."""
        for number in range(self.size // TILE_WIDTH):
            yield self._ledger.tile(0, number)
        if width := self.size % TILE_WIDTH:
            yield self._edge[: width * HASH_BYTES]

    def _signed(self) -> dict[int, Checkpoint]:
        """Every checkpoint by its size, each with a good signature. Raises VerificationError."""
        signed: dict[int, Checkpoint] = {}
        for row in self._connection.execute(select(checkpoints).order_by(checkpoints.c.size)):
            checkpoint = self._read(row.note, f"checkpoint {row.size} in the database")
            if (checkpoint.size, checkpoint.root) != (row.size, row.root):
                raise VerificationError(f"checkpoint {row.size} in the database is not what its note says")
            signed[row.size] = checkpoint
        path = self._ledger.checkpoint_path
        if not path.exists():
            if signed:
                raise VerificationError(f"{path} is missing, although a checkpoint was published")
            return signed
        with disk_faults(path):
            data = path.read_bytes()
        try:
            note = data.decode()
        except UnicodeDecodeError as error:
            raise VerificationError(f"{path}: the checkpoint is not text") from error
        published = self._read(note, str(path))
        newest = max(signed, default=0)
        if published.size < newest:
            raise VerificationError(f"{path} is older than the last one published, over {newest} leaves")
        if published.size in signed and not self._is_published(note, signed[published.size]):
            raise VerificationError(f"{path} is not the checkpoint that was published")
        # After a crash the file can be one ahead of the table.
        signed[published.size] = published
        return signed

    def _is_published(self, note: str, checkpoint: Checkpoint) -> bool:
        """Whether it is this checkpoint, with no other lines below than those of cosignatures that are kept."""
        lines = note.removeprefix(checkpoint.note).splitlines(keepends=True)
        return note.startswith(checkpoint.note) and set(lines) <= {
            *cosignature_lines(self._connection, checkpoint.size)
        }

    def _read(self, note: str, where: str) -> Checkpoint:
        try:
            return read_checkpoint(note, self._origin, self._public_key)
        except VerificationError as error:
            raise VerificationError(f"{where}: {error}; nothing it was said to sign is proven by it") from error

    def _between(self, sizes: list[int]) -> Iterator[tuple[int, bytes]]:
        """The leaf hashes, cut so that each of `sizes` is reached at the end of a piece: (next size, hashes)."""
        tiles = self.leaves()
        held = b""
        for before, size in pairwise([0, *sizes]):
            missing = size - before
            while missing:
                held = held or next(tiles)
                piece, held = held[: missing * HASH_BYTES], held[missing * HASH_BYTES :]
                missing -= len(piece) // HASH_BYTES
                yield size, piece
            if not size:
                yield 0, b""

    def _check_signed(self, frontier: Frontier, checkpoint: Checkpoint) -> None:
        for tile, (level, number, width) in zip(
            frontier.partial_tiles(), partial_tile_places(frontier.size), strict=True
        ):
            path = self._ledger.tile_path(level, number, width)
            # The full tile, once there, stands for the partial one.
            if path.exists() or not self._ledger.tile_path(level, number).exists():
                self._compare(level, number, tile.hashes, width)
        if frontier.root() != checkpoint.root:
            raise VerificationError(
                f"the tiles do not give the root that was signed over {checkpoint.size} leaves: "
                "the ledger is not the one that was published"
            )

    def _compare(self, level: int, number: int, hashes: bytes, width: int | None = None) -> None:
        path = self._ledger.tile_path(level, number, width)
        if not path.exists():
            raise VerificationError(f"a tile of the ledger is missing: {path}")
        with disk_faults(path):
            found = path.read_bytes()
        if found != hashes:
            place = first_difference(found, hashes)
            raise VerificationError(f"a tile of the ledger contradicts the tiles below it, at hash {place}: {path}")


def _check_said(frontier: Frontier, acts: Collection[Act]) -> None:
    for act in acts:
        if frontier.root() != act.root:
            raise VerificationError(
                f"entry {act.leaf} ({act.kind}) was signed over another tree of {act.size} entries than this one: "
                "what stood before it was altered, or it belongs to another ledger"
            )


def first_difference(found: bytes, expected: bytes) -> int:
    """The number of the first 32-byte hash that is not the same in both."""
    for start in range(0, max(len(found), len(expected)), HASH_BYTES):
        if found[start : start + HASH_BYTES] != expected[start : start + HASH_BYTES]:
            return start // HASH_BYTES
    raise ValueError("the hashes do not differ")
