"""The door: everything that leaves `process` goes through here, in the worker, before anything is written.

A door knows the protected names; who asks it does not. It gives each text back with every form of a protected name
replaced by a token (`protect/tokens.py`), and keeps under its own key what holds names in clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, Protocol

from cryptography.exceptions import InvalidTag

from tocsin.errors import ProtectionError
from tocsin.model.door import NO_DOOR, Credentials, Door, DoorAddress, mask_one
from tocsin.model.protection import Masked, Sighting
from tocsin.protect import finds
from tocsin.protect.finds import Place
from tocsin.protect.tokens import PERSON_LENGTH, TOKEN, TokenKeys, recipient_tokens, workspace_tokens
from tocsin.protect.windows import all_readings
from tocsin.store.derivation import derive
from tocsin.store.sealing import unwrap, wrap

if TYPE_CHECKING:
    from tocsin.protect.client import DoorClient

__all__ = [
    "NO_DOOR",
    "Credentials",
    "Door",
    "DoorAddress",
    "Finder",
    "LocalDoor",
    "connected",
    "disconnect",
    "mask_one",
]


_kept: dict[DoorAddress, DoorClient] = {}


def connected(address: DoorAddress | None) -> Door:
    """The door at the address, the connection kept for this process; without an address `NO_DOOR`.

    Raises ProtectionError where it does not answer, or is not the door it should be.
    """
    if address is None:
        return NO_DOOR
    if address not in _kept:
        from tocsin.protect.client import connect

        _kept[address] = connect(address)
    return _kept[address]


def disconnect(address: DoorAddress | None) -> None:
    """Ends the connection `connected` keeps for the address, if it does."""
    client = _kept.pop(address, None) if address is not None else None
    if client is not None:
        client.close()


class Finder(Protocol):
    """What finds the forms: `protect.matcher.Matcher`."""

    @property
    def beyond(self) -> int:
        """In how many texts something was encoded too deep to be searched."""
        ...

    def find(self, values: Sequence[str]) -> Mapping[int, Sequence[Place]]:
        """By the place of a value where something was found: what, leftmost first, without overlap."""
        ...


# How often what is left of a text is searched again: each time only texts in which something was found.
_ROUNDS = 8


def _blank(text: str, found: Sequence[Place]) -> str:
    """The text with what was found made characters that no name has, as the guard sees tokens."""
    pieces, done = [], 0
    for one in found:
        pieces += [text[done : one.start], "\ufffd" * (one.end - one.start)]
        done = one.end
    return "".join((*pieces, text[done:]))


@dataclass(frozen=True, kw_only=True)
class LocalDoor:
    """The door of one workspace in this process: for the process that serves it, and for tests.

    persons     the 16-byte id of each person the finder knows by its place in this list
    token_key   of the vault; so are the `door_keys`, oldest first: the last wraps, each unwraps what it wrapped
    workspace   origin of the workspace
    """

    epoch: int
    workspace: str
    persons: Sequence[bytes] = field(repr=False)
    finder: Finder = field(repr=False)
    token_key: bytes = field(repr=False)
    door_keys: Sequence[bytes] = field(repr=False)

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        """See `Door`. A token of this door stays as it is, whatever its letters happen to spell."""
        masked = {}
        for place, found in sorted(self._find(texts).items()):
            kept = self._outside_tokens(texts[place], found)
            if kept:
                masked[place] = self._masked(texts[place], kept)
        return masked

    def wrap(self, secret: bytes, context: str) -> bytes:
        """See `Door`. The first two bytes say which key of the door it was."""
        number = len(self.door_keys) - 1
        return number.to_bytes(2, "big") + wrap(secret, self._wrapping(number), context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See `Door`."""
        # A number no key has, as any other alteration, is one that does not open.
        number = min(int.from_bytes(wrapped[:2], "big"), len(self.door_keys) - 1)
        try:
            return unwrap(wrapped[2:], self._wrapping(number), context.encode())
        except InvalidTag as error:
            raise ProtectionError(
                "what was sealed under the door has been altered, or was sealed for another workspace or vault",
                hint="put it back from a backup, or link the vault it was made with",
            ) from error

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        """See `Door`. Every token is replaced, also one whose person left the vault: none joins two recipients."""
        keys = recipient_tokens(self.token_key, self.workspace, recipient)
        return [TOKEN.sub(lambda found: keys.retokened(found[0]), text) for text in texts]

    def person_of(self, token: str) -> int | None:
        """The place in `persons` of whom a token of the workspace stands for, None where for nobody of this vault."""
        return self._places.get(token[:PERSON_LENGTH].upper())

    @cached_property
    def _tokens(self) -> TokenKeys:
        return workspace_tokens(self.token_key, self.workspace)

    @cached_property
    def _persons(self) -> Sequence[str]:
        return [self._tokens.person(person) for person in self.persons]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {token: place for place, token in enumerate(self._persons)}

    def _wrapping(self, number: int) -> bytes:
        return derive(self.door_keys[number], "door/wrap", salt=self.workspace.encode())

    def _find(self, texts: Sequence[str]) -> Mapping[int, Sequence[Place]]:
        """What is found, and what is found of the rest once that is gone: a name ends where another one did."""
        found: dict[int, Sequence[Place]] = dict(self._found(texts))
        newest: Mapping[int, Sequence[Place]] = found
        for _ in range(_ROUNDS):
            if not newest:
                break
            rest = {place: _blank(texts[place], found[place]) for place in newest}
            more = self._found(list(rest.values()))
            newest = {place: more[at] for at, place in enumerate(rest) if at in more}
            for place, ones in newest.items():
                found[place] = finds.covering([*map(finds.of, found[place]), *map(finds.of, ones)])
        return found

    def _found(self, texts: Sequence[str]) -> Mapping[int, Sequence[Place]]:
        """What the finder finds in the texts and in every other reading of them, in places of the texts."""
        read = [(place, chain) for place, text in enumerate(texts) for chain in all_readings(text)]
        found: dict[int, list[finds.Found]] = {}
        again: set[int] = set()
        for at, ones in self.finder.find([chain.text for _, chain in read]).items():
            place, chain = read[at]
            if chain.through:
                again.add(place)
            found.setdefault(place, []).extend(
                finds.Found(*chain.span(one.start, one.end), one.person, one.how) for one in ones
            )
        return {place: finds.covering(ones) if place in again else ones for place, ones in found.items()}

    def _outside_tokens(self, text: str, found: Sequence[Place]) -> Sequence[Place]:
        own = [place.span() for place in TOKEN.finditer(text) if self.person_of(place[0]) is not None]
        if not own:
            return found
        return [one for one in found if not any(start <= one.start and one.end <= end for start, end in own)]

    def _masked(self, text: str, found: Sequence[Place]) -> Masked:
        pieces, sightings = [], []
        done = length = 0
        for one in found:
            original = text[one.start : one.end]
            token = self._persons[one.person] + self._tokens.suffix(one.how, original)
            # Accounts and hosts are lower case throughout, and stay it: they are joined by how they are written.
            token = token.lower() if original == original.lower() else token
            start = length + one.start - done
            pieces += [text[done : one.start], token]
            length = start + len(token)
            done = one.end
            sightings.append(Sighting(token=token, how=one.how, start=start, end=length))
        return Masked(text="".join((*pieces, text[done:])), sightings=tuple(sightings))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a door stays in the process that holds the vault: send its address")
