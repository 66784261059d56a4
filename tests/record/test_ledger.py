"""The ledger on disk: its paths, and that a crash at any point leaves what was published a prefix of what follows."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tocsin.errors import StoreError
from tocsin.record.checkpoint import Checkpoint
from tocsin.record.ledger import Ledger, frontier_of
from tocsin.record.merkle import EMPTY_ROOT, root_of
from tocsin.store.tables import checkpoints, tree

from .recorder import SIGNED, Recorder


class PowerCutError(Exception):
    """Stands for the end of the process."""


def hashes(first: int, count: int) -> bytes:
    return b"".join(sha256(str(number).encode()).digest() for number in range(first, first + count))


def publish(recorder: Recorder, ledger: Ledger, *, cut: bool = False) -> Checkpoint:
    with recorder.workspace.writing() as connection:
        checkpoint = ledger.publish(connection, recorder.key.signer, recorder.workspace.origin, SIGNED)
        if cut:
            raise PowerCutError
    return checkpoint


def append(recorder: Recorder, ledger: Ledger, data: bytes, *, cut: bool = False) -> int:
    with recorder.workspace.writing() as connection:
        start = ledger.append(connection, data)
        if cut:
            raise PowerCutError
    return start


@pytest.fixture
def ledger(recorder: Recorder) -> Ledger:
    return Ledger(recorder.workspace.ledger)


@pytest.mark.parametrize(
    ("number", "width", "path"),
    [
        (0, None, "000"),
        (67, 5, "067.p/5"),
        (1_234_067, None, "x001/x234/067"),
        (1_000, 255, "x001/000.p/255"),
    ],
)
def test_tiles_lie_where_the_specification_says(number: int, width: int | None, path: str) -> None:
    assert Ledger(Path("l")).tile_path(2, number, width) == Path("l/tile/2") / path


def test_an_empty_ledger_can_be_published(recorder: Recorder, ledger: Ledger) -> None:
    assert publish(recorder, ledger)[:2] == (0, EMPTY_ROOT)


def test_leaves_are_numbered_in_order_and_signed_once_committed(recorder: Recorder, ledger: Ledger) -> None:
    assert append(recorder, ledger, hashes(0, 300)) == 0
    assert append(recorder, ledger, hashes(300, 300)) == 300
    checkpoint = publish(recorder, ledger)
    assert checkpoint[:2] == (600, root_of(hashes(0, 600)))
    assert ledger.checkpoint_path.read_text() == checkpoint.note
    assert ledger.tile_path(0, 1).read_bytes() == hashes(256, 256)
    assert ledger.tile_path(0, 2, 88).read_bytes() == hashes(512, 88)
    assert ledger.tile_path(1, 0, 2).read_bytes() == root_of(hashes(0, 256)) + root_of(hashes(256, 256))
    with recorder.workspace.reading() as connection:
        row = connection.execute(select(checkpoints)).one()
    assert (row.size, row.root, row.note, row.signed) == (600, checkpoint.root, checkpoint.note, SIGNED)


def test_publishing_the_same_tree_again_changes_nothing(recorder: Recorder, ledger: Ledger) -> None:
    append(recorder, ledger, hashes(0, 3))
    assert publish(recorder, ledger) == publish(recorder, ledger)


def test_partial_tiles_go_when_the_full_one_is_published(recorder: Recorder, ledger: Ledger) -> None:
    append(recorder, ledger, hashes(0, 200))
    publish(recorder, ledger)
    append(recorder, ledger, hashes(200, 50))
    publish(recorder, ledger)
    assert ledger.tile_path(0, 0, 200).exists()
    append(recorder, ledger, hashes(250, 50))
    publish(recorder, ledger)
    assert ledger.tile_path(0, 0).exists()
    assert not ledger.tile_path(0, 0, 200).parent.exists()


def test_leaves_that_are_not_committed_are_not_signed(recorder: Recorder, ledger: Ledger) -> None:
    with recorder.workspace.writing() as connection:
        ledger.append(connection, hashes(0, 3))
        with pytest.raises(ValueError, match="committed"):
            ledger.publish(connection, recorder.key.signer, recorder.workspace.origin, SIGNED)
    assert not ledger.checkpoint_path.exists()


@pytest.mark.parametrize("recovering", [True, False])
def test_a_crash_before_the_commit_leaves_the_ledger_as_if_it_never_was(
    recorder: Recorder, ledger: Ledger, recovering: bool
) -> None:
    append(recorder, ledger, hashes(0, 300))
    published = publish(recorder, ledger)
    with pytest.raises(PowerCutError):
        append(recorder, ledger, hashes(9_000, 1_000), cut=True)
    assert ledger.tile_path(0, 2).exists()
    if recovering:
        with recorder.workspace.writing() as connection:
            assert ledger.recover(connection) == 4
        assert not ledger.tile_path(0, 1).exists()
    assert append(recorder, ledger, hashes(300, 500)) == 300
    assert publish(recorder, ledger).root == root_of(hashes(0, 800))
    assert published.root == root_of(hashes(0, 300))
    for number in range(3):
        assert ledger.tile_path(0, number).read_bytes() == hashes(256 * number, 256)


def test_a_crash_after_the_checkpoint_file_and_before_its_row_is_no_fork(recorder: Recorder, ledger: Ledger) -> None:
    append(recorder, ledger, hashes(0, 300))
    with pytest.raises(PowerCutError):
        publish(recorder, ledger, cut=True)
    note = ledger.checkpoint_path.read_text()
    with recorder.workspace.writing() as connection:
        ledger.recover(connection)
    assert publish(recorder, ledger).note == note


def test_a_database_older_than_the_checkpoint_is_refused(recorder: Recorder, ledger: Ledger) -> None:
    append(recorder, ledger, hashes(0, 300))
    publish(recorder, ledger)
    with recorder.workspace.writing() as connection:
        connection.execute(delete(tree))
    with pytest.raises(StoreError, match="300") as caught, recorder.workspace.writing() as connection:
        ledger.recover(connection)
    assert "backup" in caught.value.hint
    assert ledger.tile_path(0, 0).exists()


@pytest.mark.parametrize("after", [hashes(7, 2), hashes(7, 3), b""])
def test_a_tree_that_does_not_go_on_from_what_was_signed_is_not_signed(
    recorder: Recorder, ledger: Ledger, after: bytes
) -> None:
    append(recorder, ledger, hashes(0, 3))
    note = publish(recorder, ledger).note
    with recorder.workspace.writing() as connection:
        connection.execute(delete(tree))
    append(recorder, ledger, after)
    with pytest.raises(StoreError, match="does not go on"):
        publish(recorder, ledger)
    assert ledger.checkpoint_path.read_text() == note


def test_a_damaged_edge_is_not_built_upon(recorder: Recorder, ledger: Ledger) -> None:
    append(recorder, ledger, hashes(0, 3))
    with recorder.workspace.writing() as connection:
        connection.execute(tree.update().values(size=4))
    with pytest.raises(StoreError, match="damaged"), recorder.workspace.reading() as connection:
        frontier_of(connection)
