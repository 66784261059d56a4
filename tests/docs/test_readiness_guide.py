"""The guide to readiness is run as it stands: its files are written, its commands are given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin
from tests.journeys.logs import lines

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/readiness.md").read_text(encoding="utf-8")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in re.findall(r"`([a-z/]+\.[a-z]+)`:\n\n```[a-z]+\n(.*?)```", GUIDE, re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)]


def test_the_guide_says_what_happens(tocsin: Tocsin, files: Path) -> None:
    ask, move = commands()
    told = tocsin(*ask)
    assert told.code == 0, told.err
    assert max(map(len, told.out.splitlines())) <= 80
    assert len(told.out.splitlines()) <= 40
    assert "1 sites and documents, M1, sealed" in told.out.replace("...", "")
    found = tocsin(*ask, "--format", "json").document
    assert [one["weight"] for one in found["classes"]] == sorted(
        (one["weight"] for one in found["classes"]), reverse=True
    )
    by_class = {(one["family"], one["matter"]): one for one in found["classes"]}
    assert by_class["mailbox", "M1"]["protected"]
    assert by_class["mailbox", "M1"]["days"] == 180
    assert by_class["aws", "M2"]["days"] is None
    assert {one["able"] for one in by_class["aws", "M2"]["answers"]} == {"no"}
    after = tocsin(*move, "--format", "json").document["moves"]
    assert [one["before"]["matter"] for one in after] == ["M1", "M2"]
    assert all(one["better"] == [] or "what_happened" in one["better"] or "who" in one["better"] for one in after)
    assert [(one["before"]["days"], one["after"]["days"]) for one in after] == [(None, 180), (None, 180)]


def test_the_page_has_every_class_and_loads_nothing(tocsin: Tocsin, files: Path) -> None:
    ask, _ = commands()
    assert tocsin(*ask, "--format", "html", "-o", files / "readiness.html").code == 0
    page = (files / "readiness.html").read_text()
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert "src=" not in page.replace("style-src=", "")
    assert page.count("what was compromised") >= 5
    assert tocsin(*ask, "--format", "html").out == page


def test_what_was_read_counts_and_a_reading_is_on_record(tocsin: Tocsin, files: Path) -> None:
    (files / "audit.jsonl").write_bytes(lines(20))
    assert tocsin("investigate", "audit.jsonl", "--workspace", "CASE").code == 0
    ask, _ = commands()
    before = tocsin(*ask, "--format", "json").document
    after = tocsin(*ask, "--workspace", "CASE", "--format", "json").document
    answers = [
        {answer["asked"]: answer for one in found["classes"] if one["family"] == "mailbox" for answer in one["answers"]}
        for found in (before, after)
    ]
    assert (answers[0]["what_happened"]["able"], answers[1]["what_happened"]["able"]) == ("partly", "yes")
    assert "it takes MailItemsAccessed" in answers[0]["what_happened"]["reason"]
    alone = tocsin("readiness", "--workspace", "CASE", "--as-of", "2026-03-20T00:00:00Z", "--format", "json")
    assert [one["family"] for one in alone.document["classes"]] == ["mailbox"]
    assert "readiness" in tocsin("record", "custody", "--workspace", "CASE").out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("moves: []\n", "declares no moves"),
        ("moves:\n- holdings: x\n", "lacks holdings or to"),
        ("moves:\n- {holdings: 'Z:*', to: 'https://x'}\n", "no holding lies under"),
        ("moves:\n- {holdings: 'Z:*', to: 'https://x'}\n", "holdings are: \\\\files-01\\Matters\\M1\\*, "),
        (
            "moves:\n- {holdings: '*', to: 'https://x', product: Exchnage}\n",
            "nothing is known of the product 'Exchnage'",
        ),
        ("moves:\n- {holdings: '*', to: 'https://x', product: Exchnage}\n", "; Exchange Online; Exchange Server; "),
        ("moves:\n- {holdings: '*', to: 'x', product: AWS, log: CloudTrial}\n", "nothing is known of the log"),
        ("moves:\n- {holdings: '*', to: 'x', product: Microsoft 365, tier: E9}\n", "Audit (Standard): "),
        ("moves:\n- {holdings: '*', to: 'x', product: Sysmon, tier: E5}\n", "leave the tier out"),
        ("moves:\n- {holdings: '*', to: 'https://x', days: soon}\n", "days a number"),
        ("moves:\n- {holdings: '*', to: 'https://x', days: true}\n", "days a number"),
        ("moves:\n- {holdings: '*', to: 2026-02-31}\n", "is no YAML"),
        ("{", "is no YAML"),
    ],
)
def test_a_faulty_move_is_told(tocsin: Tocsin, files: Path, text: str, why: str) -> None:
    (files / "move.yaml").write_text(text)
    _, move = commands()
    told = tocsin(*move)
    assert told.code == 2
    assert why in told.err


def test_with_nothing_to_judge_by_it_says_so(tocsin: Tocsin) -> None:
    told = tocsin("readiness")
    assert told.code == 2
    assert "neither an estate nor a log" in told.err
