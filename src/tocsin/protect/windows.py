"""A long text as the guard reads it: in windows that overlap, with wrapped lines joined, once more without markup."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from tocsin.model.protection import Masked, Sighting
from tocsin.protect.markup import APART, MARKUP, has_inline

# What a window shares with the next: a name, with every character of it escaped twice, is shorter.
SHARED = 1 << 9
WINDOW = 1 << 11
_WORD_EDGE = 128  # how far the edge of a window may move so that it cuts no word
_CUT_WORD = 64  # a place at the edge of a window that is shorter is part of a word

_INDENT = re.compile(r"[ \t]*\r?\n[ \t]*")
_PAGE = re.compile(r"\s*<(?:!doctype html|html|\?xml|svg)\b", re.IGNORECASE)
_PROGRAM = re.compile(r"<script|<!\[CDATA", re.IGNORECASE)
_SHORT_TAG = 8  # characters of a tag that holds no value
_READINGS = 8
_READ_AGAIN = re.compile(r"[<\n]")
_WORD = re.compile(r"\w*")


class Reading(NamedTuple):
    """A text made of pieces of another; `starts` and `origins` say where each begins here and there, ascending."""

    text: str
    starts: Sequence[int] = (0,)
    origins: Sequence[int] = (0,)

    def place(self, at: int) -> int:
        """Where in the other text the character at `at` stands."""
        piece = bisect_right(self.starts, at) - 1
        return self.origins[piece] + at - self.starts[piece]


class Chain(NamedTuple):
    """A reading of a reading: `through` which readings it was come to, the last first."""

    text: str
    through: tuple[Reading, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the first text that `text[start:end]`, not empty, was read from."""
        last = end - 1
        for reading in self.through:
            start, last = reading.place(start), reading.place(last)
        return start, last + 1


class Window(NamedTuple):
    """A part of a reading and where in it the part begins; whether there is more before and behind it."""

    begin: int
    text: str
    before: bool
    behind: bool


def readings(text: str) -> Iterator[Reading]:
    """The text with the indent of wrapped lines dropped, and where it has markup inside words once more without any.

    Of a page that is markup from its first character on, and holds no program, the text and the tags, each by itself.
    """
    if _PAGE.match(text) and not _PROGRAM.search(text):
        yield _without(text, MARKUP, APART)
        yield _tags(text)
        return
    # Spaces among the bytes of UTF-16 are half a character.
    yield Reading(text) if "\0" in text else _without(text, _INDENT, "\n")
    if has_inline(text):
        yield _without(text, MARKUP, APART)


def all_readings(text: str) -> Iterator[Chain]:
    """The text itself, its readings, theirs, and so on: each distinct one once, `_READINGS` at most.

    What the guard reads in a document it reads in each value as well, so whoever masks values has to read them so.
    """
    todo = [Chain(text)]
    seen = {text}
    while todo and len(seen) <= _READINGS:
        outer = todo.pop(0)
        yield outer
        for reading in readings(outer.text) if _READ_AGAIN.search(outer.text) else ():
            if reading.text not in seen:
                seen.add(reading.text)
                todo.append(Chain(reading.text, (reading, *outer.through)))
    yield from todo


def windows(text: str) -> Iterator[Window]:
    """The text in parts of at most `WINDOW` characters; what is no longer than `SHARED` is whole in one of them."""
    begin = 0
    while len(text) - begin > WINDOW:
        end = begin + WINDOW
        last = _WORD.match(text[end - 1 : end - 1 - _WORD_EDGE : -1])
        back = last.end() if last else 0
        yield Window(begin, text[begin : end - (back if back < _WORD_EDGE else 0)], begin > 0, True)
        begin = end - SHARED - _WORD_EDGE
        first = _WORD.match(text, begin, begin + _WORD_EDGE)
        begin = first.end() if first and first.end() < begin + _WORD_EDGE else begin
    if begin < len(text):
        yield Window(begin, text[begin:], begin > 0, False)


def found_in(window: Window, masked: Masked) -> Iterator[tuple[int, int, Sighting]]:
    """Start and end, in the window, of what the door replaced there, and by what.

    A short place at an edge that cuts the text is left to the window that has it whole.
    """
    for start, end, sighting in spans(window.text, masked):
        cut = (start == 0 and window.before) or (end == len(window.text) and window.behind)
        if not cut or end - start > _CUT_WORD:
            yield start, end, sighting


def spans(text: str, masked: Masked) -> Iterator[tuple[int, int, Sighting]]:
    """What of a text stands no more in what the door made of it: the tokens tell where, the text between them how far.

    The first place is exact in where it begins; where what stands between two places stands more often, the earliest
    is taken.
    """
    at = done = 0
    for number, sighting in enumerate(masked.sightings):
        start = at + sighting.start - done
        done = sighting.end
        if number + 1 == len(masked.sightings):
            end = len(text) - (len(masked.text) - done)
        else:
            end = text.index(masked.text[done : masked.sightings[number + 1].start], start + 1)
        yield start, end, sighting
        at = end


def _tags(text: str) -> Reading:
    """What stands in tags (links, titles), without the text between them; each distinct tag once, where it is first."""
    first: dict[str, int] = {}
    for match in MARKUP.finditer(text):
        if match.end() - match.start() > _SHORT_TAG:
            first.setdefault(match[0], match.start())
    if not first:
        return Reading("")
    starts = [0, *accumulate(len(tag) + len(APART) for tag in list(first)[:-1])]
    return Reading(APART.join(first), starts, list(first.values()))


def _without(text: str, pattern: re.Pattern[str], instead: str) -> Reading:
    """The text with what the pattern matches replaced, and with nothing in its place where the match is `inline`."""
    kept, origins, done = [], [], 0
    for match in pattern.finditer(text):
        inline = match.lastgroup == "inline"
        kept.append(text[done : match.start()] + ("" if inline else instead))
        origins.append(done)
        done = match.end()
    if not kept:
        return Reading(text)
    kept.append(text[done:])
    origins.append(done)
    starts = [0, *accumulate(map(len, kept[:-1]))]
    return Reading("".join(kept), starts, origins)
