"""The pictures of how an intrusion moved: nothing overlaps, nothing is lost, and equal answers draw equal pictures."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.model.answers import Answers
from tocsin.model.finding import Entity, EntityType
from tocsin.share.drawing import Box, Drawing, columns, rows
from tocsin.share.relations import Relations, relations

DRAWN = (EntityType.ADDRESS, EntityType.SESSION, EntityType.ACCOUNT, EntityType.HOST, EntityType.MAILBOX)
TOKEN = "pabcdefghijklmnopqrstuvwxyz-x2a3b4"
texts = st.text(alphabet="abcdefgh.-@\\|/: \u202e", min_size=1, max_size=70)
names = st.one_of(texts, texts.map(lambda text: f"{text[:20]}{TOKEN}@{text}"))
entities = st.lists(st.builds(Entity, st.sampled_from(DRAWN), names), min_size=1, max_size=40)
LETTER = 6.5  # of the smaller text; the narrowest that a common face draws


def with_entities(answers: Answers, named: list[Entity]) -> Answers:
    finding = dataclasses.replace(answers.findings[0], entities=tuple(named))
    incident = dataclasses.replace(
        answers.incidents[1], findings=(finding.id,), entities=tuple(sorted(set(named))), links=()
    )
    return dataclasses.replace(answers, findings=(finding,), incidents=(incident,))


def overlap(a: Box, b: Box) -> bool:
    apart_across = a.x + a.width <= b.x or b.x + b.width <= a.x
    return not apart_across and a.y < b.y + b.height and b.y < a.y + a.height


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(named=entities)
def test_boxes_keep_to_the_picture_and_apart_and_their_words_to_them(answers: Answers, named: list[Entity]) -> None:
    found = relations(with_entities(answers, named))
    for drawn in (columns(found), rows(found)):
        assert not [1 for i, a in enumerate(drawn.boxes) for b in drawn.boxes[:i] if overlap(a, b)]
        for box in drawn.boxes:
            assert min(box.x, box.y) >= 0
            assert box.x + box.width <= drawn.width
            assert box.y + box.height <= drawn.height
            assert len(box.lines) * 15 <= box.height + 2
            assert all(len(line) * LETTER <= box.width for line in box.lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(named=entities)
def test_every_node_is_drawn_or_counted(answers: Answers, named: list[Entity]) -> None:
    found = relations(with_entities(answers, named))
    for drawn in (columns(found), rows(found)):
        targets = [box.target for box in drawn.boxes if box.target]
        more = sum(int(box.title.split()[0].replace(",", "")) for box in drawn.boxes if not box.target)
        assert len(targets) == len(set(targets))
        assert len(targets) + more == len(found.nodes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(named=entities, data=st.data())
def test_the_picture_does_not_depend_on_the_order_of_what_is_named(
    answers: Answers, named: list[Entity], data: st.DataObject
) -> None:
    subject, rest = named[0], data.draw(st.permutations(named[1:]))
    accounts = [one for one in named[1:] if one.type is EntityType.ACCOUNT]
    moved = [subject, *accounts, *(one for one in rest if one.type is not EntityType.ACCOUNT)]
    given_ = [subject, *accounts, *(one for one in named[1:] if one.type is not EntityType.ACCOUNT)]
    assert columns(relations(with_entities(answers, given_))) == columns(relations(with_entities(answers, moved)))


def test_labels_of_arriving_lines_have_a_height_of_their_own(answers: Answers) -> None:
    named = [Entity(EntityType.ACCOUNT, "ada.example@tribunal.example")]
    named += [Entity(EntityType.SESSION, f"session-{number}") for number in range(5)]
    labels = [(line.x, line.y) for line in columns(relations(with_entities(answers, named))).lines if line.label]
    assert len(labels) == len(set(labels))
    for column in {x for x, _ in labels}:
        heights = sorted(y for x, y in labels if x == column)
        assert all(below - above >= 12 for above, below in pairwise(heights))


def test_what_was_reached_and_through_whom_is_drawn_as_implicated(answers: Answers) -> None:
    found = relations(answers)
    reached = [node for node in found.nodes if node.holdings]
    assert [(node.kind, node.name, node.holdings, node.hostile) for node in reached] == [
        ("mailbox", "ada.example@tribunal.example", 2, True)
    ]
    (move,) = [move for move in found.moves if move.holdings]
    assert found.nodes[move.a - 1].name == "ada.example@tribunal.example"
    assert move.label == "2 reached"


def test_use_that_only_shares_an_account_is_not_drawn(answers: Answers) -> None:
    assert "192.0.2.78" in {means.address for one in answers.attribution for means in one.means}
    assert "192.0.2.78" not in {node.name for node in relations(answers).nodes}


@pytest.mark.parametrize("draw", [columns, rows])
def test_nothing_to_draw_is_an_empty_picture(draw: object) -> None:
    assert callable(draw)
    drawn = draw(Relations((), ()))
    assert isinstance(drawn, Drawing)
    assert (drawn.boxes, drawn.lines, drawn.height) == ((), (), 0)


@pytest.mark.parametrize("kinds", [2, 5])
def test_a_token_stands_whole_in_its_box(answers: Answers, kinds: int) -> None:
    named = [Entity(kind, f"{TOKEN}@tribunal.example") for kind in DRAWN[-kinds:]]
    found = relations(with_entities(answers, named))
    for drawn in (columns(found), rows(found)):
        assert [box for box in drawn.boxes if TOKEN in "".join(box.lines)]
        assert not [box for box in drawn.boxes if TOKEN[:20] in "".join(box.lines) and TOKEN not in "".join(box.lines)]
