"""What a set of compromised identities, sessions, addresses, hosts or keys could open, and by which way first."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.model.reference import RecordPlace


class NodeKind(enum.StrEnum):
    """What can be reached."""

    IDENTITY = "identity"  # a declared identity or service, else an account the logs name: whoever has it acts as it
    SESSION = "session"
    KEY = "key"
    ADDRESS = "address"
    HOST = "host"  # signed in to: what its user may do there
    CONTROLLED_HOST = "controlled_host"  # what it kept of others can be taken from it
    GROUP = "group"
    UNIT = "unit"
    APPLICATION = "application"
    ADMINISTRATION = "administration"  # the rights of an administrator: everything the estate declares
    MATTER = "matter"
    HOLDING = "holding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One thing that could be reached, by the way that leads there first.

    kind, name     what; `name` is canonical, for a holding its pattern or id; `label` what a person would call it
    holding_kind   of a holding, its kind as in ACCESSES, "" where it is not known
    time           earliest arrival, ns UTC; None where nothing says that it had to wait
    at_latest      whether it is reached too if the compromise began at the latest start
    matter, sensitivity   of a holding, from the estate
    through        place in the list of what it was reached from, always an earlier one; None for what is compromised
    how            the last step in words, of what is at `through`: "is a member of the group registry"
    basis          lines of the estate that say so, `file:line`
    records        records that say so, in plan order
    """

    kind: NodeKind
    name: str
    label: str = ""
    holding_kind: str = ""
    time: int | None
    at_latest: bool = True
    matter: str = ""
    sensitivity: str = ""
    through: int | None = None
    how: str = ""
    basis: tuple[str, ...] = ()
    records: tuple[RecordPlace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedMatter:
    """One matter: how many of the holdings declared of it could be opened, since when, and at which sensitivity.

    `only_early` of them only if the compromise began before the latest start; matter "" is what has none.
    """

    matter: str
    sensitivity: str
    declared: int
    reached: int
    only_early: int
    time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """All that could be reached. It widens what is in doubt and rules nothing out: what is not in it may be reached by
    ways that no estate and no log read says.

    earliest, latest   start of the compromise that was assumed, ns UTC, None where not asked in time
    reached            what is compromised first, then by arrival; a thing stands once
    matters            the most sensitive first, then the most reached
    declared           holdings the estate declares
    edges              ways between two things that the estate and the logs say, in all
    """

    earliest: int | None = None
    latest: int | None = None
    reached: tuple[Reached, ...] = ()
    matters: tuple[ReachedMatter, ...] = ()
    declared: int = 0
    edges: int = 0


NO_REACH = Reach()
