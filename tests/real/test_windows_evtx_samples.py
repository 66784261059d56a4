"""The EVTX source on public attack samples: every file's records, by channel and event id, equal the ground truth."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tocsin.collect.scanning import scan
from tocsin.collect.source import Head
from tocsin.collect.sources.windows_evtx import SOURCE
from tocsin.collect.sources.windows_evtx.file_header import read_file_header
from tocsin.model.record import Record

pytestmark = pytest.mark.real
LISTED = 12  # the ground truth names the most frequent channel and event id pairs of a file, no more


def test_every_record_of_every_file(real_data: Path) -> None:
    folder = real_data / "evtx_attack_samples"
    truth = [json.loads(line) for line in (folder / "ground_truth.jsonl").read_text(encoding="utf-8").splitlines()]
    total = 0
    for expected in truth:
        with zipfile.ZipFile(folder / expected["archive"]) as archive:
            data = archive.read(expected["file"])
        head = Head(data[:65_536], len(data), expected["file"])
        assert SOURCE.recognises(head) == 1.0
        found = list(SOURCE.records(data, data[: SOURCE.preamble(head)], SOURCE.preamble(head)))
        records = [item for item in found if isinstance(item, Record)]
        assert len(records) == len(found) == expected["records"], expected["file"]
        counts = Counter(f"{record.log[0] or None}/{record.log[1]}" for record in records)
        assert {name: counts[name] for name in expected["events"]} == expected["events"], expected["file"]
        assert len(counts) == len(expected["events"]) or len(expected["events"]) == LISTED
        assert not any(record.warnings for record in records), expected["file"]
        for record in records:
            mapped = SOURCE.map(record)
            assert mapped.key is not None
            assert mapped.warnings == ()
        total += len(records)
    assert (len(truth), total) == (384, 18_729)


def test_chunks_of_a_file_hold_the_records_of_the_whole(real_data: Path) -> None:
    """The largest file, cut where windows beginning at several places within a block say."""
    folder = real_data / "evtx_attack_samples"
    archives = [zipfile.ZipFile(path) for path in sorted(folder.glob("*.zip"))]
    archive, name = max(
        ((archive, entry) for archive in archives for entry in archive.infolist()), key=lambda found: found[1].file_size
    )
    data = archive.read(name)
    preamble = data[:4096]
    whole = [record.data for record in SOURCE.records(data, preamble, 4096)]
    for shift in range(1, 65_536, 9_001):
        cut = SOURCE.cut(data[4096 + shift :], preamble)
        assert cut is not None
        place = 4096 + shift + cut
        parts = [*SOURCE.records(data[:place], preamble, 4096), *SOURCE.records(data[place:], preamble, 0)]
        assert [record.data for record in parts] == whole


def test_no_whole_file_is_called_cut_and_every_cut_is_noticed(real_data: Path) -> None:
    checked = 0
    archives = [
        *(real_data / "evtx_attack_samples").glob("*.zip"),
        *(real_data / "parser_conformance").rglob("files.zip"),
    ]
    for path in sorted(archives):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                data = archive.read(entry) if entry.filename.lower().endswith(".evtx") else b""
                header = read_file_header(data)
                if header is None or len(data) < 4096 + 65_536:
                    continue
                assert scan(iter([data]), entry.filename, keep=False).fault == "", entry.filename
                checked += 1
                if header.blocks > 1:
                    cut = data[: 4096 + (header.blocks - 1) * 65_536]
                    assert "cut short" in scan(iter([cut]), entry.filename, keep=False).fault, entry.filename
    assert checked > 400
