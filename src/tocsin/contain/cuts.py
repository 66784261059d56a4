"""One incident in; the cuts it asks for out, each with what it stops. Nothing is carried out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.contain.actions import Action, Catalogue
from tocsin.contain.interruption import Interruption, interrupt_account, interrupt_host, is_service
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.finding import Entity, EntityType, Finding, Incident, Level
from tocsin.model.identity import canonical_account, is_machine_account, is_private_address, is_remote_address
from tocsin.model.instant import DAY, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Cut, Means

LEAST = Level.MEDIUM
MARGIN = DAY  # changes of the day before and after are looked at too
CROWD = 5  # accounts behind one address above which it is a way out that many share
NAMED = 5  # sessions or accounts named in a sentence; the others are counted

_REMOVES = {
    Mark.FORWARDING: "remove_forwarding",
    Mark.RULE: "remove_rule",
    Mark.CONSENT: "revoke_consent",
    Mark.PERMISSION: "remove_permission",
    Mark.MEMBERSHIP: "remove_permission",
    Mark.ROLE: "remove_role",
    Mark.LINK: "remove_link",
    Mark.CREDENTIAL: "reset_credential",
}
_AT_ONCE = ("revoke_consent", "reset_credential", "remove_role")  # one action undoes every change of the same thing
_NOT_SHOWN = (
    "No finding rests on this change and it may be the holder's own: ask the holder by telephone before it is undone."
)


_NOT_ASSUMED = "The incident is not taken as an intrusion: ask the holder by telephone before it is undone."
_SENDS_ON = re.compile(r"(?i)\b(forward|redirect)\w*")


class Case(NamedTuple):
    """One incident with what a plan for it needs; `forms` gives every name of an account.

    is_assumed  whether the incident is taken as an intrusion; else people are asked and machines looked at, not cut
    """

    incident: Incident
    findings: list[Finding]
    implicated: dict[str, list[Finding]]  # accounts, with the findings that are about them
    means: tuple[Means, ...]
    estate: Estate
    carriers: Mapping[Entity, int]
    catalogue: Catalogue
    forms: Callable[[str], tuple[str, ...]]
    is_assumed: bool


def cuts_of(case: Case, changes: Sequence[StandingChange]) -> list[Cut]:
    """Every cut the incident asks for, in no order."""
    return [
        *_account_cuts(case),
        *_stolen_cuts(case),
        *_change_cuts(case, changes),
        *_host_cuts(case),
        *_address_cuts(case),
    ]


def _account_cuts(case: Case) -> Iterator[Cut]:
    for account, about in case.implicated.items():
        target = Entity(EntityType.ACCOUNT, account)
        interruption = _interrupt_account(case, account)
        name = "revoke_sessions" if interruption.protected else "disable_sign_in"
        if not case.is_assumed:
            name, interruption = "ask_holder", Interruption((), protected=False)
        elif is_service(case.forms(account), case.estate, case.catalogue):
            name = "renew_service_secret"
        action = case.catalogue.actions[name]
        sessions = _sessions(case, account)
        yield _cut(
            case,
            action,
            target,
            scope=action.scope + (f"; seen here: {_list(sessions)}" if sessions else ""),
            interruption=interruption,
            why=_about(f"The account {account}", about),
            records=tuple(finding.records[0] for finding in about),
        )


def _stolen_cuts(case: Case) -> Iterator[Cut]:
    """What must be renewed because a finding says that it was stolen or forged, by the techniques its rule names."""
    for action in case.catalogue.actions.values():
        telling = [
            finding
            for finding in case.findings
            if finding.detector.level.rank >= LEAST.rank
            and not set(action.techniques).isdisjoint((*finding.techniques, *finding.techniques_elsewhere))
        ]
        hosts = [entity.id for finding in telling for entity in finding.entities if entity.type is EntityType.HOST]
        if not telling:
            continue
        where = min(hosts, key=lambda host: (-hosts.count(host), host)) if hosts else ""
        target = Entity(EntityType.HOST, where)
        if not where:
            target = next((entity for finding in telling for entity in finding.entities), target)
        named = len({finding.detector.id for finding in telling})
        others = f" and {named - 1} more" if named > 1 else ""
        first = min(telling, key=lambda finding: (-finding.detector.level.rank, finding.first or 0, finding.id))
        yield _cut(
            case,
            action,
            target,
            interruption=Interruption((), protected=action.decision),
            why=f'What "{first.detector.title}"{others} noticed gives it away: cutting accounts does not take it back.',
            records=tuple(finding.records[0] for finding in telling),
        )


def _change_cuts(case: Case, changes: Sequence[StandingChange]) -> Iterator[Cut]:
    """One cut per change, however often it was recorded; one per application and credential, however often changed."""
    of_change = {change.record for change in changes}
    seen = {record for finding in case.findings for record in finding.records if record in of_change}
    merged: dict[tuple[str, Entity, str, str, str], list[StandingChange]] = {}
    for change in changes:
        if change.kind in _REMOVES and (change.record in seen or _is_in_scope(change, case.implicated, case.incident)):
            name = _undoing(change)
            detail = "" if name in _AT_ONCE else change.detail
            merged.setdefault((name, _changed(change), change.scope, change.actor, detail), []).append(change)
    for (name, target, scope, actor, _), alike in merged.items():
        action = case.catalogue.actions[name]
        ordered = sorted(alike, key=lambda change: (change.time is None, change.time or 0, change.record))
        interruption = Interruption((), protected=False)
        if name == "reset_credential" and target.type is EntityType.ACCOUNT:
            interruption = _interrupt_account(case, target.id)
        if not case.is_assumed or seen.isdisjoint(change.record for change in alike):
            doubt = _NOT_SHOWN if case.is_assumed else _NOT_ASSUMED
            interruption = Interruption((doubt, *interruption.sentences), protected=True)
        yield _cut(
            case,
            action,
            target,
            scope=action.scope.format(
                scope=scope or "the tenant", who=actor or "an account not named", target=target.id
            ),
            interruption=interruption,
            why=_when(ordered, case.incident),
            records=tuple(change.record for change in ordered),
            on=scope,
        )


def _undoing(change: StandingChange) -> str:
    """The action that undoes a change; a rule that sends mail on leaks while it stands, and is an action of its own."""
    if change.kind is Mark.RULE and _SENDS_ON.search(change.detail):
        return "stop_forwarding"
    return _REMOVES[change.kind]


def _host_cuts(case: Case) -> Iterator[Cut]:
    for host, naming in _carried(case, EntityType.HOST).items():
        interruption = interrupt_host(host, case.estate, case.catalogue)
        yield _cut(
            case,
            case.catalogue.actions["isolate_host" if case.is_assumed else "examine_host"],
            Entity(EntityType.HOST, host),
            interruption=interruption if case.is_assumed else Interruption((), protected=False),
            why=_about(f"The host {host}", naming, verb="is named in"),
            records=tuple(finding.records[0] for finding in naming),
        )


def _address_cuts(case: Case) -> Iterator[Cut]:
    """An intruder's address is blocked; behind one that the institution or many share, the device is looked for."""
    for address, naming in _carried(case, EntityType.ADDRESS).items():
        if not is_remote_address(address):
            continue
        target = Entity(EntityType.ADDRESS, address)
        shared = _shared_by(case, target)
        others = sorted({m.account for m in case.means if m.address == address and m.account} - case.implicated.keys())
        sentences = shared
        if others and not shared:
            sentences = (f"Other accounts used it too, and lose it or are implicated themselves: {_list(others)}.",)
        yield _cut(
            case,
            case.catalogue.actions["find_device" if shared or not case.is_assumed else "block_address"],
            target,
            interruption=Interruption(sentences, protected=False),
            why=_about(f"The address {address}", naming, verb="is named in"),
            records=tuple(finding.records[0] for finding in naming),
        )


