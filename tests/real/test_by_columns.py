"""Public Windows logs by columns: everything that leaves a chunk is what its records give when taken one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.measures.file_objects import members
from tests.test_processing_by_columns import assert_same

from tocsin.collect.source import HEAD_BYTES, Head, source_named
from tocsin.collect.sources.windows_evtx.framing import FILE_HEADER_BYTES, FILE_MAGIC

pytestmark = pytest.mark.real

LARGEST = 3_000_000
EVERY = 9  # of the files


def contents(folder: Path) -> Iterator[bytes]:
    """The files in the archives of a folder that are not large."""
    for path in sorted(path for path in folder.rglob("*") if path.name.endswith((".zip", ".tar.gz"))):
        for _, content in members(path):
            if len(content) <= LARGEST:
                yield content


def test_event_logs(real_data: Path) -> None:
    logs = [one for one in contents(real_data / "evtx_attack_samples") if one.startswith(FILE_MAGIC)][::EVERY]
    assert logs
    for content in logs:
        assert_same(content, "windows_evtx", FILE_HEADER_BYTES)


def test_json(real_data: Path) -> None:
    source = source_named("windows_json")
    logs = [
        one
        for one in contents(real_data / "otrf_mordor")
        if source.recognises(Head(one[:HEAD_BYTES], len(one), "")) >= 0.5
    ][::EVERY]
    assert logs
    for content in logs:
        assert_same(content, "windows_json")
