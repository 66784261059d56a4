"""`process(chunk, plan)`: what a worker does with a chunk, a pure function of bytes, plan and the chunk's secret."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from tocsin.assess import attribution, exposure, logons, naming
from tocsin.chunk_rows import Rows, alerts_of, coalesced, hits_of, sightings_of
from tocsin.collect.declared.packing import decoding_source, source_of
from tocsin.collect.reframing import Piece, reframed
from tocsin.collect.source import Coalescing, Source, Table, Tabular
from tocsin.correlate import bursts, findings, identity, notes
from tocsin.cover import changes, coverage, digests, pairing
from tocsin.cover.probing import kept as probes
from tocsin.detect.behaviour import relation as behaviour
from tocsin.detect.sigma.match import Match, Matcher
from tocsin.errors import ProtectionError
from tocsin.logs_seen import NOWHERE, SEEN_LOGS, seen_logs
from tocsin.model.chunk import VERBATIM, Chunk, ChunkAccount, ChunkResult, Dating, Rejection
from tocsin.model.clipping import to_be_cut
from tocsin.model.door import NO_DOOR, Door
from tocsin.model.note import SOURCE as NOTE
from tocsin.model.record import Record, Unreadable, committed_fields
from tocsin.model.reference import split_reference
from tocsin.model.rows import Rows as RecordRows
from tocsin.model.rows import by_log
from tocsin.model.tables import ACCESSES, EVENTS, HITS, MARKS, SIGHTINGS
from tocsin.protect.passing import pass_through
from tocsin.protect.written import Written
from tocsin.record.commitment import Span, leaf_hashes, packed_places

# The version of what the folds keep of a chunk: where it grows, chunks held are derived anew by the next run.
FOLDS = 8

# The reason under which records that were erased stay in the books.
ERASED = "erased"
_ERASED_DETAIL = "erased by decision: an act in the ledger says by whom and why"
# Of the text of an error that cost a chunk its events; it may quote the log, and is cut behind the door.
_MOST_SHOWN = 200

TABLES = {"events": EVENTS, "hits": HITS, "sightings": SIGHTINGS, "accesses": ACCESSES, "marks": MARKS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a chunk is processed with, the same in every worker.

    matchers   one a source name; a source without a matcher leaves no hits
    dating     what dates lines that name no year; None leaves them without a time
    door       what everything passes before it leaves
    """

    matchers: Mapping[str, Matcher]
    dating: Dating | None = None
    door: Door = NO_DOOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What one chunk is committed with: its secret and its name (`record.keys`)."""

    secret: bytes
    name: str


def process(
    data: bytes, chunk: Chunk, plan: Plan, sealing: Sealing | None, *, without: frozenset[int] = frozenset()
) -> tuple[ChunkResult, pa.Table]:
    """One chunk's bytes decoded, matched, mapped, committed and counted, and the distinct logs seen in it.

    Without a `sealing` nothing is committed: the chunk was before, and is only looked at again.
    `without` are ordinals of records whose event is already held from an earlier chunk: they are counted and committed,
    and leave no row. Any failure of a source or of the matcher costs this chunk its events, never the run: the chunk
    is then committed whole and accounted as unreadable, with the reason. ProtectionError is raised where the door
    fails: then nothing may leave, and nothing was.
    """
    try:
        return _read(data, chunk, plan, sealing, without)
    except ProtectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the supervisor of chunks: it records, and the run goes on
        return refuse(data, sealing, "not_processed", _told(error), plan.door)


def _told(error: Exception) -> str:
    return to_be_cut(f"{type(error).__name__}: {error}", _MOST_SHOWN)


def refuse(data: bytes, sealing: Sealing | None, reason: str, detail: str, door: Door) -> tuple[ChunkResult, pa.Table]:
    """The result of a chunk that could not be processed: one leaf over all its bytes, one record rejected."""
    account = ChunkAccount(read=1, stored=0, rejected=(Rejection(reason=reason, count=1, first=0, detail=detail),))
    result = ChunkResult(
        decoder=VERBATIM,
        events=EVENTS.empty_table(),
        hits=HITS.empty_table(),
        sightings=SIGHTINGS.empty_table(),
        accesses=ACCESSES.empty_table(),
        marks=MARKS.empty_table(),
        leaves=_leaves(sealing, VERBATIM, spans(data, VERBATIM, None)),
        account=account,
    )
    return pass_through(result, SEEN_LOGS.empty_table(), door)


def _leaves(sealing: Sealing | None, decoder: str, committed: Iterable[Span]) -> bytes:
    return b"" if sealing is None else leaf_hashes(sealing.secret, sealing.name, decoder, committed)


def _read(
    data: bytes, chunk: Chunk, plan: Plan, sealing: Sealing | None, without: frozenset[int]
) -> tuple[ChunkResult, pa.Table]:
    source, preamble = source_of(chunk.input.source, chunk.preamble)
    table = _table(source, data, preamble, chunk, plan)
    # The fields of what was found are committed one by one, so the leaves come last.
    committed: Iterable[Span]
    if table is not None:
        derived = _from_table(table, source, chunk, plan, without)
        fielded = sorted(derived.behind)
        committed = _table_spans(data, table, fielded)
    else:
        framed = list(source.records(data, preamble, chunk.skip))
        derived = process_framed(numbered(framed), chunk, plan, without=without)
        fielded = sorted(leaves_behind(framed, derived.behind))
        committed = _spans(data, framed, source, fielded)
    result = ChunkResult(
        decoder=source.decoder,
        events=derived.events,
        hits=derived.hits,
        sightings=derived.sightings,
        accesses=derived.accesses,
        marks=derived.marks,
        leaves=_leaves(sealing, source.decoder, committed),
        account=derived.account,
        fielded=packed_places(fielded),
        numbers=derived.numbers,
    )
    return pass_through(result, derived.logs, plan.door, derived.written)


def _table(source: Source, data: bytes, preamble: bytes, chunk: Chunk, plan: Plan) -> Table | None:
    """The chunk by columns, where it can be read so and the door has not to be told how each record is written."""
    if plan.door.epoch or not isinstance(source, Tabular):
        return None
    matcher = plan.matchers.get(source.name)

    def wanted(log: tuple[str, ...]) -> frozenset[str] | None:
        if matcher is None:
            return frozenset()
        asked = matcher.wanted(log)
        return None if asked is None else asked | matcher.asked(log)

    return source.table(data, preamble, chunk.skip, wanted)


Framed = tuple[int, Record | Unreadable]


def numbered(framed: Iterable[Record | Unreadable]) -> Iterator[Framed]:
    """What was framed of a chunk, each with the ordinal of its first record: a span may stand for many."""
    ordinal = 0
    for item in framed:
        yield ordinal, item
        ordinal += 1 if isinstance(item, Record) else item.records


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """All that is made of framed records.

    events, hits, sightings, accesses, marks, account, numbers   as in `ChunkResult`
    logs      the distinct logs seen, as `SEEN_LOGS`
    members   by ordinal of its first record, the ordinals of all records of an event that has a hit or an access
    written   by text of the tables, how the records wrote it, where the door is to know
    """

    events: pa.Table
    hits: pa.Table
    sightings: pa.Table
    accesses: pa.Table
    marks: pa.Table
    account: ChunkAccount
    numbers: pa.Table
    logs: pa.Table
    members: Mapping[int, tuple[int, ...]]
    written: Written

    @property
    def behind(self) -> frozenset[int]:
        """The ordinals of the records behind hits or accesses."""
        return frozenset(ordinal for members in self.members.values() for ordinal in members)


def process_framed(
    items: Iterable[Framed], chunk: Chunk, plan: Plan, *, without: frozenset[int] = frozenset()
) -> Derived:
    """What follows from framed records, all of the chunk's or some of them, in order: matched, mapped and counted.

    Each with its ordinal in the chunk; of the chunk itself the input, the sequence, the offset and the preamble are
    used. Where a source makes one event of several records, those that are not given are not in it.
    """
    source, _ = source_of(chunk.input.source, chunk.preamble)
    records: list[Record] = []
    ordinals: list[int] = []
    rejected: dict[str, tuple[int, int, str]] = {}
    for ordinal, item in items:
        if isinstance(item, Record):
            records.append(item)
            ordinals.append(ordinal)
        else:
            count, first, detail = rejected.get(item.reason, (0, ordinal, item.detail))
            rejected[item.reason] = count + item.records, first, detail
    rows = Rows(chunk, source.name, without, plan.dating, is_guarded=plan.door.epoch > 0)
    seen, owners = records, ordinals
    if isinstance(source, Coalescing):
        seen, owners = coalesced(list(source.coalesce(records)), records, ordinals, rows)
    else:
        for record, number in zip(records, ordinals, strict=True):
            rows.add(number, (record,), source.map(record))
    groups = by_log(seen)
    return _derived(rows, groups, source, chunk, plan, rejected, ordinals, owners)


def _from_table(table: Table, source: Source, chunk: Chunk, plan: Plan, without: frozenset[int]) -> Derived:
    """As `process_framed`, for records side by side."""
    rows = Rows(chunk, source.name, without, plan.dating)
    rows.add_table(table, source.map)
    every = range(len(table.spans))
    return _derived(rows, table.rows, source, chunk, plan, {}, every, every)


def _derived(
    rows: Rows,
    groups: Sequence[RecordRows],
    source: Source,
    chunk: Chunk,
    plan: Plan,
    rejected: Mapping[str, tuple[int, int, str]],
    ordinals: Sequence[int],
    owners: Sequence[int],
) -> Derived:
    """What follows of the events of a chunk and of its records by log: `ordinals` of them, and of their events."""
    matcher = plan.matchers.get(source.name)
    matches: list[Match] = []
    if matcher:
        before = sum(matcher.given_up.values())
        matches = matcher.match_rows(groups)
        if stopped := sum(matcher.given_up.values()) - before:
            rows.warnings["expression_timed_out"] = stopped
    events, accesses, marks = rows.tables()
    hits = pa.concat_tables((hits_of(matches, owners, chunk, events), alerts_of(rows.alerts, events)))
    return Derived(
        events=events,
        hits=hits,
        sightings=sightings_of(matches, owners, chunk, events),
        accesses=accesses,
        marks=marks,
        account=ChunkAccount(
            read=len(ordinals) + sum(count for count, _, _ in rejected.values()),
            stored=len(ordinals),
            rejected=tuple(
                Rejection(reason=reason, count=count, first=first, detail=detail)
                for reason, (count, first, detail) in sorted(rejected.items())
            ),
            warnings=rows.warnings,
            duplicates=rows.duplicates,
        ),
        numbers=rows.numbers(),
        logs=seen_logs(source.name, groups, matcher, [rows.places.get(owner, NOWHERE) for owner in owners]),
        members=_members((hits, accesses), ordinals, owners),
        written=rows.written,
    )


def process_left(
    pieces: Sequence[Piece], chunk: Chunk, plan: Plan, read: int, *, without: frozenset[int] = frozenset()
) -> tuple[ChunkResult, pa.Table]:
    """`process` for a chunk that lost records: what follows from those left, as `pieces`.

    `read` is how many were read from it once; those that are gone are accounted as erased. Nothing is committed: the
    leaves stay as they are, and none are given.
    """
    source, preamble = (None, b"") if not pieces else source_of(chunk.input.source, chunk.preamble)
    try:
        items = [] if source is None else reframed(source, preamble, pieces)
        derived = process_framed(
            zip((piece.ordinal for piece in pieces), items, strict=True), chunk, plan, without=without
        )
        account, logs, written = derived.account, derived.logs, derived.written
        tables = {name: getattr(derived, name) for name in (*TABLES, "numbers")}
    except ProtectionError:
        raise
    except Exception as error:  # noqa: BLE001 - as in `process`
        count = sum(piece.unread.records if piece.unread else 1 for piece in pieces)
        failed = Rejection(reason="not_processed", count=count, first=pieces[0].ordinal, detail=_told(error))
        account, logs = ChunkAccount(read=count, stored=0, rejected=(failed,)), SEEN_LOGS.empty_table()
        written = {}
        tables = {name: schema.empty_table() for name, schema in TABLES.items()}
    gone = Rejection(reason=ERASED, count=read - account.read, first=_first_gone(pieces), detail=_ERASED_DETAIL)
    result = ChunkResult(
        decoder=source.decoder if source else VERBATIM,
        leaves=b"",
        account=replace(account, read=read, rejected=tuple(sorted((*account.rejected, gone), key=_reason))),
        **tables,
    )
    return pass_through(result, logs, plan.door, written)


def _first_gone(pieces: Sequence[Piece]) -> int:
    """The first ordinal that no piece covers."""
    expected = 0
    for piece in pieces:
        if piece.ordinal != expected:
            break
        expected += piece.unread.records if piece.unread else 1
    return expected


def _reason(rejection: Rejection) -> str:
    return rejection.reason


def leaves_behind(framed: Iterable[Record | Unreadable], behind: Collection[int]) -> Iterator[int]:
    """The places in the chunk of the leaves of these records.

    A leaf's place counts what was framed; an ordinal counts records, of which an unreadable span may hold many.
    """
    for place, (ordinal, item) in enumerate(numbered(framed)):
        if ordinal in behind and isinstance(item, Record):
            yield place


def _members(tables: Iterable[pa.Table], ordinals: Sequence[int], owners: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """By the first ordinal of each event with a row in one of the tables, the ordinals of its records."""
    wanted = {split_reference(reference)[1] for table in tables for reference in table["record"].unique().to_pylist()}
    found: dict[int, list[int]] = {first: [] for first in sorted(wanted)}
    for ordinal, owner in zip(ordinals, owners, strict=True):
        if owner in wanted:
            found[owner].append(ordinal)
    return {first: tuple(members) for first, members in found.items()}


def spans(data: bytes, decoder: str, chunk: Chunk | None, fielded: Collection[int] = ()) -> Iterable[Span]:
    """What is committed (`record.commitment.Span`) of everything in a chunk, in order.

    With the decoder `VERBATIM` the chunk is one span; else it is framed and decoded again, and the leaves at the places
    `fielded` commit fields. Raises VerificationError where the decoder at hand is not the one that was used.
    """
    if decoder == VERBATIM or chunk is None:
        return [(0, len(data), data, None, None)]
    source, preamble = decoding_source(chunk, decoder, f"install {decoder} to recompute the canonical texts")
    return _spans(data, list(source.records(data, preamble, chunk.skip)), source, fielded)


def _spans(
    data: bytes, framed: Sequence[Record | Unreadable], source: Source, fielded: Collection[int]
) -> Iterable[Span]:
    wanted = frozenset(fielded)
    for place, item in enumerate(framed):
        raw = data[item.offset : item.offset + item.length]
        text = item.data if source.commits_text and isinstance(item, Record) else None
        fields = committed_fields(item) if place in wanted and isinstance(item, Record) else None
        yield item.offset, item.length, raw, text, fields


def _table_spans(data: bytes, table: Table, fielded: Collection[int]) -> Iterator[Span]:
    wanted = frozenset(fielded)
    texts: Sequence[bytes | None] = table.texts or [None] * len(table.spans)
    for place, ((offset, length), text) in enumerate(zip(table.spans, texts, strict=True)):
        fields = committed_fields(table.record(place)) if place in wanted else None
        yield offset, length, data[offset : offset + length], text, fields


def summarise(result: ChunkResult, logs: pa.Table) -> dict[str, pa.Table]:
    """What each fold keeps of one chunk, by the fold's name. Notes are no log: they watch nothing and show no means."""
    is_note = result.events.num_rows > 0 and result.events["source"][0].as_py() == NOTE
    events = EVENTS.empty_table() if is_note else result.events
    return {
        coverage.NAME: coverage.summarise(events, result.marks, result.numbers),
        changes.NAME: changes.summarise(result.marks),
        digests.NAME: digests.summarise(result.marks),
        pairing.NAME: pairing.summarise(events),
        findings.NAME: findings.summarise(result.hits),
        bursts.NAME: bursts.summarise(result.sightings),
        exposure.NAME: exposure.summarise(result.accesses),
        naming.NAME: naming.summarise(result.marks),
        attribution.NAME: attribution.summarise(events),
        identity.NAME: identity.summarise(events),
        logons.NAME: logons.summarise(events),
        notes.NAME: notes.summarise(result.marks),
        probes.NAME: probes.summarise(result.marks),
        "logs": SEEN_LOGS.empty_table() if is_note else logs,
        **behaviour.summarise_all(behaviour.Seen(events=events, accesses=result.accesses)),
    }
