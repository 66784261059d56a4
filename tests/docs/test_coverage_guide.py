"""The guide to coverage is run as it stands, and says of every log what its declaration says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin
from tests.journeys.logs import ADA, act

from tocsin.collect.source import Source, all_sources
from tocsin.exercise.formats.m365 import audit_line, sign_in
from tocsin.model.coverage import CoverageState
from tocsin.model.note import SOURCE as NOTE
from tocsin.share.summary import BASES
from tocsin.share.watched import SIGNS

__all__ = ["tocsin"]

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/coverage.md").read_text(encoding="utf-8")


def test_every_command_of_the_guide_answers(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    records = [sign_in(act(60 * n, person=ADA, session=f"s-{n}")) for n in range(30)]
    (tmp_path / "audit.jsonl").write_bytes(b"".join(audit_line(record) for record in records))
    assert tocsin("investigate", "audit.jsonl", "--workspace", "CASE", "--quiet").code == 0
    commands = [shlex.split(line)[1:] for line in re.findall(r"^\$ (tocsin .+)$", GUIDE, re.MULTILINE)]
    assert len(commands) == 5
    printed = [tocsin(*command, "--quiet") for command in commands]
    assert [one.code for one in printed] == [0] * 5
    assert re.search(r"^  \|[-.]+\|$", printed[0].out, re.MULTILINE)
    assert '<rect class="unproven"' in (tmp_path / "coverage.html").read_text(encoding="utf-8")
    document = json.loads((tmp_path / "coverage.json").read_text(encoding="utf-8"))
    (log,) = document["coverage_map"]["logs"]
    assert {one["state"] for one in log["stretches"]} == {"unproven"}
    assert json.loads((tmp_path / "layer.json").read_text(encoding="utf-8"))["versions"]["layer"] == "4.5"


@pytest.mark.parametrize("source", all_sources(), ids=lambda source: source.name)
def test_the_guide_says_of_every_log_what_it_can_prove(source: Source) -> None:
    proof = source.proof
    cited = f" ([source]({proof.citation.split(' ')[0]}))" if proof.citation else ""
    vouched = "yes" if proof.attestable else "no"
    assert f"| `{source.name}` | {BASES[proof.basis]} | {proof.reason}{cited} | {vouched} |" in GUIDE.splitlines()
    assert source.name == NOTE or proof.citation.startswith("https://")


def test_the_guide_explains_every_sign() -> None:
    for state in CoverageState:
        assert f"| `{SIGNS[state]}` | {str(state).replace('_', ' ')} | " in GUIDE
