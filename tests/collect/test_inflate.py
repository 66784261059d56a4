"""Compressed bytes and archives: what comes out, what is refused, and that nothing sound before a fault is lost."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable

import py7zr
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.archive import format_of, read_member
from tocsin.collect.inflate import compression, inflate
from tocsin.collect.limits import BombError, Limits, TruncatedError, UnopenableError

SMALL = Limits(ratio=10, ratio_floor_bytes=1000)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
LINES = b"".join(b"line %d\n" % (number * 7919 % 100_003) for number in range(50_000))


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return target.getvalue()


def seven_zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with py7zr.SevenZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return target.getvalue()


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {"zip": zipped, "tar": tarred, "7z": seven_zipped}


@pytest.mark.parametrize("name", COMPRESS)
@given(parts=st.lists(st.binary(max_size=3000), min_size=1, max_size=4), padding=st.integers(0, 5))
def test_every_stream_of_a_file_comes_out_in_order(name: str, parts: list[bytes], padding: int) -> None:
    data = b"".join(COMPRESS[name](part) for part in parts) + b"\0" * padding
    assert b"".join(inflate(io.BytesIO(data), Limits())) == b"".join(parts)


@pytest.mark.parametrize("name", COMPRESS)
def test_a_cut_off_file_gives_what_came_before_the_cut(name: str) -> None:
    data = COMPRESS[name](LINES * 4)
    out = bytearray()
    with pytest.raises(TruncatedError, match="ends early"):
        for block in inflate(io.BytesIO(data[: len(data) * 3 // 4]), Limits()):
            out += block
    assert (LINES * 4).startswith(bytes(out))
    assert name == "bzip2" or len(out) > len(LINES) // 4


@pytest.mark.parametrize("name", COMPRESS)
def test_a_damaged_byte_is_told(name: str) -> None:
    data = bytearray(COMPRESS[name](LINES))
    data[-6] ^= 0xFF
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(TruncatedError):
        list(inflate(io.BytesIO(bytes(data)), Limits()))


@pytest.mark.parametrize("name", COMPRESS)
def test_a_bomb_is_stopped_at_its_ratio(name: str) -> None:
    data = COMPRESS[name](b"\0" * 10_000_000)
    with pytest.raises(BombError, match="more than 10 times"):
        list(inflate(io.BytesIO(data), SMALL))


@pytest.mark.parametrize("name", COMPRESS)
def test_compression_is_known_by_its_first_bytes(name: str) -> None:
    assert compression(COMPRESS[name](b"x")) == name
    assert compression(b"ElfFile\0") is None


@given(st.binary(max_size=3000))
def test_what_is_not_compressed_passes_unchanged(data: bytes) -> None:
    if compression(data) is None:
        assert b"".join(inflate(io.BytesIO(data), Limits())) == data


@pytest.mark.parametrize("name", ARCHIVES)
def test_members_are_listed_and_read(name: str) -> None:
    members = {"a/one.log": b"1" * 10, "two.log": LINES}
    known = format_of(io.BytesIO(ARCHIVES[name](members)), Limits())
    assert known is not None
    assert known[0].name == name
    archive = known[0].open(known[1], Limits())
    readable = {
        member: b"".join(archive.blocks(member)) for member, each in archive.members.items() if not each.refusal
    }
    assert readable == members


def test_many_small_members_of_a_zip_are_one_bomb_when_together_they_are_too_much() -> None:
    members = {f"{number}.log": b"0" * 600 for number in range(5)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in members.items():
            written.writestr(name, data)
    known = format_of(target, SMALL)
    assert known is not None
    archive = known[0].open(known[1], SMALL)
    assert b"".join(archive.blocks("0.log")) == members["0.log"]
    with pytest.raises(BombError, match="more than 10 times"):
        for name in members:
            list(archive.blocks(name))


def test_links_in_an_archive_are_named_and_not_followed() -> None:
    known = format_of(io.BytesIO(tarred({"a": b"1"})), Limits())
    assert known is not None
    assert known[0].open(known[1], Limits()).members["link"].refusal == "a link or device, not a file"


@pytest.mark.parametrize("outer", ARCHIVES)
@pytest.mark.parametrize("inner", ARCHIVES)
@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_content_is_read_again_through_any_chain(outer: str, inner: str, packing: str) -> None:
    deep = ARCHIVES[inner]({"logs/deep.jsonl.x": COMPRESS[packing](LINES)})
    data = ARCHIVES[outer]({"readme.txt": b"x", "inner": deep})
    found = b"".join(read_member(io.BytesIO(data), "inner!logs/deep.jsonl.x", Limits()))
    assert found == LINES


@pytest.mark.parametrize("packing", COMPRESS)
def test_a_compressed_tar_is_an_archive(packing: str) -> None:
    data = COMPRESS[packing](tarred({"b.log": LINES, "a.log": b"2"}))
    assert b"".join(read_member(io.BytesIO(data), "b.log", Limits())) == LINES
    assert b"".join(read_member(io.BytesIO(data), "a.log", Limits())) == b"2"


def test_a_compressed_tar_that_is_cut_off_gives_the_members_before_the_cut() -> None:
    data = gzip.compress(tarred({"a.log": b"first", "b.log": LINES * 10}), mtime=0)
    known = format_of(io.BytesIO(data[: len(data) // 2]), Limits())
    assert known is not None
    archive = known[0].open(known[1], Limits())
    assert b"".join(archive.blocks("a.log")) == b"first"
    with pytest.raises(TruncatedError):
        list(archive.blocks("b.log"))


def test_two_members_of_one_name_are_two_members() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.log", b"1")
        archive.writestr("a.log", b"2")
    known = format_of(target, Limits())
    assert known is not None
    assert list(known[0].open(known[1], Limits()).members) == ["a.log", "a.log (2)"]


@pytest.mark.parametrize("name", ["zip", "7z"])
def test_an_archive_without_its_end_cannot_be_opened(name: str) -> None:
    data = ARCHIVES[name]({"a.log": LINES})[:-40]
    known = format_of(io.BytesIO(data), Limits())
    assert known is not None
    with pytest.raises(UnopenableError, match="cannot be opened"):
        known[0].open(known[1], Limits())
