"""Our own notes, acts among them: signed notes of two lines, a header and one object in canonical JSON.

What this takes the stand-alone verifier takes, and the other way round: members that are all there and no more, each of
its type and in its one spelling.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.errors import VerificationError
from tocsin.record.canonical import canonical, read_canonical
from tocsin.record.merkle import HASH_BYTES
from tocsin.record.notes import Note, from_base64, parse_note

_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Body:
    """The object of a note; its members by type, each of which raises VerificationError where it is of another.

    what   names the note in messages
    """

    members: Mapping[str, Any]
    what: str

    def text(self, name: str) -> str:
        """A member that is text."""
        value = self.members[name]
        if not isinstance(value, str):
            raise VerificationError(f"{self.what} gives no {name}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that is a list of texts, one at least and none twice."""
        value = self.members[name]
        is_list = isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)
        if not is_list or len(set(value)) != len(value):
            raise VerificationError(f"{self.what} gives no {name}: it takes a list of texts, none of them twice")
        return tuple(value)

    def time(self, name: str) -> str:
        """A member that is a time: RFC 3339 in UTC, whole seconds, with `Z`."""
        value = self.text(name)
        try:
            is_time = datetime.strptime(value, _TIME).strftime(_TIME) == value
        except ValueError:
            is_time = False
        if not is_time:
            raise VerificationError(f"{self.what} gives no time: {value!r}")
        return value

    def count(self, name: str) -> int:
        """A member that is a whole number, 0 or more."""
        value = self.members[name]
        if type(value) is not int or value < 0:  # in Python true is a number
            raise VerificationError(f"{self.what} gives no {name}: it takes a whole number")
        return value

    def digest(self, name: str) -> bytes:
        """A member that is 32 bytes, in canonical base64."""
        value = from_base64(self.text(name), self.what)
        if len(value) != HASH_BYTES:
            raise VerificationError(f"{self.what} gives no {name}: it takes {HASH_BYTES} bytes")
        return value

    def anything(self, name: str) -> dict[str, Any]:
        """A member that is an object, of whatever members."""
        value = self.members[name]
        if not isinstance(value, dict):
            raise VerificationError(f"{self.what} gives no {name}")
        return dict(value)

    def object(self, name: str, members: Collection[str]) -> Body:
        """A member that is an object of these members."""
        return _body(self.anything(name), members, self.what)


def unsigned(header: str, said: Mapping[str, Any]) -> Note:
    """The note that says so, without signatures."""
    return Note(f"{header}\n{canonical(said).decode()}\n", ())


def read_body(data: str | bytes, header: str, members: Collection[str], what: str) -> tuple[Note, Body]:
    """A note of this header and these members, its signatures unchecked. Raises VerificationError naming `what`."""
    note = parse_note(data, what)
    first, _, rest = note.text.partition("\n")
    if first != header or rest.count("\n") != 1:
        raise VerificationError(f"{what} is none that this version knows: its first line is not {header!r}")
    try:
        said = read_canonical(rest[:-1].encode())
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"{what} cannot be read: {error}") from error
    return note, _body(said, members, what)


def _body(said: Mapping[str, Any], members: Collection[str], what: str) -> Body:
    if set(said) != set(members):
        raise VerificationError(f"{what} has other members than version 1 has")
    return Body(said, what)
