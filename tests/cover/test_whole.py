"""When logs were kept whole: no hour that anything speaks against, and every other hour of their spans."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tocsin.cover.whole import both, whole
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis

_LOG = ("windows_evtx", "dc-1", "Security")
_SPAN = Basis.SEQUENCE


def _row(
    from_: int | None,
    to: int | None,
    state: CoverageState,
    *,
    log: tuple[str, str, str] = _LOG,
    scope: str = "",
    basis: Basis = Basis.NONE,
) -> Coverage:
    source, host, channel = log
    return Coverage(
        source=source,
        host=host,
        channel=channel,
        from_=from_,
        to=to,
        state=state,
        evidence="",
        scope=scope,
        basis=basis,
    )


def _span(from_: int, to: int) -> Coverage:
    return _row(from_, to, CoverageState.UNPROVEN, basis=_SPAN)


_ENDS = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda told: (told[0], told[0] + told[1]))


@given(
    spans=st.lists(_ENDS, min_size=1, max_size=3),
    faults=st.lists(
        st.tuples(
            _ENDS,
            st.sampled_from(
                (CoverageState.GAPPED, CoverageState.SILENT, CoverageState.UNPARSED, CoverageState.UNPROVEN)
            ),
            st.sampled_from((_LOG, ("windows_evtx", "dc-1", ""), ("windows_evtx", "", ""), ("", "", ""))),
        ),
        max_size=4,
    ),
)
def test_an_hour_is_whole_where_a_span_holds_it_and_nothing_that_speaks_of_the_log_speaks_against_it(
    spans: list[tuple[int, int]], faults: list[tuple[tuple[int, int], CoverageState, tuple[str, str, str]]]
) -> None:
    rows = [_span(*ends) for ends in spans] + [_row(*ends, state, log=log) for ends, state, log in faults]
    told = whole(rows)[_LOG]
    for hour in range(45):
        held = any(from_ <= hour < to for from_, to in spans)
        against = any(from_ <= hour < to for (from_, to), _, _ in faults)
        assert any(from_ <= hour < to for from_, to in told) is (held and not against)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(told)), "in time and apart"


def test_what_speaks_of_another_log_or_of_some_holdings_alone_takes_nothing_away() -> None:
    others = (
        _row(0, 9, CoverageState.GAPPED, log=("windows_evtx", "dc-2", "Security")),
        _row(0, 9, CoverageState.GAPPED, log=("windows_evtx", "dc-1", "System")),
        _row(0, 9, CoverageState.THROTTLED, scope="mailbox-1"),
    )
    assert whole([_span(0, 9), *others])[_LOG] == ((0, 9),)
    assert whole([_span(0, 9), _row(None, None, CoverageState.TRUNCATED, scope="*")])[_LOG] == ()


def test_a_clearing_takes_what_numbers_say_is_missing_where_there_are_numbers() -> None:
    cleared, gap = _row(None, 6, CoverageState.CLEARED), _row(4, 6, CoverageState.GAPPED)
    assert whole([_span(0, 9), cleared])[_LOG] == ((6, 9),)
    assert whole([_span(0, 9), cleared, gap], {_LOG})[_LOG] == ((0, 4), (6, 9))
    reused = _row(5, 7, CoverageState.UNPROVEN)
    assert whole([_span(0, 9), cleared, gap, reused], {_LOG})[_LOG] == ((7, 9),), "numbers that were used again"


def test_a_setting_of_the_audit_changed_and_records_on_their_way_are_faults_for_their_time() -> None:
    changed = _row(6, None, CoverageState.UNPROVEN)
    on_their_way = _row(3, 4, CoverageState.UNPROVEN, log=("windows_evtx", "", ""))
    attested = _row(0, 9, CoverageState.PROVEN, log=("windows_evtx", "dc-1", ""), basis=Basis.ATTESTED)
    assert whole([_span(0, 9), changed, on_their_way, attested])[_LOG] == ((0, 3), (4, 6))


@given(one=st.lists(_ENDS, max_size=3), other=st.lists(_ENDS, max_size=3))
def test_both_holds_what_lies_in_each(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    shared = both(one, other)
    for hour in range(45):
        in_each = all(any(from_ <= hour < to for from_, to in its) for its in (one, other))
        assert any(from_ <= hour < to for from_, to in shared) is in_each
