"""Which bursts each correlation finds among sightings: `model.tables.SIGHTINGS` in, places of rows out.

Meaning: `docs/decisions/correlations.md`. Nothing here knows of findings or of words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from tocsin.correlate import windows
from tocsin.correlate.windows import Flags, Integers, Numbers, Windows
from tocsin.model.correlation import (
    AskedFields,
    Bound,
    Correlation,
    CorrelationInput,
    CorrelationKind,
    asked_fields,
)
from tocsin.model.token import PERSON_LENGTH, TOKEN

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,12})?")
_AT_ONCE = 1 << 16  # distinct sayings of a rule looked at
_SCALE = 10**12  # numbers are reckoned with as whole multiples of its inverse: exactly


class Sightings:
    """Sightings as columns: per row its record, time, rule and what it says, by number."""

    def __init__(self, state: pa.Table, correlations: Sequence[Correlation]) -> None:
        self.record: Integers = state["record"].to_numpy()
        self.time: Integers = state["time"].fill_null(0).to_numpy()
        self.untimed: Flags = state["time"].is_null().to_numpy()
        self.rule_codes, self._rules = coded(state["rule"])
        rule = self.rule_codes
        said = _dictionary(state["said"])
        self.said: Integers = said.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self._said = said.dictionary
        self._fields = asked_fields(correlations)
        self._columns: dict[str, dict[str, tuple[Integers, list[str]]]] = {}
        order = np.argsort(rule, kind="stable")
        cuts = np.searchsorted(rule[order], np.arange(len(self._rules) + 1))
        self._rows = {
            name: order[cuts[number] : cuts[number + 1]].astype(np.int64) for number, name in enumerate(self._rules)
        }
        _, records = np.unique(self.record, return_inverse=True)
        self.record_code: Integers = records.astype(np.int64)

    def rows_of(self, rule: str) -> Integers:
        """The rows that are matches of the rule."""
        return self._rows.get(rule, np.empty(0, dtype=np.int64))

    def column(self, rule: str, name: str) -> tuple[Integers, list[str]]:
        """What the rows of a rule say in a field asked of it, by row: codes into the distinct texts; -1 for nothing."""
        if rule not in self._columns:
            used, of_row = np.unique(self.said[self.rows_of(rule)], return_inverse=True)
            names = self._fields[rule]
            blocks: list[list[pa.Array]] = [[pa.array([], pa.string())] for _ in names]
            for start in range(0, used.size, _AT_ONCE):
                texts = self._said.take(pa.array(used[start : start + _AT_ONCE])).to_pylist()
                said = orjson.loads(f"[{','.join(texts)}]")
                for place, column in enumerate(blocks):
                    column.append(pa.array([each[place] or None for each in said], pa.string()))
            self._columns[rule] = {}
            for place, column in enumerate(blocks):
                encoded = _dictionary(pa.chunked_array(column))
                codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
                self._columns[rule][names[place]] = codes[of_row], encoded.dictionary.to_pylist()
        return self._columns[rule][name]

    def asked(self, asked: AskedFields, keys: _Keys) -> tuple[Integers, Integers]:
        """Of the rows of that rule the codes of what they are grouped by, a column a field, and of what is counted."""
        size = self.rows_of(asked.rule).size
        groups = np.empty((size, len(asked.group)), dtype=np.int64)
        for place, name in enumerate(asked.group):
            codes, texts = self.column(asked.rule, name)
            groups[:, place] = keys.of_groups(place, texts)[codes]
        if not asked.value:
            return groups, np.full(size, -1, dtype=np.int64)
        codes, texts = self.column(asked.rule, asked.value)
        return groups, keys.of_values(texts)[codes]

    def texts(self, row: int, rule: str, names: Sequence[str]) -> list[str]:
        """What a row says in these fields, as it is written."""
        said = orjson.loads(self._said[int(self.said[row])].as_py())
        fields = self._fields[rule]
        return [said[fields.index(name)] or "" for name in names]

    def codes_of(self, rules: Iterable[str]) -> Integers:
        """The codes, in `rule_codes`, of those of the rules that have a row."""
        known = {name: code for code, name in enumerate(self._rules)}
        return np.array(sorted(known[name] for name in rules if name in known), dtype=np.int64)

    def rule_of(self, row: int) -> str:
        """The rule a row is a match of."""
        return self._rules[int(self.rule_codes[row])]


class _Keys:
    """Groups and values, numbered as they come; case does not count.

    In a group a token is the person it stands for, whichever way the name was written; among values that are counted
    each writing is one, as it is where names stand in clear.
    """

    def __init__(self, fields: int, *, are_numbers: bool) -> None:
        self._groups: list[dict[str, int]] = [{} for _ in range(fields)]
        self._values: dict[Any, int] = {}
        self._are_numbers = are_numbers

    def of_groups(self, place: int, texts: Sequence[str]) -> Integers:
        """The codes of texts in the field at that place of what is grouped by, and then -1: for what says nothing."""
        known = self._groups[place]
        return np.array([*(known.setdefault(compared(text), len(known)) for text in texts), -1], dtype=np.int64)

    def of_values(self, texts: Sequence[str]) -> Integers:
        """The codes of texts that are counted, and then -1: for what says nothing, or no number where one is asked."""
        return np.array([*map(self._value, texts), -1], dtype=np.int64)

    def _value(self, text: str) -> int:
        if not self._are_numbers:
            return self._values.setdefault(text.casefold(), len(self._values))
        number = text.strip()
        if _NUMBER.fullmatch(number) is None:
            return -1
        whole, _, fraction = number.partition(".")
        scaled = int(whole.lstrip("+-") + fraction.ljust(12, "0")) * (-1 if number.startswith("-") else 1)
        return self._values.setdefault(scaled, len(self._values))

    def numbers(self) -> Numbers:
        """By code the number, scaled."""
        found = np.empty(len(self._values), dtype=object)
        found[:] = list(self._values)
        return found


def compared(text: str) -> str:
    """A text of a group as it is compared with others: without case, each token as the person it stands for."""
    if "-" in text:  # as in every token
        text = TOKEN.sub(lambda token: token[0][:PERSON_LENGTH], text)
    return text.casefold()


def coded(column: pa.ChunkedArray) -> tuple[Integers, list[str]]:
    """A text column as codes into its distinct values, sorted; -1 where it says nothing."""
    encoded = _dictionary(column)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    values: list[str | None] = encoded.dictionary.to_pylist()
    known = sorted({value for value in values if value})
    numbers = {value: number for number, value in enumerate(known)}
    renumbered = np.array([*(numbers[value] if value else -1 for value in values), -1], dtype=np.int64)
    return renumbered[codes], known


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = encoded.unify_dictionaries().combine_chunks()
    return whole if isinstance(whole, pa.DictionaryArray) else pa.array([], pa.string()).dictionary_encode()


class LeftOut(NamedTuple):
    """Records that matched for a correlation, and how many of them it could not count, and why."""

    records: int
    untimed: int
    ungrouped: int
    unvalued: int


class Bursts:
    """What one correlation finds, in the order of its groups and of time.

    Occurrences are rows with the time at which they count: that of the record, or, of what another correlation found,
    the time at which it had found it. `starts`/`ends` are the first and last place of each burst.
    """

    def __init__(
        self,
        correlation: Correlation,
        sightings: Sightings,
        counted: Mapping[str, Bursts],
    ) -> None:
        self.correlation = correlation
        self._sightings = sightings
        self._counted = counted
        keys = _Keys(len(correlation.group_by), are_numbers=correlation.kind.is_of_numbers)
        parts = [
            self._occurrences(slot, given, counted.get(given.id), keys) for slot, given in enumerate(correlation.inputs)
        ]
        row, time, unit, slot, said, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        group = _combined(said)
        untimed = sightings.untimed[row]
        ungrouped = (said < 0).any(axis=1)
        unvalued = (value < 0) & bool(correlation.field)
        self.left_out = LeftOut(
            records=self._records(row),
            untimed=self._records(row[untimed]),
            ungrouped=self._records(row[ungrouped & ~untimed]),
            unvalued=self._records(row[unvalued & ~ungrouped & ~untimed]),
        )
        kept = np.flatnonzero(~untimed & ~ungrouped & ~unvalued)
        order = kept[np.lexsort((slot[kept], row[kept], time[kept], group[kept]))]
        self.row, self.slot, self._unit, self._value = row[order], slot[order], unit[order], value[order]
        self._time = time[order]
        _, grouped = np.unique(group[order], return_inverse=True)
        self._group: Integers = grouped.astype(np.int64)
        self._seen = windows.windows(self._group, self._time, correlation.timespan)
        self._qualifying = self._qualify(keys)
        self.starts, self.ends = windows.joined(self._qualifying, self._seen)

    def _records(self, rows: Integers) -> int:
        return int(np.unique(self._sightings.record[rows]).size)

    def _occurrences(
        self, slot: int, given: CorrelationInput, inner: Bursts | None, keys: _Keys
    ) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers]:
        """Row, time, unit, slot, group (a column a field) and value of one input; a unit is a record or a burst."""
        sightings = self._sightings
        if inner is None:
            (asked,) = given.asked
            rows = sightings.rows_of(asked.rule)
            group, value = sightings.asked(asked, keys)
            slots = np.full(rows.size, slot, dtype=np.int64)
            return rows, sightings.time[rows], sightings.record_code[rows], slots, group, value
        rows, time, burst = inner.found()
        group = np.full((rows.size, len(self.correlation.group_by)), -1, dtype=np.int64)
        value = np.full(rows.size, -1, dtype=np.int64)
        for asked in given.asked:
            known = sightings.rows_of(asked.rule)  # sorted
            of_rule = np.flatnonzero(np.isin(rows, known))
            places = np.searchsorted(known, rows[of_rule])
            groups, values = sightings.asked(asked, keys)
            group[of_rule], value[of_rule] = groups[places], values[places]
        # Beyond the numbers of records, and apart from those of other correlations counted here.
        unit = (burst + sightings.record.size) * (len(self.correlation.inputs) + 1) + slot + 1
        return rows, time, unit, np.full(rows.size, slot, dtype=np.int64), group, value

    def _qualify(self, keys: _Keys) -> Flags:
        """By occurrence, whether the window that ends with it meets the condition."""
        correlation, seen, kind = self.correlation, self._seen, self.correlation.kind
        if correlation.terms:
            met = np.zeros(self.row.size, dtype=np.bool_)
            for term in correlation.terms:
                met |= self._holds(term.needed, term.absent)
            return met
        if kind is CorrelationKind.EVENT_COUNT:
            return _within(windows.distinct(self._group, self._unit, seen), correlation.bounds)
        if kind is CorrelationKind.VALUE_COUNT:
            return _within(windows.distinct(self._group, self._value, seen), correlation.bounds)
        if kind is CorrelationKind.TEMPORAL:
            return _within(windows.distinct(self._group, self.slot, seen), correlation.bounds)
        # A record says its number once, whichever rules it matched.
        once = _first_of(self._group, self._time, self._sightings.record_code[self.row], self._value)
        seen = windows.among(once, seen)
        numbers = keys.numbers()[self._value[once]] if once.size else np.empty(0, dtype=object)
        if kind is CorrelationKind.VALUE_SUM:
            return _within(windows.sums(numbers, seen), correlation.bounds, _SCALE)
        if kind is CorrelationKind.VALUE_AVG:
            return _within(windows.sums(numbers, seen), correlation.bounds, windows.sizes(seen).astype(object) * _SCALE)
        return _within(windows.ranked(numbers, correlation.percentile or None, seen), correlation.bounds, _SCALE)

    def _holds(self, needed: Sequence[int], absent: Iterable[int]) -> Flags:
        if self.correlation.kind is CorrelationKind.TEMPORAL_ORDERED:
            met = windows.in_order(self.slot, needed, self._seen)
        else:
            met = np.logical_and.reduce([windows.holds(self.slot == one, self._seen) for one in needed])
        for one in absent:
            met = met & ~windows.holds(self.slot == one, self._seen)
        return met

    def found(self) -> tuple[Integers, Integers, Integers]:
        """The rows in bursts, the time at which the correlation first held on each, and the burst it stands in."""
        if not self.starts.size:
            return (np.empty(0, dtype=np.int64),) * 3
        burst = np.repeat(np.arange(self.starts.size, dtype=np.int64), self.ends - self.starts + 1)
        offset = np.arange(burst.size, dtype=np.int64) - np.repeat(
            np.concatenate(([0], np.cumsum(self.ends - self.starts + 1)[:-1])), self.ends - self.starts + 1
        )
        places = self.starts[burst] + offset
        return self.row[places], windows.completed(places, self._qualifying, self._time), burst

    def rows(self, burst: int) -> Integers:
        """Every row a burst rests on, sorted: its own, and all of the bursts that it counts."""
        places = np.arange(self.starts[burst], self.ends[burst] + 1)
        return self._resting_on(places, Bursts.rows)

    def core(self, burst: int, most: int) -> Integers:
        """Rows that make the first window of a burst meet the condition: all of it, or few enough where it is long."""
        first = int(np.flatnonzero(self._qualifying[self.starts[burst] :])[0] + self.starts[burst])
        places = np.arange(self._seen.first[first], self._seen.last[first] + 1)
        if places.size > most and not self.correlation.kind.is_of_numbers:
            places = self._shortened(places)
        return self._resting_on(places, lambda inner, one: inner.core(one, most))

    def _shortened(self, places: Integers) -> Integers:
        kind = self.correlation.kind
        code = {CorrelationKind.EVENT_COUNT: self._unit, CorrelationKind.VALUE_COUNT: self._value}.get(kind, self.slot)
        if kind is not CorrelationKind.TEMPORAL_ORDERED:
            _, first = np.unique(code[places], return_index=True)
            if self.correlation.bounds:
                enough = max(int(bound.number) for bound in self.correlation.bounds) + 1
                first = np.sort(first)[:enough]
            return places[np.sort(first)]
        for term in self.correlation.terms:
            chain: list[int] = []
            time = self._time[places[0]]
            for slot in term.needed:
                later = places[(self.slot[places] == slot) & (self._time[places] >= time)]
                if not later.size:
                    break
                chain.append(int(later[0]))
                time = self._time[later[0]]
            if len(chain) == len(term.needed):
                return np.unique(np.array(chain, dtype=np.int64))
        return places

    def _resting_on(self, places: Integers, rows_of: Callable[[Bursts, int], Integers]) -> Integers:
        found = [self.row[places]]
        for slot, given in enumerate(self.correlation.inputs):
            inner = self._counted.get(given.id)
            if inner is not None:
                units = self._unit[places[self.slot[places] == slot]]
                bursts = (units - slot - 1) // (len(self.correlation.inputs) + 1) - self._sightings.record.size
                found += [rows_of(inner, int(one)) for one in np.unique(bursts).tolist()]
        return np.unique(np.concatenate(found))

    def group_texts(self, burst: int) -> list[str]:
        """What a burst is grouped by, as its first occurrence writes it."""
        row = int(self.row[self.starts[burst]])
        return self._texts(row, int(self.slot[self.starts[burst]]))

    def _texts(self, row: int, slot: int) -> list[str]:
        rule = self._sightings.rule_of(row)
        asked = next(one for one in self.correlation.inputs[slot].asked if one.rule == rule)
        return self._sightings.texts(row, rule, asked.group)

    def slots_among(self, burst: int, rows: Integers) -> Integers:
        """By input, of how many of these records a burst rests on that input."""
        places = np.arange(self.starts[burst], self.ends[burst] + 1)
        places = places[np.isin(self.row[places], rows)]
        records = self._sightings.record[self.row[places]]
        return np.array(
            [np.unique(records[self.slot[places] == slot]).size for slot in range(len(self.correlation.inputs))],
            dtype=np.int64,
        )

    def values_among(self, burst: int, rows: Integers) -> int:
        """How many different values these of a burst's rows have in the field that is counted."""
        places = np.arange(self.starts[burst], self.ends[burst] + 1)
        return int(np.unique(self._value[places[np.isin(self.row[places], rows)]]).size)


