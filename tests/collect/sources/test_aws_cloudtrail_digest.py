"""Digest files: what each lists and chains to, so that what can be checked without the provider's key can be."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Head, Mapped, all_sources
from tocsin.collect.sources.aws_cloudtrail import SOURCE as LOG
from tocsin.collect.sources.aws_cloudtrail_digest import SOURCE
from tocsin.collect.sources.aws_cloudtrail_digest.mapping import DIGEST, DIGEST_LISTS
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import EVENT_COLUMNS, MARKS

SAMPLES = Path(__file__).parents[2] / "samples"
DIGESTS = [path.read_bytes() for path in sorted((SAMPLES / "aws_cloudtrail_digest").iterdir())]


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "")


def read(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def mapped(data: bytes) -> Mapped:
    (record,) = read(data)
    assert isinstance(record, Record)
    return SOURCE.map(record)


def changed(data: bytes, **values: object) -> bytes:
    document: dict[str, Any] = {**json.loads(data), **values}
    return json.dumps(document).encode()


@pytest.mark.parametrize("data", DIGESTS)
def test_a_digest_is_recognised_as_one_and_as_nothing_else(data: bytes) -> None:
    certainty = {source.name: source.recognises(head_of(data)) for source in all_sources()}
    assert certainty.pop("aws_cloudtrail_digest") == 1.0
    assert not any(certainty.values())


def test_a_long_digest_is_recognised_by_its_start() -> None:
    files = [{"hashValue": "0" * 64, "s3Object": "x" * 200} for _ in range(900)]
    assert SOURCE.recognises(head_of(changed(DIGESTS[1], logFiles=files))) > 0.5


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"noise", b'{"awsAccountId":"1"}', b'{"Records":[]}'])
def test_other_texts_are_not(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_the_chain_can_be_followed_from_the_marks() -> None:
    chain = [next(row for row in mapped(data).marks if row["kind"] == DIGEST) for data in DIGESTS]
    hashes = [hashlib.sha256(data).hexdigest() for data in DIGESTS]
    assert [row["scope"] for row in chain] == ["", *hashes[:-1]]
    spans = [(json.loads(row["detail"])["from"], json.loads(row["detail"])["to"]) for row in chain]
    assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(spans))
    places = [json.loads(row["detail"]) for row in chain]
    assert [place["previous"] for place in places[1:]] == [place["object"] for place in places[:-1]]


def test_each_log_file_is_listed_with_the_hash_of_its_content() -> None:
    content = (SAMPLES / "aws_cloudtrail" / "records.json").read_bytes()
    (listed,) = [row for row in mapped(DIGESTS[1]).marks if row["kind"] == DIGEST_LISTS]
    assert listed["scope"] == hashlib.sha256(content).hexdigest()
    times = sorted(time_of(one) for one in LOG.records(content, b"", 0) if isinstance(one, Record))
    detail = json.loads(listed["detail"])
    assert (parse_time(detail["from"]), parse_time(detail["to"])) == (times[0], times[-1])


def time_of(record: Record) -> int:
    time = LOG.map(record).event["time"]
    assert isinstance(time, int)
    return time


def test_channel_and_time_are_those_of_the_log_it_speaks_of() -> None:
    found = mapped(DIGESTS[1])
    assert found.event["time"] == parse_time("2024-03-04T09:00:00Z")
    assert found.event["metadata.log_name"] == "111122223333/eu-central-1"
    assert found.event["metadata.event_code"] == "trail-example"
    assert {row["channel"] for row in found.marks} == {"111122223333/eu-central-1"}
    (record, *_) = LOG.records((SAMPLES / "aws_cloudtrail" / "lines.jsonl").read_bytes(), b"", 0)
    assert isinstance(record, Record)
    assert LOG.map(record).event["metadata.log_name"] == found.event["metadata.log_name"]
    assert set(found.event) <= {*EVENT_COLUMNS, "time", "class_uid", "metadata.sequence"}
    assert all(set(row) < set(MARKS.names) for row in found.marks)


def test_two_unlike_copies_of_one_digest_are_both_kept() -> None:
    assert mapped(DIGESTS[1]).key is None


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"logFiles": [{"hashValue": "0" * 64, "hashAlgorithm": "MD5"}]}, "hash_unusable"),
        ({"logFiles": [{"s3Object": "x"}]}, "hash_unusable"),
        ({"logFiles": ["x"]}, "hash_unusable"),
        ({"previousDigestHashValue": "zz"}, "hash_unusable"),
        ({"digestEndTime": None}, "time_missing"),
        ({"digestStartTime": "then"}, "time_unrepresentable"),
    ],
)
def test_what_cannot_be_used_is_told(values: dict[str, Any], warning: str) -> None:
    assert mapped(changed(DIGESTS[1], **values)).warnings == (warning,)


def test_digests_joined_in_one_file_and_broken_ones() -> None:
    found = read(b"\n".join([DIGESTS[0], DIGESTS[1][:-9], b'{"a":1}', DIGESTS[2]]))
    assert [one.reason if isinstance(one, Unreadable) else "" for one in found] == ["", "not_json", "not_a_digest", ""]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*DIGESTS, b"\n", b"{", b"}", b"[", b"]", b'"', b",", b"\xff"]) | st.binary(max_size=6))
)
def test_every_byte_is_owned_once(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert 0.0 <= SOURCE.recognises(head_of(data)) <= 1.0
    SOURCE.cut(data, b"")
    position = len(data[: SOURCE.preamble(head_of(data))])
    loose = b""
    for one in read(data):
        assert one.offset >= position
        assert data[one.offset : one.offset + one.length] == one.data
        loose += data[position : one.offset]
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    loose += data[position:]
    assert not loose.translate(None, b" \t\r\n\x0b\x0c,[]")
