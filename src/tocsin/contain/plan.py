"""From incidents to the cuts proposed: what each cuts, what it interrupts, what to secure before, how it is undone.

Nothing is carried out. Texts and order stand in `actions.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.contain.actions import Action, Catalogue, load_catalogue
from tocsin.contain.interruption import Interruption, interrupt_account, interrupt_host
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.finding import Entity, EntityType, Finding, Incident, Level
from tocsin.model.identity import canonical_account, is_machine_account, is_remote_address
from tocsin.model.instant import DAY, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Cut, Means

LEAST = Level.MEDIUM
MARGIN = DAY  # changes of the day before and after are looked at too
CROWD = 5  # accounts behind one address above which blocking it is a decision for a person
NAMED = 5  # sessions or accounts named in a sentence; the others are counted

_REMOVES = {
    Mark.FORWARDING: "remove_forwarding",
    Mark.RULE: "remove_rule",
    Mark.CONSENT: "revoke_consent",
    Mark.PERMISSION: "remove_permission",
    Mark.LINK: "remove_link",
    Mark.CREDENTIAL: "reset_credential",
}
_AT_ONCE = ("revoke_consent", "reset_credential")  # one action undoes every change of the same thing


class _Case(NamedTuple):
    """One incident with what a plan for it needs."""

    incident: Incident
    findings: list[Finding]
    implicated: dict[str, list[Finding]]  # accounts, with the findings that are about them
    means: tuple[Means, ...]
    estate: Estate
    carriers: Mapping[Entity, int]
    catalogue: Catalogue


def propose(
    incidents: Sequence[Incident],
    findings: Iterable[Finding],
    changes: Sequence[StandingChange],
    estate: Estate,
    attribution: Iterable[Attribution],
    *,
    carriers: Mapping[Entity, int] | None = None,
) -> tuple[Cut, ...]:
    """Cuts for the incidents of level medium and above, in the order of `incidents`; within one by `order` of the
    action, then what needs no decision first, then by target and scope.

    changes   all standing changes: proposed for removal are those the incident's findings rest on, and those an
              implicated account made within its span and a day on either side
    carriers  how many accounts the logs show with an address, where known

    Implicated is an account that a finding is about (`Finding.entities` has the subject first); an account that was
    only acted on is not, and no machine account ever is. A protected function is not stopped: its accounts keep their
    sign-in, and whatever else touches one is `protected` and has an alternative among `interrupts`.
    """
    known = {finding.id: finding for finding in findings}
    means = {answer.incident: answer.means for answer in attribution}
    cuts: list[Cut] = []
    for incident in incidents:
        if incident.level.rank < LEAST.rank:
            continue
        members = [known[finding] for finding in incident.findings]
        case = _Case(
            incident,
            members,
            _implicated(members),
            means.get(incident.id, ()),
            estate,
            carriers or {},
            load_catalogue(),
        )
        proposed = [*_account_cuts(case), *_change_cuts(case, changes), *_host_cuts(case), *_address_cuts(case)]
        cuts += sorted(proposed, key=lambda cut: _order(cut, case.catalogue))
    return tuple(cuts)


def _account_cuts(case: _Case) -> Iterator[Cut]:
    for account, about in case.implicated.items():
        target = Entity(EntityType.ACCOUNT, account)
        interruption = interrupt_account(account, case.estate, case.catalogue, case.incident.last)
        action = case.catalogue.actions["revoke_sessions" if interruption.protected else "disable_sign_in"]
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


def _change_cuts(case: _Case, changes: Sequence[StandingChange]) -> Iterator[Cut]:
    """One cut per change, however often it was recorded; one per application and credential, however often changed."""
    of_change = {change.record for change in changes}
    seen = {record for finding in case.findings for record in finding.records if record in of_change}
    merged: dict[tuple[str, Entity, str, str, str], list[StandingChange]] = {}
    for change in changes:
        if change.kind in _REMOVES and (change.record in seen or _is_in_scope(change, case.implicated, case.incident)):
            name = _REMOVES[change.kind]
            detail = "" if name in _AT_ONCE else change.detail
            merged.setdefault((name, _changed(change), change.scope, change.actor, detail), []).append(change)
    for (name, target, scope, actor, _), alike in merged.items():
        action = case.catalogue.actions[name]
        ordered = sorted(alike, key=lambda change: (change.time is None, change.time or 0, change.record))
        interruption = Interruption((), protected=False)
        if name == "reset_credential" and target.type is EntityType.ACCOUNT:
            interruption = interrupt_account(target.id, case.estate, case.catalogue, case.incident.last)
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


def _host_cuts(case: _Case) -> Iterator[Cut]:
    for host, naming in _carried(case, EntityType.HOST).items():
        yield _cut(
            case,
            case.catalogue.actions["isolate_host"],
            Entity(EntityType.HOST, host),
            interruption=interrupt_host(host, case.estate, case.catalogue),
            why=_about(f"The host {host}", naming, verb="is named in"),
            records=tuple(finding.records[0] for finding in naming),
        )


def _address_cuts(case: _Case) -> Iterator[Cut]:
    for address, naming in _carried(case, EntityType.ADDRESS).items():
        if not is_remote_address(address):
            continue
        target = Entity(EntityType.ADDRESS, address)
        yield _cut(
            case,
            case.catalogue.actions["block_address"],
            target,
            interruption=_interrupt_address(case, target),
            why=_about(f"The address {address}", naming, verb="is named in"),
            records=tuple(finding.records[0] for finding in naming),
        )


def _interrupt_address(case: _Case, target: Entity) -> Interruption:
    sentences: list[str] = []
    protected = False
    if case.catalogue.is_private(target.id):
        sentences.append("It is a private address: behind it is the institution's own network, not the outside.")
        protected = True
    if case.catalogue.is_providers(target.id):
        sentences.append(
            "It lies in a range the provider publishes for its own service, which would stop for everybody."
        )
        protected = True
    count = case.carriers.get(target, 0)
    if count > CROWD:
        sentences.append(f"{count} accounts used it in these logs: all of them lose it.")
        protected = True
    others = sorted({m.account for m in case.means if m.address == target.id and m.account} - case.implicated.keys())
    if others:
        sentences.append(f"Other accounts used it too, and lose it or are implicated themselves: {_list(others)}.")
    if protected:
        sentences.append(case.catalogue.alternative["address"])
    return Interruption(tuple(sentences), protected)


def _cut(
    case: _Case,
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
        interrupts=(action.interrupts.format(**words), *interruption.sentences),
        protected=interruption.protected,
        reversal=action.reversal.format(**words),
        evidence_first=action.evidence_first.format(**words),
        incident=case.incident.id,
        records=tuple(dict.fromkeys(records)),
    )


def _implicated(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Accounts these findings are about, with those findings."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        subject = finding.entities[0] if finding.entities else None
        if subject and subject.type is EntityType.ACCOUNT and not is_machine_account(subject.id):
            found.setdefault(subject.id, []).append(finding)
    return found


def _carried(case: _Case, type_: EntityType) -> dict[str, list[Finding]]:
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
    if change.kind is Mark.CREDENTIAL and ("@" in account or "\\" in account):
        return Entity(EntityType.ACCOUNT, account)
    if change.kind in (Mark.CONSENT, Mark.CREDENTIAL) and change.scope:
        return Entity(EntityType.APPLICATION, change.scope)
    return Entity(EntityType.ACCOUNT, canonical_account(change.actor) or "")


def _sessions(case: _Case, account: str) -> list[str]:
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


def _order(cut: Cut, catalogue: Catalogue) -> tuple[int, bool, Entity, str, str]:
    return (catalogue.actions[cut.action].order, cut.protected, cut.target, cut.scope, cut.why)