def find_bursts(sightings: Sightings, correlations: Sequence[Correlation]) -> dict[str, Bursts]:
    """The bursts of every correlation by its id; each must come after those it counts."""
    found: dict[str, Bursts] = {}
    for correlation in correlations:
        found[correlation.id] = Bursts(correlation, sightings, found)
    return found


_HELD: dict[str, Any] = {
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
    "eq": np.equal,
    "neq": np.not_equal,
}


def _within(found: npt.NDArray[Any], bounds: Sequence[Bound], scale: int | Numbers = 1) -> Flags:
    met = np.ones(found.size, dtype=np.bool_)
    for bound in bounds:
        limit: Any = bound.number
        if found.dtype == object:
            exact = Fraction(str(bound.number))
            limit = (exact.numerator if exact.denominator == 1 else exact) * scale
        met &= _HELD[bound.operator](found, limit).astype(np.bool_)
    return met


def _combined(codes: Integers) -> Integers:
    """A number a row, the same for rows with the same code in each column."""
    found = np.zeros(codes.shape[0], dtype=np.int64)
    for column in codes.T:
        most = int(column.max()) if column.size else 0
        _, numbers = np.unique(found * (most + 2) + column + 1, return_inverse=True)
        found = numbers.astype(np.int64)
    return found


def _first_of(*codes: Integers) -> Integers:
    """The places, in order, of the first of each combination of codes."""
    order = np.lexsort((np.arange(codes[0].size), *codes))
    new = np.ones(order.size, dtype=np.bool_)
    if order.size:
        new[1:] = np.logical_or.reduce([code[order][1:] != code[order][:-1] for code in codes])
    return np.sort(order[new])


__all__ = ["Bursts", "LeftOut", "Sightings", "Windows", "coded", "compared", "find_bursts"]
