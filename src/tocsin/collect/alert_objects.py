"""Alerts of other tools as JSON objects: what a tool says of its own rules in, events and alerts out.

A source says which objects are its own and gives, as data, which field is which column and which level a severity is;
the rest is the same for all of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from tocsin.collect import sources
from tocsin.collect.alone import framed_alone
from tocsin.collect.device_lines import Table, map_line, read_table
from tocsin.collect.objects import Framed, cut_objects, frame_objects, is_nested, opening_length
from tocsin.collect.source import HEAD_BYTES, Head, Mapped
from tocsin.collect.sources.m365_unified_audit.flatten import flatten
from tocsin.collect.written_time import written_time
from tocsin.model.alert import Alert, tactics_in, techniques_in
from tocsin.model.finding import Entity, Level
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # records of the head looked at
_BETWEEN = re.compile(r'[],;:"[]+')


class Severities(NamedTuple):
    """The declared table from a tool's severity to a level of ours.

    words   by the tool's word, in lower case
    steps   from a number on (ascending); a severity below the first is the first's level
    absent  where the tool gives none, or one that the table does not know
    """

    words: Mapping[str, Level]
    steps: Sequence[tuple[float, Level]]
    absent: Level

    def level(self, severity: str) -> Level:
        """The level of a severity as the tool wrote it; "" for none."""
        if (word := self.words.get(severity.strip().lower())) is not None:
            return word
        try:
            number = float(severity)
        except ValueError:
            return self.absent
        below = [level for start, level in self.steps if start <= number]
        return below[-1] if below else self.steps[0][1] if self.steps else self.absent


class Declared(NamedTuple):
    """A source's `[alert]`: the fields its alert's parts may be in, the first that is filled.

    kind    the tool's name in findings
    parts   of `logs` (first values of the log tuple; none for all) whose records are alerts: rule, title, severity,
            techniques, tactics, said, and `key`, what makes two copies one
    """

    kind: str
    logs: frozenset[str]
    parts: Mapping[str, tuple[str, ...]]
    severities: Severities
    table: Table
    time: tuple[str, ...]


@lru_cache(maxsize=32)
def read_alerts_table(package: str) -> Declared:
    """The `columns.toml` of a source package, with its `[alert]`."""
    alert = tomllib.loads(resources.files(package).joinpath("columns.toml").read_text("utf-8"))["alert"]
    severities = alert["severities"]
    return Declared(
        kind=alert["kind"],
        logs=frozenset(alert.get("logs", ())),
        parts={name: tuple(fields) for name, fields in alert["fields"].items()},
        severities=Severities(
            {word: Level(level) for level, words in severities.get("words", {}).items() for word in words},
            [(float(start), Level(level)) for start, level in severities.get("from", ())],
            Level(severities["absent"]),
        ),
        table=read_table(package),
        time=tuple(alert["time"]),
    )


class Shaped(NamedTuple):
    """An object as its source brings it to one shape: the fields, the log tuple, the entities it names.

    native  what the source wants besides when it maps the record
    """

    fields: dict[str, Any]
    log: tuple[str, ...]
    entities: tuple[Entity, ...] = ()
    native: Mapping[str, Any] = MappingProxyType({})


class AlertObjects:
    """What sources of such objects have in common (`Source`); each says its names and `shape`."""

    name: str
    decoder: str
    commits_text = False
    not_one = "an object that is no record of this tool"

    def shape(self, value: Mapping[str, Any]) -> Shaped | None:
        """An object of the tool; None where it is none."""
        raise NotImplementedError

    def recognises(self, head: Head) -> float:
        """The share of whole objects at the start that are the tool's."""
        data = head.data
        length = opening_length(data)
        if data[length:].lstrip()[:1] not in (b"{", b"]"):
            return 0.0
        found = list(islice(frame_objects(data, length, nested=is_nested(data[:length])), _MOST_TRIED))
        is_whole = head.size <= len(data) < HEAD_BYTES
        if len(found) > 1 and not is_whole and found[-1].offset + found[-1].length >= len(data.rstrip()):
            found.pop()  # the head ends in the middle of it
        fit = sum(one.value is not None and self.shape(one.value) is not None for one in found)
        return fit / len(found) if found else 0.0

    def preamble(self, head: Head) -> int:
        """The byte order mark, the bracket or the page head before the first record."""
        return opening_length(head.data[:HEAD_BYTES])

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end, where the next line is an object by itself; lists are never cut."""
        return None if is_nested(preamble) else cut_objects(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every object; commas and brackets between them belong to none."""
        for one in frame_objects(data, skip, nested=is_nested(preamble)):
            yield self._record(one, data[one.offset : one.offset + one.length])

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """An object reads alone as it did among others."""
        return framed_alone(self.records, raw, preamble)

    def map(self, record: Record) -> Mapped:
        """The record by `columns.toml`; where it is an alert, with it."""
        declared = self._declared
        return mapped_by(record, declared, self.alerts(record, declared))

    def alerts(self, record: Record, declared: Declared) -> Sequence[Alert]:
        """The alerts of a record: one where its log is among those declared."""
        return (alert_of(record.fields, declared, record.native["entities"]),) if is_alert(record, declared) else ()

    @property
    def _declared(self) -> Declared:
        return read_alerts_table(f"{sources.__name__}.{self.name}")

    def _record(self, one: Framed, raw: bytes) -> Record | Unreadable:
        if one.value is None:
            return Unreadable(one.offset, one.length, raw, one.reason, one.detail)
        shaped = self.shape(one.value)
        if shaped is None:
            return Unreadable(one.offset, one.length, raw, "not_of_this_tool", self.not_one)
        native, warnings = native_of(shaped, self._declared)
        return Record(
            one.offset, one.length, raw, shaped.log, shaped.fields, native, tuple({*one.warnings, *warnings}), ""
        )


