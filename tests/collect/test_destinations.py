"""Where a connection went and how much went over it stands in the same columns, whichever log tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.counts import count_of
from tocsin.collect.source import source_named
from tocsin.model.record import Record

_SYSMON = {
    "System": {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
        "EventID": 3,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Computer": "ws-1.court.example",
        "EventRecordID": 7,
        "TimeCreated": {"#attributes": {"SystemTime": "2026-01-05T09:00:00.000000Z"}},
    },
    "EventData": {
        "SourceIp": "10.0.0.5",
        "DestinationIp": "203.0.113.9",
        "DestinationHostname": "Files.Example.",
        "Image": r"C:\a.exe",
    },
}
_CONN = {
    "_path": "conn",
    "ts": 1767600000.0,
    "uid": "C1",
    "id.orig_h": "10.0.0.5",
    "id.orig_p": 5,
    "id.resp_h": "203.0.113.9",
}
_FORTIGATE = (
    'date=2026-01-05 time=09:00:00 type="traffic" subtype="forward" logid="1" devid="F" srcip=10.0.0.5 '
    'dstip=203.0.113.9 hostname="files.example" sentbyte=1200 rcvdbyte=34'
)
_LINES = {
    "zeek": [json.dumps({**_CONN, "id.resp_p": 443, "orig_bytes": 1200, "resp_bytes": 34, "conn_state": "SF"})],
    "cef": ["CEF:0|Maker|Wall|1|7|passed|3|src=10.0.0.5 dst=203.0.113.9 dhost=files.example in=34 out=1200"],
    "squid_access": ["1767600000.000 5 10.0.0.5 TCP_TUNNEL/200 34 CONNECT files.example:443 - HIER_DIRECT/- -"],
    "firewall_key_value": [_FORTIGATE],
    "windows_json": [json.dumps({"Event": _SYSMON})],
}
_TOLD = {
    "zeek": {"dst_endpoint.ip": "203.0.113.9", "traffic.bytes_out": 1200, "traffic.bytes_in": 34},
    "cef": {
        "dst_endpoint.ip": "203.0.113.9",
        "dst_endpoint.hostname": "files.example",
        "traffic.bytes_out": 1200,
        "traffic.bytes_in": 34,
    },
    "squid_access": {"dst_endpoint.hostname": "files.example", "traffic.bytes_in": 34},
    "firewall_key_value": {
        "dst_endpoint.ip": "203.0.113.9",
        "dst_endpoint.hostname": "files.example",
        "traffic.bytes_out": 1200,
        "traffic.bytes_in": 34,
    },
    "windows_json": {"dst_endpoint.ip": "203.0.113.9", "dst_endpoint.hostname": "files.example"},
}
_COLUMNS = ("dst_endpoint.ip", "dst_endpoint.hostname", "traffic.bytes_out", "traffic.bytes_in")


@pytest.mark.parametrize("name", sorted(_LINES))
def test_a_connection(name: str) -> None:
    source = source_named(name)
    data = "".join(f"{line}\n" for line in _LINES[name]).encode()
    records = [one for one in source.records(data, b"", 0) if isinstance(one, Record)]
    assert len(records) == 1
    event = source.map(records[0]).event
    assert {column: event[column] for column in _COLUMNS if event.get(column) is not None} == _TOLD[name]


@given(st.integers(0, 2**63 - 1))
def test_a_count_is_read_from_a_number_and_from_its_text(number: int) -> None:
    assert count_of(number) == count_of(str(number)) == number


@pytest.mark.parametrize(
    "value", [None, "", "-", "-1", -1, 2**63, str(2**63), "1.5", 1.5, True, "\u0661", ["1"], "9" * 40]
)
def test_what_is_no_count_is_none(value: Any) -> None:
    assert count_of(value) is None
