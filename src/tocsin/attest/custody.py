"""Statements of the ledger in; who did what with the evidence, in order and over time, out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tocsin.errors import VerificationError
from tocsin.model.evidence import EnclosedStatement, Package
from tocsin.model.instant import NANOSECONDS, format_time, parse_time
from tocsin.record.acts import read_act
from tocsin.record.people import disowned_in
from tocsin.render.element import well_formed

_WIDTH = 1000
_MARK = 8

# What an act of each kind says was done, to a reader who never saw one.
WORDS: Mapping[str, str] = {
    "enrolled": "a person's key was entered",
    "succeeded": "a key was replaced by its owner's next",
    "revoked": "a key was declared void",
    "recovered": "a lost key was replaced",
    "unsealed": "names behind tokens were shown",
    "reviewed": "what one person unsealed alone was reviewed by another",
    "drilled": "the loss of a key was rehearsed",
    "collected": "logs were collected",
    "read": "the evidence was read",
    "verified": "the record was verified",
    "exported": "a package was made",
    "handed_over": "the evidence was handed over",
    "received": "the evidence was received",
    "returned": "the evidence was returned",
    "transferred": "custody was transferred",
    "decided": "something was decided of findings or incidents",
    "held": "erasure was forbidden",
    "released": "a ban on erasure was lifted",
    "erased": "records were erased",
    "witness_trusted": "a witness was named",
    "cosigned": "a witness signed the ledger's state",
    "timestamped": "an authority stamped the ledger's state",
}
OUTSIDE = frozenset({"cosigned", "timestamped"})
_LANES = (
    ("Keys and people", frozenset({"enrolled", "succeeded", "revoked", "recovered", "drilled", "witness_trusted"})),
    (
        "Custody",
        frozenset(
            {
                "collected",
                "read",
                "verified",
                "exported",
                "handed_over",
                "received",
                "returned",
                "transferred",
                "unsealed",
                "reviewed",
                "decided",
            }
        ),
    ),
    ("Hold and erasure", frozenset({"held", "released", "erased"})),
    ("From outside", OUTSIDE),
)


class Deed(NamedTuple):
    """One act as the package has it, its signatures unchecked: that is the verifier's work.

    entry    index of its leaf; `size` entries stood before it
    at       RFC 3339; `by` the keys that signed; `is_of_person` whether anybody's own key did
    disowned why a revocation among the acts of the package takes it back, "" where none does
    """

    entry: int
    kind: str
    at: str
    by: tuple[str, ...]
    is_of_person: bool
    size: int
    what: Mapping[str, Any]
    disowned: str = ""


class Step(NamedTuple):
    """One deed, or several alike in a row, with how long after the step before it."""

    deeds: tuple[Deed, ...]
    after: str

    @property
    def first(self) -> Deed:
        """The first of them."""
        return self.deeds[0]

    @property
    def last(self) -> Deed:
        """The last of them."""
        return self.deeds[-1]


class Mark(NamedTuple):
    """One mark on a lane: place in thousandths of the axis, a class name of ours, and what it is."""

    left: int
    style: str
    title: str


class Lane(NamedTuple):
    """Deeds of one sort over time."""

    label: str
    marks: tuple[Mark, ...]


class Chart(NamedTuple):
    """All lanes over one axis; `ticks` are its start, middle and end."""

    ticks: tuple[str, ...]
    lanes: tuple[Lane, ...]


def deeds(package: Package) -> tuple[Deed, ...]:
    """The acts among the package's statements, in the order of the ledger. Raises VerificationError."""
    acts = sorted((one for one in package.statements if one.kind == "act"), key=lambda one: one.index)
    disowned = disowned_in(read_act(one.index, one.data) for one in acts)
    return tuple(deed(one, package.origin)._replace(disowned=disowned.get(one.index, "")) for one in acts)


