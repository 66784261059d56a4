from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.assess.spelling import comparable

SITE = "https://court.sharepoint.example/sites/registry"


@pytest.mark.parametrize(
    "texts",
    [
        (
            f"{SITE}/Shared Documents/Order 12.docx",
            f"{SITE}/Shared%20Documents/Order%2012.docx",
            f"{SITE}/Shared%20Documents/Order%2012.docx?web=1",
            "https://COURT.sharepoint.example:443/sites/Registry//Shared Documents/Order 12.docx#page=2",
            "http://court.sharepoint.example/:w:/r/sites/registry/Shared%20Documents/Order%2012.docx?csf=1&web=1&e=a1b2",
        ),
        (SITE, f"{SITE}/", f"{SITE}?web=1"),
        (r"\\files-01\m$\case-7\a.txt", r"\\FILES-01\m$\\case-7\a.txt.", r"//files-01/m$/case-7/a.txt"),
        (r"\\files-01\matters$\case-7", "\\\\?\\UNC\\files-01\\matters$\\case-7\\"),
        (r"D:\matters\case-7.txt", r"\??\D:\matters\case-7.txt", r"d:/matters/case-7.txt"),
        (
            "https://court.sharepoint.example/sites/a/caf\u00e9.txt",
            "https://court.sharepoint.example/sites/a/cafe\u0301.txt",
        ),
    ],
)
def test_spellings_of_one_thing_compare_as_one(texts: tuple[str, ...]) -> None:
    assert len({comparable(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"{SITE}/_layouts/15/Doc.aspx?sourcedoc=%7Baa%7D&action=view",
            f"{SITE}/_layouts/15/Doc.aspx?sourcedoc=%7Bbb%7D",
        ),
        ("https://dms.example/open?d=4711", "https://dms.example/open?d=4712"),
        ("https://dms.example/open?e=1", "https://dms.example/open?e=2"),
        ("https://dms.example:8443/a", "https://dms.example/a"),
        (r"\\files-01\a\b", r"\\files-02\a\b"),
        (r"C:\a", r"D:\a"),
        (f"{SITE}/Rolls/Order %23 12.docx", f"{SITE}/Rolls/Order "),
        (f"{SITE}/Rolls/what%3F.docx", f"{SITE}/Rolls/what?.docx"),
        (f"{SITE}/Rolls/a%2541.docx", f"{SITE}/Rolls/aa.docx"),
        ("<1@tribunal.example>", "<2@tribunal.example>"),
        ("arn:aws:s3:::evidence/a b", "arn:aws:s3:::evidence/a%20b"),
    ],
)
def test_different_things_stay_apart(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@example("\\\\files\\a\\:\\")
@given(
    st.builds(
        str.__add__, st.sampled_from(("", "https://court.example/", "\\\\files\\a\\", "C:\\")), st.text(max_size=60)
    )
    | st.builds(
        str.__add__,
        st.sampled_from(("https://court.example/", "https://court.example/sites/registry?b=")),
        st.text("%/?#& =.:*aw23456", max_size=24),
    )
)
def test_what_is_comparable_stays_as_it_is(text: str) -> None:
    once = comparable(text)
    assert comparable(once) == once
