"""Which runs of base64 and hex digits may hold text, of many texts at once: never fewer than `decoding` decodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tocsin.protect.decoding import SHORT, UTF16_HIGH

Array = np.ndarray[Any, Any]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NIBBLES = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else 0 for code in range(256))
_SIXES = bytes(max(_ALPHABET.find({"-": "+", "_": "/"}.get(chr(code), chr(code))), 0) for code in range(256))
_PLAIN_DIGITS = bytes(chr(code) in _ALPHABET[:-2] for code in range(256))
_DIGITS = bytes(chr(code) in _ALPHABET + "-_" for code in range(256))
_HEX_DIGITS = bytes(chr(code) in "0123456789abcdefABCDEF" for code in range(256))
_FRONT, _BACK = 40, 40  # empty places before and after the characters, so that neighbours can be looked at
_WIDE_HIGH = np.array([code in UTF16_HIGH for code in range(256)], bool)


def _shifted(values: Array, bits: int, mask: int) -> Array:
    """Each byte shifted, left for more than none, by way of eight at a time."""
    eights = values.view("<u8")
    moved = eights << np.uint64(bits) if bits > 0 else eights >> np.uint64(-bits)
    return (moved & np.uint64(mask * 0x0101010101010101)).view(np.uint8)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


class _Columns(NamedTuple):
    """What runs of digits decode to, from each place on: the bytes of a group, and whether all their digits are there.

    step     digits to the next group
    starts   where a run may begin
    """

    decoded: Sequence[Array]
    held: Sequence[Array]
    step: int
    starts: Array

    def at(self, marks: Sequence[Array], number: int) -> Array:
        """The mark of the byte `number` after the first one of each place; before it for less than none."""
        wide = len(marks)
        return _moved(marks[number % wide], number // wide * self.step)


def places_of_runs(runs: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Of each run of base64 digits of either alphabet the places in it at which text may be packed, ascending."""
    characters = bytes(_FRONT) + "\0".join(runs).encode() + bytes(_BACK)
    base64 = base64_places(characters, _marked(characters, _DIGITS), _marked(characters, _PLAIN_DIGITS))
    hex_ = hex_places(characters, _marked(characters, _HEX_DIGITS))
    edges = np.cumsum([_FRONT, *(len(run) + 1 for run in runs)])
    places = np.union1d(base64, hex_)
    owners = np.searchsorted(edges, places, "right") - 1
    within: list[list[int]] = [[] for _ in runs]
    for owner, place in zip(owners.tolist(), (places - edges[owners]).tolist(), strict=True):
        within[owner].append(place)
    yield from map(tuple, within)


def _marked(characters: bytes, marks: bytes) -> Array:
    return np.frombuffer(characters.translate(marks), bool)


def base64_places(characters: bytes, digit: Array, plain: Array) -> Array:
    """Places in runs of base64 that may hold text.

    `digit` says which characters are digits of either alphabet, `plain` which are of both.
    """
    sixes = np.frombuffer(_padded(characters.translate(_SIXES)), np.uint8)
    count = len(characters) - 4
    high = _shifted(sixes, 2, 0xFC)[:count] | _shifted(sixes, -4, 0x03)[1 : count + 1]
    middle = _shifted(sixes, 4, 0xF0)[1 : count + 1] | _shifted(sixes, -2, 0x0F)[2 : count + 2]
    low = _shifted(sixes, 6, 0xC0)[2 : count + 2] | sixes[3 : count + 3]
    two = digit[:count] & digit[1 : count + 1]
    three = two & digit[2 : count + 2]
    four = three & digit[3 : count + 3]
    # A run of one of the two alphabets may begin after a sign of the other.
    starts = two & ~_moved(plain[:count], -1)
    return _stretches(_Columns([high, middle, low], [two, three, four], 4, starts))


def hex_places(characters: bytes, digit: Array) -> Array:
    """Places in runs of hex digits (`digit`) that may hold text."""
    nibbles = np.frombuffer(_padded(characters.translate(_NIBBLES)), np.uint8)
    count = len(characters) - 4
    data = _shifted(nibbles, 4, 0xF0)[:count] | nibbles[1 : count + 1]
    two = digit[:count] & digit[1 : count + 1]
    starts = two & ~_moved(digit[:count], -1)
    return _stretches(_Columns([data], [two], 2, starts))


