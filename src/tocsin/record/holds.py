"""Legal holds: a fold over acts. While one is in force nothing is erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.errors import RefusedError
from tocsin.record.acts import Act

HELD, RELEASED = "held", "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold that was set.

    leaf, at, by         the act that set it: its entry, when and who
    released             the act that released it, None while it is in force
    """

    name: str
    reason: str
    leaf: int
    at: str
    by: tuple[str, ...]
    released: Act | None = None

    @property
    def is_in_force(self) -> bool:
        """Whether it was not released."""
        return self.released is None


def holds_of(acts: Iterable[Act]) -> tuple[Hold, ...]:
    """Every hold ever set, in the order of the ledger. Of one name the last set is the one that a release ends."""
    return tuple(_after(acts))


def in_force(acts: Iterable[Act]) -> tuple[Hold, ...]:
    """The holds in force after these acts."""
    return tuple(hold for hold in holds_of(acts) if hold.is_in_force)


def refuse_if_held(acts: Iterable[Act]) -> None:
    """Raises RefusedError naming the first hold in force, who set it and when."""
    for hold in in_force(acts):
        raise RefusedError(
            f"nothing is erased while the hold {hold.name!r} is in force: {', '.join(hold.by)} set it at {hold.at} "
            f"(entry {hold.leaf}): {hold.reason}",
            hint=f"whoever may decide so releases it first: tocsin record release {hold.name!r} --reason TEXT",
        )


def _after(acts: Iterable[Act]) -> Iterator[Hold]:
    found: list[Hold] = []
    standing: dict[str, int] = {}
    for act in acts:
        name = str(act.what.get("name", ""))
        if act.kind == HELD and name not in standing:
            standing[name] = len(found)
            found.append(Hold(name=name, reason=str(act.what.get("reason", "")), leaf=act.leaf, at=act.at, by=act.by))
        elif act.kind == RELEASED and name in standing:
            hold = found[standing[name]]
            found[standing.pop(name)] = Hold(
                name=hold.name, reason=hold.reason, leaf=hold.leaf, at=hold.at, by=hold.by, released=act
            )
    yield from found
