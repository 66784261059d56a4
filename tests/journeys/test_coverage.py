"""What was watched, from the command line: a licence that no longer kept it, and a trail with its digests."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

from tests.journeys.conftest import Tocsin
from tests.journeys.logs import lines

ACCOUNT, REGION = "111122223333", "eu-central-1"
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2024/03/04"


def trail(folder: Path, hours: int) -> None:
    """A log file an hour, compressed as the trail delivers it, and a digest of each."""
    before: bytes | None = None
    for hour in range(hours):
        record = {
            "eventVersion": "1.08",
            "eventTime": f"2024-03-04T{hour:02}:20:00Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": "ListBuckets",
            "awsRegion": REGION,
            "eventID": f"00000000-0000-4000-8000-{hour:012}",
            "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT,
            "userIdentity": {"type": "IAMUser", "userName": "invented", "accountId": ACCOUNT},
            "sourceIPAddress": "192.0.2.7",
        }
        log = json.dumps({"Records": [record]}).encode()
        name = f"{ACCOUNT}_CloudTrail_{REGION}_20240304T{hour:02}30Z_Example.json"
        (folder / f"{name}.gz").write_bytes(gzip.compress(log, mtime=0))
        digest: dict[str, Any] = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": f"2024-03-04T{hour:02}:00:00Z",
            "digestEndTime": f"2024-03-04T{hour + 1:02}:00:00Z",
            "digestS3Bucket": "trail-logs-example",
            "digestS3Object": object_of(hour),
            "previousDigestS3Bucket": "trail-logs-example" if hour else None,
            "previousDigestS3Object": object_of(hour - 1) if hour else None,
            "previousDigestHashValue": hashlib.sha256(before).hexdigest() if before is not None else None,
            "previousDigestHashAlgorithm": "SHA-256" if before is not None else None,
            "logFiles": [
                {
                    "s3Bucket": "trail-logs-example",
                    "s3Object": f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2024/03/04/{name}.gz",
                    "hashValue": hashlib.sha256(log).hexdigest(),
                    "hashAlgorithm": "SHA-256",
                    "oldestEventTime": f"2024-03-04T{hour:02}:20:00Z",
                    "newestEventTime": f"2024-03-04T{hour:02}:20:00Z",
                }
            ],
        }
        before = json.dumps(digest).encode()
        (folder / f"digest_{hour:02}.json.gz").write_bytes(gzip.compress(before, mtime=0))


def object_of(hour: int) -> str:
    return f"{FOLDER}/{ACCOUNT}_CloudTrail-Digest_{REGION}_court_{REGION}_20240304T{hour + 1:02}0000Z.json.gz"


def covered(tocsin: Tocsin, logs: Path, workspace: Path) -> dict[str, Any]:
    tocsin("investigate", logs, "--workspace", workspace, "--quiet")
    found: dict[str, Any] = tocsin("coverage", "--workspace", workspace, "--format", "json", "--quiet").document
    return found


def states(found: dict[str, Any], source: str) -> list[tuple[str, str, str]]:
    (log,) = [one for one in found["coverage_map"]["logs"] if one["source"] == source]
    last = log["stretches"][-1]
    assert (last["from"][11:13], last["state"]) == ("08", "not_collected")  # the last digest is of eight, to the second
    return [(one["from"][11:13], one["to"][11:13], one["state"]) for one in log["stretches"][:-1]]


def test_a_whole_trail_is_told_as_whole_and_a_missing_file_and_digest_at_their_hours(
    tocsin: Tocsin, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    trail(logs, 8)
    whole = covered(tocsin, logs, tmp_path / "whole")
    assert states(whole, "aws_cloudtrail") == [("00", "08", "unproven")]
    evidence = " ".join(row["evidence"] for row in whole["coverage"])
    assert "8 digests of trail court without a break: 8 of 8 log files listed read as they were delivered" in evidence
    (log,) = logs.glob(f"*{REGION}_20240304T0230Z*")
    log.unlink()
    (logs / "digest_05.json.gz").unlink()
    cut = covered(tocsin, logs, tmp_path / "cut")
    assert states(cut, "aws_cloudtrail") == [
        ("00", "02", "unproven"),
        ("02", "03", "not_collected"),
        ("03", "05", "unproven"),
        ("05", "06", "gapped"),
        ("06", "08", "unproven"),
    ]


def test_what_a_declared_licence_no_longer_kept_is_expired(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(lines(20))
    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / "products.csv").write_text("product,log,tier\nMicrosoft 365,Unified audit log,Standard\n")
    asked = ("investigate", tmp_path / "audit.jsonl", "--workspace", tmp_path / "case", "--quiet")
    assert tocsin(*asked, "--estate", estate).code == 0
    found = tocsin("coverage", "--workspace", tmp_path / "case", "--format", "json", "--quiet").document
    (row,) = [one for one in found["coverage"] if one["state"] == "expired"]
    assert row["from"] is None
    assert "Microsoft 365 keeps Unified audit log (Audit (Standard)" in row["evidence"]
    first = found["coverage_map"]["logs"][0]["stretches"][0]
    assert (first["state"], first["from"]) == ("expired", found["coverage_map"]["from"])
