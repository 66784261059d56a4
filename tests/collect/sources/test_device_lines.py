"""Reading what network devices send: CEF, LEEF, named values of firewalls, and Squid's log; in and out of syslog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, Mapped, Source, logsource_text
from tocsin.collect.sources.cef import SOURCE as CEF
from tocsin.collect.sources.cef import read_event as read_cef
from tocsin.collect.sources.firewall_key_value import SOURCE as FIREWALL
from tocsin.collect.sources.leef import SOURCE as LEEF
from tocsin.collect.sources.leef import read_event as read_leef
from tocsin.collect.sources.leef.date_format import as_named
from tocsin.collect.sources.squid_access import SOURCE as SQUID
from tocsin.detect.sigma.logsource import LogSource, passes, read_logsource_map
from tocsin.model.coverage import Mark
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples"
SOURCES = (CEF, LEEF, FIREWALL, SQUID)
FILES = [(source, path) for source in SOURCES for path in sorted((SAMPLES / source.name).iterdir())]


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def records(source: Source, data: bytes) -> list[Record]:
    found = list(source.records(data, b"", 0))
    assert not [one for one in found if isinstance(one, Unreadable)]
    return [one for one in found if isinstance(one, Record)]


def sample(source: Source, name: str) -> list[tuple[Record, Mapped]]:
    return [(one, source.map(one)) for one in records(source, (SAMPLES / source.name / name).read_bytes())]


def asked(source: Source, record: Record, name: str, log_source: LogSource) -> Any:
    """What a rule sees under a field's name; KeyError where no part of the log source has the record."""
    log_map = read_logsource_map(source.name, source.log_fields, logsource_text(source))
    for alternative in log_map.alternatives(log_source):
        if passes(log_map.gate(alternative), [text.casefold() for text in record.log]):
            return record.fields.get(dict(alternative.rename).get(name, name))
    raise KeyError(name)


@pytest.mark.parametrize(("source", "path"), FILES, ids=lambda value: getattr(value, "name", None))
def test_each_source_knows_its_own_and_no_other(source: Source, path: Path) -> None:
    data = path.read_bytes()
    assert {one.name: one.recognises(head_of(data)) for one in SOURCES} == {
        one.name: float(one is source) for one in SOURCES
    }
    assert all(data[one.offset : one.offset + one.length] == one.data for one in records(source, data))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_is_none_of_them_is_not_recognised(source: Source) -> None:
    for data in (
        b"",
        b"hello\n" * 9,
        bytes(range(256)) * 9,
        b"type=SYSCALL msg=audit(1709539200.000:1): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 pid=3\n",
        b"Mar  4 08:00:00 host sshd[1]: Accepted password for ada from 192.0.2.1 port 22 ssh2\n",
        b'time="2024-03-04T08:00:00Z" level=info msg="started" a=1 b=2 c=3\n',
        b'192.0.2.1 - - [04/Mar/2024:08:00:00 +0000] "GET /?a=b&c=d&e=f&g=h HTTP/1.1" 200 12\n',
    ):
        assert source.recognises(head_of(data)) == 0.0


def test_cef_escapes_spaces_and_headers() -> None:
    (first, one), (second, two), (third, three) = sample(CEF, "events.log")
    assert first.fields["msg"] == "a text with = and | and spaces"
    assert second.log == ("Mail | Gate", "Invented")
    assert second.fields["cs1"] == "No archives"
    assert one.event["time"] == 1_709_539_201_123_000_000
    assert two.event["time"] == 1_709_539_205_000_000_000
    assert second.warnings == ("zone_assumed_utc", "year_from_neighbours")
    assert three.event["time"] == 1_709_590_440_000_000_000
    assert [mapped.event["device.hostname"] for mapped in (one, two, three)] == ["fw1", "fw1", "proxy1"]
    assert [mapped.event["status"] for mapped in (one, two, three)] == ["success", "failure", "success"]
    assert two.event["actor.user.name"] is None  # whom it was meant for did nothing
    assert two.event["user.name"] == "bo.example@tribunal.example"
    assert asked(CEF, first, "dst_port", LogSource(category="firewall")) == "443"
    assert asked(CEF, third, "c-uri", LogSource(category="proxy")) == "https://drop.example/upload/archive.zip"
    with pytest.raises(KeyError):
        asked(CEF, second, "dst_port", LogSource(category="firewall"))


