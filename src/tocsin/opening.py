"""A workspace opened or made for a run, brought back to what was committed, signed at the end; and the run dated."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tocsin import __version__
from tocsin.books import chunk_names
from tocsin.model.answers import Run
from tocsin.record.keys import WorkspaceKey, create_key, has_key, key_sources, open_key
from tocsin.record.ledger import Ledger
from tocsin.store.durable import sweep
from tocsin.store.workspace import Workspace, create_workspace, open_workspace

TOOL = f"tocsin {__version__}"


def open_or_create(path: Path, passphrase: str | None) -> tuple[Workspace, WorkspaceKey]:
    """The workspace at `path`, made where there is none. Raises StoreError where no key at hand opens it."""
    if not (path / "workspace.toml").exists():
        return create(path, passphrase)
    workspace = open_workspace(path)
    sources = key_sources(os.environ, passphrase)
    # A crash between the two steps of creation leaves a workspace that was never given a key, and holds nothing.
    return workspace, open_key(workspace, sources) if has_key(workspace) else create_key(workspace, sources)


@contextmanager
def open_existing(path: Path, passphrase: str | None) -> Iterator[tuple[Workspace, WorkspaceKey]]:
    """The workspace at `path` and its key, closed again at the end.

    Raises ConfigError where there is none, StoreError where no key opens it.
    """
    with closing(open_workspace(path)) as workspace:
        yield workspace, open_key(workspace, key_sources(os.environ, passphrase))


def create(path: Path, passphrase: str | None) -> tuple[Workspace, WorkspaceKey]:
    """A new workspace and its key. Raises StoreError where the folder cannot be one."""
    workspace = create_workspace(path)
    return workspace, create_key(workspace, key_sources(os.environ, passphrase))


def recover(workspace: Workspace) -> None:
    """Bring the disk back to what is committed, after a run that was interrupted."""
    with workspace.writing() as connection:
        Ledger(workspace.ledger).recover(connection)
    sweep(workspace, chunk_names(workspace))
    # An erasure that was interrupted after it was committed leaves what it erased in the log of the database.
    workspace.forget()


def publish(workspace: Workspace, key: WorkspaceKey) -> None:
    """Sign a checkpoint over all that is committed."""
    with workspace.writing() as connection:
        Ledger(workspace.ledger).publish(connection, key.signer, workspace.origin, utc_text(now_utc()))


def signed_now(path: Path, passphrase: str | None) -> str:
    """The note of a checkpoint over all that is committed now, cosignatures below it. Raises StoreError."""
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        publish(workspace, key)
        return Ledger(workspace.ledger).checkpoint_path.read_text(encoding="utf-8")


def run_so_far(workspace: Workspace, key: WorkspaceKey, started: int, workers: int) -> Run:
    """What the answers say of the run that gives them; `started` in ns UTC."""
    checkpoint = Ledger(workspace.ledger).checkpoint_path
    lines = checkpoint.read_text(encoding="utf-8").split("\n") if checkpoint.exists() else ["", "0", ""]
    return Run(
        workspace=str(workspace.path),
        tool=TOOL,
        started=utc_text(started),
        seconds=round((now_utc() - started) / 1e9, 3),
        workers=workers,
        checkpoint_size=int(lines[1]),
        checkpoint_root=lines[2] or base64.b64encode(b"").decode(),
        key_file=str(key.file or ""),
    )


def now_utc() -> int:
    """The clock, in ns UTC: read here and nowhere deeper."""
    return time.time_ns()


def utc_text(nanoseconds: int) -> str:
    """RFC 3339 in whole seconds, as runs and checkpoints are dated."""
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
