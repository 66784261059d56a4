"""Two estates become one: nothing of the first is lost, and the second time nothing happens."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from tests.describe.rows import Lists, any_lists, lists, values

from tocsin.describe.merging import changes_between, merged
from tocsin.store.estate_rows import TABLES

ADA = {"id": "p-1", "name": "Ada Example", "accounts": "ada@tribunal.example;TRIBUNAL\\ada", "unit": "Registry"}


@given(base=any_lists(), more=any_lists())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_merging_the_same_again_changes_nothing(base: Lists, more: Lists) -> None:
    for only_new in (False, True):
        once = merged(base, more, only_new=only_new).lists
        assert changes_between(once, merged(once, more, only_new=only_new).lists) == ()


@given(base=any_lists(), more=any_lists())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_person_wrote_is_not_touched_by_what_is_only_new(base: Lists, more: Lists) -> None:
    found = merged(base, more, only_new=True).lists
    for name in TABLES:
        assert [row.values for row in found[name][: len(base[name])]] == [row.values for row in base[name]]


@given(more=any_lists())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_each_thing_stands_once_and_none_is_lost(more: Lists) -> None:
    found = merged(lists(), more).lists["holdings"]
    kept = [(row.values.get("kind", ""), row.values.get("pattern", "").lower()) for row in found]
    assert len(kept) == len(set(kept))
    given = {(row.values.get("kind", ""), row.values.get("pattern", "").lower()) for row in more["holdings"]}
    assert set(kept) == given


def test_a_holder_is_known_by_any_of_its_accounts() -> None:
    given = lists(
        identities=[{"id": "ada@tribunal.example", "accounts": "S-1-5-21-9;Tribunal\\ADA", "unit": "Chambers"}],
        memberships=[{"identity": "ada@tribunal.example", "group": "all"}],
        groups=[{"id": "all"}],
    )
    found = merged(lists(identities=[ADA]), given).lists
    assert values(found) == {
        "identities": [{**ADA, "accounts": f"{ADA['accounts']};S-1-5-21-9", "unit": "Chambers"}],
        "groups": [{"id": "all"}],
        "memberships": [{"identity": "p-1", "group": "all"}],
    }
    (change, *_) = changes_between(lists(identities=[ADA]), found)
    assert (change.name, change.is_new) == ("p-1", False)
    assert ("unit", "Registry", "Chambers") in change.differences


def test_accounts_of_several_identities_are_nobodys_to_take() -> None:
    base = lists(identities=[{"id": "p-1", "accounts": "ada"}, {"id": "p-2", "accounts": "ben"}])
    found = merged(base, lists(identities=[{"id": "p-3", "accounts": "ada;ben"}, {"id": "p-2", "accounts": "ada;eve"}]))
    assert [why for _, why in found.refused] == ["its accounts belong to several identities that are declared"]
    assert [row.values["accounts"] for row in found.lists["identities"]] == ["ada", "ben;eve"]


def test_a_row_without_a_time_adds_nothing_to_one_with() -> None:
    base = lists(memberships=[{"identity": "p-1", "group": "g", "from": "2024-01-01"}])
    more = [{"identity": "p-1", "group": "g"}, {"identity": "p-1", "group": "g", "from": "2025-01-01"}]
    found = merged(base, lists(memberships=more)).lists["memberships"]
    assert [row.values.get("from") for row in found] == ["2024-01-01", "2025-01-01"]


def test_what_is_one_behind_the_door_is_one() -> None:
    base = lists(holdings=[{"pattern": "eva.example@x.example", "kind": "mailbox", "matter": "M1"}])
    given = lists(holdings=[{"pattern": "TOKEN@x.example", "kind": "mailbox", "sensitivity": "sealed"}])
    found = merged(base, given, shown={"eva.example@x.example": "TOKEN@x.example"}).lists["holdings"]
    assert [row.values for row in found] == [
        {"pattern": "eva.example@x.example", "kind": "mailbox", "matter": "M1", "sensitivity": "sealed"}
    ]
