"""The product as these measurements call it: the command line in, its JSON answer out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tocsin.cli.main import run


def ask(scratch: Path, *arguments: str | Path) -> tuple[Any, int]:
    """The JSON answer and the exit code of one command. Raises RuntimeError where it gives no answer."""
    target = scratch / "answer.json"
    target.unlink(missing_ok=True)
    code = run([*map(str, arguments), "--format", "json", "-o", str(target), "--quiet"])
    if not target.exists():
        raise RuntimeError(f"{arguments[0]} ended with {code} and no answer")
    return json.loads(target.read_bytes()), code
