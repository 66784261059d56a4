"""Indicators of others, from the file they come in to the package a court gets, with and without a vault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.protect.linked import everything_in, link

from .conftest import Finished, Tocsin, without_run
from .test_vault import PERSON, assert_says_nobody, case

__all__ = ["case"]

PROXY = "".join(
    f"17095{time}.250 310 192.0.2.{client} {what} text/html\n"
    for time, client, what in (
        ("39201", 21, "TCP_MISS/200 9120 GET https://news.example/today - HIER_DIRECT/198.51.100.80"),
        ("42801", 44, "TCP_TUNNEL/200 91200 CONNECT cdn.evil.example:443 - HIER_DIRECT/203.0.113.66"),
        ("46401", 44, "TCP_MISS/200 910 GET http://notevil.example/img - HIER_DIRECT/198.51.100.81"),
    )
)
LIST = f"evil[.]example\n203.0.113.0/24\n{'a' * 64}\nnever.example\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "access.log").write_text(PROXY, encoding="utf-8")
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    return tmp_path


def asked(tocsin: Tocsin, folder: Path, workspace: Path, name: str = "list.txt") -> Finished:
    return tocsin(
        "investigate", folder / "logs", "--indicators", folder / name, "--workspace", workspace, "--format", "json"
    )


def test_what_is_found_reaches_the_package_and_follows_from_it(logs: Path, tocsin: Tocsin) -> None:
    court = logs / "court"
    told = asked(tocsin, logs, court)
    assert told.code == 0, told.err
    books = told.document["accounting"]["indicators"]
    assert (books["asked"], books["found"], books["not_found"], books["unknown"]) == (4, 2, 1, 1)
    findings = told.document["findings"]
    assert {one["detector"]["kind"] for one in findings} == {"indicator"}
    assert {one["records"][0]["entry"] for one in findings} == {1}
    assert all(sight["gaps"] for sight in books["sight"] if sight["kind"] == "file-hash")
    incidents = [one["id"] for one in told.document["incidents"]]
    package = logs / "package"
    assert tocsin("evidence", "export", *incidents, "--workspace", court, "-o", package).code == 0
    (rules,) = (package / "data" / "rules").iterdir()
    enclosed = json.loads(rules.read_text(encoding="utf-8"))["indicators"]
    assert {one["id"] for one in enclosed} == {one["detector"]["id"] for one in findings}
    assert str(logs) not in rules.read_text(encoding="utf-8")
    assert tocsin("evidence", "verify", package).code == 0
    reproduced = tocsin("evidence", "reproduce", package)
    assert reproduced.code == 0, reproduced.err
    assert tocsin("record", "verify", "--workspace", court).code == 0


def test_asked_later_they_find_what_they_would_have_found_at_once(logs: Path, tocsin: Tocsin) -> None:
    at_once = asked(tocsin, logs, logs / "a")
    assert tocsin("investigate", logs / "logs", "--workspace", logs / "b", "--quiet").code == 0
    hunt = tocsin("detect", "--indicators", logs / "list.txt", "--workspace", logs / "b", "--format", "json")
    assert hunt.document["findings"] == at_once.document["findings"]
    assert hunt.document["indicators"] == at_once.document["accounting"]["indicators"]
    kept = tocsin("detect", "--indicators", logs / "list.txt", "--workspace", logs / "b", "--keep", "--quiet")
    assert kept.code == 0, kept.err
    later = tocsin("investigate", logs / "logs", "--workspace", logs / "b", "--format", "json", "--quiet")
    assert later.document["findings"] == at_once.document["findings"]


def test_the_answer_is_the_same_from_one_worker_and_from_two(logs: Path, tocsin: Tocsin) -> None:
    found = [
        tocsin(
            "investigate", logs / "logs", "--indicators", logs / "list.txt",
            "--workspace", logs / f"w{workers}", "--workers", workers, "--format", "json", "--quiet",
        )
        for workers in ("1", "2")
    ]  # fmt: skip
    assert without_run(found[0].document) == without_run(found[1].document)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("broken.json", '{"type": "bundle", "objects": [', "line 1"),
        ("other.json", '{"a": 1}', "no STIX"),
        ("words.txt", "Ada Example said so\n", "line 1"),
        ("empty.txt", "# nothing\n", "nothing of the kind"),
    ],
)
def test_a_file_without_an_indicator_is_refused_before_anything_is_made(
    logs: Path, tocsin: Tocsin, name: str, text: str, why: str
) -> None:
    (logs / name).write_text(text, encoding="utf-8")
    told = tocsin("investigate", logs / "logs", "--indicators", logs / name, "--workspace", logs / "court")
    assert told.code == 2
    assert why in told.err
    assert "hint" in told.err
    assert "Ada Example" not in told.err
    assert not (logs / "court").exists()


def test_behind_a_vault_an_indicator_that_names_somebody_is_asked_and_says_nobody(case: Path, tocsin: Tocsin) -> None:
    court = case / "w"
    mail = "zorbla.quixmere@tribunal.example"
    (case / "list.csv").write_text(f"type,value,title\nemail-addr,{mail},Mail of {PERSON[0]}\n", encoding="utf-8")
    link(court, case / "v", {"p1": PERSON})
    told = asked(tocsin, case, court, "list.csv")
    assert told.code in (0, 3), told.err
    books = told.document["accounting"]["indicators"]
    assert books["asked"] == 1
    hunt = tocsin("detect", "--indicators", case / "list.csv", "--workspace", court, "--format", "json")
    text = tocsin("detect", "--indicators", case / "list.csv", "--workspace", court)
    assert hunt.document["indicators"] == books
    assert_says_nobody(everything_in(court), told.out, told.err, hunt.out, hunt.err, text.out, text.err)
