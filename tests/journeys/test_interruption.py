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
    assert grown == 1, "nothing but that it was read again"


def test_workers_end_with_a_run_that_is_killed(logs: Path, tmp_path: Path) -> None:
    mark = str(tmp_path / "w")
    process = subprocess.Popen(
        command("investigate", logs, "--workspace", mark, "--workers", "2"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children: list[int] = []
    deadline = time.monotonic() + 20
    while len(children) < 2 and process.poll() is None and time.monotonic() < deadline:
        children = _children(process.pid)
    process.kill()
    process.wait()
    while any(map(_is_running, children)) and time.monotonic() < deadline + 10:
        time.sleep(0.1)
    assert children
    assert not any(map(_is_running, children))


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def _is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
