"""What comes from outside, held against the ledger: cosignatures, time stamps, checkpoints kept elsewhere.

An attestation over a size proves that all entries before that size were there at its time. The act that put the
attestation into the ledger cannot be older than it, nor can any entry after that act. An entry that claims otherwise
was dated falsely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from tocsin.errors import VerificationError
from tocsin.model.instant import NANOSECONDS, format_time, parse_time
from tocsin.record.acts import Act
from tocsin.record.checkpoint import TreeHead, check_signed, tree_head
from tocsin.record.cosignature import cosignatures_in
from tocsin.record.ledger import CLOCK_TOLERANCE
from tocsin.record.notes import VerifierKey, parse_note, parse_signature, parse_verifier_key, verified
from tocsin.record.people import counting
from tocsin.record.proofs import TileReader
from tocsin.record.witness import parse_state
from tocsin.store.tables import checkpoints, cosignatures, timestamps

TRUSTED, COSIGNED, TIMESTAMPED = "witness_trusted", "cosigned", "timestamped"


class Attestation(NamedTuple):
    """Somebody outside vouches that the first `size` entries were there at `time` (ns, give or take `accuracy`).

    how    `cosigned` or `timestamped`
    leaf   the act that put it into the ledger
    """

    how: str
    who: str
    size: int
    time: int
    accuracy: int
    leaf: int


class Claim(NamedTuple):
    """Something of the ledger that says when it was: the last entry it is or speaks of, the time (ns), what it is."""

    place: int
    time: int
    what: str


def check_outside(connection: Connection, acts: Sequence[Act]) -> list[Attestation]:
    """Every attestation kept, the newest last: it is good, in the ledger, and nothing is dated against it.

    acts   all of the ledger's, which the caller has checked against it

    Raises VerificationError at the first fault.
    """
    found = sorted(attestations(connection, acts), key=lambda each: (each.size, each.time, each.leaf))
    check_times(found, claims_of(connection, acts))
    return found


def attestations(connection: Connection, acts: Sequence[Act]) -> Iterator[Attestation]:
    """Those kept, verified one by one, and that what the ledger says was received is there."""
    notes = {row.size: row.note for row in connection.execute(select(checkpoints.c.size, checkpoints.c.note))}
    received = {_mark(act): act for act in acts if act.kind in (COSIGNED, TIMESTAMPED)}
    missing = dict(received)
    keys, counted = _named_keys(acts), trusted_keys(acts)
    for row in connection.execute(select(cosignatures)):
        where = f"the cosignature of {row.name} over {row.size} entries"
        act = received.get((COSIGNED, row.line))
        _check_row(row, notes, act, where)
        found = _check_cosignature(row, notes[row.size], keys, act, where)
        if row.key in map(str, counted):  # whom a thief named is no witness, and what he signed no fault
            yield found
        missing.pop((COSIGNED, row.line))
    for row in connection.execute(select(timestamps)):
        where = f"the time stamp of {row.authority} over {row.size} entries"
        act = received.get((TIMESTAMPED, row.token_sha256))
        _check_row(row, notes, act, where)
        yield _check_stamp(row, notes[row.size], act, where)
        missing.pop((TIMESTAMPED, row.token_sha256))
    for act in missing.values():
        raise VerificationError(f"entry {act.leaf} says that something was {act.kind}: what was received is gone")


def trusted_keys(acts: Iterable[Act]) -> list[VerifierKey]:
    """The keys of witnesses that count, in the order in which they were trusted. Raises VerificationError.

    acts   all of the ledger, or those that say who is who and whom to trust: what was taken back trusts nobody
    """
    return _named_keys(counting(acts))


def _named_keys(acts: Iterable[Act]) -> list[VerifierKey]:
    return [parse_verifier_key(str(act.what.get("key"))) for act in acts if act.kind == TRUSTED]


def claims_of(connection: Connection, acts: Iterable[Act]) -> list[Claim]:
    """Every act's time and every checkpoint's, in the order of the ledger. Raises VerificationError."""
    found = [Claim(act.leaf, _time(act.at, f"entry {act.leaf}"), f"entry {act.leaf} ({act.kind})") for act in acts]
    for row in connection.execute(select(checkpoints.c.size, checkpoints.c.signed)):
        what = f"the checkpoint over {row.size} entries"
        found.append(Claim(row.size - 1, _time(row.signed, what), what))
    return sorted(found)


def check_times(found: Iterable[Attestation], claims: Sequence[Claim]) -> None:
    """Raises VerificationError at the first claim that an attestation contradicts by more than `CLOCK_TOLERANCE`."""
    for each in found:
        latest = each.time + each.accuracy + CLOCK_TOLERANCE
        earliest = each.time - each.accuracy - CLOCK_TOLERANCE
        for claim in claims:
            if claim.place < each.size and claim.time > latest:
                raise VerificationError(
                    f"{claim.what} says {format_time(claim.time)}, but {each.size} entries, and with them this, were "
                    f"{each.how} by {each.who} at {format_time(each.time)}: it was there before the time it gives",
                    hint=_CLOCKS,
                )
            if claim.place >= each.leaf and claim.time < earliest:
                raise VerificationError(
                    f"{claim.what} says {format_time(claim.time)}, but it stands at or after entry {each.leaf}, which "
                    f"holds what was {each.how} by {each.who} at {format_time(each.time)}: it was dated back",
                    hint=_CLOCKS,
                )


_CLOCKS = "one of the two clocks was wrong, or somebody wrote a false time"


def check_against(data: bytes, reader: TileReader, log: VerifierKey, witnesses: Sequence[VerifierKey]) -> TreeHead:
    """That a checkpoint kept elsewhere is a beginning of this ledger; what it says.

    data   a checkpoint's note, the answer of a witness, or a witness's state

    Raises VerificationError where it is not signed by this ledger's key or cosigned by a trusted witness, is of
    another ledger, or the ledger here is not that one grown.
    """
    what = "the checkpoint kept elsewhere"
    if data.lstrip().startswith(b"{"):
        known = parse_state(data).get(log.name)
        if known is None:
            raise VerificationError(f"the witness's state knows nothing of {log.name}")
        data = known.note.encode()
    note = parse_note(data, what)
    head = tree_head(note, what)
    if head.origin != log.name:
        raise VerificationError(f"{what} is of another ledger: {head.origin}, this one is {log.name}")
    if note.of(log).signatures or not witnesses:
        check_signed(note, log)
    else:
        verified(note, witnesses, what)
    if head.size > reader.size:
        raise VerificationError(
            f"the ledger was rolled back: {what} covers {head.size} entries, {reader.size} are here: "
            f"the last {head.size - reader.size} were taken away"
        )
    if reader.root(head.size) != head.root:
        raise VerificationError(
            f"the ledger was forked: {what} gives another root over the first {head.size} entries: "
            "at least one of them was altered since"
        )
    return head


def _mark(act: Act) -> tuple[str, str]:
    """What an act of receiving says of the thing received, as its row has it."""
    name = "line" if act.kind == COSIGNED else "token_sha256"
    value = str(act.what.get(name))
    return act.kind, f"{value}\n" if act.kind == COSIGNED else value


def _check_row(row: Row[Any], notes: dict[int, str], act: Act | None, where: str) -> None:
    if row.size not in notes:
        raise VerificationError(f"{where} is over a checkpoint that is not kept")
    if act is None:
        raise VerificationError(f"{where}: the ledger says nothing of it: it was put in")


def _check_cosignature(
    row: Row[Any], note: str, keys: Sequence[VerifierKey], act: Act | None, where: str
) -> Attestation:
    key = next((key for key in keys if str(key) == row.key), None)
    if key is None:
        raise VerificationError(f"{where}: the ledger does not say that this witness is trusted")
    line = parse_signature(row.line.removesuffix("\n"), where)
    (found,) = cosignatures_in([line], parse_note(note), [key], where)
    if (found.line, found.time, found.key.name) != (row.line, row.time, row.name) or act is None:
        raise VerificationError(f"{where}: its row is not what the witness signed")
    return Attestation(COSIGNED, row.name, row.size, row.time * NANOSECONDS, 0, act.leaf)


def _check_stamp(row: Row[Any], note: str, act: Act | None, where: str) -> Attestation:
    from tocsin.record.timestamps import check_token  # loads a good deal, and most ledgers have no stamps yet

    try:
        stamp = check_token(row.token, note, row.roots)
    except VerificationError as error:
        raise VerificationError(f"{where}: {error}") from error
    said = (stamp.time, stamp.accuracy, stamp.authority, sha256(stamp.token).hexdigest(), _hex(note))
    if said != (row.time, row.accuracy, row.authority, row.token_sha256, row.sha256) or act is None:
        raise VerificationError(f"{where}: its row is not what the authority signed")
    if act.what.get("roots_sha256") != sha256(row.roots).hexdigest():
        raise VerificationError(f"{where}: it is held against other roots than when it was received")
    return Attestation(TIMESTAMPED, row.authority, row.size, row.time, row.accuracy, act.leaf)


def _hex(note: str) -> str:
    return sha256(note.encode()).hexdigest()


def _time(text: str, what: str) -> int:
    time = parse_time(text)
    if time is None:
        raise VerificationError(f"{what} gives no time that can be read: {text!r}")
    return time
