"""From events to which names are one account or one host: a fold over what stands on one record, joined at the end.

A join needs two names on one record (or the estate's word). A uid that goes with many names, or a name that goes with
many uids, joins nothing: it is a shared account, a placeholder, or a name given twice. Nor does a host name join an
address of its own where either goes with another: two machines have one name, or one has two addresses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.estate import Estate
from tocsin.model.identity import canonical_account, is_machine_account, network_of_address
from tocsin.model.joining import Identities, Join, JoinKind
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import empty

NAME = "identity"
MOST_FORMS = 3  # of names for one uid, or uids for one name, before it is taken as shared
DHCP_ACTIVITY = 4004  # OCSF class: the device had the address

_KEYS = ("kind", "a", "b")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in _KEYS),
        pa.field("count", pa.int64(), nullable=False),  # records
        pa.field("first", pa.int64()),  # ns UTC
        pa.field("last", pa.int64()),
        pa.field("record", pa.int64(), nullable=False),  # reference of the first in plan order
    ]
)
_PAIRS = (
    (JoinKind.SAME_ACCOUNT, "actor.user.name", "actor.user.uid", None),
    (JoinKind.HOST_ADDRESS, "device.hostname", "src_endpoint.ip", DHCP_ACTIVITY),
    (JoinKind.SAME_HOST, "device.hostname", "device.ip", None),
)
_WELL_KNOWN_SID = ("s-1-5-18", "s-1-5-19", "s-1-5-20", "s-1-5-7", "s-1-0-0", "s-1-1-0")


def summarise(events: pa.Table) -> pa.Table:
    """The distinct pairs of names one chunk shows, with count, first, last and first record."""
    parts = [empty(SCHEMA)]
    for kind, a, b, class_uid in _PAIRS:
        rows = events if class_uid is None else events.filter(pc.equal(events["class_uid"], class_uid))
        named = rows.filter(pc.and_(pc.is_valid(rows[a]), pc.is_valid(rows[b])))
        if not named.num_rows:
            continue
        parts.append(
            pa.table(
                {
                    "kind": pa.array([kind.value] * named.num_rows, pa.string()),
                    "a": pc.utf8_lower(named[a]),
                    "b": pc.utf8_lower(named[b]),
                    "count": pa.array(np.ones(named.num_rows, dtype=np.int64)),
                    "first": named["time"],
                    "last": named["time"],
                    "record": named["record"],
                },
                schema=SCHEMA,
            )
        )
    return _fold(pa.concat_tables(parts))


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The pairs of all partials, by kind and names; associative and commutative."""
    return _fold(pa.concat_tables([empty(SCHEMA), *partials]))


def _fold(table: pa.Table) -> pa.Table:
    grouped = table.group_by(list(_KEYS)).aggregate(
        [("count", "sum"), ("first", "min"), ("last", "max"), ("record", "min")]
    )
    names = {"count_sum": "count", "first_min": "first", "last_max": "last", "record_min": "record"}
    named = grouped.rename_columns([names.get(name, name) for name in grouped.column_names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in _KEYS])


def conclude(state: pa.Table, hosts: Iterable[str], estate: Estate, place: Callable[[int], RecordPlace]) -> Identities:
    """Which names are one, with the joins that say so in the order of kind and names.

    hosts   every host name the logs show: a short name is joined to a full one only where no other begins with it
    """
    joins = [*_observed(state, place), *_declared(estate), *_short_names(hosts)]
    parents: dict[str, str] = {}
    for join in joins:
        if join.kind is not JoinKind.HOST_ADDRESS:  # an address changes hands: a join in time, not one thing
            _unite(parents, join.a, join.b)
    members: dict[str, list[str]] = defaultdict(list)
    for name in sorted(parents):
        members[_root(parents, name)].append(name)
    forms = {_shown(names, estate): tuple(names) for names in members.values()}
    return Identities(
        joins=tuple(sorted(joins, key=lambda join: (join.kind, join.a, join.b))),
        name_of={name: shown for shown, names in forms.items() for name in names},
        forms=forms,
    )


def _observed(state: pa.Table, place: Callable[[int], RecordPlace]) -> list[Join]:
    rows = [row for row in state.to_pylist() if _tells(row)]
    uids: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    addresses: dict[str, set[str]] = defaultdict(set)
    hosts: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["kind"] == JoinKind.SAME_ACCOUNT:
            uids[row["a"]].add(row["b"])
            names[row["b"]].add(row["a"])
        elif row["kind"] == JoinKind.SAME_HOST:
            addresses[row["a"]].add(row["b"])
            hosts[row["b"]].add(row["a"])
    return [
        Join(
            kind=JoinKind(row["kind"]),
            a=row["a"],
            b=row["b"],
            count=row["count"],
            first=row["first"],
            last=row["last"],
            record=place(row["record"]),
        )
        for row in rows
        if row["kind"] == JoinKind.HOST_ADDRESS
        or (row["kind"] == JoinKind.SAME_HOST and len(addresses[row["a"]]) == len(hosts[row["b"]]) == 1)
        or (
            row["kind"] == JoinKind.SAME_ACCOUNT
            and len(uids[row["a"]]) <= MOST_FORMS
            and len(names[row["b"]]) <= MOST_FORMS
        )
    ]


def _tells(row: Mapping[str, object]) -> bool:
    a, b = str(row["a"]), str(row["b"])
    if row["kind"] != JoinKind.SAME_ACCOUNT:
        return a != b
    return a != b and not is_machine_account(a) and not is_machine_account(b) and b not in _WELL_KNOWN_SID


def _declared(estate: Estate) -> list[Join]:
    joins: list[Join] = []
    for identity in estate.identities:
        accounts = sorted({canonical_account(account) or account.lower() for account in identity.accounts})
        joins.extend(
            Join(kind=JoinKind.DECLARED, a=accounts[0], b=other, count=0, first=None, last=None, record=None)
            for other in accounts[1:]
        )
    joins.extend(
        Join(kind=JoinKind.DECLARED, a=one.name, b=one.other, count=0, first=None, last=None, record=None)
        for one in estate.aliases
        if one.kind == "account"
    )
    return joins


def _short_names(hosts: Iterable[str]) -> list[Join]:
    known = sorted(set(hosts))
    full: dict[str, list[str]] = defaultdict(list)
    for host in known:
        short, dot, _ = host.partition(".")
        if dot and not short.isdigit():
            full[short].append(host)
    return [
        Join(kind=JoinKind.SAME_HOST, a=host, b=full[host][0], count=0, first=None, last=None, record=None)
        for host in known
        if "." not in host and len(full[host]) == 1
    ]


def _root(parents: dict[str, str], name: str) -> str:
    parents.setdefault(name, name)
    while parents[name] != name:
        parents[name] = parents[parents[name]]
        name = parents[name]
    return name


def _unite(parents: dict[str, str], a: str, b: str) -> None:
    first, second = sorted((_root(parents, a), _root(parents, b)))
    parents[second] = first


def _shown(names: Sequence[str], estate: Estate) -> str:
    """The name a person would use: one the estate declares, before all a mail address, else DOMAIN\\name, else a full
    host name, else the first."""
    return min(
        names,
        key=lambda name: (
            not _is_address(name),
            estate.identity_of(name) is None,
            "uid:" in name,
            "\\" not in name,
            network_of_address(name) is not None,
            "." not in name,
            name,
        ),
    )


def _is_address(name: str) -> bool:
    """Whether it is a mail address; a claim (`i:0h.f|membership|...@live.com`) holds one and is none."""
    local, at, domain = name.partition("@")
    return bool(at) and bool(local) and "|" not in local and "." in domain
