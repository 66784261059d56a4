"""What people have is taken over, what cannot be is told by file and line, and nothing is lost in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.describe.rows import Lists, any_lists, lists, values, write

from tocsin.describe.importing import imported, lists_in
from tocsin.describe.taking import accounted, take
from tocsin.errors import ConfigError
from tocsin.model.describing import Imported
from tocsin.store.estate import read_estate
from tocsin.store.estate_files import estate_document, list_text

Folder = Callable[[], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return lambda: Path(mkdtemp(dir=tmp_path_factory.getbasetemp()))


def balanced(found: Imported) -> None:
    """Every row is taken, apart or told."""
    for one in found.read:
        told = {unread.line for unread in found.unread if unread.file == one.file and unread.line}
        assert one.rows == one.taken + one.apart + len(told)


@given(rows=any_lists())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_whatever_is_imported_is_an_estate_and_importing_it_again_is_the_identity(rows: Lists, folder: Folder) -> None:
    given_ = write(folder(), {f"{name}.csv": list_text(name, one) for name, one in rows.items()})
    first = imported(lists(), [given_])
    balanced(first)
    assume(first.files)
    out = write(folder(), first.files)
    read_estate(out)
    kept = lists_in(out)
    again = imported(kept, [out])
    assert (again.changes, again.unread) == ((), ())
    document = write(folder(), {"estate.json": estate_document(kept)})
    for path in (out, document):
        anew = imported(lists(), [path])
        assert anew.unread == ()
        assert values(lists_in(write(folder(), anew.files))) == values(kept)


@given(
    data=st.binary(max_size=300), name=st.sampled_from(["users.csv", "holdings.csv", "x.json", "x.ldif", "estate.yaml"])
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_taken_over_or_told(data: bytes, name: str, folder: Folder) -> None:
    path = folder() / name
    path.write_bytes(data)
    taken = take([path])
    (read,) = accounted(taken.read, taken.unread)
    told = {one.line for one in taken.unread if one.line}
    assert read.rows == read.taken + read.apart + len(told)


def test_a_faulty_row_is_left_out_and_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "our holdings.csv"
    file.write_text("pattern,kind,matter\nx/*,site,M1\ny,desk,M1\nz,site,M2\nx/*,site,M1,too,much\n")
    found = imported(lists(), [file])
    assert [(one.line, one.why[:17]) for one in found.unread] == [(3, "kind is not one o"), (5, "5 values for 3 co")]
    assert [(one.kind, one.rows, one.taken) for one in found.read] == [("the list holdings", 4, 2)]
    assert sorted(found.files) == ["holdings.csv"]


def test_a_row_that_names_nothing_that_is_declared_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"assignments.csv": "identity,matter\np-1,M1\np-9,M1\n"})
    found = imported(lists(identities=[{"id": "p-1", "accounts": "ada"}]), [tmp_path / "assignments.csv"])
    assert [(one.line, one.why) for one in found.unread] == [(3, "an identity that is not declared")]
    assert [change.name for change in found.changes] == ["p-1 M1"]


def test_a_faulty_estate_is_not_added_to(tmp_path: Path) -> None:
    write(tmp_path, {"holdings.csv": "pattern,kind\nx,desk\n"})
    with pytest.raises(ConfigError, match=r"holdings\.csv:2: kind is not one of"):
        lists_in(tmp_path)


def test_an_estate_in_yaml_becomes_one_in_csv_once_something_changes(tmp_path: Path) -> None:
    estate = write(tmp_path / "estate", {"estate.yaml": "matters: [{id: M1}]\nholdings: [{pattern: x, kind: site}]\n"})
    more = write(tmp_path / "more", {"matters.csv": "id,sensitivity\nM1,sealed\n"})
    found = imported(lists_in(estate), [more])
    assert sorted(found.files) == ["holdings.csv", "matters.csv"]
    assert "estate.yaml" in found.gone
    unchanged = imported(lists_in(estate), [estate])
    assert (unchanged.files, unchanged.gone) == ({}, ())


def test_a_cell_that_a_spreadsheet_could_compute_is_marked_and_read_back(tmp_path: Path) -> None:
    file = write(tmp_path / "a", {"x.json": '[{"userPrincipalName": "ada@x.example", "displayName": "=HYPERLINK(1)"}]'})
    found = imported(lists(), [file])
    assert '"\'=HYPERLINK(1)"' in found.files["identities.csv"]
    assert read_estate(write(tmp_path / "b", found.files)).identities[0].name == "=HYPERLINK(1)"


@pytest.mark.parametrize("name", ["nothing.csv", "empty"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError):
        imported(lists(), [tmp_path / name])
