"""Lines that name no year, from the command line to a dated finding: by when they were taken, or by the other logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.conftest import Finished, Tocsin, without_run
from tests.journeys.logs import lines

SYSLOG = (
    "Dec 31 23:58:00 fs1 sshd[7]: Accepted password for root from 203.0.113.9 port 4022 ssh2\n"
    "Jan  1 00:03:00 fs1 sshd[7]: Accepted password for root from 203.0.113.9 port 4023 ssh2\n"
)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "auth.log").write_text(SYSLOG, "utf-8")
    return folder


def syslog_span(run: Finished) -> tuple[str | None, str | None, list[str]]:
    entry = run.inputs["auth.log"]
    return entry["first"], entry["last"], [warning["code"] for warning in entry["warnings"]]


def test_without_anything_to_go_by_there_is_no_time(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    found = tocsin("investigate", logs, "--workspace", tmp_path / "case", "--format", "json")
    assert syslog_span(found) == (None, None, ["year_unknown"])


def test_when_they_were_taken_dates_them_and_is_remembered(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    call = ("investigate", logs, "--workspace", tmp_path / "case", "--format", "json")
    found = tocsin(*call, "--taken", "2025-01-02T00:00:00Z")
    assert syslog_span(found) == ("2024-12-31T23:58:00Z", "2025-01-01T00:03:00Z", ["year_from_taking"])
    assert without_run(tocsin(*call).document) == without_run(found.document)
    assert tocsin("record", "verify", "--workspace", tmp_path / "case").code == 0


def test_the_other_logs_date_them_whichever_comes_first(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    (logs / "z-audit.jsonl").write_bytes(lines(20))
    together = tocsin("investigate", logs, "--workspace", tmp_path / "one", "--format", "json")
    assert syslog_span(together) == ("2025-12-31T23:58:00Z", "2026-01-01T00:03:00Z", ["year_from_other_logs"])
    tocsin("investigate", logs / "auth.log", "--workspace", tmp_path / "two")
    later = tocsin("investigate", logs, "--workspace", tmp_path / "two", "--format", "json")
    assert syslog_span(later) == syslog_span(together)
    assert later.document["findings"] == together.document["findings"]


def test_a_later_word_on_when_they_were_taken_dates_them_anew(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    call = ("investigate", logs, "--workspace", tmp_path / "case", "--format", "json")
    tocsin(*call)
    found = tocsin(*call, "--taken", "2023-02-01T00:00:00Z")
    assert syslog_span(found)[:2] == ("2022-12-31T23:58:00Z", "2023-01-01T00:03:00Z")
