"""What it means for the protected persons themselves: a verdict each, from the holdings that speak of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.model.exposure import Degree, Verdict
from tocsin.model.protection import How
from tocsin.model.reference import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAtRisk:
    """One protected person of whom a holding speaks that the question is about.

    token      the 27 characters of the person; `handle` what the protection unit calls them, "" without the vault's
               key. A handle of the estate that no vault at hand knows has no token
    verdict    confirmed, or unknown: that nothing else speaks of a person no log can say, so nobody is ruled out
    degree     the furthest of what was confirmed, None unless confirmed
    hows       how their name was written where it was found, sorted; `declared` where the estate says that a holding
               is about them
    actors     accounts through which it was reached, sorted; `first`, `last` in nanoseconds UTC
    holdings   how many speak of the person, None where that is fewer than three and not shown; of them `confirmed` at
               least and `possible` at most, and `reachable` of the unknown by rights; None where `holdings` is
    reasons    why it is no more than unknown, sorted; empty where confirmed
    records    every record a confirmed verdict rests on, in plan order
    """

    token: str
    handle: str = field(repr=False, default="")
    verdict: Verdict
    degree: Degree | None
    hows: tuple[How, ...]
    actors: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    holdings: int | None = None
    confirmed: int | None = None
    possible: int | None = None
    reachable: int | None = None
    declared: bool = False
    reasons: tuple[str, ...] = ()
    records: tuple[RecordPlace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsAtRisk:
    """All of them: confirmed first, the furthest first, then by handle and token.

    named       whether the vault's key was at hand: else tokens alone, and nothing that tells one from another
    unspoken    protected persons of whom no holding speaks that the question is about, None without the vault's key
    """

    named: bool
    unspoken: int | None
    persons: tuple[PersonAtRisk, ...]
