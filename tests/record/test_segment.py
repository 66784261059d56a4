"""Segments: what is sealed comes back, and nothing else opens."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import VerificationError
from tocsin.record.segment import open_segment, seal_segment

SECRET = bytes(range(32))
BLOB = seal_segment(b'{"who":"ada.example@tribunal.example"}\n' * 20, SECRET)


@settings(deadline=None)
@given(st.binary(max_size=5000))
def test_what_is_sealed_comes_back(data: bytes) -> None:
    assert open_segment(seal_segment(data, SECRET), SECRET) == data


@settings(deadline=None)
@given(st.integers(0, len(BLOB) * 8 - 1))
def test_any_bit_flipped_is_noticed(bit: int) -> None:
    damaged = bytearray(BLOB)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        open_segment(bytes(damaged), SECRET)


@settings(deadline=None)
@given(st.integers(0, len(BLOB) - 1))
def test_any_cut_is_noticed(length: int) -> None:
    with pytest.raises(VerificationError):
        open_segment(BLOB[:length], SECRET)


def test_another_secret_does_not_open_it() -> None:
    with pytest.raises(VerificationError, match="another secret"):
        open_segment(BLOB, os.urandom(32))


def test_nothing_of_the_data_is_seen_and_it_is_compressed() -> None:
    assert b"tribunal" not in BLOB
    assert len(BLOB) < 200
