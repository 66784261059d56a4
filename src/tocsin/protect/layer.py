"""A text found inside another one, of which every character knows what it stands for, and how one is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum


class Left(Enum):
    """What may be undone in a layer: all there is; all but letters that were read in a wrong encoding, for they were
    UTF-16; what its bytes say in a code page; nothing, for that was read.
    """

    ALL = "all"
    ESCAPES = "escapes"
    BYTES = "bytes"
    NOTHING = "nothing"


class Layer:
    """A text found inside another one.

    text     what it says
    outer    the layer it was found in; None for the text that was asked about
    depth    how many encodings were undone
    left     what may be undone in it
    """

    __slots__ = ("_ends", "_run", "_starts", "depth", "left", "outer", "text")

    def __init__(
        self,
        text: str,
        *,
        outer: Layer | None = None,
        starts: Sequence[int] = (),
        ends: Sequence[int] = (),
        run: tuple[int, int] | None = None,
        left: Left = Left.ALL,
    ) -> None:
        self.text = text
        self.outer = outer
        self.depth: int = outer.depth + 1 if outer else 0
        self.left: Left = Left.ESCAPES if outer and outer.left is Left.ESCAPES and left is Left.ALL else left
        self._starts = starts
        self._ends = ends
        self._run = run

    def __repr__(self) -> str:
        """Says nothing of the text: this is printed in tracebacks."""
        return f"Layer({len(self.text)} characters, depth {self.depth})"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text asked about that `text[start:end]`, not empty, stands for."""
        if self.outer is None:
            return start, end
        if self._run is not None:
            return self.outer.span(*self._run)
        return self.outer.span(self._starts[start], self._ends[end - 1])

    def place(self) -> tuple[int, int]:
        """The part of the text asked about that all of it stands for."""
        return self.span(0, len(self.text)) if self.text else (0, 0)


class Writing:
    """A layer as it is written: pieces of the outer text, and characters each in the place of an escape."""

    def __init__(self, outer: Layer, *, strict: bool = False) -> None:
        self._outer = outer
        self._strict = strict
        self.is_doubtful = False  # a byte was no UTF-8
        self._text: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._copied = 0

    def until(self, end: int) -> None:
        start = self._copied
        self._text.append(self._outer.text[start:end])
        self._starts.extend(range(start, end))
        self._ends.extend(range(start + 1, end + 1))
        self._copied = end

    def put(self, text: str, start: int, end: int) -> None:
        self._text.append(text)
        self._starts.extend([start] * len(text))
        self._ends.extend([end] * len(text))
        self._copied = end

    def put_bytes(self, data: bytes, places: Sequence[tuple[int, int]], end: int) -> None:
        """Bytes as UTF-8, each from its own place; what is none stays open (`codepages`), or if strict as written."""
        at = 0
        for character in data.decode("utf-8", "surrogateescape"):
            is_byte = "\udc80" <= character <= "\udcff"
            length = 1 if is_byte else len(character.encode())
            start, stop = places[at][0], places[at + length - 1][1]
            self.is_doubtful = self.is_doubtful or is_byte
            if is_byte and self._strict:
                self._copied = start
                self.until(stop)
            else:
                self.put(character, start, stop)
            at += length
        self._copied = end

    @property
    def is_begun(self) -> bool:
        """Whether anything was put in it."""
        return self._copied > 0 or bool(self._text)

    def said(self) -> tuple[str, Layer, Sequence[int], Sequence[int]]:
        """The text, of which layer, and where in that each character begins and ends."""
        self.until(len(self._outer.text))
        return "".join(self._text), self._outer, self._starts, self._ends

    def layer(self) -> Layer:
        text, outer, starts, ends = self.said()
        return Layer(text, outer=outer, starts=starts, ends=ends)


Write = Callable[[Writing, re.Match[str]], None]


def substituted(outer: Layer, pattern: re.Pattern[str], write: Write) -> Iterator[Layer]:
    """The layer with what the pattern finds undone. Where bytes of it are no UTF-8 also without undoing those: in
    `q=Deborah=20` the first three characters after `q` are no escape.
    """
    writing = _written(outer, pattern, write, strict=False)
    if writing is not None:
        yield writing.layer()
        if writing.is_doubtful and (again := _written(outer, pattern, write, strict=True)) is not None:
            yield again.layer()


def _written(outer: Layer, pattern: re.Pattern[str], write: Write, *, strict: bool) -> Writing | None:
    writing: Writing | None = None
    for match in pattern.finditer(outer.text):
        writing = writing or Writing(outer, strict=strict)
        writing.until(match.start())
        write(writing, match)
    return writing
