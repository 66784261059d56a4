"""With a door open in the process nothing leaves that names a protected person: not a byte of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.protect.planted import CYRILLIC, LATIN, DeadDoor, door

from tocsin.cli.progress import Notes
from tocsin.errors import ProtectionError, RefusedError
from tocsin.protect.exits import close_doors, guard_exits, standing_watch
from tocsin.share.exit import release, tell


@pytest.fixture(autouse=True)
def guarded() -> Iterator[None]:
    guard_exits("a", door())
    yield
    close_doors()


@pytest.mark.parametrize("data", [f"by {LATIN}\n", f"by {CYRILLIC}\n".encode(), b"PK\x03\x04 no archive"])
def test_nothing_is_written_of_what_is_refused(
    data: str | bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("earlier")
    for destination in (None, tmp_path / "new.txt", kept):
        with pytest.raises(RefusedError):
            release(data, destination, force=True)
    assert capfd.readouterr() == ("", "")
    assert kept.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [kept]


def test_a_file_is_not_named_after_a_person(tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        release("nothing", tmp_path / "Jan Qwertović.txt")
    assert list(tmp_path.iterdir()) == []


def test_what_names_nobody_leaves_as_before(tmp_path: Path) -> None:
    release("nothing\n", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "nothing\n"


def test_messages_and_notes_are_shown_with_tokens(capfd: pytest.CaptureFixture[str]) -> None:
    tell(f"tocsin: cannot read {LATIN}.log")
    Notes().note(f"{CYRILLIC}.log was left out")
    error = capfd.readouterr().err
    assert "cannot read P" in error
    assert "Qwert" not in error
    assert CYRILLIC.split()[1] not in error


def test_with_the_door_down_nothing_leaves(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    guard_exits("b", DeadDoor())
    with pytest.raises(ProtectionError):
        release("nothing", tmp_path / "out.txt")
    tell(f"tocsin: cannot read {LATIN}")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == "withheld: the door to the protected names does not answer\n"


def test_every_door_that_was_opened_guards_until_the_command_ends() -> None:
    ended: list[str] = []
    guard_exits("b", DeadDoor(), lambda: ended.append("b"))
    with pytest.raises(ProtectionError):
        standing_watch().refuse("nothing")
    close_doors()
    assert ended == ["b"]
    standing_watch().refuse(LATIN)
