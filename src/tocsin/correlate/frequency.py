"""Of other tools' alerts, those that are news, and those that are what a tool always says: counted and set aside.

The formula and its settings stand in `frequency.toml`. Rows are those of `correlate.findings`, of which none stands
for alerts of two spells: so their sums are exact, and what is concluded does not hang on the order of arrival.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.alert import read_told
from tocsin.model.finding import Level, SetAside
from tocsin.model.instant import HOUR

SPELL = HOUR // 6  # of one meta-alert
SURPRISE = "surprise"  # the column `set_aside` adds: 100 times -log10 p, null where nothing was compared

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_DEVICE = ("device.hostname", "device.ip")
_OTHERS = ("actor.user.name", "user.name", "src_endpoint.ip", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`frequency.toml`; `around` in spells."""

    first: float
    around: int
    keep_at_most: Mapping[Level, float]


@cache
def load_settings() -> Settings:
    """The settings this package comes with."""
    table = tomllib.loads(resources.files(__package__).joinpath("frequency.toml").read_text(encoding="utf-8"))
    return Settings(
        first=table["first"],
        around=table["around_hours"] * HOUR // SPELL,
        keep_at_most={Level(level): most for level, most in table["keep_at_most"].items()},
    )


class Sieved(NamedTuple):
    """The rows that are kept, with `SURPRISE`, and what was set aside, by rule, the most alerts first."""

    kept: pa.Table
    aside: tuple[SetAside, ...]

    @property
    def alerts(self) -> int:
        """How many were set aside."""
        return sum(one.alerts for one in self.aside)


def set_aside(state: pa.Table) -> Sieved:
    """The rows of `correlate.findings.SCHEMA` without the alerts of other tools that are frequent.

    Rules of our own and alerts without a time pass untouched.
    """
    told = state["told"].is_valid().to_numpy() & state["time"].is_valid().to_numpy()
    rows = np.flatnonzero(told)
    if not rows.size:
        return Sieved(state.append_column(SURPRISE, pa.nulls(state.num_rows, pa.int64())), ())
    alerts = state.take(pa.array(rows))
    metas = _metas(alerts)
    p = _p_values(metas, load_settings())
    most = _most(alerts, metas)
    is_kept = (metas.elsewhere == 0) | (p <= most)
    kept = np.ones(state.num_rows, dtype=np.bool_)
    kept[rows] = is_kept[metas.of_row]
    surprise = np.zeros(state.num_rows, dtype=np.int64)
    surprise[rows] = np.round(-100 * np.log10(p)).astype(np.int64)[metas.of_row]
    scored = state.append_column(SURPRISE, pa.array(surprise, mask=~told))
    return Sieved(scored.filter(pa.array(kept)), _account(alerts.filter(pa.array(~kept[rows]))))


class _Metas:
    """Meta-alerts by key and spell, ascending; `of_row` the one of each row.

    elsewhere  spells of the same key that are not around it; `spells` of the log that are not
    """

    def __init__(self, key: Integers, spell: Integers, source: Integers, hits: Integers) -> None:
        _, starts, self.of_row = _runs(key, spell)
        self.key, self.spell, self.source = key[starts], spell[starts], source[starts]
        self.size: Integers = np.bincount(self.of_row, weights=hits).astype(np.int64)
        self.elsewhere: Integers = np.zeros(self.key.size, dtype=np.int64)


def _runs(key: Integers, spell: Integers) -> tuple[Integers, Integers, Integers]:
    order = np.lexsort((spell, key)).astype(np.int64)
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = (key[order][1:] != key[order][:-1]) | (spell[order][1:] != spell[order][:-1])
    of_row = np.empty(order.size, dtype=np.int64)
    of_row[order] = np.cumsum(new) - 1
    return order, order[new], of_row


def _metas(alerts: pa.Table) -> _Metas:
    key = _codes(alerts, "rule")
    is_device: Flags = np.zeros(alerts.num_rows, dtype=np.bool_)
    for name in _DEVICE:
        codes = _codes(alerts, name)
        is_device |= codes > 0
        key = _joined(key, codes)
    left = ~is_device
    for name in _OTHERS:
        codes = np.where(left, _codes(alerts, name), 0)
        key = _joined(key, codes)
        left &= codes == 0
    spell = alerts["time"].to_numpy() // SPELL
    return _Metas(key, spell, _codes(alerts, "source"), alerts["hits"].to_numpy())


