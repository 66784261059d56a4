"""What could be opened: asked of an estate without any log, of a workspace, and behind the door of a vault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.protect.linked import link

from .conftest import Tocsin
from .logs import lines

ADA = "ada.example@tribunal.example"
SITE = "https://tribunal.example/sites/m1/*"
LISTS = {
    "identities": f"id,accounts,unit\nada,{ADA},\nben,ben@tribunal.example,\n",
    "groups": "id\nregistry\n",
    "memberships": "identity,group,from,to\nada,registry,2026-01-01,2026-03-02\n",
    "holdings": f"pattern,kind,matter,sensitivity\n{SITE},site,M-1,sealed\n{ADA},mailbox,M-2,\n",
    "grants": f"grantee,kind,pattern,right\nregistry,site,{SITE},read\n",
    "persons": f"pattern,handle\n{SITE},W-17\n",
}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mail.jsonl").write_bytes(lines(40))
    (tmp_path / "estate").mkdir()
    for name, text in LISTS.items():
        (tmp_path / "estate" / f"{name}.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_estate_alone_says_what_an_identity_could_open_and_by_which_lines(case: Path, tocsin: Tocsin) -> None:
    asked = tocsin("exposure", "--reach", "--estate", "estate", "--identity", ADA)
    assert asked.code == 0, asked.err
    assert "matter M-1 (sealed): 1 could be opened, 1 declared" in asked.out
    assert "memberships.csv:2" in asked.out
    assert "grants.csv:2" in asked.out
    late = tocsin("exposure", "--reach", "--estate", "estate", "--identity", ADA, "--from", "2026-03-03T00:00:00Z")
    assert "M-1" not in late.out
    as_json = tocsin("exposure", "--reach", "--estate", "estate", "--identity", "ada", "--format", "json").document
    assert as_json["schema"]["name"] == "tocsin.reach"
    assert [one["name"] for one in as_json["reached"] if one["kind"] == "holding"] == [ADA, SITE]
    page = tocsin("exposure", "--reach", "--estate", "estate", "--identity", ADA, "--format", "html")
    assert page.out.startswith("<!DOCTYPE html>")
    assert "rules nothing out" in page.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--estate", "estate"), "nobody is named"),
        (("--estate", "estate", "--identity", "nobody@example.org"), "no identity of this estate"),
        (("--estate", "estate", "--session", "s-1"), "knows of no session"),
        (("--identity", ADA), "--workspace and --estate"),
        (("--estate", "estate", "--identity", ADA, "--format", "stix"), "formats: html, json, text"),
        (
            (
                "--estate",
                "estate",
                "--identity",
                ADA,
                "--latest",
                "2026-01-01T00:00:00Z",
                "--from",
                "2026-03-01T00:00:00Z",
            ),
            "not in order",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(case: Path, tocsin: Tocsin, arguments: tuple[str, ...], told: str) -> None:
    refused = tocsin("exposure", "--reach", *arguments)
    assert refused.code == 2
    assert told in refused.err


def test_the_answers_count_what_could_be_opened_and_what_depends_on_the_start(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("investigate", "logs", "--estate", "estate", "--workspace", "w", "-q").code in (0, 3)
    start = ("--from", "2026-03-01T00:00:00Z", "--latest", "2026-03-02T08:20:00Z")
    asked = tocsin("exposure", "--workspace", "w", "--identity", ADA, *start)
    assert asked.code == 0, asked.err
    assert "M-1 (sealed): 0 confirmed, 1 unknown (1 of them could be opened)" in asked.out
    told = " ".join(asked.out.split())
    assert "18 holdings are confirmed only if the compromise began before 2026-03-02T08:20:00Z" in told
    rows = tocsin("exposure", "--workspace", "w", "--identity", ADA, *start, "--format", "json").document["exposure"]
    early = [row for row in rows if row["at_latest"] is not None]
    assert {(row["verdict"], row["at_latest"]) for row in early} == {("confirmed", "unknown")}
    assert all(row["last"] < "2026-03-02T08:20:00Z" for row in early)
    assert {row["premises"]["latest"] for row in rows} == {"2026-03-02T08:20:00Z"}
    opened = tocsin("exposure", "--workspace", "w", "--reach", "--session", "s-1", "--format", "json").document
    assert {one["name"] for one in opened["reached"] if one["kind"] == "holding"} == {ADA, SITE}
    by_key = tocsin("exposure", "--workspace", "w", "--key", "s-1", "--format", "json").document
    assert [(one["kind"], one["found"]) for one in by_key["asked"]] == [("key", True)]
    assert {row["verdict"] for row in by_key["exposure"]} == {"confirmed", "unknown"}


def test_behind_a_vault_reach_speaks_in_tokens_and_persons_count_it(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"W-17": ("Ada Example",)})
    (case / "estate" / "grants.csv").write_text(f"grantee,kind,pattern,right\n*,site,{SITE},Ada Example reads\n")
    assert tocsin("investigate", "logs", "--estate", "estate", "--workspace", "w", "-q").code in (0, 3)
    for format_ in ("text", "json", "html"):
        asked = tocsin("exposure", "--reach", "--workspace", "w", "--identity", ADA, "--format", format_)
        assert asked.code == 0, asked.err
        assert "ada example" not in asked.out.casefold()
        assert "ada.example" not in asked.out.casefold()
    persons = tocsin(
        "exposure", "--persons", "--tokens-only", "--workspace", "w", "--identity", ADA, "--format", "json"
    ).document["persons"]
    assert json.dumps(persons).casefold().count("ada.example") == 0
    assert ("", "W-17", True) in {(one["token"], one["handle"], one["declared"]) for one in persons}
