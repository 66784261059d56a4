"""What goes to a witness and comes back (C2SP tlog-witness, tlog-cosignature), as files that any medium can carry.

A request is the body of `add-checkpoint`. An answer is the checkpoint with the witness's line added.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tocsin.errors import VerificationError
from tocsin.record.checkpoint import TreeHead, tree_head
from tocsin.record.merkle import HASH_BYTES
from tocsin.record.notes import (
    Note,
    NoteSignature,
    VerifierKey,
    from_base64,
    is_of,
    parse_note,
    verified,
)
from tocsin.record.proofs import MOST_HASHES

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_REQUEST = "the request"
_ANSWER = "the answer"
_LATEST = 253_402_300_799  # the end of the year 9999, in seconds since 1970


class Request(NamedTuple):
    """A checkpoint to be cosigned, unverified: `old` is the size the witness is said to have cosigned last."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    head: TreeHead


class Cosignature(NamedTuple):
    """A good cosignature: whose, over which size, when (seconds since 1970), and its line with the end."""

    size: int
    key: VerifierKey
    time: int
    line: str


def write_request(old: int, proof: Sequence[bytes], note: str) -> str:
    """The request for one witness. ValueError where the proof is longer than a witness takes."""
    if len(proof) > MOST_HASHES:
        raise ValueError(f"a consistency proof has at most {MOST_HASHES} hashes")
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
    return f"old {old}\n{hashes}\n{note}"


def read_request(data: bytes) -> Request:
    """Takes a request apart. Raises VerificationError where it is none."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"{_REQUEST} is not UTF-8 text") from error
    top, separator, rest = text.partition("\n\n")
    first, *lines = top.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not separator:
        raise VerificationError(f"{_REQUEST} is none to a witness: its first line is not `old` and a size")
    if len(lines) > MOST_HASHES:
        raise VerificationError(f"{_REQUEST} has {len(lines)} proof lines, more than {MOST_HASHES}")
    proof = tuple(from_base64(line, _REQUEST) for line in lines)
    if any(len(each) != HASH_BYTES for each in proof):
        raise VerificationError(f"{_REQUEST} has a proof line that is no hash of {HASH_BYTES} bytes")
    note = parse_note(rest, f"the checkpoint in {_REQUEST}")
    head = tree_head(note, f"the checkpoint in {_REQUEST}")
    if int(old[1]) > head.size:
        raise VerificationError(
            f"{_REQUEST} goes from {old[1]} entries back to {head.size}: a ledger that only grows asks no such thing"
        )
    return Request(int(old[1]), proof, note, head)


def read_answer(data: bytes) -> Note:
    """Takes an answer apart, unverified. Raises VerificationError where it is none."""
    if data.startswith("— ".encode()):
        raise VerificationError(
            f"{_ANSWER} is signature lines alone, as a witness on a network gives them",
            hint="put the checkpoint before them: (sed '1,/^$/d' REQUEST; cat LINES) > ANSWER",
        )
    return parse_note(data, _ANSWER)


def cosignatures_in(
    signatures: Iterable[NoteSignature], checkpoint: Note, keys: Sequence[VerifierKey], what: str = _ANSWER
) -> list[Cosignature]:
    """The good cosignatures by `keys` over this checkpoint; those of others are passed over.

    Raises VerificationError where one of these keys' is not good over it, or there is none.
    """
    known = [key for key in keys if any(is_of(signature, key) for signature in signatures)]
    if not known:
        names = ", ".join(sorted({signature.name for signature in signatures}))
        raise VerificationError(
            f"{what} has no cosignature of a witness this workspace trusts, only signatures of {names}",
            hint="trust the witness first: tocsin witness trust VKEY --workspace DIR",
        )
    size = tree_head(checkpoint, what).size
    found: list[Cosignature] = []
    for signature in signatures:
        if any(is_of(signature, key) for key in known):
            (signed,) = verified(Note(checkpoint.text, (signature,)), known, what)
            if signed.time is None or signed.time > _LATEST:
                raise VerificationError(f"{what}: the cosignature of {signed.key.name!r} gives no time of ours")
            found.append(Cosignature(size, signed.key, signed.time, signature.line))
    return found
