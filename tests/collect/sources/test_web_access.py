"""Reading web access logs: every layout says the same of a request, and a bad line costs itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, Mapped, logsource_text
from tocsin.collect.sources.web_access import SOURCE
from tocsin.detect.sigma.logsource import LogSource, read_logsource_map
from tocsin.model.record import Record, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples" / "web_access"
PLAIN = ("combined.log", "virtual_hosts.log", "syslog.log", "common.log")
JSON = ("caddy.jsonl", "traefik.jsonl", "nginx.jsonl")
LINE = '192.0.2.1 - ada [04/Mar/2024:08:00:00 +0100] "GET /a?b=c HTTP/1.1" 200 12 "https://x.example/" "agent"'
IIS = (
    b"#Software: Microsoft Internet Information Services\r\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\r\n"
)
ROW = b"2024-03-04 08:00:00 192.0.2.1 GET /a 200\r\n"
OTHER = b"#Fields: date time cs-method c-ip cs-uri-stem sc-status\r\n"
OTHER_ROW = b"2024-03-04 08:00:00 GET 192.0.2.1 /a 200\r\n"


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def read(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def records(data: bytes) -> list[Record]:
    found = read(data)
    assert not [one for one in found if isinstance(one, Unreadable)]
    return [one for one in found if isinstance(one, Record)]


def mapped(data: bytes) -> list[Mapped]:
    return [SOURCE.map(one) for one in records(data)]


def asked(record: Record, name: str, category: str = "webserver") -> Any:
    """What a rule of the category sees under a field's name."""
    log_map = read_logsource_map(SOURCE.name, SOURCE.log_fields, logsource_text(SOURCE))
    (alternative,) = log_map.alternatives(LogSource(category=category))
    return record.fields.get(dict(alternative.rename).get(name, name))


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_layout_is_recognised_and_owned(path: Path) -> None:
    data = path.read_bytes()
    assert SOURCE.recognises(head_of(data)) == 1.0
    assert all(data[one.offset : one.offset + one.length] == one.data for one in records(data))


@pytest.mark.parametrize("name", [*PLAIN, *JSON])
def test_every_layout_says_the_same_of_a_request(name: str) -> None:
    found = records((SAMPLES / name).read_bytes())
    expected = records((SAMPLES / "combined.log").read_bytes())
    common = ("c-ip", "cs-method", "cs-uri", "cs-uri-stem", "cs-uri-query", "sc-status", "derived.target")
    for one, other in zip(found, expected, strict=False):
        assert {key: one.fields.get(key) for key in common} == {key: other.fields.get(key) for key in common}
        if name != "common.log":
            assert one.fields["cs(User-Agent)"] in (other.fields["cs(User-Agent)"], None)
    assert len(found) == (3 if name in JSON else 4)


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("combined.log", [1_709_539_201_000_000_000, 1_709_590_443_000_000_000]),
        ("u_ex240304.log", [1_709_539_201_000_000_000, 1_709_590_443_000_000_000]),
        ("caddy.jsonl", [1_709_539_201_250_000_000, 1_709_539_202_250_000_000]),
        ("traefik.jsonl", [1_709_539_201_500_000_000] * 2),
        ("nginx.jsonl", [1_709_539_201_000_000_000] * 2),
        ("proxy.log", [1_709_539_260_000_000_000, 1_709_592_900_000_000_000]),
    ],
)
def test_times(name: str, times: list[int]) -> None:
    found = mapped((SAMPLES / name).read_bytes())
    assert [one.event["time"] for one in found][:2] == times
    assert not [one.warnings for one in found if one.warnings]


