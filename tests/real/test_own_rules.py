"""Our own rules alone on public data: what of attacks they hit, and how quiet they are on everything else."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.rules.own_rules import RULES, compiled_rules, loaded_rules, shown_correlations

from tocsin.collect.source import HEAD_BYTES, Coalescing, Head, all_sources
from tocsin.detect.sigma.match import Matcher
from tocsin.model.record import Record

pytestmark = pytest.mark.real

LABELLED = "cloud_saas_labelled_events/events.jsonl.gz"
SETS = (  # of Windows events, each one technique on a lab domain with the domain's own noise
    "cmd_dumping_ntds_dit_file_ntdsutil",
    "cmd_wevtutil_modify_security_eventlog_path",
    "covenant_dcsync_dcerpc_drsuapi_DsGetNCChanges",
    "empire_mimikatz_logonpasswords",
    "empire_over_pth_patch_lsass",
    "empire_shell_dcerpc_smb_service_dll_hijack",
    "empire_shell_net_local_users",
    "empire_shell_reg_dump_sam",
    "proxylogon_ssrf_rce_poc",
    "psh_lsass_memory_dump_comsvcs",
    "rdp_interactive_taskmanager_lsass_dump",
    "reg_stop_event_logging_controlset_minint_key",
)


@cache
def _names() -> dict[str, str]:
    return {rule.info.id: path.relative_to(RULES).with_suffix("").as_posix() for path, rule in loaded_rules().items()}


@cache
def _matcher(source: str) -> Matcher:
    return Matcher(compiled_rules(), source)


def _hits(data: bytes, name: str) -> tuple[int, Counter[str]]:
    """Records read, and hits by rule; nothing is read of what no source knows."""
    head = Head(data[:HEAD_BYTES], len(data), name)
    source = max(all_sources(), key=lambda source: source.recognises(head))
    if not source.recognises(head):
        return 0, Counter()
    start = source.preamble(head)
    records = [one for one in source.records(data, data[:start], start) if isinstance(one, Record)]
    if isinstance(source, Coalescing):
        records = [record for event in source.coalesce(records) for record in event.seen]
    matches = _matcher(source.name).match(records)
    # What correlations count is no hit by itself.
    return len(records), Counter(_names()[match.rule] for match in matches if match.rule in _names())


def _archived(path: Path) -> dict[str, tuple[int, Counter[str]]]:
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX" not in name]
        return {name: _hits(archive.read(name), name) for name in members}


def test_every_technique_exists_and_is_of_the_tactics_named(real_data: Path) -> None:
    known = json.loads(gzip.decompress((real_data / "attack_knowledge/attack_enterprise_reduced.json.gz").read_bytes()))
    tactics = {technique["id"]: set(technique["tactics"]) for technique in known["techniques"]}
    infos = {path: rule.info for path, rule in loaded_rules().items()}
    infos |= {path: rule.info for path, rule in shown_correlations().items()}
    for path, info in infos.items():
        assert info.techniques
        possible = set().union(*(tactics[technique] for technique in info.techniques))
        # Forwarding of mail is tagged with what it is for beside what ATT&CK has it under.
        beyond = set(info.tactics) - possible
        assert not beyond or (path.parent.name, beyond) == ("m365", {"exfiltration"}), path


def test_half_of_what_should_alert_in_the_directory_does_and_near_misses_rarely_do(real_data: Path) -> None:
    found: Counter[tuple[str, bool, bool]] = Counter()
    with gzip.open(real_data / LABELLED, "rt", encoding="utf-8") as lines:
        for case in map(json.loads, lines):
            if case["log_type"] in ("AWS.CloudTrail", "Azure.Audit"):
                _, hits = _hits(json.dumps(case["event"]).encode() + b"\n", "event.json")
                found[case["log_type"], case["should_alert"], bool(hits)] += 1
    # Half of the cases of CloudTrail are of lookups and settings that are nobody's alarm by themselves.
    assert found["AWS.CloudTrail", True, True] >= 50
    assert found["AWS.CloudTrail", False, True] <= 8
    assert found["Azure.Audit", True, True] >= 7
    assert found["Azure.Audit", False, True] <= 1


def test_attacks_on_a_cloud_account_are_hit(real_data: Path) -> None:
    found = _archived(real_data / "cloudtrail/stratus_detonations.zip")
    assert sum(bool(hits) for _, hits in found.values()) >= 14
    assert len(found) == 21


def test_attacks_on_a_domain_are_hit_and_its_noise_is_not(real_data: Path) -> None:
    records, hits, silent = 0, Counter[str](), []
    for name in SETS:
        for read, some in _archived(real_data / f"otrf_mordor/atomic/{name}.zip").values():
            records, hits = records + read, hits + some
            if not some:
                silent.append(name)
    assert records > 80_000
    assert silent == ["empire_shell_net_local_users"]
    assert hits.total() / records < 5 / 10_000
    assert hits["windows/share_read_as_machine"] <= 2


def test_ordinary_work_of_a_linux_server_is_silent(real_data: Path) -> None:
    path = real_data / "benign_and_mixed_samples/msticpy/auditd_log.txt.gz"
    records, hits = _hits(gzip.decompress(path.read_bytes()), path.name)
    assert records > 1_700
    assert hits == {}


def test_ordinary_traffic_is_silent(real_data: Path) -> None:
    path = real_data / "otrf_mordor/apt29_zeek/apt29_day1_zeek_combined.json.gz"
    records, hits = _hits(gzip.decompress(path.read_bytes()), path.name)
    assert records > 2_000
    assert hits == {}


def test_web_logs_of_many_servers_give_hits_where_something_was_got(real_data: Path) -> None:
    found: dict[str, Any] = {}
    for name, (_, hits) in _archived(real_data / "parser_conformance/crowdsec_hub/logs.zip").items():
        web = {rule: count for rule, count in hits.items() if rule.startswith("web/")}
        if web:
            found[name.partition("/")[0].removesuffix(".log")] = web
    assert found == {
        "CVE-2017-9841": {"web/upload_component_abused": 1},
        "apache_log4j2_cve-2021-44228": {"web/directory_lookup_in_request": 1},
        "cve-2021-42013": {"web/path_traversal_answered": 1},
        "envoy-http-bad-user-agent": {"web/scanner_answered": 1},
        "f5-big-ip-cve-2020-5902": {"web/command_in_request": 2},
        "pulse-secure-sslvpn-cve-2019-11510": {"web/path_traversal_answered": 2},
        "traefik_clf": {"web/scanner_answered": 3},
    }
