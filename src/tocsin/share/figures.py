"""Answers in; the figures a brief is remembered by, and what changed since an earlier one, out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from tocsin.model.answers import Answers
from tocsin.model.brief import Figures
from tocsin.model.exposure import Exposure, Verdict
from tocsin.share.summary import is_ruled_out, strongest

_DIGITS = 16


class Changes(NamedTuple):
    """Holdings, incidents and cuts counted that differ from what an earlier brief said.

    newly_confirmed  confirmed now and not then
    newly_ruled_out  ruled out now and not then
    newly_unknown    not mentioned then, and neither confirmed nor ruled out now
    no_longer_unknown  of the first two, those that were unknown then
    withdrawn        confirmed then and not now: what was said no longer stands
    reopened         ruled out then and not now: the same
    new_incidents    none of their findings was in an incident then
    gone_incidents   none of their findings is in an incident now
    """

    newly_confirmed: int
    newly_ruled_out: int
    newly_unknown: int
    no_longer_unknown: int
    withdrawn: int
    reopened: int
    new_incidents: int
    gone_incidents: int
    new_cuts: int
    gone_cuts: int


def figures_of(answers: Answers) -> Figures:
    """What these answers say, without a name."""
    found: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for key, exposure in strongest(answers.exposure).items():
        if exposure.verdict is not Verdict.RULED_OUT or is_ruled_out(exposure):
            found[exposure.verdict].append(_digest(key))
    incidents = (incident for incident in answers.incidents if incident.is_assumed)
    return Figures(
        as_of=answers.as_of,
        confirmed=tuple(sorted(found[Verdict.CONFIRMED])),
        unknown=tuple(sorted(found[Verdict.UNKNOWN])),
        ruled_out=tuple(sorted(found[Verdict.RULED_OUT])),
        incidents=tuple(sorted(tuple(sorted(_digest((id_,)) for id_ in each.findings)) for each in incidents)),
        cuts=tuple(sorted({_digest((c.action, c.target.type, c.target.id, c.scope)) for c in answers.containment})),
    )


def changes_since(then: Figures, now: Figures) -> Changes:
    """What the later figures say that the earlier did not, and the other way round."""
    unknown = set(then.unknown)
    confirmed = set(now.confirmed) - set(then.confirmed)
    ruled_out = set(now.ruled_out) - set(then.ruled_out)
    mentioned = unknown.union(then.confirmed, then.ruled_out)
    return Changes(
        newly_confirmed=len(confirmed),
        newly_ruled_out=len(ruled_out),
        newly_unknown=len(set(now.unknown) - mentioned),
        no_longer_unknown=len((confirmed | ruled_out) & unknown),
        withdrawn=len(set(then.confirmed) - set(now.confirmed)),
        reopened=len(set(then.ruled_out) - set(now.ruled_out)),
        new_incidents=_apart(now.incidents, then.incidents),
        gone_incidents=_apart(then.incidents, now.incidents),
        new_cuts=len(set(now.cuts) - set(then.cuts)),
        gone_cuts=len(set(then.cuts) - set(now.cuts)),
    )


def by_matter(exposures: Iterable[Exposure]) -> dict[str, list[Exposure]]:
    """The strongest verdicts on holdings of a matter, by its code; those of no matter are left out."""
    found: dict[str, list[Exposure]] = {}
    for exposure in strongest(exposures).values():
        if exposure.matter:
            found.setdefault(exposure.matter, []).append(exposure)
    return found


def _apart(incidents: Iterable[tuple[str, ...]], others: Iterable[tuple[str, ...]]) -> int:
    """How many of `incidents` share no finding with any of `others`."""
    known = {finding for other in others for finding in other}
    return sum(known.isdisjoint(incident) for incident in incidents)


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
