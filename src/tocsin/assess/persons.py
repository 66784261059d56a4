"""From verdicts on holdings to verdicts on the protected persons they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tocsin.model.exposure import Degree, Exposure, Verdict
from tocsin.model.persons import PersonAtRisk, PersonsAtRisk
from tocsin.model.protection import How
from tocsin.protect.tokens import how_of, person_of, tokens_in

FEWER = 3  # so many and fewer are not told apart by a number
_DEGREES = list(Degree)
_NOT_RULED_OUT = (
    "no access is recorded to what bears this person's name; that nothing else speaks of the person no log can say"
)


def conclude(rows: Iterable[Exposure], handles: Mapping[str, str] | None) -> PersonsAtRisk:
    """A verdict a person, from the holdings whose id, container or label bears a token of theirs.

    handles   by token (27 characters) of every protected person, None where the vault's key is not at hand: then who,
              when, through whom and in which records is left out, and counts below three are
    """
    spoken: dict[str, list[tuple[Exposure, How]]] = defaultdict(list)
    for row in rows:
        for token in dict.fromkeys(tokens_in(" ".join((row.holding, row.container, row.label)))):
            spoken[person_of(token)].append((row, how_of(token)))
    found = (_person(token, said) for token, said in spoken.items())
    if handles is None:
        return PersonsAtRisk(named=False, unspoken=None, persons=tuple(sorted(map(_coarse, found), key=_order)))
    named = (replace(one, handle=handles.get(one.token, "")) for one in found)
    return PersonsAtRisk(
        named=True, unspoken=len(handles.keys() - spoken.keys()), persons=tuple(sorted(named, key=_order))
    )


def _person(token: str, said: list[tuple[Exposure, How]]) -> PersonAtRisk:
    hows = tuple(sorted({how for _, how in said}))
    holdings = len({(row.kind, row.holding, row.container) for row, _ in said})
    rows = list({id(row): row for row, _ in said}.values())
    confirmed = [row for row in rows if row.verdict is Verdict.CONFIRMED and not row.actor_class.is_apart]
    if not confirmed:
        reasons = sorted(set(_reasons(rows)))
        return PersonAtRisk(
            token=token, verdict=Verdict.UNKNOWN, degree=None, hows=hows, holdings=holdings, reasons=tuple(reasons)
        )
    return PersonAtRisk(
        token=token,
        verdict=Verdict.CONFIRMED,
        degree=max((row.degree for row in confirmed if row.degree is not None), key=_DEGREES.index, default=None),
        hows=hows,
        actors=tuple(sorted({row.actor for row in confirmed if row.actor})),
        first=min((row.first for row in confirmed if row.first is not None), default=None),
        last=max((row.last for row in confirmed if row.last is not None), default=None),
        holdings=holdings,
        records=tuple(sorted({place for row in confirmed for place in row.records})),
    )


def _reasons(rows: Iterable[Exposure]) -> Iterator[str]:
    for row in rows:
        if row.verdict is Verdict.UNKNOWN:
            yield from row.reasons
        else:
            yield _NOT_RULED_OUT


def _coarse(one: PersonAtRisk) -> PersonAtRisk:
    many = one.holdings is not None and one.holdings >= FEWER
    return PersonAtRisk(
        token=one.token,
        verdict=one.verdict,
        degree=one.degree,
        hows=one.hows,
        holdings=one.holdings if many else None,
    )


def _order(one: PersonAtRisk) -> tuple[bool, int, str, str]:
    return (
        one.verdict is not Verdict.CONFIRMED,
        -_DEGREES.index(one.degree) if one.degree else 0,
        one.handle,
        one.token,
    )
