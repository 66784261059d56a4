"""Workspaces: made once, opened by later versions, refused with a reason otherwise, written by one at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

import tocsin.store.migrations
from tocsin.errors import ConfigError, StoreError
from tocsin.store.tables import inputs, metadata, runs
from tocsin.store.workspace import REVISIONS, Workspace, create_workspace, open_workspace

RUN = {"id": 1, "started": "2031-05-04T10:00:00Z", "tool": "test", "settings": "{}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cases" / "one"


def made(folder: Path) -> Workspace:
    workspace = create_workspace(folder)
    workspace.close()
    return workspace


def test_a_new_workspace_has_its_folders_tables_and_identity(folder: Path) -> None:
    first = made(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"raw", "ledger", "events", "estate"}
    assert (len(first.id), first.origin) == (32, f"tocsin.invalid/{first.id}")
    again = open_workspace(folder)
    assert (again.id, again.origin, again.path) == (first.id, first.origin, folder)
    assert set(inspect(again.engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    again.close()


def test_its_database_is_for_its_owner_alone(folder: Path) -> None:
    made(folder)
    assert stat.S_IMODE((folder / "tocsin.db").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = create_workspace(folder)
    with workspace.writing() as connection:
        connection.execute(insert(runs).values(**RUN))
    monkeypatch.setattr("tocsin.store.workspace.is_writable", lambda _path: False)
    with pytest.raises(StoreError, match="changes beside it"):  # the log beside the database is not merged yet
        open_workspace(folder)
    workspace.close()
    opened = open_workspace(folder)
    with opened.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(runs)) == 1
    with pytest.raises(StoreError), opened.writing() as connection:
        connection.execute(insert(runs).values(**RUN | {"id": 2}))
    opened.close()


def test_the_revision_the_code_expects_is_the_last_there_is() -> None:
    settings = Config()
    settings.set_main_option("script_location", str(Path(tocsin.store.migrations.__path__[0])))
    settings.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(settings)
    assert script.get_current_head() == REVISIONS[-1]
    assert {revision.revision for revision in script.walk_revisions()} == set(REVISIONS)


def test_the_revisions_make_the_tables_the_code_knows(folder: Path) -> None:
    workspace = create_workspace(folder)
    with workspace.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    workspace.close()


def test_a_workspace_of_before_the_format_was_frozen_is_refused(folder: Path) -> None:
    made(folder)
    settings = folder / "workspace.toml"
    settings.write_text(settings.read_text().replace("format = 2", "format = 1"))
    with pytest.raises(StoreError, match="before the format") as caught:
        open_workspace(folder)
    assert "investigate the logs again" in caught.value.hint


def test_making_one_twice_opens_the_first(folder: Path) -> None:
    first = made(folder)
    assert made(folder).id == first.id


def test_a_directory_that_is_empty_or_was_left_half_made_is_taken(folder: Path) -> None:
    made(folder)
    identity = (folder / "workspace.toml").read_text()
    (folder / "workspace.toml").unlink()
    (folder / ".tmp-abc").write_bytes(b"")
    made(folder)
    assert (folder / "workspace.toml").read_text() != identity
    folder.with_name("two").mkdir(mode=0o755)
    assert stat.S_IMODE(made(folder.with_name("two")).path.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["notes.txt", "raw/x.segment", "raw"])
def test_a_directory_with_something_else_in_it_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    with pytest.raises(StoreError, match="not empty") as caught:
        create_workspace(folder)
    assert "new or empty" in caught.value.hint
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / name]


def test_a_file_where_the_directory_should_be_is_refused(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("mine")
    with pytest.raises(StoreError, match=str(folder)):
        create_workspace(folder)


def test_what_is_no_workspace_is_not_opened(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is no workspace") as caught:
        open_workspace(folder)
    assert "name the folder an investigation made" in caught.value.hint


def test_a_newer_workspace_is_not_opened(folder: Path) -> None:
    made(folder)
    settings = folder / "workspace.toml"
    before = settings.read_text()
    settings.write_text(before.replace("format = 2", "format = 3"))
    with pytest.raises(StoreError, match="newer version"):
        open_workspace(folder)
    settings.write_text(before)
    workspace = open_workspace(folder)
    with workspace.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    workspace.close()
    with pytest.raises(StoreError, match="newer version"):
        open_workspace(folder)


@pytest.mark.parametrize("settings", ["", "format = ", 'format = "1"', "format = 1", "format = 1\nid = [1]", "\0"])
def test_damaged_settings_are_said(folder: Path, settings: str) -> None:
    made(folder)
    (folder / "workspace.toml").write_text(settings)
    with pytest.raises(StoreError, match="damaged"):
        open_workspace(folder)


def test_a_lost_or_damaged_database_is_never_replaced_by_an_empty_one(folder: Path) -> None:
    made(folder)
    (folder / "tocsin.db").write_bytes(b"not a database, but as long as one has to be" * 100)
    with pytest.raises(StoreError, match="damaged"):
        open_workspace(folder)
    (folder / "tocsin.db").write_bytes(b"")
    with pytest.raises(StoreError, match="not the database of a workspace"):
        open_workspace(folder)
    for path in folder.glob("tocsin.db*"):
        path.unlink()
    with pytest.raises(StoreError, match="lost its database") as caught:
        open_workspace(folder)
    assert "backup" in caught.value.hint


def test_an_up_to_date_workspace_opens_without_alembic(folder: Path) -> None:
    made(folder)
    code = (
        "import sys; from pathlib import Path; from tocsin.store.workspace import open_workspace; "
        "open_workspace(Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def test_the_database_is_set_for_durability(folder: Path) -> None:
    workspace = create_workspace(folder)
    with workspace.reading() as connection:
        values = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    workspace.close()
    assert values == ["wal", 2, 1, 10_000]


def test_a_transaction_is_committed_whole_or_not_at_all(folder: Path) -> None:
    workspace = create_workspace(folder)
    with pytest.raises(IntegrityError), workspace.writing() as connection:
        connection.execute(insert(runs), [RUN, RUN])
    with workspace.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(runs)) == 0
    with workspace.writing() as connection:
        connection.execute(insert(runs).values(**RUN))
        with workspace.reading() as other:
            assert other.scalar(select(func.count()).select_from(runs)) == 0
    with workspace.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(runs)) == 1
    workspace.close()


def test_a_reader_sees_on_while_a_second_writer_is_told_to_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.store.workspace._BUSY_MILLISECONDS", 1)
    workspace = create_workspace(folder)
    with workspace.writing(), workspace.reading() as reader:
        assert reader.scalar(select(func.count()).select_from(runs)) == 0
        with pytest.raises(StoreError, match="another process holds"), workspace.writing():
            pytest.fail("two writers at once")
    workspace.close()


def test_a_broken_constraint_is_no_fault_of_the_disk(folder: Path) -> None:
    workspace = create_workspace(folder)
    row = {"run": 77, "path": "", "sha256": "", "content_sha256": "", "size": 0, "source": "", "certainty": 0.0}
    with pytest.raises(IntegrityError), workspace.writing() as connection:
        connection.execute(insert(inputs).values(**row, state="read", reason="", complete=True))
    workspace.close()


def test_a_full_disk_is_said_plainly(folder: Path) -> None:
    workspace = create_workspace(folder)
    with workspace.reading() as connection:  # the one connection of the pool: the limit is that of a connection
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(StoreError, match="the disk is full") as caught, workspace.writing() as connection:
        connection.execute(insert(runs).values(**(RUN | {"settings": "x" * 1_000_000})))
    assert "free some space" in caught.value.hint
    assert "xxxx" not in str(caught.value.__cause__)
    workspace.close()


def test_one_process_writes_at_a_time(folder: Path) -> None:
    workspace = made(folder)
    with workspace.writer_lock():
        with pytest.raises(StoreError, match="another run is writing"), workspace.writer_lock():
            pytest.fail("two writers at once")
        code = (
            "import sys; from pathlib import Path; from tocsin.errors import StoreError\n"
            "from tocsin.store.workspace import open_workspace\n"
            "try:\n"
            "    with open_workspace(Path(sys.argv[1])).writer_lock(): sys.exit(1)\n"
            "except StoreError: sys.exit(0)\n"
        )
        subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(folder)], check=True)
    with workspace.writer_lock():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser is refused nothing")
def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="permission denied") as caught:
        create_workspace(tmp_path / "workspace")
    assert "owned and writable" in caught.value.hint
