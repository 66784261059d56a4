"""Blocks of an event log file in, their records as spans with decoded text out; damage costs what it hit and no more.

Each block stands alone: its records use templates and names that lie in the same block. So one block is decoded at a
time, behind a file header made for it; a damaged one is rebuilt around what stands between its gaps.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from evtx import PyEvtxParser

from tocsin.collect.sources.windows_evtx.framing import (
    BLOCK_BYTES,
    BLOCK_HEADER_BYTES,
    FILE_HEADER_BYTES,
    FILE_MAGIC,
    RECORD_HEAD,
    RECORD_HEAD_BYTES,
    RECORD_SIGNATURE,
    BlockHeader,
    Gap,
    Span,
    block_end,
    chain,
    is_confirmed,
    pieces,
    read_header,
    records_end,
    write_header,
)

CHECKSUM_WARNING = "block_checksum"
HEADER_WARNING = "block_header_damaged"
BEYOND_WARNING = "beyond_block_end"


class Decoded(NamedTuple):
    """A record that was read: its span, its text as the decoder gives it, and codes of what is odd about its block."""

    offset: int
    length: int
    text: str
    warnings: tuple[str, ...]


class Lost(NamedTuple):
    """A span whose records could not be read: `reason` and `records` as in `model.record.Unreadable`."""

    offset: int
    length: int
    reason: str
    detail: str
    records: int


_Answer = dict[str, Any]  # the decoder's: `event_record_id`, `data` (the text) and a time


def _file_header() -> bytes:
    head = struct.pack("<8sQQQIHHHH76s", FILE_MAGIC, 0, 0, 1, 128, 1, 3, FILE_HEADER_BYTES, 1, b"")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(FILE_HEADER_BYTES, b"\0")


_FILE_HEADER = _file_header()


def read_blocks(data: bytes, start: int) -> Iterator[Decoded | Lost]:
    """Every record from `start`, where a block stands, to the end of `data`; zeros and empty blocks hold none."""
    position = start
    while position < len(data):
        end = block_end(data, position)
        block = data[position:end]
        if block.lstrip(b"\0"):
            for item in _read_block(block):
                yield type(item)(item[0] + position, *item[1:])  # an item begins with its offset
        position = end


class Sound(NamedTuple):
    """The records of sound blocks: offset and length of each, and its text as the decoder gives it."""

    spans: list[tuple[int, int]]
    texts: list[str]


def sound_records(data: bytes, start: int, *, with_checksums: bool) -> Sound | None:
    """What `read_blocks` gives; None where a block is not sound, or something of it is lost.

    Without looking at checksums it is not told where one does not hold.
    """
    spans: list[tuple[int, int]] = []
    texts: list[str] = []
    end = start
    while end < len(data):
        position, end = end, block_end(data, end)
        block = data[position:end]
        if not block.lstrip(b"\0"):
            continue
        header = read_header(block)
        if not _is_regular(block, header) or (with_checksums and not _checksum_holds(block, header)):
            return None
        if header.end > BLOCK_HEADER_BYTES:
            read = _read_regular(block, header)
            if read is None:
                return None
            spans += [(position + span.offset, span.length) for span in read[0]]
            texts += [answer["data"] for answer in read[1]]
    return Sound(spans, texts)


def _is_regular(block: bytes, header: BlockHeader) -> bool:
    return header.is_sound and len(block) == BLOCK_BYTES and records_end(block, header)[0] == header.end


def _read_regular(block: bytes, header: BlockHeader) -> tuple[list[Span], list[_Answer]] | None:
    """A block's records and what the decoder answers for each; None where they are not the same ones."""
    spans = chain(block, header.end)
    answers = _decode(block)
    if not spans or spans[-1].offset + spans[-1].length != header.end or len(spans) != len(answers):
        return None
    read = [
        answer for span, answer in zip(spans, answers, strict=True) if answer and answer["event_record_id"] == span.id
    ]
    return (spans, read) if len(read) == len(spans) else None


def _read_block(block: bytes) -> Sequence[Decoded | Lost]:
    header = read_header(block)
    warnings: tuple[str, ...] = ()
    if not header.is_sound:
        warnings = (HEADER_WARNING,)
        header = header._replace(is_sound=is_confirmed(block, header))
    if header.is_sound and not _checksum_holds(block, header):
        warnings += (CHECKSUM_WARNING,)
    if not _is_regular(block, header):
        return _salvage(block, header, warnings)
    if header.end == BLOCK_HEADER_BYTES:
        return ()
    read = _read_regular(block, header)
    if read is None:
        return _salvage(block, header, warnings)
    return [Decoded(span.offset, span.length, answer["data"], warnings) for span, answer in zip(*read, strict=True)]


