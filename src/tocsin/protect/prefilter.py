"""Which of many texts may speak of a protected person: a cheap look at all of them at once, that loses none.

A text is suspect where a word of it stands for a person, where two that may be parts of a name stand side by side,
where a number of it begins as one that is searched for, or where an encoding (`protect.decoding`) may be in it. What is
suspect is looked at closely; what is not needs no more.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import regex

from tocsin.protect.codepages import OPEN
from tocsin.protect.decoding import SHORTEST_LINE, SHORTEST_RUN, in_base64, in_hex
from tocsin.protect.folding import fold
from tocsin.protect.forms import FILLERS
from tocsin.protect.layer import Layer
from tocsin.protect.packed import places_of_runs

Array = np.ndarray[Any, Any]

# Letters by script, as runs of them are words; what is folded has no accents left. Marks are of the scripts of India.
_SCRIPTS = ("Latin", "Greek", "Cyrillic", "Arabic", "Georgian")
_NAMED = "".join(rf"\p{{{script}}}" for script in _SCRIPTS)
WORD: Final = regex.compile(
    "(?V1)"
    + "|".join(rf"[\p{{L}}&&\p{{{script}}}]+" for script in _SCRIPTS)
    + rf"|[[\p{{L}}\p{{M}}]--[{_NAMED}]]+|[0-9]+"
)

# What may stand between the parts of a number.
NUMBER_SEPARATORS: Final = frozenset(" \t\r\n.-/()+_'\\")

ANCHOR: Final = 3  # letters of a word that can carry a name

# What words lie in, folded: whatever stands between two of these can stand between two parts of a name but `·` and `→`.
_LETTERS = "a-z\x80-\xb6\xb8-\u2191\u2193-\U0010ffff"
_BASE64 = "A-Za-z0-9+/_-"
_RUN = re.compile(f"[{_BASE64}]{{{SHORTEST_RUN},}}")
_LONG_LINE = re.compile(f"[{_BASE64}]{{{SHORTEST_LINE}}}[\r\n]")
_SIGN = re.compile(r"\\[nrtbfv]")  # an escape, and how a folder is written
_PARTING = re.compile(r"\\[nrtbfv\\/'\"]")  # with which two parts of a name look farther from each other than they are
# Where an escape begins: one set of characters first, for that is what is looked for fast.
_ESCAPE = re.compile(
    r"[%=&*\\\0-\x08\x0e-\x1f](?:(?<=%)(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})"
    r"|(?<==)(?:[0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\\++[rn])|\?[A-Za-z0-9][^?]{1,80}\?[BbQq]\?)|(?<=\*)[1-9][0-9]?\*?="
    r"|(?<=&)(?:#|[A-Za-z][A-Za-z0-9]{1,31}+;)"
    r"|(?<=\\)(?:u[0-9A-Fa-f]{4}|u\{|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2})"
    rf"|(?<=[{_BASE64}]\\)/[{_BASE64}]|(?<=[{_BASE64}]{{{SHORTEST_LINE}}}\\)\\*+[nr]|(?<=[\0-\x08\x0e-\x1f]))"
)

_KNOWN_RUNS = 1 << 16
_KNOWN_TOKENS = 1 << 17
_LONGEST_KNOWN = 128
_FEW_RUNS = 48  # that are decoded sooner than they are looked at all at once
_PREFIX = 8
_BLOCK = 1 << 16
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_TABLE_BITS = 22
_SEPARATORS = "".join(sorted(NUMBER_SEPARATORS)).encode()


class Suspects(NamedTuple):
    """Places in the texts given, ascending.

    named     words or a number stand there that may name somebody
    escaped   there are escapes that may hide or part such
    packed    there are runs of base64 or hex that may hold text: places in them, ascending; None for anywhere
    """

    named: list[int]
    escaped: list[int]
    packed: dict[int, list[int] | None]


class _Telling(NamedTuple):
    """What letters in a row may be: with one of `signs` in the text somebody's name; what can carry a name of several
    words; what can stand beside that.
    """

    signs: Collection[str] = ()
    is_anchor: bool = False
    is_companion: bool = False

    def __repr__(self) -> str:
        return "_Telling()"


_NOTHING = _Telling()


class Prefilter:
    """Suspects among texts.

    words     that may be a part of a name
    paired    whether of two words, the first of them one of `words`, both may be parts of one name
    alone     words that tell by themselves that somebody may be named, each with the signs of which one stands in the
              text as well; "" where none needs to
    initials  what may stand for a part of a name
    numbers   letters and digits without separators
    All are folded, and are kept as they are given: whoever gives them may not change them afterwards.
    """

    def __init__(
        self,
        *,
        words: Collection[str],
        paired: Callable[[str, str], bool],
        alone: Mapping[str, Collection[str]],
        initials: Collection[str],
        numbers: Iterable[str],
    ) -> None:
        self._words = words
        self._paired = paired
        self._alone = alone
        self._initials = initials
        digits = "0-9" if any("0" <= word[0] <= "9" for word in alone) else ""
        self._ascii_tokens = re.compile(f"[a-z]+|[{digits}]+" if digits else "[a-z]+")
        self._tokens = re.compile(f"[{_LETTERS}{digits}]+")
        self._numbers = _Numbers(numbers)
        self._idle: set[str] = set()
        self._runs: dict[str, tuple[int, ...]] = {}

    def suspects(self, texts: Sequence[str]) -> Suspects:
        """Suspects among the texts."""
        folded = [text.lower() if text.isascii() else fold(text).text for text in texts]
        named = self._named(folded)
        escaped = {place for place in named if _PARTING.search(texts[place])}
        escaped.update(place for place, text in enumerate(texts) if _ESCAPE.search(text) or _is_open(text))
        signed = [
            place for place, text in enumerate(texts) if "\\" in text and place not in escaped and _SIGN.search(text)
        ]
        if signed:
            apart = self._named([_SIGN.sub(" ", folded[place]) for place in signed])
            escaped.update(signed[place] for place in apart)
        return Suspects(sorted(named), sorted(escaped), self._packed(texts))

    def _named(self, folded: Sequence[str]) -> set[int]:
        """Where somebody may be named, however far from each other the parts of a name or a number stand."""
        if not (self._words or self._alone or self._numbers):
            return set()
        held = [(self._ascii_tokens if text.isascii() else self._tokens).findall(text) for text in folded]
        telling = self._telling_among(set(itertools.chain.from_iterable(held)))
        signs = {token: one.signs for token, one in telling.items() if one.signs}
        anchors = {token for token, one in telling.items() if one.is_anchor}
        companions = {token for token, one in telling.items() if one.is_companion}
        alone = set(signs)
        named = self._numbers.among(folded) if self._numbers else set()
        for place, tokens in enumerate(held):
            if not anchors.isdisjoint(tokens) and self._is_name(tokens, anchors, companions):
                named.add(place)
            elif not alone.isdisjoint(tokens):
                text = folded[place]
                if any(sign in text for token in alone.intersection(tokens) for sign in signs[token]):
                    named.add(place)
        return named

    def _telling_among(self, tokens: set[str]) -> dict[str, _Telling]:
        """Of these the ones in which there is a word that is searched for, and what it may be."""
        if len(self._idle) > _KNOWN_TOKENS:
            self._idle.clear()
        telling = {token: self._telling(token) for token in tokens - self._idle}
        self._idle.update(token for token, one in telling.items() if one is _NOTHING)
        return {token: one for token, one in telling.items() if one is not _NOTHING}

    def _telling(self, token: str) -> _Telling:
        words = (token,) if token.isascii() and token.isalpha() else WORD.findall(token)
        parts = [word for word in words if word in self._words]
        signs = {sign for word in words for sign in self._alone.get(word, ())}
        is_companion = bool(parts) or any(word in self._initials or word in FILLERS for word in words)
        if not signs and not is_companion:
            return _NOTHING
        return _Telling(signs, any(len(word) >= ANCHOR for word in parts), is_companion)

    def _is_name(self, tokens: Sequence[str], anchors: set[str], companions: set[str]) -> bool:
        """Whether two words side by side may be a name; a filler, or one among other letters, stands for any word."""
        beside = itertools.pairwise(tokens)
        # One letter, whatever it is, may stand between.
        around = (
            (first, second) for first, one, second in zip(tokens, tokens[1:], tokens[2:], strict=False) if len(one) == 1
        )
        return any(
            (first in anchors and second in companions and self._may_pair(first, second))
            or (second in anchors and first in companions and self._may_pair(second, first))
            for first, second in itertools.chain(beside, around)
        )

    def _may_pair(self, anchor: str, other: str) -> bool:
        return not (anchor.isascii() and other.isascii()) or other in FILLERS or self._paired(anchor, other)

    def _packed(self, texts: Sequence[str]) -> dict[int, list[int] | None]:
        held = [_RUN.findall(text) for text in texts]
        distinct = set(itertools.chain.from_iterable(held))
        known = self._known_runs(distinct)
        telling = {run for run in distinct if known[run]}
        packed: dict[int, list[int] | None] = {}
        for place, runs in enumerate(held):
            if not telling.isdisjoint(runs):
                found = (match for match in _RUN.finditer(texts[place]) if match[0] in telling)
                packed[place] = [match.start() + at for match in found for at in known[match[0]]]
        for place, text in enumerate(texts):
            if ("\n" in text or "\r" in text) and _LONG_LINE.search(text):
                packed[place] = None  # a text may go on beyond the break
        return packed

    def _known_runs(self, distinct: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Of each run the places in it at which text may be packed."""
        if len(self._runs) > _KNOWN_RUNS:
            self._runs.clear()
        fresh = [run for run in distinct if run not in self._runs]
        if not fresh:
            return self._runs
        found = dict(
            zip(fresh, _places_decoded(fresh) if len(fresh) <= _FEW_RUNS else places_of_runs(fresh), strict=True)
        )
        self._runs.update((run, places) for run, places in found.items() if len(run) <= _LONGEST_KNOWN)
        return self._runs | found if any(len(run) > _LONGEST_KNOWN for run in fresh) else self._runs