@pytest.mark.parametrize(
    ("extension", "fields"),
    [
        ("a=1 b=two words c=", {"a": "1", "b": "two words", "c": ""}),
        (r"a=x\=y b=z", {"a": "x=y", "b": "z"}),
        (r"request=https://x.example/?q\=1 act=allow", {"request": "https://x.example/?q=1", "act": "allow"}),
        (r"msg=line\nnext", {"msg": "line\nnext"}),
        ("cs1Label=My Name cs1=v", {"cs1Label": "My Name", "cs1": "v"}),
        ("", {}),
    ],
)
def test_cef_extensions(extension: str, fields: dict[str, str]) -> None:
    parsed, bare = read_cef(f"CEF:0|V|P|1|id|name|5|{extension}"), read_cef("CEF:0|V|P|1|id|name|5|")
    assert parsed is not None
    assert bare is not None
    assert {key: value for key, value in parsed.fields.items() if key not in bare.fields} == fields


def test_leef_delimiters_and_date_forms() -> None:
    found = sample(LEEF, "events.log")
    assert [one.event["time"] for _, one in found] == [
        1_709_539_201_123_000_000,
        1_709_539_205_000_000_000,
        1_709_539_200_000_000_000,
    ]
    assert [one.event["actor.user.name"] for _, one in found] == ["ada.example", None, "ada.example"]
    assert [one.event["status"] for _, one in found] == ["success", "failure", None]
    assert asked(LEEF, found[1][0], "src_port", LogSource(category="firewall")) == "50100"


def test_leef_whose_tabs_became_spaces() -> None:
    parsed = read_leef("LEEF:1.0|V|P|1|id|src=192.0.2.1 dst=192.0.2.2 msg=there are spaces in this usrName=ada")
    assert parsed is not None
    assert parsed.fields["msg"] == "there are spaces in this"
    assert parsed.fields["usrName"] == "ada"


@pytest.mark.parametrize(
    ("text", "form", "named"),
    [
        ("2024-03-04 08:00:01.5", "yyyy-MM-dd HH:mm:ss.S", "Mar 04 2024 08:00:01.5"),
        ("04/03/24 8:00:01 PM", "dd/MM/yy h:mm:ss a", "Mar 04 2024 20:00:01"),
        ("Mon, 4 March 2024 08:00:01 +0100", "EEE, d MMMM yyyy HH:mm:ss Z", "Mar 4 2024 08:00:01 +0100"),
        ("2024-03-04T08:00:01", "yyyy-MM-dd'T'HH:mm:ss", "Mar 04 2024 08:00:01"),
        ("2024-03-04", "QQQ", None),
        ("x", "yyyy", None),
        ("2024 2024", "yyyy yyyy", None),
    ],
)
def test_java_date_forms(text: str, form: str, named: str | None) -> None:
    assert as_named(text, form) == named


def test_fortigate() -> None:
    (traffic, first), (_, logging), (_, administrator), (web, fourth) = sample(FIREWALL, "fortigate.log")
    assert first.event["time"] == 1_709_539_201_123_456_789
    assert first.event["actor.user.name"] == "ada.example"
    assert logging.event["time"] == 1_709_591_460_000_000_000
    assert logging.event["src_endpoint.ip"] == "203.0.113.66"
    assert [(mark["kind"], mark["host"]) for mark in logging.marks] == [(Mark.AUDIT_CHANGED, "fw1")]
    assert [(mark["kind"], mark["scope"]) for mark in administrator.marks] == [(Mark.PERMISSION, "support2")]
    assert fourth.event["class_uid"] == 4002
    assert web.warnings == ("zone_assumed_utc",)
    assert asked(FIREWALL, traffic, "dst_ip", LogSource(category="firewall")) == "198.51.100.80"
    assert asked(FIREWALL, web, "c-uri", LogSource(category="proxy")) == "https://drop.example/upload"
    with pytest.raises(KeyError):
        asked(FIREWALL, web, "dst_ip", LogSource(category="firewall"))


