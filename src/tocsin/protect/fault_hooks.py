"""What a process says of its own faults: the type of an exception and where it was raised, never its words.

The words of an exception, a warning or a log line can quote what the logs hold, and so can what a traceback shows of
source lines and values. `faulthandler`, where somebody turns it on, tells places in the code alone.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO


def quiet_faults() -> None:
    """From now on nobody prints an exception, a warning or a log line of this process but by its place in the code.

    No memory of the process is written to disk when it dies (RLIMIT_CORE). Idempotent.
    """
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda fault: _told("ignored", fault.exc_type, fault.exc_traceback)
    threading.excepthook = lambda fault: _told("in a thread", fault.exc_type, fault.exc_traceback)
    warnings.showwarning = _warned
    logging.lastResort = _Quiet(logging.WARNING)
    root = logging.getLogger()
    if not any(isinstance(each, _Quiet) for each in root.handlers):
        root.addHandler(_Quiet(logging.WARNING))  # else the first `logging.warning` adds one that prints words
    logging.raiseExceptions = False  # else a faulty log call prints its arguments
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def mute() -> None:
    """Nothing of this process reaches standard error any more, what libraries in C write there included."""
    quiet_faults()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def places(error: BaseException) -> str:
    """An exception without a word of it: types and places in the code, what caused it first."""
    lines: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        frames = [f"  {_place(frame)}\n" for frame in traceback.extract_tb(following.__traceback__)]
        lines = [f"{type(following).__module__}.{type(following).__qualname__}\n", *frames, *lines]
        following = following.__cause__ or following.__context__
    return "".join(lines)


class _Quiet(logging.Handler):
    """Says that something was logged, and where."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        _say(f"tocsin: logged ({record.levelname.lower()}) at {record.module}:{record.lineno}")


def _uncaught(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    _told("", kind, trace)


def _told(where: str, kind: type[BaseException], trace: TracebackType | None) -> None:
    frames = traceback.extract_tb(trace)
    place = f" at {_place(frames[-1])}" if frames else ""
    _say(f"tocsin: internal error{' ' if where else ''}{where} ({kind.__name__}){place}")


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _say(f"tocsin: warning ({category.__name__}) at {os.path.basename(filename)}:{lineno}")  # noqa: PTH119 - any text


def _place(frame: traceback.FrameSummary) -> str:
    return f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} in {frame.name}"


def _say(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
