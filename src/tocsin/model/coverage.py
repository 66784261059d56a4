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


class Mark(enum.StrEnum):
    """What one record says about the log or about standing access."""

    CLEARED = "cleared"  # a log was cleared (Windows 1102, 104)
    THROTTLED = "throttled"  # the provider stopped recording for a while
    AUDIT_CHANGED = "audit_changed"  # audit policy or auditing of a mailbox changed
    RULE = "rule"  # inbox or transport rule made or changed
    FORWARDING = "forwarding"  # mail forwarding set
    PERMISSION = "permission"  # a right on a mailbox, folder, file or role given
    ROLE = "role"  # a role given: what an account may do everywhere
    CONSENT = "consent"  # an application was given access
    LINK = "link"  # a sharing link was made
    CREDENTIAL = "credential"  # password reset, secret or certificate added
    NOTE = "note"  # written down by hand: says nothing of a log and opens nothing
    PROBE = "probe"  # a known access of one's own, planned or made: likewise


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChange:
    """A change that outlives the session that made it (rule, forwarding, permission, consent, link, credential)."""

    kind: Mark
    time: int | None
    actor: str
    scope: str
    detail: str
    source: str
    record: RecordPlace
