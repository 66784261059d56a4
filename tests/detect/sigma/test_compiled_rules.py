"""Compiled rules between runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.detect.sigma.patterns import platform
from tocsin.errors import RuleError

from .rules_given import compiled, hits, rule

RULES = [
    rule({"x": {"A|contains": "É?z", "B|re": "(?!q)w"}}, name="a"),
    rule({"x": {"A|cidr": "192.0.2.0/24"}, "keywords": ["mimi"], "condition": "1 of them"}, name="b"),
]


KEPT = Path("rules.compiled")


def test_rules_kept_match_as_rules_made() -> None:
    made = compiled(*RULES)
    kept = CompiledRules.unpacked(made.packed(), KEPT)
    assert (kept.digest, kept.infos, kept.failed) == (made.digest, made.infos, made.failed)
    events = [{"A": "éxz", "B": "w"}, {"A": "192.0.2.9"}, {"A": "mimi"}, {"A": "no"}]
    assert hits(kept, *events) == hits(made, *events)
    assert [match.index for match in hits(kept, *events)] == [0, 1, 2]


@pytest.mark.parametrize("before", [b"PK", b" "])
def test_rules_behind_something_else_are_refused(before: bytes) -> None:
    with pytest.raises(RuleError) as raised:
        CompiledRules.unpacked(before + _PACKED, KEPT)
    assert raised.value.path == str(KEPT)


_PACKED = compiled(*RULES).packed()


@given(st.integers(0, len(_PACKED) - 1), st.integers(1, 255))
def test_a_byte_changed_anywhere_is_noticed(at: int, change: int) -> None:
    data = bytearray(_PACKED)
    data[at] ^= change
    with pytest.raises(RuleError):
        CompiledRules.unpacked(bytes(data), KEPT)


@given(st.integers(0, len(_PACKED) - 1))
def test_rules_cut_anywhere_are_refused(length: int) -> None:
    with pytest.raises(RuleError):
        CompiledRules.unpacked(_PACKED[:length], KEPT)


def test_rules_of_another_processor_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.detect.sigma.compiled_rules.platform", lambda: platform() + " AVX9")
    with pytest.raises(RuleError, match="another processor"):
        CompiledRules.unpacked(_PACKED, KEPT)
