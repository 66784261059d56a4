"""Zeek on public data: both renditions of ten logs agree, and every record of a campaign's sensors is read."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tocsin.collect.source import Head, logsource_text
from tocsin.collect.sources.zeek import SOURCE
from tocsin.detect.sigma.compile import compile_rules
from tocsin.detect.sigma.logsource import read_logsource_map
from tocsin.detect.sigma.match import Matcher
from tocsin.detect.sigma.rules import load_rules
from tocsin.model.record import Record, Unreadable

pytestmark = pytest.mark.real

PAIRED = 9_810


def _read(data: bytes) -> list[Record]:
    head = Head(data[:65_536], len(data), "")
    assert SOURCE.recognises(head) == 1.0
    preamble = data[: SOURCE.preamble(head)]
    found = list(SOURCE.records(data, preamble, len(preamble)))
    records = [one for one in found if isinstance(one, Record)]
    assert len(records) == len(found) == sum(_is_record(line) for line in data.split(b"\n"))
    return records


def _told(one: Record | Unreadable) -> object:
    return (one.log, one.fields, one.warnings) if isinstance(one, Record) else one


def _is_record(line: bytes) -> bool:
    return bool(line.strip()) and not line.startswith(b"#")


@pytest.fixture(scope="module")
def pairs(real_data: Path) -> list[tuple[list[Record], list[Record]]]:
    folder = real_data / "parser_conformance" / "zeek_tsv_json_pairs"
    if not folder.is_dir():
        pytest.skip(f"the paired logs are not at {folder}")
    return [
        (_read(gzip.decompress(path.read_bytes())), _read(gzip.decompress(path.with_name(name).read_bytes())))
        for path in sorted(folder.glob("*.log.gz"))
        if (name := path.name.replace(".log.", ".json."))
    ]


@pytest.fixture(scope="module")
def campaign(real_data: Path) -> list[Record]:
    folder = real_data / "otrf_mordor" / "apt29_zeek"
    if not folder.is_dir():
        pytest.skip(f"the campaign is not at {folder}")
    return _read(gzip.decompress((folder / "apt29_day1_zeek_combined.json.gz").read_bytes()))


def test_both_renditions_give_the_same_records(pairs: list[tuple[list[Record], list[Record]]]) -> None:
    read = 0
    for rows, lines in pairs:
        assert [(one.log, one.fields) for one in rows] == [(one.log, one.fields) for one in lines]
        assert [SOURCE.map(one) for one in rows] == [SOURCE.map(one) for one in lines]
        assert not [one.warnings for one in (*rows, *lines) if one.warnings]
        read += len(rows)
    assert read == PAIRED


def test_a_cut_log_reads_the_same(real_data: Path) -> None:
    folder = real_data / "parser_conformance" / "zeek_tsv_json_pairs"
    apart = {path.name: gzip.decompress(path.read_bytes()) for path in sorted(folder.glob("*.gz"))}
    joined = b"".join(data for name, data in apart.items() if name.endswith(".log.gz"))
    # Rows of the system log would fit the header of the shares in every type.
    for data in (*apart.values(), joined, apart["smb_mapping.log.gz"] + joined):
        preamble = data[: SOURCE.preamble(Head(data[:65_536], len(data), ""))]
        whole = list(SOURCE.records(data, preamble, len(preamble)))
        pieces: list[object] = []
        start = 0
        while start < len(data):
            cut = SOURCE.cut(data[start + 20_000 :], preamble) if start + 20_000 < len(data) else None
            end = len(data) if cut is None else start + 20_000 + cut
            skip = len(preamble) if start == 0 else 0
            pieces += [_told(one) for one in SOURCE.records(data[start:end], preamble, skip)]
            start = end
        assert pieces == [_told(one) for one in whole]


def test_every_record_of_the_campaign(campaign: list[Record]) -> None:
    assert len(campaign) == 2_140
    assert Counter(one.log[0] for one in campaign).most_common(2) == [("conn", 613), ("files", 448)]
    found = [SOURCE.map(one) for one in campaign]
    assert {code for one in found for code in one.warnings} == {"share_unknown"}
    accesses = Counter((access["operation"], access["degree"]) for one in found for access in one.accesses)
    assert accesses == {("SMB::FILE_OPEN", "accessed"): 12, ("SMB content sent by the server", "opened"): 6}


def test_the_sensors_logs_are_the_combined_log(real_data: Path, campaign: list[Record]) -> None:
    archive = (real_data / "otrf_mordor" / "apt29_zeek" / "apt29_day1_zeek_tsv_per_sensor.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        apart = [one for name in opened.namelist() for one in _read(opened.read(name))]
    told = Counter(repr((one.log, one.fields)) for one in apart)
    assert told == Counter(repr((one.log, one.fields)) for one in campaign)


def test_tabular_logs_of_the_compound_sets(real_data: Path) -> None:
    read = 0
    for path in sorted((real_data / "otrf_mordor" / "compound").glob("*/*zeek*.zip")):
        with zipfile.ZipFile(path) as opened:
            for name in opened.namelist():
                records = _read(opened.read(name))
                assert {one.log[0] for one in records} == {Path(name).stem}
                read += len(records)
    assert read == 566


def test_public_rules_bind(real_data: Path, campaign: list[Record]) -> None:
    (archive,) = (real_data / "sigma" / "rules").glob("*.zip")
    declared = read_logsource_map(SOURCE.name, SOURCE.log_fields, logsource_text(SOURCE))
    compiled = compile_rules(load_rules([archive]), [declared])
    bound = [one for one in compiled.rules if declared.alternatives(one.log_source)]
    assert len([one for one in bound if one.log_source.product == "zeek"]) == 24
    assert len([one for one in bound if one.log_source.category == "dns"]) == 11
    matches = Matcher(compiled, SOURCE.name).match(campaign)
    titles = Counter(compiled.infos[match.rule].title for match in matches)
    assert titles == {"Executable from Webdav": 4}
