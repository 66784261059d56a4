"""What acquisition records say against what was read: every doubt is a row that forbids a ruling-out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.verdict import contradicts
from tocsin.cover.reconciliation import Numbered, Reconciled, reconcile
from tocsin.model.acquisition import Acquisition, AcquisitionRecord, Extent
from tocsin.model.answers import InputAccount
from tocsin.model.chunk import InputState
from tocsin.model.coverage import CoverageState
from tocsin.model.exposure import Basis

MAIL = "m365_unified_audit"
COUNT = st.integers(min_value=0, max_value=12)


def log(path: str, read: int = 10, *, copies: int = 0, source: str = MAIL, sha256: str = "") -> InputAccount:
    return InputAccount(
        path=path,
        sha256=sha256 or path.encode().hex().ljust(64, "0")[:64],
        source=source,
        certainty=1.0,
        state=InputState.READ,
        reason="",
        size=1,
        records_read=read,
        stored=read,
        duplicates=copies,
        rejected=(),
        warnings=(),
        first=None,
        last=None,
    )


def taken(*files: str | tuple[str, str], reported: int | None = None, **values: object) -> Acquisition:
    named = tuple(one if isinstance(one, tuple) else (one, "") for one in files)
    return dataclasses.replace(
        Acquisition(files=named, by="IT", when=1, command="export", reported_count=reported),
        **values,  # type: ignore[arg-type]
    )


def record(path: str, *acquisitions: Acquisition, faults: Sequence[str] = ()) -> AcquisitionRecord:
    return AcquisitionRecord(path=path, acquisitions=acquisitions, faults=tuple(faults))


def states(found: Reconciled) -> list[tuple[str, CoverageState]]:
    return [(row.source, row.state) for row in found.coverage]


@pytest.mark.parametrize(
    ("path", "files", "covered"),
    [
        ("logs/a.jsonl", (), True),
        ("logs/sub/a.jsonl", (), False),
        ("other/a.jsonl", (), False),
        ("logs/a.zip!deep/a.jsonl", (), True),
        ("logs/a.jsonl", ("a.*",), True),
        ("logs/b.jsonl", ("a.*",), False),
        ("logs/sub/a.jsonl", ("a.*",), False),
        ("logs/sub/a.jsonl", ("sub/*",), True),
        ("logs/a.zip!deep/a.jsonl", ("a.zip",), True),
        ("logs/odd[1].jsonl", ("odd[1].jsonl",), True),
        ("logs-2/a.jsonl", (), False),
    ],
)
def test_of_which_inputs_a_record_speaks(path: str, files: tuple[str, ...], covered: bool) -> None:
    found = reconcile([log(path)], [record("logs/acquisition.yaml", taken(*files))])
    assert found.accounts[0].acquisition.attested is covered


def test_a_record_in_the_folder_given_speaks_of_no_path_outside_it() -> None:
    found = reconcile([log("/srv/a.jsonl"), log("../a.jsonl"), log("a.jsonl")], [record("acquisition.yaml", taken())])
    assert [account.acquisition.attested for account in found.accounts] == [False, False, True]


def test_the_nearest_folder_counts_and_a_name_comes_before_none() -> None:
    outer = record("logs/acquisition.yaml", taken("sub/*", reported=10, by="outer"))
    inner = record("logs/sub/acquisition.yaml", taken(by="rest"), taken("a.*", by="named"))
    found = reconcile([log("logs/sub/a.jsonl"), log("logs/sub/b.jsonl")], [outer, inner])
    assert [account.acquisition.by for account in found.accounts] == ["named", "rest"]


def test_an_acquisition_record_is_not_itself_acquired() -> None:
    found = reconcile(
        [log("logs/acquisition.yaml", 0, source="acquisition")], [record("logs/acquisition.yaml", taken())]
    )
    assert not found.accounts[0].acquisition.attested


@given(
    reads=st.lists(COUNT, min_size=1, max_size=4),
    copies=st.lists(COUNT, min_size=4, max_size=4),
    reported=st.integers(min_value=0, max_value=60),
)
def test_a_shortfall_that_can_be_is_a_doubt_and_nothing_else_is(
    reads: list[int], copies: list[int], reported: int
) -> None:
    accounts = [
        log(f"logs/{number}.jsonl", read, copies=min(read, copy))
        for number, (read, copy) in enumerate(zip(reads, copies, strict=False))
    ]
    found = reconcile(accounts, [record("logs/acquisition.yaml", taken(reported=reported))])
    distinct_at_least = sum(account.records_read - account.duplicates for account in accounts)
    assert bool(found.coverage) == (distinct_at_least < reported)
    assert all(contradicts(row) and row.scope == "" and row.from_ is row.to is None for row in found.coverage)
    assert found.accounts[0].acquisition.counted == sum(reads)
    if sum(reads) < reported:
        (row,) = found.coverage
        assert row.state is (CoverageState.TRUNCATED if sum(reads) else CoverageState.NOT_COLLECTED)


def test_a_file_imported_twice_lacks_nothing() -> None:
    first, second = log("a/x.jsonl", sha256="1" * 64), log("b/x.jsonl", copies=10, sha256="1" * 64)
    records = [record(f"{folder}/acquisition.yaml", taken(reported=10)) for folder in "ab"]
    assert reconcile([first, second], records).coverage == ()


def test_an_export_that_repeats_records_may_lack_as_many() -> None:
    found = reconcile([log("logs/a.jsonl", 10, copies=3)], [record("logs/acquisition.yaml", taken(reported=10))])
    assert states(found) == [(MAIL, CoverageState.UNPROVEN)]
    assert "up to 3 records may be missing" in found.coverage[0].evidence


def test_what_was_not_read_may_be_any_log() -> None:
    lost = record("logs/acquisition.yaml", taken("gone.jsonl", reported=5))
    assert states(reconcile([], [lost])) == [("", CoverageState.NOT_COLLECTED)] * 2
    named = record("logs/acquisition.yaml", taken("gone.jsonl", reported=5, source="zeek"))
    assert {row.source for row in reconcile([log("logs/other.jsonl")], [named]).coverage} == {"zeek"}


def test_another_hash_leaves_the_input_read_and_partial() -> None:
    found = reconcile([log("logs/a.jsonl")], [record("logs/acquisition.yaml", taken(("a.jsonl", "f" * 64)))])
    assert found.accounts[0].state is InputState.PARTIAL
    assert found.accounts[0].records_read == 10
    assert "not the one that was acquired" in found.accounts[0].reason
    assert states(found) == [(MAIL, CoverageState.UNPROVEN)]
    same = log("logs/a.jsonl", sha256="f" * 64)
    assert reconcile([same], [record("logs/acquisition.yaml", taken(("a.jsonl", "f" * 64)))]).coverage == ()


@pytest.mark.parametrize(
    ("system", "highest", "state"),
    [
        ("files-01.tribunal.example", 48_213, None),
        ("files-01", 48_300, None),
        ("FILES-01", 48_212, CoverageState.TRUNCATED),
        ("dc-01", 48_213, CoverageState.NOT_COLLECTED),
        ("the file server", 48_213, None),
    ],
)
def test_the_last_record_number_tells_what_is_missing_at_the_end(
    system: str, highest: int, state: CoverageState | None
) -> None:
    one = taken(system=system, last_record_numbers=(("Security", 48_213),))
    numbered = [
        Numbered("windows_evtx", "files-01.tribunal.example", "security", highest),
        Numbered("windows_evtx", "files-01.tribunal.example", "System", 99_999),
    ]
    evtx = log("logs/Security.evtx", source="windows_evtx")
    found = reconcile([evtx], [record("logs/acquisition.yaml", one)], numbered)
    assert [row.state for row in found.coverage] == ([state] if state else [])


def test_while_a_record_is_damaged_the_logs_of_its_folder_are_in_doubt() -> None:
    accounts = [log("logs/a.jsonl"), log("logs/sub/b.evtx", source="windows_evtx"), log("else/c.log", source="zeek")]
    found = reconcile(accounts, [record("logs/acquisition.yaml", faults=["line 1: not YAML"])])
    assert {row.source for row in found.coverage} == {MAIL, "windows_evtx"}
    assert all(contradicts(row) for row in found.coverage)


def test_without_a_record_nothing_changes() -> None:
    accounts = (log("logs/a.jsonl"),)
    assert reconcile(accounts, []) == Reconciled(accounts, (), frozenset())


def test_what_a_collection_says_of_itself_is_shown_and_attests_nothing() -> None:
    own = taken(own_word=True, reported=12)
    found = reconcile([log("logs/a.jsonl")], [record("logs/collection_context.json", own)])
    (account,) = found.accounts
    assert (account.acquisition.attested, account.acquisition.own_word) == (False, True)
    assert (account.acquisition.by, account.acquisition.reported_count) == ("IT", 12)
    assert found.coverage  # a count that does not agree speaks against the log, whoever wrote it down


@pytest.mark.parametrize(
    ("said", "is_whole"),
    [
        ("none", True), ("no filter", True), ("every mailbox", True), ("All users.", True), ("*", True), ("", True),
        ("all but unit A", False), ("any user of SharePoint", False), ("without sign-ins", False), ("no guests", False),
        ("none of the service accounts", False), ("all except MailItemsAccessed", False), ("UserIds ada", False),
    ],
)  # fmt: skip
def test_a_filter_that_takes_something_out_leaves_it_open(said: str, is_whole: bool) -> None:
    found = reconcile([log("a.jsonl")], [record("acquisition.yaml", taken("a.jsonl", filter=said))])
    assert any("not everything was taken" in row.evidence for row in found.coverage) is not is_whole


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 20), st.none() | st.integers(0, 20), st.sampled_from(("tenant", "Tenant "))
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_no_taking_of_a_log_was_asked_for_is_open_and_nothing_else(
    periods: list[tuple[int | None, int | None, str]],
) -> None:
    asked = [(from_, to, system) for from_, to, system in periods if from_ is None or to is None or from_ < to]
    takings = [taken(f"{n}.json", from_=from_, to=to, system=system) for n, (from_, to, system) in enumerate(asked)]
    found = reconcile([log(f"{n}.json") for n in range(len(asked))], [record("acquisition.yaml", *takings)])
    for moment in range(-1, 21) if asked else ():
        is_asked = any((from_ is None or from_ <= moment) and (to is None or moment < to) for from_, to, _ in asked)
        is_open = any(
            (row.from_ is None or row.from_ <= moment) and (row.to is None or moment < row.to) for row in found.coverage
        )
        assert is_open is not is_asked, found.coverage
    assert all("was asked for" in row.evidence and row.basis is Basis.NONE for row in found.coverage)


def test_of_a_file_only_what_every_record_of_it_says_was_asked_for_counts() -> None:
    """A record that was changed between two runs speaks twice."""
    records = [record("acquisition.yaml", taken("a.json", from_=0, to=to)) for to in (6, 20)]
    assert (6, None) in _way(reconcile([log("a.json")], records))


@pytest.mark.parametrize(
    ("extents", "expected"),
    [
        ((Extent.EVERYTHING, Extent.EVERYTHING), Extent.EVERYTHING), ((None, Extent.EVERYTHING), None),
        ((Extent.EVERYTHING, None), None), ((Extent.PART, Extent.EVERYTHING), Extent.PART),
    ],
)  # fmt: skip
def test_a_file_is_taken_whole_where_every_record_of_it_says_so(
    extents: tuple[Extent | None, ...], expected: Extent | None
) -> None:
    records = [record("acquisition.yaml", taken("a.json", extent=one, from_=0, to=20)) for one in extents]
    (account,) = reconcile([log("a.json")], records).accounts
    said = account.acquisition
    assert (said.extent, said.from_, said.to) == (expected, 0, 20)


def test_what_was_asked_of_one_tenant_was_not_of_another() -> None:
    takings = (taken("a.json", system="one", to=10), taken("b.json", system="two", from_=10))
    found = reconcile([log("a.json"), log("b.json")], [record("acquisition.yaml", *takings)])
    assert sorted(_way(found), key=str) == [(10, None), (None, 10)]


@pytest.mark.parametrize(("extent", "is_whole"), [(Extent.PART, False), (Extent.EVERYTHING, True), (None, True)])
def test_an_extent_of_a_part_leaves_it_open(extent: Extent | None, is_whole: bool) -> None:
    found = reconcile([log("a.jsonl")], [record("acquisition.yaml", taken("a.jsonl", extent=extent))])
    assert [row.evidence for row in found.coverage] == (
        [] if is_whole else ["acquisition.yaml says that not everything was taken: extent is part"]
    )


def _way(found: Reconciled) -> list[tuple[int | None, int | None]]:
    return [(row.from_, row.to) for row in found.coverage]


@given(
    when=st.integers(20, 60),
    later=st.integers(0, 80),
    first=st.integers(0, 70),
    length=st.integers(0, 70),
    system=st.sampled_from(("tenant", "Tenant ", "other", "")),
    own_word=st.booleans(),
)
def test_records_on_their_way_have_come_where_a_later_taking_holds_their_time(
    when: int, later: int, first: int, length: int, system: str, own_word: bool
) -> None:
    """One file of the same system, from before that time until after it, that somebody took later."""
    last = min(first + length, later)
    early = dataclasses.replace(log("a.json"), first=0, last=when)
    late = dataclasses.replace(log("b.json"), first=min(first, last), last=last)
    takings = (
        taken("a.json", when=when, system="tenant"),
        taken("b.json", when=later, system=system, own_word=own_word),
    )
    found = _way(reconcile([early, late], [record("acquisition.yaml", *takings)], delays={MAIL: 10}))
    is_same = system.strip().lower() == "tenant"
    assert ((when - 10, when) not in found) is (
        is_same and not own_word and min(first, last) <= when - 10 < when < last
    )
    assert ((later - 10, later) not in found) is (is_same and 10 <= later < when), "the other way round"


def test_two_files_with_a_hole_between_them_hold_no_time_together() -> None:
    inputs = [log("a.json"), *(dataclasses.replace(log(f"{n}.json"), first=n, last=n + 9) for n in (0, 41))]
    takings = (taken("a.json", when=40), taken("0.json", "41.json", when=90))
    assert (30, 40) in _way(reconcile(inputs, [record("acquisition.yaml", *takings)], delays={MAIL: 10}))
