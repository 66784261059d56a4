"""Records taken out of their chunk and read again alone: what an evidence package encloses, what erasure leaves.

A piece is all that reading its record took: the bytes as framed or the canonical text, and what the source learned from
elsewhere in the chunk (`Record.context`). The chunk's preamble goes with every piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tocsin.collect.alone import framed_alone
from tocsin.collect.source import Reframing, Source
from tocsin.errors import VerificationError
from tocsin.model.record import Record, Unreadable


class Piece(NamedTuple):
    """One framed record, by itself.

    ordinal   its place among the records of the chunk
    raw       the bytes as framed; they may be left out (b"") where there is a text
    text      what is committed beside them where that is a canonical text (`Source.commits_text`), else None
    offset    of the bytes in the chunk's data, and `length` of them there; 0 takes the length of `raw`
    context   `Record.context`
    unread    what it was rejected as; None for a record
    """

    ordinal: int
    raw: bytes
    text: bytes | None = None
    offset: int = 0
    length: int = 0
    context: str = ""
    unread: Unreadable | None = None


def pieces_of(source: Source, data: bytes, framed: Sequence[Record | Unreadable]) -> list[Piece]:
    """What `source.records` gave of a chunk's `data`, a piece each, in order; `reframed` gives the same again."""
    found: list[Piece] = []
    ordinal = 0
    for item in framed:
        raw = data[item.offset : item.offset + item.length]
        if isinstance(item, Unreadable):
            found.append(Piece(ordinal, raw, None, item.offset, item.length, "", item))
            ordinal += item.records
        else:
            text = item.data if source.commits_text else None
            found.append(Piece(ordinal, raw, text, item.offset, item.length, item.context))
            ordinal += 1
    return found


def reframed(source: Source, preamble: bytes, pieces: Sequence[Piece]) -> list[Record | Unreadable]:
    """For each piece what the source gave when it was framed in its chunk, equal in all but, where the piece does not
    say it, the offset. What was rejected stays rejected.

    `preamble` is the source's own (`collect.declared.packing.source_of`). A piece that holds no record, or more than
    one, is unreadable. Raises VerificationError for a piece whose context is none of the source's.
    """
    record_of = source.record_of if isinstance(source, Reframing) else None
    found: list[Record | Unreadable] = []
    for piece in pieces:
        if piece.unread is not None:
            found.append(piece.unread)
            continue
        try:
            if record_of is None:
                item = framed_alone(source.records, piece.raw, preamble)
            else:
                item = record_of(piece.raw, piece.text, preamble, piece.context)
        except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            raise VerificationError(
                f"record {piece.ordinal} of its chunk cannot be read with the context given: {error}",
                hint="the context was changed, or written by another version",
            ) from error
        found.append(item._replace(offset=piece.offset, length=piece.length or len(piece.raw)))
    return found
