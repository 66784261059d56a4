"""One indicator as a file states it, whichever form the file has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tocsin.detect.indicators.pattern import Comparison, Conjunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is said; empty where it is not.

    comparisons, alternatives, not_asked   as in `pattern.Pattern`
    modified     as written, to tell versions of one id
    is_guessed   whether the type of its value was guessed among several
    """

    id: str
    place: str
    comparisons: tuple[Comparison, ...]
    alternatives: tuple[Conjunction, ...]
    not_asked: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    marking: str = ""
    related: tuple[str, ...] = ()
    confidence: int | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    modified: str = ""
    is_revoked: bool = False
    is_guessed: bool = False


class Unread(NamedTuple):
    """A line or object that could not be read, and why; no value of it is quoted."""

    place: str
    reason: str
