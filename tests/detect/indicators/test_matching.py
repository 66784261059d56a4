"""Indicators hold on the records that say what they ask, in the fields a source declares, and on no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.detect.indicators.matching import Index, IndicatorMatcher
from tocsin.detect.indicators.published import read_indicators
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.logsource import LogSourceMap
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import read_rules
from tocsin.model.rows import MappedRows

OBSERVABLES = (
    ("bytes", "hashes"), ("client", "address"), ("host", "host"), ("host+uri", "url"), ("image", "process"),
    ("to", "mail"),
)  # fmt: skip


def matched(lines: str, *records: Mapping[str, Any]) -> list[tuple[int, str, tuple[str, ...]]]:
    """(record, indicator by line, fields it stood in) for a list of values."""
    found = read_indicators({"l": lines.encode()})
    matcher = IndicatorMatcher(Index(found.asked), OBSERVABLES)
    rows = MappedRows((), range(len(records)), records)
    return [
        (hit.place, hit.indicator, tuple(field for field, _, _ in hit.matched)) for hit in matcher.match_rows([rows])
    ]


def test_a_domain_is_found_with_the_names_below_it_and_no_other() -> None:
    lines = "evil.example"
    assert matched(lines, {"host": "Evil.Example."}, {"host": "cdn.evil.example:443"}) == [
        (0, "l:1", ("host",)),
        (1, "l:1", ("host",)),
    ]
    assert matched(lines, {"host": "notevil.example"}, {"host": "evil.example.org"}, {"host": "example"}) == []


def test_what_is_asked_of_two_fields_together_names_both() -> None:
    found = matched(
        "http://evil.example/a", {"host": "evil.example", "uri": "/a"}, {"host": "evil.example", "uri": "/b"}
    )
    assert found == [(0, "l:1", ("host", "uri"))]


def test_a_list_of_values_holds_where_one_does_and_other_fields_are_not_looked_at() -> None:
    assert matched("192.0.2.1", {"client": ["198.51.100.1", "::ffff:192.0.2.1"]}) == [(0, "l:1", ("client",))]
    assert matched("192.0.2.1", {"message": "from 192.0.2.1"}, {"client": None}, {"client": 7}) == []


def test_a_name_below_is_said_to_be_one() -> None:
    found = read_indicators({"l": b"evil.example\n192.0.2.0/24\n"})
    matcher = IndicatorMatcher(Index(found.asked), OBSERVABLES)
    rows = MappedRows((), [0], [{"host": "a.evil.example", "client": "192.0.2.9"}])
    asked = [part[1] for hit in matcher.match_rows([rows]) for part in hit.matched]
    assert asked == ["is a name below domain-name 'evil.example'", "is an address of '192.0.2.0/24'"]


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("[domain-name:value = 'a.example' AND ipv4-addr:value = '192.0.2.1']", [2]),
        ("[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1']", [0, 1, 2]),
        ("[domain-name:value LIKE '%.example']", [0, 2]),
        ("[domain-name:value MATCHES '^A[.]']", [0, 2]),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/28']", [1, 2]),
        ("[ipv4-addr:value IN ('192.0.2.9', '192.0.2.1')]", [1, 2]),
    ],
)
def test_a_pattern_holds_on_the_records_that_satisfy_it(pattern: str, holds: list[int]) -> None:
    bundle = f'{{"type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000001", "pattern": "{pattern}"}}'
    found = read_indicators({"x": bundle.encode()})
    matcher = IndicatorMatcher(Index(found.asked), OBSERVABLES)
    records = [{"host": "a.example"}, {"client": "192.0.2.1"}, {"host": "a.example", "client": "192.0.2.1"}]
    assert [hit.place for hit in matcher.match_rows([MappedRows((), range(3), records)])] == holds


NAMES = st.sampled_from(
    ["evil.example", "a.evil.example", "notevil.example", "example.org", "b.example.org", "192.0.2.1"]
)


@settings(max_examples=80)
@given(
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(st.fixed_dictionaries({}, optional={"host": NAMES, "client": NAMES}), max_size=6),
)
def test_the_hits_are_those_of_asking_every_indicator_of_every_record(
    lines: list[str], records: list[dict[str, str]]
) -> None:
    def says(record: Mapping[str, str], value: str) -> bool:
        if value[0].isdigit():
            return value in record.values()
        host = record.get("host", "")
        return host == value or host.endswith(f".{value}")

    expected = [
        (at, f"l:{line}")
        for at, record in enumerate(records)
        for line, value in enumerate(lines, 1)
        if says(record, value)
    ]
    assert [(at, id_) for at, id_, _ in matched("\n".join(lines), *records)] == expected


def test_indicators_stand_behind_the_rules_and_ask_for_their_fields() -> None:
    map_ = LogSourceMap(source="invented", log_fields=(), entries=(), observables=OBSERVABLES)
    compiled = compile_rules(read_rules({"indicators:l": b"evil.example\n"}), [map_])
    matcher = Matcher(compiled, "invented")
    assert matcher.reads(())
    assert {"host", "to"} <= matcher.asked(()) <= {"host", "uri", "to"}
    assert matcher.wanted(()) is not None
    (hit,) = matcher.match_rows([MappedRows((), [5], [{"host": "evil.example"}])])
    assert (hit.index, hit.rule, hit.hidden_by, hit.said) == (5, "l:1", (), None)
    info = compiled.infos["l:1"]
    assert (info.kind, info.title) == ("indicator", "Indicator domain-name evil.example")


def test_other_indicators_other_digest() -> None:
    first, second = (read_rules({"indicators:l": data}).digest for data in (b"a.example\n", b"b.example\n"))
    assert first != second
