"""Writes files so that after a crash each is whole or absent, and sweeps what a crash left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.store.faults import disk_faults

if TYPE_CHECKING:
    from tocsin.store.workspace import Workspace

_TEMPORARY = ".tmp-"


def write_durably(path: Path, data: bytes) -> None:
    """`path` holds `data` when this returns, whatever happens next; mode 0600. Missing folders are made (0700).

    Raises StoreError; nothing of a failed write stays under `path`.
    """
    write_all_durably(((path, data),))


def write_all_durably(files: Iterable[tuple[Path, bytes]]) -> None:
    """`write_durably` for many files, each of their folders synchronised once, after the last of them."""
    folders: dict[Path, None] = {}
    for path, data in files:
        with disk_faults(path):
            if path.parent not in folders:
                _make_folder(path.parent)
            _write(path, data)
        folders[path.parent] = None
    for folder in folders:
        sync_folder(folder)


def sync_folder(path: Path) -> None:
    """The names in the folder are on disk when this returns. Raises StoreError."""
    with disk_faults(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(workspace: Workspace, known: set[str]) -> int:
    """Removes temporaries and the segments, residues and event files whose name is not in `known`; returns how many.

    Only the holder of the writer lock may sweep, and only after the ledger has been found not to be ahead of the
    database (`record.ledger.Ledger.recover`): an old database would make evidence look like an orphan. Files that
    bear no name of ours are left alone.
    """
    removed = 0
    for path in _left_behind(workspace, known):
        with disk_faults(path):
            path.unlink(missing_ok=True)
        removed += 1
    return removed


def _left_behind(workspace: Workspace, known: set[str]) -> Iterator[Path]:
    yield from sorted(workspace.path.glob(f"{_TEMPORARY}*"))
    yield from sorted(workspace.ledger.rglob(f"{_TEMPORARY}*"))
    places = (
        (workspace.raw, (workspace.segment_path, workspace.residue_path)),
        (workspace.events, (workspace.events_path,)),
    )
    for folder, paths_of in places:
        for path in sorted(folder.iterdir()):
            is_orphan = path.stem not in known and path in {path_of(path.stem) for path_of in paths_of}
            if is_orphan or path.name.startswith(_TEMPORARY):
                yield path


def _make_folder(path: Path) -> None:
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
