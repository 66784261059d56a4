"""Which of many texts may speak of a protected person: a cheap look at all of them at once, that loses none.

The texts of a call are one array of characters, and every step is one operation on it. A text is suspect where a word
or a number of it is one of those searched for, as far as eight characters and its length tell, or where an encoding
(`protect.decoding`) may be in it. What is suspect is looked at closely; what is not needs no more.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import regex

from tocsin.protect.decoding import SHORTEST_LINE
from tocsin.protect.folding import fold
from tocsin.protect.packed import base64_places, hex_places

Array = np.ndarray[Any, Any]

# Letters by script, as runs of them are words; what is folded has no accents left. Marks are of the scripts of India.
_SCRIPTS = ("Latin", "Greek", "Cyrillic", "Arabic", "Georgian")
_NAMED = "".join(rf"\p{{{script}}}" for script in _SCRIPTS)
WORD: Final = regex.compile(
    "(?V1)"
    + "|".join(rf"[\p{{L}}&&\p{{{script}}}]+" for script in _SCRIPTS)
    + rf"|[[\p{{L}}\p{{M}}]--[{_NAMED}]]+|[0-9]+"
)
_DIGIT = len(_SCRIPTS) + 2

# What may stand between the parts of a number.
NUMBER_SEPARATORS: Final = frozenset(" \t\r\n.-/()+_'\\")

_SCRIPT, _BASE64, _LEAD, _HEX, _CONTROL = 7, 8, 16, 32, 64  # bits of a character's kind; the first three are its script
_FRONT, _BACK = 40, 40  # empty places before and after the characters, so that neighbours can be looked at
_BLOCK = 1 << 16
_PREFIX = 8

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_LENGTH = np.uint64(0xC2B2AE3D27D4EB4F)
_TABLE_BITS = 22
_MASKS = np.array([(1 << (8 * length)) - 1 for length in range(_PREFIX)] + [(1 << 64) - 1], np.uint64)


class Suspects(NamedTuple):
    """Places in the texts given, ascending.

    named     a word or number that is searched for stands there
    escaped   there are escapes; all that are `named` with a character that may begin one are among them
    packed    there are runs of base64 or hex that may hold text: places in them, ascending; None for anywhere
    """

    named: list[int]
    escaped: list[int]
    packed: dict[int, list[int] | None]


class _Keys:
    """A set of words known by their first eight characters and length."""

    def __init__(self, words: Iterable[str]) -> None:
        distinct = {_bytes(word)[:_PREFIX].ljust(_PREFIX, b"\0") + bytes([min(len(word), 255)]) for word in words}
        packed = np.frombuffer(b"".join(sorted(distinct)), np.uint8).reshape(-1, _PREFIX + 1)
        heads = np.ascontiguousarray(packed[:, :_PREFIX]).view("<u8").ravel()
        self._held = np.unique(_mixed(heads, packed[:, _PREFIX]))
        self._table = np.zeros(1 << _TABLE_BITS, bool)
        self._table[self._held >> np.uint64(64 - _TABLE_BITS)] = True
        self.shortest = int(packed[:, _PREFIX].min()) if len(packed) else 0

    def __bool__(self) -> bool:
        return self.shortest > 0

    def known(self, heads: Array, lengths: Array) -> Array:
        """Where in `heads` a word that is held begins."""
        mixed = _mixed(heads & _MASKS[np.minimum(lengths, _PREFIX)], np.minimum(lengths, 255))
        near = np.flatnonzero(self._table[mixed >> np.uint64(64 - _TABLE_BITS)])
        wanted = mixed[near]
        places = np.minimum(np.searchsorted(self._held, wanted), len(self._held) - 1)
        found: Array = near[self._held[places] == wanted]
        return found


def _mixed(heads: Array, lengths: Array) -> Array:
    mixed: Array = (heads ^ (lengths.astype(np.uint64) * _LENGTH)) * _SPREAD
    return mixed


def _byte(code: int) -> int:
    """One byte for a character, itself for ASCII: two that share one are told apart when looked at closely."""
    return code if code < 0x80 else 0x80 | (code * 167 + (code >> 8) * 59) & 0x7F


def _bytes(word: str) -> bytes:
    return word.encode() if word.isascii() else bytes(_byte(ord(character)) for character in word)


def _kind_of_ascii(code: int) -> int:
    character = chr(code)
    kind = 1 if character.isalpha() else _DIGIT if character.isdigit() else 0
    kind |= _BASE64 if character.isalnum() or character in "+/-_" else 0
    kind |= _LEAD if character in "%\\&=" else 0
    kind |= _HEX if character in "0123456789abcdefABCDEF" else 0
    return kind | (_CONTROL if 0 < code < 0x20 and character not in "\t\n\v\f\r" else 0)


_KINDS = bytes(_kind_of_ascii(code) for code in range(128)) + bytes(128)


class _Wide(NamedTuple):
    """By code below 65,536: the byte and the kind of its folded character; whether it folds to other than one."""

    bytes: Array
    kinds: Array
    uneven: Array


@functools.lru_cache(maxsize=1)
def _wide_tables() -> _Wide:
    every = [fold(chr(code)).text for code in range(1 << 16)]
    single = "".join(text if len(text) == 1 else " " for text in every)
    kinds = np.zeros(1 << 16, np.uint8)
    kinds[:128] = np.frombuffer(_KINDS[:128], np.uint8)
    scripts = np.zeros(1 << 16, np.uint8)
    for found in WORD.finditer(single):
        scripts[found.start() : found.end()] = script_of(found[0])
    return _Wide(
        bytes=np.array([_byte(ord(character)) for character in single], np.uint8),
        kinds=(kinds & ~np.uint8(_SCRIPT)) | scripts,
        uneven=np.array([len(text) != 1 for text in every], bool),
    )


_SCRIPT_OF = [regex.compile(rf"\p{{{script}}}") for script in _SCRIPTS]


def script_of(word: str) -> int:
    """The script of a run that `WORD` found: 1 and up, the last for digits."""
    if word[0] in "0123456789":
        return _DIGIT
    return next((place for place, one in enumerate(_SCRIPT_OF, 1) if one.match(word)), len(_SCRIPTS) + 1)


class Prefilter:
    """Suspects among texts, for words (runs of letters or digits, folded) and numbers (letters and digits, folded)."""

    def __init__(self, words: Iterable[str], numbers: Iterable[str]) -> None:
        self._words = _Keys(words)
        by_length: dict[int, set[str]] = {}
        for number in numbers:
            by_length.setdefault(min(len(number), _PREFIX), set()).add(number[:_PREFIX])
        self._numbers = [(length, _Keys(held)) for length, held in sorted(by_length.items())]

    def suspects(self, texts: Sequence[str]) -> Suspects:
        """Suspects among the texts."""
        named: set[int] = set()
        escaped: set[int] = set()
        packed: dict[int, list[int] | None] = {}
        plain = [place for place, text in enumerate(texts) if text.isascii()]
        for places in _blocks(texts, plain):
            self._look(_Block.of_ascii([texts[place] for place in places]), places, named, escaped, packed)
        if len(plain) < len(texts):
            other = [place for place, text in enumerate(texts) if not text.isascii()]
            for places in _blocks(texts, other):
                block = _Block.of_wide([texts[place] for place in places])
                self._look(block, places, named, escaped, packed)
                for place in block.beyond:
                    named.add(places[place])
                    escaped.add(places[place])
                    packed[places[place]] = None
        return Suspects(sorted(named), sorted(escaped | named), packed)

    def _look(
        self,
        block: _Block,
        places: Sequence[int],
        named: set[int],
        escaped: set[int],
        packed: dict[int, list[int] | None],
    ) -> None:
        leads = _Leads(block)
        starts, ends = block.words()
        if self._numbers:
            numbers = self._number_places(block, starts)
            named.update(places[at] for at in block.owners(numbers, folded=True))
        if self._words:
            named.update(places[at] for at in block.owners(_found(self._words, block, starts, ends), folded=True))
            if len(leads.signs) and not block.is_wide:
                starts = leads.signs + 2
                ends = ends[np.minimum(np.searchsorted(ends, starts, "right"), max(len(ends) - 1, 0))]
                escaped.update(places[at] for at in block.owners(_found(self._words, block, starts, ends)))
            elif len(leads.signs):
                escaped.update(places[at] for at in block.owners(leads.signs))
        escaped.update(places[at] for at in block.owners(leads.escapes))
        base64 = base64_places(block.plain_bytes, (block.kinds & _BASE64) > 0, (block.kinds & _SCRIPT) > 0)
        hex_ = hex_places(block.plain_bytes, (block.kinds & _HEX) > 0)
        for at, within in block.places_in(np.union1d(base64, hex_)):
            packed[places[at]] = within
        packed.update((places[at], None) for at in block.owners(_long_lines(block)))

    def _number_places(self, block: _Block, starts: Array) -> Array:
        """Of these starts of words those at which, without separators, a number begins."""
        characters = block.folded.tobytes()
        dropped = np.frombuffer(characters.translate(_SEPARATES), np.uint8)
        squeezed = np.frombuffer(characters.translate(None, _SEPARATORS) + bytes(_PREFIX), np.uint8)
        heads = _heads(squeezed)[starts - np.cumsum(dropped, dtype=np.int32)[starts]]
        found = [starts[keys.known(heads, np.full(len(starts), length))] for length, keys in self._numbers]
        return np.concatenate(found)


_SEPARATORS = "".join(sorted(NUMBER_SEPARATORS)).encode()
_SEPARATES = bytes(code in _SEPARATORS for code in range(256))


def _blocks(texts: Sequence[str], places: Sequence[int]) -> Iterator[Sequence[int]]:
    size = start = 0
    for number, place in enumerate(places):
        size += len(texts[place]) + 1
        if size >= _BLOCK:
            yield places[start : number + 1]
            size, start = 0, number + 1
    if start < len(places):
        yield places[start:]


def _heads(characters: Array) -> Array:
    """The eight bytes from each place on, as a number."""
    return np.ndarray((len(characters) - _PREFIX + 1,), "<u8", characters.tobytes(), strides=(1,))


class _Block:
    """Texts side by side, a NUL between them, `_FRONT` and `_BACK` empty places around.

    folded, folded_kinds   as they are compared
    plain                  each character's byte as it stands, 0 for what is not ASCII; `kinds` of these
    beyond                 texts with characters that no table holds
    """

    def __init__(self, plain: bytes, folded: Array, kinds: Array, edges: Array) -> None:
        self.plain_bytes = plain
        self.plain = np.frombuffer(plain, np.uint8)
        self.kinds = np.frombuffer(plain.translate(_KINDS), np.uint8)
        self.folded = folded
        self.folded_kinds = kinds
        self._edges = edges
        self._folded_edges = edges
        self.beyond: list[int] = []
        self.is_wide = False

    @classmethod
    def of_ascii(cls, texts: Sequence[str]) -> _Block:
        joined = "\0".join(texts)
        if joined.count("\0") >= len(texts):
            joined = "\0".join(text.replace("\0", "\1") for text in texts)
        plain = bytes(_FRONT) + joined.encode() + bytes(_BACK)
        block = cls(plain, np.frombuffer(plain.lower(), np.uint8), np.zeros(0, np.uint8), _edges(texts))
        block.folded_kinds = block.kinds
        return block

    @classmethod
    def of_wide(cls, texts: Sequence[str]) -> _Block:
        tables = _wide_tables()
        texts = [text.replace("\0", "\1") for text in texts]
        codes = _codes(texts)
        edges = _edges(texts)
        plain = np.where(codes < 128, codes, 0).astype(np.uint8).tobytes()
        beyond = np.flatnonzero(codes > 0xFFFF)
        codes = np.minimum(codes, 0xFFFF).astype(np.uint16)
        uneven = np.flatnonzero(tables.uneven[codes])
        folded_edges = edges
        if len(uneven):
            affected = set(np.searchsorted(edges, uneven, "right").tolist())
            again = [fold(text).text if place in affected else text for place, text in enumerate(texts)]
            codes = np.minimum(_codes(again), 0xFFFF).astype(np.uint16)
            folded_edges = _edges(again)
        block = cls(plain, tables.bytes[codes], tables.kinds[codes], edges)
        block._folded_edges = folded_edges
        block.beyond = sorted(set(np.searchsorted(edges, beyond, "right").tolist()))
        block.is_wide = True
        return block

    def owners(self, places: Array, *, folded: bool = False) -> list[int]:
        """The texts these places lie in."""
        if not len(places):
            return []
        return sorted(set(np.searchsorted(self._folded_edges if folded else self._edges, places, "right").tolist()))

    def places_in(self, places: Array) -> Iterator[tuple[int, list[int] | None]]:
        """Each text that any of the places, ascending, lie in, and where in it."""
        owners = np.searchsorted(self._edges, places, "right")
        cuts = np.flatnonzero(np.diff(owners)) + 1
        for owner, held in zip(
            owners[np.concatenate([[0], cuts])] if len(owners) else (), np.split(places, cuts), strict=False
        ):
            first = self._edges[owner - 1] + 1 if owner else _FRONT
            yield int(owner), (held - first).tolist()

    def words(self) -> tuple[Array, Array]:
        """Where runs of letters of one script, or of digits, begin and end."""
        scripts = self.folded_kinds & _SCRIPT
        changes = scripts[1:] != scripts[:-1]
        held = scripts > 0
        return np.flatnonzero(changes & held[1:]) + 1, np.flatnonzero(changes & held[:-1]) + 1


def _edges(texts: Sequence[str]) -> Array:
    """The place after each text: a place before the first of them lies in the first text."""
    return np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1) + (_FRONT - 1)


def _codes(texts: Sequence[str]) -> Array:
    joined = "\0" * _FRONT + "\0".join(texts) + "\0" * _BACK
    return np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")


def _found(keys: _Keys, block: _Block, starts: Array, ends: Array) -> Array:
    lengths = ends - starts
    long_enough = np.flatnonzero(lengths >= keys.shortest)
    starts, lengths = starts[long_enough], lengths[long_enough]
    return starts[keys.known(_heads(block.folded)[starts], lengths)]


class _Leads:
    """Where an escape may begin. `signs` are a backslash and the letter of a sign, which are paths more often."""

    def __init__(self, block: _Block) -> None:
        places = np.flatnonzero(block.kinds & (_LEAD | _CONTROL))
        self.signs = self.escapes = places
        if not len(places):
            return
        plain, kinds = block.plain, block.kinds
        lead, first = plain[places], plain[places + 1]
        two_hex = (kinds[places + 1] & kinds[places + 2] & _HEX) > 0
        is_digit = (kinds & _SCRIPT) == _DIGIT
        backslash = lead == ord("\\")
        sign = backslash & _SIGNS[first]
        digits = is_digit[places - 1] | is_digit[places + 2]
        broken_base64 = (kinds[places - 1] & kinds[places + 2] & _BASE64) > 0
        long_before = np.zeros(len(places), bool)
        at_signs = np.flatnonzero(sign)
        long_before[at_signs] = _after_long_run(block, places[at_signs])
        found = (kinds[places] & _CONTROL) > 0
        found |= (lead == ord("%")) & (two_hex | (first == ord("u")))
        second, third = plain[places + 2], plain[places + 3]
        next_hex = (kinds[places + 2] & kinds[places + 3] & _HEX) > 0
        octal = ((first & 0xFC) == ord("0")) & ((second & 0xF8) == ord("0")) & ((third & 0xF8) == ord("0"))
        braced = (first == ord("u")) & (second == ord("{"))
        found |= (lead == ord("=")) & (two_hex | _BLANK[first])
        found |= backslash & ((_CODED[first] & next_hex) | octal | braced)
        found |= backslash & (first == ord("/")) & broken_base64
        found |= sign & (digits | long_before)
        entity = lead == ord("&")
        if entity.any():
            closing = np.flatnonzero(plain == ord(";"))
            near = np.searchsorted(closing, places)
            distance = (
                np.where(near < len(closing), closing[np.minimum(near, len(closing) - 1)] - places, 64)
                if len(closing)
                else np.full(len(places), 64)
            )
            found |= entity & ((first == ord("#")) | (distance < 40))
        self.signs = places[sign]
        self.escapes = places[found]


def _after_long_run(block: _Block, places: Array) -> Array:
    """Before which of the places there are as many base64 digits as a line of it has."""
    if not len(places):
        return np.zeros(0, bool)
    runs = _heads((block.kinds & _BASE64) >> 3)
    ended = np.ones(len(places), bool)
    for back in range(_PREFIX, SHORTEST_LINE + 1, _PREFIX):
        ended &= runs[places - back] == np.uint64(0x0101010101010101)
    return ended


def _long_lines(block: _Block) -> Array:
    """Breaks after a line that may be base64: a text may go on beyond it."""
    breaks = np.flatnonzero((block.plain == ord("\n")) | (block.plain == ord("\r")))
    found: Array = breaks[_after_long_run(block, breaks)]
    return found


def _members(characters: str) -> Array:
    return np.array([chr(code) in characters for code in range(256)], bool)


_SIGNS = _members("nrtbfv")
_CODED = _members("uUx")
_BLANK = _members(" \t\r\n")