def _shared_by(case: Case, target: Entity) -> tuple[str, ...]:
    """Why blocking the address would cut off more than an intruder, as sentences; empty where nothing says so."""
    found: list[str] = []
    if network := case.estate.network_of(target.id):
        found.append(f"It is the institution's own: {network.name}.")
    elif is_private_address(target.id):
        found.append("It is a private address: behind it is the institution's own network, not the outside.")
    if case.catalogue.is_providers(target.id):
        found.append(
            "It lies in a range the provider publishes for its own service: blocked, that stops for everybody."
        )
    count = case.carriers.get(target, 0)
    if count > CROWD:
        found.append(f"{count} accounts used it in these logs: blocked, all of them lose it.")
    return tuple(found)


def _interrupt_account(case: Case, account: str) -> Interruption:
    return interrupt_account(case.forms(account), case.estate, case.catalogue, case.incident.last)


def _cut(
    case: Case,
    action: Action,
    target: Entity,
    *,
    interruption: Interruption,
    why: str,
    records: tuple[RecordPlace, ...],
    scope: str = "",
    on: str = "",
) -> Cut:
    words = {"target": target.id, "scope": on or "the tenant", "who": ""}
    return Cut(
        action=action.name,
        target=target,
        scope=scope or action.scope,
        why=why,
        interrupts=(*((action.interrupts.format(**words),) if action.interrupts else ()), *interruption.sentences),
        protected=interruption.protected,
        reversal=action.reversal.format(**words),
        evidence_first=action.evidence_first.format(**words),
        incident=case.incident.id,
        records=tuple(dict.fromkeys(records)),
    )


