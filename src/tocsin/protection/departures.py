"""What went out of a workspace before somebody was protected: no vault changes it any more, so it is told.

From the ledger's acts and the briefs it keeps. Only what, when and where it stands is told: to whom it went may name
somebody, and `tocsin record custody` says it behind the door.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import LargeBinary, func, literal, select

from tocsin.record.acts import Act, acts_of
from tocsin.record.statements import ACT
from tocsin.store.sealing import SEALED
from tocsin.store.tables import briefs, statements
from tocsin.store.workspace import open_workspace

_KINDS = ("exported", "handed_over", "transferred", "read")
_SHARED = "share "
_WRITTEN = {"report": "a report or brief", "timeline": "a timeline", "stix": "indicators (STIX)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One thing that left. `entry` of the ledger, None of a brief, which stands in none."""

    at: str
    what: str
    entry: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """What left a workspace, the oldest first, and of how many acts that is not known: they are sealed."""

    workspace: Path
    left: tuple[Departure, ...]
    sealed: int = 0


def departed(workspace: Path) -> Departed:
    """Of a workspace as its database has it, without a key. Raises ConfigError, StoreError, VerificationError."""
    with closing(open_workspace(workspace)) as opened, opened.reading() as connection:
        acts = (act for kind in _KINDS for act in acts_of(connection, kind))
        left = [found for act in acts if (found := _of_act(act)) is not None]
        issued = connection.execute(select(briefs.c.number, briefs.c.issued)).all()
        left.extend(Departure(at=row.issued, what=f"brief no. {row.number}") for row in issued)
        head = func.substr(statements.c.data, 1, len(SEALED))
        query = select(func.count()).where(statements.c.kind == ACT, head == literal(SEALED, LargeBinary))
        sealed = connection.scalar(query) or 0
    return Departed(workspace=workspace, left=tuple(sorted(left, key=lambda one: (one.at, one.what))), sealed=sealed)


def _of_act(act: Act) -> Departure | None:
    records = act.what.get("records")
    command = str(act.what.get("command", ""))
    match act.kind:
        case "exported":
            what = f"a package of {records:,} records" if isinstance(records, int) else "a package"
        case "handed_over":
            what = "a handover to an authority"
        case "transferred":
            what = "a package passed on"
        case "read" if command.startswith(_SHARED):
            what = _WRITTEN.get(command.removeprefix(_SHARED), command)
        case _:
            return None
    return Departure(at=act.at, what=what, entry=act.leaf)