def persons(acts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
    """By name of a key, whose it is, as acts (kind, what) about keys say; their order is the ledger's."""
    found: dict[str, str] = {}
    for kind, what in acts:
        if kind == "enrolled":
            found[str(what.get("name"))] = str(what.get("person", ""))
        elif kind in ("succeeded", "recovered"):
            found[str(what.get("new_name"))] = found.get(str(what.get("name")), "")
    return found


def by_whom(keys: Sequence[str], origin: str, names: Mapping[str, str]) -> str:
    """Who signed, as a reader would say it: `Ada Invented (key ada)`, or that nobody's own key did."""
    of_people = [name for name in keys if name != origin]
    if not of_people:
        return "nobody by an own key: the ledger's key signed"
    return " and ".join(f"{names[name]} (key {name})" if names.get(name) else f"the key {name}" for name in of_people)


def deed(statement: EnclosedStatement, origin: str) -> Deed:
    """What a statement of kind `act` says. Raises VerificationError where it is none."""
    act = read_act(statement.index, statement.data)
    if parse_time(act.at) is None:
        raise VerificationError(f"entry {statement.index} is an act without a time")
    is_of_person = any(name != origin for name in act.by)
    return Deed(act.leaf, act.kind, act.at, act.by, is_of_person, act.size, act.what)


def made_at(package: Package) -> str:
    """When the package was made: as it says, else the time of its newest act, else that of what it speaks of."""
    if package.made:
        return package.made
    times = [one.at for one in deeds(package)]
    if times:
        return max(times)
    as_of = package.answers.as_of or 0
    return format_time(as_of // NANOSECONDS * NANOSECONDS)


def steps(acts: Sequence[Deed]) -> tuple[Step, ...]:
    """The acts in order; runs of one kind by the same keys as one step."""
    runs: list[list[Deed]] = []
    for act in acts:
        alike = (act.kind, act.by, act.disowned)
        if runs and (runs[-1][-1].kind, runs[-1][-1].by, runs[-1][-1].disowned) == alike and act.kind == "read":
            runs[-1].append(act)
        else:
            runs.append([act])
    found: list[Step] = []
    for run in runs:
        before = found[-1].last.at if found else ""
        found.append(Step(tuple(run), _gap(before, run[0].at) if before else ""))
    return tuple(found)


def chart(acts: Sequence[Deed], made: str) -> Chart:
    """The acts on lanes over time, up to the making of the package."""
    times = [time for at in (*(act.at for act in acts), made) if (time := parse_time(at)) is not None]
    if len(times) < 2 or min(times) == max(times):
        return Chart((), ())
    start, end = min(times), max(times)
    middle = (start + end) // 2
    ticks = tuple(format_time(time)[:16].replace("T", " ") for time in (start, middle, end))

    def mark(act: Deed) -> Mark:
        left = _place(act.at, start, end)
        style = "outside" if act.kind in OUTSIDE else "person" if act.is_of_person else "machine"
        return Mark(left, style, f"{act.at} {act.kind} by {', '.join(act.by)}, entry {act.entry:,}")

    lanes = [(label, [act for act in acts if act.kind in kinds]) for label, kinds in _LANES]
    drawn = [Lane(label, tuple(map(mark, found))) for label, found in lanes if found]
    package = Mark(_place(made, start, end), "made", f"{made} this package was made")
    return Chart(ticks, (*drawn, Lane("This package", (package,))))


def _place(at: str, start: int, end: int) -> int:
    return ((parse_time(at) or start) - start) * (_WIDTH - _MARK) // (end - start)


def said(value: object) -> Iterator[tuple[str, str]]:
    """What an act says, as (name, text) pairs in order; nested names joined by a point, a long list cut and counted."""
    yield from _said("", value)


_ITEMS = 8


def _said(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _said(f"{name}.{key}" if name else str(key), value[key])
    elif isinstance(value, list):
        shown = ", ".join(_plain(one) for one in value[:_ITEMS])
        yield name, shown + (f" and {len(value) - _ITEMS:,} more" if len(value) > _ITEMS else "")
    else:
        yield name, _plain(value)


def _plain(value: object) -> str:
    return well_formed(value) if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _gap(before: str, after: str) -> str:
    earlier, later = parse_time(before), parse_time(after)
    if earlier is None or later is None or later <= earlier:
        return "earlier, by its clock" if earlier and later and later < earlier else ""
    seconds = (later - earlier) // NANOSECONDS
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            count = seconds // length
            return f"{count:,} {unit}{'s' if count != 1 else ''} later"
    return ""
