"""The rows of one chunk: events, accesses and marks as its records are mapped, and the hits on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.collect.source import Event, Mapped, MappedColumns, Table
from tocsin.collect.written_time import YEAR_UNKNOWN, dated_by
from tocsin.detect.sigma.match import Match
from tocsin.model.alert import Alert
from tocsin.model.chunk import Chunk, Dating
from tocsin.model.coverage import Mark
from tocsin.model.instant import is_representable
from tocsin.model.record import Record
from tocsin.model.reference import record_reference
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, EVENT_COUNTS, EVENTS, HITS, MARKS, NUMBERS, SIGHTINGS
from tocsin.protect.written import Writings, Written

# The codes of a year that the line does not name, by what it was taken from; `YEAR_UNKNOWN` where it was not.
YEAR_FROM_TAKING = "year_from_taking"
YEAR_FROM_LOGS = "year_from_other_logs"
YEARLESS = (YEAR_UNKNOWN, YEAR_FROM_TAKING, YEAR_FROM_LOGS)

_UNREPRESENTABLE = ("time_unrepresentable",)
_SAID_ONCE = (Mark.NAMED, Mark.ADMINISTRATOR)  # of whom or what, whenever it was
SAME_ID = "same_id_other_content"  # told where both stand in one chunk


class Rows:
    """Columns of the events, accesses and marks of one chunk as they grow: record by record, or all at once.

    With `is_guarded` also how the records wrote what stands in them in lower case: `written`.
    """

    def __init__(
        self, chunk: Chunk, source: str, without: frozenset[int], dating: Dating | None, *, is_guarded: bool = False
    ) -> None:
        self._writings = Writings() if is_guarded else None
        self._chunk = chunk
        self._dating = dating
        self._source = source
        self._without = without
        self._seen: set[bytes] = set()
        self._claimed: dict[bytes, bytes] = {}
        self._named: set[tuple[Any, ...]] = set()
        self._references: list[int] = []
        self._keys: list[bytes] = []
        self._times: list[int | None] = []
        self._events: list[Mapping[str, Any]] = []
        self.alerts: list[tuple[int, Alert]] = []  # by reference of the event
        self._columns: list[tuple[int, MappedColumns, Sequence[bool] | None]] = []
        self._accesses: dict[str, list[Any]] = {name: [] for name in ACCESSES.names}
        self._marks: dict[str, list[Any]] = {name: [] for name in MARKS.names}
        self._numbers: list[tuple[int, bytes, int | None, int, int]] = []
        self.warnings: dict[str, int] = {}
        self.duplicates = 0
        self.places: dict[int, tuple[str, str]] = {}  # host and channel by ordinal of the event

    def add(self, ordinal: int, records: Sequence[Record], mapped: Mapped) -> None:
        """Add the event of these records; `ordinal` is that of the first."""
        time = mapped.event.get("time")
        host, channel = mapped.event.get("device.hostname"), mapped.event.get("metadata.log_name")
        if host or channel:
            self.places[ordinal] = host or "", channel or ""
        found = None
        if self._dating is not None and time is None and (original := mapped.event.get("metadata.original_time")):
            time = found = dated_by(original, self._dating)
        if time is not None and not is_representable(time):  # it would cost its neighbours theirs
            time = None
            self._warn(_UNREPRESENTABLE, found)
        for record in records:
            if record.warnings:
                self._warn(record.warnings, found)
        if mapped.warnings:
            self._warn(mapped.warnings, found)
        key = self._key(records[0].offset, mapped.key)
        if records[0].numbered is not None:  # of a second copy too: the export has its number
            reference = record_reference(self._chunk.sequence, ordinal)
            self._numbers.append((reference, key, time, *records[0].numbered))
        if key in self._seen or ordinal in self._without:
            self.duplicates += len(records)
            return
        self._seen.add(key)
        if mapped.claimed is not None and self._claimed.setdefault(mapped.claimed, key) != key:
            self.warnings[SAME_ID] = self.warnings.get(SAME_ID, 0) + 1
        if self._writings is not None:
            self._writings.note(records, (mapped.event, *mapped.accesses, *mapped.marks))
        reference = record_reference(self._chunk.sequence, ordinal)
        self._references.append(reference)
        self._keys.append(key)
        self._times.append(time)
        self._events.append(mapped.event)
        self.alerts += [(reference, alert) for alert in mapped.alerts]
        if not mapped.accesses and not mapped.marks:
            return
        for rows, table in ((mapped.accesses, self._accesses), (mapped.marks, self._marks)):
            for row in rows:
                if row.get("kind") in _SAID_ONCE and self._is_named_again(row):
                    continue
                for name, column in table.items():
                    column.append(row.get(name))
                table["record"][-1] = reference
                table["time"][-1] = time
                table["source"][-1] = self._source

    def _is_named_again(self, row: Mapping[str, Any]) -> bool:
        """Whether an earlier record of the chunk says the same of the same names: once is enough."""
        said = (row["kind"], row["channel"], row["scope"], row["detail"], row.get("given_to"))
        known = said in self._named
        self._named.add(said)
        return known

    def add_table(self, table: Table, map_one: Callable[[Record], Mapped]) -> None:
        """Add the events of a chunk's records, each an event of its own; nothing else is added before or after."""
        keys: list[bytes] = [b""] * len(table.spans)
        singly: dict[int, tuple[Record, Mapped]] = {}
        for rows, mapped in zip(table.rows, table.mapped, strict=True):
            if mapped is None:
                for place in rows.places:
                    record = table.record(place)
                    singly[place] = record, map_one(record)
                    keys[place] = self._key(record.offset, singly[place][1].key)
            else:
                for code, count in mapped.warnings.items():
                    self.warnings[code] = self.warnings.get(code, 0) + count
                self._note_places(rows.places, mapped)
                for place, native in zip(rows.places, mapped.keys, strict=True):
                    keys[place] = self._key(table.spans[place][0], native)
        self._without |= _repeated(keys, self._without)
        for place, (record, one) in sorted(singly.items()):
            self.add(place, (record,), one)
        for rows, mapped in zip(table.rows, table.mapped, strict=True):
            if mapped is not None:
                self._add_columns(rows.places, mapped, keys)

    def _note_places(self, ordinals: Sequence[int], mapped: MappedColumns) -> None:
        nothing: Sequence[None] = [None] * len(ordinals)
        hosts, channels = (mapped.columns.get(name, nothing) for name in ("device.hostname", "metadata.log_name"))
        for ordinal, host, channel in zip(ordinals, hosts, channels, strict=True):
            if host or channel:
                self.places[ordinal] = host or "", channel or ""

    def _add_columns(self, places: Sequence[int], mapped: MappedColumns, keys: Sequence[bytes]) -> None:
        kept = None
        if not self._without.isdisjoint(places):
            kept = [place not in self._without for place in places]
            self.duplicates += len(places) - sum(kept)
            places = list(compress(places, kept))
        if places:
            self._references += [record_reference(self._chunk.sequence, place) for place in places]
            self._keys += [keys[place] for place in places]
            self._columns.append((len(places), mapped, kept))

    def _warn(self, codes: Sequence[str], found: int | None) -> None:
        for code in codes:
            told = code if found is None or code != YEAR_UNKNOWN else self._assumed
            self.warnings[told] = self.warnings.get(told, 0) + 1

    @property
    def _assumed(self) -> str:
        return YEAR_FROM_TAKING if self._dating and self._dating.is_latest else YEAR_FROM_LOGS

    def _key(self, offset: int, native: bytes | None) -> bytes:
        if native is not None:
            return hashlib.blake2b(b"\0" + native, digest_size=16).digest()
        # Equal lines are different events: without a native id the place in the content is the identity.
        place = f"{self._source}:{self._chunk.input.content_sha256}:{self._chunk.offset + offset}"
        return hashlib.blake2b(b"\1" + place.encode(), digest_size=16).digest()

    @property
    def written(self) -> Written:
        """By text of the tables, other writings of it in the records."""
        return self._writings.written() if self._writings is not None else {}

    def tables(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """Events, accesses and marks."""
        events = self._events
        columns: dict[str, list[Any]] = {
            "record": self._references,
            "key": self._keys,
            "time": self._times,
            "source": [self._source] * len(self._references),
            "class_uid": [event.get("class_uid", 0) for event in events],
            "metadata.sequence": [event.get("metadata.sequence") for event in events],
        }
        filled = set[str]().union(*events)
        nothing = [None] * len(events)
        for name in (*EVENT_COLUMNS, *EVENT_COUNTS):
            columns[name] = [event.get(name) for event in events] if name in filled else nothing[:]
        for count, mapped, kept in self._columns:
            for name in _MAPPED:
                values = mapped.columns.get(name)
                if values is None:
                    columns[name] += [None] * count
                else:
                    columns[name] += values if kept is None else compress(values, kept)
        table = _table(columns, EVENTS)
        if self._columns:
            table = table.take(pc.sort_indices(table["record"]))
        return table, _table(self._accesses, ACCESSES), _table(self._marks, MARKS)

    def numbers(self) -> pa.Table:
        """The records that say their number among what a search gave, as `NUMBERS`."""
        columns = zip(*self._numbers, strict=True) if self._numbers else ((),) * 5
        names = ("record", "key", "time", "number", "of")
        told: dict[str, list[Any]] = {name: list(column) for name, column in zip(names, columns, strict=True)}
        told["source"] = [self._source] * len(self._numbers)
        told["content"] = [self._chunk.input.content_sha256] * len(self._numbers)
        return _table(told, NUMBERS)


_MAPPED = ("time", "class_uid", "metadata.sequence", *EVENT_COLUMNS, *EVENT_COUNTS)


def _repeated(keys: Sequence[bytes], without: frozenset[int]) -> frozenset[int]:
    """The places of keys that stand before, at a place that is not left out."""
    if len(set(keys)) == len(keys):
        return frozenset()
    first: dict[bytes, int] = {}
    return frozenset(
        place for place, key in enumerate(keys) if place not in without and first.setdefault(key, place) != place
    )


def _table(columns: Mapping[str, list[Any]], schema: pa.Schema) -> pa.Table:
    return pa.table([pa.array(columns[field.name], type=field.type) for field in schema], schema=schema)


def hits_of(matches: Sequence[Match], owners: Sequence[int], chunk: Chunk, events: pa.Table) -> pa.Table:
    """A hit an event and rule; `owners` gives, by place of the record matched, the ordinal of its event.

    Where every record of the event on which the rule holds is taken out by exceptions, a row for each set of them.
    """
    if not matches:
        return HITS.empty_table()
    ways: dict[tuple[int, str], dict[str | None, str]] = {}
    row_of = {reference: row for row, reference in enumerate(events.column("record").to_pylist())}
    for match in matches:
        row = row_of.get(record_reference(chunk.sequence, owners[match.index]))
        if row is not None:  # a second copy of an event leaves no second hit
            held = ways.setdefault((row, match.rule), {})
            by = " ".join(match.hidden_by) or None
            if by not in held and None not in held:
                held[by] = json.dumps([list(part) for part in match.matched], ensure_ascii=False)
    found = [
        (row, rule, by, matched)
        for (row, rule), held in ways.items()
        for by, matched in ([(None, held[None])] if None in held else held.items())
    ]
    taken = events.take(pa.array([row for row, _, _, _ in found], type=pa.int64()))
    for place, name in ((1, "rule"), (2, "hidden_by"), (3, "matched")):
        taken = taken.append_column(name, pa.array([one[place] for one in found], pa.string()))
    return taken.append_column("told", pa.nulls(len(found), pa.string())).select(HITS.names).cast(HITS)


def alerts_of(alerts: Sequence[tuple[int, Alert]], events: pa.Table) -> pa.Table:
    """A hit for each alert of another tool, given with the reference of its event; the hit's rule is the tool's."""
    if not alerts:
        return HITS.empty_table()
    row_of = {reference: row for row, reference in enumerate(events.column("record").to_pylist())}
    taken = events.take(pa.array([row_of[reference] for reference, _ in alerts], type=pa.int64()))
    for name in ("id", "matched", "told"):
        said = pa.array([getattr(alert, name) for _, alert in alerts], pa.string())
        taken = taken.append_column("rule" if name == "id" else name, said)
    if any(alert.columns is not None for _, alert in alerts):
        taken = _with_own_columns(taken, [alert for _, alert in alerts])
    return taken.append_column("hidden_by", pa.nulls(len(alerts), pa.string())).select(HITS.names).cast(HITS)


def _with_own_columns(rows: pa.Table, alerts: Sequence[Alert]) -> pa.Table:
    for place, field in enumerate(rows.schema):
        if field.name == "time" or field.name in EVENT_COLUMNS:
            values = rows.column(place).to_pylist()
            own = [
                value if alert.columns is None else alert.columns.get(field.name)
                for value, alert in zip(values, alerts, strict=True)
            ]
            rows = rows.set_column(place, field, pa.array(own, field.type))
    return rows


def sightings_of(matches: Sequence[Match], owners: Sequence[int], chunk: Chunk, events: pa.Table) -> pa.Table:
    """A row for each thing that an event says to the correlations that count a rule which holds on it."""
    counted = [match for match in matches if match.said is not None]
    if not counted:
        return SIGHTINGS.empty_table()
    row_of = {reference: row for row, reference in enumerate(events.column("record").to_pylist())}
    found: dict[tuple[int, str, str | None, tuple[str | None, ...]], None] = {}
    for match in counted:
        row = row_of.get(record_reference(chunk.sequence, owners[match.index]))
        if row is not None and match.said is not None:
            found[row, match.rule, " ".join(match.hidden_by) or None, match.said] = None
    taken = events.take(pa.array([row for row, _, _, _ in found], type=pa.int64()))
    taken = taken.append_column("rule", pa.array([rule for _, rule, _, _ in found], pa.string()))
    taken = taken.append_column("hidden_by", pa.array([by for _, _, by, _ in found], pa.string()))
    said = [json.dumps(said, ensure_ascii=False) for _, _, _, said in found]
    return taken.append_column("said", pa.array(said, pa.string())).select(SIGHTINGS.names).cast(SIGHTINGS)


def coalesced(
    events: Sequence[Event], records: Sequence[Record], ordinals: Sequence[int], rows: Rows
) -> tuple[list[Record], list[int]]:
    """The records as the rules see them, and for each the ordinal of its event; adds the events to `rows`.

    Raises ValueError where a record is in no event or in two: it would be lost, or counted twice.
    """
    seen: list[Record] = list(records)
    owners = [-1] * len(records)
    for event in events:
        first = ordinals[event.records[0]]
        for place, record in zip(event.records, event.seen, strict=True):
            if owners[place] >= 0:
                raise ValueError(f"record {place} stands in two events")
            owners[place], seen[place] = first, record
        rows.add(first, [records[place] for place in event.records], event.mapped)
    if -1 in owners:
        raise ValueError(f"record {owners.index(-1)} stands in no event")
    return seen, owners
