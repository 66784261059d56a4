"""The long season: ten weeks of a changing institution, in the last six of them four quiet people and two intruders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from tocsin.exercise.actions import Action
from tocsin.exercise.behaviours import (
    administration,
    backups,
    browsing,
    collecting,
    correspondence,
    domain_logons,
    leaving,
    machines,
    matter_work,
    passwords,
    portal,
    provider_services,
    scanning,
    server_care,
    server_logons,
    signing_in,
    stolen_account,
    straying,
)
from tocsin.exercise.careers import cast_of
from tocsin.exercise.case import Case, Play, Player
from tocsin.exercise.cases import paper_trail, quiet_reader
from tocsin.exercise.presence import Rota
from tocsin.exercise.world import Person, World, WorldShape, stream
from tocsin.model.instant import NANOSECONDS

_MONDAY_2_MARCH_2026 = 1_772_409_600 * NANOSECONDS
_DAYS, _LEAST_DAYS = 70, 14
_INTRUSION_DAYS = 10

Acts = Callable[[World, Rota, Person, int, Random], Iterator[Action]]
Begins = Callable[[World, Person, Random], int]


def quiet_days(world: World) -> int:
    """How many of the first days are without any player: two fifths, to learn from."""
    return world.shape.days * 2 // 5


def _within(world: World, needed: int, chance: Random) -> int:
    """A first day after the quiet ones that leaves `needed` days, where there are so many."""
    quiet = quiet_days(world)
    return chance.randint(quiet, max(quiet, world.shape.days - needed))


def _early(world: World, person: Person, chance: Random) -> int:
    del person
    return quiet_days(world) + chance.randint(0, world.shape.days // 14)


def _a_month(world: World, person: Person, chance: Random) -> int:
    del person
    return _within(world, collecting.DAYS, chance)


def _before_the_end(world: World, person: Person, chance: Random) -> int:
    del chance
    last = world.careers[person.id].leaves
    return max(quiet_days(world), (world.shape.days if last is None else last + 1) - leaving.DAYS)


def _on_a_workday(world: World, person: Person, chance: Random) -> int:
    del person
    day = _within(world, stolen_account.DAYS, chance)
    return next(later for later in range(day, world.shape.days) if world.is_workday(later))


def _of_staff(role: str, act: Acts, begins: Begins) -> Player:
    """The player whom the cast has in that role."""

    def play(world: World, rota: Rota, seed: int) -> Play:
        person, chance = cast_of(world, seed)[role], stream(seed, role)
        return Play(hostile=tuple(act(world, rota, person, begins(world, person, chance), chance)))

    return play


def _from_outside(name: str, play_from: Callable[[World, int, int], Play]) -> Player:
    """An intrusion of ten days, placed anywhere after the quiet ones."""

    def play(world: World, rota: Rota, seed: int) -> Play:
        del rota
        latest = world.shape.days - _INTRUSION_DAYS
        before = min(_within(world, _INTRUSION_DAYS, stream(seed, f"{name} begins")), latest)
        return play_from(world, before, seed)

    return play


CASE = Case(
    name="long-season",
    title="The long season",
    sentence=(
        "Ten weeks at a tribunal of 400 whose people come, go, move and travel: an impostor, a collector, a leaver, "
        "a stolen account and two intrusions, all of them or any."
    ),
    shape=WorldShape(
        identities=400,
        days=_DAYS,
        start=_MONDAY_2_MARCH_2026,
        first_weekday=0,
        systems=("tenant", "file server"),
        documents_a_site=120,
        messages_a_mailbox=200,
        matters=36,
        is_changing=True,
    ),
    ordinary={
        "signing in": signing_in.act,
        "domain logons": domain_logons.act,
        "correspondence": correspondence.act,
        "matter work": matter_work.act,
        "server logons": server_logons.act,
        "passwords": passwords.act,
        "browsing": browsing.act,
        "portal": portal.act,
        "provider services": provider_services.act,
        "administration": administration.act,
        "server care": server_care.act,
        "backups": backups.act,
        "scanning": scanning.act,
        "machines": machines.act,
    },
    players={
        "impostor": _of_staff("impostor", straying.act, _early),
        "collector": _of_staff("collector", collecting.act, _a_month),
        "leaver": _of_staff("leaver", leaving.act, _before_the_end),
        "stolen-account": _of_staff("stolen-account", stolen_account.act, _on_a_workday),
        "quiet-reader": _from_outside("quiet-reader", quiet_reader.play_from),
        "paper-trail": _from_outside("paper-trail", paper_trail.play_from),
    },
    least_days=_LEAST_DAYS,
    least_identities=40,
)
