"""The evaluation page: measuring one section again leaves the others, with their dates, as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import page

NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
TEXTS = st.text("ab |#*\n`", max_size=40).map(lambda text: f"## Heading\n\n{text.strip()}".strip())


@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, sections: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("page") / "evaluation.md"
    page.write(sections, path)
    assert page.read(path) == sections


def test_one_section_is_put_in_its_place_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.md"
    page.write({"first": "## First\n\n*Measured long ago.*\n\nold", "second": "## Second\n\nkept"}, path)
    page.put("first", "## First\n\nnew", path)
    page.put("third", "## Third\n\nadded", path)
    found = page.read(path)
    assert list(found) == ["first", "second", "third"]
    assert found["second"] == "## Second\n\nkept"
    assert found["first"].startswith("## First\n\n*Measured ")
    assert found["first"].endswith("\n\nnew")


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert page.table("a | b", [("x|y", 1234)]).splitlines() == ["| a | b |", "| --- | --- |", "| x\\|y | 1,234 |"]