def implicated(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Accounts these findings are about, with those findings."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        subject = finding.entities[0] if finding.entities else None
        if subject and subject.type is EntityType.ACCOUNT and not is_machine_account(subject.id):
            found.setdefault(subject.id, []).append(finding)
    return found


def _carried(case: Case, type_: EntityType) -> dict[str, list[Finding]]:
    """Entities of this type that findings of level medium and above name, with those findings."""
    found: dict[str, list[Finding]] = {}
    for finding in case.findings:
        if finding.detector.level.rank >= LEAST.rank:
            for entity in finding.entities:
                if entity.type is type_:
                    found.setdefault(entity.id, []).append(finding)
    return found


def _is_in_scope(change: StandingChange, implicated: Mapping[str, object], incident: Incident) -> bool:
    if canonical_account(change.actor) not in implicated:
        return False
    if change.time is None or incident.first is None or incident.last is None:
        return True
    return incident.first - MARGIN <= change.time <= incident.last + MARGIN


def _changed(change: StandingChange) -> Entity:
    """What a change is cut on: the mailbox, account or application in its scope, else the account that made it."""
    account = canonical_account(change.scope) or ""
    if change.kind in (Mark.RULE, Mark.FORWARDING, Mark.PERMISSION) and "@" in account:
        return Entity(EntityType.MAILBOX, account)
    if change.kind in (Mark.CREDENTIAL, Mark.ROLE) and ("@" in account or "\\" in account):
        return Entity(EntityType.ACCOUNT, account)
    if change.kind in (Mark.CONSENT, Mark.CREDENTIAL) and change.scope:
        return Entity(EntityType.APPLICATION, change.scope)
    return Entity(EntityType.ACCOUNT, canonical_account(change.actor) or "")


def _sessions(case: Case, account: str) -> list[str]:
    """Sessions of the account that the incident names or its means show, sorted."""
    named = {entity.id for entity in case.incident.entities if entity.type is EntityType.SESSION}
    return sorted({m.session for m in case.means if m.account == account and m.session in named})


def _about(subject: str, findings: Sequence[Finding], *, verb: str = "is the subject of") -> str:
    gravest = min(findings, key=lambda finding: -finding.detector.level.rank)
    count = len(findings)
    many = f"{count} findings, the gravest" if count > 1 else "a finding"
    return f'{subject} {verb} {many} of level {gravest.detector.level}: "{gravest.detector.title}".'


def _when(changes: Sequence[StandingChange], incident: Incident) -> str:
    """The first change in words, how many more there are, when it was made, and why it must be undone by itself."""
    change = changes[0]
    text = change.detail.rstrip(".") or f"A standing change ({change.kind})"
    others = len({other.detail for other in changes} - {change.detail})
    if others:
        text += f" (and {others} more {'change' if others == 1 else 'changes'})"
    if change.time is None:
        return f"{text}, at a time the log does not give; it outlives the session that made it."
    when = "during the incident"
    if incident.first is not None and change.time < incident.first:
        when = "before the incident's first record"
    elif incident.last is not None and change.time > incident.last:
        when = "after the incident's last record"
    return f"{text}, made at {format_time(change.time)}, {when}; it outlives the session that made it."


def _list(texts: Sequence[str]) -> str:
    more = len(texts) - NAMED
    return ", ".join(texts[:NAMED]) + (f" and {more} more" if more > 0 else "")
