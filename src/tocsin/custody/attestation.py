"""What others attest: witnesses trusted, asked and heard; authorities asked for the time and heard."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tocsin.errors import ConfigError, StoreError, VerificationError
from tocsin.model.instant import NANOSECONDS
from tocsin.opening import now_utc, open_existing, utc_text
from tocsin.record.acts import acts_of, record_act
from tocsin.record.checkpoint import tree_head
from tocsin.record.cosignature import Cosignature, cosignatures_in, read_answer, write_request
from tocsin.record.keys import WorkspaceKey
from tocsin.record.ledger import Ledger, edge_row
from tocsin.record.notes import KeyType, VerifierKey, parse_note, typed_key
from tocsin.record.outside import (
    COSIGNED,
    TIMESTAMPED,
    TRUSTED,
    Attestation,
    Claim,
    check_times,
    claims_of,
    trusted_keys,
)
from tocsin.record.people_keys import Signer, read_key_file
from tocsin.record.proofs import TileReader
from tocsin.record.witness import Cosigned, new_key, open_witness_key, sign_request
from tocsin.store.durable import write_all_durably
from tocsin.store.settings import read_settings, text_of
from tocsin.store.tables import checkpoints, cosignatures, timestamp_requests, timestamps
from tocsin.store.workspace import Workspace, open_workspace

_NETWORK_SECONDS = 30
_MOST_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A trusted witness and what it cosigned last: 0 entries and no time (seconds) where nothing yet."""

    key: VerifierKey
    size: int
    time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request written for somebody outside: its bytes, and the size it is over."""

    data: bytes
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A time stamp that was accepted.

    size              entries it is over
    time, accuracy    ns
    checks            who verified it; the second is missing where there is no OpenSSL
    """

    size: int
    time: int
    accuracy: int
    authority: str
    checks: tuple[str, ...]


def make_witness_key(name: str, file: Path, passphrase: str) -> VerifierKey:
    """A witness's new key in `file`, its public half in `file`.vkey beside it. Raises ConfigError, StoreError."""
    beside = _vkey_file(file)
    if file.exists() or beside.exists():
        raise ConfigError(f"{file} or {beside} exists", hint="a key is never replaced: choose another file")
    data, key = new_key(name, passphrase.encode())
    write_all_durably([(file, data), (beside, f"{key}\n".encode())])
    return key


