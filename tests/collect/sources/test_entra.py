"""Reading the directory's logs: every shape they are exported in, what is made of them, and how files break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped, logsource_text
from tocsin.collect.sources.entra import SOURCE
from tocsin.detect.sigma.logsource import LogSource, read_logsource_map
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Degree
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import EVENT_COLUMNS

SAMPLES = Path(__file__).parents[2] / "samples" / "entra"
BOTH = ("array.json", "diagnostic.jsonl", "event_hub.jsonl")
SIGN_INS = ("graph_sign_ins.json", "powershell.json")


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def read(data: bytes) -> list[Record | Unreadable]:
    """All of a file as one chunk."""
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def mapped(name: str) -> list[Mapped]:
    found = read((SAMPLES / name).read_bytes())
    assert all(isinstance(one, Record) for one in found)
    return [SOURCE.map(one) for one in found if isinstance(one, Record)]


def ids(data: bytes) -> list[str]:
    """Record ids in order; the reason in place of what could not be read."""
    return [
        one.reason if isinstance(one, Unreadable) else str(one.native["properties"].get("id", "?"))
        for one in read(data)
    ]


def sign_in(number: int, **more: object) -> dict[str, Any]:
    return {
        "id": f"id-{number}",
        "createdDateTime": "2024-03-04T08:00:00Z",
        "userPrincipalName": "Ada.Example@Tribunal.example",
        "appDisplayName": "Portal",
        "status": {"errorCode": 0},
        **more,
    }


def audit(activity: str, **more: object) -> dict[str, Any]:
    return {
        "id": "id-1",
        "activityDateTime": "2024-03-04T08:00:00.5Z",
        "activityDisplayName": activity,
        "category": "RoleManagement",
        "result": "success",
        "initiatedBy": {"user": {"id": "u-1", "userPrincipalName": "ada@tribunal.example", "ipAddress": "192.0.2.1"}},
        **more,
    }


def one_of(value: dict[str, Any]) -> tuple[Record, Mapped]:
    (record,) = read(json.dumps(value).encode())
    assert isinstance(record, Record)
    return record, SOURCE.map(record)


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_shape_is_recognised_and_owned(path: Path) -> None:
    data = path.read_bytes()
    assert SOURCE.recognises(head_of(data)) == 1.0
    found = read(data)
    assert not [one for one in found if isinstance(one, Unreadable)]
    assert all(data[one.offset : one.offset + one.length] == one.data for one in found)


@pytest.mark.parametrize("name", BOTH)
def test_graph_and_diagnostic_settings_give_the_same_events(name: str) -> None:
    assert [one.key for one in mapped(name)] == [one.key for one in mapped("array.json")]
    assert [one.event for one in mapped(name)][:5] == [one.event for one in mapped("array.json")][:5]
    assert [one.marks for one in mapped(name)] == [one.marks for one in mapped("array.json")]


@pytest.mark.parametrize("name", SIGN_INS)
def test_pages_and_powershell_give_the_same_sign_ins(name: str) -> None:
    assert mapped(name) == mapped("array.json")[:5]


def test_a_downloaded_sign_in_is_the_same_event() -> None:
    rows = mapped("InteractiveSignIns.csv")
    others = mapped("array.json")[:4]
    assert [one.key for one in rows] == [one.key for one in others]
    for one, other in zip(rows, others, strict=True):
        assert {**one.event, "metadata.log_name": ""} == {**other.event, "metadata.log_name": ""}
        assert one.event["metadata.log_name"] == "SignIns"  # the file does not say of which kind they are


def test_a_downloaded_audit_row_says_the_same_but_its_id() -> None:
    rows, others = mapped("AuditLogs.csv"), mapped("graph_audit.json")
    assert [one.key for one in rows] == [None] * len(rows)
    assert [one.marks for one in rows] == [one.marks for one in others]
    assert [one.accesses for one in rows] == [one.accesses for one in others]
    for one, other in zip(rows, others, strict=True):
        assert {**other.event, "metadata.uid": None} == one.event


def test_a_sign_in_carries_who_from_where_with_what_session() -> None:
    event = mapped("diagnostic.jsonl")[2].event
    assert event["actor.user.name"] == "bo.example@tribunal.example"
    assert event["actor.session.uid"] == "5e551000-0000-4000-8000-000000000002"
    assert event["actor.app_uid"] == "00000002-0000-0ff1-ce00-000000000000"
    assert event["src_endpoint.ip"] == "203.0.113.66"
    assert event["http_request.user_agent"] == "axios/1.6"
    assert event["class_uid"] == 3002
    assert event["status"] == "success"


def test_an_application_is_named_by_its_principal_and_not_by_the_name_it_chose() -> None:
    event = mapped("array.json")[4].event
    assert event["actor.user.name"] == event["actor.user.uid"] == "00000000-1111-4222-8333-000000000301"
    assert event["actor.session.uid"] == "uti-sp"
    assert mapped("graph_audit.json")[7].event["actor.user.name"] == "00000000-1111-4222-8333-000000000306"


def test_the_client_s_correlation_is_no_session() -> None:
    _, one = one_of(sign_in(1, correlationId="c-1"))
    assert one.event["actor.session.uid"] is None


def test_what_changes_standing_access_leaves_a_mark() -> None:
    marks = [(mark["kind"], mark["scope"], mark["detail"]) for one in mapped("graph_audit.json") for mark in one.marks]
    assert [(kind, scope) for kind, scope, _ in marks] == [
        (Mark.ROLE, "cy.example@tribunal.example"),
        (Mark.CONSENT, "00000000-1111-4222-8333-000000000301"),
        (Mark.CREDENTIAL, "00000000-1111-4222-8333-000000000304"),
        (Mark.CREDENTIAL, "bo.example@tribunal.example"),
        (Mark.PERMISSION, "Second factor for all"),
    ]
    assert "Exchange Administrator" in marks[0][2]
    assert "Mail.Read" in marks[1][2]


def test_what_failed_changed_nothing() -> None:
    failed = mapped("graph_audit.json")[5]
    assert failed.event["status"] == "failure"
    assert not failed.marks


@pytest.mark.parametrize(
    ("activity", "changes"),
    [
        ("Update user", [("StrongAuthenticationMethod", "[]", '[{"MethodType":6}]')]),
        ("Update application", [("KeyDescription", "[]", '["x"]')]),
        ("Update service principal", [("KeyDescription", "[]", '["x"]')]),
    ],
)
def test_an_update_is_a_credential_only_where_one_changed(activity: str, changes: list[tuple[str, str, str]]) -> None:
    properties = [{"displayName": name, "oldValue": old, "newValue": new} for name, old, new in changes]
    target = {"id": "t-1", "type": "User", "modifiedProperties": properties}
    assert [mark["kind"] for mark in one_of(audit(activity, targetResources=[target]))[1].marks] == [Mark.CREDENTIAL]
    target["modifiedProperties"] = [{"displayName": "City", "oldValue": '""', "newValue": '"Exampleton"'}]
    assert not one_of(audit(activity, targetResources=[target]))[1].marks


def test_a_recovery_key_shown_is_an_access_to_a_secret() -> None:
    (access,) = mapped("graph_audit.json")[6].accesses
    assert (access["kind"], access["degree"]) == ("secret", Degree.OPENED)
    assert access["actor"] == "bo.example@tribunal.example"


@pytest.mark.parametrize(
    ("text", "time", "warnings"),
    [
        ("2024-03-04T08:00:00Z", 1_709_539_200_000_000_000, ()),
        ("2024-03-04T08:00:00", 1_709_539_200_000_000_000, ()),
        ("2024-03-04 08:00:00.123456700", 1_709_539_200_123_456_700, ()),
        ("2024-03-04T09:00:00+01:00", 1_709_539_200_000_000_000, ()),
        ("/Date(1709539200000)/", 1_709_539_200_000_000_000, ()),
        ("3/4/2024 8:00:00 AM", None, ("time_ambiguous",)),
        ("9999-12-31T00:00:00Z", None, ("time_unrepresentable",)),
        ("1980-01-01T00:00:00Z", 315_532_800_000_000_000, ("time_implausible",)),
        ("", None, ("time_missing",)),
    ],
)
def test_times_are_utc_and_never_guessed(text: str, time: int | None, warnings: tuple[str, ...]) -> None:
    _, one = one_of(sign_in(1, createdDateTime=text))
    assert (one.event["time"], one.warnings) == (time, warnings)


def test_one_id_with_another_content_is_another_event() -> None:
    genuine, forged = one_of(sign_in(1))[1], one_of(sign_in(1, ipAddress="203.0.113.99"))[1]
    assert genuine.key != forged.key
    assert genuine.claimed == forged.claimed is not None


def test_two_outcomes_under_one_id_are_two_events() -> None:
    first = one_of(sign_in(1, status={"errorCode": 50074}))[1]
    second = one_of(sign_in(1))[1]
    assert first.key != second.key
    assert (first.event["status"], second.event["status"]) == ("failure", "success")


def test_fields_have_the_names_rules_use() -> None:
    record, _ = one_of(
        audit(
            "Update application – Certificates and secrets management ",
            targetResources=[
                {"displayName": "Mirror", "modifiedProperties": [{"displayName": "Key", "newValue": '"new"'}]},
                {"id": "t-2", "modifiedProperties": [{"displayName": "Key", "newValue": "[1]", "oldValue": None}]},
            ],
            additionalDetails=[{"key": "Scope", "value": "/"}, {"key": "Scope", "value": "/x"}],
        )
    )
    assert record.log == ("AuditLogs", "Update application – Certificates and secrets management")
    assert record.fields["properties.targetResources.modifiedProperties.newValue"] == ['"new"', "[1]"]
    assert record.fields["properties.targetResources.modifiedProperties.Key.newValue"] == ["new", "[1]"]
    assert record.fields["properties.targetResources"] == ["Mirror", "Key", '"new"', "t-2", "Key", "[1]"]
    assert record.fields["properties.additionalDetails.Scope"] == ["/", "/x"]
    assert record.fields["derived.status"] == "success"


@pytest.mark.parametrize("shape", ["graph", "diagnostic"])
def test_what_a_sign_in_rule_asks_for_is_there_in_every_shape(shape: str) -> None:
    path = {"graph": "array.json", "diagnostic": "diagnostic.jsonl"}[shape]
    record = read((SAMPLES / path).read_bytes())[1]
    assert isinstance(record, Record)
    log_map = read_logsource_map(SOURCE.name, SOURCE.log_fields, logsource_text(SOURCE))
    (alternative,) = log_map.alternatives(LogSource(product="azure", service="signinlogs"))
    rename = dict(alternative.rename)
    asked = ("ResultType", "ResultDescription", "location", "Status", "AuthenticationRequirement", "userAgent")
    assert [str(record.fields[rename.get(name, name)]) for name in asked] == [
        "50126",
        "Error validating credentials due to invalid username or password.",
        "NL",
        "failure",
        "singleFactorAuthentication",
        "axios/1.6",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1,2,3]",
        b"hello\n" * 9,
        b'{"value":[]}',
        b'{"value":[{"id":"1","createdDateTime":"2024-03-04T08:00:00Z","title":"an alert"}]}',
        b'{"eventVersion":"1.08","eventName":"GetObject"}\n',
        b'{"CreationTime":"2024-03-04T08:00:00","Id":"1","Operation":"Send","Workload":"Exchange"}\n',
        b'{"time":"2024-03-04T08:00:00Z","category":"Administrative","operationName":"X","properties":{}}\n',
        b"Date (UTC),a,b,c\n1,2,3,4\n",
        b"\x00" * 500,
    ],
)
def test_what_is_no_directory_log_is_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_another_log_of_the_same_stream_is_kept() -> None:
    record, one = one_of({"time": "2024-03-04T08:00:00Z", "category": "Administrative", "operationName": "X",
                          "properties": {}})  # fmt: skip
    assert record.log == ("Administrative", "X")
    assert one.event["class_uid"] == 0


def test_each_broken_record_costs_itself() -> None:
    lines = [json.dumps(sign_in(number)).encode() for number in range(5)]
    broken = [b'{"id": ', b"[1]", b"noise", b'{"a": 1}', lines[1][:-20]]
    found = ids(b"\n".join([lines[0], *broken, lines[2]]))
    assert found == [
        "id-0", "not_json", "not_an_object", "not_json", "not_a_directory_record", "not_json", "id-2",
    ]  # fmt: skip
    array = b"[" + b",".join([lines[0], lines[1][:-20], lines[2], b"7", lines[3]]) + b"]"
    assert ids(array) == ["id-0", "not_json", "id-2", "not_an_object", "id-3"]
    page = b'{"@odata.context":"x","value":[' + lines[0] + b"," + lines[1][:-9] + b"]}\n" + b'{"value":[' + lines[2]
    assert ids(page) == ["id-0", "not_json", "id-2"]


def test_a_page_s_text_belongs_to_the_record_beside_it() -> None:
    first, second = (json.dumps(sign_in(number)).encode() for number in (1, 2))
    tail = b'],"@odata.nextLink":"https://graph.microsoft.com/x"}'
    data = b'{"value":[' + first + tail + b"\n" + b'{"value":[]}\n{"value":[' + second + b"]}\n"
    one, other = read(data)
    assert data[10 : one.offset] == b""
    assert data[other.offset + other.length :] == b"\n"
    assert one.data.startswith(first + tail)
    assert other.data == second + b"]}"


def test_an_answer_without_records_says_so() -> None:
    assert ids(b'{"@odata.context":"x","value":[]}') == []
    assert ids(b'{"value":[],"@odata.nextLink":"https://graph.microsoft.com/x"}') == ["no_record"]


def test_a_record_longer_than_may_be_is_not_read() -> None:
    long = json.dumps(sign_in(1, padding="x" * MAX_RECORD_BYTES)).encode()
    assert ids(long + b"\n" + json.dumps(sign_in(2)).encode()) == ["too_long", "id-2"]


def test_bad_bytes_and_lone_surrogates_are_kept_with_a_warning() -> None:
    text = json.dumps(sign_in(1)).encode()
    (one,) = read(text.replace(b"Portal", b"Por\xfftal"))
    (other,) = read(text.replace(b"Portal", rb"Por\ud800tal"))
    assert isinstance(one, Record)
    assert isinstance(other, Record)
    assert (one.warnings, other.warnings) == (("invalid_utf8",), ("lone_surrogate",))
    assert one.fields["properties.appDisplayName"] == "Por\\xfftal"
    assert other.fields["properties.appDisplayName"] == "Por\ufffdtal"


def test_a_broken_row_costs_that_row_only() -> None:
    data = (SAMPLES / "InteractiveSignIns.csv").read_bytes()
    lines = data.split(b"\r\n")
    damaged = b"\r\n".join([*lines[:2], lines[2][:60], lines[0][3:], *lines[3:]])
    assert [one.reason if isinstance(one, Unreadable) else "" for one in read(damaged)] == [
        "", "broken_row", "repeated_header", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize("window", [1, 400, 3_000])
@pytest.mark.parametrize("name", ["diagnostic.jsonl", "AuditLogs.csv", "array.json", "powershell.json"])
def test_a_file_read_in_pieces_gives_the_same_records(name: str, window: int) -> None:
    data = (SAMPLES / name).read_bytes()
    preamble = data[: SOURCE.preamble(head_of(data))]
    pieces: list[tuple[int, bytes]] = []
    start = 0
    while start < len(data):
        from_ = start + max(window, len(preamble))
        found = SOURCE.cut(data[from_:], preamble)
        end = len(data) if found is None else from_ + found
        skip = len(preamble) if start == 0 else 0
        pieces += [(start + one.offset, one.data) for one in SOURCE.records(data[start:end], preamble, skip)]
        start = end
    assert pieces == [(one.offset, one.data) for one in read(data)]


_FRAGMENTS = st.sampled_from(
    [
        json.dumps(sign_in(1)).encode(), b'{"value":[', b'{"records": [ ', b'],"@odata.nextLink":"x"}', b"]}", b"\n",
        b"\r\n", b",", b'"', b"{", b"}", b"[", b"]", b":", b"\\", b"\xff", b"\x00", b"1", b"\n{\n", b'{"id":"1",',
    ]
) | st.binary(max_size=6)  # fmt: skip
_NOISE = st.lists(_FRAGMENTS, max_size=24).map(b"".join)
_STARTS = st.sampled_from(
    [
        b"",
        b"[",
        b'{"@odata.context":"x","value":[',
        b"\xef\xbb\xbf",
        b"Date (UTC),Request ID,Username,Sign-in error code\n",
    ]
)


@settings(max_examples=200, deadline=None)
@given(_STARTS, _NOISE)
def test_every_byte_is_owned_once(start: bytes, rest: bytes) -> None:
    data = start + rest
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    preamble = data[: SOURCE.preamble(head_of(data))]
    position, loose = len(preamble), b""
    for one in SOURCE.records(data, preamble, len(preamble)):
        assert one.offset >= position
        assert one.length > 0
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    loose += data[position:]
    between = b" \t\r\n\x0b\x0c" + (b"" if b"Request ID" in preamble else b",[]}")
    assert not loose.translate(None, between)


def _odd() -> st.SearchStrategy[Any]:
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    names = st.sampled_from(["displayName", "newValue", "key", "value", "user", "app", "id", "errorCode", "type"])
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
    )


_NAMES = st.sampled_from(
    [
        "id", "createdDateTime", "activityDateTime", "userPrincipalName", "userId", "ipAddress", "status", "location",
        "initiatedBy", "targetResources", "additionalDetails", "result", "sessionId", "appId", "servicePrincipalId",
        "signInEventTypes", "riskEventType", "category",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(_NAMES, _odd(), max_size=12),
    st.sampled_from(["Add member to role", "Sign-in activity"]) | st.text(),
)
def test_odd_values_raise_nothing(properties: dict[str, Any], operation: str) -> None:
    data = json.dumps({"time": "2024-03-04T08:00:00Z", "category": "AuditLogs", "operationName": operation,
                       "properties": properties}).encode()  # fmt: skip
    (record,) = read(data)
    assert isinstance(record, Record)
    for values in _values(SOURCE.map(record)):
        assert all(value is None or isinstance(value, str) for value in values)
    for value in record.fields.values():
        assert not isinstance(value, dict)
        assert not isinstance(value, list) or not any(isinstance(item, (dict, list)) for item in value)


def _values(one: Mapped) -> Iterator[list[object]]:
    yield [one.event.get(name) for name in EVENT_COLUMNS]
    yield from ([*row.values()] for row in (*one.accesses, *one.marks))
