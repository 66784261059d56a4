"""Compressed bytes: what comes out, what is refused, and that nothing sound before a fault is lost."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.inflate import (
    BombError,
    Limits,
    TruncatedError,
    archive_format,
    inflate_content,
    inflate_gzip,
    member_names,
    open_members,
)

SMALL = Limits(ratio=10, ratio_floor_bytes=1000)


def zip_bytes(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(0, 5))
def test_every_member_of_a_gzip_file_comes_out_in_order(parts: list[bytes], padding: int) -> None:
    data = b"".join(gzip.compress(part, mtime=0) for part in parts) + b"\0" * padding
    assert b"".join(inflate_gzip(io.BytesIO(data), Limits())) == b"".join(parts)


def test_a_cut_off_gzip_file_gives_what_came_before_the_cut() -> None:
    lines = b"".join(b"line %d\n" % number for number in range(50_000))
    data = gzip.compress(lines, mtime=0)
    out = bytearray()
    with pytest.raises(TruncatedError, match="ends early"):
        for block in inflate_gzip(io.BytesIO(data[: len(data) // 2]), Limits()):
            out += block
    assert len(out) > len(lines) // 4
    assert lines.startswith(bytes(out))


def test_a_wrong_checksum_is_told() -> None:
    data = bytearray(gzip.compress(b"some line\n" * 100, mtime=0))
    data[-6] ^= 1
    with pytest.raises(TruncatedError, match="damaged"):
        list(inflate_gzip(io.BytesIO(bytes(data)), Limits()))


def test_a_bomb_is_stopped_at_its_ratio() -> None:
    data = gzip.compress(b"\0" * 10_000_000, mtime=0)
    with pytest.raises(BombError, match="more than 10 times"):
        list(inflate_gzip(io.BytesIO(data), SMALL))


def test_a_chain_of_members_is_opened_again_from_the_outer_bytes() -> None:
    content = b'{"a":1}\n' * 1000
    inner = zip_bytes({"logs/deep.jsonl.gz": gzip.compress(content, mtime=0)})
    outer = zip_bytes({"readme.txt": b"x", "inner.zip": inner})
    assert b"".join(open_members(io.BytesIO(outer), "inner.zip!logs/deep.jsonl.gz", Limits())) == content


def test_two_members_of_one_name_are_two_members() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.log", b"1")
        archive.writestr("a.log", b"2")
    with zipfile.ZipFile(target) as archive:
        assert list(member_names(archive)) == ["a.log", "a.log (2)"]


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"PK\x03\x04rest", "zip"), (b"\x1f\x8b\x08\0", "gzip"), (b"ElfFile\0", None), (b"", None)],
)
def test_archives_are_known_by_their_first_bytes(head: bytes, name: str | None) -> None:
    assert archive_format(head) == name


def test_content_that_is_not_compressed_passes_unchanged() -> None:
    assert b"".join(inflate_content(iter([b"ab", b"cd"]), Limits())) == b"abcd"
    assert b"".join(inflate_content(iter([]), Limits())) == b""
