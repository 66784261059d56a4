"""Verification: a record that was not touched passes, and every way of touching it does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Executable, Row, delete, select, update

from tocsin.errors import VerificationError
from tocsin.record.acts import acts_of, record_act
from tocsin.record.checkpoint import sign_checkpoint
from tocsin.record.commitment import Span
from tocsin.record.keys import create_key, open_key
from tocsin.record.ledger import Ledger
from tocsin.record.merkle import Frontier
from tocsin.record.verify import OpenStream, Verified, verify
from tocsin.store.durable import write_durably
from tocsin.store.tables import checkpoints, chunks, inputs, rejections, statements, tree
from tocsin.store.workspace import create_workspace, open_workspace

from .recorder import LINES, SIGNED, Recorder, fill, no_sources, reread

# 400 records, and what the ledger says of two chunks and an input; then 300 more in three chunks of another.
SIGNED_SIZE, SIZE = 406, 714


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small record and its key, at rest; a copy of it is what a test may touch."""
    folder = tmp_path_factory.mktemp("sealed")
    workspace = create_workspace(folder / "workspace")
    recorder = Recorder(workspace, create_key(workspace, no_sources(folder / "keys")))
    fill(recorder)
    workspace.close()
    return folder


@contextmanager
def opened(folder: Path) -> Iterator[Recorder]:
    workspace = open_workspace(folder / "workspace")
    try:
        yield Recorder(workspace, open_key(workspace, no_sources(folder / "keys")), sequence=100)
    finally:
        workspace.close()


def verified(folder: Path) -> Verified:
    with opened(folder) as recorder:
        return verify(recorder.workspace, recorder.key, reread)


def fault_of(folder: Path) -> str:
    with pytest.raises(VerificationError) as caught:
        verified(folder)
    return str(caught.value)


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "copy")
    return tmp_path / "copy"


def change(folder: Path, *statements: Executable) -> None:
    with opened(folder) as recorder, recorder.workspace.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for statement in statements:
            connection.execute(statement)


def files_of(workspace: Path) -> list[Path]:
    """Every file of the record but the database."""
    folders = [workspace / name for name in ("raw", "ledger", "events")]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def test_what_was_not_touched_passes(sealed: Path) -> None:
    told: list[tuple[int, int]] = []
    with opened(sealed) as recorder:
        found = verify(recorder.workspace, recorder.key, reread, lambda done, total: told.append((done, total)))
        with recorder.workspace.reading() as connection:
            newest = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc())).first()
    assert newest is not None
    assert found == Verified(records=700, segments=3, size=SIZE, root=newest.root, published=SIZE, unfinished=())
    assert told == [(153, SIZE), (406, SIZE), (409, SIZE), (611, SIZE), (714, SIZE)]


