"""The quiet reader: its truth is in its logs, its ordinary days are ordinary, its estate knows its people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tocsin.exercise.building import build_world
from tocsin.exercise.case import ordinary_day
from tocsin.exercise.cases.quiet_reader import CASE
from tocsin.exercise.presence import Calendar

from .played import SEED, Played, event


def _tenant(quiet_reader: Played) -> Iterator[dict[str, Any]]:
    yield from quiet_reader.under("logs/m365/")


def test_every_true_record_is_in_the_logs_at_its_entry(quiet_reader: Played) -> None:
    records = quiet_reader.truth["records"]
    assert len(records) > 60
    for place in records:
        record = quiet_reader.at(place)
        if place["file"].endswith(".evtx"):
            channel, event_id = event(record)
            assert place["what"] == f"{channel}/{event_id}"
        else:
            assert place["what"] == record["Operation"]


def test_all_the_intruder_left_in_the_tenant_is_in_the_truth(quiet_reader: Played) -> None:
    addresses = {address["id"] for address in quiet_reader.truth["compromised"]["addresses"]}
    true = {(place["file"], place["entry"]) for place in quiet_reader.truth["records"]}
    seen = {
        (name, entry)
        for name, records in quiet_reader.records.items()
        for entry, record in enumerate(records)
        if any(address in orjson.dumps(record).decode() for address in addresses)
    }
    assert seen
    assert seen <= true


def test_items_read_are_those_the_records_list(quiet_reader: Played) -> None:
    items = [holding for holding in quiet_reader.truth["holdings"] if holding["kind"] == "mail_item"]
    assert len({item["container"] for item in items}) == 3
    for item in items:
        assert item["times"] == len(item["records"]) > 0
        for place in item["records"]:
            record = quiet_reader.at(place)
            assert record["MailboxOwnerUPN"] == item["container"]
            assert item["holding"] in {
                opened["InternetMessageId"] for folder in record["Folders"] for opened in folder["FolderItems"]
            }


def test_documents_taken_are_those_the_records_name(quiet_reader: Played) -> None:
    documents = [holding for holding in quiet_reader.truth["holdings"] if holding["kind"] == "document"]
    assert {document["degree"] for document in documents} >= {"downloaded"}
    for document in documents:
        operations = set()
        for place in document["records"]:
            record = quiet_reader.at(place)
            assert record["ObjectId"] == document["holding"]
            operations.add(record["Operation"])
        assert ("FileDownloaded" in operations) == (document["degree"] == "downloaded")


def test_the_forwarding_rule_and_the_clearing_stand_where_the_truth_says(quiet_reader: Played) -> None:
    (change,) = quiet_reader.truth["changes"]
    rule = quiet_reader.at(change["record"])
    assert rule["Operation"] == "New-InboxRule"
    assert rule["UserId"] == change["actor"]
    (cleared,) = quiet_reader.truth["cleared"]
    assert cleared["record"]["entry"] == 0
    assert event(quiet_reader.at(cleared["record"])) == ("Security", 1102)


def test_what_was_cleared_shows_as_a_gap_of_record_numbers(quiet_reader: Played) -> None:
    numbers = [
        int(record["System"]["EventRecordID"])
        for name in sorted(quiet_reader.records)
        if "/fed01/" in name and "Security" in name
        for record in quiet_reader.records[name]
    ]
    missing = set(range(min(numbers), max(numbers))) - set(numbers)
    assert len(missing) >= len(quiet_reader.truth["lost"]) > 0


def test_ordinary_sign_ins_have_a_token_the_server_issued_and_forged_ones_have_none(quiet_reader: Played) -> None:
    issued = {
        part.split("</IpAddress>")[0]
        for name, records in quiet_reader.records.items()
        if "/fed01/" in name
        for record in records
        if event(record) == ("Security", 1200)
        for part in str(record["EventData"]).split("<IpAddress>")[1:]
    }
    forged = {session["id"] for session in quiet_reader.truth["compromised"]["sessions"]}
    for record in _tenant(quiet_reader):
        if record["Operation"] == "UserLoggedIn":
            session = next(item["Value"] for item in record["DeviceProperties"] if item["Name"] == "SessionId")
            assert (record["ClientIP"] in issued) == (session not in forged)


def test_ordinary_work_has_nothing_of_the_intruder(quiet_reader: Played) -> None:
    world = build_world(CASE.shape, SEED)
    actions = list(ordinary_day(CASE, world, SEED, Calendar(world, SEED).day(8)))
    text = repr(actions)
    compromised = quiet_reader.truth["compromised"]
    for kind in ("addresses", "applications"):
        for entry in compromised[kind]:
            assert entry["id"] not in text
    assert not any(action.player for action in actions)


def test_people_work_by_day_and_on_workdays(quiet_reader: Played) -> None:
    reading = [
        record["CreationTime"]
        for record in _tenant(quiet_reader)
        if record["Operation"] == "MailItemsAccessed" and "Client=OWA" in record["ClientInfoString"]
    ]
    by_night = [time for time in reading if not "07" <= time[11:13] <= "20"]
    at_the_weekend = [time for time in reading if time[:10] in {"2026-03-07", "2026-03-08"}]
    assert not by_night
    assert 0 < len(at_the_weekend) < len(reading) / 20


def test_the_case_is_large_enough_to_search_even_in_a_small_institution(quiet_reader: Played) -> None:
    tenant = sum(1 for _ in _tenant(quiet_reader))
    total = sum(len(records) for records in quiet_reader.records.values())
    assert tenant > 3_000
    assert total - tenant > 1_500
    assert sum(name.endswith(".csv") for name in quiet_reader.records) == 1
    assert any(name.endswith(".gz") for name in quiet_reader.records)


def test_the_estate_knows_everybody_in_the_logs(quiet_reader: Played) -> None:
    identities = quiet_reader.estate("identities")
    assert len(identities) == 60
    accounts = {account.lower() for row in identities for account in row["accounts"].split(";")}
    assert {record["UserId"].lower() for record in _tenant(quiet_reader)} <= accounts
    ids = {row["id"] for row in identities}
    assert {row["identity"] for row in quiet_reader.estate("assignments")} <= ids
    assert {row["owner"] for row in quiet_reader.estate("holdings") if row["owner"]} <= ids
    functions = {row["name"] for row in quiet_reader.estate("functions")}
    assert {row["function"] for row in identities if row["function"]} <= functions


def test_nobody_vouches_for_the_mailboxes_of_the_witness_section(quiet_reader: Played) -> None:
    attested = {row["pattern"] for row in quiet_reader.estate("attestations")}
    read = {account["id"] for account in quiet_reader.truth["compromised"]["accounts"]}
    mailboxes = {row["pattern"] for row in quiet_reader.estate("holdings") if row["kind"] == "mailbox"}
    assert attested < mailboxes
    assert not attested & read
