"""A workspace opened or made for a run, brought back to what was committed, signed at the end; and the run dated."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, func, select

from tocsin import __version__
from tocsin.books import chunk_names, entering_runs, epoch_at_rest
from tocsin.errors import ProtectionError, StoreError
from tocsin.model.answers import Run
from tocsin.model.chunk import InputState
from tocsin.model.door import Door, mask_one
from tocsin.protect.vault import vault_sources
from tocsin.protection.standing import stand_open
from tocsin.record.binding import INPUT
from tocsin.record.keys import WorkspaceKey, create_key, has_key, key_sources, open_key
from tocsin.record.ledger import Ledger
from tocsin.record.rows import input_said
from tocsin.record.statements import append_statements
from tocsin.store.durable import sweep
from tocsin.store.tables import chunks, inputs
from tocsin.store.workspace import Workspace, create_workspace, open_workspace

TOOL = f"tocsin {__version__}"
_CUT_SHORT = "entering these notes was cut short: enter again those that are not listed"


@contextmanager
def open_or_create(path: Path, passphrase: str | None) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """The workspace at `path`, made where there is none, and its key; closed again at the end.

    Raises as `open_existing` does.
    """
    is_new = not (path / "workspace.toml").exists()
    with closing(create_workspace(path) if is_new else open_workspace(path)) as workspace:
        sources = key_sources(os.environ, passphrase)
        # A crash between the two steps of creation leaves a workspace that was never given a key, and holds nothing.
        key = open_key(workspace, sources) if has_key(workspace) else create_key(workspace, sources)
        with through_door(workspace, key) as opened:
            yield opened


@contextmanager
def open_existing(path: Path, passphrase: str | None) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """The workspace at `path` and its key, closed again at the end.

    Raises ConfigError where there is none, StoreError where no key opens it, ProtectionError where its door does not.
    """
    with closing(open_workspace(path)) as workspace:
        key = open_key(workspace, key_sources(os.environ, passphrase))
        with through_door(workspace, key) as opened:
            yield opened


@contextmanager
def open_for_checking(path: Path, passphrase: str | None) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """`open_existing`, and where no door opens, the workspace without it: what it sealed stays sealed.

    A vault whose key is not at hand (StoreError) is a door that does not open.
    """
    with closing(open_workspace(path)) as workspace, ExitStack() as stack:
        key = open_key(workspace, key_sources(os.environ, passphrase))
        try:
            opened = stack.enter_context(through_door(workspace, key))
        except (ProtectionError, StoreError):
            opened = workspace, key
        yield opened


@contextmanager
def through_door(workspace: Workspace, key: WorkspaceKey) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """The workspace and its key with the door of its vault, where it is linked to one.

    The door stays open when the block ends: what is shown afterwards is guarded by it (`protection/standing.py`).

    Raises ProtectionError where the door does not answer, or its vault is older than what the workspace has seen.
    """
    door, address = stand_open(workspace, vault_sources(os.environ))
    _check_epoch(workspace, door)
    key = replace(key, door=door, door_address=address)
    yield replace(workspace, unseal=key.unsealed), key


@contextmanager
def create(path: Path, passphrase: str | None) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """A new workspace and its key, closed again at the end. Raises StoreError where the folder cannot be one."""
    with closing(create_workspace(path)) as workspace:
        yield workspace, create_key(workspace, key_sources(os.environ, passphrase))


def _check_epoch(workspace: Workspace, door: Door) -> None:
    with workspace.reading() as connection:
        seen = epoch_at_rest(connection)
    if not door.epoch and seen:
        raise ProtectionError(
            f"{workspace.path} was processed with a vault, and names none any more",
            hint="link it to its vault again: without it protected names would go out in clear",
        )
    if door.epoch < seen:
        raise ProtectionError(
            f"the vault is at epoch {door.epoch}; {workspace.path} was processed at epoch {seen}",
            hint="an older vault protects fewer: put back the newest, not a copy from a backup",
        )


def recover(workspace: Workspace) -> None:
    """Bring the disk back to what is committed, after a run that was interrupted."""
    with workspace.writing() as connection:
        Ledger(workspace.ledger).recover(connection)
        _end_notes(workspace, connection)
    sweep(workspace, chunk_names(workspace))
    # An erasure that was interrupted after it was committed leaves what it erased in the log of the database.
    workspace.forget()


def _end_notes(workspace: Workspace, connection: Connection) -> None:
    """Settle the notes whose entering was cut short: logs are there to be read again, what was typed in is not.

    What holds nothing was never entered. What is whole is. The rest says what it lacks.
    """
    entry, chunk = inputs.c, chunks.c
    lengths = select(func.sum(chunk.length)).where(chunk.input == entry.id).scalar_subquery()
    open_ones = select(entry.id, entry.size, lengths.label("held")).where(
        entry.run.in_(entering_runs(connection)), entry.complete.is_(False), entry.reason == ""
    )
    for row in connection.execute(open_ones).all():
        this = inputs.update().where(entry.id == row.id)
        if row.held is None:
            connection.execute(inputs.delete().where(entry.id == row.id))
            continue
        partial = {"state": InputState.PARTIAL.value, "reason": _CUT_SHORT}
        connection.execute(this.values(complete=True) if row.held == row.size else this.values(**partial))
        append_statements(connection, Ledger(workspace.ledger), [(INPUT, input_said(connection, row.id))])


def publish(workspace: Workspace, key: WorkspaceKey) -> None:
    """Sign a checkpoint over all that is committed."""
    with workspace.writing() as connection:
        Ledger(workspace.ledger).publish(connection, key.signer, workspace.origin, utc_text(now_utc()))


def signed_now(path: Path, passphrase: str | None) -> str:
    """The note of a checkpoint over all that is committed now, cosignatures below it: digests, for which no door is
    needed. Raises StoreError."""
    with open_for_checking(path, passphrase) as (workspace, key), workspace.writer_lock():
        publish(workspace, key)
        return Ledger(workspace.ledger).checkpoint_path.read_text(encoding="utf-8")


def run_so_far(workspace: Workspace, key: WorkspaceKey, started: int, workers: int) -> Run:
    """What the answers say of the run that gives them; `started` in ns UTC."""
    checkpoint = Ledger(workspace.ledger).checkpoint_path
    lines = checkpoint.read_text(encoding="utf-8").split("\n") if checkpoint.exists() else ["", "0", ""]
    return Run(
        workspace=mask_one(key.door, str(workspace.path)),
        tool=TOOL,
        started=utc_text(started),
        seconds=round((now_utc() - started) / 1e9, 3),
        workers=workers,
        checkpoint_size=int(lines[1]),
        checkpoint_root=lines[2] or base64.b64encode(b"").decode(),
        key_file=mask_one(key.door, str(key.file or "")),
    )


def now_utc() -> int:
    """The clock, in ns UTC: read here and nowhere deeper."""
    return time.time_ns()


def utc_text(nanoseconds: int) -> str:
    """RFC 3339 in whole seconds, as runs and checkpoints are dated."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
