"""ATT&CK's ids over its releases: `techniques.toml` as a frozen object, and when two ids mean the same.

Rules, labels and reports are tagged by the release their author had. A finding keeps the ids of its rule and names the
others beside them; what compares ids compares them here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """The tables of `techniques.toml`.

    version     release of ATT&CK the successors are of
    successor   replaced technique to the technique of `version`; never chained
    replaced    technique of `version` to all it replaced, in order
    tactics     tactic of `version` to what it was called before
    introduced  techniques of `version` that 18.1 does not have
    """

    version: str
    source: str
    successor: Mapping[str, str]
    replaced: Mapping[str, tuple[str, ...]]
    tactics: Mapping[str, tuple[str, ...]]
    introduced: frozenset[str]

    def names(self, technique: str) -> frozenset[str]:
        """Every id the technique has or had, `technique` among them; of an id that was never replaced, itself alone."""
        latest = self.successor.get(technique, technique)
        return frozenset((technique, latest, *self.replaced.get(latest, ())))

    def elsewhere(self, techniques: Iterable[str]) -> tuple[str, ...]:
        """The ids by which other releases call these techniques, sorted, without `techniques` themselves.

        Of a replaced id the successor is named, of a successor the ids it replaced: not the others that were merged
        into the same technique, for the rule did not speak of them.
        """
        given = set(techniques)
        found = {self.successor[one] for one in given if one in self.successor}
        found |= {old for one in given for old in self.replaced.get(one, ())}
        return tuple(sorted(found - given))

    def is_same(self, one: str, other: str) -> bool:
        """Whether the two are one technique, parent and sub-technique, or of one parent, in one of the releases."""
        return not _parents(self.names(one)).isdisjoint(_parents(self.names(other)))

    def is_same_tactic(self, one: str, other: str) -> bool:
        """Whether the two tactics, as Sigma tags them, are one, or one is a part of what the other was."""
        return one == other or other in self.tactics.get(one, ()) or one in self.tactics.get(other, ())


def _parents(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def read_crosswalk(text: str) -> Crosswalk:
    """The object of a text in the form of `techniques.toml`."""
    table = tomllib.loads(text)
    replaced = {latest: tuple(olds) for latest, olds in table["techniques"].items()}
    return Crosswalk(
        version=table["version"],
        source=table["source"],
        successor={old: latest for latest, olds in replaced.items() for old in olds},
        replaced=replaced,
        tactics={name: tuple(olds) for name, olds in table["tactics"].items()},
        introduced=frozenset(table["introduced"]),
    )


@cache
def crosswalk() -> Crosswalk:
    """The shipped one."""
    return read_crosswalk(resources.files(__package__).joinpath("techniques.toml").read_text("utf-8"))
