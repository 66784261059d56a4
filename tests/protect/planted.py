"""A door of invented persons with the real matcher, and texts that name them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from tests.protect.stub import ORIGIN

from tocsin.errors import ProtectionError
from tocsin.model.protection import FormKind, Masked
from tocsin.protect.door import LocalDoor
from tocsin.protect.forms import expand
from tocsin.protect.guard import Guard
from tocsin.protect.matcher import Matcher

LATIN, CYRILLIC, GREEK, GEORGIAN = "Jan Qwertović", "Иван Прыкладов", "Ιωάννης Παραδειγμάτης", "გიორგი მაგალითაძე"
NAMES = (LATIN, CYRILLIC, GREEK, GEORGIAN)


@functools.lru_cache(maxsize=1)
def door() -> LocalDoor:
    return LocalDoor(
        epoch=1,
        workspace=ORIGIN,
        persons=[number.to_bytes(16, "big") for number in range(len(NAMES))],
        finder=Matcher((number, [expand(name, FormKind.NAME)]) for number, name in enumerate(NAMES)),
        token_key=bytes(32),
        door_keys=[bytes([1]) * 32],
    )


def guard() -> Guard:
    return Guard([door()])


class DeadDoor:
    """A door whose process was killed."""

    epoch = 1

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        raise ProtectionError("the door does not answer")

    def wrap(self, secret: bytes, context: str) -> bytes:
        raise ProtectionError("the door does not answer")

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        raise ProtectionError("the door does not answer")

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        raise ProtectionError("the door does not answer")
