"""Two hundred times `kill -9` at a random moment of a collection: `make kills`.

A campaign is one workspace, from nothing to the end: logs are investigated (plain, gzip, zip; one worker or two), acts
are put on its record (a note, readings, a package, a cosignature, a time stamp), more logs follow, a record is erased.
Each command is started as a process of its own, watched from outside, and killed at a moment that is spread evenly over
the time it takes; then the same command is given again, to be killed again or to end. Only the process that was started
is killed: its workers have to notice by themselves. What must hold:

- every command after a kill does its work, without anybody mending anything;
- what the database held at any kill, row by row and leaf by leaf, is there at the next, and at the end;
- every checkpoint that was ever seen on disk is a beginning of the ledger at the end (`record verify --against`);
- records and event keys are those of a run that nobody killed, none lost and none twice, and the answers too;
- what was taken in is in one act `collected`, and in one only;
- no file is left that belongs to nothing.

A kill is not a power cut: what the process had written, the system still writes.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.journeys.logs import lines  # noqa: E402
from tests.record.authority import Authority, make_authority  # noqa: E402

from benchmarks import page  # noqa: E402
from benchmarks.disk_state import State, contradictions, state_of, strays  # noqa: E402

SEED = 20261122
# Of an even spread: each command's kills fall into each of so many parts of its time before any part has a second one.
_STRATA = 12
_POLL_SECONDS = 0.005
_WITNESS = "archive.example/w1"
_PASSPHRASE = "invented for the kills"  # noqa: S105 - of a witness that does not exist
_SAMPLES = ROOT / "tests" / "samples"
_DONE, _WITH_REJECTED = 0, 3
# What the answers say of logs, whatever notes were entered beside them.
_OF_LOGS = ("findings", "incidents", "exposure", "causes", "changes", "attribution", "containment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured; `doing` is what the killed commands were at, `left` what the kills left behind."""

    seed: int
    campaigns: int
    kills: int
    doing: Mapping[str, int]
    left: Mapping[str, int]
    checkpoints: int
    records: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command, to be killed up to `kills` times before it may end.

    done_before   what it says, as an error, where the run that was killed had done it already
    """

    name: str
    arguments: tuple[str, ...]
    kills: int = 0
    codes: tuple[int, ...] = (_DONE,)
    done_before: str = ""


@dataclass(slots=True, kw_only=True)
class Case:
    """What all campaigns share: the logs, a witness's key, an authority; and what comes out where nobody kills.

    documents   answers of each investigation, by the step's name
    keys        of the events of all logs
    records     of all logs
    finding     the id of one, to export
    seconds     what each step takes, by its label
    """

    folder: Path
    environment: Mapping[str, str]
    authority: Authority | None
    documents: dict[str, Any] = field(default_factory=dict)
    keys: frozenset[bytes] = frozenset()
    records: int = 0
    finding: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """A file or folder of the case."""
        return str(self.folder / name)


# -- commands, watched and killed ---------------------------------------------------------------------------------------


class Watched:
    """Runs commands on one workspace, keeps a copy of every checkpoint seen on disk, and kills."""

    def __init__(self, workspace: Path, environment: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.checkpoints: dict[bytes, None] = {}
        self._environment = dict(environment)

    def run(self, arguments: Sequence[str], kill_after: float | None = None) -> tuple[int | None, str, str]:
        """Exit code (None: it was killed), standard output and error."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", *arguments], stdout=out, stderr=error, env=self._environment
            )
            begun = time.monotonic()
            killed = False
            while process.poll() is None:
                self.look()
                if kill_after is not None and time.monotonic() - begun >= kill_after:
                    process.send_signal(signal.SIGKILL)
                    killed = process.wait() == -signal.SIGKILL
                time.sleep(_POLL_SECONDS)
            self.look()
            out.seek(0)
            error.seek(0)
            code = None if killed else process.returncode
            return code, out.read().decode(errors="replace"), error.read().decode(errors="replace")

    def look(self) -> None:
        """Keep the published checkpoint as it is now."""
        with contextlib.suppress(FileNotFoundError):
            self.checkpoints.setdefault((self.workspace / "ledger" / "checkpoint").read_bytes())


class Spread:
    """Moments of killing, spread evenly over the time each command takes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: dict[str, list[int]] = {}

    def moment(self, name: str) -> float:
        """As a share of the command's time."""
        waiting = self._waiting.setdefault(name, [])
        if not waiting:
            waiting += self._chance.sample(range(_STRATA), _STRATA)
        return (waiting.pop() + self._chance.random()) / _STRATA


