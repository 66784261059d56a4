"""The long season: its players do what the truth says, none before the time, and others do likewise honestly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.exercise import run
from tocsin.exercise.actions import FileAct, SignIn
from tocsin.exercise.behaviours import matter_work, signing_in
from tocsin.exercise.building import build_world
from tocsin.exercise.careers import CAST, cast_of
from tocsin.exercise.case import playable
from tocsin.exercise.season import rota_of
from tocsin.exercise.world import World, stream
from tocsin.model.instant import DAY, format_time, parse_time
from tocsin.store.estate import read_estate_with_warnings

from .played import SEED, Played, event

PLAYERS = ("impostor", "collector", "leaver", "stolen-account", "quiet-reader", "paper-trail")
INSIDERS = PLAYERS[:3]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A hundred and fifty people for six weeks, without their logs."""
    return build_world(playable("long-season", tmp_path_factory.mktemp("w"), 42, 150).shape, SEED)


def _records(played: Played, player: str) -> list[dict[str, Any]]:
    return [place for place in played.truth["records"] if place["player"] == player]


def _things(played: Played, player: str) -> set[str]:
    return {item["thing"].rpartition("/sites/")[2] for item in played.truth["holdings"] if item["player"] == player}


def test_every_true_record_is_in_the_logs_at_its_entry(long_season: Played) -> None:
    for place in long_season.truth["records"]:
        record = long_season.at(place)
        if place["file"].endswith(".evtx"):
            channel, event_id = event(record)
            assert place["what"] == f"{channel}/{event_id}"
        elif place["file"].startswith("logs/m365/"):
            assert place["what"] == record["Operation"]


