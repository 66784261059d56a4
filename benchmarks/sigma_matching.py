"""Measures the Sigma matcher beside decoding alone and beside peers: same input, same rules, one run; prints a table.

Run by `make bench-sigma`. The data is found through TOCSIN_DATA or beside the checkout, as the tests on real data do.
Every contender is a process of its own, watched from outside: CPU of it and of its children, and its largest resident
memory. They run in turns, round after round, and medians are shown: the machine may be busy. What is prepared before
(rules compiled, queries converted) is not counted, for every contender alike.

The SQL peer is no dependency of the product: it is installed into an environment of its own (`--peers FOLDER`, made
where it is absent), and left out, which is said, where that fails. Zircolite takes part where ZIRCOLITE names a checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.page import table  # noqa: E402
from benchmarks.sigma_contest.corpora import EVTX_RECORDS, RULES, write_evtx, write_json_lines, write_rules  # noqa: E402
from tocsin.detect.sigma.compile import compile_rules, compiled_digest  # noqa: E402
from tocsin.detect.sigma.compiled_rules import CompiledRules  # noqa: E402
from tocsin.detect.sigma.rules import load_rules, rule_texts, texts_digest  # noqa: E402
from tocsin.errors import RuleError  # noqa: E402
from tocsin.ruleset.compiled import log_source_maps  # noqa: E402

CONTEST = Path(__file__).parent / "sigma_contest"
PEER_PACKAGES = ("pysigma-backend-sqlite==2.0.0", "pysigma-pipeline-sysmon==2.0.0", "pysigma-pipeline-windows==2.0.1")
PEER_DECODERS = ("orjson", "evtx")
FLOOR, MATCH, MATCH_TWO, WHOLE, WHOLE_TWO = (
    "decoding alone",
    "match",
    "match, 2 workers",
    "process",
    "process, 2 workers",
)
SQLITE, ZIRCOLITE = "indexed SQLite", "Zircolite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One run of a contender: CPU seconds with its children's, seconds by the clock, the largest process's memory."""

    cpu: float
    seconds: float
    resident: int
    told: Mapping[str, float]


@dataclass(slots=True, kw_only=True)
class Contender:
    """One way to read a corpus: what to run, in how many of the rounds, and what came of it."""

    name: str
    command: Sequence[str]
    rounds: int
    runs: list[Spent] = field(default_factory=list)

    def median(self, value: Callable[[Spent], float]) -> float:
        """Over its runs."""
        return statistics.median(map(value, self.runs))


def with_bytecode() -> Mapping[str, str]:
    """The environment, in which modules are compiled once and kept, as where a product is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def spend(command: Sequence[str]) -> Spent:
    """Run to the end and watch. Raises RuntimeError where it fails; what it tells is its last line, as JSON."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, env=with_bytecode())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        output.seek(0)
        lines = output.read().decode().splitlines()
    if process.returncode != 0:
        raise RuntimeError(f"{command[1]} ended with {process.returncode}")
    told = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    # What the kernel counts for a child begins with the memory of its parent; who can tells its own.
    resident = int(told.get("resident", usage.ru_maxrss * 1024))
    return Spent(cpu=usage.ru_utime + usage.ru_stime, seconds=seconds, resident=resident, told=told)


def contenders(corpus: Path, work: Path, rounds: int, peers: Path | None) -> list[Contender]:
    """Who takes part on this corpus."""
    own = [sys.executable, str(CONTEST / "ours.py"), str(corpus), str(work / "rules.compiled")]
    found = [
        Contender(name=FLOOR, command=[sys.executable, str(CONTEST / "decoding.py"), str(corpus)], rounds=rounds),
        Contender(name=MATCH, command=[*own, "--hits", str(_hits(corpus, MATCH))], rounds=rounds),
        Contender(name=MATCH_TWO, command=[*own, "--workers", "2"], rounds=rounds),
        Contender(name=WHOLE, command=[*own, "--whole"], rounds=rounds),
        Contender(name=WHOLE_TWO, command=[*own, "--whole", "--workers", "2"], rounds=rounds),
    ]
    if peers is not None:
        asked = [str(peers), str(CONTEST / "indexed_sqlite.py"), "run", str(corpus), str(work / "queries.json")]
        found.append(Contender(name=SQLITE, command=[*asked, str(_hits(corpus, SQLITE))], rounds=min(rounds, 1)))
    if checkout := os.environ.get("ZIRCOLITE"):
        found.append(Contender(name=ZIRCOLITE, command=_zircolite(Path(checkout), corpus, work), rounds=min(rounds, 1)))
    return found


