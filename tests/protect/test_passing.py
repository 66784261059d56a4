"""What leaves `process`: every text of every table, the books, and nothing but what names somebody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protect.stub import local_door

from tocsin.errors import ProtectionError
from tocsin.logs_seen import SEEN_LOGS
from tocsin.model.chunk import ChunkAccount, ChunkResult, Rejection
from tocsin.model.clipping import to_be_cut
from tocsin.model.door import NO_DOOR, Door
from tocsin.model.protection import Masked
from tocsin.model.tables import EVENTS, HITS, SIGHTINGS
from tocsin.model.token import TOKEN
from tocsin.processing import TABLES
from tocsin.protect.passing import pass_through

NAME = "Zorblat"
DOOR = local_door((NAME,))
_OURS = ("source", "hidden_by", "kind", "actor_class", "degree")


def _value(field: pa.Field, text: str) -> object:
    if pa.types.is_string(field.type):
        if field.name == "said":
            return json.dumps([text, None], ensure_ascii=False)
        if field.name == "matched":
            return json.dumps([["user", NAME, text], ["list", "x", [text, 7]]], ensure_ascii=False)
        if field.name == "told":  # so the rule is another tool's, and its id words of the log
            return json.dumps(["wazuh", "high", text, "", "", [["account", text]]], ensure_ascii=False)
        return "x" if field.name in _OURS else text
    return {"record": 1, "key": bytes(16), "class_uid": 3002}.get(field.name, 5)


def result(text: str) -> tuple[ChunkResult, pa.Table]:
    """One row in each table with the text in every column that has any."""
    tables = {
        name: pa.table([pa.array([_value(field, text)], field.type) for field in schema], schema=schema)
        for name, schema in TABLES.items()
    }
    account = ChunkAccount(read=2, stored=1, rejected=(Rejection(reason="r", count=1, first=1, detail=text),))
    logs = pa.table([["x"], [text], [""], [json.dumps([text, ""])], [1], ["[]"]], schema=SEEN_LOGS)
    return ChunkResult(decoder="d/1", leaves=b"", account=account, **tables), logs


def said(given: tuple[ChunkResult, pa.Table]) -> str:
    """All text in it."""
    passed, logs = given
    tables = [passed.events, passed.hits, passed.accesses, passed.marks, logs]
    return json.dumps([[table.to_pylist() for table in tables], str(passed.account)], default=repr, ensure_ascii=False)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_name_leaves_in_no_column(before: str, after: str) -> None:
    passed = pass_through(*result(f"{before}{NAME}{after}"), DOOR)
    assert NAME.casefold() not in said(passed).casefold()
    assert passed[0].events.schema == EVENTS
    assert passed[0].hits.schema == HITS


def test_the_columns_of_a_hit_are_those_of_its_event() -> None:
    passed, _ = pass_through(*result(f"of {NAME}"), DOOR)
    shared = [name for name in HITS.names if name in EVENTS.names]
    assert passed.hits.select(shared).to_pylist() == passed.events.select(shared).to_pylist()


def test_a_rule_of_our_own_is_left_as_it_is() -> None:
    tables, logs = result("x")
    own = pa.array([NAME], pa.string())
    hits = tables.hits.set_column(tables.hits.schema.get_field_index("rule"), HITS.field("rule"), own)
    place = hits.schema.get_field_index("told")
    hits = hits.set_column(place, HITS.field("told"), pa.nulls(1, pa.string()))
    passed, _ = pass_through(replace(tables, hits=hits), logs, DOOR)
    assert passed.hits["rule"].to_pylist() == [NAME]


def test_a_long_rule_and_title_of_another_tool_are_cut_behind_the_door() -> None:
    passed, _ = pass_through(*result(to_be_cut(f"{'x' * 40} {NAME}", 42)), DOOR)
    (row,) = passed.hits.to_pylist()
    for text in (row["rule"], json.loads(row["told"])[2]):
        assert text.startswith("x" * 40)
        assert TOKEN.search(text)


def test_what_correlations_compare_stays_different_however_long() -> None:
    """A long text is kept by its beginning and a digest of the whole, made of what came through the door."""
    tables, logs = result("x")
    written = [[f"{NAME} {'.' * 400}{end}", None] for end in "ab"]
    rows = pa.concat_tables([tables.sightings] * 2).drop_columns(["said"])
    rows = rows.append_column("said", pa.array([json.dumps(each) for each in written], pa.string()))
    passed, _ = pass_through(replace(tables, sightings=rows.select(SIGHTINGS.names).cast(SIGHTINGS)), logs, DOOR)
    (one, _), (other, _) = (json.loads(each) for each in passed.sightings["said"].to_pylist())
    assert one != other
    assert len(one) == len(other) <= 300
    assert NAME not in one


def test_a_number_in_what_matched_is_a_text_as_well() -> None:
    number = 4711471147
    tables, logs = result("x")
    matched = pa.array([json.dumps([["id", "", number]])], pa.string())
    place = HITS.get_field_index("matched")
    hits = tables.hits.set_column(place, HITS.field("matched"), matched)
    given_ = ChunkResult(
        decoder="d/1",
        leaves=b"",
        account=tables.account,
        events=tables.events,
        hits=hits,
        sightings=tables.sightings,
        accesses=tables.accesses,
        marks=tables.marks,
    )
    passed, _ = pass_through(given_, logs, local_door((str(number),)))
    assert str(number) not in passed.hits["matched"][0].as_py()


@given(st.text(max_size=20))
def test_nothing_else_is_touched(text: str) -> None:
    given_, logs = result(text.replace("\ufdd0", ""))
    for door in (NO_DOOR, local_door(("Quixmere",))):
        passed, seen = pass_through(given_, logs, door)
        assert (passed, seen) == (given_, logs)


def test_what_is_to_be_cut_is_cut_behind_the_door() -> None:
    text = to_be_cut(f"{'a' * 10}{NAME}", 14, "…")
    passed, _ = pass_through(*result(text), DOOR)
    detail = passed.marks["detail"][0].as_py()
    assert detail[:10] == "a" * 10
    assert TOKEN.fullmatch(detail[10:])  # whole: half of one would be nobody's
    assert passed.account.rejected[0].detail == detail
    passed, _ = pass_through(*result(text), NO_DOOR)
    assert passed.marks["detail"][0].as_py() == f"{'a' * 10}Zorb…"


class _Broken:
    epoch = 3

    def mask(self, texts: Sequence[str]) -> Mapping[int, Masked]:
        raise ProtectionError("the door is gone")

    def wrap(self, secret: bytes, context: str) -> bytes:
        raise ProtectionError("the door is gone")

    unwrap = wrap

    def retoken(self, texts: Sequence[str], recipient: str) -> list[str]:
        raise ProtectionError("the door is gone")


def test_nothing_leaves_by_a_door_that_fails() -> None:
    door: Door = _Broken()
    with pytest.raises(ProtectionError):
        pass_through(*result("x"), door)
