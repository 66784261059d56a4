"""Rule sets of a workspace: what was added is used, told and on record; what is taken away is not used any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import Tocsin, without_run

from tocsin.errors import StoreError

from .conftest import RULE_ID, published, rule

OTHER_ID = "7c4a1c0e-0f5c-4a6e-9a39-333333333333"


def found(document: Any) -> set[str]:
    return {finding["detector"]["id"] for finding in document["findings"]}


def test_set_added_is_used_from_the_next_run_until_it_is_removed(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path
) -> None:
    again = "investigate", logs, "--workspace", court, "--quiet", "--format", "json"
    assert RULE_ID not in found(tocsin(*again).document)
    added = tocsin("rules", "add", published(tmp_path / "sigma_core.zip", rule()), "--workspace", court)
    assert added.code == 0
    assert "new: 1 rule" in added.out
    document = tocsin(*again).document
    assert RULE_ID in found(document)
    (said,) = document["settings"].items()
    assert said[0] == "rule set sigma_core"
    assert "r2026-02-01, sha256 " in said[1]
    assert "rule set sigma_core: r2026-02-01" in tocsin("investigate", logs, "--workspace", court, "--quiet").out
    assert tocsin("rules", "remove", "sigma_core", "--workspace", court).code == 0
    after = tocsin(*again).document
    assert RULE_ID not in found(after)
    assert after["settings"] == {}
    custody = tocsin("record", "custody", "--workspace", court).out
    assert "rules add (date 2026-02-01, origin sigma_core.zip, rules 1, set sigma_core" in " ".join(custody.split())
    assert tocsin("record", "verify", "--workspace", court).code == 0


def test_newer_release_takes_the_place_of_the_older_and_says_what_changed(
    tocsin: Tocsin, court: Path, tmp_path: Path
) -> None:
    gone = "7c4a1c0e-0f5c-4a6e-9a39-444444444444"
    first = published(tmp_path / "sigma_core.zip", rule(), rule(gone))
    tocsin("rules", "add", first, "--workspace", court)
    second = published(tmp_path / "sigma_core.zip", rule(OTHER_ID), rule(level="low"), version="r2026-03-01")
    change = tocsin("rules", "add", second, "--workspace", court, "--format", "json").document
    assert change["new"] == [OTHER_ID]
    assert change["changed"] == [RULE_ID]
    assert change["gone"] == [gone]
    assert change["unchanged"] == 0
    (kept,) = tocsin("rules", "sets", "--workspace", court, "--format", "json").document["sets"]
    assert (kept["version"], kept["rules"]) == ("r2026-03-01", 2)
    same = tocsin("rules", "add", second, "--workspace", court)
    assert "the same rules as before" in same.out


def test_each_rule_of_a_file_of_several_is_counted(tocsin: Tocsin, court: Path, tmp_path: Path) -> None:
    third = "7c4a1c0e-0f5c-4a6e-9a39-555555555555"
    tocsin("rules", "add", published(tmp_path / "c.zip", f"{rule()}\n---\n{rule(OTHER_ID)}"), "--workspace", court)
    second = published(
        tmp_path / "c.zip", f"# moved\n---\n{rule(OTHER_ID)}", f"{rule(level='low')}\n---\n{rule(third)}"
    )
    change = tocsin("rules", "add", second, "--workspace", court, "--format", "json").document
    assert (change["new"], change["changed"], change["gone"], change["unchanged"]) == ([third], [RULE_ID], [], 1)


def test_a_set_whose_adding_was_cut_short_is_not_in_force(
    tocsin: Tocsin, court: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while its rules are compiled: nothing is kept that no act speaks of."""
    seen: list[bool] = []

    def killed(*_: object) -> None:
        seen.append((court / "rules/set-core/set.zst").exists())
        raise KeyboardInterrupt

    monkeypatch.setattr("tocsin.ruleset.compiled.write_rules", killed)
    tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    assert seen == [False]


