"""The header of an event log file against what stands behind it: whether blocks or last records are not there.

Offsets after the public description of the format in libevtx. The header of a log that is in use (dirty) is written
late: it then counts less than there is, never more.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from tocsin.collect.sources.windows_evtx.framing import BLOCK_BYTES, BLOCK_MAGIC, FILE_HEADER_BYTES, FILE_MAGIC

_BLOCK_HEAD_BYTES = 48
_DIRTY, _WITHOUT_CHECKSUM = 1, 4


class FileHeader(NamedTuple):
    """`blocks` in use, the id the next record would get, and whether the header is written late."""

    blocks: int
    next_id: int
    is_dirty: bool


def read_file_header(data: bytes) -> FileHeader | None:
    """The header at the start of a file; None where there is none, or its checksum does not hold."""
    if len(data) < 128 or not data.startswith(FILE_MAGIC):
        return None
    flags, checksum = struct.unpack_from("<II", data, 120)
    if zlib.crc32(data[:120]) != checksum and not flags & _WITHOUT_CHECKSUM:
        return None
    (next_id,) = struct.unpack_from("<Q", data, 24)
    (blocks,) = struct.unpack_from("<H", data, 42)
    return FileHeader(blocks, next_id, bool(flags & _DIRTY))


class Measure:
    """Fed with all bytes of a file in order; keeps a block's head at most. Asked at the end what the file lacks."""

    def __init__(self) -> None:
        self._start = b""
        self._head = b""
        self._position = 0
        self._blocks = 0
        self._last_id = 0

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if len(self._start) < 128:
            self._start += data[: 128 - len(self._start)]
        place = 0
        while place < len(data):
            inside = (self._position + place - FILE_HEADER_BYTES) % BLOCK_BYTES
            if self._position + place < FILE_HEADER_BYTES:
                place += FILE_HEADER_BYTES - self._position - place
            elif inside < _BLOCK_HEAD_BYTES:
                taken = data[place : place + _BLOCK_HEAD_BYTES - inside]
                self._head = (self._head if inside else b"") + taken
                place += len(taken)
                if len(self._head) == _BLOCK_HEAD_BYTES:
                    self._count(self._head)
            else:
                place += BLOCK_BYTES - inside
        self._position += len(data)

    def _count(self, head: bytes) -> None:
        if head.startswith(BLOCK_MAGIC):
            self._blocks += 1
            _, last_id = struct.unpack_from("<QQ", head, 24)
            self._last_id = max(self._last_id, last_id if last_id < 2**63 else 0)

    def lacks(self) -> str:
        """One sentence; "" where nothing lacks or the header cannot tell."""
        header = read_file_header(self._start)
        if header is None:
            return ""
        if self._blocks < header.blocks:
            return (
                f"its header counts {header.blocks:,} blocks of records, {self._blocks:,} are there: it was cut short"
            )
        if not header.is_dirty and self._blocks and self._last_id + 1 < header.next_id:
            last = header.next_id - 1
            return f"its header says that the last record is number {last:,}, the last one here is {self._last_id:,}"
        return ""
