"""`kill -9` while names are in hand: the command, a worker or the matcher process, and what is then on disk is searched.

Run by `make kills-door`. A workspace with a vault is investigated, noted in and asked; one process of the command is
killed at a moment spread evenly over the time it takes. After each kill every file but the logs and the vault is
searched, temporary ones and journals with the rest, and no process of the command may be left; at the end the same
commands do their work and the record is verified. Arguments and environments of the processes are searched too.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import page  # noqa: E402
from benchmarks.door_proof.logs import WRITERS, planted, write_logs  # noqa: E402
from benchmarks.door_proof.names import SEED, Name, invented  # noqa: E402
from benchmarks.door_proof.search import Searcher, needles  # noqa: E402
from benchmarks.door_proof.stage import Stage, leaks_of, persons_list  # noqa: E402

_STRATA = 10
_PATIENCE_SECONDS = 5.0
_AIMING_SECONDS = 2.0


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was killed, by command and process; and what did not hold."""

    killed: Counter[str] = field(default_factory=Counter)
    in_vain: int = 0  # the command had ended
    searched: int = 0
    faults: list[str] = field(default_factory=list)


def family_of(process: int) -> list[tuple[int, str]]:
    """The process and those below it, with what each is."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [process]
    while waiting:
        one = waiting.pop()
        found.append((one, "command" if one == process else _kind(one)))
        waiting += parents.get(one, [])
    return found


def _kind(process: int) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return "worker"
    if b"resource_tracker" in words:
        return "resource tracker"
    return "matcher" if b"protect" in words else "worker"


def _said(processes: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    for process in processes:
        for what in ("cmdline", "environ"):
            try:
                yield f"{what} of a process", Path(f"/proc/{process}/{what}").read_bytes()
            except OSError:
                continue


def kill_once(
    stage: Stage,
    arguments: Sequence[str],
    after: float,
    aim: str,
    searcher: Searcher,
    figures: Figures,
    given: bytes = b"",
) -> None:
    """Start the command, kill the process aimed at (the command where there is none), and look at what is left."""
    label = arguments[0]
    command = [sys.executable, "-m", "tocsin", *arguments]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=stage.environment(), cwd=stage.folder
        )
        begun = time.monotonic()
        if process.stdin is not None:
            process.stdin.write(given)
            process.stdin.close()
        while process.poll() is None and time.monotonic() - begun < after:
            time.sleep(0.005)
        family = family_of(process.pid) if process.poll() is None else []
        # A worker is there only while there is something to read: it is waited for, though not for long.
        until = time.monotonic() + _AIMING_SECONDS
        while family and aim not in dict(family).values() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
            family = family_of(process.pid)
        if not family:
            figures.in_vain += 1
        else:
            for where, data in _said([one for one, _ in family]):
                figures.faults += [f"{label}: a name in the {where}" for _ in searcher.search(data, where)[:1]]
            target, kind = next((each for each in family if each[1] == aim), family[0])
            figures.killed[f"{label}: {kind}"] += 1
            try:
                os.kill(target, signal.SIGKILL)
            except ProcessLookupError:
                figures.in_vain += 1
        code = _ended(process)
        if code is None:
            figures.faults.append(f"{label}: the command did not end when its {aim} was killed")
            process.kill()
            process.wait()
        time.sleep(0.05)
        figures.faults += [f"{label}: a {kind} outlives its command" for one, kind in family if not _is_gone(one)]
        out.seek(0)
        figures.faults += [f"{label}: a name was printed" for _ in searcher.search(out.read(), label)[:1]]
    found, size, _ = leaks_of(stage, searcher)
    figures.searched += size
    figures.faults += sorted({f"{label}: a name in {leak.where.removeprefix(str(stage.folder))}" for leak in found})


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        return None


def _is_gone(process: int) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def campaign(
    stage: Stage,
    logs: Path,
    names: Sequence[Name],
    searcher: Searcher,
    figures: Figures,
    *,
    kills: int,
    seed: int,
    seconds: dict[str, float],
) -> None:
    """One workspace: killed so many times, then brought to the end. Without kills it says what each command takes."""
    chance = random.Random(seed)
    stage.folder.mkdir(parents=True)
    place = ("--workspace", str(stage.workspace))
    stage.run("init", str(stage.workspace))
    stage.run("vault", "import", "-", *place, "--accept-weak", given=persons_list(names))
    workers = str(1 + seed % 2)
    commands: dict[str, tuple[str, ...]] = {
        "investigate": (
            *("investigate", str(logs), *place, "--workers", workers, "-q"),
            *("--force", "-o", str(stage.out / "a.html"), "--format", "html"),
        ),
        "exposure": ("exposure", *place),
        "incidents": ("incidents", *place),
    }
    stage.out.mkdir(exist_ok=True)
    for number in range(kills):
        name = "investigate" if number < kills * 3 // 4 else chance.choice(("exposure", "incidents"))
        after = seconds[name] * ((number % _STRATA) + chance.random()) / _STRATA
        aim = chance.choice(("command", "worker", "matcher"))
        kill_once(stage, commands[name], after, aim, searcher, figures)
        if number == kills * 3 // 4 - 1:
            stage.run(*commands["investigate"])
    for name, words in commands.items():
        begun = time.monotonic()
        stage.run(*words)
        seconds.setdefault(name, time.monotonic() - begun)
    stage.run("record", "verify", *place)
    found, size, _ = leaks_of(stage, searcher)
    figures.searched += size
    figures.faults += sorted({f"at the end: a name in {leak.where}" for leak in found})


def measure(folder: Path, data: Path, *, kills: int, names: int = 80, campaigns: int = 4) -> Figures:
    """All campaigns together."""
    persons = invented(names)
    logs = folder / "logs"
    write_logs(logs, data, [one for one in planted(persons, 3, list(WRITERS)) if one.kind == "exact"], persons)
    searcher = Searcher(each for name in persons for each in needles(name.number, name.family))
    figures = Figures()
    seconds: dict[str, float] = {}
    for number in range(campaigns + 1):
        stage = Stage(folder=folder / f"campaign-{number}")
        share = kills // campaigns if number else 0
        campaign(stage, logs, persons, searcher, figures, kills=share, seed=SEED + number, seconds=seconds)
        told = f"campaign {number}: {figures.killed.total()} kills, {figures.in_vain} in vain, {len(figures.faults)} faults\n"
        sys.stderr.write(told + "".join(f"  {each}\n" for each in sorted(set(figures.faults))))
    return figures


def section(figures: Figures) -> str:
    """What the page says of it."""
    rows = "\n".join(f"| {name} | {count} |" for name, count in sorted(figures.killed.items()))
    failed = "".join(f"\n- {each} ({count} times)" for each, count in Counter(figures.faults).items())
    return f"""## Killed with a vault: {figures.killed.total()} times `kill -9` while names were in hand

The command, one of its workers or the process that knows the names (`make kills-door`); after each kill every file but the
logs and the vault was searched for every planted name in every encoding, and at the end the commands did their work.

- Faults (a name at rest, printed, or in the arguments or the environment of a process; a process that outlives its
  command; a command that hangs): **{len(figures.faults)}**
- Searched: {figures.searched / 1e6:,.0f} MB, taken apart

| killed | kills |
| --- | --- |
{rows}
{failed}"""


def main() -> None:
    """Run, print the figures and write the section; exit code 1 with faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=80)
    parser.add_argument("--campaigns", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="a new folder that all of it stays in")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    given = parser.parse_args()
    from benchmarks.evaluate import data_folder

    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        figures = measure(folder, data_folder(), kills=given.count, campaigns=given.campaigns)
    sys.stdout.write(section(figures) + "\n")
    if not given.dry:
        page.put("kills_door", section(figures))
    raise SystemExit(1 if figures.faults else 0)


if __name__ == "__main__":
    main()
