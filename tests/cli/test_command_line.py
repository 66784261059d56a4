"""What scripts and people rely on: options, exit codes and their precedence, what goes where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin import __version__
from tocsin.errors import (
    ConfigError,
    RefusedError,
    RuleError,
    SourceError,
    StoreError,
    TocsinError,
    VerificationError,
)
from tocsin.model.answers import Answers
from tocsin.model.instant import parse_time

if TYPE_CHECKING:
    from tests.cli.conftest import Investigation, Outcome


def test_the_answers_go_to_standard_output_and_notes_to_standard_error(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    done = tocsin("investigate", "log.jsonl")
    assert done.code == 0
    assert "1 WHAT HAPPENED" in done.out
    assert done.err == "tocsin: a note\n"
    assert tocsin("investigate", "log.jsonl", "--quiet").err == ""


def test_every_option_of_investigate_reaches_the_investigation(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    for folder in ("rules-a", "rules-b", "estate"):
        Path(folder).mkdir()
    options = ["--workspace", "ws", "--estate", "estate", "--rules", "rules-a", "--rules", "rules-b", "--workers", "3"]
    options += ["--taken", "1970-01-01T00:00:05Z"]
    span = ["--from", "2024-03-01T01:00:00+01:00", "--to", "2024-03-02T00:00:00Z"]
    assert tocsin("investigate", "./log.jsonl", "rules-a/", *options, *span).code == 0
    (asked,) = investigation.asked
    assert asked.paths == ("./log.jsonl", "rules-a/")
    assert (asked.workspace, asked.estate, asked.rules) == (
        Path("ws"),
        Path("estate"),
        (Path("rules-a"), Path("rules-b")),
    )
    assert (asked.from_, asked.to) == (parse_time("2024-03-01T00:00:00Z"), parse_time("2024-03-02T00:00:00Z"))
    assert (asked.workers, asked.taken, asked.now, asked.passphrase) == (3, 5_000_000_000, None, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["investigate"],
        ["investigate", "missing.jsonl"],
        ["investigate", "log.jsonl", "--from", "2024-03-01"],
        ["investigate", "log.jsonl", "--from", "2024-03-01T00:00:00"],
        ["investigate", "log.jsonl", "--from", "2024-03-02T00:00:00Z", "--to", "2024-03-02T00:00:00Z"],
        ["investigate", "log.jsonl", "--workers", "0"],
        ["investigate", "log.jsonl", "--format", "pdf"],
        ["investigate", "log.jsonl", "--fail-on", "terrible"],
        ["investigate", "log.jsonl", "--estate", "missing"],
        ["investigate", "log.jsonl", "-o", "missing/answers.json"],
        ["investigate", "log.jsonl", "-o", "log.jsonl"],
        ["exposure"],
        ["exposure", "--workspace", "ws", "--format", "html"],
        ["exposure", "--workspace", "ws", "--identity", "-"],
        ["exercise", "list", "--format", "html"],
        ["unheard-of"],
    ],
)
def test_a_usage_error_is_told_before_any_work(
    arguments: list[str], investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    done = tocsin(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("tocsin: ")
    assert investigation.asked == []


def test_json_on_standard_output_is_one_object(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    done = tocsin("investigate", "log.jsonl", "--format", "json")
    assert json.loads(done.out)["schema"]["name"] == "tocsin.investigation"


def test_a_file_is_written_only_where_there_is_none_or_force(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    done = tocsin("investigate", "log.jsonl", "--format", "html", "-o", "page.html")
    assert (done.code, done.out) == (0, "")
    first = Path("page.html").read_text(encoding="utf-8")
    assert first.startswith("<!DOCTYPE html>")
    assert tocsin("investigate", "log.jsonl", "-o", "page.html").code == 2
    assert Path("page.html").read_text(encoding="utf-8") == first
    assert tocsin("investigate", "log.jsonl", "-o", "page.html", "--force").code == 0
    assert "WHAT HAPPENED" in Path("page.html").read_text(encoding="utf-8")


def test_findings_at_or_above_the_level_end_with_1_before_incomplete_input_with_3(
    investigation: Investigation, tocsin: Callable[..., Outcome], incomplete: Answers
) -> None:
    codes = {level: tocsin("investigate", "log.jsonl", "--fail-on", level).code for level in ("low", "medium", "high")}
    assert codes == {"low": 1, "medium": 1, "high": 0}
    investigation.answers = incomplete
    assert tocsin("investigate", "log.jsonl").code == 3
    assert tocsin("investigate", "log.jsonl", "--fail-on", "critical").code == 3
    assert tocsin("investigate", "log.jsonl", "--fail-on", "medium").code == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("wrong", hint="do this"), 2),
        (SourceError("wrong", hint="do this"), 2),
        (RuleError("wrong", path="rules/a.yml", line=3, hint="do this"), 2),
        (VerificationError("wrong", hint="do this"), 4),
        (RefusedError("wrong", hint="do this"), 5),
        (TocsinError("wrong", hint="do this"), 70),
        (StoreError("wrong", hint="do this"), 74),
    ],
)
def test_each_error_has_its_exit_code_its_message_and_its_hint(
    error: TocsinError, code: int, investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    investigation.error = error
    done = tocsin("record", "verify", "--workspace", "ws")
    assert (done.code, done.out) == (code, "")
    assert "wrong" in done.err
    assert done.err.endswith("\n  hint: do this\n")
    assert ("rules/a.yml:3: " in done.err) == isinstance(error, RuleError)


def test_a_full_disk_nobody_expected_is_a_storage_fault(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    investigation.error = OSError(28, "No space left on device", "/ws/raw")
    done = tocsin("investigate", "log.jsonl")
    assert done.code == 74
    assert "No space left on device: /ws/raw" in done.err


def test_an_interruption_says_how_to_go_on(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    investigation.error = KeyboardInterrupt()
    done = tocsin("investigate", "log.jsonl")
    assert done.code == 130
    assert "run it again to resume" in done.err


def test_a_message_cannot_drive_the_terminal(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    investigation.error = ConfigError("bad \x1b[2J name")
    assert "bad \\x1b[2J name" in tocsin("investigate", "log.jsonl").err


def test_a_fault_of_ours_ends_with_70_and_keeps_the_details_off_the_screen(tmp_path: Path) -> None:
    code = (
        "import sys, types\n"
        "broken = types.ModuleType('tocsin.investigation')\n"
        "def verify_record(*_, **__): raise KeyError('Jane Invented')\n"
        "broken.verify_record = verify_record\n"
        "sys.modules['tocsin.investigation'] = broken\n"
        "sys.argv = ['tocsin', 'record', 'verify', '--workspace', 'ws']\n"
        "from tocsin.cli.main import main\n"
        "main()\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 70
    assert "internal error (KeyError)" in done.stderr
    assert "Jane Invented" not in done.stderr
    (details,) = tmp_path.glob("*/details.txt")
    assert str(details) in done.stderr
    assert "Jane Invented" in details.read_text(encoding="utf-8")


def test_exposure_asks_in_canonical_names(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    criteria = ["--identity", "Ada.Example@Tribunal.Example", "--address", "[2001:DB8::1]:443", "--session", "AbC"]
    done = tocsin("exposure", "--workspace", "ws", *criteria, "--host", "FILES-01.", "--format", "json")
    assert json.loads(done.out) == {
        "schema": {"name": "tocsin.exposure", "version": "0.1"},
        "asked": [],
        "exposure": [],
    }
    ((workspace, question, _),) = investigation.asked
    assert workspace == Path("ws")
    assert question.identities == ("ada.example@tribunal.example",)
    assert question.addresses == ("2001:db8::1",)
    assert question.sessions == ("AbC",)
    assert question.hosts == ("files-01",)


@pytest.mark.parametrize("part", ["coverage", "incidents"])
def test_a_part_is_given_alone(part: str, investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    assert json.loads(tocsin(part, "--workspace", "ws", "--format", "json").out)[part] == []
    assert tocsin(part, "--workspace", "ws").code == 0


def test_the_passphrase_comes_from_the_environment(
    investigation: Investigation, tocsin: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "/keys/0a" in tocsin("init", "new").out
    monkeypatch.setenv("TOCSIN_PASSPHRASE", "correct horse")
    assert "passphrase alone" in tocsin("init", "new").out
    assert tocsin("record", "verify", "--workspace", "ws").code == 0
    assert investigation.asked[-1] == (Path("ws"), "correct horse")


def test_nothing_is_asked_where_nobody_is_there_to_answer(
    investigation: Investigation, tocsin: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("ws").mkdir()
    Path("ws/workspace.toml").write_text('format = 1\n\n[key]\nsource = "passphrase"\n')
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return "typed"

    monkeypatch.setattr("getpass.getpass", typed)
    monkeypatch.setattr("sys.stdin", sys.__stdin__)
    monkeypatch.setattr("os.isatty", lambda _: False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    tocsin("record", "verify", "--workspace", "ws")
    assert (asked, investigation.asked[-1][1]) == ([], None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    tocsin("record", "verify", "--workspace", "ws")
    assert (len(asked), investigation.asked[-1][1]) == (1, "typed")
    tocsin("record", "verify", "--workspace", "other")
    assert len(asked) == 1


def test_a_verified_record_says_what_was_checked(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    out = tocsin("record", "verify", "--workspace", "ws").out
    assert "3 records in 1 segments are as they were sealed" in out
    assert "covers all of them" in out
    assert "self-attested: nobody outside vouches for any of the 4 entries" in out


def test_exercises_are_listed_and_run(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    listed = json.loads(tocsin("exercise", "list", "--format", "json").out)
    assert [each["name"] for each in listed["exercises"]] == ["quiet-reader"]
    assert "A mailbox is read." in tocsin("exercise", "list").out
    done = tocsin("exercise", "run", "quiet-reader", "--workspace", "ws", "--seed", "7")
    assert investigation.asked == [("quiet-reader", Path("ws"), 7, None, None, None)]
    assert "tocsin investigate ws/exercise/logs --estate ws/exercise/estate" in done.out


def test_an_exercise_is_as_long_and_as_large_as_asked(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    tocsin("exercise", "run", "paper-trail", "--workspace", "ws", "--days", "30", "--identities", "90")
    assert investigation.asked == [("paper-trail", Path("ws"), 1, 30, 90, None)]


@pytest.mark.parametrize(
    ("named", "players"),
    [("impostor, leaver", ("impostor", "leaver")), ("none", ())],
)
def test_an_exercise_is_played_with_whom_one_names(
    investigation: Investigation, tocsin: Callable[..., Outcome], named: str, players: tuple[str, ...]
) -> None:
    tocsin("exercise", "run", "long-season", "--workspace", "ws", "--players", named)
    assert investigation.asked == [("long-season", Path("ws"), 1, None, None, players)]


def test_the_demo_says_where_the_report_is_and_never_reuses_a_folder(
    investigation: Investigation, tocsin: Callable[..., Outcome]
) -> None:
    Path("tocsin-demo").mkdir()
    done = tocsin("demo")
    assert done.code == 0
    assert f"Report: {Path('tocsin-demo-2/report.html').resolve()}\n" in done.out
    settings = investigation.asked[-1]
    assert settings.paths == ("tocsin-demo-2/exercise/logs",)
    assert settings.estate == Path("tocsin-demo-2/exercise/estate")


def test_the_demo_goes_on_where_it_was_told_to(investigation: Investigation, tocsin: Callable[..., Outcome]) -> None:
    Path("ws/exercise").mkdir(parents=True)
    Path("ws/exercise/truth.json").write_text("{}")
    assert tocsin("demo", "--workspace", "ws").code == 0
    assert len(investigation.asked) == 1  # investigated, not played again


def test_the_version_is_said(tocsin: Callable[..., Outcome]) -> None:
    assert tocsin("--version") == (0, f"tocsin {__version__}\n", "")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from tocsin.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Exit codes" in done.stdout
    heavy = {"pyarrow", "numpy", "jinja2", "sqlalchemy", "cryptography", "hyperscan", "rich", "orjson"}
    assert not heavy & set(done.stderr.split())
