"""The audit log against another parser's expectations, field for field, and a real machine's log read whole."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.measures.conformance import auditd
from benchmarks.measures.conformance.auditd import coalesced, items

from tocsin.collect.source import Head
from tocsin.collect.sources.auditd import SOURCE
from tocsin.model.record import Record

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    folder = real_data / auditd.FOLDER
    if not folder.is_dir():
        pytest.skip(f"the parser conformance set is not at {folder}")
    return folder


def test_every_record_and_every_event_is_as_expected(folder: Path, real_data: Path) -> None:
    figures = auditd.measure(real_data)
    assert figures.differing == ()
    assert figures.records > 1_111
    assert figures.events > 500


def test_a_real_machines_log_is_read_whole_and_its_numbers_have_no_gap_but_a_restart(real_data: Path) -> None:
    file = real_data / "benign_and_mixed_samples" / "msticpy" / "auditd_log.txt.gz"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    data = gzip.decompress(file.read_bytes())
    assert SOURCE.recognises(Head(data[:65_536], len(data), "")) == 1.0
    assert len(items(data)) == len([item for item in items(data) if isinstance(item, Record)]) == 1_708
    events = coalesced(data)
    assert len(events) == 938
    assert not [event for event in events if event.mapped.warnings]
    numbers = [number for event in events if (number := event.mapped.event["metadata.sequence"]) is not None]
    assert [(a, b) for a, b in pairwise(numbers) if b != a + 1] == [(582, 588)]  # the daemon was restarted
