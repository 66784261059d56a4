"""From plans, receipts and what was recorded to what became of each probe, and how much of a log may be missing.

A lost probe proves that records are lost about its time. Probes that all arrived prove nothing: they bound, with 95 %
confidence and only for accesses like themselves, the share that leaves no record.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tocsin.cover.probing.bounds import loss_bound, said
from tocsin.cover.probing.channels import load_channels
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.estate import Responder
from tocsin.model.exposure import Basis
from tocsin.model.identity import canonical_host
from tocsin.model.instant import format_time
from tocsin.model.probing import (
    Canary,
    Fate,
    KnownAccess,
    PlannedProbe,
    ProbeChannel,
    ProbeCheck,
    ProbedLog,
    ProbeOutcome,
    Receipt,
    committed,
)
from tocsin.model.reference import RecordPlace

_CAME = (Fate.ARRIVED, Fate.LATE)
_JUDGED = (*_CAME, Fate.LOST)


class _Log(NamedTuple):
    """One log that a canary's accesses are recorded in; `until` is after its last record, ns UTC."""

    source: str
    host: str
    log: str
    until: int


class _Made(NamedTuple):
    """A probe with the receipt that it was made."""

    planned: PlannedProbe
    receipt: Receipt


def judge(
    planned: Mapping[str, PlannedProbe],
    receipts: Sequence[Receipt],
    accesses: Iterable[KnownAccess],
    watched: Sequence[Coverage],
    canonical: Callable[[str], str],
    as_of: int | None,
) -> ProbeCheck:
    """What became of every probe. `canonical` joins the names of an account; `as_of` is where the logs end.

    A probe that is not due yet is left out. One whose log was not collected from after it is awaited, not lost.
    """
    made, unknown = _made(planned, receipts)
    times = _times(accesses, canonical)
    outcomes: list[ProbeOutcome] = []
    by_canary: dict[Canary, list[PlannedProbe]] = defaultdict(list)
    for probe in planned.values():
        by_canary[probe.canary].append(probe)
    for canary in sorted(by_canary):
        channel = load_channels().get(canary.channel)
        if channel is not None:
            probes = sorted(by_canary[canary], key=lambda one: (one.due, one.id))
            outcomes += _of_canary(canary, channel, probes, made, times, watched, canonical, as_of)
    ordered = tuple(sorted(outcomes, key=lambda one: (one.time, one.id, one.source, one.log)))
    return ProbeCheck(logs=_logs(ordered), probes=ordered, unknown=unknown)


def _made(planned: Mapping[str, PlannedProbe], receipts: Sequence[Receipt]) -> tuple[dict[str, _Made], int]:
    """The first receipt of each probe that shows its nonce, of a time it was planned for; how many belong to none."""
    made: dict[str, _Made] = {}
    unknown = 0
    for receipt in receipts:
        probe = planned.get(receipt.probe)
        if probe is None or committed(receipt.nonce) != probe.commitment:
            unknown += 1
        elif receipt.made and probe.due <= receipt.time < probe.end:
            made.setdefault(probe.id, _Made(probe, receipt))
    return made, unknown


_Times = dict[tuple[str, str, str], list[tuple[int, str]]]


def _times(accesses: Iterable[KnownAccess], canonical: Callable[[str], str]) -> _Times:
    """(source, name in lower case, account) to the times of accesses with where they came from, in order."""
    found: dict[tuple[str, str, str], set[tuple[int, str]]] = defaultdict(set)
    for one in accesses:
        actor = canonical(one.actor) if one.actor else ""
        for name in {one.holding.lower(), one.container.lower()} - {""}:
            found[one.source, name, actor].add((one.time, one.address))
    return {key: sorted(values) for key, values in found.items()}


