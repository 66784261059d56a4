"""Verdicts in; the tables by matter and by place that text and report show out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.exposure import Exposure, Verdict
from tocsin.model.finding import Entity, EntityType
from tocsin.model.instant import format_time
from tocsin.model.response import Means
from tocsin.share.starts import Key, changing
from tocsin.share.summary import counted, is_ruled_out, plural_of, span, strongest, taken_as_hostile

NONE_RECORDED_PREMISE = (
    "It rests on the word of who took and who vouches for the log, and on the estate: that every account it declares "
    "was used by its owner alone. From which addresses and machines they were used is not compared; what others "
    "copied, sent on or set up is not all read."
)


class Tally(NamedTuple):
    """Distinct holdings under one name, by their strongest verdict; `first`, `last` of the accesses.

    `reachable` of the unknown could be opened by rights; `changing` have another verdict from the latest start on.
    """

    name: str
    sensitivity: str
    confirmed: int
    unknown: int
    ruled_out: int
    first: int | None
    last: int | None
    reachable: int = 0
    changing: int = 0


class NoneRecorded(NamedTuple):
    """Holdings of one kind without an access on record in `sources` from `from_` to `to`, nanoseconds UTC."""

    kind: str
    sources: tuple[str, ...]
    from_: int
    to: int
    names: tuple[str, ...]


class OtherUse(NamedTuple):
    """Use of an account in question that no finding names, of one address and client; `days` it was seen between."""

    account: str
    address: str
    client: str
    records: int
    first: int | None
    last: int | None


def by_matter(exposures: Iterable[Exposure]) -> tuple[Tally, ...]:
    """One row a matter, the most confirmed first; what has none comes last, and alone there are no rows at all."""
    every = tuple(exposures)
    found = list(strongest(every).values())
    if not any(each.matter for each in found):
        return ()
    return _tallied(found, [each.matter for each in found], changing(every))


def by_place(exposures: Iterable[Exposure]) -> tuple[Tally, ...]:
    """One row a mailbox, site or other container, the most confirmed first."""
    every = tuple(exposures)
    found = list(strongest(every).values())
    return _tallied(found, [each.container or each.holding for each in found], changing(every))


def _tallied(found: Sequence[Exposure], names: Sequence[str], other: Container[Key]) -> tuple[Tally, ...]:
    groups: dict[str, list[Exposure]] = {}
    for each, name in zip(found, names, strict=True):
        groups.setdefault(name, []).append(each)
    rows = (_tally(name, each, other) for name, each in groups.items())
    return tuple(sorted(rows, key=lambda row: (not row.name, -row.confirmed, -row.unknown, row.name)))


def _tally(name: str, found: Sequence[Exposure], other: Container[Key]) -> Tally:
    verdicts = Counter(each.verdict for each in found)
    period = span(time for each in found for time in (each.first, each.last))
    return Tally(
        name=name,
        sensitivity=", ".join(sorted({each.sensitivity for each in found if each.sensitivity})),
        confirmed=verdicts[Verdict.CONFIRMED],
        unknown=verdicts[Verdict.UNKNOWN],
        ruled_out=sum(map(is_ruled_out, found)),
        first=period[0] if period else None,
        last=period[1] if period else None,
        reachable=sum(each.reachable for each in found),
        changing=sum((each.kind, each.container, each.holding) in other for each in found),
    )


def none_recorded(exposures: Iterable[Exposure]) -> tuple[NoneRecorded, ...]:
    """The unknown of which no access is recorded, those of one kind, log and time together."""
    found: dict[tuple[str, tuple[str, ...], int, int], list[str]] = {}
    for each in strongest(exposures).values():
        from_, to = each.premises.from_, each.premises.to
        if each.none_recorded and from_ is not None and to is not None:
            found.setdefault((each.kind, each.premises.channels, from_, to), []).append(each.holding)
    return tuple(NoneRecorded(*alike, tuple(sorted(names))) for alike, names in sorted(found.items()))


def none_recorded_words(group: NoneRecorded) -> str:
    """`6 mailboxes, from 2026-03-02 00:00:00 to ..., in m365_unified_audit`."""
    of = counted(len(group.names), group.kind.replace("_", " "), plural_of(group.kind).removesuffix(" as a whole"))
    return f"{of}, from {format_time(group.from_)} to {format_time(group.to)}, in {', '.join(group.sources)}"


def other_use(answers: Answers) -> tuple[OtherUse, ...]:
    """What else the accounts of the incidents were used with, most used first: the holder's own, as far as logs show.

    Left out is what names an address or session that a finding names or that is taken as hostile.
    """
    hostile = hostile_entities(answers)
    accounts = {entity.id for entity in hostile if entity.type is EntityType.ACCOUNT}
    found: dict[tuple[str, str, str], list[Means]] = {}
    for attribution in answers.attribution:
        for means in dict.fromkeys(attribution.means):
            named = {Entity(EntityType.ADDRESS, means.address), Entity(EntityType.SESSION, means.session)}
            if means.account in accounts and means.address and not named & hostile:
                found.setdefault((means.account, means.address, means.client), []).append(means)
    rows = [_used(key, list(dict.fromkeys(means))) for key, means in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.records, row)))


def _used(key: tuple[str, str, str], means: Sequence[Means]) -> OtherUse:
    period = span(time for one in means for time in (one.first, one.last)) or (None, None)
    return OtherUse(*key, sum(one.count for one in means), *period)


def hostile_entities(answers: Answers) -> frozenset[Entity]:
    """What the incidents taken as an intrusion name, and what the verdicts take as hostile."""
    named = {entity for incident in answers.incidents if incident.is_assumed for entity in incident.entities}
    kinds = {str(kind): kind for kind in EntityType}
    taken = (text.partition(":") for text in taken_as_hostile(answers.exposure))
    return frozenset(named | {Entity(kinds[kind], id_) for kind, _, id_ in taken if kind in kinds})
