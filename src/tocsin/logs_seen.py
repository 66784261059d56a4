"""Which logs the records of a chunk are of, and which of the fields that rules ask there occur."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pyarrow as pa

from tocsin.detect.sigma.match import Matcher
from tocsin.model.rows import Rows

# `host` and `channel` as the coverage names them. `fields` are those, of all that the rules ask of records of this log,
# that some record has: a JSON list, sorted.
SEEN_LOGS = pa.schema(
    [
        pa.field("source", pa.string()),
        pa.field("host", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("log", pa.string()),
        pa.field("count", pa.int64()),
        pa.field("fields", pa.string()),
    ]
)
_LOG = ["source", "host", "channel", "log"]

NOWHERE = ("", "")
_Place = tuple[str, str]


def seen_logs(source: str, groups: Iterable[Rows], matcher: Matcher | None, places: Sequence[_Place] = ()) -> pa.Table:
    """The distinct logs of the records, as `SEEN_LOGS`; `places` are the host and channel of each, in their order."""
    counts: dict[tuple[_Place, tuple[str, ...]], int] = {}
    found: dict[tuple[_Place, tuple[str, ...]], frozenset[str]] = {}
    for rows in groups:
        asked = matcher.asked(rows.log) if matcher else frozenset()
        here: dict[_Place, list[int]] = {}
        for at, place in enumerate(rows.places):
            here.setdefault(places[place] if places else NOWHERE, []).append(at)
        for where, some in here.items():
            log = where, rows.log
            counts[log] = counts.get(log, 0) + len(some)
            held = found.get(log, frozenset())
            found[log] = held | rows.held(asked - held, some)
    ordered = sorted(counts)
    return pa.table(
        [
            [source] * len(ordered),
            [place[0] for place, _ in ordered],
            [place[1] for place, _ in ordered],
            [json.dumps(log) for _, log in ordered],
            [counts[log] for log in ordered],
            [json.dumps(sorted(found[log])) for log in ordered],
        ],
        schema=SEEN_LOGS,
    )


def combine_logs(partials: Sequence[pa.Table]) -> pa.Table:
    """Distinct logs with their counts and the fields that occurred, by source, host, channel and log."""
    if not partials:
        return SEEN_LOGS.empty_table()
    joined = pa.concat_tables(partials)
    grouped = joined.group_by(_LOG).aggregate([("count", "sum"), ("fields", "distinct")])
    fields = [
        texts[0] if len(texts) == 1 else json.dumps(sorted({name for text in texts for name in json.loads(text)}))
        for texts in grouped["fields_distinct"].to_pylist()
    ]
    named = pa.table([*(grouped[name] for name in _LOG), grouped["count_sum"], fields], schema=SEEN_LOGS)
    return named.sort_by([(name, "ascending") for name in _LOG])


def fields_by_log(logs: pa.Table) -> dict[str, dict[tuple[str, ...], frozenset[str]]]:
    """Source name to the distinct logs read, as `Record.log` gave them, with the fields rules ask for that occurred."""
    found: dict[str, dict[tuple[str, ...], frozenset[str]]] = {}
    for row in logs.to_pylist():
        log, fields = tuple(json.loads(row["log"])), frozenset(json.loads(row["fields"]))
        of_source = found.setdefault(row["source"], {})
        of_source[log] = of_source.get(log, frozenset()) | fields
    return found


def records_by_log(logs: pa.Table) -> dict[str, dict[tuple[str, ...], int]]:
    """Source name to the distinct logs read, as `Record.log` gave them, with the number of records of each."""
    found: dict[str, dict[tuple[str, ...], int]] = {}
    for row in logs.to_pylist():
        log, of_source = tuple(json.loads(row["log"])), found.setdefault(row["source"], {})
        of_source[log] = of_source.get(log, 0) + row["count"]
    return found
