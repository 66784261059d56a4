"""The peer that anyone can install: pySigma's SQLite backend over a table with an index that fits its queries.

A script of its own for an environment of its own (pysigma-backend-sqlite, pysigma-pipeline-sysmon,
pysigma-pipeline-windows, orjson, evtx): nothing of the product is imported. `convert FOLDER QUERIES` writes the queries
once; `run CORPUS QUERIES [HITS]` loads a table, asks all of them, and prints one line of JSON.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

_ROWS_AT_ONCE = 10_000


def convert(folder: Path, target: Path) -> None:
    """The queries of all rules below the folder by rule id, and the columns they ask."""
    from sigma.backends.sqlite import sqliteBackend  # type: ignore[import-not-found]
    from sigma.collection import SigmaCollection
    from sigma.pipelines.sysmon import sysmon_pipeline  # type: ignore[import-not-found]
    from sigma.pipelines.windows import windows_logsource_pipeline  # type: ignore[import-not-found]

    backend = sqliteBackend(sysmon_pipeline() + windows_logsource_pipeline())
    database = connected()
    database.execute("CREATE TABLE logs (number INTEGER PRIMARY KEY)")
    columns: list[str] = []
    for name in ("Channel", "EventID"):
        columns.append(name)
        database.execute(f'ALTER TABLE logs ADD COLUMN "{name}" TEXT COLLATE NOCASE')
    queries: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*.yml")):
        rules = SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))
        try:
            asked = backend.convert(rules)
        except Exception as error:  # noqa: BLE001 - a rule that it cannot say is counted
            failed.append((path.name, str(error)))
            continue
        for query in asked:
            sql = str(query).replace("SELECT *", "SELECT number", 1)
            while True:
                try:
                    database.execute(f"EXPLAIN {sql}")
                except sqlite3.OperationalError as error:
                    missing = re.fullmatch(r"no such column: (.*)", str(error))
                    if missing is None:
                        failed.append((path.name, str(error)))
                        break
                    columns.append(missing.group(1))
                    database.execute(f'ALTER TABLE logs ADD COLUMN "{missing.group(1)}" TEXT COLLATE NOCASE')
                else:
                    queries.append((str(rules.rules[0].id), sql))
                    break
    target.write_text(json.dumps({"columns": columns, "queries": queries, "failed": failed}))
    print(json.dumps({"queries": len(queries), "failed": len(failed)}))


def connected() -> sqlite3.Connection:
    """A database in memory that understands what the backend writes."""
    database = sqlite3.connect(":memory:")
    compiled = lru_cache(maxsize=None)(re.compile)
    database.create_function(
        "REGEXP", 2, lambda pattern, text: text is not None and compiled(pattern).search(str(text)) is not None
    )
    return database


def events(corpus: str) -> Iterator[dict[str, Any]]:
    """Every event flat, by the names that rules use."""
    if corpus.endswith(".jsonl"):
        with Path(corpus).open("rb") as lines:
            yield from map(orjson.loads, lines)
        return
    from evtx import PyEvtxParser

    for record in PyEvtxParser(corpus, number_of_threads=1).records_json():
        event = orjson.loads(record["data"])["Event"]  # type: ignore[index]
        system: dict[str, Any] = event.get("System") or {}
        flat: dict[str, Any] = {}
        user_data: dict[str, Any] = event.get("UserData") or {}
        for section in (event.get("EventData"), *user_data.values()):
            if isinstance(section, dict):
                flat.update(section)
        number = system.get("EventID")
        flat["EventID"] = number.get("#text") if isinstance(number, dict) else number
        flat["Channel"] = system.get("Channel")
        flat["Provider_Name"] = ((system.get("Provider") or {}).get("#attributes") or {}).get("Name")
        flat["Computer"] = system.get("Computer")
        flat["Level"] = system.get("Level")
        yield flat


def cell(value: object) -> object:
    """A value as a column of text holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict) and "#text" in value:
        return cell(value["#text"])
    if isinstance(value, list):  # JSON would double every backslash, and rules look for two
        return "\n".join(str(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value)
    return value


def run(corpus: str, queries: Path, hits: Path | None) -> None:
    """Load, index, ask."""
    plan = json.loads(queries.read_text())
    columns = plan["columns"]
    database = connected()
    database.execute(
        "CREATE TABLE logs (number INTEGER PRIMARY KEY, {})".format(
            ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in columns)
        )
    )
    insert = "INSERT INTO logs VALUES ({})".format(", ".join("?" * (len(columns) + 1)))  # noqa: S608 - signs alone
    rows: list[tuple[object, ...]] = []
    count = 0
    plain = (str, int, type(None))
    for event in events(corpus):
        get = event.get
        found = [get(name) for name in columns]
        rows.append((count, *(one if type(one) in plain else cell(one) for one in found)))
        count += 1
        if len(rows) == _ROWS_AT_ONCE:
            database.executemany(insert, rows)
            rows.clear()
    database.executemany(insert, rows)
    rows.clear()
    database.execute("CREATE INDEX place ON logs (Channel, EventID)")
    database.execute("ANALYZE")
    found_hits: list[tuple[int, str]] = []
    failed = 0
    for rule, sql in plan["queries"]:
        try:
            found_hits += {(number, rule) for (number,) in database.execute(sql)}
        except sqlite3.Error:
            failed += 1
    if hits is not None:
        hits.write_text("".join(f"{number}\t{rule}\n" for number, rule in sorted(found_hits)))
    print(json.dumps({"events": count, "hits": len(found_hits), "failed": failed + len(plan["failed"])} | resident()))


def resident() -> dict[str, int]:
    """The most memory this process held, as the kernel saw it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return {"resident": int(status.partition("VmHWM:")[2].split()[0]) * 1024}


if __name__ == "__main__":
    if sys.argv[1] == "convert":
        convert(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        run(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]) if len(sys.argv) > 4 else None)
