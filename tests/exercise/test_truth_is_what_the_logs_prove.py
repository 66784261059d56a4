"""The truth agrees with the audit semantics: what the forged sessions' records prove is what the truth lists."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tocsin.collect.source import HEAD_BYTES, Head, source_named
from tocsin.model.exposure import Degree
from tocsin.model.record import Record

from .played import Played

_DEGREES = list(Degree)


def _tenant_accesses(quiet_reader: Played) -> Iterator[tuple[tuple[str, str, str], str, str | None]]:
    source = source_named("m365_unified_audit")
    for path in sorted((quiet_reader.folder / "logs" / "m365").iterdir()):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        start = source.preamble(Head(data[:HEAD_BYTES], len(data), path.name))
        for record in source.records(data, data[:start], start):
            assert isinstance(record, Record)
            for access in source.map(record).accesses:
                yield (access["kind"], access["holding"], access["actor"]), access["degree"], access["session"]


def test_holdings_and_degrees_are_those_of_the_forged_sessions(quiet_reader: Played) -> None:
    forged = {session["id"] for session in quiet_reader.truth["compromised"]["sessions"]}
    proven: dict[tuple[str, str, str], str] = {}
    for holding, degree, session in _tenant_accesses(quiet_reader):
        if session in forged:
            proven[holding] = max(proven.get(holding, degree), degree, key=lambda name: _DEGREES.index(Degree(name)))
    true = {(item["kind"], item["holding"], item["actor"]): item["degree"] for item in quiet_reader.truth["holdings"]}
    assert proven == true
