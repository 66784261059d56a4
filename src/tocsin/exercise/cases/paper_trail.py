"""The paper trail: a web shell on the filing portal, a stolen service account, sealed files copied and altered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from tocsin.exercise import portal_intruder, windows_events
from tocsin.exercise.actions import Action
from tocsin.exercise.behaviours import (
    archive_outflow,
    backups,
    browsing,
    credential_theft,
    domain_logons,
    file_server_work,
    machines,
    portal,
    portal_scan,
    sealed_files,
    server_care,
    trail_clearing,
    web_shell,
)
from tocsin.exercise.case import Case, Play
from tocsin.exercise.logs.windows import ClearedLog
from tocsin.exercise.presence import Rota
from tocsin.exercise.truth import Facts, Outflow
from tocsin.exercise.world import World, WorldShape, stream
from tocsin.model.instant import DAY, NANOSECONDS

Hostile = Callable[[World, portal_intruder.PortalIntrusion, Random], Iterator[Action]]

HOSTILE: dict[str, Hostile] = {
    "portal scan": portal_scan.act,
    "web shell": web_shell.act,
    "credential theft": credential_theft.act,
    "sealed files": sealed_files.act,
    "archive outflow": archive_outflow.act,
    "trail clearing": trail_clearing.act,
}

_MONDAY_2_MARCH_2026 = 1_772_409_600 * NANOSECONDS
_DAYS = 10
_ADDRESSES = ("203.0.113.61", "203.0.113.188")


def play_from(world: World, before: int, seed: int) -> Play:
    """The intruder, in the ten days that begin with day `before`."""
    intrusion = portal_intruder.plan(world, stream(seed, "intrusion"), before=before, addresses=_ADDRESSES)
    hostile = (action for name, act in HOSTILE.items() for action in act(world, intrusion, stream(seed, name)))
    server = world.host("file server").name
    archived_to = intrusion.clearing // DAY * DAY  # the log is archived at midnight
    return Play(
        hostile=tuple(hostile),
        facts=Facts(
            worked_on=(intrusion.web_server.name, server),
            cleared=(ClearedLog(server, windows_events.SECURITY, archived_to, intrusion.clearing),),
            outflow=tuple(
                Outflow(archive_outflow.fetched(intrusion, night), tuple(document.path for document in night.read))
                for night in intrusion.nights
            ),
        ),
    )


def _play(world: World, rota: Rota, seed: int) -> Play:
    """The intruder, in the last ten days."""
    del rota
    return play_from(world, world.shape.days - _DAYS, seed)


CASE = Case(
    name="paper-trail",
    title="The paper trail",
    sentence=(
        "Ten days at a tribunal of 400: somebody comes in through the filing portal, copies sealed files from the file "
        "server, alters and deletes some of them, and clears its log."
    ),
    shape=WorldShape(
        identities=400,
        days=_DAYS,
        start=_MONDAY_2_MARCH_2026,
        first_weekday=0,
        systems=("file server",),
        documents_a_site=60,
        messages_a_mailbox=0,
    ),
    ordinary={
        "domain logons": domain_logons.act,
        "file server work": file_server_work.act,
        "portal": portal.act,
        "browsing": browsing.act,
        "backups": backups.act,
        "server care": server_care.act,
        "machines": machines.act,
    },
    players={"paper-trail": _play},
    least_days=_DAYS,
)
