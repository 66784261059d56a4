"""Names as logs and lists write them in; the one thing of the estate each stands for, as a node, out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from tocsin.assess.holdings import HoldingIndex
from tocsin.assess.reach_graph import Node
from tocsin.model.estate import Estate, Holding, Identity
from tocsin.model.identity import canonical_account, canonical_host
from tocsin.model.reach import NodeKind

ADMINISTRATION = Node(NodeKind.ADMINISTRATION, "administrator")
# Exchange names a recipient by its place in the provider's directory, which ends in tenant and alias; other records of
# a tenant put the kind of an object before its id. Taken as the account alias@tenant, and the id: reach may guess.
_IN_EXCHANGE = re.compile(r"(?i)^.*/microsoft exchange hosted organizations/([^/]+)/([^/]+)$")
_BEFORE_IDS = re.compile(r"(?i)^(?:smtp:|(?:application|serviceprincipal|user|group)_(?=[0-9a-f]{8}-))")


def plain(text: str) -> str:
    """An account, mailbox or application by the name it most likely has elsewhere."""
    return _BEFORE_IDS.sub("", _IN_EXCHANGE.sub(r"\2@\1", " ".join(text.split())))


def _as_it_is(name: str) -> str:
    return name


def _alone(name: str) -> Sequence[str]:
    return (name,)


class Names:
    """Which declared thing a name stands for; one that is not declared stands for itself.

    named_hosts every host the estate names, sorted
    canonical   the one name of an account or host that logs join (`model.joining.Identities.canonical`)
    forms       all names of it (`Identities.all_forms`)
    """

    def __init__(
        self,
        estate: Estate,
        canonical: Callable[[str], str] = _as_it_is,
        forms: Callable[[str], Sequence[str]] = _alone,
    ) -> None:
        self.estate = estate
        self._forms = forms
        self._canonical = canonical
        self._identities: dict[str, Identity] = {}
        for identity in reversed(estate.identities):
            for name in (identity.id.lower(), *identity.accounts):
                self._identities[name] = identity
        self._groups = {one.group.lower(): one.group for one in estate.memberships}
        self._groups |= {name: one.id for one in reversed(estate.groups) for name in _forms_of(one.id, one.name)}
        self._units = {one.name.lower(): one.name for one in estate.units if one.name}
        self._units |= {one.unit.lower(): one.unit for one in estate.identities if one.unit}
        self._hosts = {one.name: one.name for one in estate.hosts if one.name}
        for name in sorted(self._hosts):
            self._hosts.setdefault(name.partition(".")[0], name)
        hosts = {one.name for one in estate.hosts if one.name} | {self.host(each) for each in _hosts_named(estate)}
        self.named_hosts = tuple(sorted(hosts))
        self._holdings = {one.pattern.lower(): one for one in reversed(estate.holdings)}
        self._others: dict[str, str] = {}
        prefixes: dict[str, str] = {}
        for alias in estate.aliases:
            if alias.kind == "account":
                known = self._identities.get(alias.name)
                if known is not None:
                    self._identities.setdefault(alias.other, known)
            elif alias.kind == "group":
                self._groups.setdefault(alias.other.lower(), alias.name)
            elif alias.kind == "host":
                self._hosts.setdefault(alias.other, self._hosts.get(alias.name, alias.name))
            elif alias.other.endswith("*"):
                prefixes[alias.other[:-1].lower()] = alias.name[:-1]
            else:
                self._others[alias.other.lower()] = alias.name
        self._prefixes = sorted(prefixes.items(), key=lambda pair: (-len(pair[0]), pair))
        self._patterns = sorted(self._holdings)
        self._known: dict[str, Node] = {}  # what a name was found to stand for: logs and lists repeat them
        self._holders: dict[str, Node] = {}
        self._places: dict[str, Node] = {}

    @cached_property
    def _index(self) -> HoldingIndex:
        return HoldingIndex(self.estate.holdings, self.estate.sensitivities)

    def identity(self, text: str) -> Node:
        """The declared identity an account or id stands for, else the account itself."""
        if text not in self._known:
            name = canonical_account(plain(text)) or text.strip().lower()
            found = self._identities.get(name) or self._identities.get(self._canonical(name))
            self._known[text] = Node(NodeKind.IDENTITY, found.id if found else self._canonical(name))
        return self._known[text]

    def is_identity(self, text: str) -> bool:
        """Whether the estate declares an identity by this name."""
        name = canonical_account(plain(text)) or ""
        return name in self._identities or self._canonical(name) in self._identities

    def accounts_of(self, text: str) -> tuple[str, ...]:
        """Every account of the declared identity that this names."""
        found = self._identities.get(canonical_account(plain(text)) or "")
        return found.accounts if found else ()

    def label_of(self, node: Node) -> str:
        """What a person would call it; "" where the name says it."""
        if node.kind is not NodeKind.IDENTITY:
            return ""
        found = self._identities.get(node.name.lower())
        accounts = found.accounts if found and found.id == node.name else self._forms(node.name)
        if not accounts:
            return ""
        account = min(accounts, key=lambda one: ("@" not in one, "\\" not in one, not one.startswith("arn:")))
        return account if account != node.name else ""

    def group(self, text: str) -> Node | None:
        """The declared group of this id or name, with or without its domain."""
        name = text.strip().lower()
        found = self._groups.get(name) or self._groups.get(name.rpartition("\\")[2])
        return Node(NodeKind.GROUP, found) if found else None

    def unit(self, text: str) -> Node | None:
        """The unit of this name, declared or an identity's."""
        found = self._units.get(text.strip().lower())
        return Node(NodeKind.UNIT, found) if found else None

    def holder(self, text: str) -> Node:
        """Who is given something: an identity by id or account, a group, a unit; a name not declared is an account."""
        if text not in self._holders:
            found = None if self.is_identity(text) else self.group(text) or self.unit(text)
            self._holders[text] = found or self.identity(text)
        return self._holders[text]

    def host(self, text: str) -> str:
        """The one name of a host, short or full."""
        name = self._canonical(canonical_host(text) or text.lower())
        return self._hosts.get(name) or self._hosts.get(name.partition(".")[0]) or name

    def is_host(self, text: str) -> bool:
        """Whether the estate names this host anywhere."""
        return self.host(text) in self.named_hosts

    def holding(self, text: str) -> Node:
        """The holding of this id or pattern, by the name the estate declares it by."""
        if text not in self._places:
            self._places[text] = Node(NodeKind.HOLDING, self._declared_name(text).lower())
        return self._places[text]

    def declared(self, node: Node) -> Holding | None:
        """The declared holding a node of a holding is, or lies under."""
        return self._holdings.get(node.name) or self._index.find(node.name, "")

    def is_declared(self, node: Node) -> bool:
        """Whether the holding is itself one of those declared, and does not only lie under one."""
        return node.name in self._holdings

    def covered(self, pattern: str) -> Iterator[Node]:
        """The declared holdings that a pattern covers, and what it names where that is not declared itself."""
        own = self.holding(pattern)
        yield own
        if own.name.endswith("*"):
            yield from (Node(NodeKind.HOLDING, name) for name in self._under(own.name[:-1]) if name != own.name)

    def _under(self, prefix: str) -> Iterable[str]:
        start = bisect_left(self._patterns, prefix)
        for name in self._patterns[start:]:
            if not name.startswith(prefix):
                return
            yield name

    def _is_named(self, text: str) -> bool:
        return text in self._holdings or text in self._others

    def _declared_name(self, text: str) -> str:
        text = text.strip() if self._is_named(text.strip().lower()) else plain(text)
        low = text.lower()
        if low in self._holdings:
            return text
        if low in self._others:
            return self._others[low]
        for other, name in self._prefixes:
            if low.startswith(other):
                return name + text[len(other) :]
        return text


def _hosts_named(estate: Estate) -> Iterator[str]:
    yield from (one.host for one in estate.identities if one.host)
    yield from (one.pattern for one in estate.grants if one.kind == "host")


def _forms_of(*names: str) -> Iterator[str]:
    yield from (name.lower() for name in names if name)
