"""The ways that logs show: sign-ins, what stays behind on a host, and changes that outlive who made them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.logons import Relation, rows_of
from tocsin.assess.reach_estate import IN_HAND
from tocsin.assess.reach_graph import EVER, NEVER, Edge, Node
from tocsin.assess.reach_names import ADMINISTRATION, Names
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.identity import is_machine_account
from tocsin.model.joining import Join, JoinKind
from tocsin.model.reach import NodeKind

# Groups that run a domain or a tenant, and roles that lead there ([MS-DTYP] 2.4.2.4 for the SIDs).
_RUNS_A_DOMAIN = re.compile(
    r"(?i)(?:^|\\)(?:domain|enterprise|schema)[ _-]admins$|(?:^|\\)administrators$|^s-1-5-21-[\d-]+-(?:512|518|519)$"
    r"|^s-1-5-32-544$"
)
_CHANGES_RIGHTS = (Mark.PERMISSION, Mark.MEMBERSHIP, Mark.LINK, Mark.RULE, Mark.FORWARDING)


def edges_of_logons(names: Names, state: pa.Table) -> Iterator[Edge]:
    """Who was on which host, what stays there of whom, and who took on another account."""
    hosts: set[str] = set()
    for relation, a, b, first, count, record in rows_of(state):
        if is_machine_account(a) or (relation is Relation.ACTED_AS and is_machine_account(b)):
            continue
        account, from_, records = names.identity(a), EVER if first is None else first, (record,)
        seen = f" ({count:,} records)" if count > 1 else ""
        if relation is Relation.ACTED_AS:
            yield Edge(account, names.identity(b), f"acted as {b}{seen}", from_, NEVER, (), records)
            continue
        host = names.host(b)
        hosts.add(host)
        entered, controlled = Node(NodeKind.HOST, host), Node(NodeKind.CONTROLLED_HOST, host)
        if relation in (Relation.SIGNED_IN, Relation.CONNECTED):
            yield Edge(account, entered, f"has signed in to the host{seen}", from_, NEVER, (), records)
        if relation is Relation.PRIVILEGED:
            how = f"has been an administrator of the host{seen}"
            yield Edge(account, controlled, how, from_, NEVER, (), records)
        if relation is Relation.SIGNED_IN:
            how = f"may keep the credentials of {a}, who signed in to it{seen}"
            yield Edge(controlled, account, how, from_, NEVER, (), records)
        if relation is Relation.USED_ON:
            how = f"may keep the credentials of {a}, which were used on it{seen}"
            yield Edge(controlled, account, how, from_, NEVER, (), records)
    for host in sorted(hosts):
        yield Edge(Node(NodeKind.CONTROLLED_HOST, host), Node(NodeKind.HOST, host), IN_HAND)


def edges_of_use(names: Names, means: pa.Table, seeds: Sequence[Node]) -> Iterator[Edge]:
    """From the sessions, keys and addresses that are compromised to the accounts they were used by."""
    for kind, column in ((NodeKind.SESSION, "session"), (NodeKind.KEY, "session"), (NodeKind.ADDRESS, "address")):
        wanted = sorted({node.name for node in seeds if node.kind is kind})
        if not wanted:
            continue
        texts = pc.utf8_lower(means[column])
        rows = means.set_column(means.schema.get_field_index(column), column, texts)
        for row in rows.filter(pc.is_in(texts, pa.array(wanted, pa.string()))).to_pylist():
            account, first = row["account"], row["first"]
            if account and not is_machine_account(account):
                how = f"was used by the account {account} ({row['count']:,} records)"
                yield Edge(Node(kind, row[column]), names.identity(account), how, EVER if first is None else first)


def edges_of_joins(names: Names, joins: Sequence[Join]) -> Iterator[Edge]:
    """From an address to the host that had it, while it had it."""
    for join in joins:
        if join.kind is JoinKind.HOST_ADDRESS:
            yield Edge(
                Node(NodeKind.ADDRESS, join.b),
                Node(NodeKind.CONTROLLED_HOST, names.host(join.a)),
                f"was the address of the host {join.a}",
                EVER if join.first is None else join.first,
                NEVER if join.last is None else join.last + 1,
                (),
                (join.record,) if join.record is not None else (),
            )


def edges_of_changes(names: Names, changes: Sequence[StandingChange], keys: Sequence[Node]) -> Iterator[Edge]:
    """What each change opened, from its time on: to whom it was given, and to who made it.

    That a change was undone later is not looked at: what was taken meanwhile stays taken. `keys` are those that are
    compromised: one that a record names as made for somebody leads to them.
    """
    for change in changes:
        yield from _of_change(names, change)
        if change.kind is Mark.CREDENTIAL and change.scope:
            told = f"{change.detail} {' '.join(change.given_to)}".lower()
            for key in keys:
                if key.name and key.name in told:
                    yield _edge(change, key, names.identity(change.scope), f"was made for {change.scope}")


def _of_change(names: Names, change: StandingChange) -> Iterator[Edge]:
    actor = names.identity(change.actor) if change.actor else None
    if change.kind is Mark.CREDENTIAL and change.scope and actor:
        yield _edge(change, actor, names.identity(change.scope), f"set what {change.scope} signs in with")
    elif change.kind is Mark.ROLE:
        for name in change.given_to or filter(None, (change.scope,)):
            yield _edge(
                change, names.identity(name), ADMINISTRATION, "was given a role, taken here as an administrator's"
            )
        if actor:
            yield _edge(change, actor, ADMINISTRATION, "gave a role, as only an administrator can")
    elif change.kind is Mark.CONSENT and change.scope:
        application = Node(NodeKind.APPLICATION, change.scope.lower())
        if actor:
            yield _edge(change, actor, application, f"gave the application {change.scope} access")
            yield _edge(change, application, actor, f"was given access by {change.actor}")
        yield _edge(change, names.identity(change.scope), application, "is the application")
    elif change.kind in _CHANGES_RIGHTS and change.scope:
        yield from _of_right(names, change, actor)


def _of_right(names: Names, change: StandingChange, actor: Node | None) -> Iterator[Edge]:
    """A right, a link, a rule or a forwarding: of a group, of an account's mailbox, or of a thing."""
    is_of_domain = _RUNS_A_DOMAIN.search(change.scope)
    end = ADMINISTRATION if is_of_domain else names.group(change.scope) or _thing(names, change.scope)
    words = {
        Mark.PERMISSION: f"was given a right on {change.scope}",
        Mark.MEMBERSHIP: f"was put into the group {change.scope}",
        Mark.LINK: f"was sent a link to {change.scope}",
        Mark.RULE: f"is sent what a rule takes from {change.scope}",
        Mark.FORWARDING: f"is sent the mail of {change.scope}",
    }
    for name in change.given_to:
        yield _edge(change, names.holder(name), end, words[change.kind])
    if actor:
        yield _edge(change, actor, end, f"set a {change.kind} on {change.scope}")


def _thing(names: Names, scope: str) -> Node:
    """The thing a change is about; a mailbox may be named by any account of whose it is."""
    found = names.holding(scope)
    if names.is_declared(found) or not names.is_identity(scope):
        return found
    known = (names.holding(one) for one in names.accounts_of(scope))
    return next((one for one in known if names.is_declared(one)), found)


def _edge(change: StandingChange, a: Node, b: Node, how: str) -> Edge:
    return Edge(a, b, how, EVER if change.time is None else change.time, NEVER, (), (change.record,))
