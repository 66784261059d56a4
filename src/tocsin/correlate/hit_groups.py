"""Rows of hits in; the groups of them that are one finding each out: of one rule, on one subject, close in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.correlate.entity_columns import Column, EntityColumns, Flags, Integers, device_network
from tocsin.correlate.naming import BY_TYPE
from tocsin.model.finding import Entity, EntityType
from tocsin.model.identity import is_machine_account, is_remote_address
from tocsin.model.instant import HOUR

GAP = HOUR  # neighbours further apart are two findings
_NOWHERE = Entity(EntityType.NETWORK, "")


class Subjects(NamedTuple):
    """What each row is about: a code per row, in the order of the texts, and the entity a text stands for."""

    of_row: Integers
    texts: list[str]
    entities: dict[str, Entity | None]


def subjects_of(state: pa.Table, columns: EntityColumns) -> Subjects:
    """The first there is of: who acted, who was acted on, host, address, the machine's own account, source."""
    source = Column.of(state["source"])
    status = Column.of(state["status"])
    failed = status.mapped([int(value == "failure") for value in status.values]) == 1
    every = np.ones(state.num_rows, dtype=np.bool_)
    candidates: list[tuple[Column, EntityType | None, Callable[[str], bool], Flags]] = [
        (columns.actor, EntityType.ACCOUNT, _is_person, every),
        (columns.target, EntityType.ACCOUNT, _is_person, ~failed),
        (columns.host, EntityType.HOST, bool, every),
        (columns.address, EntityType.ADDRESS, is_remote_address, every),
        (columns.actor, EntityType.ACCOUNT, bool, every),
        (source, None, bool, every),
    ]
    entities: dict[str, Entity | None] = {}
    numbers: dict[str, int] = {}
    of_row = np.full(state.num_rows, -1, dtype=np.int64)
    for column, type_, is_fit, allowed in candidates:
        codes = []
        for value in column.values:
            text = f"{type_ or 'source'}:{value}"
            if not is_fit(value):
                codes.append(-1)
                continue
            entities[text] = Entity(type_, value) if type_ else None
            codes.append(numbers.setdefault(text, len(numbers)))
        free = (of_row < 0) & allowed
        of_row[free] = column.mapped(codes)[free]
    texts = sorted(numbers)
    ranks = np.empty(len(texts), dtype=np.int64)
    for rank, text in enumerate(texts):
        ranks[numbers[text]] = rank
    return Subjects(ranks[of_row], texts, entities)


class HitGroups(NamedTuple):
    """Rows sorted by (rule, subject, time, record) and cut into findings; all but `rule_of_row` in that order.

    rows   row of the state; `starts`/`ends` are positions in it, end exclusive; `of_row` the group of each position
    """

    rows: Integers
    starts: Integers
    ends: Integers
    of_row: Integers
    records: Integers
    times: Integers
    lasts: Integers
    hits: Integers
    untimed: Flags
    rules: list[str]
    rule_of_row: Integers


def grouped(state: pa.Table, subjects: Subjects) -> HitGroups:
    """The rows cut where rule, subject or network change, or more than `GAP` lies between neighbours."""
    rule = Column.of(state["rule"])
    rules = sorted(rule.values)
    ranks = {value: rank for rank, value in enumerate(rules)}
    rule_of_row = rule.mapped([ranks[value] for value in rule.values])
    record: Integers = state["record"].to_numpy()
    time: Integers = state["time"].fill_null(0).to_numpy()
    untimed: Flags = state["time"].is_null().to_numpy()
    device = Column.of(state["device.ip"])
    networks = sorted({device_network(value) or _NOWHERE for value in device.values}, key=BY_TYPE)
    network = device.mapped([networks.index(device_network(value) or _NOWHERE) for value in device.values])
    rows = np.lexsort((record, time, untimed, network, subjects.of_row, rule_of_row)).astype(np.int64)

    def changes(values: npt.NDArray[Any]) -> Flags:
        ordered = values[rows]
        flags: Flags = ordered[1:] != ordered[:-1]
        return flags

    apart = changes(rule_of_row) | changes(subjects.of_row) | changes(network) | changes(untimed)
    # A row that stands for many hits ends within its hour, so hour by hour the gaps are those of the hits themselves.
    hour = apart | changes(time // HOUR)
    hours = np.concatenate(([0], np.flatnonzero(hour) + 1))
    last: Integers = state["last"].fill_null(0).to_numpy()[rows]
    ends_of_hours = np.maximum.reduceat(last, hours).view(np.uint64)
    begins_of_hours = time[rows][hours].view(np.uint64)  # a difference of two int64 always fits there
    new = apart.copy()
    new[hours[1:] - 1] |= (begins_of_hours[1:] - ends_of_hours[:-1]) > GAP
    starts = np.concatenate(([0], np.flatnonzero(new) + 1)).astype(np.int64)
    ends = np.concatenate((starts[1:], [rows.size])).astype(np.int64)
    of_row = np.repeat(np.arange(starts.size, dtype=np.int64), ends - starts)
    hits: Integers = state["hits"].to_numpy()[rows]
    records, times = record[rows], time[rows]
    return HitGroups(rows, starts, ends, of_row, records, times, last, hits, untimed[rows], rules, rule_of_row)


def _is_person(account: str) -> bool:
    return bool(account) and not is_machine_account(account)
