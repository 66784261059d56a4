"""What the ledger says was erased: which leaves, by which act, and how their chunks were written anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.errors import VerificationError
from tocsin.record.acts import Act
from tocsin.record.binding import REWRITTEN
from tocsin.record.canonical import read_canonical
from tocsin.record.holds import RELEASED, Hold, in_force
from tocsin.record.people import disowned_in
from tocsin.record.runs import indexes_in
from tocsin.record.statements import Statement

ERASED = "erased"
_MEMBERS = {"statement", "chunk", "segment_sha256", "residue", "erased"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A statement `rewritten`: at `leaf` the ledger says of a chunk that its files hold all but the erased leaves."""

    leaf: int
    chunk: int
    segment_sha256: str
    residue_sha256: str
    erased: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfounded:
    """Records that are gone by an act that does not count any more, or past a hold that such an act had lifted.

    entry    of the act that erased; `leaves` is how many it names, none of which can be brought back
    why      what does not count, and why
    """

    entry: int
    leaves: int
    why: str


class Erasures:
    """The newest `rewritten` statement of each chunk, held against the acts before it."""

    def __init__(self, acts: Iterable[Act], statements: Iterable[Statement]) -> None:
        """Both in the order of the ledger, and all of them.

        Raises VerificationError where a record is gone that no act before names, where one that an act names is not
        said to be gone, and where a hold was in force then, as the acts before an erasure have it. An act that was
        taken back later is no fault: what it erased is gone all the same, and `unfounded` says so.
        """
        past = tuple(acts)
        self._acts: dict[int, Act] = {}
        self._newest: dict[int, Rewritten] = {}
        self._unfounded: list[Unfounded] = []
        disowned = disowned_in(past)
        for number, act in enumerate(past):
            if act.kind != ERASED:
                continue
            for hold in in_force(past[:number]):
                raise VerificationError(
                    f"entry {act.leaf} (erased) stands while the hold {hold.name!r} of entry {hold.leaf} was in "
                    "force: what it erased was not to be erased"
                )
            leaves = leaves_of(act)
            for leaf in leaves:
                self._acts.setdefault(leaf, act)
            held = in_force(each for each in past[:number] if each.leaf not in disowned)
            why = disowned.get(act.leaf) or "; ".join(_lifted(hold, past[:number], disowned) for hold in held)
            if why:
                self._unfounded.append(Unfounded(entry=act.leaf, leaves=len(leaves), why=why))
        for statement in statements:
            self._add(read_rewritten(statement))
        gone = {leaf for one in self._newest.values() for leaf in one.erased}
        for leaf, act in self._acts.items():
            if leaf not in gone:
                raise VerificationError(
                    f"entry {act.leaf} says that the record of leaf {leaf} was erased, and no chunk was written anew "
                    "without it: it may still be there"
                )

    @property
    def leaves(self) -> int:
        """How many leaves are proof only."""
        return len(self._acts)

    @property
    def unfounded(self) -> tuple[Unfounded, ...]:
        """The erasures that would not be carried out by what counts now, in the order of the ledger."""
        return tuple(self._unfounded)

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts that erased, each once, in the order of the ledger."""
        return tuple({act.leaf: act for act in self._acts.values()}.values())

    def of(self, chunk: int) -> Rewritten | None:
        """What is said of a chunk now; None of one that was never written anew."""
        return self._newest.get(chunk)

    def _add(self, one: Rewritten) -> None:
        for leaf in one.erased:
            act = self._acts.get(leaf)
            if act is None or act.leaf > one.leaf:
                raise VerificationError(
                    f"entry {one.leaf} says that chunk {one.chunk} was written anew without the record of leaf {leaf}, "
                    "and no act before it erased that record: evidence was taken away"
                )
        before = self._newest.get(one.chunk)
        if before is not None and not before.erased <= one.erased:
            raise VerificationError(
                f"entry {one.leaf} says that chunk {one.chunk} holds records again that entry {before.leaf} says are "
                "gone: they were put in"
            )
        self._newest[one.chunk] = one


def _lifted(hold: Hold, past: Iterable[Act], disowned: Mapping[int, str]) -> str:
    by = [each for each in past if each.kind == RELEASED and each.what.get("name") == hold.name]
    released = next((each for each in reversed(by) if each.leaf in disowned), None)
    if released is None:  # the revocation that took the hold back was taken back itself
        return f"the hold {hold.name!r} of entry {hold.leaf} counts again, and did not then"
    return (
        f"the hold {hold.name!r} was lifted by entry {released.leaf}, which does not count: {disowned[released.leaf]}"
    )


def leaves_of(act: Act) -> tuple[int, ...]:
    """The leaves that an act of kind `erased` names. Raises VerificationError."""
    try:
        return tuple(indexes_in(act.what.get("leaves")))
    except (ValueError, TypeError) as error:
        raise VerificationError(f"entry {act.leaf} ({act.kind}) does not say what it erased: {error}") from error


def read_rewritten(statement: Statement) -> Rewritten:
    """A statement `rewritten` read. Raises VerificationError naming the entry."""
    try:
        said = read_canonical(statement.data)
        is_known = set(said) == _MEMBERS and said["statement"] == REWRITTEN
        return Rewritten(
            leaf=statement.leaf,
            chunk=int(said["chunk"]),
            segment_sha256=str(said["segment_sha256"]),
            residue_sha256=str(said["residue"]),
            erased=frozenset(indexes_in(said["erased"] if is_known else None)),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise VerificationError(f"entry {statement.leaf} ({REWRITTEN}) cannot be read: {error}") from error
