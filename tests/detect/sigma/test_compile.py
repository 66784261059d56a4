"""What is made of rules, and rules that cannot be compiled."""

from __future__ import annotations

import time

import pytest

from tocsin.detect.sigma.compile import compiled_digest

from .rules_given import compiled, log_source_map, rule

RULES = [
    rule({"x": {"A|contains": "É?z", "B|re": "(?!q)w"}}, name="a"),
    rule({"x": {"A|cidr": "192.0.2.0/24"}, "keywords": ["mimi"], "condition": "1 of them"}, name="b"),
]


def test_digest_says_what_decides_the_hits() -> None:
    other = log_source_map('[[logsource]]\nproduct = "windows"\ncategory = "other"\n')
    digests = {
        compiled_digest("00", [log_source_map()]),
        compiled_digest("01", [log_source_map()]),
        compiled_digest("00", [other]),
        compiled_digest("00", [log_source_map()], {"a": ["b"]}),
    }
    assert len(digests) == 4
    assert compiled(*RULES).digest in digests
    assert compiled_digest("00", [log_source_map(), other]) == compiled_digest("00", [other, log_source_map()])


@pytest.mark.parametrize("condition", ["x | count() > 5", "x and nothing", "1 of nothing*", "x and (", ""])
def test_condition_that_cannot_be_read_fails_the_rule_alone(condition: str) -> None:
    broken = rule({"x": {"A": "a"}, "condition": condition}, name="broken")
    rules = compiled(broken, rule({"x": {"A": "a"}}, name="sound"))
    assert [failed.id for failed in rules.failed] == [broken.info.id]
    assert rules.failed[0].reason
    assert len(rules.infos) == 1


def test_rule_for_no_source_is_checked_all_the_same() -> None:
    elsewhere = {"product": "macos"}
    broken = rule({"x": {"A": "a"}, "condition": "y"}, elsewhere, name="broken")
    rules = compiled(broken, rule({"x": {"A": "a"}}, elsewhere, name="sound"))
    assert [failed.id for failed in rules.failed] == [broken.info.id]


def test_progress_counts_rules_and_fields() -> None:
    seen: list[tuple[int, int]] = []
    compiled(*RULES, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 2), (2, 2), (1, 3), (2, 3), (3, 3)]


def test_few_rules_compile_at_once() -> None:
    rules = [
        rule({"x": {"A|contains": [f"{n} {m}" for m in range(20)], "B|endswith": "b"}}, name=f"r{n}") for n in range(20)
    ]
    started = time.process_time()
    compiled(*rules)
    assert time.process_time() - started < 1
