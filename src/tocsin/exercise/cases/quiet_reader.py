"""The quiet reader: a stolen token-signing key, forged sign-ins, and three mailboxes read on four nights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from tocsin.exercise import intruder, windows_events
from tocsin.exercise.actions import Action
from tocsin.exercise.behaviours import (
    administration,
    document_taking,
    documents,
    domain_logons,
    forged_sign_in,
    key_theft,
    log_clearing,
    machines,
    mail,
    mail_forwarding,
    mailbox_reading,
    provider_services,
    server_care,
    signing_in,
)
from tocsin.exercise.case import Case, Play
from tocsin.exercise.logs.windows import ClearedLog
from tocsin.exercise.presence import Rota
from tocsin.exercise.truth import Facts
from tocsin.exercise.world import World, WorldShape, stream
from tocsin.model.instant import DAY, NANOSECONDS

Hostile = Callable[[World, intruder.Intrusion, Random], Iterator[Action]]

HOSTILE: dict[str, Hostile] = {
    "key theft": key_theft.act,
    "forged sign-in": forged_sign_in.act,
    "mailbox reading": mailbox_reading.act,
    "mail forwarding": mail_forwarding.act,
    "document taking": document_taking.act,
    "log clearing": log_clearing.act,
}

_MONDAY_2_MARCH_2026 = 1_772_409_600 * NANOSECONDS
_DAYS = 10
_THEFT_DAY = 2
_NIGHTS = (4, 5, 7, 9)
_ADDRESSES = ("203.0.113.77", "203.0.113.142")


def play_from(world: World, before: int, seed: int) -> Play:
    """The intruder, in the ten days that begin with day `before`."""
    intrusion = intruder.plan(
        world,
        stream(seed, "intrusion"),
        targets=world.unit("Witness Section")[:3],
        theft_day=before + _THEFT_DAY,
        nights=tuple(before + night for night in _NIGHTS),
        addresses=_ADDRESSES,
    )
    hostile = (action for name, act in HOSTILE.items() for action in act(world, intrusion, stream(seed, name)))
    archived_to = intrusion.clearing // DAY * DAY  # the log is archived at midnight
    server = world.host("federation server").name
    return Play(
        hostile=tuple(hostile),
        facts=Facts(
            worked_on=intrusion.hosts,
            cleared=(ClearedLog(server, windows_events.SECURITY, archived_to, intrusion.clearing),),
        ),
    )


def _play(world: World, rota: Rota, seed: int) -> Play:
    """The intruder, in the last ten days."""
    del rota
    return play_from(world, world.shape.days - _DAYS, seed)


CASE = Case(
    name="quiet-reader",
    title="The quiet reader",
    sentence=(
        "Ten days at a tribunal of 400: somebody takes the key that signs its sign-ins, "
        "and reads the witness section's mail by night."
    ),
    shape=WorldShape(identities=400, days=_DAYS, start=_MONDAY_2_MARCH_2026, first_weekday=0, systems=("tenant",)),
    ordinary={
        "signing in": signing_in.act,
        "domain logons": domain_logons.act,
        "mail": mail.act,
        "documents": documents.act,
        "provider services": provider_services.act,
        "administration": administration.act,
        "server care": server_care.act,
        "machines": machines.act,
    },
    players={"quiet-reader": _play},
    least_days=_DAYS,
)
