"""The contract of a source: one log format, one folder under `sources/`, found by folder.

A source package holds, at least: `__init__.py` with one instance named `SOURCE`, its reader and mapping, `audit.toml`
(audit semantics with citations, and `[proof]`), `logsources.toml` (which Sigma log source is which part of this log),
and `tests/samples/<name>/` with an invented sample. Nothing else is touched to add one.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.resources
import json
import pkgutil
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol, runtime_checkable

from tocsin.collect import sources
from tocsin.collect.picking import Wanted
from tocsin.errors import ConfigError
from tocsin.model.alert import Alert
from tocsin.model.coverage import Proof, RecordSpan
from tocsin.model.exposure import Basis
from tocsin.model.instant import HOUR
from tocsin.model.readiness import SIGN_IN, Telling
from tocsin.model.record import Record, Unreadable
from tocsin.model.rows import Rows, by_log

HEAD_BYTES = 65_536
MAX_RECORD_BYTES = 32 * 1024 * 1024


class Head(NamedTuple):
    """The first `HEAD_BYTES` of an input's content, its whole size in bytes and its name (a hint at most)."""

    data: bytes
    size: int
    name: str


class Mapped(NamedTuple):
    """What a source makes of one record.

    event     columns of `model.tables.EVENT_COLUMNS` and `EVENT_COUNTS` that the record fills, with `time` (ns UTC or
              None), `class_uid` (OCSF), `metadata.sequence` (int or None); columns left out are null
    key       native id that makes two copies of the event one, whatever the format of either (bytes of any length, no
              other event's in any log), or None: file hash and place
    accesses  rows for `model.tables.ACCESSES` without `record`, `time`, `source`
    marks     rows for `model.tables.MARKS` without `record`, `time`, `source`
    warnings  codes, beside the record's own
    alerts    what another tool noticed, where the record is an alert of one: each is a hit of that tool's rule
    claimed   where `key` holds a digest of the content: the native id alone, so that two contents of one id are told
    """

    event: Mapping[str, Any]
    key: bytes | None
    accesses: Sequence[Mapping[str, Any]] = ()
    marks: Sequence[Mapping[str, Any]] = ()
    warnings: tuple[str, ...] = ()
    claimed: bytes | None = None
    alerts: Sequence[Alert] = ()


class MappedColumns(NamedTuple):
    """What a source makes of records side by side: as `Mapped` of each, of which none has accesses or marks.

    columns   by name as in `Mapped.event`, a value a record; where a column is left out, all are null
    keys      as in `Mapped`; nothing is claimed beside them
    warnings  codes with how many of the records have them, their own among them; none says that a year is unknown
    """

    columns: Mapping[str, Sequence[Any]]
    keys: Sequence[bytes | None]
    warnings: Mapping[str, int]


class Table(NamedTuple):
    """A chunk's records side by side; all of them can be read.

    spans   offset and length of each, in order
    texts   `Record.data` of each where the source commits a text, else None
    rows    all of them, by log
    mapped  what is made of each of `rows`; None where `Source.map` has to be asked record by record
    record  the record at a place, as `Source.records` gives it
    """

    spans: Sequence[tuple[int, int]]
    texts: Sequence[bytes] | None
    rows: Sequence[Rows]
    mapped: Sequence[MappedColumns | None]
    record: Callable[[int], Record]


def content_key(claimed: bytes, content: object) -> bytes:
    """A native id with what the record says: one id with another content is another event, whoever wrote it."""
    said = json.dumps(content, sort_keys=True, default=str).encode()
    return claimed + b"\0" + hashlib.blake2b(said, digest_size=16).digest()


