"""Findings in; the entities that may tie them to each other out, each with how much it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from tocsin.correlate.naming import BY_TYPE
from tocsin.correlate.weights import Weights
from tocsin.model.finding import Entity, EntityType, Finding

_ABOUT = (EntityType.ACCOUNT, EntityType.HOST, EntityType.ADDRESS)  # what a finding can be about
_OF_MANY = (EntityType.NETWORK, EntityType.RULE)  # carried by many by their nature: how many says nothing


class LinkingEntities(NamedTuple):
    """The entities that link, numbered in their order, with what does not change while findings are attached."""

    known: list[Entity]
    weights: list[float]  # base weight times how rare the entity is
    bases: list[float]
    of_finding: list[list[int]]
    subjects: list[int]  # number of what each finding is about; -1 where that does not link


def subject_of(finding: Finding) -> Entity | None:
    """What the finding is about: its first entity if that is an account, host or address."""
    first = finding.entities[0] if finding.entities else None
    return first if first is not None and first.type in _ABOUT else None


def linking_entities(
    findings: Sequence[Finding],
    weights: Weights,
    carriers: Mapping[Entity, int],
    population: int,
    cut: Collection[Entity],
) -> LinkingEntities:
    """Number what links, but what is cut. An entity is carried by the subjects of the findings that name it, or by more
    where the logs show more."""
    found: dict[Entity, int] = {}
    occurring = [[found.setdefault(entity, len(found)) for entity in _linking(finding)] for finding in findings]
    about = [
        -1 if subject_of(finding) is None else named[0] for finding, named in zip(findings, occurring, strict=True)
    ]
    carried_by: list[set[int]] = [set() for _ in found]
    for subject, named in zip(about, occurring, strict=True):
        for entity in named:
            carried_by[entity].add(subject)

    known = sorted((one for one in found if weights.links(one) and one not in cut), key=BY_TYPE)
    ranks = [-1] * len(found) + [-1]  # the last for no subject
    for rank, one in enumerate(known):
        ranks[found[one]] = rank
    bases = [weights.entity[entity.type] for entity in known]
    rare = [
        1.0
        if one.type in _OF_MANY
        else weights.rare(max(len(carried_by[found[one]]), carriers.get(one, 0)), population)
        for one in known
    ]
    return LinkingEntities(
        known=known,
        weights=[base * factor for base, factor in zip(bases, rare, strict=True)],
        bases=bases,
        of_finding=[[ranks[entity] for entity in named if ranks[entity] >= 0] for named in occurring],
        subjects=[ranks[subject] for subject in about],
    )


def _linking(finding: Finding) -> tuple[Entity, ...]:
    """What may tie the finding to others: what it names, and another tool's rule where its alerts were compared."""
    if finding.surprise is None:
        return finding.entities
    return (*finding.entities, Entity(EntityType.RULE, finding.detector.id))
