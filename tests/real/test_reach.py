"""Reach over a real tenant's audit log: what its standing changes opened, to whom, by records that say so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest

from tocsin.assess import reach
from tocsin.collect.source import Head
from tocsin.collect.sources.m365_unified_audit import SOURCE
from tocsin.cover import changes
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.question import CompromiseStart, Question
from tocsin.model.reach import NodeKind, Reach
from tocsin.model.record import Record
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import MARKS

pytestmark = pytest.mark.real

TENANT = "dutchmasterz.onmicrosoft.com"
INTRUDER = f"a.thulile@{TENANT}"


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "m365_unified_audit_log"
    if not folder.is_dir():
        pytest.skip(f"the audit log set is not at {folder}")
    return folder


@pytest.fixture(scope="module")
def standing(folder: Path) -> tuple[StandingChange, ...]:
    data = gzip.decompress((folder / "audit_records.jsonl.gz").read_bytes())
    head = Head(data[:65_536], len(data), "audit.jsonl")
    start = SOURCE.preamble(head)
    rows = [
        {**mark, "record": number, "time": mapped.event["time"], "source": SOURCE.name}
        for number, record in enumerate(SOURCE.records(data, data[:start], start))
        if isinstance(record, Record)
        for mapped in (SOURCE.map(record),)
        for mark in mapped.marks
    ]
    state = changes.combine([changes.summarise(pa.Table.from_pylist(rows, schema=MARKS))])
    return changes.conclude(state, place=lambda number: RecordPlace("audit.jsonl", number))


def test_items_altered_and_destroyed_are_exposed_as_such(folder: Path) -> None:
    text = (folder / "truth_mail_changes.jsonl").read_text("utf-8")
    changed = {json.loads(line)["operation"] for line in text.splitlines()}
    data = gzip.decompress((folder / "audit_records.jsonl.gz").read_bytes())
    start = SOURCE.preamble(Head(data[:65_536], len(data), "audit.jsonl"))
    degrees: dict[str, set[str]] = {}
    for record in SOURCE.records(data, data[:start], start):
        if isinstance(record, Record):
            for access in SOURCE.map(record).accesses:
                degrees.setdefault(access["operation"], set()).add(access["degree"])
    told = {name: degrees.get(name, set()) for name in changed}
    assert {name for name, found in told.items() if found & {"altered", "destroyed", "sent_out"}} == changed


def ask(standing: tuple[StandingChange, ...], *identities: str) -> Reach:
    return reach.conclude(
        Question(identities=identities), reach.Ways(estate=Estate(), changes=standing), CompromiseStart()
    )


def test_every_right_forwarding_and_rule_names_whom_it_was_given_to(
    folder: Path, standing: tuple[StandingChange, ...]
) -> None:
    text = (folder / "truth_persistence_and_permission_changes.jsonl").read_text("utf-8")
    truth = [json.loads(line) for line in text.splitlines()]
    names = ("User", "Trustee", "BlindCopyTo", "GrantSendOnBehalfTo")
    given = sorted(one["parameters"][name] for one in truth for name in names if one["parameters"].get(name))
    assert len(given) == 7
    told = {name for change in standing for name in change.given_to}
    assert [name for name in given if name not in told] == []


def test_mailboxes_opened_by_a_right_are_reached_through_the_record_that_gave_it(
    standing: tuple[StandingChange, ...],
) -> None:
    found = ask(standing, INTRUDER)
    opened = {one.name: one for one in found.reached if one.kind is NodeKind.HOLDING}
    assert {f"henriettam@{TENANT}", f"adelev@{TENANT}"} <= opened.keys()
    assert all(one.records and one.time is not None for one in opened.values())


def test_whose_password_was_set_is_reached_from_then_on(standing: tuple[StandingChange, ...]) -> None:
    found = ask(standing, f"joey@{TENANT}")
    (one,) = [one for one in found.reached if one.name == f"pradeepg@{TENANT}"]
    (made,) = [
        change
        for change in standing
        if change.kind is Mark.CREDENTIAL and change.scope.lower() == one.name and change.record in one.records
    ]
    assert (one.time, made.actor) == (made.time, f"joey@{TENANT}")


def test_where_a_mail_flow_rule_sends_copies_is_a_way_to_them(standing: tuple[StandingChange, ...]) -> None:
    found = ask(standing, "ITCornpany@gmail.com")
    assert [one.how for one in found.reached if one.through is not None] == ["is sent what a rule takes from ."]
