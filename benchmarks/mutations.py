"""Real files, damaged at random, through the whole product: `make mutations`.

Each mutated file comes of its seed and its number alone, so that any of them can be made again
(`--first N --count 1 --keep FOLDER`). A batch of them is one folder, investigated into one workspace by a process of its
own. What must hold: the exit code says done, findings or incomplete; nothing is raised; every file of the folder stands in
the books; records read are records stored and rejected; the record verifies.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import page  # noqa: E402
from benchmarks.evaluate import data_folder  # noqa: E402

SEED = 20261121
BATCH = 50
LARGEST = 1_500_000  # bytes taken of one file
SECONDS = 600  # after which a batch counts as one that does not end
_ENDINGS = (
    ".evtx", ".json", ".jsonl", ".csv", ".log", ".txt", ".xml", ".zip", ".gz", ".tar", ".tgz", ".7z", ".zst", ".bz2",
    ".xz", ".yaml", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that must hold and did not: `what`, in the batch that starts with file number `first`."""

    first: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationFigures:
    """What was measured.

    operations   how often each kind of damage was done
    exits        batches by exit code
    states       inputs by state: the mutated files, and the members of those that are archives
    records      (read, stored, rejected)
    failures     must be empty
    seconds, mib the most that one batch took
    """

    files: int
    batches: int
    seed: int
    operations: Mapping[str, int]
    exits: Mapping[int, int]
    states: Mapping[str, int]
    records: tuple[int, int, int]
    failures: tuple[Failure, ...]
    seconds: float
    mib: int


# -- the files ------------------------------------------------------------------------------------------------------


class Pool:
    """The real files of a folder of data sets, and what is in their archives."""

    def __init__(self, data: Path) -> None:
        """Only names are read here."""
        self._folders = [
            sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("README"))
            for folder in sorted(data.iterdir())
            if folder.is_dir()
        ]
        zips = [[path for path in folder if path.suffix == ".zip"] for folder in self._folders]
        self._zips = [archives for archives in zips if archives]

    def draw(self, chance: random.Random) -> tuple[str, bytes]:
        """Name and content: half of the time a member of an archive, else any file; every folder equally likely."""
        if chance.random() < 0.5:
            with zipfile.ZipFile(chance.choice(chance.choice(self._zips))) as archive:
                member = chance.choice([each for each in archive.namelist() if not each.endswith("/")])
                name, data = Path(member).name, archive.read(member)
        else:
            path = chance.choice(chance.choice(self._folders))
            name, data = path.name, path.read_bytes()
            if name.endswith(".gz") and chance.random() < 0.6:
                name, data = name.removesuffix(".gz"), gzip.decompress(data)
        if len(data) > LARGEST:
            start = chance.choice((0, chance.randrange(len(data) - LARGEST)))
            data = data[start : start + LARGEST]
        return name, data


def cut(data: bytes, chance: random.Random, _pool: Pool) -> bytes:
    """A start, an end, or a part of the middle."""
    first, last = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    return chance.choice((data[:last], data[first:], data[first:last]))


