"""Findings of several makers in one order, with every account and host by the one name it is shown by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter

from tocsin.model.finding import Entity, EntityType, Finding

JOINED = (EntityType.ACCOUNT, EntityType.HOST)  # what may have several names
BY_TYPE = attrgetter("type", "id")  # the order of entities, quicker than comparing them


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings of several makers, each in its order, as one list: by first time, gravest level and rule."""
    return tuple(
        sorted(findings, key=lambda one: (one.first is None, one.first or 0, -one.detector.level.rank, one.detector.id))
    )


def under_one_name(findings: Sequence[Finding], canonical: Callable[[str], str]) -> tuple[Finding, ...]:
    """The findings in their order; the subject stays first, and what two names stood for is named once."""
    return tuple(
        replace(finding, entities=tuple(dict.fromkeys(shown(entity, canonical) for entity in finding.entities)))
        for finding in findings
    )


def shown(entity: Entity, canonical: Callable[[str], str]) -> Entity:
    """The entity by the name that findings show it by."""
    return Entity(entity.type, canonical(entity.id)) if entity.type in JOINED else entity
