"""Who stands behind tokens, as it is shown to the two who may see it, and why it is not shown."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from tocsin.model.protection import How


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """The protected person behind a token.

    token    the 27 characters of the person
    handle   what the protection unit calls the person, "" of somebody who is no longer in the vault
    matters  the matters they are protected in
    said     what stood in the records, and how it matches a form; sorted, empty where no record was looked at
    """

    token: str
    handle: str = field(repr=False)
    matters: tuple[str, ...] = field(repr=False)
    said: tuple[tuple[How, str], ...] = field(repr=False)


class Objection(enum.StrEnum):
    """Why a door shows nobody."""

    UNREADABLE = "unreadable"
    UNKNOWN_SIGNER = "unknown_signer"
    ONE_PERSON = "one_person"
    NO_OFFICER = "no_officer"
    ELSEWHERE = "elsewhere"
    OTHER_TOKENS = "other_tokens"
    NOT_YET = "not_yet"
    TOO_LONG = "too_long"
    ENDED = "ended"
    USED = "used"
    OTHER_PEOPLE = "other_people"


OBJECTIONS = {
    Objection.UNREADABLE: "the leave cannot be read, or a signature under it is not good",
    Objection.UNKNOWN_SIGNER: "somebody signed whom the vault does not let unseal",
    Objection.ONE_PERSON: "one person signed, and it takes two",
    Objection.NO_OFFICER: "nobody signed who answers for the protected persons",
    Objection.ELSEWHERE: "the leave is for another workspace",
    Objection.OTHER_TOKENS: "the leave is for other persons than are asked for",
    Objection.NOT_YET: "the leave is dated later than now: the clocks differ",
    Objection.TOO_LONG: "the leave is for longer than a day",
    Objection.ENDED: "the leave has ended",
    Objection.USED: "the leave was used before: to look again, one of those who signed it says so with --act",
    Objection.OTHER_PEOPLE: "whoever looks again is none of those who signed the leave",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """That somebody unsealed something alone, which nobody else has reviewed yet.

    entry        of the act; `at` is RFC 3339, `by` the names of the keys that signed
    subject, of  `finding` and its id, or `record` and its leaf
    """

    entry: int
    at: str
    by: tuple[str, ...]
    subject: str
    of: str
