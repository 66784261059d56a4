"""What the logs show is proposed: a sound estate whatever they show, and a person's word stands."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.describe.rows import Lists, any_lists, lists, values, write

from tocsin.describe.drafting import Logs, drafted
from tocsin.describe.holders import Seen
from tocsin.describe.importing import imported, lists_in
from tocsin.describe.labels import Labelled
from tocsin.describe.shown_holdings import Access
from tocsin.model.instant import DAY
from tocsin.model.joining import Identities
from tocsin.store.estate import read_estate
from tocsin.store.estate_files import list_text
from tocsin.store.estate_values import HOLDING_KINDS

_TEXT = st.text(max_size=8) | st.text(st.sampled_from("ab;*=' \\/:$.@\n"), max_size=12)
_NAMES = _TEXT | st.sampled_from(
    ["ada@x.example", "X\\ada", "ada", "svc-backup", "host$", "root", "D:\\Matters\\M1\\a", "\\\\fs\\M\\a",
     "\\\\fs.x\\M\\b", "https://x.example/sites/a/lib/b", "arn:aws:s3:::b/k/o", "C:\\Windows\\x"]
)  # fmt: skip
_CLASSES = st.sampled_from(["account", "administrator", "provider_service"])
_SEEN = st.builds(
    Seen,
    records=st.integers(0, 9),
    has_session=st.booleans(),
    accesses=st.dictionaries(_CLASSES, st.just(3)).map(Counter),
    first=st.sampled_from([None, 0, DAY]),
    last=st.sampled_from([None, DAY, 20_000 * DAY]),
)
_ACCESSES = st.builds(
    Access, kind=st.sampled_from(HOLDING_KINDS), holding=_NAMES, container=_NAMES, times=st.integers(1, 99)
)
_JOINED = st.lists(st.lists(_NAMES.map(str.lower), min_size=2, max_size=3, unique=True), max_size=2)


def _identities(groups: list[list[str]]) -> Identities:
    forms: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for group in groups:
        if not taken & set(group):
            forms[group[0]] = tuple(group)
            taken |= set(group)
    return Identities(forms=forms, name_of={name: shown for shown, names in forms.items() for name in names})


LOGS = st.builds(
    Logs,
    accounts=st.dictionaries(_NAMES, _SEEN, max_size=5),
    identities=_JOINED.map(_identities),
    accesses=st.lists(_ACCESSES, max_size=6),
    hosts=st.dictionaries(_NAMES, st.sets(st.sampled_from(["Security", "DNS Server"]), max_size=2), max_size=3),
    applications=st.dictionaries(_NAMES, st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=2),
    labels=st.lists(st.builds(Labelled, _NAMES, st.sampled_from(HOLDING_KINDS), _NAMES, _NAMES), max_size=2),
)


def logs(*accesses: tuple[str, str, str, int], **accounts: Seen) -> Logs:
    return Logs(
        accounts=accounts,
        identities=Identities(),
        accesses=[Access(*one) for one in accesses],
        hosts={},
        applications={},
    )


@given(shown=LOGS, mine=any_lists())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_the_logs_show_a_draft_is_an_estate_and_drafting_again_adds_nothing(
    shown: Logs, mine: Lists, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Path(mkdtemp(dir=tmp_path_factory.getbasetemp()))
    raw = write(folder / "raw", {f"{name}.csv": list_text(name, rows) for name, rows in mine.items()})
    sound = write(folder / "estate", imported(lists(), [raw]).files)
    kept = lists_in(sound)
    first = drafted(kept, shown, [])
    write(sound, first.files)
    read_estate(sound)
    found = lists_in(sound)
    for name, rows in kept.items():
        assert values({name: found[name][: len(rows)]}) == values({name: rows})
    again = drafted(found, shown, [])
    assert (again.changes, again.files) == ((), {})


def test_filling_the_lines_that_are_named_is_enough(tmp_path: Path) -> None:
    shown = logs(
        ("document", "\\\\fs\\Matters\\M1\\a.docx", "", 60),
        ("document", "\\\\fs\\Matters\\M2\\b.docx", "", 30),
        ("site", "https://x.example/sites/m3", "", 9),
        ("mail_item", "<1>", "ada@x.example", 1),
        ("document", "C:\\Windows\\win.ini", "fs", 500),
    )
    first = drafted(lists(), shown, [])
    rows = lists_in(write(tmp_path, first.files))["holdings"]
    assert [row.values["pattern"] for row in rows] == [
        "\\\\fs\\Matters\\*",
        "\\\\fs\\Matters\\M1\\*",
        "\\\\fs\\Matters\\M2\\*",
        "https://x.example/sites/m3/*",
        "ada@x.example",
        "C:\\Windows\\*",
    ]
    assert first.to_fill is not None
    assert (first.to_fill.accesses, first.to_fill.systems) == (100, 500)
    assert (first.to_fill.enough, first.to_fill.split) == (2, 3)
    for line, matter in ((1, "M1"), (2, "M2"), (3, "M3")):
        rows[line].values["matter"] = matter
    filled = drafted(lists(holdings=[row.values for row in rows]), shown, [])
    assert filled.to_fill is not None
    assert (filled.to_fill.known, filled.to_fill.enough) == (99, 0)
    assert [change.name for change in filled.changes if change.list == "matters"] == ["M1", "M2", "M3"]


def test_one_line_for_a_unit_says_the_matter_of_all_its_mailboxes(tmp_path: Path) -> None:
    people = [{"id": f"p-{n}", "accounts": f"p{n}@x.example", "unit": "Chambers"} for n in range(3)]
    shown = logs(*(("mail_item", f"<{n}>", f"p{n}@x.example", 10) for n in range(3)))
    first = drafted(lists(identities=people), shown, [])
    assert first.to_fill is not None
    assert (first.to_fill.enough, first.to_fill.units) == (1, 1)
    units = lists_in(write(tmp_path, first.files))["units"]
    assert [row.values["name"] for row in units] == ["Chambers"]
    rows = lists_in(tmp_path)
    units[0].values["matter"] = "M1"
    estate = lists(identities=people, units=[units[0].values], holdings=[row.values for row in rows["holdings"]])
    done = drafted(estate, shown, []).to_fill
    assert done is not None
    assert (done.known, done.enough) == (30, 0)


def test_what_a_person_declared_wider_is_not_asked_again() -> None:
    shown = logs(("document", "\\\\fs\\Matters\\M1\\a.docx", "", 60), ("document", "\\\\fs\\Other\\a.docx", "", 1))
    mine = lists(holdings=[{"pattern": "\\\\fs\\M*", "kind": "folder", "matter": "M1"}], matters=[{"id": "M1"}])
    found = drafted(mine, shown, [])
    assert [change.name for change in found.changes if change.list == "holdings"] == ["\\\\fs\\Other\\* folder"]


def test_accounts_are_classed_with_the_reason(tmp_path: Path) -> None:
    seen = Seen(records=5, has_session=True, first=0, last=DAY)
    accounts = {
        "ada@x.example": seen,
        "x\\ada": seen,
        "x\\svc-backup": seen,
        "x\\fs01$": seen,
        "eve@x.example": Seen(records=2, has_session=True, accesses=Counter(administrator=4)),
        "guessed": Seen(records=900),
    }
    shown = Logs(accounts=accounts, identities=Identities(), accesses=[], hosts={}, applications={})
    found = drafted(lists(), shown, [])
    rows = lists_in(write(tmp_path, found.files))
    assert [(row.values["id"], row.values.get("administrator", "")) for row in rows["identities"]] == [
        ("eve@x.example", "yes"),
        ("ada@x.example", ""),
    ]
    ada = rows["identities"][1].values
    assert ada["accounts"] == "ada@x.example;x\\ada"
    assert "check: x\\ada joined by name alone" in ada["comment"]
    assert [row.values["id"] for row in rows["services"]] == ["x\\svc-backup"]
    assert dict(found.left_out) == {
        "accounts of machines and of their operating systems": 1,
        "accounts that never signed in and reached nothing": 1,
    }


def test_a_later_draft_has_a_number_of_its_own(tmp_path: Path) -> None:
    first = drafted(lists(), logs(("site", "https://x.example/sites/a", "", 1)), [])
    kept = lists_in(write(tmp_path, first.files))
    second = drafted(kept, logs(("site", "https://x.example/sites/b", "", 1)), [])
    rows = lists_in(write(tmp_path, second.files))["holdings"]
    assert [(row.values["pattern"][-3:], row.values["draft"]) for row in rows] == [("a/*", "1"), ("b/*", "2")]
