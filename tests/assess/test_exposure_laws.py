"""The laws of exposure on invented logs: however a record calls what was reached, it is not ruled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess import exposure, naming
from tocsin.assess.verdict import strength
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.estate import Estate, Holding, Identity
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.instant import HOUR, parse_time
from tocsin.model.question import Question
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import ACCESSES

START = parse_time("2024-03-04T00:00:00Z") or 0
END = START + 100 * HOUR
ADA, BEN = "ada.example@tribunal.example", "ben.example@tribunal.example"
BOXES = ("registry.example@tribunal.example", "chambers.example@tribunal.example", "archive.example@tribunal.example")
MAIL, WINDOWS = "m365_unified_audit", "windows_evtx"
Row = dict[str, Any]


def access(container: str, **columns: Any) -> Row:
    return {
        "time": START + HOUR, "source": MAIL, "kind": "mail_item", "holding": f"<1@{container}>",
        "container": container,
        "actor": ADA, "actor_class": "account", "address": "203.0.113.66", "session": "s-1", "client": "",
        "degree": Degree.ACCESSED, "operation": "MailItemsAccessed",
    } | columns  # fmt: skip


def proven(source: str = MAIL, host: str = "", to: int = END) -> Coverage:
    return Coverage(
        source=source, host=host, channel="", from_=START, to=to, state=CoverageState.PROVEN, evidence="a word",
        basis=Basis.ATTESTED,
    )  # fmt: skip


def ask(
    rows: Sequence[Row],
    *patterns: tuple[str, str],
    coverage: Sequence[Coverage] = (proven(),),
    names: naming.HoldingNames = naming.NO_NAMES,
) -> dict[str, Exposure]:
    """By pattern, what is said of it where no access is confirmed."""
    people = tuple(Identity(id=f"p-{one}", accounts=(one,)) for one in (ADA, BEN))
    estate = Estate(
        identities=people,
        by_account={one.accounts[0]: one for one in people},
        holdings=tuple(Holding(kind=kind, pattern=pattern) for kind, pattern in patterns),
    )
    table = pa.Table.from_pylist([{"record": place} | row for place, row in enumerate(rows)], schema=ACCESSES)
    found = exposure.conclude(
        exposure.combine([exposure.summarise(table)]),
        Question(identities=(ADA,), from_=START, to=END),
        exposure.Evidence(
            coverage=coverage, estate=estate, place=lambda one: RecordPlace("a.jsonl", one), as_of=END, names=names
        ),
    )
    return {row.holding: row for row in found if not row.records}


mailboxes = [("mailbox", box) for box in BOXES]
spellings = st.sampled_from(
    [
        {},
        {"actor": ""},
        {"actor": f"i:0#.f|membership|{ADA}"},
        {"actor": "tribunal\\ada.example"},
        {"actor": "ada.example_tribunal.example#ext#@elsewhere.example"},
        {"actor": "tribunal\\ ada.example "},
        {"actor": "s-1-5-21-1-2-3-1001"},
        {"actor": "tribunal\\s-1-5-21-1-2-3-1001"},
        {"actor": "", "actor_class": "provider_service"},
        {"container": None, "holding": "", "kind": "mailbox"},
        {"container": None, "holding": "", "kind": ""},
        {"container": "alias@elsewhere.example"},
        {"container": "0b5f5f6a-1111-4222-8333-444455556666"},
        {"time": None},
        {"time": 1},
    ]
)


@settings(max_examples=150, deadline=None)
@given(reached=st.lists(st.tuples(st.sampled_from(BOXES), spellings), min_size=1, max_size=4), others=st.booleans())
def test_nothing_that_was_reached_is_ruled_out_however_a_record_calls_it(
    reached: list[tuple[str, Row]], others: bool
) -> None:
    rows = [access(box) | called for box, called in reached]
    rows += [access(box, actor=BEN) for box in BOXES] if others else [access(BOXES[0], actor=BEN)]
    said = ask(rows, *mailboxes)
    for (box, called), row in zip(reached, rows, strict=False):
        is_told = not called and row["container"] == box
        if not is_told:
            assert said[box].verdict is not Verdict.RULED_OUT


@settings(max_examples=100, deadline=None)
@given(
    reached=st.lists(st.tuples(st.sampled_from(BOXES), st.sampled_from((ADA, BEN))), max_size=5),
    lost=st.sampled_from(("word", "hours", "account", "holding")),
    place=st.integers(0, 4),
)
def test_what_is_lost_turns_nothing_into_ruled_out_and_raises_no_basis(
    reached: list[tuple[str, str]], lost: str, place: int
) -> None:
    rows = [access(BOXES[0], actor=BEN), *(access(box, actor=actor) for box, actor in reached)]
    before = ask(rows, *mailboxes)
    chosen = rows[place % len(rows)]
    if lost == "account":
        rows[place % len(rows)] = chosen | {"actor": ""}
    elif lost == "holding":
        rows[place % len(rows)] = chosen | {"holding": "", "container": None}
    coverage = {"word": (), "hours": (proven(to=END - HOUR),)}.get(lost, (proven(),))
    after = ask(rows, *mailboxes, coverage=coverage)
    for box in BOXES:
        assert strength(after[box].basis) <= strength(before[box].basis)
        assert before[box].verdict is Verdict.RULED_OUT or after[box].verdict is not Verdict.RULED_OUT


@given(st.lists(st.sampled_from(BOXES), max_size=4), st.sampled_from(BOXES), st.sampled_from((ADA, BEN, "")))
def test_an_access_more_takes_no_confirmed_away(reached: list[str], box: str, actor: str) -> None:
    people = Estate(holdings=tuple(Holding(kind=kind, pattern=pattern) for kind, pattern in mailboxes))

    def confirmed(rows: Sequence[Row]) -> set[str]:
        table = pa.Table.from_pylist([{"record": place} | row for place, row in enumerate(rows)], schema=ACCESSES)
        evidence = exposure.Evidence(coverage=(proven(),), estate=people, place=lambda one: RecordPlace("a", one))
        found = exposure.conclude(exposure.summarise(table), Question(identities=(ADA,)), evidence)
        return {row.holding for row in found if row.verdict is Verdict.CONFIRMED}

    rows = [access(each) for each in reached]
    assert confirmed(rows) <= confirmed([*rows, access(box, actor=actor)])


SHARED = naming.HoldingNames(
    folders={
        "d:\\cases": frozenset({"\\\\files-01.example\\cases"}),
        "\\\\files-01.example\\cases": frozenset({"d:\\cases"}),
    }
)


@pytest.mark.parametrize(
    ("holding", "container", "asked_of"),
    [
        ("\\\\files-01.example\\Cases\\a.docx", "\\\\files-01.example\\Cases", "D:\\Cases\\*"),
        ("D:\\Cases\\a.docx", "files-01.example", "\\\\files-01.example\\cases\\*"),
        ("\\Device\\HarddiskVolume3\\Cases\\a.docx", "files-01.example", "D:\\Cases\\*"),
        ("\\Device\\HarddiskVolumeShadowCopy1\\Cases\\a.docx", "files-01.example", "D:\\Cases\\a.docx"),
        ("D:\\Cases\\a.docx", "files-01.example", "\\Device\\HarddiskVolume3\\Cases\\*"),
        ("D:\\CASESO~1\\a.docx", "files-01.example", "D:\\Cases of 2024\\*"),
        ("D:\\x\\..\\Cases\\a.docx:hidden", "files-01.example", "D:\\Cases\\*"),
        ("", "files-01.example", "D:\\Cases\\*"),
        ("", "\\\\files-01.example\\Cases", "D:\\Cases\\*"),
    ],
)
def test_a_file_reached_under_another_of_its_names_is_not_ruled_out(
    holding: str, container: str, asked_of: str
) -> None:
    row = access(container, source=WINDOWS, kind="document", holding=holding)
    other = access("files-01.example", source=WINDOWS, kind="document", holding="D:\\Else\\b.docx", actor=BEN)
    share = access(
        "\\\\files-01.example\\x", source=WINDOWS, kind="document", holding="\\\\files-01.example\\x\\y", actor=BEN
    )
    kept = ("document", "E:\\Untouched\\*")
    coverage = [proven(WINDOWS, "files-01.example")]
    said = ask([row, other, share], ("document", asked_of), kept, coverage=coverage, names=SHARED)
    assert asked_of not in said or said[asked_of].verdict is Verdict.UNKNOWN or said[asked_of].label
    if holding and "~" not in holding:
        assert said[kept[1]].verdict is Verdict.RULED_OUT


def test_a_share_is_ruled_out_by_the_log_of_its_own_server_alone() -> None:
    rows = [
        access(
            f"\\\\{host}.example\\x", source=WINDOWS, kind="document", holding=f"\\\\{host}.example\\x\\y", actor=BEN
        )
        for host in ("files-01", "files-02")
    ]
    shares = [("document", f"\\\\files-0{number}.example\\Cases\\*") for number in (1, 2, 3)]
    said = ask(rows, *shares, coverage=[proven(WINDOWS, "files-01.example")])
    assert [said[share].verdict for _, share in shares] == [Verdict.RULED_OUT, Verdict.UNKNOWN, Verdict.UNKNOWN]


def test_a_link_that_records_join_to_ids_alone_may_lead_to_any_document() -> None:
    site = "https://tribunal.example/sites/registry"
    link, one = "https://tribunal.example/:w:/s/registry/eabcd", "0b5f5f6a-1111-4222-8333-444455556666"
    other, told = one.replace("1111", "2222"), f"{site}/lists/a.docx"
    row = access(site, kind="document", holding=link)
    for ids, names in (({one}, {one}), ({one, other}, {one, other, told})):
        joined = naming.HoldingNames(others={link: frozenset(names)}, ids={link: frozenset(ids)})
        said = ask([row], ("document", f"{site}/Rolls/*"), names=joined)
        assert said[f"{site}/Rolls/*"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("kind", ["snapshot", "record_set"])
@pytest.mark.parametrize(("region", "account"), [("eu-example-1", ""), ("", "000000000000"), ("", "")])
def test_an_arn_that_a_record_left_incomplete_may_be_any_of_its_kind(kind: str, region: str, account: str) -> None:
    asked = "arn:aws:rds:eu-example-1:000000000000:snapshot:registry"
    said = ask(
        [access("", source="aws_cloudtrail", kind=kind, holding=f"arn:aws:rds:{region}:{account}:snapshot:registry")],
        (kind, asked),
        coverage=[proven("aws_cloudtrail")],
    )
    assert said[asked].verdict is Verdict.UNKNOWN


def test_a_secret_may_be_asked_for_without_what_the_service_puts_behind_its_name() -> None:
    arn = "arn:aws:secretsmanager:eu-example-1:000000000000:secret:registry"
    row = access("", source="aws_cloudtrail", kind="secret", holding=arn)
    said = ask([row], ("secret", f"{arn}-AbCdEf"), ("secret", f"{arn}2-AbCdEf"), coverage=[proven("aws_cloudtrail")])
    assert said[f"{arn}-AbCdEf"].verdict is Verdict.UNKNOWN
    assert said[f"{arn}2-AbCdEf"].verdict is Verdict.RULED_OUT


def test_an_undeclared_mailbox_may_be_another_unless_ids_tell_them_apart() -> None:
    rows = [access("alias@elsewhere.example"), access(BOXES[1], actor=BEN)]
    assert ask(rows, *mailboxes)[BOXES[1]].verdict is Verdict.UNKNOWN
    ids = {"alias@elsewhere.example": frozenset({"id-1"}), BOXES[1]: frozenset({"id-2"})}
    apart = replace(naming.NO_NAMES, ids=ids)
    assert ask(rows, *mailboxes, names=apart)[BOXES[1]].verdict is Verdict.RULED_OUT
    assert ask(rows, *mailboxes, names=apart)[BOXES[2]].verdict is Verdict.UNKNOWN  # of it no id is known
