"""A run killed again and again at random moments: whether it ends with balanced books and the uninterrupted answer."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measures.attack_samples import FOLDER
from benchmarks.measures.product import ask
from benchmarks.page import yes
from tocsin.cli.main import run


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptionFigures:
    """What was measured.

    kills, running    how often it was killed, and how often it was still at work then
    records           (read, stored, rejected) in the end
    same_answer       everything but `run` is equal to the answer of a run that was left alone
    verified          `tocsin record verify` found the record whole
    """

    kills: int
    running: int
    records: tuple[int, int, int]
    same_answer: bool
    verified: bool


def measure(data: Path, scratch: Path, kills: int = 10, seed: int = 20261121) -> InterruptionFigures:
    """Kill the investigation of the attack samples `kills` times, by SIGKILL and by interrupt in turn."""
    chance = random.Random(seed)
    archives = sorted((data / FOLDER).glob("*.zip"))
    whole, _ = ask(scratch, "investigate", *archives, "--workspace", scratch / "whole")
    command = [
        sys.executable,
        "-m",
        "tocsin",
        "investigate",
        *map(str, archives),
        "--workspace",
        str(scratch / "killed"),
    ]
    running = 0
    for number in range(kills):
        process = subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.0 + chance.random() * 1.5)
        running += process.poll() is None
        process.send_signal(signal.SIGKILL if number % 2 == 0 else signal.SIGINT)
        process.wait()
    killed, _ = ask(scratch, "investigate", *archives, "--workspace", scratch / "killed")
    return InterruptionFigures(
        kills=kills,
        running=running,
        records=_books(killed),
        same_answer=_lasting(killed) == _lasting(whole),
        verified=run(["record", "verify", "--workspace", str(scratch / "killed"), "--quiet"]) == 0,
    )


def _lasting(answer: Any) -> str:
    return json.dumps({name: value for name, value in answer.items() if name != "run"})


def _books(answer: Any) -> tuple[int, int, int]:
    inputs = answer["accounting"]["inputs"]
    rejected = sum(each["count"] for entry in inputs for each in entry["rejected"])
    return sum(entry["records_read"] for entry in inputs), sum(entry["stored"] for entry in inputs), rejected


def section(data: Path, scratch: Path) -> str:
    """What the page says of it."""
    figures = measure(data, scratch)
    read, stored, rejected = figures.records
    return f"""## Interruption

The investigation of the attack samples was killed {figures.kills} times at random moments ({figures.running} times while at
work; SIGKILL and interrupt in turn) and run again. In the end {read:,} records read = {stored:,} stored + {rejected:,}
rejected; the answer is equal to that of a run left alone: **{yes(figures.same_answer)}**; `tocsin record verify` finds
the record whole: **{yes(figures.verified)}**."""
