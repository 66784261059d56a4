"""The paper trail: what was done to each file is in the truth, with what the logs still show and what was cleared."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest

from tocsin.exercise.building import build_world
from tocsin.exercise.case import ordinary_day
from tocsin.exercise.cases.paper_trail import CASE, play_from
from tocsin.exercise.presence import Calendar
from tocsin.model.exposure import Degree

from .played import SEED, Played, event

_DEGREES = [degree.value for degree in Degree]


def _values(record: dict[str, Any]) -> dict[str, Any]:
    return record.get("EventData") or {}


def _file_server(paper_trail: Played) -> Iterator[dict[str, Any]]:
    yield from paper_trail.under("logs/windows/fs01/Archive-Security")
    yield from paper_trail.under("logs/windows/fs01/Security")


def test_every_true_record_is_in_the_logs_at_its_entry(paper_trail: Played) -> None:
    for place in paper_trail.truth["records"]:
        record = paper_trail.at(place)
        match place["file"].split("/")[1]:
            case "windows":
                channel, event_id = event(record)
                assert place["what"] == f"{channel}/{event_id}"
            case "iis":
                assert place["what"] == f"{record['cs-method']} {record['cs-uri-stem']} {record['sc-status']}"
            case "firewall":
                assert place["what"] == f"traffic {record['dstip']}:{record['dstport']}"
            case other:
                raise AssertionError(other)


def test_the_records_tell_every_part_of_the_story(paper_trail: Played) -> None:
    told = {place["what"] for place in paper_trail.truth["records"]}
    assert told >= {
        "POST /filing/upload.aspx 302",
        "POST /filing/attachments/stamp.aspx 200",
        "GET /content/fonts/f3.woff 200",
        "Microsoft-Windows-Sysmon/Operational/1",
        "Microsoft-Windows-Sysmon/Operational/10",
        "Microsoft-Windows-Sysmon/Operational/11",
        "Security/4624",
        "Security/5140",
        "Security/5145",
        "Security/4663",
        "Security/1102",
        "traffic 10.20.9.30:443",
    }


def test_all_that_shows_the_intruders_addresses_is_the_intruders(paper_trail: Played) -> None:
    addresses = {address["id"] for address in paper_trail.truth["compromised"]["addresses"]}
    true = {(place["file"], place["entry"]) for place in paper_trail.truth["records"]}
    seen = {
        (name, entry)
        for name, records in paper_trail.records.items()
        for entry, record in enumerate(records)
        if not name.endswith(".evtx") and addresses & set(map(str, record.values()))
    }
    assert len(addresses) == 2
    assert seen
    assert seen <= true


def test_some_files_were_altered_some_deleted_and_some_only_in_the_hours_that_are_gone(paper_trail: Played) -> None:
    holdings = paper_trail.truth["holdings"]
    assert {item["degree"] for item in holdings} == {"accessed", "opened", "altered", "destroyed"}
    assert {item["proven"] for item in holdings} == {None, "accessed", "opened", "altered", "destroyed"}
    for item in holdings:
        assert item["times"] == len(item["records"])
        assert (item["proven"] is None) == (item["times"] == 0)
        assert item["times"] + item["lost"] > 0
        assert item["proven"] is None or _DEGREES.index(item["proven"]) <= _DEGREES.index(item["degree"])


def test_what_is_lost_lies_between_the_copy_and_the_clearing_and_the_logs_have_nothing_of_then(
    paper_trail: Played,
) -> None:
    (cleared,) = paper_trail.truth["cleared"]
    assert event(paper_trail.at(cleared["record"])) == ("Security", 1102)
    lost = [act["time"] for act in paper_trail.truth["lost"]]
    assert lost
    assert all(cleared["from"] <= time < cleared["time"] for time in lost)
    times = [record["System"]["TimeCreated"]["#attributes"]["SystemTime"] for record in _file_server(paper_trail)]
    assert not [time for time in times if cleared["from"] <= time[:19] + "Z" < cleared["time"][:19] + "Z"]


def test_a_file_the_intruder_deleted_is_not_seen_again(paper_trail: Played) -> None:
    deleted = {item["holding"]: item["last"] for item in paper_trail.truth["holdings"] if item["degree"] == "destroyed"}
    assert deleted
    for record in _file_server(paper_trail):
        path = _values(record).get("ObjectName")
        if path in deleted:
            assert record["System"]["TimeCreated"]["#attributes"]["SystemTime"][:19] <= deleted[path][:19]


def test_what_left_is_what_was_copied_and_the_web_log_has_its_size(paper_trail: Played) -> None:
    read = {item["thing"] for item in paper_trail.truth["holdings"] if item["container"].startswith("fs01")}
    assert len(paper_trail.truth["outflow"]) == 3
    for outflow in paper_trail.truth["outflow"]:
        record = paper_trail.at(outflow["record"])
        assert record["sc-bytes"] == str(outflow["bytes"])
        assert record["c-ip"] == outflow["address"]
        assert outflow["things"]
        assert set(outflow["things"]) <= read


def test_the_stolen_account_works_every_night_as_it_did_without_the_intruder(paper_trail: Played) -> None:
    sources = {
        _values(record)["IpAddress"]
        for record in _file_server(paper_trail)
        if event(record) == ("Security", 4624) and _values(record)["TargetUserName"] == "svc-backup"
    }
    assert sources == {"10.20.0.24", "10.20.9.30"}


def test_ordinary_work_writes_in_the_same_logs_and_has_nothing_of_the_intruder(paper_trail: Played) -> None:
    world = build_world(CASE.shape, SEED)
    calendar = Calendar(world, SEED)
    actions = list(ordinary_day(CASE, world, SEED, calendar.day(1)))
    assert not any(action.player for action in actions)
    text = repr(actions)
    assert "stamp.aspx" not in text
    for address in paper_trail.truth["compromised"]["addresses"]:
        assert address["id"] not in text
    logs = {name.split("/")[1] for name in paper_trail.records}
    assert logs == {"windows", "iis", "firewall", "dhcp"}
    intruders = {(place["file"], place["entry"]) for place in paper_trail.truth["records"]}
    for log in ("windows/fs01", "windows/web01", "iis", "firewall"):
        ordinary = [
            (name, entry)
            for name, records in paper_trail.records.items()
            if name.startswith(f"logs/{log}/")
            for entry in range(len(records))
            if (name, entry) not in intruders
        ]
        assert len(ordinary) > 200


def test_the_estate_knows_which_addresses_are_the_institutions(paper_trail: Played) -> None:
    networks = [ipaddress.ip_network(row["range"]) for row in paper_trail.estate("networks")]

    def is_own(address: str) -> bool:
        return any(ipaddress.ip_address(address) in network for network in networks)

    internal = {_values(record)["IpAddress"] for record in _file_server(paper_trail) if event(record)[1] == 5140}
    assert internal
    assert all(map(is_own, internal))
    assert not any(is_own(address["id"]) for address in paper_trail.truth["compromised"]["addresses"])


def test_the_estate_names_each_matter_as_every_log_does(paper_trail: Played) -> None:
    patterns = {row["pattern"]: row for row in paper_trail.estate("holdings")}
    identities = paper_trail.estate("identities")
    accounts = {account.lower() for row in identities for account in row["accounts"].split(";")}
    assert len(identities) == 60
    for item in paper_trail.truth["holdings"]:
        (pattern,) = (pattern for pattern in patterns if item["holding"].startswith(pattern.removesuffix("*")))
        assert patterns[pattern]["sensitivity"] == "sealed"
        assert item["actor"].lower() in accounts
    attested = {row["pattern"] for row in paper_trail.estate("attestations")}
    assert attested
    assert not any(
        item["holding"].startswith(pattern.removesuffix("*"))
        for item in paper_trail.truth["holdings"]
        for pattern in attested
    )


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_each_night_ends_before_its_archive_is_packed_and_the_log_is_cleared_last(seed: int) -> None:
    world = build_world(CASE.shape, seed)
    play = play_from(world, 0, seed)
    (cleared,) = play.facts.cleared
    on_server = [action.time for action in play.hostile if getattr(action, "host", "") == "fs01"]
    assert max(on_server) == cleared.cleared_at
    for outflow in play.facts.outflow:
        night = [time for time in on_server if abs(time - outflow.request.time) < 6 * 3600 * 10**9]
        assert night
        assert max(time for time in night if time != cleared.cleared_at) < outflow.request.time - 10 * 60 * 10**9
