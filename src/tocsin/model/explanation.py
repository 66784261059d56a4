"""Why a finding is one: what it is made of, and what the sealed bytes say when they are read once more."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.model.finding import Finding
from tocsin.model.reference import RecordPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record behind a finding: where it lies, and what its event says, by column, as (column, text)."""

    place: RecordPlace
    time: int | None  # ns UTC
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A finding, and what was derived again for it.

    chunks    whose sealed bytes were read and counted again, of `held` that its numbers rest on
    records   in those chunks
    same      what came out as it is kept: hits of a rule on the records listed, or rows of what models count by day
    shown     the records listed, in time, the first of them
    """

    finding: Finding
    chunks: int
    held: int
    records: int
    same: int
    shown: tuple[ShownRecord, ...]
