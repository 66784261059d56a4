from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess.verdict import (
    CARRYING,
    STRENGTH,
    Channel,
    Judgement,
    Reach,
    Window,
    covers,
    judge,
    strength,
    worst,
)
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis, Verdict

WINDOW = Window(from_=100, to=200)
ORDER = [Verdict.RULED_OUT, Verdict.UNKNOWN, Verdict.CONFIRMED]
ADMINISTRATOR = "an administrator is among the compromised"


def row(state: CoverageState, from_: int | None, to: int | None, basis: Basis = Basis.NONE) -> Coverage:
    return Coverage(
        source="log", host="", channel="", from_=from_, to=to, state=state, evidence=f"{state} as told", basis=basis
    )


def attested(from_: int = 0, to: int = 300) -> Coverage:
    return row(CoverageState.PROVEN, from_, to, Basis.ATTESTED)


def word(from_: int = 0, to: int = 300) -> Coverage:
    return row(CoverageState.UNPROVEN, from_, to, Basis.PROVIDERS_WORD)


def channel(*rows: Coverage, observed: bool = False) -> Channel:
    return Channel(name="log", observed=observed, coverage=rows)


def test_an_observed_access_confirms_whatever_else_holds() -> None:
    judgement = judge(WINDOW, [channel(attested()), channel(observed=True)], [ADMINISTRATOR])
    assert (judgement.verdict, judgement.basis) == (Verdict.CONFIRMED, Basis.RECORD)


def test_a_window_watched_wholly_on_a_custodians_word_rules_out() -> None:
    judgement = judge(WINDOW, [channel(word(), attested())])
    assert (judgement.verdict, judgement.basis) == (Verdict.RULED_OUT, Basis.ATTESTED)


