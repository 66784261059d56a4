"""Correlations: windows and bursts equal the definition, whatever the order and the chunks they come in."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.correlate import correlation_oracle as oracle
from tests.correlate.correlation_oracle import Sighting

from tocsin.correlate import bursts
from tocsin.correlate.counting import Sightings, find_bursts
from tocsin.model.correlation import (
    AskedFields,
    Bound,
    Correlation,
    CorrelationInput,
    CorrelationKind,
    Term,
    asked_fields,
    counted_only,
)
from tocsin.model.finding import Entity, EntityType, Level
from tocsin.model.instant import NANOSECONDS
from tocsin.model.reference import RecordPlace, record_reference, split_reference
from tocsin.model.rule import RuleInfo
from tocsin.model.tables import SIGHTINGS

SECOND = NANOSECONDS
RULES = ("failed", "signed_in", "left")
ALIAS = {"failed": "Target", "signed_in": "Account", "left": "Target"}

_sightings = st.lists(
    st.builds(
        Sighting,
        record=st.integers(0, 15),
        time=st.one_of(st.integers(0, 12), st.none()),
        rule=st.sampled_from(RULES),
        said=st.fixed_dictionaries(
            {},
            optional={
                "Target": st.sampled_from(["anna", "Anna", "berta", ""]),
                "Account": st.sampled_from(["anna", "ANNA", "berta"]),
                "Size": st.sampled_from(["1", "2.5", "-3", "many", "40"]),
            },
        ),
    ),
    max_size=24,
)


@st.composite
def _correlation(draw: st.DrawFn, id_: str = "one", inner: Correlation | None = None) -> Correlation:
    kind = draw(st.sampled_from(CorrelationKind))
    names = draw(st.lists(st.sampled_from(RULES), unique=True, min_size=1, max_size=3))
    by = draw(st.sampled_from([(), ("User",)]))
    field = draw(st.sampled_from(["Size", "User"])) if kind is CorrelationKind.VALUE_COUNT else ""
    field = "Size" if kind.is_of_numbers else field

    def asked(rule: str) -> AskedFields:
        value = ALIAS[rule] if field == "User" else field
        return AskedFields(rule=rule, group=tuple(ALIAS[rule] for _ in by), value=value)

    inputs = [CorrelationInput(id=name, asked=(asked(name),)) for name in names]
    if inner is not None:
        of_inner = dict.fromkeys(each.rule for given in inner.inputs for each in given.asked)
        place = draw(st.integers(0, len(inputs)))
        inputs.insert(place, CorrelationInput(id=inner.id, asked=tuple(asked(rule) for rule in of_inner)))
    slots = range(len(inputs))
    terms: tuple[Term, ...] = ()
    bounds: tuple[Bound, ...] = ()
    if kind is CorrelationKind.TEMPORAL_ORDERED or (kind is CorrelationKind.TEMPORAL and draw(st.booleans())):
        needed = st.lists(st.sampled_from(slots), unique=True, min_size=1).map(tuple)
        absent = st.lists(st.sampled_from(slots), unique=True, max_size=1).map(tuple)
        terms = tuple(draw(st.lists(st.builds(Term, needed=needed, absent=absent), min_size=1, max_size=2)))
    else:
        number = st.integers(1, 4) if not kind.is_of_numbers else st.sampled_from([2, 2.5, 0, -1, 7])
        operators = st.sampled_from(["gt", "gte", "lt", "lte", "eq", "neq"])
        bounds = tuple(draw(st.lists(st.builds(Bound, operator=operators, number=number), min_size=1, max_size=2)))
    return Correlation(
        id=id_,
        kind=kind,
        inputs=tuple(inputs),
        group_by=by,
        timespan=draw(st.integers(1, 5)) * SECOND,
        bounds=bounds,
        terms=terms,
        field=field,
        percentile=draw(st.sampled_from([1, 50, 90, 100])) if kind is CorrelationKind.VALUE_PERCENTILE else 0,
    )


@st.composite
def _chains(draw: st.DrawFn) -> tuple[Correlation, ...]:
    first = draw(_correlation("inner"))
    return (first, draw(_correlation("outer", first)))


def table(sightings: Sequence[Sighting], correlations: Sequence[Correlation], **columns: Sequence[str]) -> pa.Table:
    """Sightings as a chunk leaves them; of the columns that name entities those given."""
    fields = asked_fields(correlations)
    rows = [
        {
            "record": one.record,
            "time": one.time,
            "rule": one.rule,
            "hidden_by": None,
            "said": json.dumps([one.said.get(name) or None for name in fields.get(one.rule, ())]),
            "source": "syslog",
            **{name: values[number] for name, values in columns.items()},
        }
        for number, one in enumerate(sightings)
    ]
    return pa.Table.from_pylist(rows, schema=SIGHTINGS)


def _in_nanoseconds(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Each record has one time."""
    times = {one.record: one.time for one in reversed(sightings)}
    found = []
    for one in sightings:
        time = times[one.record]
        found.append(one._replace(time=None if time is None else time * SECOND))
    return found


