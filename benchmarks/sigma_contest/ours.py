"""Ours on a corpus: matching alone, or all of `process`. Run as a script; prints one line of JSON.

The rules were compiled before (warm). Chunks are as large as the product's. With two workers each takes every other
chunk; what is sent back are counts, and the hits go to a file where one is asked for.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.sigma_contest.indexed_sqlite import resident  # noqa: E402
from tocsin.collect.scanning import CHUNK_BYTES  # noqa: E402
from tocsin.collect.source import Source, rows_of, source_named  # noqa: E402
from tocsin.collect.sources.windows_evtx.framing import BLOCK_BYTES, FILE_HEADER_BYTES  # noqa: E402
from tocsin.detect.sigma.compiled_rules import CompiledRules  # noqa: E402
from tocsin.detect.sigma.match import Matcher  # noqa: E402
from tocsin.model.chunk import Chunk, Input, InputState  # noqa: E402
from tocsin.model.reference import split_reference  # noqa: E402
from tocsin.processing import Plan, Sealing, process  # noqa: E402

Hits = list[tuple[int, str]]  # place of the record in its chunk, rule
Told = dict[str, float]
Counted = tuple[int, int, Hits]  # number of the chunk, records in it, hits


def chunks(path: Path, worker: int, workers: int) -> Iterator[tuple[int, int, bytes]]:
    """(number, offset, bytes) of every chunk that is this worker's, cut at line ends or blocks."""
    is_json = path.suffix == ".jsonl"
    with path.open("rb") as stream:
        offset = 0 if is_json else FILE_HEADER_BYTES
        stream.seek(offset)
        number = 0
        while data := stream.read(CHUNK_BYTES if is_json else CHUNK_BYTES // BLOCK_BYTES * BLOCK_BYTES):
            if is_json:
                data += stream.readline()
            if number % workers == worker:
                yield number, offset, data
            offset, number = offset + len(data), number + 1


def matched(source: Source, matcher: Matcher, data: bytes, preamble: bytes) -> tuple[int, Hits]:
    """Records read, and the hits."""
    count, groups = rows_of(source, data, preamble, 0, matcher.wanted)
    return count, matcher.places(groups)


def processed(source: Source, matcher: Matcher, data: bytes, preamble: bytes, chunk: Chunk) -> tuple[int, Hits]:
    """The same by `process`: recorded, through the open door, as OCSF columns."""
    result, _ = process(data, chunk, Plan(matchers={source.name: matcher}), Sealing(secret=bytes(32), name="bench"))
    hits = zip(result.hits.column("record").to_pylist(), result.hits.column("rule").to_pylist(), strict=True)
    return result.account.stored, [(split_reference(record)[1], rule) for record, rule in hits]


def work(path: Path, rules: Path, worker: int, workers: int, is_whole: bool) -> tuple[list[Counted], Told]:
    """Chunk by chunk what was found; and CPU seconds of this worker's start, seconds by the clock after it, memory."""
    source = source_named("windows_json" if path.suffix == ".jsonl" else "windows_evtx")
    matcher = Matcher(CompiledRules.unpacked(rules.read_bytes(), rules), source.name)
    with path.open("rb") as stream:
        preamble = b"" if path.suffix == ".jsonl" else stream.read(FILE_HEADER_BYTES)
    log = Input(
        path=str(path),
        sha256="",
        content_sha256="",
        size=path.stat().st_size,
        source=source.name,
        certainty=1.0,
        state=InputState.READ,
    )
    start, began = time.process_time(), time.monotonic()
    gc.disable()  # as a worker of the product does within a chunk
    done: list[Counted] = []
    for number, offset, data in chunks(path, worker, workers):
        if is_whole:
            chunk = Chunk(
                input=log, sequence=number, offset=offset, length=len(data), preamble=preamble, skip=0, sha256=""
            )
            count, found = processed(source, matcher, data, preamble, chunk)
        else:
            count, found = matched(source, matcher, data, preamble)
        done.append((number, count, found))
        gc.collect(0)
    return done, {"start": start, "seconds": time.monotonic() - began, **resident()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("rules", type=Path, help="folder of the compiled rules")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--hits", type=Path)
    chosen = parser.parse_args()
    arguments = [
        (chosen.corpus, chosen.rules, worker, chosen.workers, chosen.whole) for worker in range(chosen.workers)
    ]
    if chosen.workers == 1:
        done = [work(*arguments[0])]
    else:
        with multiprocessing.get_context("spawn").Pool(chosen.workers) as pool:
            done = pool.starmap(work, arguments, chunksize=1)
            pool.close()
            pool.join()
    events = hits = 0
    lines: list[str] = []
    for _, count, found in sorted(one for counted, _ in done for one in counted):
        lines += [f"{events + place}\t{rule}\n" for place, rule in sorted(found)]
        events, hits = events + count, hits + len(found)
    if chosen.hits is not None:
        chosen.hits.write_text("".join(lines))
    told = {"start": sum(told["start"] for _, told in done)}
    told |= {name: max(told[name] for _, told in done) for name in ("seconds", "resident")}
    print(json.dumps({"events": events, "hits": hits, **told}))


if __name__ == "__main__":
    main()
