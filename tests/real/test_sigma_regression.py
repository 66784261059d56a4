"""SigmaHQ's own regression cases and an independent engine's matches, with all of SigmaHQ's rules."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.measures.peer_engine import CASES, NOT_OURS, NOT_THEIRS, compiled_rules, measure, records_of

from tocsin.collect.sources.windows_evtx import SOURCE
from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.model.record import Record

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def compiled(real_data: Path) -> CompiledRules:
    return compiled_rules(real_data)


@pytest.fixture(scope="module")
def matcher(compiled: CompiledRules) -> Matcher:
    return Matcher(compiled, SOURCE.name)


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[dict[str, Any]]:
    text = (real_data / "sigma/regression/expected.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _record(document: dict[str, Any]) -> Record:
    log, fields = event_fields(document.get("Event", document))
    return Record(0, 0, b"", log, fields, document)


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Every event of a text that holds one, a list, or several after one another."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at] in " \r\n\t,":
            at += 1
            continue
        found, at = decoder.raw_decode(text, at)
        yield from found if isinstance(found, list) else [found]


def _found(matcher: Matcher, records: list[Record]) -> set[str]:
    return {match.rule for match in matcher.match(records)}


@pytest.mark.parametrize("suffix", [".evtx", ".json"])
def test_every_case_fires_its_rule(real_data: Path, matcher: Matcher, cases: list[dict[str, Any]], suffix: str) -> None:
    missed, seen, neighbours = [], 0, 0
    with zipfile.ZipFile(real_data / CASES) as archive:
        for case in cases:
            wanted = set(case["expected_rule_ids"])
            for file in (one["file"] for one in case["files"] if one["file"].endswith(suffix)):
                data = archive.read(file)
                documents = [] if suffix == ".evtx" else list(_documents(data.decode("utf-8-sig")))
                found = _found(matcher, records_of(data) if suffix == ".evtx" else [_record(one) for one in documents])
                seen += 1
                neighbours += len(found - wanted)
                if not wanted <= found:
                    missed.append((file, sorted(wanted - found)))
    assert (seen, missed) == (120, [])
    assert neighbours == 80, "rules beside the expected one: neither right nor wrong, but not to drift unseen"


def test_every_difference_to_an_independent_engine_is_known(real_data: Path, compiled: CompiledRules) -> None:
    figures = measure(real_data, compiled)
    assert figures.theirs == NOT_OURS.keys()
    assert {rule for _, rule in figures.ours} == NOT_THEIRS.keys()
    assert figures.share > 0.94
    for rule, (_, field) in NOT_THEIRS.items():
        assert not field or field in {name for name, _, _ in figures.events[rule].matched}


def test_every_rule_is_accounted_for(real_data: Path, compiled: CompiledRules) -> None:
    assert len(compiled.infos) + len(compiled.failed) == 3780
    assert {one.reason.split(" %")[0] for one in compiled.failed} == {"no values are configured for the placeholder"}
    sysmon = ("Microsoft-Windows-Sysmon/Operational", "1", "Microsoft-Windows-Sysmon")
    found = account(compiled, {SOURCE.name: {sysmon: None}})
    assert found.loaded == found.operable + len(found.blind) == len(compiled.infos)
    assert all(one.reason for one in found.blind)
    assert found.operable > 1300
