"""The rows of the database as statements: what the ledger says of inputs, chunks and what was derived from them.

A row that says anything else than its newest statement was changed after it was committed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tocsin.errors import VerificationError
from tocsin.model.token import may_be_one
from tocsin.record.canonical import canonical
from tocsin.record.runs import runs_of

if TYPE_CHECKING:
    from tocsin.record.statements import Statement

INPUT, CHUNK, DERIVED, FIELDS, REWRITTEN = "input", "chunk", "derived", "fields", "rewritten"
RUN, BRIEF, ANSWER = "run", "brief", "answer"

# What no later statement on the same thing may say otherwise: records would be another file's, or stand elsewhere.
LASTING: Mapping[str, Sequence[str]] = {
    INPUT: ("path", "sha256", "content_sha256", "source", "container"),
    CHUNK: ("name", "input", "offset", "length", "decoder", "tree_start", "first_entry"),
}
# Of these a newer epoch of a vault may show more or less as tokens, and nothing else may change.
_SHOWN = ("path", "container")

Row = Mapping[str, Any]

# By kind, the member whose number names what is spoken of.
SUBJECTS = {
    INPUT: "input",
    CHUNK: "sequence",
    DERIVED: "chunk",
    FIELDS: "leaf",
    REWRITTEN: "chunk",
    RUN: "run",
    BRIEF: "brief",
    ANSWER: "answer",
}

_INPUT = ("path", "sha256", "content_sha256", "size", "source", "state", "reason", "container", "complete", "run")
_CHUNK = (
    "sequence",
    "input",
    "kind",
    "offset",
    "length",
    "skip",
    "sha256",
    "name",
    "segment_sha256",
    "decoder",
    "tree_start",
    "leaves",
    "first_entry",
    "read",
    "stored",
    "duplicates",
)
_RUN = ("started", "finished", "tool", "settings")
_BRIEF = ("issued", "sha256", "tool", "figures")
_ANSWER = ("run", "occasion", "tool", "document", "withheld", "figures")
_REJECTION = ("reason", "count", "first", "detail")


def input_statement(row: Row, acquisition: bytes | None) -> bytes:
    """What the ledger says of an input: its row, and the digest of the acquisition record where it is one."""
    # A probability as thousandths: canonical JSON writes floating point in more than one language's way.
    said = {"input": row["id"], "certainty": round(row["certainty"] * 1000), "acquisition": _digest(acquisition)}
    return canonical({"statement": INPUT} | said | {name: row[name] for name in _INPUT})


def chunk_statement(row: Row, keys: bytes) -> bytes:
    """What the ledger says of a chunk; `keys` are those of its events (`store.event_keys`)."""
    said = {"preamble": _digest(row["preamble"]), "fielded": _digest(row["fielded"]), "keys": _digest(keys)}
    return canonical({"statement": CHUNK} | said | {name: row[name] for name in _CHUNK})


def derived_statement(
    row: Row, rejections: Iterable[Row], warnings: Iterable[Row], partials: Mapping[str, bytes]
) -> bytes:
    """What was derived from a chunk, by which rules: the ledger says it anew whenever it is derived anew."""
    said = {
        "chunk": row["sequence"],
        "plan": row["plan"],
        "events": row["events"],
        "events_sha256": row["events_sha256"],
        # Nanoseconds since 1970 are beyond what canonical JSON holds as a number.
        "first": None if row["first"] is None else str(row["first"]),
        "last": None if row["last"] is None else str(row["last"]),
        "rejections": [{name: one[name] for name in _REJECTION} for one in rejections],
        "warnings": {one["code"]: one["count"] for one in warnings},
        "partials": {fold: _digest(data) for fold, data in partials.items()},
    }
    return canonical({"statement": DERIVED} | said)


def run_statement(row: Row) -> bytes:
    """What the ledger says of a run: what it was asked, when it began and whether it ended."""
    return canonical({"statement": RUN, "run": row["id"]} | {name: row[name] for name in _RUN})


def brief_statement(row: Row) -> bytes:
    """What the ledger says of a brief that went out; its time in ns is text."""
    as_of = None if row["as_of"] is None else str(row["as_of"])
    return canonical(
        {"statement": BRIEF, "brief": row["number"], "as_of": as_of} | {name: row[name] for name in _BRIEF}
    )


def answer_statement(row: Row) -> bytes:
    """What the ledger says of an answer that was given; times in ns are text."""
    times = {name: None if row[name] is None else str(row[name]) for name in ("given", "as_of")}
    return canonical({"statement": ANSWER, "answer": row["number"]} | times | {name: row[name] for name in _ANSWER})


def fields_statement(leaf: int, root: bytes) -> bytes:
    """The field root of a record that was sealed without one."""
    return canonical({"statement": FIELDS, "leaf": leaf, "fields": root.hex()})


def rewritten_statement(sequence: int, segment_sha256: str, residue_sha256: str, erased: Iterable[int]) -> bytes:
    """That a chunk was written anew without the records of these leaves, all that were ever erased from it."""
    said = {"chunk": sequence, "segment_sha256": segment_sha256, "residue": residue_sha256, "erased": runs_of(erased)}
    return canonical({"statement": REWRITTEN} | said)


def subject_of(statement: Statement) -> int:
    """The number of what a statement of our own speaks of."""
    return int(json.loads(statement.data)[SUBJECTS[statement.kind]])


def newest(statements: Iterable[Statement]) -> dict[tuple[str, int], Statement]:
    """By kind and subject, the last of these statements on it; they come in the order of the ledger."""
    return {(each.kind, subject_of(each)): each for each in statements}


def unchanged(statements: Iterable[Statement]) -> Iterator[Statement]:
    """The statements, in the order of the ledger; raises VerificationError where one changes what lasts (`LASTING`)."""
    before: dict[tuple[str, int], Statement] = {}
    for each in statements:
        if each.kind in LASTING:
            refuse_change(before.get(place := (each.kind, subject_of(each))), each)
            before[place] = each
        yield each


def refuse_change(before: Statement | None, statement: Statement) -> None:
    """Raises VerificationError where the statement changes what lasts of what the one before it was on."""
    if before is None or statement.kind not in LASTING:
        return
    first, said = json.loads(before.data), json.loads(statement.data)
    for name in LASTING[statement.kind]:
        if first[name] != said[name] and not (name in _SHOWN and _may_be_one(first[name], said[name])):
            raise VerificationError(
                f"entry {statement.leaf} says another {name} of {statement.kind} {subject_of(statement)} than entry "
                f"{before.leaf}: its records would be attributed to something else than they were sealed as"
            )


def _may_be_one(first: object, second: object) -> bool:
    return isinstance(first, str) and isinstance(second, str) and may_be_one(first, second)


def _digest(data: bytes | None) -> str:
    return "" if data is None else sha256(data).hexdigest()