def flip(data: bytes, chance: random.Random, _pool: Pool) -> bytes:
    """Single bits, from one to some hundred."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32, 256)) if data else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def splice(data: bytes, chance: random.Random, pool: Pool) -> bytes:
    """The start of one file and the end of another."""
    _, other = pool.draw(chance)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def zero(data: bytes, chance: random.Random, _pool: Pool) -> bytes:
    """A block of zeros, as a disk leaves where a write was lost."""
    size = min(len(data), chance.choice((16, 512, 4096, 65_536)))
    start = chance.randrange(len(data) - size + 1)
    return data[:start] + bytes(size) + data[start + size :]


def duplicate(data: bytes, chance: random.Random, _pool: Pool) -> bytes:
    """A span that stands twice."""
    size = min(len(data), chance.choice((7, 300, 4096, 65_536)))
    start = chance.randrange(len(data) - size + 1)
    return data[: start + size] + data[start:]


def noise(data: bytes, chance: random.Random, _pool: Pool) -> bytes:
    """Random bytes where there were others."""
    size = min(len(data), chance.choice((8, 64, 2048)))
    start = chance.randrange(len(data) - size + 1)
    return data[:start] + chance.randbytes(size) + data[start + size :]


_DAMAGE: Sequence[Callable[[bytes, random.Random, Pool], bytes]] = (cut, flip, splice, zero, duplicate, noise)


def nest(name: str, data: bytes, chance: random.Random, pool: Pool) -> tuple[str, bytes]:
    """The file in archives of archives, up to six deep, beside another now and then; an archive itself may be damaged."""
    for _ in range(chance.randint(1, 6)):
        kind = chance.choice(("zip", "tar", "gz", "bz2", "xz"))
        beside = [pool.draw(chance)] if chance.random() < 0.3 and kind in ("zip", "tar") else []
        if kind == "zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                for each, content in [(name, data), *beside]:
                    archive.writestr(zipfile.ZipInfo(each or "unnamed"), content, zipfile.ZIP_DEFLATED)
            name, data = f"{name}.zip", buffer.getvalue()
        elif kind == "tar":
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as tape:
                for each, content in [(name, data), *beside]:
                    entry = tarfile.TarInfo(each or "unnamed")
                    entry.size = len(content)
                    tape.addfile(entry, io.BytesIO(content))
            name, data = f"{name}.tar", buffer.getvalue()
        elif kind == "gz":
            name, data = f"{name}.gz", gzip.compress(data, 1, mtime=0)
        else:
            name, data = f"{name}.{kind}", bz2.compress(data, 1) if kind == "bz2" else lzma.compress(data, preset=0)
        if chance.random() < 0.15:
            data = chance.choice(_DAMAGE)(data, chance, pool)
    return name, data


def mutated(pool: Pool, seed: int, number: int) -> tuple[str, bytes, tuple[str, ...]]:
    """Name, content and the kinds of damage of file `number`."""
    chance = random.Random(f"{seed}-{number}")
    name, data = pool.draw(chance)
    done = []
    for damage in chance.choices(_DAMAGE, k=chance.choice((1, 1, 2, 3))):
        data = damage(data, chance, pool)
        done.append(damage.__name__)
    if chance.random() < 0.25:
        name = Path(name).stem + chance.choice(_ENDINGS)
        done.append("rename")
    if chance.random() < 0.2:
        name, data = nest(name, data, chance, pool)
        done.append("nest")
    return f"{number:05}-{name[-80:]}", data, tuple(done)


# -- the run --------------------------------------------------------------------------------------------------------


def measure(
    data: Path, scratch: Path, *, count: int, seed: int = SEED, first: int = 0, keep: Path | None = None
) -> MutationFigures:
    """Make `count` files, investigate them in batches, and hold every batch against what must hold."""
    pool = Pool(data)
    operations: Counter[str] = Counter()
    exits: Counter[int] = Counter()
    states: Counter[str] = Counter()
    records = (0, 0, 0)
    failures: list[Failure] = []
    seconds, mib, batches = 0.0, 0, 0
    for start in range(first, first + count, BATCH):
        folder = scratch / f"batch-{start:05}"
        folder.mkdir(parents=True)
        for number in range(start, min(start + BATCH, first + count)):
            name, content, done = mutated(pool, seed, number)
            (folder / name).write_bytes(content)
            operations.update(done)
        outcome = _investigate(folder, scratch / "workspace")
        batches += 1
        exits[outcome.exit] += 1
        states.update(outcome.states)
        records = (records[0] + outcome.read, records[1] + outcome.stored, records[2] + outcome.rejected)
        failures += [Failure(first=start, what=what) for what in outcome.wrong]
        seconds, mib = max(seconds, outcome.seconds), max(mib, outcome.mib)
        sys.stderr.write(f"{start + BATCH - first:6} of {count}: {len(failures)} failures\n")
        if keep is not None:
            shutil.copytree(folder, keep / folder.name)
        shutil.rmtree(folder)
        shutil.rmtree(scratch / "workspace", ignore_errors=True)
    return MutationFigures(
        files=count,
        batches=batches,
        seed=seed,
        operations=operations,
        exits=exits,
        states=states,
        records=records,
        failures=tuple(failures),
        seconds=seconds,
        mib=mib,
    )


@dataclass(slots=True, kw_only=True)
class _Outcome:
    exit: int
    seconds: float
    mib: int
    states: Counter[str]
    wrong: list[str]
    read: int = 0
    stored: int = 0
    rejected: int = 0


def _investigate(folder: Path, workspace: Path) -> _Outcome:
    answer = folder.parent / "answer.json"
    answer.unlink(missing_ok=True)
    command = ["investigate", str(folder), "--workspace", str(workspace), "--workers", "1"]
    code, error, seconds, mib = _run(folder.parent, *command, "--format", "json", "-o", str(answer))
    outcome = _Outcome(exit=code, seconds=seconds, mib=mib, states=Counter(), wrong=[])
    if code not in (0, 1, 3):
        outcome.wrong.append(f"exit code {code}: {error.strip()[-600:]}")
    if "Traceback" in error:
        outcome.wrong.append(f"traceback: {error.strip()[-600:]}")
    if not answer.exists():
        outcome.wrong.append("no answer")
        return outcome
    inputs = json.loads(answer.read_bytes())["accounting"]["inputs"]
    outcome.wrong += _wrong_books(folder, inputs)
    outcome.states.update(each["state"] for each in inputs)
    outcome.read = sum(each["records_read"] for each in inputs)
    outcome.stored = sum(each["stored"] for each in inputs)
    outcome.rejected = sum(row["count"] for each in inputs for row in each["rejected"])
    code, error, _, _ = _run(folder.parent, "record", "verify", "--workspace", str(workspace))
    if code != 0:
        outcome.wrong.append(f"record verify ends with {code}: {error.strip()[-600:]}")
    return outcome


def _wrong_books(folder: Path, inputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    listed = {str(each["path"]) for each in inputs}
    for path in sorted(folder.iterdir()):
        if str(path) not in listed:
            yield f"{path.name} is not in the books"
        for member in _sound_members(path):
            if f"{path}!{member}" not in listed:
                yield f"{path.name}: its member {member} is not in the books"
    for each in inputs:
        read, stored, rejected = each["records_read"], each["stored"], sum(row["count"] for row in each["rejected"])
        if read != stored + rejected:
            yield f"{each['path']}: {read} read, {stored} stored, {rejected} rejected"
        if each["state"] not in ("read", "partial", "ignored", "unrecognised"):
            yield f"{each['path']}: state {each['state']}"
        if each["state"] in ("partial", "unrecognised", "ignored") and not each["reason"] and not rejected:
            yield f"{each['path']}: {each['state']} without a reason"


def _sound_members(path: Path) -> list[str]:
    """The files of a zip archive that another reader finds without a fault; of anything else none."""
    if path.read_bytes()[:4] != b"PK\x03\x04":  # a zip in another compression can be found from its end
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return [] if archive.testzip() else [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError, zlib.error):
        return []


def _run(scratch: Path, *arguments: str) -> tuple[int, str, float, int]:
    """Exit code (-1 where it did not end), standard error, seconds and the most memory in MiB."""
    begun = time.monotonic()
    error = scratch / "error.txt"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "XDG_CONFIG_HOME": str(scratch / "settings")}
    with error.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", *arguments, "--quiet"],
            stdout=subprocess.DEVNULL,
            stderr=stream,
            env=environment,
        )
        code = None
        while code is None and time.monotonic() - begun < SECONDS:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.05)
        if code is None:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            code = -1
        process.returncode = code
    return code, error.read_text("utf-8", "replace"), time.monotonic() - begun, usage.ru_maxrss // 1024


# -- the figures ----------------------------------------------------------------------------------------------------


def line(figures: MutationFigures) -> str:
    """The figures in one line."""
    read, stored, rejected = figures.records
    return (
        f"{figures.files} mutated files in {figures.batches} batches: {len(figures.failures)} failures; {read} records read "
        f"= {stored} stored + {rejected} rejected; at most {figures.seconds:.0f} s and {figures.mib} MiB for a batch"
    )


def section(figures: MutationFigures) -> str:
    """What the page says of it."""
    read, stored, rejected = figures.records
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(figures.states.items()))
    exits = ", ".join(f"{count} with {code}" for code, count in sorted(figures.exits.items()))
    done = ", ".join(f"{name} {count}" for name, count in sorted(figures.operations.items()))
    failed = "\n".join(f"- batch of file {each.first}: {each.what}" for each in figures.failures)
    return f"""## Hostile input: {figures.files:,} mutated files

Real files of every public data set, damaged by seed {figures.seed} ({done}), investigated in {figures.batches} batches with the
product's own rules, each batch by a process of its own (`make mutations`).

- Failures (a crash, an exit code that is none of 0, 1 and 3, a file missing from the books, a record verified wrong):
  **{len(figures.failures)}**
- Batches ended {exits}; inputs, members of archives among them: {states}
- {read:,} records read = {stored:,} stored + {rejected:,} rejected: **{page.yes(read == stored + rejected)}**
- The most that a batch took: {figures.seconds:.0f} seconds with one worker, {figures.mib:,} MiB
{failed}"""


def main() -> None:
    """Run, print the line and write the section; exit code 1 with failures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--keep", type=Path, help="copy the batches' files there")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measure(
            data_folder(), Path(scratch), count=given.count, seed=given.seed, first=given.first, keep=given.keep
        )
    sys.stdout.write(line(figures) + "\n")
    for failure in figures.failures:
        sys.stdout.write(f"batch of file {failure.first}: {failure.what}\n")
    if not given.dry:
        page.put("mutations", section(figures))
    raise SystemExit(1 if figures.failures else 0)


if __name__ == "__main__":
    main()
