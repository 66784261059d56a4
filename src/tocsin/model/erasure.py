"""Holds and erasure: what somebody asks to be erased, what that would take with it, and what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be erased: `records` as `PATH#ENTRY` or `@LEAF`, or all of chunks whose events ended before `before`.

    `before` is ns UTC.
    """

    records: tuple[str, ...] = ()
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """A finding that leans on what goes: `left` of its hits remain; with none it is proof only, and no longer told."""

    id: str
    rule: str
    title: str
    left: int

    @property
    def is_proof_only(self) -> bool:
        """Whether nothing of it is left but commitments."""
        return self.left == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Records of one input that go.

    chunk     its sequence; `places` of the leaves in it, ascending, those erased before left out
    records   how many they stand for: a damaged stretch can be several
    first     the first of them, as an entry of the input
    """

    path: str
    chunk: int
    places: tuple[int, ...]
    leaves: tuple[int, ...]
    records: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasurePlan:
    """What erasing would do; nothing is done yet.

    leaning    findings that lean on what goes, by id
    apart      archives and compressed files that go as such: what stays of them is sealed part by part
    kept       what was asked for and stays, each with the reason, in words
    warnings   where else the same may be, in words
    """

    asked: Asked
    going: tuple[Going, ...]
    leaning: tuple[Leaning, ...]
    apart: tuple[str, ...]
    kept: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def leaves(self) -> tuple[int, ...]:
        """Of all records that go, ascending."""
        return tuple(sorted(leaf for each in self.going for leaf in each.leaves))

    @property
    def records(self) -> int:
        """How many records go."""
        return sum(each.records for each in self.going)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureDone:
    """What was erased: the entry of the act, and the plan it carried out.

    lingering   what could not be cleared away yet, in words; "" where nothing
    """

    entry: int
    plan: ErasurePlan
    lingering: str = ""
