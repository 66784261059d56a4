"""What a holding is called, from what a log calls it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.holdings import HoldingIndex, PatternIndex, ThingIndex, container_kind, matches, site_of
from tocsin.assess.spelling import comparable
from tocsin.model.estate import Holding, Sensitivity

ROOT = "https://tribunal.example"


@pytest.mark.parametrize(
    ("address", "site"),
    [
        (f"{ROOT}/sites/registry/_layouts/15/onedrive.aspx", f"{ROOT}/sites/registry"),
        (f"{ROOT}/sites/registry/Shared Documents/Forms/AllItems.aspx?x=1", f"{ROOT}/sites/registry"),
        (f"{ROOT}/sites/registry/0fe7f3d4-90fc-4d61-ab5f-0e3116f9e284", f"{ROOT}/sites/registry"),
        (f"{ROOT}/personal/ada_example/_layouts/15/sharedialog.aspx", f"{ROOT}/personal/ada_example"),
        (f"{ROOT}/_layouts/15/sharepoint.aspx", ROOT),
        (f"{ROOT}/sites/registry", f"{ROOT}/sites/registry"),
        (f"{ROOT}/sites/registry/", f"{ROOT}/sites/registry/"),
        (f"{ROOT}/sites/registry/subsite", f"{ROOT}/sites/registry/subsite"),
        ("\\\\files-01\\Registry", "\\\\files-01\\Registry"),
    ],
)
def test_a_page_of_a_site_is_the_site(address: str, site: str) -> None:
    assert site_of(address) == site
    assert site_of(site) == site


def named(pattern: str, matter: str) -> Holding:
    return Holding(pattern=pattern, kind="folder", matter=matter)


@pytest.mark.parametrize("separator", ["/", "\\"])
def test_a_pattern_of_all_that_is_in_a_folder_is_of_the_folder_too(separator: str) -> None:
    top = f"root{separator}Matters"
    index = HoldingIndex([named(f"root{separator}*", "all"), named(f"{top}{separator}*", "matters")])
    assert [getattr(index.find(text, ""), "matter", None) for text in (top, f"{top}2", f"{top}{separator}a", "ro")] == [
        "matters",
        "all",
        "matters",
        None,
    ]
    assert matches(f"{top}{separator}*", top.upper())
    assert not matches(f"{top}{separator}*", f"{top}2")
    things = ThingIndex([("folder", top, ""), ("folder", f"{top}2", "")])
    assert things.under("folder", f"{top}{separator}*") == [("folder", top, "")]


def test_sensitivities_come_in_the_order_the_estate_gives_them() -> None:
    holdings = [Holding(pattern="a", kind="site", sensitivity="open"), Holding(pattern="b", kind="site")]
    index = HoldingIndex(holdings, [Sensitivity(name="sealed"), Sensitivity(name="open")])
    assert [index.rank(name) for name in ("sealed", "open", "")] == [0, 1, 2]


PATHS = st.lists(st.sampled_from(("a", "A", "b", "..", "a ")), min_size=1, max_size=3)
TEXTS = st.builds(
    lambda start, parts, between, end: start + between.join(parts) + end,
    st.sampled_from(("", "https://x.example/", "\\\\files\\", "C:\\")),
    PATHS,
    st.sampled_from(("/", "\\", "")),
    st.sampled_from(("", "*", "/*", "\\*", "/")),
)


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_the_patterns_found_are_those_that_match(patterns: list[str], text: str) -> None:
    found = PatternIndex(patterns).covering(text)
    assert found == {number for number, pattern in enumerate(patterns) if matches(pattern, text)}


@given(
    st.lists(st.tuples(st.sampled_from(("mail_item", "document")), TEXTS, TEXTS | st.just("")), max_size=8),
    st.sampled_from(("mailbox", "document")),
    TEXTS,
)
def test_what_lies_under_a_text_is_what_matches_it_or_lies_in_it(
    things: list[tuple[str, str, str]], kind: str, text: str
) -> None:
    known = comparable(text)

    def is_under(name: str) -> bool:
        if known.endswith("*") or container_kind(kind) == "mailbox":
            return matches(text, name)
        return matches(text, name) or comparable(name).startswith((known.rstrip("/") + "/", known.rstrip("\\") + "\\"))

    found = ThingIndex(things).under(kind, text)
    assert found == sorted({thing for thing in things if any(name and is_under(name) for name in thing[1:])})
