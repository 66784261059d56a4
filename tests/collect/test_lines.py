"""Framing of lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.lines import cut_line, frame_lines


def test_lines_without_their_ends_and_without_blank_ones() -> None:
    assert list(frame_lines(b"skip\na\r\n\n \t\nb", 5)) == [(5, b"a"), (12, b"b")]


def test_a_cut_is_behind_a_line_end_within_the_window() -> None:
    assert cut_line(b"ab\ncd") == 3
    assert cut_line(b"abcd") is None
    assert cut_line(b"abcd\n") is None


@given(st.binary(max_size=200), st.integers(0, 200))
def test_pieces_give_the_same_lines(data: bytes, place: int) -> None:
    found = cut_line(data[place:])
    end = len(data) if found is None else min(place, len(data)) + found
    pieces = [*frame_lines(data[:end], 0), *((end + offset, line) for offset, line in frame_lines(data[end:], 0))]
    assert pieces == list(frame_lines(data, 0))