def test_each_player_acts_as_the_truth_says_and_only_after_the_quiet_days(long_season: Played) -> None:
    truth = long_season.truth
    assert [player["name"] for player in truth["players"]] == list(PLAYERS)
    begin = parse_time(truth["from"])
    assert begin is not None
    for player in truth["players"]:
        assert player["records"] == len(_records(long_season, player["name"])) > 0
        assert player["identities"]
        assert player["first"][:10] == player["days"][0]
        assert player["last"][:10] == player["days"][-1]
        if player["name"] not in ("quiet-reader", "paper-trail"):  # the least days leave these no later place
            assert player["first"] >= format_time(begin + 14 * 2 // 5 * DAY)
    of_insiders = [player["identities"] for player in truth["players"][:4]]
    assert len({one for identities in of_insiders for one in identities}) == 4


def test_the_estate_is_whole_and_says_who_leaves_and_what_nobody_has_work_with(long_season: Played) -> None:
    read = read_estate_with_warnings(long_season.folder / "estate")
    assert read.warnings == ()
    leaver = next(player for player in long_season.truth["players"] if player["name"] == "leaver")
    (identity,) = (one for one in read.estate.identities if one.id == leaver["identities"][0])
    assert identity.to is not None
    last = parse_time(leaver["last"])
    assert last is not None
    assert last < identity.to <= last + 14 * DAY
    decoys = {holding.pattern for holding in read.estate.holdings if holding.is_decoy}
    assert len(decoys) >= 3
    assert {holding.kind for holding in read.estate.holdings if holding.pattern in decoys} == {"document"}


def test_an_impostor_opens_what_no_list_gives_them_and_a_collector_what_is_theirs(long_season: Played) -> None:
    assigned: dict[str, set[str]] = {}
    for row in long_season.estate("assignments"):
        assigned.setdefault(row["identity"], set()).add(row["matter"])
    site_of = {row["matter"]: row["pattern"] for row in long_season.estate("holdings") if row["kind"] == "site"}
    matter_of = {site.partition("/sites/")[2].rstrip("/*"): matter for matter, site in site_of.items()}
    for name, is_own in (("impostor", False), ("collector", True)):
        (identity,) = next(one["identities"] for one in long_season.truth["players"] if one["name"] == name)
        matters = {
            matter_of.get(thing.partition("/")[0]) or thing.partition("\\")[0] for thing in _things(long_season, name)
        }
        assert matters
        if is_own:
            assert matters & assigned[identity]
        else:
            assert not matters & assigned[identity]


def test_insiders_work_among_their_own_ordinary_sessions_and_a_thief_in_sessions_of_its_own(
    long_season: Played,
) -> None:
    for player in long_season.truth["players"][:4]:
        sessions = {session for session in player["through"]["sessions"] if "|" not in session}
        own = {(place["file"], place["entry"]) for place in _records(long_season, player["name"])}
        others = {
            record["AppAccessContext"]["AADSessionId"]
            for name, records in long_season.records.items()
            for entry, record in enumerate(records)
            if "AADSessionId" in record.get("AppAccessContext", {}) and (name, entry) not in own
        }
        assert sessions
        if player["name"] == "stolen-account":
            assert not sessions & others


def test_who_is_left_out_changes_nothing_of_what_another_does(long_season: Played, tmp_path: Path) -> None:
    folder = run("long-season", tmp_path, SEED, 14, 40, ("leaver", "stolen-account"))
    alone = json.loads((folder / "truth.json").read_bytes())
    assert [player["name"] for player in alone["players"]] == ["leaver", "stolen-account"]
    for player in alone["players"]:
        (same,) = (one for one in long_season.truth["players"] if one["name"] == player["name"])
        assert {**player, "records": 0} == {**same, "records": 0}


def test_one_person_is_at_work_as_the_day_of_everybody_says(world: World) -> None:
    rota = rota_of(world, SEED)
    for number in (3, 5, 33):
        presences = rota.day(number).presences
        for person in world.people[::17]:
            assert rota.of(person, number) == tuple(one for one in presences if one.person.id == person.id)


def test_people_work_only_while_they_are_on_the_staff_and_never_on_days_off_or_on_leave(world: World) -> None:
    rota = rota_of(world, SEED)
    seen_twice = 0
    for number in range(world.shape.days):
        presences = rota.day(number).presences
        seen_twice += len(presences) - len({one.person.id for one in presences})
        for presence in presences:
            career = world.careers[presence.person.id]
            assert career.is_on_staff(number)
            assert not any(first <= number <= last for first, last in career.away)
            assert presence.person.matters
            assert presence.start < presence.end
    assert seen_twice > 10
    assert any(career.joins for career in world.careers.values())
    assert any(career.off for career in world.careers.values())
    assert any(len(career.posts) > 1 for career in world.careers.values())


def test_honest_people_too_open_what_no_list_gives_them_download_much_and_come_from_new_addresses(world: World) -> None:
    rota, cast = rota_of(world, SEED), {person.id for person in cast_of(world, SEED).values()}
    listed = {
        (person, stint.matter)
        for person, career in world.careers.items()
        for stint in career.stints
        if stint.declared is not None
    }
    outside: set[str] = set()
    downloads: dict[tuple[str, int], int] = {}
    addresses: dict[str, set[str]] = {}
    for number in range(world.shape.days):
        day = rota.day(number)
        for action in matter_work.act(world, day, stream(SEED, f"matter work/{number}")):
            if isinstance(action, FileAct) and action.person.id not in cast:
                if (action.person.id, action.matter.id) not in listed:
                    outside.add(action.person.id)
                if action.operation == "FileDownloaded":
                    downloads[action.person.id, number] = downloads.get((action.person.id, number), 0) + 1
        for action in signing_in.act(world, day, stream(SEED, f"signing in/{number}")):
            if isinstance(action, SignIn):
                addresses.setdefault(action.person.id, set()).add(action.connection.address)
    assert len(outside) > len(world.people) / 10
    assert max(downloads.values()) > 15
    assert sum(len(found) > 2 for found in addresses.values()) > 5


def test_the_list_of_assignments_is_late_for_some_and_silent_of_some(world: World) -> None:
    stints = [stint for career in world.careers.values() for stint in career.stints]
    late = [stint for stint in stints if stint.declared is not None and stint.declared[0] > stint.first]
    silent = [stint for stint in stints if stint.declared is None]
    assert 0.02 < len(late) / len(stints) < 0.3
    assert 0.02 < len(silent) / len(stints) < 0.3


@pytest.mark.parametrize("seed", range(6))
def test_the_cast_are_different_people_without_administrators_rights_who_stay(seed: int) -> None:
    small = build_world(playable("long-season", Path("nowhere"), 14, 40).shape, seed)
    cast = cast_of(small, seed)
    assert list(cast) == list(CAST)
    assert len({person.id for person in cast.values()}) == len(CAST)
    for role, person in cast.items():
        career = small.careers[person.id]
        assert not person.administrator
        assert career.joins is None
        assert (career.leaves is not None) == (role == "leaver")