def test_two_attestations_that_touch_cover_together() -> None:
    assert judge(WINDOW, [channel(attested(0, 150), attested(150, 300))]).verdict is Verdict.RULED_OUT
    assert judge(WINDOW, [channel(attested(0, 150), attested(151, 300))]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("state", [state for state in CoverageState if state is not CoverageState.PROVEN])
def test_anything_that_speaks_against_completeness_blocks(state: CoverageState) -> None:
    judgement = judge(WINDOW, [channel(attested(), row(state, 199, 200))])
    assert (judgement.verdict, judgement.basis) == (Verdict.UNKNOWN, Basis.NONE)
    assert "as told" in judgement.reasons[0]


def test_what_lies_outside_the_window_does_not_block() -> None:
    outside = row(CoverageState.GAPPED, 200, 250), row(CoverageState.GAPPED, 50, 100)
    assert judge(WINDOW, [channel(attested(), *outside)]).verdict is Verdict.RULED_OUT


def test_an_open_window_is_never_ruled_out() -> None:
    forever = row(CoverageState.PROVEN, None, None, Basis.SEALED)
    assert judge(Window(from_=None, to=200), [channel(forever)]).verdict is Verdict.UNKNOWN
    assert judge(Window(from_=100, to=None), [channel(forever)]).verdict is Verdict.UNKNOWN
    assert judge(WINDOW, [channel(forever)]).verdict is Verdict.RULED_OUT


def test_a_providers_word_is_told_in_its_sentence() -> None:
    judgement = judge(WINDOW, [channel(word())])
    assert (judgement.verdict, judgement.basis) == (Verdict.UNKNOWN, Basis.PROVIDERS_WORD)
    assert judgement.reasons == ("no access recorded; the provider's log has no proof of completeness",)


def test_an_administrator_leaves_no_more_than_the_providers_word() -> None:
    judgement = judge(WINDOW, [channel(attested())], [ADMINISTRATOR])
    assert (judgement.verdict, judgement.basis) == (Verdict.UNKNOWN, Basis.PROVIDERS_WORD)
    assert judgement.reasons[0] == ADMINISTRATOR


def test_no_channel_is_no_knowledge() -> None:
    assert judge(WINDOW, []).verdict is Verdict.UNKNOWN


def test_what_could_not_be_reached_needs_a_basis_too() -> None:
    shut = Channel(name="share", observed=False, coverage=(), reach=Reach.NONE, reach_basis=Basis.ATTESTED)
    assert judge(WINDOW, [shut, channel(attested())]).verdict is Verdict.RULED_OUT
    assert judge(WINDOW, [replace(shut, reach_basis=Basis.STATISTICAL)]).verdict is Verdict.UNKNOWN


def test_the_worst_part_decides() -> None:
    parts = [
        Judgement(verdict=verdict, basis=basis, reasons=(verdict,))
        for verdict, basis in (
            (Verdict.RULED_OUT, Basis.SEALED),
            (Verdict.UNKNOWN, Basis.NONE),
            (Verdict.RULED_OUT, Basis.ATTESTED),
        )
    ]
    assert worst(parts).verdict is Verdict.UNKNOWN
    assert worst([parts[0], parts[2]]).basis is Basis.ATTESTED
    with pytest.raises(ValueError, match="nothing"):
        worst([])


ROWS = st.builds(
    row,
    st.sampled_from([CoverageState.PROVEN, CoverageState.PROVEN, *CoverageState]),
    st.one_of(st.none(), st.integers(80, 160)),
    st.one_of(st.none(), st.integers(140, 220)),
    st.sampled_from([Basis.ATTESTED, Basis.SEALED, *STRENGTH]),
)
CHANNELS = st.builds(
    Channel,
    name=st.just("log"),
    observed=st.booleans(),
    coverage=st.lists(ROWS, max_size=4).map(tuple),
    reach=st.sampled_from(Reach),
    reach_basis=st.sampled_from(STRENGTH),
)
QUIET = CHANNELS.map(lambda one: replace(one, observed=False))


def not_stronger(before: Judgement, after: Judgement) -> None:
    """The law: what was less certain before may not become "ruled out", and its basis may not rise."""
    if after.verdict is Verdict.RULED_OUT:
        assert before.verdict is Verdict.RULED_OUT
    if Basis.RECORD not in (before.basis, after.basis):
        assert strength(after.basis) <= strength(before.basis)


@given(channels=st.lists(QUIET, min_size=1, max_size=3), data=st.data())
@settings(max_examples=1000, deadline=None)
def test_weakening_the_evidence_never_strengthens_the_verdict(channels: list[Channel], data: st.DataObject) -> None:
    before = judge(WINDOW, channels)
    at = data.draw(st.integers(0, len(channels) - 1))
    rows = list(channels[at].coverage)
    kind = data.draw(st.sampled_from(["weaken", "drop", "gap", "premise", "channel"]))
    forbidden: list[str] = []
    if kind in ("weaken", "drop"):
        proven = [index for index, one in enumerate(rows) if one.state is CoverageState.PROVEN]
        if not proven:
            return
        index = data.draw(st.sampled_from(proven))
        if kind == "drop":
            del rows[index]
        else:
            worse = [state for state in CoverageState if state is not CoverageState.PROVEN]
            rows[index] = replace(rows[index], state=data.draw(st.sampled_from(worse)))
    elif kind == "gap":
        rows.append(row(CoverageState.GAPPED, 120, 130))
    elif kind == "premise":
        forbidden = [ADMINISTRATOR]
    changed = [*channels[:at], replace(channels[at], coverage=tuple(rows)), *channels[at + 1 :]]
    if kind == "channel":
        changed.append(data.draw(QUIET))
    not_stronger(before, judge(WINDOW, changed, forbidden))


@given(channels=st.lists(CHANNELS, max_size=3), forbidden=st.lists(st.just(ADMINISTRATOR), max_size=1))
@settings(max_examples=1000, deadline=None)
def test_an_access_more_never_takes_a_confirmation_away(channels: list[Channel], forbidden: list[str]) -> None:
    before = judge(WINDOW, channels, forbidden)
    after = judge(WINDOW, [*channels, channel(observed=True)], forbidden)
    assert after.verdict is Verdict.CONFIRMED
    assert ORDER.index(after.verdict) >= ORDER.index(before.verdict)


@given(channels=st.lists(CHANNELS, max_size=3), forbidden=st.lists(st.just(ADMINISTRATOR), max_size=1))
@settings(max_examples=100, deadline=None)
def test_ruled_out_always_has_a_basis_that_carries_it(channels: list[Channel], forbidden: list[str]) -> None:
    judgement = judge(WINDOW, channels, forbidden)
    assert (judgement.verdict is Verdict.CONFIRMED) == any(one.observed for one in channels)
    if judgement.verdict is Verdict.RULED_OUT:
        assert judgement.basis in CARRYING
        assert not forbidden
    elif judgement.verdict is Verdict.UNKNOWN:
        assert strength(judgement.basis) <= strength(Basis.PROVIDERS_WORD)
        assert judgement.reasons


@given(rows=st.lists(ROWS, max_size=5))
def test_covering_is_having_every_moment(rows: list[Coverage]) -> None:
    moments = range(100, 200)
    every = all(
        any((one.from_ is None or one.from_ <= at) and (one.to is None or at < one.to) for one in rows)
        for at in moments
    )
    assert covers(rows, WINDOW) == every