def _found(state: pa.Table, correlations: Sequence[Correlation]) -> dict[str, list[list[int]]]:
    """The records of each burst of each correlation."""
    sightings = Sightings(state, correlations)
    return {
        id_: sorted(
            sorted({int(record) for record in sightings.record[one.rows(burst)]}) for burst in range(one.starts.size)
        )
        for id_, one in find_bursts(sightings, correlations).items()
    }


@given(_sightings, st.one_of(_correlation().map(lambda one: (one,)), _chains()))
def test_bursts_are_those_of_the_definition(sightings: list[Sighting], correlations: tuple[Correlation, ...]) -> None:
    """Every kind of correlation, alone and counted by another, finds what looking at every window finds."""
    dated = _in_nanoseconds(sightings)
    expected = {
        id_: sorted(sorted({dated[place].record for place in burst.rests_on}) for burst in found)
        for id_, found in oracle.find(correlations, dated).items()
    }
    assert _found(bursts.summarise(table(dated, correlations)), correlations) == expected


@given(_sightings, _chains(), st.randoms(use_true_random=False), st.integers(1, 6))
def test_chunks_and_their_order_do_not_matter(
    sightings: list[Sighting], correlations: tuple[Correlation, ...], random: object, chunks: int
) -> None:
    """One chunk or many, in whatever order they came and were combined: the same findings, to the letter."""
    dated = _in_nanoseconds(sightings)
    whole = bursts.summarise(table(dated, correlations))
    parts = [[one for one in dated if one.record % chunks == part] for part in range(chunks)]
    random.shuffle(parts)  # type: ignore[attr-defined]
    states = [bursts.summarise(table(part, correlations)) for part in parts]
    half = len(states) // 2
    nested = bursts.combine([bursts.combine(states[half:]), bursts.combine(states[:half])])
    assert _told(nested, correlations) == _told(whole, correlations)


def _told(state: pa.Table, correlations: Sequence[Correlation]) -> bursts.Concluded:
    return bursts.conclude(state, correlations, INFOS, place, silent=counted_only(correlations))


def place(reference: int) -> RecordPlace:
    return RecordPlace(f"log-{split_reference(reference)[0]}", split_reference(reference)[1])


def info(id_: str, title: str) -> RuleInfo:
    return RuleInfo(id=id_, title=title, level=Level.HIGH, author="", path="", techniques=("T1110",), tactics=())


INFOS = {
    id_: info(id_, title)
    for id_, title in (
        ("failed", "Failed Sign-In"),
        ("signed_in", "Sign-In"),
        ("left", "Sign-Out"),
        ("one", "Guessing"),
        ("inner", "Many Failures"),
        ("outer", "Failures, Then a Sign-In"),
    )
}


def counting(
    kind: CorrelationKind = CorrelationKind.EVENT_COUNT, at_least: int = 3, seconds: int = 60, field: str = ""
) -> Correlation:
    asked = AskedFields(rule="failed", group=("Address",), value=field)
    return Correlation(
        id="one",
        kind=kind,
        inputs=(CorrelationInput(id="failed", asked=(asked,)),),
        group_by=("Address",),
        timespan=seconds * SECOND,
        bounds=(Bound(operator="gte", number=at_least),),
        field=field,
    )


def failures(
    seconds: Sequence[int | None], address: str = "192.0.2.7", chunk: int = 0, user: str = "anna"
) -> list[Sighting]:
    return [
        Sighting(
            record_reference(chunk, number),
            None if second is None else second * SECOND,
            "failed",
            {"Address": address, "User": user},
        )
        for number, second in enumerate(seconds)
    ]


def test_edges_of_a_window_belong_to_it() -> None:
    """Three in exactly a minute are within a minute; three in a minute and a second are not."""
    rule = counting()
    assert _found(bursts.summarise(table(failures([0, 30, 60]), [rule])), [rule])["one"]
    assert not _found(bursts.summarise(table(failures([0, 30, 61]), [rule])), [rule])["one"]


def test_one_finding_a_burst_and_not_one_a_record() -> None:
    """A stretch in which every window holds is one finding, and what comes much later is another."""
    rule = counting()
    told = _told(bursts.summarise(table(failures([*range(0, 200, 10), 10_000, 10_001, 10_002]), [rule])), [rule])
    assert [len(one.records) for one in told.findings] == [20, 3]
    assert told.findings[0].why == (
        "20 records of 'Failed Sign-In' with Address 192.0.2.7, from 1970-01-01T00:00:00Z to 1970-01-01T00:03:10Z; "
        "the rule asks for at least 3 within 1 minute"
    )


def test_what_cannot_be_counted_is_told() -> None:
    """Records without a time or without what they are grouped by are in no burst, and in the books."""
    rule = counting()
    given_ = [*failures([0, 1, None]), *failures([2, 3], address="", chunk=1)]
    told = _told(bursts.summarise(table(given_, [rule])), [rule])
    (books,) = told.accounts
    assert not told.findings
    assert (books.records, books.untimed, books.ungrouped, books.unvalued) == (5, 1, 2, 0)


