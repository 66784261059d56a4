"""The witness's side: one who is not of the institution signs that the ledger only grew since the last time.

It needs no workspace. What it signed last of each ledger is its state; the state is on disk before an answer is given,
so that no two answers can contradict each other whatever happens between.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.errors import ConfigError, VerificationError
from tocsin.record.checkpoint import TreeHead, check_signed, tree_head
from tocsin.record.cosignature import Request, read_request
from tocsin.record.merkle import EMPTY_ROOT
from tocsin.record.notes import KeyType, Note, VerifierKey, cosignature, parse_note, parse_verifier_key, verified
from tocsin.record.people_keys import sealed_key, unsealed_key
from tocsin.record.proofs import verify_consistency
from tocsin.store.durable import write_durably
from tocsin.store.faults import disk_faults

STATE_VERSION = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9.@/_-]*")
_EMPTY = TreeHead("", 0, b"")
_STATE = "the state of the witness"
_MAKE = "tocsin witness new NAME FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """The open key of a witness."""

    public: VerifierKey
    private: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLog:
    """A ledger this witness knows: the key that signs it, and the last checkpoint it cosigned, with its cosignature."""

    key: VerifierKey
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """What a witness signed: the tree, when (seconds since 1970), what it had signed before, and its answer."""

    head: TreeHead
    time: int
    before: int
    answer: str


def new_key(name: str, passphrase: bytes) -> tuple[bytes, VerifierKey]:
    """A new key: the private half as an OpenSSH private key under the passphrase, and the public one.

    Raises ConfigError for a name or a passphrase that cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot name a witness", hint="small letters, digits and . @ / _ -, like archive.example/w1"
        )
    if not passphrase:
        raise ConfigError("the key of a witness needs a passphrase", hint="type one, or set TOCSIN_PERSON_PASSPHRASE")
    private = Ed25519PrivateKey.generate()
    return sealed_key(private, passphrase), _public(name, private)


def open_witness_key(data: bytes, public: VerifierKey, passphrase: bytes, where: str) -> WitnessKey:
    """The key in an OpenSSH private key file, whose public half is `public`. Raises ConfigError."""
    private = unsealed_key(data, lambda: passphrase, where, _MAKE)
    if public != _public(public.name, private):
        raise ConfigError(f"{where} is not the key whose public half is {public}", hint="the two files belong together")
    return WitnessKey(public=public, private=private)


def sign_request(data: bytes, key: WitnessKey, state: Path, log: VerifierKey | None, now: int) -> Cosigned:
    """Cosigns the checkpoint in a request where it goes on from what this witness signed last; `now` in seconds.

    `log` is the ledger's key, needed the first time. The state is on disk when this returns. Raises ConfigError where
    it is not known whose ledger this is, VerificationError where the checkpoint must not be signed: nothing is
    written then.
    """
    request = read_request(data)
    with _locked(state):
        logs = read_state(state, key.public)
        known = logs.get(request.head.origin)
        log_key = _key_of_log(request.head.origin, known, log)
        check_signed(request.note, log_key)
        last, last_time = _last(known, key.public)
        _check_growth(request, last)
        if now < last_time:
            raise ConfigError(
                "the clock of this computer is before the last cosignature given", hint="set the clock and sign again"
            )
        line = cosignature(request.note.text, key.public, now, key.private.sign)
        note = str(Note(request.note.text, (*request.note.of(log_key).signatures, line)))
        _write_state(state, key.public, {**logs, request.head.origin: KnownLog(key=log_key, note=note)})
    return Cosigned(head=request.head, time=now, before=last.size, answer=note)


def read_state(path: Path, witness: VerifierKey | None = None) -> dict[str, KnownLog]:
    """What a witness signed last, by origin; nothing where there is no file yet.

    Raises VerificationError where the file is damaged, or is the state of another witness than the one given.
    """
    if not path.exists():
        return {}
    with disk_faults(path):
        return parse_state(path.read_bytes(), witness)


