"""What a process that holds protected names does first, so that they leave it neither by swap, dump nor traceback."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_MCL_CURRENT_AND_FUTURE = 3
_CAP_IPC_LOCK = 14
# Below a limit near to what the process needs, locking what is allocated later makes allocating fail.
_ENOUGH_TO_LOCK = 4 << 30


def harden() -> bool:
    """No core, no debugger of the same account, no traceback; memory locked against swap where the system lets us.

    Returns whether the memory is locked. Call it before anything is known that must not leave.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):  # not on Linux
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    faulthandler.disable()
    sys.excepthook = _say_kind
    threading.excepthook = _say_kind_of_thread
    sys.unraisablehook = lambda _: None
    return _lock_memory(libc)


def end_with(parent: int) -> None:
    """The system ends this process when the one that started it is gone, whatever ended that."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it went before we could ask
        os._exit(1)


def _lock_memory(libc: ctypes.CDLL) -> bool:
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if limit != resource.RLIM_INFINITY and limit < _ENOUGH_TO_LOCK and not _may_lock_all():
        return False
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit))
    with contextlib.suppress(AttributeError):
        return int(libc.mlockall(_MCL_CURRENT_AND_FUTURE)) == 0
    return False


def _may_lock_all() -> bool:
    """Whether this process has the capability that knows no limit, as proc(5) shows it."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False


def _say_kind(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    """The kind of error alone: its text and the lines of a traceback can quote what the process holds."""
    if sys.stderr is not None:
        sys.stderr.write(f"tocsin: the door failed: {kind.__name__}\n")


def _say_kind_of_thread(arguments: threading.ExceptHookArgs) -> None:
    _say_kind(arguments.exc_type, arguments.exc_value or Exception(), None)
