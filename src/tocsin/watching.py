"""What a workspace holds in; what was watched out, with the probes that tested it and who is who in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tocsin.assess.accesses import known_accesses
from tocsin.collect.source import all_delays, all_search_limits, all_sources
from tocsin.correlate import identity
from tocsin.cover import coverage, grid, pairing
from tocsin.cover.probing import judging
from tocsin.cover.probing import kept as probes
from tocsin.cover.reconciliation import reconcile
from tocsin.cover.searches import Limits
from tocsin.doubting import doubts_of, expired_of
from tocsin.held import Held
from tocsin.model.answers import InputAccount
from tocsin.model.coverage import Coverage, CoverageMap
from tocsin.model.estate import Estate
from tocsin.model.joining import Identities
from tocsin.model.probing import KnownAccess, PlannedProbe, ProbeCheck, Receipt


def watched_of(held: Held, now: int | None) -> tuple[tuple[InputAccount, ...], tuple[Coverage, ...], CoverageMap]:
    """The inputs with what is attested of them, what was watched, in order, and a map of it to `now` at least."""
    accounted = reconcile(held.accounts, held.acquisitions, coverage.last_numbers(held.coverage), all_delays())
    proofs = {one.name: one.proof for one in all_sources()} | {one.source: one.proof for one in held.mappings}
    matches, silent = pairing.conclude(held.pairing)
    rows = coverage.conclude(
        held.coverage,
        rejected=_rejected(held.accounts),
        doubts=(*accounted.coverage, *doubts_of(held), *silent),
        attestations=held.estate.attestations,
        tied=accounted.tied,
        limits={source: Limits(*limit) for source, limit in all_search_limits().items()},
        proofs=proofs,
        place=held.places,
    )
    every = coverage.in_order((*rows, *expired_of(held, accounted.accounts, rows)))
    if held.probes.num_rows:
        probed = probe_check(held, every, identities_of(held, every))
        every = coverage.in_order(judging.on_the_map(every, probed, held.places))
    drawn = grid.map_of(every, held.as_of if now is None else now, proofs)
    return accounted.accounts, every, replace(drawn, matches=matches)


def _rejected(accounts: Sequence[InputAccount]) -> list[coverage.Rejected]:
    return [
        coverage.Rejected(account.source, account.path, rejected.count, rejected.reason)
        for account in accounts
        for rejected in account.rejected
    ]


def identities_of(held: Held, watched: Sequence[Coverage]) -> Identities:
    """Who is who, on the hosts that were watched."""
    return identity.conclude(held.names, {row.host for row in watched if row.host}, held.estate, held.places)


def probes_of(held: Held) -> ProbeCheck:
    """What became of the coverage probes of the workspace."""
    _, watched, _ = watched_of(held, None)
    return probe_check(held, watched, identities_of(held, watched))


def probe_check(held: Held, watched: Sequence[Coverage], identities: Identities) -> ProbeCheck:
    """The same, where what was watched and who is who are known already."""
    planned, receipts = _probes(held)
    names = {name.lower() for probe in planned.values() for name in probe.canary.names}
    known = (KnownAccess(*access) for access in known_accesses(held.accesses, names))
    return judging.judge(planned, receipts, known, watched, identities.canonical, held.as_of)


def estate_with_probes(held: Held) -> Estate:
    """The estate with the accesses of coverage probes among the institution's own work."""
    own = judging.as_responders(*_probes(held))
    return replace(held.estate, responders=(*held.estate.responders, *own)) if own else held.estate


def _probes(held: Held) -> tuple[dict[str, PlannedProbe], tuple[Receipt, ...]]:
    return probes.plans_and_receipts(held.probes, is_entered=held.is_entered)
