"""Ten thousand ways to falsify a record, each of which verification must find: `make mutations-record`.

A package and a workspace are changed once at a time, verified, and put back. Each change comes of its seed and its number
alone, so that any of them can be made again (`--first N --count 1`). What must hold: verification raises one of the
errors that say the record is not what it was; it never passes, and never breaks in another way.

A package is changed as anybody could who has it but no key: files damaged, and then lists made to fit what was changed.
A workspace is changed as an intruder could who has the machine but not the workspace key: every file below ledger/, raw/
and events/, and every cell of every table that a statement of the ledger covers.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tocsin.attest.standalone import Fault, Options, verify  # noqa: E402
from tocsin.errors import TocsinError  # noqa: E402

SEED = 20261122
HASH_BYTES = 32
_FOLDERS = ("ledger", "raw", "events")
_TABLES = ("inputs", "chunks", "rejections", "warnings", "partials", "chunk_keys", "statements", "tree", "checkpoints")
# What no entry of the ledger binds, as docs/formats/ledger.md says.
_FREE = {("checkpoints", "signed")}
_ROWS_FREE = {"checkpoints"}

Check = Callable[[Path], None]
Chance = random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A change that verification did not find, or over which it broke: `what` of change number `number`."""

    number: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured: changes by kind, and those that were missed, which must be none."""

    seed: int
    kinds: Mapping[str, int]
    missed: tuple[Missed, ...]


class Changed:
    """A folder that is put back as it was after each change."""

    def __init__(self, pristine: Path, folder: Path) -> None:
        """`folder` becomes a copy of `pristine`."""
        self.pristine, self.folder = pristine, folder
        shutil.copytree(pristine, folder, symlinks=True)

    def files(self, *under: str) -> list[Path]:
        """Every file below the folders named, or of all of it."""
        roots = [self.folder / name for name in under] or [self.folder]
        return sorted(path for root in roots for path in root.rglob("*") if path.is_file())

    def restore(self) -> None:
        """Puts back what differs from the pristine folder in content."""
        if (self.folder / "tocsin.db").exists():
            gc.collect()  # ends the connections to the database, which is about to be put back
        for path in self.files():
            if not (self.pristine / path.relative_to(self.folder)).exists():
                path.unlink()
        for path in sorted(path for path in self.pristine.rglob("*") if path.is_file()):
            target = self.folder / path.relative_to(self.pristine)
            if not target.exists() or target.read_bytes() != path.read_bytes():
                shutil.copyfile(path, target)


# -- changes to files ------------------------------------------------------------------------------------------------


def flip(path: Path, chance: Chance) -> str:
    """One bit."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    return f"bit {place}"


def cut(path: Path, chance: Chance) -> str:
    """The end, at least a byte of it."""
    content = path.read_bytes()
    kept = chance.randrange(len(content))
    path.write_bytes(content[:kept])
    return f"cut to {kept} bytes"


def remove(path: Path, _: Chance) -> str:
    """All of it."""
    path.unlink()
    return "removed"


def lines_changed(path: Path, chance: Chance) -> str:
    """A line dropped, doubled, or moved."""
    lines = path.read_bytes().splitlines(keepends=True)
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.choice(("dropped", "doubled", "moved"))
    line = lines.pop(place)
    if kind == "doubled":
        lines[place:place] = [line, line]
    elif kind == "moved":
        lines.insert(other if other != place else (place + 1) % (len(lines) + 1), line)
    path.write_bytes(b"".join(lines))
    return f"line {place} {kind}"


def value_changed(path: Path, chance: Chance) -> str:
    """One value somewhere in the JSON of a file, or of one of its lines."""
    lines = path.read_bytes().split(b"\n") if path.suffix == ".jsonl" else [path.read_bytes()]
    number = chance.choice([place for place, line in enumerate(lines) if line.strip()])
    value = json.loads(lines[number])
    holder, name = chance.choice(list(places(value)))
    before = holder[name]
    holder[name] = other_value(before, chance)
    lines[number] = json.dumps(value).encode()
    path.write_bytes(b"\n".join(lines))
    return f"line {number} {name}: {before!r} to {holder[name]!r}"[:200]


