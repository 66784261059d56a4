"""What the verdicts rest on beside the accesses, and what of it forbids that anything is ruled out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tocsin.assess import obstacles, roles
from tocsin.assess.actors import Actors, DeclaredAccounts, is_application
from tocsin.assess.matching import NOBODY_JOINED, Seen
from tocsin.assess.named import Named
from tocsin.assess.naming import NO_NAMES, HoldingNames
from tocsin.assess.roles import Role
from tocsin.assess.standing import address_of
from tocsin.assess.verdict import Window
from tocsin.model.coverage import Coverage, Mark, RecordSpan, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.instant import is_plausible
from tocsin.model.joining import Identities
from tocsin.model.question import CompromiseStart, Question
from tocsin.model.reference import RecordPlace

_UNKNOWN_START = CompromiseStart()
_SAID_OF = frozenset((Mark.ADDRESSED, Mark.ADMINISTRATOR))
_SENDS_ON = frozenset((Mark.RULE, Mark.FORWARDING))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdicts rest on beside the accesses.

    place    resolves a record reference; asked once a reference
    as_of    the time the answers speak of, nanoseconds UTC: where the question has no end, the window ends here, or
             where records of a log may still be on their way
    since    the first record of the logs, nanoseconds UTC: where neither question nor start has a beginning, the
             window begins here
    names    which names are one holding
    identities  which names are one account
    withheld    a sentence saying why nothing may be ruled out, whatever else is known; "" where it may
    ruled_out_by    the sources by whose logs alone something may be ruled out, and only what stands plainly in them
                    (`assess.plainly`); None is all, and everything
    plain_in    the sources by whose logs it is told where such a thing is not ruled out that no access is recorded
    tells    the families of holdings that the log of each source can tell of
    taken_by who took the logs, and as which account, as acquisition records name them
    taken_whole the sources of which every file was asked for without leaving anything out (`assess.vouching`)
    spans    records that stand for accesses before or after their time
    changes  rules, rights and the like, of all time: one made by a compromised account opens ways no access log shows
    """

    coverage: Sequence[Coverage]
    estate: Estate
    place: Callable[[int], RecordPlace]
    start: CompromiseStart = _UNKNOWN_START
    as_of: int | None = None
    since: int | None = None
    changes: Sequence[StandingChange] = ()
    names: HoldingNames = NO_NAMES
    identities: Identities = NOBODY_JOINED
    withheld: str = ""
    ruled_out_by: Collection[str] | None = None
    plain_in: Collection[str] = ()
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spans: Sequence[RecordSpan] = ()
    taken_by: Collection[str] = ()
    taken_whole: Collection[str] = ()


def compromised(question: Question) -> tuple[str, ...]:
    """What is taken as hostile, as `type:id`, sorted."""
    named = {
        "account": {*question.identities, *(way.identity for way in question.ways)},
        "address": {*question.addresses, *(way.address for way in question.ways)},
        "session": {*question.sessions, *(way.session for way in question.ways)} - {*question.keys},
        "key": {*question.keys},
        "host": {*question.hosts},
    }
    return tuple(sorted(f"{kind}:{value}" for kind, values in named.items() for value in values if value))


def forbidden(question: Question, evidence: Evidence, seen: Seen, whose: Actors) -> tuple[str, ...]:
    """The premises under which nothing can be ruled out, as sentences; `whose` as `those_named` gives it."""
    found = [evidence.withheld] if evidence.withheld else []
    estate = evidence.estate
    declared = DeclaredAccounts(estate)
    owners = {one: declared.declared(evidence.identities.all_forms(one)) for one in sorted(_named(question, seen))}
    is_declared = any(identity.administrator for known in owners.values() for identity in known)
    role = roles.held(whose, evidence.changes, estate, evidence.identities)
    if seen.administrators or is_declared or role is Role.HELD:
        found.append(obstacles.ADMINISTRATOR)
    elif role is Role.MAYBE:
        found.append(obstacles.ROLE_NOT_TOLD)
    by_account = [bool(way.identity) for way in question.ways]
    if question.identities or question.addresses or question.sessions:
        by_account.append(bool(question.identities))
    if not question.accounts and not all(by_account):
        found.append(obstacles.ACCOUNTS_NOT_KNOWN)
    if not all(owners.values()):
        found.append(obstacles.NOT_DECLARED)
    if any(is_application(identity) for known in owners.values() for identity in known):
        found.append(obstacles.APPLICATION)
    if question.hosts:
        found.append(obstacles.HOST)
    theirs = [one for one in estate.identities if not all(map(whose.is_anothers, one.accounts))]
    named = Named((*theirs, *(one for known in owners.values() for one in known)), estate.identities, whose)
    if any(map(named.is_one, {*evidence.taken_by, *(one.custodian for one in estate.attestations)})):
        found.append(obstacles.OWN_WORD)
    return tuple(found)


def standing(evidence: Evidence, window: Window, whose: Actors) -> list[StandingChange]:
    """The changes by accounts in question, or by who may be one, and those by anybody that send mail to one.

    A change stands until it is undone: one made before the window, but not before the compromise, still works in it.
    """
    standing = Window(from_=evidence.start.earliest, to=window.to)
    if not evidence.changes:
        return []
    by = whose.maybe([change.actor for change in evidence.changes])
    return [
        change
        for change, is_theirs in zip(evidence.changes, by, strict=True)
        if (is_theirs and change.kind not in _SAID_OF and _is_in(change.time, standing))
        or (change.kind in _SENDS_ON and any(whose.may_receive(address_of(name)) for name in change.given_to))
        or (change.kind is Mark.ADDRESSED and any(whose.is_addressed(address_of(name)) for name in change.given_to))
    ]


def those_named(question: Question, evidence: Evidence, seen: Seen) -> Actors:
    """Tells of actors whether they are accounts in question, or such as what was reached shows."""
    whose = replace(question, accounts=tuple(sorted(_named(question, seen))))
    return Actors(whose, evidence.estate, evidence.identities)


def _named(question: Question, seen: Seen) -> set[str]:
    """The accounts in question, and those that what was reached shows."""
    named = {*question.identities, *question.accounts, *(way.identity for way in question.ways if way.identity)}
    return named | {thing.actor for thing in seen.reached if not thing.actor_class.is_apart}


def _is_in(time: int | None, window: Window) -> bool:
    if time is None or not is_plausible(time):
        return True
    return (window.from_ is None or time >= window.from_) and (window.to is None or time < window.to)
