"""An exercise investigated and held against its truth: what is confirmed is true, what happened is not denied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tocsin import answering
from tocsin.cli.main import run

STOLEN = "TNI\\svc-backup"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A case investigated: `by_itself` as the incidents suggest, `stolen` asked of the account that was stolen."""

    truth: dict[str, Any]
    by_itself: dict[str, Any]
    stolen: dict[str, Any]


def _ask(place: Path, *arguments: str | Path) -> dict[str, Any]:
    target = place / "answer.json"
    run([*map(str, arguments), "--format", "json", "-o", str(target), "--force", "--quiet"])
    document: dict[str, Any] = json.loads(target.read_bytes())
    return document


@pytest.fixture(
    scope="module",
    params=[("quiet-reader", 11), ("quiet-reader", 12), ("paper-trail", 11), ("paper-trail", 12), ("paper-trail", 13)],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def answered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Answered:
    """Played and investigated."""
    name, seed = request.param
    place = tmp_path_factory.mktemp(name)
    configuration = tmp_path_factory.mktemp("configuration")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(configuration))
        patch.setattr(answering, "RULED_OUT_BY", None)  # so that something can be ruled out wrongly
        run(["exercise", "run", name, "--workspace", str(place), "--seed", str(seed), "--identities", "60", "--quiet"])
        folder = place / "exercise"
        by_itself = _ask(
            place, "investigate", folder / "logs", "--estate", folder / "estate", "--workspace", place, "--workers", "1"
        )
        stolen = _ask(place, "exposure", "--workspace", place, "--identity", STOLEN)
    return Answered(truth=json.loads((folder / "truth.json").read_bytes()), by_itself=by_itself, stolen=stolen)


def _true(answered: Answered) -> dict[tuple[str, str], Row]:
    return {(item["holding"].lower(), item["actor"].lower()): item for item in answered.truth["holdings"]}


def _confirmed(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (row["holding"].lower(), row["actor"].lower()): row["degree"]
        for row in answer["exposure"]
        if row["verdict"] == "confirmed" and row["actor_class"] != "provider_service"
    }


def test_every_confirmed_holding_was_touched_as_far_as_the_logs_show(answered: Answered) -> None:
    true = _true(answered)
    for holding, degree in _confirmed(answered.by_itself).items():
        assert degree == true[holding]["proven"]


def test_nothing_the_intruder_touched_is_ruled_out(answered: Answered) -> None:
    for answer in (answered.by_itself, answered.stolen):
        denied = [row["holding"].lower() for row in answer["exposure"] if row["verdict"] == "ruled_out"]
        for holding, _ in _true(answered):
            assert not [each for each in denied if holding == each or holding.startswith(each.removesuffix("*"))]


def test_asked_of_the_stolen_account_all_that_is_proven_is_confirmed_and_what_was_cleared_is_unknown(
    answered: Answered,
) -> None:
    true = {name: item for name, item in _true(answered).items() if item["actor"] == STOLEN}
    if answered.truth["case"] == "paper-trail":
        assert {item["proven"] for item in true.values()} >= {None, "opened", "altered", "destroyed"}
    assert _confirmed(answered.stolen) == {name: item["proven"] for name, item in true.items() if item["proven"]}
    unknown = [row["holding"].lower() for row in answered.stolen["exposure"] if row["verdict"] == "unknown"]
    for (holding, _), item in true.items():
        if item["proven"] is None:
            assert any(holding == each or holding.startswith(each.removesuffix("*")) for each in unknown)


def test_the_hours_that_were_cleared_are_shown_as_cleared_and_as_a_hole_in_the_numbers(answered: Answered) -> None:
    (cleared,) = answered.truth["cleared"]
    rows = [
        row
        for row in answered.by_itself["coverage"]
        if row["host"].startswith(cleared["host"]) and row["channel"] == cleared["channel"]
    ]
    (shown,) = (row for row in rows if row["state"] == "cleared")
    assert shown["to"][:26] >= cleared["time"][:26]
    holes = [row for row in rows if row["state"] == "gapped"]
    for act in answered.truth["lost"]:
        assert any(row["from"] <= act["time"] <= row["to"] for row in holes)


# What speaks for and against each kind of actor, over all incidents of a case: at least this, whatever the seed.
OBSERVED: dict[str, dict[str, tuple[set[str], set[str]]]] = {
    "quiet-reader": {
        "insider": ({"one_matter_collected"}, set()),
        "criminal": ({"sign_in_of_another", "mail_kept_coming"}, set()),
        "state_directed": (
            {"forged_sign_in", "sign_in_of_another", "mail_kept_coming", "one_matter_collected"},
            set(),
        ),
        "error": ({"own_matter"}, {"forged_sign_in", "sign_in_of_another", "logs_cleared", "one_matter_collected"}),
    },
    "paper-trail": {
        "insider": ({"one_matter_collected"}, {"way_in_from_outside"}),
        "criminal": ({"sign_in_of_another", "way_in_from_outside"}, set()),
        "state_directed": ({"sign_in_of_another", "way_in_from_outside", "one_matter_collected"}, set()),
        "error": (set(), {"sign_in_of_another", "way_in_from_outside", "logs_cleared", "one_matter_collected"}),
    },
}
NEVER_SEEN = {"ransom", "resources_used", "guessing", "taken_on_a_medium", "through_a_supplier", "suppliers_account"}


def test_who_is_weighed_by_what_the_case_shows_and_nobody_is_named(answered: Answered) -> None:
    found: dict[str, tuple[set[str], set[str]]] = {}
    for each in answered.by_itself["hypotheses"]:
        for kind in each["hypotheses"]:
            supports, contradicts = found.setdefault(kind["id"], (set(), set()))
            supports |= {one["id"] for one in kind["supports"]}
            contradicts |= {one["id"] for one in kind["contradicts"]}
    assert list(found) == ["insider", "criminal", "state_directed", "supplier", "error", "unknown"]
    for kind_, (supports, contradicts) in OBSERVED[answered.truth["case"]].items():
        assert supports <= found[kind_][0], kind_
        assert contradicts <= found[kind_][1], kind_
    assert found["supplier"] == found["unknown"] == (set(), set())
    assert not NEVER_SEEN & set().union(*(seen for both in found.values() for seen in both))
    said = json.dumps([{**each, "incident": ""} for each in answered.by_itself["hypotheses"]])
    accounts = {means["account"] for one in answered.by_itself["attribution"] for means in one["means"]}
    assert not [account for account in accounts if account and account in said]
