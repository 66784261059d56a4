"""Alerts of other tools from end to end: taken in, grouped, told, handed over and derived again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Tocsin, without_run

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)


def test_alerts_become_incidents_that_can_be_proven(tocsin: Tocsin) -> None:
    given = ["--alerts", SAMPLES / "wazuh/alerts.json", "--alerts", SAMPLES / "suricata_eve/eve.json"]
    first = tocsin("incidents", "--workspace", "CASE", *given, "--workers", "1", "--format", "json", "--quiet")
    assert first.code == 0, first.err
    kinds = {one["detector"]["kind"] for one in first.document["findings"]}
    assert kinds == {"wazuh", "suricata"}
    (incident,) = first.document["incidents"]
    assert {entity["id"] for entity in incident["entities"] if entity["type"] == "network"} == {"10.20.0.0/16"}

    again = tocsin("incidents", "--workspace", "CASE", *given, "--workers", "1", "--format", "json", "--quiet")
    assert without_run(again.document) == without_run(first.document), "nothing is taken in twice"

    days = tocsin("incidents", "--workspace", "CASE", "--by-day")
    assert "\n2026-03-02   1 item\n" in days.out, days.out
    named = tocsin("explain", incident["id"], "--workspace", "CASE")
    assert f"{incident['id']} is an incident" in named.err
    assert incident["findings"][0] in named.err
    assert tocsin("evidence", "export", incident["id"], "--workspace", "CASE", "-o", "PACKAGE", "--quiet").code == 0
    assert tocsin("evidence", "verify", "PACKAGE").code == 0
    derived = tocsin("evidence", "reproduce", "PACKAGE")
    assert derived.code == 0, derived.out + derived.err


def test_alerts_are_taken_in_with_what_the_last_investigation_was_asked(tocsin: Tocsin) -> None:
    span = ["--from", "2026-03-02T09:15:00Z", "--to", "2026-03-02T09:30:00Z"]
    logs = SAMPLES / "wazuh/ossec_alerts.json"
    assert tocsin("investigate", logs, "--workspace", "CASE", *span, "--workers", "1", "--quiet").code == 0
    more = ["--alerts", SAMPLES / "wazuh/alerts.json", "--workers", "1", "--format", "json", "--quiet"]
    found = tocsin("incidents", "--workspace", "CASE", *more)
    assert found.code == 0, found.err
    assert {one["detector"]["id"] for one in found.document["findings"]} == {"wazuh:100210", "wazuh:5501"}


def test_an_answer_of_then_knows_no_alerts_of_now(tocsin: Tocsin) -> None:
    asked = ["--alerts", SAMPLES / "wazuh/alerts.json", "--as-of", "2026-03-02T09:15:00Z"]
    assert tocsin("incidents", "--workspace", "CASE", *asked).code == 2
    assert not Path("CASE").exists()


def test_what_is_no_alert_is_said_to_be_unread(tocsin: Tocsin, tmp_path: Path) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text(json.dumps({"colour": "blue"}), encoding="utf-8")
    found = tocsin("incidents", "--workspace", "CASE", "--alerts", odd, "--workers", "1", "--quiet")
    assert found.code == 3
    assert "0 incidents" in found.out
    assert f"not read: {odd}: " in found.err


def test_alerts_without_a_date_are_told_when_they_are_read(tocsin: Tocsin, tmp_path: Path) -> None:
    dated = json.loads((SAMPLES / "wazuh/alerts.json").read_text().splitlines()[0])
    undated = {name: value for name, value in dated.items() if name != "timestamp"} | {"id": "1772442845.1009"}
    file = tmp_path / "some.json"
    file.write_text("".join(json.dumps(one) + "\n" for one in (dated, undated)))
    found = tocsin("incidents", "--workspace", "CASE", "--alerts", file, "--workers", "1", "--quiet")
    assert found.code == 0
    assert f"without a date: {file}: 1 of 2 records" in found.err
