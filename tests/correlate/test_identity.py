"""Which names are one: never two that are not, whatever the order of the logs."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.correlate import identity
from tocsin.model.estate import Estate, Identity
from tocsin.model.joining import JoinKind
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import EVENTS

SID = "S-1-5-21-1-2-3-1001"
UPN = "ada.example@tribunal.example"


def events(*rows: dict[str, Any]) -> pa.Table:
    filled = [
        {"record": number, "key": number.to_bytes(16, "big"), "time": number, "source": "x", "class_uid": 0, **row}
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist([{name: row.get(name) for name in EVENTS.names} for row in filled], schema=EVENTS)


def named(account: str, uid: str) -> dict[str, Any]:
    return {"actor.user.name": account, "actor.user.uid": uid}


def place(record: int) -> RecordPlace:
    return RecordPlace("log", record)


def concluded(table: pa.Table, hosts: tuple[str, ...] = (), estate: Estate | None = None) -> Any:
    return identity.conclude(identity.summarise(table), hosts, estate or Estate(), place)


def test_a_name_and_a_uid_on_one_record_are_one_account() -> None:
    found = concluded(events(named("tni\\ada", SID), named(UPN, SID), named("tni\\ada", SID)))
    assert set(found.all_forms("tni\\ada")) == {"tni\\ada", UPN, SID.lower()}
    assert found.canonical(SID.lower()) == UPN
    (of_domain,) = (join for join in found.joins if join.a == "tni\\ada")
    assert (of_domain.count, of_domain.first, of_domain.last, of_domain.record) == (2, 0, 2, place(0))


def test_a_shared_uid_and_the_machine_itself_join_nothing() -> None:
    shared = [named(f"ada{number}", "not an id of one") for number in range(identity.MOST_FORMS + 1)]
    system = [named("nt authority\\system", "S-1-5-18"), named("srv1$", "S-1-5-18")]
    found = concluded(events(*shared, *system))
    assert found.joins == ()


def test_the_estate_joins_what_no_record_shows() -> None:
    estate = Estate(identities=(Identity(id="p1", accounts=("TNI\\Ada", UPN)),))
    found = concluded(events(), estate=estate)
    assert found.canonical("tni\\ada") == UPN
    assert [join.kind for join in found.joins] == [JoinKind.DECLARED]


def test_a_short_host_name_is_joined_only_where_it_can_be_one_host() -> None:
    found = concluded(events(), hosts=("fed01", "fed01.a.example", "dc01", "dc01.a.example", "dc01.b.example"))
    assert found.canonical("fed01") == "fed01.a.example"
    assert found.canonical("dc01") == "dc01"


def test_an_address_a_host_had_is_told_and_joins_nothing() -> None:
    lease = {"device.hostname": "ws1", "src_endpoint.ip": "192.0.2.7", "class_uid": identity.DHCP_ACTIVITY}
    found = concluded(events(lease, {**lease, "device.hostname": "ws2"}))
    assert [join.kind for join in found.joins] == [JoinKind.HOST_ADDRESS] * 2
    assert found.canonical("192.0.2.7") == "192.0.2.7"


names = st.sampled_from(["tni\\ada", "tni\\bo", UPN, "bo@tribunal.example"])
uids = st.sampled_from([SID, "S-1-5-21-1-2-3-1002", "1003200000000001"])


@given(st.lists(st.tuples(names, uids), max_size=20), st.integers(0, 20))
def test_chunks_and_their_order_change_nothing(pairs: list[tuple[str, str]], cut: int) -> None:
    table = events(*(named(*pair) for pair in pairs))
    whole = identity.summarise(table)
    parts = [identity.summarise(table.slice(cut)), identity.summarise(table.slice(0, cut))]
    assert identity.combine(parts).equals(identity.combine([whole]))
    assert identity.combine(parts[::-1]).equals(identity.combine(parts))
