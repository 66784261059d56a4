"""From events to the means an incident was carried out with: accounts, sessions, addresses, clients, process chains.

A fold: `summarise` events in the worker, `combine` in any order, `conclude` per incident. It says what was used, and
never that a person did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.identity import is_machine_account, is_remote_address
from tocsin.model.instant import DAY
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Means, ProcessStep
from tocsin.model.tables import empty

NAME = "means"
MEANS_LISTED = 50
STEPS_LISTED = 200
COMMAND_LENGTH = 300
MARGIN = DAY  # means and changes of the day before and after belong to the picture
CROWDED_NAMED = 3
SHARED_BY = 5  # an address of more accounts than this says little about any one of them: it is not followed

_KEYS = ("account", "session", "address", "client")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in _KEYS),  # "" where the log has none
        pa.field("count", pa.int64(), nullable=False),  # records
        pa.field("first", pa.int64()),  # ns UTC
        pa.field("last", pa.int64()),
    ]
)

# What `conclude` reads of the hits; any table that holds these columns of `model.tables.HITS` will do.
STEP_COLUMNS = (
    "record",
    "time",
    "actor.user.name",
    "user.name",
    "device.hostname",
    "actor.process.file.path",
    "process.file.path",
    "process.cmd_line",
)


def summarise(events: pa.Table) -> pa.Table:
    """Count, first and last per (account, session, address, client) of one chunk, where it has any of the first three.

    The client is the client string, or the application id where there is none.
    """

    def text(name: str) -> pa.ChunkedArray:
        return pc.fill_null(events[name], "")

    agent = text("http_request.user_agent")
    table = pa.table(
        {
            "account": text("actor.user.name"),
            "session": text("actor.session.uid"),
            "address": text("src_endpoint.ip"),
            "client": pc.if_else(pc.equal(agent, ""), text("actor.app_uid"), agent),
            "count": pa.chunked_array([np.ones(events.num_rows, dtype=np.int64)]),
            "first": events["time"],
            "last": events["time"],
        }
    )
    nothing = pc.and_(
        pc.and_(pc.equal(table["account"], ""), pc.equal(table["session"], "")), pc.equal(table["address"], "")
    )
    return _fold(table.filter(pc.invert(nothing)))


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The partials as one, by account, session, address and client."""
    filled = [table for table in partials if table.num_rows]
    return _fold(pa.concat_tables(filled)) if filled else empty(SCHEMA)


def carriers(state: pa.Table) -> dict[Entity, int]:
    """How many accounts the logs show with each address and session: what everybody uses ties nobody to anything."""
    known = state.filter(pc.not_equal(state["account"], ""))
    counts: dict[Entity, int] = {}
    for name, type_ in (("address", EntityType.ADDRESS), ("session", EntityType.SESSION)):
        table = known.group_by(name).aggregate([("account", "count_distinct")])
        for value, count in zip(table[name].to_pylist(), table["account_count_distinct"].to_pylist(), strict=True):
            if value:
                counts[Entity(type_, value)] = count
    return counts


def count_accounts(state: pa.Table) -> int:
    """How many accounts the logs show."""
    accounts = pc.unique(state["account"]).to_pylist()
    return sum(1 for account in accounts if account)


def conclude(
    state: pa.Table,
    hits: pa.Table,
    incidents: Sequence[Incident],
    findings: Iterable[Finding],
    place: Callable[[int], RecordPlace],
) -> tuple[Attribution, ...]:
    """One attribution per incident, in the order of `incidents`.

    state   the fold's table
    hits    a table with `STEP_COLUMNS`: the process chains are read from the records the incident's findings rest on

    Means are the rows that share an account or session with the incident, or an address that no more than `SHARED_BY`
    accounts used, within its span and a day on either side; counts are over all the logs. Listed are the `MEANS_LISTED`
    that share most with the incident, most used first, then by text; steps are the first `STEPS_LISTED` in time. How
    many are not listed is said in the statement.
    """
    index = _MeansIndex(state)
    steps = _steps_by_incident(hits, incidents, findings, place)
    answers = []
    for incident in incidents:
        means = index.of(incident)
        chain = steps.get(incident.id, [])
        answers.append(
            Attribution(
                incident=incident.id,
                statement=_state(incident, means, chain, index.crowded(incident)),
                means=tuple(sorted(means[:MEANS_LISTED], key=_most_used)),
                processes=tuple(chain[:STEPS_LISTED]),
            )
        )
    return tuple(answers)


