"""What can be taken away or dated falsely without a trace, and what cannot: that bound, from both of its sides.

Whoever holds the workspace and its key can put all of it back to an earlier state, its checkpoint too, and go on from
there otherwise. Nothing inside can tell. One checkpoint kept elsewhere, or what a witness keeps, tells exactly where it
covers something that went.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tocsin.errors import VerificationError
from tocsin.model.instant import NANOSECONDS
from tocsin.record.acts import record_act
from tocsin.record.checkpoint import sign_checkpoint
from tocsin.record.cosignature import write_request
from tocsin.record.keys import create_key, open_key
from tocsin.record.ledger import Ledger
from tocsin.record.merkle import Frontier
from tocsin.record.notes import ed25519_key
from tocsin.record.outside import COSIGNED, Attestation, Claim, check_times
from tocsin.record.verify import verify
from tocsin.record.witness import new_key, open_witness_key, sign_request
from tocsin.store.durable import write_durably
from tocsin.store.tables import checkpoints, tree
from tocsin.store.workspace import create_workspace, open_workspace

from .definition import proof
from .recorder import SIGNED, Recorder, fill, no_sources, reread

STATES = 5
HOUR = 3600 * NANOSECONDS
NOON = 1_900_000_000 * NANOSECONDS


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What somebody outside has of one state: the checkpoint, a witness's answer over it, the witness's state."""

    size: int
    checkpoint: bytes
    answer: bytes
    state: bytes


@contextmanager
def opened(folder: Path) -> Iterator[Recorder]:
    workspace = open_workspace(folder / "workspace")
    try:
        yield Recorder(workspace, open_key(workspace, no_sources(folder / "keys")), sequence=100)
    finally:
        workspace.close()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Kept]]:
    """One workspace as it was at each of its states, and what was kept elsewhere of each."""
    base = tmp_path_factory.mktemp("history")
    folder = base / "now"
    workspace = create_workspace(folder / "workspace")
    recorder = Recorder(workspace, create_key(workspace, no_sources(folder / "keys")))
    fill(recorder)
    data, public = new_key("archive.example/w1", b"invented")
    witness = open_witness_key(data, public, b"invented", "w.key")
    log = ed25519_key(workspace.origin, recorder.key.signer.public_key())
    record_act(workspace, recorder.key, "witness_trusted", {"key": str(public), "name": public.name}, SIGNED)
    states, kept, last = [], [], 0
    for number in range(STATES):
        for _ in range(number % 3 + 1):
            record_act(workspace, recorder.key, "read", {"number": number}, SIGNED)
        note = Ledger(workspace.ledger).checkpoint_path.read_text()
        leaves = leaves_of(recorder)
        steps = proof(last, leaves) if last else []
        request = write_request(last, steps, note).encode()
        signed = sign_request(request, witness, base / "state.json", log, number)
        last = len(leaves)
        state = (base / "state.json").read_bytes()
        kept.append(Kept(size=last, checkpoint=note.encode(), answer=signed.answer.encode(), state=state))
        workspace.close()
        shutil.copytree(folder, base / f"state-{number}")
        states.append(base / f"state-{number}")
        workspace = open_workspace(folder / "workspace")
        recorder = Recorder(workspace, recorder.key)
    workspace.close()
    return states, kept


