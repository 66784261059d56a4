"""The Merkle tree of RFC 9162, section 2.1, from its leaf hashes: whole, or growing at its right edge."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
TILE_WIDTH = 256  # hashes in a full tile: C2SP tlog-tiles
TILE_HEIGHT = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES
EMPTY_ROOT = sha256().digest()


class Tile(NamedTuple):
    """Hashes of nodes side by side at height `8 * level`; the first is the node `256 * number` of that height."""

    level: int
    number: int
    hashes: bytes


def root_of(hashes: bytes) -> bytes:
    """The root over 32-byte leaf hashes, concatenated; the hash of nothing for none (RFC 9162, 2.1.1)."""
    return _root_of_peaks(_peaks(hashes)) if hashes else EMPTY_ROOT


class Frontier:
    """The right edge of a growing tree: what must be kept to append leaves, give out tiles and know the root.

    Per level (8 heights apart) it holds the hashes of the tile that is not full yet.
    """

    def __init__(self, size: int = 0, edge: bytes = b"") -> None:
        """The frontier that had this `size` and `edge`. Raises ValueError where they do not fit each other."""
        self._size = size
        self._rows: list[bytes] = []
        position = 0
        for level in range(_levels(size)):
            width = _partial_width(size, level) * HASH_BYTES
            self._rows.append(edge[position : position + width])
            position += width
        if position != len(edge) or size < 0:
            raise ValueError("the edge of the tree does not fit its size")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def edge(self) -> bytes:
        """The hashes held, level by level from the leaves up, concatenated; how many of each follows from `size`."""
        return b"".join(self._rows)

    def append_many(self, hashes: bytes) -> list[Tile]:
        """Appends 32-byte leaf hashes, concatenated; returns the tiles that became full, each after those below it."""
        if len(hashes) % HASH_BYTES:
            raise ValueError("leaf hashes are 32 bytes each")
        full: list[Tile] = []
        first = self._size
        self._size += len(hashes) // HASH_BYTES
        level = 0
        while hashes:
            if level == len(self._rows):
                self._rows.append(b"")
            row = self._rows[level] + hashes
            end = len(row) - len(row) % TILE_BYTES
            number = first // TILE_WIDTH
            tiles = [
                Tile(level, number + start // TILE_BYTES, row[start : start + TILE_BYTES])
                for start in range(0, end, TILE_BYTES)
            ]
            self._rows[level] = row[end:]
            full += tiles
            hashes = b"".join(root_of(tile.hashes) for tile in tiles)
            first //= TILE_WIDTH
            level += 1
        return full

    def partial_tiles(self) -> list[Tile]:
        """The tiles that are not full and not empty, from the leaves up."""
        return [
            Tile(level, self._size >> TILE_HEIGHT * (level + 1), row) for level, row in enumerate(self._rows) if row
        ]

    def root(self) -> bytes:
        """The root of the tree at its present size."""
        if not self._size:
            return EMPTY_ROOT
        return _root_of_peaks([peak for row in self._rows for peak in _peaks(row)])


def partial_tile_places(size: int) -> list[tuple[int, int, int]]:
    """(level, number, width) of the tiles of such a tree that are not full and not empty, from the leaves up."""
    return [
        (level, size >> TILE_HEIGHT * (level + 1), width)
        for level in range(_levels(size))
        if (width := _partial_width(size, level))
    ]


def _levels(size: int) -> int:
    return -(-max(size, 0).bit_length() // TILE_HEIGHT)


def _partial_width(size: int, level: int) -> int:
    return (size >> TILE_HEIGHT * level) % TILE_WIDTH


def _parents(hashes: bytes) -> bytes:
    """The nodes above pairs of nodes; a last one without a partner is left out."""
    pair = 2 * HASH_BYTES
    return b"".join(
        [sha256(b"\x01" + hashes[start : start + pair]).digest() for start in range(0, len(hashes) - pair + 1, pair)]
    )


def _peaks(row: bytes) -> list[bytes]:
    """The roots of the perfect trees a row decomposes into, the smallest (rightmost) first."""
    peaks: list[bytes] = []
    while row:
        if len(row) // HASH_BYTES % 2:
            peaks.append(row[-HASH_BYTES:])
        row = _parents(row)
    return peaks


def _root_of_peaks(peaks: list[bytes]) -> bytes:
    """Joins the roots of perfect trees, the smallest (rightmost) first, into one."""
    root = peaks[0]
    for peak in peaks[1:]:
        root = sha256(b"\x01" + peak + root).digest()
    return root
