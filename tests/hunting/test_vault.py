"""Behind a vault: rules that name a protected person rest sealed, and a hunt shows tokens."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.conftest import Tocsin
from tests.journeys.test_vault import PERSON, RULE, assert_says_nobody, case
from tests.protect.linked import everything_in, link

from .conftest import published

__all__ = ["case"]


def test_rules_added_and_hunted_with_say_nobody(case: Path, tocsin: Tocsin) -> None:
    court = case / "w"
    link(court, case / "v", {"p1": PERSON})
    assert tocsin("investigate", case / "logs", "--workspace", court, "--quiet", "--format", "json").code in (0, 3)
    added = tocsin("rules", "add", published(case / "core.zip", RULE), "--workspace", court)
    assert added.code == 0, added.err
    hunt = tocsin("detect", "--rules", case / "rules", "--workspace", court, "--format", "json")
    assert hunt.code == 0, hunt.err
    assert hunt.document["findings"]
    kept = tocsin("detect", "--workspace", court, "--format", "json")
    assert kept.document["hits"] == hunt.document["hits"]
    account = tocsin("rules", "account", "--workspace", court)
    sets = tocsin("rules", "sets", "--workspace", court)
    assert_says_nobody(everything_in(court), added.out, hunt.out, hunt.err, account.out, sets.out)


def test_a_set_kept_before_there_was_a_vault_is_sealed_with_the_rest(case: Path, tocsin: Tocsin) -> None:
    court = case / "w"
    tocsin("investigate", case / "logs", "--workspace", court, "--quiet")
    assert tocsin("rules", "add", published(case / "core.zip", RULE), "--workspace", court).code == 0
    link(court, case / "v", {"p1": PERSON})
    assert tocsin("investigate", case / "logs", "--workspace", court, "--quiet").code in (0, 3)
    assert_says_nobody(everything_in(court))
    assert tocsin("rules", "sets", "--workspace", court, "--format", "json").document["sets"][0]["rules"] == 1
