"""Acts, inputs and files in; CASE 1.4 / UCO 1.4 JSON-LD out: provenance that other forensic tools read."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence

from tocsin.attest.custody import WORDS, Deed, said
from tocsin.attest.payload import Enclosed
from tocsin.model.evidence import Package
from tocsin.render.element import Json, well_formed

NAME = "provenance.jsonld"
_UCO, _CASE = "https://ontology.unifiedcyberontology.org/uco", "https://ontology.caseontology.org/case"
_CONTEXT: dict[str, Json] = {
    "kb": "urn:uuid:",
    "case-investigation": f"{_CASE}/investigation/",
    "uco-action": f"{_UCO}/action/",
    "uco-core": f"{_UCO}/core/",
    "uco-identity": f"{_UCO}/identity/",
    "uco-observable": f"{_UCO}/observable/",
    "uco-tool": f"{_UCO}/tool/",
    "uco-types": f"{_UCO}/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def graph(package: Package, acts: Sequence[Deed], files: Sequence[Enclosed], made: str) -> dict[str, Json]:
    """`provenance.jsonld`: each act as an investigative action with its provenance record, inputs and files as files.

    Identifiers are UUIDs made from the ledger's key and what they name (RFC 4122, version 5).
    """
    names = _Names(package)
    inputs = list(_inputs(package))
    keys = sorted({name for act in acts for name in act.by if name != package.origin})
    found: list[Json] = [
        {
            **names.of("uco-tool:Tool", "tool"),
            "uco-core:name": "Tocsin",
            "uco-tool:toolType": "Forensic analysis of logs",
            "uco-tool:version": package.tool,
        },
        {**names.of("uco-identity:Organization", "origin"), "uco-core:name": package.origin},
    ]
    found += [
        {
            **names.of("uco-identity:Identity", "key", key),
            "uco-core:name": key,
            "uco-core:description": "The holder of this key, as the ledger's acts enrolled it",
        }
        for key in keys
    ]
    for path, sha256, size in inputs:
        found += _file(names, "input", path, sha256, size, "Received into the ledger")
    for one in files:
        found += _file(names, "file", f"data/{one.path}", one.sha256, one.size, one.description)
    for number, act in enumerate(acts, 1):
        concerned = [names.id("input", path) for path, sha256, _ in inputs if {path, sha256} & _texts(act.what)]
        found += _action(names, act, number, concerned, [])
    export = Deed(
        package.size, "exported", made, (package.origin,), False, package.size, {"asked": list(package.asked)}
    )
    results = [names.id("file", f"data/{one.path}") for one in files]
    found += _action(names, export, len(acts) + 1, [names.id("input", path) for path, _, _ in inputs], results)
    found.append(
        {
            **names.of("case-investigation:Investigation", "investigation"),
            "uco-core:name": f"Evidence of {package.origin}",
            "case-investigation:investigationForm": "incident",
            "uco-core:object": [
                {"@id": names.id(sort, str(number))}
                for sort in ("action", "provenance")
                for number in range(1, len(acts) + 2)
            ],
        }
    )
    return {"@context": _CONTEXT, "@graph": found}


class _Names:
    """Identifiers of this package's ledger."""

    def __init__(self, package: Package) -> None:
        self._space = uuid.uuid5(
            uuid.NAMESPACE_URL, f"tocsin:{package.log_key}:{package.size}:{','.join(package.asked)}"
        )

    def id(self, *what: str) -> str:
        return f"kb:{uuid.uuid5(self._space, json.dumps(what))}"

    def of(self, kind: str, *what: str) -> dict[str, Json]:
        return {"@id": self.id(*what), "@type": kind}


def _action(names: _Names, act: Deed, number: int, objects: Sequence[str], results: Sequence[str]) -> Iterator[Json]:
    time: Json = {"@type": "xsd:dateTime", "@value": act.at}
    words = WORDS.get(act.kind, act.kind)
    record = names.id("provenance", str(number))
    who = [names.id("key", key) if act.is_of_person else names.id("origin") for key in act.by]
    yield {
        "@id": names.id("action", str(number)),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": act.kind,
        "uco-core:description": "; ".join(
            [
                words,
                *([f"does not count any more: {well_formed(act.disowned)}"] if act.disowned else []),
                *(f"{name}: {text}" for name, text in said(act.what)),
            ]
        ),
        "uco-action:startTime": time,
        "uco-action:endTime": time,
        "uco-action:performer": {"@id": who[0]},
        **({"uco-action:participant": [{"@id": one} for one in who[1:]]} if who[1:] else {}),
        "uco-action:instrument": {"@id": names.id("tool")},
        **({"uco-action:object": [{"@id": one} for one in objects]} if objects else {}),
        "uco-action:result": [{"@id": one} for one in (*results, record)],
    }
    is_of_ledger = not results
    yield {
        "@id": record,
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": f"Entry {act.entry} of the ledger" if is_of_ledger else "custody/export.json",
        "uco-core:objectCreatedTime": time,
        "case-investigation:exhibitNumber": f"act {number}",
        **({"uco-core:object": [{"@id": one} for one in (*objects, *results)]} if objects or results else {}),
    }


def _file(names: _Names, sort: str, path: str, sha256: str, size: int, description: str) -> Iterator[Json]:
    hashed = names.id("hash", sort, path)
    yield {
        **names.of("uco-observable:File", sort, path),
        "uco-core:name": path,
        "uco-core:description": description,
        "uco-core:hasFacet": [
            {
                **names.of("uco-observable:FileFacet", "file facet", sort, path),
                "uco-observable:fileName": path.rsplit("/", 1)[-1],
                "uco-observable:filePath": path,
                "uco-observable:sizeInBytes": size,
            },
            {
                **names.of("uco-observable:ContentDataFacet", "content", sort, path),
                "uco-observable:hash": {"@id": hashed},
            },
        ],
    }
    yield {
        "@id": hashed,
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": "SHA256",
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256.upper()},
    }


def _inputs(package: Package) -> Iterator[tuple[str, str, int]]:
    """(path, SHA-256 in hex, bytes) of the inputs the ledger names, each path once as it was said last."""
    found: dict[str, tuple[str, str, int]] = {}
    for one in package.statements:
        if one.kind != "input":
            continue
        said_of = json.loads(one.data)
        path, sha256, size = said_of.get("path"), said_of.get("sha256"), said_of.get("size")
        if isinstance(path, str) and isinstance(sha256, str) and len(sha256) == 64 and isinstance(size, int):
            plain = well_formed(path)
            found[plain] = plain, sha256, size
    yield from (found[path] for path in sorted(found))


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {text for part in parts for text in _texts(part)}
