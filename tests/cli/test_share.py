"""`tocsin share`: which document is written, and when a brief counts as issued."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tocsin.model.brief import Figures, IssuedBrief

Tocsin = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("report",), "<!DOCTYPE html>"),
        (("report", "--format", "text"), "TOCSIN"),
        (("report", "--format", "brief"), "<!DOCTYPE html>"),
        (("timeline",), '"message","datetime","timestamp","timestamp_desc"'),
        (("timeline", "--format", "jsonl"), '{"message":'),
        (("stix",), '{\n  "type": "bundle"'),
    ],
)
def test_each_document_is_written_from_the_workspace(
    tocsin: Tocsin, investigation: Any, words: tuple[str, ...], begins: str
) -> None:
    outcome = tocsin("share", *words, "--workspace", "ws", "-q")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(begins)
    assert investigation.asked[0][0] == Path("ws")


@pytest.mark.parametrize("name", ["brief", "jsonl", "csv", "stix"])
def test_investigate_writes_the_same_formats(tocsin: Tocsin, investigation: Any, name: str) -> None:
    written = tocsin("investigate", "log.jsonl", "--format", name, "-q").out
    command = {"brief": "report", "stix": "stix"}.get(name, "timeline")
    assert written == tocsin("share", command, "--format", name, "--workspace", "ws", "-q").out


def test_a_brief_is_a_draft_until_it_is_issued(tocsin: Tocsin, investigation: Any) -> None:
    draft = tocsin("share", "report", "--workspace", "ws", "--format", "brief", "-o", "draft.html", "-q")
    assert draft.code == 0
    assert investigation.issued == []
    assert "draft of no. 1" in Path("draft.html").read_text(encoding="utf-8")
    issued = tocsin("share", "report", "--workspace", "ws", "--format", "brief", "--issue", "-o", "brief.html")
    assert investigation.issued == [Path("brief.html").read_text(encoding="utf-8")]
    assert "brief no. 1 is kept" in issued.err
    assert "Draft" not in investigation.issued[0]


def test_a_brief_that_could_not_leave_is_not_issued(tocsin: Tocsin, investigation: Any) -> None:
    Path("brief.html").write_text("kept")
    words = ("share", "report", "--workspace", "ws", "--format", "brief", "--issue", "-o", "brief.html", "-q")
    assert tocsin(*words).code == 2
    assert investigation.issued == []
    assert Path("brief.html").read_text() == "kept"


def test_a_brief_is_compared_with_the_one_issued_last(tocsin: Tocsin, investigation: Any) -> None:
    figures = Figures(as_of=None, confirmed=("0123456789abcdef",))
    investigation.brief = IssuedBrief(number=6, issued="2024-03-07T08:00:00Z", sha256="ab", figures=figures)
    text = tocsin("share", "report", "--workspace", "ws", "--format", "brief", "-q").out
    assert "draft of no. 7" in text
    assert "WITHDRAWN: confirmed then, not confirmed now" in text


@pytest.mark.parametrize(
    "words",
    [
        ("report", "--format", "csv"),
        ("timeline", "--format", "html"),
        ("stix", "--format", "json"),
        ("report", "--format", "html", "--issue"),
        ("stix", "--own", "no domain"),
        ("stix", "--tlp", "white"),
    ],
)
def test_what_cannot_be_written_is_a_usage_error(tocsin: Tocsin, investigation: Any, words: tuple[str, ...]) -> None:
    outcome = tocsin("share", *words, "--workspace", "ws", "-q")
    assert outcome.code == 2
    assert outcome.out == ""
    assert investigation.asked == []


def test_the_marking_is_the_one_asked_for(tocsin: Tocsin, investigation: Any) -> None:
    bundle = json.loads(tocsin("share", "stix", "--workspace", "ws", "--tlp", "green", "-q").out)
    assert bundle["objects"][0]["name"] == "TLP:GREEN"
    assert ">TLP:RED <" in tocsin("share", "report", "--workspace", "ws", "--format", "brief", "--tlp", "red", "-q").out