class Source(Protocol):
    """One log format. Stateless: the same instance reads any number of chunks, in any order.

    name             as in the accounting
    decoder          name and version of what decodes, committed with every record
    log_fields       names of the fields whose values are `Record.log`, in order (also Sigma field names)
    commits_text     True where `Record.data` is a canonical text and not the bytes at the span (EVTX)
    proof            what the log can prove of its own completeness, from `[proof]` of the package's `audit.toml`
    """

    name: str
    decoder: str
    log_fields: tuple[str, ...]
    commits_text: bool
    proof: Proof

    def recognises(self, head: Head) -> float:
        """0 to 1: how sure this is the source's format, from content; the name may break a tie, never decide."""
        ...

    def preamble(self, head: Head) -> int:
        """Bytes at the start that are not records and that every chunk needs (header line, file header, BOM)."""
        ...

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Where the first record starts at or after the start of `window`, which begins anywhere; None if not in it.

        0 only where the window itself starts a record for certain. A source that cannot be split returns None always.
        """
        ...

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record of the chunk in order, spans within `data`, from byte `skip` on; never raises for bad bytes.

        Spans do not overlap and all bytes but blank lines and padding belong to one.
        """
        ...

    def map(self, record: Record) -> Mapped:
        """The record as event, accesses and marks. Raises nothing for odd values: they become warnings."""
        ...


class Event(NamedTuple):
    """One event made of several records of a chunk.

    records  places of its records among those given, ascending; the first one's place is the event's own
    seen     the same records as the rules see them: each with its own fields and those the event shares
    mapped   the event; its accesses and marks stand once, whatever the number of records
    """

    records: Sequence[int]
    seen: Sequence[Record]
    mapped: Mapped


@runtime_checkable
class Coalescing(Protocol):
    """What a source has besides where several records can make one event (`Source.map` is then not asked).

    A chunk owns the events that start in it, and none reaches past its end: `Source.cut` gives places with no event
    open. Only where a log leaves no such place for long is an event cut: its parts are then events of their own.
    """

    def coalesce(self, records: Sequence[Record]) -> Iterator[Event]:
        """The events of a chunk's records, by first record; each record in exactly one."""
        ...


@runtime_checkable
class Reframing(Protocol):
    """What a source has besides where a record's own bytes and the preamble are not enough to read it alone.

    Such are records below header lines that stand elsewhere in the chunk, dates whose order or year neighbours tell,
    and formats whose records cannot be decoded outside their block.
    """

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """The record as it was framed in its chunk, from its bytes, what was committed of it where that is a text, and
        `Record.context`; its span begins at 0.

        Raises ValueError, or msgspec's error, for a context that this source did not write.
        """
        ...


