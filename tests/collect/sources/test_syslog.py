"""Syslog on invented lines: headers of every kind, times and what was assumed of them, and what programs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tocsin.collect.source import Coalescing, Event, Head, Mapped
from tocsin.collect.sources.auditd.grouping import NEAR_BYTES
from tocsin.collect.sources.syslog import SOURCE
from tocsin.collect.sources.syslog.header import read_header, time_of_year
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENTS, MARKS

SAMPLES = Path(__file__).parents[2] / "samples" / "syslog"
NAMES = ["auth.log", "rfc5424.log", "journal.txt", "forwarded_audit.log"]


def records(data: bytes) -> list[Record]:
    return [item for item in SOURCE.records(data, b"", 0) if isinstance(item, Record)]


def events(name: str) -> list[Event]:
    assert isinstance(SOURCE, Coalescing)
    return list(SOURCE.coalesce(records((SAMPLES / name).read_bytes())))


def said(line: str) -> Mapped:
    (record,) = records(line.encode())
    return SOURCE.map(record)


def message(tag: str, text: str) -> dict[str, Any]:
    return dict(said(f"2026-03-02T08:00:00Z fs1 {tag}: {text}").event)


@pytest.fixture(scope="module")
def auth() -> list[Mapped]:
    return [event.mapped for event in events("auth.log")]


@pytest.mark.parametrize("name", NAMES)
def test_is_recognised_by_content(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    assert SOURCE.recognises(Head(data, len(data), "x")) > 0.6
    assert not [item for item in SOURCE.records(data, b"", 0) if isinstance(item, Unreadable)]


@pytest.mark.parametrize(
    "line",
    [
        b"type=SYSCALL msg=audit(1772438400.000:1): arch=c000003e syscall=257",
        b'192.0.2.1 - - [02/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"',
        b"2026-03-02 08:00:00,123 INFO [main] - started",
        b"2026-03-02 08:00:00 ERROR main: broken",
        b"2026-03-02T08:00:00Z INFO main: broken",
        b'{"time":"2026-03-02T08:00:00Z","host":"fs1"}',
        b"Mar  2 08:00:00 fw1 CEF: 0|Invented|Wall|1|100|x|5|src=192.0.2.1",
        b"Mar  2 08:00:00 fs1 sysmon: <Event><System></System></Event>",
        b"[Mar  2 08:00:00] SECURITY[77]: res.c: something",
        b"time,host,message",
        b"hello world",
    ],
)
def test_other_formats_are_not_recognised(line: bytes) -> None:
    data = (line + b"\n") * 5
    assert SOURCE.recognises(Head(data, len(data), "auth.log")) < 0.5


UTC = "2026-03-02T08:00:01Z"


@pytest.mark.parametrize(
    ("line", "time", "host", "program", "pid", "warnings"),
    [
        ("Mar  2 08:00:01 fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("year_unknown",)),
        ("<38>Mar  2 08:00:01 fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("year_unknown",)),
        ("Mar  2 2026 08:00:01 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ("zone_assumed_utc",)),
        ("2026 Mar  2 08:00:01 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ("zone_assumed_utc",)),
        ("Mon Mar  2 08:00:01 2026 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ("zone_assumed_utc",)),
        ("Mar  2 2026 08:00:01.5 UTC fs1 sshd[7]: m", "2026-03-02T08:00:01.5Z", "fs1", "sshd", "7", ()),
        ("[Mar  2 08:00:01] fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("year_unknown",)),
        ("Mar  2 08:00:01 sshd[7]: m", None, None, "sshd", "7", ("year_unknown",)),
        ("Mar  2 08:00:01 [sshd]: m", None, None, "sshd", "", ("year_unknown",)),
        ("Mar  2 08:00:01 fs1 [sshd][7] m", None, "fs1", "sshd", "7", ("year_unknown",)),
        ("Mar  2 08:00:01 <auth.info> fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("year_unknown",)),
        ("2026-03-02T09:00:01+01:00 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ()),
        ("2026-03-02T09:00:01+0100 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ()),
        ("2026-03-02 08:00:01 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ("zone_assumed_utc",)),
        ("2026-03-02 08:00:01 UTC fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ()),
        ("Mon 2026-03-02 08:00:01 CET fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ("zone_assumed_utc",)),
        ("2026-03-02 01:00:01.000000-0700  fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ()),
        ("1772438401.000000 fs1 sshd[7]: m", UTC, "fs1", "sshd", "7", ()),
        ("<38>1 2026-03-02T08:00:01Z fs1 sshd 7 - - m", UTC, "fs1", "sshd", "7", ()),
        ("71 <38>1 2026-03-02T08:00:01Z fs1 sshd 7 ID [a@1 b=\"c\"] m", UTC, "fs1", "sshd", "7", ()),
        ("<38>1 - - sshd - - - m", None, None, "sshd", "", ("time_missing",)),
        ("<38>sshd[7]: m", None, None, "sshd", "7", ("time_missing",)),
        ("fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("time_missing",)),
        ("Feb 30 2026 08:00:01 fs1 sshd[7]: m", None, "fs1", "sshd", "7", ("time_unrepresentable",)),
        ("Mar  2 1971 08:00:01 fs1 sshd[7]: m", "1971-03-02T08:00:01Z", "fs1", "sshd", "7",
         ("zone_assumed_utc", "time_implausible")),
        ("Mar  2 08:00:01 fs1 su(pam_unix)[7]: m", None, "fs1", "su", "7", ("year_unknown",)),
        ("Mar  2 08:00:01 192.0.2.1 %ASA-6-113004: m", None, "192.0.2.1", "%ASA-6-113004", "", ("year_unknown",)),
    ],
)  # fmt: skip
def test_headers(
    line: str, time: str | None, host: str | None, program: str, pid: str, warnings: tuple[str, ...]
) -> None:
    header = read_header(line)
    assert header is not None
    assert header.time == (parse_time(time) if time else None)
    assert (header.host, header.program, header.pid, header.message) == (host, program, pid, "m")
    assert header.warnings == warnings


def test_priority_and_structured_data_are_read() -> None:
    (record, *_) = records((SAMPLES / "rfc5424.log").read_bytes())
    fields = record.fields
    assert (fields["facility"], fields["severity"]) == ("auth", "info")
    assert (fields["meta.sequenceId"], fields["origin@32473.note"]) == ("17", 'a "quoted" ] word')
    assert fields["message"].startswith("Accepted password for ada.example")
    assert record.log == ("sshd", "auth", "", "", "")


def test_the_year_of_a_line_is_never_guessed_but_can_be_given() -> None:
    event = said("Feb 29 23:59:59.5 fs1 sshd[7]: m").event
    assert event["time"] is None
    assert event["metadata.original_time"] == "Feb 29 23:59:59.5"
    assert time_of_year("Feb 29 23:59:59.5", 2024) == parse_time("2024-02-29T23:59:59.5Z")
    assert time_of_year("Feb 29 23:59:59.5", 2026) is None


def test_a_time_that_needs_nothing_assumed_leaves_no_text() -> None:
    assert "metadata.original_time" not in said("2026-03-02T08:00:00Z fs1 x: m").event
    assert said("2026-03-02T08:00:00 fs1 x: m").event["metadata.original_time"] == "2026-03-02T08:00:00"


def test_lines_that_go_on_belong_to_the_one_before() -> None:
    data = (SAMPLES / "auth.log").read_bytes()
    (record,) = [record for record in records(data) if record.fields["program"] == "python3"]
    assert record.fields["message"].endswith("line 3, in <module>")
    assert record.data.count(b"\n") == 1
    assert len(records(data)) == len(data.splitlines()) - 1


def test_a_line_without_header_is_said_to_be_unreadable() -> None:
    (item,) = SOURCE.records(b"writeToStorage plist={\n", b"", 0)
    assert isinstance(item, Unreadable)
    assert item.reason == "no_header"


def test_a_morning_on_a_server(auth: list[Mapped]) -> None:
    shown = [
        (
            one.event["metadata.log_name"],
            one.event.get("activity_name"),
            one.event.get("status"),
            one.event.get("actor.user.name"),
            one.event.get("user.name"),
            one.event.get("src_endpoint.ip"),
        )
        for one in auth
    ]
    ada, ben, oracle, made = "ada.example", "ben.example", "oracle", "backup2"
    assert shown == [
        ("cron", "session opened", "success", "root", "root", None),
        ("cron", "job run", "success", "root", "root", None),
        ("sshd", "signed in", "success", ada, ada, "192.0.2.15"),
        ("sshd", "session opened", "success", ada, ada, None),
        ("auth", "session opened", "success", ada, ada, None),
        ("sshd", "unknown user", "failure", oracle, oracle, "203.0.113.9"),
        ("sshd", "sign-in of an unknown user failed", "failure", oracle, oracle, "203.0.113.9"),
        ("sshd", "sign-in of an unknown user failed", "failure", oracle, oracle, "203.0.113.9"),
        ("sshd", "disconnected while signing in", "failure", oracle, oracle, "203.0.113.9"),
        ("sudo", "command run as another account", "success", ada, "root", None),
        ("sudo", "command refused", "failure", ben, "root", None),
        ("su", "change of account failed", "failure", ben, "root", None),
        ("accounts", "account made", "success", None, made, None),
        ("accounts", "account put into a group", "success", None, made, None),
        ("accounts", "password changed", "success", None, made, None),
        ("cron", "jobs of an account changed", "success", made, None, None),
        ("sshd", "open", "success", None, None, None),
        ("sshd", "close after reading", "success", None, None, None),
        ("sshd", "remove", "success", None, None, None),
        ("vpn", "tunnel refused", "failure", None, None, "203.0.113.9"),
        ("syslog", "service that keeps logs stopped", None, None, None, None),
        ("vpn", "tunnel opened", "success", ada, ada, "198.51.100.20"),
        ("vpn", "address given in the tunnel", "success", None, ada, "198.51.100.20"),
        ("vpn", "tunnel opened", "success", f"{ben}@tribunal.example", f"{ben}@tribunal.example", "198.51.100.7"),
        ("syslog", None, None, None, None, None),
        ("sshd", "disconnected", None, None, ada, "192.0.2.15"),
    ]


def test_sessions_files_commands_and_addresses_given(auth: list[Mapped]) -> None:
    assert auth[4].event["actor.session.uid"] == "fs1|7"
    assert auth[9].event["process.cmd_line"] == "/usr/bin/tar -cf /tmp/a.tar 1234 ; ls"
    assert auth[2].event["process.uid"] == "fs1|4090"
    assert auth[22].event["resource.name"] == "192.0.2.200"
    assert auth[23].event["actor.session.uid"] == "fs1|rw[3]"
    assert [(row["holding"], row["degree"]) for one in auth for row in one.accesses] == [
        ("/srv/matters/1234/witness list.txt", "opened"),
        ("/srv/matters/1234/witness list.txt", "downloaded"),
        ("/srv/matters/1234/old.pdf", "destroyed"),
    ]
    assert [(row["kind"], row["scope"]) for one in auth for row in one.marks] == [
        ("permission", "backup2"),
        ("membership", "sudo"),
        ("credential", "backup2"),
        ("audit_changed", "System Logging Service"),
    ]


def test_columns_are_those_of_the_tables(auth: list[Mapped]) -> None:
    assert {name for one in auth for name in one.event} <= set(EVENTS.names)
    assert {name for one in auth for row in one.accesses for name in row} <= set(ACCESSES.names)
    assert {name for one in auth for row in one.marks for name in row} <= set(MARKS.names)


@pytest.mark.parametrize(
    ("tag", "text", "user", "address", "status"),
    [
        ("sshd[7]", "Failed password for invalid user from 192.0.2.9 from 203.0.113.9 port 1 ssh2", "from 192.0.2.9",
         "203.0.113.9", "failure"),
        ("sshd[7]", "Failed password for invalid user x from 192.0.2.9 port 5 ssh2 from 203.0.113.9 port 1 ssh2",
         "x from 192.0.2.9 port 5 ssh2", "203.0.113.9", "failure"),
        ("sshd[7]", "Failed publickey for ada.example from 203.0.113.9 port 1 ssh2: RSA x", "ada.example",
         "203.0.113.9", None),
        ("sshd-session[7]", "error: maximum authentication attempts exceeded for root from 203.0.113.9 [preauth]",
         "root", "203.0.113.9", "failure"),
        ("sshd[7]", "Received disconnect from 203.0.113.9 port 1:11: Bye [preauth]", None, "203.0.113.9", "failure"),
        ("sshd[7]", "Received disconnect from 203.0.113.9 port 1:11: disconnected by user", None, "203.0.113.9", None),
        ("sshd[7]", "Did not receive identification string from 2001:db8::9", None, "2001:db8::9", "failure"),
        ("x", "pam_unix(x:auth): authentication failure; logname= uid=0 euid=0 tty=t ruser=a rhost=192.0.2.1 "
         "rhost=203.0.113.9",
         "a rhost=192.0.2.1", "203.0.113.9", "failure"),
        ("vsftpd(pam_unix)[7]", "check pass; user unknown", None, None, "failure"),
        ("pam_sss", "x", None, None, None),
        ("su", "+ /dev/pts/0 ada.example:root", "root", None, "success"),
        ("charon", "05[IKE] authentication of 'ada.example' with EAP failed", "ada.example", None, "failure"),
        ("openvpn[7]", "203.0.113.9:64480 TLS Auth Error: Auth Username/Password verification failed for peer", None,
         "203.0.113.9", "failure"),
        ("%ASA-6-113005", "AAA user authentication Rejected : reason = Invalid : server = gw : user = ada.example"
         " : user IP = 203.0.113.9", "ada.example", "203.0.113.9", "failure"),
        ("ocserv[7]", "main[ada.example]: 203.0.113.9:5501 user logged in", "ada.example", "203.0.113.9", "success"),
        ("radiusd[7]", "(5) Login incorrect (x): [ada.example/secret] (from client gw port 1 cli 203.0.113.9)",
         "ada.example", "203.0.113.9", "failure"),
    ],
)  # fmt: skip
def test_who_from_where_and_whether(
    tag: str, text: str, user: str | None, address: str | None, status: str | None
) -> None:
    event = message(tag, text)
    assert (event.get("user.name"), event.get("src_endpoint.ip"), event.get("status")) == (user, address, status)


def test_a_password_beside_a_name_is_kept_out_of_the_columns() -> None:
    event = message("radiusd[7]", "(5) Login OK: [ada.example/secret] (from client gw port 1 cli 203.0.113.9)")
    assert "secret" not in repr(event)


def test_a_number_means_an_account_of_its_host_only() -> None:
    event = message("sshd[7]", "pam_unix(sshd:session): session opened for user ada.example(uid=1104) by (uid=0)")
    assert event["actor.user.uid"] == "fs1|uid:1104"


def test_a_transfer_of_nothing_is_no_access() -> None:
    assert not said('2026-03-02T08:00:00Z fs1 sftp-server[7]: close "/a" bytes read 0 written 0').accesses
    written = said('2026-03-02T08:00:00Z fs1 sftp-server[7]: close "/a" bytes read 0 written 9').accesses
    assert [row["degree"] for row in written] == ["altered"]


def test_audit_lines_that_came_by_syslog_make_the_same_events() -> None:
    found = events("forwarded_audit.log")
    audit = [event for event in found if "audit" in event.seen[0].native]
    assert [len(event.records) for event in audit] == [1, 7, 5, 5, 4, 7, 5, 3, 1, 1, 1, 3, 3]
    assert len(found) - len(audit) == 7
    opened = audit[2]
    assert opened.mapped.event["device.hostname"] == "fs1"
    assert opened.mapped.event["time"] == 1_772_438_403_003_000_000  # the event's own: the line's has no year
    assert [row["holding"] for row in opened.mapped.accesses] == ["/srv/matters/1234/witness list.txt"]
    assert {record.log[:3] for record in opened.seen} == {
        ("auditd", "user", kind) for kind in ("SYSCALL", "CWD", "PATH", "PROCTITLE", "EOE")
    }
    assert opened.seen[2].fields["exe"] == "/usr/bin/cat"
    assert all("year_unknown" not in record.warnings for record in opened.seen)


def test_the_kernels_own_audit_lines_are_read() -> None:
    text = (
        'Mar  2 08:00:01 fs1 kernel: [ 12.5] audit: type=1400 audit(1772438400.5:54): apparmor="DENIED" pid=7 comm="x"'
    )
    (record,) = records(text.encode())
    assert record.log == ("auditd", "", "AVC", "", "")
    assert SOURCE.map(record).event["device.hostname"] == "fs1"


def test_a_long_log_is_cut_at_lines_that_begin_a_record() -> None:
    line = b"Mar  2 08:00:01 fs1 x[7]: first\n  and more\n"
    window = line * (4 * NEAR_BYTES // len(line))
    cut = SOURCE.cut(window, b"")
    assert cut is not None
    assert window[cut:].startswith(b"Mar")
    assert SOURCE.cut(line, b"") is None
