"""Groups of hits in; the entities that each of them names out."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from tocsin.correlate.entity_columns import Column, EntityColumns, Integers, device_network
from tocsin.correlate.hit_groups import HitGroups
from tocsin.correlate.naming import BY_TYPE
from tocsin.model.alert import read_told
from tocsin.model.finding import Entity, EntityType
from tocsin.model.identity import is_one_process, is_one_session, is_remote_address

PROCESSES_NAMED = 100  # per finding: a rule on process starts would otherwise name every process of a month

_TYPE = attrgetter("type")


class NamedEntities(NamedTuple):
    """All entities, sorted, and the sorted positions of each group's; processes are those at `processes` of `known`."""

    known: list[Entity]
    positions: dict[Entity, int]
    of_groups: list[list[int]]
    processes: range

    def of_group(self, group: int, subject: Entity | None) -> tuple[tuple[Entity, ...], int]:
        """The entities to name, subject first, and how many processes there were."""
        named = self.of_groups[group]
        first = bisect.bisect_left(named, self.processes.start)
        last = bisect.bisect_left(named, self.processes.stop)
        kept = named[: min(last, first + PROCESSES_NAMED)] + named[last:]
        if subject is not None:
            position = self.positions[subject]
            kept = [position, *(other for other in kept if other != position)]
        return tuple([self.known[position] for position in kept]), last - first


def named_entities(columns: EntityColumns, groups: HitGroups) -> NamedEntities:
    """What the rows of each group name, in their columns and beyond them in what an alert told."""
    per_row: list[tuple[Integers, list[Entity | None]]] = [
        (columns.actor.codes, _fitting(EntityType.ACCOUNT, columns.actor, bool)),
        (columns.target.codes, _fitting(EntityType.ACCOUNT, columns.target, bool)),
        (columns.host.codes, _fitting(EntityType.HOST, columns.host, bool)),
        (columns.address.codes, _fitting(EntityType.ADDRESS, columns.address, is_remote_address)),
        (columns.application.codes, _fitting(EntityType.APPLICATION, columns.application, bool)),
        (
            np.where(columns.is_mail, columns.resource.codes, -1),
            [_mailbox(value) for value in columns.resource.values],
        ),
        (columns.device.codes, [device_network(value) for value in columns.device.values]),
        (columns.session.codes, _fitting(EntityType.SESSION, columns.session, is_one_session)),
        *_named_beside(columns.told),
        (columns.process.codes, _fitting(EntityType.PROCESS, columns.process, is_one_process)),
    ]
    known = sorted({entity for _, values in per_row for entity in values if entity is not None}, key=BY_TYPE)
    numbers = {entity: number for number, entity in enumerate(known)}
    pairs = []
    for codes, values in per_row:
        of_value = np.array([-1 if v is None else numbers[v] for v in values] + [-1], dtype=np.int64)
        named = of_value[codes[groups.rows]]
        pairs.append((groups.of_row * len(known) + named)[named >= 0])
    distinct = np.unique(np.concatenate(pairs)) if known else np.empty(0, dtype=np.int64)
    group_of, position = np.divmod(distinct, max(1, len(known)))
    cuts = np.searchsorted(group_of, np.arange(groups.starts.size + 1)).tolist()
    positions = position.tolist()
    return NamedEntities(
        known,
        numbers,
        [positions[start:end] for start, end in itertools.pairwise(cuts)],
        range(
            bisect.bisect_left(known, EntityType.PROCESS, key=_TYPE),
            bisect.bisect_right(known, EntityType.PROCESS, key=_TYPE),
        ),
    )


def _named_beside(told: Column) -> Iterator[tuple[Integers, list[Entity | None]]]:
    """What alerts name beyond their columns: of each the first, the second and so on."""
    named = [read_told("", value).entities for value in told.values]
    for place in range(max(map(len, named), default=0)):
        yield told.codes, [each[place] if place < len(each) else None for each in named]


def _fitting(type_: EntityType, column: Column, is_fit: Callable[[str], bool]) -> list[Entity | None]:
    """An entity a distinct value, None where the value does not name one."""
    return [Entity(type_, value) if is_fit(value) else None for value in column.values]


def _mailbox(value: str) -> Entity | None:
    is_mailbox = "@" in value and not any(character in value for character in " \\/<>")
    return Entity(EntityType.MAILBOX, value.lower()) if is_mailbox else None
