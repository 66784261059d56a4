"""Pattern databases are compiled once for a whole run of the tests: every new workspace asks for the same ones."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

from tocsin.detect.sigma.patterns import compile_patterns
from tocsin.detect.sigma.predicate import Kind, Predicate

Compiled = tuple[bytes, frozenset[int]]

SMALL = 1 << 15  # bytes; without an expression in it, compiled in the time it takes to read a file


def compiled_once(folder: Path) -> Callable[[Mapping[int, Predicate]], Compiled]:
    """`compile_patterns`, which keeps what it made in `folder` for every process of the run, by all it was made of."""

    def compiled(predicates: Mapping[int, Predicate]) -> Compiled:
        asked = repr(list(predicates.items())).encode("utf-8", "surrogatepass")
        path = folder / hashlib.sha256(asked).hexdigest()
        if path.exists():
            kept: Compiled = pickle.loads(path.read_bytes())
            return kept
        made = compile_patterns(predicates)
        if len(made[0]) >= SMALL or any(one.kind is Kind.REGEX for one in predicates.values()):
            temporary = path.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(pickle.dumps(made))
            temporary.replace(path)
        return made

    return compiled