def _stretches(columns: _Columns) -> Array:
    """Where `STRETCH` bytes in a row are text, or four characters UTF-16, or a run begins with enough text to be all of
    it. Never fewer than `decoding` decodes.
    """
    wide = len(columns.decoded)
    text = _text_marks(columns)
    if wide == 1:
        by_two = text[0] & columns.at(text, 1)
        by_four = by_two & _moved(by_two, 2 * columns.step)
        long = by_four & _moved(by_four, 4 * columns.step) & _moved(by_four, 8 * columns.step)
        begun = by_four & _moved(by_two, 4 * columns.step)
    else:
        group = text[0] & text[1] & text[2]
        nine = group & _moved(group, columns.step) & _moved(group, 2 * columns.step)
        after = columns.at(text, 9)
        before = columns.at(text, -1)
        long = nine & ((after & columns.at(text, 10)) | (after & before) | (before & columns.at(text, -2)))
        begun = group & columns.at(text, 3)
    starts = np.flatnonzero(begun & columns.starts)
    return np.concatenate([np.flatnonzero(long | _utf16_marks(columns)), _whole_runs(columns, text, starts)])


def _whole_runs(columns: _Columns, text: Sequence[Array], starts: Array) -> Array:
    """Of these places those at which a run begins that may be text all along, or is long enough for that to be seen."""
    wide, size = len(text), len(text[0])
    open_ = np.ones(len(starts), bool)  # no byte of the run was seen that is no text
    for number in range(SHORT):
        places = np.minimum(starts + number // wide * columns.step, size - 1)
        ended = ~columns.held[number % wide][places]
        open_ &= text[number % wide][places] | ended
    found: Array = starts[open_]
    return found


def _text_marks(columns: _Columns) -> list[Array]:
    """Which bytes are text: plain, or of a UTF-8 character of two or three bytes that is whole."""
    plain, two, three, more = ([], [], [], [])
    for data, held in zip(columns.decoded, columns.held, strict=True):
        plain.append((((data - np.uint8(0x20)) < 95) | ((data - np.uint8(9)) < 5)) & held)
        two.append(((data - np.uint8(0xC3)) < 0x1D) & held)
        three.append(((data == 0xE1) | (data == 0xE2) | (data == 0xEF)) & held)
        more.append(((data & np.uint8(0xC0)) == 0x80) & held)
    if not any(mark.any() for mark in two) and not any(mark.any() for mark in three):
        return plain
    text = []
    for number in range(len(plain)):
        follows, next_follows = more[number], columns.at(more, number + 1)
        ok = plain[number] | (two[number] & next_follows) | (follows & columns.at(two, number - 1))
        ok = ok | (three[number] & next_follows & columns.at(more, number + 2))
        ok = ok | (follows & columns.at(three, number - 1) & next_follows)
        text.append(ok | (follows & columns.at(more, number - 1) & columns.at(three, number - 2)))
    return text


def _utf16_marks(columns: _Columns) -> Array:
    """Where four characters of UTF-16 may begin, in either order of bytes."""
    low: list[Array] = []
    high: list[Array] = []
    zero: list[Array] = []
    for data, held in zip(columns.decoded, columns.held, strict=True):
        zero.append((data == 0) & held)
        low.append((((data - np.uint8(0x20)) < 95) | (data >= 0xA0)) & held)
        high.append(_WIDE_HIGH[data] & held)
    if not any(mark.any() for mark in zero) and not any(mark.any() for mark in high):
        return zero[0]
    found = np.zeros(len(zero[0]), bool)
    for start in range(len(zero)):
        little = big = np.ones(len(found), bool)
        for number in range(start, start + 8, 2):
            little = little & ((columns.at(low, number) & columns.at(zero, number + 1)) | columns.at(high, number + 1))
            big = big & ((columns.at(zero, number) & columns.at(low, number + 1)) | columns.at(high, number))
        found = found | little | big
    return found


def _moved(values: Array, places: int) -> Array:
    """What stands so many places further on, nothing beyond the ends."""
    if places == 0:
        return values
    moved = np.zeros_like(values)
    if places > 0:
        moved[:-places] = values[places:]
    else:
        moved[-places:] = values[:places]
    return moved