class Campaign:
    """One workspace, from nothing to the end."""

    def __init__(self, case: Case, folder: Path, *, number: int, workers: int, is_compiled: bool) -> None:
        folder.mkdir(parents=True)
        self.case, self.folder, self.number, self.workers = case, folder, number, workers
        self.is_compiled = is_compiled
        self.workspace = folder / "workspace"
        self.watched = Watched(self.workspace, case.environment)
        self.state = State()
        self.doing: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.faults: list[str] = []
        self.notes: list[str] = []
        self.erased = 0

    @property
    def kills(self) -> int:
        """How often something was killed."""
        return sum(self.doing.values())

    def play(self, steps: Sequence[Step], spread: Spread, *, most: int, is_settled: bool = True) -> None:
        """Every step to its end, with its kills while there are fewer than `most`; then what must hold."""
        for step in steps:
            if step.name == "investigate" and self.is_compiled:
                shutil.copytree(self.case.path("rules"), self.workspace / "rules", dirs_exist_ok=True)
            if step.name == "cosign":
                self._cosign(spread, most)
            elif step.name == "stamp":
                self._stamp(spread, most)
            elif step.name == "erase":
                self._erase(spread, most)
            else:
                self.to_the_end(step, spread, most)
            if step.name.startswith("investigate") and not self.faults:
                self._compare(step)
            if self.faults:
                return
        if is_settled:
            self.settle()

    def to_the_end(self, step: Step, spread: Spread, most: int) -> str:
        """Kill the command as often as it may be, then let it end; its standard output."""
        attempt = 0
        label = self.label(step)
        while True:
            attempt += 1
            is_last = attempt > step.kills or self.kills >= most
            after_seconds = None if is_last else spread.moment(label) * self.case.seconds[label]
            arguments = [word.replace("ATTEMPT", str(attempt)) for word in step.arguments]
            begun = time.monotonic()
            code, out, error = self.watched.run(arguments, after_seconds)
            if code is not None and attempt == 1:  # the least: at the time the machine may have had other work too
                seconds = time.monotonic() - begun
                self.case.seconds[label] = min(seconds, self.case.seconds.get(label, seconds))
            after = state_of(self.workspace, self.folder)
            for each in contradictions(self.state, after, is_erasing=step.name == "record erase"):
                self.fault(f"{step.name}: {each}")
            if code is None:
                self.doing[f"{step.name}: {_was_doing(step, self.state, after)}"] += 1
                self.left.update(_left_by(self.workspace, after))
            self.state = after
            if code is None:
                continue
            passed_over = attempt > 1 and step.done_before and step.done_before in error
            if code not in step.codes and not passed_over:
                self.fault(f"{step.name} ended with {code} after {attempt - 1} kills: {error[-300:]}")
            if step.name == "note":
                self.notes.append(arguments[1])
            return out

    def label(self, step: Step) -> str:
        """The step, and what it costs depends on."""
        if not step.name.startswith("investigate"):
            return step.name
        return f"{step.name}, {self.workers} workers{'' if self.is_compiled else ', compiling the rules'}"

    def _cosign(self, spread: Spread, most: int) -> None:
        """A witness is trusted, signs what it is asked, and its answer is taken in."""
        case, state = self.case, str(self.folder / "state.json")
        vkey = Path(case.path("w.key.vkey")).read_text().strip()
        trust = ("witness", "trust", vkey, "--workspace", str(self.workspace))
        self.to_the_end(
            Step(name="witness trust", arguments=trust, kills=1, done_before="trusted already"), spread, most
        )
        _, listed, _ = self.watched.run(["witness", "list", "--workspace", str(self.workspace)])
        request, answer = str(self.folder / "request"), str(self.folder / "answer")
        self.run_done(["witness", "request", _WITNESS, "--workspace", str(self.workspace), "-o", request])
        key = ("--key", case.path("w.key"), "--state", state, "--log", listed.split()[1])
        self.run_done(["witness", "sign", request, *key, "-o", answer])
        accept = ("witness", "accept", answer, "--workspace", str(self.workspace))
        self.to_the_end(
            Step(name="witness accept", arguments=accept, kills=3, done_before="accepted before"), spread, most
        )

    def _stamp(self, spread: Spread, most: int) -> None:
        """An authority is asked for the time, and its answer is taken in."""
        authority = self.case.authority
        if authority is None:
            return
        request, answer = self.folder / "request.tsq", self.folder / "answer.tsr"
        self.run_done(["timestamp", "request", "--workspace", str(self.workspace), "-o", str(request)])
        answer.write_bytes(authority.answer(request.read_bytes()))
        accept = ("timestamp", "accept", str(answer), "--workspace", str(self.workspace))
        root = ("--authority", str(authority.root))
        self.to_the_end(
            Step(name="timestamp accept", arguments=(*accept, *root), kills=3, done_before="accepted before"),
            spread,
            most,
        )

    def _erase(self, spread: Spread, most: int) -> None:
        """Two people erase a record of the first log."""
        place = ("--workspace", str(self.workspace))
        for name, role in PEOPLE.items():
            vkey = Path(self.case.path(f"{name}.vkey")).read_text()
            person = ("--person", f"{name} Invented", "--role", role, "--as", self.case.path("ada"))
            self.run_done(["key", "enrol", vkey, *person, *place])
        self.state = state_of(self.workspace, self.folder)
        paths = [each["path"] for each in self.case.documents["investigate"]["accounting"]["inputs"]]
        (first,) = [path for path in paths if path.endswith("/00.jsonl")]
        keys = ("--as", self.case.path("ada"), "--and", self.case.path("bela"))
        words = ("record", "erase", f"{first}#3", "--reason", "an invented order", "--yes", *keys, *place)
        self.to_the_end(
            Step(name="record erase", arguments=words, kills=4, done_before="was erased before"), spread, most
        )
        self.erased = 1

    def run_done(self, arguments: Sequence[str]) -> str:
        """A command that nobody kills; its standard output."""
        code, out, error = self.watched.run(arguments)
        if code != _DONE:
            self.fault(f"{' '.join(arguments[:2])} ended with {code}: {error[-300:]}")
        return out

    def _compare(self, step: Step) -> None:
        """The answers are those of a run that nobody killed."""
        found = json.loads((self.folder / f"{step.name}.json").read_text())
        expected = self.case.documents.setdefault(step.name, found)
        for name in expected if not self.notes else _OF_LOGS:
            if name != "run" and found[name] != expected[name]:
                self.fault(f"{step.name}: {name} is not what it is without kills")
        if sorted(_inputs(found)) != sorted(_inputs(expected)):
            self.fault(f"{step.name}: the books are not what they are without kills")

    def settle(self) -> None:
        """What must hold at the end, of the record and of the files."""
        state = self.state
        kept = []
        for number, data in enumerate(self.watched.checkpoints):
            path = self.folder / f"seen-{number}"
            path.write_bytes(data)
            kept += ["--against", str(path)]
        said = self.run_done(["record", "verify", "--workspace", str(self.workspace), *kept])
        keys = Counter(state.keys)
        if twice := [key for key, count in keys.items() if count > 1]:
            self.fault(f"{len(twice)} events are there twice")
        noted = sum(row[8] for row in state.rows if row[0] == "chunk") - self.case.records
        if len(lost := self.case.keys - set(keys)) != self.erased:
            self.fault(f"{len(lost)} events are lost, {self.erased} erased")
        if len(keys) - len(self.case.keys) != noted:
            self.fault(f"{len(keys)} events where there should be {len(self.case.keys)} and {noted} notes")
        if state.collected != state.read:
            self.fault(f"{state.read} records were taken in; acts say so of {state.collected}")
        if said and not re.search(r"^verified: +[\d,]+ records", said):
            self.fault("record verify does not say what it verified")
        texts = json.dumps(json.loads((self.folder / "investigate more.json").read_text())["notes"])
        for text in self.notes:
            if texts.count(f'"{text}"') != 1:
                self.fault(f"the note {text!r} is there {texts.count(text)} times")
        for stray in sorted(strays(self.workspace, state)):
            self.fault(f"a file that belongs to nothing: {stray}")

    def fault(self, what: str) -> None:
        """Something did not hold."""
        self.faults.append(f"campaign {self.number}: {what}")


