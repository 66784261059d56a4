"""`tocsin vault` as the protection unit types it: what is asked, warned of and told, and what never is."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pyrage
import pytest

from tocsin.cli.main import run

LIST = "handle,matter,form\nW-1,Q-7,Zorblat Quixmere\n"


class _Input(io.StringIO):
    """Standard input that no terminal is."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.decode("utf-8", "replace"))
        self._data = io.BytesIO(data)

    @property
    def buffer(self) -> io.BytesIO:
        return self._data


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert run(["init", str(tmp_path / "workspace")]) == 0
    capsys.readouterr()
    return str(tmp_path / "workspace")


def give(monkeypatch: pytest.MonkeyPatch, data: str | bytes) -> None:
    monkeypatch.setattr(sys, "stdin", _Input(data.encode() if isinstance(data, str) else data))


def test_from_nothing_to_a_vault_and_back(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    give(monkeypatch, LIST)
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 0
    told = capsys.readouterr()
    assert str(tmp_path / "data") in told.out
    assert "protected now: 1 person with 1 form, epoch 2" in told.out
    assert "key file:" in told.out
    assert told.err == ""
    assert "orblat" not in told.out
    assert run(["vault", "list", "--workspace", workspace]) == 0
    assert capsys.readouterr().out == "W-1  Q-7  1 form\n"
    assert run(["vault", "list", "--forms", "--workspace", workspace]) == 0
    assert "Zorblat Quixmere" in capsys.readouterr().out
    assert run(["vault", "remove", "W-1", "--workspace", workspace]) == 0
    assert run(["vault", "rotate", "--workspace", workspace]) == 0
    assert "epoch: 4" in capsys.readouterr().out
    assert run(["vault", "status", "--workspace", workspace]) == 0
    told = capsys.readouterr()
    assert "up to date" in told.out
    assert "0 persons" in told.out
    assert run(["vault", "log", "--workspace", workspace]) == 0
    assert [line.split("  ")[2] for line in capsys.readouterr().out.splitlines()] == [
        "init", "import", "list", "list", "remove", "rotate", "log",
    ]  # fmt: skip


def test_a_list_in_clear_on_a_disk_is_warned_of(
    workspace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    assert run(["vault", "import", "--workspace", workspace, str(path)]) == 0
    assert "holds names in clear" in capsys.readouterr().err


def test_a_sealed_list_leaves_nothing_in_clear(
    workspace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(identity))
    (tmp_path / "identity").chmod(0o600)
    (tmp_path / "list.age").write_bytes(pyrage.encrypt(LIST.encode(), [identity.to_public()]))
    given = ["vault", "import", "--workspace", workspace, str(tmp_path / "list.age")]
    assert run([*given, "--identity", str(tmp_path / "identity")]) == 0
    told = capsys.readouterr()
    assert ("1 new form" in told.out, told.err) == (True, "")
    give(monkeypatch, b"")
    assert run(given) == 2
    assert "nobody is there" in capsys.readouterr().err
    monkeypatch.setenv("TOCSIN_AGE_PASSPHRASE", "a bell in the night")
    (tmp_path / "list.age").write_bytes(pyrage.passphrase.encrypt(LIST.encode(), "a bell in the night"))
    assert run(given) == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Zorblat" in path.read_bytes()]


def test_weak_forms_are_refused_where_nobody_can_be_asked(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, LIST + "W-2,,admin\n")
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 5
    told = capsys.readouterr()
    assert "line 3: the form is a common word" in told.err
    assert "Zorblat" not in told.err
    give(monkeypatch, LIST + "W-2,,admin\n")
    assert run(["vault", "import", "--workspace", workspace, "--accept-weak", "-"]) == 0


def test_faults_end_with_their_lines_and_go_on_when_asked(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, LIST + ",,Pomfret Wuzzle\n")
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 2
    assert "line 3: the handle is empty" in capsys.readouterr().err
    assert run(["vault", "list", "--workspace", workspace]) == 2  # not even an empty vault was made
    give(monkeypatch, LIST + ",,Pomfret Wuzzle\n")
    assert run(["vault", "import", "--workspace", workspace, "--keep-going", "-"]) == 3
    assert "LEFT OUT, 1 line" in capsys.readouterr().out


def test_a_passphrase_from_a_file_or_the_environment(
    workspace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tocsin.store import key_sources

    monkeypatch.setattr(key_sources, "_SCRYPT_N", 2)
    (tmp_path / "phrase").write_text("a bell in the night\n")
    given = ["--workspace", workspace, "--passphrase-file", str(tmp_path / "phrase")]
    assert run(["vault", "init", str(tmp_path / "vault"), *given]) == 0
    assert "key file" not in capsys.readouterr().out
    assert run(["vault", "list", "--workspace", workspace]) == 74
    assert "TOCSIN_VAULT_PASSPHRASE" in capsys.readouterr().err
    monkeypatch.setenv("TOCSIN_VAULT_PASSPHRASE", "another")
    assert run(["vault", "list", "--workspace", workspace]) == 74
    monkeypatch.setenv("TOCSIN_VAULT_PASSPHRASE", "a bell in the night")
    assert run(["vault", "list", "--workspace", workspace]) == 0
    (tmp_path / "new").write_text("two bells\n")
    assert run(["vault", "rotate", "--workspace", workspace, "--new-passphrase-file", str(tmp_path / "new")]) == 0
    assert run(["vault", "list", "--workspace", workspace]) == 74
    assert run(["vault", "list", "--workspace", workspace, "--passphrase-file", str(tmp_path / "new")]) == 0


def test_half_the_certificates_are_no_credentials(workspace: str, tmp_path: Path) -> None:
    (tmp_path / "one.pem").touch()
    given = ["tls:localhost:1", "--workspace", workspace, "--certificate", str(tmp_path / "one.pem")]
    assert run(["vault", "link", *given]) == 2


def test_what_is_to_leave_is_checked_and_told_by_place_and_never_by_name(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    give(monkeypatch, LIST)
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 0
    out = tmp_path / "out"
    out.mkdir()
    (out / "clean.txt").write_text("nobody\n")
    assert run(["vault", "check", str(out), "--workspace", workspace]) == 0
    (out / "scan.jpeg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(64))
    capsys.readouterr()
    assert run(["vault", "check", str(out), "--workspace", workspace]) == 3
    assert "not searched: 1 picture" in capsys.readouterr().out
    (out / "scan.jpeg").unlink()
    (out / "sealed.age").write_bytes(b"age-encryption.org/v1\n")
    assert run(["vault", "check", str(out), "--workspace", workspace]) == 3
    (out / "letter of Zorblat Quixmere.txt").write_text("for\nQUIXMERE, Zorblat\n")
    capsys.readouterr()
    assert run(["vault", "check", str(out), "--workspace", workspace]) == 5
    told = capsys.readouterr()
    assert "line 2, column 1: generated form, Latin\n" in told.out
    assert "its name: exact form, Latin\n" in told.out
    assert "sealed.age: not searched: encrypted with age\n" in told.out
    assert "found:    2 references to protected persons\n" in told.out
    assert "zorblat" not in (told.out + told.err).lower()
    assert run(["vault", "log", "--workspace", workspace]) == 0
    log = capsys.readouterr().out
    assert log.count("  check  ") == 4
    assert "files=3  references=2  unsearched=1" in log


def test_a_check_takes_the_key_of_the_vault_and_paths_that_are_there(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("x")
    assert run(["vault", "check", str(tmp_path / "x"), "--workspace", workspace]) == 2  # no vault
    give(monkeypatch, LIST)
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 0
    assert run(["vault", "check", str(tmp_path / "missing"), "--workspace", workspace]) == 2
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "somebody-else"))
    assert run(["vault", "check", str(tmp_path / "x"), "--workspace", workspace]) == 74
    assert "Zorblat" not in capsys.readouterr().err


def test_a_refused_init_leaves_nothing_half_made(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    give(monkeypatch, LIST)
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 0
    capsys.readouterr()
    assert run(["vault", "init", str(tmp_path / "another"), "--workspace", workspace]) == 5
    assert "linked to a vault already" in capsys.readouterr().err
    assert not (tmp_path / "another").exists()
    assert run(["exercise", "run", "no-such-case", "--workspace", str(tmp_path / "case")]) == 2
    assert not (tmp_path / "case").exists()


def test_a_rotation_says_what_opens_the_vault_from_now_on(
    workspace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    give(monkeypatch, LIST)
    assert run(["vault", "import", "--workspace", workspace, "-"]) == 0
    (tmp_path / "new").write_text("an invented phrase\n")
    capsys.readouterr()
    assert run(["vault", "rotate", "--workspace", workspace, "--new-passphrase-file", str(tmp_path / "new")]) == 0
    told = capsys.readouterr().out
    assert "opens it: the passphrase given now" in told
    assert "Copies of the vault made before still open" in told
    assert run(["vault", "rotate", "--workspace", workspace, "--passphrase-file", str(tmp_path / "new")]) == 0