def _fold(table: pa.Table) -> pa.Table:
    grouped = table.group_by(list(_KEYS)).aggregate([("count", "sum"), ("first", "min"), ("last", "max")])
    named = grouped.rename_columns([*_KEYS, "count", "first", "last"]).select(SCHEMA.names).cast(SCHEMA)
    return named.sort_by([(name, "ascending") for name in _KEYS])


class _MeansIndex:
    """The rows of the fold's table by account, session and address."""

    def __init__(self, state: pa.Table) -> None:
        self._state = state
        self._by_type: dict[EntityType, dict[str, npt.NDArray[np.int64]]] = {
            EntityType.ACCOUNT: _rows_by_value(state["account"]),
            EntityType.SESSION: _rows_by_value(state["session"]),
            EntityType.ADDRESS: _rows_by_value(state["address"]),
        }
        self._carriers: Mapping[Entity, int] = carriers(state)

    def of(self, incident: Incident) -> list[Means]:
        """Every row of the incident's entities in its time: those that share most with it first, then the most used."""
        found = [self._rows(entity) for entity in incident.entities if self._is_followed(entity)]
        rows = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
        chosen = [
            Means(**row)
            for row in self._state.take(pa.array(rows, type=pa.int64())).to_pylist()
            if _is_near(row, incident)
        ]
        named = set(incident.entities)
        return sorted(chosen, key=lambda means: (-_shared(means, named), _most_used(means)))

    def crowded(self, incident: Incident) -> list[tuple[str, int]]:
        """Addresses of the incident that too many accounts used to be followed, with how many."""
        return [
            (entity.id, self._carriers[entity])
            for entity in incident.entities
            if entity.type is EntityType.ADDRESS and self._carriers.get(entity, 0) > SHARED_BY
        ]

    def _rows(self, entity: Entity) -> npt.NDArray[np.int64]:
        return self._by_type[entity.type].get(entity.id, np.empty(0, dtype=np.int64))

    def _is_followed(self, entity: Entity) -> bool:
        if entity.type is EntityType.ACCOUNT:
            return not is_machine_account(entity.id)
        if entity.type is EntityType.ADDRESS:
            return is_remote_address(entity.id) and self._carriers.get(entity, 0) <= SHARED_BY
        return entity.type is EntityType.SESSION


def _rows_by_value(column: pa.ChunkedArray) -> dict[str, npt.NDArray[np.int64]]:
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(codes, kind="stable").astype(np.int64)
    values: list[str] = encoded.dictionary.to_pylist()
    cuts = np.searchsorted(codes[order], np.arange(1, len(values)))
    return dict(zip(values, np.split(order, cuts), strict=True)) if values else {}


def _is_near(row: Mapping[str, Any], incident: Incident) -> bool:
    """Whether the row's span touches the incident's, a day on either side; where a time is missing it may."""
    if incident.first is None or incident.last is None or row["first"] is None:
        return True
    return bool(row["last"] >= incident.first - MARGIN and row["first"] <= incident.last + MARGIN)


def _shared(means: Means, named: set[Entity]) -> int:
    """How many of the account, session and address are the incident's."""
    return sum(
        1
        for type_, value in (
            (EntityType.ACCOUNT, means.account),
            (EntityType.SESSION, means.session),
            (EntityType.ADDRESS, means.address),
        )
        if value and Entity(type_, value) in named
    )


