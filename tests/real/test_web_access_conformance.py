"""Public access logs with another project's expected fields: each that both name is compared."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Head
from tocsin.collect.sources.web_access import SOURCE
from tocsin.model.record import Record

pytestmark = pytest.mark.real

PARSERS = {"nginx-logs", "apache2-logs", "caddy-logs", "traefik-logs", "envoy-logs", "bunkerweb-logs", "litespeed-logs"}
NAMES = {
    'Parsed["verb"]': "cs-method",
    'Parsed["request"]': "cs-uri",
    'Parsed["rawrequest"]': "cs-uri",
    'Parsed["status"]': "sc-status",
    'Parsed["response"]': "sc-status",
    'Parsed["remote_addr"]': "c-ip",
    'Parsed["clientip"]': "c-ip",
    'Parsed["http_user_agent"]': "cs(User-Agent)",
    'Parsed["http_version"]': "cs-version",
    'Parsed["http_referer"]': "cs(Referer)",
    'Parsed["referrer"]': "cs(Referer)",
    'Parsed["body_bytes_sent"]': "sc-bytes",
    'Parsed["bytes"]': "sc-bytes",
    'Parsed["remote_user"]': "cs-username",
    'Parsed["auth"]': "cs-username",
    'Parsed["target_fqdn"]': "cs-host",
    'Meta["http_status"]': "sc-status",
    'Meta["http_verb"]': "cs-method",
    'Meta["http_path"]': "cs-uri",
    'Meta["http_user_agent"]': "cs(User-Agent)",
    'Meta["source_ip"]': "c-ip",
}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / "parser_conformance" / "crowdsec_hub"
    if not folder.is_dir():
        pytest.skip(f"the conformance set is not at {folder}")
    return folder


def _expected(folder: Path) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    with gzip.open(folder / "expected_fields.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            if one["parser"].rpartition("/")[2] in PARSERS:
                found[one["test"]][one["line"]][one["field"]] = one["expected"]
    return found


def test_expected_fields_are_reproduced(folder: Path) -> None:
    logs = {
        one["test"]: one["log"] for one in map(json.loads, (folder / "tests.jsonl").read_text("utf-8").splitlines())
    }
    compared: Counter[bool] = Counter()
    missed: set[tuple[str, str]] = set()
    with zipfile.ZipFile(folder / "logs.zip") as archive:
        for test, lines in _expected(folder).items():
            data = archive.read(logs[test])
            preamble = data[: SOURCE.preamble(Head(data[:65_536], len(data), ""))]
            records = list(SOURCE.records(data, preamble, len(preamble)))
            assert len(records) >= len(lines)
            for number, expected in lines.items():
                if expected.get("Success") is not True:
                    continue
                record = records[number]
                for name, value in expected.items():
                    if (field := NAMES.get(name)) and value not in (None, ""):
                        found = record.fields.get(field) if isinstance(record, Record) else None
                        same = _plain(found) == ("" if value == "-" else str(value))
                        compared[same] += 1
                        if not same:
                            missed.add((test, name))
    # The four missed are two lines of LiteSpeed's error log, which are no requests.
    assert (compared[True], compared[False]) == (913, 4)
    assert {test for test, _ in missed} == {"litespeed-logs"}


def _plain(value: object) -> str:
    return "" if value is None else str(value).removeprefix("HTTP/")
