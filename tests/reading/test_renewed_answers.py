"""An answer that is kept while somebody more is protected: nobody stands in it, and no half of a name at a cut."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tocsin.reading.renewed_answers import CUT_WITHHELD, without_cut


def said(**given_: Any) -> dict[str, Any]:
    """As much of an answer as matters here."""
    account = {"path": "audit.jsonl", "reason": "", "acquisition": {"told": []}, "rejected": []}
    return {"changes": [], "accounting": {"inputs": [account]}, **given_}


def test_a_text_that_shows_a_cut_is_withheld_wherever_it_stands() -> None:
    found = without_cut(said(findings=[{"why": "Subject is Zorbla Quix…", "id": "f1"}]))
    assert found["findings"] == [{"why": CUT_WITHHELD, "id": "f1"}]


def test_what_may_have_been_cut_in_silence_is_withheld_with_all_that_repeats_it() -> None:
    detail = "session opened: for somebody whose name was Zorbla Quixm"
    found = without_cut(
        said(
            changes=[{"detail": detail}, {"detail": "short, and whole"}],
            containment=[{"why": f"{detail}: proposed to be taken back", "action": "remove_rule"}],
        )
    )
    assert [one["detail"] for one in found["changes"]] == [CUT_WITHHELD, "short, and whole"]
    assert found["containment"] == [{"why": CUT_WITHHELD, "action": "remove_rule"}]


_JSON = st.recursive(
    st.text(st.sampled_from("ab…"), max_size=4) | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
)


@given(_JSON)
def test_only_texts_change_and_none_that_is_whole(value: Any) -> None:
    found = without_cut(said(value=value))

    def same(was: Any, is_: Any) -> bool:
        if isinstance(was, str):
            return bool(is_ == (CUT_WITHHELD if "…" in was else was))
        if isinstance(was, list):
            return len(was) == len(is_) and all(map(same, was, is_))
        if isinstance(was, dict):
            return was.keys() == is_.keys() and all(same(was[name], is_[name]) for name in was)
        return bool(was == is_)

    assert same(value, found["value"])
    assert msgspec.json.decode(msgspec.json.encode(found)) == found
