"""`tocsin evidence verify` as an expert runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.attest.packages import LOG, WITNESS, rebag, small_ledger

from tocsin.cli.main import run


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return small_ledger().write(tmp_path / "package")


def test_a_package_with_what_the_expert_has_from_elsewhere(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kept = package / "data/checkpoints/3.note"
    options = ("--log-key", LOG.vkey, "--witness", WITNESS.vkey, "--checkpoint", str(kept))
    assert run(["evidence", "verify", str(package), *options]) == 0
    said = capfd.readouterr().out
    assert "VERIFIED: the package is intact and its parts fit." in said.splitlines()[-2]
    assert "signed by the key you gave" in said
    assert "checkpoint kept elsewhere: checked: the one over 3 entries" in said


def test_a_fault_ends_it_with_its_own_code_and_says_what_it_means(
    package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (package / "data/findings.json").write_bytes(b"{ }\n")
    rebag(package)
    assert run(["evidence", "verify", str(package)]) == 4
    said = capfd.readouterr()
    assert "VERIFIED" not in said.out
    assert said.err == (
        "tocsin: fault at step (8), entry 21 (act 'exported' of 2031-07-28T10:34:20Z): the files are not those "
        "that were exported. The package is not as it was exported: nothing in it may be relied on.\n"
    )


@pytest.mark.parametrize("arguments", [("nowhere",), (".", "--checkpoint", "nowhere"), (".", "--tsa-root", "nowhere")])
def test_what_is_not_there_is_a_fault_of_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evidence", "verify", *arguments]) == 2
