"""Hits become findings: by rule, subject and nearness in time, whatever the order of the chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.correlate import findings
from tocsin.correlate.named_entities import PROCESSES_NAMED
from tocsin.model.finding import Entity, EntityType, Finding, Level
from tocsin.model.instant import HOUR, NANOSECONDS, parse_time
from tocsin.model.reference import RecordPlace, record_reference
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import HITS

START = parse_time("2026-03-02T08:00:00Z") or 0
ADA = "ada.example@tribunal.example"
RULES = {
    name: RuleInfo(
        id=name,
        title=f"Title of {name}",
        level=level,
        author="",
        path="",
        techniques=("T1114.003", "T1114.003", "T1098"),
        tactics=("persistence", "collection"),
    )
    for name, level in (("rule-a", Level.HIGH), ("rule-b", Level.LOW))
}


def place(record: int) -> RecordPlace:
    return RecordPlace("audit.jsonl", record)


def hit(record: int, time: int | None = START, rule: str = "rule-a", **columns: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(HITS.names)
    row |= {"record": record, "time": time, "rule": rule, "matched": '[["A","is 1","1"]]', "source": "invented"}
    return row | {name.replace("__", "."): value for name, value in columns.items()}


def conclude(*rows: dict[str, Any]) -> tuple[Finding, ...]:
    state = findings.combine([findings.summarise(pa.Table.from_pylist(list(rows), schema=HITS))])
    return findings.conclude(state, RULES, place)


def test_neighbours_within_an_hour_are_one_finding() -> None:
    user = {"actor__user__name": ADA}
    found = conclude(hit(1, START, **user), hit(2, START + HOUR, **user), hit(3, START + 2 * HOUR + 1, **user))
    assert [[r.entry for r in f.records] for f in found] == [[1, 2], [3]]
    assert (found[0].first, found[0].last) == (START, START + HOUR)


def test_rules_and_subjects_stay_apart() -> None:
    found = conclude(
        hit(1, actor__user__name=ADA),
        hit(2, actor__user__name="bo.example@tribunal.example"),
        hit(3, rule="rule-b", actor__user__name=ADA),
    )
    assert len(found) == 3
    assert len({f.id for f in found}) == 3


def test_records_without_a_time_group_by_themselves() -> None:
    found = conclude(
        hit(1, None, actor__user__name=ADA), hit(2, actor__user__name=ADA), hit(3, None, actor__user__name=ADA)
    )
    assert [(f.first, [r.entry for r in f.records]) for f in found] == [(START, [2]), (None, [1, 3])]
    assert found[1].why.endswith("; 2 records without a time")


def test_times_at_both_ends_of_what_is_representable_are_far_apart() -> None:
    found = conclude(hit(1, -(2**63) + 1, actor__user__name=ADA), hit(2, 2**63 - 1, actor__user__name=ADA))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("columns", "subject"),
    [
        ({"actor__user__name": ADA, "user__name": "bo", "device__hostname": "ws1"}, Entity(EntityType.ACCOUNT, ADA)),
        ({"actor__user__name": "nt authority\\system", "user__name": "bo"}, Entity(EntityType.ACCOUNT, "bo")),
        (
            {"actor__user__name": "ws1$", "user__name": "bo", "status": "failure", "device__hostname": "ws1"},
            Entity(EntityType.HOST, "ws1"),
        ),
        ({"actor__user__name": "", "src_endpoint__ip": "192.0.2.7"}, Entity(EntityType.ADDRESS, "192.0.2.7")),
        ({"actor__user__name": "ws1$", "src_endpoint__ip": "127.0.0.1"}, Entity(EntityType.ACCOUNT, "ws1$")),
    ],
)
def test_subject_is_account_then_host_then_address(columns: dict[str, str], subject: Entity) -> None:
    (found,) = conclude(hit(1) | {name.replace("__", "."): value for name, value in columns.items()})
    assert found.entities[0] == subject


def test_a_hit_that_names_nothing_is_still_a_finding() -> None:
    (found,) = conclude(hit(1))
    assert found.entities == ()


def test_entities_of_every_type() -> None:
    (found,) = conclude(
        hit(
            1,
            actor__user__name=ADA,
            user__name="bo",
            actor__session__uid="S-1",
            actor__app_uid="app-1",
            src_endpoint__ip="192.0.2.7",
            device__hostname="ws1",
            process__uid="ws1|4711",
            metadata__log_name="Exchange",
            resource__name="Cy.Example@tribunal.example",
        )
    )
    assert found.entities == (
        Entity(EntityType.ACCOUNT, ADA),
        Entity(EntityType.ACCOUNT, "bo"),
        Entity(EntityType.ADDRESS, "192.0.2.7"),
        Entity(EntityType.APPLICATION, "app-1"),
        Entity(EntityType.HOST, "ws1"),
        Entity(EntityType.MAILBOX, "cy.example@tribunal.example"),
        Entity(EntityType.PROCESS, "ws1|4711"),
        Entity(EntityType.SESSION, "S-1"),
    )


def test_a_resource_is_a_mailbox_only_in_the_mail_log() -> None:
    (found,) = conclude(hit(1, metadata__log_name="SharePoint", resource__name=ADA))
    assert found.entities == ()


@pytest.mark.parametrize(
    ("column", "value", "is_entity"),
    [
        ("actor__session__uid", "ws1|0x3e7a", True),
        ("actor__session__uid", "ws1|0x3e7", False),
        ("actor__session__uid", "0x3e7a", False),
        ("actor__session__uid", "|0x3e7a", False),
        ("actor__session__uid", "4f1c0a52-0000-4000-8000-000000000001", True),
        ("process__uid", "ws1|4711", True),
        ("process__uid", "ws1|4", False),
        ("process__uid", "4711", False),
        ("process__uid", "00000000-0000-0000-0000-000000000000", False),
        ("process__uid", "365abb72-0001-0000-0000-00105ce67f00", True),
    ],
)
def test_only_an_id_that_means_one_session_or_process_is_an_entity(column: str, value: str, is_entity: bool) -> None:
    (found,) = conclude(hit(1) | {column.replace("__", "."): value})
    assert [entity.id for entity in found.entities] == ([value] if is_entity else [])


def test_loopback_is_no_entity() -> None:
    (found,) = conclude(hit(1, device__hostname="ws1", src_endpoint__ip="::1"))
    assert found.entities == (Entity(EntityType.HOST, "ws1"),)


def test_many_processes_are_counted_and_not_all_named() -> None:
    rows = [hit(n, device__hostname="ws1", process__uid=f"ws1|{n}") for n in range(10, 10 + PROCESSES_NAMED + 5)]
    (found,) = conclude(*rows)
    assert len(found.records) == PROCESSES_NAMED + 5
    assert sum(1 for e in found.entities if e.type is EntityType.PROCESS) == PROCESSES_NAMED
    assert f"{PROCESSES_NAMED + 5} processes, of which {PROCESSES_NAMED} are named here" in found.why


def test_why_is_made_of_the_first_records_fields() -> None:
    matched = json.dumps(
        [["EventID", "is 4104", "4104"], ["ScriptBlockText", "contains 'Export-'", "x\n" + "Export- " * 99]]
    )
    rows = [hit(2, START + NANOSECONDS, device__hostname="ws1"), hit(1, device__hostname="ws1", matched=matched)]
    (found,) = conclude(*rows)
    assert found.why.startswith("EventID is 4104 and ScriptBlockText contains 'Export-' (value \"x Export- Export- ")
    assert found.why.endswith('…"); 2 records from 2026-03-02T08:00:00Z to 2026-03-02T08:00:01Z')


def test_one_record_hit_twice_by_one_rule_counts_once() -> None:
    other = '[["A","is 2","2"]]'
    (found,) = conclude(hit(1, actor__user__name=ADA), hit(1, actor__user__name=ADA, matched=other))
    assert found.records == (place(1),)


def test_rule_facts_are_carried_and_made_distinct() -> None:
    (found,) = conclude(hit(1, actor__user__name=ADA))
    assert found.techniques == ("T1098", "T1114.003")
    assert found.tactics == ("collection", "persistence")
    assert (found.detector.id, found.detector.level) == ("rule-a", Level.HIGH)


def test_a_hit_of_a_rule_that_is_gone_is_not_lost() -> None:
    (found,) = conclude(hit(1, rule="rule-gone", actor__user__name=ADA))
    assert found.detector.id == "rule-gone"
    assert "not loaded" in found.detector.title


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=8) | st.sampled_from([ADA, "bo", "nt authority\\system"]), min_size=7, max_size=7))
def test_an_id_confirms_no_guess_of_what_a_record_says(said: list[str]) -> None:
    names = (
        "actor.user.name",
        "user.name",
        "device.hostname",
        "src_endpoint.ip",
        "actor.session.uid",
        "process.cmd_line",
        "resource.name",
    )
    (found,) = conclude(hit(1) | dict(zip(names, said, strict=True)))
    (other,) = conclude(hit(1, actor__user__name=ADA))
    assert found.id == other.id


def test_another_rule_or_place_is_another_id() -> None:
    rows = [hit(1, actor__user__name=ADA), hit(1, rule="rule-b", actor__user__name=ADA), hit(2, actor__user__name="bo")]
    assert len({found.id for found in conclude(*rows)}) == 3


def test_ids_differ_where_one_path_was_taken_in_twice_and_do_not_tell_how_the_accounts_are_sorted() -> None:
    def ids(first: str, second: str) -> dict[str, str]:
        rows = [hit(1, actor__user__name=first), hit(2, actor__user__name=second)]
        state = findings.summarise(pa.Table.from_pylist(rows, schema=HITS))
        found = findings.conclude(state, RULES, lambda record: RecordPlace("logs/twice.log", 7))
        return {one.entities[0].id: one.id for one in found}

    forward, backward = ids("ada.example", "bo.example"), ids("zoe.example", "bo.example")
    assert len(set(forward.values())) == 2
    assert forward["ada.example"] == backward["zoe.example"]
    assert forward["bo.example"] == backward["bo.example"]


def test_no_hits_no_findings() -> None:
    assert conclude() == ()
    assert findings.combine([]).schema == findings.SCHEMA


ROWS = st.lists(
    st.builds(
        lambda record, time, rule, user, host: (
            hit(record, time, rule) | {"actor.user.name": user, "device.hostname": host}
        ),
        st.integers(0, 200),
        st.none() | st.integers(0, 20).map(lambda n: START + n * HOUR // 2),
        st.sampled_from(["rule-a", "rule-b", "rule-gone"]),
        st.sampled_from([None, "", ADA, "bo", "nt authority\\system"]),
        st.sampled_from([None, "ws1", "ws2"]),
    ),
    max_size=30,
    unique_by=lambda row: (row["record"], row["rule"]),
)


@settings(deadline=None, max_examples=50)
@given(ROWS, st.data())
def test_chunks_in_any_order_give_the_same_findings_and_no_hit_is_lost(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = conclude(*rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    chunks: Sequence[list[dict[str, Any]]] = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    partials = [findings.summarise(pa.Table.from_pylist(chunk, schema=HITS)) for chunk in chunks]
    shuffled = data.draw(st.permutations(partials))
    state = findings.combine([findings.combine(shuffled[:2]), *shuffled[2:]])
    assert findings.conclude(state, RULES, place) == whole
    assert sorted((f.detector.id, r.entry) for f in whole for r in f.records) == sorted(
        (row["rule"], row["record"]) for row in rows
    )


@settings(deadline=None, max_examples=50)
@given(ROWS, st.data())
def test_hits_beyond_those_kept_are_counted_whatever_the_order_of_the_chunks(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    whole = conclude(*rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "KEPT", data.draw(st.integers(1, 3)))
        few = conclude(*rows)
        cut = data.draw(st.integers(0, len(rows)))
        parts = [findings.summarise(pa.Table.from_pylist(part, schema=HITS)) for part in (rows[:cut], rows[cut:])]
        apart = findings.combine(data.draw(st.permutations(parts)))
        assert findings.conclude(apart, RULES, place) == few
    assert [(f.id, f.first, f.last, f.entities) for f in few] == [(f.id, f.first, f.last, f.entities) for f in whole]
    assert [len(f.records) + f.more for f in few] == [len(f.records) for f in whole]
    assert all(set(f.records) <= set(g.records) for f, g in zip(few, whole, strict=True))


def test_a_rule_true_all_day_keeps_a_bounded_state() -> None:
    rows = [hit(n, START + n * NANOSECONDS, actor__user__name=ADA, process__uid=f"ws1|{n}") for n in range(10_000)]
    state = findings.summarise(pa.Table.from_pylist(rows, schema=HITS))
    assert state.num_rows <= 3 * (findings.KEPT + 1)
    (found,) = findings.conclude(state, RULES, place)
    assert len(found.records) + found.more == 10_000
    assert found.last == START + 9_999 * NANOSECONDS
    assert f"10000 records from 2026-03-02T08:00:00Z to 2026-03-02T10:46:39Z, {len(found.records)} of them" in found.why


def test_a_span_that_cuts_an_hour_keeps_what_may_lie_in_it() -> None:
    rows = [hit(n, START + n * NANOSECONDS, actor__user__name=ADA) for n in range(1_000)]
    rows.append(hit(2_000, None, actor__user__name=ADA))
    state = findings.summarise(pa.Table.from_pylist(rows, schema=HITS))
    inside = findings.within(state, START + 500 * NANOSECONDS, START + 600 * NANOSECONDS)
    timed, untimed = findings.conclude(inside, RULES, place)
    assert (timed.first, timed.last) == (START + 500 * NANOSECONDS, START + 600 * NANOSECONDS - 1)
    assert untimed.records == (place(2_000),)
    assert findings.within(state, START + 2_000 * NANOSECONDS, None).num_rows == 1


def test_disjoint_partials_keep_plan_order() -> None:
    late = findings.summarise(pa.Table.from_pylist([hit(record_reference(7, 0))], schema=HITS))
    early = findings.summarise(pa.Table.from_pylist([hit(record_reference(2, 5))], schema=HITS))
    assert findings.combine([late, early]).equals(findings.combine([early, late]))
