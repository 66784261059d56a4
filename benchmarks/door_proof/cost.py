"""What a vault costs an investigation, end to end: CPU seconds of the command with its workers and the matcher process.

Run by `make bench-door-whole`. A command with a vault first brings up the process that knows the names; that is measured
apart, on a log of one line, and taken off before it is divided by the events.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.door_proof.names import invented  # noqa: E402
from benchmarks.door_proof.prove import CLEAN  # noqa: E402
from benchmarks.door_proof.stage import Stage, persons_list  # noqa: E402
from benchmarks.evaluate import data_folder  # noqa: E402


def cpu_of(stage: Stage, *arguments: str) -> float:
    """CPU seconds of a command and of all it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    stage.run(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def investigated(folder: Path, logs: list[str], persons: int) -> tuple[float, int]:
    """CPU seconds of an investigation in a new workspace, and its events."""
    stage = Stage(folder=folder)
    folder.mkdir()
    place = ("--workspace", str(stage.workspace))
    stage.run("init", str(stage.workspace))
    if persons:
        stage.run("vault", "import", "-", *place, "--accept-weak", given=persons_list(invented(persons)))
    out = folder / "answers.json"
    spent = cpu_of(stage, "investigate", *logs, *place, "--workers", "1", "-q", "--format", "json", "-o", str(out))
    document = json.loads(out.read_text("utf-8"))
    return spent, sum(one["stored"] for one in document["accounting"]["inputs"])


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, nargs="*", default=[0, 1_000, 5_000])
    chosen = options.parse_args()
    data = data_folder()
    print("| persons | the command alone, s | investigation, s | events | us an event | of an investigation without |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    plain = 0.0
    for count in chosen.persons:
        with tempfile.TemporaryDirectory() as scratch:
            line = Path(scratch) / "one.log"
            line.write_text('192.0.2.1 - - [29/Sep/2021:12:37:05 +0000] "GET / HTTP/1.1" 404 196\n')
            alone, _ = investigated(Path(scratch) / "alone", [str(line)], count)
            whole, events = investigated(Path(scratch) / "whole", [str(data / path) for path in CLEAN], count)
        each = (whole - alone) / events * 1e6
        plain = plain or each
        print(f"| {count:,} | {alone:.1f} | {whole:.1f} | {events:,} | {each:.1f} | {each / plain:.3f} |", flush=True)


if __name__ == "__main__":
    main()
