"""The protected persons at risk, as a table of text."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.model.instant import format_time
from tocsin.model.persons import PersonAtRisk, PersonsAtRisk
from tocsin.share.leading import listed
from tocsin.share.plain import shown, wrapped
from tocsin.share.summary import DEGREES, counted

_RECORDS = 3
_REASONS = 3


def persons_text(found: PersonsAtRisk) -> str:
    """One person a paragraph, the confirmed first; then of how many nothing here speaks."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: PersonsAtRisk) -> Iterator[str]:
    yield "PROTECTED PERSONS   by what the holdings asked about say; all times UTC"
    if not found.named:
        yield from wrapped("The key of the vault is not at hand: tokens alone.")
    for one in found.persons:
        yield from _person(one)
    if not found.persons:
        yield from wrapped("No holding asked about speaks of a protected person.")
    if found.unspoken is not None:
        yield from wrapped(f"{counted(found.unspoken, 'protected person')} of whom no holding asked about speaks")


def _person(one: PersonAtRisk) -> Iterator[str]:
    degree = f": {DEGREES[one.degree]}" if one.degree else ""
    name = "  ".join(filter(None, (shown(one.handle), one.token)))
    yield f"{name}  {one.verdict.value.replace('_', ' ')}{degree}"
    many = "fewer than three holdings" if one.holdings is None else counted(one.holdings, "holding")
    said = [how.value for how in one.hows] + (["as the estate says"] if one.declared else [])
    yield from wrapped(f"{'named in' if one.hows else 'about them:'} {many} ({' and '.join(said)})", indent=4, hang=6)
    if one.confirmed is not None and one.possible is not None:
        could = f", {one.reachable:,} of the unknown could be opened" if one.reachable else ""
        yield from wrapped(
            f"[{one.confirmed:,} ; {one.possible:,}] confirmed ; cannot be excluded{could}", indent=4, hang=6
        )
    if one.actors:
        times = " to ".join(format_time(time) for time in (one.first, one.last) if time is not None)
        yield from wrapped(f"account: {shown(listed(one.actors, _RECORDS))}, {times or 'undated'}", indent=4, hang=6)
    for reason in one.reasons[:_REASONS]:
        yield from wrapped(f"why unknown: {shown(reason)}", indent=4, hang=6)
    if one.records:
        places = [f"{shown(place.input)}#{place.entry}" for place in one.records]
        yield from wrapped(f"log: {listed(places, _RECORDS)}", indent=4, hang=6)
