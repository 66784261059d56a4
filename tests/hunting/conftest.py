"""A workspace over fifteen sign-ins, and a rule about them in a published archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.journeys.conftest import Tocsin, tocsin
from tests.journeys.logs import ADA, act

from tocsin.exercise.formats.m365 import audit_line, sign_in

__all__ = ["tocsin"]

RULE_ID = "7c4a1c0e-0f5c-4a6e-9a39-222222222222"
SCANNER = "192.0.2.10"
INTRUDER = "198.51.100.7"


def rule(id_: str = RULE_ID, address: str = SCANNER, level: str = "high", extra: str = "") -> str:
    return f"""title: An invented scanner signs in
id: {id_}
logsource: {{product: m365, service: audit}}
detection: {{selection: {{Operation: UserLoggedIn, ClientIP|contains: {address}}}, condition: selection}}
level: {level}
{extra}"""


def published(path: Path, *rules: str, version: str = "r2026-02-01") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("version.txt", version)
        for number, text in enumerate(rules):
            archive.writestr(f"rules/{number}.yml", text)
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Twelve sign-ins of one person by the scanner, three from elsewhere a day later."""
    records = [sign_in(act(n, person=ADA, address=SCANNER, session=f"s-{n}")) for n in range(12)]
    records += [sign_in(act(1440 + n, person=ADA, address=INTRUDER, session="s-x")) for n in range(3)]
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "audit.jsonl").write_bytes(b"".join(audit_line(record) for record in records))
    return folder


@pytest.fixture
def court(tmp_path: Path, logs: Path, tocsin: Tocsin) -> Path:
    """The workspace, investigated once with our own rules."""
    path = tmp_path / "court"
    assert tocsin("investigate", logs, "--workspace", path, "--quiet").code == 0
    return path
