"""Proofs against the definitions of RFC 9162, and that no other proof passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.ledger import Ledger
from tocsin.record.merkle import Frontier
from tocsin.record.proofs import MOST_HASHES, TileReader, consistency_length, verify_consistency, verify_inclusion

from .definition import leaves, mth, path, proof

MOST = 1_100  # more than four tiles


def reader_over(folder: Path, count: int) -> TileReader:
    """The tiles of that many leaves on disk, and a reader of them."""
    ledger, frontier = Ledger(folder), Frontier()
    for tile in frontier.append_many(b"".join(leaves(count))):
        place = ledger.tile_path(tile.level, tile.number)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(tile.hashes)
    return TileReader(ledger, frontier.size, frontier.edge)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> TileReader:
    return reader_over(tmp_path_factory.mktemp("tiles"), MOST)


SIZES = st.integers(1, MOST) | st.integers(1, 40)


@settings(max_examples=150)
@given(SIZES, st.data())
def test_an_inclusion_proof_is_that_of_the_definition(reader: TileReader, size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    d = leaves(size)
    made = reader.inclusion_proof(index, size)
    assert made == path(index, d)
    assert (reader.root(size), reader.leaf_hash(index)) == (mth(d), d[index])
    verify_inclusion(d[index], index, size, made, mth(d))


@settings(max_examples=150)
@given(SIZES, st.data())
def test_a_consistency_proof_is_that_of_the_definition(reader: TileReader, new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    d = leaves(new)
    made = reader.consistency_proof(old, new)
    assert made == (proof(old, d) if 0 < old < new else [])
    assert len(made) == consistency_length(old, new)
    verify_consistency(old, new, mth(d[:old]), mth(d), made)


def test_all_proofs_of_all_small_trees(reader: TileReader) -> None:
    for size in range(1, 34):
        d = leaves(size)
        for index in range(size):
            assert reader.inclusion_proof(index, size) == path(index, d)
            verify_inclusion(d[index], index, size, path(index, d), mth(d))
        for old in range(1, size):
            assert reader.consistency_proof(old, size) == proof(old, d)
            verify_consistency(old, size, mth(d[:old]), mth(d), proof(old, d))


def flipped(hashes: list[bytes], bit: int) -> list[bytes]:
    damaged = bytearray(b"".join(hashes))
    damaged[bit // 8] ^= 1 << bit % 8
    return [bytes(damaged[start : start + 32]) for start in range(0, len(damaged), 32)]


@settings(max_examples=150)
@given(SIZES, st.data())
def test_no_bit_of_an_inclusion_proof_can_be_flipped(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    d = leaves(size)
    all_hashes = [d[index], mth(d), *path(index, d)]
    bit = data.draw(st.integers(0, len(all_hashes) * 256 - 1))
    leaf, root, *made = flipped(all_hashes, bit)
    with pytest.raises(VerificationError, match="does not lead to the root"):
        verify_inclusion(leaf, index, size, made, root)


@settings(max_examples=150)
@given(st.integers(1, MOST), st.data())
def test_no_bit_of_a_consistency_proof_can_be_flipped(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    d = leaves(new)
    all_hashes = [mth(d[:old]), mth(d), *(proof(old, d) if old < new else [])]
    bit = data.draw(st.integers(0, len(all_hashes) * 256 - 1))
    before, after, *made = flipped(all_hashes, bit)
    with pytest.raises(VerificationError, match=r"does not lead to the root|different roots"):
        verify_consistency(old, new, before, after, made)


@settings(max_examples=100)
@given(st.integers(2, 300), st.data())
def test_an_inclusion_proof_holds_for_its_own_index_size_and_length_alone(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    d = leaves(size)
    made, root = path(index, d), mth(d)
    for other in {index - 1, index + 1, size, -1, data.draw(st.integers(0, size - 1))} - {index}:
        with pytest.raises(VerificationError):
            verify_inclusion(d[index], other, size, made, root)
    for wrong in (made[:-1], made[1:], [*made, root], [root, *made]):
        with pytest.raises(VerificationError, match="hashes and not"):
            verify_inclusion(d[index], index, size, wrong, root)
    for other, of in ((size + 1, leaves(size + 1)), (size - 1, d[:-1])):
        with pytest.raises(VerificationError):
            verify_inclusion(d[index], index, other, made, mth(of))


@settings(max_examples=100)
@given(st.integers(2, 300), st.data())
def test_a_consistency_proof_holds_for_its_own_sizes_and_length_alone(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    d = leaves(new)
    made, before, after = proof(old, d), mth(d[:old]), mth(d)
    for wrong in (made[:-1], made[1:], [*made, after], [after, *made]):
        with pytest.raises(VerificationError, match="hashes and not"):
            verify_consistency(old, new, before, after, wrong)
    for other in {old - 1, old + 1, new, new + 1, -1} - {old}:
        with pytest.raises(VerificationError):
            verify_consistency(other, new, before, after, made)
    with pytest.raises(VerificationError):
        verify_consistency(old, new + 1, before, mth(leaves(new + 1)), made)
    with pytest.raises(VerificationError):  # a fork: the last of the old leaves is another one
        verify_consistency(old, new, mth([*d[: old - 1], bytes(32)]), after, made)


def test_what_is_no_hash_is_refused_before_anything_is_hashed() -> None:
    d = leaves(3)
    with pytest.raises(VerificationError, match="no hash of 32 bytes"):
        verify_inclusion(d[0], 0, 3, [path(0, d)[0], b"short"], mth(d))
    with pytest.raises(VerificationError, match="no hash of 32 bytes"):
        verify_consistency(1, 3, d[0], mth(d) + b"\0", proof(1, d))


def test_the_beginning_of_everything_is_the_empty_tree_alone() -> None:
    verify_consistency(0, 5, mth([]), mth(leaves(5)), [])
    verify_consistency(0, 0, mth([]), mth([]), [])
    for new, roots in ((5, (bytes(32), mth(leaves(5)))), (0, (mth([]), bytes(32))), (0, (bytes(32), mth([])))):
        with pytest.raises(VerificationError, match="no entries"):
            verify_consistency(0, new, *roots, [])


def test_no_consistency_proof_is_longer_than_a_witness_takes() -> None:
    assert max(consistency_length(old, 2**62) for old in (1, 3, 2**61 - 1, 2**61 + 1)) <= MOST_HASHES


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.leaf_hash(MOST),
        lambda reader: reader.root(MOST + 1),
        lambda reader: reader.inclusion_proof(5, 5),
        lambda reader: reader.inclusion_proof(0, MOST + 1),
        lambda reader: reader.consistency_proof(7, 6),
    ],
)
def test_what_never_was_cannot_be_proven(reader: TileReader, ask: Callable[[TileReader], object]) -> None:
    with pytest.raises(ValueError, match=r"leaf|leaves"):
        ask(reader)


def test_a_tile_that_is_gone_or_cut_is_named(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    tile = ledger.tile_path(0, 1)
    reader_over(tmp_path, 600)
    tile.write_bytes(tile.read_bytes()[:-1])
    with pytest.raises(VerificationError, match=f"cut short: {tile}"):
        fresh(tmp_path, 600).leaf_hash(300)
    tile.unlink()
    with pytest.raises(VerificationError, match=f"missing: {tile}"):
        fresh(tmp_path, 600).inclusion_proof(300, 600)
    with pytest.raises(VerificationError, match="does not fit"):
        TileReader(ledger, 600, b"")


def fresh(folder: Path, count: int) -> TileReader:
    frontier = Frontier()
    frontier.append_many(b"".join(leaves(count)))
    return TileReader(Ledger(folder), frontier.size, frontier.edge)
