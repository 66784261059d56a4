"""An evidence package read back, once it is verified, and its findings derived again from what it encloses."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tocsin.attest import page
from tocsin.attest.enclosed import read_findings, read_package
from tocsin.collect.reframing import Piece
from tocsin.errors import RefusedError, VerificationError
from tocsin.evidence.reproduction import (
    EnclosedChunk,
    Reproduced,
    beside,
    findings_from,
    hit_lines,
    rules_of,
    unlike,
)
from tocsin.model.chunk import Chunk, Dating, Input, InputState
from tocsin.model.finding import Finding
from tocsin.model.record import CONTEXT
from tocsin.model.reference import RecordPlace, record_reference
from tocsin.opening import TOOL
from tocsin.store.faults import disk_faults

_PAYLOAD = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """How many record-level findings were derived again, byte for byte, of how many findings, from how many records.

    beside    findings, or parts of such, that the same records give and the package says were not asked for
    made_by   the version that made the page where it is another than this one, so that it was not compared; else ""
    names     by name the records give, the name it is shown by: that both are one no enclosed record says
    modelled  findings of behaviour models: they rest on all the days before, and no few records give them again
    beyond    findings that count more hits than their enclosed records: how many, and until when, rests on nothing here
    """

    lines: int
    findings: int
    records: int
    beside: tuple[str, ...]
    made_by: str
    names: Mapping[str, str]
    beyond: tuple[Finding, ...]
    modelled: tuple[Finding, ...] = ()


def reproduce(folder: Path) -> Reproduction:
    """Derives the findings of a verified package again, from its records and rules alone, and makes its page again.

    Raises RefusedError where records are redacted: nothing could be derived from them. VerificationError at the first
    finding that is told otherwise, added or left out, at the first line that is not derived again byte for byte, and
    where the page says something else than the files; it names what.
    """
    payload = folder / _PAYLOAD
    head, how = _document(payload / "package.json"), _document(payload / "reading.json")
    if not head["reproducible"]:
        raise RefusedError(
            f"{folder} withholds {_withheld(payload)}: its findings cannot be derived again from it",
            hint="what is withheld stays so; the proofs can be checked: tocsin evidence verify",
        )
    with _stated():
        chunks, places = _chunks(payload, how)
        in_force = None if how.get("correlations") is None else frozenset(how["correlations"])
    rules = dict(_rules(payload / "rules", how["rules"]))
    stated = list(_lines(payload / "findings.jsonl"))
    names = _Names(how["names"])
    again = findings_from(
        chunks,
        rules_of(rules, chunks),
        dating=_dating(how["dating"]),
        as_of=None if how["as_of"] is None else int(how["as_of"]),
        canonical=names,
        in_force=in_force,
    )
    with _stated():
        findings = read_findings(payload)
        modelled = tuple(one for one in findings if one.measured)
        _compare_accounts(
            [one for one in findings if not one.measured], again, None if how.get("from") is None else int(how["from"])
        )
        _compare_choice(head, _document(payload / "findings.json")["incidents"], findings, again, tuple(how["beside"]))
        _compare_times(how["times"], places, again.times, payload)
        _compare_links(findings, payload)
    derived = [line.data for line in hit_lines(again, findings, places)]
    _compare(stated, derived)
    is_same_version = head["tool"] == TOOL
    if is_same_version:
        with _stated():
            _compare_page(payload)
    return Reproduction(
        lines=len(stated),
        findings=len(findings),
        records=len(places),
        beside=tuple(how["beside"]),
        made_by="" if is_same_version else str(head["tool"]),
        names=dict(sorted(names.used.items())),
        beyond=tuple(one for one in findings if one.more),
        modelled=modelled,
    )


def _withheld(payload: Path) -> str:
    """What is withheld so that nothing can be derived, in words; the ids of rules are those of their findings."""
    said = _document(payload / "withheld.json").get("rules", ())
    ids = [str(each) for one in said for each in one["ids"]]
    return f"fields of its records, and the rules {', '.join(ids)}" if ids else "fields of its records"


class _Names:
    """The names stated, and those that a finding was told with."""

    def __init__(self, stated: Mapping[str, str]) -> None:
        self._stated = stated
        self.used: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        shown = self._stated.get(name, name)
        if shown != name:
            self.used[name] = shown
        return shown


@contextmanager
def _stated() -> Iterator[None]:
    """A file for reading that is not of its form is a fault of the package."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise VerificationError(
            f"what the package states of its findings cannot be read: {type(error).__name__}: {error}",
            hint="ask for a package made with this version, or check the proofs alone: tocsin evidence verify",
        ) from error


