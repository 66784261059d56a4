"""The ways that an estate says: who is in which group, owns, is assigned, is given and administers what, and when."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.assess.reach_graph import EVER, NEVER, Edge, Node
from tocsin.assess.reach_names import ADMINISTRATION, Names
from tocsin.model.estate import Grant
from tocsin.model.reach import NodeKind

EVERYBODY = "*"
IN_HAND = "is in the hand of whoever came so far"
_OPEN_NOTHING = {"sendas", "sendonbehalf", "sendonbehalfto"}
_TAKES_OVER = ("admin", "full control", "full_control", "owner")


def edges_of_estate(names: Names) -> Iterator[Edge]:
    """Every way, each with the lines that say so."""
    yield from _of_groups(names)
    yield from _of_matters(names)
    yield from _of_owners(names)
    for grant in names.estate.grants:
        yield from _of_grant(names, grant)
    yield from _of_administrators(names)
    yield from _of_services(names)
    for host in names.named_hosts:
        yield Edge(Node(NodeKind.CONTROLLED_HOST, host), Node(NodeKind.HOST, host), IN_HAND)


def edges_of_acting(names: Names) -> Iterator[Edge]:
    """The ways that lead to identities alone, with those of somebody who is declared to be in an identity."""
    yield from _of_groups(names)
    for one in names.estate.memberships:
        if names.is_identity(one.group):
            from_, to = EVER if one.from_ is None else one.from_, NEVER if one.to is None else one.to
            yield Edge(names.holder(one.identity), names.identity(one.group), "is in it", from_, to, _line(names, one))
    for grant in names.estate.grants:
        if grant.kind in ("account", "host"):
            yield from _of_grant(names, grant)
    yield from _of_services(names)


def opens(right: str) -> bool:
    """Whether a right on a host lets its holder take over the machine, and what it kept of others."""
    return any(word in right.lower() for word in _TAKES_OVER)


def lets_open(right: str) -> bool:
    """Whether a right is a way at all: a refusal is none, and neither is sending in somebody's name.

    A refusal closes no way either: what another entry gives stays one, for which of them holds depends on their order.
    """
    said = right.strip().lower()
    return not said.startswith("denied") and said.replace(" ", "") not in _OPEN_NOTHING


def _line(names: Names, thing: object) -> tuple[str, ...]:
    line = names.estate.lines.get(thing)
    return (line,) if line else ()


def _of_groups(names: Names) -> Iterator[Edge]:
    for one in names.estate.memberships:
        group = names.group(one.group) or Node(NodeKind.GROUP, one.group)
        yield Edge(
            names.holder(one.identity),
            group,
            f"is in the group {one.group}",
            EVER if one.from_ is None else one.from_,
            NEVER if one.to is None else one.to,
            _line(names, one),
        )
    for owned in names.estate.groups:
        if owned.owner:
            how = f"owns the group {owned.id}, and so may join it"
            yield Edge(names.holder(owned.owner), Node(NodeKind.GROUP, owned.id), how, basis=_line(names, owned))
    for identity in names.estate.identities:
        if unit := names.unit(identity.unit):
            yield Edge(
                names.identity(identity.id),
                unit,
                f"works in the unit {identity.unit}",
                EVER if identity.from_ is None else identity.from_,
                NEVER if identity.to is None else identity.to,
                _line(names, identity),
            )


def _of_matters(names: Names) -> Iterator[Edge]:
    estate = names.estate
    for one in estate.assignments:
        yield Edge(
            names.holder(one.identity),
            Node(NodeKind.MATTER, one.matter),
            f"is assigned to the matter {one.matter}",
            EVER if one.from_ is None else one.from_,
            NEVER if one.to is None else one.to,
            _line(names, one),
        )
    for unit in estate.units:
        if unit.matter:
            how = f"works on the matter {unit.matter}"
            yield Edge(
                Node(NodeKind.UNIT, unit.name), Node(NodeKind.MATTER, unit.matter), how, basis=_line(names, unit)
            )
    for holding in estate.holdings:
        if holding.matter:
            yield Edge(
                Node(NodeKind.MATTER, holding.matter),
                names.holding(holding.pattern),
                f"has this {holding.kind.replace('_', ' ')}",
                basis=_line(names, holding),
            )


def _of_owners(names: Names) -> Iterator[Edge]:
    for holding in names.estate.holdings:
        owner = holding.owner or (holding.pattern if holding.kind == "mailbox" else "")
        if owner and (holding.owner or names.is_identity(owner)):
            yield Edge(
                names.holder(owner),
                names.holding(holding.pattern),
                f"owns this {holding.kind.replace('_', ' ')}",
                basis=_line(names, holding),
            )


def _of_grant(names: Names, grant: Grant) -> Iterator[Edge]:
    if not lets_open(grant.right):
        return
    from_, to = EVER if grant.from_ is None else grant.from_, NEVER if grant.to is None else grant.to
    right = f" ({grant.right})" if grant.right else ""
    basis = _line(names, grant)
    if grant.grantee == EVERYBODY:
        holders = [names.identity(one.id) for one in names.estate.identities]
    else:
        holders = [names.holder(grant.grantee)]
    if grant.kind == "host":
        kind = NodeKind.CONTROLLED_HOST if opens(grant.right) else NodeKind.HOST
        ends = [(Node(kind, names.host(grant.pattern)), f"may sign in to the host{right}")]
    elif grant.kind == "account":
        ends = [(names.identity(grant.pattern), f"may act as this account{right}")]
    else:
        kind_name = grant.kind.replace("_", " ")
        ends = [(end, f"may open this {kind_name}{right}") for end in names.covered(grant.pattern)]
    for holder in holders:
        for end, how in ends:
            yield Edge(holder, end, how, from_, to, basis)


def _of_administrators(names: Names) -> Iterator[Edge]:
    estate = names.estate
    administrators = [one for one in estate.identities if one.administrator]
    for identity in administrators:
        yield Edge(
            names.identity(identity.id),
            ADMINISTRATION,
            "is an administrator",
            EVER if identity.from_ is None else identity.from_,
            NEVER if identity.to is None else identity.to,
            _line(names, identity),
        )
    how = "give every other right, and let act as everybody"
    for holding in estate.holdings:
        yield Edge(ADMINISTRATION, names.holding(holding.pattern), how)
    for identity in estate.identities:
        yield Edge(ADMINISTRATION, names.identity(identity.id), how)
    for group in estate.groups:
        yield Edge(ADMINISTRATION, Node(NodeKind.GROUP, group.id), how)
    for host in names.named_hosts:
        yield Edge(ADMINISTRATION, Node(NodeKind.CONTROLLED_HOST, host), how)


def _of_services(names: Names) -> Iterator[Edge]:
    for service in names.estate.identities:
        if not service.is_service:
            continue
        node, basis = names.identity(service.id), _line(names, service)
        if service.host:
            host = Node(NodeKind.CONTROLLED_HOST, names.host(service.host))
            yield Edge(host, node, f"runs the service {service.id}, whose secret lies on it", basis=basis)
        if service.owner:
            yield Edge(names.holder(service.owner), node, f"answers for the service {service.id}", basis=basis)
