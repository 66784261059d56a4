"""What a path stands for: the same files in the same order everywhere, and a word for each that is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tocsin.collect.walk import walk
from tocsin.errors import ConfigError


def test_files_come_by_name_below_the_path_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.log", "a/z.log", "a/b/c.log", "A.log"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.chdir(tmp_path)
    assert [found.path for found in walk(["logs/"])] == ["logs/A.log", "logs/a/b/c.log", "logs/a/z.log", "logs/b.log"]


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    assert len(list(walk([str(tmp_path / "a.log"), str(tmp_path)]))) == 1


def test_links_and_pipes_are_named_not_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path.parent)
    os.mkfifo(tmp_path / "pipe")
    refusals = {found.path.rsplit("/", 1)[-1]: found.refusal for found in walk([str(tmp_path)])}
    assert refusals == {
        "link": "symbolic link out of what was given, not followed: give its target too",
        "pipe": "not a regular file",
    }


def test_a_link_to_what_is_read_itself_is_ignored_and_any_other_was_not_read(tmp_path: Path) -> None:
    given = tmp_path / "logs"
    given.mkdir()
    (given / "audit.jsonl").write_text("x")
    (tmp_path / "elsewhere.jsonl").write_text("y")
    (given / "within").symlink_to("audit.jsonl")
    (given / "without").symlink_to("../elsewhere.jsonl")
    (given / "nowhere").symlink_to("gone")
    found = {one.path.rsplit("/", 1)[-1]: (bool(one.refusal), one.ignored) for one in walk([str(given)])}
    assert found == {
        "audit.jsonl": (False, False),
        "nowhere": (True, False),
        "within": (True, True),
        "without": (True, False),
    }


def test_a_hard_link_is_told_and_the_same_path_given_twice_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    os.link(tmp_path / "a.csv", tmp_path / "z.csv")
    found = list(walk([str(tmp_path), str(tmp_path / "a.csv")]))
    assert [(one.path.rsplit("/", 1)[-1], one.refusal.partition(" as ")[0], one.ignored) for one in found] == [
        ("a.csv", "", False),
        ("z.csv", "the same file", True),
    ]


def test_a_path_that_is_not_there_is_an_error_of_the_operator(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no"):
        list(walk([str(tmp_path / "nothing")]))


def test_a_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.log")).write_text("x")
    (found,) = walk([str(tmp_path)])
    assert found.path.endswith("bad\\xff.log")