def _p_values(metas: _Metas, settings: Settings) -> Floats:
    """The p-value of each; fills `elsewhere`."""
    count = metas.key.size
    place = np.arange(count)
    bounds = np.flatnonzero(np.concatenate(([True], metas.key[1:] != metas.key[:-1], [True])))
    sizes = np.diff(bounds)
    begin, end = np.repeat(bounds[:-1], sizes), np.repeat(bounds[1:], sizes)
    # those around it, as places: of one key spells ascend, so no more than `around` lie on either side
    left, right = place.copy(), place + 1
    larger_around = np.ones(count, dtype=np.int64)  # itself
    for step in range(1, settings.around + 1):
        before, behind = (_near(metas, place + by, begin, end, settings.around) for by in (-step, step))
        left[before] -= 1
        right[behind] += 1
        larger_around[before] += metas.size[place[before] - step] >= metas.size[before]
        larger_around[behind] += metas.size[place[behind] + step] >= metas.size[behind]
    metas.elsewhere = (left - begin) + (end - right)
    as_large = _at_least_as_large(metas, begin, end) - larger_around
    largest = np.maximum(_largest_before(metas, begin, left), _largest_behind(metas, end, right))
    first, last = (function(metas) for function in (_first_spell, _last_spell))
    around = np.minimum(last, metas.spell + settings.around) - np.maximum(first, metas.spell - settings.around) + 1
    spells = last - first + 1 - around
    occurs = (metas.elsewhere + settings.first) / (spells + 1)
    large = (1 + as_large) / (metas.elsewhere + 1)
    beyond = np.where((metas.elsewhere > 0) & (largest < metas.size), largest / metas.size, 1.0)
    p: Floats = np.minimum(1.0, occurs * large * beyond)
    return p


def _near(metas: _Metas, other: Integers, begin: Integers, end: Integers, around: int) -> Flags:
    """Which have the one at that place around them."""
    near = (other >= begin) & (other < end)
    near[near] = np.abs(metas.spell[other[near]] - metas.spell[near]) <= around
    return near


def _at_least_as_large(metas: _Metas, begin: Integers, end: Integers) -> Integers:
    """How many of the same key are as large as each, itself among them."""
    order = np.lexsort((metas.size, metas.key))
    ranked_key, ranked_size = metas.key[order], metas.size[order]
    new = np.ones(order.size, dtype=np.bool_)
    new[1:] = (ranked_key[1:] != ranked_key[:-1]) | (ranked_size[1:] != ranked_size[:-1])
    first_of_equal = np.flatnonzero(new)[np.cumsum(new) - 1]
    found = np.empty(order.size, dtype=np.int64)
    found[order] = end[order] - first_of_equal  # keys stand in the same order, so each key's places are its own
    return found


def _largest_before(metas: _Metas, begin: Integers, left: Integers) -> Integers:
    """The largest of the same key before place `left`; 0 where there is none."""
    rank = np.cumsum(np.concatenate(([0], metas.key[1:] != metas.key[:-1]))).astype(np.int64)
    step = int(metas.size.max()) + 1
    so_far = np.maximum.accumulate(rank * step + metas.size) - rank * step
    found: Integers = np.where(left > begin, so_far[np.maximum(left - 1, 0)], 0)
    return found


def _largest_behind(metas: _Metas, end: Integers, right: Integers) -> Integers:
    """The largest of the same key from place `right` on; 0 where there is none."""
    rank = np.cumsum(np.concatenate(([0], metas.key[1:] != metas.key[:-1]))).astype(np.int64)
    step = int(metas.size.max()) + 1
    back = rank[-1] - rank
    so_far = (np.maximum.accumulate((back * step + metas.size)[::-1]))[::-1] - back * step
    found: Integers = np.where(right < end, so_far[np.minimum(right, rank.size - 1)], 0)
    return found


def _first_spell(metas: _Metas) -> Integers:
    """Of each one's log the first spell that holds an alert of it."""
    found = np.full(int(metas.source.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(found, metas.source, metas.spell)
    return found[metas.source]


def _last_spell(metas: _Metas) -> Integers:
    found = np.full(int(metas.source.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(found, metas.source, metas.spell)
    return found[metas.source]


def _most(alerts: pa.Table, metas: _Metas) -> Floats:
    """By meta-alert the p-value at which it is kept, by the gravest level in it."""
    settings = load_settings()
    column = alerts["told"].combine_chunks().dictionary_encode()
    levels = [read_told("", told).rule.level for told in column.dictionary.to_pylist()]
    of_told = np.array([settings.keep_at_most.get(level, 1.0) for level in levels])
    most = np.zeros(metas.key.size)
    np.maximum.at(most, metas.of_row, of_told[column.indices.to_numpy(zero_copy_only=False)])
    return most


def _account(aside: pa.Table) -> tuple[SetAside, ...]:
    if not aside.num_rows:
        return ()
    grouped = aside.group_by("rule").aggregate([("hits", "sum"), ("time", "min"), ("last", "max"), ("told", "min")])
    found = []
    for row in grouped.to_pylist():
        told = read_told(row["rule"], row["told_min"])
        found.append(
            SetAside(
                kind=told.kind,
                rule=row["rule"],
                title=told.rule.title,
                alerts=row["hits_sum"],
                first=row["time_min"],
                last=row["last_max"],
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.alerts, one.rule)))


def _codes(rows: pa.Table, name: str) -> Integers:
    """A number a value, from 1 on; 0 where the row says nothing."""
    column = rows[name].combine_chunks()
    encoded = pc.if_else(pc.equal(column, ""), None, column).dictionary_encode()
    codes: Integers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes + 1


def _joined(key: Integers, codes: Integers) -> Integers:
    _, numbers = np.unique(key * (int(codes.max()) + 1) + codes, return_inverse=True)
    joined: Integers = numbers.astype(np.int64)
    return joined
