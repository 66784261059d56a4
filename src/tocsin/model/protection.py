"""What the door says of a text it let through: the protected persons it spoke of, as tokens, and how each was named."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class FormKind(enum.StrEnum):
    """What a form of a protected person is, which decides what other writings of it are searched for."""

    NAME = "name"
    ALIAS = "alias"
    CODE_NAME = "code_name"
    ADDRESS = "address"  # of mail
    PHONE = "phone"
    DOCUMENT = "document"  # the number of a passport, an identity card, a file


class How(enum.StrEnum):
    """Whether a text said a form as the vault holds it, or another writing of it (script, order, initials, case)."""

    EXACT = "exact"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One place in a masked text where a token stands for a form of a protected person.

    token        as it stands in the text, with the letter and digits that tell one writing from another
    start, end   of the token in the masked text
    """

    token: str
    how: How
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text as it may leave the door. `sightings` in the order of the text; none where nothing was replaced."""

    text: str
    sightings: tuple[Sighting, ...] = ()
