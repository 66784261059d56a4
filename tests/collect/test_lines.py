"""Framing of lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.lines import Line, cut_line, split_lines


def test_lines_without_their_ends_and_without_blank_ones() -> None:
    assert list(split_lines(b"skip\na\r\n\n \t\nb", 5)) == [Line(5, 1, b"a"), Line(12, 1, b"b")]


def test_a_cut_is_behind_a_line_end_within_the_window() -> None:
    assert cut_line(b"ab\ncd") == 3
    assert cut_line(b"abcd") is None
    assert cut_line(b"abcd\n") is None


@given(st.binary(max_size=200), st.integers(0, 200))
def test_pieces_give_the_same_lines(data: bytes, place: int) -> None:
    found = cut_line(data[place:])
    end = len(data) if found is None else min(place, len(data)) + found
    behind = (line._replace(offset=end + line.offset) for line in split_lines(data[end:], 0))
    assert [*split_lines(data[:end], 0), *behind] == list(split_lines(data, 0))
