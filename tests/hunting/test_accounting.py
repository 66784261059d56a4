"""What each rule could have seen: every rule once, in one state, with its reason; and fields are those of all logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.sigma.rules_given import compiled, record, rule
from tests.journeys.conftest import Tocsin

from tocsin.detect.sigma.match import Matcher
from tocsin.logs_seen import combine_logs, seen_logs
from tocsin.model.record import Record
from tocsin.model.rows import by_log

from .conftest import RULE_ID, published
from .conftest import rule as written

RULE = compiled(rule({"x": {"A": "a"}, "y": {"B|contains": "b"}, "condition": "x or y"}))
_RECORDS = st.lists(
    st.builds(
        record,
        st.dictionaries(st.sampled_from("ABC"), st.text(max_size=2), max_size=3),
        st.sampled_from([("one", "1"), ("two", "1")]),
    )
)


def seen(records: Sequence[Record], matcher: Matcher) -> pa.Table:
    return seen_logs("test", by_log(records), matcher)


@given(_RECORDS, st.integers(0, 8))
def test_fields_that_occurred_are_those_of_all_parts_in_any_order(records: list[Record], at: int) -> None:
    matcher = Matcher(RULE, "test")
    whole = combine_logs([seen(records, matcher)])
    parts = [seen(records[at:], matcher), seen(records[:at], matcher)]
    assert combine_logs(parts) == whole
    for row in whole.to_pylist():
        of_log = [one for one in records if list(one.log) == json.loads(row["log"])]
        assert row["count"] == len(of_log)
        assert set(json.loads(row["fields"])) == {"A", "B"} & {name for one in of_log for name in one.fields}


def test_correlations_are_told_too_and_what_is_damaged_is_made_anew(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path
) -> None:
    counting = "7c4a1c0e-0f5c-4a6e-9a39-777777777777"
    text = (
        f"{written()}\n---\ntitle: Many\nid: {counting}\ncorrelation: {{type: event_count, rules: "
        f"[{RULE_ID}], timespan: 1h, condition: {{gte: 3}}}}\nlevel: high\n"
    )
    tocsin("rules", "add", published(tmp_path / "mine.zip", text), "--workspace", court)
    tocsin("investigate", logs, "--workspace", court, "--quiet")
    whole = tocsin("rules", "account", "--workspace", court, "--format", "json").document
    (many,) = (one for one in whole["rules"] if one["id"] == counting)
    assert (many["state"], many["log_source"]) == ("operable", "m365/audit")
    for kept in (court / "rules").glob("*/rules.compiled"):
        kept.write_bytes(kept.read_bytes()[:-1])
    again = tocsin("rules", "account", "--workspace", court, "--format", "json")
    assert again.code == 0, again.err
    assert "compiled anew" in again.err
    assert again.document == whole


def test_every_rule_is_told_once_with_its_state(tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path) -> None:
    ids = [f"7c4a1c0e-0f5c-4a6e-9a39-66666666666{n}" for n in range(4)]
    rules = [
        written(ids[0]),
        written(ids[1]).replace("Operation: UserLoggedIn", "NoSuchField: 1"),
        written(ids[2]).replace("condition: selection", "other: {NoSuchField: 1}, condition: selection and not other"),
        written(ids[3]).replace("product: m365, service: audit", "product: windows"),
        "title: broken\n",
    ]
    tocsin("rules", "add", published(tmp_path / "mine.zip", *rules), "--workspace", court)
    tocsin("investigate", logs, "--workspace", court, "--quiet")
    found = tocsin("rules", "account", "--workspace", court, "--format", "json").document
    by_id = {one["id"]: one for one in found["rules"]}
    assert [by_id[id_]["state"] for id_ in ids] == ["operable", "blind", "partly_blind", "blind"]
    assert [by_id[id_]["lacks"] for id_ in ids] == ["", "field", "", "log"]
    assert by_id[ids[2]]["fields"] == ["NoSuchField"]
    (failed,) = (one for one in found["rules"] if one["state"] == "failed")
    assert failed["path"] == "mine!rules/4.yml"
    assert sum(found["states"].values()) == len(found["rules"])
    for state, count in found["states"].items():
        assert sum(one[state] for one in found["sources"]) == count
    accounting = tocsin("investigate", logs, "--workspace", court, "--quiet", "--format", "json").document["accounting"]
    assert accounting["rules"]["operable"] == found["states"]["operable"] + found["states"]["partly_blind"]
    only = tocsin("rules", "account", "--workspace", court, "--state", "partly_blind").out
    assert f"{len(found['rules']):,} rules: " in only.splitlines()[0]
    assert ids[2] in only
    assert "no record it was asked of has NoSuchField" in only
    assert ids[1] not in only
