"""The leak guard: whether a text, bytes or a file speak of a protected person, where and how; never who, never what.

It asks the door, and shows nothing of what the door said but places. Whoever lets something leave calls `refuse`
before a byte is written. What cannot be searched is refused as well, and so is everything while the door is down.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import ProtectionError
from tocsin.model.door import Door, mask_all, mask_one
from tocsin.model.protection import How
from tocsin.protect.contents import Beyond, Content, Piece, Unread, contents, file_contents
from tocsin.protect.exits import Parted
from tocsin.protect.joins import Cut, Find, cuts_of, is_own_word, without
from tocsin.protect.searched import Reference, Searched, Unsearched, Unseen, incident_of, script_of
from tocsin.protect.tokens import TOKEN
from tocsin.protect.windows import Reading, Window, found_in, readings, windows

# So many characters are asked about at once: a door elsewhere takes messages of bounded size.
_ASKED_AT_ONCE = 1 << 18
_MESSAGE = 1 << 15  # a message that is longer is masked in parts, cut between lines
_ROUNDS = 4  # what is taken out brings others side by side
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLAIN_KEY = re.compile(r"[a-z][a-z_]{0,39}")
_UNSHOWN = "withheld: the door to the protected names does not answer"


class Guard:
    """Searches with the doors that are open in this process; without any there is nobody to find.

    Each method but `shown` raises ProtectionError where a door fails: then nothing may leave.
    """

    def __init__(self, doors: Iterable[Door] = (), *, knows_own: bool = False) -> None:
        """The doors; one without a vault (epoch 0) searches for nobody.

        knows_own   the texts are the product's: what it says itself (`own_text`) is nobody's name
        """
        self._doors = tuple(door for door in doors if door.epoch)
        self._knows_own = knows_own

    def __bool__(self) -> bool:
        """Whether there is anybody to search for."""
        return bool(self._doors)

    def masked(self, text: str) -> str:
        """A message as it may be shown: each protected name in it a token."""
        for door in self._doors:
            text = "".join(mask_one(door, part) for part in _parts(text))
        return _speakable(text)

    def shown(self, text: str) -> str:
        """The same; where the door fails, that something is withheld. It raises nothing: errors are told with it."""
        try:
            return self.masked(text)
        except (ProtectionError, OSError):
            return _UNSHOWN

    def search(self, content: Iterable[Content], file: str = "", *, is_retold: bool = False) -> Searched:
        """What was read of one file; `file` is its path as a reader knows it, "" for none.

        is_retold   as `refuse_folder` has it
        """
        if not self:
            return Searched()
        shown = self.masked(file) if file else ""
        pieces, unread, unseen = [], [], []
        for each in content:
            if isinstance(each, Unread):
                unread.append(Unsearched(shown, self.masked(each.part), each.why))
            elif isinstance(each, Beyond):
                unseen.append(Unseen(shown, self.masked(each.part), each.kind))
            else:
                pieces.append(each)
        size = sum(len(piece.text) for piece in pieces)
        references = tuple(self._references(shown, pieces, is_retold=is_retold))
        return Searched(references=references, unsearched=tuple(unread), unseen=tuple(unseen), files=1, size=size)

    def search_file(self, path: Path, shown_as: str, *, is_retold: bool = False) -> Searched:
        """A file and its name; `shown_as` is its path as a reader knows it."""
        if not self:
            return Searched()
        return self.search((_named(path.name), *file_contents(path)), shown_as, is_retold=is_retold)

    def search_folder(self, folder: Path, shown_as: str = "", *, retold: Collection[str] = ()) -> Searched:
        """A folder and every file below it, in the order of their paths, with all their names."""
        found = Searched()
        for path in (folder, *sorted(folder.rglob("*"))) if self else ():
            below = path.relative_to(folder).as_posix()
            name = shown_as if below == "." else f"{shown_as}/{below}" if shown_as else below
            if path.is_dir() and not path.is_symlink():
                found += Searched(references=self.search((_named(path.name),), name).references)
                if not os.access(path, os.R_OK | os.X_OK):
                    found += Searched(unsearched=(Unsearched(self.masked(name), "", "no permission to list it"),))
            else:
                found += self.search_file(path, name, is_retold=below in retold)
        return found

    def refuse(self, data: str | bytes, *, what: str = "", name: str = "") -> None:
        """Let nothing through that names a protected person or cannot be searched.

        what   it is, in the product's own words, for the message
        name   of the file it is to stand in, "" for none

        Raises RefusedError saying how many references stand where, ProtectionError where a door fails.
        """
        if not self:
            return
        if name:
            self.search((_named(name),)).refuse(what)
        if isinstance(data, bytes):
            self.search(contents(data)).refuse(what)
            return
        found = self.search((Piece(part="", text=data),))
        found.refuse(what, self._places(data, found.references) if found.references else ())

    def parted(self, text: str) -> Parted:
        """A text of the product with what reads as a name only because it was put side by side taken out.

        What one value says is left for `refuse`: it should have been a token long before. Raises ProtectionError.
        """
        count = 0
        for _ in range(_ROUNDS if self else 0):
            cuts: list[Cut] = []
            finds = 0
            for find in self._finds([Piece(part="", text=text)]):
                more = cuts_of(text, find.find)
                cuts += more or ()
                finds += bool(more)
            if not cuts:
                break
            count += finds
            text = without(text, cuts)
        return Parted(text, count)

    def refuse_folder(self, folder: Path, *, what: str = "", retold: Collection[str] = ()) -> None:
        """The same for every file below a folder.

        retold   paths of files made of the others and of the product's own words alone: what the others say is searched
                 there, so a word of the product is nobody's name in these
        """
        self.search_folder(folder, retold=retold).refuse(what)

    def _finds(self, pieces: Sequence[Piece]) -> Iterator[_Find]:
        """Every place in the pieces once, though windows overlap and two doors may know the same person."""
        found: dict[int, list[tuple[int, int, How, str]]] = {}
        for asked in _asked(pieces):
            for door in self._doors:
                for at, masked in door.mask([each.window.text for each in asked]).items():
                    number, reading, window = asked[at]
                    for start, end, sighting in found_in(window, masked):
                        first, last = reading.place(window.begin + start), reading.place(window.begin + end - 1)
                        place = first, last + 1, sighting.how, sighting.token
                        found.setdefault(number, []).append(place)
        for number, places in sorted(found.items()):
            for start, end, how, token in _distinct(places):
                yield _Find(number, Find(start, end, token), how)

    def _references(self, file: str, pieces: Sequence[Piece], *, is_retold: bool) -> Iterator[Reference]:
        for number, found, how in self._finds(pieces):
            piece = pieces[number]
            if self._knows_own and (cuts_of(piece.text, found) == [] or (is_retold and is_own_word(piece.text, found))):
                continue
            start, end = found.start, found.end
            line = piece.text.count("\n", 0, start) + 1 if piece.has_lines else 0
            column = start - piece.text.rfind("\n", 0, start) if piece.has_lines else 0
            yield Reference(file, self.masked(piece.part), line, column, how, script_of(piece.text[start:end]))

    def _places(self, text: str, references: Sequence[Reference]) -> Sequence[str]:
        """Where in a document of this product: the incident a line belongs to, or the way to a value of JSON."""
        if text[:1] in ("{", "[") and (value := _json(text)) is not None:
            return [self._way(way) for way in self._speaking(value)]
        lines = text.split("\n")
        incidents = [incident_of(lines, each.line) for each in references]
        return [
            f"{incident}, {each.place}" if incident else each.place
            for incident, each in zip(incidents, references, strict=True)
        ]

    def _speaking(self, value: object) -> list[tuple[str | int, ...]]:
        texts = [(way, _without_tokens(text)) for way, text in _strings(value, ())]
        speaking: set[str] = set()
        for door in self._doors:
            speaking.update(mask_all(door, (text for _, text in texts)))
        return [way for way, text in texts if text in speaking]

    def _way(self, way: Sequence[str | int]) -> str:
        """A way to a value; a key that may be of the logs is a star."""
        told = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" if _PLAIN_KEY.fullmatch(step) else ".*" for step in way
        )
        return self.masked(told.lstrip(".")) or "the document"


class _Find(NamedTuple):
    """A find in the piece of that number."""

    piece: int
    find: Find
    how: How


class _Asked(NamedTuple):
    """A window of a reading of a piece, by its number."""

    piece: int
    reading: Reading
    window: Window


def _asked(pieces: Sequence[Piece]) -> Iterator[list[_Asked]]:
    """All windows, so many at once as a door takes; the tokens in them blank."""
    held: list[_Asked] = []
    size = 0
    for number, piece in enumerate(pieces):
        for reading in readings(piece.text) if piece.has_lines else (Reading(piece.text),):
            for window in windows(_without_tokens(reading.text)):
                if held and size + len(window.text) > _ASKED_AT_ONCE:
                    yield held
                    held, size = [], 0
                held.append(_Asked(number, reading, window))
                size += len(window.text)
    if held:
        yield held


def _without_tokens(text: str) -> str:
    """The text with every token blank, own and foreign: the letters of a token may spell anything."""
    return TOKEN.sub(lambda found: "\ufffd" * len(found[0]), text)


def _speakable(text: str) -> str:
    """The text without lone surrogates, as names of files have them: nobody can print those."""
    return _SURROGATES.sub("\ufffd", text)


def _distinct(places: Iterable[tuple[int, int, How, str]]) -> Iterator[tuple[int, int, How, str]]:
    """The places by where they begin, without those that begin within another."""
    done = -1
    for start, end, how, token in sorted(places, key=lambda place: (place[0], -place[1], *place[2:])):
        if start >= done:
            yield start, end, how, token
            done = end


def _parts(text: str) -> Iterator[str]:
    """The text cut between lines, each part no longer than a message if its lines allow it."""
    begin = 0
    while len(text) - begin > _MESSAGE:
        end = text.rfind("\n", begin, begin + _MESSAGE) + 1
        end = end if end > begin else begin + _MESSAGE
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _named(name: str) -> Piece:
    return Piece(part="its name", text=name, has_lines=False)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(value: object, way: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a JSON value, keys and numbers as well, with the way to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*way, key), key
            yield from _strings(each, (*way, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _strings(each, (*way, number))
    elif value is not None:
        yield way, str(value)
