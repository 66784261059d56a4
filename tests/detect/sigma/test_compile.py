"""Compiled rules between runs, and rules that cannot be compiled."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.sigma.compile import FILE_NAME, CompiledRules, compiled_digest
from tocsin.detect.sigma.patterns import platform
from tocsin.errors import RuleError

from .rules_given import compiled, hits, log_source_map, rule

RULES = [
    rule({"x": {"A|contains": "É?z", "B|re": "(?!q)w"}}, name="a"),
    rule({"x": {"A|cidr": "192.0.2.0/24"}, "keywords": ["mimi"], "condition": "1 of them"}, name="b"),
]


def test_rules_kept_match_as_rules_made(tmp_path: Path) -> None:
    made = compiled(*RULES)
    made.write(tmp_path)
    made.write(tmp_path)
    kept = CompiledRules.read(tmp_path)
    assert (kept.digest, kept.infos, kept.failed) == (made.digest, made.infos, made.failed)
    events = [{"A": "éxz", "B": "w"}, {"A": "192.0.2.9"}, {"A": "mimi"}, {"A": "no"}]
    assert hits(kept, *events) == hits(made, *events)
    assert [match.index for match in hits(kept, *events)] == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "flipped", "other"])
def test_damaged_rules_are_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / FILE_NAME
    if damage != "absent":
        compiled(*RULES).write(tmp_path)
        data = bytearray(path.read_bytes())
        if damage == "flipped":
            data[len(data) // 2] ^= 1
        path.write_bytes({"empty": b"", "cut": bytes(data[:-1]), "other": b"PK" + bytes(data)}.get(damage, bytes(data)))
    with pytest.raises(RuleError) as raised:
        CompiledRules.read(tmp_path)
    assert raised.value.path == str(path)


_PACKED = compiled(*RULES).packed()


@given(st.integers(0, len(_PACKED) - 1), st.integers(1, 255))
def test_a_byte_changed_anywhere_is_noticed(at: int, change: int) -> None:
    data = bytearray(_PACKED)
    data[at] ^= change
    with pytest.raises(RuleError):
        CompiledRules.unpacked(bytes(data), Path("rules.compiled"))


@given(st.integers(0, len(_PACKED) - 1))
def test_rules_cut_anywhere_are_refused(length: int) -> None:
    with pytest.raises(RuleError):
        CompiledRules.unpacked(_PACKED[:length], Path("rules.compiled"))


def test_rules_of_another_processor_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(*RULES).write(tmp_path)
    monkeypatch.setattr("tocsin.detect.sigma.compile.platform", lambda: platform() + " AVX9")
    with pytest.raises(RuleError, match="another processor"):
        CompiledRules.read(tmp_path)


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