def cosign(request: bytes, file: Path, state: Path, log: str | None, passphrase: str) -> Cosigned:
    """The witness's side: signs a request with the key in `file`. Raises as `record.witness.sign_request` does."""
    beside = _vkey_file(file)
    if not beside.exists():
        raise ConfigError(
            f"{beside} is missing: it says under which name this key signs",
            hint="write into it the line that `tocsin witness new` printed",
        )
    key = open_witness_key(
        read_key_file(file),
        typed_key(beside.read_text(encoding="utf-8", errors="replace")),
        passphrase.encode(),
        str(file),
    )
    return sign_request(request, key, state, typed_key(log) if log else None, now_utc() // NANOSECONDS)


def trust_witness(path: Path, vkey: str, passphrase: str | None, actors: Sequence[Signer] = ()) -> VerifierKey:
    """Takes a witness's cosignatures from now on. Raises ConfigError where it is none, or known under another name."""
    key = typed_key(vkey)
    if key.type is not KeyType.COSIGNATURE:
        raise ConfigError(
            f"{key.name} is a key of plain signatures, not of a witness", hint="a witness's key has type 0x04"
        )
    with open_existing(path, passphrase) as (workspace, own), workspace.writer_lock():
        if key.public_key == own.signer.public_key().public_bytes_raw():
            raise ConfigError("that is the key of this workspace: it cannot be its own witness")
        for known in _known(workspace):
            if known == key:
                raise ConfigError(f"{key.name} is trusted already")
            if known.name == key.name or known.public_key == key.public_key:
                raise ConfigError(
                    f"{known.name} is trusted already, with {known}",
                    hint="a name has one key and a key one name: the cosignatures do not tell names apart",
                )
        record_act(workspace, own, TRUSTED, {"key": str(key), "name": key.name}, utc_text(now_utc()), actors)
    return key


def list_witnesses(path: Path) -> tuple[str, tuple[Witness, ...]]:
    """The key of this ledger, as a witness is told it, and those trusted, by name."""
    with closing(open_workspace(path)) as workspace:
        settings = read_settings(workspace.settings_path)
        section = settings.get("key")
        if not isinstance(section, Mapping):
            raise StoreError(f"{path} was never given a key", hint="make another workspace: tocsin init DIR")
        with workspace.reading() as connection:
            keys = trusted_keys(acts_of(connection))
            found = tuple(_standing(connection, key) for key in sorted(keys, key=lambda key: key.name))
        return text_of(section, "public_key", workspace.settings_path), found


def request_cosignature(path: Path, name: str, last: int | None) -> Asked:
    """The request for one witness, over the newest checkpoint. Raises ConfigError where there is nothing to ask.

    last   what the witness says it cosigned last, where that is not what is known here
    """
    with closing(open_workspace(path)) as workspace, workspace.reading() as connection:
        key = next((key for key in trusted_keys(acts_of(connection)) if key.name == name), None)
        if key is None:
            raise ConfigError(f"no witness named {name} is trusted", hint="tocsin witness trust VKEY --workspace DIR")
        checkpoint = _newest(connection)
        old = _standing(connection, key).size if last is None else last
        if not 0 <= old <= checkpoint.size:
            raise ConfigError(
                f"the witness is said to have signed {old} entries, the newest checkpoint has {checkpoint.size}",
                hint="if it is true, this ledger was rolled back: put back the newest backup",
            )
        reader = TileReader(Ledger(workspace.ledger), *edge_row(connection))
        proof = reader.consistency_proof(old, checkpoint.size)
        return Asked(data=write_request(old, proof, checkpoint.note).encode(), size=checkpoint.size)


def accept_cosignatures(
    path: Path, answer: bytes, passphrase: str | None, actors: Sequence[Signer] = ()
) -> list[Cosignature]:
    """Verifies what a witness answered and keeps it; those kept before are passed over.

    Raises VerificationError where the answer is not over a checkpoint of this ledger, not good, or contradicts the
    times the ledger gives; ConfigError where all of it is kept already.
    """
    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        with workspace.reading() as connection:
            found = _cosignatures(connection, workspace.origin, answer)
            kept = {row.line for row in connection.execute(select(cosignatures.c.line))}
            new = [each for each in found if each.line not in kept]
            _check_new(connection, [(COSIGNED, each.key.name, each.size, each.time * NANOSECONDS, 0) for each in new])
        if not new:
            raise ConfigError("this answer was accepted before: nothing is new in it")
        for each in new:
            _keep_cosignature(workspace, key, each, actors)
    return new


def request_stamp(path: Path) -> Asked:
    """What to ask an authority: a time stamp over the newest checkpoint; kept, so that the answer is known as one."""
    from tocsin.record.timestamps import stamp_request

    with closing(open_workspace(path)) as workspace, workspace.writer_lock():
        with workspace.reading() as connection:
            checkpoint = _newest(connection)
        request = stamp_request(checkpoint.note)
        with workspace.writing() as connection:
            row = {"nonce": str(request.nonce), "size": checkpoint.size, "data": request.data}
            connection.execute(insert(timestamp_requests).values(**row))
    return Asked(data=request.data, size=checkpoint.size)


def accept_stamp(
    path: Path, answer: bytes, roots: bytes, passphrase: str | None, actors: Sequence[Signer] = ()
) -> Stamped:
    """Verifies an authority's answer twice, where OpenSSL is there, and keeps it.

    Raises VerificationError where it answers no request of this workspace, is not good, is seen differently by the two
    verifiers, or contradicts the times the ledger gives.
    """
    from tocsin.record.timestamps import check_answer, nonce_of, own_name, second_opinion

    with open_existing(path, passphrase) as (workspace, key), workspace.writer_lock():
        with workspace.reading() as connection:
            nonce = nonce_of(answer)
            asked = connection.execute(
                select(timestamp_requests.c.size).where(timestamp_requests.c.nonce == str(nonce))
            ).first()
            if asked is None:
                raise VerificationError(
                    "the time stamp answers no request of this workspace: nobody asked with its nonce",
                    hint="tocsin timestamp request makes the request to send",
                )
            note = _note_of(connection, asked.size)
            stamp = check_answer(answer, note, nonce, roots)
            other = second_opinion(stamp, note, roots)
            digest = sha256(stamp.token).hexdigest()
            if connection.execute(select(timestamps.c.size).where(timestamps.c.token_sha256 == digest)).first():
                raise ConfigError("this time stamp was accepted before")
            _check_new(connection, [(TIMESTAMPED, stamp.authority, asked.size, stamp.time, stamp.accuracy)])
        checks = (own_name(), *([other] if other else []))
        row = {
            "token_sha256": digest,
            "size": asked.size,
            "sha256": sha256(note.encode()).hexdigest(),
            "authority": stamp.authority,
            "time": stamp.time,
            "accuracy": stamp.accuracy,
            "token": stamp.token,
            "roots": roots,
        }
        what = {
            "authority": stamp.authority,
            "checks": list(checks),
            "note_sha256": row["sha256"],
            "roots_sha256": sha256(roots).hexdigest(),
            "size": asked.size,
            "time": utc_text(stamp.time),
            "token_sha256": digest,
        }

        def keep(connection: Connection) -> None:
            connection.execute(insert(timestamps).values(**row))

        record_act(workspace, key, TIMESTAMPED, what, utc_text(now_utc()), actors, rows=keep)
    return Stamped(size=asked.size, time=stamp.time, accuracy=stamp.accuracy, authority=stamp.authority, checks=checks)


def fetch_stamp(path: Path, url: str, roots: bytes, passphrase: str | None, actors: Sequence[Signer] = ()) -> Stamped:
    """Asks an authority over the network, at the URL somebody gave, and accepts its answer.

    Only the hash of the checkpoint's note leaves. Raises ConfigError for what is no URL, StoreError where nobody
    answers, and as `accept_stamp` does.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url!r} is no address of an authority", hint="like https://stamp.example/tsa")
    asked = request_stamp(path)
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    request = urllib.request.Request(url, asked.data, headers, method="POST")  # noqa: S310 — checked above
    try:
        with urllib.request.urlopen(request, timeout=_NETWORK_SECONDS) as response:  # noqa: S310
            answer = response.read(_MOST_ANSWER_BYTES)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise StoreError(
            f"{url} did not answer: {error}",
            hint="carry it by hand instead: tocsin timestamp request, then tocsin timestamp accept",
        ) from error
    return accept_stamp(path, answer, roots, passphrase, actors)


def _vkey_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.vkey")


def _known(workspace: Workspace) -> list[VerifierKey]:
    with workspace.reading() as connection:
        return trusted_keys(acts_of(connection))


def _standing(connection: Connection, key: VerifierKey) -> Witness:
    columns = cosignatures.c
    query = select(columns.size, columns.time).where(columns.key == str(key))
    row = connection.execute(query.order_by(columns.size.desc(), columns.time.desc()).limit(1)).first()
    return Witness(key=key, size=0, time=None) if row is None else Witness(key=key, size=row.size, time=row.time)


def _newest(connection: Connection) -> Row[Any]:
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    if row is None or not row.size:
        raise ConfigError("nothing has been sealed yet: there is no checkpoint", hint="tocsin investigate ...")
    return row


def _note_of(connection: Connection, size: int) -> str:
    """The note of the checkpoint over this size. Raises VerificationError where none was published."""
    note = connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == size))
    if note is None:
        raise VerificationError(
            f"this ledger never published a checkpoint over {size} entries",
            hint="if it was this ledger's, its end was taken away, or it was put back from an old backup",
        )
    return str(note)


def _cosignatures(connection: Connection, origin: str, answer: bytes) -> list[Cosignature]:
    note = read_answer(answer)
    head = tree_head(note, "the answer")
    if head.origin != origin:
        raise VerificationError(f"the answer is over another ledger: {head.origin}, this one is {origin}")
    checkpoint = parse_note(_note_of(connection, head.size))
    if note.text != checkpoint.text:
        raise VerificationError(
            f"the answer is over another tree of {head.size} entries than this one: the ledger was forked",
            hint="keep the answer as evidence",
        )
    return cosignatures_in(note.signatures, checkpoint, trusted_keys(acts_of(connection)))


def _check_new(connection: Connection, new: Sequence[tuple[str, str, int, int, int]]) -> None:
    """Raises VerificationError where what is new (all but the leaf of an `Attestation`) contradicts a time given.

    Once in the ledger it could not be taken out, and every verification after would fail.
    """
    size, _ = edge_row(connection)
    claims = claims_of(connection, list(acts_of(connection)))
    check_times([Attestation(*each, leaf=size) for each in new], [*claims, Claim(size, now_utc(), "this computer")])


def _keep_cosignature(workspace: Workspace, key: WorkspaceKey, new: Cosignature, actors: Sequence[Signer]) -> None:
    row = {"size": new.size, "key": str(new.key), "time": new.time, "name": new.key.name, "line": new.line}
    at = utc_text(new.time * NANOSECONDS)
    what = {"key": row["key"], "line": new.line.rstrip("\n"), "name": row["name"], "size": new.size, "time": at}

    def keep(connection: Connection) -> None:
        connection.execute(insert(cosignatures).values(**row))

    record_act(workspace, key, COSIGNED, what, utc_text(now_utc()), actors, rows=keep)
