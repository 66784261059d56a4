"""Which rules could have fired where and when: no more than matched, no less than the account of all logs says."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detect.sigma.rules_given import compiled, log_source_map, record, rule, rule_text
from tests.journeys.conftest import Tocsin

from tocsin.cover.grid import map_of
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.hunting.operable import by_host, seen_in
from tocsin.logs_seen import combine_logs, fields_by_log, seen_logs
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, HOUR, parse_time
from tocsin.model.operable import RulesByHost
from tocsin.model.record import Record
from tocsin.model.rows import by_log
from tocsin.share.navigator import layer_text

from .conftest import published
from .conftest import rule as written

START = parse_time("2024-03-04T00:00:00Z") or 0
RULES = compiled(
    rule({"x": {"A": "a"}}, name="needs A"),
    rule({"x": {"B|contains": "b"}}, name="needs B"),
    rule({"x": {"A": "a", "B": "b"}}, name="needs both"),
    rule({"x": {"EventID": "2"}}, name="needs event 2"),
    rule({"x": {"A": "a"}}, {"product": "linux"}, name="of another log"),
)
WHERE = st.tuples(st.sampled_from(["host-1", "host-2"]), st.sampled_from(["Security", "System"]))
RECORDS = st.lists(
    st.tuples(
        WHERE,
        st.builds(
            record,
            st.dictionaries(st.sampled_from("AB"), st.sampled_from("ab"), max_size=2),
            st.sampled_from([("one", "1"), ("one", "2")]),
        ),
    ),
    min_size=1,
    max_size=12,
)


def span(host: str, first_hour: int, last_hour: int, state: CoverageState = CoverageState.UNPROVEN) -> Coverage:
    return Coverage(
        source="test",
        host=host,
        channel="Security",
        from_=START + first_hour * HOUR,
        to=START + last_hour * HOUR,
        state=state,
        evidence="",
        basis=Basis.SEQUENCE if state is CoverageState.UNPROVEN else Basis.NONE,
    )


def found_in(
    records: list[tuple[tuple[str, str], Record]], rows: list[Coverage], rules: CompiledRules = RULES
) -> RulesByHost:
    table = seen_logs(
        "test", by_log(one for _, one in records), Matcher(rules, "test"), [place for place, _ in records]
    )
    return by_host(rules, seen_in(combine_logs([table])), map_of(rows, None))


@given(records=RECORDS)
@settings(max_examples=80, deadline=None)
def test_what_could_fire_somewhere_is_what_the_account_calls_operable(
    records: list[tuple[tuple[str, str], Record]],
) -> None:
    """No rule is operable at a place where it is blind in all, and on each place are those of its own records."""
    matcher = Matcher(RULES, "test")
    everything = combine_logs([seen_logs("test", by_log(one for _, one in records), matcher)])
    blind = {one.id for one in account(RULES, fields_by_log(everything)).blind}
    found = found_in(records, [])
    somewhere = {id_ for rules in found.sets for id_ in rules}
    assert not somewhere & blind
    for place in found.places:
        own = [one for where, one in records if where == (place.host, place.channel)]
        of_it = account(RULES, fields_by_log(combine_logs([seen_logs("test", by_log(own), matcher)])))
        assert set(found.sets[place.rules]) == {one.id for one in RULES.rules} - {one.id for one in of_it.blind}
        # What matched could have fired.
        assert {match.rule for match in matcher.match(own)} <= set(found.sets[place.rules])


def test_a_field_cut_out_of_one_host_makes_its_rules_blind_there_alone() -> None:
    both = record({"A": "a", "B": "b"})
    found = found_in(
        [(("host-1", "Security"), both), (("host-2", "Security"), record({"B": "b"}))],
        [span("host-1", 0, 24), span("host-2", 0, 24)],
    )
    assert [(day.host, day.operable, day.blind) for day in found.days] == [("host-1", 3, 2), ("host-2", 1, 4)]


def test_a_day_with_a_gap_is_watched_in_part_and_a_day_without_the_log_not_at_all() -> None:
    found = found_in(
        [(("host-1", "Security"), record({"A": "a", "B": "b"}))],
        [span("host-1", 0, 72), span("host-1", 30, 33, CoverageState.GAPPED), span("host-2", 0, 96)],
    )
    days = [(day.first_day, day.last_day, day.operable, day.partly) for day in found.days if day.host == "host-1"]
    assert days == [
        ("2024-03-04", "2024-03-04", 3, 0),
        ("2024-03-05", "2024-03-05", 0, 3),
        ("2024-03-06", "2024-03-06", 3, 0),
        ("2024-03-07", "2024-03-07", 0, 0),
    ]


def technique(name: str, tag: str, detection: dict[str, object]) -> bytes:
    return json.dumps(json.loads(rule_text(detection, name=name)) | {"tags": [f"attack.{tag}"]}).encode()


def test_the_layer_scores_a_technique_by_rules_whose_log_was_there_with_their_fields() -> None:
    texts = {
        "a.yml": technique("a", "t1003.001", {"x": {"A": "a"}}),
        "b.yml": technique("b", "t1059.001", {"x": {"B": "b"}}),
        "c.yml": technique("c", "t1059.001", {"x": {"C": "c"}}),
    }
    rules = compile_rules(read_rules(texts), [log_source_map()])
    found = found_in(
        [(("host-1", "Security"), record({"B": "b"}))],
        [span("host-1", 0, 48), span("host-1", 0, 12, CoverageState.CLEARED)],
        rules,
    )
    layer = json.loads(layer_text(found))
    assert layer["versions"]["layer"] == "4.5"
    assert layer["domain"] == "enterprise-attack"
    by_id = {one["techniqueID"]: one for one in layer["techniques"]}
    assert by_id["T1003.001"]["score"] == 0
    assert "color" in by_id["T1003.001"]
    assert by_id["T1003.001"]["comment"].startswith("blind: ")
    assert by_id["T1059.001"]["score"] == 75  # 36 of 48 hours
    assert "color" not in by_id["T1059.001"]
    assert {"name": "could have fired", "value": "1 of 2 rules"} in by_id["T1059.001"]["metadata"]


def test_the_command_writes_hosts_and_days_and_a_layer(tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path) -> None:
    tocsin("rules", "add", published(tmp_path / "mine.zip", written()), "--workspace", court)
    tocsin("investigate", logs, "--workspace", court, "--quiet")
    whole = tocsin("coverage", "--workspace", court, "--rules", "--format", "json").document
    (set_,) = [whole["sets"][place["rules"]] for place in whole["places"] if place["source"] == "m365_unified_audit"]
    assert "7c4a1c0e-0f5c-4a6e-9a39-222222222222" in set_
    account_ = tocsin("rules", "account", "--workspace", court, "--format", "json").document
    assert whole["loaded"] == sum(account_["states"].values()) - account_["states"]["failed"]
    text = tocsin("coverage", "--workspace", court, "--rules").out
    assert "logs that name no host" in text
    target = tmp_path / "layer.json"
    assert tocsin("coverage", "--workspace", court, "--format", "navigator", "-o", target).code == 0
    layer = json.loads(target.read_text(encoding="utf-8"))
    scored = {one["techniqueID"] for one in layer["techniques"] if one["score"]}
    assert scored
    assert all(0 <= one["score"] <= 100 for one in layer["techniques"])
    refused = tocsin("coverage", "--workspace", court, "--rules", "--format", "html")
    assert refused.code == 2
    assert "text, json, navigator" in refused.err


def test_hours_of_days_add_up_whatever_hour_the_map_begins() -> None:
    found = found_in([(("host-1", "Security"), record({"A": "a"}))], [span("host-1", 5, 30), span("host-2", 5, 53)])
    days = [(day.first_day, day.operable, day.partly) for day in found.days]
    assert days == [("2024-03-04", 1, 0), ("2024-03-05", 0, 1), ("2024-03-06", 0, 0)]
    assert found.from_ == START + 5 * HOUR
    assert found.to == START + 2 * DAY + 5 * HOUR
