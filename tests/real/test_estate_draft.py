"""An estate drafted from a real tenant's audit: every mailbox and file of the truth has a line, and a few lines do."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin

from tocsin.assess.holdings import HoldingIndex
from tocsin.store.estate import read_estate

__all__ = ["tocsin"]

pytestmark = pytest.mark.real


def test_everything_the_audit_shows_has_a_line_and_ten_say_the_matter_of_95_of_100(
    real_data: Path, tmp_path: Path, tocsin: Tocsin
) -> None:
    folder = real_data / "m365_unified_audit_log"
    log = folder / "audit_records.jsonl.gz"
    assert tocsin("investigate", log, "--workspace", tmp_path / "w", "--workers", "1", "-q").code in (0, 3)
    drafted = tocsin("estate", "draft", "--workspace", tmp_path / "w", "-o", tmp_path / "e", "--format", "json")
    assert drafted.code == 0, drafted.err
    estate = read_estate(tmp_path / "e")
    index = HoldingIndex(estate.holdings)
    with gzip.open(folder / "truth_mail_access_events.jsonl.gz", "rt", encoding="utf-8") as stream:
        mailboxes = {json.loads(line)["mailbox"].lower() for line in stream}
    files = [json.loads(line) for line in (folder / "truth_files.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one for one in sorted(mailboxes) if index.find(one, "") is None] == []
    assert [one["object"] for one in files if index.find(one["object"], "") is None] == []
    # Those lines first, as the file stands, without those inside another.
    fill = drafted.document["to_fill"]
    assert fill["known"] == 0
    assert fill["enough"] <= 10
    with (tmp_path / "e" / "holdings.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    left = fill["enough"]
    for row in rows:
        if "; inside " not in row["comment"] and left:
            row["matter"], left = "M1", left - 1
    with (tmp_path / "e" / "holdings.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    checked = tocsin("estate", "check", tmp_path / "e", "--workspace", tmp_path / "w", "--format", "json").document
    assert checked["with_matter"]["covered"] * 100 >= checked["with_matter"]["total"] * 95
