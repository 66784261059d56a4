"""A fault tells where in the code it was, and nothing of what the code had in hand: in every process, every way."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.protect.planted import LATIN, door

from tocsin.protect.fault_hooks import places
from tocsin.reading.workers import _executor

NOBODY: dict[str, int] = {}
_WAYS = {
    "uncaught": "raise ValueError(NAME)",
    "caused": "try:\n    raise KeyError(NAME)\nexcept KeyError as error:\n    raise ValueError(NAME) from error",
    "in a thread": "t = threading.Thread(target=lambda: int(NAME)); t.start(); t.join()",
    "in a destructor": "class Odd:\n    def __del__(self): raise ValueError(NAME)\nOdd()",
    "a warning": "import warnings; warnings.warn(NAME)",
    "a log line": "import logging; logging.getLogger(NAME).warning('%s', NAME)",
    "a faulty log line": "import logging; logging.warning('%d', NAME)",
    "asyncio": "import asyncio\nasync def f(): raise ValueError(NAME)\n"
    "async def g(): t = asyncio.ensure_future(f()); await asyncio.sleep(0); del t\nasyncio.run(g())",
}


@pytest.mark.parametrize("way", _WAYS)
def test_no_way_of_telling_a_fault_quotes_it(way: str) -> None:
    code = "import sys, threading\nfrom tocsin.protect.fault_hooks import quiet_faults\nquiet_faults()\n"
    code += f"NAME = sys.stdin.read()\n{_WAYS[way]}\n"
    done = subprocess.run([sys.executable, "-c", code], input=LATIN, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("tocsin: ")
    assert "Qwert" not in done.stderr + done.stdout


def _raise(_: object) -> None:
    raise ValueError(LATIN)


class _Unreadable:
    """What cannot be read on the other side: the worker dies of it, and Python prints a traceback of that."""

    def __reduce__(self) -> tuple[object, ...]:
        return _raise, (None,)


def test_a_worker_that_dies_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with _executor(1, door()) as pool, pytest.raises(Exception, match=r"."):
        pool.submit(print, _Unreadable()).result(60)
    captured = capfd.readouterr()
    assert "Qwert" not in captured.err + captured.out


def test_places_say_types_and_lines_and_no_words() -> None:
    try:
        try:
            _ = NOBODY[LATIN]
        except KeyError as error:
            raise ValueError(LATIN) from error
    except ValueError as error:
        told = places(error)
    assert told.startswith("builtins.KeyError\n")
    assert "builtins.ValueError\n  protect/test_fault_hooks.py:" in told
    assert "Qwert" not in told
