"""From the accesses the logs show to the lines of holdings.csv that decide most of them, and how far they reach."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tocsin.assess.holdings import HoldingIndex
from tocsin.describe.places import Place, place_of
from tocsin.model.describing import ToFill
from tocsin.model.estate import Estate

_ENOUGH = 95  # of 100 accesses


class Access(NamedTuple):
    """One way in which one thing was reached, so many `times`."""

    kind: str
    holding: str
    container: str
    times: int


class Line(NamedTuple):
    """A line to be said the matter of; those `inside` another stand right after it."""

    kind: str
    pattern: str
    comment: str
    accesses: int
    inside: bool
    is_system: bool


@dataclass(slots=True)
class _Top:
    kind: str
    is_system: bool
    spellings: Counter[str] = field(default_factory=Counter)
    accesses: int = 0
    things: set[str] = field(default_factory=set)
    inner: dict[str, _Top] = field(default_factory=dict)

    def add(self, access: Access, pattern: str) -> None:
        self.spellings[pattern] += access.times
        self.accesses += access.times
        self.things.add(access.holding.lower())

    @property
    def pattern(self) -> str:
        """As it is spelled most often."""
        return min(self.spellings, key=lambda text: (-self.spellings[text], text))


def lines_of(accesses: Iterable[Access]) -> tuple[list[Line], Counter[str]]:
    """The lines, those that decide most accesses first, what the systems keep last; and what has no line, by reason."""
    left_out: Counter[str] = Counter()
    tops: dict[tuple[str, str], _Top] = {}
    for access in accesses:
        place = place_of(access.kind, access.holding, access.container)
        if place is None:
            left_out["accesses that name no place of what they reached"] += access.times
        elif not is_pattern(place.top):
            left_out["accesses to what has a name that can be no pattern"] += access.times
        else:
            _add(tops, access, place)
    found: list[Line] = []
    whole = sum(top.accesses for top in tops.values() if not top.is_system)
    so_far = 0
    for key in sorted(tops, key=lambda one: (tops[one].is_system, -tops[one].accesses, one)):
        top = tops[key]
        so_far += 0 if top.is_system else top.accesses
        reach = f"with the lines above {_share(so_far, whole)}"
        if top.is_system:
            reach = "kept by the system: it needs no matter"
        inner = [] if len(top.inner) < 2 else sorted(top.inner, key=lambda one: (-top.inner[one].accesses, one))
        holds = f"; or say it of the {len(inner)} lines below" if inner else ""
        found.append(Line(top.kind, top.pattern, f"{_counts(top)}; {reach}{holds}", top.accesses, False, top.is_system))
        for name in inner:
            one = top.inner[name]
            comment = f"{_counts(one)}; inside {top.pattern}, whose matter it has where none is said here"
            found.append(Line(one.kind, one.pattern, comment, one.accesses, True, top.is_system))
    return _distinct(found), left_out


def _add(tops: dict[tuple[str, str], _Top], access: Access, place: Place) -> None:
    top = tops.setdefault((place.kind, place.top.lower()), _Top(place.kind, place.is_system))
    top.add(access, place.top)
    if place.inner and is_pattern(place.inner):
        top.inner.setdefault(place.inner.lower(), _Top("folder", place.is_system)).add(access, place.inner)


def _distinct(lines: Sequence[Line]) -> list[Line]:
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        found.setdefault((line.kind, line.pattern.lower()), line)
    return list(found.values())


def is_pattern(text: str) -> bool:
    """Whether a text can be a pattern: a `*` at its end alone, and nothing that a list would read otherwise."""
    return bool(text) and "*" not in text[:-1] and text.isprintable() and text == text.strip()


def _counts(top: _Top) -> str:
    accesses = "1 access" if top.accesses == 1 else f"{top.accesses:,} accesses"
    return f"{accesses} to " + ("1 thing" if len(top.things) == 1 else f"{len(top.things):,} things")


def _share(part: int, whole: int) -> str:
    """Per cent, rounded down: 100 only where nothing is left."""
    return f"{100 * part // whole if whole else 100} %"


def to_fill(accesses: Sequence[Access], estate: Estate) -> ToFill:
    """How far the matters that are said reach, and how many lines more would do.

    A line is that of the top an access falls under, or of the unit of its owner. Filled first are those that most
    accesses fall under.
    """
    index = HoldingIndex(estate.holdings)
    patterns = {holding.pattern.lower() for holding in estate.holdings}
    units = {unit.name for unit in estate.units}
    unit_of = {
        name.lower(): one.unit for one in estate.identities if one.unit in units for name in (one.id, *one.accounts)
    }
    open_: dict[_Line, int] = defaultdict(int)
    split: dict[_Line, int] = defaultdict(int)
    known = systems = nowhere = 0
    for access in accesses:
        place = place_of(access.kind, access.holding, access.container)
        found = index.find(access.holding, access.container)
        if found is not None and found.matter:
            known += access.times
        elif place is not None and place.is_system:
            systems += access.times
        elif found is None:
            nowhere += access.times
        else:
            unit = unit_of.get(found.owner.lower(), "")
            pattern = found.pattern.lower()
            top = place.top.lower() if place is not None else ""
            is_inside = top in patterns and pattern.startswith(top.removesuffix("*"))
            open_[bool(unit), unit or (top if is_inside else pattern)] += access.times
            split[bool(unit), unit or pattern] += access.times
    total = known + nowhere + sum(open_.values())
    filled = _enough(open_, known, total)
    return ToFill(
        lines=len(open_),
        accesses=total,
        known=known,
        enough=len(filled),
        units=sum(is_unit for is_unit, _ in filled),
        split=len(_enough(split, known, total)),
        systems=systems,
    )


_Line = tuple[bool, str]  # whether it is of units.csv, and its name or pattern


def _enough(lines: Mapping[_Line, int], known: int, total: int) -> list[_Line]:
    """The lines that most accesses fall under, until 95 of 100 are decided."""
    filled: list[_Line] = []
    for line, count in sorted(lines.items(), key=lambda one: (-one[1], one[0])):
        if known * 100 >= total * _ENOUGH:
            break
        known += count
        filled.append(line)
    return filled


def shares(accesses: Iterable[Access]) -> Mapping[str, set[str]]:
    """The shares seen on each host, by its name as the paths write it."""
    found: dict[str, set[str]] = defaultdict(set)
    for access in accesses:
        if access.holding.startswith("\\\\"):
            host, _, rest = access.holding[2:].partition("\\")
            share = rest.partition("\\")[0]
            if host and share and not share.endswith("$") and share.lower() not in ("sysvol", "netlogon"):
                found[host.lower()].add(share)
    return found
