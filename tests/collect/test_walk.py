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
    (tmp_path / "link").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    refusals = {found.path.rsplit("/", 1)[-1]: found.refusal for found in walk([str(tmp_path)])}
    assert refusals == {"link": "symbolic link inside a folder, not followed", "pipe": "not a regular file"}


def test_a_path_that_is_not_there_is_an_error_of_the_operator(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no"):
        list(walk([str(tmp_path / "nothing")]))


def test_a_name_that_is_no_text_is_shown_escaped(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.log")).write_text("x")
    (found,) = walk([str(tmp_path)])
    assert found.path.endswith("bad\\xff.log")
