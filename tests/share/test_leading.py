"""The first sentences a reader sees say what the answers say, and no more."""

from __future__ import annotations

import dataclasses

from tocsin.model.answers import Answers
from tocsin.model.finding import Entity, EntityType
from tocsin.share.leading import aside, days, happened, resolving, shared_means, sureness, through


def test_a_sentence_names_when_what_and_through_what(answers: Answers) -> None:
    incident = answers.incidents[1]
    assert happened(incident, answers.findings[:2]) == (
        "2024-03-04 to 2024-03-07: Mailbox opened with a forged sign-in; Mail forwarding set. "
        "1 account (ada.example@tribunal.example) from 192.0.2.77."
    )


def test_what_is_not_named_is_not_made_up(answers: Answers) -> None:
    bare = dataclasses.replace(answers.incidents[0], entities=(), first=None, last=None)
    finding = dataclasses.replace(answers.findings[2], entities=())
    assert happened(bare, [finding]) == "Undated: Security log cleared. No account named."


def test_many_accounts_and_kinds_are_counted(answers: Answers) -> None:
    entities = tuple(Entity(EntityType.ACCOUNT, f"{name}.example@tribunal.example") for name in "abc")
    findings = [
        dataclasses.replace(
            answers.findings[0], detector=dataclasses.replace(answers.findings[0].detector, title=f"Kind {number % 4}")
        )
        for number in range(5)
    ]
    said = happened(dataclasses.replace(answers.incidents[1], entities=entities), findings)
    assert "Kind 0 (2 times); Kind 1; and 2 other kinds of thing." in said
    assert "3 accounts (a.example@tribunal.example and 2 more)" in said


def test_incidents_that_share_an_address_are_likely_one_actors_and_never_said_to_be(answers: Answers) -> None:
    assert shared_means(answers) == ()
    address = Entity(EntityType.ADDRESS, "192.0.2.77")
    first = dataclasses.replace(answers.incidents[0], entities=(*answers.incidents[0].entities, address))
    (sentence,) = shared_means(dataclasses.replace(answers, incidents=(first, answers.incidents[1])))
    assert sentence == (
        "Incidents 1 and 2 share the address 192.0.2.77: that one actor is behind them is likely, not shown."
    )


def test_every_number_that_keeps_the_answers_from_being_surer_is_said(answers: Answers, empty: Answers) -> None:
    said = " ".join(sureness(answers))
    assert "Nobody attests where 1 of 2 logs came from" in said
    assert "4 rules of 23 could not fire, 3 of them because the log they need is not here." in said
    assert "1 step would remove every removable obstacle for 1 of 1 unknown holding." in said
    assert "Beyond any step, for 1 holding: no access recorded, and exchange_message_tracking" in said
    assert sureness(empty) == ("No log was read.",)


def test_the_steps_named_free_something(answers: Answers) -> None:
    one = answers.causes[0]
    idle = dataclasses.replace(one, resolves=0)
    chosen, freed, removable = resolving([idle, idle, idle, one, one])
    assert (len(chosen), freed, removable) == (4, 1, 2)


def test_the_means_are_told_without_what_only_shares_a_part_of_them(answers: Answers) -> None:
    said = "An unknown actor used the account a with client X/5 (Y; Z)"
    rest = "; 51 other combinations share one of these, 2 of them not listed; nothing in these logs says who."
    assert through(dataclasses.replace(answers.attribution[0], statement=said + rest)) == said + "."


def test_other_use_of_the_same_accounts_is_told_with_its_incident(answers: Answers) -> None:
    own = "the same accounts were used in 294 other ways, which may be their holders' own work"
    told = dataclasses.replace(answers.attribution[0], statement=f"Something was used; {own}; nothing here says who.")
    assert aside(dataclasses.replace(answers, attribution=(told,))) == (f"Incident 2: {own}.",)
    assert aside(answers) == ()


def test_a_day_is_said_once() -> None:
    hour = 3_600_000_000_000
    assert days(0, hour) == "1970-01-01 00:00 to 01:00"
    assert days(0, 25 * hour) == "1970-01-01 to 1970-01-02"
    assert days(hour, None) == "1970-01-01 01:00"
    assert days(None, None) == "Undated"
