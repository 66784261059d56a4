"""What a holding is called, from what a log calls it."""

from __future__ import annotations

import pytest

from tocsin.assess.holdings import site_of

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
