"""Files that are whole or absent, and the sweeping of what a crash left."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tocsin.errors import StoreError
from tocsin.model.tables import EVENTS
from tocsin.store import durable
from tocsin.store.durable import sweep, write_all_durably, write_durably
from tocsin.store.events import read_events, write_events
from tocsin.store.settings import Settings, read_settings, write_settings
from tocsin.store.workspace import Workspace, create_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create_workspace(tmp_path / "workspace")
    yield made
    made.close()


def events(count: int) -> pa.Table:
    rows = [{"record": n, "key": bytes(16), "time": n, "source": "lines", "class_uid": 1} for n in range(count)]
    return pa.Table.from_pylist(rows, schema=EVENTS)


def test_a_file_is_written_replaced_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(step, fail)
    with pytest.raises(StoreError, match="the disk is full") as caught:
        write_durably(path, b"new")
    assert str(path) in str(caught.value)
    assert "free some space" in caught.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("count", "synced"), [(1, ["file"]), (2, ["file", "file"]), (5, ["file system"])])
def test_data_is_on_disk_before_its_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, synced: list[str]
) -> None:
    steps: list[str] = []
    fsync, replace, sync_file_system = os.fsync, Path.replace, durable._SYNC_FILE_SYSTEM

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        steps.append("name")
        return replace(path, target)

    def noted_sync(descriptor: int) -> int:
        steps.append("file system")
        return sync_file_system(descriptor) if sync_file_system else -1

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    if sync_file_system is None:
        synced = ["file"] * count
    else:
        monkeypatch.setattr(durable, "_SYNC_FILE_SYSTEM", noted_sync)
    write_all_durably([(tmp_path / str(number), b"a") for number in range(count)])
    assert steps == [*synced, *["name"] * count, "folder"]


def test_a_file_system_that_cannot_be_synced_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "_SYNC_FILE_SYSTEM", lambda _descriptor: -1)
    with pytest.raises(StoreError):
        write_all_durably([(tmp_path / str(number), b"a") for number in range(5)])
    assert list(tmp_path.iterdir()) == []


def test_sweeping_removes_what_a_crash_left_and_nothing_else(workspace: Workspace) -> None:
    kept = [
        workspace.segment_path("a" * 64),
        workspace.events_path("a" * 64),
        workspace.raw / "notes.txt",
        workspace.ledger / "tile/0/000",
        workspace.ledger / "checkpoint",
        workspace.estate / "hosts.csv",
    ]
    left = [
        workspace.segment_path("b" * 64),
        workspace.events_path("c" * 64),
        workspace.raw / ".tmp-1",
        workspace.events / ".tmp-2",
        workspace.ledger / "tile/0/.tmp-3",
        workspace.path / ".tmp-4",
    ]
    for path in kept + left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert sweep(workspace, {"a" * 64}) == len(left)
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in left)
    assert sweep(workspace, {"a" * 64}) == 0
    assert workspace.settings_path.exists()


def test_events_come_back_and_equal_tables_give_equal_files(workspace: Workspace) -> None:
    first = write_events(workspace, "a" * 64, events(3))
    assert read_events(workspace, "a" * 64).equals(events(3))
    assert read_events(workspace, "a" * 64, ["time"]).column_names == ["time"]
    assert read_events(workspace, "a" * 64).schema.equals(EVENTS)
    in_pieces = pa.concat_tables([events(3).slice(0, 1), events(3).slice(1)])
    assert write_events(workspace, "b" * 64, in_pieces) == first


def test_events_of_another_schema_are_refused(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="schema of events"):
        write_events(workspace, "a" * 64, events(1).drop_columns(["time"]))


def test_damaged_or_missing_events_are_said(workspace: Workspace) -> None:
    with pytest.raises(StoreError, match="No such file"):
        read_events(workspace, "a" * 64)
    workspace.events_path("a" * 64).write_bytes(b"no")
    with pytest.raises(StoreError, match="damaged"):
        read_events(workspace, "a" * 64)


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    settings: Settings = {"format": 1, "name": 'quoted "x" \\ ✓', "key": {"n": 2, "text": "line\nbreak"}}
    write_settings(path, settings)
    assert read_settings(path) == settings
