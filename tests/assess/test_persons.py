"""A verdict a protected person, from the holdings that speak of them."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.persons import FEWER, conclude
from tocsin.model.estate import PersonAt
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Premises, Verdict
from tocsin.model.protection import How
from tocsin.model.reference import RecordPlace
from tocsin.share.persons import persons_text

ANNA, BERT = "P" + "A" * 26, "P" + "B" * 26
PREMISES = Premises(compromised=(), earliest=None, likely=None, latest=None, channels=(), logging_point="")
TOKENS = st.sampled_from([f"{ANNA}-xABCDE", f"{ANNA}-gABCDE", f"{BERT}-gabcde", f"{BERT.lower()}-xzzzzz", "nobody"])


def row(
    holding: str,
    verdict: Verdict = Verdict.CONFIRMED,
    *,
    degree: Degree | None = Degree.OPENED,
    actor_class: ActorClass = ActorClass.ACCOUNT,
    label: str = "",
    time: int = 5,
    reachable: bool = False,
) -> Exposure:
    is_confirmed = verdict is Verdict.CONFIRMED
    return Exposure(
        holding=holding,
        kind="mail_item",
        container="box",
        label=label,
        actor="ada.invented",
        actor_class=actor_class,
        verdict=verdict,
        degree=degree if is_confirmed else None,
        basis=Basis.RECORD,
        premises=PREMISES,
        addresses=(),
        sessions=(),
        clients=(),
        operations=(),
        first=time if is_confirmed else None,
        last=time if is_confirmed else None,
        matter="",
        sensitivity="",
        reasons=() if is_confirmed else ("the log has a gap",),
        records=(RecordPlace("a.log", time),) if is_confirmed else (),
        reachable=reachable,
    )


ROWS = st.builds(row, TOKENS, st.sampled_from(Verdict), degree=st.sampled_from(Degree), label=TOKENS)


def test_the_furthest_that_was_confirmed_through_whom_and_how_the_name_was_written() -> None:
    rows = (
        row(f"{ANNA}-xABCDE.pdf", degree=Degree.OPENED, time=7),
        row("note", label=f"about {ANNA.lower()}-gqqqqq", degree=Degree.DOWNLOADED, time=3),
        row(f"{ANNA}-xABCDE/rest", Verdict.UNKNOWN),
    )
    found = conclude(rows, {ANNA: "W-01", BERT: "W-02"})
    (one,) = found.persons
    assert (one.handle, one.verdict, one.degree, one.holdings) == ("W-01", Verdict.CONFIRMED, Degree.DOWNLOADED, 3)
    assert (one.hows, one.actors, one.first, one.last) == ((How.EXACT, How.GENERATED), ("ada.invented",), 3, 7)
    assert [place.entry for place in one.records] == [3, 7]
    assert found.unspoken == 1
    assert "W-01" in persons_text(found)


def test_what_a_provider_or_responder_reached_confirms_nothing_and_nobody_is_ruled_out() -> None:
    rows = (
        row(f"{ANNA}-xABCDE", actor_class=ActorClass.PROVIDER_SERVICE),
        row(f"{BERT}-xABCDE", Verdict.RULED_OUT),
    )
    found = conclude(rows, {})
    assert [one.verdict for one in found.persons] == [Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert all("no log can say" in one.reasons[0] for one in found.persons)


def test_without_the_key_nothing_tells_one_person_from_another() -> None:
    found = conclude([row(f"{ANNA}-xABCDE"), *(row(f"{BERT}-xABCDE {number}") for number in range(FEWER))], None)
    assert (found.named, found.unspoken) == (False, None)
    assert [(one.token, one.holdings) for one in found.persons] == [(ANNA, None), (BERT, FEWER)]
    assert not any(one.handle or one.actors or one.records or one.first for one in found.persons)
    text = persons_text(found)
    assert "fewer than three holdings" in text
    assert "ada.invented" not in text


@given(rows=st.lists(ROWS, max_size=8), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing_and_a_row_more_never_takes_a_confirmation_back(
    rows: list[Exposure], seed: Random
) -> None:
    handles = {ANNA: "W-01", BERT: "W-02"}
    found = conclude(rows, handles)
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert conclude(shuffled, handles) == found
    assert (found.unspoken or 0) + len(found.persons) == len(handles)
    before = {one.token for one in conclude(rows[1:], handles).persons if one.verdict is Verdict.CONFIRMED}
    assert before <= {one.token for one in found.persons if one.verdict is Verdict.CONFIRMED}


def test_a_repr_shows_no_handle() -> None:
    assert "W-01" not in repr(conclude([row(f"{ANNA}-xABCDE")], {ANNA: "W-01"}))


DECLARED = (
    PersonAt(pattern="https://tribunal.example/sites/m1/*", handle="W-1"),
    PersonAt(pattern="\\\\files\\M2\\statement.docx", handle="W-2"),
)


def test_holdings_that_the_estate_says_are_about_somebody_count_for_them_with_bounds() -> None:
    rows = (
        row("https://tribunal.example/sites/m1/a.docx"),
        row("https://tribunal.example/sites/M1/b.docx", Verdict.UNKNOWN, reachable=True),
        row("https://tribunal.example/sites/m1", Verdict.UNKNOWN),
        row("https://tribunal.example/sites/m10/c.docx"),
        row("\\\\files\\M2\\*", Verdict.UNKNOWN),
    )
    found = {one.handle: one for one in conclude(rows, {}, DECLARED).persons}
    assert found.keys() == {"W-1", "W-2"}
    one = found["W-1"]
    assert (one.holdings, one.confirmed, one.possible, one.reachable) == (3, 1, 3, 1)
    assert (one.verdict, one.declared, one.token, one.hows) == (Verdict.CONFIRMED, True, "", ())
    assert found["W-2"].verdict is Verdict.UNKNOWN  # what holds it is in question
    assert "[1 ; 3] confirmed ; cannot be excluded, 1 of the unknown could be opened" in persons_text(
        conclude(rows, {}, DECLARED)
    )


def test_a_handle_of_the_vault_is_its_tokens_person_and_without_the_key_nobody_is_joined() -> None:
    rows = (row(f"https://tribunal.example/sites/m1/{ANNA}-xABCDE.pdf"),)
    (joined,) = conclude(rows, {ANNA: "W-1", BERT: "W-9"}, DECLARED).persons
    assert (joined.token, joined.handle, joined.declared, joined.hows) == (ANNA, "W-1", True, (How.EXACT,))
    apart = conclude(rows, None, DECLARED).persons
    assert {(one.token, one.handle) for one in apart} == {(ANNA, ""), ("", "W-1")}
    assert all(one.holdings is one.confirmed is one.possible is None and not one.records for one in apart)


@given(st.lists(ROWS, max_size=8), st.lists(ROWS, max_size=4))
def test_the_bounds_hold_the_confirmed_and_grow_with_more_rows(rows: list[Exposure], more: list[Exposure]) -> None:
    few = {one.token: one for one in conclude(rows, {}).persons}
    for one in conclude([*rows, *more], {}).persons:
        assert (one.confirmed or 0) <= (one.possible or 0) <= (one.holdings or 0)
        assert (one.confirmed or 0) >= (few[one.token].confirmed or 0 if one.token in few else 0)
