"""Tables by matter and place count every holding once; what may be the holder's own stands apart."""

from __future__ import annotations

import dataclasses

from tocsin.model.answers import Answers
from tocsin.model.exposure import Verdict
from tocsin.model.response import Means
from tocsin.share.exposure_text import exposure_lines
from tocsin.share.holdings_shown import by_matter, by_place, none_recorded, none_recorded_words, other_use
from tocsin.share.summary import ADMINISTRATIVE, bounds, strongest


def test_every_holding_stands_in_one_matter_and_one_place(answers: Answers) -> None:
    judged = strongest(answers.exposure)
    for rows in (by_matter(answers.exposure), by_place(answers.exposure)):
        assert sum(row.confirmed + row.unknown + row.ruled_out for row in rows) == len(judged)
    assert [(row.name, row.confirmed, row.sensitivity) for row in by_matter(answers.exposure)] == [
        ("matter-7", 2, "sealed"),
        ("", 0, ""),
    ]


def test_without_matters_there_is_no_table_of_them(answers: Answers) -> None:
    bare = [dataclasses.replace(each, matter="") for each in answers.exposure]
    assert by_matter(bare) == ()


def test_a_path_on_an_administrative_share_is_not_counted_as_a_document(answers: Answers) -> None:
    base = dataclasses.replace(answers.exposure[0], kind="document", verdict=Verdict.CONFIRMED)
    paths = ["\\\\files-01\\ADMIN$\\system32\\a.exe", "\\\\files-01\\C$", "\\\\files-01\\Registry\\a.docx"]
    found = bounds([dataclasses.replace(base, holding=path, container="") for path in paths])
    assert {kind.kind: kind.confirmed for kind in found} == {ADMINISTRATIVE: 2, "document": 1}


def test_other_use_is_what_no_finding_names(answers: Answers) -> None:
    (row,) = other_use(answers)
    assert (row.account, row.address, row.records) == ("ada.example@tribunal.example", "192.0.2.78", 1)


def test_the_same_use_told_of_two_incidents_counts_once(answers: Answers) -> None:
    own = Means(
        account="ada.example@tribunal.example",
        session="",
        address="198.51.100.7",
        client="mail",
        count=12,
        first=1,
        last=2,
    )
    told = tuple(dataclasses.replace(one, means=(own,)) for one in answers.attribution)
    (row,) = other_use(dataclasses.replace(answers, attribution=told))
    assert row.records == 12


def test_what_no_access_is_recorded_to_is_listed_by_its_time_and_stays_unknown(answers: Answers) -> None:
    base = next(each for each in answers.exposure if each.verdict is Verdict.UNKNOWN and not each.label)
    during = dataclasses.replace(base.premises, from_=0, to=86_400_000_000_000, channels=("m365_unified_audit",))
    boxes = [
        dataclasses.replace(
            base, kind="mailbox", holding=name, container=name, premises=during, none_recorded=is_none
        )
        for name, is_none in (("b@tribunal.example", True), ("a@tribunal.example", True), ("c@tribunal.example", False))
    ]  # fmt: skip
    (group,) = none_recorded(boxes)
    assert group.names == ("a@tribunal.example", "b@tribunal.example")
    words = none_recorded_words(group)
    assert words == "2 mailboxes, from 1970-01-01T00:00:00Z to 1970-01-02T00:00:00Z, in m365_unified_audit"
    text = " ".join(" ".join(exposure_lines(dataclasses.replace(answers, exposure=tuple(boxes)))).split())
    assert "NO ACCESS RECORDED 2 holdings of the unknown; it is less than ruled out" in text
    assert f"{words} a@tribunal.example, b@tribunal.example" in text
    assert "mailboxes as a whole [0 ; 3]" in text
    assert "UNKNOWN 3 holdings" in text
