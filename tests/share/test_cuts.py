"""A cut proposed for several incidents is shown once, and loses nothing that a person has to know before it."""

from __future__ import annotations

import dataclasses

from tocsin.model.answers import Answers
from tocsin.share.cuts import merged


def test_one_action_on_one_target_stands_once_with_every_incident_it_serves(answers: Answers) -> None:
    first = answers.containment[0]
    again = dataclasses.replace(
        first,
        incident="i-0009",
        also=("i-0010",),
        protected=True,
        interrupts=("a hearing",),
        evidence_first="Export the sign-ins.",
    )
    found = merged([first, *answers.containment[1:], again])
    assert len(found) == len(answers.containment)
    assert found[0].incidents == (first.incident, "i-0009", "i-0010")
    assert found[0].protected
    assert found[0].interrupts == (*first.interrupts, "a hearing")
    assert found[0].evidence_first == (first.evidence_first, "Export the sign-ins.")


def test_another_target_is_another_cut(answers: Answers) -> None:
    first = answers.containment[0]
    other = dataclasses.replace(first, target=dataclasses.replace(first.target, id="ben.example@tribunal.example"))
    assert [cut.target.id for cut in merged([first, other])] == [first.target.id, other.target.id]
