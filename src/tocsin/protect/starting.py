"""Starts the process that serves a door beside this one, and ends it."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import ProtectionError
from tocsin.protect import wire
from tocsin.protect.door import DoorAddress
from tocsin.protect.vault import refuse_older

_READY_SECONDS = 600  # thousands of names on a busy machine; one that ends is noticed at once
_ENDING_SECONDS = 10
_LONGEST_PLACE = 75
_PREFIX = "tocsin-door-"
_FRESH_SECONDS = 5
# All that a Python needs to find its modules: nothing that opens a vault or a workspace.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A door that is served by a process of our own."""

    address: DoorAddress
    ready: wire.Ready
    process_id: int


@contextmanager
def started(vault: Path, seal: bytes, workspace: str, *, seen: int, by: str) -> Iterator[Running]:
    """The door of the workspace, served by a process of its own until the block ends.

    vault   the folder of the vault; `seal` opens its file and goes over a socket no other process has
    seen    the newest epoch the workspace has seen
    by      who it is started for, as the vault's log names them
    Raises ProtectionError where it does not come up, or the vault is older than `seen`.
    """
    folder = _private_folder()
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = _process(theirs)
        try:
            place = folder / "door"
            start = wire.Start(vault=str(vault.absolute()), seal=seal, workspace=workspace, place=str(place), by=by)
            ready = _ready(ours, start)
            refuse_older(ready.epoch, seen)
            address = DoorAddress(place=f"unix:{place}", workspace=workspace, vault=ready.vault, epoch=ready.epoch)
            yield Running(address=address, ready=ready, process_id=process.pid)
        finally:
            ours.close()
            _end(process)
    finally:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)


def _private_folder() -> Path:
    """A fresh folder of mode 0700 for the socket, whose path may have 107 bytes at most (unix(7))."""
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) > _LONGEST_PLACE:
        place = "/tmp"  # noqa: S108 — what is made in it is ours alone
    _remove_left(Path(place))
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))


def _remove_left(place: Path) -> None:
    """Removes our folders in which no door answers any more: a command that is killed leaves its own."""
    for door in place.glob(f"{_PREFIX}*/door"):
        with contextlib.suppress(OSError):
            status = door.parent.lstat()
            if status.st_uid != os.geteuid() or not stat.S_ISDIR(status.st_mode) or _listens(door):
                continue
            shutil.rmtree(door.parent, ignore_errors=True)


def _listens(door: Path) -> bool:
    """Whether the door answers; one that has only just been made may be about to."""
    if time.time() - door.lstat().st_mtime < _FRESH_SECONDS:
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(os.fspath(door))
        except ConnectionRefusedError:
            return False
    return True


def _process(control: socket.socket) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    # -P: what lies in the folder we are in, which may be evidence, is never taken for a module.
    command = [sys.executable, "-P", "-m", "tocsin.protect.service", str(control.fileno()), str(os.getpid())]
    return subprocess.Popen(  # noqa: S603 — our own interpreter, our own module
        command,
        env=environment,
        pass_fds=(control.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _ready(control: socket.socket, start: wire.Start) -> wire.Ready:
    try:
        wire.send(control, start)
        answer = wire.receive(control, wire.ANSWERS, seconds=_READY_SECONDS)
    except (OSError, wire.WireError) as error:
        raise _not_up(type(error).__name__) from None
    if isinstance(answer, wire.Ready):
        return answer
    raise _not_up(answer.code if isinstance(answer, wire.Fault) else "it ended")


def _not_up(why: str) -> ProtectionError:
    return ProtectionError(
        f"the process that holds the protected names did not come up: {why}",
        hint="see tocsin vault status; without it nothing is read, so that no name is written in clear",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends by itself when its control is closed; where it does not, it is killed."""
    try:
        process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
