"""How the command was called, so that what it prints can be typed again as it stands."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.model.answers import Answers

_NAME = "tocsin"


def program() -> str:
    """`tocsin` where the shell finds it under that name, else its path, or the interpreter with `-m`."""
    called = sys.argv[0]
    if Path(called).name in ("__main__.py", "-m", "-c", ""):
        return f"{shlex.quote(sys.executable)} -m {_NAME}"
    found = shutil.which(_NAME)
    if Path(called).name == _NAME and found and Path(found).resolve() == Path(called).resolve():
        return _NAME
    return shlex.quote(called)


def told(answers: Answers) -> Answers:
    """The answers, with how the command was called in what may differ between two runs."""
    return dataclasses.replace(answers, run=dataclasses.replace(answers.run, program=program()))
