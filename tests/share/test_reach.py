"""Reach as text, page and JSON: bounded, escaped, counted, and every key described."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tocsin.model.answers import Answers
from tocsin.model.question import Asked
from tocsin.model.reach import NodeKind, Reach, Reached, ReachedMatter
from tocsin.share.reach_text import FORMATS, reach_as
from tocsin.share.reach_words import way_to

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats" / "reach.md"


def large(count: int) -> Reach:
    """Everything reached by one grant each."""
    start = Reached(kind=NodeKind.IDENTITY, name="ada", time=None)
    things = tuple(
        Reached(kind=NodeKind.HOLDING, name=f"h-{n}", time=None, matter=f"M-{n % 50}", through=0, how="may open this")
        for n in range(count)
    )
    matters = tuple(
        ReachedMatter(
            matter=f"M-{n}", sensitivity="", declared=count // 50, reached=count // 50, only_early=0, time=None
        )
        for n in range(50)
    )
    return Reach(reached=(start, *things), matters=matters, declared=count, edges=count)


def test_however_much_is_reached_text_and_page_stay_bounded_and_count_the_rest() -> None:
    few, many = (reach_as("text", large(count)) for count in (1_000, 20_000))
    assert few.count("\n") == many.count("\n") < 300
    assert "20,000 holdings of 20,000 declared" in many
    assert "and 30 more matters, in the JSON" in many
    assert "and 395 more, in the JSON" in many
    assert many.count("way, of the first: account ada may open this") == 20, "a way is told once for all that it opens"
    assert reach_as("html", large(20_000)).count("<tr>") < 3_100
    assert len(json.loads(reach_as("json", large(1_000)))["reached"]) == 1_001


@pytest.mark.parametrize("format_", FORMATS)
def test_what_the_logs_do_not_know_is_said_and_nothing_is_ruled_out(answers: Answers, format_: str) -> None:
    asked = (Asked(kind="key", value="AKIAEXAMPLE", records=0, found=False),)
    text = reach_as(format_, answers.reach, asked)
    assert "AKIAEXAMPLE" in text
    assert "ruled_out" not in text.rpartition("</style>")[2]
    if format_ != "json":
        assert "rules nothing out" in " ".join(text.split())


def test_a_name_from_a_list_is_no_markup(answers: Answers) -> None:
    page = reach_as("html", answers.reach)
    assert "registry &lt;b&gt;" in page
    assert "<b>" not in page


def test_a_way_is_told_from_what_is_compromised_to_the_thing_with_what_says_so(answers: Answers) -> None:
    mailbox = answers.reach.reached[2]
    way = way_to(answers.reach, mailbox)
    assert way.index("memberships.csv:2") < way.index("grants.csv:2")
    assert way_to(answers.reach, answers.reach.reached[0]) == "compromised itself"


def test_the_page_on_the_format_names_every_key(answers: Answers) -> None:
    document = json.loads(reach_as("json", answers.reach))
    keys = {key for one in (document, *document["reached"], *document["matters"]) for key in one}
    page = PAGE.read_text(encoding="utf-8")
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_only_what_is_reached_in_one_way_at_one_time_is_told_together() -> None:
    start = Reached(kind=NodeKind.IDENTITY, name="ada", time=None)
    said = (("h-1", None, "owns this"), ("h-2", 10**18, "owns this"), ("h-3", None, "may open this"))
    things = (
        Reached(kind=NodeKind.HOLDING, name=name, time=time, matter="M-1", through=0, how=how)
        for name, time, how in said
    )
    row = ReachedMatter(matter="M-1", sensitivity="", declared=3, reached=3, only_early=0, time=None)
    text = reach_as("text", Reach(reached=(start, *things), matters=(row,), declared=3, edges=3))
    assert "by one way" not in text
    assert [line.strip() for line in text.splitlines() if line.strip().startswith("- ")] == [
        "- holding h-1",
        "- holding h-2, from 2001-09-09 01:46 on",
        "- holding h-3",
    ]
