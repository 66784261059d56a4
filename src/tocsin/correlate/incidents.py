"""From findings to incidents: findings that share an entity, weighed by how telling it is and decayed in time.

The formula and its settings stand in `weights.toml`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tocsin.correlate.attaching import Grouping
from tocsin.correlate.decided import NOTHING_DECIDED, Decided
from tocsin.correlate.kill_chain import hundredths, order_of
from tocsin.correlate.linking import linking_entities, subject_of
from tocsin.correlate.naming import BY_TYPE
from tocsin.correlate.reason import explain_order
from tocsin.correlate.sites import Places
from tocsin.correlate.tuning import is_fact, local_chance
from tocsin.correlate.weights import Weights, load_weights
from tocsin.model.finding import Entity, Finding, Incident, Level, Link, Related


def correlate(
    findings: Iterable[Finding],
    *,
    carriers: Mapping[Entity, int] | None = None,
    accounts: int = 0,
    sites: Mapping[str, int] | None = None,
    decided: Decided = NOTHING_DECIDED,
) -> tuple[Incident, ...]:
    """Incidents, gravest first (see `gravest`).

    Each finding above informational is in one, unless it is the responders' own work.

    findings    in any order; ids must be unique
    carriers    how many accounts the logs as a whole show with an entity, where that is known: an address behind which
                everybody sits is then a hub even if few findings name it
    accounts    how many accounts the logs show at all; 0 where not known
    sites       by network the site it is of, where the logs tell (`correlate.sites`): a rule that fires on two sites at
                once ties nothing, nor does a host name that both have
    decided     what people decided: what they cut ties nothing, what they keep apart is in no one incident, and what
                they put together is in one whatever its size, after everything else was attached

    A finding joins the incident it has the greatest affinity with, if that is at least `attach`; else it opens one. A
    second incident is merged in only over two links of different entity types (or one session or process), each of at
    least `merge`, or over `rules` rules of other tools; where they tie and are not merged, each names the other. No
    incident grows beyond `largest` findings: the next one opens another.
    """
    kept = sorted(
        (f for f in findings if f.detector.level is not Level.INFORMATIONAL and not f.responder), key=_in_time
    )
    weights = load_weights()
    entities = linking_entities(kept, weights, carriers or {}, accounts or weights.population, decided.cut)
    grouping = Grouping(kept, entities, weights, Places.of(kept, sites or {}), decided)
    for number in range(len(kept)):
        grouping.add(number)
    grouping.bond(decided.bonds)
    concluded = {
        root: _conclude([kept[n] for n in group.members], group.links, decided) for root, group in grouping.groups()
    }
    related = grouping.related()
    incidents = [replace(one, related=_related(related.get(root, {}), concluded)) for root, one in concluded.items()]
    return tuple(sorted(incidents, key=gravest))


def _related(ties: Mapping[int, Link], concluded: Mapping[int, Incident]) -> tuple[Related, ...]:
    found = [
        Related(incident=concluded[root].id, reason=link.reason, affinity=link.affinity) for root, link in ties.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.affinity, one.incident)))


def _conclude(members: list[Finding], links: Sequence[Link], decided: Decided) -> Incident:
    members = sorted(members, key=_in_time)
    position = {finding.id: number for number, finding in enumerate(members)}
    times = [time for finding in members for time in (finding.first, finding.last) if time is not None]
    order = order_of(members)
    return Incident(
        id=f"i-{hashlib.sha256(members[0].id.encode()).hexdigest()[:12]}",
        title=_title(members),
        level=max((finding.detector.level for finding in members), key=lambda level: level.rank),
        first=min(times, default=None),
        last=max(times, default=None),
        score=_score(members, load_weights(), decided),
        findings=tuple(finding.id for finding in members),
        techniques=tuple(sorted({technique for finding in members for technique in finding.techniques})),
        entities=tuple(sorted({entity for finding in members for entity in finding.entities}, key=BY_TYPE)),
        links=tuple(sorted(set(links), key=lambda link: (position[link.b], position[link.a], link.reason))),
        evidence=_evidence(members, decided) + hundredths(order),
        order=explain_order(order),
    )


def _score(members: Sequence[Finding], weights: Weights, decided: Decided) -> int:
    """0 to 100: the noisy-or over distinct detectors of their weight. Saying one thing often adds nothing: the last
    finding of a detector speaks for it, or the last that was judged hostile."""
    chances: dict[tuple[str, str], float] = {}
    for one in sorted(members, key=lambda one: one.id in decided.true):
        detector = (one.detector.kind, one.detector.id)
        chances[detector] = _chance(one, weights, decided)
    doubt = 1.0
    for detector in sorted(chances):
        doubt *= 1.0 - chances[detector]
    return round(100 * (1.0 - doubt))


def _chance(finding: Finding, weights: Weights, decided: Decided) -> float:
    """That a finding stands for something real: by its level, or by what verdicts made of its detector. A finding that
    was judged hostile itself is worth no less than its level."""
    shipped = weights.level[finding.detector.level]
    tally = decided.verdicts.get((finding.detector.kind, finding.detector.id))
    if tally is None or is_fact(finding):
        return shipped
    local = local_chance(shipped, tally, weights)
    return max(local, shipped) if finding.id in decided.true else local


def _evidence(members: Sequence[Finding], decided: Decided) -> int:
    """The sum over distinct detectors of the most that one finding of it says."""
    most: dict[tuple[str, str], int] = {}
    for one in members:
        detector = (one.detector.kind, one.detector.id)
        most[detector] = max(evidence_of(one, decided), most.get(detector, 0))
    return sum(most.values())


def evidence_of(finding: Finding, decided: Decided) -> int:
    """What one finding says, in hundredths of -log10 of a chance: its own, or its level's as verdicts moved it."""
    if finding.surprise is not None:
        return finding.surprise
    weights = load_weights()
    moved = math.log10(_chance(finding, weights, decided) / weights.level[finding.detector.level])
    return max(0, weights.evidence[finding.detector.level] + round(100 * moved))


def _title(members: Sequence[Finding]) -> str:
    lead = min(members, key=lambda finding: (-finding.detector.level.rank, _in_time(finding)))
    subject = subject_of(lead)
    others = len(members) - 1
    more = f" and {others} other {'finding' if others == 1 else 'findings'}" if others else ""
    return f"{subject.id}: {lead.detector.title}{more}" if subject else f"{lead.detector.title}{more}"


def _in_time(finding: Finding) -> tuple[bool, int, str]:
    return (finding.first is None, finding.first or 0, finding.id)


def gravest(incident: Incident) -> tuple[int, int, int, int, bool, int, str]:
    """The order of incidents: by level, score, evidence, what could be reached, then first time and id."""
    time = (incident.first is None, incident.first or 0)
    return (-incident.level.rank, -incident.score, -incident.evidence, -(incident.reach or 0), *time, incident.id)
