"""The door as everybody else sees it: what protected names go through, in whichever process the names are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tocsin.errors import ProtectionError
from tocsin.model.protection import Masked


class Door(Protocol):
    """What stands between the logs in clear and everything else. Each method raises ProtectionError where it fails."""

    @property
    def epoch(self) -> int:
        """Of the vault: it grows with every person who is added or removed. 0 without a vault."""
        ...

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        """The texts that speak of a protected person, by their place, as they may leave; the others may as they are."""
        ...

    def wrap(self, secret: bytes, context: str) -> bytes:
        """`secret` under the key of the door, bound to what it is for."""
        ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The secret that `wrap` was given for the same context."""
        ...

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        """The texts with each token of this workspace replaced by the recipient's own token of the same person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client of a door elsewhere shows and believes: its certificate and key, and who signs the door's."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorAddress:
    """Where the door of a workspace answers; it can be sent to another process, which holds no key by it.

    place         `unix:PATH` or `tls:HOST:PORT`
    workspace     origin of the workspace
    vault         id of the vault, "" where any is taken
    epoch         the newest the workspace has seen: an older vault is not believed
    credentials   for `tls:` alone
    """

    place: str
    workspace: str
    vault: str = ""
    epoch: int = 0
    credentials: Credentials | None = None


def mask_one(door: Door, text: str) -> str:
    """One text as it may leave. Raises ProtectionError, never gives the clear text, where the door fails."""
    masked = door.mask((text,)).get(0) if door.epoch else None
    return text if masked is None else masked.text


def mask_all(door: Door, texts: Iterable[str]) -> dict[str, str]:
    """By text what it may leave as, of those that change; each is asked for once. Raises ProtectionError."""
    if not door.epoch:
        return {}
    distinct = sorted(set(texts))
    return {distinct[place]: masked.text for place, masked in door.mask(distinct).items()}


def mask_json(door: Door, value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    """A value of JSON with every text in it through the door; the names of members are ours."""
    texts: set[str] = set()
    _gather(value, texts)
    replaced = mask_all(door, texts)
    return _replaced(value, replaced) if replaced else value


def _gather(value: object, texts: set[str]) -> None:
    match value:
        case str():
            texts.add(value)
        case Mapping():
            for each in value.values():
                _gather(each, texts)
        case list() | tuple():
            for each in value:
                _gather(each, texts)


def _replaced(value: object, replaced: Mapping[str, str]) -> object:
    match value:
        case str():
            return replaced.get(value, value)
        case Mapping():
            return {name: _replaced(each, replaced) for name, each in value.items()}
        case list() | tuple():
            return [_replaced(each, replaced) for each in value]
    return value


class _NoDoor:
    """A workspace without a vault: nobody is protected."""

    epoch = 0

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        return {}

    def wrap(self, secret: bytes, context: str) -> bytes:
        raise _unlinked()

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        raise _unlinked()

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        return list(texts)


def _unlinked() -> ProtectionError:
    return ProtectionError(
        "this holds protected names, and is sealed under the door of a vault", hint="the protection unit opens the door"
    )


NO_DOOR: Door = _NoDoor()