def _zircolite(checkout: Path, corpus: Path, work: Path) -> list[str]:
    """Its rules are converted before, as ours are compiled."""
    python = checkout / ".venv" / "bin" / "python"
    command = [str(python if python.exists() else sys.executable), str(checkout / "zircolite.py"), "-e", str(corpus)]
    if corpus.suffix == ".jsonl":
        command.append("-j")
    converted = work / "zircolite.json"
    if not converted.exists():
        least = work / "least.jsonl"
        least.write_text("{}\n")
        rules = ["-r", str(work / "rules"), "-p", "sysmon", "windows-logsources", "-sr"]
        converting = [*command[:3], str(least), "-j", *rules, "-o", str(work / "zircolite.none")]
        subprocess.run(converting, cwd=work, check=True, stdout=subprocess.DEVNULL)
        max(work.glob("*.json"), key=lambda path: path.stat().st_mtime).rename(converted)
    return [*command, "-r", str(converted), "-o", str(work / "zircolite.hits")]


def _hits(corpus: Path, name: str) -> Path:
    return corpus.with_name(f"{corpus.name}.{name.split()[-1].lower()}.tsv")


def peer_python(folder: Path) -> Path | None:
    """The interpreter of the peer's environment, made where it is absent; None, which is said, where that fails."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    decoders = [f"{name}=={version(name)}" for name in PEER_DECODERS]
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        quietly = ["-m", "pip", "install", "--quiet", *PEER_PACKAGES, *decoders]
        subprocess.run([str(python), *quietly], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"The SQL peer takes no part, it cannot be installed: {error}\n")
        return None
    return python


def measured(corpus: Path, taking_part: Sequence[Contender]) -> str:
    """All contenders in turns, as a table."""
    for turn in range(max(one.rounds for one in taking_part)):
        for one in taking_part:
            if turn < one.rounds:
                one.runs.append(spend(one.command))
                print(f"{corpus.name} {turn + 1} {one.name}: {one.runs[-1].cpu:.1f} s", file=sys.stderr, flush=True)
    by_name = {one.name: one for one in taking_part}
    floor, match = (by_name[name].median(lambda run: run.cpu) for name in (FLOOR, MATCH))
    events = int(by_name[FLOOR].runs[0].told["events"])
    rows: list[tuple[object, ...]] = []
    for one in taking_part:
        cpu = one.median(lambda run: run.cpu)
        start = one.median(lambda run: run.told.get("start", 0.0))
        rows.append(
            (
                one.name,
                f"{cpu:,.1f}",
                f"{start:.1f}" if start else "",
                f"{events / cpu:,.0f}",
                f"{floor / cpu:.2f}",
                f"{floor / (cpu - start):.2f}",
                f"{cpu / match:.1f}",
                f"{one.median(lambda run: run.told.get('seconds', run.seconds)):,.1f}",
                f"{max(run.resident for run in one.runs) / 1e6:,.0f}",
                f"{one.runs[0].told['hits']:,.0f}" if "hits" in one.runs[0].told else "",
            )
        )
    head = (
        f"{events:,} events|CPU, s|of it start|events a CPU second|of the rate of decoding alone|the same after the start|CPU, times match"
        "|s by the clock after the start|MB, largest process|hits"
    )
    return table(head, rows)


def workers_gain(taking_part: Sequence[Contender]) -> str:
    """What a second worker brings by the clock, and how many events a second two of them take."""
    by_name = {one.name: one for one in taking_part}
    told = []
    for one, two in ((MATCH, MATCH_TWO), (WHOLE, WHOLE_TWO)):
        pairs = zip(by_name[one].runs, by_name[two].runs, strict=True)
        gain = statistics.median(first.told["seconds"] / second.told["seconds"] for first, second in pairs)
        rate = by_name[two].median(lambda run: run.told["events"] / run.told["seconds"])
        told.append(f"{two}: {gain:.2f} times one, {rate:,.0f} events a second by the clock")
    return "; ".join(told) + "."


def differences(corpus: Path) -> str:
    """Hits of ours and of the SQL peer compared, (record, rule) by (record, rule)."""
    ours, theirs = (
        set(_hits(corpus, name).read_text(encoding="utf-8").splitlines()) if _hits(corpus, name).exists() else None
        for name in (MATCH, SQLITE)
    )
    if ours is None or theirs is None:
        return ""
    only = [{line.split("\t")[1] for line in found} for found in (ours - theirs, theirs - ours)]
    return (
        f"Hits of both: {len(ours & theirs):,}; of ours alone {len(ours - theirs):,} ({len(only[0])} rules); "
        f"of SQLite alone {len(theirs - ours):,} ({len(only[1])} rules)."
    )


def say(text: str) -> None:
    """A line of the figures."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of each corpus")
    parser.add_argument("--rounds", type=int, default=5, help="of ours and the floors; peers run once")
    parser.add_argument("--scratch", type=Path, help="folder kept between runs; 2 GB")
    parser.add_argument("--peers", type=Path, help="environment of the SQL peer; made where it is absent")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--only", choices=("json", "evtx"))
    chosen = parser.parse_args()
    data = Path(os.environ.get("TOCSIN_DATA") or ROOT.parent / "shared" / "data")
    if not (data / RULES).is_file():
        raise SystemExit(f"{data} holds no {RULES}: set TOCSIN_DATA")
    with tempfile.TemporaryDirectory() as temporary:
        work = chosen.scratch or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        rules = prepared_rules(data, work)
        peers = None if chosen.no_peers else peer_python(chosen.peers or work / "peers")
        if peers is not None and not (work / "queries.json").exists():
            converting = [str(peers), str(CONTEST / "indexed_sqlite.py"), "convert"]
            subprocess.run(
                [*converting, str(work / "rules"), str(work / "queries.json")], check=True, stdout=sys.stderr
            )
        spend([sys.executable, str(CONTEST / "ours.py"), "--help"])
        machine = f"Linux {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"
        say(
            f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}, {rules:,} rules, "
            f"{chosen.rounds} rounds, load {os.getloadavg()[0]:.1f} at the start\n"
        )
        for kind, corpus in corpora(data, work, is_quick=chosen.quick).items():
            if chosen.only in (None, kind):
                taking_part = contenders(corpus, work, chosen.rounds, peers)
                say(f"{measured(corpus, taking_part)}\n\n{workers_gain(taking_part)}\n{differences(corpus)}\n")


def prepared_rules(data: Path, work: Path) -> int:
    """The rules as files and compiled; how many. Made where they are absent."""
    if not (work / "rules").exists():
        write_rules(data, work / "rules")
    maps, compiled = log_source_maps(), work / "rules.compiled"
    try:
        held = CompiledRules.unpacked(compiled.read_bytes(), compiled).digest
    except (OSError, RuleError):
        held = ""
    if held != compiled_digest(texts_digest(rule_texts((work / "rules",))), maps):
        compiled.write_bytes(compile_rules(load_rules((work / "rules",)), maps).packed())
    return sum(1 for _ in (work / "rules").rglob("*.yml"))


def corpora(data: Path, work: Path, *, is_quick: bool) -> dict[str, Path]:
    """The corpora by kind, written where they are absent."""
    share = 10 if is_quick else 1
    found = {"json": work / f"events-{share}.jsonl", "evtx": work / f"events-{share}.evtx"}
    if not found["json"].exists():
        write_json_lines(data, found["json"], keep_every=share)
    if not found["evtx"].exists():
        write_evtx(data, found["evtx"], least=EVTX_RECORDS // share)
    return found


if __name__ == "__main__":
    main()