def _inputs(document: Any) -> list[str]:
    entries = document["accounting"]["inputs"]
    return [json.dumps(each, sort_keys=True) for each in entries if not each["path"].startswith("notes-")]


def _was_doing(step: Step, before: State, after: State) -> str:
    """As far as the disk tells."""
    if not after.rows and not after.runs:
        return "before anything was committed"
    if step.name.startswith("investigate") or step.name == "note":
        if len(after.runs) == len(before.runs):
            return "starting, or compiling the rules"
        if not after.runs[-1][1]:
            return "reading and sealing"
        return "answering"
    if after.size == before.size:
        return "before its act"
    return "after its act" if after.published == after.size else "between its act and the checkpoint"


def _left_by(workspace: Path, state: State) -> Iterator[str]:
    """What the next run finds to put right."""
    if not (workspace / "workspace.toml").exists():
        yield "no workspace yet"
        return
    odd = strays(workspace, state)
    for what, pattern in {
        "a file half written": r".*\.tmp-.*",
        "a segment or events without their row": r"(raw|events)/[0-9a-f]+\.\w+",
        "a tile beyond what is committed": r"ledger/tile/\d+/\d+(\.p/\d+)?",
    }.items():
        if any(re.fullmatch(pattern, path) for path in odd):
            yield what
    if state.in_file > state.published:
        yield "a checkpoint on disk and not in the database"
    if state.published < state.size:
        yield "entries that no checkpoint covers yet"
    if state.unfinished:
        yield "an input half read"


