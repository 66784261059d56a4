"""The three-valued core of exposure: from what each access channel showed and how it was watched to one judgement.

Nothing here knows of logs or holdings. "Ruled out" is reached on one path only: every channel was watched without a
break over the whole window on a basis that can carry it, or provably could not be used; and nothing forbids it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.assess import obstacles
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis, Verdict

# From the weakest to the strongest; RECORD is the basis of a confirmed access and compares with none of them.
STRENGTH = (Basis.NONE, Basis.STATISTICAL, Basis.PROVIDERS_WORD, Basis.ATTESTED, Basis.SEQUENCE, Basis.SEALED)
CARRYING = frozenset((Basis.ATTESTED, Basis.SEQUENCE, Basis.SEALED))
_ORDER = (Verdict.RULED_OUT, Verdict.UNKNOWN, Verdict.CONFIRMED)


class Reach(enum.StrEnum):
    """Whether a channel could be used at all to reach the holding."""

    NONE = "none"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time asked of, nanoseconds UTC, `to` exclusive; None is open, and an open window is never watched wholly."""

    from_: int | None
    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to reach a holding.

    observed       an access through it is on record
    coverage       the rows that speak of how it was watched; the others are left out by the caller
    reach          NONE counts only with a `reach_basis` that can carry it
    """

    name: str
    observed: bool
    coverage: tuple[Coverage, ...]
    reach: Reach = Reach.POSSIBLE
    reach_basis: Basis = Basis.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, what it stands on, and sentences: what blocks it first."""

    verdict: Verdict
    basis: Basis
    reasons: tuple[str, ...]


def strength(basis: Basis) -> int:
    """Place of a basis from weakest (0) to strongest; RECORD has none and raises ValueError."""
    return STRENGTH.index(basis)


def weakest(bases: Iterable[Basis]) -> Basis:
    """The weakest of them; NONE of nothing."""
    return min(bases, key=strength, default=Basis.NONE)


def contradicts(row: Coverage) -> bool:
    """Whether a row speaks against completeness, so that no attestation outweighs it."""
    if row.state is CoverageState.UNPROVEN:
        return row.basis is Basis.NONE
    return row.state is not CoverageState.PROVEN


def intersects(row: Coverage, window: Window) -> bool:
    """Whether a row and the window share a moment; open ends reach everywhere."""
    starts_in_time = row.from_ is None or window.to is None or row.from_ < window.to
    ends_in_time = row.to is None or window.from_ is None or row.to > window.from_
    return starts_in_time and ends_in_time


def covers(rows: Iterable[Coverage], window: Window) -> bool:
    """Whether the rows together leave no moment of the window out."""
    if window.from_ is None or window.to is None or window.from_ >= window.to:
        return False
    reached = window.from_
    for start, end in sorted(
        (-(2**63) if row.from_ is None else row.from_, 2**63 if row.to is None else row.to) for row in rows
    ):
        if start > reached:
            return False
        reached = max(reached, end)
        if reached >= window.to:
            return True
    return False


def judge(window: Window, channels: Sequence[Channel], forbidden: Sequence[str] = ()) -> Judgement:
    """The verdict over a closed list of channels; `forbidden` are premises under which nothing can be ruled out.

    Confirmed by one observed access. Ruled out only if nothing is forbidden and every channel carries it. Unknown
    otherwise, with the weakest basis of the channels, at most the provider's word.
    """
    if any(channel.observed for channel in channels):
        return Judgement(verdict=Verdict.CONFIRMED, basis=Basis.RECORD, reasons=())
    if not channels:
        return Judgement(
            verdict=Verdict.UNKNOWN,
            basis=Basis.NONE,
            reasons=(*forbidden, obstacles.NO_LOG),
        )
    parts = [_watched(window, channel) for channel in channels]
    basis = weakest(part.basis for part in parts)
    reasons = tuple(dict.fromkeys(reason for part in parts for reason in part.reasons))
    if not forbidden and all(part.verdict is Verdict.RULED_OUT for part in parts):
        return Judgement(verdict=Verdict.RULED_OUT, basis=basis, reasons=reasons)
    if strength(basis) > strength(Basis.PROVIDERS_WORD):
        basis = Basis.PROVIDERS_WORD
    return Judgement(verdict=Verdict.UNKNOWN, basis=basis, reasons=(*forbidden, *reasons))


def worst(parts: Iterable[Judgement]) -> Judgement:
    """Kleene's maximum: ruled out < unknown < confirmed; the basis is the weakest of the parts with that verdict.

    Raises ValueError for no parts: nothing was judged, so nothing can be said.
    """
    judged = list(parts)
    if not judged:
        raise ValueError("nothing to take the worst of")
    verdict = max((part.verdict for part in judged), key=_ORDER.index)
    deciding = [part for part in judged if part.verdict is verdict]
    basis = Basis.RECORD if verdict is Verdict.CONFIRMED else weakest(part.basis for part in deciding)
    reasons = tuple(dict.fromkeys(reason for part in deciding for reason in part.reasons))
    return Judgement(verdict=verdict, basis=basis, reasons=reasons)


def _watched(window: Window, channel: Channel) -> Judgement:
    """What one channel without an observed access carries."""
    if channel.reach is Reach.NONE and channel.reach_basis in CARRYING:
        return Judgement(
            verdict=Verdict.RULED_OUT, basis=channel.reach_basis, reasons=(f"{channel.name} could not reach it",)
        )
    rows = [row for row in channel.coverage if intersects(row, window)]
    blocking = [row for row in rows if contradicts(row)]
    if blocking:
        return Judgement(verdict=Verdict.UNKNOWN, basis=Basis.NONE, reasons=_by_state(blocking))
    proven = [row for row in rows if row.state is CoverageState.PROVEN and row.basis in CARRYING]
    # The strongest basis that covers by itself or with stronger ones: a weaker proof beside it takes nothing away.
    for least in sorted(CARRYING, key=strength, reverse=True):
        carrying = [row for row in proven if strength(row.basis) >= strength(least)]
        if covers(carrying, window):
            return Judgement(verdict=Verdict.RULED_OUT, basis=least, reasons=tuple(row.evidence for row in carrying))
    basis = max((_word(row) for row in rows), key=strength, default=Basis.NONE)
    return Judgement(verdict=Verdict.UNKNOWN, basis=basis, reasons=(_unproven(basis, channel),))


def _by_state(rows: Sequence[Coverage]) -> tuple[str, ...]:
    """One sentence for each state that blocks: its first row, and how many more there are."""
    states: dict[CoverageState, list[Coverage]] = {}
    for row in rows:
        states.setdefault(row.state, []).append(row)
    return tuple(
        f"{state.replace('_', ' ')}: {found[0].evidence}"
        + (f" (and {len(found) - 1:,} more such intervals)" if len(found) > 1 else "")
        for state, found in sorted(states.items())
    )


def _word(row: Coverage) -> Basis:
    """What a row is worth where the window is not proven: a proof of a part of it counts as the provider's word."""
    if row.state is CoverageState.PROVEN and row.basis in CARRYING:
        return Basis.PROVIDERS_WORD
    return row.basis if row.basis is Basis.PROVIDERS_WORD else Basis.STATISTICAL


def _unproven(basis: Basis, channel: Channel) -> str:
    if basis is Basis.PROVIDERS_WORD:
        return obstacles.PROVIDERS_LOG
    if basis is Basis.STATISTICAL:
        return f"no access recorded; {channel.name} {obstacles.NO_PROOF}"
    return f"{obstacles.NO_RECORD} {channel.name} from the time asked of was read"
