"""Whatever a text is, what is encoded in it says which part of the text it stands for; and bytes are read as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protect.encodings import ENCODERS

from tocsin.protect.decoding import DEPTH, bytes_texts, layers


@given(st.text(max_size=40), st.lists(st.sampled_from(ENCODERS), max_size=2))
def test_each_character_of_a_layer_stands_for_a_part_of_the_text(text: str, encoders: list[object]) -> None:
    for encoder in encoders:
        if text.isprintable():
            text = encoder(text)  # type: ignore[operator]
    found = list(layers(text))
    assert found[0].text == text
    for layer in found:
        assert 0 <= layer.depth <= DEPTH
        spans = [layer.span(place, place + 1) for place in range(len(layer.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "latin-1"])
@pytest.mark.parametrize("before", [b"", b"\xff"])
def test_bytes_are_read_in_each_encoding(encoding: str, before: bytes) -> None:
    data = before + "file of Zoë Fictive".encode(encoding)
    assert any("Zoë Fictive" in text for text, _ in bytes_texts(data))


def test_prints_nothing_of_the_text() -> None:
    assert all("Fictive" not in repr(layer) for layer in layers("Zelda Fictive%20x"))
