"""Signed checkpoints: C2SP tlog-checkpoint in a C2SP signed note with one Ed25519 signature."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.errors import VerificationError
from tocsin.record.merkle import HASH_BYTES
from tocsin.record.notes import (
    Note,
    VerifierKey,
    ed25519_key,
    from_base64,
    is_of,
    parse_note,
    signed_note,
    verified,
)

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_WHAT = "the checkpoint"


class Checkpoint(NamedTuple):
    """The ledger at one moment: how many leaves, their root, and the signed note that says so."""

    size: int
    root: bytes
    note: str


class TreeHead(NamedTuple):
    """What the text of a checkpoint says: whose tree, how many leaves, their root."""

    origin: str
    size: int
    root: bytes


def sign_checkpoint(origin: str, size: int, root: bytes, signer: Ed25519PrivateKey) -> Checkpoint:
    """The checkpoint of a tree. The same arguments give the same note."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    return Checkpoint(size, root, str(signed_note(text, log_key(origin, signer.public_key()), signer.sign)))


def read_checkpoint(note: str, origin: str, public_key: Ed25519PublicKey) -> Checkpoint:
    """What a note of this origin says, once its signature by `public_key` is verified; others' are passed over.

    Raises VerificationError.
    """
    parsed = parse_note(note, _WHAT)
    head = tree_head(parsed)
    if head.origin != origin:
        raise VerificationError(f"the checkpoint is that of {head.origin!r}, not of {origin!r}")
    check_signed(parsed, log_key(origin, public_key))
    return Checkpoint(head.size, head.root, note)


def check_signed(note: Note, key: VerifierKey) -> None:
    """Raises VerificationError where the log whose checkpoint this is did not sign it with this key."""
    if not any(is_of(signature, key) for signature in note.signatures):
        raise VerificationError(f"the checkpoint is not signed by the key of {key.name!r}")
    try:
        verified(note, [key], _WHAT)
    except VerificationError as error:
        raise VerificationError(f"the signature of the checkpoint is not that of the key of {key.name!r}") from error


def tree_head(note: Note, what: str = _WHAT) -> TreeHead:
    """What the text of a checkpoint says, its signatures unread. Raises VerificationError where it is none."""
    lines = note.text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise VerificationError(f"{what} is not a signed note of three lines")
    root = from_base64(lines[2], what)
    if not _SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES:
        raise VerificationError(f"{what} gives no tree size and root")
    return TreeHead(lines[0], int(lines[1]), root)


def log_key(origin: str, public_key: Ed25519PublicKey) -> VerifierKey:
    """The key that signs the checkpoints of this origin."""
    return ed25519_key(origin, public_key)


def verifier_key(origin: str, public_key: Ed25519PublicKey) -> str:
    """The public key as notes' verifiers take it: name, key id in hex and type and key in base64, joined by `+`."""
    return str(log_key(origin, public_key))
