"""RO-Crate and CASE: what other tools need to find in the two descriptions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.attest.writing import seal_package, write_package

from .packing import EVTX, MAIL, export, made

Entity = dict[str, Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The payload of a whole package."""
    folder = tmp_path_factory.mktemp("evidence") / "package"
    given = made()
    seal_package(folder, export(given, write_package(given.package, folder)))
    return folder / "data"


def graph(path: Path) -> dict[str, Entity]:
    entities: list[Entity] = json.loads(path.read_bytes())["@graph"]
    by_id = {entity["@id"]: entity for entity in entities}
    assert len(by_id) == len(entities)
    return by_id


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def test_the_crate_has_what_the_specification_requires(data: Path) -> None:
    crate = graph(data / "ro-crate-metadata.json")
    descriptor, root = crate["ro-crate-metadata.json"], crate["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root["datePublished"])
    assert root["name"]
    assert root["description"]
    assert root["license"]["@id"] in crate
    outside = {one for one in references(list(crate.values())) if one not in crate}
    assert outside == {"https://w3id.org/ro/crate/1.1"}


def test_every_file_of_the_payload_is_reached_from_the_root_with_its_digest(data: Path) -> None:
    crate = graph(data / "ro-crate-metadata.json")
    reached, waiting = set(), ["./"]
    while waiting:
        parts = [part["@id"] for part in crate[waiting.pop()].get("hasPart", [])]
        reached |= set(parts)
        waiting += parts
    files = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    # Written after the metadata: they lie in folders that are described.
    later = {"custody/export.json", "checkpoints/18.note", "ro-crate-metadata.json"}
    described = {one for one in reached if crate[one]["@type"] == "File"}
    assert described == files - later
    assert {"custody/", "checkpoints/"} <= reached
    for name in described:
        content = (data / name).read_bytes()
        assert crate[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert crate[name]["contentSize"] == str(len(content))
        assert crate[name]["encodingFormat"]
        assert crate[name]["description"]


def test_every_act_is_an_action_with_a_provenance_record(data: Path) -> None:
    case = graph(data / "provenance.jsonld")
    actions = [one for one in case.values() if one["@type"] == "case-investigation:InvestigativeAction"]
    assert [one["uco-core:name"] for one in actions] == [*["enrolled"] * 2, "collected", "read", "read", "exported"]
    for action in actions:
        results = [case[one["@id"]]["@type"] for one in action["uco-action:result"]]
        assert "case-investigation:ProvenanceRecord" in results
        assert action["uco-action:performer"]["@id"] in case
        assert action["uco-action:startTime"]["@type"] == "xsd:dateTime"
    by_nobody = [case[one["uco-action:performer"]["@id"]]["@type"] for one in actions if one["uco-core:name"] == "read"]
    assert by_nobody == ["uco-identity:Organization"] * 2


def test_what_was_collected_is_the_file_the_ledger_names(data: Path) -> None:
    case = graph(data / "provenance.jsonld")
    collected = next(one for one in case.values() if one.get("uco-core:name") == "collected")
    assert [case[one["@id"]]["uco-core:name"] for one in collected["uco-action:object"]] == [MAIL]
    files = [one for one in case.values() if one["@type"] == "uco-observable:File"]
    assert {MAIL, EVTX, "data/records.jsonl", "data/index.html"} <= {one["uco-core:name"] for one in files}


def test_each_thing_has_an_identifier_of_its_own_that_ends_in_a_uuid(data: Path) -> None:
    document = json.loads((data / "provenance.jsonld").read_bytes())
    case = graph(data / "provenance.jsonld")
    assert document["@context"]["kb"] == "urn:uuid:"
    inner = [facet for one in case.values() for facet in one.get("uco-core:hasFacet", [])]
    ids = [*case, *(facet["@id"] for facet in inner)]
    assert len(set(ids)) == len(ids)
    assert all(
        re.fullmatch(r"kb:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", id_) for id_ in ids
    )
    assert set(references(list(case.values()))) <= set(case)


def test_every_term_is_of_a_vocabulary_that_is_declared(data: Path) -> None:
    document = json.loads((data / "provenance.jsonld").read_bytes())

    def terms(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (key for key in value if not key.startswith("@"))
            if isinstance(value.get("@type"), str):
                yield value["@type"]
            for part in value.values():
                yield from terms(part)
        elif isinstance(value, list):
            for part in value:
                yield from terms(part)

    assert {term.split(":")[0] for term in terms(document["@graph"])} <= set(document["@context"])
