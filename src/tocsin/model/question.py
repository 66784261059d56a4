"""What is asked of the exposure: who is taken as hostile, through what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

NO_SESSION = "none"  # as a session asked for: records that carry no session


class Way(NamedTuple):
    """Through what an access is hostile: all that is not "" must hold, in the form the question's own criteria have."""

    identity: str
    address: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Criteria of one kind are alternatives; criteria of different kinds must all hold.

    identities     accounts in any form the log or the estate knows (UPN, DOMAIN\\user, SID, identity id), canonical
    addresses      canonical addresses
    sessions       session ids as the log gives them; `none` stands for records without a session
    hosts          canonical hosts; access records name no host, so they are a premise, and select by the `ways` through
                   them
    from_, to      nanoseconds UTC, `to` exclusive; None is open
    ways           each way is an alternative to the others and to the criteria above
    keys           access keys as the log gives them; logs of one kind carry the key in the place of the session
    likely, latest when the compromise likely and at the latest began, ns UTC; with one of them `from_` is the earliest
    accounts       canonical accounts that any log shows behind the ways and criteria; they select nothing, but a way
                   without an account can only be ruled out for if the accounts behind it are known

    Empty criteria mean everything the incidents implicate: the caller fills them. A question still empty implicates
    nobody, and nothing is confirmed for it.
    """

    identities: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    from_: int | None = None
    to: int | None = None
    ways: tuple[Way, ...] = ()
    accounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    likely: int | None = None
    latest: int | None = None

    @property
    def start(self) -> CompromiseStart:
        """When the compromise began, as far as the question says: alone, `from_` is the time asked of and no start."""
        if self.likely is None and self.latest is None:
            return CompromiseStart()
        likely = self.latest if self.likely is None else self.likely
        return CompromiseStart(
            earliest=self.from_, likely=likely, latest=self.likely if self.latest is None else self.latest
        )

    @property
    def selects(self) -> bool:
        """Whether any access can match it."""
        return bool(self.identities or self.addresses or self.sessions or self.keys or self.ways)

    @property
    def names_something(self) -> bool:
        """Whether it asks of anything in particular, even of what no access can match."""
        return self.selects or bool(self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One criterion of a question and whether the logs know it: `kind` identity, address, session, key or host.

    records  how many records carry it, in any of its names; None for a host, which is known by its logs
    like     where it is not known, names that may be meant
    """

    kind: str
    value: str
    records: int | None
    found: bool
    like: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompromiseStart:
    """When the compromise began, as assumed; nanoseconds UTC, None where not known."""

    earliest: int | None = None
    likely: int | None = None
    latest: int | None = None
