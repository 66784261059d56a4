"""A chunk of an event log as a table: what rules ask and what is mapped, by columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tocsin.collect.picking import PickedRows, Wanted
from tocsin.collect.source import MappedColumns, Table
from tocsin.collect.sources.windows_evtx.blocks import Sound, sound_records
from tocsin.collect.sources.windows_evtx.mapping import Origins, fields_mapped, map_columns, read_time, time_of
from tocsin.collect.sources.windows_evtx.picked import Event, Log, Picking, pick
from tocsin.model.record import Record

# Of the text at an offset and of a length. Raises what reading a text that is no event raises.
ToRecord = Callable[[int, int, bytes], Record]

_ORIGIN = ("Computer", "TimeCreated", "EventRecordID", "Keywords")


def read_table(data: bytes, skip: int, wanted: Wanted, to_record: ToRecord) -> Table | None:
    """The events from `skip` on; None where a block is not sound. Raises what reading one singly raises."""
    sound = sound_records(data, skip, with_checksums=True)
    return None if sound is None else table_of(sound, wanted, to_record)


def table_of(sound: Sound, wanted: Wanted, to_record: ToRecord) -> Table:
    """These records as a table. Raises what reading one singly raises."""
    texts = [text.encode() for text in sound.texts]
    records: dict[int, Record] = {}

    def record(place: int) -> Record:
        if place not in records:
            records[place] = to_record(*sound.spans[place], texts[place])
        return records[place]

    def single(place: int, _: Event) -> tuple[Log, Mapping[str, Any]]:
        found = record(place)
        channel, event_id, provider = found.log
        return (channel, event_id, provider), found.fields

    picking = Picking(lambda log: _with_mapped(wanted, log), _ORIGIN, single, lambda place: record(place).fields)
    picked, singly = pick(texts, picking)
    return Table(
        spans=sound.spans,
        texts=texts,
        rows=[*picked, *singly],
        mapped=[*map(_mapped, picked), *(None for _ in singly)],
        record=record,
    )


def _with_mapped(wanted: Wanted, log: tuple[str, ...]) -> frozenset[str] | None:
    """What is asked of a log and what is mapped of it; None where each record is needed whole."""
    asked, mapped = wanted(log), fields_mapped(log)
    return None if asked is None or mapped is None else asked | mapped


def _mapped(rows: PickedRows) -> MappedColumns | None:
    computers, created, numbers, keywords = (rows.column(at) for at in range(len(_ORIGIN)))
    stamps = list(map(time_of, created))
    read = list(map(read_time, stamps))
    warnings: Counter[str] = Counter()
    for _, odd in read:
        if odd:
            warnings.update(odd)
    origins = Origins(
        computers=computers,
        times=[time for time, _ in read],
        stamps=stamps,
        numbers=numbers,
        keywords=keywords,
        warnings=warnings,
    )
    return map_columns(rows.log, rows.kept, origins)
