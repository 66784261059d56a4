"""Rule sets kept: what is read back is what was added, or it is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.protect.stub import local_door

from tocsin.errors import RuleError, StoreError
from tocsin.model.door import NO_DOOR
from tocsin.model.rule import KeptSet
from tocsin.reading.kept_rules import RuleTexts, path_in, read_rules, read_set, seal_rules, texts_sha256, write_set
from tocsin.store.durable import write_durably

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


@pytest.mark.parametrize("written", [0, 1, 2])
def test_sealing_cut_short_is_ended_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    """Killed after so many writes, the key's first: no text stays in clear for good, and what was kept is there."""
    whole = kept()
    write_set(tmp_path, whole, NO_DOOR)
    folder, door = tmp_path / "set-core", local_door(["Zorblat"])
    with monkeypatch.context() as patch:
        patch.setattr("tocsin.reading.kept_rules.write_durably", _killed_after(written, write_durably))
        if written < 2:
            with pytest.raises(KeyboardInterrupt):
                seal_rules(folder, door)
        else:
            seal_rules(folder, door)
    seal_rules(folder, door)
    sealed = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert read_set(tmp_path, "core", door) == whole
    assert not any(data.startswith(b"\x28\xb5\x2f\xfd") for data in sealed.values())  # of zstd
    seal_rules(folder, door)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == sealed


def test_compiled_rules_that_are_not_there_are_told_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no compiled rules") as raised:
        read_rules(tmp_path, None)
    assert raised.value.path == str(tmp_path / "rules.compiled")


def _killed_after(count: int, write: Callable[[Path, bytes], None]) -> Callable[[Path, bytes], None]:
    left = [count]

    def writing(path: Path, data: bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(path, data)

    return writing
