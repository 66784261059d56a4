"""From records that give one holding two names to which names are one holding: a fold, joined at the end.

A join is one way only: what was reached under one name was reached under every name of it. Where names contradict each
other (one name for two ids: made anew, or a record that lies) nothing is joined, and each is near to the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.spelling import comparable
from tocsin.model.coverage import Mark

NAME = "holding_names"
_PAIR = ("kind", "name", "id")
SCHEMA = pa.schema(
    [*(pa.field(name, pa.string(), nullable=False) for name in _PAIR), pa.field("record", pa.int64(), nullable=False)]
)


def summarise(marks: pa.Table) -> pa.Table:
    """The distinct pairs of names of one chunk: `name` as people write it, `id` as the service does. Pure."""
    chosen = marks.filter(pc.equal(marks["kind"], str(Mark.NAMED)))
    columns = (pc.fill_null(chosen[name], "") for name in ("channel", "scope", "detail"))
    return combine([pa.table([*columns, chosen["record"]], names=SCHEMA.names).cast(SCHEMA)])


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The pairs of all, each with its first record; associative, commutative and idempotent."""
    table = pa.concat_tables([SCHEMA.empty_table(), *partials])
    distinct = table.group_by(list(_PAIR), use_threads=False).aggregate([("record", "min")])
    named = distinct.rename_columns([name.removesuffix("_min") for name in distinct.schema.names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in SCHEMA.names])


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingNames:
    """Names resolved. Every text is as `comparable` gives it.

    shown     name to the one name it stands under, for names that nothing contradicts
    others    name to the other names that may be the same thing, joined or not
    """

    shown: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def one_name(self, text: str) -> str:
        """The name a holding is taken under; the text itself, as it is, where nothing joins it to another."""
        return self.shown.get(comparable(text), text)

    def may_be(self, text: str) -> frozenset[str]:
        """The other names under which it may be recorded."""
        return self.others.get(comparable(text), frozenset())


NO_NAMES = HoldingNames()


def conclude(state: pa.Table, declared: Iterable[tuple[str, str]] = ()) -> HoldingNames:
    """Which names are one; `declared` are further pairs (name, id) somebody vouches for."""
    ids: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    written: dict[str, str] = {}
    pairs = [(row["name"], row["id"]) for row in state.to_pylist()]
    for name, id_ in sorted({*pairs, *declared}):
        a, b = comparable(name), comparable(id_)
        if not a or not b or a == b:
            continue
        written.setdefault(a, name)
        ids[a].add(b)
        names[b].add(a)
    return HoldingNames(shown=_shown(ids, names, written), others=_others(ids, names))


def _shown(ids: Mapping[str, set[str]], names: Mapping[str, set[str]], written: Mapping[str, str]) -> dict[str, str]:
    """An id and its one name stand under the name; where either has more than one partner nothing is renamed."""
    found: dict[str, str] = {}
    for id_, of in names.items():
        name = next(iter(of))
        if len(of) == 1 and ids[name] == {id_} and id_ not in ids and name not in names:
            found[id_] = written[name]
    return found


def _others(ids: Mapping[str, set[str]], names: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Every name reachable over pairs, whatever contradicts it."""
    near: dict[str, set[str]] = defaultdict(set)
    for table in (ids, names):
        for one, several in table.items():
            near[one] |= several
            for other in several:
                near[other].add(one)
    found: dict[str, frozenset[str]] = {}
    for start in sorted(near):
        if start in found:
            continue
        together, waiting = {start}, [start]
        while waiting:
            new = near[waiting.pop()] - together
            together |= new
            waiting += new
        found |= {one: frozenset(together - {one}) for one in together}
    return found