def members_exchanged(path: Path, chance: Chance) -> str:
    """A member of one line of JSON exchanged with that of another: a proof, say, that belongs to something else."""
    lines = path.read_bytes().splitlines()
    values = [json.loads(line) for line in lines]
    name = chance.choice(sorted({name for value in values for name in value}))
    held = [place for place, value in enumerate(values) if name in value]
    first, second = chance.choice(held), chance.choice(held)
    if values[first][name] == values[second][name]:
        del values[first][name]
        second = first
    else:
        values[first][name], values[second][name] = values[second][name], values[first][name]
    path.write_bytes(b"".join(json.dumps(value).encode() + b"\n" for value in values))
    return f"{name} of lines {first} and {second} exchanged" if first != second else f"{name} of line {first} removed"


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key or index) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in list(pairs):
        yield value, name
        yield from places(each)


def other_value(value: object, chance: Chance) -> object:
    """Another value, of the same type where there is another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 256))
    if isinstance(value, str) and value:
        place = chance.randrange(len(value))
        return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    return chance.choice(("x", 7))


def hashes_moved(path: Path, chance: Chance) -> str:
    """Entries of the ledger exchanged, doubled or dropped in a tile."""
    content = path.read_bytes()
    hashes = [content[start : start + HASH_BYTES] for start in range(0, len(content), HASH_BYTES)]
    first, second = sorted(chance.sample(range(len(hashes)), 2))
    kind = chance.choice(("exchanged", "doubled", "dropped"))
    if kind == "exchanged":
        hashes[first], hashes[second] = hashes[second], hashes[first]
    elif kind == "doubled":
        hashes[second] = hashes[first]
    else:
        hashes.append(hashes.pop(first))
    path.write_bytes(b"".join(hashes))
    return f"hashes {first} and {second} {kind}"


# -- a package -------------------------------------------------------------------------------------------------------


def rebag(folder: Path) -> None:
    """Makes the lists fit: anybody can."""
    for name, is_payload in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
        lines = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            listed = path.relative_to(folder).as_posix()
            if listed.startswith("data/") == is_payload and listed != "tagmanifest-sha256.txt":
                lines.append(f"{sha256(path.read_bytes()).hexdigest()}  {listed}\n")
        (folder / name).write_text("".join(lines))


def change_package(package: Changed, chance: Chance) -> tuple[str, str]:
    """One change, and what it was."""
    if chance.random() < 0.3:
        path = chance.choice([path for path in package.files() if path.stat().st_size])
        change = chance.choice((flip, cut, remove))
        return f"package: {change.__name__}", f"{path.name}: {change(path, chance)}"
    files = [path for path in package.files("data") if path.stat().st_size]
    kind = chance.choice(("flip", "cut", "remove", "lines", "value", "value", "added", "exchanged", "members"))
    if kind == "added":
        path = package.folder / "data" / chance.choice(("more.json", "custody/more.json", "checkpoints/5.note"))
        path.write_bytes(chance.randbytes(9))
        what = "added"
    elif kind == "exchanged":
        path, other = chance.sample(files, 2)
        one, two = path.read_bytes(), other.read_bytes()
        path.write_bytes(two)
        other.write_bytes(one)
        what = f"exchanged with {other.name}"
    else:
        if kind in ("lines", "members"):
            files = [path for path in files if path.suffix == ".jsonl" and path.read_bytes().count(b"\n") > 1]
        elif kind == "value":
            files = [path for path in files if path.suffix in (".json", ".jsonl") and path.stat().st_size > 4]
        path = chance.choice(files)
        what = _CHANGES[kind](path, chance)
    rebag(package.folder)
    return f"package, lists made to fit: {kind}", f"{path.name}: {what}"


_CHANGES = {
    "flip": flip,
    "cut": cut,
    "remove": remove,
    "lines": lines_changed,
    "value": value_changed,
    "members": members_exchanged,
}


def check_package(folder: Path) -> None:
    """Raises Fault."""
    verify(folder, Options(), lambda _: None)


# -- a workspace -----------------------------------------------------------------------------------------------------


def change_workspace(workspace: Changed, chance: Chance) -> tuple[str, str]:
    """One change, and what it was."""
    if chance.random() < 0.5:
        return cell_changed(workspace.folder / "tocsin.db", chance)
    files = [path for path in workspace.files(*_FOLDERS) if path.stat().st_size]
    change = chance.choice((flip, flip, cut, remove, hashes_moved))
    if change is hashes_moved:
        files = [path for path in files if "tile" in path.parts and path.stat().st_size > HASH_BYTES]
    path = chance.choice(files)
    place = path.relative_to(workspace.folder)
    return f"workspace, {place.parts[0]}/: {change.__name__}", f"{place}: {change(path, chance)}"


def cell_changed(database: Path, chance: Chance) -> tuple[str, str]:
    """A cell changed, or a row taken away, of a table the ledger speaks of."""
    with closing(sqlite3.connect(database)) as connection, connection:
        table = chance.choice([name for name in _TABLES if rows_of(connection, name)])
        row = chance.choice(rows_of(connection, table))
        if table not in _ROWS_FREE and chance.random() < 0.1:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))  # noqa: S608 - a name of ours
            return f"workspace, {table}: row deleted", f"row {row}"
        columns = [each[1] for each in connection.execute(f"PRAGMA table_info({table})")]
        column = chance.choice([name for name in columns if (table, name) not in _FREE])
        cell = f'"{column}"'
        (before,) = connection.execute(f"SELECT {cell} FROM {table} WHERE rowid = ?", (row,)).fetchone()  # noqa: S608
        after: object = 1 - before if column == "complete" else other_value(before, chance)
        if isinstance(before, bytes):
            place = chance.randrange(max(len(before), 1))
            after = (
                before[:place] + bytes([before[place] ^ 1 << chance.randrange(8)]) + before[place + 1 :]
                if before
                else b"x"
            )
        connection.execute("PRAGMA foreign_keys = OFF")
        try:
            connection.execute(f"UPDATE {table} SET {cell} = ? WHERE rowid = ?", (after, row))  # noqa: S608
        except sqlite3.IntegrityError:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))  # noqa: S608
    return f"workspace, {table}: {column}", f"row {row}: {before!r} to {after!r}"[:200]


def rows_of(connection: sqlite3.Connection, table: str) -> list[int]:
    """Numbers of the rows of a table."""
    return [each[0] for each in connection.execute(f"SELECT rowid FROM {table}")]  # noqa: S608 - a name of ours


def check_workspace(folder: Path) -> None:
    """Raises TocsinError. The key comes from where the workspace says."""
    from tocsin.cli.progress import progress_on_stderr
    from tocsin.investigation import verify_record

    with progress_on_stderr(quiet=True) as progress:
        verify_record(folder, passphrase=None, progress=progress)


# -- the measurement -------------------------------------------------------------------------------------------------

Change = Callable[[Changed, Chance], tuple[str, str]]


def measure(
    subjects: Sequence[tuple[Path, Change, Check, int]], scratch: Path, *, seed: int = SEED, first: int = 0
) -> Figures:
    """Changes each subject (pristine folder, how, check, how often) so often and counts what is not found."""
    kinds: Counter[str] = Counter()
    missed: list[Missed] = []
    for place, (pristine, change, check, count) in enumerate(subjects):
        changed = Changed(pristine, scratch / f"subject-{place}")
        check(changed.folder)
        changed.restore()
        for number in range(first, first + count):
            kind, what = change(changed, random.Random(f"{seed}:{place}:{number}"))
            kinds[kind] += 1
            try:
                check(changed.folder)
            except (Fault, TocsinError):
                pass
            except Exception as error:  # noqa: BLE001 - what breaks verification is what is looked for
                missed.append(Missed(number=number, kind=kind, what=f"{what}: {type(error).__name__}: {error}"))
            else:
                missed.append(Missed(number=number, kind=kind, what=f"{what}: not found"))
            changed.restore()
    return Figures(seed=seed, kinds=dict(sorted(kinds.items())), missed=tuple(missed))


def main() -> None:
    """Run and print the figures; exit code 1 where a change was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, help="a package that verifies; default: a small one made here")
    parser.add_argument("--workspace", type=Path, help="a workspace that verifies; default: none")
    parser.add_argument("--count", type=int, default=10_000, help="of the package, and of the workspace")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--first", type=int, default=0, help="number of the first change")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        package = given.package
        if package is None:
            from tests.attest.packages import small_ledger

            package = small_ledger().write(Path(scratch, "package"))
        subjects: list[tuple[Path, Change, Check, int]] = [(package, change_package, check_package, given.count)]
        if given.workspace is not None:
            subjects.append((given.workspace, change_workspace, check_workspace, given.count))
        figures = measure(subjects, Path(scratch), seed=given.seed, first=given.first)
    for kind, count in figures.kinds.items():
        sys.stdout.write(f"{count:>7,}  {kind}\n")
    sys.stdout.write(f"{sum(figures.kinds.values()):>7,}  changes, of which {len(figures.missed)} were missed\n")
    for each in figures.missed:
        sys.stdout.write(f"missed: {each.number} {each.kind}: {each.what}\n")
    raise SystemExit(1 if figures.missed else 0)


if __name__ == "__main__":
    main()
