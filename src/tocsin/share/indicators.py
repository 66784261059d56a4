"""Answers in; what others can look for in their own logs out: indicators of what is taken as an intrusion.

What is the institution's own (its accounts, its addresses, its domains) is no indicator: it is left out and counted.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.response import Means

# An address this many accounts used is a way out shared by many, often the institution's own.
_SHARED_BY = 5
# Many programs give the same text: on its own it says little, however grave the incident.
_MOST_FOR_A_CLIENT = 30
_AGENT = re.compile(r"[A-Za-z][A-Za-z0-9._+-]*/[0-9][^\x00-\x1f\x7f]*")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Kind(enum.StrEnum):
    """What is looked for."""

    ADDRESS = "address"
    AGENT = "user agent"
    MAILBOX = "mail address"


class Indicator(NamedTuple):
    """One thing to look for.

    confidence   0 to 100: the score of the incident, at most 30 for a user agent
    first, last  ns UTC of the records that show it, None where they have no time
    seen         records that show it, at least
    techniques   ATT&CK ids of the findings it stands in
    """

    kind: Kind
    value: str
    confidence: int
    first: int | None
    last: int | None
    seen: int
    techniques: tuple[str, ...]
    incidents: tuple[str, ...]


class LeftOut(NamedTuple):
    """What was not made an indicator, counted by reason; `accounts` those that were used, sorted."""

    accounts: tuple[str, ...]
    own_addresses: int
    own_mail: int
    common_agents: int


class Own(NamedTuple):
    """Networks and domains that are the institution's own, as somebody says."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    domains: tuple[str, ...] = ()

    def has_address(self, address: str) -> bool:
        """Whether an address lies in one of the networks."""
        one = ipaddress.ip_address(address)
        return any(one in network for network in self.networks if network.version == one.version)

    def has_domain(self, domain: str) -> bool:
        """Whether a domain is one of these or lies below one."""
        return any(domain == own or domain.endswith(f".{own}") for own in self.domains)


def indicators_of(answers: Answers, own: Own = Own()) -> tuple[tuple[Indicator, ...], LeftOut]:  # noqa: B008
    """The indicators by kind and value, and what was left out."""
    assumed = [incident for incident in answers.incidents if incident.is_assumed]
    known = {finding.id: finding for finding in answers.findings}
    everything = [means for attribution in answers.attribution for means in attribution.means]
    named = _named_addresses(assumed)
    hostile = {address for address in named if not _is_own(address, answers, everything, own)}
    agents, common = _agents(assumed, everything, hostile)
    own_domains = _domains(answers)
    mail, own_mail = _mail(assumed, known, answers.changes, own, own_domains)
    values = [(Kind.ADDRESS, address) for address in hostile]
    values += [(Kind.AGENT, agent) for agent in agents]
    found = [_indicator(kind, value, assumed, known, answers) for kind, value in values]
    found += [_of_changes(address, changes, assumed, known) for address, changes in mail.items()]
    accounts = {e.id for incident in assumed for e in incident.entities if e.type is EntityType.ACCOUNT}
    left = LeftOut(tuple(sorted(accounts)), len(named - hostile), own_mail, common)
    return tuple(sorted(found)), left


def _named_addresses(incidents: Iterable[Incident]) -> set[str]:
    return {e.id for incident in incidents for e in incident.entities if e.type is EntityType.ADDRESS and _is_ip(e.id)}


def _is_own(address: str, answers: Answers, means: Sequence[Means], own: Own) -> bool:
    """An address nobody outside owns, one of the institution's or the provider's networks, or one many share.

    That a cut of it needs a decision, or that the device behind it is to be found instead, says that it is private, the
    provider's or a crowd's (`contain`).
    """
    one = ipaddress.ip_address(address)
    if _is_nobodys(one) or own.has_address(address):
        return True
    spared = (cut for cut in answers.containment if cut.action == "find_device" or cut.protected)
    if any(cut.target == Entity(EntityType.ADDRESS, address) for cut in spared):
        return True
    return len({each.account for each in means if each.address == address and each.account}) > _SHARED_BY