def _of_canary(
    canary: Canary,
    channel: ProbeChannel,
    probes: Sequence[PlannedProbe],
    made: Mapping[str, _Made],
    times: _Times,
    watched: Sequence[Coverage],
    canonical: Callable[[str], str],
    as_of: int | None,
) -> Iterator[ProbeOutcome]:
    logs = _recording(canary, channel, watched)
    fates: dict[str, dict[_Log, Fate]] = {}
    apart = _apart([made[one.id] for one in probes if one.id in made], channel.least)
    for place, one in enumerate(apart):
        following = apart[place + 1].receipt.time if place + 1 < len(apart) else None
        fates[one.planned.id] = {
            log: _fate(one, log, channel, times, canonical(canary.account), following) for log in logs
        }
    # A format that none of the canary's accesses ever came in is not where they are recorded, as long as another is.
    heard = [log for log in logs if any(fate[log] in _CAME for fate in fates.values())] or logs
    for probe in probes:
        receipt = made[probe.id].receipt if probe.id in fates else None
        if receipt is None and (as_of is None or probe.end > as_of):
            continue
        for each in heard or (None,):
            fate = Fate.NOT_MADE if receipt is None else Fate.AWAITED if each is None else fates[probe.id][each]
            yield _outcome(probe, each, receipt, fate)


def _apart(made: Iterable[_Made], least: int) -> list[_Made]:
    """Those that are far enough from the one before: of accesses nearer together one record may stand for two."""
    found: list[_Made] = []
    for one in sorted(made, key=lambda each: (each.receipt.time, each.planned.id)):
        if not found or one.receipt.time - found[-1].receipt.time >= least:
            found.append(one)
    return found


def _recording(canary: Canary, channel: ProbeChannel, watched: Sequence[Coverage]) -> list[_Log]:
    """The logs that were read and should have the canary's accesses, each named as far as it is the only one."""
    found = []
    for source, declared in channel.recorded_in:
        log = canary.log or declared
        rows = [
            row
            for row in watched
            if row.source == source
            and row.is_span
            and row.to is not None
            and (not log or row.channel.casefold() == log.casefold())
            and (not canary.host or _is_host(row.host, canary.host))
        ]
        if rows:
            channels = {row.channel for row in rows}
            hosts = {row.host for row in rows}
            until = max(row.to for row in rows if row.to is not None)
            found.append(
                _Log(
                    source,
                    hosts.pop() if len(hosts) == 1 else "",
                    channels.pop() if len(channels) == 1 else "",
                    until,
                )
            )
    return found


def _is_host(host: str, named: str) -> bool:
    host, named = canonical_host(host) or "", canonical_host(named) or ""
    return host == named or host.split(".")[0] == named.split(".")[0]


def _fate(made: _Made, log: _Log, channel: ProbeChannel, times: _Times, account: str, following: int | None) -> Fate:
    at, names = made.receipt.time, [name.lower() for name in made.planned.canary.names]
    late = at + channel.late
    if following is not None:  # a record that may be the next probe's is not this one's
        late = max(at + channel.tolerance, min(late, following - channel.tolerance))
    # A record that says no address is taken for the probe's; one that says another is somebody else's.
    bound = made.planned.canary.addresses
    known = [
        [
            time
            for time, address in times.get((log.source, name, actor), [])
            if not (bound and address) or address in bound
        ]
        for name in names
        for actor in (account, "")
    ]
    if any(_any_between(each, at - channel.tolerance, at + channel.tolerance) for each in known):
        return Fate.ARRIVED
    if any(_any_between(each, at, late) for each in known):
        return Fate.LATE
    return Fate.LOST if log.until > at + channel.late else Fate.AWAITED


def _any_between(times: Sequence[int], first: int, last: int) -> bool:
    place = bisect_left(times, first)
    return place < len(times) and times[place] <= last


def _outcome(probe: PlannedProbe, log: _Log | None, receipt: Receipt | None, fate: Fate) -> ProbeOutcome:
    canary = probe.canary
    return ProbeOutcome(
        id=probe.id,
        channel=canary.channel,
        target=canary.target,
        account=canary.account,
        host=log.host if log else canary.host,
        source=log.source if log else "",
        log=log.log if log else "",
        time=receipt.time if receipt else probe.due,
        fate=fate,
        record=receipt.record if receipt else -1,
    )


def _logs(outcomes: Sequence[ProbeOutcome]) -> tuple[ProbedLog, ...]:
    by_log: dict[tuple[str, str, str, str], list[ProbeOutcome]] = defaultdict(list)
    for one in outcomes:
        by_log[one.source, one.host, one.log, one.channel].append(one)
    return tuple(_probed(key, by_log[key]) for key in sorted(by_log))