def native_of(shaped: Shaped, declared: Declared) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What `mapped_by` asks of a record beside its fields, and what its time had to be warned of."""
    written = written_time(first_text(shaped.fields, declared.time))
    native = {"time": written.time, "undated": None, "host": None, "entities": shaped.entities}
    return {**shaped.native, **native}, written.warnings


def is_alert(record: Record, declared: Declared) -> bool:
    """Whether the record's log is one of those that are alerts."""
    return not declared.logs or record.log[0] in declared.logs


def mapped_by(record: Record, declared: Declared, alerts: Sequence[Alert]) -> Mapped:
    """The record as event, with alerts. Where it has no host the device's own address stands for it."""
    mapped = map_line(record, declared.table)
    event = dict(mapped.event)
    if event.get("device.hostname") is None:
        event["device.hostname"] = event.get("device.ip")
    id_ = first_text(record.fields, declared.parts.get("key", ()))
    key = None
    if id_:
        when = first_text(record.fields, declared.parts.get("revised", ()))
        key = f"{declared.kind}\0{record.log}\0{id_}\0{when}".encode()
    return mapped._replace(event=event, key=key, alerts=tuple(alerts))


def alert_of(fields: Mapping[str, Any], declared: Declared, entities: Sequence[Entity] = ()) -> Alert:
    """The alert that these fields are."""
    parts = declared.parts
    title = first_text(fields, parts["title"]) or first_text(fields, parts["rule"])
    said = [(name, text) for name in parts["said"] for text in texts_of(fields.get(name))[:1]]
    return Alert(
        kind=declared.kind,
        rule=first_text(fields, parts["rule"]) or title,
        title=title or "an alert without a name",
        level=declared.severities.level(first_text(fields, parts["severity"])),
        techniques=techniques_in([text for name in parts["techniques"] for text in texts_of(fields.get(name))]),
        tactics=tactics_in([text for name in parts["tactics"] for text in _split(fields.get(name))]),
        said=said,
        entities=entities,
    )


def shaped_flat(value: Mapping[str, Any], log: tuple[str, ...], entities: Sequence[Entity] = ()) -> Shaped:
    """An object under dotted names, numbers as text where a column may want them."""
    fields, _ = flatten(dict(value))
    return Shaped(fields, log, tuple(dict.fromkeys(entities)))


def first_text(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these fields that says something, as text; "" where none does."""
    return next((text for name in names for text in texts_of(fields.get(name))), "")


def texts_of(value: object) -> list[str]:
    """The texts and numbers of a field that say something."""
    values = value if isinstance(value, list) else [value]
    return [
        str(one) for one in values if isinstance(one, (str, int, float)) and not isinstance(one, bool) and one != ""
    ]


def _split(value: object) -> list[str]:
    return [part for text in texts_of(value) for part in _BETWEEN.split(text)]
