"""The vault on disk: what opens it, what does not, and that neither its file nor any error says a name."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protect.conftest import PERSONS

from tocsin.errors import ConfigError, ProtectionError, StoreError, VerificationError
from tocsin.model.protection import FormKind
from tocsin.protect import vault_log
from tocsin.protect.changes import merge
from tocsin.protect.persons_file import Row
from tocsin.protect.vault import FILE, Vault, create_vault, key_file_of, locked, open_vault, refuse_older, rotated
from tocsin.protect.vault_log import LogLine, append, lines, with_heads
from tocsin.store import key_sources as stretching
from tocsin.store.key_sources import KeySources

NAMES = ("Zorblat", "Quixmere", "Ыфщзук", "W-1", "Q-7")


def line(what: str, epoch: int = 2) -> LogLine:
    return LogLine(at="2031-05-04T10:00:00Z", by="ada", what=what, epoch=epoch, figures={"persons": 2})


def test_what_was_saved_opens_again_and_shows_nothing(vault: Vault, sources: KeySources) -> None:
    opened = open_vault(vault.folder, sources)
    assert (opened.contents, opened.epoch, opened.id) == (vault.contents, 2, vault.id)
    assert opened.form_count == 2
    said = repr(opened) + repr(opened.contents) + repr(opened.contents.persons)
    assert not [name for name in NAMES if name in said]
    assert not [name for name in NAMES if name.encode() in (vault.folder / FILE).read_bytes()]
    with pytest.raises(TypeError, match="stays in the process"):
        pickle.dumps(opened)


def test_only_its_owner_can_read_it(vault: Vault, sources: KeySources) -> None:
    assert [path.stat().st_mode & 0o077 for path in (vault.folder, vault.folder / FILE)] == [0, 0]
    (vault.folder / FILE).chmod(0o640)
    with pytest.raises(StoreError, match="other accounts"):
        open_vault(vault.folder, sources)
    (vault.folder / FILE).chmod(0o600)
    vault.folder.chmod(0o755)
    with pytest.raises(StoreError, match="other accounts"):
        open_vault(vault.folder, sources)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_any_changed_bit_is_noticed_and_no_error_says_a_name(
    vault: Vault, sources: KeySources, place: int, bit: int
) -> None:
    path = vault.folder / FILE
    data = path.read_bytes()
    changed = bytearray(data)
    changed[place % len(data)] ^= 1 << bit
    path.write_bytes(changed)
    try:
        with pytest.raises((StoreError, ConfigError)) as caught:
            open_vault(vault.folder, sources)
    finally:
        path.write_bytes(data)
    assert not [name for name in NAMES if name in f"{caught.value} {caught.value.hint}"]


@given(length=st.integers(min_value=0, max_value=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_vault_cut_short_does_not_open(vault: Vault, sources: KeySources, length: int) -> None:
    path = vault.folder / FILE
    data = path.read_bytes()
    path.write_bytes(data[: min(length, len(data) - 1)])
    try:
        with pytest.raises(StoreError):
            open_vault(vault.folder, sources)
    finally:
        path.write_bytes(data)


def test_another_key_does_not_open_it(vault: Vault, sources: KeySources, tmp_path: Path) -> None:
    key_file = key_file_of(vault, sources)
    assert key_file is not None
    key_file.write_bytes(bytes(32))
    with pytest.raises(StoreError, match="not the key"):
        open_vault(vault.folder, sources)
    key_file.unlink()
    with pytest.raises(StoreError, match="missing"):
        open_vault(vault.folder, sources)


def test_a_passphrase_and_a_credential_open_what_they_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretching, "_SCRYPT_N", 2)
    credential = tmp_path / "tocsin.vault-key"
    credential.write_bytes(b"c" * 32)
    for number, held in enumerate(
        (
            KeySources(passphrase="a bell in the night", credential=None, folder=tmp_path),
            KeySources(passphrase=None, credential=credential, folder=tmp_path),
        )
    ):
        made = create_vault(tmp_path / f"vault-{number}", held)
        assert open_vault(made.folder, held).contents == made.contents
    with pytest.raises(StoreError, match="does not open"):
        open_vault(tmp_path / "vault-0", KeySources(passphrase="another", credential=None, folder=tmp_path))
    with pytest.raises(StoreError, match="under a passphrase"):
        open_vault(tmp_path / "vault-0", KeySources(passphrase=None, credential=None, folder=tmp_path))


def test_a_vault_is_made_in_a_folder_of_its_own(vault: Vault, sources: KeySources, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="already"):
        create_vault(vault.folder, sources)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").touch()
    with pytest.raises(ConfigError, match="not empty"):
        create_vault(tmp_path / "full", sources)
    with pytest.raises(ConfigError, match="no vault"):
        open_vault(tmp_path / "absent", sources)


def test_rotation_changes_every_key_and_leaves_no_old_one_behind(vault: Vault, sources: KeySources) -> None:
    before = key_file_of(vault, sources)
    made = rotated(vault, sources, epoch=3)
    after = key_file_of(made, sources)
    assert after != before
    assert before is not None
    assert not before.exists()
    assert made.contents.token_key != vault.contents.token_key
    assert made.contents.door_keys[0] == vault.contents.door_keys[0]
    assert len(set(made.contents.door_keys)) == 2
    assert open_vault(vault.folder, sources).contents == made.contents
    with pytest.raises(ProtectionError, match="older copy"):
        refuse_older(2, 3)


def test_the_log_says_what_was_done_and_nothing_can_be_taken_from_it(vault: Vault, sources: KeySources) -> None:
    with locked(vault.folder):
        for what in ("init", "import", "list"):
            append(vault, line(what))
    assert [one.what for one in lines(vault)] == ["init", "import", "list"]
    path = vault.folder / "log-1.sealed"
    data = path.read_bytes()
    assert b"import" not in data
    kept = vault.saved(replace(vault.contents, logs=with_heads(vault).logs))
    frames = list(vault_log._frames(data))
    packed = [len(frame).to_bytes(4, "big") + frame for frame in frames]
    for missing in range(3):
        path.write_bytes(b"".join(packed[:missing] + packed[missing + 1 :]))
        with pytest.raises(VerificationError, match=r"altered|missing"):
            list(lines(kept))


def test_a_line_that_a_crash_cut_short_is_none_and_the_next_takes_its_place(vault: Vault) -> None:
    append(vault, line("init"))
    append(vault, line("import"))
    path = vault.folder / "log-1.sealed"
    path.write_bytes(path.read_bytes()[:-5])
    assert [one.what for one in lines(vault)] == ["init"]
    append(vault, line("list"))
    assert [one.what for one in lines(vault)] == ["init", "list"]


def test_the_log_goes_on_after_a_rotation(vault: Vault, sources: KeySources) -> None:
    append(vault, line("init"))
    made = rotated(replace(vault, contents=with_heads(vault)), sources, epoch=3)
    append(made, line("rotate", 3))
    assert [(one.what, one.epoch) for one in lines(made)] == [("init", 2), ("rotate", 3)]


def rows(*given: tuple[int, str, str]) -> list[Row]:
    return [Row(line=at, handle=who, matter="", form=form, kind=FormKind.NAME) for at, who, form in given]


def test_a_list_adds_to_who_is_there_and_says_what_is_shared() -> None:
    merged = merge(
        PERSONS,
        rows(
            (2, "W-1", "ZORBLAT  Quixmere"),  # the same form in other dress
            (3, "W-1", "Zorblat von Quixmere"),
            (4, "W-9", "Pomfret Wuzzle"),
            (5, "W-2", "Pomfret Wuzzle"),
            (6, "W-9", "Ыфщзук Прамов"),
        ),
    )
    assert [person.handle for person in merged.persons] == ["W-1", "W-2", "W-9"]
    assert [person.id for person in merged.persons[:2]] == [person.id for person in PERSONS]
    assert (merged.new_persons, merged.new_forms, merged.known_forms) == (1, 4, 1)
    assert merged.shared == {5: 4, 6: 0}


handles = st.sampled_from(["W-1", "W-2", "W-8", "W-9"])
names = st.sampled_from(["Zorblat Quixmere", "Pomfret Wuzzle", "Grindel Vask", "zorblat quixmere"])


@given(st.lists(st.tuples(st.integers(2, 99), handles, names), max_size=12))
def test_importing_twice_changes_nothing(given: list[tuple[int, str, str]]) -> None:
    once = merge(PERSONS, rows(*given))
    twice = merge(once.persons, rows(*given))
    assert twice.persons == once.persons
    assert not twice.is_change
