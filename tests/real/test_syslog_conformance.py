"""Syslog against the expectations of three other projects: headers, who, from where, when, and whether it failed.

The figures are of lines, one by one. What fail2ban decides from several lines of one connection is not decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from benchmarks.measures.conformance import crowdsec, fail2ban

from tocsin.collect.source import Head
from tocsin.collect.sources.syslog import SOURCE

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "parser_conformance"
    if not folder.is_dir():
        pytest.skip(f"the parser conformance set is not at {folder}")
    return folder


def records(data: bytes) -> list[Any]:
    return list(SOURCE.records(data, b"", 0))


@pytest.fixture(scope="module")
def services(folder: Path) -> dict[str, fail2ban.Service]:
    return {service.name: service for service in fail2ban.measure(folder.parent)}


@pytest.mark.parametrize(
    ("service", "right", "missed", "false", "host"),
    [("sshd", 136, 3, 16, 94), ("openvpn", 8, 0, 0, 8), ("softethervpn", 2, 0, 0, 2), ("pam-generic", 8, 0, 1, 8),
     ("proftpd", 10, 0, 0, 10), ("pure-ftpd", 1, 0, 0, 1), ("sshd-journal", 111, 5, 13, 75), ("squid", 4, 0, 0, 4)],
)  # fmt: skip
def test_failed_access_as_fail2ban_tells_it(
    services: dict[str, fail2ban.Service], service: str, right: int, missed: int, false: int, host: int
) -> None:
    found = services[service]
    assert found.told + found.others - found.false >= right
    assert found.failed - found.told <= missed  # lines that only others of the same connection make a failure
    assert found.false <= false  # failures that a later success of the same connection makes forgotten
    assert found.host >= host
    assert found.other_user == found.other_host == 0
    assert found.time == found.times


def test_headers_and_messages_as_crowdsec_expects_them(folder: Path) -> None:
    figures = crowdsec.measure(folder.parent)
    assert figures.header == (789, 0)
    assert figures.message[0] >= 455
    assert figures.message[1] <= 2  # an address dovecot gives in a form of its own
    # The four missed are two lines of LiteSpeed's error log, which are no requests.
    assert figures.web == (913, 4)
    assert {test for test, _ in figures.missed} <= {"dovecot-logs", "litespeed-logs"}


def test_these_logs_are_all_recognised_as_syslog(folder: Path) -> None:
    certain = {
        test: SOURCE.recognises(Head(data[:65_536], len(data), ""))
        for test, data in crowdsec.syslog_logs(folder / "crowdsec_hub")
    }
    unsure = {test for test, sure in certain.items() if sure < 0.5}
    assert unsure == {"fastly-logs", "opensearch-dashboard-bf", "opensearch-dashboard-logs"}  # JSON behind a header


def test_lines_of_ossec_rules_say_something(folder: Path) -> None:
    """Lines that a rule of level 5 or more is written for, of the programs this source knows."""
    known = ("sshd", "macos-sshd", "openvpn_ldap", "sudo", "su", "pam", "dropbear", "doas")
    mute = []
    count = 0
    for case in crowdsec.lines(folder / "ossec_wazuh_rules" / "cases.jsonl"):
        if case["file"] in known and int(case["level"]) >= 5 and case["must"] == "pass":
            (record,) = records(case["raw"].encode())
            count += 1
            if "activity_name" not in SOURCE.map(record).event:
                mute.append(case["raw"])
    assert (count, mute) == (22, [])
