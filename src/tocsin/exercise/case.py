"""A case: its world, what is played in it, and running it into a folder of logs, estate and truth."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tocsin.errors import ConfigError, StoreError
from tocsin.exercise import cases
from tocsin.exercise.actions import Action
from tocsin.exercise.estate import write_estate
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.truth import write_truth
from tocsin.exercise.world import World, WorldShape, build_world
from tocsin.exercise.writing import ClearedLog, write_logs

FOLDER = "exercise"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInfo:
    """What a person chooses a case by."""

    name: str
    title: str
    sentence: str
    days: int
    identities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """What happens in a case: every action, in any order, the intruder's among them, and the logs that were cleared."""

    actions: tuple[Action, ...]
    intrusion: Intrusion
    cleared: tuple[ClearedLog, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case; a module of `cases/` holds one named `CASE`. `play` is a pure function of the world and the seed."""

    name: str
    title: str
    sentence: str
    shape: WorldShape
    play: Callable[[World, int], Play]

    @property
    def info(self) -> CaseInfo:
        """The case without what it plays."""
        return CaseInfo(
            name=self.name,
            title=self.title,
            sentence=self.sentence,
            days=self.shape.days,
            identities=self.shape.identities,
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


def run(name: str, folder: Path, seed: int) -> Path:
    """Write the case into `folder/exercise` (`logs/`, `estate/`, `truth.json`, `README.txt`) and return that path.

    Equal arguments write equal bytes. Raises ConfigError for an unknown case or a folder that already holds an
    exercise, StoreError where the disk refuses.
    """
    case = _cases().get(name)
    if case is None:
        raise ConfigError(f"there is no exercise named {name}", hint=f"exercises: {', '.join(_cases())}")
    target = folder / FOLDER
    if target.exists() and any(target.iterdir()):
        raise ConfigError(f"{target} already holds an exercise", hint="choose another workspace or remove it first")
    try:
        _write_case(case, target, seed)
    except OSError as error:
        raise StoreError(f"the exercise could not be written to {target}: {error.strerror}") from error
    return target


def _write_case(case: Case, target: Path, seed: int) -> None:
    world = build_world(case.shape, seed)
    play = case.play(world, seed)
    placed = write_logs(world, play.actions, play.cleared, target, seed)
    write_estate(world, target / "estate")
    write_truth(case.name, seed, world, play.intrusion, placed, target / "truth.json")
    (target / "README.txt").write_text(_readme(case, world, seed), encoding="utf-8")


def _readme(case: Case, world: World, seed: int) -> str:
    return (
        f"{case.title} ({case.name}, seed {seed}).\n"
        f"{case.sentence}\n\n"
        f"Everything here is invented: {world.title}, its people, its domain and its addresses.\n\n"
        "logs/        what the institution's systems logged\n"
        "estate/      what the institution says about itself\n"
        "truth.json   what really happened; do not look before you have answered\n\n"
        "Investigate it with:  tocsin investigate logs --estate estate\n"
    )
