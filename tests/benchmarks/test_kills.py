"""A sample of what `make kills` does two hundred times, and that what it looks for would be seen."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks.disk_state import State, contradictions, state_of, strays
from benchmarks.kills import Campaign, Case, Spread, Step
from tests.journeys.conftest import Tocsin, tocsin
from tests.journeys.logs import lines
from tests.record.recorder import Recorder, fill, no_sources

from tocsin.record.keys import create_key
from tocsin.store.workspace import create_workspace

__all__ = ["tocsin"]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A small record, at rest."""
    workspace = create_workspace(tmp_path / "workspace")
    fill(Recorder(workspace, create_key(workspace, no_sources(tmp_path / "keys"))))
    workspace.close()
    return tmp_path / "workspace"


def test_three_kills_of_a_note_cost_nothing(tmp_path: Path, tocsin: Tocsin) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(30))
    case = Case(folder=tmp_path, environment=os.environ, authority=None, seconds={"note": 2.0})
    campaign = Campaign(case, tmp_path / "campaign", number=1, workers=1, is_compiled=True)
    assert tocsin("investigate", tmp_path / "a.jsonl", "--workspace", campaign.workspace, "-q").code == 0
    campaign.state = state_of(campaign.workspace, tmp_path)
    words = ("note", "invented, ATTEMPT", "--workspace", str(campaign.workspace))
    said = campaign.to_the_end(Step(name="note", arguments=words, kills=3), Spread(random.Random(1)), 3)
    assert campaign.faults == []
    assert said.count(campaign.notes[0]) == 1
    assert campaign.state.size >= 34
    assert strays(campaign.workspace, campaign.state) == set()
    kept = campaign.folder / "seen"
    for number, data in enumerate(campaign.watched.checkpoints):
        kept.with_suffix(f".{number}").write_bytes(data)
        verified = tocsin(
            "record", "verify", "--workspace", campaign.workspace, "--against", kept.with_suffix(f".{number}")
        )
        assert verified.code == 0, verified.err


def test_moments_are_spread_evenly() -> None:
    spread = Spread(random.Random(1))
    moments = sorted(spread.moment("a") for _ in range(24))
    assert all(number // 2 <= moment * 12 <= number // 2 + 1 for number, moment in enumerate(moments))


def test_what_is_lost_or_altered_is_seen(sealed: Path, tmp_path: Path) -> None:
    before = state_of(sealed, tmp_path)
    assert before.size == 714
    assert list(contradictions(before, before)) == []
    assert list(contradictions(State(), before)) == []
    for statement in (
        "DELETE FROM statements WHERE leaf = 407",
        "UPDATE chunks SET stored = stored - 1 WHERE sequence = 1",
        "UPDATE checkpoints SET root = x'00' WHERE size = 406",
    ):
        shutil.copytree(sealed, tmp_path / "changed")
        with closing(sqlite3.connect(tmp_path / "changed/tocsin.db")) as connection, connection:
            connection.execute(statement)
        assert len(list(contradictions(before, state_of(tmp_path / "changed", tmp_path)))) == 1
        shutil.rmtree(tmp_path / "changed")
    tile = bytearray((sealed / "ledger/tile/0/001").read_bytes())
    tile[0] ^= 1
    (sealed / "ledger/tile/0/001").write_bytes(tile)
    assert "no beginning" in " ".join(contradictions(before, state_of(sealed, tmp_path)))


def test_what_is_left_over_or_missing_is_seen(sealed: Path, tmp_path: Path) -> None:
    state = state_of(sealed, tmp_path)
    assert strays(sealed, state) == set()
    left = {"raw/ab.segment", "events/ab.parquet", "ledger/tile/0/003", "ledger/.tmp-x", "raw/.tmp-y", "more"}
    for name in left:
        (sealed / name).write_bytes(b"x")
    (sealed / "ledger/tile/0/000").unlink()
    assert strays(sealed, state) == left | {"missing: ledger/tile/0/000"}
