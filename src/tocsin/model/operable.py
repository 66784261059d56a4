"""Which rules could have fired, by host and day, and what of ATT&CK they would have shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRules:
    """One log, and which of the sets of rules could have fired on it: `rules` is a place in `RulesByHost.sets`."""

    source: str
    host: str
    channel: str
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDays:
    """Days on end on which the same rules could have fired on a host; `host` is "" for logs that name none.

    first, last   days, YYYY-MM-DD, both included
    operable      rules that a log of the host, watched all day, could have made fire
    partly        others, whose logs were watched for a part of the day
    blind         the rest: none of the host's logs of that day could
    """

    host: str
    first_day: str
    last_day: str
    operable: int
    partly: int
    blind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueSight:
    """A technique some rule names: the ids of those that could have fired somewhere, and of those that could not.

    hosts         on how many a rule for it could have fired; logs that name none are one of them
    hours, of     of all hours of the map on these hosts (`of`), those in which a log of such a rule was watched
    """

    technique: str
    tactics: tuple[str, ...]
    operable: tuple[str, ...]
    blind: tuple[str, ...]
    hosts: int
    hours: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesByHost:
    """Rules operable or blind, by host and day, over the map of `hours` from `from_` to `to` (ns UTC, None undated).

    loaded     rules and correlations there are
    sets       distinct sets of rules, each as sorted ids
    places     logs by source, host and channel
    days       by host and day
    techniques by id; `attack_version` the release of ATT&CK the rules name techniques of
    """

    from_: int | None
    to: int | None
    hours: int
    loaded: int
    attack_version: str
    sets: tuple[tuple[str, ...], ...]
    places: tuple[PlaceRules, ...]
    days: tuple[HostDays, ...]
    techniques: tuple[TechniqueSight, ...]