def parse_state(data: bytes, witness: VerifierKey | None = None) -> dict[str, KnownLog]:
    """`read_state` of what the file holds."""
    try:
        document = json.loads(data)
        version, whose, logs = document["version"], str(document["witness"]), document["logs"].items()
        found = {
            str(origin): KnownLog(key=parse_verifier_key(str(each["key"])), note=str(each["note"]))
            for origin, each in logs
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerificationError(
            f"{_STATE} cannot be read", hint="put it back from a backup; do not begin a new one"
        ) from error
    if version != STATE_VERSION:
        raise VerificationError(f"{_STATE} was written by a newer version of tocsin", hint="use that version")
    if witness is not None and whose != str(witness):
        raise VerificationError(f"{_STATE} is that of another: {whose}", hint="name the state kept with this key")
    return found


def _key_of_log(origin: str, known: KnownLog | None, given: VerifierKey | None) -> VerifierKey:
    if known is not None:
        if given is not None and given != known.key:
            raise VerificationError(
                f"{origin} was signed by {known.key} until now, and --log gives another key",
                hint="ask the institution why its key changed before anything of it is signed again",
            )
        return known.key
    if given is None:
        raise ConfigError(
            f"this witness has signed nothing of {origin} yet, and does not know its key",
            hint="give the key the institution told you, by another way than this request: --log VKEY",
        )
    if given.name != origin or given.type is not KeyType.ED25519:
        raise ConfigError(f"--log gives the key of {given.name!r}, the request is of {origin!r}", hint="compare both")
    return given


def _last(known: KnownLog | None, witness: VerifierKey) -> tuple[TreeHead, int]:
    """What was cosigned last and when. Raises VerificationError where the state does not prove that it was."""
    if known is None:
        return _EMPTY, 0
    note = parse_note(known.note, _STATE)
    signed = verified(note, [witness], _STATE)
    return tree_head(note, _STATE), max(each.time or 0 for each in signed)


def _check_growth(request: Request, last: TreeHead) -> None:
    """Raises VerificationError where the tree in the request is not the one signed last, or that one grown."""
    origin, size, root = request.head
    if size < last.size:
        raise VerificationError(
            f"{origin} was rolled back: this witness signed {last.size} entries, the request has {size}; not signed",
            hint="entries were taken away, or the ledger was put back from an old backup: keep the request as evidence",
        )
    if last.size and size == last.size and root != last.root:
        raise VerificationError(
            f"{origin} was forked: this witness signed another root over the same {size} entries; not signed",
            hint="two ledgers bear one name: keep the request as evidence",
        )
    if request.old != last.size:
        raise VerificationError(
            f"the request goes on from {request.old} entries of {origin}, this witness signed {last.size} last; "
            "not signed",
            hint="an answer or the state file was lost, or the ledger was rolled back. If an answer was lost: "
            f"tocsin witness request NAME --last {last.size} ...",
        )
    try:
        verify_consistency(last.size, size, last.root if last.size else EMPTY_ROOT, root, request.proof)
    except VerificationError as error:
        raise VerificationError(
            f"{origin} was forked, or its request damaged: the {size} entries are not shown to begin with the "
            f"{last.size} this witness signed ({error}); not signed",
            hint="ask for the request once more; if it is refused again, keep both as evidence",
        ) from error


def _write_state(path: Path, witness: VerifierKey, logs: Mapping[str, KnownLog]) -> None:
    document = {
        "version": STATE_VERSION,
        "witness": str(witness),
        "logs": {origin: {"key": str(log.key), "note": log.note} for origin, log in logs.items()},
    }
    write_durably(path, (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """No other process signs by this state meanwhile: checking and writing must be one."""
    lock = path.with_name(f"{path.name}.lock")
    with disk_faults(lock):
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _public(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(name=name, type=KeyType.COSIGNATURE, public_key=private.public_key().public_bytes_raw())
