"""Names shown to two people: recorded first, as an act they sign, then shown by the vault, which checks it itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from tocsin.disclosure.subjects import Subject, finding_named, of_finding, of_record
from tocsin.errors import ConfigError, RefusedError
from tocsin.investigation import answers_of
from tocsin.model.instant import NANOSECONDS, parse_time
from tocsin.model.progress import Progress
from tocsin.model.unsealing import Revealed
from tocsin.opening import now_utc, open_existing, publish, utc_text
from tocsin.protect.unsealing import COMMAND, Request, Reveals
from tocsin.record.acts import Act, acts_of, append_act, record_act
from tocsin.record.keys import WorkspaceKey
from tocsin.record.leave import UNSEALED, Leave, tokens_digest
from tocsin.record.people_keys import Signer
from tocsin.record.unsealings import REVIEWED, leave_of
from tocsin.store.workspace import Workspace

LONGEST_SECONDS = 24 * 3600
HOW_NAMED = "the id of each finding (f-...) and its records (log: PATH#ENTRY, or @LEAF) are shown by: tocsin incidents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be unsealed, and why.

    subject      id of a finding, or a record as PATH#ENTRY or @LEAF
    reason       for the record; it passes the door
    seconds      how long whoever signed may look again
    break_glass  one person alone, in an emergency
    act          entry of the act to look again under, None to sign a new one
    """

    subject: str
    reason: str = ""
    seconds: int = 900
    break_glass: bool = False
    act: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """What may be shown now, and the act that says so.

    entry    of the act `unsealed`; `until` is when its leave ends
    persons  who stands behind the tokens
    record   the record in clear, "" of a finding
    where    of the record, as findings name it
    """

    entry: int
    until: str
    break_glass: bool
    subject: str
    persons: tuple[Revealed, ...] = field(repr=False)
    record: str = field(repr=False, default="")
    where: str = ""


def unseal(
    path: Path, asked: Asked, *, actors: Sequence[Signer], passphrase: str | None, progress: Progress
) -> Unsealed:
    """Who stands behind the tokens of one finding or record; of a record also what it says.

    The act is in the ledger before this returns. Raises ConfigError where there is no such thing or no reason is given,
    RefusedError where those who sign may not, or the vault does not know them: then nothing is recorded, but in the
    vault's own log.
    """
    refuse_ungrantable(asked, actors)
    finding = None
    if not asked.subject.startswith("@") and "#" not in asked.subject:
        answers = answers_of(path, question=None, passphrase=passphrase, progress=progress)
        if (finding := finding_named(answers, asked.subject)) is None:
            raise ConfigError("there is no such finding", hint=HOW_NAMED)
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        subject = of_record(workspace, key, asked.subject) if finding is None else of_finding(workspace, key, finding)
        if finding is not None and not subject.tokens:
            raise ConfigError("the finding speaks of no protected person", hint="name a record to see what it says")
        with workspace.writing() as connection:
            if asked.act is None:
                act, persons = _first(workspace, key, connection, asked, subject, actors)
            else:
                act, persons = _again(workspace, key, connection, asked.act, subject, actors)
        publish(workspace, key)
    leave = leave_of(act)
    return Unsealed(
        entry=act.leaf,
        until=leave.until,
        break_glass=leave.break_glass,
        subject=asked.subject if finding is None else finding.id,
        persons=persons,
        record=subject.shown,
        where=subject.where,
    )


def review(path: Path, entry: int, words: str, *, actors: Sequence[Signer], passphrase: str | None) -> Act:
    """Somebody else answers for what one person unsealed alone. Raises ConfigError, RefusedError."""
    if not words.strip():
        raise ConfigError("a review says what was found", hint="--words TEXT: whether it was called for")
    if not actors:
        raise RefusedError("a review is signed", hint="add --as KEY of somebody else than who unsealed it")
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        what = {"entry": entry, "words": words}
        return record_act(workspace, key, REVIEWED, what, utc_text(now_utc()), actors)


def refuse_ungrantable(asked: Asked, actors: Sequence[Signer]) -> None:
    """Raises ConfigError or RefusedError for what cannot be granted, before anything is opened."""
    if asked.act is None and not asked.reason.strip():
        raise ConfigError("names are not unsealed without a reason", hint="--reason TEXT: who needs to know, and why")
    if not 0 < asked.seconds <= LONGEST_SECONDS:
        raise ConfigError("that is no time to look for", hint="--for 15m; at most 24h")
    people = 1 if asked.break_glass or asked.act is not None else 2
    if len({signer.name for signer in actors}) < people:
        raise RefusedError(
            "unsealing takes the signatures of two people" if people > 1 else "nobody signs",
            hint="--as KEY --as KEY, one of who answers for the protected; alone in an emergency: --break-glass",
        )


def _first(
    workspace: Workspace,
    key: WorkspaceKey,
    connection: Connection,
    asked: Asked,
    subject: Subject,
    actors: Sequence[Signer],
) -> tuple[Act, tuple[Revealed, ...]]:
    now = now_utc()
    leave = Leave(
        subject=subject.kind,
        of=subject.of,
        persons=len(subject.tokens),
        tokens=tokens_digest(subject.tokens),
        reason=asked.reason,
        until=utc_text(now + asked.seconds * NANOSECONDS),
        workspace=workspace.origin,
        break_glass=asked.break_glass,
    )
    act = append_act(workspace, key, connection, UNSEALED, leave.said(), utc_text(now), actors)
    return act, _revealed(key, Request(grant=act.note, again="", tokens=subject.tokens, texts=subject.texts))


def _again(
    workspace: Workspace,
    key: WorkspaceKey,
    connection: Connection,
    entry: int,
    subject: Subject,
    actors: Sequence[Signer],
) -> tuple[Act, tuple[Revealed, ...]]:
    act = next((one for one in acts_of(connection, UNSEALED) if one.leaf == entry), None)
    if act is None:
        raise ConfigError(f"entry {entry} unsealed nothing", hint="see what did: tocsin record custody")
    leave = leave_of(act)
    if (leave.subject, leave.of) != (subject.kind, subject.of):
        raise RefusedError(f"entry {entry} is about something else", hint="sign for this: --as KEY --as KEY")
    until = parse_time(leave.until)
    if until is None or until <= now_utc():
        raise RefusedError(f"the leave of entry {entry} ended at {leave.until}", hint="sign anew: --as KEY --as KEY")
    what: Mapping[str, Any] = {
        "arguments": {"act": entry},
        "command": COMMAND,
        "grant": sha256(act.note.encode()).hexdigest(),
    }
    reading = append_act(workspace, key, connection, "read", what, utc_text(now_utc()), actors)
    request = Request(grant=act.note, again=reading.note, tokens=subject.tokens, texts=subject.texts)
    return act, _revealed(key, request)


def _revealed(key: WorkspaceKey, request: Request) -> tuple[Revealed, ...]:
    """What the vault shows. Where it refuses, the transaction ends, and the act was never recorded."""
    door = key.door
    if not isinstance(door, Reveals):
        raise RefusedError("the workspace has no vault: nothing in it is sealed", hint="tocsin vault init")
    return door.reveal(request)
