"""Relations of sign-ins, applications and activity: what belongs, and the same however the log is cut."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.relation import Seen, all_relations, combine, in_order, summarise
from tocsin.model.instant import DAY, HOUR
from tocsin.model.tables import ACCESSES, EVENTS

_TIME = 20_003 * DAY
_EVENT = st.fixed_dictionaries(
    {
        "time": st.sampled_from((None, _TIME, _TIME + 5 * HOUR, _TIME + DAY)),
        "class_uid": st.sampled_from((3001, 3002, 3003, 6001)),
        "metadata.event_code": st.sampled_from((None, "4624", "4648", "4768")),
        "activity_name": st.sampled_from((None, "signed in", "session closed")),
        "status": st.sampled_from((None, "success", "failure")),
        "actor.user.name": st.sampled_from((None, "court\\Ada", "ben")),
        "actor.app_uid": st.sampled_from((None, "app-1")),
        "user.name": st.sampled_from((None, "ben", "eva")),
        "resource.name": st.sampled_from((None, "localhost", "ws-2")),
        "src_endpoint.ip": st.sampled_from((None, "10.0.0.1", "127.0.0.1", "203.0.113.7")),
        "http_request.user_agent": st.sampled_from((None, "Browser/1.0", "Browser/2.1 (Test)")),
        "device.hostname": st.sampled_from((None, "ws-1")),
    }
)


def _seen(rows: list[dict[str, Any]], start: int = 0) -> Seen:
    filled = [{"record": start + number, "key": bytes(16), "source": "s"} | row for number, row in enumerate(rows)]
    return Seen(events=pa.Table.from_pylist(filled, schema=EVENTS), accesses=ACCESSES.empty_table())


def _rows(name: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    relation = all_relations()[name]
    found = relation.rows(_seen([{"class_uid": 3002, "time": _TIME} | row for row in rows]))
    if found is None:
        return []
    told: list[dict[str, Any]] = pa.table({key: texts.column() for key, texts in found.keys.items()}).to_pylist()
    return told


@pytest.mark.parametrize("name", ["sign_ins", "applications", "activity", "origins"])
@given(a=st.lists(_EVENT, max_size=8), b=st.lists(_EVENT, max_size=8))
def test_two_chunks_in_any_order_are_the_whole(name: str, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    relation = all_relations()[name]
    parts = [summarise(relation, _seen(a)), summarise(relation, _seen(b, len(a)))]
    whole = in_order(relation, summarise(relation, _seen([*a, *b])))
    assert in_order(relation, combine(relation, parts)).equals(whole)
    assert in_order(relation, combine(relation, parts[::-1])).equals(whole)


def test_a_sign_in_says_who_came_from_where() -> None:
    at = {"actor.user.name": "court\\Ada", "device.hostname": "ws-1"}
    assert _rows("sign_ins", at | {"src_endpoint.ip": "10.0.0.1"}) == [
        {"account": "court\\ada", "owner": "", "source": "10.0.0.1", "host": "ws-1"}
    ]
    assert _rows("sign_ins", at | {"src_endpoint.ip": "127.0.0.1"})[0]["source"] == ""


def test_credentials_given_for_another_host_are_a_way_from_here_to_there() -> None:
    given_ = {"metadata.event_code": "4648", "actor.user.name": "ben", "user.name": "ada", "device.hostname": "ws-1"}
    assert _rows("sign_ins", given_ | {"resource.name": "server-9"}) == [
        {"account": "ada", "owner": "ben", "source": "ws-1", "host": "server-9"}
    ]
    assert _rows("sign_ins", given_ | {"resource.name": "localhost", "src_endpoint.ip": "::1"}) == [
        {"account": "ada", "owner": "ben", "source": "", "host": "ws-1"}
    ]


@pytest.mark.parametrize(
    "apart",
    [
        {"status": "failure"},
        {"activity_name": "session closed"},
        {"activity_name": "user initiated logoff"},
        {"metadata.event_code": "4769"},
        {"device.hostname": None},
        {"actor.user.name": None},
        {"class_uid": 1007},
    ],
)
def test_what_is_no_sign_in_to_a_host_is_no_row(apart: dict[str, Any]) -> None:
    at = {"actor.user.name": "ada", "device.hostname": "ws-1"}
    assert len(_rows("sign_ins", at)) == 1
    assert not _rows("sign_ins", at | apart)


def test_an_application_is_its_id_else_what_was_signed_in_to() -> None:
    at = {"actor.user.name": "Ada"}
    assert _rows("applications", at | {"actor.app_uid": "APP-1", "resource.name": "x"}) == [
        {"account": "ada", "application": "app-1"}
    ]
    assert _rows("applications", at | {"resource.name": "Files"}) == [{"account": "ada", "application": "files"}]
    assert not _rows("applications", at | {"resource.name": "x", "device.hostname": "ws-1"})


def test_activity_has_its_quarter_of_an_hour_and_its_privilege() -> None:
    used = {"class_uid": 3003, "activity_name": "special privileges", "actor.user.name": "ada"}
    assert _rows("activity", used | {"time": _TIME + 23 * HOUR + 50 * HOUR // 60}) == [
        {"account": "ada", "slot": "95", "privilege": "special privileges"}
    ]
    assert _rows("activity", used | {"status": "failure"})[0]["privilege"] == ""
    assert _rows("activity", used | {"time": None})[0]["slot"] == "--"


def test_an_origin_is_the_network_outside_and_the_program_without_its_versions() -> None:
    came = {
        "user.name": "Ada",
        "src_endpoint.ip": "203.0.113.7",
        "http_request.user_agent": "Browser/133.0.1 (Test 10_2)",
    }
    assert _rows("origins", came) == [{"account": "ada", "network": "203.0.113.0/24", "client": "browser/ (test )"}]
    assert _rows("origins", came | {"http_request.user_agent": "Browser/134.0 (Test 11)"}) == _rows("origins", came)
    assert _rows("origins", came | {"src_endpoint.ip": "2001:db8:7::9"})[0]["network"] == "2001:db8:7::/48"
    assert _rows("origins", came | {"src_endpoint.ip": "10.0.0.1"})[0]["network"] == ""


def test_the_origin_of_a_sign_in_is_that_of_the_account_used_and_else_of_who_acted() -> None:
    both = {"actor.user.name": "gateway", "user.name": "ada", "src_endpoint.ip": "203.0.113.7"}
    assert _rows("origins", both)[0]["account"] == "ada"
    assert _rows("origins", both | {"class_uid": 6001})[0]["account"] == "gateway"


@pytest.mark.parametrize(
    "apart",
    [
        {"status": "failure"},
        {"activity_name": "session closed"},
        {"user.name": None},
        {"src_endpoint.ip": None},
        {"src_endpoint.ip": "10.0.0.1"},
        {"src_endpoint.ip": "127.0.0.1"},
    ],
)
def test_what_failed_or_says_nothing_of_where_it_came_from_is_no_origin(apart: dict[str, Any]) -> None:
    came = {"user.name": "ada", "src_endpoint.ip": "203.0.113.7"}
    assert len(_rows("origins", came)) == 1
    assert not _rows("origins", came | apart)


_ACCESS = st.fixed_dictionaries(
    {
        "record": st.integers(0, 5),
        "holding": st.sampled_from(("m-1", "m-2")),
        "actor": st.sampled_from(("", "ada", "ben")),
        "actor_class": st.sampled_from(("account", "administrator")),
        "address": st.sampled_from((None, "10.0.0.1", "203.0.113.7")),
        "degree": st.sampled_from(("accessed", "altered", "downloaded")),
    }
)


@given(accesses=st.lists(_ACCESS, max_size=12))
def test_a_record_that_says_one_access_in_several_ways_counts_once(accesses: list[dict[str, Any]]) -> None:
    """As where it names two addresses, or the place something was moved to twice."""
    filled = [{"time": _TIME, "kind": "mail_item", "source": "s", "operation": "o"} | row for row in accesses]
    seen = Seen(events=EVENTS.empty_table(), accesses=pa.Table.from_pylist(filled, schema=ACCESSES))
    reached = summarise(all_relations()["accesses"], seen)
    told = {tuple(row[name] for name in ("record", "holding", "actor", "actor_class")) for row in accesses}
    assert sum(reached["count"].to_pylist()) == len(told)
    for measure, degree in (("changed", "altered"), ("taken", "downloaded")):
        did = {tuple(row[name] for name in ("record", "holding", "actor", "actor_class")) for row in accesses
               if row["degree"] == degree}  # fmt: skip
        assert sum(reached[measure].to_pylist()) == len(did)
    acted = summarise(all_relations()["activity"], seen)
    opened = {(row["record"], row["actor"]) for row in accesses if row["actor_class"] == "administrator"}
    assert sum(acted["count"].to_pylist()) == len({one for one in opened if one[1]})
