"""The workspace key: its three sources, what goes wrong with each, and that it stays where it is."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import StoreError, VerificationError
from tocsin.record import keys
from tocsin.record.keys import create_key, has_key, key_sources, open_key
from tocsin.store import key_sources as stretching
from tocsin.store.key_sources import KeySources, master_of
from tocsin.store.settings import Value
from tocsin.store.workspace import Workspace, create_workspace

PHRASE = "a bell in the night"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = create_workspace(tmp_path / "workspace")
    made.close()
    return made


@pytest.fixture
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less work for the passphrase: the numbers are stored, so that it opens all the same."""
    monkeypatch.setattr(stretching, "_SCRYPT_N", 2)


def test_sources_are_found_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "tocsin.key").write_bytes(bytes(32))
    found = key_sources({"HOME": "/home/ada", "CREDENTIALS_DIRECTORY": str(tmp_path), "TOCSIN_PASSPHRASE": PHRASE})
    assert found == KeySources(
        passphrase=PHRASE, credential=tmp_path / "tocsin.key", folder=Path("/home/ada/.config/tocsin/keys")
    )
    assert PHRASE not in repr(found)
    assert key_sources({"XDG_CONFIG_HOME": "/etc/x"}).folder == Path("/etc/x/tocsin/keys")
    assert key_sources({"XDG_CONFIG_HOME": "not/absolute", "HOME": "/h"}).folder == Path("/h/.config/tocsin/keys")
    assert key_sources({"TOCSIN_PASSPHRASE": "one"}, "other").passphrase == "other"


def test_without_any_source_a_key_file_is_made_and_named(workspace: Workspace, tmp_path: Path) -> None:
    sources = key_sources({"XDG_CONFIG_HOME": str(tmp_path / "config")})
    assert not has_key(workspace)
    made = create_key(workspace, sources)
    assert has_key(workspace)
    assert made.file == tmp_path / "config/tocsin/keys" / f"{workspace.id}.key"
    assert len(made.file.read_bytes()) == 32
    assert made.file.stat().st_mode & 0o777 == 0o600
    opened = open_key(workspace, sources)
    assert opened.unwrap(made.wrap(b"secret")) == b"secret"
    assert opened.name_of("chunk", 1) == made.name_of("chunk", 1)
    assert opened.signer.public_key() == made.signer.public_key()


def test_a_passphrase_opens_what_it_closed(workspace: Workspace, tmp_path: Path, quick_scrypt: None) -> None:
    sources = KeySources(passphrase="caf\u00e9 " + PHRASE, credential=None, folder=tmp_path)
    made = create_key(workspace, sources)
    assert made.file is None
    typed_otherwise = KeySources(passphrase="cafe\u0301 " + PHRASE, credential=None, folder=tmp_path)
    assert open_key(workspace, typed_otherwise).unwrap(made.wrap(b"secret")) == b"secret"
    assert PHRASE not in workspace.settings_path.read_text()


def test_the_passphrase_is_stretched_as_written_down(workspace: Workspace, tmp_path: Path) -> None:
    assert (stretching._SCRYPT_N, stretching._SCRYPT_R, stretching._SCRYPT_P) == (2**17, 8, 1)
    section: dict[str, Value] = {
        "source": "passphrase",
        "scrypt_salt": "00" * 16,
        "scrypt_n": 4,
        "scrypt_r": 8,
        "scrypt_p": 1,
    }
    sources = KeySources(passphrase=PHRASE, credential=None, folder=tmp_path)
    master = master_of(keys._keyed(workspace, sources), sources, section)
    assert master == Scrypt(salt=bytes(16), length=32, n=4, r=8, p=1).derive(PHRASE.encode())


@pytest.mark.parametrize("numbers", [(2**40, 8, 1), (3, 8, 1), (0, 8, 1), (4, -1, 1)])
def test_scrypt_numbers_that_would_hang_are_refused(
    workspace: Workspace, tmp_path: Path, numbers: tuple[int, int, int]
) -> None:
    n, r, p = numbers
    section: dict[str, Value] = {
        "source": "passphrase",
        "scrypt_salt": "00" * 16,
        "scrypt_n": n,
        "scrypt_r": r,
        "scrypt_p": p,
    }
    sources = KeySources(passphrase=PHRASE, credential=None, folder=tmp_path)
    with pytest.raises(StoreError, match="scrypt"):
        master_of(keys._keyed(workspace, sources), sources, section)


