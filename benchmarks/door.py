"""Measures what searching for protected persons costs beside processing, and how much it masks where none is named.

Run by `make bench-door` on the public logs (TOCSIN_DATA). Seconds belong to the machine; the ratio travels.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.measures.protected import (  # noqa: E402
    FEWEST_EVENTS,
    Chunk,
    chunks_of,
    invented_persons,
    masked_share,
    spellings_of,
)
from benchmarks.measures.replicas import write_replica  # noqa: E402
from tocsin.protect.matcher import Matcher  # noqa: E402


def seconds_of(matcher: Matcher, chunk: Chunk) -> float:
    """CPU seconds of searching a chunk once."""
    gc.collect()
    started = time.process_time()
    matcher.find(chunk.texts)
    return time.process_time() - started


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, nargs="*", default=[0, 1_000, 5_000])
    chosen = options.parse_args()
    data = Path(os.environ.get("TOCSIN_DATA", ROOT.parent / "shared" / "data"))
    with tempfile.TemporaryDirectory() as folder:
        write_replica(data, Path(folder) / "logs", 0)
        chunks = [chunk for chunk in chunks_of([Path(folder)]) if chunk.texts]
    print(
        "| persons | words and numbers | build, s | source | events | distinct characters an event | us an event | share of processing |"
    )
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for count in chosen.persons:
        persons = invented_persons(count)
        gc.collect()
        started = time.process_time()
        matcher = Matcher(persons)
        build = time.process_time() - started
        matcher.find(["\u0436", "x"])  # the tables of other scripts are made when first needed
        large = [chunk for chunk in chunks if chunk.events >= FEWEST_EVENTS]
        spent = [(chunk, seconds_of(matcher, chunk)) for chunk in large]
        for source in (*sorted({chunk.source for chunk in large}), "all"):
            rows = [(chunk, cpu) for chunk, cpu in spent if source in (chunk.source, "all")]
            events = sum(chunk.events for chunk, _ in rows)
            cpu = sum(cpu for _, cpu in rows)
            characters = sum(len(text) for chunk, _ in rows for text in chunk.texts)
            ratio = cpu / sum(chunk.cpu_seconds for chunk, _ in rows)
            print(
                f"| {count:,} | {spellings_of(persons):,} | {build:.1f} | {source} | {events:,} "
                f"| {characters / events:.0f} | {cpu / events * 1e6:.1f} | {ratio:.1%} |"
            )
        masked, texts = masked_share(Matcher(persons), chunks)
        print(f"\n{masked:,} of {texts:,} distinct texts masked ({masked / texts:.4%})\n")


if __name__ == "__main__":
    main()
