"""From what matched, or what two findings share, to the words a person reads: made of named values only."""

from __future__ import annotations

import orjson

from tocsin.model.finding import Entity
from tocsin.model.instant import DAY, HOUR, NANOSECONDS

CLAUSES = 6
VALUE_LENGTH = 120
_BEFORE = 40  # characters shown before what was asked for
_READ = 4000  # characters of a value looked at


def explain_match(matched: str) -> str:
    """The sentence of the fields that matched: `EventID is 4104 and ScriptBlockText contains 'x' (value "...")`.

    `matched` is that column of `model.tables.HITS`. A value that only repeats what was asked is left out.
    """
    clauses: list[str] = []
    for name, asked, value in orjson.loads(matched):
        literal = asked[asked.find("'") + 1 : asked.rfind("'")]
        text = shorten(value, literal)
        clause = f"{name} {asked}" if name else f"the record {asked}"
        if text and text.casefold() not in asked.casefold():
            clause += f' (value "{text}")'
        if clause not in clauses:
            clauses.append(clause)
    more = len(clauses) - CLAUSES
    if more > 0:
        clauses[CLAUSES:] = [f"{more} more {'condition' if more == 1 else 'conditions'}"]
    return " and ".join(clauses) or "the record has none of what the rule excludes"


def shorten(value: object, literal: str = "") -> str:
    """One line of at most `VALUE_LENGTH` characters, around `literal` where it has that; "" where there is no value."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = text[:_READ]
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    text = " ".join(text.split())
    if len(text) <= VALUE_LENGTH:
        return text
    found = text.casefold().find(literal.casefold()) if literal else 0
    start = min(max(0, found - _BEFORE), len(text) - VALUE_LENGTH + 1)
    if start == 0:
        return text[: VALUE_LENGTH - 1].rstrip() + "…"
    end = start + VALUE_LENGTH - 2
    return f"…{text[start:end].strip()}{'…' if end < len(text) else ''}"


def explain_link(shared: Entity, gap: int | None, affinity: float) -> str:
    """Why two findings were joined: the entity they share, how far apart they are (ns, None unknown), the affinity."""
    return f"{shared.type} {shared.id} was shared, {explain_gap(gap)} (affinity {affinity:.2f})"


def explain_gap(gap: int | None) -> str:
    """Nanoseconds between two intervals in words: `at the same time`, `4 minutes apart`, `times not known`."""
    if gap is None:
        return "at times that are not known"
    if gap < NANOSECONDS:
        return "at the same time"
    units = ((DAY, "day"), (HOUR, "hour"), (60 * NANOSECONDS, "minute"), (NANOSECONDS, "second"))
    count, name = next((gap // unit, name) for unit, name in units if gap >= unit)
    return f"{count} {name}{'' if count == 1 else 's'} apart"
