"""How the logs wrote what a table holds in lower case: base64 says nothing any more once its case is gone.

Accounts, hosts and addresses are lower case in every table, without the back-slashes they began with, so that one thing
written two ways is one. To a reader neither is a riddle. So the door is asked about the texts as written as well, and
what it finds there is replaced here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from tocsin.model.door import Door
from tocsin.model.record import Record
from tocsin.protect.decoding import SHORTEST_RUN
from tocsin.protect.windows import spans

# A run of base64 digits without a capital may be one whose case is gone.
_LOST = re.compile(rf"(?<![A-Za-z0-9+/_-])(?=[0-9+/_-]*[a-z])[a-z0-9+/_-]{{{SHORTEST_RUN},}}(?![A-Za-z0-9+/_-])")
# What is left of an escape that began with a back-slash.
_HALVED = re.compile(r"u[0-9a-f]{4}|u\{[0-9a-f]|(?:x[0-9a-f]{2}|[0-3][0-7]{2})\\")
_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST_RUN},}}")
_PART = re.compile(r"[A-Za-z0-9]+")
_LOWER = str.maketrans({chr(letter): chr(letter + 32) for letter in range(ord("A"), ord("Z") + 1)})
_SEVERAL = 8  # writings of one text that are looked at
_FEW_PARTS = 8  # of a run, that are looked up in every way they can be put together


class Writing(NamedTuple):
    """A text as it was written, with `before` characters in front of it that were taken off."""

    text: str
    before: int = 0


Written = Mapping[str, Sequence[Writing]]


class Writings:
    """How the records of a chunk wrote what stands in its tables in lower case.

    Gathering costs each event little more than a look whether its texts are known; the rest is done once a chunk.
    """

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._texts: dict[str, tuple[bytes, ...]] = {}

    def note(self, records: Sequence[Record], rows: Iterable[Mapping[str, object]]) -> None:
        """The texts of rows that were made of these records."""
        said = self._said
        for record in records:
            for value in record.fields.values():
                if type(value) is str:
                    said.add(value)
                elif isinstance(value, list):
                    said.update(each for each in value if isinstance(each, str))
        texts = self._texts
        for row in rows:
            for text in row.values():
                if type(text) is str and text not in texts:
                    may_be = _LOST.search(text) or _HALVED.match(text)
                    texts[text] = tuple(record.data for record in records) if may_be else ()

    def written(self) -> Written:
        """By text of the tables the other ways it was written; those that were written as they stand are not in it."""
        known = _Known(self._said)
        found: dict[str, list[Writing]] = {}
        for text, data in self._texts.items():
            if not data:
                continue
            writings = known.writings(text)
            if not writings and text not in self._said:  # what no field has the bytes may have
                writings = _Known({each.decode("utf-8", "replace") for each in data}).writings(text)
            if writings:
                found[text] = writings
        return found


class _Known:
    """What was said, to be looked up in lower case: runs of base64 digits with a capital, and what they are made of."""

    def __init__(self, said: Iterable[str]) -> None:
        self._escaped: list[str] = []
        self._runs: dict[str, dict[str, None]] = {}
        runs: set[str] = set()
        for text in said:
            if "\\" in text:
                self._escaped.append(text)
            if not text.islower():
                runs.update(_RUN.findall(text))
        self._escaped.sort()
        for run in sorted(runs):
            if run != run.lower():
                self._add(run)

    def _add(self, run: str) -> None:
        spans = [(0, len(run))]
        if not run.isalnum():
            parts = [part.span() for part in _PART.finditer(run)]
            if len(parts) <= _FEW_PARTS:
                spans += [(one[0], two[1]) for one, two in combinations(parts, 2)]
            spans += parts
        for start, end in spans:
            piece = run[start:end]
            self._runs.setdefault(piece.lower(), {})[piece] = None

    def writings(self, text: str) -> list[Writing]:
        """The other ways it was written, as far as what was said shows."""
        parts = {span: list(self._runs[text[slice(*span)]]) for span in self._spans(text)}
        found = []
        for number in range(min(_SEVERAL, max(map(len, parts.values()), default=0))):
            whole = text
            for (start, end), ways in parts.items():
                whole = whole[:start] + ways[min(number, len(ways) - 1)] + whole[end:]
            found.append(Writing(whole))
        return [*(each for each in found if each.text != text), *self._whole_escapes(text)]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """The parts of a text that were said with capitals: whole runs of it, else the longest that are in one."""
        for run in _RUN.finditer(text):
            if run[0] in self._runs:
                yield run.span()
                continue
            parts = [part.span() for part in _PART.finditer(text, *run.span())]
            place = 0
            while place < len(parts):
                start = parts[place][0]
                for last in range(min(len(parts), place + _FEW_PARTS) - 1, place - 1, -1):
                    if text[start : parts[last][1]] in self._runs:
                        yield start, parts[last][1]
                        place = last
                        break
                place += 1

    def _whole_escapes(self, text: str) -> Iterator[Writing]:
        if not _HALVED.match(text):
            return
        for said in self._escaped:
            at = said.translate(_LOWER).find(f"\\{text}") + 1
            if at:
                first = at
                while first > 0 and said[first - 1] == "\\":
                    first -= 1
                yield Writing(said[first : at + len(text)], at - first)


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
