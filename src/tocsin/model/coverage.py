"""What was being watched, and what the logs say about themselves."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from tocsin.model.exposure import Basis
from tocsin.model.reference import RecordPlace


class CoverageState(enum.StrEnum):
    """States of the design, section 6. Only PROVEN can carry a `ruled_out`."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    SILENT = "silent"
    GAPPED = "gapped"
    THROTTLED = "throttled"
    TRUNCATED = "truncated"
    EXPIRED = "expired"
    UNPARSED = "unparsed"
    CLEARED = "cleared"
    NOT_COLLECTED = "not_collected"


class Proof(NamedTuple):
    """What a proven interval of a source would stand on, why it is not proven without more, and where it is written.

    attestable   False for a log that cannot hold every access, whoever vouches for it: it records sending and not
                 reading, or its maker says that records may be missing. No attestation makes it proven.
    """

    basis: Basis
    reason: str
    citation: str
    attestable: bool = True


# States in which a log was watched and nothing is wrong with it.
WATCHED = frozenset({CoverageState.PROVEN, CoverageState.UNPROVEN})


class Mark(enum.StrEnum):
    """What one record says about the log or about standing access."""

    CLEARED = "cleared"  # a log was cleared (Windows 1102, 104)
    THROTTLED = "throttled"  # the provider stopped recording for a while
    STOPPED = "stopped"  # the service that keeps the logs of a machine stopped (Windows 1100, auditd DAEMON_END)
    AUDIT_CHANGED = "audit_changed"  # audit policy or auditing of a mailbox changed
    AUDIT_UNTIL = "audit_until"  # the same, in a way that leaves open what was recorded, or is kept, of the time before
    RULE = "rule"  # inbox or transport rule made or changed
    FORWARDING = "forwarding"  # mail forwarding set
    PERMISSION = "permission"  # a right on a mailbox, folder, file or role given
    MEMBERSHIP = "membership"  # a member or owner of a group added
    ROLE = "role"  # a role given: what an account may do everywhere
    CONSENT = "consent"  # an application was given access
    LINK = "link"  # a sharing link was made
    ADDRESSED = "addressed"  # something that nothing declares was done that names `given_to`: perhaps for them
    ADMINISTRATOR = "administrator"  # a record says of its account, `given_to`, that it is an administrator's
    CREDENTIAL = "credential"  # password reset, secret or certificate added
    NAMED = "named"  # one holding stands on one record under two names: `scope` as people write it, `detail` as an id
    NOTE = "note"  # written down by hand: says nothing of a log and opens nothing
    PROBE = "probe"  # a known access of one's own, planned or made: likewise


# Scopes of NAMED, where a record says that a path shows something and not what; details of it, where the path is not
# told and its last name is: `ANYWHERE/name`.
ANYTHING, ANYWHERE = "<anything>", "<anywhere>"
# Channel of NAMED where a record says nothing of a holding, but that the search that gave it left out others.
INCOMPLETE = "incomplete"
# Channel of NAMED where a record gives an account, its `scope`, ids and other names: each a line of `detail`, those of
# many accounts behind what they are and a tab.
BEARER = "account"
TENANT = "tenant\t"
# The same, where a record says by which application (`detail`) that is not the provider's mail of `scope` was reached.
APPLICATION = "application"

# How a row ends its sentence where records of its time may still be on their way: what is taken later may have more.
STILL_COMING = "may not have come yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One interval of one source, host and channel in one state; `from_`/`to` nanoseconds UTC, to exclusive, None open.

    Rows may overlap: the span that has records is one row, and what is wrong inside it lies over it.

    evidence   one sentence with its numbers; `records` the records it rests on
    scope      a holding or a pattern of holdings (`*` at its end) the row is limited to; "" for all of the channel
    basis      what the completeness of the interval stands on, or would stand on once proven;
               NONE where the row speaks against completeness, so that no attestation outweighs it
    """

    source: str
    host: str
    channel: str
    from_: int | None
    to: int | None
    state: CoverageState
    evidence: str
    records: tuple[RecordPlace, ...] = ()
    scope: str = ""
    basis: Basis = Basis.NONE

    @property
    def is_span(self) -> bool:
        """Whether it is the span in which a log has records, and nothing that is said of it besides."""
        return self.state is CoverageState.UNPROVEN and self.basis is not Basis.NONE

    @property
    def is_still_coming(self) -> bool:
        """Whether all it says is that records of its time may still be on their way."""
        return self.state is CoverageState.UNPROVEN and self.evidence.endswith(STILL_COMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange:
    """A change that outlives the session that made it: rule, forwarding, permission, membership, role, consent, link,
    credential.

    `given_to` is whom it gives a way to `scope`, as the log names them; empty where the record names nobody.
    """

    kind: Mark
    time: int | None
    actor: str
    scope: str
    detail: str
    source: str
    record: RecordPlace
    given_to: tuple[str, ...] = ()


class RecordSpan(NamedTuple):
    """How far from its time one record of these operations may stand for an access, nanoseconds.

    `before`: accesses put together in one record; `after`: such as leave no record of their own, being alike.
    """

    source: str
    operations: frozenset[str]
    before: int
    after: int


class Stretch(NamedTuple):
    """Hours in one state: from the start of the first to the end of the last, nanoseconds UTC, `to` exclusive."""

    from_: int
    to: int
    state: CoverageState


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedLog:
    """One log over the hours of the map, each in one state; the stretches touch and fill the map.

    scope      a holding or pattern the strip is limited to; "" for all of the log
    stretches  in time; none where nothing at all has a time
    over       states of rows without any time, which may touch every hour; sorted as the states are
    """

    source: str
    host: str
    channel: str
    scope: str
    stretches: tuple[Stretch, ...]
    over: tuple[CoverageState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProof:
    """What a log format can prove of its own completeness, as its declaration says it; `source` by its name."""

    source: str
    basis: Basis
    reason: str
    citation: str
    attestable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """How many events of one kind that another log holds stand in this one too.

    event          the kind of event; `beside` the other log, by source, host and channel
    events         of the other log, while this one was kept; `matched` of them stand here as well
    at_least       the lower end of the 95 % interval of that share, one-sided
    in_all         about how many there were, with those that stand in neither, were the two independent
    apart_seconds  by how much this log's clock goes before the other's, in the median; None where too few tell
    """

    event: str
    source: str
    host: str
    channel: str
    beside: str
    events: int
    matched: int
    at_least: float
    in_all: int
    apart_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMap:
    """What was watched, hour by hour; `from_` and `to` are the first and last hour's ends, None where nothing is dated.

    logs     by source, host, channel and scope
    proofs   one for each source of the logs, by name
    matches  of two logs that hold the same events, how far they agree
    """

    from_: int | None = None
    to: int | None = None
    logs: tuple[MappedLog, ...] = ()
    proofs: tuple[SourceProof, ...] = ()
    matches: tuple[Matched, ...] = ()


NO_MAP = CoverageMap()
