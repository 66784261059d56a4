"""Measures what the record costs: sealing, verifying, proving; prints the figures as rows of a table.

Run by `make bench-record`. The bytes are the Windows events of the public logs (TOCSIN_DATA), a JSON line each, written
again until there are enough. Every figure stands beside its floor of the same run: hashing and compressing the same
bytes once.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

import pyarrow as pa
from sqlalchemy import Row, insert

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tocsin import processing as processing_  # noqa: E402
from tocsin.cli.progress import progress_on_stderr  # noqa: E402
from tocsin.investigation import Settings, investigate  # noqa: E402
from tocsin.reading import intake, work  # noqa: E402
from tocsin.record.binding import (  # noqa: E402
    CHUNK,
    DERIVED,
    INPUT,
    RUN,
    chunk_statement,
    derived_statement,
)
from tocsin.record.commitment import Span, leaf_hashes  # noqa: E402
from tocsin.record.keys import WorkspaceKey, create_key  # noqa: E402
from tocsin.record.ledger import Ledger, edge_row, frontier_of  # noqa: E402
from tocsin.record.proofs import TileReader, verify_inclusion  # noqa: E402
from tocsin.record.rows import input_said, run_said  # noqa: E402
from tocsin.record.segment import seal_segment  # noqa: E402
from tocsin.record.statements import append_statements  # noqa: E402
from tocsin.record.verify import verify  # noqa: E402
from tocsin.store.derivation import new_secret  # noqa: E402
from tocsin.store.durable import write_durably  # noqa: E402
from tocsin.store.key_sources import KeySources  # noqa: E402
from tocsin.store.tables import chunks, inputs, runs  # noqa: E402
from tocsin.store.workspace import Workspace, create_workspace  # noqa: E402

CHUNK_BYTES = 8 << 20
PROOFS = 1_000
AT = "2031-05-04T10:00:00Z"


def lines_of(data: Path, size: int) -> list[bytes]:
    """Real events, a line each, from the first archives on, about `size` bytes in all; repeated where there are fewer."""
    held: list[bytes] = []
    total = 0
    for path in sorted((data / "otrf_mordor").rglob("*.zip")):
        with ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    held += archive.read(name).splitlines(keepends=True)
        total = sum(map(len, held))
        if total >= size:
            break
    while total < size:
        held += held[: max(1, len(held) * (size - total) // total)]
        total = sum(map(len, held))
    return held


def pieces_of(lines: list[bytes]) -> Iterator[tuple[bytes, list[Span]]]:
    """Chunks of about `CHUNK_BYTES` with their spans."""
    held: list[Span] = []
    parts: list[bytes] = []
    offset = 0
    for line in lines:
        held.append((offset, len(line), line, None, None))
        parts.append(line)
        offset += len(line)
        if offset >= CHUNK_BYTES:
            yield b"".join(parts), held
            held, parts, offset = [], [], 0
    if held:
        yield b"".join(parts), held


def cpu(task: Callable[[], object]) -> float:
    """CPU seconds of this process, without the search for cycles, as a worker runs."""
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()
        task()
        return time.process_time() - started
    finally:
        gc.enable()


class Sealed:
    """A workspace that holds the pieces, sealed as the writer of a run does.

    The SHA-256 of the file and of each chunk are taken beforehand: the plan of a run has them, with or without a record.
    """

    def __init__(self, folder: Path, pieces: list[tuple[bytes, list[Span]]]) -> None:
        self.workspace: Workspace = create_workspace(folder / "workspace")
        sources = KeySources(passphrase=None, credential=None, folder=folder / "keys")
        self.key: WorkspaceKey = create_key(self.workspace, sources)
        self.pieces = pieces
        self.digests = [sha256(data).hexdigest() for data, _ in pieces]
        whole = sha256()
        for data, _ in pieces:
            whole.update(data)
        self.whole = whole.hexdigest()

    def fill(self) -> None:
        """Everything a run does to seal these bytes, and nothing it does to read them."""
        with self.workspace.writing() as connection:
            connection.execute(insert(runs).values(id=1, started=AT, tool="benchmark", settings="{}"))
            append_statements(connection, Ledger(self.workspace.ledger), [(RUN, run_said(connection, 1))])
            row = {"run": 1, "path": "lines", "sha256": "", "content_sha256": "", "size": 0, "source": "lines"}
            row |= {"certainty": 1.0, "state": "read", "reason": "", "complete": True}
            connection.execute(insert(inputs).values(id=1, **row))
        offset = entry = 0
        for number, (data, spans) in enumerate(self.pieces):
            self._seal(number, data, spans, offset, entry)
            offset += len(data)
            entry += len(spans)
        ledger = Ledger(self.workspace.ledger)
        with self.workspace.writing() as connection:
            values = {"sha256": self.whole, "content_sha256": self.whole, "size": offset}
            connection.execute(inputs.update().values(**values))
            append_statements(connection, ledger, [(INPUT, input_said(connection, 1))])
        with self.workspace.writing() as connection:
            ledger.publish(connection, self.key.signer, self.workspace.origin, AT)

    def _seal(self, number: int, data: bytes, spans: list[Span], offset: int, entry: int) -> None:
        name, secret = self.key.name_of("chunk", number), new_secret()
        blob = seal_segment(data, secret)
        write_durably(self.workspace.segment_path(name), blob)
        hashes = leaf_hashes(secret, name, "lines 1", spans)
        row: dict[str, Any] = {"sequence": number, "input": 1, "kind": "records", "offset": offset, "plan": ""}
        row |= {"length": len(data), "skip": 0, "preamble": b"", "sha256": self.digests[number], "name": name}
        row |= {"secret": self.key.wrap(secret), "segment_sha256": sha256(blob).hexdigest(), "decoder": "lines 1"}
        row |= {"leaves": len(spans), "first_entry": entry, "read": len(spans), "stored": len(spans), "duplicates": 0}
        row |= {"events": 0, "events_sha256": "", "first": None, "last": None, "fielded": b""}
        with self.workspace.writing() as connection:
            row["tree_start"] = frontier_of(connection).size
            connection.execute(insert(chunks).values(**row))
            said = [(CHUNK, chunk_statement(row, b"")), (DERIVED, derived_statement(row, [], [], {}))]
            append_statements(connection, Ledger(self.workspace.ledger), said, before=hashes)

    def check(self) -> None:
        """The whole verification, with the records framed beforehand."""

        def reread(_input: Row[Any], chunk: Row[Any], _open: object) -> list[Span]:
            return self.pieces[int(chunk.sequence)][1]

        verify(self.workspace, self.key, reread)


def hash_and_compress(pieces: list[tuple[bytes, list[Span]]]) -> None:
    """The floor: each record hashed once, each chunk compressed once."""
    codec = pa.Codec("zstd", compression_level=1)
    for data, spans in pieces:
        for span in spans:
            sha256(span[2]).digest()
        codec.compress(data, asbytes=True)


def sealing(data: Path, size: int) -> None:
    """Sealing and verifying `size` bytes, against the floor."""
    pieces = list(pieces_of(lines_of(data, size)))
    records = sum(len(spans) for _, spans in pieces)
    total = sum(len(data) for data, _ in pieces)
    floor = cpu(lambda: hash_and_compress(pieces))
    hashing = cpu(lambda: [sha256(data).digest() for data, _ in pieces])
    with tempfile.TemporaryDirectory(prefix="tocsin-record-") as folder:
        sealed = Sealed(Path(folder), pieces)
        took = cpu(sealed.fill)
        checked = cpu(sealed.check)
    per_gigabyte = checked * 1e9 / total
    print(
        "| records | bytes | bytes a record | floor, CPU s | sealing, CPU s | beyond the floor, µs a record | "
        "the bytes hashed once more, µs a record | verifying, CPU s | verifying 1 GB, CPU s | times the floor |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    print(
        f"| {records:,} | {total:,} | {total // records:,} | {floor:.2f} | {took:.2f} | {(took - floor) / records * 1e6:.2f} | "
        f"{hashing / records * 1e6:.2f} | {checked:.2f} | {per_gigabyte:.2f} | {checked / floor:.2f} |\n",
        flush=True,
    )


def share(data: Path) -> None:
    """What part of an investigation of real archives is sealing, all in one process."""
    spent: dict[str, float] = {}
    stack: list[float] = []

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            stack.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                took = time.perf_counter() - started
                spent[name] = spent.get(name, 0.0) + took - stack.pop()
                if stack:
                    stack[-1] += took

        return call

    places = (
        (processing_, "leaf_hashes"),
        (work, "leaf_hashes"),
        (work, "seal_segment"),
        (work, "write_durably"),
        (intake, "append_statements"),
        (intake, "chunk_statement"),
        (intake, "derived_statement"),
        (intake, "publish"),
    )
    logs = sorted((data / "otrf_mordor").rglob("*.zip"), key=lambda path: path.stat().st_size)[-12:]
    with tempfile.TemporaryDirectory(prefix="tocsin-record-") as folder, ExitStack() as patches:
        for module, name in places:
            patches.enter_context(patch.object(module, name, timed(name, getattr(module, name))))
        os.environ["XDG_CONFIG_HOME"] = folder
        settings = Settings(paths=tuple(map(str, logs)), workspace=Path(folder) / "workspace", workers=1)
        started = time.perf_counter()
        with progress_on_stderr(quiet=True) as progress:
            answers = investigate(settings, progress)
        wall = time.perf_counter() - started
    records = sum(each.stored for each in answers.accounting.inputs)
    named = ", ".join(f"{name} {seconds:.2f}" for name, seconds in sorted(spent.items()))
    print("| records | investigation, s | of which sealing, s | share | by part, s |")
    print("| ---: | ---: | ---: | ---: | --- |")
    total = sum(spent.values())
    print(f"| {records:,} | {wall:.1f} | {total:.2f} | {total / wall:.1%} | {named} |\n", flush=True)


def proving(size: int) -> None:
    """Inclusion proofs out of a ledger of `size` entries on disk, each by a reader that has read nothing yet."""
    with tempfile.TemporaryDirectory(prefix="tocsin-record-") as folder:
        workspace = create_workspace(Path(folder) / "workspace")
        ledger = Ledger(workspace.ledger)
        with workspace.writing() as connection:
            for start in range(0, size, 1 << 18):
                ledger.append(connection, os.urandom(32 * min(1 << 18, size - start)))
        with workspace.reading() as connection:
            row = edge_row(connection)
        root = TileReader(ledger, *row).root(size)
        chance = random.Random(1)
        times = []
        for _ in range(PROOFS):
            index = chance.randrange(size)
            started = time.perf_counter()
            reader = TileReader(ledger, *row)
            proof = reader.inclusion_proof(index, size)
            times.append(time.perf_counter() - started)
            verify_inclusion(reader.leaf_hash(index), index, size, proof, root)
    times.sort()
    print("| entries | proofs | median, ms | 99 of 100 within, ms | slowest, ms |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    at = [times[len(times) // 2], times[len(times) * 99 // 100], times[-1]]
    print(f"| {size:,} | {PROOFS:,} | {' | '.join(f'{1000 * each:.2f}' for each in at)} |\n", flush=True)


def main() -> None:
    """Measure all, or what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--entries", type=int, default=10_000_000)
    given = parser.parse_args()
    data = Path(os.environ.get("TOCSIN_DATA", ROOT.parent / "shared" / "data"))
    print(f"{platform.python_version()} on {platform.machine()}, {len(os.sched_getaffinity(0))} cores\n")
    sealing(data, given.bytes)
    share(data)
    proving(given.entries)


if __name__ == "__main__":
    main()
