"""What stands in the way of a verdict, and the step that would remove it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class CauseKind(enum.StrEnum):
    """What kind of thing stands in the way."""

    LOG_MISSING = "log_missing"  # no log that would record an access was read
    NOT_COLLECTED = "not_collected"  # such a log was read, and nothing of the time asked of
    GAPPED = "gapped"
    SILENT = "silent"
    TRUNCATED = "truncated"
    EXPIRED = "expired"
    CLEARED = "cleared"
    THROTTLED = "throttled"
    UNPARSED = "unparsed"
    NOT_ATTESTED = "not_attested"  # nobody vouches that the log is complete
    NOT_ATTESTABLE = "not_attestable"  # the log cannot hold every access, whoever vouches for it
    OTHER_USE = "other_use"  # an access by an account in question that is neither the intruder's for sure nor not
    OTHER_NAME = "other_name"  # an access to what may be the same thing under another name
    UNNAMED = "unnamed"  # an access in question whose record does not say to what
    ACCOUNTS_NOT_KNOWN = "accounts_not_known"
    NOT_DECLARED = "not_declared"  # the estate does not say whether an account is an administrator's
    STANDING_CHANGE = "standing_change"
    NOT_PLAIN = "not_plain"  # what bears on it does not stand in the log by one address and one id
    STRANGER = "stranger"  # somebody is recorded in it whom the estate does not declare
    NOT_ONE_OWNERS = "not_one_owners"  # the estate does not tell that it is one other person's
    NOT_ALL_TAKEN = "not_all_taken"  # no acquisition record says by a closed word that all was taken
    NOT_ALL_RECORDED = "not_all_recorded"  # no attestation says by a closed word that all was recorded
    NO_CUSTODIAN = "no_custodian"  # an attestation is signed by nobody whom the estate declares as another person
    CHANGED = "changed"  # rights or rules that name it were changed by or for such people
    ADMINISTRATOR = "administrator"
    ROLE_NOT_TOLD = "role_not_told"  # a role was given to whom the estate does not tell
    HOST = "host"
    NOT_ITEMISED = "not_itemised"
    UNTIMED = "untimed"
    WITHHELD = "withheld"  # only in kept answers of earlier versions, which ruled nothing out
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One thing that keeps holdings unknown. Causes stand in the order in which their steps resolve most.

    obstacle   what stands in the way, one sentence
    step       whom to ask for what; "" where no step of the institution removes it
    source, host, channel   the log it is about, "" for none or any
    from_, to  the time it is about, nanoseconds UTC, None open
    holdings   unknown holdings it stands in the way of; `alone` of these: nothing else does that a step could remove
    resolves   holdings freed by this step when every step before it is done too: only what no step removes is left
    matters    those of the holdings, as the estate names them, sorted
    """

    kind: CauseKind
    obstacle: str
    step: str
    source: str
    host: str
    channel: str
    from_: int | None
    to: int | None
    holdings: int
    alone: int
    resolves: int
    matters: tuple[str, ...]
