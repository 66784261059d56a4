"""Fields another project's tests expect of raw lines: headers and messages of syslog, and requests of web servers."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measures.attack_samples import RULES
from benchmarks.measures.product import ask
from tocsin.collect.source import Head
from tocsin.collect.sources.syslog import SOURCE as SYSLOG
from tocsin.collect.sources.syslog.header import FACILITIES, SEVERITIES
from tocsin.collect.sources.web_access import SOURCE as WEB
from tocsin.model.identity import canonical_address
from tocsin.model.record import Record

FOLDER = "parser_conformance/crowdsec_hub"

# Messages of the programs the syslog source knows; the others are of applications.
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
_WEB_PARSERS = (
    "nginx-logs",
    "apache2-logs",
    "caddy-logs",
    "traefik-logs",
    "envoy-logs",
    "bunkerweb-logs",
    "litespeed-logs",
)
_WEB_NAMES = {
    'Parsed["verb"]': "cs-method",
    'Parsed["request"]': "cs-uri",
    'Parsed["rawrequest"]': "cs-uri",
    'Parsed["status"]': "sc-status",
    'Parsed["response"]': "sc-status",
    'Parsed["remote_addr"]': "c-ip",
    'Parsed["clientip"]': "c-ip",
    'Parsed["http_user_agent"]': "cs(User-Agent)",
    'Parsed["http_version"]': "cs-version",
    'Parsed["http_referer"]': "cs(Referer)",
    'Parsed["referrer"]': "cs(Referer)",
    'Parsed["body_bytes_sent"]': "sc-bytes",
    'Parsed["bytes"]': "sc-bytes",
    'Parsed["remote_user"]': "cs-username",
    'Parsed["auth"]': "cs-username",
    'Parsed["target_fqdn"]': "cs-host",
    'Meta["http_status"]': "sc-status",
    'Meta["http_verb"]': "cs-method",
    'Meta["http_path"]': "cs-uri",
    'Meta["http_user_agent"]': "cs(User-Agent)",
    'Meta["source_ip"]': "c-ip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFigures:
    """Values reproduced and missed of each part, and what was missed as (test, field).

    expected            values there are
    own, unnamed        of them not compared: of the other project's own stages (dates parsed again, lists of the good),
                        and of lines we compare but under names without a counterpart here
    """

    expected: int
    own: int
    unnamed: int
    header: tuple[int, int]
    message: tuple[int, int]
    web: tuple[int, int]
    missed: tuple[tuple[str, str], ...]


def measure(data: Path) -> FieldFigures:
    """Compare every value both name."""
    folder = data / FOLDER
    tests = {case["test"]: case for case in lines(folder / "tests.jsonl")}
    with gzip.open(folder / "expected_fields.jsonl.gz", "rt", encoding="utf-8") as stream:
        expected = [json.loads(line) for line in stream]
    count: Counter[tuple[str, bool]] = Counter()
    missed: set[tuple[str, str]] = set()
    for part, test, name, right in (*_syslog(folder, expected), *_web(folder, tests, expected)):
        count[part, right] += 1
        if not right:
            missed.add((test, name))
    return FieldFigures(
        expected=len(expected),
        own=sum(_is_own(one["parser"]) for one in expected),
        unnamed=sum(_is_compared(one["parser"]) for one in expected) - count.total(),
        header=(count["header", True], count["header", False]),
        message=(count["message", True], count["message", False]),
        web=(count["web", True], count["web", False]),
        missed=tuple(sorted(missed)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    """Tests that expect alerts (brute force, probing, flaws of named programs), most of them decisions over several lines.

    read, noticed   those whose log a source reads, and those of whose log a finding is made
    counted         of the noticed, those that a correlation noticed
    lines           half of the tests have no more
    """

    tests: int
    lines: int
    read: int
    noticed: int
    counted: int


def measure_alerts(data: Path, scratch: Path) -> AlertFigures:
    """All of them in one investigation, with SigmaHQ's rules and ours, each log under the name of its test."""
    folder = data / FOLDER
    tests = [test for test in lines(folder / "tests.jsonl") if test["expected_alerts"]]
    logs = scratch / "crowdsec"
    logs.mkdir()
    with zipfile.ZipFile(folder / "logs.zip") as archive:
        for test in tests:
            (logs / f"{test['test']}.log").write_bytes(archive.read(test["log"]))
    answer, _ = ask(scratch, "investigate", logs, "--workspace", scratch / "alerts", "--rules", data / RULES)
    counting = {one["id"] for one in answer["accounting"]["correlations"]}
    places = [(place["input"], one["detector"]["id"]) for one in answer["findings"] for place in one["records"]]
    return AlertFigures(
        tests=len(tests),
        lines=int(median(test["lines"] for test in tests)),
        read=sum(each["stored"] > 0 for each in answer["accounting"]["inputs"]),
        noticed=len({path for path, _ in places}),
        counted=len({path for path, rule in places if rule in counting}),
    )


