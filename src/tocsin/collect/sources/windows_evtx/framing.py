"""The frame of an event log file: where its blocks of 64 KiB stand, and where records and gaps lie in one.

Layout after the public description of the format in libevtx ("chunks" there). All numbers are little-endian; offsets
are within the bytes given.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

FILE_MAGIC = b"ElfFile\0"
FILE_HEADER_BYTES = 4096
BLOCK_MAGIC = b"ElfChnk\0"
BLOCK_BYTES = 65_536
BLOCK_HEADER_BYTES = 512
RECORD_SIGNATURE = b"\x2a\x2a\0\0"
RECORD_HEAD = struct.Struct("<4sIQ")  # signature, size, record id; a FILETIME follows
RECORD_HEAD_BYTES = 24
_SMALLEST_RECORD_BYTES = 28
_LIKELY_RECORD_BYTES = 128  # System values alone take more
_MOST_RECORDS = BLOCK_BYTES // _SMALLEST_RECORD_BYTES
_UINT32 = struct.Struct("<I")


class Span(NamedTuple):
    """Where a record stands in its block, and its record id."""

    offset: int
    length: int
    id: int


class Gap(NamedTuple):
    """Bytes between or behind records that are no record any more; how many stood there, at least 1."""

    offset: int
    length: int
    records: int


class BlockHeader(NamedTuple):
    """A block's header; the numbers mean nothing unless `is_sound`: magic, bounds and its own checksum hold.

    end       where the records end in the block
    checksum  CRC-32 of the records, from the end of the header to `end`
    """

    is_sound: bool
    first_id: int = 0
    last_id: int = 0
    end: int = 0
    checksum: int = 0


def read_header(block: bytes) -> BlockHeader:
    """The header at the start of a block."""
    if len(block) < BLOCK_HEADER_BYTES:
        return BlockHeader(is_sound=False)
    first_id, last_id, size, _, end, checksum = struct.unpack_from("<QQIIII", block, 24)
    is_sound = (
        block.startswith(BLOCK_MAGIC)
        and size == 128
        and BLOCK_HEADER_BYTES <= end <= BLOCK_BYTES
        and zlib.crc32(block[128:BLOCK_HEADER_BYTES], zlib.crc32(block[:120])) == _UINT32.unpack_from(block, 124)[0]
    )
    return BlockHeader(is_sound, first_id, last_id, end, checksum)


def is_confirmed(block: bytes, header: BlockHeader) -> bool:
    """Whether the records themselves bear out a header that is not sound: first and last id, and where they end."""
    spans = chain(block, min(header.end, len(block)))
    return (
        bool(spans)
        and (spans[0].id, spans[-1].id) == (header.first_id, header.last_id)
        and spans[-1].offset + spans[-1].length == header.end
    )


def write_header(end: int, last_record_at: int) -> bytes:
    """A header of 512 bytes for a block rebuilt; its name and template tables, which only save time, are empty."""
    head = struct.pack("<8sQQQQIIIII64sI", BLOCK_MAGIC, 0, 0, 0, 0, 128, last_record_at, end, 0, 0, b"", 0)[:120]
    return (head + bytes(4) + _UINT32.pack(zlib.crc32(bytes(384), zlib.crc32(head)))).ljust(BLOCK_HEADER_BYTES, b"\0")


def sound_headers(data: bytes, start: int = 0) -> Iterator[int]:
    """Offsets of the sound block headers in `data` from `start` on."""
    position = data.find(BLOCK_MAGIC, start)
    while position >= 0:
        if read_header(data[position : position + BLOCK_HEADER_BYTES]).is_sound:
            yield position
        position = data.find(BLOCK_MAGIC, position + 1)


def next_block(window: bytes) -> int | None:
    """Where the first block at or after the start of `window` stands, None where that cannot be said.

    A block is known by its magic and the checksum of its header. Bytes that look like one can stand inside a record (a
    log can be made to hold them), so the headers found vote on where 64-KiB boundaries lie: fewer than two agreeing, or
    a tie, is no answer.
    """
    votes: dict[int, list[int]] = {}
    for position in sound_headers(window):
        votes.setdefault(position % BLOCK_BYTES, []).append(position)
    ranked = sorted(votes.values(), key=len, reverse=True)
    if not ranked or len(ranked[0]) < 2 or (len(ranked) > 1 and len(ranked[0]) == len(ranked[1])):
        return None
    return ranked[0][0]


def block_end(data: bytes, position: int) -> int:
    """Where the block at `position` ends: 64 KiB on, or earlier where bytes were lost and the next stands nearer."""
    end = position + BLOCK_BYTES
    if end >= len(data) or data.startswith((BLOCK_MAGIC, bytes(8)), end):
        return min(end, len(data))
    return min(next(sound_headers(data, position + 8), end), end)


def chain(block: bytes, end: int) -> list[Span]:
    """Records one behind the other from the first on, up to `end` or to the first that is not one."""
    spans: list[Span] = []
    position = BLOCK_HEADER_BYTES
    while position + _SMALLEST_RECORD_BYTES <= end:
        signature, size, number = RECORD_HEAD.unpack_from(block, position)
        if (
            signature != RECORD_SIGNATURE
            or size < _SMALLEST_RECORD_BYTES
            or position + size > end
            or block[position + 4 : position + 8] != block[position + size - 4 : position + size]
        ):
            break
        spans.append(Span(position, size, number))
        position += size
    return spans


def records_end(block: bytes, header: BlockHeader) -> tuple[int, int]:
    """Where the records of a block with a sound header really end, and the id of the last.

    Later than declared where the next record ids stand behind that end: not yet flushed when it was copied, or hidden.
    """
    end, last_id = header.end, header.last_id
    while _is_record(block, end, len(block)):
        _, size, number = RECORD_HEAD.unpack_from(block, end)
        if number != last_id + 1:
            break
        end, last_id = end + size, number
    return end, last_id


def pieces(block: bytes, header: BlockHeader) -> list[Span | Gap]:
    """A damaged or cut block as records and gaps, in order; what lies behind the last record is neither.

    Behind the records of a block stand remains of older ones. Where the header is damaged the end is not known: records
    are then taken as long as their ids go on, and without any the block shows nothing at all.
    """
    limit, last_id = records_end(block, header) if header.is_sound else (len(block), None)
    limit = min(limit, len(block))
    expected = header.first_id if header.is_sound else None
    found: list[Span | Gap] = []
    position = BLOCK_HEADER_BYTES
    while position < limit:
        if _is_record(block, position, limit):
            _, size, number = RECORD_HEAD.unpack_from(block, position)
            found.append(Span(position, size, number))
            position, expected = position + size, number + 1
            continue
        following = _resume(block, position + 1, limit, expected, last_id)
        if following is None and _is_done(block, position, expected, last_id):
            break
        stop = limit if following is None else following.offset
        number_after = following.id if following else None if last_id is None else last_id + 1
        found.append(Gap(position, stop - position, _missing(block[position:stop], expected, number_after)))
        position = stop
    if header.is_sound or any(isinstance(piece, Span) for piece in found):
        return found
    return []


def _is_record(block: bytes, position: int, end: int, *, strictly: bool = False) -> bool:
    """Whether a record stands here: its size at both ends or, unless `strictly`, another record right behind it."""
    if position + _SMALLEST_RECORD_BYTES > end:
        return False
    signature, size, _ = RECORD_HEAD.unpack_from(block, position)
    if signature != RECORD_SIGNATURE or size < _SMALLEST_RECORD_BYTES or position + size > end:
        return False
    if _UINT32.unpack_from(block, position + size - 4)[0] == size:
        return True
    return not strictly and block.startswith(RECORD_SIGNATURE, position + size)


def _is_done(block: bytes, position: int, expected: int | None, last_id: int | None) -> bool:
    """Whether all records of a block were found: its last id, or where that is unknown no trace of the next one."""
    if expected is None:
        return False
    if last_id is not None:
        return expected > last_id
    if position + RECORD_HEAD_BYTES > len(block):
        return True
    signature, _, number = RECORD_HEAD.unpack_from(block, position)
    return not (signature == RECORD_SIGNATURE and number == expected)


def _resume(block: bytes, start: int, end: int, expected: int | None, last_id: int | None) -> Span | None:
    """The first record from `start` on whose id can follow in this block."""
    position = block.find(RECORD_SIGNATURE, start, end)
    while position >= 0:
        if _is_record(block, position, end, strictly=True):
            _, size, number = RECORD_HEAD.unpack_from(block, position)
            lowest = number if expected is None else expected
            highest = last_id if last_id is not None else lowest + (position - start) // _LIKELY_RECORD_BYTES
            if lowest <= number <= highest:
                return Span(position, size, number)
        position = block.find(RECORD_SIGNATURE, position + 1, end)
    return None


def _missing(gap: bytes, expected: int | None, number_after: int | None) -> int:
    """How many records stood in a gap: by the ids on both sides, else by the signatures in it; at least 1."""
    if expected is not None and number_after is not None and 1 <= number_after - expected <= _MOST_RECORDS:
        return number_after - expected
    return max(1, gap.count(RECORD_SIGNATURE))