def _is_nobodys(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Private use, shared, loopback, link-local and multicast; the blocks set aside for examples are not among them."""
    return (
        any(address in network for network in _NOBODYS if network.version == address.version)
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
    )


# RFC 1918, RFC 6598, RFC 4193.
_NOBODYS = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)


_BROWSER = re.compile(
    r"Mozilla/5\.0 \((?:Windows NT|Macintosh|X11|iPhone|iPad|Linux|Android)[^)]*\) "
    r"(?:AppleWebKit/\S+ \(KHTML, like Gecko\)|Gecko/\S+)(?: (?:Version|Chrome|Safari|Firefox|Edg|Mobile)/\S+)*$"
)


def _agents(incidents: Sequence[Incident], means: Sequence[Means], hostile: set[str]) -> tuple[set[str], int]:
    """User agents seen from hostile addresses and in no other use; and how many are in other use too, or are those of
    a browser that half the world has."""
    sessions = {e.id for incident in incidents for e in incident.entities if e.type is EntityType.SESSION}
    used = {
        each.client
        for each in means
        if each.address in hostile and _AGENT.fullmatch(each.client) and each.client.isprintable()
    }
    elsewhere = {
        each.client for each in means if each.address not in hostile and (each.session not in sessions or each.address)
    }
    ordinary = {agent for agent in used if _BROWSER.match(agent)}
    return used - elsewhere - ordinary, len(used & elsewhere | ordinary)


def _domains(answers: Answers) -> set[str]:
    """Domains of the accounts and mailboxes the logs show, less those of the addresses mail was sent on to."""
    holders = [exposure.container for exposure in answers.exposure if exposure.kind.startswith("mail")]
    accounts = [means.account for attribution in answers.attribution for means in attribution.means]
    scopes = [change.scope for change in answers.changes if change.kind in (Mark.FORWARDING, Mark.RULE)]
    return {name.rpartition("@")[2].lower() for name in (*holders, *accounts, *scopes) if _MAIL.fullmatch(name)}


def _mail(
    incidents: Sequence[Incident],
    known: dict[str, Finding],
    changes: Iterable[StandingChange],
    own: Own,
    own_domains: set[str],
) -> tuple[dict[str, list[StandingChange]], int]:
    """Outside mail addresses that rules and forwarding of the incidents send to, and how many were inside."""
    records = {record for incident in incidents for id_ in incident.findings for record in _records(known, id_)}
    outside: dict[str, list[StandingChange]] = {}
    inside: set[str] = set()
    for change in changes:
        if change.kind not in (Mark.FORWARDING, Mark.RULE) or change.record not in records:
            continue
        for address in dict.fromkeys(match.lower() for match in _MAIL.findall(_target(change.detail))):
            domain = address.rpartition("@")[2]
            if address in (change.scope, change.actor):  # whose mail it is, not where it goes
                continue
            if domain in own_domains or own.has_domain(domain):
                inside.add(address)
            else:
                outside.setdefault(address, []).append(change)
    return outside, len(inside)


def _target(detail: str) -> str:
    """Of the words on a change those that say where mail goes: a rule also names whose mail it is about."""
    parts = detail.split(";")
    to = [part for part in parts if re.search(r"(?i)\b(forward|redirect)\w*\b", part)]
    return ";".join(part[re.search(r"(?i)forward|redirect", part).start() :] for part in to)  # type: ignore[union-attr]


def _records(known: dict[str, Finding], id_: str) -> Iterator[object]:
    if id_ in known:
        yield from known[id_].records


def _indicator(
    kind: Kind, value: str, incidents: Sequence[Incident], known: dict[str, Finding], answers: Answers
) -> Indicator:
    means = [
        each
        for attribution in answers.attribution
        for each in attribution.means
        if value == (each.address if kind is Kind.ADDRESS else each.client)
    ]
    distinct = {(m.account, m.session, m.address, m.client): m for m in means}.values()
    addresses = {value} if kind is Kind.ADDRESS else {each.address for each in means}
    inside = [i for i in incidents if any(e.type is EntityType.ADDRESS and e.id in addresses for e in i.entities)]
    findings = [
        known[id_]
        for incident in inside
        for id_ in incident.findings
        if id_ in known and any(e.type is EntityType.ADDRESS and e.id in addresses for e in known[id_].entities)
    ]
    records = {record for finding in findings for record in finding.records}
    timed: list[Means | Finding] = [*distinct, *(findings if kind is Kind.ADDRESS else ())]
    times = [time for each in timed for time in (each.first, each.last) if time is not None]
    count = sum(each.count for each in distinct)
    score = max((incident.score for incident in inside), default=0)
    return Indicator(
        kind=kind,
        value=value,
        confidence=score if kind is Kind.ADDRESS else min(score, _MOST_FOR_A_CLIENT),
        first=min(times, default=None),
        last=max(times, default=None),
        seen=count if kind is Kind.AGENT else max(count, len(records)),
        techniques=tuple(sorted({technique for finding in findings for technique in finding.techniques})),
        incidents=tuple(incident.id for incident in inside),
    )


def _of_changes(
    address: str, changes: Sequence[StandingChange], incidents: Sequence[Incident], known: dict[str, Finding]
) -> Indicator:
    records = {change.record for change in changes}
    inside = [i for i in incidents if any(not records.isdisjoint(_records(known, id_)) for id_ in i.findings)]
    findings = [known[id_] for i in inside for id_ in i.findings if not records.isdisjoint(_records(known, id_))]
    times = [change.time for change in changes if change.time is not None]
    return Indicator(
        kind=Kind.MAILBOX,
        value=address,
        confidence=max(incident.score for incident in inside),
        first=min(times, default=None),
        last=max(times, default=None),
        seen=len(records),
        techniques=tuple(sorted({technique for finding in findings for technique in finding.techniques})),
        incidents=tuple(incident.id for incident in inside),
    )


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
