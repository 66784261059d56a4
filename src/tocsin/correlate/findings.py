"""From hits (`model.tables.HITS`) to findings: the hits of one rule on one subject while they stay close in time.

A fold: `summarise` in the worker, `combine` in any order, `conclude` to findings. Its state is the first `KEPT` hits of
each rule by the same entities in each hour, and of those beyond them one row with their number and last time: it grows
with what is named and how long, and not with how often a rule is true. Alerts of other tools (`model.alert`) are hits
of those tools' rules; of these fewer are kept, of shorter spells.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.correlate.finding_ids import finding_ids
from tocsin.correlate.reason import explain_match
from tocsin.correlate.techniques import crosswalk
from tocsin.model.alert import Told, read_told
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Level
from tocsin.model.identity import (
    is_machine_account,
    is_one_process,
    is_one_session,
    is_remote_address,
    network_of_address,
)
from tocsin.model.instant import HOUR, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import HITS, empty

NAME = "findings"
GAP = HOUR  # neighbours further apart are two findings
KEPT = 128  # hits of one rule by the same entities in one hour that are kept one by one
ALERTS_KEPT = 8  # the same of another tool's alerts, in one minute: such tools repeat themselves
_MINUTE = HOUR // 60
PROCESSES_NAMED = 100  # per finding: a rule on process starts would otherwise name every process of a month

_COLUMNS = (
    "record",
    "time",
    "rule",
    "matched",
    "hidden_by",
    "told",
    "source",
    "status",
    "actor.user.name",
    "actor.session.uid",
    "actor.process.file.path",
    "actor.app_uid",
    "src_endpoint.ip",
    "device.hostname",
    "device.ip",
    "metadata.log_name",
    "process.uid",
    "process.file.path",
    "process.cmd_line",
    "user.name",
    "resource.name",
)
SCHEMA = pa.schema(
    [
        *(HITS.field(name) for name in _COLUMNS),
        pa.field("hits", pa.int64(), nullable=False),  # of which this row is the first; 1 where it stands for itself
        pa.field("last", pa.int64()),  # time of the last of them
    ]
)
ORDER = [(name, "ascending") for name in ("record", "rule", "matched", "hidden_by")]
# What must be equal for hits to be told by their number alone: all that a finding is grouped by or names, but the
# process, for nearly every hit of a rule on process starts has one of its own.
_ALIKE = (
    "rule",
    "source",
    "status",
    "actor.user.name",
    "actor.session.uid",
    "actor.app_uid",
    "src_endpoint.ip",
    "device.hostname",
    "device.ip",
    "metadata.log_name",
    "user.name",
    "told",
)

_NOWHERE = Entity(EntityType.NETWORK, "")
_TYPE = attrgetter("type")
_BY_TYPE = attrgetter("type", "id")  # the order of entities, quicker than comparing them

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def summarise(hits: pa.Table) -> pa.Table:
    """The hits of one chunk as rows of `SCHEMA`, by (record, rule, matched); a rule is true of a record once,
    or once by each set of exceptions that take it out."""
    ordered = hits.select(list(_COLUMNS)).sort_by(ORDER)
    ordered = ordered.filter(_is_first(ordered)) if ordered.num_rows else ordered
    counted = ordered.append_column("hits", pa.array(np.ones(ordered.num_rows, dtype=np.int64)))
    return _bounded(counted.append_column("last", counted["time"]).cast(SCHEMA))


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """What is kept of all partials, by (record, rule, matched); associative and commutative.

    Each partial must come from `summarise` or `combine`.
    """
    filled = sorted((table for table in partials if table.num_rows), key=lambda table: _record(table, 0))
    if not filled:
        return empty(SCHEMA)
    joined = pa.concat_tables(filled)
    apart = all(_record(a, -1) < _record(b, 0) for a, b in itertools.pairwise(filled))
    return _bounded(joined if apart else joined.sort_by(ORDER))


def within(state: pa.Table, from_: int | None, to: int | None) -> pa.Table:
    """The hits in that time (ns UTC, `to` exclusive), and those without one: they cannot be placed outside it.

    A row that stands for many hits is there where any of them may be, its times cut to the span asked of.
    """
    time, last = state["time"], state["last"]
    keep = pa.array(np.ones(state.num_rows, dtype=np.bool_))
    if from_ is not None:
        keep = pc.and_(keep, pc.fill_null(pc.greater_equal(last, from_), fill_value=True))
        time = pc.if_else(pc.less(time, from_), from_, time)
    if to is not None:
        keep = pc.and_(keep, pc.fill_null(pc.less(state["time"], to), fill_value=True))
        last = pc.if_else(pc.greater_equal(last, to), to - 1, last)
    for name, cut in (("time", time), ("last", last)):
        state = state.set_column(state.schema.get_field_index(name), SCHEMA.field(name), cut)
    return state.filter(keep)


def told_by_number(rows: pa.Table, more: int, last: int | None, from_: int | None) -> pa.Table | None:
    """Rows of one finding with `more` hits beyond them, told by their number as the fold tells them; None: it does not.

    It tells so only what comes after those kept, and one more, alike in one hour or spell; where the answers begin
    within that (`from_`), after any. The number is believed, and that each such row goes on until `last` (ns UTC), in
    its own hour or spell.
    """
    alike = _alike(rows)
    time: Integers = rows["time"].fill_null(0).to_numpy()
    untimed: Flags = rows["time"].is_null().to_numpy()
    order = np.lexsort((rows["record"].to_numpy(), time, alike))
    ends = np.concatenate((np.flatnonzero(alike[order][1:] != alike[order][:-1]), [order.size - 1]))
    most, spell = _kept(rows), _spell(rows)
    is_cut = ~untimed & (time // spell == from_ // spell) if from_ is not None else np.zeros(time.size, dtype=np.bool_)
    sizes = np.diff(np.concatenate(([-1], ends)))
    standing = order[ends[(sizes > most[order[ends]]) | is_cut[order[ends]]]]
    hits: Integers = rows["hits"].to_numpy().copy()
    beyond = more - int((hits - 1).sum())
    if not standing.size or beyond < 0:
        return None
    hits[standing[0]] += beyond
    lasts: Integers = rows["last"].fill_null(0).to_numpy().copy()
    if last is not None:
        spell_ends = (time[standing] // spell[standing] + 1) * spell[standing] - 1
        lasts[standing] = np.maximum(lasts[standing], np.minimum(spell_ends, last))
    begins = time if from_ is None else np.where(is_cut, np.maximum(time, from_), time)
    for name, values in (("hits", pa.array(hits)), ("last", pa.array(lasts, mask=untimed))):
        rows = rows.set_column(rows.schema.get_field_index(name), SCHEMA.field(name), values)
    return rows.set_column(rows.schema.get_field_index("time"), SCHEMA.field("time"), pa.array(begins, mask=untimed))


def _is_first(ordered: pa.Table) -> pa.Array:
    """Per row, whether it is the first of its record and rule, or an exception has a say in it, or it is an alert:
    of one rule a record may hold several."""
    record: Integers = ordered["record"].to_numpy()
    rule = _Column.of(ordered["rule"]).codes
    kept: Flags = pc.or_(ordered["hidden_by"].is_valid(), ordered["told"].is_valid()).to_numpy().copy()
    plain = np.flatnonzero(~kept)
    again = (record[plain][1:] == record[plain][:-1]) & (rule[plain][1:] == rule[plain][:-1])
    kept[plain[np.concatenate(([True], ~again))[: plain.size]]] = True
    return pa.array(kept)


def _bounded(rows: pa.Table) -> pa.Table:
    """Of hits that are alike the first in time, and one more that stands for all beyond them."""
    if rows.num_rows <= min(KEPT, ALERTS_KEPT):
        return rows
    alike, most = _alike(rows), _kept(rows)
    record: Integers = rows["record"].to_numpy()
    order = np.lexsort((record, rows["time"].fill_null(0).to_numpy(), alike))
    starts = np.flatnonzero(np.concatenate(([True], alike[order][1:] != alike[order][:-1])))
    sizes = np.diff(np.concatenate((starts, [order.size])))
    most = most[order]
    if (sizes <= most[starts] + 1).all():
        return rows
    rank = np.arange(order.size) - np.repeat(starts, sizes)
    kept = order[rank <= most]
    # Each stretch from the row that stands for the others to the end of those alike.
    beyond = rank >= most
    heads = np.flatnonzero((rank == most)[beyond])
    hits: Integers = rows["hits"].to_numpy().copy()
    last: Integers = rows["last"].fill_null(0).to_numpy().copy()
    standing = order[rank == most]
    hits[standing] = np.add.reduceat(hits[order[beyond]], heads)
    last[standing] = np.maximum.reduceat(last[order[beyond]], heads)
    untimed = rows["time"].is_null().to_numpy()
    bounded = rows.drop_columns(["hits", "last"])
    bounded = bounded.append_column(SCHEMA.field("hits"), pa.array(hits))
    bounded = bounded.append_column(SCHEMA.field("last"), pa.array(last, mask=untimed))
    return bounded.take(pa.array(np.sort(kept)))


def _kept(rows: pa.Table) -> Integers:
    """Per row how many alike are kept one by one."""
    kept: Integers = np.where(rows["told"].is_valid().to_numpy(), ALERTS_KEPT, KEPT).astype(np.int64)
    return kept


def _spell(rows: pa.Table) -> Integers:
    """Per row the time, in ns, within which those alike are counted together."""
    spell: Integers = np.where(rows["told"].is_valid().to_numpy(), _MINUTE, HOUR).astype(np.int64)
    return spell


def _alike(rows: pa.Table) -> Integers:
    """Per row a number, the same for hits that differ in nothing a finding tells them apart by, in one `_spell`.

    A hit that an exception may hide is like no other: each of them is accounted for (`correlate.exceptions`).
    """
    time: Integers = rows["time"].fill_null(0).to_numpy()
    untimed = rows["time"].is_null().to_numpy()
    resource = _Column.of(rows["resource.name"])
    is_mail = _is_mail(rows)
    alike = np.zeros(rows.num_rows, dtype=np.int64)
    for codes in (
        np.where(untimed, np.iinfo(np.int64).min, time // _spell(rows)),
        np.where(is_mail, resource.codes, -1),
        np.where(rows["hidden_by"].is_valid().to_numpy(), np.arange(rows.num_rows), -1),
        *(_Column.of(rows[name]).codes for name in _ALIKE),
    ):
        _, numbers = np.unique(codes, return_inverse=True)
        _, alike = np.unique(alike * (int(numbers.max()) + 1) + numbers, return_inverse=True)
    return alike.astype(np.int64)


def _is_mail(rows: pa.Table) -> Flags:
    log = _Column.of(rows["metadata.log_name"])
    flags: Flags = log.mapped([int(value == "Exchange") for value in log.values]) == 1
    return flags


def conclude(
    state: pa.Table,
    rules: Mapping[str, RuleInfo],
    place: Callable[[int], RecordPlace],
) -> tuple[Finding, ...]:
    """Findings by first time (those without a time last), then gravest level, rule, subject and id.

    One finding is the hits of one rule on one subject, on devices of one network where that is told, with no more than
    `GAP` between neighbours; hits without a time are one finding of their own per rule and subject. The subject is the
    account that acted, else the account acted on (unless the attempt failed: an account that was only tried has done
    nothing), else host, address, the machine's own account, source. `Finding.entities` has the subject first, the
    others sorted; its records are those kept, in time, and how many more there were is counted.

    Ids are made from the rule and the place of the first record alone (`finding_ids`): whoever is shown an id can try
    guesses against it, so nothing that a log says of anybody goes into it.
    A rule that is in the hits and not in `rules` gives findings at medium under its id, rather than none; another
    tool's rule is what its alerts say of it.
    """
    if not state.num_rows:
        return ()
    columns = _Columns.of(state)
    subjects = _subjects(state, columns)
    groups = _group(state, subjects)
    entities = _entities(columns, groups)
    first_rows = groups.rows[groups.starts]
    matched = state["matched"].take(pa.array(first_rows)).to_pylist()
    told = _told(state, groups)
    surprises = _surprises(state, groups)
    rule_ids = [groups.rules[code] for code in groups.rule_of_row[first_rows].tolist()]
    texts = [subjects.texts[code] for code in subjects.of_row[first_rows].tolist()]
    records = groups.records.tolist()
    times = groups.times.tolist()
    lasts = np.maximum.reduceat(groups.lasts, groups.starts).tolist()
    hits = np.add.reduceat(groups.hits, groups.starts).tolist()
    techniques = crosswalk()
    ids = finding_ids(rule_ids, [(records[start], place(records[start])) for start in groups.starts.tolist()])
    findings: list[tuple[tuple[object, ...], Finding]] = []
    for number, (start, end) in enumerate(zip(groups.starts.tolist(), groups.ends.tolist(), strict=True)):
        rule = rules.get(rule_ids[number]) or _unloaded(rule_ids[number])
        kind = rule.kind
        if number in told:
            kind, rule = told[number].kind, told[number].rule
        places = tuple(dict.fromkeys(place(record) for record in records[start:end]))
        first, last = (None, None) if groups.untimed[start] else (times[start], lasts[number])
        named, processes = entities.of_group(number, subjects.entities[texts[number]])
        finding = Finding(
            id=ids[number],
            detector=Detector(kind=kind, id=rule.id, title=rule.title, level=rule.level),
            techniques=tuple(sorted(set(rule.techniques))),
            tactics=tuple(sorted(set(rule.tactics))),
            attack_version=rule.attack_version,
            techniques_elsewhere=techniques.elsewhere(rule.techniques),
            first=first,
            last=last,
            entities=named,
            records=places,
            why=explain_match(matched[number]) + _extent(hits[number], end - start, first, last, processes),
            more=hits[number] - (end - start),
            surprise=surprises[number],
        )
        order = (first is None, first or 0, -rule.level.rank, rule.id, texts[number], finding.id)
        findings.append((order, finding))
    return tuple(finding for _, finding in sorted(findings, key=lambda pair: pair[0]))


def _told(state: pa.Table, groups: _Groups) -> dict[int, Told]:
    """By group of alerts the tool's rule: the first one's words, the gravest level, all techniques and tactics."""
    column = _Column.of(state["told"])
    codes = column.codes[groups.rows]
    pairs = np.unique(groups.of_row[codes >= 0] * max(1, len(column.values)) + codes[codes >= 0])
    of_group: dict[int, list[RuleInfo]] = {}
    kinds: dict[int, str] = {}
    for pair in pairs.tolist():
        group, code = divmod(pair, len(column.values))
        first = int(groups.rows[groups.starts[group]])
        rule = groups.rules[groups.rule_of_row[first]]
        one = read_told(rule, column.values[code])
        known = of_group.setdefault(group, [])
        if code == column.codes[first]:
            known.insert(0, one.rule)
            kinds[group] = one.kind
        else:
            known.append(one.rule)
    return {
        group: Told(
            kinds[group],
            replace(
                known[0],
                level=max((one.level for one in known), key=lambda level: level.rank),
                techniques=tuple(technique for one in known for technique in one.techniques),
                tactics=tuple(tactic for one in known for tactic in one.tactics),
            ),
            (),
        )
        for group, known in of_group.items()
    }


def _surprises(state: pa.Table, groups: _Groups) -> list[int | None]:
    """By group the greatest surprise of its rows (`correlate.frequency`), None where nothing was compared."""
    if "surprise" not in state.column_names:
        return [None] * groups.starts.size
    values: Integers = state["surprise"].fill_null(-1).to_numpy()[groups.rows]
    return [None if value < 0 else value for value in np.maximum.reduceat(values, groups.starts).tolist()]


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
    device: _Column
    address: _Column
    session: _Column
    process: _Column
    application: _Column
    resource: _Column
    is_mail: Flags
    told: _Column

    @classmethod
    def of(cls, state: pa.Table) -> _Columns:
        return cls(
            _Column.of(state["actor.user.name"]),
            _Column.of(state["user.name"]),
            _Column.of(state["device.hostname"]),
            _Column.of(state["device.ip"]),
            _Column.of(state["src_endpoint.ip"]),
            _Column.of(state["actor.session.uid"]),
            _Column.of(state["process.uid"]),
            _Column.of(state["actor.app_uid"]),
            _Column.of(state["resource.name"]),
            _is_mail(state),
            _Column.of(state["told"]),
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
    lasts: Integers
    hits: Integers
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
    device = _Column.of(state["device.ip"])
    networks = sorted({_network(value) or _NOWHERE for value in device.values}, key=_BY_TYPE)
    network = device.mapped([networks.index(_network(value) or _NOWHERE) for value in device.values])
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
    return _Groups(rows, starts, ends, of_row, record[rows], time[rows], last, hits, untimed[rows], rules, rule_of_row)


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
        (columns.device.codes, [_network(value) for value in columns.device.values]),
        (columns.session.codes, _fitting(EntityType.SESSION, columns.session, is_one_session)),
        *_named_beside(columns.told),
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


def _named_beside(told: _Column) -> Iterator[tuple[Integers, list[Entity | None]]]:
    """What alerts name beyond their columns: of each the first, the second and so on."""
    named = [read_told("", value).entities for value in told.values]
    for place in range(max(map(len, named), default=0)):
        yield told.codes, [each[place] if place < len(each) else None for each in named]


def _fitting(type_: EntityType, column: _Column, is_fit: Callable[[str], bool]) -> list[Entity | None]:
    """An entity a distinct value, None where the value does not name one."""
    return [Entity(type_, value) if is_fit(value) else None for value in column.values]


@cache
def _network(value: str) -> Entity | None:
    network = network_of_address(value)
    return Entity(EntityType.NETWORK, network) if network else None


def _is_person(account: str) -> bool:
    return bool(account) and not is_machine_account(account)


def _mailbox(value: str) -> Entity | None:
    is_mailbox = "@" in value and not any(character in value for character in " \\/<>")
    return Entity(EntityType.MAILBOX, value.lower()) if is_mailbox else None


def _extent(hits: int, listed: int, first: int | None, last: int | None, processes: int) -> str:
    text = ""
    if hits > 1 and first is not None and last is not None:
        text = f"; {hits} records from {format_time(first)} to {format_time(last)}"
    elif hits > 1:
        text = f"; {hits} records without a time"
    if hits > listed:
        text += f", {listed} of them listed"
    if processes > PROCESSES_NAMED:
        known = " in those listed" if hits > listed else ""
        text += f"; {processes} processes{known}, of which {PROCESSES_NAMED} are named here"
    return text


def _unloaded(rule: str) -> RuleInfo:
    title = f"{rule} (this rule is not loaded any more)"
    return RuleInfo(id=rule, title=title, level=Level.MEDIUM, author="", path="", techniques=(), tactics=())


def _record(table: pa.Table, row: int) -> int:
    number: int = table["record"][row].as_py()
    return number