@pytest.mark.parametrize("command", ["first", "newer", "remove"])
def test_what_no_act_could_be_written_of_is_not_done(
    tocsin: Tocsin, court: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    if command != "first":
        tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    archive = published(tmp_path / "core.zip", rule(), rule(OTHER_ID))
    asked = ("remove", "core") if command == "remove" else ("add", archive)
    before = tocsin("rules", "sets", "--workspace", court).out

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.record.acts.append_statements", full)
        assert tocsin("rules", *asked, "--workspace", court).code != 0
    assert tocsin("rules", "sets", "--workspace", court).out == before
    assert tocsin("rules", *asked, "--workspace", court).code == 0
    assert tocsin("rules", "sets", "--workspace", court).out != before


def test_a_change_whose_act_is_written_stands_whatever_comes_after(
    tocsin: Tocsin, court: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.hunting.sets.publish", killed)
        tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    assert tocsin("rules", "sets", "--workspace", court, "--format", "json").document["sets"][0]["rules"] == 1
    assert tocsin("record", "verify", "--workspace", court).code == 0


def test_sets_that_contain_one_another_are_no_duplicates(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path
) -> None:
    tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    tocsin("rules", "add", published(tmp_path / "all.zip", rule(), rule(OTHER_ID)), "--workspace", court)
    (tmp_path / "given.yml").write_text(rule())
    run = "investigate", logs, "--workspace", court, "--quiet", "--format", "json", "--rules", tmp_path / "given.yml"
    rules = tocsin(*run).document["accounting"]["rules"]
    assert rules["failed"] == []


def test_rules_that_cannot_be_loaded_are_counted(tocsin: Tocsin, court: Path, tmp_path: Path) -> None:
    archive = published(tmp_path / "core.zip", rule(), "title: no detection\n")
    out = tocsin("rules", "add", archive, "--workspace", court).out
    assert "1 rule, 1 cannot be loaded" in out


def test_what_is_refused_leaves_the_older_set_in_force(tocsin: Tocsin, court: Path, tmp_path: Path) -> None:
    tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    before = tocsin("rules", "sets", "--workspace", court).out
    (tmp_path / "core.zip").write_bytes(b"<html>")
    refused = tocsin("rules", "add", tmp_path / "core.zip", "--workspace", court)
    assert refused.code == 2
    assert "hint:" in refused.err
    assert tocsin("rules", "sets", "--workspace", court).out == before


@pytest.mark.parametrize("damage", [b"", b"not what was kept"])
def test_damaged_set_is_named_and_never_left_out_in_silence(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path, damage: bytes
) -> None:
    tocsin("rules", "add", published(tmp_path / "core.zip", rule()), "--workspace", court)
    (court / "rules/set-core/set.zst").write_bytes(damage)
    run = tocsin("investigate", logs, "--workspace", court, "--quiet")
    assert run.code == 74
    assert "the rule set core kept in the workspace is damaged" in run.err
    assert tocsin("rules", "add", tmp_path / "core.zip", "--workspace", court).code == 0
    assert tocsin("investigate", logs, "--workspace", court, "--quiet").code == 0


def test_set_that_is_not_there(tocsin: Tocsin, court: Path) -> None:
    refused = tocsin("rules", "remove", "core", "--workspace", court)
    assert refused.code == 2
    assert "it keeps: none" in refused.err


def test_compiled_rules_that_are_damaged_or_foreign_are_made_anew_and_that_is_told(
    tocsin: Tocsin, court: Path, logs: Path
) -> None:
    again = "investigate", logs, "--workspace", court, "--format", "json"
    before = tocsin(*again)
    (kept,) = (court / "rules").glob("*/rules.compiled")
    whole = kept.read_bytes()
    for damage in (b"", whole[:-1], whole[: len(whole) // 2], whole.replace(b"hyperscan", b"hyperscam"), b"\0" * 99):
        kept.write_bytes(damage)
        run = tocsin(*again)
        assert without_run(run.document) == without_run(before.document)
        assert ("cannot be used and are made anew" in run.err) is (damage != whole)
        assert kept.read_bytes() == whole


def test_the_version_given_is_taken_before_that_of_a_set_and_of_ours(
    tocsin: Tocsin, court: Path, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under every spelling of its path, and again from a package, where the rule that gave way is enclosed too."""
    monkeypatch.chdir(tmp_path)
    nobody, scanner = rule(address="192.0.2.199"), rule()
    tocsin("rules", "add", published(tmp_path / "core.zip", f"{nobody}\n---\n{rule(OTHER_ID)}"), "--workspace", court)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "z.yml").write_text(scanner)
    for given in (Path("given"), tmp_path / "given"):
        run = tocsin(
            "investigate", logs, "--workspace", court, "--quiet", "--format", "json", "--rules", given, "--force"
        )
        found = {one["detector"]["id"]: one["id"] for one in run.document["findings"]}
        assert {RULE_ID, OTHER_ID} <= found.keys()
        failed = run.document["accounting"]["rules"]["failed"]
        assert [(one["id"], one["path"]) for one in failed] == [(RULE_ID, "core!rules/0.yml")]
    package = tmp_path / "package"
    exported = tocsin("evidence", "export", found[OTHER_ID], "--workspace", court, "-o", package)
    assert exported.code == 0, exported.err
    assert {path.name for path in (package / "data/rules").iterdir()} == {"z.yml", "0.yml"}
    assert tocsin("evidence", "reproduce", package).code == 0
