"""What the ledger says of names that were unsealed: the acts `unsealed` and `reviewed`, read."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.record.acts import Act
from tocsin.record.leave import Leave, read_leave
from tocsin.record.people import counting, is_alone

REVIEWED = "reviewed"


def leave_of(act: Act) -> Leave:
    """The leave an act `unsealed` gives. Raises VerificationError where it gives none."""
    return read_leave(act.what, f"entry {act.leaf} ({act.kind})")


def unreviewed(acts: Iterable[Act]) -> tuple[Act, ...]:
    """What somebody unsealed alone and nobody else has reviewed yet, in order; all acts come in, those that count are
    looked at."""
    alone: dict[int, Act] = {}
    for act in counting(acts):
        if is_alone(act):
            alone[act.leaf] = act
        elif act.kind == REVIEWED:
            alone.pop(act.what["entry"], None)
    return tuple(alone.values())