def test_a_change_that_failed_changed_nothing() -> None:
    line = (SAMPLES / "firewall_key_value" / "fortigate.log").read_bytes().splitlines()[1]
    (record,) = records(FIREWALL, line + b' status="failed"')
    assert not FIREWALL.map(record).marks


def test_the_other_firewalls() -> None:
    found = sample(FIREWALL, "others.log")
    assert [record.log[0] for record, _ in found] == [
        "sophos_firewall", "sophos_utm", "sonicwall", "netfilter", "check_point",
    ]  # fmt: skip
    assert [one.event["time"] for _, one in found] == [1_709_539_202_000_000_000 + place * 10**9 for place in range(5)]
    firewall = LogSource(category="firewall")
    assert [asked(FIREWALL, record, "dst_port", firewall) for record, _ in found] == ["443", "22", "445", "22", "22"]
    assert {asked(FIREWALL, record, "src_ip", firewall) for record, _ in found[1:]} == {"203.0.113.66"}
    assert found[3][0].fields["derived.rule"] == "UFW BLOCK"


def test_squid() -> None:
    (page, one), (tunnel, two), (_, three) = sample(SQUID, "access.log")
    assert (one.event["time"], one.event["actor.user.name"]) == (1_709_539_201_250_000_000, "ada.example")
    assert (page.fields["cs-host"], page.fields["cs-uri-query"]) == ("news.example", "a=1")
    assert tunnel.fields["cs-host"] == "drop.example"
    assert [mapped.event["status"] for mapped in (one, two, three)] == ["success", "success", "failure"]
    proxy = LogSource(category="proxy")
    assert asked(SQUID, page, "c-uri", proxy) == "https://news.example/today?a=1"
    assert asked(SQUID, sample(SQUID, "access.log")[2][0], "c-uri-extension", proxy) == "exe"
    assert asked(SQUID, page, "c-useragent", proxy) is None


def test_two_equal_lines_are_two_events() -> None:
    for source, path in FILES:
        assert all(source.map(one).key is None for one in records(source, path.read_bytes()))


@pytest.mark.parametrize(("source", "path"), FILES, ids=lambda value: getattr(value, "name", None))
def test_a_bad_line_costs_itself_and_pieces_read_the_same(source: Source, path: Path) -> None:
    data = path.read_bytes()
    found = list(source.records(b"noise\n" + data + b"\xff\xfe\n", b"", 0))
    bad = [one for one in found if isinstance(one, Unreadable)]
    assert (len(bad), len(found)) == (2, len(records(source, data)) + 2)
    cut = source.cut(data[10:], b"")
    assert cut is not None
    pieces = [*source.records(data[: 10 + cut], b"", 0), *source.records(data[10 + cut :], b"", 0)]
    assert [one.data for one in pieces] == [one.data for one in records(source, data)]


_LINES = [line for _, path in FILES for line in path.read_bytes().splitlines()]
_SIGNS = [
    b"\n",
    b"\r\n",
    b"=",
    b'"',
    b"|",
    b"\\",
    b"\xff",
    b"\x00",
    b" ",
    b"<13>",
    b"\t",
    b"Mar  4 08:00:00 host ",
    b"devTime=",
]
_HEADS = [b"CEF:0|a|b|c|d|e|f|", b"LEEF:2.0|a|b|c|d|^|"]
_FRAGMENTS = st.sampled_from([*_LINES, *_SIGNS, *_HEADS]) | st.binary(max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SOURCES), st.lists(_FRAGMENTS, max_size=16).map(b"".join))
def test_every_byte_is_owned_once(source: Source, data: bytes) -> None:
    assert 0.0 <= source.recognises(head_of(data)) <= 1.0
    position, loose = 0, b""
    for one in source.records(data, b"", 0):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            values = [
                *source.map(one).event.values(),
                *(value for mark in source.map(one).marks for value in mark.values()),
            ]
            assert all(value is None or isinstance(value, (str, int)) for value in values)
    assert not (loose + data[position:]).strip()
