"""Laws of reading syslog: whatever the bytes, nothing is raised, no span overlaps, every record is in one event."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Coalescing, Head
from tocsin.collect.sources.syslog import SOURCE
from tocsin.collect.sources.syslog.header import read_header, time_of_year
from tocsin.collect.sources.syslog.messages import read_message
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Degree
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENTS, MARKS

_FOLDER = Path(__file__).parents[2] / "samples" / "syslog"
_LINES = [line for file in sorted(_FOLDER.iterdir()) for line in file.read_bytes().splitlines(keepends=True)]
_BLANK = b" \t\r\n\x0b\x0c"
_TABLE = tomllib.loads((resources.files("tocsin.collect.sources.syslog") / "messages.toml").read_text("utf-8"))
_PATTERNS = [(one["names"][0], message) for one in _TABLE["program"] for message in one.get("message", ())]

pieces = st.sampled_from(
    (b"<38>", b"<999>", b"1 ", b"Mar  2 08:00:01 ", b"Feb 31 2026 25:61:61 ", b"2026-13-41T99:99:99Z ", b"[", b"]",
     b": ", b"fs1 ", b"sshd[7]", b"kernel", b" - ", b'[a b="', b'"]', b"\n", b"\r\n", b" ", b"\t", b"\0", b"\xff",
     b"0000-00 ", b"type=PATH msg=audit(1.2:3): ", b"Failed password for ", b" from ", b"message repeated 2 times: [ ",
     b"9" * 20)
)  # fmt: skip
noise = st.lists(st.sampled_from(_LINES) | pieces | st.binary(max_size=4), max_size=30).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(noise)
def test_every_byte_is_owned_and_every_record_is_in_one_event(data: bytes) -> None:
    head = Head(data[:65_536], len(data), "")
    assert 0.0 <= SOURCE.recognises(head) <= 1.0
    skip = SOURCE.preamble(head)
    items = list(SOURCE.records(data, data[:skip], skip))
    position = skip
    for item in items:
        assert item.offset >= position
        assert not data[position : item.offset].strip(_BLANK)
        assert item.length > 0
        assert item.data == data[item.offset : item.offset + item.length]
        position = item.offset + item.length
    assert not data[position:].strip(_BLANK)
    found = [item for item in items if isinstance(item, Record)]
    assert isinstance(SOURCE, Coalescing)
    events = list(SOURCE.coalesce(found))
    assert sorted(place for event in events for place in event.records) == list(range(len(found)))
    for event in events:
        assert all(len(record.log) == len(SOURCE.log_fields) for record in event.seen)
        assert set(event.mapped.event) <= set(EVENTS.names)
        assert all(set(row) <= set(ACCESSES.names) for row in event.mapped.accesses)
        assert all(set(row) <= set(MARKS.names) for row in event.mapped.marks)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["Jan", "Feb", "Dec"]), st.integers(0, 99), st.integers(0, 99), st.integers(0, 9999))
def test_a_time_kept_as_text_can_always_be_asked_for(month: str, day: int, hour: int, year: int) -> None:
    header = read_header(f"{month} {day:2} {hour:02}:00:00 fs1 x: m")
    assert header is not None
    if day:
        assert header.time is None
        time_of_year(header.original_time, year)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(_PATTERNS), st.text(max_size=60))
def test_no_message_makes_a_pattern_raise(pattern: tuple[str, dict[str, str]], text: str) -> None:
    program, _ = pattern
    read_message(program, "", text)
    read_message("x", "pam_unix", text)


def test_the_table_of_messages_holds_what_it_says_it_may() -> None:
    classes = {0, 1001, 1006, 1007, 2004, 3001, 3002, 3006, 4001, 4007, 6002}
    for _, message in _PATTERNS:
        names = set(re.compile(message["pattern"]).groupindex)
        assert message.get("class", 0) in classes
        assert message.get("status") in (None, "success", "failure")
        assert "degree" not in message or (Degree(message["degree"]) and "file" in names)
        assert "mark" not in message or Mark(message["mark"])
        assert set(message) <= {
            "pattern", "activity", "class", "status", "mark", "degree", "unless", "service", "before_sign_in"
        }  # fmt: skip


def test_no_line_can_be_written_that_takes_long_to_read() -> None:
    """Lines of a log are anybody's: none may make a pattern try every way to fail."""
    parts = ("a ", "from ", "user=x ", ": ", "[", "by ", "sorry ", "auth failed", "user a from 192.0.2.1 port 1 ssh2 ")
    starts = ("", "Failed password for ", "x : ", "imap-login: ", "session opened for user ", "warning: ")
    longest = 0.0
    for program in sorted({program for program, _ in _PATTERNS}):
        for start in starts:
            for part in parts:
                begin = process_time()
                read_message(program, "", start + part * 20_000)
                longest = max(longest, process_time() - begin)
    assert longest < 0.2


def test_a_command_is_kept_whole_however_long() -> None:
    said = read_message("sudo", "", "ada.example : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo " + "x" * 10_000)
    assert said.values["command"].endswith("x" * 10_000)
