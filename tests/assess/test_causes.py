"""What keeps holdings unknown is grouped whole, counted once, and ordered by what removes most."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess import causes, obstacles
from tocsin.model.causes import Cause, CauseKind
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import ActorClass, Basis, Exposure, Premises, Verdict

STRANGE = "a reason of a later version"
SOURCE = "invented_audit"
FIRST, LAST = 1_709_510_400_000_000_000, 1_709_596_800_000_000_000
GAP = Coverage(
    source=SOURCE,
    host="files-01.tribunal.example",
    channel="Security",
    from_=FIRST,
    to=LAST,
    state=CoverageState.GAPPED,
    evidence="record numbers 4 to 9 are missing",
)
GAPPED = f"gapped: {GAP.evidence}"
SENTENCES = [
    *(obstacles.NEAR, obstacles.NOT_ITEMISED, obstacles.UNTIMED, obstacles.ADMINISTRATOR, obstacles.NOT_DECLARED),
    *(obstacles.ACCOUNTS_NOT_KNOWN, obstacles.HOST, obstacles.STANDING_CHANGE, obstacles.NO_LOG, obstacles.IN_A_WHOLE),
    *(obstacles.NOT_PLAINLY, obstacles.NOT_BY_ONE_NAME, obstacles.BY_STRANGERS, obstacles.CHANGED),
    *(obstacles.PROVIDERS_LOG, f"no access recorded; {SOURCE} {obstacles.NO_PROOF}"),
    f"{obstacles.NO_RECORD} {SOURCE} from the time asked of was read",
    GAPPED,
]


def unknown(holding: str, *reasons: str, matter: str = "") -> Exposure:
    return Exposure(
        holding=holding,
        kind="document",
        container="",
        label="",
        actor="",
        actor_class=ActorClass.ACCOUNT,
        verdict=Verdict.UNKNOWN,
        degree=None,
        basis=Basis.NONE,
        premises=Premises(
            compromised=(), earliest=FIRST, likely=None, latest=None, channels=(SOURCE,), logging_point=""
        ),
        addresses=(),
        sessions=(),
        clients=(),
        operations=(),
        first=None,
        last=None,
        matter=matter,
        sensitivity="",
        reasons=reasons,
        records=(),
    )


def conclude(*exposures: Exposure) -> tuple[Cause, ...]:
    return causes.conclude(exposures, [GAP])


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_a_verdict_can_give_is_a_cause_of_its_own_kind_with_a_step(sentence: str) -> None:
    (cause,) = conclude(unknown("a", sentence))
    assert cause.kind is not CauseKind.OTHER
    assert cause.step
    assert cause.holdings == 1


def test_a_sentence_not_known_is_kept_and_frees_nothing() -> None:
    (cause,) = conclude(unknown("a", STRANGE))
    assert (cause.kind, cause.obstacle, cause.step, cause.resolves) == (
        CauseKind.OTHER,
        STRANGE,
        "",
        0,
    )


def test_that_no_access_is_recorded_is_one_cause_also_of_the_rest_of_what_was_reached() -> None:
    rest = f"every item of this mailbox except these 3: {obstacles.NONE_RECORDED}"
    (cause,) = conclude(unknown("a", obstacles.NONE_RECORDED), unknown("b", rest))
    assert (cause.obstacle, cause.holdings, cause.step) == (obstacles.NONE_RECORDED, 2, "")


def test_what_speaks_for_completeness_is_no_obstacle() -> None:
    proven = replace(GAP, state=CoverageState.PROVEN, evidence="attested by Eve Example")
    assert causes.conclude([unknown("a", "attested by Eve Example")], [proven]) == ()


def test_the_step_names_the_log_and_the_days() -> None:
    (cause,) = conclude(unknown("a", GAPPED))
    assert "the Security log of files-01.tribunal.example" in cause.step
    assert "from 2024-03-04 up to 2024-03-05" in cause.step
    assert (cause.source, cause.host, cause.channel, cause.from_, cause.to) == (
        SOURCE,
        "files-01.tribunal.example",
        "Security",
        FIRST,
        LAST,
    )


def test_a_holding_confirmed_in_another_way_is_not_counted_as_unknown() -> None:
    one = unknown("a", GAPPED)
    assert conclude(one, replace(one, verdict=Verdict.CONFIRMED, reasons=())) == ()


def test_steps_that_free_most_come_first_and_matters_are_named() -> None:
    found = conclude(
        unknown("a", obstacles.HOST, obstacles.NEAR, matter="matter-1"),
        unknown("b", obstacles.HOST, obstacles.NEAR, matter="matter-2"),
        unknown("c", obstacles.NO_LOG, STRANGE),
        *(unknown(f"d{number}", GAPPED, STRANGE) for number in range(5)),
    )
    assert [(cause.kind, cause.resolves) for cause in found] == [
        (CauseKind.GAPPED, 5),
        (CauseKind.LOG_MISSING, 1),
        (CauseKind.HOST, 0),
        (CauseKind.OTHER_USE, 2),
        (CauseKind.OTHER, 0),
    ]
    assert [cause.alone for cause in found] == [5, 1, 0, 0, 0]
    assert found[2].matters == ("matter-1", "matter-2")


def test_a_log_no_word_makes_complete_has_no_step() -> None:
    (cause,) = causes.conclude([unknown("a", obstacles.PROVIDERS_LOG)], [], not_attestable=[SOURCE])
    assert (cause.kind, cause.step) == (CauseKind.NOT_ATTESTABLE, "")


@given(st.lists(st.frozensets(st.sampled_from(SENTENCES), min_size=1), max_size=12), st.booleans())
def test_all_steps_together_free_every_holding_once(reasons: list[frozenset[str]], strange: bool) -> None:
    extra = (STRANGE,) if strange else ()
    holdings = [unknown(f"h{number}", *sorted(found), *extra) for number, found in enumerate(reasons)]
    found = conclude(*holdings)
    assert sum(cause.resolves for cause in found) == len(holdings)
    assert all(cause.resolves <= cause.holdings and cause.alone <= cause.holdings <= len(holdings) for cause in found)
    assert conclude(*reversed(holdings)) == found
