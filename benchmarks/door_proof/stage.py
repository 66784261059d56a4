"""Where the product runs for a proof, and what it left there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.door_proof.names import Name
from benchmarks.door_proof.search import Leak, Searcher, everything

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a run of the product lives: nothing of it is anywhere else."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN", "XDG", "CREDENTIALS"))
        }
        places = {"HOME": "home", "TMPDIR": "tmp", "XDG_CONFIG_HOME": "home/config", "XDG_DATA_HOME": "vaults"}
        for place in places.values():
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        return kept | {name: str(self.folder / place) for name, place in places.items()} | {"PYTHONPATH": paths}

    def run(
        self, *arguments: str, given: bytes = b"", codes: Sequence[int] = (0, 3)
    ) -> subprocess.CompletedProcess[bytes]:
        """One command of the product, what it prints kept beside it. Raises RuntimeError where it ends otherwise."""
        command = [sys.executable, "-m", "tocsin", *arguments]
        done = subprocess.run(
            command, input=given, capture_output=True, env=self.environment(), check=False, cwd=self.folder
        )
        said = self.folder / "said"
        said.mkdir(exist_ok=True)
        number = len(list(said.iterdir()))
        (said / f"{number:03d}-{arguments[0]}.out").write_bytes(done.stdout)
        (said / f"{number:03d}-{arguments[0]}.err").write_bytes(done.stderr)
        if done.returncode not in codes:
            raise RuntimeError(
                f"tocsin {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr.decode()[-2000:]}"
            )
        return done


def persons_list(names: Sequence[Name]) -> bytes:
    """The list as the protection unit would give it."""
    rows = [f'handle-{name.number:05d},an invented matter,"{name.form}",name' for name in names]
    return "\n".join(["handle,matter,form,kind", *rows]).encode() + b"\n"


def leaks_of(stage: Stage, searcher: Searcher) -> tuple[list[Leak], int, int]:
    """What is found in every file but those of the vault; the bytes searched, and the files."""
    leaks: list[Leak] = []
    size = files = 0
    for path in sorted(stage.folder.rglob("*")):
        if not path.is_file() or path.is_relative_to(stage.folder / "vaults"):
            continue
        files += 1
        for where, data in everything(path):
            size += len(data)
            leaks += searcher.search(data, where)
    return leaks, size, files