@pytest.mark.parametrize(
    ("text", "time", "warnings"),
    [
        ("04/Mar/2024:08:00:00 -0530", 1_709_559_000_000_000_000, ()),
        ("4/mar/2024:08:00:00", 1_709_539_200_000_000_000, ("zone_assumed_utc",)),
        ("04/sept./2024:08:00:00 +0000", None, ("time_unrepresentable",)),
        ("31/Feb/2024:08:00:00 +0000", None, ("time_unrepresentable",)),
        ("2024-03-04T08:00:00.5+01:00", 1_709_535_600_500_000_000, ()),
        ("04/Mar/1990:08:00:00 +0000", 636_537_600_000_000_000, ("time_implausible",)),
    ],
)
def test_zones_are_kept_and_what_is_assumed_is_told(text: str, time: int | None, warnings: tuple[str, ...]) -> None:
    (one,) = mapped(LINE.replace("04/Mar/2024:08:00:00 +0100", text).encode())
    assert (one.event["time"], one.warnings) == (time, warnings)


def test_a_line_of_iis_that_has_no_date_has_no_time() -> None:
    (one,) = mapped(b"#Fields: time c-ip cs-method cs-uri-stem sc-status\n08:00:00 192.0.2.1 GET /a 200\n")
    assert (one.event["time"], one.warnings) == (None, ("time_missing",))


def test_fields_that_change_inside_a_file() -> None:
    first, _, third, fourth = records((SAMPLES / "u_ex240304.log").read_bytes())
    assert "s-computername" not in first.fields
    assert SOURCE.map(third).event["device.hostname"] == "web1"
    assert fourth.fields["cs-bytes"] == "204"
    assert third.data.startswith(b"#Software")


def test_what_rules_ask_for() -> None:
    first, second, third, _ = records((SAMPLES / "u_ex240304.log").read_bytes())
    assert asked(first, "cs-uri-query") == ["page=2", "/cases/list?page=2"]
    assert asked(second, "cs-uri-query") == ["/owa/auth.owa"]
    assert asked(second, "cs-referer") is None
    assert asked(second, "cs-username") is None
    assert asked(first, "c-useragent") == ["Mozilla/5.0+(invented;+rv:1)", "Mozilla/5.0 (invented; rv:1)"]
    assert asked(third, "cs-user-agent") == "antSword/v2.1"
    upload = records((SAMPLES / "proxy.log").read_bytes())[1]
    assert upload.log == ("proxy", "w3c")
    assert asked(upload, "c-uri", "proxy") == "https://drop.example/upload/archive.zip"
    assert asked(upload, "c-uri-extension", "proxy") == "zip"
    assert asked(upload, "cs-host", "proxy") == "drop.example"
    assert asked(upload, "c-useragent", "proxy") == "rclone/v1.65"


def test_a_request_that_is_none_is_kept_as_it_came() -> None:
    noise = records((SAMPLES / "combined.log").read_bytes())[3]
    assert noise.fields["cs-uri"] == "\\x16\\x03\\x01"
    assert "cs-method" not in noise.fields
    assert SOURCE.map(noise).event["status"] == "failure"


def test_two_equal_lines_are_two_requests() -> None:
    assert [one.key for one in mapped(f"{LINE}\n{LINE}\n".encode())] == [None, None]


def test_quotes_escapes_and_lines_that_were_cut_off() -> None:
    (one,) = records((SAMPLES / "combined.log").read_bytes())[2:3]
    assert one.fields["cs(User-Agent)"] == 'curl/8.0 \\"x\\"'
    (cut,) = records(LINE[:-1].encode())
    assert (cut.fields["cs(User-Agent)"], cut.warnings) == ("agent", ("line_cut_off",))
    (bad,) = records(LINE.encode().replace(b"agent", b"ag\xffent"))
    assert bad.warnings == ("invalid_utf8",)


