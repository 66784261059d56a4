"""What counts as an alert of a technique: its level, and ids compared over the releases of ATT&CK."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.measures.noticed import by_input


def finding(level: str, *techniques: str, inputs: tuple[str, ...] = ("log",)) -> dict[str, Any]:
    return {
        "detector": {"level": level},
        "techniques": list(techniques),
        "tactics": [],
        "records": [{"input": name, "entry": 0} for name in inputs],
    }


@pytest.mark.parametrize(
    ("findings", "why"),
    [
        ([finding("low", "T1685")], "only a finding below medium names it"),
        ([finding("high", "T1059.001"), finding("low", "T1003")], "alerts name other techniques"),
        ([finding("low", "T1003")], "only findings below medium, of other techniques"),
    ],
)
def test_a_miss_has_one_class(findings: list[dict[str, Any]], why: str) -> None:
    assert by_input(findings)["log"].why_missed(["T1562.001"]) == why


def test_a_finding_counts_in_every_input_it_rests_on() -> None:
    found = by_input([finding("medium", "T1003", inputs=("a", "b", "a"))])
    assert {name: noticed.alerted for name, noticed in found.items()} == {"a": {"T1003"}, "b": {"T1003"}}
    assert found["a"].is_alerted
