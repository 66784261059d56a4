"""Measures `tocsin investigate` from end to end on many events, and prints the figures as rows of a table.

Run by `make bench-investigate`. The data is found through TOCSIN_DATA or beside the checkout, as the tests on real data
do. Public logs are written several times over into a scratch folder (`measures/replicas.py`); the product is run on
them as a user would, with SigmaHQ's rules and ours, and watched from outside. Beside it runs the floor: reading,
hashing, inflating and parsing the same bytes, by the same clock on the same machine. Only the ratio to it means
anything elsewhere.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measures.replicas import write_replica  # noqa: E402

RECORDS_A_REPLICA = 100_000
SIZES = (100_000, 300_000, 1_000_000)
RULES = "sigma/rules/sigma_rules_8eaafff1.zip"
_EVERY_SECONDS = 0.1
_HEADER = """| records | input, MB | time, s | CPU, s | records a CPU second | CPU, times the floor | parent, MB | workers, MB | \
workspace, MB | JSON, MB | report, MB | findings |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One command as seen from outside: seconds by the clock and of CPU, its peak memory and that of its children."""

    seconds: float
    cpu_seconds: float
    parent_bytes: int
    children_bytes: int


def watch(command: list[str], environment: dict[str, str]) -> Watched:
    """Run a command to its end. Raises RuntimeError where it fails (exit codes 0 and 3 are answers)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    parent = children = 0
    while process.poll() is None:
        parent = max(parent, _resident(process.pid))
        children = max(children, sum(map(_resident, _children_of(process.pid))))
        time.sleep(_EVERY_SECONDS)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"the run ended with {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Watched(
        seconds=time.monotonic() - started,
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        parent_bytes=parent,
        children_bytes=children,
    )


def floor(folder: Path) -> float:
    """CPU seconds for reading the same files, hashing what was received, inflating it and parsing every JSON line."""
    started = time.process_time()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            if path.suffix in (".log", ".gz"):
                for line in lines:
                    if line.startswith(b"{"):
                        orjson.loads(line)
    return time.process_time() - started


def _resident(pid: int) -> int:
    """Resident bytes of a process, 0 once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _children_of(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [each for child in map(int, found) for each in (child, *_children_of(child))]


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def measure(data: Path, logs: Path, scratch: Path, workers: int) -> str:
    """One row of the table, for the logs as they are now."""
    workspace, answer = scratch / "workspace", scratch / "answer.json"
    command = [sys.executable, "-m", "tocsin", "investigate", str(logs), "--workspace", str(workspace)]
    command += [
        "--rules",
        str(data / RULES),
        "--workers",
        str(workers),
        "--format",
        "json",
        "-o",
        str(answer),
        "--quiet",
    ]
    source = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    seen = watch(command, {**os.environ, "PYTHONPATH": source, "XDG_CONFIG_HOME": str(scratch / "config")})
    least = floor(logs)
    answers = json.loads(answer.read_bytes())
    inputs = answers["accounting"]["inputs"]
    records = sum(each["records_read"] for each in inputs)
    stored = sum(each["stored"] for each in inputs)
    copies = sum(each["duplicates"] for each in inputs)
    if copies * 100 > records or stored * 100 < records * 99:
        raise RuntimeError(
            f"of {records} records {stored} were stored, {copies} of them as copies: no fair measurement"
        )
    cells = [
        f"{records:,}",
        f"{_size(logs) / 1e6:,.0f}",
        f"{seen.seconds:,.0f}",
        f"{seen.cpu_seconds:,.0f}",
        f"{records / seen.cpu_seconds:,.0f}",
        f"{seen.cpu_seconds / least:.1f}",
        f"{seen.parent_bytes / 1e6:,.0f}",
        f"{seen.children_bytes / 1e6:,.0f}",
        f"{_size(workspace) / 1e6:,.0f}",
        f"{answer.stat().st_size / 1e6:,.1f}",
        f"{(workspace / 'report.html').stat().st_size / 1e6:,.1f}",
        f"{len(answers['findings']):,}",
    ]
    return f"| {' | '.join(cells)} |"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure each size, the smaller ones first; the logs of the larger go on from theirs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=SIZES, help="how many, about")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for logs and workspaces; about 3 GB a million records")
    arguments = parser.parse_args()
    data = Path(os.environ.get("TOCSIN_DATA") or ROOT.parent / "shared" / "data")
    if not (data / RULES).is_file():
        raise SystemExit(f"{data} holds no {RULES}: set TOCSIN_DATA")
    machine = f"Linux {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"
    _say(f"{machine}, Python {platform.python_version()}, {arguments.workers} workers\n\n{_HEADER}")
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        logs, written = Path(folder) / "logs", 0
        for size in sorted(arguments.records):
            while written * RECORDS_A_REPLICA < size:
                write_replica(data, logs / f"{written:03d}", written)
                written += 1
            with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
                _say(measure(data, logs, Path(scratch), arguments.workers))


if __name__ == "__main__":
    main()