def _most_used(means: Means) -> tuple[int, str, str, str, str]:
    return (-means.count, means.account, means.session, means.address, means.client)


class _Steps(NamedTuple):
    """A process step with what it is sorted by."""

    order: tuple[bool, int, RecordPlace]
    step: ProcessStep


def _steps_by_incident(
    hits: pa.Table,
    incidents: Sequence[Incident],
    findings: Iterable[Finding],
    place: Callable[[int], RecordPlace],
) -> dict[str, list[ProcessStep]]:
    """Per incident the process steps its findings rest on, in time, each record once."""
    by_finding = {finding: incident.id for incident in incidents for finding in incident.findings}
    owners: dict[RecordPlace, set[str]] = {}
    for finding in findings:
        if finding.id in by_finding:
            for record in finding.records:
                owners.setdefault(record, set()).add(by_finding[finding.id])
    found: dict[str, list[_Steps]] = {}
    for where, step in _read_steps(hits, place):
        for incident in owners.get(where, ()):
            found.setdefault(incident, []).append(_Steps((step.time is None, step.time or 0, where), step))
    return {
        incident: [entry.step for entry in sorted(entries, key=lambda entry: entry.order)]
        for incident, entries in found.items()
    }


def _read_steps(hits: pa.Table, place: Callable[[int], RecordPlace]) -> Iterator[tuple[RecordPlace, ProcessStep]]:
    """Process steps of the records that started a process, each record once."""
    chosen = hits.select(STEP_COLUMNS)
    seen: set[int] = set()
    for row in chosen.filter(pc.not_equal(pc.fill_null(chosen["process.file.path"], ""), "")).to_pylist():
        if row["record"] in seen:
            continue
        seen.add(row["record"])
        where = place(row["record"])
        command = row["process.cmd_line"] or ""
        yield (
            where,
            ProcessStep(
                host=row["device.hostname"] or "",
                time=row["time"],
                parent=row["actor.process.file.path"] or "",
                image=row["process.file.path"],
                command_line=command if len(command) <= COMMAND_LENGTH else command[: COMMAND_LENGTH - 1] + "…",
                account=row["actor.user.name"] or row["user.name"] or "",
                record=where,
            ),
        )


def _state(
    incident: Incident, means: Sequence[Means], chain: Sequence[ProcessStep], crowded: Sequence[tuple[str, int]]
) -> str:
    """One sentence: what was used, what is not listed, and that nothing here says who."""
    said = _use(incident, means[0] if means else None)
    others = len(means) - 1
    if others > 0:
        said += f", and {others} other {'combination' if others == 1 else 'combinations'} of these"
    if len(means) > MEANS_LISTED:
        said += f", {len(means) - MEANS_LISTED} of them not listed"
    if len(chain) > STEPS_LISTED:
        said += f"; {len(chain) - STEPS_LISTED} process steps are not listed"
    for address, count in crowded[:CROWDED_NAMED]:
        said += f"; {count} accounts used the address {address}, so it was not followed"
    if len(crowded) > CROWDED_NAMED:
        said += f", nor were {len(crowded) - CROWDED_NAMED} more such addresses"
    return f"An unknown actor {said}; nothing in these logs says who."


def _use(incident: Incident, means: Means | None) -> str:
    hosts = [entity.id for entity in incident.entities if entity.type is EntityType.HOST]
    accounts = [
        entity.id
        for entity in incident.entities
        if entity.type is EntityType.ACCOUNT and not is_machine_account(entity.id)
    ]
    account = means.account if means else (accounts[0] if accounts else "")
    parts = [f"used the account {account}" if account else "acted without an account being named"]
    if means and means.session:
        parts.append(f"through session {means.session}")
    if means and means.address:
        parts.append(f"from address {means.address}")
    if means and means.client:
        parts.append(f"with client {means.client}")
    if hosts:
        more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        parts.append(f"on host {hosts[0]}{more}")
    return " ".join(parts)
