"""From how long logs are kept to what is lost when: the soonest first, with the way to save it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import NamedTuple

from tocsin.model.coverage import Coverage
from tocsin.model.estate import ProductInUse
from tocsin.model.instant import DAY, format_time
from tocsin.model.preservation import Bound, Collected, Expiry, Retention, Standing

SOON_DAYS = 7
_BOUNDS = list(Bound)
_GROUPS = {
    Standing.LOST_IN_PART: 0,
    Standing.ANY_TIME: 0,
    Standing.EXPIRES: 1,
    Standing.ROLLING: 1,
    Standing.AS_SET: 2,
    Standing.KEPT: 3,
}


class Product(NamedTuple):
    """One way a log is kept, and whether the estate has it."""

    retention: Retention
    named: bool


class UnknownPart(NamedTuple):
    """What of a declared product no fact bears: `part` is product, log or tier; `known` what could be said there."""

    part: str
    said: str
    known: tuple[str, ...]


class _State(NamedTuple):
    """What is gone, until when the rest is whole, and the same in words."""

    standing: Standing
    lost: tuple[int, int] | None
    deadline: int | None
    sentence: str


@cache
def load_retentions() -> tuple[Retention, ...]:
    """Every fact under `retention/`, by id."""
    found: list[Retention] = []
    for file in (resources.files(__package__) / "retention").iterdir():
        if file.name.endswith(".toml"):
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            found += (_retention(entry, table["dated"]) for entry in table["log"])
    return tuple(sorted(found, key=lambda one: one.id))


def products_of(declared: Sequence[ProductInUse], retentions: Iterable[Retention] | None = None) -> tuple[Product, ...]:
    """Every log an institution of this kind has. What the estate declares is named; the rest follows, never left out.

    Without a declaration everything is named but what is only worth naming where it is declared. A declared product
    that nothing is known of is named too, with the days the estate gives it or the request to ask its custodian.
    """
    known = load_retentions() if retentions is None else tuple(retentions)
    if not declared:
        return tuple(Product(one, named=True) for one in known if not one.only_declared)
    uses = [_loosened(use, known) for use in declared]
    found = []
    for one in known:
        fitting = [use for use in uses if _is_of(use, one)]
        if fitting or not one.only_declared:
            found.append(Product(_as_declared(one, fitting), named=bool(fitting)))
    found += (Product(_unknown(use), named=True) for use in uses if not any(_is_of(use, one) for one in known))
    return tuple(found)


def unknown_part(use: ProductInUse) -> UnknownPart | None:
    """The first part of a declaration that no fact bears, whatever is kept so; None where all of it is known."""
    known = load_retentions()
    for part, said in (("product", use.product), ("log", use.log), ("tier", use.tier)):
        names = tuple(sorted({name for one in known if (name := str(getattr(one, part)))}))
        known = tuple(one for one in known if _bears(getattr(one, part), said, whole=part == "product"))
        if not known:
            return UnknownPart(part, said, names)
    return None


def _bears(name: str, said: str, *, whole: bool) -> bool:
    return name.casefold() == said.casefold() if whole else said.casefold() in name.casefold()


def collected_from(coverage: Iterable[Coverage]) -> dict[tuple[str, str], Collected]:
    """(source, channel) to what was read, from the rows of the spans that have records."""
    ends: dict[tuple[str, str], list[int]] = {}
    for row in coverage:
        if row.is_span and row.to is not None:
            ends.setdefault((row.source, row.channel), []).append(row.to - 1)
    return {key: Collected(key[0], len(found), min(found), max(found)) for key, found in ends.items()}


def expiries(
    now: int | None,
    start: int | None,
    products: Iterable[Product],
    collected: dict[tuple[str, str], Collected] | None = None,
) -> tuple[Expiry, ...]:
    """What is lost of each log and when, the soonest first; nanoseconds UTC.

    now    the time it is asked at; without it no date can be said
    start  when what is asked about began; without it the answer is how far back each log reaches
    """
    found = [_expiry(now, start, product, collected or {}) for product in products]
    return tuple(sorted(found, key=_order))


def _order(one: Expiry) -> tuple[bool, int, int, int, int, str]:
    days = one.retention.days or 0
    bound = _BOUNDS.index(one.retention.bound)
    group = _GROUPS[one.standing]
    return not one.named, group, one.deadline or 0 if group == 1 else 0, bound, days, one.retention.id


def _expiry(
    now: int | None, start: int | None, product: Product, collected: dict[tuple[str, str], Collected]
) -> Expiry:
    retention = product.retention
    state = _state(now, start, retention)
    lost_from, lost_to = state.lost or (None, None)
    return Expiry(
        retention=retention,
        standing=state.standing,
        lost_from=lost_from,
        lost_to=lost_to,
        deadline=state.deadline,
        sentence=state.sentence,
        soon=product.named and _is_soon(state, now, retention),
        named=product.named,
        collected=_collected(retention, collected),
    )


def _state(now: int | None, start: int | None, retention: Retention) -> _State:
    if retention.bound is Bound.AS_SET:
        return _State(Standing.AS_SET, None, None, "As it was set up.")
    if retention.bound is Bound.KEPT:
        return _State(Standing.KEPT, None, None, "Stays until somebody deletes it.")
    if retention.bound is Bound.VOLATILE:
        return _State(Standing.ANY_TIME, None, now, "Any hour: it is gone at a restart.")
    if retention.days is None:
        return _State(Standing.ANY_TIME, None, now, "Any hour: it is bounded by size, so no date can be said.")
    return _aged(now, start, retention.days)


def _aged(now: int | None, start: int | None, days: int) -> _State:
    kept = f"kept {_days(days)}"
    if now is None:
        return _State(Standing.ROLLING, None, None, f"{kept.capitalize()}.")
    oldest = now - days * DAY
    if start is None:
        sentence = f"Reaches back to {_date(oldest)} ({kept}); each day takes one day more."
        return _State(Standing.ROLLING, None, None, sentence)
    if start < oldest:
        span = f"on {_date(start)}" if _date(start) == _date(oldest) else f"from {_date(start)} to {_date(oldest)}"
        sentence = f"What was written {span} is past its time ({kept});"
        return _State(Standing.LOST_IN_PART, (start, oldest), now, f"{sentence} each day takes one day more.")
    # To the start of the day: a provider deletes by the day, and a deadline must not come too late.
    deadline = max(start // DAY * DAY + days * DAY, now)
    left = (deadline - now) // DAY
    when = f"by {_date(deadline)}, in {_days(left)}" if left else "today"
    return _State(Standing.EXPIRES, None, deadline, f"What was written on {_date(start)} goes {when} ({kept}).")


def _is_soon(state: _State, now: int | None, retention: Retention) -> bool:
    if state.standing in (Standing.LOST_IN_PART, Standing.ANY_TIME):
        return True
    if state.standing is Standing.ROLLING:
        return retention.days is not None and retention.days <= SOON_DAYS
    return state.deadline is not None and now is not None and state.deadline <= now + SOON_DAYS * DAY


def _collected(retention: Retention, collected: dict[tuple[str, str], Collected]) -> tuple[Collected, ...]:
    by_source: dict[str, list[Collected]] = {}
    for (source, channel), one in collected.items():
        if source in retention.sources and (not retention.channels or channel in retention.channels):
            by_source.setdefault(source, []).append(one)
    return tuple(
        Collected(
            source,
            sum(one.logs for one in found),
            min(one.earliest_end for one in found),
            max(one.latest_end for one in found),
        )
        for source, found in sorted(by_source.items())
    )


def _loosened(use: ProductInUse, known: Sequence[Retention]) -> ProductInUse:
    """The declaration without its tier where no fact has such a tier: then every tier of the log is worth naming."""
    if any(_is_of(use, one) for one in known):
        return use
    wider = replace(use, tier="")
    return wider if any(_is_of(wider, one) for one in known) else use


def _is_of(use: ProductInUse, retention: Retention) -> bool:
    """Whether what the estate declares may be kept this way. Where in doubt it is: one entry too many loses nothing."""
    return (
        _bears(retention.product, use.product, whole=True)
        and _bears(retention.log, use.log, whole=False)
        and (not retention.tier or _bears(retention.tier, use.tier, whole=False))
    )


def _as_declared(retention: Retention, fitting: Sequence[ProductInUse]) -> Retention:
    days = [use.days for use in fitting if use.days is not None and use.log]
    if not days:
        return retention
    return replace(retention, bound=Bound.AGE, days=min(days), limit="as the estate says", citation="", checked=True)


def _unknown(use: ProductInUse) -> Retention:
    return Retention(
        id="-".join(
            ("declared", *(text.casefold().replace(" ", "-") for text in (use.product, use.log, use.tier) if text))
        ),
        product=use.product,
        log=use.log or "every log",
        tier=use.tier,
        bound=Bound.AS_SET if use.days is None else Bound.AGE,
        days=use.days,
        limit="as the estate says" if use.days is not None else "how long it is kept is not known here",
        first_lost="not known",
        save=("Ask its custodian today for an export and for how long it is kept.",),
        hold="Ask its custodian, in writing.",
        citation="",
        stated_on="",
        checked=False,
    )


def _retention(entry: dict[str, object], dated: str) -> Retention:
    days, save = entry.get("days"), entry["save"]
    return Retention(
        id=str(entry["id"]),
        product=str(entry["product"]),
        log=str(entry["log"]),
        tier=str(entry.get("tier", "")),
        bound=Bound(str(entry["bound"])),
        days=days if isinstance(days, int) else None,
        limit=str(entry.get("limit", "")),
        first_lost=str(entry["first_lost"]),
        save=_texts(save),
        hold=str(entry["hold"]),
        citation=str(entry["citation"]),
        stated_on=str(entry.get("dated", dated)),
        checked=bool(entry["checked"]),
        sources=_texts(entry.get("sources", ())),
        channels=_texts(entry.get("channels", ())),
        only_declared=bool(entry.get("only_declared", False)),
    )


def _texts(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else ()


def _days(count: int) -> str:
    return f"{count:,} day" if count == 1 else f"{count:,} days"


def _date(value: int) -> str:
    return format_time(value)[:10]
