"""How the logs wrote what a table holds in lower case: base64 says nothing any more once its case is gone.

Accounts, hosts and addresses are lower case in every table, without the back-slashes they began with, so that one thing
written two ways is one. To a reader neither is a riddle. So the door is asked about the texts as written as well, and
what it finds there is replaced here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.model.door import Door
from tocsin.model.record import Record
from tocsin.protect.decoding import SHORTEST_RUN
from tocsin.protect.windows import spans

# A run of base64 digits without a capital may be one whose case is gone.
_LOST = re.compile(rf"(?<![A-Za-z0-9+/_-])(?=[0-9+/_-]*[a-z])[a-z0-9+/_-]{{{SHORTEST_RUN},}}(?![A-Za-z0-9+/_-])")
# What is left of an escape that began with a back-slash.
_HALVED = re.compile(r"u[0-9a-f]{4}|u\{[0-9a-f]|x[0-9a-f]{2}|[0-3][0-7]{2}")
_RUN = re.compile(r"[a-z0-9+/_-]+")
_PART = re.compile(r"[a-z0-9]+")
_LOWER = str.maketrans({chr(letter): chr(letter + 32) for letter in range(ord("A"), ord("Z") + 1)})
_SEVERAL = 8  # writings of one text in one record that are looked at
_REMEMBERED = 1 << 16


class Writing(NamedTuple):
    """A text as it was written, with `before` characters in front of it that were taken off."""

    text: str
    before: int = 0


Written = Mapping[str, Sequence[Writing]]


class Writings:
    """By text of the tables of a chunk, how its records wrote it where that is another way."""

    def __init__(self) -> None:
        self.found: dict[str, list[Writing]] = {}
        self._plain: set[str] = set()

    def note(self, records: Sequence[Record], rows: Iterable[Mapping[str, object]]) -> None:
        """The texts of rows that were made of these records."""
        wanted = [text for row in rows for text in row.values() if isinstance(text, str) and self._may_have_lost(text)]
        if not wanted:
            return
        as_written = [_said(record) for record in records]
        for text in wanted:
            found = list(_writings(text, as_written))
            if not found:  # nothing of it stands in a field: the bytes have what no field does
                found = list(_writings(text, [record.data.decode("utf-8", "replace") for record in records]))
            for each in found:
                if each.text != text and each not in self.found.get(text, ()):
                    self.found.setdefault(text, []).append(each)

    def _may_have_lost(self, text: str) -> bool:
        if text in self._plain:
            return False
        if _LOST.search(text) or _HALVED.match(text):
            return True
        if len(self._plain) < _REMEMBERED:
            self._plain.add(text)
        return False


def _said(record: Record) -> str:
    return "\n".join(
        each
        for value in record.fields.values()
        for each in (value if isinstance(value, list) else (value,))
        if isinstance(each, str)
    )


def _writings(text: str, records: Sequence[str]) -> Iterator[Writing]:
    for said in records:
        folded = said.translate(_LOWER)
        if text in folded:
            yield from _places(text, said, folded)
            continue
        parts = {(start, end): _places(text[start:end], said, folded) for start, end in _known_parts(text, folded)}
        for number in range(max(map(len, parts.values()), default=0)):
            whole = text
            for (start, end), found in parts.items():
                one = found[min(number, len(found) - 1)]
                whole = whole[:start] + one.text[one.before :] + whole[end:]
            yield Writing(whole)


def _places(text: str, said: str, folded: str) -> list[Writing]:
    """Every writing of a text that stands there."""
    is_halved = _HALVED.match(text) is not None
    if not is_halved and said.count(text) == folded.count(text):
        return [Writing(text)]
    found: dict[Writing, None] = {}
    at = folded.find(text)
    while at >= 0 and len(found) < _SEVERAL:
        first = at
        while is_halved and first > 0 and said[first - 1] == "\\":
            first -= 1
        found[Writing(said[first : at + len(text)], at - first)] = None
        at = folded.find(text, at + 1)
    return list(found)


def _known_parts(text: str, folded: str) -> Iterator[tuple[int, int]]:
    """The parts of a text put together that stand there, the longest first: whole runs, or what of them does."""
    for run in _RUN.finditer(text):
        parts = list(_PART.finditer(text, *run.span()))
        first = 0
        while first < len(parts):
            last = next(
                (
                    last
                    for last in range(len(parts) - 1, first - 1, -1)
                    if text[parts[first].start() : parts[last].end()] in folded
                ),
                None,
            )
            if last is not None:
                yield parts[first].start(), parts[last].end()
            first = first + 1 if last is None else last + 1


def masked_as_written(door: Door, written: Written) -> dict[str, str]:
    """By text what it leaves as, of those a writing of which speaks of somebody where the text itself does not.

    What the text itself says is a token as ever: one name in many writings stays one. Raises ProtectionError.
    """
    asked = [(text, each) for text in sorted(written) for each in (Writing(text), *written[text])]
    own: dict[str, list[_Place]] = {}
    more: dict[str, list[_Place]] = {}
    for place, masked in sorted(door.mask([writing.text for _, writing in asked]).items()):
        text, writing = asked[place]
        found = [
            (max(0, start - writing.before), end - writing.before, sighting.token.lower())
            for start, end, sighting in spans(writing.text, masked)
            if end > writing.before
        ]
        if writing.text == text:
            own[text] = found
            continue
        known = own.get(text, ())
        new = [(start, end, token) for start, end, token in found if not _is_covered(start, end, known)]
        if new:
            more.setdefault(text, []).extend(new)
    return {text: _replaced(text, own.get(text, ()), found) for text, found in more.items()}


_Place = tuple[int, int, str]


def _is_covered(start: int, end: int, places: Iterable[_Place]) -> bool:
    return any(first <= start and end <= last for first, last, _ in places)


def _replaced(text: str, own: Sequence[_Place], more: Sequence[_Place]) -> str:
    """The text with each place replaced; those that overlap are one, with the text's own token where there is one."""
    joined: list[_Place] = []
    for start, end, token in sorted((*own, *more)):
        if joined and start < joined[-1][1]:
            first, last, earlier = joined[-1]
            mine = next((each for one, other, each in own if one < max(end, last) and first < other), earlier)
            joined[-1] = first, max(end, last), mine
        else:
            joined.append((start, end, token))
    pieces, done = [], 0
    for start, end, token in joined:
        pieces += [text[done:start], token]
        done = end
    return "".join((*pieces, text[done:]))
