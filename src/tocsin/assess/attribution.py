"""From events to the means an incident was carried out with: accounts, sessions, addresses, clients, process chains.

A fold: `summarise` events in the worker, `combine` in any order, `conclude` per incident. It says what was used, and
never that a person did it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.finding import Entity, EntityType, Finding, Incident
from tocsin.model.identity import is_machine_account, is_private_address, is_remote_address
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
NAMED = 3  # accounts or addresses in the statement; the others are counted
SHARED_BY = 5  # an address of more accounts than this says little about any one of them: it is not followed

_NO_ROWS = np.empty(0, dtype=np.int64)
_EARLIEST, _LATEST = -(2**63), 2**63 - 1
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

    Means are the rows that share a session with the incident, or an outside address that no more than `SHARED_BY`
    accounts used, within its span and a day on either side; counts are over all the logs. Rows that share an account
    alone may be its holder's ordinary work: they are means only of an incident that names no session and no such
    address, and are counted otherwise. Listed are the `MEANS_LISTED` that share most with the incident, most used
    first, then by text; steps are the first `STEPS_LISTED` in time. How many are not listed is said in the statement.
    """
    index = _MeansIndex(state)
    known = {finding.id: finding for finding in findings}
    steps = _steps_by_incident(hits, incidents, known, place)
    answers = []
    for incident in incidents:
        about = {known[finding].entities[0] for finding in incident.findings if known[finding].entities}
        named = [*(e for one in incident.findings for e in known[one].entities), *incident.entities]
        hosts = Counter(entity.id for entity in named if entity.type is EntityType.HOST)
        used = index.of(incident, about)
        chain = steps.get(incident.id, [])
        answers.append(
            Attribution(
                incident=incident.id,
                statement=_state(incident, about, hosts, used, len(chain), index.crowded(incident)),
                means=tuple(sorted(used.listed, key=_most_used)),
                processes=tuple(chain[:STEPS_LISTED]),
            )
        )
    return tuple(answers)


def _fold(table: pa.Table) -> pa.Table:
    grouped = table.group_by(list(_KEYS)).aggregate([("count", "sum"), ("first", "min"), ("last", "max")])
    named = grouped.rename_columns([*_KEYS, "count", "first", "last"]).select(SCHEMA.names).cast(SCHEMA)
    return named.sort_by([(name, "ascending") for name in _KEYS])


class _Used(NamedTuple):
    """What one incident was carried out with.

    listed      most telling first, of `combinations` in all
    aside       rows that share an account alone, and are not among them
    is_telling  whether they share a session or an address, and not an account alone
    """

    listed: list[Means]
    combinations: int
    aside: int
    is_telling: bool


class _MeansIndex:
    """The rows of the fold's table by account, session and address."""

    def __init__(self, state: pa.Table) -> None:
        self._state = state
        self._by_type: dict[EntityType, dict[str, npt.NDArray[np.int64]]] = {
            EntityType.ACCOUNT: _rows_by_value(state["account"]),
            EntityType.SESSION: _rows_by_value(state["session"]),
            EntityType.ADDRESS: _rows_by_value(state["address"]),
        }
        self._count: npt.NDArray[np.int64] = state["count"].to_numpy()
        self._first: npt.NDArray[np.int64] = state["first"].fill_null(_EARLIEST).to_numpy()  # without a time it may be
        self._last: npt.NDArray[np.int64] = state["last"].fill_null(_LATEST).to_numpy()  # in any incident's
        self._carriers: Mapping[Entity, int] = carriers(state)

    def of(self, incident: Incident, about: set[Entity]) -> _Used:
        """What the incident was carried out with: most telling first those that share most with it, then those of an
        account its findings are about, then the most used."""
        followed = [entity for entity in incident.entities if self._is_followed(entity)]
        telling = self._near(incident, (entity for entity in followed if entity.type is not EntityType.ACCOUNT))
        of_accounts = self._near(incident, (entity for entity in followed if entity.type is EntityType.ACCOUNT))
        rows = telling if telling.size else of_accounts
        named, times = np.unique(self._rows(incident.entities), return_counts=True)
        shared = times[np.searchsorted(named, rows)]
        is_subject = np.isin(rows, self._rows(entity for entity in about if entity.type is EntityType.ACCOUNT))
        # rows lie in the order of their texts
        best = rows[np.lexsort((rows, -self._count[rows], ~is_subject, -shared))][:MEANS_LISTED]
        listed = self._state.take(pa.array(best, type=pa.int64())).to_pylist()
        return _Used(
            listed=[Means(**row) for row in listed],
            combinations=rows.size,
            aside=int(np.setdiff1d(of_accounts, rows).size),
            is_telling=bool(telling.size),
        )

    def _near(self, incident: Incident, entities: Iterable[Entity]) -> npt.NDArray[np.int64]:
        """The rows of these entities in the incident's time, each once, in order."""
        rows = np.unique(self._rows(entities))
        if incident.first is not None and incident.last is not None:
            starts_in_time = self._first[rows] <= incident.last + MARGIN
            rows = rows[starts_in_time & (self._last[rows] >= incident.first - MARGIN)]
        return rows

    def crowded(self, incident: Incident) -> list[tuple[str, int]]:
        """Addresses of the incident that too many accounts used to be followed, with how many."""
        return [
            (entity.id, self._carriers[entity])
            for entity in incident.entities
            if entity.type is EntityType.ADDRESS and self._carriers.get(entity, 0) > SHARED_BY
        ]

    def _rows(self, entities: Iterable[Entity]) -> npt.NDArray[np.int64]:
        """The rows of these entities, a row as often as it names one of them."""
        found = [self._by_type[e.type].get(e.id) for e in entities if e.type in self._by_type]
        return np.concatenate([_NO_ROWS, *(rows for rows in found if rows is not None)])

    def _is_followed(self, entity: Entity) -> bool:
        if entity.type is EntityType.ACCOUNT:
            return not is_machine_account(entity.id)
        if entity.type is EntityType.ADDRESS:
            few = self._carriers.get(entity, 0) <= SHARED_BY
            return few and is_remote_address(entity.id) and not is_private_address(entity.id)
        return entity.type is EntityType.SESSION