def leaves_of(recorder: Recorder) -> list[bytes]:
    with recorder.workspace.reading() as connection:
        row = connection.execute(select(tree)).one()
    ledger = Ledger(recorder.workspace.ledger)
    full = b"".join(ledger.tile_path(0, number).read_bytes() for number in range(row.size // 256))
    whole = full + row.edge[: row.size % 256 * 32]
    return [whole[start : start + 32] for start in range(0, len(whole), 32)]


@settings(max_examples=12)
@given(
    put_back=st.integers(0, STATES - 1),
    grown=st.integers(0, 4),
    elsewhere=st.integers(0, STATES - 1),
    what=st.sampled_from(["checkpoint", "answer", "state"]),
)
def test_what_can_be_lost_is_exactly_what_follows_the_last_that_is_kept_elsewhere(
    history: tuple[list[Path], list[Kept]],
    tmp_path_factory: pytest.TempPathFactory,
    put_back: int,
    grown: int,
    elsewhere: int,
    what: str,
) -> None:
    states, kept = history
    folder = tmp_path_factory.mktemp("put-back") / "copy"
    shutil.copytree(states[put_back], folder)
    with opened(folder) as recorder:
        for number in range(grown):
            record_act(recorder.workspace, recorder.key, "read", {"otherwise": number}, SIGNED)
        found = verify(recorder.workspace, recorder.key, reread)  # nothing inside tells
        assert (found.size, found.attested) == (kept[put_back].size + grown, None)
        against = [getattr(kept[elsewhere], what)]
        if put_back >= elsewhere:
            verify(recorder.workspace, recorder.key, reread, against=against)
            return
        lost = kept[elsewhere].size - found.size
        said = f"rolled back: .* the last {lost} were taken away" if lost > 0 else "the ledger was forked"
        with pytest.raises(VerificationError, match=said):
            verify(recorder.workspace, recorder.key, reread, against=against)
    shutil.rmtree(folder)


def test_an_act_dated_back_is_found_by_what_is_kept_elsewhere_and_by_nothing_else(
    history: tuple[list[Path], list[Kept]], tmp_path: Path
) -> None:
    """The end is written again with another date: where no attestation is left, no time is contradicted."""
    states, kept = history
    shutil.copytree(states[1], tmp_path / "copy")
    with opened(tmp_path / "copy") as recorder:
        record_act(recorder.workspace, recorder.key, "read", {}, "2001-01-01T00:00:00Z")
        found = verify(recorder.workspace, recorder.key, reread, against=[kept[1].answer])
        assert found.size == kept[1].size + 1
        with pytest.raises(VerificationError, match=r"forked|rolled back"):
            verify(recorder.workspace, recorder.key, reread, against=[kept[2].answer])


places = st.integers(0, 20)
times = st.integers(-20 * 60, 20 * 60).map(lambda seconds: NOON + seconds * NANOSECONDS)


@given(
    attested=st.lists(st.tuples(places, st.integers(0, 5), times, st.integers(0, 120 * NANOSECONDS)), max_size=3),
    claimed=st.lists(st.tuples(places, times), max_size=5),
)
def test_a_false_time_is_found_where_an_attestation_stands_between_and_only_there(
    attested: Sequence[tuple[int, int, int, int]], claimed: Sequence[tuple[int, int]]
) -> None:
    """Both sides of each bound: what is covered was there by then, what follows the act that took it in came later."""
    found = [Attestation(COSIGNED, "w", size, time, accuracy, size + later) for size, later, time, accuracy in attested]
    claims = sorted(Claim(place, time, f"entry {place}") for place, time in claimed)
    free = 300 * NANOSECONDS
    contradicted = any(
        (place < size and time - when > accuracy + free) or (place >= size + later and when - time > accuracy + free)
        for size, later, when, accuracy in attested
        for place, time in claimed
    )
    if contradicted:
        with pytest.raises(VerificationError, match=r"entry \d+ says"):
            check_times(found, claims)
    else:
        check_times(found, claims)


@settings(max_examples=15)
@given(data=st.data(), is_signed=st.booleans())
def test_no_entry_is_altered_dropped_doubled_or_moved_even_by_who_signs_anew(
    history: tuple[list[Path], list[Kept]],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    is_signed: bool,
) -> None:
    """All tiles and rows of the tree fit each other; with the key even every checkpoint does. The bytes do not."""
    states, _ = history
    folder = tmp_path_factory.mktemp("forged") / "copy"
    shutil.copytree(states[0], folder)
    with opened(folder) as recorder:
        leaves = leaves_of(recorder)
        forged = data.draw(_forged(leaves))
        _write_tree(recorder, forged, is_signed=is_signed)
        with pytest.raises(VerificationError):
            verify(recorder.workspace, recorder.key, reread)
    shutil.rmtree(folder)


@st.composite
def _forged(draw: st.DrawFn, leaves: list[bytes]) -> list[bytes]:
    place, other = draw(st.lists(st.integers(0, len(leaves) - 1), min_size=2, max_size=2, unique=True))
    changed = list(leaves)
    match draw(st.sampled_from(["altered", "dropped", "doubled", "moved", "put in"])):
        case "altered":
            bit = draw(st.integers(0, 255))
            leaf = bytearray(changed[place])
            leaf[bit // 8] ^= 1 << bit % 8
            changed[place] = bytes(leaf)
        case "dropped":
            del changed[place]
        case "doubled":
            changed.insert(place, changed[place])
        case "moved":
            changed.insert(other, changed.pop(place))
        case _:
            changed.insert(place, draw(st.binary(min_size=32, max_size=32)))
    return changed


def _write_tree(recorder: Recorder, leaves: list[bytes], *, is_signed: bool) -> None:
    """The ledger of these leaves, as whoever holds the workspace could write it; signed only with the key."""
    ledger, workspace = Ledger(recorder.workspace.ledger), recorder.workspace
    shutil.rmtree(workspace.ledger / "tile")
    frontier = Frontier()
    for tile in frontier.append_many(b"".join(leaves)):
        write_durably(ledger.tile_path(tile.level, tile.number), tile.hashes)
    with workspace.writing() as connection:
        connection.execute(update(tree).values(size=frontier.size, edge=frontier.edge))
        sizes = [size for size in connection.scalars(select(checkpoints.c.size)) if size <= len(leaves)]
        connection.execute(delete(checkpoints).where(checkpoints.c.size > len(leaves)))
        for size in sizes:
            part = Frontier()
            part.append_many(b"".join(leaves[:size]))
            for tile in part.partial_tiles():
                write_durably(ledger.tile_path(tile.level, tile.number, len(tile.hashes) // 32), tile.hashes)
            if is_signed:
                note = sign_checkpoint(workspace.origin, size, part.root(), recorder.key.signer).note
                row = {"root": part.root(), "note": note}
                connection.execute(update(checkpoints).where(checkpoints.c.size == size).values(**row))
    if is_signed:
        note = sign_checkpoint(workspace.origin, frontier.size, frontier.root(), recorder.key.signer).note
        with workspace.writing() as connection:
            connection.execute(delete(checkpoints).where(checkpoints.c.size == frontier.size))
        for tile in frontier.partial_tiles():
            write_durably(ledger.tile_path(tile.level, tile.number, len(tile.hashes) // 32), tile.hashes)
        ledger.checkpoint_path.write_text(note)
