"""Portal scan: in the afternoon before, the intruder asks the portal for hundreds of names that might be there."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, WebRequest
from tocsin.exercise.behaviours.portal import flow_of
from tocsin.exercise.portal_intruder import PortalIntrusion, seconds
from tocsin.exercise.world import World

_NAMES = (
    "admin",
    "login",
    "upload",
    "filing",
    "test",
    "old",
    "api",
    "content",
    "attachments",
    "backup",
    "dev",
    "files",
)
_ENDINGS = ("", ".aspx", ".asp", ".config", ".bak", ".zip", "/")
_FOUND = {"/login.aspx": 200, "/filing/upload.aspx": 200, "/filing/attachments/": 403, "/content/": 403}
_AGENT = "gobuster/3.6"


def act(world: World, intrusion: PortalIntrusion, chance: random.Random) -> Iterator[Action]:
    """Some hundred requests in a few minutes from one address; almost all find nothing."""
    time, requests = intrusion.scan, []
    paths = [f"/{name}{ending}" for name in _NAMES for ending in _ENDINGS]
    paths += [f"/filing{path}" for path in paths]
    chance.shuffle(paths)
    for path in paths:
        time += seconds(0, 4, chance)
        status = _FOUND.get(path, 404)
        requests.append(
            WebRequest(
                time,
                intrusion.web_server.name,
                intrusion.addresses[0],
                "GET",
                path,
                "",
                "",
                _AGENT,
                status,
                1_245 if status == 404 else 9_000,
                210,
                chance.randint(1, 12),
            )
        )
    yield from requests
    yield flow_of(requests, world, chance.randint(20_000, 60_000))
