"""The doors that stand open in this process, from the first time a workspace is opened to the end of the command.

What a command shows leaves after the workspace was closed, and the leak guard asks the door then. So a door does not
end with the block that opened it; and a command that opens its workspace five times reads the vault once.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import ProtectionError
from tocsin.model.door import NO_DOOR, Door
from tocsin.protect.client import connect
from tocsin.protect.door import DoorAddress
from tocsin.protect.exits import close_doors, guard_exits
from tocsin.protect.vault import FILE
from tocsin.protection.linking import link_of, open_door
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Open:
    door: Door
    address: DoorAddress
    state: tuple[object, ...]
    until: ExitStack


_open: dict[str, _Open] = {}


def stand_open(workspace: Workspace, sources: KeySources) -> tuple[Door, DoorAddress | None]:
    """The door of the workspace and where other processes find it; from now on it guards the exits of this process.

    A door that stands open already is used again, unless the vault or the link has changed or it has died since.
    Raises as `open_door` does.
    """
    origin = workspace.origin
    held = _open.get(origin)
    if held is not None:
        if held.state == _state(workspace) and _answers(held.door):
            return held.door, held.address
        _close(origin)
    with ExitStack() as opening:
        address = opening.enter_context(open_door(workspace, sources))
        if address is None:
            return NO_DOOR, None
        door = opening.enter_context(closing(connect(address)))
        _open[origin] = _Open(door, address, _state(workspace), opening.pop_all())
    guard_exits(origin, door, lambda: _close(origin))
    return door, address


def _close(origin: str) -> None:
    held = _open.pop(origin, None)
    if held is not None:
        held.until.close()


def _answers(door: Door) -> bool:
    try:
        door.mask(("",))
    except ProtectionError:
        return False
    return True


def _state(workspace: Workspace) -> tuple[object, ...]:
    """What is another where the vault was changed since."""
    link = link_of(workspace.settings_path)
    if link is None or not link.vault:
        return (link,)
    file = Path(link.vault) / FILE
    if not file.is_file():
        return (link,)
    status = file.stat()
    return link, status.st_ino, status.st_mtime_ns


atexit.register(close_doors)
