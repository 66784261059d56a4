"""SigmaHQ's own regression cases and an independent engine's matches, with all of SigmaHQ's rules."""

from __future__ import annotations

import gzip
import json
import zipfile
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
# Rules that ours finds where the independent engine does not, and what the event and the rule show as the cause.
NOT_THEIRS = {
    "06d71506-7beb-4f22-8888-e2e5e2ca7fd8": "keywords",
    "0b7889b4-5577-4521-a60a-3376ee7f9f7b": "keywords",
    "4e64668a-4da1-49f5-a8df-9e2d5b866718": "keywords",
    "4fe151c2-ecf9-4fae-95ae-b88ec9c2fca6": "keywords",
    "0dba975d-a193-4ed1-a067-424df57570d1": "boolean: Initiated",
    "1f21ec3f-810d-4b0e-8045-322202e22b4b": "boolean: Initiated",
    "c7e91a02-d771-4a6d-a700-42587e0b1095": "boolean: Initiated",
    "cdc8da7d-c303-42f8-b08c-b4ab47230263": "boolean: Initiated",
    "ed74fe75-7594-4b4b-ae38-e38e3fd2eb23": "boolean: Initiated",
    "16f5d8ca-44bd-47c8-acbe-6fc95a16c12f": "number: LogonType",
    "192a0330-c20b-4356-90b6-7b7049ae0b87": "number: LogonType",
    "72124974-a68b-4366-b990-d30e0b2a190d": "number: LogonType",
    "8eef149c-bd26-49f2-9e5a-9b00e3af499b": "number: LogonType",
    "def8b624-e08f-4ae1-8612-1ba21190da6b": "number: LogonType",
    "3e2f1b2c-4d5e-11ee-be56-0242ac120002": "number: PreAuthType",
    "2c99737c-585d-4431-b61a-c911d86ff32f": "case: nTSecurityDescriptor",
    "a24e5861-c6ca-4fde-a93c-ba9256feddf0": "case: 0x1fffff",
    "dae8171c-5ec6-4396-b210-8466585b53e9": "case: ServicesActive",
    "224f140f-3553-4cd1-af78-13d81bf9f7cc": "log source: IntegrityLevel of Security 4688",
    "3037d961-21e9-4732-b27a-637bcc7bf539": "log source: IntegrityLevel of Security 4688",
    "dcdbc940-0bff-46b2-95f3-2d73f848e33b": "log source: IntegrityLevel of Security 4688",
    "78cc2dd2-7d20-4d32-93ff-057084c38b93": "log source: antivirus",
    "fa0c05b6-8ad3-468d-8231-c1cbccb64fba": "log source: antivirus",
    "beaa66d6-aa1b-4e3c-80f5-e0145369bfaf": "pattern with brackets (its own regression case)",
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
    assert neighbours == 80, "rules beside the expected one: neither right nor wrong, but not to drift unseen"


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
    assert {rule for _, rule in ours - theirs} == NOT_THEIRS.keys()
    assert len(theirs & ours) / len(theirs | ours) > 0.94


def test_every_rule_is_accounted_for(real_data: Path, compiled: CompiledRules) -> None:
    assert len(compiled.infos) + len(compiled.failed) == 3780
    assert {one.reason.split(" %")[0] for one in compiled.failed} == {"no values are configured for the placeholder"}
    sysmon = ("Microsoft-Windows-Sysmon/Operational", "1", "Microsoft-Windows-Sysmon")
    found = account(compiled, {SOURCE.name: {sysmon: None}})
    assert found.loaded == found.operable + len(found.blind) == len(compiled.infos)
    assert all(one.reason for one in found.blind)
    assert found.operable > 1300
