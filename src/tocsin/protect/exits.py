"""The exits of this process: who guards them. One place knows which doors stand open, from when a workspace is opened.

Light on purpose: a command that opens no workspace loads nothing of the guard.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, Protocol

from tocsin.model.door import Door


class Parted(NamedTuple):
    """A text as it may leave, and at how many places words were taken out that side by side read as a name."""

    text: str
    places: int


class Watch(Protocol):
    """What stands at the exits: see `protect.guard.Guard`."""

    def masked(self, text: str) -> str: ...
    def shown(self, text: str) -> str: ...
    def parted(self, text: str) -> Parted: ...
    def refuse(self, data: str | bytes, *, what: str = "", name: str = "") -> None: ...
    def refuse_folder(self, folder: Path, *, what: str = "", retold: Collection[str] = ()) -> None: ...


class _Nobody:
    """No door stands open: there is nobody to search for."""

    def masked(self, text: str) -> str:
        return text

    def shown(self, text: str) -> str:
        return text

    def parted(self, text: str) -> Parted:
        return Parted(text, 0)

    def refuse(self, data: str | bytes, *, what: str = "", name: str = "") -> None:
        """Nothing."""

    def refuse_folder(self, folder: Path, *, what: str = "", retold: Collection[str] = ()) -> None:
        """Nothing."""


class _Standing:
    def __init__(self) -> None:
        self.doors: dict[str, Door] = {}
        self.ends: dict[str, Callable[[], None]] = {}
        self.watch: Watch = _Nobody()


_standing = _Standing()


def guard_exits(workspace: str, door: Door, end: Callable[[], None] = lambda: None) -> None:
    """Nothing leaves this process from now on that the door would change. Called where a workspace is opened.

    workspace   its origin; a door that stood open for it is not asked any more
    end         closes the door, when the command ends
    """
    from tocsin.protect.guard import Guard

    _standing.doors[workspace] = door
    _standing.ends[workspace] = end
    _standing.watch = Guard(_standing.doors.values(), knows_own=True)


def standing_watch() -> Watch:
    """What stands at the exits of this process."""
    return _standing.watch


def close_doors() -> None:
    """A command begins or ends: no workspace is open, and nobody is searched for."""
    ends = list(_standing.ends.values())
    _standing.doors.clear()
    _standing.ends.clear()
    _standing.watch = _Nobody()
    for end in ends:
        end()
