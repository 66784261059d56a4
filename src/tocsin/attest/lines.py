"""Records, statements, proofs in; the lines and documents that a verifier reads out, members in documented order."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

import orjson

from tocsin.attest.custody import made_at
from tocsin.attest.payload import safe_name
from tocsin.errors import VerificationError
from tocsin.model.evidence import EnclosedRecord, EnclosedStatement, Export, Package, ShownFields
from tocsin.render.element import Json, well_formed
from tocsin.render.json_text import harmless

FORMAT, VERSION = "tocsin.evidence", 1


def head(package: Package) -> dict[str, Json]:
    """`package.json`: what this is, of which ledger, and how much of everything there is."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "origin": package.origin,
        "log_key": package.log_key,
        "tool": package.tool,
        "asked": [well_formed(name) for name in package.asked],
        "size": package.size,
        "redacted": [well_formed(name) for name in package.redacted],
        "reproducible": package.reproducible,
        "made": made_at(package),
        "by": [well_formed(name) for name in package.by],
        "note": well_formed(package.note),
        "outside": [well_formed(sentence) for sentence in package.outside],
        "counts": {
            "records": len(package.records),
            "statements": len(package.statements),
            "checkpoints": len(package.checkpoints),
            "tokens": len(package.tokens),
            "incidents": len(package.incidents),
            "findings": len(package.findings),
            "hits": len(package.hits),
            "rules": len(package.rules),
            "withheld": sum(one.count for one in package.withheld),
        },
    }


def reading(package: Package) -> dict[str, Json]:
    """`reading.json`: what deriving the findings again takes beside the records and the rules."""
    how = package.reading
    dating: Json = None
    if how.dating is not None:
        dating = {"time": str(how.dating[0]), "is_latest": how.dating[1]}
    preambles = how.preambles.items()
    times = sorted((one.index, one.time) for one in package.records if one.time is not None)
    return {
        "beside": list(how.beside),
        "correlations": list(how.in_force),
        "times": {str(index): str(time) for index, time in times},
        "as_of": None if how.as_of is None else str(how.as_of),
        "from": None if how.from_ is None else str(how.from_),
        "dating": dating,
        "names": dict(sorted(how.names.items())),
        "preambles": {str(leaf): base64.b64encode(data).decode("ascii") for leaf, data in sorted(preambles)},
        "rules": [f"{safe_name(name)}.yml" for name in how.rules],
    }


def record_lines(records: Iterable[EnclosedRecord]) -> Iterator[bytes]:
    """`records.jsonl`, by index."""
    for record in sorted(records, key=lambda one: one.index):
        yield _line(_record(record))


def statement_lines(statements: Iterable[EnclosedStatement]) -> Iterator[bytes]:
    """`statements.jsonl`, by index."""
    for one in sorted(statements, key=lambda one: one.index):
        data = _text(one.data, f"statement at entry {one.index}")
        shown: dict[str, Json] = {
            "index": one.index,
            "kind": one.kind,
            "salt": one.salt.hex(),
            "data": data,
            "proof": proof(one.proof),
        }
        yield _line(shown if one.ledger_proof is None else shown | {"ledger_proof": proof(one.ledger_proof)})


def consistency(package: Package) -> list[Json]:
    """`consistency.json`: what joins neighbouring checkpoints."""
    return [{"from": old, "to": new, "proof": proof(path)} for old, new, path in sorted(package.consistency)]


def export(act: Export) -> dict[str, Json]:
    """`custody/export.json`: the act that followed the writing, with its proof."""
    one = act.act
    return {
        "act": one.index,
        "salt": one.salt.hex(),
        "data": _text(one.data, f"act at entry {one.index}"),
        "proof": proof(one.proof),
        "ledger_proof": proof(one.ledger_proof or ()),
        "size": act.size,
        "consistency": proof(act.consistency),
    }


def proof(hashes: Iterable[bytes]) -> list[Json]:
    """An audit path: each hash in base64, the lowest first."""
    return [base64.b64encode(one).decode("ascii") for one in hashes]


def _record(record: EnclosedRecord) -> dict[str, Json]:
    found: dict[str, Json] = {
        "index": record.index,
        "leaf": record.leaf,
        "proof": proof(record.proof),
        "chunk": record.chunk,
        "input": well_formed(record.input),
        "entry": record.entry,
    }
    if record.raw is not None:
        found |= {"raw": base64.b64encode(record.raw).decode("ascii"), "raw_salt": record.raw_salt.hex()}
    if record.text is not None:
        found |= {"text": _text(record.text, f"record at entry {record.index}"), "text_salt": record.text_salt.hex()}
    if record.fields is not None:
        found["fields"] = _fields(record.fields)
    return found | {"findings": list(record.findings)}


def _fields(fields: ShownFields) -> dict[str, Json]:
    values: list[Json] = [
        {"digest": one.digest.hex()} if one.is_redacted else {"salt": one.salt.hex(), "text": one.text}
        for one in fields.values
    ]
    found: dict[str, Json] = {"names": fields.names, "names_salt": fields.names_salt.hex(), "values": values}
    return found if fields.statement is None else found | {"statement": fields.statement}


def _text(data: bytes, what: str) -> str:
    """Bytes that are hashed as they stand: only what UTF-8 gives back unchanged can be shown as text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(f"the {what} is no UTF-8 text: it cannot be what was committed to") from error


def _line(value: dict[str, Json]) -> bytes:
    return harmless(orjson.dumps(value).decode("utf-8")).encode("utf-8") + b"\n"
