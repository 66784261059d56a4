"""An input and the chunks that cover it: what the plan hands to the writer, made as it is asked for."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.collect.declared.packing import packed
from tocsin.collect.limits import TruncatedError
from tocsin.collect.scanning import Content, Range, hash_pieces
from tocsin.errors import SourceError
from tocsin.model.chunk import Chunk, Input


class ChunkKind(enum.StrEnum):
    """Where a chunk's bytes are kept (see `store.tables.chunks`)."""

    RECORDS = "records"
    DERIVED = "derived"
    CONTAINER = "container"
    EXTRACTED = "extracted"


class Task(NamedTuple):
    """One chunk to be processed. The bytes are `data`, or lie at the chunk's range of `file`."""

    chunk: Chunk
    kind: ChunkKind
    file: Path | None
    data: bytes | None


class Planned(NamedTuple):
    """An input and its tasks in order; the tasks are made as they are asked for, and only then."""

    input: Input
    tasks: Iterator[Task]


def _chunk(entry: Input, piece: Range, content: Content | None) -> Chunk:
    preamble = content.preamble if content else b""
    return Chunk(
        input=entry,
        sequence=-1,
        offset=piece.offset,
        length=piece.length,
        preamble=packed(content.source, preamble) if content else b"",
        skip=len(preamble) if piece.offset == 0 else 0,
        sha256=piece.sha256,
    )


def file_tasks(entry: Input, content: Content, file: Path) -> Iterator[Task]:
    """The chunks of a file that lie in it as they are."""
    for piece in content.ranges if content.source else ():
        yield Task(_chunk(entry, piece, content), ChunkKind.RECORDS, file, None)


def container_tasks(entry: Input, pieces: Sequence[Range], file: Path) -> Iterator[Task]:
    """The bytes of a file as received, to be sealed and not read."""
    for piece in pieces:
        yield Task(_chunk(entry, piece, None), ChunkKind.CONTAINER, file, None)


def unread_tasks(entry: Input, file: Path) -> Iterator[Task]:
    """The bytes of a file that nothing reads: sealed as received, so that it can be read by whoever knows how."""
    with file.open("rb") as stream:
        sha256, pieces = hash_pieces(stream)
    if sha256 != entry.sha256:
        raise SourceError(f"{entry.path} changed while it was read", hint="copy it first, then run again")
    yield from container_tasks(entry, pieces, file)


def derived_tasks(entry: Input, content: Content, reopen: Callable[[], Iterator[bytes]]) -> Iterator[Task]:
    """The chunks of what lies compressed in a file, or in an archive. Raises SourceError where it is another by now."""
    if content.held is not None:
        for piece in content.ranges:
            data = content.held[piece.offset : piece.offset + piece.length]
            yield Task(_chunk(entry, piece, content), ChunkKind.DERIVED, None, data)
        return
    blocks = reopen()
    waiting = bytearray()
    for piece in content.ranges:
        while len(waiting) < piece.length:
            try:
                block = next(blocks, b"")
            except TruncatedError:
                block = b""
            if not block:
                raise SourceError(f"{entry.path} changed while it was read", hint="copy it first, then run again")
            waiting += block
        data = bytes(waiting[: piece.length])
        del waiting[: piece.length]
        yield Task(_chunk(entry, piece, content), ChunkKind.DERIVED, None, data)
