"""From verdicts on holdings to verdicts on the protected persons they speak of."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tocsin.model.estate import PersonAt
from tocsin.model.exposure import Degree, Exposure, Verdict
from tocsin.model.persons import PersonAtRisk, PersonsAtRisk
from tocsin.model.protection import How
from tocsin.protect.tokens import how_of, person_of, tokens_in

FEWER = 3  # so many and fewer are not told apart by a number
_DEGREES = list(Degree)
_NOT_RULED_OUT = (
    "no access is recorded to what bears this person's name; that nothing else speaks of the person no log can say"
)


def conclude(
    rows: Iterable[Exposure], handles: Mapping[str, str] | None, declared: Sequence[PersonAt] = ()
) -> PersonsAtRisk:
    """A verdict a person, from the holdings whose id, container or label bears a token of theirs, or that are declared
    to be about them.

    declared  whom the estate says holdings are about, by handle; with `handles` a handle is its token's person
    handles   by token (27 characters) of every protected person, None where the vault's key is not at hand: then who,
              when, through whom and in which records is left out, and counts below three are
    """
    spoken: dict[_Who, list[tuple[Exposure, How | None]]] = defaultdict(list)
    tokens = {handle: token for token, handle in sorted((handles or {}).items(), reverse=True) if handle}
    about = _About(declared)
    for row in rows:
        for token in dict.fromkeys(tokens_in(" ".join((row.holding, row.container, row.label)))):
            spoken[person_of(token), ""].append((row, how_of(token)))
        for handle in about.handles_of(row):
            spoken[(tokens[handle], "") if handle in tokens else ("", handle)].append((row, None))
    found = (_person(who, said) for who, said in spoken.items())
    if handles is None:
        return PersonsAtRisk(named=False, unspoken=None, persons=tuple(sorted(map(_coarse, found), key=_order)))
    named = (replace(one, handle=one.handle or handles.get(one.token, "")) for one in found)
    unspoken = handles.keys() - {token for token, _ in spoken}
    return PersonsAtRisk(named=True, unspoken=len(unspoken), persons=tuple(sorted(named, key=_order)))


_Who = tuple[str, str]  # token and handle, one of them ""


class _About:
    """Whom the estate says holdings are about, by exact id and by prefix."""

    def __init__(self, declared: Sequence[PersonAt]) -> None:
        self._by_text: dict[str, set[str]] = defaultdict(set)
        for one in declared:
            pattern = one.pattern.lower()
            self._by_text[pattern].add(one.handle)
            if pattern[-2:] in ("/*", "\\*"):  # a pattern of a folder is of the folder itself too
                self._by_text[pattern[:-2]].add(one.handle)
        self._texts = sorted(self._by_text)
        self._lengths = sorted({len(text) for text in self._texts if text.endswith("*")})

    def handles_of(self, row: Exposure) -> list[str]:
        """The handles of a pattern that the holding falls under, or that falls under it; sorted."""
        found: set[str] = set()
        for text in {row.holding.lower(), row.container.lower()} - {""}:
            found |= self._by_text.get(text, set())
            for length in self._lengths:
                if length - 1 > len(text):
                    break
                found |= self._by_text.get(f"{text[: length - 1]}*", set())
        whole = row.holding.lower()
        if whole.endswith("*"):
            for text in self._texts[bisect_left(self._texts, whole[:-1]) :]:
                if not text.startswith(whole[:-1]):
                    break
                found |= self._by_text[text]
        return sorted(found)


def _person(who: _Who, said: list[tuple[Exposure, How | None]]) -> PersonAtRisk:
    token, handle = who
    counts = _counts(row for row, _ in said)
    rows = list({id(row): row for row, _ in said}.values())
    person = PersonAtRisk(
        token=token,
        handle=handle,
        verdict=Verdict.UNKNOWN,
        degree=None,
        hows=tuple(sorted({how for _, how in said if how is not None})),
        declared=any(how is None for _, how in said),
        holdings=counts.holdings,
        confirmed=counts.confirmed,
        possible=counts.possible,
        reachable=counts.reachable,
    )
    confirmed = [row for row in rows if row.verdict is Verdict.CONFIRMED and not row.actor_class.is_apart]
    if not confirmed:
        return replace(person, reasons=tuple(sorted(set(_reasons(rows)))))
    return replace(
        person,
        verdict=Verdict.CONFIRMED,
        degree=max((row.degree for row in confirmed if row.degree is not None), key=_DEGREES.index, default=None),
        actors=tuple(sorted({row.actor for row in confirmed if row.actor})),
        first=min((row.first for row in confirmed if row.first is not None), default=None),
        last=max((row.last for row in confirmed if row.last is not None), default=None),
        records=tuple(sorted({place for row in confirmed for place in row.records})),
    )


class _Counts(NamedTuple):
    holdings: int
    confirmed: int
    possible: int
    reachable: int


def _counts(rows: Iterable[Exposure]) -> _Counts:
    """The holdings that speak of somebody by their strongest verdict; those reached by a service alone are unknown."""
    verdicts: dict[tuple[str, str, str], list[Exposure]] = defaultdict(list)
    for row in rows:
        verdicts[row.kind, row.holding, row.container].append(row)
    confirmed = possible = reachable = 0
    for found in verdicts.values():
        judged = [row for row in found if not row.actor_class.is_apart]
        is_confirmed = any(row.verdict is Verdict.CONFIRMED for row in judged)
        confirmed += is_confirmed
        possible += not judged or any(row.verdict is not Verdict.RULED_OUT for row in judged)
        reachable += not is_confirmed and any(row.reachable for row in judged)
    return _Counts(len(verdicts), confirmed, possible, reachable)


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
        handle=one.handle,
        verdict=one.verdict,
        degree=one.degree,
        hows=one.hows,
        declared=one.declared,
        holdings=one.holdings if many else None,
        confirmed=one.confirmed if many else None,
        possible=one.possible if many else None,
        reachable=one.reachable if many else None,
    )


def _order(one: PersonAtRisk) -> tuple[bool, int, str, str]:
    return (
        one.verdict is not Verdict.CONFIRMED,
        -_DEGREES.index(one.degree) if one.degree else 0,
        one.handle,
        one.token,
    )