def test_an_empty_record_passes(recorder: Recorder) -> None:
    assert verify(recorder.workspace, recorder.key, reread).size == 0
    recorder.publish()
    assert verify(recorder.workspace, recorder.key, reread).published == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_bit_flipped_in_any_file_is_noticed(sealed: Path, data: st.DataObject) -> None:
    folder = sealed / "workspace"
    files = sorted(
        path for name in ("raw", "ledger", "events") for path in (folder / name).rglob("*") if path.is_file()
    )
    path = data.draw(st.sampled_from(files), label="file")
    before = path.read_bytes()
    bit = data.draw(st.integers(0, len(before) * 8 - 1), label="bit")
    damaged = bytearray(before)
    damaged[bit // 8] ^= 1 << bit % 8
    path.write_bytes(damaged)
    try:
        assert fault_of(sealed)
    finally:
        path.write_bytes(before)


def test_every_file_is_missed_when_it_is_gone(sealed: Path) -> None:
    folder = sealed / "workspace"
    files = files_of(folder)
    assert len(files) == 3 + 4 + 6
    for path in files:
        before = path.read_bytes()
        path.unlink()
        assert "missing" in fault_of(sealed)
        path.write_bytes(before)


@pytest.mark.parametrize(
    ("sequence", "column", "value", "said"),
    [
        (1, "leaves", 249, "250"),
        (1, "leaves", 251, "251"),
        (1, "read", 251, "books"),
        (1, "stored", 248, "books"),
        (1, "stored", -1, "books"),
        (1, "duplicates", 250, "duplicates"),
        (1, "events", 248, "events"),
        (2, "events", 1, "events"),
        (1, "first_entry", 149, "numbered"),
        (4, "first_entry", 0, "numbered"),
        (1, "tree_start", 0, "taken away"),
        (1, "offset", 0, "not in the record"),
        (4, "offset", 9, "starts at byte"),
        (1, "length", 5, "other bytes"),
        (1, "sha256", "00" * 32, "other bytes"),
        (1, "segment_sha256", "00" * 32, "not the file"),
        (1, "secret", b"\1" + bytes(60), "altered"),
        (3, "secret", b"\1" + bytes(60), "altered"),
        (3, "decoder", "lines 2", "decoding"),
        (1, "kind", "derived", ""),
        (2, "kind", "records", ""),
        (3, "name", "ab" * 32, "decoding"),
        (1, "events_sha256", "00" * 32, "events"),
        (1, "events_sha256", "", "no file"),
        (1, "sequence", 9, "taken away"),
    ],
)
def test_a_changed_chunk_row_is_noticed(copy: Path, sequence: int, column: str, value: object, said: str) -> None:
    statements: list[Executable] = [update(chunks).where(chunks.c.sequence == sequence).values({column: value})]
    if column == "sequence":
        statements.append(update(rejections).where(rejections.c.chunk == sequence).values(chunk=value))
    change(copy, *statements)
    assert said in fault_of(copy)


@pytest.mark.parametrize("sequence", range(5))
def test_a_chunk_row_taken_away_is_noticed(copy: Path, sequence: int) -> None:
    change(
        copy,
        delete(rejections).where(rejections.c.chunk == sequence),
        delete(chunks).where(chunks.c.sequence == sequence),
    )
    assert "taken away" in fault_of(copy)


def test_the_secrets_of_two_chunks_exchanged_are_noticed(copy: Path) -> None:
    with opened(copy) as recorder, recorder.workspace.reading() as connection:
        secrets = dict(tuple(row) for row in connection.execute(select(chunks.c.sequence, chunks.c.secret)))
    change(
        copy,
        update(chunks).where(chunks.c.sequence == 3).values(secret=secrets[4]),
        update(chunks).where(chunks.c.sequence == 4).values(secret=secrets[3]),
    )
    assert "logs/packed.log.gz, chunk 3, entry 0" in fault_of(copy)


def test_rejections_taken_away_are_noticed(copy: Path) -> None:
    change(copy, delete(rejections).where(rejections.c.chunk == 3))
    assert "nothing was dropped" in fault_of(copy)


@pytest.mark.parametrize(("column", "value"), [("sha256", "00" * 32), ("size", 3)])
def test_an_input_that_is_not_the_file_received_is_noticed(copy: Path, column: str, value: object) -> None:
    change(copy, update(inputs).where(inputs.c.id == 1).values({column: value}))
    assert "logs/plain.log" in fault_of(copy)


def test_a_record_that_is_read_otherwise_is_named(sealed: Path) -> None:
    def otherwise(source: Row[Any], chunk: Row[Any], open_stream: OpenStream) -> Iterator[Span]:
        for number, (offset, length, raw, text, fields) in enumerate(reread(source, chunk, open_stream)):
            changed = raw + b" " if (chunk.sequence, number) == (4, 7) else raw
            yield offset, length, changed, text, fields

    with opened(sealed) as recorder, pytest.raises(VerificationError) as caught:
        verify(recorder.workspace, recorder.key, otherwise)
    assert "logs/packed.log.gz, chunk 4, entry 207:" in str(caught.value)
    assert "leaf 618" in str(caught.value)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (update(tree).values(size=SIZE - 1), "taken away"),
        (update(tree).values(size=SIZE + 1), "does not fit"),
        (update(tree).values(edge=bytes(32 * (SIZE % 256 + 2))), "contradict"),
        (delete(tree), "taken away"),
        (update(checkpoints).where(checkpoints.c.size == SIGNED_SIZE).values(root=bytes(32)), "not what its note says"),
        (update(checkpoints).where(checkpoints.c.size == SIGNED_SIZE).values(size=405), "not what its note says"),
        (update(checkpoints).where(checkpoints.c.size == SIGNED_SIZE).values(note="no"), f"checkpoint {SIGNED_SIZE}"),
    ],
)
def test_the_ledger_s_rows_changed_are_noticed(copy: Path, statement: Executable, said: str) -> None:
    change(copy, statement)
    assert said in fault_of(copy)


def test_the_checkpoint_file_put_back_to_an_older_one_is_noticed(copy: Path) -> None:
    with opened(copy) as recorder, recorder.workspace.reading() as connection:
        note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == SIGNED_SIZE))
    (copy / "workspace/ledger/checkpoint").write_text(str(note))
    assert "older" in fault_of(copy)


