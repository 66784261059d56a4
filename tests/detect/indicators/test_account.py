"""Not found is said where and while somebody was looking; where nobody was, it is unknown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.indicators.account import Looked, SeenFields, account
from tocsin.detect.indicators.published import Indicators, read_indicators
from tocsin.model.coverage import Coverage, CoverageMap, CoverageState, MappedLog, Stretch
from tocsin.model.finding import Detector, Finding, Level
from tocsin.model.indicator import IndicatorsAccount, Span
from tocsin.model.instant import HOUR, format_time
from tocsin.model.reference import RecordPlace

OBSERVABLES = {"dns": (("query", "host"),), "files": (("sha256", "hashes"),)}
SEEN = (SeenFields("dns", "", "dns", frozenset({"query"})), SeenFields("files", "", "files", frozenset()))


def watched(*stretches: tuple[int, int, CoverageState]) -> Looked:
    """Hours 0 to 10 of one log of names."""
    log = MappedLog(
        source="dns",
        host="",
        channel="dns",
        scope="",
        stretches=tuple(Stretch(a * HOUR, b * HOUR, state) for a, b, state in stretches),
    )
    gaps = tuple(
        Coverage(source="dns", host="", channel="dns", from_=one.from_, to=one.to, state=one.state, evidence="")
        for one in log.stretches
    )
    return Looked(gaps, CoverageMap(from_=0, to=10 * HOUR, logs=(log,)), None, None)


WHOLE = watched((0, 10, CoverageState.UNPROVEN))


def listed(*rows: str) -> Indicators:
    head = "type,value,valid_from,valid_until"
    return read_indicators({"l.csv": "\n".join((head, *rows)).encode()})


def asked(found: Indicators, looked: Looked, *findings: Finding) -> IndicatorsAccount:
    return account(found, OBSERVABLES, SEEN, looked, findings)


def finding(id_: str, hour: int, kind: str = "indicator") -> Finding:
    return Finding(
        id=f"f-{id_}-{hour}",
        detector=Detector(kind=kind, id=id_, title="", level=Level.LOW),
        techniques=(),
        tactics=(),
        first=hour * HOUR,
        last=hour * HOUR + 1,
        entities=(),
        records=(RecordPlace("x", 0),),
        why="",
    )


def test_a_log_that_was_read_answers_and_one_without_the_field_does_not() -> None:
    books = asked(listed("domain,a.example,,", f"sha256,{'a' * 64},,"), WHOLE)
    assert (books.found, books.not_found, books.unknown) == (0, 1, 1)
    names, hashes = books.sight
    assert (names.kind, names.gaps, names.first) == ("domain-name", (), 0)
    assert (hashes.logs, hashes.gaps) == ((), (Span(0, 10 * HOUR),))


def test_hours_in_which_nobody_watched_are_told_and_make_what_is_valid_then_alone_unknown() -> None:
    looked = watched((0, 4, CoverageState.UNPROVEN), (4, 6, CoverageState.GAPPED), (6, 10, CoverageState.UNPROVEN))
    within = f"domain,a.example,{format_time(4 * HOUR)},{format_time(6 * HOUR)}"
    beyond = f"domain,b.example,{format_time(5 * HOUR)},{format_time(7 * HOUR)}"
    later = f"domain,c.example,{format_time(10 * HOUR)},"
    books = asked(listed(within, beyond, later), looked)
    assert (books.not_found, books.unknown) == (1, 2)
    (sight,) = books.sight
    assert sight.gaps == (Span(4 * HOUR, 6 * HOUR),)
    assert sight.troubled == 1


def test_only_the_time_asked_of_counts() -> None:
    looked = WHOLE._replace(from_=2 * HOUR, to=3 * HOUR)
    early = f"domain,a.example,,{format_time(1 * HOUR)}"
    books = asked(listed(early), looked)
    assert books.unknown == 1
    assert (books.sight[0].first, books.sight[0].last) == (2 * HOUR, 3 * HOUR)


def test_a_hit_outside_of_the_time_it_is_valid_in_is_a_hit_and_told() -> None:
    found = listed(f"domain,a.example,{format_time(5 * HOUR)},{format_time(6 * HOUR)}")
    books = asked(found, WHOLE, finding("l.csv:2", 1), finding("l.csv:2", 5), finding("l.csv:2", 8, kind="sigma"))
    (hit,) = books.hits
    assert (books.found, hit.outside, hit.findings) == (1, 1, ("f-l.csv:2-1", "f-l.csv:2-5"))


@given(
    st.lists(
        st.sampled_from(["domain,a.example,,", "domain,b.example,,", f"md5,{'b' * 32},,", "mutex,x,,"]), max_size=6
    ),
    st.booleans(),
)
def test_every_indicator_asked_is_counted_once(rows: list[str], is_found: bool) -> None:
    found = listed(*rows)
    hits = [finding(found.asked[0].id, 1)] if is_found and found.asked else []
    books = asked(found, WHOLE, *hits)
    assert books.asked == books.found + books.not_found + books.unknown == len(found.asked)
    assert books.found == len(hits)