def test_writings_of_one_person_are_one_group() -> None:
    """Tokens of one person group together however the name was written; tokens of two do not."""
    person, other = "P" + "A" * 26, "P" + "B" * 26
    rule = counting()
    given_ = [
        *failures([0], address=f"{person}-xABCDE"),
        *failures([1], address=f"{person}-gFGHIJ".lower(), chunk=1),
        *failures([2], address=f"{person}-xKLMNO", chunk=2),
        *failures([0, 1], address=f"{other}-xABCDE", chunk=3),
    ]
    assert len(_found(bursts.summarise(table(given_, [rule])), [rule])["one"]) == 1


def test_a_burst_names_what_it_is_about() -> None:
    """Failures of many accounts from one address are about the address, and name the accounts tried most."""
    rule = counting(CorrelationKind.VALUE_COUNT, at_least=30, field="User")
    given_ = [each for n in range(40) for each in failures([n], chunk=n, user=f"user{n:02}")]
    state = table(
        given_,
        [rule],
        **{
            "user.name": [f"user{n:02}" for n in range(40)],
            "src_endpoint.ip": ["192.0.2.7"] * 40,
            "status": ["failure"] * 40,
        },
    )
    (finding,) = _told(bursts.summarise(state), [rule]).findings
    assert finding.entities[0] == Entity(EntityType.ADDRESS, "192.0.2.7")
    assert len([one for one in finding.entities if one.type is EntityType.ACCOUNT]) == bursts.NAMED
    assert finding.why.startswith("40 different User in 40 records of 'Failed Sign-In' with Address 192.0.2.7")


def _chain() -> tuple[Correlation, Correlation]:
    inner = counting(at_least=3)
    outer = Correlation(
        id="outer",
        kind=CorrelationKind.TEMPORAL_ORDERED,
        inputs=(
            CorrelationInput(id="one", asked=(AskedFields(rule="failed", group=("User",), value=""),)),
            CorrelationInput(id="signed_in", asked=(AskedFields(rule="signed_in", group=("User",), value=""),)),
        ),
        group_by=("User",),
        timespan=600 * SECOND,
        terms=(Term(needed=(0, 1)),),
    )
    return inner, outer


def _signed_in(second: int, user: str, chunk: int = 9) -> Sighting:
    return Sighting(record_reference(chunk, 0), second * SECOND, "signed_in", {"User": user})


@pytest.mark.parametrize(("second", "user", "expected"), [(100, "anna", 1), (20, "anna", 0), (100, "berta", 0)])
def test_a_success_after_many_failures(second: int, user: str, expected: int) -> None:
    """Only a success of the account that was tried, and only once enough failures came before it."""
    chain = _chain()
    given_ = [*failures([0, 20, 40]), _signed_in(second, user)]
    told = _told(bursts.summarise(table(given_, chain)), chain)
    assert [one.detector.id for one in told.findings] == ["outer"] * expected
    if expected:
        assert told.findings[0].first == 0
        assert len(told.findings[0].records) == 4


def test_a_success_amid_failures_that_go_on_is_found() -> None:
    """Whoever guesses on after a hit, and for hours before it, is found at the hit."""
    chain = _chain()
    given_ = [*failures(range(0, 9000, 10)), _signed_in(5000, "anna")]
    assert len(_told(bursts.summarise(table(given_, chain)), chain).findings) == 1


@pytest.mark.parametrize("kind", [CorrelationKind.EVENT_COUNT, CorrelationKind.VALUE_COUNT])
def test_the_records_listed_alone_give_the_finding_again(kind: CorrelationKind) -> None:
    """Of a burst longer than what is listed, what is listed tells the same finding: its number alone is believed."""
    rule = counting(kind, at_least=5, field="User" if kind is CorrelationKind.VALUE_COUNT else "")
    given_ = [each for n in range(1500) for each in failures([n // 2], chunk=n, user=f"user{n % 7}")]
    state = bursts.summarise(table(given_, [rule]))
    (finding,) = _told(state, [rule]).findings
    assert (len(finding.records), finding.more) == (bursts.LISTED, 1500 - bursts.LISTED)
    listed = set(finding.records)
    alone = state.filter(pa.array([place(record) in listed for record in state["record"].to_pylist()]))
    again = bursts.retold(alone, "one", [rule], INFOS, place, more=finding.more, last=finding.last)
    assert again == finding


@given(_sightings, _chains())
def test_the_records_of_a_finding_alone_give_it_again(
    sightings: list[Sighting], correlations: tuple[Correlation, ...]
) -> None:
    """Nothing but its records is needed to derive a finding: whoever holds them can check it."""
    state = bursts.summarise(table(_in_nanoseconds(sightings), correlations))
    told = _told(state, correlations).findings
    if any(bound.operator in ("lt", "lte", "eq", "neq") for one in correlations for bound in one.bounds):
        return
    if any(term.absent for one in correlations for term in one.terms) or any(
        one.kind.is_of_numbers for one in correlations
    ):
        return
    for finding in told:
        listed = set(finding.records)
        alone = state.filter(pa.array([place(record) in listed for record in state["record"].to_pylist()], pa.bool_()))
        assert finding.records in {each.records for each in _told(alone, correlations).findings}
