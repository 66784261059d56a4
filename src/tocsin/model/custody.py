"""The chain of custody as people read it: who did what with the evidence, when, and where the ledger says so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One act.

    entry     its place in the ledger; `at` is RFC 3339, by the clock of the machine it was done on
    kind      of act (docs/formats/evidence.md); `did` says it in words
    by        names of the keys that signed; `people` whose they are, empty where no person signed
    login     the account it was done from, where no person signed
    disowned  why it does not count any more, "" where it does
    unreviewed   whether it unsealed something by one person alone, and nobody else has reviewed it yet
    """

    entry: int
    at: str
    kind: str
    did: str
    by: tuple[str, ...]
    people: tuple[str, ...]
    login: str = ""
    disowned: str = ""
    unreviewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One enrolled key: whose, for what, since which entry, and what became of it ("in force" where nothing did)."""

    name: str
    person: str
    roles: tuple[str, ...]
    key: str
    entry: int
    enrolled_by: tuple[str, ...]
    state: str
    is_in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillStep:
    """One step of a rehearsal: what was tried, what came of it, and whether that is what should."""

    tried: str
    outcome: str
    is_good: bool
