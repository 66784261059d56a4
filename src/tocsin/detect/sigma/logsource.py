"""Which part of a source's log a Sigma log source means: declared per source as data, decided per log tuple."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tocsin.detect.indicators.observable import observables_in
from tocsin.detect.sigma.value import fold
from tocsin.errors import ConfigError

_KEYS: Final = ("product", "category", "service")


class LogSource(msgspec.Struct, frozen=True, array_like=True):
    """A rule's log source; "" for a key it does not give."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        return "/".join(key for key in (self.product, self.category, self.service) if key)


class Alternative(msgspec.Struct, frozen=True, array_like=True):
    """One part of the log: every log field named must have one of the values (case apart), none named means all of it.

    rename  rule field to record field, for rules bound through this alternative
    """

    when: tuple[tuple[str, tuple[str, ...]], ...]
    rename: tuple[tuple[str, str], ...]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One declared log source and the parts of the log it stands for (their union)."""

    log_source: LogSource
    alternatives: tuple[Alternative, ...]


Gate = tuple[tuple[int, frozenset[str]], ...]  # place in the log tuple, and the values wanted there, folded


def passes(gate: Gate, folded: Sequence[str]) -> bool:
    """Whether records whose log tuple, case folded, is this one belong to the part the gate is of."""
    return all(folded[place] in wanted for place, wanted in gate)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSourceMap:
    """All that one source declares.

    own_data  log fields whose name an event's own data may use too, for another value (Windows `Channel` of event 104)
    observables  fields in which indicators are looked for, and what each holds (`detect.indicators.observable.Shape`)
    """

    source: str
    log_fields: tuple[str, ...]
    entries: tuple[Entry, ...]
    own_data: tuple[str, ...] = ()
    observables: tuple[tuple[str, str], ...] = ()

    def alternatives(self, wanted: LogSource) -> tuple[Alternative, ...]:
        """Every part of the log that a rule with this log source reads, without duplicates, as declared.

        An entry applies when each key the rule gives equals the entry's; keys the rule leaves out do not matter. So
        `product: windows` alone reads every part declared for windows, and `category: proxy` every product's proxy.
        """
        found: dict[Alternative, None] = {}
        for entry in self.entries:
            pairs = zip(msgspec.structs.astuple(wanted), msgspec.structs.astuple(entry.log_source), strict=True)
            if all(not rule_key or fold(rule_key) == fold(entry_key) for rule_key, entry_key in pairs):
                found.update(dict.fromkeys(entry.alternatives))
        return tuple(found)

    def gate(self, alternative: Alternative) -> Gate:
        """What `passes` needs to tell which records belong to the part."""
        return tuple(
            (self.log_fields.index(name), frozenset(fold(text) for text in texts)) for name, texts in alternative.when
        )


def read_logsource_map(source: str, log_fields: tuple[str, ...], text: str) -> LogSourceMap:
    """A source's `logsources.toml`. Raises ConfigError for anything it cannot mean.

    `[[logsource]]` with at least one of product, category, service, and any number of `[[logsource.when]]`: log field
    to a list of texts, beside them `rename = { rule field = "record field" }`. Without a `when` it is the whole log.
    At the top, `own_data` may list log fields that an event's own data can shadow; `[observables]` lists, by what they
    hold, the fields in which indicators are looked for (two names with `+` between are looked at as one text).
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"logsources.toml of {source}: {error}") from error
    own_data = document.pop("own_data", [])
    observables = document.pop("observables", {})
    declared = document.pop("logsource", [])
    if document or not isinstance(declared, list):
        raise ConfigError(f"logsources.toml of {source}: unknown {', '.join(sorted(document)) or 'logsource'}")
    if not isinstance(own_data, list) or not set(own_data) <= set(log_fields):
        raise ConfigError(f"logsources.toml of {source}: own_data lists log fields only ({', '.join(log_fields)})")
    try:
        observed = observables_in(observables)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"logsources.toml of {source}: observables: {error}") from error
    return LogSourceMap(
        source=source,
        log_fields=log_fields,
        entries=tuple(_entry(source, log_fields, one) for one in declared),
        own_data=tuple(own_data),
        observables=observed,
    )


def _entry(source: str, log_fields: tuple[str, ...], declared: Mapping[str, Any]) -> Entry:
    keys = {key: declared[key] for key in _KEYS if key in declared}
    unknown = set(declared) - set(_KEYS) - {"when", "rename"}
    if unknown or not keys or not all(isinstance(value, str) and value for value in keys.values()):
        raise ConfigError(f"logsources.toml of {source}: {dict(declared)} is not a log source")
    whens = declared.get("when", [{}])
    if not isinstance(whens, list) or not whens or not all(isinstance(when, dict) for when in whens):
        raise ConfigError(f"logsources.toml of {source}: `when` of {keys} is a list of tables")
    common = declared.get("rename", {})
    return Entry(LogSource(**keys), tuple(_alternative(source, log_fields, when, common) for when in whens))


def _alternative(
    source: str, log_fields: tuple[str, ...], when: Mapping[str, Any], common: Mapping[str, str]
) -> Alternative:
    rename = {**common, **when.get("rename", {})}
    conditions = {name: texts for name, texts in when.items() if name != "rename"}
    for name, texts in conditions.items():
        if name not in log_fields:
            raise ConfigError(f"logsources.toml of {source}: {name} is not one of {', '.join(log_fields)}")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"logsources.toml of {source}: {name} needs a list of texts, not {texts!r}")
    if not all(isinstance(name, str) and name for name in rename.values()):
        raise ConfigError(f"logsources.toml of {source}: rename maps rule fields to record fields, not {rename!r}")
    return Alternative(
        tuple((name, tuple(texts)) for name, texts in sorted(conditions.items())), tuple(sorted(rename.items()))
    )
