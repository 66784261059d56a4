"""Indicators: a bundle every STIX program accepts, of the intrusion alone, with nothing of the institution's own."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.validator import run_validator
from tests.share.conftest import ADA, HOSTILE, MAIL, at

from tocsin.model.answers import Answers
from tocsin.model.finding import Entity, EntityType
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Cut, Means
from tocsin.share.format import Part, format_named
from tocsin.share.formats.stix import Stix
from tocsin.share.indicators import Kind, Own, indicators_of
from tocsin.share.marking import Tlp
from tocsin.share.stix import pattern_of, stix_time


def objects(answers: Answers, stix: Stix | None = None) -> list[dict[str, Any]]:
    bundle = json.loads((stix or Stix()).render(answers, Part.INVESTIGATION))
    return list(bundle["objects"])


def patterns(answers: Answers, stix: Stix | None = None) -> list[str]:
    return [one["pattern"] for one in objects(answers, stix) if one["type"] == "indicator"]


def used_by(answers: Answers, *means: Means) -> Answers:
    """The answers with these means beside those of the first incident."""
    first, *others = answers.attribution
    return dataclasses.replace(answers, attribution=(dataclasses.replace(first, means=(*first.means, *means)), *others))


def meaning(**given: Any) -> Means:
    values: dict[str, Any] = {"account": ADA, "session": "", "address": HOSTILE, "client": "", "count": 4}
    return Means(first=at("2024-03-04T02:11:09Z"), last=at("2024-03-05T00:00:00Z"), **(values | given))


@pytest.mark.parametrize("tlp", list(Tlp))
@pytest.mark.parametrize("accounts", [False, True])
def test_the_bundle_is_valid_stix(answers: Answers, tlp: Tlp, accounts: bool) -> None:
    text = Stix(tlp=tlp, with_accounts=accounts).render(
        used_by(answers, meaning(client="invented-client/1.0 ('quoted' \\ text)")), Part.INVESTIGATION
    )
    bundle = stix2.parse(text, allow_custom=False, version="2.1")
    known = {one["id"] for one in bundle.objects}
    for one in bundle.objects:
        if one["type"] == "indicator":
            assert run_validator(one["pattern"], stix_version="2.1") == []
        for name, value in one.items():
            if name.endswith("_ref"):
                assert value in known
            if name.endswith("_refs"):
                assert set(value) <= known
    assert len(known) == len(bundle.objects)


def test_an_empty_answer_is_a_valid_bundle(empty: Answers) -> None:
    stix2.parse(Stix().render(empty, Part.INVESTIGATION), allow_custom=False, version="2.1")
    assert patterns(empty) == []


def test_what_the_intruder_used_is_looked_for(answers: Answers) -> None:
    found = patterns(used_by(answers, meaning(client="invented-client/1.0")))
    assert found == [
        f"[ipv4-addr:value = '{HOSTILE}']",
        "[email-addr:value = 'collector@mail.example']",
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'invented-client/1.0']",
    ]


def test_how_often_and_when_it_was_seen_is_said(answers: Answers) -> None:
    made = objects(answers)
    address = next(one for one in made if one["type"] == "indicator" and HOSTILE in one["pattern"])
    sighting = next(one for one in made if one["type"] == "sighting" and one["sighting_of_ref"] == address["id"])
    assert (sighting["count"], sighting["first_seen"], sighting["last_seen"]) == (
        321,
        "2024-03-04T02:11:09.000Z",
        "2024-03-07T23:58:40.000Z",
    )
    assert address["confidence"] == 83
    tied = {one["target_ref"] for one in made if one["type"] == "relationship" and one["source_ref"] == address["id"]}
    assert [one["name"] for one in made if one["id"] in tied] == ["T1114.002"]


def test_an_incident_not_taken_as_an_intrusion_gives_none(answers: Answers) -> None:
    doubtful = tuple(dataclasses.replace(incident, score=49) for incident in answers.incidents)
    assert patterns(dataclasses.replace(answers, incidents=doubtful)) == []


@pytest.mark.parametrize("own", [Own((ipaddress.ip_network("192.0.2.0/24"),), ()), Own((), ("mail.example",))])
def test_what_is_named_as_own_is_no_indicator(answers: Answers, own: Own) -> None:
    before, after = patterns(answers), patterns(answers, Stix(own=own))
    assert len(after) == len(before) - 1
    found, left = indicators_of(answers, own)
    assert left.own_addresses + left.own_mail == 1
    assert len(found) == len(after)


@pytest.mark.parametrize("address", ["10.1.2.3", "100.64.0.9", "fd00::1", "127.0.0.1", "fe80::1"])
def test_an_address_nobody_outside_owns_is_no_indicator(answers: Answers, address: str) -> None:
    assert not any(address in pattern for pattern in patterns(_with_address(answers, address)))
    assert any("198.51.100.9" in pattern for pattern in patterns(_with_address(answers, "198.51.100.9")))


def test_an_address_many_share_is_no_indicator(answers: Answers) -> None:
    crowd = [meaning(account=f"account{number}@tribunal.example") for number in range(6)]
    assert not any(HOSTILE in pattern for pattern in patterns(used_by(answers, *crowd)))


def test_an_address_that_is_not_to_be_blocked_is_no_indicator(answers: Answers) -> None:
    spared = dataclasses.replace(
        answers.containment[0], action="find_device", target=Entity(EntityType.ADDRESS, HOSTILE)
    )
    assert isinstance(spared, Cut)
    assert not any(HOSTILE in one for one in patterns(dataclasses.replace(answers, containment=(spared,))))


def test_a_client_that_is_in_other_use_too_is_no_indicator(answers: Answers) -> None:
    common = meaning(client="Mozilla/5.0 (invented)")
    assert any("Mozilla" in pattern for pattern in patterns(used_by(answers, common)))
    elsewhere = meaning(client="Mozilla/5.0 (invented)", address="198.51.100.4", session="another")
    assert not any("Mozilla" in pattern for pattern in patterns(used_by(answers, common, elsewhere)))


def test_mail_sent_on_within_the_institution_is_no_indicator(answers: Answers) -> None:
    change = dataclasses.replace(answers.changes[0], detail="forwarding set to ben.example@tribunal.example")
    _, left = indicators_of(dataclasses.replace(answers, changes=(change,)))
    assert left.own_mail == 1
    assert not any("email" in one for one in patterns(dataclasses.replace(answers, changes=(change,))))


def test_accounts_of_the_institution_stand_in_it_only_when_asked_and_never_as_indicators(answers: Answers) -> None:
    text = Stix().render(answers, Part.INVESTIGATION)
    assert ADA not in text
    assert "2 accounts of the institution's own that stood in the incidents are not in this bundle." in text
    made = objects(answers, Stix(with_accounts=True))
    logins = {one["account_login"] for one in made if one["type"] == "user-account"}
    assert logins == {ADA, "tribunal\\svc-files"}
    assert not any(ADA in one["pattern"] for one in made if one["type"] == "indicator")
    observed = {ref for one in made if one["type"] == "observed-data" for ref in one["object_refs"]}
    assert observed == {one["id"] for one in made if one["type"] == "user-account"}


def test_observables_have_the_identifiers_the_standard_makes(answers: Answers) -> None:
    for one in objects(answers, Stix(with_accounts=True)):
        if one["type"] == "user-account":
            assert stix2.v21.UserAccount(account_login=one["account_login"]).id == one["id"]


def test_every_object_is_marked_as_published(answers: Answers) -> None:
    marking, *others = objects(answers)
    assert marking["id"] == "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
    assert marking["extensions"] == {
        "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
            "extension_type": "property-extension",
            "tlp_2_0": "amber+strict",
        }
    }
    assert all(one["object_marking_refs"] == [marking["id"]] for one in others)


def test_other_content_has_other_identifiers(answers: Answers) -> None:
    later = dataclasses.replace(answers, as_of=at("2024-03-09T00:00:00Z"))
    first = {one["id"] for one in objects(answers) if one["type"] == "indicator"}
    assert first.isdisjoint(one["id"] for one in objects(later) if one["type"] == "indicator")
    assert format_named("stix", Part.INVESTIGATION).render(answers, Part.INVESTIGATION) == Stix().render(
        answers, Part.INVESTIGATION
    )


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_pattern_is_valid_whatever_a_client_calls_itself(value: str) -> None:
    pattern = pattern_of(Kind.AGENT, value)
    assert run_validator(pattern, stix_version="2.1") == []
    quoted = re.search(r"'User-Agent' = '(.*)'\]$", pattern, re.DOTALL)
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted.group(1), flags=re.DOTALL) == value


@given(st.integers(0, 2**62))
def test_times_are_to_the_millisecond(value: int) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stix_time(value))


def _with_address(answers: Answers, address: str) -> Answers:
    """The answers with one more finding of an intrusion, from that address."""
    finding = dataclasses.replace(
        answers.findings[0],
        id="f-extra",
        entities=(Entity(EntityType.ADDRESS, address),),
        records=(RecordPlace(MAIL, 900),),
    )
    incident = dataclasses.replace(
        answers.incidents[0], id="i-extra", findings=("f-extra",), entities=finding.entities, score=90
    )
    return dataclasses.replace(
        answers,
        findings=(*answers.findings, finding),
        incidents=(*answers.incidents, incident),
        attribution=(*answers.attribution, Attribution(incident="i-extra", statement="", means=(), processes=())),
    )
