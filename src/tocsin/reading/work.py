"""One job: a chunk's bytes processed, sealed and written by a worker; what the writer needs to commit it comes back.

A worker holds no key but the secret of its own chunk. It writes files that no one believes in until the writer's
transaction names them.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyarrow.compute as pc

from tocsin.collect.plan import ChunkKind
from tocsin.collect.reframing import Piece
from tocsin.detect.sigma.match import Matcher, Matchers
from tocsin.errors import SourceError
from tocsin.model.chunk import VERBATIM, Chunk, ChunkAccount, Dating
from tocsin.model.door import Door, DoorAddress
from tocsin.model.instant import PLAUSIBLE_FROM, PLAUSIBLE_TO
from tocsin.model.reference import split_reference
from tocsin.processing import Plan, Sealing, process, process_left, refuse, spans, summarise
from tocsin.protect.door import connected
from tocsin.reading.kept_rules import read_rules, secret_of
from tocsin.record.commitment import leaf_hashes
from tocsin.record.segment import seal_segment
from tocsin.store.durable import write_durably
from tocsin.store.events import events_file
from tocsin.store.ipc import to_ipc


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A chunk with all a worker needs.

    file, data     where the bytes are: one of the two
    segment        where the sealed segment goes, None for a chunk that has none of its own or is processed again
    events         where the events go
    rules          folder of the compiled rules
    without        ordinals whose event an earlier chunk holds
    dating         what dates lines that name no year
    refused        why the chunk is not to be processed but only sealed ("" to process it)
    left           the records left to a chunk that lost some, None for a whole one; it is processed from them, `data`
                   unread, and `read` is how many it had
    door           where the door is that all of it goes through
    """

    chunk: Chunk
    kind: ChunkKind
    file: Path | None
    data: bytes | None
    sealing: Sealing
    segment: Path | None
    events: Path
    rules: Path
    without: frozenset[int] = frozenset()
    dating: Dating | None = None
    refused: str = ""
    left: tuple[Piece, ...] | None = None
    read: int = 0
    door: DoorAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the writer commits of a job.

    partials        fold name to Arrow IPC stream
    keys            16-byte event keys, concatenated, in the order of `ordinals`
    first, last     of the plausible event times, ns UTC
    fielded         ordinals of the leaves with a field root, 4 bytes each, ascending
    """

    account: ChunkAccount
    decoder: str
    leaves: bytes
    partials: Mapping[str, bytes]
    keys: bytes
    ordinals: tuple[int, ...]
    events: int
    events_sha256: str
    segment_sha256: str
    first: int | None
    last: int | None
    fielded: bytes = b""


def work(job: Job, door: Door | None = None) -> Done:
    """Do one job; `door` where this process has it at hand.

    Raises SourceError where the bytes are no longer those that were planned, ProtectionError where the door fails.
    """
    # Records are many and none is in a cycle: looking for cycles among them costs more than decoding them.
    gc.disable()
    try:
        return _work(job, connected(job.door) if door is None else door)
    finally:
        gc.enable()


def _work(job: Job, door: Door) -> Done:
    data = _bytes_of(job) if job.left is None else b""
    segment_sha256 = ""
    if job.segment is not None:
        sealed = seal_segment(data, job.sealing.secret)
        segment_sha256 = hashlib.sha256(sealed).hexdigest()
        write_durably(job.segment, sealed)
    if job.kind is ChunkKind.CONTAINER:
        return _container(job, data, segment_sha256)
    if job.refused:
        result, logs = refuse(data, job.sealing, "not_processed", job.refused, door)
    else:
        plan = replace(plan_of(job.rules, door), dating=job.dating)
        if job.left is not None:
            result, logs = process_left(job.left, job.chunk, plan, job.read, without=job.without)
        else:
            result, logs = process(data, job.chunk, plan, job.sealing, without=job.without)
    events = result.events
    events_sha256 = ""
    if events.num_rows:
        packed = events_file(events)
        events_sha256 = hashlib.sha256(packed).hexdigest()
        write_durably(job.events, packed)
    times = events.column("time").filter(
        pc.and_(pc.greater_equal(events.column("time"), PLAUSIBLE_FROM), pc.less(events.column("time"), PLAUSIBLE_TO))
    )
    span = pc.min_max(times)
    return Done(
        account=result.account,
        decoder=result.decoder,
        leaves=result.leaves,
        partials={name: to_ipc(table) for name, table in summarise(result, logs).items()},
        keys=b"".join(events.column("key").to_pylist()),
        ordinals=tuple(split_reference(reference)[1] for reference in events.column("record").to_pylist()),
        events=events.num_rows,
        events_sha256=events_sha256,
        segment_sha256=segment_sha256,
        first=span["min"].as_py(),
        last=span["max"].as_py(),
        fielded=result.fielded,
    )


def _container(job: Job, data: bytes, segment_sha256: str) -> Done:
    return Done(
        account=ChunkAccount(read=0, stored=0, rejected=()),
        decoder=VERBATIM,
        leaves=leaf_hashes(job.sealing.secret, job.sealing.name, VERBATIM, spans(data, VERBATIM, None)),
        partials={},
        keys=b"",
        ordinals=(),
        events=0,
        events_sha256="",
        segment_sha256=segment_sha256,
        first=None,
        last=None,
    )


def _bytes_of(job: Job) -> bytes:
    if job.data is not None:
        return job.data
    chunk = job.chunk
    if job.file is None:
        raise SourceError(f"{chunk.input.path} has neither a file nor bytes")
    try:
        with job.file.open("rb") as stream:
            stream.seek(chunk.offset)
            data = stream.read(chunk.length)
    except OSError as error:
        raise SourceError(f"{chunk.input.path} could not be read to its end: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != chunk.sha256:
        raise SourceError(
            f"{chunk.input.path} changed while it was read", hint="copy the logs first, then run again on the copy"
        )
    return data


def plan_of(rules: Path, door: Door) -> Plan:
    """What compiled rules in this folder make of a chunk that passes the door."""
    return Plan(matchers=_matchers(rules, secret_of(rules, door)), door=door)


@lru_cache(maxsize=2)
def _matchers(rules: Path, secret: bytes | None) -> Mapping[str, Matcher]:
    return Matchers(read_rules(rules, secret))
