"""CloudTrail of public sets: every record read, principals and calls as the sets' own truth has them."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Head, Mapped
from tocsin.collect.sources.aws_cloudtrail import SOURCE
from tocsin.model.record import Record, Unreadable

pytestmark = pytest.mark.real

DETONATIONS = "cloudtrail/stratus_detonations.zip"
TRUTH = "cloudtrail/stratus_ground_truth.jsonl"
LABELLED = "cloud_saas_labelled_events/events.jsonl.gz"
LINES = "parser_conformance/crowdsec_hub/logs.zip"


def _there(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"the set is not at {path}")
    return path


def _read(data: bytes) -> list[Record | Unreadable]:
    return list(SOURCE.records(data, data[: SOURCE.preamble(_head(data))], 0))


def _head(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


@pytest.fixture(scope="module")
def detonations(real_data: Path) -> dict[str, list[Mapped]]:
    found: dict[str, list[Mapped]] = {}
    with zipfile.ZipFile(_there(real_data / DETONATIONS)) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            assert SOURCE.recognises(_head(data)) == 1.0
            records = _read(data)
            assert not [one for one in records if isinstance(one, Unreadable)]
            found[name] = [SOURCE.map(one) for one in records if isinstance(one, Record)]
    return found


def _truth(real_data: Path) -> Iterator[dict[str, Any]]:
    for line in _there(real_data / TRUTH).read_text("utf-8").splitlines():
        yield json.loads(line)


def test_every_detonation_is_read_to_the_last_record(real_data: Path, detonations: dict[str, list[Mapped]]) -> None:
    truth = list(_truth(real_data))
    assert {one["file"] for one in truth} == set(detonations)
    for one in truth:
        found = detonations[one["file"]]
        assert len(found) == one["records"]
        assert Counter(event.event["activity_name"] for event in found) == one["events"]
        actors = {event.event["actor.user.name"] for event in found}
        assert actors == {principal.lower() for principal in one["principals"]}
        assert {code for event in found for code in event.warnings} <= {"operation_undeclared"}


def test_what_the_detonations_reached_and_left_behind(detonations: dict[str, list[Mapped]]) -> None:
    secrets = detonations["aws.credential-access.secretsmanager-retrieve-secrets.json"]
    reached = [row for one in secrets for row in one.accesses]
    assert len({row["holding"] for row in reached}) == 20
    assert {(row["kind"], row["degree"]) for row in reached} == {("secret", "downloaded")}
    (shared,) = detonations["aws.exfiltration.rds-share-snapshot.json"]
    assert [(row["kind"], row["degree"]) for row in shared.accesses] == [("snapshot", "presumed")]
    kinds = {
        name.removeprefix("aws.").removesuffix(".json"): sorted({row["kind"] for one in found for row in one.marks})
        for name, found in detonations.items()
    }
    assert {name: found for name, found in kinds.items() if found} == {
        "defense-evasion.cloudtrail-stop": ["audit_changed"],
        "exfiltration.ec2-security-group-open-port-22-ingress": ["permission"],
        "exfiltration.rds-share-snapshot": ["permission"],
        "persistence.iam-create-backdoor-role": ["permission"],
        "persistence.iam-create-user-login-profile": ["credential"],
        "persistence.lambda-backdoor-function": ["permission"],
        "persistence.sts-federation-token": ["credential"],
    }


def test_labelled_events_of_cloudtrail_are_read_and_no_others(real_data: Path) -> None:
    data = gzip.decompress(_there(real_data / LABELLED).read_bytes())
    lines = [json.loads(line) for line in data.splitlines()]
    # Seven events bear another product's name in the set and are console sign-ins of AWS.
    is_ours = [str(one["event"].get("eventSource", "")).endswith(".amazonaws.com") for one in lines]
    is_ours = [ours or one["log_type"] == "AWS.CloudTrail" for ours, one in zip(is_ours, lines, strict=True)]
    found = _read(data)
    assert [isinstance(one, Record) for one in found] == is_ours
    assert {one.reason for one in found if isinstance(one, Unreadable)} == {"not_cloudtrail"}
    assert sum(is_ours) == 297
    alone = b"\n".join(json.dumps(one["event"]).encode() for one, ours in zip(lines, is_ours, strict=True) if ours)
    wrapped = [SOURCE.map(one) for one in found if isinstance(one, Record)]
    assert [SOURCE.map(one) for one in _read(alone) if isinstance(one, Record)] == wrapped


def test_lines_of_a_peers_tests_are_read(real_data: Path) -> None:
    with zipfile.ZipFile(_there(real_data / LINES)) as archive:
        for name, count in (("aws-cloudtrail-postexploit", 4), ("aws-nwo-login", 1)):
            data = archive.read(f"{name}/{name}.log")
            assert SOURCE.recognises(_head(data)) == 1.0
            assert [isinstance(one, Record) for one in _read(data)] == [True] * count
