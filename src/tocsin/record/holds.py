"""Legal holds: a fold over the acts that count. While one is in force nothing is erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tocsin.errors import RefusedError
from tocsin.record.acts import Act
from tocsin.record.people import disowned_in

HELD, RELEASED = "held", "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold that was set.

    leaf, at, by         the act that set it: its entry, when and who
    released             the act that released it, None while it is in force
    disowned             why the act that set it does not count any more, "" where it does
    still_held           why acts that released it do not count any more: it holds again
    """

    name: str
    reason: str
    leaf: int
    at: str
    by: tuple[str, ...]
    released: Act | None = None
    disowned: str = ""
    still_held: tuple[str, ...] = ()

    @property
    def is_in_force(self) -> bool:
        """Whether it counts and was not released."""
        return self.released is None and not self.disowned


def holds_of(acts: Iterable[Act]) -> tuple[Hold, ...]:
    """Every hold ever set, in the order of the ledger. Of one name the last set is the one that a release ends.

    acts   all of the ledger: what a revocation among them takes back neither sets a hold nor ends one
    """
    return tuple(_after(tuple(acts)))


def in_force(acts: Iterable[Act]) -> tuple[Hold, ...]:
    """The holds in force after these acts, which are all of the ledger up to some entry."""
    return tuple(hold for hold in holds_of(acts) if hold.is_in_force)


def refuse_if_held(acts: Iterable[Act]) -> None:
    """Raises RefusedError naming the first hold in force, who set it and when."""
    for hold in in_force(acts):
        raise RefusedError(
            f"nothing is erased while the hold {hold.name!r} is in force: {', '.join(hold.by)} set it at {hold.at} "
            f"(entry {hold.leaf}): {hold.reason}",
            hint=f"whoever may decide so releases it first: tocsin record release {hold.name!r} --reason TEXT",
        )


def _after(acts: Sequence[Act]) -> Iterator[Hold]:
    found: list[Hold] = []
    standing: dict[str, int] = {}
    gone = disowned_in(acts)
    for act in acts:
        name, disowned = str(act.what.get("name", "")), gone.get(act.leaf, "")
        if act.kind == HELD and (disowned or name not in standing):
            if not disowned:
                standing[name] = len(found)
            reason = str(act.what.get("reason", ""))
            found.append(Hold(name=name, reason=reason, leaf=act.leaf, at=act.at, by=act.by, disowned=disowned))
        elif act.kind == RELEASED and name in standing:
            place = standing[name]
            if disowned:
                why = f"entry {act.leaf} released it and does not count: {disowned}"
                found[place] = replace(found[place], still_held=(*found[place].still_held, why))
            else:
                found[place] = replace(found[place], released=act)
                del standing[name]
    yield from found
