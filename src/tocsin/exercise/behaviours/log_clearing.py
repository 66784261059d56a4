"""Traces removed: after the last visit the Security log of the federation server is cleared."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise import windows_events as windows
from tocsin.exercise.actions import Action
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """A logon as at the theft, which the clearing itself removes, and the clearing."""
    server, account = world.host("federation server"), intrusion.service_account
    yield windows.logon(
        intrusion.clearing - chance.randrange(2 * MINUTE, 9 * MINUTE),
        server,
        world,
        account,
        intrusion.logon_id,
        kind=10,
        address=intrusion.remote_address,
    )
    yield windows.log_cleared(intrusion.clearing, server, world, account, intrusion.logon_id)
