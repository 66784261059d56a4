"""The audit log on an invented morning of a file server: what is read, what is one event, what it says about files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.plan import plan
from tocsin.collect.source import Coalescing, Event, Head
from tocsin.collect.sources.auditd import SOURCE
from tocsin.collect.sources.auditd.grouping import (
    MOST_RECORDS,
    NEAR_BYTES,
    PATIENCE_BYTES,
    Member,
    cut_between_events,
    grouped,
)
from tocsin.collect.sources.auditd.line import read_line
from tocsin.collect.sources.auditd.tables import error_name, socket_address, syscall_name, type_name
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENTS, MARKS

SAMPLES = Path(__file__).parents[2] / "samples" / "auditd"
WITNESS_LIST = "/srv/matters/1234/witness list.txt"


def records(data: bytes) -> list[Record]:
    return [item for item in SOURCE.records(data, b"", 0) if isinstance(item, Record)]


def events(data: bytes) -> list[Event]:
    assert isinstance(SOURCE, Coalescing)
    return list(SOURCE.coalesce(records(data)))


@pytest.fixture(scope="module")
def enriched() -> list[Event]:
    return events((SAMPLES / "enriched.log").read_bytes())


def fields(text: str) -> dict[str, Any]:
    line = read_line(text)
    assert line is not None
    return line.fields


def accesses(found: list[Event]) -> list[tuple[str, str, str]]:
    return [(row["holding"], row["degree"], row["operation"]) for event in found for row in event.mapped.accesses]


def marks(found: list[Event]) -> list[tuple[str, str | None]]:
    return [(row["kind"], row["scope"]) for event in found for row in event.mapped.marks]


@pytest.mark.parametrize("name", ["audit.log", "enriched.log"])
def test_is_recognised_and_read_whole(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    assert SOURCE.recognises(Head(data, len(data), "x.txt")) == 1.0
    items = list(SOURCE.records(data, b"", 0))
    assert len(items) == len(data.splitlines())
    assert not [item for item in items if isinstance(item, Unreadable)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b'{"type":"SYSCALL","msg":"audit(1.1:1):"}\n',
        b"Mar  2 08:00:01 fs1 audispd: type=EOE msg=audit(1.1:1):\n",
    ],
)
def test_other_formats_are_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(Head(data, len(data), "audit.log")) == 0.0


def test_records_of_one_event_make_one_event(enriched: list[Event]) -> None:
    shapes = [[record.fields["type"] for record in event.seen] for event in enriched]
    assert shapes[1] == ["SYSCALL", "EXECVE", "CWD", "PATH", "PATH", "PROCTITLE", "EOE"]
    assert [len(shape) for shape in shapes] == [1, 7, 5, 5, 4, 7, 5, 3, 1, 1, 1, 3, 3]


def test_events_of_two_processors_are_kept_apart(enriched: list[Event]) -> None:
    first, second = enriched[-2:]
    assert (list(first.records), list(second.records)) == ([40, 42, 44], [41, 43, 45])
    assert [event.mapped.event["file.path"] for event in (first, second)] == [
        "/srv/matters/1234/notes.txt",
        "/home/ada.example/.ssh/authorized_keys",
    ]


def test_a_started_program_is_told_with_its_whole_command_line(enriched: list[Event]) -> None:
    event = enriched[1].mapped.event
    assert event["process.cmd_line"] == f"cat {WITNESS_LIST}"
    assert event["activity_name"] == "execve"
    assert event["class_uid"] == 1007
    assert event["process.file.path"] == "/usr/bin/cat"
    assert event["actor.user.name"] == "ada.example"
    assert event["actor.user.uid"] == "fs1.tribunal.example|uid:1104"
    assert event["actor.session.uid"] == "fs1.tribunal.example|7"
    assert event["process.uid"] == "fs1.tribunal.example|4200"
    assert event["metadata.sequence"] == 9002
    assert event["metadata.uid"] == "1772438402.002:9002"
    assert event["time"] == 1_772_438_402_002_000_000
    assert not enriched[1].mapped.accesses  # a program that is run is not a document that is read


def test_the_rules_see_each_record_with_what_its_event_shares(enriched: list[Event]) -> None:
    syscall, execve, _, path, *_ = enriched[1].seen
    assert (syscall.fields["a0"], execve.fields["a0"]) == ("55d0", "cat")
    assert execve.fields["a1"] == WITNESS_LIST
    assert execve.fields["exe"] == path.fields["exe"] == "/usr/bin/cat"
    assert execve.fields["SYSCALL"] == path.fields["SYSCALL"] == "execve"
    assert (path.fields["key"], path.fields["UID"]) == ("commands", "ada.example")
    assert "a0" not in path.fields
    assert execve.log == ("EXECVE", "", "yes")
    assert path.log == ("PATH", "NORMAL", "yes")
    assert enriched[3].seen[3].fields["derived.path"] == "/srv/matters/1234/notes.txt"


def test_files_are_accessed_as_far_as_the_call_says(enriched: list[Event]) -> None:
    assert accesses(enriched) == [
        (WITNESS_LIST, "opened", "openat"),
        ("/srv/matters/1234/notes.txt", "altered", "openat making it"),
        ("/srv/matters/1234/statement.docx", "altered", "rename from"),
        ("/tmp/.s", "altered", "rename to"),
        ("/srv/matters/1234/old.pdf", "destroyed", "unlinkat"),
        ("/srv/matters/1234/notes.txt", "opened", "openat for writing"),
        ("/home/ada.example/.ssh/authorized_keys", "opened", "openat"),
    ]
    row = enriched[2].mapped.accesses[0]
    assert (row["container"], row["actor"], row["label"]) == (
        "fs1.tribunal.example",
        "ada.example",
        "witness list.txt",
    )
    assert set(row) <= set(ACCESSES.names)


def test_what_failed_is_no_access(enriched: list[Event]) -> None:
    refused = enriched[4].mapped
    assert refused.event["status"] == "failure"
    assert refused.event["file.path"] == "/srv/matters/9999/order.pdf"
    assert not refused.accesses


def test_the_log_and_standing_access_are_marked(enriched: list[Event]) -> None:
    names = [scope for kind, scope in marks(enriched) if kind == "named"]
    assert names == ["/srv/matters/1234/statement.docx"]  # which was renamed
    others = [one for one in marks(enriched) if one[0] != "named"]
    assert others == [("audit_changed", "matters"), ("audit_changed", "rsyslog")]
    assert {name for event in enriched for row in event.mapped.marks for name in row} <= set(MARKS.names)


OPEN = (
    "type=SYSCALL msg=audit(1772438400.000:1): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f "
    'a2={flags} a3=0 items=1 pid=9 auid=1104 uid=0 ses=1 exe="/usr/bin/x" key=(null)\n'
    'type=PATH msg=audit(1772438400.000:1): item=0 name="{name}" mode={mode} nametype={nametype}\n'
)


@pytest.mark.parametrize(
    ("flags", "name", "nametype", "kind"),
    [
        ("401", "/home/a/.ssh/authorized_keys", "NORMAL", "credential"),
        ("241", "/etc/sudoers.d/x", "CREATE", "permission"),
        ("201", "/var/log/auth.log", "NORMAL", "cleared"),
        ("201", "/var/log/audit/audit.log", "NORMAL", "cleared"),
        ("2", "/etc/audit/rules.d/a.rules", "NORMAL", "audit_changed"),
    ],
)
def test_files_that_give_access_or_hold_logs_are_watched(flags: str, name: str, nametype: str, kind: str) -> None:
    text = OPEN.format(flags=flags, name=name, mode="0100644", nametype=nametype)
    assert [mark for mark, _ in marks(events(text.encode()))] == [kind]


def test_reading_such_a_file_is_no_mark() -> None:
    text = OPEN.format(flags="0", name="/etc/sudoers", mode="0100440", nametype="NORMAL")
    assert not marks(events(text.encode()))


@pytest.mark.parametrize(
    ("mode", "flags", "expected"),
    [
        ("0100644", "0", [("document", "opened")]),
        ("0100644", "200000", [("document", "accessed")]),  # O_PATH
        ("0100644", "201", [("document", "altered")]),  # O_WRONLY and O_TRUNC
        ("0100644", "2", [("document", "opened")]),
        ("040755", "10000", [("folder", "accessed")]),
        ("020666", "2", [("document", "opened")]),  # a device that is not one of the harmless may show anything
    ],
)
def test_the_degree_of_an_open(mode: str, flags: str, expected: list[tuple[str, str]]) -> None:
    text = OPEN.format(flags=flags, name="/srv/x", mode=mode, nametype="NORMAL")
    rows = [row for event in events(text.encode()) for row in event.mapped.accesses]
    assert [(row["kind"], row["degree"]) for row in rows] == expected


def test_others_let_in_is_a_mark_and_mending_it_is_none() -> None:
    text = OPEN.replace("syscall=257", "syscall=268").replace("a2={flags}", "a2={flags}")
    opened = text.format(flags="1b6", name="/srv/x", mode="0100600", nametype="NORMAL")
    closed = text.format(flags="180", name="/srv/x", mode="0100666", nametype="NORMAL")
    assert marks(events(opened.encode())) == [("permission", "/srv/x")]
    assert not marks(events(closed.encode()))


def test_a_file_renamed_over_another_destroys_it() -> None:
    text = (
        "type=SYSCALL msg=audit(1772438400.000:1): arch=c000003e syscall=82 success=yes exit=0 a0=7f a1=7f items=4\n"
        'type=PATH msg=audit(1772438400.000:1): item=0 name="/srv/a" mode=0100600 nametype=DELETE\n'
        'type=PATH msg=audit(1772438400.000:1): item=1 name="/srv/b" mode=0100600 nametype=DELETE\n'
        'type=PATH msg=audit(1772438400.000:1): item=2 name="/srv/b" mode=0100600 nametype=CREATE\n'
    )
    assert [row[:2] for row in accesses(events(text.encode()))] == [
        ("/srv/a", "altered"),
        ("/srv/b", "destroyed"),
        ("/srv/b", "altered"),
    ]


def test_a_relative_path_of_another_folder_is_left_as_it_is() -> None:
    text = OPEN.replace("a0=ffffff9c", "a0=5").format(flags="0", name="list.txt", mode="0100600", nametype="NORMAL")
    text += 'type=CWD msg=audit(1772438400.000:1): cwd="/home/a"\n'
    (event,) = events(text.encode())
    assert accesses([event]) == [("list.txt", "opened", "openat")]
    assert "path_relative" in event.mapped.warnings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('type=CWD msg=audit(1.2:3): cwd="/srv"', "cwd", "/srv"),
        ("type=CWD msg=audit(1.2:3): cwd=2F612062", "cwd", "/a b"),
        ("type=PROCTITLE msg=audit(1.2:3): proctitle=6C73002D6C00", "proctitle", "ls -l"),
        ('type=EXECVE msg=audit(1.2:3): argc=2 a0="sh" a1[0]=2D63 a1[1]="x" a1_len=3', "a1", "-cx"),
        ('type=EXECVE msg=audit(1.2:3): argc=3 a0="sh" a1="-c" a10="z" a2="y"', "derived.command_line", "sh -c y z"),
        ("type=SYSCALL msg=audit(1.2:3): arch=c00000b7 syscall=56 a0=41 exit=-13", "SYSCALL", "openat"),
        ("type=SYSCALL msg=audit(1.2:3): arch=c00000b7 syscall=56 a0=41 exit=-13", "a0", "41"),
        ("type=SYSCALL msg=audit(1.2:3): arch=40000028 syscall=5", "SYSCALL", "5"),
        ('type=SYSCALL msg=audit(1.2:3): key=(null)ARCH=x86_64 SYSCALL=open AUID="unset"', "SYSCALL", "open"),
        ('type=PATH msg=audit(1.2:3): cap_frootid=0OUID="root" OGID="root"', "OUID", "root"),
        ("type=SYSCALL msg=audit(1.2:3): key=6101620A", "key", ["a", "b\n"]),
        ("type=SYSCALL msg=audit(1.2:3): key=(null)", "key", None),
        ("type=USER_CMD msg=audit(1.2:3): pid=1 msg='cmd=\"id\" pid=9 res=success'", "pid", "1"),
        ("type=USER_CMD msg=audit(1.2:3): pid=1 msg='cmd=6964202D75 res=success", "cmd", "id -u"),
        ("type=AVC msg=audit(1.2:3): avc:  denied  { read write } for  pid=1", "seperms", "read write"),
        ("type=SOCKADDR msg=audit(1.2:3): saddr=0A000016000000002001", "saddr", "0A000016000000002001"),
        ("type=LOGIN msg=audit(1.2:3): auid=4294967295", "AUID", "unset"),
        ('audit: type=1400 audit(1.2:3): apparmor="DENIED"', "type", "AVC"),
        ("type=UNKNOWN[1334] msg=audit(1.2:3): prog-id=1", "type", "BPF"),
        ("type=UNKNOWN[9999] msg=audit(1.2:3): x=1", "type", "UNKNOWN[9999]"),
    ],
)
def test_values_are_decoded(text: str, name: str, value: object) -> None:
    assert fields(text)[name] == value


def test_numbers_have_names() -> None:
    assert (type_name("1309"), type_name("SYSCALL")) == ("EXECVE", "SYSCALL")
    assert (syscall_name("40000003", "11"), syscall_name("c000003e", "59")) == ("execve", "execve")
    assert syscall_name("c000003e", "99999999999") == ""
    assert (error_name("-13"), error_name("3"), error_name("-" + "9" * 5000)) == ("EACCES", "", "")
    assert socket_address("02000050CB007109" + "00" * 8) == ("ipv4", "203.0.113.9", "80", "")
    assert socket_address("01002F72756E2F7800") == ("unix", "", "", "/run/x")
    assert socket_address("xyz") is None


def test_a_time_rendered_for_people_is_not_guessed() -> None:
    (event,) = events(b"type=EOE msg=audit(02/03/26 08:00:00.123:7) : \n")
    assert event.mapped.event["time"] is None
    assert "time_unreadable" in event.mapped.warnings


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"type=UNKNOWN[1329] msg=?", "no_event_id"),
        (b"----", "separator"),
        (b"hello", "not_an_audit_record"),
    ],
)
def test_what_is_no_record_is_said(line: bytes, reason: str) -> None:
    (item,) = SOURCE.records(line + b"\n", b"", 0)
    assert isinstance(item, Unreadable)
    assert (item.reason, item.data) == (reason, line)


def test_bytes_that_are_no_text_are_kept_with_a_warning() -> None:
    (record,) = records(b'type=CWD msg=audit(1772438400.1:3): cwd="/\xff"\n')
    assert record.warnings == ("invalid_utf8",)
    assert record.data.endswith(b'cwd="/\xff"')


def test_an_account_known_by_its_number_is_of_its_host() -> None:
    text = "type=USER_END msg=audit(1772438400.1:3): pid=1 uid=0 auid=1104 ses=3 msg='exe=\"/x\" res=success'\n"
    (bare,) = events(text.encode())
    (named,) = events(b"node=fs1 " + text.encode())
    assert (bare.mapped.event["actor.user.name"], bare.mapped.event.get("actor.user.uid")) == ("uid:1104", None)
    assert (named.mapped.event.get("actor.user.name"), named.mapped.event["actor.user.uid"]) == (None, "fs1|uid:1104")
    assert "actor.session.uid" not in bare.mapped.event


def test_before_a_sign_in_the_account_acts_that_signs_in(enriched: list[Event]) -> None:
    failed = enriched[10].mapped.event
    assert (failed["actor.user.name"], failed["user.name"], failed["status"]) == (
        "ben.example",
        "ben.example",
        "failure",
    )
    assert failed["src_endpoint.ip"] == "203.0.113.9"


def test_a_second_copy_further_on_is_an_event_of_its_own() -> None:
    line = b"type=CWD msg=audit(1772438400.1:3): cwd=/\n"
    other = b"type=CWD msg=audit(1772438400.1:%d): cwd=/\n"
    between = b"".join(other % number for number in range(10, 2000))
    assert len(between) > NEAR_BYTES
    copies = [event for event in events(line + between + line) if event.seen[0].data == line.strip()]
    assert len(copies) == 2
    assert copies[0].mapped.key == copies[1].mapped.key


def test_half_an_event_is_not_a_second_copy_of_the_other_half() -> None:
    first = events(b'type=CWD msg=audit(1772438400.1:3): cwd="/"\n')[0].mapped.key
    second = events(b'type=PATH msg=audit(1772438400.1:3): name="/a"\n')[0].mapped.key
    assert first != second


def test_a_group_ends_with_its_eoe_and_is_bounded() -> None:
    members = [
        Member("a", 0, 10, False),
        Member("a", 10, 10, True),
        Member("a", 20, 10, False),
        Member(None, 30, 1, False),
    ]
    assert list(grouped(members)) == [[0, 1], [2], [3]]
    endless = [Member("a", place, 1, False) for place in range(MOST_RECORDS + 5)]
    assert [len(group) for group in grouped(endless)] == [MOST_RECORDS, 5]


def busy_log(size: int, seed: int) -> bytes:
    """Events of four processors, whose records stand between each other now and then."""
    chance = random.Random(seed)
    lines: list[str] = []
    waiting: list[list[str]] = []
    number = length = 0
    while length < size:
        while len(waiting) < 4:
            number += 1
            stamp = f"msg=audit({1772438400 + number // 50}.{number % 1000:03}:{number})"
            waiting.append(
                [
                    f"type=SYSCALL {stamp}: arch=c000003e syscall=257 success=yes a0=ffffff9c a1=7f a2=0 items=4",
                    *(
                        f'type=PATH {stamp}: item={item} name="/srv/{number}/{item}" nametype=NORMAL'
                        for item in range(4)
                    ),
                ]
            )
        chosen = chance.randrange(4) if chance.random() < 0.02 else 0
        lines.append(waiting[chosen].pop(0))
        length += len(lines[-1]) + 1
        waiting = [one for one in waiting if one]
    lines += [line for one in waiting for line in one]
    return ("\n".join(lines) + "\n").encode()


def test_no_event_is_cut_where_a_long_log_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.collect.scanning.CHUNK_BYTES", 1 << 19)
    data = busy_log(2 << 20, seed=7)
    file = tmp_path / "audit.log"
    file.write_bytes(data)
    (planned,) = plan([str(file)])
    pieces = [(task.chunk.offset, task.chunk.length) for task in planned.tasks]
    assert len(pieces) >= 3
    assert pieces[0][0] == 0
    assert sum(length for _, length in pieces) == len(data)
    whole = {tuple(record.data for record in event.seen) for event in events(data)}
    parts = [
        tuple(record.data for record in event.seen)
        for offset, length in pieces
        for event in events(data[offset : offset + length])
    ]
    assert len(parts) == len(whole)
    assert set(parts) == whole


def test_where_events_never_end_the_log_is_cut_all_the_same() -> None:
    """Somebody who can write to a log must not be able to make it one chunk."""
    lines = b"".join(
        b"type=PATH msg=audit(1772438400.000:%d): item=1 name=/srv/%06d\n" % (number % 3, number)
        for number in range(20_000)
    )
    assert cut_between_events(lines[: PATIENCE_BYTES - 1]) is None
    cut = cut_between_events(lines)
    assert cut is not None
    assert NEAR_BYTES < cut < PATIENCE_BYTES
    assert cut_between_events(b"short\nwindow\n") is None


def test_what_ausearch_writes_between_events_belongs_to_the_record_behind() -> None:
    data = (
        b"----\ntime->Mon Mar  2 08:00:00 2026\n"
        b"type=SYSCALL msg=audit(03/02/26 08:00:00.123:7) : arch=x86_64 syscall=openat success=yes exit=3 a2=O_RDONLY"
        b" auid=ada.example uid=root ses=7 exe=/usr/bin/cat\n"
        b"type=PATH msg=audit(03/02/26 08:00:00.123:7) : item=0 name=/srv/x mode=file,640 nametype=NORMAL\n----\n"
    )
    first, second, last = SOURCE.records(data, b"", 0)
    assert isinstance(first, Record)
    assert first.data.startswith(b"----")
    assert (first.offset + first.length, isinstance(last, Unreadable)) == (second.offset - 1, True)
    (event,) = events(data)
    assert (event.mapped.event["actor.user.name"], event.mapped.event["activity_name"]) == ("ada.example", "openat")
    assert accesses([event]) == [("/srv/x", "opened", "openat")]


def test_columns_are_those_of_the_tables(enriched: list[Event]) -> None:
    assert {name for event in enriched for name in event.mapped.event} <= set(EVENTS.names)
