"""A case: its world, what is played in it, and running it into a folder of logs, estate and truth."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from tocsin.errors import ConfigError, StoreError
from tocsin.exercise import cases
from tocsin.exercise.acquisition import write_acquisition
from tocsin.exercise.actions import Action
from tocsin.exercise.building import build_world
from tocsin.exercise.estate import write_estate
from tocsin.exercise.logs.writing import write_logs
from tocsin.exercise.presence import Day, Rota
from tocsin.exercise.season import rota_of
from tocsin.exercise.truth import Facts, write_truth
from tocsin.exercise.world import World, WorldShape, stream

FOLDER = "exercise"
LONGEST_DAYS = 70
MOST_IDENTITIES = 1_500

Ordinary = Callable[[World, Day, Random], Iterator[Action]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInfo:
    """What a person chooses a case by; `players` are those who can be left out of it."""

    name: str
    title: str
    sentence: str
    days: int
    identities: int
    least_days: int
    least_identities: int
    players: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What one player does in a case: every action, in any order, and what is to be known of it."""

    hostile: tuple[Action, ...]
    facts: Facts = field(default_factory=Facts)


Player = Callable[[World, Rota, int], Play]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; a module of `cases/` holds one named `CASE`.

    shape             the institution and the days it is played in where nothing else is asked for
    ordinary          behaviours of the days as they would have been without any player, by name
    players           whom the case is about, by name, each a pure function of the world, who works when, and the seed
    least_days        fewer and the players have no time
    least_identities  fewer and a unit has too few people
    """

    name: str
    title: str
    sentence: str
    shape: WorldShape
    ordinary: Mapping[str, Ordinary]
    players: Mapping[str, Player]
    least_days: int
    least_identities: int = 60

    @property
    def info(self) -> CaseInfo:
        """The case without what it plays."""
        return CaseInfo(
            name=self.name,
            title=self.title,
            sentence=self.sentence,
            days=self.shape.days,
            identities=self.shape.identities,
            least_days=self.least_days,
            least_identities=self.least_identities,
            players=tuple(self.players),
        )


@cache
def _cases() -> dict[str, Case]:
    found = (
        importlib.import_module(f"{cases.__name__}.{module.name}").CASE
        for module in pkgutil.iter_modules(cases.__path__)
    )
    return {case.name: case for case in sorted(found, key=lambda case: str(case.name))}


def list_cases() -> tuple[CaseInfo, ...]:
    """Every case there is, by name."""
    return tuple(case.info for case in _cases().values())


def run(
    name: str,
    folder: Path,
    seed: int,
    days: int | None = None,
    identities: int | None = None,
    players: Sequence[str] | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Path:
    """Write the case into `folder/exercise` (`logs/`, `estate/`, `truth.json`, `README.txt`) and return that path.

    `days` of ordinary work, the last of them with the `players`, in an institution of `identities`; None for the case's
    own. Who is left out changes nothing of what the others and everybody else do. `advance` is told 1 after each day.
    Equal arguments write equal bytes. Raises ConfigError for an unknown case or player, a number it cannot be played
    with, or a folder that already holds an exercise; StoreError where the disk refuses.
    """
    case = playable(name, folder, days, identities, players)
    target = folder / FOLDER
    try:
        _write_case(case, target, seed, advance)
    except OSError as error:
        raise StoreError(f"the exercise could not be written to {target}: {error.strerror}") from error
    return target


def playable(
    name: str,
    folder: Path,
    days: int | None = None,
    identities: int | None = None,
    players: Sequence[str] | None = None,
) -> Case:
    """The case in that size, with those players; nothing is written. Raises ConfigError as `run`."""
    case = _cases().get(name)
    if case is None:
        raise ConfigError(f"there is no exercise named {name}", hint=f"exercises: {', '.join(_cases())}")
    shape = replace(
        case.shape,
        days=_within("days", days, case.shape.days, case.least_days, LONGEST_DAYS),
        identities=_within("identities", identities, case.shape.identities, case.least_identities, MOST_IDENTITIES),
    )
    chosen = case.players if players is None else _chosen(case, players)
    target = folder / FOLDER
    if target.exists() and any(target.iterdir()):
        raise ConfigError(f"{target} already holds an exercise", hint="choose another workspace or remove it first")
    return replace(case, shape=shape, players=chosen)


def _chosen(case: Case, players: Sequence[str]) -> Mapping[str, Player]:
    """Those of the case that are named, in its own order."""
    unknown = sorted(set(players) - set(case.players))
    if unknown:
        raise ConfigError(
            f"{case.name} has no player named {unknown[0]}", hint=f"players: {', '.join(case.players)}; or none"
        )
    return {name: player for name, player in case.players.items() if name in players}


def _within(what: str, asked: int | None, usual: int, least: int, most: int) -> int:
    if asked is None:
        return usual
    if not least <= asked <= most:
        raise ConfigError(f"this exercise cannot be played with {asked} {what}", hint=f"choose {least} to {most}")
    return asked


def ordinary_day(case: Case, world: World, seed: int, day: Day) -> Iterator[Action]:
    """A day as it would have been without the players."""
    for name, act in case.ordinary.items():
        yield from act(world, day, stream(seed, f"{name}/{day.number}"))


def _write_case(case: Case, target: Path, seed: int, advance: Callable[[int], None]) -> None:
    world = build_world(case.shape, seed)
    rota = rota_of(world, seed)
    plays = {name: player(world, rota, seed) for name, player in case.players.items()}
    facts = {name: play.facts for name, play in plays.items()}
    cleared = [log for each in facts.values() for log in each.cleared]
    hostile = [action._replace(player=name) for name, play in plays.items() for action in play.hostile]
    days = _days(case, world, seed, rota, hostile, advance)
    placed = write_logs(world, days, cleared, target, seed)
    write_acquisition(world, target / "logs")
    write_estate(world, target / "estate")
    write_truth(case.name, seed, world, facts, placed, target / "truth.json")
    (target / "README.txt").write_text(_readme(case, world, seed), encoding="utf-8")


def _days(
    case: Case, world: World, seed: int, rota: Rota, hostile: Sequence[Action], advance: Callable[[int], None]
) -> Iterator[list[Action]]:
    """What happens on each day, the players' acts among it."""
    for index in range(world.shape.days):
        begin, end = world.day(index), world.day(index + 1)
        of_players = [action for action in hostile if begin <= action.time < end]
        yield [*ordinary_day(case, world, seed, rota.day(index)), *of_players]
        advance(1)


def _readme(case: Case, world: World, seed: int) -> str:
    return (
        f"{case.title} ({case.name}, seed {seed}, {world.shape.days} days, {world.shape.identities} identities).\n"
        f"{case.sentence}\n\n"
        f"Everything here is invented: {world.title}, its people, its domain and its addresses.\n\n"
        "logs/        what the institution's systems logged\n"
        "estate/      what the institution says about itself\n"
        "truth.json   what really happened; do not look before you have answered\n\n"
        "Investigate it with:  tocsin investigate logs --estate estate\n"
    )
