"""An exception that holds a name, forced in each stage: nothing of the name in any output, file or report."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.protect.planted import LATIN, DeadDoor, door, guard

from tocsin.cli import main as cli
from tocsin.model.door import Door
from tocsin.protect.exits import close_doors, guard_exits

STAGES = (
    "tocsin.collect.plan.plan_one",
    "tocsin.collect.sources.syslog.reader.Syslog.records",
    "tocsin.collect.sources.syslog.reader.Syslog.map",
    "tocsin.detect.sigma.match.Matcher.match",
    "tocsin.processing.leaf_hashes",
    "tocsin.processing.coverage.summarise",
    "tocsin.watching.coverage.conclude",
    "tocsin.watching.identity.conclude",
    "tocsin.answering.attribution.conclude",
    "tocsin.share.formats.text.Text.render",
    "tocsin.share.formats.html.Html.render",
    "tocsin.share.exit._write_output",
    "tocsin.share.exit._put_in_place",
    "tocsin.record.ledger.Ledger.publish",
    "tocsin.store.workspace.Workspace.writing",
    "tocsin.store.durable.write_durably",
)
_SMALL = 1 << 17
LOG = f"Mar  1 10:00:00 host sshd[1]: Accepted password for {LATIN.replace(' ', '.')} from 192.0.2.1 port 22 ssh2\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Everything this account could write to; the command opens the planted door."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/config"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(cli, "quiet_faults", lambda: None)  # the hooks of this very process stay
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "auth.log").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    close_doors()


def _open(monkeypatch: pytest.MonkeyPatch, opened: Door) -> None:
    def stand_open(*_: object) -> tuple[Door, None]:
        guard_exits("planted", opened)
        return opened, None

    monkeypatch.setattr("tocsin.opening.stand_open", stand_open)


def _run(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["tocsin", "investigate", "logs", "--workspace", "ws", "--workers", "1"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def _raises(*_: object, **__: object) -> object:
    raise ValueError(f"cannot make anything of {LATIN}")


def _names_in(folder: Path) -> list[str]:
    """Files that hold the name, or are named after it, but the log it was in; rules and large ones byte by byte."""
    files = [path for top in folder.iterdir() if top.name != "logs" for path in top.rglob("*") if path.is_file()]
    raw = [str(path) for path in files if "wertovi" in str(path) or b"wertovi" in path.read_bytes()]
    small = [path for path in files if "rules" not in path.parts and path.stat().st_size < _SMALL]
    return raw + [each.place for path in small for each in guard().search_file(path, path.name).references]


@pytest.mark.parametrize("stage", STAGES)
def test_a_fault_of_a_stage_shows_no_name(
    stage: str, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _open(monkeypatch, door())
    monkeypatch.setattr(stage, _raises)
    _run(monkeypatch)
    captured = capfd.readouterr()
    assert "wertovi" not in captured.out + captured.err
    assert _names_in(home) == []


def test_the_private_details_of_a_fault_say_types_and_places_where_the_door_is_gone(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _open(monkeypatch, DeadDoor())
    monkeypatch.setattr("tocsin.opening._check_epoch", _raises)
    assert _run(monkeypatch) == 70
    captured = capfd.readouterr()
    assert "wertovi" not in captured.out + captured.err
    assert _names_in(home) == []
