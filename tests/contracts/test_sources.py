"""What every source must hold, whichever log it reads: found by folder, so that a new one is held to it too."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.limits import Limits
from tocsin.collect.plan import plan
from tocsin.collect.scanning import recognise
from tocsin.collect.source import HEAD_BYTES, Coalescing, Head, Source, all_sources, logsource_text, source_named
from tocsin.detect.sigma.logsource import read_logsource_map
from tocsin.model.coverage import Mark
from tocsin.model.exposure import ActorClass, Basis, Degree
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, MARKS
from tocsin.processing import Plan, Sealing, process

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SOURCES = [source.name for source in all_sources()]
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file())


def samples_of(name: str) -> list[Path]:
    return [path for path in FILES if path.relative_to(SAMPLES).parts[0] == name]


@pytest.mark.parametrize("name", SOURCES)
def test_it_has_a_sample(name: str) -> None:
    assert samples_of(name), f"tests/samples/{name}/ holds nothing"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_a_sample_is_recognised_as_its_own_sources(path: Path) -> None:
    data = path.read_bytes()
    source, certainty = recognise(Head(data[:HEAD_BYTES], len(data), "a file"))
    assert source is not None
    assert source.name == path.relative_to(SAMPLES).parts[0]
    assert 0.5 <= certainty <= 1.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_what_it_maps_are_words_of_the_model(path: Path) -> None:
    source = source_named(path.relative_to(SAMPLES).parts[0])
    data = path.read_bytes()
    preamble = source.preamble(Head(data[:HEAD_BYTES], len(data), path.name))
    framed = list(source.records(data, data[:preamble], preamble))
    records = [item for item in framed if isinstance(item, Record)]
    assert records
    if isinstance(source, Coalescing):
        mapped = [event.mapped for event in source.coalesce(records)]
    else:
        mapped = [source.map(record) for record in records]
    known = {*EVENT_COLUMNS, "time", "class_uid", "metadata.sequence"}
    for one in mapped:
        assert set(one.event) <= known
        for access in one.accesses:
            assert set(access) <= set(ACCESSES.names)
            assert access["degree"] in set(Degree)
            assert access["actor_class"] in set(ActorClass)
        for mark in one.marks:
            assert set(mark) <= set(MARKS.names)
            assert mark["kind"] in {*Mark, "digest", "digest_lists"}
    for record in records:
        assert len(record.log) == len(source.log_fields)
        assert all(isinstance(value, str) for value in record.log)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_the_books_of_a_sample_balance_and_its_record_is_whole(path: Path) -> None:
    (planned,) = plan([str(path)], Limits())
    (task,) = planned.tasks
    result, logs = process(path.read_bytes(), task.chunk, Plan(matchers={}), Sealing(secret=b"s" * 32, name="n"))
    assert result.decoder == source_named(planned.input.source).decoder, result.account.rejected
    assert result.account.stored > 0
    assert len(result.leaves) % 32 == 0
    assert result.events.num_rows + result.account.duplicates <= result.account.stored
    assert pa.compute.sum(logs["count"]).as_py() == result.account.stored


@pytest.mark.parametrize("name", SOURCES)
def test_it_declares_its_proof_and_its_log_sources(name: str) -> None:
    source: Source = source_named(name)
    assert source.proof.basis in set(Basis) - {Basis.RECORD, Basis.NONE}
    assert source.proof.reason
    assert read_logsource_map(name, source.log_fields, logsource_text(source)).source == name
    assert name in source.decoder or source.commits_text


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_to_a_sample_never_raises_and_loses_no_byte(name: str, data: st.DataObject) -> None:
    source = source_named(name)
    path = data.draw(st.sampled_from(samples_of(name)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    whole = bytes(content) or b"x"
    preamble = min(source.preamble(Head(whole[:HEAD_BYTES], len(whole), path.name)), len(whole))
    end = preamble
    for item in source.records(whole, whole[:preamble], preamble):
        assert item.offset >= end
        assert item.length > 0
        end = item.offset + item.length
        assert end <= len(whole)
