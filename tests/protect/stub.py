"""A finder for tests of everything but finding: literal words, whatever their case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tocsin.model.protection import How
from tocsin.protect.door import LocalDoor

ORIGIN = "tocsin.invalid/0123456789abcdef0123456789abcdef"


class FoundWord(NamedTuple):
    start: int
    end: int
    person: int
    how: How


class Words:
    """Finds `words`, each of the person at its place."""

    beyond = 0

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._pattern = re.compile("|".join(f"({re.escape(word)})" for word in words) or r"\b\B", re.IGNORECASE)

    def find(self, values: Sequence[str]) -> Mapping[int, Sequence[FoundWord]]:
        found = {place: list(self._in(value)) for place, value in enumerate(values)}
        return {place: each for place, each in found.items() if each}

    def _in(self, value: str) -> list[FoundWord]:
        each = []
        for match in self._pattern.finditer(value):
            person = (match.lastindex or 1) - 1
            how = How.EXACT if match[0] == self._words[person] else How.GENERATED
            each.append(FoundWord(*match.span(), person, how))
        return each


def local_door(words: Sequence[str], *, epoch: int = 1, key: int = 1, workspace: str = ORIGIN) -> LocalDoor:
    """A door of those words under a key made of `key`."""
    return LocalDoor(
        epoch=epoch,
        workspace=workspace,
        persons=[number.to_bytes(16, "big") for number in range(len(words))],
        finder=Words(words),
        token_key=bytes([key]) * 32,
        door_keys=[bytes([key + 100]) * 32],
    )
