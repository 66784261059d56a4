"""An evidence package read back, once it is verified, and its findings derived again from what it encloses."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.collect.reframing import Piece
from tocsin.errors import RefusedError, VerificationError
from tocsin.evidence.reproduction import EnclosedChunk, findings_from, hit_lines, rules_of
from tocsin.model.chunk import Chunk, Dating, Input, InputState
from tocsin.model.finding import Detector, Finding, Level
from tocsin.model.record import CONTEXT
from tocsin.model.reference import RecordPlace, record_reference
from tocsin.store.faults import disk_faults

_PAYLOAD = "data"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How many record-level findings were derived again, byte for byte, and from how many records."""

    lines: int
    findings: int
    records: int


def reproduce(folder: Path) -> Reproduction:
    """Derives the record-level findings of a verified package again, from its records and rules alone.

    Raises RefusedError where records are redacted: nothing could be derived from them. VerificationError at the first
    line that is not derived again byte for byte, naming it.
    """
    payload = folder / _PAYLOAD
    head, how = _document(payload / "package.json"), _document(payload / "reading.json")
    if not head["reproducible"]:
        raise RefusedError(
            f"{folder} withholds fields of its records: its findings cannot be derived again from it",
            hint="ask for the package without redaction, or check the proofs alone: tocsin evidence verify",
        )
    chunks, places = _chunks(payload, how)
    rules = dict(_rules(payload / "rules", how["rules"]))
    stated = list(_lines(payload / "findings.jsonl"))
    names: Mapping[str, str] = how["names"]
    again = findings_from(
        chunks,
        rules_of(rules, chunks),
        dating=_dating(how["dating"]),
        as_of=None if how["as_of"] is None else int(how["as_of"]),
        canonical=lambda name: names.get(name, name),
    )
    derived = [line.data for line in hit_lines(again.hits, _findings(payload), places)]
    _compare(stated, derived)
    return Reproduction(len(stated), len({json.loads(line)["finding"] for line in stated}), len(places))


def _rules(folder: Path, named: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The rule files by names that sort in the order stated. Raises VerificationError where others are enclosed."""
    enclosed = sorted(path.name for path in folder.glob("*.yml"))
    if sorted(named) != enclosed:
        raise VerificationError("reading.json does not name the rules that are enclosed, each once")
    for place, name in enumerate(named):
        with disk_faults(folder / name):
            yield f"{place:06}/{name}", (folder / name).read_bytes()


def _compare(stated: list[bytes], derived: list[bytes]) -> None:
    for number, line in enumerate(stated):
        found = derived[number] if number < len(derived) else b""
        if found == line:
            continue
        said = json.loads(line)
        raise VerificationError(
            f"findings.jsonl, line {number + 1} (finding {said.get('finding')}, {said.get('input')} entry "
            f"{said.get('entry')}): the enclosed records and rules do not give it: it does not count as found"
        )
    if len(derived) > len(stated):
        raise VerificationError(
            f"the enclosed records and rules give {len(derived)} record-level findings, "
            f"the package states {len(stated)}: some were left out"
        )


def _chunks(payload: Path, how: Mapping[str, Any]) -> tuple[list[EnclosedChunk], dict[int, RecordPlace]]:
    """The records by chunk, as they are read alone, and the place of each."""
    said = {
        one["index"]: json.loads(one["data"]) for one in _parsed(payload / "statements.jsonl") if one["kind"] != "act"
    }
    inputs = {one["input"]: one for one in said.values() if one["statement"] == "input"}
    held: dict[int, list[Piece]] = defaultdict(list)
    places: dict[int, RecordPlace] = {}
    for record in _parsed(payload / "records.jsonl"):
        chunk = said[record["chunk"]]
        ordinal = record["entry"] - chunk["first_entry"]
        held[record["chunk"]].append(_piece(record, ordinal))
        places[record_reference(chunk["sequence"], ordinal)] = RecordPlace(record["input"], record["entry"])
    found = []
    for index, pieces in sorted(held.items()):
        chunk = said[index]
        preamble = base64.b64decode(how["preambles"].get(str(index), ""))
        if sha256(preamble).hexdigest() != chunk["preamble"]:
            raise VerificationError(
                f"reading.json: the preamble of the chunk at entry {index} is not the one that was sealed: "
                "its records would be read otherwise"
            )
        found.append(
            EnclosedChunk(
                chunk=_chunk(chunk, inputs[chunk["input"]], preamble),
                decoder=chunk["decoder"],
                first_entry=chunk["first_entry"],
                pieces=tuple(sorted(pieces, key=lambda piece: piece.ordinal)),
            )
        )
    return found, places


def _piece(record: Mapping[str, Any], ordinal: int) -> Piece:
    leaf = json.loads(record["leaf"])
    fields = record["fields"]
    names = json.loads(fields["names"])
    context = json.loads(fields["values"][names.index(CONTEXT)]["text"]) if CONTEXT in names else ""
    text = record.get("text")
    return Piece(
        ordinal=ordinal,
        raw=base64.b64decode(record["raw"]),
        text=None if text is None else text.encode(),
        offset=leaf["offset"],
        length=leaf["length"],
        context=context,
    )


def _chunk(chunk: Mapping[str, Any], entry: Mapping[str, Any], preamble: bytes) -> Chunk:
    return Chunk(
        input=Input(
            path=entry["path"],
            sha256=entry["sha256"],
            content_sha256=entry["content_sha256"],
            size=entry["size"],
            source=entry["source"],
            certainty=entry["certainty"] / 1000,
            state=InputState(entry["state"]),
            reason=entry["reason"],
            container=entry["container"],
        ),
        sequence=chunk["sequence"],
        offset=chunk["offset"],
        length=chunk["length"],
        preamble=preamble,
        skip=chunk["skip"],
        sha256=chunk["sha256"],
    )


def _findings(payload: Path) -> tuple[Finding, ...]:
    """Of the findings as stated, what says which hits are theirs."""
    return tuple(
        Finding(
            id=one["id"],
            detector=Detector(
                kind=one["detector"]["kind"],
                id=one["detector"]["id"],
                title=one["detector"]["title"],
                level=Level(one["detector"]["level"]),
            ),
            techniques=(),
            tactics=(),
            first=None,
            last=None,
            entities=(),
            records=tuple(RecordPlace(record["input"], record["entry"]) for record in one["records"]),
            why="",
        )
        for one in _document(payload / "findings.json")["findings"]
    )


def _dating(value: Mapping[str, Any] | None) -> Dating | None:
    return None if value is None else Dating(int(value["time"]), is_latest=bool(value["is_latest"]))


def _document(path: Path) -> Any:  # noqa: ANN401 - JSON of a verified file
    with disk_faults(path):
        return json.loads(path.read_bytes())


def _lines(path: Path) -> Iterator[bytes]:
    with disk_faults(path), path.open("rb") as stream:
        yield from (line.rstrip(b"\n") for line in stream)


def _parsed(path: Path) -> Iterable[Any]:
    return map(json.loads, _lines(path))
