"""What is kept of a program's start: where it lies and what it is called, and of its command line the signs alone."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.behaviour.relation import Seen, all_relations, summarise
from tocsin.model.tables import ACCESSES, EVENTS

_RELATION = all_relations()["processes"]


def _told(**said: str) -> dict[str, Any]:
    row = {
        "record": 0,
        "key": b"0" * 16,
        "source": "invented",
        "class_uid": 1007,
        "time": 0,
        "activity_name": "process created",
    }
    row |= {"device.hostname": "ws-1", "process.file.path": r"C:\a.exe", **said}
    seen = Seen(events=pa.Table.from_pylist([row], schema=EVENTS), accesses=ACCESSES.empty_table())
    (one,) = summarise(_RELATION, seen).to_pylist()
    return dict(one)


@given(st.text())
def test_no_word_of_a_command_line_is_kept(command: str) -> None:
    assert re.fullmatch(r"[-QBUPNW]{0,12}", _told(**{"process.cmd_line": command})["template"])


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("powershell.exe -nop -w hidden -enc " + "QUJD" * 20, "--W-B"),
        ("mysql -pInvented --user=root 127.0.0.1", "--N"),
        (r'"C:\Program Files\a b.exe" "two words" C:\x.txt', "QP"),
        ("curl https://files.example/x", "U"),
        ("svchost.exe", ""),
    ],
)
def test_form(command: str, form: str) -> None:
    assert _told(**{"process.cmd_line": command})["template"] == form


@pytest.mark.parametrize(
    ("path", "program"),
    [
        (r"C:\Windows\System32\svchost.exe", "system|svchost.exe"),
        ("/usr/bin/python3.11", "system|python3.11"),
        (r"C:\Users\invented.person\AppData\Local\Temp\setup12345.exe", "temp|setup#.exe"),
        (r"C:\Users\invented.person\tool.exe", "user|tool.exe"),
        (r"\\server\share\a.exe", "network|a.exe"),
        (r"D:\tools\run.exe", "other|run.exe"),
    ],
)
def test_program(path: str, program: str) -> None:
    assert _told(**{"process.file.path": path})["child"] == program
