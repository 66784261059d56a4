"""A run that is stopped, however it is stopped, goes on when it is run again, and the books balance."""

from __future__ import annotations

import contextlib
import gzip
import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tocsin.reading.intake import Intake

from .conftest import Tocsin, command, without_run
from .logs import lines


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Plain, compressed and repeated inputs: enough chunks to be stopped among them."""
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(24):
        (folder / f"{number:02d}.jsonl").write_bytes(lines(60, first=number * 50))
    (folder / "90.jsonl.gz").write_bytes(gzip.compress(lines(400, first=2000), mtime=0))
    return folder


def test_killed_at_random_it_resumes_and_gives_the_same_answer(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    whole = tocsin("investigate", logs, "--workspace", tmp_path / "whole", "--format", "json")
    chance = random.Random(20260302)
    assert tocsin("init", tmp_path / "w").code == 0
    # Compiling takes longer than any of the runs lives: with the rules at hand they are killed over the logs.
    shutil.copytree(tmp_path / "whole" / "rules", tmp_path / "w" / "rules", dirs_exist_ok=True)
    arguments = command("investigate", logs, "--workspace", tmp_path / "w", "--format", "json", "--workers", "2")
    for attempt in range(3):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8 + chance.random() * 1.5)
        process.send_signal(signal.SIGKILL if attempt else signal.SIGINT)
        process.wait()
    resumed = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert resumed.code == 0, resumed.err
    assert json.dumps(without_run(resumed.document)) == json.dumps(without_run(whole.document))
    verified = tocsin("record", "verify", "--workspace", tmp_path / "w")
    assert verified.code == 0, verified.err
    assert "1,840 records" in verified.out


def test_run_again_it_adds_nothing_and_says_the_same(logs: Path, tmp_path: Path, tocsin: Tocsin) -> None:
    first = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    second = tocsin("investigate", logs, "--workspace", tmp_path / "w", "--format", "json")
    assert without_run(first.document) == without_run(second.document)
    grown = second.document["run"]["checkpoint_size"] - first.document["run"]["checkpoint_size"]
    assert grown == 4, "that it was run, that the run ended, what was answered, that it was read again: no more"


def test_what_a_run_took_in_before_it_was_cut_short_is_told_by_the_next(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/a.jsonl").write_bytes(lines(30))
    with monkeypatch.context() as patched:
        patched.setattr("tocsin.investigation.note_collection", _cut)
        with pytest.raises(SystemError):
            tocsin("investigate", tmp_path / "logs", "--workspace", tmp_path / "w")
    assert tocsin("note", "the power failed", "--workspace", tmp_path / "w").code == 0
    (tmp_path / "logs/b.jsonl").write_bytes(lines(20, first=30))
    for _ in range(2):
        assert tocsin("investigate", tmp_path / "logs", "--workspace", tmp_path / "w").code == 0
    chain = tocsin("record", "custody", "--workspace", tmp_path / "w", "--format", "json").document
    told = [link["did"] for link in chain["custody"] if link["kind"] == "collected"]
    assert told == ["took in 2 inputs with 50 records"], "each input once, and no note"


@pytest.mark.parametrize(
    ("cut", "listed"), [("_settle", 0), ("_say_input", 1)], ids=["before it was sealed", "before it was told"]
)
def test_a_note_that_was_cut_short_is_there_or_not_and_leaves_no_gap(
    cut: str, listed: int, tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(30))
    call = ("investigate", tmp_path / "a.jsonl", "--workspace", tmp_path / "w", "--format", "json")
    before = tocsin(*call).document
    with monkeypatch.context() as patched:
        patched.setattr(Intake, cut, _cut)
        with pytest.raises(SystemError):
            tocsin("note", "invented", "--workspace", tmp_path / "w")
    after = tocsin(*call).document
    assert len(after["notes"]) == listed
    assert [each["state"] for each in after["accounting"]["inputs"]] == ["read"] * (1 + listed)
    assert [row for row in after["coverage"] if row["source"] != "note"] == before["coverage"]
    verified = tocsin("record", "verify", "--workspace", tmp_path / "w")
    assert verified.code == 0, verified.err
    assert "unfinished" not in verified.out


def test_a_workspace_whose_making_was_cut_short_is_made_to_the_end(
    tmp_path: Path, tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("tocsin.opening.create_key", _cut)
        with pytest.raises(SystemError):
            tocsin("init", tmp_path / "w")
    assert tocsin("init", tmp_path / "w").code == 0
    again = tocsin("init", tmp_path / "w")
    assert (again.code, "is a workspace already" in again.err) == (74, True)


def _cut(*_: object) -> None:
    raise SystemError("stands for the end of the process")


def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    # So much to read that the run cannot have ended by itself when its workers are seen, however busy the machine is.
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "long.jsonl.gz").write_bytes(gzip.compress(lines(400) * 500, compresslevel=1, mtime=0))
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            command("investigate", tmp_path / "logs", "--workspace", tmp_path / "w", "--workers", "2"),
            stdout=said,
            stderr=said,
        )
    workers: list[int] = []
    # Compiling the rules and starting the workers takes as long as it takes: the wait ends with the run and not before.
    while len(workers) < 2 and process.poll() is None:
        workers = _workers(process.pid)
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert len(workers) == 2, (tmp_path / "said").read_text()
    given_up = time.monotonic() + 120
    while any(map(_is_running, workers)) and time.monotonic() < given_up:
        time.sleep(0.05)
    assert not any(map(_is_running, workers))


def _workers(parent: int) -> list[int]:
    """The spawned processes of a run, without the one that only keeps its books of shared memory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            is_child = int(path.read_text().rpartition(")")[2].split()[1]) == parent
            if is_child and b"spawn_main" in path.with_name("cmdline").read_bytes():
                found.append(int(path.parent.name))
    return found


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
