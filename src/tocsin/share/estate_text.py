"""What was imported, drafted or checked of an estate, for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tocsin.model.describing import Change, Checked, Covered, Drafted, FileRead, Imported, ToFill, Unread
from tocsin.share.plain import shortened, shown, wrapped
from tocsin.store.estate_rows import Row

_CHANGES, _LINES = 40, 20
_CELL = 60


def import_text(found: Imported) -> str:
    """What was read, what was not understood, and every change, before it is made."""
    return _page(_read(found.read, found.unread), _changed(found.changes), _warned(found.warnings))


def draft_text(found: Drafted, folder: str) -> str:
    """What is proposed, what a person has to say, and what was left out."""
    return _page(
        _read(found.read, found.unread),
        _proposed(found),
        _filling(found.to_fill) if found.to_fill is not None else (),
        _left_out(found.left_out),
        _warned(found.warnings),
        [f"written to {shown(folder)}" if found.files else f"nothing is written to {shown(folder)}"],
    )


def check_text(found: Checked) -> str:
    """Faults, what is odd, and how much of the logs the estate names."""
    rows = [f"{name:<15}{count:>8,}" for name, count in found.rows] or ["the estate says nothing yet"]
    return _page(
        rows,
        _listed("faults: the estate is not used until they are mended", found.faults)
        if found.faults
        else ["no faults"],
        _warned(found.warnings),
        _covered("accesses to a declared holding", found.accesses, "accesses"),
        _covered("accesses to a holding that has a matter", found.with_matter, "accesses", told=found.accesses),
        _covered("accounts of a declared identity", found.accounts, "records"),
        _covered("hosts declared", found.hosts, "logs"),
    )


def _page(*parts: Sequence[str] | Iterator[str]) -> str:
    blocks = ["\n".join(lines) for part in parts if (lines := list(part))]
    return "\n\n".join(blocks) + "\n"


def _read(read: Sequence[FileRead], unread: Sequence[Unread]) -> Iterator[str]:
    for one in read:
        missed = one.rows - one.taken - one.apart
        apart = f" + {one.apart:,} of no kind an estate has" if one.apart else ""
        rows = f"{one.rows:,} rows = {one.taken:,} taken + {missed:,} not understood{apart}"
        yield f"{shown(one.file)}: {one.kind}: {rows}"
    yield from _listed("not understood", [_unread(one) for one in unread])


def _unread(one: Unread) -> str:
    return f"{shown(one.file)}:{one.line}: {one.why}" if one.line else f"{shown(one.file)}: {one.why}"


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    """The first lines under a title with their number; nothing where there is none."""
    more = [f"  ... and {len(lines) - _LINES:,} more: --format json has them all"] if len(lines) > _LINES else []
    return [f"{title}: {len(lines):,}", *(f"  {shown(line)}" for line in lines[:_LINES]), *more] if lines else []


def _warned(warnings: Sequence[str]) -> list[str]:
    return _listed("odd, but not wrong", warnings)


def _changed(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        yield "nothing changes"
        return
    new = sum(change.is_new for change in changes)
    yield f"changes: {new:,} rows new, {len(changes) - new:,} said otherwise"
    for change in changes[:_CHANGES]:
        yield f"  {'+' if change.is_new else '~'} {change.list}: {shortened(change.name, _CELL)}"
        if not change.is_new:
            for column, before, after in change.differences:
                yield f"      {column}: {shortened(before, _CELL) or '(empty)'} -> {shortened(after, _CELL)}"
    if len(changes) > _CHANGES:
        yield f"  ... and {len(changes) - _CHANGES:,} more: --format json has them all"


def _proposed(found: Drafted) -> Iterator[str]:
    counts = Counter(change.list for change in found.changes)
    if not counts:
        yield "nothing to propose that the estate does not say already"
        return
    yield f"draft {found.number}: {counts.total():,} rows proposed"
    yield from (f"  {name:<15}{count:>8,}" for name, count in counts.items())


def _filling(found: ToFill) -> Iterator[str]:
    if not found.accesses:
        yield "the logs show no access to anything that could have a matter"
        return
    share = 100 * found.known // found.accesses
    yield f"{found.accesses:,} accesses: {share} % to holdings that have a matter"
    if found.enough:
        lines = "1 line" if found.enough == 1 else f"{found.enough:,} lines"
        first = f"the first {found.enough - found.units:,} of holdings.csv"
        where = f"{first} and the first {found.units:,} of units.csv" if found.units else first
        split = f": {found.split:,} lines if that is so everywhere" if found.split > found.enough else ""
        yield from wrapped(
            f"Fill the matter of {lines} of {found.lines:,}, and 95 % have one: {where}. "
            "Where a line holds several matters, leave it empty and fill the lines below that lie inside it"
            f"{split}.",
            indent=0,
        )
    if found.systems:
        yield f"{found.systems:,} more are to what the systems themselves keep, and need none"


def _left_out(left_out: Sequence[tuple[str, int]]) -> Iterator[str]:
    if left_out:
        yield "not proposed"
        yield from (f"  {count:>8,}  {why}" for why, count in left_out)


def _covered(title: str, found: Covered | None, unit: str, told: Covered | None = None) -> Iterator[str]:
    """How many of how many, and what is missing unless that was `told` before."""
    if found is None:
        return
    share = f"{100 * found.covered // found.total} %" if found.total else "none seen"
    yield f"{title}: {found.covered:,} of {found.total:,} ({share})"
    for name, times in () if told is not None and told.missing == found.missing else found.missing:
        yield f"  missing: {shortened(name, _CELL)} ({times:,} {unit})"


def show_text(lists: Mapping[str, Sequence[Row]]) -> str:
    """How much the estate says, and of each matter how sensitive it is and how many holdings it has."""
    held = Counter(row.values.get("matter", "") for row in lists["holdings"])
    declared = {row.values.get("id", ""): row.values for row in lists["matters"]}
    matters = []
    for name in [*declared, *sorted(name for name in held if name and name not in declared)]:
        level = shortened(declared.get(name, {}).get("sensitivity", ""), 16)
        noun = "holding" if held[name] == 1 else "holdings"
        matters.append(f"  {shortened(name, 30):<30}  {level:<16}{held[name]:>8,} {noun}")
    return _page(
        [f"{name:<15}{len(rows):>8,}" for name, rows in lists.items() if rows] or ["the estate says nothing yet"],
        ["matters", *matters] if matters else (),
        [f"{held['']:,} holdings name no matter of their own"] if held[""] else (),
    )
