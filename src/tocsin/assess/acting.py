"""As whom accounts may act by the estate: the way to an identity over grants, groups, units, owners and services."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tocsin.assess.reach_estate import edges_of_acting, lets_open
from tocsin.assess.reach_graph import EVER, Graph, Node
from tocsin.assess.reach_names import Names
from tocsin.model.estate import Estate, Identity
from tocsin.model.joining import Identities
from tocsin.model.reach import NodeKind

_OF_SEVERAL = (NodeKind.GROUP, NodeKind.UNIT)
# Of court clerks `administrative` is said, too.
_ADMINISTRATOR = re.compile(r"admin(?!istrativ)|organi[sz]ation management", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What accounts may do by the estate.

    surely      ids of the identities as whom they may act, by ways all of whose ends the estate declares
    perhaps     the same, and as whom they may if a name that the estate does not declare is theirs; every identity
                where a way leads to a name that it does not declare, or to a pattern
    is_administrator    whether one of them is an administrator, or is called so by its role, unit or a group
    """

    surely: frozenset[str]
    perhaps: frozenset[str]
    is_administrator: bool


def acting(estate: Estate, identities: Identities, accounts: Collection[str]) -> Acting:
    """Of all accounts together, from what the estate says of any time; those they are themselves are left out."""
    names = Names(estate, identities.canonical, identities.all_forms)
    edges = list(edges_of_acting(names))
    declared = {one.id for one in estate.identities}
    own = {names.identity(one) for one in sorted(accounts)}
    graph = Graph(edges)
    surely = graph.arrivals(dict.fromkeys(sorted(own), EVER))
    told = {names.group(one.group) or Node(NodeKind.GROUP, one.group) for one in estate.memberships}
    told.update(unit for one in estate.identities if (unit := names.unit(one.unit)))
    doubtful = {
        edge.a
        for edge in edges
        if (edge.a.kind is NodeKind.IDENTITY and edge.a.name not in declared)
        or (edge.a.kind in _OF_SEVERAL and edge.a not in told)
    }
    perhaps = graph.arrivals(dict.fromkeys(sorted(own | doubtful), EVER))
    ends = {names.identity(one.pattern) for one in estate.grants if one.kind == "account" and lets_open(one.right)}
    is_any = any(end.name not in declared for end in ends & perhaps.keys())
    return Acting(
        surely=_identities(surely) & declared - _identities(own),
        perhaps=frozenset(declared if is_any else _identities(perhaps) & declared) - _identities(own),
        is_administrator=any(
            _is_called_administrator(one) for one in estate.identities if one.id in _identities(surely)
        )
        or any(node.kind in _OF_SEVERAL and _is_called(names, node) for node in surely),
    )


def _identities(nodes: Collection[Node]) -> frozenset[str]:
    return frozenset(node.name for node in nodes if node.kind is NodeKind.IDENTITY)


def _is_called_administrator(one: Identity) -> bool:
    return one.administrator or any(map(_ADMINISTRATOR.search, (one.role, one.unit)))


def _is_called(names: Names, node: Node) -> bool:
    called = [node.name, *(one.name for one in names.estate.groups if one.id == node.name)]
    return any(map(_ADMINISTRATOR.search, called))
