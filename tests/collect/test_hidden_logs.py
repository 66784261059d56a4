"""A log is read whatever its name says and whatever an archive's list says of its size; what is no log costs a line."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.archive import read_member
from tocsin.collect.limits import ArchiveFault, Limits
from tocsin.collect.plan import plan
from tocsin.model.chunk import InputState

SAMPLE = (Path(__file__).parents[1] / "samples" / "windows_evtx" / "sample.evtx").read_bytes()
LEFT = {
    "._Security.evtx": b"\0\5\26\7\0\2\0\0Mac OS X",
    ".DS_Store": b"\0\0\0\1Bud1\0\0",
    "Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0",
    "desktop.ini": b"\xff\xfe" + "\r\n[.ShellClassInfo]\r\n".encode("utf-16-le"),
}


def zipped(name: str, data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("before.txt", b"before")
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        archive.writestr("empty.log", b"")
    return target.getvalue()


def called_empty(data: bytes, name: str, *, also_by_itself: bool) -> bytes:
    """The archive with a member whose size is 0 in the list and, if asked, in its own header."""
    changed = bytearray(data)
    entry = data.rindex(name.encode()) - 46
    struct.pack_into("<III", changed, entry + 16, 0, 0, 0)
    if also_by_itself:
        own = data.index(name.encode()) - 30
        struct.pack_into("<III", changed, own + 14, 0, 0, 0)
    return bytes(changed)


@pytest.mark.parametrize("name", list(LEFT))
@pytest.mark.parametrize("folder", ["", "__MACOSX/"])
def test_a_name_that_desktops_give_hides_no_log(tmp_path: Path, name: str, folder: str) -> None:
    path = tmp_path / "a.zip"
    for content, state in ((SAMPLE, InputState.READ), (LEFT[name], InputState.IGNORED)):
        path.write_bytes(zipped(folder + name, content))
        (tmp_path / name).write_bytes(content)
        in_archive = {each.input.path: each.input for each in plan([str(path)])}[f"{path}!{folder}{name}"]
        (on_disk,) = plan([str(tmp_path / name)])
        assert (in_archive.state, on_disk.input.state) == (state, state)
        assert in_archive.source == on_disk.input.source == ("windows_evtx" if content is SAMPLE else "")


def test_a_member_that_only_the_list_calls_empty_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(called_empty(zipped("Security.evtx", SAMPLE), "Security.evtx", also_by_itself=False))
    found = {each.input.path[len(str(path)) + 1 :]: each.input for each in plan([str(path)])}
    assert found["Security.evtx"].source == "windows_evtx"
    assert found["empty.log"].reason == "empty file"
    assert b"".join(read_member(io.BytesIO(path.read_bytes()), "Security.evtx", Limits())) == SAMPLE


def test_bytes_in_the_place_of_a_member_called_empty_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(called_empty(zipped("Security.evtx", SAMPLE), "Security.evtx", also_by_itself=True))
    found = {each.input.path[len(str(path)) + 1 :]: each.input for each in plan([str(path)])}
    assert found["Security.evtx"].state is InputState.UNRECOGNISED
    assert "bytes lie in its place" in found["Security.evtx"].reason
    assert found["empty.log"].state is InputState.IGNORED


@settings(deadline=None)
@given(st.data())
def test_a_damaged_archive_raises_nothing_but_what_is_told(data: st.DataObject) -> None:
    content = bytearray(zipped("Security.evtx", SAMPLE[:9000]))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ArchiveFault, KeyError):
        b"".join(read_member(io.BytesIO(bytes(content)), "Security.evtx", Limits()))


def test_an_entry_without_a_name_costs_the_archive_and_not_the_run(tmp_path: Path) -> None:
    data = bytearray(zipped("Security.evtx", SAMPLE))
    entry = data.rindex(b"Security.evtx") - 46
    struct.pack_into("<H", data, entry + 28, 0)  # the name's length: what follows is then no entry either
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    (found,) = plan([str(path)])
    assert found.input.state is InputState.UNRECOGNISED
    assert "cannot be opened" in found.input.reason
