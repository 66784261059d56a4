"""Alerts of other tools: each an event and a hit of that tool's own rule, whatever dress it comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contracts.test_sources import SAMPLES

from tocsin.collect.limits import Limits
from tocsin.collect.plan import plan
from tocsin.collect.scanning import recognise
from tocsin.collect.source import HEAD_BYTES, Head, Mapped, source_named
from tocsin.correlate import findings
from tocsin.model.alert import Alert, read_told, tactics_in, techniques_in
from tocsin.model.finding import Entity, EntityType, Finding, Level
from tocsin.model.record import Record
from tocsin.model.reference import RecordPlace, split_reference
from tocsin.processing import Plan, process


def mapped(source: str, data: bytes) -> list[Mapped]:
    one = source_named(source)
    start = one.preamble(Head(data[:HEAD_BYTES], len(data), "a file"))
    return [one.map(record) for record in one.records(data, data[:start], start) if isinstance(record, Record)]


def sample(name: str) -> list[Mapped]:
    return mapped(name.split("/", maxsplit=1)[0], (SAMPLES / name).read_bytes())


def findings_of(path: Path) -> tuple[Finding, ...]:
    """The findings of a file that is one chunk."""
    planned, *_ = plan([str(path)], Limits(), [])
    (task,) = planned.tasks
    result, _ = process(path.read_bytes(), task.chunk, Plan(matchers={}), None)
    state = findings.combine([findings.summarise(result.hits)])
    return findings.conclude(state, {}, lambda record: RecordPlace("a file", split_reference(record)[1]))


@pytest.mark.parametrize(
    ("name", "kind", "levels"),
    [
        ("wazuh/alerts.json", "wazuh", [Level.MEDIUM, Level.HIGH, Level.LOW]),
        ("wazuh/ossec_alerts.json", "wazuh", [Level.MEDIUM]),
        ("suricata_eve/eve.json", "suricata", [Level.HIGH]),
        ("guardduty/get_findings.json", "guardduty", [Level.HIGH, Level.MEDIUM]),
        ("guardduty/events.jsonl", "guardduty", [Level.HIGH, Level.LOW]),
        ("defender_xdr/alerts_v2.json", "defender_xdr", [Level.HIGH, Level.LOW]),
        ("defender_xdr/incidents.jsonl", "defender_xdr", [Level.HIGH, Level.MEDIUM]),
        ("sentinel/security_alerts.jsonl", "sentinel", [Level.MEDIUM, Level.HIGH]),
        ("sentinel/security_incidents.json", "sentinel", []),
        ("aminer/anomalies.json", "aminer", [Level.MEDIUM, Level.MEDIUM]),
        ("alerts_csv/siem.csv", "alerts_csv", [Level.HIGH, Level.LOW]),
        ("alerts_csv/export.csv", "alerts_csv", [Level.MEDIUM, Level.MEDIUM]),
    ],
)
def test_each_alert_has_its_tools_level(name: str, kind: str, levels: list[Level]) -> None:
    alerts = [alert for one in sample(name) for alert in one.alerts]
    assert [alert.level for alert in alerts] == levels
    assert {alert.kind for alert in alerts} <= {kind}


def test_what_is_no_alert_of_suricata_is_an_event_alone() -> None:
    found = sample("suricata_eve/eve.json")
    assert [one.event["activity_name"] for one in found] == ["allowed", "dns", "http", "tls", "flow"]
    assert [len(one.alerts) for one in found] == [1, 0, 0, 0, 0]
    assert all(one.event["time"] is not None for one in found)


def test_the_device_of_suricata_is_the_inner_end_whichever_way_the_traffic_went() -> None:
    line = {"timestamp": "2026-03-02T09:00:00.0+0000", "event_type": "flow"}
    ends = [("203.0.113.9", "10.0.0.5"), ("10.0.0.5", "203.0.113.9"), ("10.0.0.6", "10.0.0.5")]
    lines = b"".join(json.dumps({**line, "src_ip": a, "dest_ip": b}).encode() + b"\n" for a, b in ends)
    assert [one.event["device.ip"] for one in mapped("suricata_eve", lines)] == ["10.0.0.5"] * 3


def test_an_incident_of_defender_gives_an_alert_at_each_ones_own_time_with_all_it_names(tmp_path: Path) -> None:
    file = tmp_path / "incidents.jsonl"
    file.write_bytes((SAMPLES / "defender_xdr/incidents.jsonl").read_bytes().splitlines(keepends=True)[0])
    (one,) = findings_of(file)
    assert (one.detector.kind, one.detector.level) == ("defender_xdr", Level.HIGH)
    assert one.first is not None
    assert one.last is not None
    assert one.last - one.first == 107_700_000_000  # 09:25:12.3 to 09:27:00
    assert one.techniques == ("T1114.002", "T1567")
    assert one.tactics == ("collection", "exfiltration")
    assert {Entity(EntityType.HOST, f"{name}.tribunal.example") for name in ("ws7", "files1")} <= set(one.entities)
    assert Entity(EntityType.MAILBOX, "registry@tribunal.example") in one.entities
    assert one.records == (RecordPlace("a file", 0),)


def test_a_revised_finding_of_guardduty_is_another_event_and_the_same_one_is_not() -> None:
    (line, _) = (SAMPLES / "guardduty/events.jsonl").read_bytes().splitlines()
    later = line.replace(b'"updatedAt": "2026-03-02T09:06', b'"updatedAt": "2026-03-02T10:06')
    assert later != line
    keys = [one.key for one in mapped("guardduty", b"\n".join((line, line, later)) + b"\n")]
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


@pytest.mark.parametrize(
    "header",
    [
        "time,name,ip,host",
        "Timestamp;Alert Name;Host Name;Severity",
        "TimeGenerated\tAlertName\tCompromised\tDeviceName",
        "@timestamp,rule_name,src_ip,dest_ip,priority",
    ],
)
def test_a_header_of_alerts_is_known_by_what_its_columns_are(header: str) -> None:
    delimiter = next(sign for sign in ";\t," if sign in header)
    row = ["2026-03-02T09:00:00Z", "Scan", *["10.0.0.5"] * (header.count(delimiter) - 1)]
    data = f"{header}\n{delimiter.join(row)}\n".encode()
    source, certainty = recognise(Head(data, len(data), "a file"))
    assert source is not None
    assert (source.name, certainty < 0.9) == ("alerts_csv", True)
    ((alert,),) = [one.alerts for one in mapped("alerts_csv", data)]
    assert alert.title == "Scan"


@pytest.mark.parametrize("header", ["time,name,colour,shape", "when,name,host,size", "time,name,host"])
def test_a_table_that_names_no_time_alert_and_place_in_four_columns_is_none(header: str) -> None:
    data = f"{header}\n{','.join(['1772442900'] * (header.count(',') + 1))}\n".encode()
    assert source_named("alerts_csv").recognises(Head(data, len(data), "a file")) == 0.0


def test_columns_that_no_part_is_named_by_change_nothing_that_is_concluded() -> None:
    plain = b"time,name,ip,host\n1772442900,Scan,10.0.0.5,web1\n"
    labelled = b"time,name,ip,host,time_label,event_label\n1772442900,Scan,10.0.0.5,web1,dirb,dirb\n"
    assert mapped("alerts_csv", plain) == mapped("alerts_csv", labelled)


@given(
    alert=st.builds(
        Alert,
        kind=st.sampled_from(("wazuh", "suricata")),
        rule=st.text(max_size=20),
        title=st.text(max_size=20),
        level=st.sampled_from(Level),
        techniques=st.lists(st.from_regex(r"T1[0-9]{3}", fullmatch=True), max_size=3),
        tactics=st.lists(st.sampled_from(("impact", "collection")), max_size=2),
        said=st.just(()),
        columns=st.none(),
        entities=st.lists(st.builds(Entity, st.sampled_from(EntityType), st.text(max_size=9)), max_size=3),
    )
)
def test_what_is_kept_of_an_alert_reads_back_as_it_was(alert: Alert) -> None:
    told = read_told(alert.id, alert.told)
    assert (told.kind, told.entities) == (alert.kind, tuple(alert.entities))
    assert (told.rule.title, told.rule.level) == (alert.title, alert.level)
    assert (told.rule.techniques, told.rule.tactics) == (tuple(alert.techniques), tuple(alert.tactics))


def test_a_level_that_a_token_took_the_place_of_is_medium() -> None:
    told: list[Any] = ["wazuh", "P-INVENTED", "Title", "", "", [["P-INVENTED", "x"]]]
    assert read_told("wazuh:1", json.dumps(told)).rule.level is Level.MEDIUM


def test_tactics_and_techniques_are_found_as_tools_write_them() -> None:
    assert tactics_in(["InitialAccess", "Credential Access", "defense_evasion", "Suspicious"]) == (
        "credential-access",
        "defense-evasion",
        "initial-access",
    )
    assert techniques_in(['["T1098","T1528"]', "AT1000", "T1114.002"]) == ("T1098", "T1114.002", "T1528")