def test_each_bad_line_costs_itself() -> None:
    found = read(f"{LINE}\nnoise\n\n{{}}\n{LINE[:40]}\n{LINE}\n".encode())
    assert [one.reason if isinstance(one, Unreadable) else "" for one in found] == ["", *["no_request"] * 3, ""]
    found = read(IIS + ROW + b"2024-03-04 08:00:00 GET\r\n" + ROW + b"#Fields: a b c d\r\n1 2 3 4\r\n" + IIS + ROW)
    assert [one.reason if isinstance(one, Unreadable) else "" for one in found] == [
        "", "fields_differ", "", "fields_unknown", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello\n" * 9,
        b"{}\n",
        b'{"ts":1,"uid":"C1","id.orig_h":"192.0.2.1","method":"GET","uri":"/","status_code":200}\n',
        b'{"event_type":"http","http":{"hostname":"x"}}\n',
        b"#Fields: date time action protocol src-ip dst-ip src-port dst-port\n2024-03-04 08:00:00 DROP TCP a b 1 2\n",
        b"Mar  4 08:00:00 host sshd[1]: Accepted password for ada from 192.0.2.1 port 22 ssh2\n",
        b"[Sat Jun 01 02:17:42 2013] [error] [client 192.0.2.1] File does not exist: /x\n",
        b"1709539200.000 4 192.0.2.1 TCP_MISS/200 4099 GET http://x.example/ - DIRECT/- text/html\n",
        bytes(range(256)) * 40,
    ],
)
def test_what_is_no_web_log_is_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def in_pieces(data: bytes, window: int) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    pieces: list[Record | Unreadable] = []
    start = 0
    while start < len(data):
        from_ = start + max(window, len(preamble))
        found = SOURCE.cut(data[from_:], preamble)
        end = len(data) if found is None else from_ + found
        chunk = SOURCE.records(data[start:end], preamble, len(preamble) if start == 0 else 0)
        pieces += [one._replace(offset=one.offset + start) for one in chunk]
        start = end
    return pieces


@pytest.mark.parametrize("window", [1, 100, 300])
@pytest.mark.parametrize("data", [f"{LINE}\n".encode() * 9, IIS + ROW * 9, IIS + ROW * 9 + IIS + ROW * 9])
def test_a_file_read_in_pieces_gives_the_same_records(data: bytes, window: int) -> None:
    assert in_pieces(data, window) == read(data)


@pytest.mark.parametrize("window", [1, 40, 100, 200, 300, 400])
def test_rows_whose_fields_line_is_in_another_piece_are_rejected_and_never_misread(window: int) -> None:
    data = IIS + ROW * 4 + OTHER + OTHER_ROW * 20
    pieces = in_pieces(data, window)
    assert len(pieces) == 24
    for one in pieces:
        if isinstance(one, Record):
            assert (one.fields["c-ip"], one.fields["cs-method"]) == ("192.0.2.1", "GET")
        else:
            assert one.reason == "fields_differ"


_FRAGMENTS = st.sampled_from(
    [
        LINE.encode(), IIS, ROW, OTHER, b"#", b"#Fields: ", b"\n", b"\r\n", b'"', b"[", b"]", b" ", b"-", b"{", b"\xff",
        b'{"remote_addr":"192.0.2.1","status":200,"request":"GET / HTTP/1.1"}', b"\x00", b"<1>Mar  4 08:00:00 web1 n: ",
    ]
) | st.binary(max_size=6)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"", IIS, b"\xef\xbb\xbf" + IIS]), st.lists(_FRAGMENTS, max_size=20).map(b"".join))
def test_every_byte_is_owned_once(start: bytes, rest: bytes) -> None:
    data = start + rest
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    preamble = data[: SOURCE.preamble(head_of(data))]
    position, loose = len(preamble), b""
    for one in SOURCE.records(data, preamble, len(preamble)):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            assert all(value is None or isinstance(value, (str, int)) for value in SOURCE.map(one).event.values())
    assert not (loose + data[position:]).strip()


_ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3))
_KEYS = st.sampled_from(
    ["request", "status", "remote_addr", "uri", "ts", "time", "user_id", "method", "headers", "size", "host", "level"]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _ODD | st.dictionaries(_KEYS, _ODD, max_size=5), max_size=10))
def test_odd_values_raise_nothing(value: dict[str, Any]) -> None:
    for one in read(json.dumps({"remote_addr": "192.0.2.1", "status": 200, "uri": "/", **value}).encode()):
        if isinstance(one, Record):
            event = SOURCE.map(one).event
            assert all(item is None or isinstance(item, (str, int)) for item in event.values())
