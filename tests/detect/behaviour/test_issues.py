"""Issues and uses of tickets, tokens and sessions: what belongs, and under which name of the account."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.sources.entra.shapes import shape_object
from tocsin.detect.behaviour.relation import Seen, all_relations, combine, in_order, summarise
from tocsin.model.instant import DAY, HOUR
from tocsin.model.tables import ACCESSES, EVENTS

_TIME = 20_003 * DAY
_CONTROLLER = {"source": "windows_evtx", "metadata.log_name": "Security", "device.hostname": "dc-1.court.example"}
_GRANTED = _CONTROLLER | {"metadata.event_code": "4768", "actor.user.name": "court\\ada", "src_endpoint.ip": "10.0.0.1"}
_ASKED = _CONTROLLER | {
    "metadata.event_code": "4769",
    "actor.user.name": "court.example\\ada@court.example",
    "src_endpoint.ip": "10.0.0.1",
    "resource.name": "FILES-1$",
}
_LOGON = {
    "metadata.event_code": "4624",
    "actor.user.name": "court\\ada",
    "src_endpoint.ip": "10.0.0.1",
    "device.hostname": "files-1.court.example",
    "auth_protocol": "Kerberos",
}
_TOKEN = _CONTROLLER | {
    "metadata.event_code": "1200",
    "activity_name": "application token issued",
    "actor.user.name": "court\\ada",
    "src_endpoint.ip": "203.0.113.7",
    "resource.name": "urn:federation:MicrosoftOnline",
}
_SIGNED = {
    "source": "m365_unified_audit",
    "metadata.log_name": "AzureActiveDirectory",
    "activity_name": "UserLoggedIn",
    "actor.user.name": "ada@court.example",
    "actor.session.uid": "Session-1",
    "src_endpoint.ip": "203.0.113.7",
}
_ACCESS = {
    "source": "m365_unified_audit",
    "kind": "mail_item",
    "holding": "m-1",
    "actor": "ada@court.example",
    "actor_class": "account",
    "address": "203.0.113.7",
    "session": "session-1",
    "degree": "accessed",
    "operation": "MailItemsAccessed",
}


def _seen(events: list[dict[str, Any]], accesses: list[dict[str, Any]], start: int = 0) -> Seen:
    blank = {"key": bytes(16), "source": "s", "class_uid": 3002, "time": _TIME}
    filled = [blank | {"record": start + number} | row for number, row in enumerate(events)]
    reached = [{"time": _TIME, "record": start + number} | row for number, row in enumerate(accesses)]
    return Seen(
        events=pa.Table.from_pylist(filled, schema=EVENTS), accesses=pa.Table.from_pylist(reached, schema=ACCESSES)
    )


def _rows(*events: dict[str, Any], accesses: tuple[dict[str, Any], ...] = ()) -> list[tuple[str, ...]]:
    found = all_relations()["issues"].rows(_seen(list(events), list(accesses)))
    said = ("way", "side", "account", "address", "thing", "host", "log")
    return [] if found is None else list(zip(*(found.keys[key].column().to_pylist() for key in said), strict=True))


def test_a_ticket_to_ask_with_is_issued_and_asking_with_it_is_a_use_that_issues_one_for_a_host() -> None:
    log = ("dc-1.court.example", "windows_evtx Security")
    assert (
        _rows(_GRANTED, _GRANTED | {"metadata.event_code": "4770"})
        == [("ticket", "issued", "court\\ada", "10.0.0.1", "", *log)] * 2
    )
    assert _rows(_ASKED) == [
        ("ticket", "used", "ada@court.example", "10.0.0.1", "", *log),
        ("service", "issued", "ada@court.example", "", "files-1", *log),
    ]
    assert [row[0] for row in _rows(_ASKED | {"resource.name": "krbtgt/COURT"})] == ["ticket"]


def test_a_logon_over_the_network_by_kerberos_uses_a_ticket_for_its_host() -> None:
    assert _rows(_LOGON) == [("service", "used", "court\\ada", "", "files-1", "", "")]


@pytest.mark.parametrize(
    "apart",
    [{"auth_protocol": "NTLM"}, {"auth_protocol": None}, {"src_endpoint.ip": None}, {"src_endpoint.ip": "::1"}],
)
def test_a_logon_that_needs_no_ticket_of_the_controller_uses_none(apart: dict[str, Any]) -> None:
    assert not _rows(_LOGON | apart)


def test_a_sign_in_to_the_tenant_uses_a_token_and_begins_a_session_that_accesses_use() -> None:
    assert _rows(_TOKEN) == [
        ("federation", "issued", "court\\ada", "203.0.113.7", "", "dc-1.court.example", "windows_evtx Security")
    ]
    assert not _rows(_TOKEN | {"resource.name": "https://another.example/"}), "a token for another party"
    assert _rows(_SIGNED, accesses=(_ACCESS,)) == [
        ("federation", "used", "ada@court.example", "203.0.113.7", "", "", ""),
        (
            "session",
            "issued",
            *("ada@court.example", "203.0.113.7", "session-1"),
            "",
            "m365_unified_audit AzureActiveDirectory",
        ),
        ("session", "used", "ada@court.example", "203.0.113.7", "session-1", "", ""),
    ]
    quiet = {"source": "entra", "metadata.log_name": "NonInteractiveUserSignInLogs"}
    assert [row[:2] for row in _rows(_SIGNED | quiet)] == [("session", "issued")]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("SigninLogs", [("federation", "used"), ("session", "issued")]),
        ("AADNonInteractiveUserSignInLogs", [("session", "issued")]),
        ("AADServicePrincipalSignInLogs", []),
    ],
)
def test_sign_ins_from_a_table_of_the_workspace_are_those_of_their_log(
    table: str, found: list[tuple[str, str]]
) -> None:
    row = {"TimeGenerated": "2026-03-20T09:00:00Z", "Type": table, "AppDisplayName": "Mail", "ResultType": "0"}
    shaped = shape_object(row | {"ConditionalAccessStatus": "success", "UserPrincipalName": "ada@court.example"})
    assert shaped is not None
    event = _SIGNED | {"source": "entra", "metadata.log_name": shaped.category}
    assert [one[:2] for one in _rows(event)] == found


def test_what_programs_of_the_provider_reach_is_no_use() -> None:
    assert not _rows(accesses=(_ACCESS | {"actor_class": "provider_service"}, _ACCESS | {"source": "zeek"}))


@pytest.mark.parametrize("event", [_GRANTED, _ASKED, _LOGON, _TOKEN, _SIGNED])
def test_what_failed_or_names_nobody_is_neither(event: dict[str, Any]) -> None:
    assert _rows(event)
    assert not _rows(event | {"status": "failure"})
    assert not _rows(event | {"actor.user.name": None})


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("court.example\\ada@court.example", "ada@court.example"),
        ("court.example\\ws-1$@court.example", "court.example\\ws-1$"),
        ("COURT\\Ada", "court\\ada"),
        ("ada@court.example", "ada@court.example"),
    ],
)
def test_an_account_that_a_ticket_names_twice_over_has_one_name(written: str, name: str) -> None:
    assert _rows(_GRANTED | {"actor.user.name": written})[0][2] == name


_ANY = st.builds(
    lambda event, time, account: event | {"time": time, "actor.user.name": account},
    st.sampled_from((_GRANTED, _ASKED, _LOGON, _TOKEN, _SIGNED)),
    st.sampled_from((None, _TIME, _TIME + 5 * HOUR, _TIME + DAY)),
    st.sampled_from((None, "court\\ada", "ben@court.example")),
)


@given(a=st.lists(_ANY, max_size=8), b=st.lists(_ANY, max_size=8))
def test_two_chunks_in_any_order_are_the_whole(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> None:
    relation = all_relations()["issues"]
    parts = [summarise(relation, _seen(a, [_ACCESS])), summarise(relation, _seen(b, [], len(a) + 1))]
    together = in_order(relation, combine(relation, parts))
    assert in_order(relation, combine(relation, parts[::-1])).equals(together)
    counted = sum(row["count"] for row in together.to_pylist())
    assert counted == len(_rows(*a, accesses=(_ACCESS,))) + len(_rows(*b))
