"""From a question as it was put to the names the logs use; and whether the logs know what was asked about at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.coverage import Coverage
from tocsin.model.estate import Estate
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.identity import is_private_address, is_remote_address
from tocsin.model.joining import Identities, JoinKind
from tocsin.model.question import NO_SESSION, Asked, Question, Way

# An address this many accounts used is a way out shared by many: alone it makes nobody's access hostile.
_SHARED_BY = 5
_GUID = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_ALIKE = 3  # names suggested for one that is not known


def in_the_logs_words(
    question: Question, identities: Identities, means: pa.Table, coverage: Sequence[Coverage]
) -> Question:
    """The question with every name of the accounts it asks for, and with the ways that lead through its hosts.

    Through a host lead the addresses it alone had (leases) and the sessions on it (logs write them `host|id`). A short
    name stands for the one host whose full name begins with it.
    """
    accounts = {form for one in question.identities for form in identities.all_forms(one)}
    hosts = tuple(_full_name(one, {row.host for row in coverage}) for one in question.hosts)
    # A log of access keys has the key where others have the session.
    sessions = (*question.sessions, *question.keys)
    asked = replace(question, identities=tuple(sorted(accounts)), hosts=hosts, sessions=sessions)
    if not question.hosts:
        return _with_their_sessions(asked, means)
    ways = {way for host in hosts for way in _through_host(host, asked, identities, means)}
    return replace(asked, identities=(), addresses=(), sessions=(), ways=tuple(sorted({*ways, *question.ways})))


def _with_their_sessions(asked: Question, means: pa.Table) -> Question:
    """Addresses asked of with the sessions opened from them alone: many records of a session name no address."""
    sessions = sessions_from(asked.addresses, means) if not asked.sessions else {}
    if not any(sessions.values()):
        return asked
    ways = {
        way
        for identity in asked.identities or ("",)
        for address in asked.addresses
        for way in (
            Way(identity=identity, address=address, session=""),
            *(Way(identity=identity, address="", session=session) for session in sessions[address]),
        )
    }
    return replace(asked, identities=(), addresses=(), ways=tuple(sorted({*ways, *asked.ways})))


def sessions_from(addresses: Collection[str], means: pa.Table) -> dict[str, tuple[str, ...]]:
    """Per address the sessions the logs show with it and with no other address, sorted."""
    rows = means.filter(pc.and_(pc.not_equal(means.column("session"), ""), pc.not_equal(means.column("address"), "")))
    seen: dict[str, set[str]] = {}
    for session, address in zip(rows.column("session").to_pylist(), rows.column("address").to_pylist(), strict=True):
        seen.setdefault(session, set()).add(address)
    return {
        address: tuple(sorted(session for session, others in seen.items() if others == {address}))
        for address in addresses
    }


def sessions_of_several(means: pa.Table, identities: Identities) -> dict[str, frozenset[str]]:
    """Per session that a service numbers by itself (a GUID) its accounts, where the logs show more than one in it.

    Several names of one account are one.
    """
    known = means.filter(pc.and_(pc.match_substring_regex(means["session"], _GUID), pc.not_equal(means["account"], "")))
    pairs = known.group_by(["session", "account"], use_threads=False).aggregate([])
    named = pairs.group_by("session", use_threads=False).aggregate([("account", "list")])
    several = named.filter(pc.greater(pc.list_value_length(named["account_list"]), 1)).to_pylist()
    found = {row["session"]: frozenset(row["account_list"]) for row in several}
    return {one: found[one] for one in sorted(found) if len({*map(identities.canonical, found[one])}) > 1}


def _full_name(host: str, known: Collection[str]) -> str:
    full = {name for name in known if name.startswith(f"{host}.")}
    return full.pop() if host not in known and len(full) == 1 else host


def _through_host(host: str, asked: Question, identities: Identities, means: pa.Table) -> Iterator[Way]:
    """The ways through one host that meet every other criterion."""
    names = identities.all_forms(host)
    held: dict[str, set[str]] = {}
    for join in identities.joins:
        if join.kind is JoinKind.HOST_ADDRESS:
            held.setdefault(join.b, set()).add(identities.canonical(join.a))
    addresses = sorted(address for address, hosts in held.items() if hosts == {identities.canonical(host)})
    known = means.column("session")
    on_host = [pc.starts_with(known, f"{name}|", ignore_case=True) for name in names]
    sessions = sorted({value for flags in on_host for value in pc.unique(known.filter(flags)).to_pylist()})
    for identity in asked.identities or ("",):
        for address in asked.addresses or ("",):
            for session in asked.sessions or ("",):
                for one in addresses:
                    if address in ("", one):
                        yield Way(identity=identity, address=one, session=session)
                for one in sessions:
                    if session in ("", one):
                        yield Way(identity=identity, address=address, session=one)


def look_up(
    question: Question, identities: Identities, means: pa.Table, coverage: Sequence[Coverage]
) -> tuple[Asked, ...]:
    """What each criterion of the question, as it was put, is in the logs; by kind, in the order asked.

    A name that no record carries answers nothing: "nothing confirmed" of it would be true and mislead.
    """
    found = [_counted("identity", one, identities.all_forms(one), "account", means) for one in question.identities]
    found += [_counted("address", one, (one,), "address", means) for one in question.addresses]
    found += [_counted("session", one, (one,), "session", means) for one in question.sessions if one != NO_SESSION]
    found += [_counted("key", one, (one,), "session", means) for one in question.keys]
    hosts = {row.host for row in coverage}
    for one in question.hosts:
        names = {_full_name(one, hosts), *identities.all_forms(one)}
        found.append(Asked(kind="host", value=one, records=None, found=not names.isdisjoint(hosts)))
    return tuple(found)


def _counted(kind: str, value: str, forms: Sequence[str], column: str, means: pa.Table) -> Asked:
    texts = pc.utf8_lower(means.column(column))
    rows = means.filter(pc.is_in(texts, pa.array([form.lower() for form in forms], pa.string())))
    count = pc.sum(rows.column("count")).as_py() or 0
    like = _alike(value, means) if kind == "identity" and not count else ()
    return Asked(kind=kind, value=value, records=count, found=count > 0, like=like)


def _alike(name: str, means: pa.Table) -> tuple[str, ...]:
    """Accounts the logs know whose bare name is the one asked for, `DOMAIN\\name` and `name@domain`; else has it in it;
    else is written nearly so."""
    bare = name.rpartition("\\")[2].partition("@")[0].lower()
    known = sorted({account for account in pc.unique(means.column("account")).to_pylist() if account})
    same = [one for one in known if one.rpartition("\\")[2].partition("@")[0].lower() == bare]
    close = same or [one for one in known if bare in one.lower()]
    if not close:
        names = {one.rpartition("\\")[2].partition("@")[0].lower(): one for one in known}
        close = [names[each] for each in get_close_matches(bare, names, _ALIKE)]
    return tuple(close[:_ALIKE])


class Hostile(NamedTuple):
    """The ways an intruder came, sorted; `is_whole` is False where a finding gives none, so that one may be missing."""

    ways: tuple[Way, ...]
    is_whole: bool


def hostile_ways(
    incidents: Sequence[Incident],
    findings: Sequence[Finding],
    carriers: Mapping[Entity, int],
    identities: Identities,
    estate: Estate,
    means: pa.Table,
) -> Hostile:
    """Through what the incidents say an intruder came, as narrow as the findings allow.

    A finding that names a session or a remote address makes that account's use of it hostile. An address that few
    accounts used at all is hostile whoever used it, if it is neither private nor the institution's own, or if the
    finding names no account to tell; and so are the sessions opened from it. A finding that names an account and
    nothing to tell the intruder from its holder makes the whole account hostile.
    """
    members = {identifier for incident in incidents for identifier in incident.findings}
    found = [_ways_of(one, carriers, identities, estate) for one in findings if one.id in members]
    ways = set().union(*found)
    opened = sessions_from({way.address for way in ways if way.address and not way.identity}, means)
    ways.update(Way(identity="", address="", session=one) for sessions in opened.values() for one in sessions)
    return Hostile(tuple(sorted(ways)), is_whole=all(found))


def _ways_of(finding: Finding, carriers: Mapping[Entity, int], identities: Identities, estate: Estate) -> set[Way]:
    of_type = {kind: [one.id for one in finding.entities if one.type is kind] for kind in EntityType}
    accounts = [form for one in of_type[EntityType.ACCOUNT][:1] for form in identities.all_forms(one)]
    addresses = [one for one in of_type[EntityType.ADDRESS] if is_remote_address(one)]
    sessions = of_type[EntityType.SESSION]
    ways = {Way(identity="", address="", session=session) for session in sessions}
    for address in addresses:
        few = carriers.get(Entity(EntityType.ADDRESS, address), 0) <= _SHARED_BY
        outside = not (is_private_address(address) or estate.network_of(address))
        if few and (outside or not accounts):
            ways.add(Way(identity="", address=address, session=""))
        else:
            ways.update(Way(identity=account, address=address, session="") for account in accounts)
    if not addresses and not sessions:
        ways.update(Way(identity=account, address="", session="") for account in accounts)
    return ways


def ways_of(question: Question) -> tuple[Way, ...]:
    """Every way the question asks for, its own criteria among them."""
    if not (question.identities or question.addresses or question.sessions):
        return question.ways
    own = (
        Way(identity=identity, address=address, session=session)
        for identity in question.identities or ("",)
        for address in question.addresses or ("",)
        for session in question.sessions or ("",)
    )
    return (*own, *question.ways)


def accounts_behind(ways: Sequence[Way], means: pa.Table) -> tuple[str, ...]:
    """Every account the logs show with the ways, sorted; none at all where one of them is not known.

    A list that is not whole would let a holding be ruled out that an account left off it could open.
    """
    behind: set[str] = set()
    texts = {name: pc.utf8_lower(means.column(name)) for name in ("address", "session")}
    for way in ways:
        shown = {way.identity} if way.identity else set()
        for name, value in (("address", way.address), ("session", way.session)):
            if value and not way.identity:
                shown.update(means.filter(pc.equal(texts[name], value.lower())).column("account").to_pylist())
        if not shown or "" in shown:
            return ()
        behind |= shown
    return tuple(sorted(behind))
