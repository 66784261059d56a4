"""Forged sign-ins: with the stolen key the intruder signs in as anybody, and the federation server issues nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, SignIn
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.world import World

# The number the provider logs for a token that came with SAML; public guidance names it as a sign of forged ones.
SAML_METHOD = "16457"


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """One sign-in at the start of each visit."""
    del world, chance
    for visit in intrusion.visits:
        yield SignIn(visit.time, visit.person, visit.connection, intrusion.application, method=SAML_METHOD)
