"""Rule sets kept: what is read back is what was added, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.errors import StoreError
from tocsin.model.door import NO_DOOR
from tocsin.model.rule import KeptSet
from tocsin.reading.kept_rules import RuleTexts, path_in, read_set, texts_sha256, write_set

TEXTS = {"rules/0.yml": b"title: Invented\ndetection: {s: {Operation: Invented}, condition: s}\n", "rules/1.yml": b"x"}


def kept(name: str = "core", sha256: str = "") -> RuleTexts:
    said = KeptSet(
        name=name,
        origin="core.zip",
        version="r2026-02-01",
        commit="",
        date="2026-02-01",
        licence="",
        rules=1,
        failed=1,
        other=0,
        sha256=sha256 or texts_sha256(TEXTS),
        added="2026-02-02T00:00:00Z",
    )
    return RuleTexts(said, {path_in(name, path): data for path, data in TEXTS.items()})


def test_set_with_any_byte_flipped_is_refused_or_reads_as_it_was(tmp_path: Path) -> None:
    whole = kept()
    write_set(tmp_path, whole, NO_DOOR)
    file = tmp_path / "set-core/set.zst"
    data = file.read_bytes()
    refused = 0
    for place in range(len(data)):
        for mask in (0x01, 0x80):
            changed = bytearray(data)
            changed[place] ^= mask
            file.write_bytes(changed)
            try:
                read = read_set(tmp_path, "core", NO_DOOR)
            except StoreError:
                refused += 1
            else:
                assert read == whole
    assert refused > len(data)


def test_set_whose_rules_are_not_those_added_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, kept(sha256="0" * 64), NO_DOOR)
    with pytest.raises(StoreError, match="not those that were added"):
        read_set(tmp_path, "core", NO_DOOR)


def test_set_under_another_name_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, kept(), NO_DOOR)
    (tmp_path / "set-core").rename(tmp_path / "set-other")
    with pytest.raises(StoreError, match="rule set other kept in the workspace is damaged"):
        read_set(tmp_path, "other", NO_DOOR)
