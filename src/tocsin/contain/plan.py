"""From incidents to the cuts proposed, each once: what stops, what to secure before, how it is undone.

Nothing is carried out. Texts and order stand in `actions.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from tocsin.contain.actions import Catalogue, load_catalogue
from tocsin.contain.cuts import LEAST, Case, cuts_of, implicated
from tocsin.model.coverage import StandingChange
from tocsin.model.estate import Estate
from tocsin.model.finding import Entity, Finding, Incident
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Cut


def _itself(name: str) -> tuple[str, ...]:
    return (name,)


def propose(
    incidents: Sequence[Incident],
    findings: Iterable[Finding],
    changes: Sequence[StandingChange],
    estate: Estate,
    attribution: Iterable[Attribution],
    *,
    carriers: Mapping[Entity, int] | None = None,
    forms: Callable[[str], tuple[str, ...]] = _itself,
    assumed_from: int = 0,
) -> tuple[Cut, ...]:
    """Cuts for the incidents of level medium and above, in the order of `incidents`; within one by `order` of the
    action, then what needs no decision first, then by target and scope. A cut that serves several incidents stands
    once, with the first of them.

    changes   all standing changes: proposed for removal are those the incident's findings rest on, and those an
              implicated account made within its span and a day on either side
    carriers  how many accounts the logs show with an address, where known
    forms     every name of an account: the estate may know it by another than the logs
    assumed_from  the score from which an incident is taken as an intrusion; below it people are asked and machines are
              looked at, and no more is cut than the changes its findings rest on

    Implicated is an account that a finding is about (`Finding.entities` has the subject first); an account that was
    only acted on is not, and no machine account ever is. A protected function is not stopped: its accounts keep their
    sign-in, and whatever else touches one is `protected` and has an alternative among `interrupts`.
    """
    known = {finding.id: finding for finding in findings}
    means = {answer.incident: answer.means for answer in attribution}
    catalogue = load_catalogue()
    cuts: dict[tuple[object, ...], Cut] = {}
    for incident in incidents:
        if incident.level.rank < LEAST.rank:
            continue
        members = [known[finding] for finding in incident.findings]
        of_incident = means.get(incident.id, ())
        case = Case(
            incident,
            members,
            implicated(members),
            of_incident,
            estate,
            carriers or {},
            catalogue,
            forms,
            is_assumed=incident.score >= assumed_from,
        )
        for cut in sorted(cuts_of(case, changes), key=lambda cut: _order(cut, catalogue)):
            key = _what(cut, changes)
            held = cuts.get(key)
            cuts[key] = cut if held is None else _both(held, cut)
    return tuple(cuts.values())


def _what(cut: Cut, changes: Sequence[StandingChange]) -> tuple[object, ...]:
    """What makes two proposals one: the same done to the same thing; of a change, to the same change."""
    of_changes = {change.record for change in changes} & set(cut.records)
    return (cut.action, cut.target, cut.scope if of_changes else "", frozenset(of_changes))


def _both(one: Cut, other: Cut) -> Cut:
    also = tuple(name for name in dict.fromkeys((*one.also, other.incident)) if name != one.incident)
    records: tuple[RecordPlace, ...] = tuple(dict.fromkeys((*one.records, *other.records)))
    interrupts = tuple(dict.fromkeys((*one.interrupts, *other.interrupts)))
    return replace(one, also=also, records=records, interrupts=interrupts, protected=one.protected or other.protected)


def _order(cut: Cut, catalogue: Catalogue) -> tuple[int, bool, Entity, str, str]:
    return (catalogue.actions[cut.action].order, cut.protected, cut.target, cut.scope, cut.why)
