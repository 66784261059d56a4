"""The one way out writes whole files or none, replaces nothing unasked, and lets no control character through."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.errors import ConfigError, StoreError
from tocsin.share.exit import refuse_overwrite, release, tell


def test_a_new_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    target = tmp_path / "answers.txt"
    release("answer\n", target)
    assert target.read_text() == "answer\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_an_existing_file_is_replaced_only_when_forced(tmp_path: Path) -> None:
    target = tmp_path / "answers.txt"
    target.write_text("earlier")
    with pytest.raises(ConfigError, match="exists"):
        release("later", target)
    assert target.read_text() == "earlier"
    release("later", target, force=True)
    assert target.read_text() == "later"


def test_a_refusal_comes_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    with pytest.raises(ConfigError, match="exists"):
        refuse_overwrite(tmp_path / "there", force=False)
    with pytest.raises(ConfigError, match="no folder"):
        refuse_overwrite(tmp_path / "missing" / "file", force=True)
    with pytest.raises(ConfigError, match="is a folder"):
        refuse_overwrite(tmp_path, force=True)
    refuse_overwrite(None, force=False)


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "answers.txt"
    target.write_text("earlier")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        release("later", target, force=True)
    assert target.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [target]


def test_a_device_is_written_to_and_not_replaced() -> None:
    release("nothing", Path(os.devnull), force=True)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("earlier")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    release("later", tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "later"


def test_controls_leave_escaped_everywhere(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    release("a\x1b[2J\nb\n", None)
    tell("c\x07")
    out, err = capfd.readouterr()
    assert out == "a\\x1b[2J\nb\n"
    assert err == "c\\x07\n"
    release("d\x9b", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "d\\x9b"


def test_bytes_leave_as_they_are(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    release(b"\x00\x1b\xff", None)
    assert capfdbinary.readouterr().out == b"\x00\x1b\xff"


def test_a_reader_that_closes_the_pipe_causes_no_complaint() -> None:
    code = "from tocsin.share.exit import release; release('x' * 1_000_000, None)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_a_storage_fault() -> None:
    code = (
        "from tocsin.errors import StoreError\nfrom tocsin.share.exit import release\nimport sys\n"
        "try:\n    release('x', None)\nexcept StoreError:\n    sys.stderr.write('told'); sys.stderr.flush()\n"
        "    import os; os._exit(0)\n"
    )
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"told"
