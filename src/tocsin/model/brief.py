"""What a brief said, as figures that the next one is compared with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a brief rests on, without a name: holdings, cuts and findings stand as digests (16 hex digits), sorted.

    as_of      ns UTC, None where nothing is dated
    confirmed, unknown, ruled_out   holdings, each by its strongest verdict
    incidents  for each incident taken as an intrusion its findings
    cuts       what was proposed
    """

    as_of: int | None
    confirmed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    incidents: tuple[tuple[str, ...], ...] = ()
    cuts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedBrief:
    """A brief that went out: its number (1 for the first), when (RFC 3339), its SHA-256 in hex, and what it said."""

    number: int
    issued: str
    sha256: str
    figures: Figures
