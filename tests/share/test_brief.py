"""The brief: two pages in any case, no name, what changed since the one before, and only sentences that are carried."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.conftest import ADA, at

from tocsin.model.answers import Answers
from tocsin.model.brief import Figures, IssuedBrief
from tocsin.model.coverage import CoverageState
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.finding import Entity, EntityType
from tocsin.model.preservation import Standing
from tocsin.share.brief import page_of, reduced
from tocsin.share.figures import changes_since, figures_of
from tocsin.share.format import Part
from tocsin.share.formats.brief import Brief
from tocsin.share.marking import Tlp
from tocsin.share.statements import may_be_said, must_not_be_said

DIGESTS = st.lists(st.text("0123456789abcdef", min_size=1, max_size=2), max_size=8).map(set)


def written(answers: Answers, **given_: object) -> str:
    return dataclasses.replace(Brief(), **given_).render(answers, Part.INVESTIGATION)  # type: ignore[arg-type]


def words_of(text: str) -> str:
    """What a reader sees, without the style."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text.split("</style>")[1]))


def issued(figures: Figures) -> IssuedBrief:
    return IssuedBrief(number=3, issued="2024-03-07T18:00:00Z", sha256="a" * 64, figures=figures)


def judged(answers: Answers, *exposures: Exposure) -> Answers:
    return dataclasses.replace(answers, exposure=exposures)


def one(answers: Answers, verdict: Verdict, holding: str = "h-1", **given_: object) -> Exposure:
    given_ = {"label": "" if verdict is Verdict.RULED_OUT else answers.exposure[0].label, **given_}
    return dataclasses.replace(
        answers.exposure[0],
        holding=holding,
        verdict=verdict,
        degree=Degree.OPENED if verdict is Verdict.CONFIRMED else None,
        **given_,  # type: ignore[arg-type]
    )


def test_the_brief_is_as_reviewed(answers: Answers, same_as_golden: object) -> None:
    figures = dataclasses.replace(figures_of(answers), confirmed=("0123456789abcdef",), cuts=())
    same_as_golden("brief.html", written(answers, previous=issued(figures), issuing=True))  # type: ignore[operator]


def test_it_stands_alone_and_says_nothing_of_the_run(answers: Answers, empty: Answers) -> None:
    text = written(answers)
    assert not re.search(r"<(script|link|img|iframe|form)\b|https?:|\sstyle=|\son\w+=", text)
    assert "style-src 'sha256-" in text
    assert written(dataclasses.replace(answers, run=empty.run)) == text


def test_what_is_needed_first_stands_first(answers: Answers) -> None:
    text = words_of(written(answers))
    order = [
        "As of 2024-03-08 06:58 UTC",
        "Known",
        "Not known yet",
        "Cannot be known",
        "What was reached",
        "What changed",
        "Cuts proposed",
        "Decisions asked",
        "expires within 48 hours",
        "May be said",
        "Do not say",
    ]
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_holdings_and_sessions_are_never_named(answers: Answers) -> None:
    text = written(answers)
    for exposure in answers.exposure:
        for name in (exposure.holding, exposure.label, *exposure.sessions, *exposure.addresses):
            assert not name or name == ADA or name not in text
    assert "witnesses" not in text.lower().split("</style>")[1]


def test_an_account_stands_only_where_it_is_cut(answers: Answers) -> None:
    assert ADA in written(answers)
    assert ADA not in written(dataclasses.replace(answers, containment=()))


def test_what_a_cut_interrupts_names_no_person_and_no_other_account(answers: Answers) -> None:
    cut = dataclasses.replace(
        answers.containment[0],
        interrupts=(
            f"{ADA} cannot sign in until access is given back.",
            "Affected is Ada Example (legal officer, Chambers).",
            "Affected is Ben Example.",
            "The same identity also has tribunal\\ada, s-1-5-21-1, which stay as they are.",
            "Other accounts used it too, and lose it or are implicated themselves: ben.example@tribunal.example.",
            "Work on M-1 waits.",
        ),
    )
    assert list(reduced(cut)) == [
        "The account cannot sign in until access is given back.",
        "Affected: legal officer, Chambers.",
        "Work on M-1 waits.",
    ]


@pytest.mark.parametrize("tlp", list(Tlp))
def test_the_marking_stands_at_both_ends(answers: Answers, tlp: Tlp) -> None:
    assert written(answers, tlp=tlp).count(tlp.label) == 2


@given(DIGESTS, DIGESTS, DIGESTS, DIGESTS, DIGESTS, DIGESTS)
def test_changes_account_for_every_holding(
    confirmed: set[str], unknown: set[str], out: set[str], confirmed2: set[str], unknown2: set[str], out2: set[str]
) -> None:
    then = _figures(confirmed, unknown - confirmed, out - confirmed - unknown)
    now = _figures(confirmed2, unknown2 - confirmed2, out2 - confirmed2 - unknown2)
    found = changes_since(then, now)
    assert len(now.confirmed) == len(then.confirmed) + found.newly_confirmed - found.withdrawn
    assert len(now.ruled_out) == len(then.ruled_out) + found.newly_ruled_out - found.reopened
    assert found.no_longer_unknown <= found.newly_confirmed + found.newly_ruled_out
    assert not any(changes_since(now, now))


