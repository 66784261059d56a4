"""A real tenant's audit log: both exports agree, and what is read from them equals the truth made by other means."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Head, Mapped
from tocsin.collect.sources.m365_unified_audit import SOURCE
from tocsin.exercise.formats import m365 as written
from tocsin.model.identity import canonical_account, canonical_address
from tocsin.model.record import Record

pytestmark = pytest.mark.real

RECORDS = 3_114


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "m365_unified_audit_log"
    if not folder.is_dir():
        pytest.skip(f"the audit log set is not at {folder}")
    return folder


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[Mapped]:
    return _read(folder / "audit_records.jsonl.gz")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[Mapped]:
    return _read(folder / "search_unifiedauditlog_export.csv.gz")


def _read(path: Path) -> list[Mapped]:
    data = gzip.decompress(path.read_bytes())
    head = Head(data[:65_536], len(data), path.name)
    assert SOURCE.recognises(head) == 1.0
    preamble = data[: SOURCE.preamble(head)]
    records = list(SOURCE.records(data, preamble, len(preamble)))
    assert not [one for one in records if not isinstance(one, Record)]
    return [SOURCE.map(one) for one in records if isinstance(one, Record)]


def _truth(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)


def _accesses(found: list[Mapped]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in found:
        for access in one.accesses:
            yield one.event["metadata.uid"], dict(access)


def test_both_exports_give_the_same_events(lines: list[Mapped], rows: list[Mapped]) -> None:
    assert len(lines) == len({one.key for one in lines}) == RECORDS
    assert lines == rows
    assert {one.warnings for one in lines if one.warnings} == {("operation_undeclared",)}
    undeclared = Counter(one.event["activity_name"] for one in lines if one.warnings)
    assert (undeclared.total(), len(undeclared)) == (2_288, 32)  # the provider setting up a tenant, nearly all of them
    assert (undeclared["Set-Mailbox"], undeclared["Set-MailboxPlan"]) == (963, 783)


def test_cut_in_pieces_it_is_the_same(folder: Path, lines: list[Mapped]) -> None:
    data = gzip.decompress((folder / "audit_records.jsonl.gz").read_bytes())
    found: list[Mapped] = []
    start = 0
    while start < len(data):
        cut = SOURCE.cut(data[start + 300_000 :], b"") if start + 300_000 < len(data) else None
        end = len(data) if cut is None else start + 300_000 + cut
        found += [SOURCE.map(one) for one in SOURCE.records(data[start:end], b"", 0) if isinstance(one, Record)]
        start = end
    assert found == lines


def test_mail_exposure_by_actor_address_mailbox_and_session(folder: Path, lines: list[Mapped]) -> None:
    items: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    folders: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    for _, access in _accesses(lines):
        if access["operation"] == "MailItemsAccessed":
            way = (access["actor"], access["address"], access["container"], access["session"])
            items[way] |= {access["holding"]} if access["kind"] == "mail_item" else set()
            folders[way] |= {access["holding"]} if access["degree"] == "presumed" else set()
    expected = {
        (
            canonical_account(one["actor"]),
            canonical_address(one["client_ip"]),
            canonical_account(one["mailbox"]),
            None if one["session_id"] == "None" else one["session_id"],
        ): one
        for one in _truth(folder / "truth_mail_exposure_by_session.jsonl")
    }
    assert {way: set(one["bind_items"]) for way, one in expected.items()} == dict(items)
    # Every synchronised folder of this set has the path "Not Available": the truth keeps that, the product the name.
    assert {way for way, one in expected.items() if one["sync_folders"]} == {
        way for way, names in folders.items() if names
    }
    assert all(set(one["sync_folders"]) <= {"Not Available"} for one in expected.values())


def test_file_operations(folder: Path, lines: list[Mapped]) -> None:
    found = Counter(
        (record, access["holding"], access["actor"], access["operation"])
        for record, access in _accesses(lines)
        if access["kind"] == "document"
    )
    expected = Counter(
        (one["record_id"], one["object"], canonical_account(one["actor"]), one["operation"])
        for one in _truth(folder / "truth_files.jsonl")
    )
    assert found == expected


def test_mail_changes(folder: Path, lines: list[Mapped]) -> None:
    expected = {one["record_id"]: one for one in _truth(folder / "truth_mail_changes.jsonl")}
    operations = {one["operation"] for one in expected.values()}
    found: dict[str, set[str]] = defaultdict(set)
    for record, access in _accesses(lines):
        if access["operation"] in operations:
            found[record].add(access["holding"])
    assert found.keys() == expected.keys()
    for record, one in expected.items():
        named = {one["internet_message_id"], *one["affected"]} - {None}
        assert named <= found[record]
        assert len(found[record]) == max(1, len(named))  # an item without a message id is named by its entry id


def test_standing_changes(folder: Path, lines: list[Mapped]) -> None:
    marked = {one.event["metadata.uid"] for one in lines if one.marks}
    missing = [
        one
        for one in _truth(folder / "truth_persistence_and_permission_changes.jsonl")
        if one["record_id"] not in marked
    ]
    # The provider's set-up of its own arbitration mailboxes: neither forwarding nor a right is in these commands.
    assert len(missing) == 5
    for one in missing:
        assert one["actor"].startswith("spoolsprovisioning-applicationaccount@")
        assert one["operation"] == "Set-Mailbox"
        assert not {"ForwardingSmtpAddress", "ForwardingAddress", "GrantSendOnBehalfTo"} & set(one["parameters"])


def test_provider_services_stand_apart(lines: list[Mapped]) -> None:
    classes = Counter(
        access["actor_class"] for _, access in _accesses(lines) if access["operation"] == "MailItemsAccessed"
    )
    assert classes == {"provider_service": 274, "account": 248}
    for one in lines:
        for access in one.accesses:
            if access["actor_class"] == "provider_service":
                assert not access["session"]


def test_a_throttled_record_is_marked(folder: Path) -> None:
    """No public set has throttling: a real record is changed to say so."""
    data = gzip.decompress((folder / "audit_records.jsonl.gz").read_bytes())
    line = next(one for one in data.splitlines() if b'"MailItemsAccessed"' in one)
    changed = line.replace(b'"IsThrottled","Value":"False"', b'"IsThrottled","Value":"True"')
    changed = changed.replace(b'"IsThrottled", "Value": "False"', b'"IsThrottled", "Value": "True"')
    assert changed != line
    (record,) = SOURCE.records(changed, b"", 0)
    assert isinstance(record, Record)
    assert [mark["kind"] for mark in SOURCE.map(record).marks if mark["kind"] != "named"] == ["throttled"]


def test_the_exercise_writes_records_in_the_shape_of_real_ones(folder: Path) -> None:
    tenant = written.Tenant(id="t", domain="tribunal.example", sharepoint="tribunal.sharepoint.example")
    ada = written.Person(upn="ada@tribunal.example", object_id="o", puid="p", sid="s", mailbox_guid="m")
    act = written.Act(
        time=0, record_id="r", tenant=tenant, person=ada, address="192.0.2.1", session="x", user_agent="Mozilla/5.0"
    )
    site = "https://tribunal.sharepoint.example/sites/a/"
    made = [
        written.sign_in(act),
        written.sign_in(act, error=50126, error_name="InvalidUserNameOrPassword"),
        written.mail_items_accessed(act, folders={"\\Inbox": ["<1@x>"]}),
        written.mail_folder_synchronised(replace(act, app_id=""), folder="Inbox"),
        written.message_sent(act, message="<1@x>", subject="s"),
        written.messages_deleted(act, operation="HardDelete", folder="\\Inbox", messages={"<1@x>": "s"}),
        written.file_operation(act, operation="FileUploaded", site=site, folder="a", name="b.docx"),
        written.sharing(act, operation="AnonymousLinkCreated", site=site, folder="a", name="b", event_data="x"),
        written.inbox_rule(act, name=".", parameters={"DeleteMessage": "True"}),
        written.consent(act, application="a", name="n", principal="p", scope="s"),
    ]
    real: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for line in gzip.decompress((folder / "audit_records.jsonl.gz").read_bytes()).splitlines():
        one = json.loads(line)
        real[one["Operation"]].add(tuple(one))
    later = {"AppAccessContext"}  # in records since 2023
    for record in made:
        keys = [key for key in record if key not in later]
        assert any(_in_order(keys, shape) for shape in real[record["Operation"]]), (record["Operation"], keys)


def _in_order(keys: list[str], shape: tuple[str, ...]) -> bool:
    """Whether the keys stand in a real record, in its order."""
    places = [shape.index(key) if key in shape else -1 for key in keys]
    return -1 not in places and places == sorted(places)