def test_a_wrong_or_missing_passphrase_is_said_plainly(
    workspace: Workspace, tmp_path: Path, quick_scrypt: None
) -> None:
    create_key(workspace, KeySources(passphrase=PHRASE, credential=None, folder=tmp_path))
    with pytest.raises(StoreError, match="the passphrase does not open") as caught:
        open_key(workspace, KeySources(passphrase="wrong one", credential=None, folder=tmp_path))
    assert "wrong one" not in str(caught.value)
    assert caught.value.hint
    with pytest.raises(StoreError, match="under a passphrase") as caught:
        open_key(workspace, KeySources(passphrase=None, credential=None, folder=tmp_path))
    assert "TOCSIN_PASSPHRASE" in caught.value.hint


def test_a_credential_opens_what_it_closed(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "tocsin.key").write_bytes(b"k" * 40)
    sources = key_sources({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    made = create_key(workspace, sources)
    assert made.source == "credential"
    assert open_key(workspace, sources).unwrap(made.wrap(b"secret")) == b"secret"
    (tmp_path / "tocsin.key").write_bytes(b"l" * 40)
    with pytest.raises(StoreError, match="is not the key of"):
        open_key(workspace, sources)
    (tmp_path / "tocsin.key").write_bytes(b"short")
    with pytest.raises(StoreError, match="fewer than 32"):
        open_key(workspace, sources)
    with pytest.raises(StoreError, match="service credential"):
        open_key(workspace, key_sources({}))


def test_a_key_file_that_is_missing_open_to_others_or_another_is_said(workspace: Workspace, tmp_path: Path) -> None:
    sources = KeySources(passphrase=None, credential=None, folder=tmp_path / "keys")
    path = create_key(workspace, sources).file
    assert path is not None
    path.chmod(0o640)
    with pytest.raises(StoreError, match="other accounts") as caught:
        open_key(workspace, sources)
    assert caught.value.hint == f"chmod 600 {path}"
    path.chmod(0o600)
    path.write_bytes(bytes(32))
    with pytest.raises(StoreError, match="is not the key of"):
        open_key(workspace, sources)
    path.unlink()
    with pytest.raises(StoreError, match="missing") as caught:
        open_key(workspace, sources)
    assert str(path) in str(caught.value)


def test_a_key_is_given_once(workspace: Workspace, tmp_path: Path) -> None:
    sources = KeySources(passphrase=None, credential=None, folder=tmp_path)
    with pytest.raises(StoreError, match="no key yet"):
        open_key(workspace, sources)
    create_key(workspace, sources)
    with pytest.raises(StoreError, match="already"):
        create_key(workspace, sources)


def test_a_public_key_put_in_place_of_ours_is_noticed(workspace: Workspace, tmp_path: Path) -> None:
    sources = KeySources(passphrase=None, credential=None, folder=tmp_path)
    create_key(workspace, sources)
    text = workspace.settings_path.read_text()
    line = next(line for line in text.splitlines() if line.startswith("public_key"))
    workspace.settings_path.write_text(text.replace(line, 'public_key = "other"'))
    with pytest.raises(VerificationError, match="public key"):
        open_key(workspace, sources)


def test_the_key_shows_and_travels_nowhere(workspace: Workspace, tmp_path: Path) -> None:
    key = create_key(workspace, KeySources(passphrase=None, credential=None, folder=tmp_path))
    assert repr(key) == f"WorkspaceKey(source='file', file={key.file!r})"
    with pytest.raises(TypeError, match="stays"):
        pickle.dumps(key)


def test_a_wrapped_secret_that_was_altered_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    key = create_key(workspace, KeySources(passphrase=None, credential=None, folder=tmp_path))
    wrapped = key.wrap(bytes(32))
    assert wrapped != key.wrap(bytes(32))

    @settings(deadline=None)
    @given(st.integers(0, len(wrapped) * 8 - 1), st.integers(0, len(wrapped) - 1))
    def check(bit: int, length: int) -> None:
        damaged = bytearray(wrapped)
        damaged[bit // 8] ^= 1 << bit % 8
        for blob in (bytes(damaged), wrapped[:length]):
            with pytest.raises(VerificationError):
                key.unwrap(blob)

    check()


def test_names_tell_their_parts_apart(workspace: Workspace, tmp_path: Path) -> None:
    key = create_key(workspace, KeySources(passphrase=None, credential=None, folder=tmp_path))
    several: list[tuple[str | int, ...]] = [("ab", "c"), ("a", "bc"), ("abc",), ("1",), (1,), ("a", "b", "c")]
    names = {key.name_of(*parts) for parts in several}
    assert len(names) == 6
    assert all(len(name) == 64 for name in names)
