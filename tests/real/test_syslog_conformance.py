"""Syslog against the expectations of three other projects: headers, who, from where, when, and whether it failed.

The figures are of lines, one by one. What fail2ban decides from several lines of one connection is not decided here.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Head
from tocsin.collect.sources.syslog import SOURCE
from tocsin.collect.sources.syslog.header import FACILITIES, SEVERITIES, time_of_year
from tocsin.model.identity import canonical_address
from tocsin.model.instant import format_time
from tocsin.model.record import Record

pytestmark = pytest.mark.real

# Messages of the programs this source knows; the others are of applications.
_KNOWN_PARSERS = (
    "sshd-logs",
    "dovecot-logs",
    "wireguard-logs",
    "opnsense-gui-logs",
    "pfsense-gui-logs",
    "synology-dsm-logs",
)
_PLACES = {
    'Parsed["program"]': "program",
    'Parsed["pid"]': "pid",
    'Parsed["message"]': "message",
    'Meta["machine"]': "host",
    'Parsed["timestamp"]': "time",
    'Parsed["timestamp8601"]': "time",
    'Parsed["syslog_priority"]': "priority",
    'Parsed["seq_id"]': "meta.sequenceId",
    'Meta["source_ip"]': "src_endpoint.ip",
    'Parsed["sshd_client_ip"]': "src_endpoint.ip",
    'Parsed["dovecot_remote_ip"]': "src_endpoint.ip",
    'Meta["user"]': "user.name",
    'Meta["target_user"]': "user.name",
    'Parsed["sshd_invalid_user"]': "user.name",
    'Parsed["dovecot_user"]': "user.name",
}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "parser_conformance"
    if not folder.is_dir():
        pytest.skip(f"the parser conformance set is not at {folder}")
    return folder


def records(data: bytes) -> list[Any]:
    return list(SOURCE.records(data, b"", 0))


def _cases(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text("utf-8").splitlines():
        yield json.loads(line)


def _figures(folder: Path, service: str) -> Counter[str]:
    count: Counter[str] = Counter()
    for case in _cases(folder / "fail2ban_filters" / "cases.jsonl"):
        if case["service"] != service:
            continue
        (record,) = records(case["raw"].encode())
        assert isinstance(record, Record)
        event = SOURCE.map(record).event
        failed = event.get("status") == "failure"
        count["right" if failed == case["is_failed_access"] else "missed" if case["is_failed_access"] else "false"] += 1
        if not case["is_failed_access"]:
            continue
        if case["host"]:
            count["host" if event.get("src_endpoint.ip") == canonical_address(case["host"]) else "other_host"] += 1
        if case["user"]:
            count["user" if event.get("user.name") == case["user"].lower() else "other_user"] += 1
        if case["time"] and (text := event.get("metadata.original_time")):
            time = event["time"] if event["time"] is not None else time_of_year(text, int(case["time"][:4]))
            assert time is not None
            assert format_time(time)[:19] == case["time"]
            count["time"] += 1
    return count


@pytest.mark.parametrize(
    ("service", "right", "missed", "false", "host"),
    [("sshd", 136, 3, 16, 97), ("openvpn", 8, 0, 0, 8), ("softethervpn", 2, 0, 0, 2), ("pam-generic", 8, 0, 1, 8),
     ("proftpd", 10, 0, 0, 10), ("pure-ftpd", 1, 0, 0, 1), ("sshd-journal", 111, 5, 13, 77)],
)  # fmt: skip
def test_failed_access_as_fail2ban_tells_it(
    folder: Path, service: str, right: int, missed: int, false: int, host: int
) -> None:
    count = _figures(folder, service)
    assert count["right"] >= right
    assert count["missed"] <= missed  # lines that only others of the same connection make a failure
    assert count["false"] <= false  # failures that a later success of the same connection makes forgotten
    assert count["host"] >= host
    assert count["other_user"] == 0


def _logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    tests = {case["log"]: case for case in _cases(folder / "crowdsec_hub" / "tests.jsonl")}
    with zipfile.ZipFile(folder / "crowdsec_hub" / "logs.zip") as archive:
        for name in archive.namelist():
            if name in tests and tests[name]["log_type"] == "syslog":
                yield tests[name]["test"], archive.read(name)


def _value(record: Record, place: str) -> str | None:
    header = record.native["header"]
    if place == "time":
        return record.data.decode()
    if place == "priority":
        return str(FACILITIES.index(header.facility) * 8 + SEVERITIES.index(header.severity))
    if "." in place and place != "meta.sequenceId":
        value: str | None = SOURCE.map(record).event.get(place)
        return value
    found: str | None = record.fields.get(place)
    return found


def test_headers_and_messages_as_crowdsec_expects_them(folder: Path) -> None:
    read = {test: records(data) for test, data in _logs(folder)}
    count: Counter[tuple[str, bool]] = Counter()
    with gzip.open(folder / "crowdsec_hub" / "expected_fields.jsonl.gz", "rt", encoding="utf-8") as lines:
        for text in lines:
            case = json.loads(text)
            place = _PLACES.get(case["field"])
            parser = case["parser"].partition("/")[2]
            header = parser == "syslog-logs"
            if case["test"] not in read or place is None or not (header or parser in _KNOWN_PARSERS):
                continue
            record = read[case["test"]][case["line"]]
            assert isinstance(record, Record)
            expected, found = str(case["expected"]), _value(record, place) or ""
            if place == "time":
                right = expected in found
            elif place == "src_endpoint.ip":
                right = found == canonical_address(expected)
            else:
                right = found == (expected.lower() if place == "user.name" else expected)
            count["header" if header else "message", right] += 1
    assert count["header", True] == 789
    assert count["header", False] == 0
    assert count["message", True] >= 455
    assert count["message", False] <= 2  # an address dovecot gives in a form of its own


def test_these_logs_are_all_recognised_as_syslog(folder: Path) -> None:
    certain = {test: SOURCE.recognises(Head(data[:65_536], len(data), "")) for test, data in _logs(folder)}
    unsure = {test for test, sure in certain.items() if sure < 0.5}
    assert unsure == {"fastly-logs", "opensearch-dashboard-bf", "opensearch-dashboard-logs"}  # JSON behind a header


def test_lines_of_ossec_rules_say_something(folder: Path) -> None:
    """Lines that a rule of level 5 or more is written for, of the programs this source knows."""
    known = ("sshd", "macos-sshd", "openvpn_ldap", "sudo", "su", "pam", "dropbear", "doas")
    mute = []
    count = 0
    for case in _cases(folder / "ossec_wazuh_rules" / "cases.jsonl"):
        if case["file"] in known and int(case["level"]) >= 5 and case["must"] == "pass":
            (record,) = records(case["raw"].encode())
            count += 1
            if "activity_name" not in SOURCE.map(record).event:
                mute.append(case["raw"])
    assert (count, mute) == (22, [])
