"""An estate from nothing: drafted from the logs, filled in by a person, imported, checked, used."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.protect.linked import everything_in, link

from tocsin.protect.tokens import TOKEN

from .conftest import Tocsin
from .logs import lines

ADA = "ada.example@tribunal.example"
USERS = f"userPrincipalName,displayName,department\n{ADA},Ada Example,Chambers\nben@tribunal.example,Ben Example,IT\n"


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def fill(file: Path, place: int, **cells: str) -> None:
    """What a person writes into the line of a spreadsheet."""
    rows = read(file)
    rows[place].update(cells)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mail.jsonl").write_bytes(lines(40))
    (tmp_path / "users.csv").write_text(USERS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_a_draft_to_answers_that_name_the_matter(case: Path, tocsin: Tocsin) -> None:
    assert tocsin("investigate", "logs", "--workspace", "w", "-q").code in (0, 3)
    drafted = tocsin("estate", "draft", "users.csv", "--workspace", "w", "-o", "estate")
    assert drafted.code == 0, drafted.err
    assert "Fill the matter of 1 line" in drafted.out
    fill(case / "estate" / "units.csv", 0, matter="M1")
    (case / "estate" / "matters.csv").write_text("id,title,sensitivity\nM1,First,sealed\n")
    again = tocsin("estate", "draft", "users.csv", "--workspace", "w", "-o", "estate")
    assert "100 % to holdings that have a matter" in again.out
    assert read(case / "estate" / "units.csv")[0]["matter"] == "M1"
    checked = tocsin("estate", "check", "estate", "--workspace", "w", "--format", "json")
    assert checked.code == 0, checked.out
    assert checked.document["faults"] == []
    assert checked.document["with_matter"]["covered"] == checked.document["with_matter"]["total"] > 0
    imported = tocsin("estate", "import", "estate", "--workspace", "w", "--yes")
    assert imported.code == 0, imported.err
    rows = tocsin("exposure", "--workspace", "w", "--identity", ADA, "--format", "json").document["exposure"]
    assert {(row["matter"], row["sensitivity"]) for row in rows if row["verdict"] == "confirmed"} == {("M1", "sealed")}
    assert tocsin("record", "verify", "--workspace", "w").code == 0


def test_sensitivity_labels_in_the_logs_are_proposed(case: Path, tocsin: Tocsin) -> None:
    label = "0e5f2f0a-1111-4222-8333-444455556666"
    record = {
        "CreationTime": "2026-03-02T09:00:00",
        "Id": "dddddddd-0000-4000-8000-000000000001",
        "Operation": "FileAccessed",
        "RecordType": 6,
        "Workload": "SharePoint",
        "UserId": ADA,
        "SiteUrl": "https://tribunal.example/sites/m1/",
        "ObjectId": "https://tribunal.example/sites/m1/Documents/a.docx",
        "SensitivityLabelId": label.upper(),
    }
    (case / "logs" / "files.jsonl").write_text(json.dumps(record) + "\n")
    (case / "labels.csv").write_text(f"ImmutableId,DisplayName,Priority\n{label},Sealed,1\n")
    assert tocsin("investigate", "logs", "--workspace", "w", "-q").code in (0, 3)
    assert tocsin("estate", "draft", "--workspace", "w", "-o", "bare").code == 0
    (level,) = read(case / "bare" / "sensitivities.csv")
    assert (level["name"], level["label"]) == (label, label)
    assert tocsin("estate", "draft", "labels.csv", "--workspace", "w", "-o", "named").code == 0
    (site,) = [row for row in read(case / "named" / "holdings.csv") if row["kind"] == "site"]
    assert site["pattern"] == "https://tribunal.example/sites/m1/*"
    assert site["comment"].endswith("; labels: Sealed 1")
    assert [row["name"] for row in read(case / "named" / "sensitivities.csv")] == ["Sealed"]


def test_an_import_shows_what_changes_and_writes_when_it_is_agreed_to(case: Path, tocsin: Tocsin) -> None:
    asked = tocsin("estate", "import", "users.csv", "-o", "estate")
    assert (asked.code, (case / "estate").exists()) == (2, False)
    assert "2 rows = 2 taken + 0 not understood" in asked.out
    assert "+ identities: ada.example@tribunal.example" in asked.out
    assert "--yes" in asked.err
    assert tocsin("estate", "import", "users.csv", "-o", "estate", "--yes").code == 0
    (case / "users.csv").write_text(USERS.replace("Chambers", "Registry") + ",,\n,Nobody,IT\n")
    changed = tocsin("estate", "import", "users.csv", "-o", "estate", "--yes")
    assert changed.code == 3
    assert "unit: Chambers -> Registry" in changed.out
    assert "users.csv:5: " in changed.out
    assert "nothing changes" in tocsin("estate", "import", "estate", "-o", "estate").out


def test_what_is_shown_as_json_is_taken_back_as_it_was(case: Path, tocsin: Tocsin) -> None:
    tocsin("estate", "import", "users.csv", "-o", "one", "--yes")
    assert tocsin("estate", "show", "one", "--format", "json", "-o", "estate.json").code == 0
    assert tocsin("estate", "import", "estate.json", "-o", "two", "--yes").code == 0
    assert (case / "one" / "identities.csv").read_bytes() == (case / "two" / "identities.csv").read_bytes()


def test_a_faulty_estate_is_told_line_by_line(case: Path, tocsin: Tocsin) -> None:
    (case / "holdings.csv").write_text("pattern,kind\nx,desk\n")
    found = tocsin("estate", "check", ".")
    assert found.code == 2
    assert "holdings.csv:2: kind is not one of" in found.out
    assert tocsin("estate", "import", "users.csv", "-o", ".", "--yes").code == 2
    assert tocsin("estate", "check").code == 2
    assert tocsin("estate", "draft", "-o", "d").code == 2


def test_under_a_vault_a_draft_holds_tokens_and_comes_back_beside_the_names(case: Path, tocsin: Tocsin) -> None:
    link(case / "w", case / "v", {"p1": ["Zorbla Quixmere"]})
    named = lines(40).replace(b"ada.example@", b"zorbla.quixmere@")
    (case / "logs" / "mail.jsonl").write_bytes(named)
    users = USERS.replace("ada.example@", "zorbla.quixmere@").replace("Ada Example", "Zorbla Quixmere")
    (case / "users.csv").write_text(users)
    assert tocsin("investigate", "logs", "--workspace", "w", "-q").code in (0, 3)
    # What is known of the person comes in clear, rests sealed, and is shown as tokens.
    known = tocsin("estate", "import", "users.csv", "--workspace", "w", "--yes")
    assert known.code == 0, known.err
    drafted = tocsin("estate", "draft", "users.csv", "--workspace", "w", "-o", "estate")
    assert drafted.code == 0, drafted.err
    fill(case / "estate" / "units.csv", 0, matter="M1")
    back = tocsin("estate", "import", "estate", "--workspace", "w", "--yes")
    assert back.code == 0, back.err
    shown = tocsin("estate", "show", "--workspace", "w", "--format", "json")
    checked = tocsin("estate", "check", "--workspace", "w", "--format", "json")
    assert (checked.code, checked.document["faults"]) == (0, [])
    assert checked.document["with_matter"]["covered"] == checked.document["with_matter"]["total"] > 0
    for told in (known, drafted, back, shown, checked):
        assert "orbla" not in (told.out + told.err).lower()
    assert TOKEN.search(shown.out)
    assert len(shown.document["identities"]) == 2
    assert b"orbla" not in everything_in(case / "w").lower()
    assert b"orbla" not in everything_in(case / "estate").lower()