def _probed(key: tuple[str, str, str, str], outcomes: Sequence[ProbeOutcome]) -> ProbedLog:
    source, host, log, channel = key
    count = {fate: sum(one.fate is fate for one in outcomes) for fate in Fate}
    judged = [one for one in outcomes if one.fate in _JUDGED]
    probed = ProbedLog(
        source=source,
        host=host,
        log=log,
        channel=channel,
        made=len(judged),
        late=count[Fate.LATE],
        lost=count[Fate.LOST],
        awaited=count[Fate.AWAITED],
        not_made=count[Fate.NOT_MADE],
        first=judged[0].time if judged else None,
        last=judged[-1].time if judged else None,
        bound_per_10000=loss_bound(len(judged), count[Fate.LOST]) if judged else None,
        sentence="",
    )
    return replace(probed, sentence=said(probed))


def on_the_map(
    watched: Sequence[Coverage], check: ProbeCheck, place: Callable[[int], RecordPlace]
) -> tuple[Coverage, ...]:
    """The rows with what the probes say of them, and a row for each stretch in which probes were lost; in no order.

    What probes bound is said of a log only where it is told which one; a loss speaks against all that it may be.
    """
    rows = []
    for row in watched:
        is_span = row.is_span and row.to is not None
        sentences = [one.sentence for one in check.logs if one.made and is_span and _is_of(row, one)]
        rows.append(replace(row, evidence="; ".join((row.evidence, *sentences))) if sentences else row)
    for one in check.logs:
        rows += _losses(one, check.probes, place)
    return tuple(rows)


def _is_of(row: Coverage, one: ProbedLog) -> bool:
    return (row.source, row.host, row.channel) == (one.source, one.host, one.log)


def _losses(
    one: ProbedLog, outcomes: Sequence[ProbeOutcome], place: Callable[[int], RecordPlace]
) -> Iterator[Coverage]:
    """From the last probe that arrived to the next that did, around what was lost between them."""
    judged = [
        each
        for each in outcomes
        if (each.source, each.host, each.log, each.channel) == (one.source, one.host, one.log, one.channel)
        and each.fate in _JUDGED
    ]
    lost: list[ProbeOutcome] = []
    before: int | None = None
    for each in (*judged, None):
        if each is not None and each.fate is Fate.LOST:
            lost.append(each)
            continue
        if lost:
            after = None if each is None else each.time
            yield _loss(one, lost, before, after, place)
            lost = []
        before = before if each is None else each.time


def _loss(
    one: ProbedLog,
    lost: Sequence[ProbeOutcome],
    before: int | None,
    after: int | None,
    place: Callable[[int], RecordPlace],
) -> Coverage:
    first = lost[0]
    count = "a probe was lost" if len(lost) == 1 else f"{len(lost):,} probes were lost, the first"
    since = "" if before is not None else "; since when is not known, for none arrived before"
    return Coverage(
        source=one.source,
        host=one.host,
        channel=one.log,
        from_=before,
        to=after,
        state=CoverageState.GAPPED,
        evidence=f"{count}: {first.account} is known to have accessed {first.target} at {format_time(first.time)}, and"
        f" no record of it came{since}",
        records=tuple(place(record) for record in sorted({each.record for each in lost})),
        basis=Basis.NONE,
    )


def as_responders(planned: Mapping[str, PlannedProbe], receipts: Sequence[Receipt]) -> tuple[Responder, ...]:
    """The accesses made by probes as the institution's own work: by that account, to that canary, at that time.

    And from the addresses the plan names, if any: then a record that says none is not set apart either.
    """
    made, _ = _made(planned, receipts)
    found: list[Responder] = []
    for id_ in sorted(made):
        probe, receipt = made[id_]
        channel = load_channels().get(probe.canary.channel)
        if channel is not None:
            found += (
                Responder(
                    name=f"probe {id_}",
                    account=probe.canary.account,
                    address=address,
                    from_=receipt.time - channel.tolerance,
                    to=receipt.time + channel.tolerance + 1,
                    holdings=tuple(sorted({name.lower() for name in probe.canary.names})),
                )
                for address in probe.canary.addresses or ("",)
            )
    return tuple(found)
