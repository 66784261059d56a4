"""A vault and its workspaces: imported whole or not at all, linked, rolled back, rotated, served."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.errors import ConfigError, ProtectionError, RefusedError, StoreError
from tocsin.protect.door import connected, mask_one
from tocsin.protect.persons_file import read_list
from tocsin.protect.tokens import PERSON_LENGTH
from tocsin.protect.vault import vault_sources
from tocsin.protection.linking import link_of, link_served, open_door
from tocsin.protection.vaults import (
    Imported,
    admit,
    import_list,
    init_vault,
    list_persons,
    remove_person,
    rotate_keys,
    vault_folder,
    vault_log,
    vault_status,
)
from tocsin.store.key_sources import KeySources
from tocsin.store.workspace import create_workspace, open_workspace

LIST = b"handle,matter,form\nW-1,Q-7,Zorblat Quixmere\nW-2,,Pomfret Wuzzle\n"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def sources(environment: dict[str, str]) -> KeySources:
    return vault_sources(environment)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "workspace").close()
    return tmp_path / "workspace"


@pytest.fixture
def imported(workspace: Path, sources: KeySources, environment: dict[str, str]) -> Imported:
    return import_list(workspace, read_list(LIST), sources, environment)


def masked(workspace: Path, sources: KeySources, text: str) -> tuple[str, int]:
    """What the door of the workspace makes of the text, and its epoch."""
    with closing(open_workspace(workspace)) as opened, open_door(opened, sources) as address:
        door = connected(address)
        return mask_one(door, text), door.epoch


def test_an_import_makes_a_vault_elsewhere_and_its_door_masks(
    imported: Imported, workspace: Path, sources: KeySources
) -> None:
    assert imported.made is not None
    assert imported.folder == vault_folder(workspace)
    assert not imported.folder.is_relative_to(workspace)
    assert (imported.persons, imported.forms, imported.epoch) == (2, 2, 2)
    token, epoch = masked(workspace, sources, "zorblat_quixmere")
    assert (len(token), epoch) == (PERSON_LENGTH + 7, 2)
    held = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert b"orblat" not in held


def test_a_list_with_a_fault_changes_nothing_unless_asked_to_go_on(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str]
) -> None:
    listed = read_list(b"handle,matter,form\nW-3,,Grindel Vask\n,,Snorvath Plim\n")
    with pytest.raises(ConfigError, match="line 3: the handle is empty") as caught:
        import_list(workspace, listed, sources, environment)
    assert "Snorvath" not in str(caught.value)
    assert len(list_persons(workspace, sources, forms=False)) == 2
    done = import_list(workspace, listed, sources, environment, keep_going=True)
    assert (done.persons, done.epoch, done.faults) == (3, 3, {3: "the handle is empty"})


def test_an_import_of_what_is_known_is_no_new_epoch(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str]
) -> None:
    again = import_list(workspace, read_list(LIST), sources, environment)
    assert (again.new_forms, again.known_forms, again.epoch, again.made) == (0, 2, 2, None)


def test_an_empty_vault_works(workspace: Path, sources: KeySources, environment: dict[str, str]) -> None:
    init_vault(None, workspace, sources, environment)
    assert masked(workspace, sources, "Zorblat Quixmere") == ("Zorblat Quixmere", 1)


def test_who_is_removed_is_masked_no_more(imported: Imported, workspace: Path, sources: KeySources) -> None:
    assert remove_person(workspace, "W-1", sources) == 3
    assert masked(workspace, sources, "Zorblat Quixmere") == ("Zorblat Quixmere", 3)
    with pytest.raises(ConfigError) as caught:
        remove_person(workspace, "W-17", sources)
    assert "W-17" not in f"{caught.value}{caught.value.hint}"


def test_a_vault_serves_two_workspaces_with_tokens_of_their_own(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str], tmp_path: Path
) -> None:
    create_workspace(tmp_path / "second").close()
    linked = init_vault(imported.folder, tmp_path / "second", sources, environment)
    assert (linked.is_new, linked.epoch) == (False, 2)
    tokens = {masked(place, sources, "Zorblat Quixmere")[0] for place in (workspace, tmp_path / "second")}
    assert len({token[:PERSON_LENGTH] for token in tokens}) == 2


def test_rotation_changes_the_tokens_and_opens_what_was_sealed_before(
    imported: Imported, workspace: Path, sources: KeySources
) -> None:
    with closing(open_workspace(workspace)) as opened:
        with open_door(opened, sources) as address:
            before, sealed = mask_one(connected(address), "Pomfret Wuzzle"), connected(address).wrap(b"key", "chunk")
        epoch, key_file = rotate_keys(workspace, sources, sources)
        assert epoch == 3
        assert key_file is not None
        with open_door(opened, sources) as address:
            assert mask_one(connected(address), "Pomfret Wuzzle")[:PERSON_LENGTH] != before[:PERSON_LENGTH]
            assert connected(address).unwrap(sealed, "chunk") == b"key"


def test_an_older_copy_of_the_vault_is_refused_until_it_is_rotated(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(imported.folder, tmp_path / "backup")
    import_list(workspace, read_list(b"handle,matter,form\nW-3,,Grindel Vask\n"), sources, environment)
    shutil.rmtree(imported.folder)
    shutil.copytree(tmp_path / "backup", imported.folder)
    with pytest.raises(ProtectionError, match="older copy"):
        masked(workspace, sources, "Grindel Vask")
    with pytest.raises(ProtectionError, match="older copy"):
        import_list(workspace, read_list(LIST), sources, environment)
    epoch, _ = rotate_keys(workspace, sources, sources, restored=True)
    assert epoch == 4
    assert masked(workspace, sources, "nobody") == ("nobody", 4)


def test_another_vault_in_the_place_of_the_linked_one_is_refused(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str], tmp_path: Path
) -> None:
    create_workspace(tmp_path / "second").close()
    other = init_vault(tmp_path / "other", tmp_path / "second", sources, environment)
    with pytest.raises(ProtectionError, match="another vault"):
        init_vault(other.folder, workspace, sources, environment)
    shutil.rmtree(imported.folder)
    shutil.copytree(other.folder, imported.folder)
    with pytest.raises(ProtectionError, match="another vault"):
        masked(workspace, sources, "Zorblat Quixmere")
    shutil.rmtree(imported.folder)
    with pytest.raises(ProtectionError, match="is not at"):
        masked(workspace, sources, "Zorblat Quixmere")
    with pytest.raises(StoreError, match="is not at"):
        list_persons(workspace, sources, forms=False)


def test_a_vault_can_be_moved_with_its_link(
    imported: Imported, workspace: Path, sources: KeySources, environment: dict[str, str], tmp_path: Path
) -> None:
    moved = imported.folder.rename(tmp_path / "moved")
    init_vault(moved, workspace, sources, environment)
    assert masked(workspace, sources, "nobody") == ("nobody", 2)


@pytest.mark.parametrize("place", ["workspace/vault", "."])
def test_vault_and_workspace_do_not_lie_in_each_other(
    workspace: Path, sources: KeySources, environment: dict[str, str], tmp_path: Path, place: str
) -> None:
    with pytest.raises(RefusedError, match="does not lie"):
        init_vault(tmp_path / place, workspace, sources, environment)
    assert vault_folder(workspace) is None


def test_without_a_vault_there_is_no_door_and_nothing_to_list(workspace: Path, sources: KeySources) -> None:
    with closing(open_workspace(workspace)) as opened, open_door(opened, sources) as address:
        assert address is None
    with pytest.raises(ConfigError, match="has no vault"):
        list_persons(workspace, sources, forms=False)


def test_status_and_log_say_what_was_done_in_counts(imported: Imported, workspace: Path, sources: KeySources) -> None:
    list_persons(workspace, sources, forms=True)
    masked(workspace, sources, "Zorblat Quixmere")
    status = vault_status(workspace, sources)
    assert (status.epoch, status.persons, status.forms, status.source) == (2, 2, 2, "file")
    assert status.workspaces == ((str(workspace), 2),)
    log = vault_log(workspace, sources)
    assert [line.what for line in log] == ["init", "import", "list", "door", "log"]
    door = log[3].figures
    assert (door["texts"], door["masked"]) == (1, 1)
    assert "orblat" not in str(log)


def test_a_door_served_elsewhere_needs_no_vault_here(
    imported: Imported, tmp_path: Path, sources: KeySources, environment: dict[str, str]
) -> None:
    create_workspace(tmp_path / "far").close()
    place = tmp_path / "door"
    with closing(open_workspace(tmp_path / "far")) as far:
        admit(imported.folder, far.origin, sources)
        with pytest.raises(ConfigError, match="no origin"):
            admit(imported.folder, "anything", sources)
        command = [sys.executable, "-m", "tocsin", "vault", "serve", str(imported.folder), "--listen", f"unix:{place}"]
        process = subprocess.Popen(
            command, env=os.environ | environment | {"XDG_CONFIG_HOME": ""}, stderr=subprocess.PIPE
        )
        try:
            assert process.stderr is not None
            assert b"the door answers" in process.stderr.readline()
            link_served(far, f"unix:{place}", None)
            token, epoch = masked(far.path, sources, "Zorblat Quixmere")
            assert (token[0], len(token), epoch) == ("P", PERSON_LENGTH + 7, 2)
            with pytest.raises(ConfigError, match="served from"):
                vault_folder(far.path)
            create_workspace(tmp_path / "farther").close()  # let in while the door is served
            with closing(open_workspace(tmp_path / "farther")) as farther:
                with pytest.raises(ProtectionError, match="does not serve this workspace"):
                    link_served(farther, f"unix:{place}", None)
                admit(imported.folder, farther.origin, sources)
                assert link_served(farther, f"unix:{place}", None).epoch == 2
                with pytest.raises(ConfigError, match="no certificate"):
                    admit(imported.folder, farther.origin, sources, b"anything")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == 0
        assert not place.exists()
        with pytest.raises(ProtectionError, match="does not answer"):
            masked(far.path, sources, "Zorblat Quixmere")
        assert link_of(far.settings_path) is not None
