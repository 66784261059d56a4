"""The one way from a token to a name: a leave that people signed whom the vault itself knows, used once.

The leave is the act `unsealed` of the workspace's ledger, as it was signed. The vault keeps its own list of who may
unseal: whoever holds the workspace, and could enrol anybody in it, opens nothing by that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol, runtime_checkable

from tocsin.errors import VerificationError
from tocsin.model.protection import How
from tocsin.model.unsealing import Objection, Revealed
from tocsin.protect.door import LocalDoor
from tocsin.protect.tokens import PERSON_LENGTH
from tocsin.protect.vault import Person, Unsealer, Vault, locked
from tocsin.protect.vault_log import LogLine, append, lines
from tocsin.record.leave import UNSEALED, Leave, read_leave, tokens_digest
from tocsin.record.note_body import Body, read_body
from tocsin.record.notes import KeyType, Note, VerifierKey, verified

UNSEAL = "unseal"
_HEADER = "tocsin/act/1"
_MEMBERS = {"act", "at", "by", "ledger", "previous", "what"}
_READ = "read"
COMMAND = "vault unseal"
_LONGEST = timedelta(days=1)
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a door is asked to show.

    grant   the signed note of the act `unsealed`
    again   where it was used before, the signed note of the act `read` by one of those who signed it, else ""
    tokens  the 27 characters of each person asked for, all the leave is for
    texts   of the records behind it, in clear: what in them stands for these persons is said
    """

    grant: str = field(repr=False)
    again: str = field(repr=False)
    tokens: Sequence[str] = field(repr=False)
    texts: Sequence[str] = field(repr=False, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A leave that counts: what it is, who signed it, and the digest it is known by."""

    leave: Leave
    people: tuple[Unsealer, ...]
    digest: str


@runtime_checkable
class Reveals(Protocol):
    """A door that can show who stands behind its tokens."""

    def reveal(self, request: Request) -> tuple[Revealed, ...]:
        """Raises RefusedError where the vault does not show it, ProtectionError where the door fails."""
        ...


def granted(
    request: Request, unsealers: Collection[Unsealer], workspace: str, used: Collection[str], now: datetime
) -> Granted | Objection:
    """Whether the request may be answered.

    unsealers  who may unseal, as the vault has it
    used       digests of leaves that were used before
    now        aware of its zone
    """
    try:
        note, body = read_body(request.grant, _HEADER, _MEMBERS, "the leave")
        leave = read_leave(body.anything("what"), "the leave")
        made, until = _time(body.time("at")), _time(leave.until)
        people = _signers(note, body, unsealers)
        is_leave = body.text("act") == UNSEALED
    except (VerificationError, ValueError):
        return Objection.UNREADABLE
    found = Granted(leave=leave, people=people, digest=sha256(request.grant.encode()).hexdigest())
    objections = (
        (Objection.UNREADABLE, not is_leave),
        (Objection.UNKNOWN_SIGNER, len(people) != len(body.texts("by"))),
        (Objection.ONE_PERSON, len({each.person.casefold().strip() for each in people}) < 2 and not leave.break_glass),
        (Objection.NO_OFFICER, not any(each.officer for each in people) and not leave.break_glass),
        (Objection.ELSEWHERE, leave.workspace != workspace),
        (Objection.OTHER_TOKENS, leave.tokens != tokens_digest(request.tokens)),
        (Objection.NOT_YET, made > now + _CLOCKS_APART),
        (Objection.TOO_LONG, until > made + _LONGEST),
        (Objection.ENDED, until <= now),
        (Objection.USED, found.digest in used and not request.again),
    )
    objection = next((each for each, holds in objections if holds), None)
    if objection is None and request.again:
        objection = _objection_to_looking_again(request.again, found, now)
    return found if objection is None else objection


def unseal(vault: Vault, door: LocalDoor, request: Request, now: datetime) -> tuple[Revealed, ...] | Objection:
    """What the vault shows to this request, which goes into its log first, as does that it shows nothing, and why.

    Raises StoreError where the log cannot be written, VerificationError where it was altered: then nothing is shown.
    """
    with locked(vault.folder):
        used = {str(line.figures.get("grant", "")) for line in lines(vault) if line.what == UNSEAL}
        found = granted(request, vault.contents.unsealers, door.workspace, used, now)
        if isinstance(found, Objection):
            figures: dict[str, int | str] = {"workspace": door.workspace, "why": found.value}
            _log(vault, f"{UNSEAL} refused", "nobody who may", now, figures)
            return found
        shown = revealed(vault.contents.persons, door, request.tokens, request.texts)
        figures = {
            "again": int(bool(request.again)),
            "break_glass": int(found.leave.break_glass),
            "grant": found.digest,
            "persons": len(shown),
            "subject": f"{found.leave.subject} {found.leave.of}",
            "workspace": door.workspace,
        }
        _log(vault, UNSEAL, " and ".join(each.name for each in found.people), now, figures)
    return shown


def _log(vault: Vault, what: str, by: str, now: datetime, figures: Mapping[str, int | str]) -> None:
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    append(vault, LogLine(at=at, by=by, what=what, epoch=vault.epoch, figures=figures))


def _objection_to_looking_again(again: str, found: Granted, now: datetime) -> Objection | None:
    try:
        note, body = read_body(again, _HEADER, _MEMBERS, "the reading")
        what, made = body.anything("what"), _time(body.time("at"))
        people = _signers(note, body, found.people)
        is_reading = body.text("act") == _READ and what.get("command") == COMMAND
    except (VerificationError, ValueError):
        return Objection.UNREADABLE
    if not is_reading or what.get("grant") != found.digest or abs(now - made) > _CLOCKS_APART:
        return Objection.UNREADABLE
    return None if len(people) == len(body.texts("by")) else Objection.OTHER_PEOPLE


def revealed(
    persons: Sequence[Person], door: LocalDoor, tokens: Iterable[str], texts: Sequence[str]
) -> tuple[Revealed, ...]:
    """Who stands behind the tokens of the door, in the order of the tokens; `persons` are those it knows."""
    said: dict[int, set[tuple[How, str]]] = {}
    for place, found in door.finder.find(texts).items():
        for one in found:
            said.setdefault(one.person, set()).add((one.how, texts[place][one.start : one.end]))
    return tuple(_revealed(token, door.person_of(token), persons, said) for token in sorted(set(tokens)))


def _revealed(
    token: str, place: int | None, persons: Sequence[Person], said: dict[int, set[tuple[How, str]]]
) -> Revealed:
    if place is None:
        return Revealed(token=token[:PERSON_LENGTH], handle="", matters=(), said=())
    person = persons[place]
    return Revealed(
        token=token[:PERSON_LENGTH],
        handle=person.handle,
        matters=person.matters,
        said=tuple(sorted(said.get(place, ()))),
    )


def _signers(note: Note, body: Body, unsealers: Iterable[Unsealer]) -> tuple[Unsealer, ...]:
    """Those of the unsealers who are named and signed, in the order they are named.

    Raises VerificationError where one is named and did not sign.
    """
    known = {each.name: each for each in unsealers}
    found = tuple(known[name] for name in body.texts("by") if name in known)
    for each in found:
        key = VerifierKey(name=each.name, type=KeyType.ED25519, public_key=each.key)
        verified(note, [key], "the leave")
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
