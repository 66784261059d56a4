"""The truth agrees with the audit semantics: what the intruder's sessions' records prove is what the truth lists."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import HEAD_BYTES, Head, all_sources
from tocsin.model.exposure import Degree
from tocsin.model.record import Record

from .played import Played

_DEGREES = list(Degree)


def _accesses(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entry and the accesses of each record, as the source that recognises the file maps them."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    head = Head(data[:HEAD_BYTES], len(data), path.name)
    source = max(all_sources(), key=lambda source: source.recognises(head))
    start = source.preamble(head)
    for entry, record in enumerate(source.records(data, data[:start], start)):
        assert isinstance(record, Record)
        for access in source.map(record).accesses:
            yield entry, dict(access)


@pytest.mark.parametrize("case", ["quiet_reader", "paper_trail"])
def test_holdings_and_degrees_are_those_of_the_intruders_sessions(case: str, request: pytest.FixtureRequest) -> None:
    played: Played = request.getfixturevalue(case)
    sessions = {session["id"].lower() for session in played.truth["compromised"]["sessions"]}
    proven: dict[tuple[str, str, str], str] = {}
    places: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
    for path in sorted(
        path for path in (played.folder / "logs").rglob("*") if path.is_file() and path.name != "acquisition.yaml"
    ):
        for entry, access in _accesses(path):
            if (access["session"] or "").lower() in sessions:
                holding = access["kind"], access["holding"].lower(), access["actor"].lower()
                degree = access["degree"]
                proven[holding] = max(
                    proven.get(holding, degree), degree, key=lambda name: _DEGREES.index(Degree(name))
                )
                places.setdefault(holding, set()).add((path.relative_to(played.folder).as_posix(), entry))
    true = {(item["kind"], item["holding"].lower(), item["actor"].lower()): item for item in played.truth["holdings"]}
    assert proven == {name: item["proven"] for name, item in true.items() if item["proven"]}
    assert places == {
        name: {(place["file"], place["entry"]) for place in item["records"]}
        for name, item in true.items()
        if item["proven"]
    }
