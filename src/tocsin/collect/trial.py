"""A mapping tried on a file: what it would make of it, with nothing sealed and nothing kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tocsin.collect.declared.packing import source_of
from tocsin.collect.mapping_file import Declared, read_mapping
from tocsin.collect.plan import ChunkKind, Task, plan
from tocsin.collect.source import Mapped
from tocsin.model.instant import format_time
from tocsin.model.mapping import MAPPING_SOURCES, Trial
from tocsin.model.record import Record, Unreadable

_FIRST = 3
_TOLD_OF_ACCESS = ("kind", "holding", "container", "label", "degree")


def try_mapping(mapping: Path, log: str) -> Trial:
    """What the mapping makes of the log: a file, an archive or a folder. Raises ConfigError where either is faulty."""
    declared = Declared(str(mapping), mapping, read_mapping(str(mapping), mapping), in_estate=True)
    unread: list[tuple[str, str]] = []
    rejected: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    columns: dict[str, None] = {}
    first: list[tuple[tuple[str, str], ...]] = []
    records = 0
    for planned in plan([log], mappings=[declared]):
        source = planned.input.source
        if source in MAPPING_SOURCES or planned.input.path == str(mapping):
            continue
        if source != declared.mapping.source:
            if not any(task.kind is ChunkKind.CONTAINER for task in planned.tasks):
                why = planned.input.reason or f"its name is not one of the mapping's; {source} would read it"
                unread.append((planned.input.path, why))
            continue
        for record, mapped in _mapped(planned.tasks, rejected):
            records += 1
            warnings.update((*record.warnings, *mapped.warnings))
            operations.update(record.log)
            columns.update(dict.fromkeys(record.fields))
            if len(first) < _FIRST:
                first.append(_told(mapped))
    meanings = {one.name: one.meaning for one in declared.mapping.operations}
    found = ((name, count, meanings.get(name, "")) for name, count in operations.items())
    used = set(declared.mapping.used_columns())
    return Trial(
        unread=tuple(unread),
        records=records + sum(rejected.values()),
        rejected=tuple(sorted(rejected.items())),
        warnings=tuple(sorted(warnings.items())),
        operations=tuple(sorted(found, key=lambda one: (bool(one[2]), -one[1], one[0]))),
        unmapped=tuple(name for name in columns if name not in used),
        first=tuple(first),
    )


def _mapped(tasks: Iterator[Task], rejected: Counter[str]) -> Iterator[tuple[Record, Mapped]]:
    for task in tasks:
        if task.kind is ChunkKind.CONTAINER:
            continue
        chunk = task.chunk
        source, preamble = source_of(chunk.input.source, chunk.preamble)
        for one in source.records(_bytes_of(task), preamble, chunk.skip):
            if isinstance(one, Unreadable):
                rejected[one.reason] += one.records
            else:
                yield one, source.map(one)


def _bytes_of(task: Task) -> bytes:
    if task.data is not None or task.file is None:
        return task.data or b""
    with task.file.open("rb") as stream:
        stream.seek(task.chunk.offset)
        return stream.read(task.chunk.length)


def _told(mapped: Mapped) -> tuple[tuple[str, str], ...]:
    event = dict(mapped.event)
    time = event.pop("time", None)
    told = [("time", format_time(time))] if time is not None else []
    told += [(name, str(value)) for name, value in event.items() if value not in (None, "", 0)]
    for access in mapped.accesses:
        told.append(("access", ", ".join(str(access[name]) for name in _TOLD_OF_ACCESS if access.get(name))))
    told += [("mark", f"{mark['kind']} {mark.get('scope') or ''}".strip()) for mark in mapped.marks]
    return tuple(told)
