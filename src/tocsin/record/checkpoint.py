"""Signed checkpoints: C2SP tlog-checkpoint in a C2SP signed note with one Ed25519 signature."""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tocsin.errors import VerificationError
from tocsin.record.merkle import HASH_BYTES

_ED25519 = b"\x01"  # signature type of the signed note
_KEY_ID_BYTES = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """The ledger at one moment: how many leaves, their root, and the signed note that says so."""

    size: int
    root: bytes
    note: str


def sign_checkpoint(origin: str, size: int, root: bytes, signer: Ed25519PrivateKey) -> Checkpoint:
    """The checkpoint of a tree. The same arguments give the same note."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    return Checkpoint(size, root, text + "\n" + note_signature(origin, signer.public_key(), signer.sign(text.encode())))


def note_signature(name: str, public_key: Ed25519PublicKey, signature: bytes) -> str:
    """The line of a signed note that holds this Ed25519 signature."""
    return f"— {name} {base64.b64encode(_key_id(name, public_key) + signature).decode()}\n"


def read_checkpoint(note: str, origin: str, public_key: Ed25519PublicKey) -> Checkpoint:
    """What a note of this origin says, once its signature by `public_key` is verified; others' are passed over.

    Raises VerificationError.
    """
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not separator or len(lines) != 4 or not signatures.endswith("\n"):
        raise VerificationError("the checkpoint is not a signed note of three lines")
    if lines[0] != origin:
        raise VerificationError(f"the checkpoint is that of {lines[0]!r}, not of {origin!r}")
    root = _base64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES:
        raise VerificationError("the checkpoint gives no tree size and root")
    key_id = _key_id(origin, public_key)
    signed = False
    for line in signatures[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        key_name, _, encoded = rest.partition(" ")
        signature = _base64(encoded)
        if dash != "—":
            raise VerificationError("the checkpoint has a line that is no signature")
        if key_name != origin or signature[:_KEY_ID_BYTES] != key_id:
            continue
        try:
            public_key.verify(signature[_KEY_ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise VerificationError("the signature of the checkpoint is not that of this workspace's key") from error
        signed = True
    if not signed:
        raise VerificationError("the checkpoint is not signed by this workspace's key")
    return Checkpoint(int(lines[1]), root, note)


def verifier_key(origin: str, public_key: Ed25519PublicKey) -> str:
    """The public key as notes' verifiers take it: name, key id in hex and type and key in base64, joined by `+`."""
    key = base64.b64encode(_ED25519 + public_key.public_bytes_raw()).decode()
    return f"{origin}+{_key_id(origin, public_key).hex()}+{key}"


def _key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def _base64(text: str) -> bytes:
    """Standard base64, in its one canonical spelling. Raises VerificationError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError("the checkpoint holds text that is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise VerificationError("the checkpoint holds text that is not canonical base64")
    return data
