"""What an act of the ledger says in; the same in a sentence's words out. What is not said in words is in the act."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def did(kind: str, what: Mapping[str, Any]) -> str:
    """What an act says was done, as `took in 3 inputs with 1,200 records`; log text in it is as it stands."""
    match kind:
        case "enrolled":
            person, name = what.get("person", ""), what.get("name", "")
            return f"enrolled {person} with the key {name} as {_and(what.get('roles', []))}"
        case "succeeded":
            return f"replaced the key {what.get('name', '')} by {what.get('new_name', '')}"
        case "recovered":
            replaced = f"replaced the lost key {what.get('name', '')} by {what.get('new_name', '')}"
            return f"{replaced}{_because(what)}"
        case "revoked":
            since = what.get("since")
            reach = "" if since is None else f" from {_number(what, 'since')} entries on"
            return f"revoked the key {what.get('name', '')}{reach}{_because(what)}"
        case "collected":
            return f"took in {_counted(what, 'inputs', 'input')} with {_counted(what, 'records', 'record')}"
        case "read" | "verified":
            return f"{'read' if kind == 'read' else 'checked'}{_how(what)}{_asked(what)}"
        case "exported":
            return f"made a package of {_counted(what, 'records', 'record')} for {_and(what.get('asked', []))}"
        case "transferred" | "handed_over":
            return f"passed the package {what.get('content', '')} on to {what.get('to', '')}"
        case "received":
            return f"filed the receipt of {what.get('from', '')} for the package {what.get('content', '')}"
        case "returned":
            return f"took in what {what.get('from', '')} sent back, {what.get('path', '')}: {what.get('note', '')}"
        case "decided":
            number, person = _number(what, "number"), what.get("person", "")
            if what.get("decision") == "undo":
                return f"took back decision {number} on findings or incidents, for {person}"
            return f"kept decision {number} ({what.get('decision', '')}) on findings or incidents, of {person}"
        case "held":
            return f"set the hold {what.get('name', '')}{_because(what)}"
        case "released":
            return f"released the hold {what.get('name', '')}{_because(what)}"
        case "erased":
            return f"erased {_counted(what, 'records', 'record')}, of which the commitment remains{_because(what)}"
        case "unsealed":
            return _unsealed(what)
        case "reviewed":
            return f"reviewed what entry {_number(what, 'entry')} says was unsealed alone: {what.get('words', '')}"
        case "drilled":
            return f"rehearsed succession, loss and recovery: {what.get('outcome', '')}"
        case "witness_trusted":
            return f"took {what.get('name', '')} for a witness of this ledger from now on"
        case "cosigned":
            return f"filed the signature of the witness {what.get('name', '')} over {_first(what)}"
        case "timestamped":
            return f"filed the time stamp of {what.get('authority', '')} over {_first(what)}"
    said = {name: value for name, value in what.items() if name != "login" and isinstance(value, str | int)}
    return f"{kind.replace('_', ' ')} {json.dumps(said, ensure_ascii=False, sort_keys=True)}"


def _because(what: Mapping[str, Any]) -> str:
    return f": {what['reason']}" if what.get("reason") else ""


def _how(what: Mapping[str, Any]) -> str:
    return f" by: {what['command']}" if what.get("command") else ""


def _asked(what: Mapping[str, Any]) -> str:
    asked = what.get("arguments")
    if not isinstance(asked, Mapping) or not asked:
        return ""
    return " (" + ", ".join(f"{name} {value}" for name, value in sorted(asked.items())) + ")"


def _counted(what: Mapping[str, Any], member: str, noun: str) -> str:
    return f"{_number(what, member)} {noun if what.get(member) == 1 else noun + 's'}"


def _unsealed(what: Mapping[str, Any]) -> str:
    of = f"finding {what.get('id', '')}" if what.get("subject") == "finding" else f"record @{what.get('leaf', '')}"
    alone = " alone, in an emergency" if what.get("break_glass") is True else ""
    return (
        f"unsealed{alone} the {of}, which speaks of {_counted(what, 'persons', 'protected person')}, until "
        f"{what.get('until', '')}: {what.get('reason', '')}"
    )


def _number(what: Mapping[str, Any], member: str) -> str:
    value = what.get(member)
    return f"{value:,}" if isinstance(value, int) else f"{len(value):,}" if isinstance(value, list) else "no"


def _first(what: Mapping[str, Any]) -> str:
    return f"the first {_number(what, 'size')} entries, dated {what.get('time', '')}"


def _and(words: Iterable[object]) -> str:
    return " and ".join(map(str, words)) or "nothing"
