"""Signed notes (C2SP signed-note), the one format of everything that is signed here, and their verifier keys.

A note says nothing until it is verified: `verified` gives who signed it, or raises.
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.errors import ConfigError, VerificationError

ED25519_KEY_BYTES = 32
_ED25519_SIGNATURE_BYTES = 64
_TIME_BYTES = 8
_KEY_ID_BYTES = 4
_MOST_SIGNATURES = 100  # the specification asks for 16 at the least, and for some limit
_MOST_SECONDS = 2**63 - 1
_DASH = "—"


class KeyType(enum.IntEnum):
    """What a signature is made of; the byte that goes into the key id."""

    ED25519 = 0x01
    COSIGNATURE = 0x04  # C2SP tlog-cosignature: Ed25519 over a time and a checkpoint


# Types that exist and that this version does not verify.
_UNSUPPORTED = {
    0x02: "ECDSA",
    0x05: "an RFC 6962 tree head",
    0x06: "an ML-DSA-44 cosignature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key under the name its signatures bear; `str` gives it as verifiers of notes take it.

    public_key   32 bytes (RFC 8032)
    """

    name: str
    type: KeyType
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The 4 bytes that lead its signatures."""
        return _key_id(self.name, bytes([self.type]) + self.public_key)

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.type]) + self.public_key).decode()
        return f"{self.name}+{self.id.hex()}+{key}"


class NoteSignature(NamedTuple):
    """One signature line, unverified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line with its end."""
        return f"{_DASH} {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


class Note(NamedTuple):
    """A note taken apart, unverified. `str` gives it byte for byte as it was."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"

    def of(self, key: VerifierKey) -> Note:
        """The note with the signatures of this key alone."""
        return Note(self.text, tuple(signature for signature in self.signatures if is_of(signature, key)))


class Signed(NamedTuple):
    """That `key` signed; `time` in seconds since 1970 where the signature has one."""

    key: VerifierKey
    time: int | None


def ed25519_key(name: str, public_key: Ed25519PublicKey) -> VerifierKey:
    """The verifier key of plain signatures under this name."""
    return VerifierKey(name=name, type=KeyType.ED25519, public_key=public_key.public_bytes_raw())


def signed_note(text: str, key: VerifierKey, sign: Callable[[bytes], bytes]) -> Note:
    """A note with one Ed25519 signature. ValueError where the text or the name cannot be a note's."""
    return with_signature(Note(text, ()), key, sign)


def with_signature(note: Note, key: VerifierKey, sign: Callable[[bytes], bytes]) -> Note:
    """The note with one more Ed25519 signature at its end; `sign` signs bytes with the private half of `key`."""
    if key.type is not KeyType.ED25519:
        raise ValueError("a plain signature is of type Ed25519")
    if not note.text.endswith("\n") or _control_character(note.text):
        raise ValueError("the text of a note ends in a newline and has no other control character")
    if not _is_name(key.name):
        raise ValueError(f"{key.name!r} cannot name a key")
    signature = NoteSignature(key.name, key.id, sign(note.text.encode()))
    return Note(note.text, (*note.signatures, signature))


def parse_note(data: str | bytes, what: str = "the note") -> Note:
    """Takes a note apart. Raises VerificationError where it is none; `what` names it in the message."""
    try:
        whole = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise VerificationError(f"{what} is not UTF-8 text") from error
    text, separator, block = whole.rpartition("\n\n")
    if not separator or not block:
        raise VerificationError(f"{what} is not a signed note: no blank line with signatures after it")
    if not block.endswith("\n"):
        raise VerificationError(f"{what} is not a signed note: its last line does not end")
    if _control_character(whole):
        raise VerificationError(f"{what} is not a signed note: it holds a control character")
    lines = block[:-1].split("\n")
    if len(lines) > _MOST_SIGNATURES:
        raise VerificationError(f"{what} has {len(lines)} signature lines, more than the {_MOST_SIGNATURES} read")
    return Note(f"{text}\n", tuple(parse_signature(line, what) for line in lines))