def test_another_key_s_checkpoint_is_noticed(copy: Path, tmp_path: Path) -> None:
    other = create_workspace(tmp_path / "other")
    signer = create_key(other, no_sources(tmp_path / "keys")).signer
    other.close()
    with opened(copy) as recorder:
        note = sign_checkpoint(recorder.workspace.origin, SIZE, bytes(32), signer).note
    (copy / "workspace/ledger/checkpoint").write_text(note)
    assert "not signed by" in fault_of(copy)


def test_a_tree_written_anew_by_whoever_holds_the_database_contradicts_what_was_signed(copy: Path) -> None:
    """All rows and tiles agree with each other, and only the signature tells."""
    with opened(copy) as recorder:
        ledger = Ledger(recorder.workspace.ledger)
        leaves = bytearray(ledger.tile_path(0, 0).read_bytes() + ledger.tile_path(0, 1).read_bytes())
        with recorder.workspace.reading() as connection:
            leaves += Ledger(recorder.workspace.ledger).tile_path(0, 2, SIZE % 256).read_bytes()
            assert connection.scalar(select(tree.c.size)) == SIZE
        leaves[5] ^= 1
        frontier = Frontier()
        for tile in frontier.append_many(bytes(leaves)):
            write_durably(ledger.tile_path(tile.level, tile.number), tile.hashes)
        for tile in frontier.partial_tiles():
            path = ledger.tile_path(tile.level, tile.number, len(tile.hashes) // 32)
            write_durably(path, tile.hashes)
        write_durably(ledger.tile_path(1, 0, 1), frontier.partial_tiles()[1].hashes[:32])
    change(copy, update(tree).values(edge=frontier.edge))
    assert f"do not give the root that was signed over {SIGNED_SIZE}" in fault_of(copy)


def test_a_run_interrupted_before_its_checkpoint_is_a_state(copy: Path) -> None:
    with opened(copy) as recorder:
        source = recorder.add_input("logs/late.log", b"".join(LINES), complete=False)
        recorder.add_chunk(source, "records", b"".join(LINES[:300]), 0)
    found = verified(copy)
    assert (found.size, found.published, found.records) == (SIZE + 302, SIZE, 1000)
    assert found.unfinished == ("logs/late.log",)


def test_a_run_interrupted_within_its_checkpoint_is_a_state(copy: Path) -> None:
    def write_file_only(connection: Connection, recorder: Recorder) -> None:
        key, origin = recorder.key, recorder.workspace.origin
        Ledger(recorder.workspace.ledger).publish(connection, key.signer, origin, SIGNED)
        connection.rollback()

    with opened(copy) as recorder:
        source = recorder.add_input("logs/late.log", b"".join(LINES[:300]))
        recorder.add_chunk(source, "records", b"".join(LINES[:300]), 0)
        recorder.end_input(source)
        with recorder.workspace.engine.connect() as connection:
            write_file_only(connection, recorder)
    found = verified(copy)
    assert (found.size, found.published) == (SIZE + 303, SIZE + 303)


def test_the_next_run_goes_on_after_the_first(copy: Path) -> None:
    with opened(copy) as recorder:
        source = recorder.add_input("logs/late.log", b"".join(LINES))
        recorder.add_chunk(source, "records", b"".join(LINES), 0)
        recorder.end_input(source)
        recorder.publish()
    assert verified(copy).published == SIZE + 703


@pytest.mark.parametrize("damage", [bytes, lambda data: data[:-1], lambda data: data + b"\n", lambda _: b"\xff\n"])
def test_a_checkpoint_file_cut_or_extended_is_noticed(copy: Path, damage: Callable[[bytes], bytes]) -> None:
    path = copy / "workspace/ledger/checkpoint"
    data = path.read_bytes()
    damaged = damage(data) if damage is not bytes else b""
    path.write_bytes(damaged)
    assert str(path) in fault_of(copy)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_act_whose_row_was_taken_away_is_missed(sealed: Path, tmp_path: Path, gone: int) -> None:
    folder = shutil.copytree(sealed, tmp_path / "copy")
    with opened(folder) as recorder:
        for number in range(3):
            record_act(recorder.workspace, recorder.key, "read", {"command": f"exposure {number}"}, SIGNED)
    assert verified(folder).acts == 3
    with opened(folder) as recorder, recorder.workspace.writing() as connection:
        acts = list(acts_of(connection))
        assert [act.previous for act in acts] == [None, acts[0].leaf, acts[1].leaf]
        connection.execute(delete(statements).where(statements.c.leaf == acts[gone].leaf))
    said = fault_of(folder)
    if gone < 2:  # the last one is named by none: the tree misses it
        assert "an act is missing" in said
        assert "whose keys counted cannot be judged" in said
