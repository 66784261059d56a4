"""Many byte strings in; whether a text holds one of them out, in a few passes over the text however many they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

import hyperscan

# A string shorter than this is looked for as a whole word alone: inside a digest or a proof it would stand by chance.
ANYWHERE_FROM = 8

# Of a longer string the beginning is searched for, and the whole compared where it stands.
_PATTERN_BYTES = 64
# Compiling takes longer than in proportion to how many there are: 0.2 seconds for so many, 27 for thirty times as many.
_PATTERNS = 5_000
_WORD = rb"[0-9A-Za-z_]"


class Search:
    """Strings to look for, none of them empty; ASCII letters are found in either case."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        """Compiles them. Each of fewer than `ANYWHERE_FROM` bytes is found as a whole word only."""
        self._strings = sorted(set(strings))
        self._databases = [
            _database(self._strings[start : start + _PATTERNS], start)
            for start in range(0, len(self._strings), _PATTERNS)
        ]

    def finds_any(self, text: bytes) -> bool:
        """Whether the text holds one of them."""
        found: list[int] = []
        for database in self._databases:
            database.scan(text, match_event_handler=lambda number, *_: found.append(number))
        return any(_stands(self._strings[number], text) for number in found)


def _database(strings: list[bytes], first: int) -> hyperscan.Database:
    database = hyperscan.Database()
    database.compile(
        expressions=[b"".join(b"\\x%02x" % byte for byte in string[:_PATTERN_BYTES]) for string in strings],
        ids=list(range(first, first + len(strings))),
        elements=len(strings),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS] * len(strings),
    )
    return database


def _stands(string: bytes, text: bytes) -> bool:
    if len(string) >= ANYWHERE_FROM:
        return string.lower() in text.lower()
    return re.search(rb"(?<!%s)%s(?!%s)" % (_WORD, re.escape(string), _WORD), text, re.IGNORECASE) is not None