def _checksum_holds(block: bytes, header: BlockHeader) -> bool:
    return len(block) >= header.end and zlib.crc32(block[BLOCK_HEADER_BYTES : header.end]) == header.checksum


def _decode(block: bytes) -> list[_Answer | None]:
    """What the decoder answers for each record of a block of full size, in order; None for one it cannot read."""
    answers: list[_Answer | None] = []
    records = PyEvtxParser(io.BytesIO(_FILE_HEADER + block), number_of_threads=1, indent=False).records_json()
    while True:
        try:
            answers.extend(records)  # keeps what came before an error
        except RuntimeError:
            answers.append(None)
        else:
            return answers


def _salvage(block: bytes, header: BlockHeader, warnings: tuple[str, ...]) -> Sequence[Decoded | Lost]:
    """What can be read of a damaged or cut block, and what was lost, in order."""
    found = pieces(block, header)
    texts = _decode_spans(block, [piece for piece in found if isinstance(piece, Span)])
    is_cut = len(block) < BLOCK_BYTES
    items: list[Decoded | Lost] = []
    for piece in found:
        offset, length, records = piece
        if isinstance(piece, Span):
            text = texts.get(piece)
            if text is None:
                items.append(Lost(offset, length, "damaged_record", f"record {piece.id} cannot be decoded", 1))
            elif header.is_sound and offset >= header.end:
                items.append(Decoded(offset, length, text, (*warnings, BEYOND_WARNING)))
            else:
                items.append(Decoded(offset, length, text, warnings))
        elif is_cut and offset + length == len(block):
            items.append(Lost(offset, length, "cut_off", "the file ends within a block of 64 KiB", records))
        else:
            items.append(Lost(offset, length, "damaged_block", "part of a block of 64 KiB cannot be read", records))
    return [*_unseen(block, header, found), *items]


def _unseen(block: bytes, header: BlockHeader, found: Sequence[Span | Gap]) -> Sequence[Lost]:
    """What the pieces of a block cannot show: that it is no block at all, or that it was cut just behind a record."""
    if not header.is_sound:
        if found:
            return ()
        reason = "cut_off" if len(block) < BLOCK_BYTES else "damaged_block"
        return [Lost(0, len(block), reason, "nothing in a block can be read", max(1, block.count(RECORD_SIGNATURE)))]
    last = found[-1] if found else None
    if len(block) >= header.end or isinstance(last, Gap):
        return ()
    missing = max(1, header.last_id - (last.id if last else header.first_id - 1))
    return [Lost(0, BLOCK_HEADER_BYTES, "cut_off", "the file ends between two records of a block", missing)]


def _decode_spans(block: bytes, spans: Sequence[Span]) -> dict[Span, str]:
    """The texts of the records at these spans of a damaged block, as far as they can be decoded."""
    texts = _decode_bridged(block, spans)
    if texts is None:
        one_by_one = (_decode_bridged(block, [span]) or {} for span in spans)
        return {span: text for found in one_by_one for span, text in found.items()}
    return texts


def _decode_bridged(block: bytes, spans: Sequence[Span]) -> dict[Span, str] | None:
    """Decode a copy of the block in which every gap is made part of what stands before it; None where that fails.

    Records keep their places, because templates and names are referred to by their offsets in the block. The time of
    writing in a record's head is blanked: it is not in the text, and a wrong one would stop the decoder.
    """
    if not spans:
        return {}
    rebuilt = bytearray(block.ljust(BLOCK_BYTES, b"\0"))
    starts = [span.offset for span in spans]
    before = starts[0] - BLOCK_HEADER_BYTES
    if before:
        if before < RECORD_HEAD_BYTES:
            return None
        RECORD_HEAD.pack_into(rebuilt, BLOCK_HEADER_BYTES, RECORD_SIGNATURE, before, 0)
    ends = [*starts[1:], spans[-1].offset + spans[-1].length]
    for span, end in zip(spans, ends, strict=True):
        RECORD_HEAD.pack_into(rebuilt, span.offset, RECORD_SIGNATURE, end - span.offset, span.id)
        rebuilt[span.offset + RECORD_HEAD.size : span.offset + RECORD_HEAD_BYTES] = bytes(8)
    rebuilt[:BLOCK_HEADER_BYTES] = write_header(ends[-1], starts[-1])
    answers = _decode(bytes(rebuilt))[1 if before else 0 :]
    if len(answers) != len(spans):
        return None
    return {
        span: answer["data"]
        for span, answer in zip(spans, answers, strict=True)
        if answer and answer["event_record_id"] == span.id
    }