def test_what_was_said_and_no_longer_stands_is_said_first(answers: Answers) -> None:
    before = figures_of(judged(answers, one(answers, Verdict.CONFIRMED), one(answers, Verdict.RULED_OUT, "h-2")))
    now = judged(answers, one(answers, Verdict.UNKNOWN), one(answers, Verdict.CONFIRMED, "h-2"))
    changes = page_of(now, issued(before), issuing=True).changes
    assert changes == (
        "1 holding: WITHDRAWN: confirmed then, not confirmed now",
        "1 holding: WITHDRAWN: ruled out then, not ruled out now",
        "1 holding: newly confirmed",
    )


def test_an_incident_that_grew_is_not_a_new_one(answers: Answers) -> None:
    then = figures_of(answers)
    grown = dataclasses.replace(answers.incidents[1], findings=(*answers.incidents[1].findings, "f-0004"), id="i-other")
    assert changes_since(then, figures_of(dataclasses.replace(answers, incidents=(grown,)))).new_incidents == 0
    assert changes_since(Figures(as_of=None), then).new_incidents == 2


def test_figures_hold_no_name(answers: Answers) -> None:
    figures = figures_of(answers)
    every = [*figures.confirmed, *figures.unknown, *figures.ruled_out, *figures.cuts, *sum(figures.incidents, ())]
    assert every
    assert all(re.fullmatch(r"[0-9a-f]{16}", digest) for digest in every)


def said(statements: Iterable[object]) -> str:
    return "\n".join(getattr(statement, "sentence", "") for statement in statements)


@pytest.mark.parametrize("basis", list(Basis))
def test_absence_is_said_only_where_a_basis_carries_it(answers: Answers, basis: Basis) -> None:
    carrying = basis in (Basis.SEALED, Basis.SEQUENCE, Basis.ATTESTED)
    ruled_out = judged(answers, one(answers, Verdict.RULED_OUT, basis=basis))
    assert ("show no access" in said(may_be_said(ruled_out))) is carrying
    unknown = judged(answers, one(answers, Verdict.UNKNOWN, basis=basis))
    assert "no access" not in said(may_be_said(unknown))


def test_no_sentence_says_that_nothing_was_found(answers: Answers, empty: Answers) -> None:
    for case in (answers, empty, dataclasses.replace(answers, incidents=(), findings=(), exposure=())):
        assert not re.search(r"no evidence|not affected|was not|were not", said(may_be_said(case)), re.IGNORECASE)
        if case.accounting.inputs and not case.incidents:
            assert "no proof that there was none" in said(may_be_said(case))


def test_a_confirmed_access_is_a_lower_bound_in_words_of_its_degree(answers: Answers) -> None:
    opened = [one(answers, Verdict.CONFIRMED, f"h-{number}") for number in range(2)]
    accessed = dataclasses.replace(one(answers, Verdict.CONFIRMED, "h-3"), degree=Degree.ACCESSED)
    text = said(may_be_said(judged(answers, *opened, accessed)))
    assert "At least 2 mail items were opened." in text
    assert "At least 1 mail item was accessed; the logs do not show whether it was read." in text
    assert '"They were read"' in said(must_not_be_said(judged(answers, accessed)))


def test_what_is_ruled_out_is_said_of_the_time_judged_and_of_no_thing_in_part_confirmed(answers: Answers) -> None:
    mailbox = one(answers, Verdict.RULED_OUT, kind="mailbox", basis=Basis.ATTESTED)
    text = said(may_be_said(judged(answers, mailbox, dataclasses.replace(mailbox, holding="h-2*", kind="document"))))
    assert (
        "For 1 declared path and 1 mailbox as a whole the logs from 2024-03-04 02:11:09 to 2024-03-08 06:00:00 UTC are"
        " complete by the word of our custodians, and show no access through what we treat as hostile." in text
    )
    rest = dataclasses.replace(mailbox, label="every item of this mailbox except this 1")
    assert "no access" not in said(may_be_said(judged(answers, one(answers, Verdict.CONFIRMED, "h-2"), rest)))
    timeless = dataclasses.replace(mailbox, premises=dataclasses.replace(mailbox.premises, to=None))
    assert "no access" not in said(may_be_said(judged(answers, timeless)))


