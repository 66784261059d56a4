"""S3 server access logs: lines as the provider and callers write them, and what they mean."""

from __future__ import annotations

import time
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped, all_sources
from tocsin.collect.sources.aws_s3_access import SOURCE
from tocsin.model.coverage import Mark
from tocsin.model.exposure import Degree
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, MARKS

SAMPLE = (Path(__file__).parents[2] / "samples" / "aws_s3_access" / "access.log").read_bytes()
OWNER = "0123456789abcdef" * 4
CLERK = "arn:aws:sts::111122223333:assumed-role/Registry-Clerk/bo.example@tribunal.example"
BUCKET = "arn:aws:s3:::sealed-filings-example"


def line(
    operation: str = "REST.GET.OBJECT",
    key: str = "a/b.pdf",
    *,
    requester: str = CLERK,
    address: str = "198.51.100.4",
    request: str = '"GET /a/b.pdf HTTP/1.1"',
    status: str = "200 -",
    sent: str = "10",
    agent: str = "curl/8.0",
    tail: str = "- host= SigV4 CIPHER AuthHeader sealed-filings-example.s3.eu-central-1.amazonaws.com TLSv1.2 - -",
) -> str:
    return (
        f"{OWNER} sealed-filings-example [04/Mar/2024:08:00:01 +0000] {address} {requester} REQ1 {operation} {key} "
        f'{request} {status} {sent} 10 4 3 "-" "{agent}" {tail}'
    )


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def read(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def only(text: str) -> Record:
    (record,) = read(text.encode())
    assert isinstance(record, Record)
    return record


def mapped(text: str) -> Mapped:
    return SOURCE.map(only(text))


def reached(found: Mapped) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["holding"], one["degree"]) for one in found.accesses]


def test_the_sample_is_recognised_and_by_nothing_else() -> None:
    certainty = {source.name: source.recognises(head_of(SAMPLE)) for source in all_sources()}
    assert certainty.pop("aws_s3_access") == 1.0
    assert not any(certainty.values())


def test_what_the_sample_says() -> None:
    found = [SOURCE.map(one) for one in read(SAMPLE) if isinstance(one, Record)]
    assert [reached(one) for one in found] == [
        [("object", f"{BUCKET}/statements/witness 7.pdf", "downloaded")],
        [],
        [("object", f"{BUCKET}/statements/witness 7.pdf", "downloaded")],
        [("object", f"{BUCKET}/drafts/a.docx", "accessed")],
        [("object", f"{BUCKET}/drafts/100%.docx", "destroyed")],
        [("object", f"{BUCKET}/old/a.pdf", "destroyed")],
        [],
        [("bucket", BUCKET, "accessed")],
    ]
    assert [one.accesses[0]["actor_class"] for one in found if one.accesses][4] == "provider_service"
    assert [row["kind"] for one in found for row in one.marks] == ["permission"]
    assert found[1].event["status"] == "failure"
    assert found[1].event["actor.user.name"] == "anonymous"
    assert not any(one.warnings for one in found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"noise\n" * 9,
        b'192.0.2.1 - - [04/Mar/2024:08:00:01 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8.0"\n',
        b"\x00" * 99,
        b"{}\n",
    ],
)
def test_other_logs_are_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_columns() -> None:
    found = mapped(line())
    assert found.event["time"] == parse_time("2024-03-04T08:00:01Z")
    assert found.event["actor.user.name"] == CLERK.lower()
    assert found.event["metadata.log_name"] == "sealed-filings-example"
    assert set(found.event) <= {*EVENT_COLUMNS, "time", "class_uid", "metadata.sequence"}
    assert set(found.accesses[0]) < set(ACCESSES.names)
    assert all(set(row) < set(MARKS.names) for row in mapped(line("REST.PUT.ACL")).marks)
    assert only(line()).fields["httpstatus"] == 200


def test_lines_of_every_age_of_the_format() -> None:
    for tail in ("-", "- host=", "- host= SigV4 CIPHER AuthHeader endpoint TLSv1.2 - Yes eu-central-1"):
        assert reached(mapped(line(tail=tail))) == [("object", f"{BUCKET}/a/b.pdf", "downloaded")]
    record = only(line(tail="- " + "x " * 11))
    assert record.warnings == ("fields_unknown",)
    assert record.fields["more"] == "x x"


def test_a_caller_cannot_write_a_line_of_its_own() -> None:
    forged = 'x" 403 AccessDenied 1 1 1 1 "-" "y'
    record = only(line(agent=forged))
    assert record.fields["httpstatus"] == 200
    assert record.fields["useragent"] == forged
    assert record.fields["hostid"] == "host="
    assert record.warnings == ("quotes_inside",)


