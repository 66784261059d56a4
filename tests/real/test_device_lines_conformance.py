"""Public lines of proxies, firewalls and collectors: all are read, with the address and time they name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Source
from tocsin.collect.sources.cef import SOURCE as CEF
from tocsin.collect.sources.firewall_key_value import SOURCE as FIREWALL
from tocsin.collect.sources.leef import SOURCE as LEEF
from tocsin.collect.sources.squid_access import SOURCE as SQUID
from tocsin.model.instant import format_time
from tocsin.model.record import Record

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "parser_conformance"
    if not folder.is_dir():
        pytest.skip(f"the conformance set is not at {folder}")
    return folder


def _cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _read(source: Source, lines: list[str]) -> list[Record]:
    found = list(source.records("\n".join(lines).encode(), b"", 0))
    return [one for one in found if isinstance(one, Record)]


def test_denied_by_squid(folder: Path) -> None:
    cases = [case for case in _cases(folder / "fail2ban_filters" / "cases.jsonl") if case["service"] == "squid"]
    events = [SQUID.map(one).event for one in _read(SQUID, [case["raw"] for case in cases])]
    assert len(events) == len(cases) == 4
    assert [event["src_endpoint.ip"] for event in events] == [case["host"] for case in cases]
    assert [event["status"] for event in events] == ["failure"] * 4


@pytest.mark.parametrize(
    ("name", "source", "read"),
    [
        ("SonicWall", FIREWALL, 8),
        ("checkpoint_smart1", FIREWALL, 4),  # the other four are shortened to their action
        ("panda_paps", LEEF, 3),
        ("squid_rules", SQUID, 1),
    ],
)
def test_lines_of_devices(folder: Path, name: str, source: Source, read: int) -> None:
    cases = [case for case in _cases(folder / "ossec_wazuh_rules" / "cases.jsonl") if case["file"] == name]
    found = _read(source, [case["raw"] for case in cases])
    assert len(found) == read
    assert all(source.map(one).event["time"] is not None for one in found)


def test_packets_of_a_virtual_machine_host(folder: Path) -> None:
    with zipfile.ZipFile(folder / "crowdsec_hub" / "logs.zip") as archive:
        data = archive.read("proxmox-iptables-logs/proxmox-iptables.log")
    found = list(FIREWALL.records(data, b"", 0))
    events = [FIREWALL.map(one).event for one in found if isinstance(one, Record)]
    assert len(events) == len(found) == 10
    assert format_time(events[0]["time"]) == "2022-06-20T11:09:14Z"
    assert events[1]["activity_name"] == "ACCEPT"


def test_cef_of_a_gateway(folder: Path) -> None:
    with zipfile.ZipFile(folder / "crowdsec_hub" / "logs.zip") as archive:
        data = archive.read("cef-logs/cef-logs.log")
    found = list(CEF.records(data, b"", 0))
    events = [CEF.map(one).event for one in found if isinstance(one, Record)]
    assert len(events) == len(found) == 4
    assert {event["metadata.log_name"] for event in events} == {"UniFi Network"}
    assert format_time(events[0]["time"]) == "2025-09-04T08:32:58.445Z"
