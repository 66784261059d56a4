"""`tocsin preserve` as a person runs it on the first day: no log, no workspace, commands that can be copied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tocsin.cli.main import run

AS_OF = ("--as-of", "2026-03-20T14:05:00Z")
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "formats" / "investigation.schema.json"

Preserve = Callable[..., tuple[int, str, str]]


@pytest.fixture
def preserve(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Preserve:
    """Runs it in an empty folder: code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(["preserve", *arguments])
        return code, *capfd.readouterr()

    return command


def test_it_needs_nothing_and_leaves_nothing(preserve: Preserve, tmp_path: Path) -> None:
    code, text, _ = preserve()
    assert code == 0
    assert text.startswith("PRESERVE   as of ")
    assert list(tmp_path.iterdir()) == []


def test_the_same_question_has_the_same_answer(preserve: Preserve) -> None:
    assert preserve(*AS_OF) == preserve(*AS_OF)


def test_a_start_says_what_is_lost_and_what_is_next(preserve: Preserve) -> None:
    _, text, _ = preserve(*AS_OF, "--incident-start", "2026-02-20T08:00:00Z")
    lines = text.splitlines()
    free = lines.index("17. Microsoft Entra ID: Sign-in and audit logs (Free)")
    assert "What was written from 2026-02-20 to 2026-03-13 is past its time" in lines[free + 1]
    assert any("goes by 2026-03-22, in 1 day" in line for line in lines)
    soon, later = lines.index("GOING NOW OR WITHIN 7 DAYS"), lines.index("LATER, THE SOONEST FIRST")
    assert soon < free < later


def test_a_command_stays_on_its_line(preserve: Preserve) -> None:
    _, text, _ = preserve(*AS_OF)
    assert [line for line in text.splitlines() if "wevtutil epl Security" in line and "wevtutil gli Security" in line]
    assert all(len(line) <= 80 for line in text.splitlines() if "save:" not in line and "https://" not in line)


def test_the_json_is_as_described_in_the_schema(preserve: Preserve) -> None:
    document: dict[str, Any] = json.loads(preserve(*AS_OF, "--format", "json")[1])
    assert document["schema"]["name"] == "tocsin.preservation"
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    described = {"$defs": schema["$defs"], **schema["properties"]["preservation"]}
    jsonschema.Draft202012Validator(described).validate(document["preservation"])
    assert len(document["preservation"]) > 50


def test_the_estates_products_come_first(preserve: Preserve, tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "products.csv").write_text("product,log,days\nDocuments Archive,access log,60\n")
    _, text, _ = preserve(*AS_OF, "--estate", "estate")
    assert "\n1. Documents Archive: access log\n" in text
    assert "NOT NAMED BY THE ESTATE" in text


@pytest.mark.parametrize(
    "arguments",
    [("--format", "html"), ("--incident-start", "2026-03-21T00:00:00Z"), ("--as-of", "yesterday")],
)
def test_what_cannot_be_asked_is_a_usage_error(preserve: Preserve, arguments: tuple[str, str]) -> None:
    given = arguments if "--as-of" in arguments else (*AS_OF, *arguments)
    code, text, error = preserve(*given)
    assert (code, text) == (2, "")
    assert error
