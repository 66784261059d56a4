"""The product as these measurements call it: the command line in, its JSON answer out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tocsin import answering
from tocsin.cli.main import run


@contextlib.contextmanager
def ruling_out() -> Iterator[None]:
    """Verdicts as the evidence has them: while the product withholds every "ruled out", a count of wrong ones is no test."""
    withheld = answering.WITHHELD
    answering.WITHHELD = ""
    try:
        yield
    finally:
        answering.WITHHELD = withheld


def ask(scratch: Path, *arguments: str | Path) -> tuple[Any, int]:
    """The JSON answer and the exit code of one command. Raises RuntimeError where it gives no answer."""
    target = scratch / "answer.json"
    target.unlink(missing_ok=True)
    code = run([*map(str, arguments), "--format", "json", "-o", str(target), "--quiet"])
    if not target.exists():
        raise RuntimeError(f"{arguments[0]} ended with {code} and no answer")
    return json.loads(target.read_bytes()), code