def parse_signature(line: str, what: str = "the note") -> NoteSignature:
    """Takes a signature line, without its end, apart. Raises VerificationError."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != _DASH or not _is_name(name):
        raise VerificationError(f"{what} has a line that is no signature")
    data = from_base64(encoded, what)
    if len(data) <= _KEY_ID_BYTES:
        raise VerificationError(f"{what} has a signature line without a signature")
    return NoteSignature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def verified(note: Note, keys: Iterable[VerifierKey], what: str = "the note") -> tuple[Signed, ...]:
    """Who of `keys` signed, in the order of the lines; the signatures of others are passed over.

    Raises VerificationError where a signature of one of them is not good, or none of them signed.
    """
    known = list(keys)
    found: list[Signed] = []
    for signature in note.signatures:
        for key in known:
            if is_of(signature, key):
                found.append(Signed(key, _check(note.text, signature, key, what)))
                break
    if not found:
        names = " or ".join(repr(key.name) for key in known)
        raise VerificationError(f"{what} is not signed by {names}" if known else f"{what}: no key is known to check it")
    return tuple(found)


def is_of(signature: NoteSignature, key: VerifierKey) -> bool:
    """Whether a signature says that it is of this key."""
    return (signature.name, signature.key_id) == (key.name, key.id)


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a cosignature signs: two lines of its own, then the text of the checkpoint (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosignature(text: str, key: VerifierKey, seconds: int, sign: Callable[[bytes], bytes]) -> NoteSignature:
    """The cosignature of a checkpoint's text at a time, in seconds since 1970."""
    if key.type is not KeyType.COSIGNATURE or not 0 <= seconds <= _MOST_SECONDS:
        raise ValueError("a cosignature has a time and is of type 0x04")
    return NoteSignature(key.name, key.id, seconds.to_bytes(_TIME_BYTES, "big") + sign(cosigned_message(text, seconds)))


def parse_verifier_key(text: str) -> VerifierKey:
    """The key a verifier key string gives.

    Raises VerificationError where it is none, was mistyped (its id does not fit), or is of a type that is not
    supported.
    """
    name, plus, rest = text.partition("+")
    key_id, separator, encoded = rest.partition("+")
    if not plus or not separator:
        raise VerificationError("a verifier key is a name, a key id and a key, joined by +")
    if not _is_name(name):
        raise VerificationError(f"{name!r} cannot name a key")
    data = from_base64(encoded, f"the verifier key of {name!r}")
    if not data:
        raise VerificationError(f"the verifier key of {name!r} is empty")
    if (known := _UNSUPPORTED.get(data[0])) is not None:
        raise VerificationError(
            f"the verifier key of {name!r} is for {known} (type 0x{data[0]:02x}), which this version does not verify"
        )
    if data[0] not in set(KeyType):
        raise VerificationError(f"the verifier key of {name!r} is of the unknown type 0x{data[0]:02x}")
    if len(data) != 1 + ED25519_KEY_BYTES:
        raise VerificationError(f"the verifier key of {name!r} has {len(data) - 1} bytes and not {ED25519_KEY_BYTES}")
    key = VerifierKey(name=name, type=KeyType(data[0]), public_key=data[1:])
    if key.id.hex() != key_id:
        raise VerificationError(
            f"the verifier key of {name!r} does not have the id {key_id!r}: a letter of it is wrong"
        )
    return key


def typed_key(text: str) -> VerifierKey:
    """A verifier key somebody typed. Raises ConfigError: a wrong letter is no fault of a record."""
    try:
        return parse_verifier_key(text.strip())
    except VerificationError as error:
        raise ConfigError(str(error), hint="copy the whole key, from its name to its end") from error


def from_base64(text: str, what: str) -> bytes:
    """Standard base64, in its one canonical spelling. Raises VerificationError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError(f"{what} holds text that is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise VerificationError(f"{what} holds text that is not canonical base64")
    return data


def _check(text: str, signature: NoteSignature, key: VerifierKey, what: str) -> int | None:
    """The time of the signature, None for a type without one. Raises VerificationError where it is not good."""
    message, data, seconds = text.encode(), signature.signature, None
    if key.type is KeyType.COSIGNATURE:
        seconds = int.from_bytes(data[:_TIME_BYTES], "big")
        data = data[_TIME_BYTES:]
        if seconds > _MOST_SECONDS:
            raise VerificationError(f"{what}: the cosignature of {key.name!r} gives no time")
        message = cosigned_message(text, seconds)
    if len(data) != _ED25519_SIGNATURE_BYTES:
        raise VerificationError(f"{what}: the signature of {key.name!r} is not as long as one is")
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(data, message)
    except (InvalidSignature, ValueError) as error:
        raise VerificationError(f"{what}: the signature of {key.name!r} is not good") from error
    return seconds


def _key_id(name: str, material: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + material).digest()[:_KEY_ID_BYTES]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _control_character(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)
