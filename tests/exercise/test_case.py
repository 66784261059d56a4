"""Running a case: the same bytes for the same seed, refusals, and what the registry says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.errors import ConfigError
from tocsin.exercise import list_cases, run


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_seeds_write_equal_bytes_and_other_seeds_other_logs(tmp_path: Path) -> None:
    first, again, other = (_contents(run("quiet-reader", tmp_path / str(n), seed)) for n, seed in enumerate((7, 7, 8)))
    assert first == again
    shared = set(first) & set(other)
    assert all(first[name] != other[name] for name in shared if name.startswith("logs/"))


def test_a_folder_that_holds_an_exercise_is_not_overwritten(tmp_path: Path) -> None:
    folder = run("quiet-reader", tmp_path, 7)
    before = (folder / "truth.json").read_bytes()
    with pytest.raises(ConfigError, match="already holds"):
        run("quiet-reader", tmp_path, 8)
    assert (folder / "truth.json").read_bytes() == before


def test_an_unknown_case_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        run("no-such-case", tmp_path, 1)
    assert "quiet-reader" in refused.value.hint
    assert not (tmp_path / "exercise").exists()


def test_cases_tell_what_they_are() -> None:
    (case,) = [case for case in list_cases() if case.name == "quiet-reader"]
    assert (case.days, case.identities) == (10, 60)
    assert case.title
    assert case.sentence
