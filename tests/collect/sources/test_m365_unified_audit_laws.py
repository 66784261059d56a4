"""Laws of reading: whatever the bytes, nothing is raised, no span overlaps another, and every byte is accounted for."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head
from tocsin.collect.sources.m365_unified_audit import SOURCE
from tocsin.model.record import Record

_BLANK = b" \t\r\n\x0b\x0c"
_BETWEEN = _BLANK + b",[]"
_HEADER = b"CreationDate,Operations,AuditData\n"
_RECORD = b'{"CreationTime":"2024-03-04T08:00:00","Id":"1","Operation":"Send","Workload":"Exchange"}'
_ROW = b'x,y,"' + _RECORD.replace(b'"', b'""') + b'"'

fragments = st.sampled_from(
    [
        _RECORD,
        _ROW,
        _HEADER,
        b"\n",
        b"\r\n",
        b",",
        b'"',
        b'""',
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\\",
        b"\xff",
        b"\x00",
        b"1",
        b"\n{\n",
    ]
) | st.binary(max_size=6)
noise = st.lists(fragments, max_size=24).map(b"".join)
starts = st.sampled_from([b"", b"[", b"\xef\xbb\xbf", _HEADER, b"\xef\xbb\xbf#TYPE x\n" + _HEADER])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars | st.just([{"Name": "IsThrottled", "Value": "True"}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Name", "Value", "Id", "Path", "InternetMessageId", "FolderItems", "ParentFolder", "ID", "Type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_KEYS = [
    "CreationTime",
    "Id",
    "RecordType",
    "Workload",
    "UserId",
    "UserKey",
    "UserType",
    "ResultStatus",
    "AppId",
    "ClientAppId",
    "ClientInfoString",
    "ClientIP",
    "ClientIPAddress",
    "SessionId",
    "AppAccessContext",
    "MailboxOwnerUPN",
    "MailboxOwnerSid",
    "LogonUserSid",
    "LogonType",
    "Item",
    "Folder",
    "Folders",
    "AffectedItems",
    "OperationProperties",
    "Parameters",
    "ModifiedProperties",
    "ExtendedProperties",
    "DeviceProperties",
    "Target",
    "ObjectId",
    "SiteUrl",
    "ItemType",
    "UserAgent",
    "DestinationFileName",
    "ExchangeLocations",
]
_OPERATIONS = [
    "MailItemsAccessed",
    "Send",
    "SoftDelete",
    "FolderBind",
    "MailboxLogin",
    "FilePreviewed",
    "FileMoved",
    "FileCopied",
    "PageViewed",
    "SearchExported",
    "Set-Mailbox",
    "UpdateInboxRules",
    "UserLoginFailed",
    "Consent to application.",
]


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


@settings(max_examples=150, deadline=None)
@given(starts, noise)
def test_every_byte_is_owned_once(start: bytes, rest: bytes) -> None:
    data = start + rest
    head = head_of(data)
    assert 0.0 <= SOURCE.recognises(head) <= 1.0
    preamble = data[: SOURCE.preamble(head)]
    position = len(preamble)
    loose = b""
    for one in SOURCE.records(data, preamble, len(preamble)):
        assert one.offset >= position
        assert one.length > 0
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    loose += data[position:]
    between = _BLANK if b"AuditData" in preamble else _BETWEEN
    assert not loose.translate(None, between)


@settings(max_examples=150, deadline=None)
@given(noise, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf16_of_any_kind_is_owned_too(rest: bytes, encoding: str) -> None:
    data = "\ufeff".encode(encoding) + rest
    preamble = data[: SOURCE.preamble(head_of(data))]
    position = len(preamble)
    for one in SOURCE.records(data, preamble, len(preamble)):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        position = one.offset + one.length


@settings(max_examples=150, deadline=None)
@given(starts, noise, st.integers(min_value=1, max_value=400))
def test_a_cut_never_changes_what_is_read(start: bytes, rest: bytes, at: int) -> None:
    data = start + _RECORD + b"\n" + rest
    preamble = data[: SOURCE.preamble(head_of(data))]
    at = max(at, len(preamble))
    found = SOURCE.cut(data[at:], preamble)
    if found is None:
        return
    cut = at + found
    assert data[cut - 1 : cut] == b"\n"
    pieces = [(one.offset, one.data) for one in SOURCE.records(data[:cut], preamble, len(preamble))]
    pieces += [(one.offset + cut, one.data) for one in SOURCE.records(data[cut:], preamble, 0)]
    joined = b"".join(piece for _, piece in pieces)
    whole = b"".join(one.data for one in SOURCE.records(data, preamble, len(preamble)))
    assert joined.translate(None, _BETWEEN) == whole.translate(None, _BETWEEN)
    assert cut in {offset for offset, _ in pieces}


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(_KEYS), values, max_size=14), st.sampled_from(_OPERATIONS) | values)
def test_odd_values_raise_nothing(record: dict[str, Any], operation: object) -> None:
    text = json.dumps({**record, "Operation": operation}).encode()
    (one,) = SOURCE.records(text, b"", 0)
    assert isinstance(one, Record)
    mapped = SOURCE.map(one)
    for value in mapped.event.values():
        assert value is None or isinstance(value, (str, int))
    for name, value in ((name, row[name]) for row in (*mapped.accesses, *mapped.marks) for name in row):
        assert value is None or isinstance(value, str), name
    for access in mapped.accesses:
        if not access["holding"]:  # then it is told that the record does not say what was reached
            assert {"operation_undeclared", "holding_not_named"} & set(mapped.warnings)
    for value in one.fields.values():
        assert not isinstance(value, dict)
        assert not isinstance(value, list) or not any(isinstance(item, (dict, list)) for item in value)