def test_a_mailbox_ruled_out_is_withdrawn_when_an_item_of_it_is_confirmed(answers: Answers) -> None:
    mailbox = one(answers, Verdict.RULED_OUT, kind="mailbox")
    rest = dataclasses.replace(mailbox, label="every item of this mailbox except this 1")
    then = figures_of(judged(answers, mailbox))
    assert changes_since(then, figures_of(judged(answers, one(answers, Verdict.CONFIRMED, "h-2"), rest))).reopened == 1


def test_an_upper_bound_is_denied_while_anything_is_open(answers: Answers) -> None:
    confirmed = one(answers, Verdict.CONFIRMED)
    whole = judged(answers, confirmed)
    part = judged(answers, confirmed, one(answers, Verdict.UNKNOWN, "h-2"))
    assert "Only 1 holding" in said(must_not_be_said(part))
    assert "Only" not in said(must_not_be_said(whole))
    assert "We cannot exclude that more was reached." in said(may_be_said(part))


def test_a_gap_forbids_to_speak_of_no_evidence(answers: Answers) -> None:
    assert '"There is no evidence that anything else was reached."' in said(must_not_be_said(answers))


def test_nothing_expiring_within_48_hours_is_left_out(answers: Answers) -> None:
    assert answers.as_of is not None
    template = dataclasses.replace(answers.preservation[0], standing=Standing.EXPIRES, named=True)
    soon = dataclasses.replace(template, deadline=answers.as_of + 47 * 3600 * 10**9)
    late = dataclasses.replace(template, deadline=answers.as_of + 49 * 3600 * 10**9)
    page = page_of(dataclasses.replace(answers, preservation=(soon, late)), None, issuing=False)
    assert len(page.expiring.entries) == 1
    assert any("saved" in decision.what and decision.when == "by 2024-03-10 05:58" for decision in page.decisions)


def test_a_cut_that_touches_what_must_go_on_is_asked_of_the_director(answers: Answers) -> None:
    page = page_of(answers, None, issuing=False)
    asked = [decision for decision in page.decisions if "files-01.tribunal.example" in decision.what]
    assert [decision.whom for decision in asked] == ["director"]


def test_nobody_is_named_on_paper_for_what_is_no_intrusion(answers: Answers) -> None:
    weak = tuple(dataclasses.replace(incident, score=30) for incident in answers.incidents)
    page = page_of(dataclasses.replace(answers, incidents=weak), None, issuing=False)
    assert page.cuts == ()
    assert not [decision for decision in page.decisions if "Yes or no?" in decision.what]
    assert page_of(answers, None, issuing=False).cuts != ()


def test_nothing_read_is_said_and_asks_nothing(empty: Answers) -> None:
    text = words_of(written(empty))
    assert "no record that was read has one" in text
    assert page_of(empty, None, issuing=False).decisions == ()


def test_the_brief_is_no_longer_for_a_hundred_times_as_much(answers: Answers) -> None:
    """Every list is cut: what the largest case shows is bounded, and what is cut is counted."""
    large = [words_of(written(larger(answers, times))) for times in (100, 200)]
    assert abs(len(large[0]) - len(large[1])) < 1_500  # by the number of rows chosen for the page, and no more
    assert max(map(len, large)) < 9_000
    assert re.search(r"and \d+ more", large[1])


def _figures(confirmed: set[str], unknown: set[str], ruled_out: set[str]) -> Figures:
    return Figures(
        as_of=None,
        confirmed=tuple(sorted(confirmed)),
        unknown=tuple(sorted(unknown)),
        ruled_out=tuple(sorted(ruled_out)),
    )


def larger(answers: Answers, times: int) -> Answers:
    """Everything many times over, each different, with long words."""
    long = "Long Words "
    kinds = ("mailbox", "mail_item", "mail_folder", "document", "folder", "site", "object", "bucket", "secret")
    numbers = range(100, 100 + times)
    target = [Entity(EntityType.ACCOUNT, f"{number}-{'w' * 90}@x") for number in numbers]
    return dataclasses.replace(
        answers,
        exposure=tuple(
            dataclasses.replace(
                answers.exposure[0],
                holding=f"{kind}-{number}",
                kind=kind,
                matter=f"M-{number}-{long * 9}",
                degree=degree,
            )
            for kind in kinds
            for number in numbers
            for degree in (list(Degree)[number % 7],)
        ),
        containment=tuple(
            dataclasses.replace(
                answers.containment[0], action=f"act_{number % 12}", target=entity, interrupts=(long * 30,) * 3
            )
            for number, entity in enumerate(target)
        ),
        coverage=tuple(
            dataclasses.replace(answers.coverage[0], state=state) for state in CoverageState for _ in numbers
        ),
        preservation=tuple(
            dataclasses.replace(
                answers.preservation[0],
                deadline=at("2024-03-09T00:00:00Z"),
                retention=dataclasses.replace(answers.preservation[0].retention, product=f"{number} {long * 9}"),
            )
            for number in numbers
        ),
        incidents=answers.incidents * times,
    )
