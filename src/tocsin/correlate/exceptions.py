"""Hits in; those that are shown and those that exceptions hide out, and what each exception did.

Hidden is never lost: `found == shown + hidden`, and every hidden hit is counted with each exception that hides it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.answers import HitsAccount
from tocsin.model.exceptions import ExceptionAccount, ExceptionInfo, HiddenHits, ImplicatedHits
from tocsin.model.finding import Entity, EntityType, Incident
from tocsin.model.instant import PLAUSIBLE_FROM, PLAUSIBLE_TO
from tocsin.model.reference import RecordPlace
from tocsin.model.rule import RuleInfo

RECORDS_NAMED = 100  # of a rule under an exception

_ENTITIES = (
    ("actor.user.name", EntityType.ACCOUNT),
    ("user.name", EntityType.ACCOUNT),
    ("src_endpoint.ip", EntityType.ADDRESS),
    ("actor.session.uid", EntityType.SESSION),
)

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class SetApart(NamedTuple):
    """Hits, a row each, parted.

    hiding    by exception id, the rows of `hidden` that it hides
    reopened  by exception id, how many of the shown its condition would take out
    """

    shown: pa.Table
    hidden: pa.Table
    hiding: Mapping[str, Integers]
    reopened: Mapping[str, int]

    @property
    def account(self) -> HitsAccount:
        """The books of the hits."""
        shown, hidden = (pc.sum(table["hits"]).as_py() or 0 for table in (self.shown, self.hidden))
        return HitsAccount(found=shown + hidden, shown=shown, hidden=hidden)


def set_apart(hits: pa.Table, exceptions: Sequence[ExceptionInfo], as_of: int | None) -> SetApart:
    """The hits (as `findings.combine` gives them) by what the exceptions do as of a time.

    An exception hides a hit whose record is from no later than its last day, and only until `as_of` is past that day:
    then what it hid is shown again. A hit without a plausible time is never hidden, nor one by an exception that is
    not given. Each (record, rule) is one hit.
    """
    if hits["hidden_by"].null_count == hits.num_rows:
        return SetApart(hits, hits.slice(0, 0), {}, {})
    runs = _runs(hits)
    named, hides = _named_and_hiding(hits, exceptions, as_of)
    row_hidden = np.zeros(hits.num_rows, dtype=np.bool_)
    for flags in hides.values():
        row_hidden |= flags
    run_shown = np.zeros(int(runs[-1]) + 1, dtype=np.bool_)
    run_shown[runs[~row_hidden]] = True
    shown_rows = _first_of_each(runs, run_shown[runs] & ~row_hidden)
    hidden_rows = _first_of_each(runs, ~run_shown[runs])
    place_of_run = np.full(run_shown.size, -1, dtype=np.int64)
    place_of_run[runs[hidden_rows]] = np.arange(hidden_rows.size)
    return SetApart(
        shown=hits.take(pa.array(shown_rows)),
        hidden=hits.take(pa.array(hidden_rows)),
        hiding={id_: place_of_run[np.unique(runs[flags & ~run_shown[runs]])] for id_, flags in hides.items()},
        reopened={id_: int(np.unique(runs[flags & run_shown[runs]]).size) for id_, flags in named.items()},
    )


def without_hidden(sightings: pa.Table, exceptions: Sequence[ExceptionInfo], as_of: int | None) -> pa.Table:
    """The sightings that no exception hides, as `set_apart` has it: what is hidden is counted by no correlation."""
    if sightings["hidden_by"].null_count == sightings.num_rows:
        return sightings
    _, hides = _named_and_hiding(sightings, exceptions, as_of)
    hidden = np.zeros(sightings.num_rows, dtype=np.bool_)
    for flags in hides.values():
        hidden |= flags
    return sightings.filter(pa.array(~hidden))


def count_apart(apart: SetApart, rules: Set[str]) -> tuple[pa.Table, HitsAccount]:
    """Of the hits shown those of other rules than these, which correlations count instead; the books of all."""
    counted = pc.is_in(apart.shown["rule"], value_set=pa.array(sorted(rules), pa.string()))
    alone = apart.shown.filter(pc.invert(counted))
    books = apart.account
    shown = pc.sum(alone["hits"]).as_py() or 0
    return alone, replace(books, shown=shown, counted=books.shown - shown)


def _named_and_hiding(
    hits: pa.Table, exceptions: Sequence[ExceptionInfo], as_of: int | None
) -> tuple[Mapping[str, Flags], Mapping[str, Flags]]:
    """By exception id, a flag per row: whether its condition takes the row out, and whether it hides it."""
    column = hits["hidden_by"].combine_chunks()
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes: Integers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    sets = [frozenset((text or "").split(" ")) for text in encoded.dictionary.to_pylist()]
    time: Integers = hits["time"].fill_null(PLAUSIBLE_TO).to_numpy()
    is_dated: Flags = (time >= PLAUSIBLE_FROM) & (time < PLAUSIBLE_TO)
    named = {one.id: _flags(codes, [one.id in each for each in sets]) for one in exceptions}
    hides = {one.id: named[one.id] & is_dated & (time < one.ends) & (not one.has_expired(as_of)) for one in exceptions}
    return named, hides


def account_exceptions(
    apart: SetApart,
    exceptions: Sequence[ExceptionInfo],
    as_of: int | None,
    *,
    rules: Mapping[str, RuleInfo],
    place: Callable[[int], RecordPlace],
    incidents: Sequence[Incident],
    canonical: Callable[[str], str],
    closed: Collection[Entity] = (),
) -> tuple[ExceptionAccount, ...]:
    """What each exception did, by title and id; `canonical` gives the name an account is shown by in the incidents.

    closed   accounts and hosts of which nothing is told
    """
    implicated: dict[Entity, list[str]] = {}
    for incident in incidents:
        for entity in incident.entities:
            implicated.setdefault(entity, []).append(incident.id)
    none = np.empty(0, dtype=np.int64)
    accounts = []
    for one in exceptions:
        hidden = apart.hidden.take(pa.array(apart.hiding.get(one.id, none)))
        if closed:
            barred = sorted({row for rows in _rows_of(hidden, closed, canonical).values() for row in rows})
            hidden = hidden.take(pa.array(np.setdiff1d(np.arange(hidden.num_rows), barred)))
        by_rule = _by_rule(hidden, rules, place)
        accounts.append(
            ExceptionAccount(
                id=one.id,
                title=one.title,
                owner=one.owner,
                reason=one.reason,
                expires=one.expires,
                expired=one.has_expired(as_of),
                path=one.path,
                names=one.names,
                covers=len(one.covers),
                lost=one.lost,
                hidden=hidden.num_rows,
                reopened=apart.reopened.get(one.id, 0),
                first=min((each.first for each in by_rule if each.first is not None), default=None),
                last=max((each.last for each in by_rule if each.last is not None), default=None),
                rules=by_rule,
                implicated=_implicated(hidden, implicated, canonical),
            )
        )
    return tuple(sorted(accounts, key=lambda one: (one.title, one.id)))


def _by_rule(
    hidden: pa.Table, rules: Mapping[str, RuleInfo], place: Callable[[int], RecordPlace]
) -> tuple[HiddenHits, ...]:
    """By rule, the most hits first."""
    found: dict[str, list[int]] = {}
    for row, rule in enumerate(hidden["rule"].to_pylist()):
        found.setdefault(rule, []).append(row)
    records, times = hidden["record"].to_pylist(), hidden["time"].to_pylist()
    counted = [
        HiddenHits(
            rule=rule,
            title=rules[rule].title if rule in rules else rule,
            hits=len(rows),
            first=min(times[row] for row in rows),
            last=max(times[row] for row in rows),
            records=tuple(place(records[row]) for row in rows[:RECORDS_NAMED]),
        )
        for rule, rows in found.items()
    ]
    return tuple(sorted(counted, key=lambda one: (-one.hits, one.rule)))


def _implicated(
    hidden: pa.Table, implicated: Mapping[Entity, Sequence[str]], canonical: Callable[[str], str]
) -> tuple[ImplicatedHits, ...]:
    """What of the hidden names something an incident implicates, by entity."""
    rows_of = _rows_of(hidden, implicated, canonical) if implicated else {}
    return tuple(
        ImplicatedHits(entity=entity, incidents=tuple(implicated[entity]), hits=len(rows_of[entity]))
        for entity in sorted(rows_of)
    )


def _rows_of(
    hits: pa.Table, entities: Collection[Entity], canonical: Callable[[str], str]
) -> Mapping[Entity, Collection[int]]:
    """By entity, of these, the rows that name it."""
    rows_of: dict[Entity, set[int]] = {}
    for column, type_ in _ENTITIES:
        for row, value in enumerate(hits[column].to_pylist()):
            if value:
                entity = Entity(type_, canonical(value) if type_ is EntityType.ACCOUNT else value)
                if entity in entities:
                    rows_of.setdefault(entity, set()).add(row)
    return rows_of


def _runs(hits: pa.Table) -> Integers:
    """A number a row, the same for the rows of one (record, rule), which stand together."""
    record: Integers = hits["record"].to_numpy()
    encoded = hits["rule"].combine_chunks().dictionary_encode()
    rule: Integers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    is_told: Flags = hits["told"].is_valid().to_numpy()  # no exception speaks of other tools' alerts: each stands alone
    changes = (record[1:] != record[:-1]) | (rule[1:] != rule[:-1]) | is_told[1:]
    return np.concatenate(([0], np.cumsum(changes))).astype(np.int64)


def _first_of_each(runs: Integers, flags: Flags) -> Integers:
    """The first row that is flagged of each run that has one."""
    rows = np.flatnonzero(flags)
    return rows[np.unique(runs[rows], return_index=True)[1]].astype(np.int64)


def _flags(codes: Integers, of_value: Sequence[bool]) -> Flags:
    """A flag a distinct value, per row; False where the row says nothing."""
    return np.array([*of_value, False], dtype=np.bool_)[codes]