def _is_open(text: str) -> bool:
    """Whether bytes in it may have been read in another encoding than they were written in."""
    return not text.isascii() and OPEN.search(text) is not None


def _places_decoded(runs: Iterable[str]) -> Iterator[tuple[int, ...]]:
    for run in runs:
        outer = Layer(run)
        yield tuple(sorted({layer.span(0, 1)[0] for layer in itertools.chain(in_base64(outer), in_hex(outer))}))


class _Numbers:
    """Numbers known by their first eight bytes."""

    def __init__(self, numbers: Iterable[str]) -> None:
        by_length: dict[int, set[bytes]] = {}
        for number in numbers:
            head = number.encode()[:_PREFIX]
            by_length.setdefault(len(head), set()).add(head.ljust(_PREFIX, b"\0"))
        self._held = [
            (np.uint64((1 << (8 * length)) - 1), np.unique(_mixed(np.frombuffer(b"".join(heads), "<u8"))))
            for length, heads in sorted(by_length.items())
        ]
        self._table = np.zeros(1 << _TABLE_BITS, bool)
        for _, held in self._held:
            self._table[held >> np.uint64(64 - _TABLE_BITS)] = True

    def __bool__(self) -> bool:
        return bool(self._held)

    def among(self, folded: Sequence[str]) -> set[int]:
        """The texts in which, without separators, a number begins."""
        found: set[int] = set()
        for first, block in _blocks(folded):
            joined = "\0".join(block)
            if joined.count("\0") >= len(block):
                joined = "\0".join(text.replace("\0", "\1") for text in block)
            squeezed = joined.encode("utf-8", "surrogatepass").translate(None, _SEPARATORS)
            heads = np.ndarray((len(squeezed),), "<u8", squeezed + bytes(_PREFIX), strides=(1,))
            places = [self._known(heads, mask, held) for mask, held in self._held]
            edges = np.flatnonzero(np.frombuffer(squeezed, np.uint8) == 0)
            found.update((np.searchsorted(edges, np.concatenate(places)) + first).tolist())
        return found

    def _known(self, heads: Array, mask: np.uint64, held: Array) -> Array:
        mixed = _mixed(heads & mask)
        near = np.flatnonzero(self._table[mixed >> np.uint64(64 - _TABLE_BITS)])
        wanted = mixed[near]
        found: Array = near[held[np.minimum(np.searchsorted(held, wanted), len(held) - 1)] == wanted]
        return found


def _mixed(heads: Array) -> Array:
    mixed: Array = heads * _SPREAD  # the factor is odd: no two heads are one afterwards
    return mixed


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """The texts in pieces of some size, each with the place of its first."""
    size = start = 0
    for place, text in enumerate(texts, 1):
        size += len(text)
        if size >= _BLOCK or place == len(texts):
            yield start, texts[start:place]
            size, start = 0, place
