"""A sample of what `make mutations-record` does ten thousand times: no falsification passes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.record_mutations import Changed, change_package, change_workspace, check_package, measure
from tests.attest.packages import small_ledger
from tests.record.recorder import Recorder, fill, no_sources, reread

from tocsin.record.keys import create_key, open_key
from tocsin.record.verify import verify
from tocsin.store.workspace import create_workspace, open_workspace


def test_no_falsified_package_passes(tmp_path: Path) -> None:
    package = small_ledger().write(tmp_path / "package")
    figures = measure([(package, change_package, check_package, 80)], tmp_path)
    assert figures.missed == ()
    assert sum(figures.kinds.values()) == 80
    assert len(figures.kinds) >= 9


def test_no_falsified_workspace_passes(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "workspace")
    fill(Recorder(workspace, create_key(workspace, no_sources(tmp_path / "keys"))))
    workspace.close()

    def check(folder: Path) -> None:
        opened = open_workspace(folder)
        try:
            verify(opened, open_key(opened, no_sources(tmp_path / "keys")), reread)
        finally:
            opened.close()

    figures = measure([(tmp_path / "workspace", change_workspace, check, 25)], tmp_path)
    assert figures.missed == ()


def test_a_change_that_passes_is_told(tmp_path: Path) -> None:
    package = small_ledger().write(tmp_path / "package")
    figures = measure([(package, change_package, lambda _: None, 3)], tmp_path)
    assert [each.number for each in figures.missed] == [0, 1, 2]
    assert all(each.what.endswith("not found") for each in figures.missed)


def test_what_was_changed_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "pristine").mkdir()
    (tmp_path / "pristine/a").write_bytes(b"a")
    changed = Changed(tmp_path / "pristine", tmp_path / "copy")
    (changed.folder / "a").unlink()
    (changed.folder / "b").write_bytes(b"b")
    changed.restore()
    assert [(path.name, path.read_bytes()) for path in changed.files()] == [("a", b"a")]
