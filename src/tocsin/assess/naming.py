"""From records that give one holding two names to which names are one holding: a fold, joined at the end.

A join is one way only: what was reached under one name was reached under every name of it. Where names contradict each
other (one name for two ids: made anew, or a record that lies) nothing is joined, and each is near to the others.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from tocsin.assess.spelling import comparable
from tocsin.model.coverage import ANYWHERE, APPLICATION, BEARER, INCOMPLETE, TENANT, Mark
from tocsin.model.estate import Alias

NAME = "holding_names"
# Kind of a pair that names no one thing: a folder of a host and the share that shows it, or what was given another name
# or copied and what it is since then.
SHARE = "share"
_NO_NAMES_OF_HOLDINGS = frozenset((SHARE, BEARER, INCOMPLETE, APPLICATION))
_MOST_NAMES = 250  # of one thing; a folder that is said to lie in itself would go on for ever
BEYOND = "<more names than are followed>"  # stands for the rest
_NO_HOLDINGS = frozenset(("account", "host", "group"))  # kinds of what else has other names
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
    ids       name to the ids records give it: two names with ids and none in common are two things
    folders   a share to the folders it is said to be of, what was renamed or copied to what it is since, and back
    declared  names the estate gives as other names of something
    bearers  another name that records give an account that acted (an id, a display name, a device) to the accounts
             they give it
    borne    an account to all that records give it, its tenants too (`TENANT`)
    applications  mailbox ("" where not told) to the applications, not the provider's, that reached mail of it
    is_incomplete  whether a record says of itself that others are left out beside it
    is_moved_on  whether something was moved or copied to a place that is not told, or not of which site (`ANYWHERE`)
    """

    shown: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    folders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    bearers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    borne: Mapping[str, frozenset[str]] = field(default_factory=dict)
    applications: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_moved_on: bool = False
    is_incomplete: bool = False

    def one_name(self, text: str) -> str:
        """The name a holding is taken under; the text itself, as it is, where nothing joins it to another."""
        return self.shown.get(comparable(text), text)

    def may_be(self, text: str) -> frozenset[str]:
        """The other names under which it may be recorded."""
        return self.others.get(comparable(text), frozenset())

    def are_apart(self, one: str, other: str) -> bool:
        """Whether the ids that records give two names show that they are two things."""
        ids, others = (self.ids.get(comparable(name), frozenset()) for name in (one, other))
        return bool(ids) and bool(others) and ids.isdisjoint(others)

    def elsewhere(self, text: str) -> Iterator[str]:
        """Where else what lies in a folder that is shared, has another name or was copied may be recorded; `BEYOND`
        last, where that is in more places than are followed.
        """
        if not self.folders:
            return
        known = comparable(text)
        found, waiting = {known}, deque([known])
        while waiting and len(found) < _MOST_NAMES:
            new = sorted(set(self._beside(waiting.popleft())) - found)
            found.update(new)
            yield from new
            waiting += new
        if waiting:
            yield BEYOND

    def _beside(self, known: str) -> Iterator[str]:
        ends = (place for place, sign in enumerate(known) if sign in "\\/")
        for end in (*ends, len(known)):
            for other in self.folders.get(known[:end], ()):
                if other.startswith(ANYWHERE) and known.startswith("https://"):
                    continue  # no name by which anything is recorded
                yield other.rstrip("\\") + known[end:]
        if self.is_moved_on and known.startswith("https://"):
            yield from self._from_anywhere(known)

    def _from_anywhere(self, known: str) -> Iterator[str]:
        """What was moved or copied to this path of whatever site, or to a place that no record tells."""
        yield from self.folders.get(ANYWHERE, ())
        ends = [*(place for place, sign in enumerate(known) if sign == "/" and place > len("https://")), len(known)]
        for number, start in enumerate(ends):
            for end in ends[number + 1 :]:
                for other in self.folders.get(ANYWHERE + known[start:end], ()):
                    yield other + known[end:]


NO_NAMES = HoldingNames()


def conclude(state: pa.Table, aliases: Iterable[Alias] = ()) -> HoldingNames:
    """Which names are one, by records and by the estate's word: ids are what records give alone."""
    ids: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    written: dict[str, str] = {}
    rows = state.to_pylist()
    for name, id_ in sorted({(row["name"], row["id"]) for row in rows if row["kind"] not in _NO_NAMES_OF_HOLDINGS}):
        a, b = comparable(name), comparable(id_)
        if not a or not b or a == b:
            continue
        written.setdefault(a, name)
        ids[a].add(b)
        names[b].add(a)
    spoken = [(comparable(one.name), comparable(one.other)) for one in aliases if one.kind not in _NO_HOLDINGS]
    whole = [(a, b) for a, b in spoken if not a.endswith("*")]
    within = [(a[:-1].rstrip("\\/"), b[:-1].rstrip("\\/")) for a, b in spoken if a.endswith("*")]
    shares = [(comparable(row["name"]), comparable(row["id"])) for row in rows if row["kind"] == SHARE]
    folders = _folders((*shares, *within))
    borne: dict[str, set[str]] = defaultdict(set)
    applications: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["kind"] == BEARER:
            borne[row["name"]].update(row["id"].splitlines())
        if row["kind"] == APPLICATION:
            applications[comparable(row["name"])].add(row["id"])
    bearers: dict[str, set[str]] = defaultdict(set)
    for account, known in borne.items():
        for one in known:
            if not one.startswith(TENANT):
                bearers[one].add(account)
    return HoldingNames(
        is_moved_on=any(one.startswith(ANYWHERE) for one in folders),
        shown=_shown(ids, names, written),
        others=_others((*((a, b) for a, several in ids.items() for b in several), *whole)),
        ids={name: frozenset(found) for name, found in ids.items()},
        folders=folders,
        declared=frozenset(other for _, other in whole),
        applications={name: frozenset(found) for name, found in applications.items()},
        is_incomplete=any(row["kind"] == INCOMPLETE for row in rows),
        bearers={name: frozenset(bearers[name]) for name in sorted(bearers)},
        borne={account: frozenset(borne[account]) for account in sorted(borne)},
    )


def _folders(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Both ways, for pairs of which each has a name."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder, share in pairs:
        if folder and share:
            found[folder.rstrip("\\")].add(share)
            found[share.rstrip("\\")].add(folder)
    return {one: frozenset(found[one]) for one in sorted(found)}


def _shown(ids: Mapping[str, set[str]], names: Mapping[str, set[str]], written: Mapping[str, str]) -> dict[str, str]:
    """An id and its one name stand under the name; where either has more than one partner nothing is renamed."""
    found: dict[str, str] = {}
    for id_, of in names.items():
        name = next(iter(of))
        if len(of) == 1 and ids[name] == {id_} and id_ not in ids and name not in names:
            found[id_] = written[name]
    return found


def _others(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Every name reachable over pairs, whatever contradicts it."""
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
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
