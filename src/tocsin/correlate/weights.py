"""How strongly a shared entity ties two findings: `weights.toml` as a frozen object, and the formulas that use it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from tocsin.model.finding import Entity, EntityType, Level
from tocsin.model.identity import is_machine_account, is_remote_address
from tocsin.model.instant import DAY, HOUR


class Slow(NamedTuple):
    """The second decay of an entity that still ties after days; the half-life in nanoseconds."""

    factor: float
    half_life: int


class Tuning(NamedTuple):
    """How far verdicts move a chance: see `correlate.tuning`."""

    verdicts: int
    least: float
    most: float


class Counted(NamedTuple):
    """How the list of a day counts, in days: see `correlate.triage`."""

    before_days: int
    prior_days: int
    window_days: int


_NOT_SLOW = Slow(0.0, DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The settings of `weights.toml`; times in nanoseconds, affinities 0 to 1."""

    attach: float
    merge: float
    rules: int
    together: int
    beyond_chance: float
    half_life: int
    slow: Mapping[EntityType, Slow]
    fast: Mapping[EntityType, int]
    quiet_hours: int
    population: int
    largest: int
    most_hosts: int
    recent: int
    entity: Mapping[EntityType, float]
    level: Mapping[Level, float]
    evidence: Mapping[Level, int]
    everyone: frozenset[str]
    tuning: Tuning
    triage: Counted

    def links(self, entity: Entity) -> bool:
        """Whether sharing this entity can say anything: no machine account, loopback or application of everyone."""
        if entity.type is EntityType.ACCOUNT:
            return not is_machine_account(entity.id)
        if entity.type is EntityType.ADDRESS:
            return is_remote_address(entity.id)
        return not (entity.type is EntityType.APPLICATION and entity.id.lower() in self.everyone)

    def decay(self, type_: EntityType, gap: int | None) -> float:
        """0 to 1 for a gap in nanoseconds; without times (None) only the `slow` types count, at their most."""
        slow = self.slow.get(type_, _NOT_SLOW)
        if gap is None:
            return slow.factor
        half_life = self.fast.get(type_, self.half_life)
        return max(math.exp2(-gap / half_life), slow.factor * math.exp2(-gap / slow.half_life))

    def rare(self, carriers: int, population: int) -> float:
        """1 for an entity of up to three accounts or hosts, falling towards 0 as `carriers` nears `population`."""
        if carriers <= 3:
            return 1.0
        known = max(population, carriers)
        return math.log1p(known / carriers) / math.log1p(known / 3)

    def quiet(self, hours: int) -> float:
        """1 for an entity that carried no finding in the last days, 0 for one that did in every hour of them."""
        return 1.0 - math.sqrt(min(1.0, hours / self.quiet_hours))


@cache
def load_weights() -> Weights:
    """The weights this package comes with."""
    table = tomllib.loads(resources.files(__package__).joinpath("weights.toml").read_text(encoding="utf-8"))
    return Weights(
        attach=table["attach"],
        merge=table["merge"],
        rules=table["rules"],
        together=table["sites"]["together"],
        beyond_chance=table["sites"]["beyond_chance"],
        half_life=table["half_life_hours"] * HOUR,
        slow={
            EntityType(name): Slow(each["factor"], each["half_life_days"] * DAY) for name, each in table["slow"].items()
        },
        fast={EntityType(name): each["half_life_minutes"] * HOUR // 60 for name, each in table["fast"].items()},
        quiet_hours=table["quiet_days"] * 24,
        population=table["population"],
        largest=table["largest"],
        most_hosts=table["most_hosts"],
        recent=table["recent"],
        entity={EntityType(name): weight for name, weight in table["entity"].items()},
        level={Level(name): weight for name, weight in table["level"].items()},
        evidence={Level(name): weight for name, weight in table["evidence"].items()},
        everyone=frozenset(table["everyone"]["applications"]),
        tuning=Tuning(**table["tuning"]),
        triage=Counted(**table["triage"]),
    )
