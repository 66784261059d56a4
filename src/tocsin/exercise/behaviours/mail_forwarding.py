"""A forwarding rule: on the second night one mailbox is made to send on what arrives."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tocsin.exercise.actions import Action, MailSetting
from tocsin.exercise.intruder import Intrusion
from tocsin.exercise.presence import MINUTE
from tocsin.exercise.world import World


def act(world: World, intrusion: Intrusion, chance: random.Random) -> Iterator[Action]:
    """One inbox rule with a name that hides in the list, in the mailbox of the second person read."""
    del world
    visit = [visit for visit in intrusion.visits if visit.night == 1][1]
    yield MailSetting(
        visit.time + chance.randrange(12 * MINUTE, 14 * MINUTE),
        visit.person,
        visit.connection,
        "New-InboxRule",
        visit.person.upn,
        (
            ("Name", "."),
            ("ForwardTo", intrusion.forward_to),
            ("SubjectContainsWords", "witness;travel;contact"),
            ("StopProcessingRules", "False"),
        ),
    )
