"""SigmaHQ's own regression cases and an independent engine's matches, with all of SigmaHQ's rules."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect import sources
from tocsin.collect.source import all_sources
from tocsin.collect.sources.windows_evtx import SOURCE
from tocsin.collect.sources.windows_evtx.fields import event_fields
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import CompiledRules, compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap, read_logsource_map
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.record import Record

pytestmark = pytest.mark.real

CASES = "sigma/regression/cases.zip"

# Pairs the independent engine finds and ours must not, each looked at in the event.
NOT_OURS = {
    # RelativeTargetName is `NETLOGON`; the rule leaves out `netlogon`, and the other engine compares with case.
    ("Discovery/discovery_bloodhound.evtx", "52d8b0c6-53d6-439a-9e41-52ad442ad9ad"),
}


def _maps() -> list[LogSourceMap]:
    folder = Path(sources.__path__[0])
    texts = [(source, folder / source.name / "logsources.toml") for source in all_sources()]
    return [
        read_logsource_map(source.name, source.log_fields, path.read_text(encoding="utf-8"))
        for source, path in texts
        if path.is_file()
    ]


@pytest.fixture(scope="module")
def compiled(real_data: Path) -> CompiledRules:
    (archive,) = (real_data / "sigma" / "rules").glob("*.zip")
    return compile_rules(load_rules([archive]), _maps())


@pytest.fixture(scope="module")
def matcher(compiled: CompiledRules) -> Matcher:
    return Matcher(compiled, SOURCE.name)


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[dict[str, Any]]:
    text = (real_data / "sigma/regression/expected.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _records(data: bytes) -> list[Record]:
    return [item for item in SOURCE.records(data, data[:4096], 4096) if isinstance(item, Record)]


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
                found = _found(matcher, _records(data) if suffix == ".evtx" else [_record(one) for one in documents])
                seen += 1
                neighbours += len(found - wanted)
                if not wanted <= found:
                    missed.append((file, sorted(wanted - found)))
    assert (seen, missed) == (120, [])
    assert neighbours == 82, "rules beside the expected one: neither right nor wrong, but not to drift unseen"


def test_every_difference_to_an_independent_engine_is_known(
    real_data: Path, matcher: Matcher, compiled: CompiledRules
) -> None:
    path = real_data / "sigma/peer_engine/pysigma_sqlite_matches.jsonl.gz"
    theirs = set()
    for line in gzip.decompress(path.read_bytes()).splitlines():
        pair = json.loads(line)
        theirs.add((pair["file"], pair["rule_id"]))
    ours = set()
    archives = [*sorted((real_data / "evtx_attack_samples").glob("*.zip")), real_data / CASES]
    for archive in map(zipfile.ZipFile, archives):
        for name in sorted(archive.namelist()):
            if name.endswith(".evtx"):
                ours |= {(name, rule) for rule in _found(matcher, _records(archive.read(name)))}
    assert theirs - ours == NOT_OURS
    assert len(theirs & ours) / len(theirs | ours) > 0.94, Counter(rule for _, rule in ours - theirs).most_common(9)


def test_every_rule_is_accounted_for(real_data: Path, compiled: CompiledRules) -> None:
    assert len(compiled.infos) + len(compiled.failed) == 3780
    assert {one.reason.split(" %")[0] for one in compiled.failed} == {"no values are configured for the placeholder"}
    sysmon = ("Microsoft-Windows-Sysmon/Operational", "1", "Microsoft-Windows-Sysmon")
    found = account(compiled, {SOURCE.name: {sysmon}})
    assert found.loaded == found.operable + len(found.blind) == len(compiled.infos)
    assert all(one.reason for one in found.blind)
    assert found.operable > 1300
