"""Which logs the records of a chunk are of, and which of the fields that rules ask there occur."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pyarrow as pa

from tocsin.detect.sigma.match import Matcher
from tocsin.model.rows import Rows

# `fields` are those, of all that the rules ask of records of this log, that some record has: a JSON list, sorted.
SEEN_LOGS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("log", pa.string()),
        pa.field("count", pa.int64()),
        pa.field("fields", pa.string()),
    ]
)


def seen_logs(source: str, groups: Iterable[Rows], matcher: Matcher | None) -> pa.Table:
    """The distinct logs of the records, as `SEEN_LOGS`."""
    counts: dict[tuple[str, ...], int] = {}
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for rows in groups:
        log = rows.log
        held = found.get(log, frozenset())
        asked = matcher.asked(log) if matcher else frozenset()
        counts[log] = counts.get(log, 0) + len(rows.places)
        found[log] = held | rows.held(asked - held)
    ordered = sorted(counts)
    return pa.table(
        [
            [source] * len(ordered),
            [json.dumps(log) for log in ordered],
            [counts[log] for log in ordered],
            [json.dumps(sorted(found[log])) for log in ordered],
        ],
        schema=SEEN_LOGS,
    )


def combine_logs(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct logs with their counts and the fields that occurred, by source and log."""
    if not partials:
        return SEEN_LOGS.empty_table()
    joined = pa.concat_tables(partials)
    grouped = joined.group_by(["source", "log"]).aggregate([("count", "sum"), ("fields", "distinct")])
    fields = [
        texts[0] if len(texts) == 1 else json.dumps(sorted({name for text in texts for name in json.loads(text)}))
        for texts in grouped["fields_distinct"].to_pylist()
    ]
    named = pa.table([grouped["source"], grouped["log"], grouped["count_sum"], fields], schema=SEEN_LOGS)
    return named.sort_by([("source", "ascending"), ("log", "ascending")])
