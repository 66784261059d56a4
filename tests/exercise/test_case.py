"""Running a case: the same bytes for the same seed, refusals, and what the registry says of itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tocsin.errors import ConfigError
from tocsin.exercise import CaseInfo, list_cases, run


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:19])


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", list_cases(), ids=lambda case: case.name)
def test_equal_seeds_write_equal_bytes_and_other_seeds_other_logs(case: CaseInfo, tmp_path: Path) -> None:
    first, again, other = (
        _contents(run(case.name, tmp_path / str(number), seed, case.least_days, case.least_identities))
        for number, seed in enumerate((7, 7, 8))
    )
    assert first == again
    shared = set(first) & set(other)
    assert all(first[name] != other[name] for name in shared if name.startswith("logs/"))


def test_more_days_put_ordinary_work_before_the_same_intrusion(tmp_path: Path) -> None:
    usual, longer = (
        json.loads((run("paper-trail", tmp_path / str(days), 7, days, 60) / "truth.json").read_bytes())
        for days in (10, 12)
    )
    assert longer["to"] == "2026-03-14T00:00:00Z"
    assert [record["what"] for record in longer["records"]] == [record["what"] for record in usual["records"]]
    two_days = timedelta(days=2)
    for before, after in zip(usual["compromised"]["hosts"], longer["compromised"]["hosts"], strict=True):
        assert _moment(after["earliest"]) - _moment(before["earliest"]) == two_days


@pytest.mark.parametrize(("days", "identities"), [(9, None), (71, None), (None, 59), (None, 1501)])
def test_a_size_it_cannot_be_played_in_is_refused_with_the_ones_it_can(
    tmp_path: Path, days: int | None, identities: int | None
) -> None:
    with pytest.raises(ConfigError) as refused:
        run("quiet-reader", tmp_path, 7, days, identities)
    assert refused.value.hint in {"choose 10 to 70", "choose 60 to 1500"}
    assert not (tmp_path / "exercise").exists()


def test_a_player_the_case_does_not_have_is_refused_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no player named nobody") as refused:
        run("long-season", tmp_path, 7, players=("impostor", "nobody"))
    assert "stolen-account" in refused.value.hint
    assert not (tmp_path / "exercise").exists()


def test_without_players_there_is_ordinary_work_and_an_empty_truth(tmp_path: Path) -> None:
    told: list[int] = []
    folder = run("paper-trail", tmp_path, 7, identities=60, players=(), advance=told.append)
    truth = json.loads((folder / "truth.json").read_bytes())
    for name in ("players", "holdings", "changes", "outflow", "cleared", "lost", "records"):
        assert truth[name] == []
    assert not any(truth["compromised"].values())
    assert told == [1] * 10


def test_a_folder_that_holds_an_exercise_is_not_overwritten(tmp_path: Path) -> None:
    folder = run("quiet-reader", tmp_path, 7, identities=60)
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
    assert [case.name for case in list_cases()] == ["long-season", "paper-trail", "quiet-reader"]
    for case in list_cases():
        assert (case.days, case.identities) == (70 if case.name == "long-season" else 10, 400)
        assert case.title
        assert case.sentence.endswith(".")
