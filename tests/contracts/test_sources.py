"""What every source must hold, whichever log it reads: found by folder, so that a new one is held to it too."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.declared.packing import declared_log
from tocsin.collect.limits import Limits
from tocsin.collect.mapping_file import is_mapping, mappings_for, read_mapping
from tocsin.collect.plan import plan
from tocsin.collect.scanning import declared_for, recognise
from tocsin.collect.source import HEAD_BYTES, Coalescing, Head, Source, all_sources, source_named
from tocsin.model.coverage import Mark
from tocsin.model.exposure import ActorClass, Basis, Degree
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, EVENT_COUNTS, MARKS
from tocsin.processing import Plan, Sealing, process
from tocsin.ruleset.compiled import log_source_maps

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and not is_mapping(path.name))
DECLARED = {
    path.parent: declared_log(read_mapping(path.name, path)) for path in SAMPLES.rglob("*") if is_mapping(path.name)
}
SOURCES = [*(source.name for source in all_sources()), *sorted(source.name for source in DECLARED.values())]


def samples_of(name: str) -> list[Path]:
    return [path for path in FILES if source_of_sample(path).name == name]


def source_of_sample(path: Path) -> Source:
    """The source a sample is of: its folder's name, or the mapping that lies beside it."""
    return DECLARED.get(path.parent) or source_named(path.relative_to(SAMPLES).parts[0])


def source_by(name: str) -> Source:
    return next((source for source in DECLARED.values() if source.name == name), None) or source_named(name)


@pytest.mark.parametrize("name", SOURCES)
def test_it_has_a_sample(name: str) -> None:
    assert samples_of(name), f"tests/samples/{name}/ holds nothing"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_a_sample_is_recognised_as_its_own_sources(path: Path) -> None:
    data = path.read_bytes()
    head = Head(data[:HEAD_BYTES], len(data), path.name if path.parent in DECLARED else "a file")
    found = declared_for(head, list(DECLARED.values())).source
    source, certainty = (found, 1.0) if found else recognise(head)
    assert source is not None
    assert source.name == source_of_sample(path).name
    assert 0.5 <= certainty <= 1.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_what_it_maps_are_words_of_the_model(path: Path) -> None:
    source = source_of_sample(path)
    data = path.read_bytes()
    preamble = source.preamble(Head(data[:HEAD_BYTES], len(data), path.name))
    framed = list(source.records(data, data[:preamble], preamble))
    records = [item for item in framed if isinstance(item, Record)]
    assert records
    if isinstance(source, Coalescing):
        mapped = [event.mapped for event in source.coalesce(records)]
    else:
        mapped = [source.map(record) for record in records]
    known = {*EVENT_COLUMNS, *EVENT_COUNTS, "time", "class_uid", "metadata.sequence"}
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
    planned, *_ = plan([str(path)], Limits(), mappings_for([str(path)]))
    (task,) = planned.tasks
    result, logs = process(path.read_bytes(), task.chunk, Plan(matchers={}), Sealing(secret=b"s" * 32, name="n"))
    assert result.decoder == source_of_sample(path).decoder, result.account.rejected
    assert result.account.stored > 0
    assert len(result.leaves) % 32 == 0
    assert result.events.num_rows + result.account.duplicates <= result.account.stored
    assert pa.compute.sum(logs["count"]).as_py() == result.account.stored


@pytest.mark.parametrize("name", SOURCES)
def test_it_declares_its_proof_and_its_log_sources(name: str) -> None:
    source = source_by(name)
    assert source.proof.basis in set(Basis) - {Basis.RECORD, Basis.NONE}
    assert source.proof.reason
    mappings = [each.mapping for each in DECLARED.values()]
    assert [one.log_fields for one in log_source_maps(mappings) if one.source == name] == [source.log_fields]
    assert name in source.decoder or source.commits_text


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_to_a_sample_never_raises_and_loses_no_byte(name: str, data: st.DataObject) -> None:
    source = source_by(name)
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
