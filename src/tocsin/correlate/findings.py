"""From hits (`model.tables.HITS`) to findings: the hits of one rule on one subject while they stay close in time.

A fold: `summarise` in the worker, `combine` in any order, `conclude` to findings. Its state is the hits themselves,
less the columns no later question needs.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tocsin.correlate.reason import explain_match
from tocsin.correlate.techniques import crosswalk
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Level
from tocsin.model.identity import is_machine_account, is_one_process, is_one_session, is_remote_address
from tocsin.model.instant import HOUR, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import HITS, empty

NAME = "findings"
GAP = HOUR  # neighbours further apart are two findings
PROCESSES_NAMED = 100  # per finding: a rule on process starts would otherwise name every process of a month

_COLUMNS = (
    "record",
    "time",
    "rule",
    "matched",
    "hidden_by",
    "source",
    "status",
    "actor.user.name",
    "actor.session.uid",
    "actor.process.file.path",
    "actor.app_uid",
    "src_endpoint.ip",
    "device.hostname",
    "metadata.log_name",
    "process.uid",
    "process.file.path",
    "process.cmd_line",
    "user.name",
    "resource.name",
)
SCHEMA = pa.schema([HITS.field(name) for name in _COLUMNS])
ORDER = [(name, "ascending") for name in ("record", "rule", "matched", "hidden_by")]

_TYPE = attrgetter("type")
_BY_TYPE = attrgetter("type", "id")  # the order of entities, quicker than comparing them

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def summarise(hits: pa.Table) -> pa.Table:
    """The hits of one chunk with the columns of `SCHEMA`, by (record, rule, matched)."""
    return hits.select(SCHEMA.names).cast(SCHEMA).sort_by(ORDER)


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """All hits of the partials, by (record, rule, matched). Each partial must come from `summarise` or `combine`."""
    filled = sorted((table for table in partials if table.num_rows), key=lambda table: _record(table, 0))
    if not filled:
        return empty(SCHEMA)
    joined = pa.concat_tables(filled)
    apart = all(_record(a, -1) < _record(b, 0) for a, b in itertools.pairwise(filled))
    return joined if apart else joined.sort_by(ORDER)


def conclude(
    state: pa.Table,
    rules: Mapping[str, RuleInfo],
    place: Callable[[int], RecordPlace],
    keys: Callable[[int], bytes] | None = None,
) -> tuple[Finding, ...]:
    """Findings by first time (those without a time last), then gravest level, rule, subject and id.

    One finding is the hits of one rule on one subject with no more than `GAP` between neighbours; hits without a time
    are one finding of their own per rule and subject. The subject is the account that acted, else the account acted on
    (unless the attempt failed: an account that was only tried has done nothing), else host, address, the machine's own
    account, source. `Finding.entities` has the subject first, the others sorted; its records are in time.

    Ids are made from the rule, the subject and the first record's event key (`keys`), or its place without `keys`.
    A rule that is in the hits and not in `rules` gives findings at medium under its id, rather than none.
    """
    if not state.num_rows:
        return ()
    columns = _Columns.of(state)
    subjects = _subjects(state, columns)
    groups = _group(state, subjects)
    entities = _entities(columns, groups)
    first_rows = groups.rows[groups.starts]
    matched = state["matched"].take(pa.array(first_rows)).to_pylist()
    rule_ids = [groups.rules[code] for code in groups.rule_of_row[first_rows].tolist()]
    texts = [subjects.texts[code] for code in subjects.of_row[first_rows].tolist()]
    records = groups.records.tolist()
    times = groups.times.tolist()
    ids = crosswalk()
    findings: list[tuple[tuple[object, ...], Finding]] = []
    taken: set[str] = set()
    for number, (start, end) in enumerate(zip(groups.starts.tolist(), groups.ends.tolist(), strict=True)):
        rule = rules.get(rule_ids[number]) or _unloaded(rule_ids[number])
        places = tuple(place(record) for record in records[start:end])
        key = keys(records[start]) if keys else f"{places[0].input}\0{places[0].entry}".encode()
        first, last = (None, None) if groups.untimed[start] else (times[start], times[end - 1])
        named, processes = entities.of_group(number, subjects.entities[texts[number]])
        finding = Finding(
            id=_identify(rule.id, texts[number], key, taken),
            detector=Detector(kind="sigma", id=rule.id, title=rule.title, level=rule.level),
            techniques=tuple(sorted(set(rule.techniques))),
            tactics=tuple(sorted(set(rule.tactics))),
            attack_version=rule.attack_version,
            techniques_elsewhere=ids.elsewhere(rule.techniques),
            first=first,
            last=last,
            entities=named,
            records=places,
            why=explain_match(matched[number]) + _extent(end - start, first, last, processes),
        )
        order = (first is None, first or 0, -rule.level.rank, rule.id, texts[number], finding.id)
        findings.append((order, finding))
    return tuple(finding for _, finding in sorted(findings, key=lambda pair: pair[0]))


class _Column(NamedTuple):
    """A text column as codes into its distinct values; -1 where it says nothing."""

    codes: Integers
    values: list[str]

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Column:
        encoded = column.combine_chunks().dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        values: list[str] = encoded.dictionary.to_pylist()
        if "" in values:
            codes[codes == values.index("")] = -1
        return cls(codes, values)

    def mapped(self, numbers: Sequence[int]) -> Integers:
        """`numbers`, one a distinct value, per row; -1 where the row says nothing."""
        return np.array([*numbers, -1], dtype=np.int64)[self.codes]


class _Columns(NamedTuple):
    """The columns that name entities."""

    actor: _Column
    target: _Column
    host: _Column
    address: _Column
    session: _Column
    process: _Column
    application: _Column
    resource: _Column
    is_mail: Flags

    @classmethod
    def of(cls, state: pa.Table) -> _Columns:
        log = _Column.of(state["metadata.log_name"])
        return cls(
            _Column.of(state["actor.user.name"]),
            _Column.of(state["user.name"]),
            _Column.of(state["device.hostname"]),
            _Column.of(state["src_endpoint.ip"]),
            _Column.of(state["actor.session.uid"]),
            _Column.of(state["process.uid"]),
            _Column.of(state["actor.app_uid"]),
            _Column.of(state["resource.name"]),
            log.mapped([int(value == "Exchange") for value in log.values]) == 1,
        )


class _Subjects(NamedTuple):
    """What each row is about: a code per row, in the order of the texts, and the entity a text stands for."""

    of_row: Integers
    texts: list[str]
    entities: dict[str, Entity | None]


def _subjects(state: pa.Table, columns: _Columns) -> _Subjects:
    source = _Column.of(state["source"])
    status = _Column.of(state["status"])
    failed = status.mapped([int(value == "failure") for value in status.values]) == 1
    every = np.ones(state.num_rows, dtype=np.bool_)
    candidates: list[tuple[_Column, EntityType | None, Callable[[str], bool], Flags]] = [
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
    return _Subjects(ranks[of_row], texts, entities)


class _Groups(NamedTuple):
    """Rows sorted by (rule, subject, time, record) and cut into findings; all but `rule_of_row` in that order.

    rows   row of the state; `starts`/`ends` are positions in it, end exclusive; `of_row` the group of each position
    """

    rows: Integers
    starts: Integers
    ends: Integers
    of_row: Integers
    records: Integers
    times: Integers
    untimed: Flags
    rules: list[str]
    rule_of_row: Integers


def _group(state: pa.Table, subjects: _Subjects) -> _Groups:
    rule = _Column.of(state["rule"])
    rules = sorted(rule.values)
    ranks = {value: rank for rank, value in enumerate(rules)}
    rule_of_row = rule.mapped([ranks[value] for value in rule.values])
    record: Integers = state["record"].to_numpy()
    time: Integers = state["time"].fill_null(0).to_numpy()
    untimed: Flags = state["time"].is_null().to_numpy()
    rows = np.lexsort((record, time, untimed, subjects.of_row, rule_of_row)).astype(np.int64)

    def changes(values: npt.NDArray[Any]) -> Flags:
        ordered = values[rows]
        flags: Flags = ordered[1:] != ordered[:-1]
        return flags

    same = ~(changes(rule_of_row) | changes(subjects.of_row) | changes(untimed))
    again = same & ~changes(record)  # the same rule twice on one record is one hit
    rows = rows[np.concatenate(([True], ~again))]
    ordered = time[rows].view(np.uint64)  # a difference of two int64 always fits there
    new = changes(rule_of_row) | changes(subjects.of_row) | changes(untimed) | ((ordered[1:] - ordered[:-1]) > GAP)
    starts = np.concatenate(([0], np.flatnonzero(new) + 1)).astype(np.int64)
    ends = np.concatenate((starts[1:], [rows.size])).astype(np.int64)
    of_row = np.repeat(np.arange(starts.size, dtype=np.int64), ends - starts)
    return _Groups(rows, starts, ends, of_row, record[rows], time[rows], untimed[rows], rules, rule_of_row)


class _Entities(NamedTuple):
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


def _entities(columns: _Columns, groups: _Groups) -> _Entities:
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
        (columns.session.codes, _fitting(EntityType.SESSION, columns.session, is_one_session)),
        (columns.process.codes, _fitting(EntityType.PROCESS, columns.process, is_one_process)),
    ]
    known = sorted({entity for _, values in per_row for entity in values if entity is not None}, key=_BY_TYPE)
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
    return _Entities(
        known,
        numbers,
        [positions[start:end] for start, end in itertools.pairwise(cuts)],
        range(
            bisect.bisect_left(known, EntityType.PROCESS, key=_TYPE),
            bisect.bisect_right(known, EntityType.PROCESS, key=_TYPE),
        ),
    )


def _fitting(type_: EntityType, column: _Column, is_fit: Callable[[str], bool]) -> list[Entity | None]:
    """An entity a distinct value, None where the value does not name one."""
    return [Entity(type_, value) if is_fit(value) else None for value in column.values]


def _is_person(account: str) -> bool:
    return bool(account) and not is_machine_account(account)


def _mailbox(value: str) -> Entity | None:
    is_mailbox = "@" in value and not any(character in value for character in " \\/<>")
    return Entity(EntityType.MAILBOX, value.lower()) if is_mailbox else None


def _identify(rule: str, subject: str, key: bytes, taken: set[str]) -> str:
    """`f-` and 12 hex digits; in the rare case that they are taken, those of the digest's digest."""
    digest = hashlib.sha256(b"\0".join((rule.encode(), subject.encode(), key))).digest()
    while (found := f"f-{digest.hex()[:12]}") in taken:
        digest = hashlib.sha256(digest).digest()
    taken.add(found)
    return found


def _extent(count: int, first: int | None, last: int | None, processes: int) -> str:
    text = ""
    if count > 1 and first is not None and last is not None:
        text = f"; {count} records from {format_time(first)} to {format_time(last)}"
    elif count > 1:
        text = f"; {count} records without a time"
    if processes > PROCESSES_NAMED:
        text += f"; {processes} processes, of which {PROCESSES_NAMED} are named here"
    return text


def _unloaded(rule: str) -> RuleInfo:
    title = f"{rule} (this rule is not loaded any more)"
    return RuleInfo(id=rule, title=title, level=Level.MEDIUM, author="", path="", techniques=(), tactics=())


def _record(table: pa.Table, row: int) -> int:
    number: int = table["record"][row].as_py()
    return number
