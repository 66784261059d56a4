"""What a collector says of what it collected: the contract of its layout, found by folder under `collections/`.

A module there holds one instance named `LAYOUT`. What it says is the collection's own word: nobody else vouches for it.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, Protocol

from tocsin.collect import collections
from tocsin.model.acquisition import Acquisition

LARGEST = 64 << 20
AS_SAID = "as the collection itself says"
_LOG = re.compile(r"\.(evtx?|etl|log|jsonl?|journal)\b|winevt|eventlog|[\\/]var[\\/]log[\\/]", re.IGNORECASE)

Read = Callable[[str], bytes]


class Left(NamedTuple):
    """A file the collector did not bring: its path where it lay, why, and whether it is of no matter (a copy)."""

    path: str
    why: str
    is_known: bool = False


class Sum(NamedTuple):
    """What a collector wrote down of a file it brought: bytes and SHA-1 in hex, None and "" where it did not.

    why  a sentence where, by its own word, not all of the file is there
    """

    size: int | None = None
    sha1: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One collection. Names are relative to its root, as the layout shows them.

    stated        the name of the file that says who collected, and what it says
    controls      the collector's own files, each with what it is. A name proves nothing: what a source or a mapping
                  recognises is read all the same, so nothing may stand here that could hold a machine's records
    """

    tool: str
    stated: tuple[str, Acquisition] | None = None
    controls: Mapping[str, str] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    sums: Mapping[str, Sum] = field(default_factory=dict)


class Layout(Protocol):
    """How one collector lays out what it brings."""

    def roots(self, names: Sequence[str]) -> Sequence[str]:
        """The folders (with a final `/`, "" for the top) that are roots of its collections."""
        ...

    def shown(self, name: str) -> str:
        """A name below a root as it was where the file lay."""
        ...

    def read(self, names: Sequence[str], read: Read) -> Collection:
        """The collection of these names; `read` gives the bytes of one. Raises nothing for odd bytes."""
        ...


@cache
def all_layouts() -> tuple[Layout, ...]:
    """Every layout, by module name."""
    found = sorted(module.name for module in pkgutil.iter_modules(collections.__path__))
    return tuple(importlib.import_module(f"{collections.__name__}.{name}").LAYOUT for name in found)


def roots_in(names: Sequence[str]) -> Iterator[tuple[str, Layout]]:
    """The roots of collections among these names, each with its layout."""
    for layout in all_layouts():
        for root in sorted(set(layout.roots(names))):
            yield root, layout


def is_log(path: str) -> bool:
    """Whether a file of this name may be a log: then that it is missing matters."""
    return _LOG.search(path) is not None


class Check:
    """Bytes on their way held against what the collector wrote down of them."""

    def __init__(self, written: Sum | None) -> None:
        self._written = written
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._size = 0

    def passing(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same blocks."""
        for block in blocks:
            if self._written is not None:
                self._size += len(block)
                self._sha1.update(block)
            yield block

    def fault(self) -> str:
        """What does not agree, asked when all have passed; "" where nothing."""
        written = self._written
        if written is None or not self._size:
            return ""
        if written.size is not None and written.size != self._size and not written.why:
            return f"it has {self._size:,} bytes, the collector's list says {written.size:,}"
        if written.sha1 and written.sha1.lower() != self._sha1.hexdigest():
            return "its SHA-1 is not the one in the collector's list: it was changed after it was copied, or while"
        return written.why
