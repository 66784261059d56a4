"""From sightings (`model.tables.SIGHTINGS`) to the findings of correlations: one for each burst.

A fold: `summarise` in the worker, `combine` in any order, `conclude` to findings. Its state is every sighting, for a
window may begin with any of them: some forty bytes each, texts once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tocsin.correlate.counting import Bursts, LeftOut, Sightings, coded, find_bursts
from tocsin.correlate.naming import BY_TYPE
from tocsin.correlate.reason import explain_burst
from tocsin.correlate.techniques import crosswalk
from tocsin.correlate.windows import Flags, Integers
from tocsin.model.answers import CorrelationAccount
from tocsin.model.correlation import Correlation
from tocsin.model.finding import Detector, Entity, EntityType, Finding
from tocsin.model.identity import is_machine_account, is_one_session, is_remote_address
from tocsin.model.reference import RecordPlace
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import SIGHTINGS

NAME = "bursts"
LISTED = 1000  # records of one burst that are listed; those that make its first window are, however many
# Accounts acted on and hosts that a burst names each, those of most of its records: a list of names tried would
# tie everything to everything. Who acted, and through what, is named in full: an intruder's ways are taken from it.
NAMED = 20

_CODED = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [field.with_type(_CODED) if pa.types.is_string(field.type) else field for field in SIGHTINGS],
)


def summarise(sightings: pa.Table) -> pa.Table:
    """The sightings of one chunk, by record; each thing an event says of a rule once."""
    return sightings.sort_by([(name, "ascending") for name in ("record", "rule", "said", "hidden_by")]).cast(SCHEMA)


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """What is kept of all partials, by record; associative and commutative. Each must come from here or `summarise`."""
    filled = sorted((table for table in partials if table.num_rows), key=lambda table: int(table["record"][0].as_py()))
    if not filled:
        return SCHEMA.empty_table()
    joined = pa.concat_tables(filled).unify_dictionaries().combine_chunks()
    record: Integers = joined["record"].to_numpy()
    if (record[1:] >= record[:-1]).all():
        return joined
    return joined.take(pa.array(np.argsort(record, kind="stable")))


class Concluded(NamedTuple):
    """The findings of all correlations that are shown, in the order of findings, and what each could not count."""

    findings: tuple[Finding, ...]
    accounts: tuple[CorrelationAccount, ...]


def conclude(
    state: pa.Table,
    correlations: Sequence[Correlation],
    rules: Mapping[str, RuleInfo],
    place: Callable[[int], RecordPlace],
    *,
    silent: Container[str] = (),
) -> Concluded:
    """A finding for each burst of each correlation, but of those that are `silent`: others count them in their stead.

    Its records are those of the burst in time, the first `LISTED` and those that make its first window; `more` counts
    the others. Its entities are those of the records listed. The finding of a burst of which fewer records are given,
    the listed ones among them, tells the same of the same (`retold`).
    """
    teller = _Teller(state, correlations, rules, place)
    told: list[tuple[tuple[object, ...], Finding]] = []
    for correlation in correlations:
        if correlation.id not in silent:
            told += teller.findings(correlation.id)
    return Concluded(
        findings=tuple(finding for _, finding in sorted(told, key=lambda pair: pair[0])),
        accounts=tuple(
            _account(correlation.id, rules, found.left_out, found.starts.size, correlation.id not in silent)
            for correlation, found in ((one, teller.bursts[one.id]) for one in correlations)
            if found.left_out.records
        ),
    )


def retold(
    state: pa.Table,
    id_: str,
    correlations: Sequence[Correlation],
    rules: Mapping[str, RuleInfo],
    place: Callable[[int], RecordPlace],
    *,
    more: int,
    last: int | None,
) -> Finding | None:
    """The finding of correlation `id_` of which these sightings are all that is listed; None where they give none.

    Believed are how many `more` records it has and when the `last` was; everything else follows from the sightings.
    """
    teller = _Teller(state, correlations, rules, place)
    found = teller.bursts[id_]
    if not found.starts.size or last is None:
        return None
    rows = np.flatnonzero(np.isin(teller.sightings.rule_codes, teller.codes_under(id_))).astype(np.int64)
    first = rows[np.lexsort((teller.sightings.record[rows], teller.sightings.time[rows]))[0]]
    burst = next((one for one in range(found.starts.size) if first in found.rows(one)), None)
    if burst is None:
        return None
    return teller.told(found, burst, teller.in_time(rows), more, last)[1]


def _account(id_: str, rules: Mapping[str, RuleInfo], left: LeftOut, bursts: int, is_shown: bool) -> CorrelationAccount:
    return CorrelationAccount(
        id=id_,
        title=rules[id_].title,
        records=left.records,
        untimed=left.untimed,
        ungrouped=left.ungrouped,
        unvalued=left.unvalued,
        bursts=bursts,
        shown=is_shown,
    )


class _Teller:
    """Bursts told as findings."""

    def __init__(
        self,
        state: pa.Table,
        correlations: Sequence[Correlation],
        rules: Mapping[str, RuleInfo],
        place: Callable[[int], RecordPlace],
    ) -> None:
        self.sightings = Sightings(state, correlations)
        self.bursts = find_bursts(self.sightings, correlations)
        self._rules = rules
        self._place = place
        self._columns = _Columns(state)
        self._techniques = crosswalk()
        self._taken: set[str] = set()

    def findings(self, id_: str) -> list[tuple[tuple[object, ...], Finding]]:
        """Every finding of one correlation, each with what it is sorted by."""
        found = self.bursts[id_]
        told = []
        for burst in range(found.starts.size):
            rows = self.in_time(found.rows(burst))
            records = self.sightings.record[rows]
            listed = rows
            count = np.unique(records).size
            if count > LISTED:
                core = np.isin(rows, found.core(burst, LISTED))
                places = np.flatnonzero(core)
                others = np.flatnonzero(~core)
                room = max(0, LISTED - np.unique(records[places]).size)
                chosen = others[_within_first(records[others], room)]
                kept = np.unique(records[np.concatenate((places, chosen))])
                listed = rows[np.isin(records, kept)]
            more = count - np.unique(self.sightings.record[listed]).size
            told.append(self.told(found, burst, listed, int(more), int(self.sightings.time[rows[-1]])))
        return told

    def codes_under(self, id_: str) -> Integers:
        """Codes of the rules that give matches to a correlation."""
        names = {asked.rule for given in self.bursts[id_].correlation.inputs for asked in given.asked}
        return self.sightings.codes_of(names)

    def in_time(self, rows: Integers) -> Integers:
        """The rows by time, then by record."""
        order = np.lexsort((rows, self.sightings.record[rows], self.sightings.time[rows]))
        return rows[order]

    def told(
        self, found: Bursts, burst: int, rows: Integers, more: int, last: int
    ) -> tuple[tuple[object, ...], Finding]:
        """The finding of a burst of which these rows, in time, are listed."""
        correlation = found.correlation
        info = self._rules[correlation.id]
        records = list(dict.fromkeys(self.sightings.record[rows].tolist()))
        places = tuple(self._place(record) for record in records)
        first = int(self.sightings.time[rows[0]])
        subject, entities = self._columns.entities(rows)
        why = explain_burst(
            correlation,
            tuple(self._rules[given.id].title for given in correlation.inputs),
            grouped=tuple(zip(correlation.group_by, found.group_texts(burst), strict=True)),
            records=len(records) + more,
            listed=len(records),
            of_inputs=tuple(found.slots_among(burst, rows).tolist()),
            values=found.values_among(burst, rows) if correlation.field else 0,
            first=first,
            last=last,
        )
        finding = Finding(
            id=self._identity(correlation, places),
            detector=Detector(kind=info.kind, id=info.id, title=info.title, level=info.level),
            techniques=tuple(sorted(set(info.techniques))),
            tactics=tuple(sorted(set(info.tactics))),
            attack_version=info.attack_version,
            techniques_elsewhere=self._techniques.elsewhere(info.techniques),
            first=first,
            last=last,
            entities=entities,
            records=places,
            why=why,
            more=more,
        )
        about = f"{subject.type}:{subject.id}" if subject else ""
        return (False, first, -info.level.rank, info.id, about, finding.id), finding

    def _identity(self, correlation: Correlation, places: Sequence[RecordPlace]) -> str:
        """As other findings have it, of the rule and its first record; of all of them where bursts may share one."""
        is_chained = any(given.id in self.bursts for given in correlation.inputs)
        said = "".join(f"\0{each.input}\0{each.entry}" for each in (places if is_chained else places[:1]))
        digest = hashlib.sha256(f"{correlation.id}{said}".encode("utf-8", "surrogatepass")).digest()
        while (identity := f"f-{digest.hex()[:12]}") in self._taken:
            digest = hashlib.sha256(digest).digest()
        self._taken.add(identity)
        return identity


def _within_first(records: Integers, count: int) -> Integers:
    """The places of rows of the first so many records."""
    _, first, of_row = np.unique(records, return_index=True, return_inverse=True)
    ranks = np.empty(first.size, dtype=np.int64)
    ranks[np.argsort(first, kind="stable")] = np.arange(first.size)
    return np.flatnonzero(ranks[of_row] < count).astype(np.int64)


class _Named(NamedTuple):
    """A column that names entities: codes per row, the values, and which of them name one."""

    codes: Integers
    values: list[str]
    type: EntityType
    fits: Flags


class _Columns:
    """The columns of sightings that name entities."""

    def __init__(self, state: pa.Table) -> None:
        def named(column: str, type_: EntityType, fit: Callable[[str], bool]) -> _Named:
            codes, values = coded(state[column])
            return _Named(codes, values, type_, np.array([*map(fit, values), False], dtype=np.bool_))

        self._actor = named("actor.user.name", EntityType.ACCOUNT, bool)
        self._target = named("user.name", EntityType.ACCOUNT, bool)
        self._address = named("src_endpoint.ip", EntityType.ADDRESS, is_remote_address)
        self._host = named("device.hostname", EntityType.HOST, bool)
        self._others = (
            named("actor.session.uid", EntityType.SESSION, is_one_session),
            named("actor.app_uid", EntityType.APPLICATION, bool),
        )
        status, values = coded(state["status"])
        self._failed = status == (values.index("failure") if "failure" in values else -2)

    def entities(self, rows: Integers) -> tuple[Entity | None, tuple[Entity, ...]]:
        """What these rows are about, and what they name, that first; of some kinds the `NAMED` that most rows name.

        They are about what all of them name: the account that acted, else the one acted on unless all failed, else the
        address, the host, the account only tried, the machine's own account.
        """
        found: dict[Entity, None] = {}
        only: dict[int, Entity] = {}
        columns = (self._actor, self._target, self._address, self._host, *self._others)
        for column in columns:
            codes = column.codes[rows]
            known, counts = np.unique(codes, return_counts=True)
            fitting = (known >= 0) & column.fits[known]
            # Equal counts by value: the values are sorted, and so are their codes.
            most = NAMED if column is self._target or column is self._host else known.size
            best = np.lexsort((known[fitting], -counts[fitting]))[:most]
            named = [Entity(column.type, column.values[code]) for code in known[fitting][best].tolist()]
            found.update(dict.fromkeys(named))
            if known.size == 1 and named:
                only[id(column)] = named[0]
        actor, target = only.get(id(self._actor)), only.get(id(self._target))
        has_failed = bool(self._failed[rows].all())
        subject = next(
            (
                entity
                for entity in (
                    actor if actor is not None and not is_machine_account(actor.id) else None,
                    target if target is not None and not has_failed and not is_machine_account(target.id) else None,
                    only.get(id(self._address)),
                    only.get(id(self._host)),
                    target,
                    actor,
                )
                if entity is not None
            ),
            None,
        )
        ordered = sorted(found, key=BY_TYPE)
        if subject is None:
            return None, tuple(ordered)
        return subject, (subject, *(entity for entity in ordered if entity != subject))