@runtime_checkable
class Columnar(Protocol):
    """What a source has besides where a chunk can be read for matching alone, in less time than record by record."""

    def rows(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> tuple[int, Sequence[Rows]] | None:
        """How many records `records` gives, and their logs and fields, of which `wanted` tells which are asked for.

        None where one of them is unreadable, or the chunk is not of a form that is read so.
        """
        ...


@runtime_checkable
class Tabular(Protocol):
    """What a source has besides where a chunk can be read and mapped by columns, no record made where nothing is found.

    Everything that follows from the table is what follows from the records one by one.
    """

    def table(self, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> Table | None:
        """The records that `records` gives; `wanted` as in `Columnar`. None as there."""
        ...


def rows_of(source: Source, data: bytes, preamble: bytes, skip: int, wanted: Wanted) -> tuple[int, Sequence[Rows]]:
    """How many records of a chunk can be read, and them by log: for matching alone."""
    found = source.rows(data, preamble, skip, wanted) if isinstance(source, Columnar) else None
    if found is not None:
        return found
    records = [one for one in source.records(data, preamble, skip) if isinstance(one, Record)]
    return len(records), by_log(records)


class Measure(Protocol):
    """Fed with all bytes of one content in order, then asked."""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        ...

    def lacks(self) -> str:
        """What the content itself says that it should hold and does not, as one sentence; "" where nothing."""
        ...


@runtime_checkable
class Measurable(Protocol):
    """What a source has besides where its format says how much there should be: a file cut short is then noticed."""

    def measure(self) -> Measure:
        """A new measure for one content."""
        ...


class Follower(Protocol):
    """Fed with all bytes of one content in order, and asked between them for places in what was fed."""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        ...

    def leaves(self, place: int) -> int | None:
        """`place` where a record may begin there; else where what it lies in ends, None where that is to come."""
        ...

    def passed(self, place: int) -> None:
        """Nothing before this place is asked for again."""
        ...


@runtime_checkable
class Following(Protocol):
    """What a source has besides where a window alone cannot tell a record from a text that looks like one."""

    def follow(self, preamble: bytes) -> Follower | None:
        """A new follower for one content of this preamble; None where nothing of it can look like a record."""
        ...


@cache
def all_sources() -> tuple[Source, ...]:
    """Every source found under `sources/`, by name. Raises ConfigError for a package without a `SOURCE`."""
    found: list[Source] = []
    for module in pkgutil.iter_modules(sources.__path__):
        package = importlib.import_module(f"{sources.__name__}.{module.name}")
        source = getattr(package, "SOURCE", None)
        if source is None:
            raise ConfigError(f"the source package {module.name} has no SOURCE")
        found.append(source)
    return tuple(sorted(found, key=lambda source: source.name))


def source_named(name: str) -> Source:
    """The source of that name; ConfigError where there is none."""
    for source in all_sources():
        if source.name == name:
            return source
    raise ConfigError(f"there is no source named {name}")


def logsource_text(source: Source) -> str:
    """The `logsources.toml` of a source's package. Raises ConfigError where it has none."""
    return _declared(type(source).__module__, "logsources.toml")


def declared_proof(module: str) -> Proof:
    """The `[proof]` of the `audit.toml` in the source package that `module` is of."""
    entry = tomllib.loads(_declared(module, "audit.toml"))["proof"]
    return Proof(
        basis=Basis(entry["basis"]),
        reason=entry["reason"],
        citation=entry["citation"],
        attestable=entry.get("attestable", True),
    )


@cache
def all_tellings() -> tuple[Telling, ...]:
    """What the logs of each source tell of holdings, from `[[tells]]` of its `audit.toml`; by source, as they stand."""
    return tuple(
        Telling(
            source=source.name,
            of=entry["of"],
            behind=frozenset(entry.get("behind", ())),
            itemised=entry["itemised"],
            who=frozenset(entry["who"]),
            kept_as=tuple(entry["kept_as"]),
            needs=entry["needs"],
            permission=entry["permission"],
            sealed_by=entry.get("sealed_by", ""),
            proof=source.proof,
            citation=entry["citation"],
        )
        for source in all_sources()
        for entry in tomllib.loads(_declared(type(source).__module__, "audit.toml")).get("tells", ())
    )


@cache
def families_told() -> Mapping[str, frozenset[str]]:
    """Of every source the families of holdings that its log can tell of; none for one that records no access."""
    told = {source.name: frozenset[str]() for source in all_sources()}
    for one in all_tellings():
        if one.of != SIGN_IN:
            told[one.source] |= {one.of}
    return told


@cache
def all_spans() -> tuple[RecordSpan, ...]:
    """Which records stand for accesses before or after their time, from `[[span]]` of each `audit.toml`."""
    return tuple(
        RecordSpan(
            source=source.name,
            operations=frozenset(name.lower() for name in entry["operations"]),
            before=entry["before_seconds"] * 1_000_000_000,
            after=entry["after_seconds"] * 1_000_000_000,
        )
        for source in all_sources()
        for entry in tomllib.loads(_declared(type(source).__module__, "audit.toml")).get("span", ())
    )


def all_delays() -> Mapping[str, int]:
    """By source how long after its time a record may still be on its way, ns; `[recording]` of `audit.toml`."""
    found = {}
    for source in all_sources():
        declared = tomllib.loads(_declared(type(source).__module__, "audit.toml"))
        if hours := declared.get("recording", {}).get("arrives_within_hours", 0):
            found[source.name] = hours * HOUR
    return found


def all_search_limits() -> Mapping[str, tuple[frozenset[int], str]]:
    """By source how many records a search of it gives at most, by each way of asking, and where that is written;
    `[search]` of `audit.toml`."""
    found = {}
    for source in all_sources():
        declared = tomllib.loads(_declared(type(source).__module__, "audit.toml")).get("search")
        if declared:
            found[source.name] = frozenset(declared["gives_at_most"]), declared["citation"]
    return found


def _declared(module: str, file: str) -> str:
    name = module.removeprefix(f"{sources.__name__}.").split(".")[0]
    data = importlib.resources.files(f"{sources.__name__}.{name}") / file
    if not data.is_file():
        raise ConfigError(f"the source package {name} has no {file}")
    return data.read_text(encoding="utf-8")
