"""A mapping and a preamble as one: what a chunk carries to its worker, and keeps, so that it can be read again."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec

from tocsin.collect.declared.reader import DeclaredLog
from tocsin.collect.source import Source, source_named
from tocsin.errors import StoreError, VerificationError
from tocsin.model.chunk import Chunk
from tocsin.model.mapping import PREFIX, LogMapping

_MAGIC = b"tocsin-mapping 1"
_DISPLACES = b" displaces "


def packed(source: Source | None, preamble: bytes) -> bytes:
    """The preamble a chunk of that source carries."""
    if not isinstance(source, DeclaredLog):
        return preamble
    displaced = _DISPLACES + source.displaced.encode() if source.displaced else b""
    return b"".join((_MAGIC, displaced, b"\n", _text(source.mapping), b"\n", preamble))


def source_of(name: str, preamble: bytes) -> tuple[Source, bytes]:
    """The source that reads a chunk, and its own preamble, from the two as a chunk has them.

    Raises ConfigError for a source that is not there, StoreError for a mapping that was not packed by `packed`.
    """
    if not name.startswith(PREFIX):
        return source_named(name), preamble
    mapping, rest = unpacked(preamble)
    displaced = preamble.partition(b"\n")[0].removeprefix(_MAGIC).removeprefix(_DISPLACES)
    return declared_log(mapping, displaced.decode()), rest


def decoding_source(chunk: Chunk, decoder: str, hint: str) -> tuple[Source, bytes]:
    """`source_of` a chunk that was decoded by `decoder`. Raises VerificationError, with the hint, where another is
    installed.
    """
    source, preamble = source_of(chunk.input.source, chunk.preamble)
    if source.decoder != decoder:
        raise VerificationError(
            f"{chunk.input.path} was decoded by {decoder}; {source.decoder} is installed", hint=hint
        )
    return source, preamble


def unpacked(preamble: bytes) -> tuple[LogMapping, bytes]:
    """The mapping that a chunk carries, and its preamble without it. Raises StoreError where there is none."""
    magic, _, rest = preamble.partition(b"\n")
    text, _, own = rest.partition(b"\n")
    if magic != _MAGIC and not magic.startswith(_MAGIC + _DISPLACES):
        raise StoreError("a chunk of a declared log has lost its mapping", hint="run: tocsin record verify")
    return _read(text), own


@lru_cache(maxsize=64)
def declared_log(mapping: LogMapping, displaced: str = "") -> DeclaredLog:
    """The source that reads by the mapping, in place of the source `displaced`; its decoder names its hash."""
    return DeclaredLog(mapping, digest(mapping), displaced)


def digest(mapping: LogMapping) -> str:
    """Hex SHA-256 of all a mapping says, whatever its spelling."""
    return hashlib.sha256(_text(mapping)).hexdigest()


def _text(mapping: LogMapping) -> bytes:
    return msgspec.json.encode(mapping, order="deterministic")


@lru_cache(maxsize=64)
def _read(text: bytes) -> LogMapping:
    try:
        return msgspec.json.decode(text, type=LogMapping)
    except msgspec.MsgspecError as error:
        raise StoreError("a mapping kept with a chunk cannot be read", hint="run: tocsin record verify") from error
