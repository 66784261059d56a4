"""Notes that go with evidence from hand to hand: the giver's transfer note, and the receiver's receipt for it.

Both are signed notes of two lines, like acts: a header and one canonical JSON object. They verify without a workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tocsin.errors import VerificationError
from tocsin.record.note_body import Body, read_body, unsigned
from tocsin.record.notes import KeyType, VerifierKey, parse_verifier_key, verified, with_signature
from tocsin.record.people_keys import Signer

_TRANSFER, _RECEIPT = "tocsin/transfer/1", "tocsin/receipt/1"
_TRANSFER_MEMBERS = {"at", "content", "from", "origin", "to"}
_RECEIPT_MEMBERS = {"at", "content", "origin", "transfer", "to"}
_PARTY_MEMBERS = {"key", "person"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who gives or receives: the key that signs, and whose it is."""

    key: VerifierKey
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """That `giver` passed on what has the content digest `content` (docs/formats/evidence.md) to `receiver`.

    origin   of the ledger it comes from; `at` is RFC 3339 by the giver's clock
    note     the signed note that says so; `digest` its SHA-256 in hex
    """

    content: str
    origin: str
    giver: Party
    receiver: Party
    at: str
    note: str

    @property
    def digest(self) -> str:
        """What the receipt names the note by."""
        return sha256(self.note.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That `receiver` has what the transfer note of the digest `transfer` says; `note` is the signed note."""

    content: str
    origin: str
    transfer: str
    receiver: VerifierKey
    at: str
    note: str


def signed_transfer(*, content: str, origin: str, giver: Party, receiver: Party, at: str, signer: Signer) -> Transfer:
    """The transfer note, signed by the giver. ValueError where the signer holds another key."""
    said = {"at": at, "content": content, "from": _shown(giver), "origin": origin, "to": _shown(receiver)}
    note = _signed(_TRANSFER, said, giver.key, signer)
    return Transfer(content=content, origin=origin, giver=giver, receiver=receiver, at=at, note=note)


def read_transfer(note: str) -> Transfer:
    """A transfer note, its signature verified by the key it gives itself: whose that is, it does not prove.

    Raises VerificationError.
    """
    what = "the transfer note"
    signed, said = read_body(note, _TRANSFER, _TRANSFER_MEMBERS, what)
    giver, receiver = _party(said, "from"), _party(said, "to")
    verified(signed, [giver.key], what)
    content, origin, at = said.text("content"), said.text("origin"), said.time("at")
    return Transfer(content=content, origin=origin, giver=giver, receiver=receiver, at=at, note=note)


def signed_receipt(transfer: Transfer, *, at: str, signer: Signer) -> Receipt:
    """The receiver's receipt. ValueError where the signer holds another key than the transfer was made out to."""
    key = transfer.receiver.key
    said = {
        "at": at,
        "content": transfer.content,
        "origin": transfer.origin,
        "to": str(key),
        "transfer": transfer.digest,
    }
    note = _signed(_RECEIPT, said, key, signer)
    return Receipt(
        content=transfer.content, origin=transfer.origin, transfer=transfer.digest, receiver=key, at=at, note=note
    )


def read_receipt(note: str) -> Receipt:
    """A receipt, its signature verified by the key it gives itself. Raises VerificationError."""
    what = "the receipt"
    signed, said = read_body(note, _RECEIPT, _RECEIPT_MEMBERS, what)
    key = parse_verifier_key(said.text("to"))
    verified(signed, [key], what)
    content, origin, transfer = (said.text(name) for name in ("content", "origin", "transfer"))
    at = said.time("at")
    return Receipt(content=content, origin=origin, transfer=transfer, receiver=key, at=at, note=note)


def _signed(header: str, said: Mapping[str, Any], key: VerifierKey, signer: Signer) -> str:
    if signer.public_key.public_bytes_raw() != key.public_key:
        raise ValueError("the note is made out to another key")
    return str(with_signature(unsigned(header, said), key, signer.sign))


def _shown(party: Party) -> dict[str, str]:
    return {"key": str(party.key), "person": party.person}


def _party(said: Body, name: str) -> Party:
    shown = said.object(name, _PARTY_MEMBERS)
    key = parse_verifier_key(shown.text("key"))
    if key.type is not KeyType.ED25519:
        raise VerificationError(f"{said.what} names a key that signs no notes")
    return Party(key=key, person=shown.text("person"))
