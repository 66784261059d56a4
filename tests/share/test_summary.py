"""The counts and orders that every format shows."""

from __future__ import annotations

import dataclasses

import pytest

from tocsin.model.answers import Answers
from tocsin.model.exposure import ActorClass, Degree, Verdict
from tocsin.share.summary import Bounds, attributions, books, bounds, equation, grouped, is_incomplete


def test_bounds_count_a_holding_once_by_its_strongest_verdict(answers: Answers) -> None:
    opened = answers.exposure[0]
    unknown = dataclasses.replace(opened, actor="ben.example@tribunal.example", verdict=Verdict.UNKNOWN, degree=None)
    downloaded = dataclasses.replace(opened, actor="eve.example@tribunal.example", degree=Degree.DOWNLOADED)
    other = dataclasses.replace(unknown, holding="<other@tribunal.example>")
    expected = (Bounds("mail_item", 1, 2, 0, open=False, containers=1, degrees=((Degree.DOWNLOADED, 1),)),)
    assert bounds([opened, unknown, downloaded, other]) == expected
    assert bounds([other, downloaded, unknown, opened]) == expected


@pytest.mark.parametrize(
    ("verdict", "is_open"), [(Verdict.UNKNOWN, True), (Verdict.CONFIRMED, True), (Verdict.RULED_OUT, False)]
)
def test_items_have_no_upper_bound_while_their_mailbox_is_not_ruled_out(
    answers: Answers, verdict: Verdict, is_open: bool
) -> None:
    item = answers.exposure[0]
    mailbox = dataclasses.replace(item, kind="mailbox", holding=item.container, verdict=verdict, degree=None)
    found = {each.kind: each.open for each in bounds([item, mailbox])}
    assert found == {"mail_item": is_open, "mailbox": False}


def test_what_is_left_of_a_mailbox_is_no_mailbox_ruled_out_and_a_pattern_has_no_upper_bound(answers: Answers) -> None:
    item = answers.exposure[0]
    mailbox = dataclasses.replace(
        item, kind="mailbox", holding=item.container, label="", verdict=Verdict.RULED_OUT, degree=None
    )
    rest = dataclasses.replace(mailbox, label="every item of this mailbox except this 1")
    assert [each.ruled_out for each in bounds([mailbox])] == [1]
    assert [each.ruled_out for each in bounds([item, rest])] == [0, 0]
    pattern = dataclasses.replace(mailbox, kind="document", holding="https://tribunal.example/*", container="")
    assert [each.open for each in bounds([pattern])] == [False]
    assert [each.open for each in bounds([dataclasses.replace(pattern, verdict=Verdict.UNKNOWN)])] == [True]


def test_a_providers_service_is_never_counted_as_the_intruders(answers: Answers) -> None:
    services = [e for e in answers.exposure if e.actor_class is ActorClass.PROVIDER_SERVICE]
    assert services
    assert bounds(services) == ()


def test_the_books_of_all_inputs_balance(answers: Answers) -> None:
    total = books(answers.accounting)
    assert total.read == total.stored + sum(count for _, count in total.rejected)
    assert equation(total) == "records read 3,114 = stored 3,112 + rejected 2 (not_json 2)"


def test_an_ignored_input_is_not_an_incomplete_one(answers: Answers) -> None:
    states = {account.state: is_incomplete(account) for account in answers.accounting.inputs}
    assert states == {"ignored": False, "read": False, "partial": True, "unrecognised": True}


def test_rules_are_grouped_by_reason_and_none_is_lost(answers: Answers) -> None:
    blind = answers.accounting.rules.blind
    groups = grouped((rule.reason, rule.id) for rule in blind)
    assert [len(group.rules) for group in groups] == [3, 1]
    assert sorted(id_ for group in groups for id_ in group.rules) == sorted(rule.id for rule in blind)


def test_attributions_follow_their_incidents(answers: Answers) -> None:
    assert [each.incident for each in attributions(answers)] == [incident.id for incident in answers.incidents]
