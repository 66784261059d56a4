"""What was compromised: verdicts, their degrees and the basis they stand on."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tocsin.model.reference import RecordPlace


class Verdict(enum.StrEnum):
    """Ordered: ruled out < unknown < confirmed (Kleene)."""

    RULED_OUT = "ruled_out"
    UNKNOWN = "unknown"
    CONFIRMED = "confirmed"


class Degree(enum.StrEnum):
    """How far a confirmed compromise went (design, section 10). Ordered from least to most."""

    ACCESSED = "accessed"  # a bind is not a reading
    PRESUMED = "presumed"  # sync: every item of the folder
    OPENED = "opened"
    DOWNLOADED = "downloaded"
    SENT_OUT = "sent_out"
    ALTERED = "altered"
    DESTROYED = "destroyed"


class Basis(enum.StrEnum):
    """What a verdict stands on. Only the first three can carry `ruled_out`."""

    SEALED = "sealed"
    SEQUENCE = "sequence"
    ATTESTED = "attested"
    PROVIDERS_WORD = "providers_word"
    STATISTICAL = "statistical"
    RECORD = "record"  # a confirmed access: the log record itself
    NONE = "none"


class ActorClass(enum.StrEnum):
    """Who acted, by declared data: never silently the intruder's."""

    ACCOUNT = "account"
    DELEGATE = "delegate"
    ADMINISTRATOR = "administrator"
    PROVIDER_SERVICE = "provider_service"
    RESPONDER = "responder"  # the institution's own response, as the estate declares it

    @property
    def is_apart(self) -> bool:
        """Whether an access of this class is shown apart and counts for no intruder's."""
        return self is ActorClass.PROVIDER_SERVICE or self is ActorClass.RESPONDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What is assumed when a verdict is given; printed with it.

    compromised   entities taken as hostile, as `type:id`, sorted
    earliest, likely, latest   start of the compromise, nanoseconds UTC or None where not asked in time
    channels      closed list of access channels considered
    logging_point who controlled the point where the log is written
    from_, to     the time judged, nanoseconds UTC, `to` exclusive; None where it is open
    """

    compromised: tuple[str, ...]
    earliest: int | None
    likely: int | None
    latest: int | None
    channels: tuple[str, ...]
    logging_point: str
    from_: int | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One verdict on one holding for one actor.

    holding, kind, container, label   what (container: mailbox or site; label: what a person would call it)
    actor, actor_class                canonical account, and its class
    verdict, degree, basis            degree is None unless confirmed
    addresses, sessions, clients      through which it was reached, sorted
    operations                        (operation, count), sorted
    first, last                       nanoseconds UTC of the first and last access, None without one
    matter, sensitivity               from the estate, "" without one
    reasons                           sentences, the blocking ones first
    records                           every record it rests on, in plan order
    at_latest                         the verdict if the compromise began at the latest start of the premises; None
                                      where it is the same
    reachable                         of an unknown one, whether the compromised could have opened it, by what the
                                      estate and the logs say of rights; that they could not is never said
    none_recorded                     of an unknown one, whether a log that is vouched for as complete holds no access
                                      to any of it in the time judged (`premises`): less than ruled out
    """

    holding: str
    kind: str
    container: str
    label: str
    actor: str
    actor_class: ActorClass
    verdict: Verdict
    degree: Degree | None
    basis: Basis
    premises: Premises
    addresses: tuple[str, ...]
    sessions: tuple[str, ...]
    clients: tuple[str, ...]
    operations: tuple[tuple[str, int], ...]
    first: int | None
    last: int | None
    matter: str
    sensitivity: str
    reasons: tuple[str, ...]
    records: tuple[RecordPlace, ...]
    at_latest: Verdict | None = None
    reachable: bool = False
    none_recorded: bool = False
