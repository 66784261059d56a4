"""What a holding is called, from what a log calls it."""

from __future__ import annotations

import pytest

from tocsin.assess.holdings import HoldingIndex, ThingIndex, matches, site_of
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
