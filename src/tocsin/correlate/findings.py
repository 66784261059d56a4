"""From hits (`model.tables.HITS`) to findings: the hits of one rule on one subject while they stay close in time.

A fold: `summarise` in the worker, `combine` in any order, `conclude` to findings. Its state is the first `KEPT` hits of
each rule by the same entities in each hour, and of those beyond them one row with their number and last time: it grows
with what is named and how long, and not with how often a rule is true. Alerts of other tools (`model.alert`) are hits
of those tools' rules; of these fewer are kept, of shorter spells.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.correlate.entity_columns import Column, EntityColumns, Flags, Integers, is_mail
from tocsin.correlate.finding_ids import finding_ids
from tocsin.correlate.hit_groups import HitGroups, grouped, subjects_of
from tocsin.correlate.named_entities import PROCESSES_NAMED, named_entities
from tocsin.correlate.reason import explain_match
from tocsin.correlate.techniques import crosswalk
from tocsin.model.alert import Told, read_told
from tocsin.model.finding import Detector, Finding, Level
from tocsin.model.instant import HOUR, format_time
from tocsin.model.reference import RecordPlace
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import HITS, empty

NAME = "findings"
KEPT = 128  # hits of one rule by the same entities in one hour that are kept one by one
ALERTS_KEPT = 8  # the same of another tool's alerts, in one minute: such tools repeat themselves
_MINUTE = HOUR // 60

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
    rule = Column.of(ordered["rule"]).codes
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
    resource = Column.of(rows["resource.name"])
    alike = np.zeros(rows.num_rows, dtype=np.int64)
    for codes in (
        np.where(untimed, np.iinfo(np.int64).min, time // _spell(rows)),
        np.where(is_mail(rows), resource.codes, -1),
        np.where(rows["hidden_by"].is_valid().to_numpy(), np.arange(rows.num_rows), -1),
        *(Column.of(rows[name]).codes for name in _ALIKE),
    ):
        _, numbers = np.unique(codes, return_inverse=True)
        _, alike = np.unique(alike * (int(numbers.max()) + 1) + numbers, return_inverse=True)
    return alike.astype(np.int64)


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
    columns = EntityColumns.of(state)
    subjects = subjects_of(state, columns)
    groups = grouped(state, subjects)
    entities = named_entities(columns, groups)
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


def _told(state: pa.Table, groups: HitGroups) -> dict[int, Told]:
    """By group of alerts the tool's rule: the first one's words, the gravest level, all techniques and tactics."""
    column = Column.of(state["told"])
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


def _surprises(state: pa.Table, groups: HitGroups) -> list[int | None]:
    """By group the greatest surprise of its rows (`correlate.frequency`), None where nothing was compared."""
    if "surprise" not in state.column_names:
        return [None] * groups.starts.size
    values: Integers = state["surprise"].fill_null(-1).to_numpy()[groups.rows]
    return [None if value < 0 else value for value in np.maximum.reduceat(values, groups.starts).tolist()]


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