def test_quotes_without_end_take_linear_time() -> None:
    started = time.process_time()
    read(line(agent='" 200 - 1 1 1 1 "" ' * 20_000).encode())
    assert time.process_time() - started < 2


def test_keys_are_decoded_as_often_as_they_were_encoded() -> None:
    assert reached(mapped(line(key="a%2520b%252Bc")))[0][1] == f"{BUCKET}/a b+c"
    assert reached(mapped(line("BATCH.DELETE.OBJECT", key="a%2520b")))[0][1] == f"{BUCKET}/a%20b"


def test_degrees() -> None:
    assert reached(mapped(line(sent="-")))[0][2] == "accessed"
    assert reached(mapped(line(status="304 NotModified", sent="-")))[0][2] == "accessed"
    assert reached(mapped(line("REST.PUT.OBJECT")))[0][2] == "altered"
    assert mapped(line("REST.POST.MULTI_OBJECT_DELETE")).accesses == []


@pytest.mark.parametrize("status", ["403 AccessDenied", "200 InternalError", "500 -", "307 TemporaryRedirect"])
def test_what_failed_reached_and_changed_nothing(status: str) -> None:
    for operation in ("REST.GET.OBJECT", "REST.PUT.ACL"):
        found = mapped(line(operation, status=status))
        assert (found.accesses, found.marks) == ((), ())
        assert found.event["status"] == "failure"


def test_an_unknown_operation_on_a_key_reached_it() -> None:
    found = mapped(line("REST.GET.SOMETHING_NEW"))
    assert reached(found) == [("object", f"{BUCKET}/a/b.pdf", "accessed")]
    assert found.warnings == ("operation_unknown",)
    assert mapped(line("REST.GET.VERSIONING", key="-")).accesses == []


def test_a_service_is_the_providers_only_without_an_address() -> None:
    for requester, address, actor_class in (
        ("AmazonS3", "-", "provider_service"),
        ("svc:inventory.amazonaws.com", "-", "provider_service"),
        ("AmazonS3", "203.0.113.9", "account"),
        ("svc:evil.example", "-", "account"),
    ):
        (row,) = mapped(line(requester=requester, address=address)).accesses
        assert row["actor_class"] == actor_class


def test_a_line_delivered_twice_is_one_event_and_lines_of_one_request_are_several() -> None:
    keys = {mapped(one).key for one in (line(), line(), line("REST.COPY.OBJECT_GET"), line(key="other"))}
    assert len(keys) == 3


def test_each_broken_line_costs_itself() -> None:
    found = read(f"{line()}\r\n\n  \nnoise\n{line()[:90]}\n{line()}".encode() + b"\n\xff" + line().encode())
    assert [getattr(one, "reason", "") for one in found] == ["", "not_s3_access", "not_s3_access", "", ""]
    assert isinstance(found[-1], Record)
    assert found[-1].warnings == ("invalid_utf8",)
    (long,) = read(b"x" * (MAX_RECORD_BYTES + 1))
    assert isinstance(long, Unreadable)
    assert long.reason == "too_long"


def test_odd_times_are_kept_with_a_warning() -> None:
    assert mapped(line().replace("04/Mar/2024", "04/Mai/2024")).warnings == ("time_unrepresentable",)
    assert mapped(line().replace("04/Mar/2024", "04/Mar/1970")).warnings == ("time_implausible",)


def test_a_file_read_in_pieces_gives_the_same_records() -> None:
    whole = [(one.offset, one.data) for one in read(SAMPLE * 5)]
    pieces: list[tuple[int, bytes]] = []
    start = 0
    while start < len(SAMPLE) * 5:
        found = SOURCE.cut((SAMPLE * 5)[start + 700 :], b"")
        end = len(SAMPLE) * 5 if found is None else start + 700 + found
        pieces += [(start + one.offset, one.data) for one in SOURCE.records((SAMPLE * 5)[start:end], b"", 0)]
        start = end
    assert pieces == whole


def test_every_operation_declared_is_one_the_code_can_find() -> None:
    text = resources.files("tocsin.collect.sources.aws_s3_access").joinpath("audit.toml").read_text("utf-8")
    declared = tomllib.loads(text)
    for one in declared["operation"]:
        assert one["touches"] in {"object", "bucket", ""}
        assert not one["touches"] or one["degree"] in set(Degree)
    assert all(one["kind"] in set(Mark) for one in declared["change"])
    assert all(one["citation"] in declared["citations"] for one in (*declared["operation"], *declared["change"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([line().encode(), b"\n", b"\r\n", b'"', b" ", b"-", b"["]) | st.binary(max_size=9)))
def test_every_byte_is_owned_once(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    SOURCE.cut(data, b"")
    position = SOURCE.preamble(head_of(data))
    loose = b""
    for one in read(data):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    assert not (loose + data[position:]).strip(b" \t\r\n\x0b\x0c")
