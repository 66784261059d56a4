"""Decisions on findings and incidents: a fold over the acts that count. What they say is sealed in them.

Acts leave with every package, and what was decided of one incident is no business of who is given another: the ledger
shows who decided and when, and the rest only to whoever opens the workspace and its door.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection

from tocsin.errors import VerificationError
from tocsin.model.decision import Decision, DecisionKind
from tocsin.model.door import mask_json
from tocsin.model.instant import NANOSECONDS, parse_time
from tocsin.record.acts import Act, acts_of, people_acts
from tocsin.record.keys import WorkspaceKey
from tocsin.record.people import disowned_in

DECIDED = "decided"
_UNDO = "undo"


def what_of(key: WorkspaceKey, decision: Decision) -> dict[str, Any]:
    """What the act of a decision says."""
    # The act says when it was, who signed, and by later acts whether it stands.
    said = msgspec.to_builtins(replace(decision, at="", person="", signed=()))
    return {
        "number": decision.number,
        "decision": str(decision.kind),
        "person": decision.person,
        "sealed": _sealed(key, said),
    }


def undoing(key: WorkspaceKey, number: int, person: str, reason: str) -> dict[str, Any]:
    """What the act says that takes a decision back."""
    return {"number": number, "decision": _UNDO, "person": person, "sealed": _sealed(key, {"reason": reason})}


def decisions_of(connection: Connection, key: WorkspaceKey, origin: str = "") -> tuple[Decision, ...]:
    """Every decision ever taken, by number; protected names as the door shows them now.

    origin   the name of the workspace's own key: what it signed was signed by no person; wanted where that is told

    Raises VerificationError where an act was altered, ProtectionError where the door does not answer.
    """
    acts = list(acts_of(connection, DECIDED))
    if not acts:
        return ()
    gone = disowned_in(sorted((*people_acts(connection), *acts), key=lambda act: act.leaf))
    found: dict[int, Decision] = {}
    for act in acts:
        number = act.what.get("number")
        said = _opened(key, act)
        person = str(mask_json(key.door, act.what.get("person", "")))
        if act.what.get("decision") != _UNDO:
            taken = _decision(said, act)
            signed = () if act.by == (origin,) else act.by
            disowned = gone.get(act.leaf, "")
            found[taken.number] = replace(taken, at=act.at, person=person, signed=signed, disowned=disowned)
        elif act.leaf not in gone and isinstance(number, int) and number in found:
            found[number] = replace(found[number], undone=f"{person}, {act.at}: {said.get('reason', '')}")
    return tuple(found[number] for number in sorted(found))


def _sealed(key: WorkspaceKey, said: object) -> str:
    return base64.b64encode(key.wrap(zlib.compress(msgspec.json.encode(said)))).decode("ascii")


def _opened(key: WorkspaceKey, act: Act) -> Mapping[str, Any]:
    try:
        data = zlib.decompress(key.unwrap(base64.b64decode(str(act.what.get("sealed", "")), validate=True)))
        said = mask_json(key.door, msgspec.json.decode(data))
    except (ValueError, zlib.error) as error:
        raise VerificationError(f"entry {act.leaf} says a decision that cannot be opened") from error
    if not isinstance(said, dict):
        raise VerificationError(f"entry {act.leaf} says no decision")
    return said


def _decision(said: Mapping[str, Any], act: Act) -> Decision:
    try:
        taken = msgspec.convert(said, Decision)
    except msgspec.ValidationError as error:
        raise VerificationError(f"entry {act.leaf} says no decision that this version knows") from error
    if (taken.number, str(taken.kind)) != (act.what.get("number"), act.what.get("decision")):
        raise VerificationError(f"entry {act.leaf} says another decision than the one sealed in it")
    return taken


def newest_close(connection: Connection) -> int | None:
    """The end of the second something was closed in that is closed still, the last such, ns UTC; None without one."""
    acts = list(acts_of(connection, DECIDED))
    gone = disowned_in(sorted((*people_acts(connection), *acts), key=lambda act: act.leaf)) if acts else {}
    closed: dict[object, int] = {}
    for act in acts:
        if act.leaf in gone:
            continue
        number, kind = act.what.get("number"), act.what.get("decision")
        if kind == DecisionKind.CLOSE:
            closed[number] = (parse_time(act.at) or 0) + NANOSECONDS
        elif kind == _UNDO:
            closed.pop(number, None)
    return max(closed.values(), default=None)
