"""Sign-in and audit events another project wrote as cases: all read, and what changes access is marked."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Head, Mapped
from tocsin.collect.sources.entra import SOURCE
from tocsin.model.record import Record

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[dict[str, Any]]:
    path = real_data / "cloud_saas_labelled_events" / "events.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"the labelled events are not at {path}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [case for line in lines if (case := json.loads(line))["log_type"] == "Azure.Audit"]


@pytest.fixture(scope="module")
def events(cases: list[dict[str, Any]]) -> list[Mapped]:
    data = b"".join(json.dumps(case["event"]).encode() + b"\n" for case in cases)
    assert SOURCE.recognises(Head(data[:65_536], len(data), "")) == 1.0
    found = list(SOURCE.records(data, b"", 0))
    assert all(isinstance(one, Record) for one in found)
    return [SOURCE.map(one) for one in found if isinstance(one, Record)]


def test_every_event_is_read_with_its_time_and_actor(cases: list[dict[str, Any]], events: list[Mapped]) -> None:
    assert len(events) == len(cases) == 33
    assert not [one for one in events if one.event["time"] is None or one.event["actor.user.name"] is None]
    kinds = Counter(one.event["metadata.log_name"] for one in events)
    assert kinds == {
        "AuditLogs": 15,
        "SignInLogs": 8,
        "ServicePrincipalSignInLogs": 7,
        "NonInteractiveUserSignInLogs": 3,
    }


def test_what_changes_access_is_marked(cases: list[dict[str, Any]], events: list[Mapped]) -> None:
    marked = Counter(
        (case["event"]["operationName"], mark["kind"])
        for case, one in zip(cases, events, strict=True)
        for mark in one.marks
    )
    unmarked = {
        case["event"]["operationName"]
        for case, one in zip(cases, events, strict=True)
        if not one.marks and one.event["metadata.log_name"] == "AuditLogs"
    }
    assert dict(marked) == {
        ("Authentication Methods Policy Update", "credential"): 2,
        ("Set federation settings on domain", "credential"): 1,
        ("Set domain authentication", "credential"): 1,
        ("User has elevated their access to User Access Administrator for their Azure Resources", "permission"): 1,
        ("Update conditional access policy", "permission"): 2,
        ("Delete conditional access policy", "permission"): 1,
        ("Add member to role in PIM completed (permanent)", "role"): 1,
        ("Add member to role", "role"): 1,
    }
    # Requests grant nothing, and `Update policy` is any policy but these.
    assert unmarked == {
        "Delete role assignment",
        "Update policy",
        "Added policy",
        "Add member to role in PIM requested (permanent)",
    }
