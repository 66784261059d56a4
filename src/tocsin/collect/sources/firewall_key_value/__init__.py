"""Firewalls that write named values: FortiGate, Sophos, SonicWall, netfilter, Check Point; in or out of syslog."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, NamedTuple

from tocsin.collect.device_lines import map_line, read_line_alone, read_lines, read_table, recognise_lines, text_of
from tocsin.collect.lines import cut_line
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.collect.sources.firewall_key_value.lines import read_line
from tocsin.model.record import Record, Unreadable

_TABLE = read_table(__name__)
_NOT_READ = ("not_a_firewall_line", "a line of no firewall known")
_DECLARED = tomllib.loads(resources.files(__name__).joinpath("audit.toml").read_text("utf-8"))


class _Change(NamedTuple):
    """A change that outlives the session: see the head of `audit.toml`."""

    dialect: str
    kind: str
    when: tuple[tuple[str, tuple[str, ...]], ...]
    scope: tuple[str, ...]
    shows: tuple[str, ...]
    sentence: str


_CHANGES = tuple(
    _Change(
        one["dialect"],
        one["kind"],
        tuple((name, tuple(value.lower() for value in values)) for name, values in one["when"].items()),
        tuple(one["scope"]),
        tuple(one["shows"]),
        one["sentence"],
    )
    for one in _DECLARED["change"]
)


class FirewallKeyValue:
    """The source: one event a line."""

    name = "firewall_key_value"
    decoder = "firewall_key_value 1"
    log_fields: tuple[str, ...] = ("device", "type", "subtype")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of lines at the start that are of a firewall known."""
        return recognise_lines(head, read_line)

    def preamble(self, head: Head) -> int:
        """None: every line stands for itself."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line."""
        return read_lines(data, skip, read_line, *_NOT_READ)

    def record_of(self, raw: bytes, text: bytes | None, preamble: bytes, context: str) -> Record | Unreadable:
        """A line without a year by the time its neighbours gave it."""
        return read_line_alone(raw, context, read_line, *_NOT_READ)

    def map(self, record: Record) -> Mapped:
        """The event by `columns.toml`, and by `audit.toml` what it says of logging and standing access."""
        mapped = map_line(record, _TABLE)
        if mapped.event["status"] == "failure":
            return mapped
        marks = [
            _mark(change, record, mapped.event)
            for change in _CHANGES
            if change.dialect == record.log[0] and _applies(change, record.fields)
        ]
        return mapped._replace(marks=marks) if marks else mapped


def _applies(change: _Change, fields: Mapping[str, Any]) -> bool:
    return all(
        (text := text_of(fields.get(name))) is not None and any(_fits(text.lower(), value) for value in values)
        for name, values in change.when
    )


def _fits(text: str, pattern: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _mark(change: _Change, record: Record, event: Mapping[str, Any]) -> dict[str, Any]:
    fields = record.fields
    shown = [f"{name} {text}" for name in change.shows if (text := text_of(fields.get(name)))]
    return {
        "kind": change.kind,
        "host": event["device.hostname"],
        "channel": record.log[0],
        "scope": next((text for name in change.scope if (text := text_of(fields.get(name)))), None),
        "actor": event["actor.user.name"],
        "detail": f"{change.sentence}: {'; '.join(shown)}" if shown else change.sentence,
    }


SOURCE: Source = FirewallKeyValue()
