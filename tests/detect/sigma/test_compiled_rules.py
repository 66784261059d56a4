"""Compiled rules between runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.sigma.compiled_rules import FILE_NAME, CompiledRules
from tocsin.detect.sigma.patterns import platform
from tocsin.errors import RuleError

from .rules_given import compiled, hits, rule

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
    monkeypatch.setattr("tocsin.detect.sigma.compiled_rules.platform", lambda: platform() + " AVX9")
    with pytest.raises(RuleError, match="another processor"):
        CompiledRules.read(tmp_path)
