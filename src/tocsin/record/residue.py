"""What is kept of a chunk that lost records: for each record left what opens its leaf (docs/formats/ledger.md).

The salts of a chunk all derive from its secret, those of the erased records too: so the secret goes, and the salts of
the others are written down one by one, sealed under the secret that took its place.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from tocsin.errors import VerificationError
from tocsin.record.commitment import SALT_BYTES, RecordSalts, Span, leaf_text
from tocsin.record.segment import open_segment, seal_segment
from tocsin.store.derivation import derive

_FORMAT = "tocsin.residue"
_VERSION = 1
_PURPOSE = "residue"


class Unread(NamedTuple):
    """Why the bytes were no record: reason, one line for a person, and how many records they stand for."""

    reason: str
    detail: str
    records: int


class Remnant(NamedTuple):
    """One record that is left.

    place            of its leaf, 0-based among those of the chunk
    ordinal          of the (first) record, 0-based among those read from the chunk
    offset, length   of its bytes in the chunk's data
    salts            of its leaf; that of the text is b"" where no text is committed
    text             the canonical text where one is committed, kept since the bytes of its neighbours are gone
    context          what reading it alone takes (`model.record.Record.context`)
    unread           where the bytes could not be read as a record
    """

    place: int
    ordinal: int
    offset: int
    length: int
    salts: RecordSalts
    text: bytes | None = None
    context: str = ""
    unread: Unread | None = None


class Residue(NamedTuple):
    """The records left to the chunk of that name, by place."""

    chunk: str
    decoder: str
    remnants: tuple[Remnant, ...]


def remnant_hash(residue: Residue, remnant: Remnant, span: Span) -> bytes:
    """The leaf hash (RFC 9162, 2.1.1) of a record that is left."""
    leaf = leaf_text(residue.chunk, residue.decoder, remnant.place, span, remnant.salts)
    return sha256(b"\0" + leaf.encode()).digest()


def seal_residue(residue: Residue, secret: bytes) -> bytes:
    """The file of a residue, sealed as a segment is, under a key of its own from the chunk's new secret."""
    head = {"format": _FORMAT, "version": _VERSION, "chunk": residue.chunk, "decoder": residue.decoder}
    lines = b"\n".join((orjson.dumps(head), *map(_line, residue.remnants), b""))
    return seal_segment(lines, derive(secret, _PURPOSE))


def open_residue(blob: bytes, secret: bytes) -> Residue:
    """The residue sealed in `blob`. Raises VerificationError naming the fault."""
    try:
        first, *lines = open_segment(blob, derive(secret, _PURPOSE)).splitlines()
        head = orjson.loads(first)
        if (head["format"], head["version"]) != (_FORMAT, _VERSION):
            raise VerificationError(f"the residue has version {head['version']}, which this version does not know")
        return Residue(str(head["chunk"]), str(head["decoder"]), tuple(_remnants(lines)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VerificationError(f"the residue is not one that can be read: {error}") from error


def _line(remnant: Remnant) -> bytes:
    salts = remnant.salts
    said: dict[str, Any] = {
        "place": remnant.place,
        "ordinal": remnant.ordinal,
        "offset": remnant.offset,
        "length": remnant.length,
        "raw_salt": salts.raw.hex(),
        "fields_key": salts.fields.hex(),
    }
    if remnant.text is not None:
        said |= {"text_salt": salts.text.hex(), "text": base64.b64encode(remnant.text).decode()}
    if remnant.context:
        said["context"] = remnant.context
    if remnant.unread is not None:
        said["unread"] = list(remnant.unread)
    return orjson.dumps(said)


def _remnants(lines: list[bytes]) -> Iterator[Remnant]:
    before = -1
    for line in lines:
        said: Mapping[str, Any] = orjson.loads(line)
        raw, text, fields = (bytes.fromhex(said.get(name, "")) for name in ("raw_salt", "text_salt", "fields_key"))
        has_text = "text" in said
        if said["place"] <= before or {len(raw), len(fields)} != {SALT_BYTES} or len(text) != SALT_BYTES * has_text:
            raise VerificationError("the residue is damaged: its records are out of order, or lack a salt")
        before = said["place"]
        yield Remnant(
            place=before,
            ordinal=said["ordinal"],
            offset=said["offset"],
            length=said["length"],
            salts=RecordSalts(raw, text, fields),
            text=base64.b64decode(said["text"], validate=True) if has_text else None,
            context=said.get("context", ""),
            unread=Unread(*said["unread"]) if "unread" in said else None,
        )
