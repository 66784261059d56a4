"""A protected name may be spelled like a word of our own: what is ours keeps no package from leaving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.protect.stub import ORIGIN

from tocsin.attest.writing import RETOLD, write_package
from tocsin.errors import RefusedError
from tocsin.model.protection import FormKind
from tocsin.protect.door import LocalDoor
from tocsin.protect.exits import close_doors, guard_exits
from tocsin.protect.forms import expand
from tocsin.protect.guard import Guard
from tocsin.protect.matcher import Matcher
from tocsin.protect.own_text import page_words
from tocsin.protect.weakness import weak

from .packing import made

WORDS = sorted(word for word in page_words() if len(word) > 3 and word.isalpha())


def _door(names: Sequence[str]) -> LocalDoor:
    return LocalDoor(
        epoch=1,
        workspace=ORIGIN,
        persons=[number.to_bytes(16, "big") for number in range(len(names))],
        finder=Matcher((number, [expand(name, FormKind.CODE_NAME)]) for number, name in enumerate(names)),
        token_key=bytes(32),
        door_keys=[bytes([1]) * 32],
    )


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_doors()


def test_no_word_of_our_templates_is_a_person_in_what_is_made_of_the_other_files(tmp_path: Path) -> None:
    write_package(made().package, tmp_path / "package")
    guard = Guard([_door(WORDS)], knows_own=True)
    for name in sorted(RETOLD):
        found = guard.search_file(tmp_path / "package" / name, "", is_retold=True)
        lines = [each.place for each in found.references if each.part != "its name"]
        assert lines == [], name
    assert guard.search_file(tmp_path / "package/data/index.html", "").references  # they would be


@pytest.mark.parametrize("name", ["Merkle", "Ledger", "Verifier", "Attested", "Premises"])
def test_a_code_name_that_is_a_word_of_ours_keeps_no_package_from_leaving(tmp_path: Path, name: str) -> None:
    guard_exits(ORIGIN, _door([name]))
    write_package(made().package, tmp_path / "package")
    assert (tmp_path / "package/data/index.html").is_file()


def test_a_word_of_ours_that_a_log_says_keeps_the_package(tmp_path: Path) -> None:
    guard_exits(ORIGIN, _door(["Hearing"]))
    with pytest.raises(RefusedError):
        write_package(made().package, tmp_path / "package")
    assert not (tmp_path / "package").exists()


def test_a_form_that_is_a_word_of_our_pages_is_said_to_be_weak() -> None:
    assert [word for word in WORDS if weak(word, FormKind.CODE_NAME) is None] == []
    assert weak("Ledger Quixmere", FormKind.NAME) is None