# -- the measurement ----------------------------------------------------------------------------------------------------


def write_logs(folder: Path) -> None:
    """`logs` and `more` below the folder: plain, compressed and in an archive, some records more than once."""
    logs, more = folder / "logs", folder / "more"
    logs.mkdir(parents=True)
    more.mkdir()
    for number in range(6):
        (logs / f"{number:02d}.jsonl").write_bytes(lines(60, first=number * 50))
    shutil.copyfile(_SAMPLES / "web_access" / "combined.log", logs / "50-access.log")
    shutil.copyfile(_SAMPLES / "windows_json" / "plain.jsonl", logs / "51-windows.jsonl")
    (logs / "90.jsonl.gz").write_bytes(gzip.compress(lines(400, first=2000), mtime=0))
    with zipfile.ZipFile(logs / "95.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(2):
            archive.writestr(f"member-{number}.jsonl", lines(200, first=3000 + 150 * number))
    (more / "60.jsonl").write_bytes(lines(100, first=4000))
    (more / "61.jsonl.gz").write_bytes(gzip.compress(lines(100, first=4080), mtime=0))


def prepare(folder: Path) -> Case:
    """The case, from runs that nobody kills: with one worker and with two, rules compiled and not."""
    write_logs(folder)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    environment |= {"XDG_CONFIG_HOME": str(folder / "configuration"), "TOCSIN_PERSON_PASSPHRASE": _PASSPHRASE}
    for name in ("TOCSIN_PASSPHRASE", "TOCSIN_VAULT_PASSPHRASE", "CREDENTIALS_DIRECTORY", "TOCSIN_PERSON_KEY"):
        environment.pop(name, None)
    authority = make_authority(folder / "authority") if shutil.which("openssl") else None
    case = Case(folder=folder, environment=environment, authority=authority)
    spread = Spread(random.Random(0))
    for number, (workers, is_compiled) in enumerate(((1, False), (1, True), (2, True))):
        timed = Campaign(case, folder / f"timed-{number}", number=-number, workers=workers, is_compiled=is_compiled)
        if not number:
            _make_keys(timed)
        logs = ("init", "investigate", "investigate more")
        for step in steps_of(timed, ACTS):
            if step.name not in logs:
                continue
            timed.play([step], spread, most=0, is_settled=False)
            if not number and step.name == "investigate":
                (folder / "rules").symlink_to(timed.workspace / "rules")
        if not number:
            case.finding = case.documents["investigate"]["findings"][0]["id"]
            case.keys = frozenset(timed.state.keys)
            case.records = sum(row[8] for row in timed.state.rows if row[0] == "chunk")
            timed.play(
                [step for step in steps_of(timed, ACTS) if step.name not in logs], spread, most=0, is_settled=False
            )
        if timed.faults:
            raise RuntimeError("; ".join(timed.faults))
    return case


def _make_keys(campaign: Campaign) -> None:
    """A witness's, and those of the people who erase."""
    case = campaign.case
    campaign.run_done(["witness", "new", _WITNESS, case.path("w.key")])
    for name in PEOPLE:
        said = campaign.run_done(["key", "new", f"{name}@tribunal.example", "-o", case.path(name)])
        (vkey,) = re.findall(r"public key: (.+)", said)
        Path(case.path(f"{name}.vkey")).write_text(vkey)


PEOPLE = {"ada": "officer", "bela": "custodian"}
ACTS = ("note", "exposure", "evidence export", "cosign", "stamp", "erase")


def steps_of(campaign: Campaign, acts: Collection[str]) -> list[Step]:
    """The steps of a campaign with these acts between its two investigations."""
    case, place = campaign.case, ("--workspace", str(campaign.workspace))
    count = ("--workers", str(campaign.workers), "--format", "json", "--force", "-q")
    read = (_DONE, _WITH_REJECTED)

    def investigate(name: str, kills: int, *logs: str) -> Step:
        output = ("-o", str(campaign.folder / f"{name}.json"))
        words = ("investigate", *map(case.path, logs), *place, *count, *output)
        return Step(name=name, arguments=words, kills=kills, codes=read)

    note = f"invented, {campaign.number} ATTEMPT"
    between = {
        "note": Step(name="note", arguments=("note", note, *place, "--at", "2026-03-02T18:40:00Z"), kills=3),
        "exposure": Step(name="exposure", arguments=("exposure", *place, "--identity", "ada.example"), kills=3),
        "evidence export": Step(
            name="evidence export",
            arguments=("evidence", "export", case.finding, *place, "-o", str(campaign.folder / "package-ATTEMPT")),
            kills=3,
        ),
        "cosign": Step(name="cosign", arguments=()),
        "stamp": Step(name="stamp", arguments=()),
        "erase": Step(name="erase", arguments=()),
    }
    init = Step(name="init", arguments=("init", str(campaign.workspace)), kills=1, done_before="is a workspace already")
    return [
        *([init] if campaign.is_compiled else []),
        investigate("investigate", 5, "logs"),
        *(between[name] for name in acts if name != "erase"),
        investigate("investigate more", 3, "logs", "more"),
        *([between["erase"]] if "erase" in acts else []),  # last: the answers are others from then on
    ]


def measure(folder: Path, *, count: int, seed: int = SEED, keep: bool = False) -> Figures:
    """Campaigns until so many processes were killed."""
    case = prepare(folder / "case")
    chance = random.Random(seed)
    spread = Spread(chance)
    doing: Counter[str] = Counter()
    left: Counter[str] = Counter()
    faults: list[str] = []
    checkpoints = records = number = 0
    while sum(doing.values()) < count:
        number += 1
        workers, is_compiled = 1 + number % 2, number % 6 != 0
        campaign = Campaign(
            case, folder / f"campaign-{number}", number=number, workers=workers, is_compiled=is_compiled
        )
        acts = {ACTS[number % len(ACTS)], ACTS[(number + 1 + number // len(ACTS) % 3) % len(ACTS)]}
        campaign.play(steps_of(campaign, sorted(acts)), spread, most=count - sum(doing.values()))
        doing.update(campaign.doing)
        left.update(campaign.left)
        faults += campaign.faults
        checkpoints += len(campaign.watched.checkpoints)
        records += sum(row[8] for row in campaign.state.rows if row[0] == "chunk")
        told = f"campaign {number}: {campaign.kills} kills, {sum(doing.values())} in all, {len(faults)} faults"
        sys.stderr.write("\n".join([told, *campaign.faults]) + "\n")
        if not keep and not campaign.faults:
            shutil.rmtree(campaign.folder)
    return Figures(
        seed=seed,
        campaigns=number,
        kills=sum(doing.values()),
        doing=dict(sorted(doing.items())),
        left=dict(sorted(left.items())),
        checkpoints=checkpoints,
        records=records,
        faults=tuple(faults),
    )


def section(figures: Figures) -> str:
    """What the page says of it."""
    rows = "\n".join(f"| {name} | {count} |" for name, count in figures.doing.items())
    left = "; ".join(f"{name}: {count}" for name, count in figures.left.items())
    failed = "".join(f"\n- {each}" for each in figures.faults)
    return f"""## Killed: {figures.kills} times `kill -9` during a collection

{figures.campaigns} workspaces, each from nothing to the end with one worker or two (plain, gzip and zip inputs, then acts, then more
logs, then an erasure); each command killed at a moment spread evenly over the time it takes, then given again, seed {figures.seed}
(`make kills`). A kill is not a power cut: what was written, the system still writes.

- Faults (a command that does not do its work after a kill; anything committed that is lost, altered or doubled; a checkpoint
  once seen that the ledger contradicts; other answers than without kills; a file left over): **{len(figures.faults)}**
- {figures.records:,} records at the end, none lost and none twice; {figures.checkpoints} checkpoints seen on the way, each a beginning of the
  ledger at the end
- Left behind by the kills, and put right by the next run: {left}

| killed while | kills |
| --- | --- |
{rows}
{failed}"""


def main() -> None:
    """Run, print the figures and write the section; exit code 1 with faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path, help="a new folder that the workspaces stay in")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        figures = measure(folder, count=given.count, seed=given.seed, keep=given.keep is not None)
    sys.stdout.write(section(figures) + "\n")
    if not given.dry:
        page.put("kills", section(figures))
    raise SystemExit(1 if figures.faults else 0)


if __name__ == "__main__":
    main()
