"""The tree against the definition of RFC 9162, section 2.1.1, written out."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.record.merkle import Frontier, partial_tile_places, root_of

# The leaves of the reference tests of Certificate Transparency and the roots of their first 0 to 8.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, from leaf hashes."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def numbered(count: int) -> list[bytes]:
    return [sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]


@pytest.mark.parametrize("count", range(9))
def test_known_roots(count: int) -> None:
    hashes = b"".join(sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in LEAVES[:count])
    assert root_of(hashes).hex() == ROOTS[count]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=6))
def test_any_way_of_appending_gives_the_root_of_the_definition(pieces: list[int]) -> None:
    leaves = numbered(sum(pieces))
    frontier = Frontier()
    position = 0
    for piece in pieces:
        frontier.append_many(b"".join(leaves[position : position + piece]))
        position += piece
        assert frontier.size == position
        assert frontier.root() == tree_hash(leaves[:position]) == root_of(b"".join(leaves[:position]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 70_000), st.integers(0, 600))
def test_a_frontier_goes_on_from_its_size_and_edge(size: int, more: int) -> None:
    node = sha256(b"any").digest()
    before = Frontier()
    before.append_many(node * size)
    after = Frontier(before.size, before.edge)
    assert after.append_many(node * more) == before.append_many(node * more)
    assert (after.size, after.edge, after.root()) == (before.size, before.edge, before.root())


def test_tiles_of_70_000_leaves_are_those_of_the_specification() -> None:
    leaves = numbered(70_000)
    frontier = Frontier()
    full = frontier.append_many(b"".join(leaves))
    assert [(tile.level, tile.number) for tile in full] == [*((0, number) for number in range(273)), (1, 0)]
    assert partial_tile_places(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert [(tile.level, tile.number, len(tile.hashes) // 32) for tile in frontier.partial_tiles()] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert full[3].hashes == b"".join(leaves[768:1024])
    assert full[-1].hashes[64:96] == tree_hash(leaves[512:768])
    assert frontier.partial_tiles()[-1].hashes == tree_hash(leaves[:65_536])


@pytest.mark.parametrize(("size", "edge"), [(1, b""), (0, bytes(32)), (2, bytes(63)), (256, bytes(64)), (-1, b"")])
def test_an_edge_that_does_not_fit_its_size_is_refused(size: int, edge: bytes) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Frontier(size, edge)