def _rows_by_value(column: pa.ChunkedArray) -> dict[str, npt.NDArray[np.int64]]:
    encoded = column.combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(codes, kind="stable").astype(np.int64)
    values: list[str] = encoded.dictionary.to_pylist()
    cuts = np.searchsorted(codes[order], np.arange(1, len(values)))
    return dict(zip(values, np.split(order, cuts), strict=True)) if values else {}


def _most_used(means: Means) -> tuple[int, str, str, str, str]:
    return (-means.count, means.account, means.session, means.address, means.client)


class _Steps(NamedTuple):
    """A process step with what it is sorted by."""

    order: tuple[bool, int, RecordPlace]
    step: ProcessStep


def _steps_by_incident(
    hits: pa.Table,
    incidents: Sequence[Incident],
    findings: Mapping[str, Finding],
    place: Callable[[int], RecordPlace],
) -> dict[str, list[ProcessStep]]:
    """Per incident the process steps its findings rest on, in time, each record once."""
    owners: dict[RecordPlace, set[str]] = {}
    for incident in incidents:
        for name in incident.findings:
            for record in findings[name].records:
                owners.setdefault(record, set()).add(incident.id)
    found: dict[str, list[_Steps]] = {}
    for where, step in _read_steps(hits, place):
        for owner in owners.get(where, ()):
            found.setdefault(owner, []).append(_Steps((step.time is None, step.time or 0, where), step))
    return {
        owner: [entry.step for entry in sorted(entries, key=lambda entry: entry.order)]
        for owner, entries in found.items()
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
    incident: Incident,
    about: set[Entity],
    hosts: Counter[str],
    used: _Used,
    steps: int,
    crowded: Sequence[tuple[str, int]],
) -> str:
    """One sentence: what was used, what is not listed, and that nothing here says who."""
    said = _use(incident, about, hosts, used)
    if used.aside:
        said += f"; the same accounts were used in {used.aside} other ways, which may be their holders' own work"
    if used.combinations > MEANS_LISTED:
        said += f"; {used.combinations - MEANS_LISTED} of {used.combinations} combinations are not listed"
    if steps > STEPS_LISTED:
        said += f"; {steps - STEPS_LISTED} process steps are not listed"
    for address, users in crowded[:CROWDED_NAMED]:
        said += f"; {users} accounts used the address {address}, so it was not followed"
    if len(crowded) > CROWDED_NAMED:
        said += f", nor were {len(crowded) - CROWDED_NAMED} more such addresses"
    if not incident.is_assumed:
        return f"Not taken as an intrusion, to be asked about: somebody {said}; nothing in these logs says who."
    return f"An unknown actor {said}; nothing in these logs says who."


def _use(incident: Incident, about: set[Entity], hosts: Counter[str], used: _Used) -> str:
    """What was used: the accounts the findings are about, and where more than an account tells, what went with them."""
    accounts = sorted(one.id for one in about if one.type is EntityType.ACCOUNT and not is_machine_account(one.id))
    if not accounts and used.is_telling:
        accounts = _values(used, "account")
    if not accounts:
        accounts = [e.id for e in incident.entities if e.type is EntityType.ACCOUNT and not is_machine_account(e.id)]
    parts = [f"used {_named('the account', accounts)}" if accounts else "acted without an account being named"]
    if used.is_telling:
        sessions, clients = _values(used, "session"), _values(used, "client")
        if sessions:
            parts.append(
                f"through session {sessions[0]}" if len(sessions) == 1 else f"through {len(sessions)} sessions"
            )
        if addresses := _values(used, "address"):
            parts.append(f"from {_named('address', addresses)}")
        if clients:
            more = f" and {len(clients) - 1} more" if len(clients) > 1 else ""
            parts.append(f"with client {clients[0].rstrip('; ')}{more}")
    if hosts:
        most = min(hosts, key=lambda name: (-hosts[name], name))
        parts.append(f"on host {most}" + (f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""))
    return " ".join(parts)


def _values(used: _Used, name: str) -> list[str]:
    """The distinct values of the means listed, most telling first."""
    return list(dict.fromkeys(value for means in used.listed if (value := getattr(means, name))))


def _named(noun: str, values: Sequence[str]) -> str:
    """`the account a`, `the accounts a, b and 2 more`."""
    if len(values) == 1:
        return f"{noun} {values[0]}"
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    if len(values) <= NAMED:
        return f"{plural} {', '.join(values[:-1])} and {values[-1]}"
    return f"{plural} {', '.join(values[:NAMED])} and {len(values) - NAMED} more"
