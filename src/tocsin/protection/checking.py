"""`tocsin vault check`: any file or folder, before it leaves the house, searched for protected persons.

Whoever may ask can find out who is protected, by asking about names: so it takes the vault's own key, and each question
is in the vault's log with its figures, before its answer is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from tocsin.errors import ConfigError
from tocsin.protect.client import connect
from tocsin.protect.exits import guard_exits
from tocsin.protect.guard import Guard
from tocsin.protect.searched import Searched
from tocsin.protect.starting import started
from tocsin.protection.vaults import note_in_log
from tocsin.record.acts import login_name
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import open_workspace


def check_paths(workspace: Path, paths: Sequence[Path], sources: KeySources) -> Searched:
    """What is found in the files, and in all files below the folders, in the order given; paths are told as given.

    The door of the vault then guards what is told of it. Raises ConfigError where a path is not there or the vault is
    not here, StoreError where no key opens it, ProtectionError.
    """
    missing = [place for place, path in enumerate(paths, 1) if not path.exists() and not path.is_symlink()]
    if missing:
        raise ConfigError(f"path {missing[0]} of {len(paths)} is not there", hint="nothing was searched; mend it")
    vault = note_in_log(workspace, sources, "check", paths=len(paths))
    with closing(open_workspace(workspace)) as opened:
        origin = opened.origin
    with ExitStack() as until:
        running = until.enter_context(started(vault.folder, vault.seal, origin, seen=vault.epoch, by=login_name()))
        door = until.enter_context(closing(connect(running.address)))
        guard_exits(origin, door, until.pop_all().close)
    guard = Guard((door,))
    found = Searched()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            found += guard.search_folder(path, shown_as=str(path))
        else:
            found += guard.search_file(path, str(path))
    figures = {
        "references": len(found.references),
        "unsearched": len(found.unsearched),
        "unseen": len(found.unseen),
    }
    note_in_log(workspace, sources, "checked", files=found.files, characters=found.size, **figures)
    return found
