"""Every record of every source, read again alone, is the record that was framed in its chunk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.test_sources import FILES, SAMPLES, SOURCES, samples_of, source_by, source_of_sample

from tocsin.collect.reframing import Piece, pieces_of, reframed
from tocsin.collect.source import HEAD_BYTES, Head, Source, all_sources
from tocsin.errors import VerificationError
from tocsin.model.record import Record, Unreadable

Framed = list[Record | Unreadable]
NAMES = [str(path.relative_to(SAMPLES)) for path in FILES]


def framed_chunks(source: Source, data: bytes, name: str, parts: int = 1) -> list[tuple[bytes, bytes, Framed]]:
    """(preamble, data, what was framed) of each chunk of a content, cut at up to so many places as a plan cuts it."""
    preamble = data[: source.preamble(Head(data[:HEAD_BYTES], len(data), name))]
    starts = [0]
    for part in range(1, parts):
        window = max(starts[-1] + 1, len(preamble), len(data) * part // parts)
        found = source.cut(data[window:], preamble)
        if found is not None and starts[-1] < window + found < len(data):
            starts.append(window + found)
    chunks = []
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        skip = len(preamble) if start == 0 else 0
        piece = data[start:end]
        chunks.append((preamble, piece, list(source.records(piece, preamble, skip))))
    return chunks


def assert_each_is_the_same_alone(source: Source, preamble: bytes, data: bytes, framed: Framed) -> None:
    pieces = pieces_of(source, data, framed)
    assert reframed(source, preamble, pieces) == framed
    for piece, item in zip(pieces, framed, strict=True):
        if isinstance(item, Record) and not item.context:
            (alone,) = reframed(source, preamble, [Piece(piece.ordinal, piece.raw, piece.text)])
            assert alone == item._replace(offset=0), "without a context nothing but bytes and preamble is needed"


@pytest.mark.parametrize("parts", [1, 2, 5])
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_record_of_a_sample_is_the_same_alone(path: Path, parts: int) -> None:
    source = source_of_sample(path)
    for preamble, data, framed in framed_chunks(source, path.read_bytes(), path.name, parts):
        assert_each_is_the_same_alone(source, preamble, data, framed)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_event_of_a_sample_is_the_same_alone(path: Path) -> None:
    source = source_of_sample(path)
    ((preamble, data, framed),) = framed_chunks(source, path.read_bytes(), path.name)
    for piece, item in zip(pieces_of(source, data, framed), framed, strict=True):
        if isinstance(item, Record):
            (alone,) = reframed(source, preamble, [piece])
            assert isinstance(alone, Record)
            assert source.map(alone) == source.map(item)


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_each_record_of_a_damaged_sample_is_the_same_alone(name: str, data: st.DataObject) -> None:
    source = source_by(name)
    path = data.draw(st.sampled_from(samples_of(name)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=30))
    whole = bytes(content) or b"x"
    for preamble, piece, framed in framed_chunks(source, whole, path.name, data.draw(st.integers(1, 3))):
        assert_each_is_the_same_alone(source, preamble, piece, framed)


def test_an_object_that_was_found_by_its_indentation_is_the_same_alone() -> None:
    """A line end within a key: how far the object stands to the right tells where it closes, and its bytes do not."""
    source = source_by("windows_json")
    path = next(path for path in samples_of("windows_json") if path.name == "nested.json")
    whole = path.read_bytes().replace(b'"#attributes"', b'"\n#attributes"', 1)
    ((preamble, data, framed),) = framed_chunks(source, whole, path.name)
    assert isinstance(framed[0], Record)
    assert_each_is_the_same_alone(source, preamble, data, framed)


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_records_of_other_samples_and_lines_in_any_order_are_the_same_alone(name: str, data: st.DataObject) -> None:
    """Lines of samples repeated, left out and put elsewhere: what stands beside a record changes, the law does not."""
    source = source_by(name)
    samples = [path.read_bytes() for path in samples_of(name)]
    lines = [line for sample in samples for line in sample[:65_536].splitlines(keepends=True)]
    picked = data.draw(st.lists(st.sampled_from(lines), max_size=30))
    whole = data.draw(st.sampled_from(samples))[:200] + b"".join(picked)
    for preamble, piece, framed in framed_chunks(source, whole, "a file", data.draw(st.integers(1, 2))):
        assert_each_is_the_same_alone(source, preamble, piece, framed)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_what_was_rejected_stays_rejected(path: Path) -> None:
    source = source_of_sample(path)
    ((preamble, _, _),) = framed_chunks(source, path.read_bytes(), path.name)
    refused = Unreadable(3, 2, b"xx", "invented_reason", "invented", 4)
    assert reframed(source, preamble, pieces_of(source, b"...xx", [refused])) == [refused]
    assert isinstance(reframed(source, preamble, [Piece(0, b"\x00\x01 no record of any kind")])[0], Unreadable)


@settings(max_examples=200, deadline=None)
@given(
    source=st.sampled_from(all_sources()),
    raw=st.one_of(st.binary(max_size=60), st.sampled_from([b"Mar  4 08:00:01 fw CEF:0|a|b|1|2|3|4|", b"1\t2", b"{}"])),
    context=st.one_of(
        st.text(max_size=30),
        st.integers().map(str),
        st.sampled_from(["[]", "[[],[]]", "[true,false]", '[["x"],[true,true]]', '["a b",null]', "[null,3]", "9" * 30]),
        st.builds(
            lambda texts, kind: json.dumps([[*texts, ["ts", "b"], [kind, kind]], False]),
            st.lists(st.sampled_from(["", "\t", ",", "-", "x"]), min_size=5, max_size=5),
            st.sampled_from(["time", "set[" * 3000 + "]" * 3000, "vector[count]", ""]),
        ),
    ),
)
def test_a_context_of_another_hand_is_refused_and_raises_nothing_else(source: Source, raw: bytes, context: str) -> None:
    try:
        (found,) = reframed(source, b"", [Piece(0, raw, raw, context=context)])
    except VerificationError:
        return
    assert isinstance(found, (Record, Unreadable))
