"""Names that are one thing: which, on what evidence, and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.model.reference import RecordPlace


class JoinKind(enum.StrEnum):
    """What a join says of its two sides."""

    SAME_ACCOUNT = "same_account"  # a name and a uid (SID, object id, user key) stand on one record
    DECLARED = "declared"  # the estate says both accounts are one identity's
    HOST_ADDRESS = "host_address"  # the host had the address (a lease)
    SAME_HOST = "same_host"  # a short name and the one full name it can stand for; a name and its own address


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Two names of one thing. `count` records show it from `first` to `last` (ns UTC); `record` is the first of them.

    A join is itself evidence: it holds from its first to its last record and says nothing of other times.
    """

    kind: JoinKind
    a: str
    b: str
    count: int
    first: int | None
    last: int | None
    record: RecordPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Every name resolved. `name_of` gives the one name a thing is shown by; `forms` all names of each such thing."""

    joins: tuple[Join, ...] = ()
    name_of: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """The name it is shown by; itself where nothing joins it to another."""
        return self.name_of.get(name, name)

    def all_forms(self, name: str) -> tuple[str, ...]:
        """Every name of the same thing, `name` among them."""
        return self.forms.get(self.canonical(name), (name,))
