"""Inputs read back from the record."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from tocsin.errors import StoreError, VerificationError
from tocsin.record.reading import open_input
from tocsin.store.tables import chunks, runs

from .recorder import LINES, SIGNED, Recorder, fill


def test_inputs_come_back_as_received(recorder: Recorder) -> None:
    fill(recorder)
    with open_input(recorder.workspace, recorder.key, 1) as stream:
        assert stream.read() == b"".join(LINES[:400])
    with open_input(recorder.workspace, recorder.key, 2) as stream, gzip.GzipFile(fileobj=stream) as inflated:
        assert inflated.read() == b"".join(LINES[400:])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 400)), max_size=5))
def test_any_place_can_be_read(recorder: Recorder, reads: list[tuple[int, int]]) -> None:
    data = bytes(range(250)) * 4
    if not recorder.sequence:
        with recorder.workspace.writing() as connection:
            connection.execute(insert(runs).values(id=1, started=SIGNED, tool="test", settings="{}"))
        source = recorder.add_input("a.zip", data)
        for start in range(0, 1000, 130):
            recorder.add_chunk(source, "container", data[start : start + 130], start)
    with open_input(recorder.workspace, recorder.key, 1) as stream:
        for place, length in reads:
            assert stream.seek(place) == place
            assert stream.read(length) == data[place : place + length]
        assert stream.seek(-7, io.SEEK_END) == 993
        assert stream.read(100) == data[-7:]


def test_a_zip_file_is_read_in_place(recorder: Recorder) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("audit.log", b"".join(LINES))
    data = packed.getvalue()
    with recorder.workspace.writing() as connection:
        connection.execute(insert(runs).values(id=1, started=SIGNED, tool="test", settings="{}"))
    source = recorder.add_input("a.zip", data)
    recorder.add_chunk(source, "container", data[:9000], 0)
    recorder.add_chunk(source, "container", data[9000:], 9000)
    with open_input(recorder.workspace, recorder.key, source) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.read("audit.log") == b"".join(LINES)


def test_what_is_not_there_is_said(recorder: Recorder) -> None:
    fill(recorder)
    with pytest.raises(StoreError, match="no input 9"):
        open_input(recorder.workspace, recorder.key, 9)
    member = recorder.add_input("a.zip!member.log", b"x")
    with pytest.raises(StoreError, match="no bytes of"):
        open_input(recorder.workspace, recorder.key, member)
    empty = recorder.add_input("empty.log", b"")
    assert open_input(recorder.workspace, recorder.key, empty).read() == b""
    with recorder.workspace.writing() as connection:
        connection.execute(chunks.update().where(chunks.c.sequence == 1).values(offset=9))
    with pytest.raises(VerificationError, match="not in the record"):
        open_input(recorder.workspace, recorder.key, 1)
