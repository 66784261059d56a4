"""Keys as authors write them, spelled as pySigma reads them rightly; everything else stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin.detect.sigma.spelling import spelled


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"A|utf16le|base64": "a"}, {"A|wide|base64": "a"}),
        ({"A|cased|windash|contains": ["a"]}, {"A|windash|contains|cased": ["a"]}),
        ({"A|re|startswith": ["a|b", "c"]}, {"A|re": [r"\A(?:a|b)", r"\A(?:c)"]}),
        ({"A|re|endswith|i": "a"}, {"A|re|i": r"(?:a)\Z"}),
        ({"A|re": 46}, {"A|re": "46"}),
        ({"A|re|contains": "a"}, {"A|re": "a"}),
        ([{"A|utf16le": "a"}, "keyword"], [{"A|wide": "a"}, "keyword"]),
        ({"A|utf16le": "a", "A|wide": "b"}, {"A|utf16le": "a", "A|wide": "b"}),
        (["keyword", 1, None], ["keyword", 1, None]),
    ],
)
@pytest.mark.parametrize("part", ["detection", "filter"])
def test_keys_are_spelled_anew(part: str, written: Any, expected: Any) -> None:
    document: dict[str, Any] = {"title": "t", part: {"x": written, "condition": "x", "rules": "any"}}
    assert spelled(document) == {"title": "t", part: {"x": expected, "condition": "x", "rules": "any"}}
    assert document[part]["x"] is written
