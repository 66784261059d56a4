"""What an incident was carried out with: rows of the incident's own accounts, sessions and addresses, never a name."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess import attribution
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level
from tocsin.model.instant import DAY, HOUR, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution
from tocsin.model.tables import EVENTS, HITS

START = parse_time("2026-03-02T08:00:00Z") or 0
ADA = "ada.example@tribunal.example"
BO = "bo.example@tribunal.example"
FAR = "203.0.113.9"


def place(record: int) -> RecordPlace:
    return RecordPlace("security.evtx", record)


def event(account: str | None, session: str | None, address: str | None, **columns: str | int | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(EVENTS.names)
    row |= {"record": 0, "key": bytes(16), "time": START, "source": "invented", "class_uid": 0}
    row |= {"actor.user.name": account, "actor.session.uid": session, "src_endpoint.ip": address}
    return row | {name.replace("__", "."): value for name, value in columns.items()}


def fold(*rows: dict[str, Any]) -> pa.Table:
    return attribution.combine([attribution.summarise(pa.Table.from_pylist(list(rows), schema=EVENTS))])


def hits(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(HITS.names) | row for row in rows], schema=HITS)


def incident(*entities: Entity) -> Incident:
    return Incident(
        id="i-1",
        title="",
        level=Level.HIGH,
        first=START,
        last=START + HOUR,
        score=60,
        findings=("f-1",),
        techniques=(),
        entities=entities,
        links=(),
    )


def finding(*records: int) -> Finding:
    return Finding(
        id="f-1",
        detector=Detector(kind="sigma", id="r", title="", level=Level.HIGH),
        techniques=(),
        tactics=(),
        first=START,
        last=START,
        entities=(),
        records=tuple(place(record) for record in records),
        why="",
    )


def conclude(state: pa.Table, *entities: Entity) -> Attribution:
    (answer,) = attribution.conclude(state, hits(), [incident(*entities)], [finding(0)], place)
    return answer


ACCOUNT = Entity(EntityType.ACCOUNT, ADA)
ADDRESS = Entity(EntityType.ADDRESS, FAR)


def test_counts_and_spans_are_per_combination() -> None:
    state = fold(
        event(ADA, "S", FAR, http_request__user_agent="curl"),
        event(ADA, "S", FAR, http_request__user_agent="curl", time=START + 5),
        event(ADA, "S", FAR, actor__app_uid="app-1", time=None),
        event(None, None, None, actor__app_uid="app-1"),
    )
    assert state.select(["client", "count", "first", "last"]).to_pylist() == [
        {"client": "app-1", "count": 1, "first": None, "last": None},
        {"client": "curl", "count": 2, "first": START, "last": START + 5},
    ]


def test_statement_names_the_means_and_nobody() -> None:
    answer = conclude(fold(event(ADA, "S", FAR, http_request__user_agent="curl")), ACCOUNT, ADDRESS)
    assert answer.statement == (
        f"An unknown actor used the account {ADA} through session S from address {FAR} with client curl; "
        "nothing in these logs says who."
    )


def test_the_holders_ordinary_work_is_not_said_to_be_the_actors() -> None:
    answer = conclude(fold(event(ADA, "ordinary", "192.0.2.1")), ACCOUNT)
    assert answer.statement == f"An unknown actor used the account {ADA}; nothing in these logs says who."
    assert [means.session for means in answer.means] == ["ordinary"]


def test_only_what_the_incident_names_and_only_near_it() -> None:
    answer = conclude(
        fold(
            event(ADA, "near", FAR, time=START - DAY),
            event(ADA, "far", FAR, time=START - DAY - 1),
            event(BO, "other", "198.51.100.1"),
        ),
        ACCOUNT,
    )
    assert [means.session for means in answer.means] == ["near"]


def test_the_holders_own_browser_is_counted_and_no_means_of_the_intruder() -> None:
    rows = [event(ADA, "ordinary", "192.0.2.1")] * 3 + [event(ADA, "strange", FAR)]
    answer = conclude(fold(*rows), ACCOUNT, ADDRESS)
    assert [means.session for means in answer.means] == ["strange"]
    assert "through session strange" in answer.statement
    assert "used in 1 other ways, which may be their holders' own work" in answer.statement


def test_every_account_and_address_that_was_used_is_in_the_statement() -> None:
    second = "203.0.113.10"
    rows = [event(ADA, "s1", FAR), event(BO, "s2", second), event(BO, "s3", second)]
    answer = conclude(fold(*rows), ACCOUNT, ADDRESS, Entity(EntityType.ADDRESS, second))
    assert f"used the accounts {ADA} and {BO} through 3 sessions" in answer.statement
    assert f"from addresses {FAR} and {second};" in answer.statement


def test_what_is_not_listed_is_counted_and_the_telling_ones_are_listed() -> None:
    rows = [event(ADA, f"s{n:03}", FAR) for n in range(60)] + [event(ADA, "strange", FAR)]
    answer = conclude(fold(*rows), ACCOUNT, ADDRESS, Entity(EntityType.SESSION, "strange"))
    assert len(answer.means) == attribution.MEANS_LISTED
    assert "strange" in [means.session for means in answer.means]
    assert "11 of 61 combinations are not listed" in answer.statement


def test_an_address_that_everybody_uses_is_not_followed_and_the_statement_says_so() -> None:
    rows = [event(f"user{n}", f"s{n}", FAR) for n in range(attribution.SHARED_BY + 1)]
    answer = conclude(fold(*rows), ADDRESS)
    assert answer.means == ()
    assert f"6 accounts used the address {FAR}, so it was not followed" in answer.statement


def test_machine_accounts_are_not_followed() -> None:
    system = Entity(EntityType.ACCOUNT, "nt authority\\system")
    answer = conclude(fold(event("nt authority\\system", "S", None)), system, Entity(EntityType.HOST, "ws1"))
    assert answer.means == ()
    assert "acted without an account being named on host ws1" in answer.statement


def test_process_steps_are_those_of_the_incident_in_time() -> None:
    def started(record: int, time: int, image: str | None) -> dict[str, Any]:
        return {
            "record": record,
            "time": time,
            "rule": "r",
            "matched": "[]",
            "source": "invented",
            "device.hostname": "ws1",
            "actor.process.file.path": "parent.exe",
            "process.file.path": image,
            "process.cmd_line": "x" * 400,
            "actor.user.name": ADA,
        }

    table = hits(
        started(2, START + 9, "late.exe"),
        started(1, START, "early.exe"),
        started(1, START, "early.exe"),
        started(3, START, None),
        started(9, START, "elsewhere.exe"),
    )
    (answer,) = attribution.conclude(fold(), table, [incident()], [finding(1, 2, 3)], place)
    assert [(step.image, step.parent, step.record.entry) for step in answer.processes] == [
        ("early.exe", "parent.exe", 1),
        ("late.exe", "parent.exe", 2),
    ]
    assert len(answer.processes[0].command_line) == attribution.COMMAND_LENGTH


def test_carriers_count_accounts_and_not_records() -> None:
    state = fold(event(ADA, "S", FAR), event(ADA, "S", FAR), event(BO, "T", FAR), event(None, "T", FAR))
    assert attribution.carriers(state)[ADDRESS] == 2
    assert attribution.count_accounts(state) == 2


ROWS = st.lists(
    st.builds(
        lambda account, session, address, time: event(account, session, address, time=time),
        st.sampled_from([None, "", ADA, BO]),
        st.sampled_from([None, "S", "ws1|0x3e7a"]),
        st.sampled_from([None, FAR]),
        st.none() | st.integers(START, START + 9),
    ),
    max_size=20,
)


@settings(deadline=None, max_examples=40)
@given(ROWS, ROWS, ROWS)
def test_the_fold_is_the_same_in_any_order_and_counts_every_record(
    a: list[dict[str, Any]], b: list[dict[str, Any]], c: list[dict[str, Any]]
) -> None:
    x, y, z = (attribution.summarise(pa.Table.from_pylist(rows, schema=EVENTS)) for rows in (a, b, c))
    whole = attribution.combine([attribution.summarise(pa.Table.from_pylist([*a, *b, *c], schema=EVENTS))])
    assert attribution.combine([x, attribution.combine([y, z])]).equals(whole)
    assert attribution.combine([z, attribution.combine([y, x])]).equals(whole)
    named = [
        row for row in [*a, *b, *c] if row["actor.user.name"] or row["src_endpoint.ip"] or row["actor.session.uid"]
    ]
    assert sum(whole["count"].to_pylist()) == len(named)
