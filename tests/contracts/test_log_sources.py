"""Which rule runs on which log is data, and each entry of it is met by a log that is real or documented."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from sigma.pipelines.common import windows_logsource_mapping
from tests.contracts.test_sources import samples_of

from tocsin.collect.source import HEAD_BYTES, Coalescing, Head, source_named
from tocsin.detect.indicators.observable import JOINED
from tocsin.detect.sigma.logsource import LogSourceMap, passes
from tocsin.detect.sigma.value import fold
from tocsin.model.record import Record
from tocsin.ruleset.compiled import log_source_maps

MAPS = {one.source: one for one in log_source_maps()}
DOCUMENTED = tomllib.loads((Path(__file__).parent / "documented_logs.toml").read_text(encoding="utf-8"))
WHOLE = {"windows", "linux", "zeek"}  # log sources of a product without category or service

# Channels that ours has and the table of pySigma's Windows pipeline has not: older names, names without a space, and
# log sources that its table does not know.
OURS_TOO = {
    "dns-client": {"Microsoft-Windows-DNS-Client/Operational"},
    "microsoft-servicebus-client": {"Microsoft-ServiceBus-Client"},
    "security-mitigations": {
        "Microsoft-Windows-Security-Mitigations/KernelMode",
        "Microsoft-Windows-Security-Mitigations/UserMode",
    },
    "vhdmp": {"Microsoft-Windows-VHDMP-Operational"},
    "certificateservicesclient-lifecycle-user": {
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-User/Operational"
    },
    "smbclient-connectivity": {"Microsoft-Windows-SmbClient/Connectivity"},
    "smbserver-connectivity": {"Microsoft-Windows-SMBServer/Connectivity"},
    "terminalservices-remoteconnectionmanager": {
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"
    },
}


def logs_in(name: str, data: bytes, file: str = "a file") -> set[tuple[str, ...]]:
    """The log tuples of what a source reads."""
    source = source_named(name)
    start = source.preamble(Head(data[:HEAD_BYTES], len(data), file))
    records = [one for one in source.records(data, data[:start], start) if isinstance(one, Record)]
    if isinstance(source, Coalescing):
        records = [record for event in source.coalesce(records) for record in event.seen]
    return {record.log for record in records}


def read_by(one: LogSourceMap, log: Sequence[str]) -> set[str]:
    folded = [fold(text) for text in log]
    return {
        str(entry.log_source)
        for entry in one.entries
        for alternative in entry.alternatives
        if passes(one.gate(alternative), folded)
    }


def windows_event(log: Sequence[str]) -> bytes:
    channel, number, provider = log
    system = {
        "Provider": {"#attributes": {"Name": provider}},
        "EventID": int(number),
        "Channel": channel,
        "Computer": "ws1.example.org",
        "TimeCreated": {"#attributes": {"SystemTime": "2024-03-04T09:00:00Z"}},
    }
    return json.dumps({"Event": {"System": system, "EventData": {}}}).encode()


@pytest.mark.parametrize(("log", "wanted"), DOCUMENTED["windows_json"], ids=lambda one: "/".join(one)[:60])
def test_a_documented_event_of_windows_is_read_by_its_log_sources(log: list[str], wanted: list[str]) -> None:
    (found,) = logs_in("windows_json", windows_event(log))
    assert found == tuple(log)
    assert read_by(MAPS["windows_json"], found) - WHOLE == set(wanted)
    assert MAPS["windows_evtx"].entries == MAPS["windows_json"].entries


@pytest.mark.parametrize(("log", "wanted"), DOCUMENTED["zeek"], ids=lambda one: "/".join(one))
def test_a_log_of_zeek_is_read_by_its_log_sources(log: list[str], wanted: list[str]) -> None:
    line = json.dumps({"_path": log[0], "ts": 1709542800.5, "uid": "C1"}).encode()
    (found,) = logs_in("zeek", line)
    assert read_by(MAPS["zeek"], found) - WHOLE == set(wanted)


@pytest.mark.parametrize(
    ("name", "line", "wanted"),
    [(name, line, wanted) for name, lines in DOCUMENTED["lines"].items() for line, wanted in lines],
    ids=lambda one: str(one)[:30],
)
def test_a_documented_line_is_read_by_its_log_sources(name: str, line: str, wanted: list[str]) -> None:
    (found,) = logs_in(name, f"{line}\n".encode())
    assert read_by(MAPS[name], found) - WHOLE == set(wanted)


@pytest.mark.parametrize("name", sorted(set(MAPS) - {"windows_evtx"}))
def test_every_part_of_a_log_that_is_declared_is_met_by_a_sample_or_a_documented_log(name: str) -> None:
    logs = {log for path in samples_of(name) for log in logs_in(name, path.read_bytes(), path.name)}
    logs |= {tuple(log) for log, _ in DOCUMENTED.get(name, ())}
    logs |= {log for line, _ in DOCUMENTED["lines"].get(name, ()) for log in logs_in(name, f"{line}\n".encode())}
    one = MAPS[name]
    unmet = [
        (str(entry.log_source), alternative.when)
        for entry in one.entries
        for alternative in entry.alternatives
        if not any(passes(one.gate(alternative), [fold(text) for text in log]) for log in logs)
    ]
    assert unmet == []


def test_windows_services_are_the_channels_that_others_know_them_by() -> None:
    ours: dict[str, set[str]] = {}
    for entry in MAPS["windows_evtx"].entries:
        if entry.log_source.service:
            channels = {text for alternative in entry.alternatives for _, texts in alternative.when for text in texts}
            ours.setdefault(entry.log_source.service, set()).update(channels)
    theirs = {
        service: {channels} if isinstance(channels, str) else set(channels)
        for service, channels in windows_logsource_mapping.items()
    }
    assert {service for service in theirs if not theirs[service] <= ours.get(service, set())} == set()
    assert {
        service: more for service, channels in ours.items() if (more := channels - theirs.get(service, set()))
    } == OURS_TOO


def fields_in(name: str, data: bytes) -> set[str]:
    """The fields of every record of a sample, coalesced ones too."""
    source = source_named(name)
    start = source.preamble(Head(data[:HEAD_BYTES], len(data), "a file"))
    records = [one for one in source.records(data, data[:start], start) if isinstance(one, Record)]
    if isinstance(source, Coalescing):
        records = [record for event in source.coalesce(records) for record in event.seen]
    return {name for record in records for name in record.fields}


@pytest.mark.parametrize("name", sorted(name for name, one in MAPS.items() if one.observables))
def test_indicators_are_looked_for_in_fields_that_a_sample_has(name: str) -> None:
    declared = {part for field, _ in MAPS[name].observables for part in field.split(JOINED)}
    assert declared & {field for path in samples_of(name) for field in fields_in(name, path.read_bytes())}