def _is_own(parser: str) -> bool:
    name = parser.partition("/")[2]
    return name in ("dateparse-enrich", "non-syslog", "http-logs") or name.endswith("-whitelist")


def _is_compared(parser: str) -> bool:
    return parser.partition("/")[2] in ("syslog-logs", *_KNOWN_PARSERS, *_WEB_PARSERS)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def syslog_logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and log of every test of syslog."""
    tests = {case["log"]: case for case in lines(folder / "tests.jsonl")}
    with zipfile.ZipFile(folder / "logs.zip") as archive:
        for name in archive.namelist():
            if name in tests and tests[name]["log_type"] == "syslog":
                yield tests[name]["test"], archive.read(name)


def _syslog(folder: Path, expected: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, bool]]:
    read = {test: list(SYSLOG.records(data, b"", 0)) for test, data in syslog_logs(folder)}
    for case in expected:
        place = _PLACES.get(case["field"])
        parser = case["parser"].partition("/")[2]
        is_header = parser == "syslog-logs"
        if case["test"] not in read or place is None or not (is_header or parser in _KNOWN_PARSERS):
            continue
        record = read[case["test"]][case["line"]]
        wanted, found = str(case["expected"]), _value(record, place) if isinstance(record, Record) else ""
        if place == "time":
            right = wanted in found
        elif place == "src_endpoint.ip":
            right = found == canonical_address(wanted)
        else:
            right = found == (wanted.lower() if place == "user.name" else wanted)
        yield "header" if is_header else "message", case["test"], case["field"], right


def _value(record: Record, place: str) -> str:
    header = record.native["header"]
    if place == "time":
        return record.data.decode()
    if place == "priority":
        return str(FACILITIES.index(header.facility) * 8 + SEVERITIES.index(header.severity))
    if "." in place and place != "meta.sequenceId":
        return str(SYSLOG.map(record).event.get(place) or "")
    return str(record.fields.get(place) or "")


def _web(
    folder: Path, tests: Mapping[str, Mapping[str, Any]], expected: list[dict[str, Any]]
) -> Iterator[tuple[str, str, str, bool]]:
    wanted: dict[str, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for one in expected:
        if one["parser"].rpartition("/")[2] in _WEB_PARSERS:
            wanted[one["test"]][one["line"]][one["field"]] = one["expected"]
    with zipfile.ZipFile(folder / "logs.zip") as archive:
        for test, numbers in wanted.items():
            data = archive.read(tests[test]["log"])
            preamble = data[: WEB.preamble(Head(data[:65_536], len(data), ""))]
            records = list(WEB.records(data, preamble, len(preamble)))
            for number, fields in numbers.items():
                record = records[number] if number < len(records) else None
                if fields.get("Success") is not True:
                    continue
                for name, value in fields.items():
                    if (field := _WEB_NAMES.get(name)) and value not in (None, ""):
                        found = record.fields.get(field) if isinstance(record, Record) else None
                        yield "web", test, name, _plain(found) == ("" if value == "-" else str(value))


def _plain(value: object) -> str:
    return "" if value is None else str(value).removeprefix("HTTP/")
