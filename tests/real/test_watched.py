"""What is missing in real logs is told at its place: gaps that are there, and what was cut out of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measures import watched
from benchmarks.measures.file_objects import members

from tocsin.collect.sources.windows_json import SOURCE
from tocsin.detect.sigma.account import account
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.logs_seen import combine_logs, fields_by_log, seen_logs
from tocsin.model.record import Record
from tocsin.model.rows import by_log
from tocsin.ruleset.compiled import log_source_maps, own_rules

pytestmark = pytest.mark.real


def test_gaps_equal_a_separate_count_and_every_cut_with_a_trace_is_found(real_data: Path) -> None:
    """A part of the sets, every eighth file; the whole is measured for the page."""
    found = watched.measure(real_data, every=8)
    assert found.ordered > 50
    assert (found.differing, found.gaps) == ([], found.counted)
    traced = {kind for kind in found.tried if "no trace" not in kind}
    assert traced == {"a range of record numbers", "an hour"}
    assert {kind: found.found[kind] for kind in traced} == {kind: found.tried[kind] for kind in traced}
    assert found.beside == 0
    # What leaves no trace was named beforehand.
    assert "records at the end of a log" in watched.UNTRACEABLE
    assert found.found["the end (no trace)"] == 0


def test_log_files_and_digests_taken_from_a_trail_are_found_in_their_hour(real_data: Path) -> None:
    found = watched.measure_digests(real_data)
    assert found.files == 21
    assert (found.whole, found.beside) == (0, 0)
    assert found.found == found.tried == 61


@pytest.mark.parametrize("name", ["CommandLine", "Image", "TargetObject"])
def test_a_field_cut_out_of_every_record_is_told_by_the_rules_that_ask_for_it(real_data: Path, name: str) -> None:
    rules = compile_rules(load_rules([own_rules()]), log_source_maps())
    matcher = Matcher(rules, SOURCE.name)
    path = real_data / "otrf_mordor" / "atomic" / "empire_mimikatz_logonpasswords.zip"
    ((_, text),) = members(path)
    records = [one for one in SOURCE.records(text, b"", 0) if isinstance(one, Record)]

    def told(given: list[Record]) -> tuple[set[str], set[str]]:
        found = account(rules, fields_by_log(combine_logs([seen_logs(SOURCE.name, by_log(given), matcher)])))
        reasons = " ".join(one.reason for one in found.blind if one.lacks == "field")
        partly = {field for one in found.partly for field in one.fields}
        return {one.id for one in found.blind}, partly | ({name} if name in reasons else set())

    blind, _ = told(records)
    cut = [one._replace(fields={key: value for key, value in one.fields.items() if key != name}) for one in records]
    blind_now, fields_now = told(cut)
    assert blind <= blind_now
    assert name in fields_now