def _compare_accounts(findings: Sequence[Finding], again: Reproduced, from_: int | None) -> None:
    """Each finding is told as the records and rules tell it."""
    for finding in findings:
        differing = unlike(finding, again, from_)
        if differing == ("id",):
            raise VerificationError(
                f"findings.json: the enclosed records and rules do not give the finding {finding.id} "
                f"({finding.detector.title}): it was added, or what it rests on was changed: it does not count as found"
            )
        if differing:
            raise VerificationError(
                f"findings.json: finding {finding.id} ({finding.detector.title}) is told otherwise than the enclosed "
                f"records and rules give it, in: {', '.join(differing)}"
            )


def _compare_choice(
    head: Mapping[str, Any],
    incidents: Sequence[Mapping[str, Any]],
    findings: Sequence[Finding],
    again: Reproduced,
    declared: Sequence[str],
) -> None:
    """Everything asked for is told, and nothing the records give is left out but what is declared as such."""
    told = {one.id for one in findings}
    members = {one["id"]: set(one["findings"]) for one in incidents}
    for asked in head["asked"]:
        if asked not in told and asked not in members:
            raise VerificationError(f"findings.json: {asked} was asked for, and is not in the package: it was left out")
        if missing := sorted(members.get(asked, set()) - told):
            raise VerificationError(f"findings.json: finding {missing[0]} of {asked} was left out")
    found = beside(findings, again)
    if left := sorted(set(found) - set(declared)):
        raise VerificationError(
            f"findings.json: the enclosed records and rules give the finding {left[0]}, and the package does not tell "
            "it: it was left out"
        )
    if more := sorted(set(declared) - set(found)):
        raise VerificationError(f"reading.json: {more[0]} is said to be given by the enclosed records, and is not")


def _compare_times(
    stated: Mapping[str, str], places: Mapping[int, RecordPlace], times: Mapping[int, int | None], payload: Path
) -> None:
    """The times shown beside records are those their source reads."""
    index = {(one["input"], one["entry"]): str(one["index"]) for one in _parsed(payload / "records.jsonl")}
    read = {index[place.input, place.entry]: times.get(reference) for reference, place in places.items()}
    for entry, time in stated.items():
        if read.get(entry) != int(time):
            raise VerificationError(f"reading.json: the record at entry {entry} is shown with a time it does not have")


def _compare_links(findings: Sequence[Finding], payload: Path) -> None:
    """Each record names the findings that name it, in their order."""
    resting: dict[tuple[str, int], list[str]] = defaultdict(list)
    for finding in findings:
        for place in finding.records:
            resting[place.input, place.entry].append(finding.id)
    for one in _parsed(payload / "records.jsonl"):
        if one["findings"] != resting.get((one["input"], one["entry"]), []):
            raise VerificationError(
                f"records.jsonl: the record at entry {one['index']} is said to stand behind other findings than those "
                "of findings.json that rest on it"
            )


def _compare_page(payload: Path) -> None:
    """The page is what this version makes of the other files."""
    shown = (payload / page.NAME).read_bytes()
    made = page.index(read_package(payload)).encode("utf-8")
    if shown != made:
        lines = zip(shown.splitlines(), made.splitlines(), strict=False)
        number = next((number for number, (one, other) in enumerate(lines, 1) if one != other), 0)
        where = f", line {number}" if number else ""
        raise VerificationError(f"{page.NAME}{where}: it does not say what the files it is made of say")


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
    shown: dict[int, dict[int, tuple[str, tuple[str, ...]]]] = defaultdict(dict)
    places: dict[int, RecordPlace] = {}
    for record in _parsed(payload / "records.jsonl"):
        chunk = said[record["chunk"]]
        ordinal = record["entry"] - chunk["first_entry"]
        held[record["chunk"]].append(_piece(record, ordinal))
        fields = record["fields"]
        shown[record["chunk"]][ordinal] = fields["names"], tuple(one["text"] for one in fields["values"])
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
                shown=shown[index],
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
