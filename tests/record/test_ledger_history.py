"""Any history of appending, publishing, acting and crashing, against a list and the tree as the RFC defines it."""

from __future__ import annotations

import json
import tempfile
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from tocsin.record import acts, statements
from tocsin.record.acts import record_act
from tocsin.record.checkpoint import read_checkpoint
from tocsin.record.commitment import leaf_hashes
from tocsin.record.keys import create_key, open_key
from tocsin.record.ledger import Ledger, frontier_of
from tocsin.record.verify import verify
from tocsin.store.durable import sweep
from tocsin.store.tables import chunks
from tocsin.store.tables import statements as said
from tocsin.store.workspace import create_workspace, open_workspace

from . import recorder as recording
from .definition import mth
from .recorder import LINES, SIGNED, Recorder, begin, no_sources, reread, spans_of


class PowerCutError(Exception):
    """Stands for the end of the process."""


class History(RuleBasedStateMachine):
    """One ledger; `model` is the leaf hashes that were committed, `seen` every checkpoint that was ever on disk."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        workspace = create_workspace(self.path / "w")
        self.recorder = Recorder(workspace, create_key(workspace, no_sources(self.path)))
        begin(workspace)
        self.model: list[bytes] = []
        self.seen: set[tuple[int, bytes]] = set()
        self.inputs = 0
        self.committed()

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.recorder.workspace.ledger)

    def committed(self) -> None:
        """Take into the model what the rows say was committed since, hashed here and not by the ledger."""
        with self.recorder.workspace.reading() as connection:
            hashes = {row.leaf: _statement_hash(row.salt, row.data) for row in connection.execute(select(said))}
            for row in connection.execute(select(chunks).where(chunks.c.tree_start >= len(self.model))):
                data = b"".join(LINES[: row.leaves])
                found = leaf_hashes(self.recorder.key.unwrap(row.secret), row.name, row.decoder, spans_of(data))
                for number in range(row.leaves):
                    hashes[row.tree_start + number] = found[32 * number : 32 * number + 32]
        new = [hashes[number] for number in sorted(hashes) if number >= len(self.model)]
        assert sorted(number for number in hashes if number >= len(self.model)) == [
            len(self.model) + number for number in range(len(new))
        ]
        self.model += new

    def look(self) -> None:
        """Whatever lies on disk as the checkpoint was published, however it came to be there."""
        if self.ledger.checkpoint_path.exists():
            note = self.ledger.checkpoint_path.read_text()
            key = self.recorder.key.signer.public_key()
            self.seen.add(read_checkpoint(note, self.recorder.workspace.origin, key)[:2])

    @rule(count=st.integers(1, 300), is_cut=st.booleans())
    def append(self, count: int, is_cut: bool) -> None:
        self.inputs += 1
        data = b"".join(LINES[:count])
        source = self.recorder.add_input(f"logs/{self.inputs}.log", data, complete=not is_cut)
        if is_cut:
            with pytest.raises(PowerCutError), mock.patch.object(recording, "append_statements", _then_cut):
                self.recorder.add_chunk(source, "records", data, 0)
        else:
            self.recorder.add_chunk(source, "records", data, 0)
            self.recorder.end_input(source)
            self.committed()

    @rule(at=st.sampled_from(["nowhere", "before the commit", "before the checkpoint"]))
    def act(self, at: str) -> None:
        workspace, key = self.recorder.workspace, self.recorder.key
        cuts: dict[str, AbstractContextManager[object]] = {
            "nowhere": nullcontext(),
            "before the commit": mock.patch.object(acts, "append_statements", _then_cut),
            "before the checkpoint": mock.patch.object(Ledger, "publish", side_effect=PowerCutError),
        }
        with cuts[at]:
            if at == "nowhere":
                assert record_act(workspace, key, "read", {}, SIGNED).size == len(self.model)
            else:
                with pytest.raises(PowerCutError):
                    record_act(workspace, key, "read", {}, SIGNED)
        self.committed()
        self.look()

    @rule(is_cut=st.booleans())
    def publish(self, is_cut: bool) -> None:
        if is_cut:
            with pytest.raises(PowerCutError), self.recorder.workspace.writing() as connection:
                self.ledger.publish(connection, self.recorder.key.signer, self.recorder.workspace.origin, SIGNED)
                raise PowerCutError
        else:
            self.recorder.publish()
        self.look()
        assert (len(self.model), mth(self.model)) in self.seen

    @rule()
    def recover(self) -> None:
        with self.recorder.workspace.writing() as connection:
            self.ledger.recover(connection)
        with self.recorder.workspace.reading() as connection:
            names = set(connection.scalars(select(chunks.c.name)))
        sweep(self.recorder.workspace, names)
        assert {path.stem for path in self.recorder.workspace.raw.iterdir()} == names
        full = self.recorder.workspace.ledger / "tile" / "0"
        assert sum(path.is_file() for path in full.glob("*")) == len(self.model) // 256

    @rule()
    def open_again(self) -> None:
        sequence = self.recorder.sequence
        self.recorder.workspace.close()
        workspace = open_workspace(self.path / "w")
        self.recorder = Recorder(workspace, open_key(workspace, no_sources(self.path)), sequence)

    @invariant()
    def the_tree_is_that_of_the_list(self) -> None:
        with self.recorder.workspace.reading() as connection:
            frontier = frontier_of(connection)
        assert (frontier.size, frontier.root()) == (len(self.model), mth(self.model))

    @invariant()
    def every_checkpoint_ever_seen_is_a_beginning_of_the_list(self) -> None:
        for size, root in self.seen:
            assert mth(self.model[:size]) == root

    def teardown(self) -> None:
        found = verify(self.recorder.workspace, self.recorder.key, reread)
        assert (found.size, found.root) == (len(self.model), mth(self.model))
        self.recorder.workspace.close()
        self.folder.cleanup()


def _then_cut(*arguments: object, **named: object) -> int:
    statements.append_statements(*arguments, **named)  # type: ignore[arg-type]
    raise PowerCutError


def _statement_hash(salt: bytes, data: bytes) -> bytes:
    leaf = json.dumps({"statement": sha256(salt + data).hexdigest(), "v": 1}, separators=(",", ":"))
    return sha256(b"\0" + leaf.encode()).digest()


History.TestCase.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
TestHistory = History.TestCase
