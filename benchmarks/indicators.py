"""What asking indicators costs beside decoding: real Windows events, with none, a thousand and a hundred thousand.

CPU seconds of one process, the least of several rounds taken in turns. The indicators are invented, and none is in the
logs: what is measured is looking, and not telling.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measures.file_objects import members  # noqa: E402
from tocsin.collect.source import HEAD_BYTES, Head, source_named  # noqa: E402
from tocsin.detect.sigma.compile import compile_rules  # noqa: E402
from tocsin.detect.sigma.match import Matcher  # noqa: E402
from tocsin.detect.sigma.rules import read_rules  # noqa: E402
from tocsin.model.record import Record  # noqa: E402
from tocsin.ruleset.compiled import log_source_maps  # noqa: E402

SIZES = (1_000, 10_000, 100_000)
CHUNK = 2_000  # records given to the matcher at once


def invented(number: int) -> bytes:
    """A list of so many values: names, addresses, hashes, addresses of pages and paths, in equal parts."""
    lines = []
    for place in range(number):
        digest = hashlib.sha256(str(place).encode()).hexdigest()
        kinds = (
            f"{digest[:10]}.invented.example",
            f"203.{place % 64}.{place // 64 % 256}.{place // 16_384 % 256}",
            digest,
            f"https://{digest[:10]}.example/{digest[10:20]}",
            f"C:\\invented\\{digest[:12]}.exe",
        )
        lines.append(kinds[place % len(kinds)])
    return "\n".join(lines).encode()


def texts(data: Path, most: int) -> list[bytes]:
    """Files of Windows events as JSON lines, until they hold so many bytes."""
    source, found, size = source_named("windows_json"), [], 0
    for path in sorted((data / "otrf_mordor" / "atomic").glob("*.zip")):
        for name, text in members(path):
            if source.recognises(Head(text[:HEAD_BYTES], len(text), name)) == 1.0:
                found.append(text)
                size += len(text)
                if size >= most:
                    return found
    return found


def decoded(files: Sequence[bytes]) -> list[Record]:
    """Every record, as the source reads it."""
    source = source_named("windows_json")
    return [one for text in files for one in source.records(text, b"", 0) if isinstance(one, Record)]


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def asked(matcher: Matcher, records: Sequence[Record]) -> int:
    """How many hits there are, chunk by chunk."""
    return sum(len(matcher.match(records[at : at + CHUNK])) for at in range(0, len(records), CHUNK))


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    files = texts(Path(os.environ["TOCSIN_DATA"]), options.bytes)
    records = decoded(files)
    maps = log_source_maps()
    decoding: list[float] = []
    asking: dict[int, list[float]] = {size: [] for size in SIZES}
    reading: dict[int, float] = {}
    loading: dict[int, float] = {}
    compiled = {}
    for size in SIZES:
        text = {"indicators:list.txt": invented(size)}
        begin = time.process_time()
        compiled[size] = compile_rules(read_rules(text), maps)
        reading[size] = time.process_time() - begin
        one = compiled[size]
        loading[size] = seconds(lambda one=one: one.index)  # type: ignore[misc]
    for _ in range(options.rounds):
        decoding.append(seconds(lambda: decoded(files)))
        for size in SIZES:
            matcher = Matcher(compiled[size], "windows_json")
            asking[size].append(seconds(lambda matcher=matcher: asked(matcher, records)))  # type: ignore[misc]
    print(f"{len(records):,} events; decoding them {1e6 * min(decoding) / len(records):.2f} us an event")
    print("| indicators | read, CPU s | indexed, CPU s | asked, us an event | beside decoding |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for size in SIZES:
        us = 1e6 * min(asking[size]) / len(records)
        share = 100 * min(asking[size]) / min(decoding)
        print(f"| {size:,} | {reading[size]:.2f} | {loading[size]:.2f} | {us:.2f} | {share:.1f} % |")


if __name__ == "__main__":
    main()
