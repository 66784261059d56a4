"""Findings of several makers in one order, with every account and host by the one name it is shown by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tocsin.model.finding import Entity, EntityType, Finding

_JOINED = (EntityType.ACCOUNT, EntityType.HOST)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings of several makers, each in its order, as one list: by first time, gravest level and rule."""
    return tuple(
        sorted(findings, key=lambda one: (one.first is None, one.first or 0, -one.detector.level.rank, one.detector.id))
    )


def under_one_name(findings: Sequence[Finding], canonical: Callable[[str], str]) -> tuple[Finding, ...]:
    """The findings in their order; the subject stays first, and what two names stood for is named once."""

    def shown(entity: Entity) -> Entity:
        return Entity(entity.type, canonical(entity.id)) if entity.type in _JOINED else entity

    return tuple(
        replace(finding, entities=tuple(dict.fromkeys(shown(entity) for entity in finding.entities)))
        for finding in findings
    )
