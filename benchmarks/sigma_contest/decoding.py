"""The floor: the corpus decoded and thrown away. Run as a script with the corpus; prints one line of JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import orjson
from evtx import PyEvtxParser
from indexed_sqlite import resident  # type: ignore[import-not-found] # beside this script


def main() -> None:
    """JSON lines by orjson, a line each; an event log by its decoder, to JSON text and no further."""
    path, events = sys.argv[1], 0
    if path.endswith(".jsonl"):
        with Path(path).open("rb") as lines:
            for line in lines:
                orjson.loads(line)
                events += 1
    else:
        for _ in PyEvtxParser(path, number_of_threads=1).records_json():
            events += 1
    print(json.dumps({"events": events} | resident()))


if __name__ == "__main__":
    main()
