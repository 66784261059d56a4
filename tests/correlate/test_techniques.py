"""Technique ids over the releases of ATT&CK: the data is whole, and what is the same is found the same both ways."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tocsin.correlate.techniques import crosswalk

IDS = crosswalk()
REPLACED = sorted(IDS.successor)
ANY = st.sampled_from([*REPLACED, *sorted(IDS.replaced), "T1003", "T1003.001", "T1070.004"])


def test_no_id_is_replaced_twice_or_by_one_that_was_replaced_itself() -> None:
    listed = [old for olds in IDS.replaced.values() for old in olds]
    assert len(listed) == len(set(listed)) == len(IDS.successor)
    assert not set(IDS.successor) & set(IDS.successor.values())
    assert not [one for one in (*listed, *IDS.replaced) if not re.fullmatch(r"T\d{4}(\.\d{3})?", one)]


@given(ANY)
def test_all_names_of_a_technique_have_the_same_names(technique: str) -> None:
    names = IDS.names(technique)
    assert technique in names
    assert {IDS.names(one) for one in names} == {names}


@given(ANY, ANY)
def test_same_is_symmetric_and_holds_for_every_name(one: str, other: str) -> None:
    assert IDS.is_same(one, other) == IDS.is_same(other, one)
    assert all(IDS.is_same(one, name) for name in IDS.names(one))


def test_a_rule_of_today_answers_for_a_label_of_yesterday() -> None:
    assert IDS.is_same("T1685.005", "T1070.001")
    assert IDS.is_same("T1059", "T1086")
    assert IDS.is_same("T1686", "T1562"), "of one parent before 19.0"
    assert not IDS.is_same("T1059.001", "T1055.001")
    assert IDS.is_same_tactic("stealth", "defense-evasion")
    assert IDS.is_same_tactic("defense-evasion", "defense-impairment")
    assert not IDS.is_same_tactic("stealth", "defense-impairment")


def test_a_finding_names_what_other_releases_call_its_techniques() -> None:
    assert IDS.elsewhere(["T1685.005", "T1003.001"]) == ("T1070.001",)
    assert IDS.elsewhere(["T1562.001"]) == ("T1685",), "not what else became the same technique"
    assert IDS.elsewhere(["T1003"]) == ()
