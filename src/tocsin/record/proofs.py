"""Inclusion and consistency proofs (RFC 9162, sections 2.1.3 and 2.1.4): verified, and made from the tiles on disk.

A proof is a list of 32-byte hashes. Verification returns nothing or raises; the shape is checked before anything is
hashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tocsin.errors import VerificationError
from tocsin.record.ledger import Ledger
from tocsin.record.merkle import EMPTY_ROOT, HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Frontier, root_of

MOST_HASHES = 63  # of a consistency proof, as C2SP tlog-witness has it
_KEPT_TILES = 16


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """That the tree of this size and root has this leaf hash at this index. Raises VerificationError."""
    _check_hashes("the inclusion proof", proof, leaf_hash, root)
    if not 0 <= index < size:
        raise VerificationError(f"entry {index} is not in a tree of {size} entries: its proof proves nothing")
    expected = _path_length(index, size - 1)
    if len(proof) != expected:
        raise VerificationError(
            f"the inclusion proof of entry {index} of {size} has {len(proof)} hashes and not {expected}"
        )
    found, last, path = leaf_hash, size - 1, iter(proof)
    while last:
        if index & 1:  # a left sibling
            found = _parent(next(path), found)
        elif index < last:  # a right sibling; without one the node is its own parent
            found = _parent(found, next(path))
        index, last = index >> 1, last >> 1
    if found != root:
        raise VerificationError("the inclusion proof does not lead to the root: the entry is not in this tree")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """That the tree of `old` entries and root is the beginning of that of `new` ones. Raises VerificationError."""
    _check_hashes("the consistency proof", proof, old_root, new_root)
    if not 0 <= old <= new:
        raise VerificationError(f"a tree of {old} entries is not the beginning of one of {new}")
    expected = consistency_length(old, new)
    if len(proof) != expected:
        raise VerificationError(
            f"the consistency proof from {old} to {new} entries has {len(proof)} hashes and not {expected}"
        )
    if any(not size and root != EMPTY_ROOT for size, root in ((old, old_root), (new, new_root))):
        raise VerificationError("the root of no entries is not the one given")
    if not old:
        return
    if old == new:
        if old_root != new_root:
            raise VerificationError(f"two trees of {new} entries have different roots: the ledger was forked")
        return
    # The largest perfect tree that ends where the old one does stands in both; where it is all of the old one, its
    # root is known and not part of the proof.
    height = _trailing_zeros(old)
    index, last = (old - 1) >> height, (new - 1) >> height
    path = iter(proof if index else (old_root, *proof))
    before = after = next(path)
    while last:
        if index & 1:  # a left sibling, in both trees
            sibling = next(path)
            before, after = _parent(sibling, before), _parent(sibling, after)
        elif index < last:  # a right sibling, in the new tree alone
            after = _parent(after, next(path))
        index, last = index >> 1, last >> 1
    if before != old_root:
        raise VerificationError(f"the consistency proof does not lead to the root of the first {old} entries")
    if after != new_root:
        raise VerificationError(f"the consistency proof does not lead to the root of the {new} entries")


def consistency_length(old: int, new: int) -> int:
    """How many hashes the proof has that a tree of `old` entries is the beginning of one of `new`."""
    if old in (0, new):
        return 0
    height = _trailing_zeros(old)
    index = (old - 1) >> height
    return _path_length(index, (new - 1) >> height) + (1 if index else 0)


class TileReader:
    """Reads the ledger as it was committed at one size, and proves what was in it at that size or any before."""

    def __init__(self, ledger: Ledger, size: int, edge: bytes) -> None:
        """Of a row of `tree`. Raises VerificationError where size and edge do not fit each other."""
        self._ledger = ledger
        self._size = size
        try:
            frontier = Frontier(size, edge)
        except ValueError as error:
            raise VerificationError(f"the ledger's row in the database is damaged: {error}") from error
        self._edge = {(tile.level, tile.number): tile.hashes for tile in frontier.partial_tiles()}
        self._kept: dict[tuple[int, int], bytes] = {}

    @property
    def size(self) -> int:
        """How many leaves there are to prove."""
        return self._size

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash at an index. ValueError beyond the end; VerificationError where a tile is missing or cut."""
        if not 0 <= index < self._size:
            raise ValueError(f"there is no leaf {index} in a ledger of {self._size}")
        return self._node(0, index)

    def root(self, size: int) -> bytes:
        """The root over the first `size` leaves. Raises as `leaf_hash` does."""
        self._check_size(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """That leaf `index` is in the tree of the first `size` leaves. Raises as `leaf_hash` does."""
        self._check_size(size)
        if not 0 <= index < size:
            raise ValueError(f"there is no leaf {index} among the first {size}")
        return self._siblings(0, index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """That the tree of `old` leaves is the beginning of that of `new`. Raises as `leaf_hash` does."""
        self._check_size(new)
        if not 0 <= old <= new:
            raise ValueError(f"{old} leaves are not the beginning of {new}")
        if old in (0, new):
            return []
        height = _trailing_zeros(old)
        index = (old >> height) - 1
        return [*([self._node(height, index)] if index else []), *self._siblings(height, index, new)]

    def _siblings(self, height: int, index: int, size: int) -> list[bytes]:
        """The hashes beside the way from a node up to the root of the first `size` leaves."""
        found = []
        while 1 << height < size:
            start = (index ^ 1) << height
            if start < size:
                found.append(self._range(start, min(start + (1 << height), size)))
            index >>= 1
            height += 1
        return found

    def _range(self, start: int, end: int) -> bytes:
        """The root over leaves that begin where a perfect tree of no fewer does: its perfect trees, joined."""
        peaks = []
        while start < end:
            height = (end - start).bit_length() - 1
            peaks.append(self._node(height, start >> height))
            start += 1 << height
        root = peaks.pop()
        while peaks:
            root = _parent(peaks.pop(), root)
        return root

    def _node(self, height: int, index: int) -> bytes:
        """The root of the perfect tree of 2 ** height leaves whose number among those is `index`."""
        level, above = divmod(height, TILE_HEIGHT)
        number, first = divmod(index << above, TILE_WIDTH)
        width = 1 << above
        hashes = self._tile(level, number)[first * HASH_BYTES : (first + width) * HASH_BYTES]
        return root_of(hashes)

    def _tile(self, level: int, number: int) -> bytes:
        place = level, number
        if (hashes := self._edge.get(place) or self._kept.get(place)) is not None:
            return hashes
        hashes = self._ledger.tile(level, number)
        if len(self._kept) >= _KEPT_TILES:
            del self._kept[next(iter(self._kept))]
        self._kept[place] = hashes
        return hashes

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self._size:
            raise ValueError(f"a ledger of {self._size} leaves was never one of {size}")


def _path_length(index: int, last: int) -> int:
    """How many nodes on the way from node `index` to the root have a sibling, where `last` is the last of its row."""
    # Below the height where both ways meet each node has a sibling, above it only a right one has.
    below = (index ^ last).bit_length()
    return below + (index >> below).bit_count()


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _check_hashes(what: str, proof: Sequence[bytes], *roots: bytes) -> None:
    if any(len(each) != HASH_BYTES for each in (*proof, *roots)):
        raise VerificationError(f"{what} or a root beside it holds something that is no hash of {HASH_BYTES} bytes")
