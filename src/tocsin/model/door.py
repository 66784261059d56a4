"""The door as everybody else sees it: what protected names go through, in whichever process the names are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.errors import ProtectionError
from tocsin.model.protection import Masked


class Door(Protocol):
    """A way to the one process that holds the protected names. Every method raises ProtectionError where it fails."""

    @property
    def epoch(self) -> int:
        """Of the vault behind it: it grows with every change to what is protected. 0: there is no vault."""
        ...

    @property
    def address(self) -> DoorAddress:
        """Where another process finds it."""
        ...

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        """The texts as they may leave, by their place among those given; only those that changed."""
        ...

    def wrap(self, secret: bytes, context: str) -> bytes:
        """`secret` under the key of the door: it is had again through the door alone, with the same `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """What `wrap` was given."""
        ...

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        """The texts with every token of this workspace as the token of a recipient."""
        ...


class DoorAddress(Protocol):
    """Where a door is. It can be sent to another process."""

    def connect(self) -> Door:
        """A door in this process."""
        ...


class _NoDoor:
    """There is no vault: nothing is replaced, and nothing can have been wrapped."""

    epoch = 0

    @property
    def address(self) -> DoorAddress:
        return NO_ADDRESS

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        return {}

    def wrap(self, secret: bytes, context: str) -> bytes:
        raise _missing()

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        raise _missing()

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        return list(texts)


@dataclass(frozen=True, slots=True)
class _NoAddress:
    """Where there is no vault."""

    def connect(self) -> Door:
        return NO_DOOR


NO_DOOR: Door = _NoDoor()
NO_ADDRESS: DoorAddress = _NoAddress()


def mask_one(door: Door, text: str) -> str:
    """`text` as it may leave. Raises ProtectionError."""
    masked = door.mask([text]).get(0) if door.epoch else None
    return text if masked is None else masked.text


def mask_all(door: Door, texts: Iterable[str]) -> dict[str, str]:
    """By text what it may leave as, of those that change; each distinct one is asked for once. Raises ProtectionError."""
    if not door.epoch:
        return {}
    distinct = sorted(set(texts))
    return {distinct[place]: masked.text for place, masked in door.mask(distinct).items()}


def _missing() -> ProtectionError:
    return ProtectionError(
        "this was sealed with the vault of protected names, and the vault is not at hand",
        hint="link the workspace to its vault again: see tocsin vault status",
    )
