"""Tables by matter and place count every holding once; what may be the holder's own stands apart."""

from __future__ import annotations

import dataclasses

from tocsin.model.answers import Answers
from tocsin.model.exposure import Verdict
from tocsin.model.response import Means
from tocsin.share.holdings_shown import by_matter, by_place, other_use
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
