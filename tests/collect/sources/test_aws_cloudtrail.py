"""CloudTrail: every shape it comes in, every way a file of it can be broken, and what its records mean."""

from __future__ import annotations

import json
import time
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import MAX_RECORD_BYTES, Head, Mapped
from tocsin.collect.sources.aws_cloudtrail import SOURCE
from tocsin.collect.sources.aws_cloudtrail.semantics import meaning_of
from tocsin.model.coverage import Mark
from tocsin.model.exposure import ActorClass, Degree
from tocsin.model.instant import parse_time
from tocsin.model.record import Record, Unreadable
from tocsin.model.tables import ACCESSES, EVENT_COLUMNS, MARKS

SAMPLES = Path(__file__).parents[2] / "samples" / "aws_cloudtrail"
ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::sealed-example"
BACKUP = "backup.amazonaws.com"
ADA = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLEADA",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/Ada.Example",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAEXAMPLEADA000001",
    "userName": "Ada.Example",
}


def call(number: int = 1, **more: object) -> dict[str, Any]:
    """A small record."""
    return {
        "eventVersion": "1.09",
        "userIdentity": ADA,
        "eventTime": "2024-03-04T08:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.4",
        "userAgent": "example/1.0",
        "requestParameters": {"bucketName": "sealed-example", "key": "a/b.pdf"},
        "responseElements": None,
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "recipientAccountId": ACCOUNT,
        **more,
    }


def line(number: int = 1, **more: object) -> bytes:
    return json.dumps(call(number, **more)).encode()


def document(*records: bytes) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def head_of(data: bytes) -> Head:
    return Head(data[:65_536], len(data), "whatever.txt")


def read(data: bytes) -> list[Record | Unreadable]:
    preamble = data[: SOURCE.preamble(head_of(data))]
    return list(SOURCE.records(data, preamble, len(preamble)))


def ids(found: list[Record | Unreadable]) -> list[str | int]:
    """Numbers of the records in order; the reason in place of what could not be read."""
    return [one.reason if isinstance(one, Unreadable) else int(one.native["eventID"][-12:]) for one in found]


def only(data: bytes) -> Record:
    (record,) = read(data)
    assert isinstance(record, Record)
    return record


def mapped(service: str, name: str, request: object = None, response: object = None, **more: object) -> Mapped:
    record = call(
        1,
        eventSource=f"{service}.amazonaws.com",
        eventName=name,
        requestParameters=request,
        responseElements=response,
        **more,
    )
    return SOURCE.map(only(json.dumps(record).encode()))


def reached(found: Mapped) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["holding"], one["degree"]) for one in found.accesses]


def marked(found: Mapped) -> list[tuple[str, str]]:
    return [(one["kind"], one["scope"]) for one in found.marks]


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_every_shape_gives_the_same_events(path: Path) -> None:
    data = path.read_bytes()
    expected = [SOURCE.map(one) for one in read((SAMPLES / "lines.jsonl").read_bytes()) if isinstance(one, Record)]
    found = read(data)
    assert SOURCE.recognises(head_of(data)) == 1.0
    assert [SOURCE.map(one) for one in found if isinstance(one, Record)] == expected
    assert len(found) == len(expected) == 14
    assert all(data[one.offset : one.offset + one.length] == one.data for one in found)
    assert not any(one.warnings for one in expected)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}",
        b"[]",
        b'{"Records":[]}',
        b"hello\n" * 9,
        b"[1,2,3]",
        b'{"CreationTime":"2024-03-04T08:00:00","Id":"1","Operation":"Send","Workload":"Exchange"}\n',
        b'{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","awsRegion":"x"}]}',
        b'{"awsAccountId":"1","digestEndTime":"x","digestS3Object":"x","logFiles":[]}',
        b"\x00" * 500,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    ],
)
def test_what_is_no_cloudtrail_is_not_recognised(data: bytes) -> None:
    assert SOURCE.recognises(head_of(data)) == 0.0


def test_certainty_is_the_share_of_records_that_fit() -> None:
    assert SOURCE.recognises(head_of(line(1) + b"\n" + line(2) + b"\nnoise\n{}\n")) == 0.5


def test_a_name_any_export_uses_makes_it_less_certain() -> None:
    assert SOURCE.recognises(head_of(b'{"message":' + json.dumps(line(1).decode()).encode() + b"}")) == 0.7


def test_a_first_record_longer_than_the_head_is_still_recognised() -> None:
    assert SOURCE.recognises(head_of(document(line(1, requestParameters={"x": "y" * 200_000})))) > 0.5


@pytest.mark.parametrize(
    "wrapper",
    [
        {"CloudTrailEvent": line(7).decode()},
        {"detail-type": "AWS API Call via CloudTrail", "detail": call(7)},
        {"timestamp": 1, "message": line(7).decode()},
        {"event": {"original": line(7).decode()}},
        {"result": {"_raw": line(7).decode()}},
        {"log_type": "AWS.CloudTrail", "event": call(7)},
    ],
)
def test_wrappers(wrapper: dict[str, Any]) -> None:
    assert SOURCE.map(only(json.dumps(wrapper).encode())) == SOURCE.map(only(line(7)))


def test_names_in_lower_case_and_nested_texts() -> None:
    lowered = {name.lower(): value for name, value in call(3).items()}
    lowered["useridentity"] = {name.lower(): value for name, value in ADA.items()}
    lowered["requestparameters"] = json.dumps(call()["requestParameters"])
    lowered["eventtime"] = "2024-03-04 08:00:00"
    record = only(json.dumps(lowered).encode())
    assert record.warnings == ("names_lower_case", "nested_text")
    found = SOURCE.map(record)
    assert reached(found) == reached(SOURCE.map(only(line(3))))
    assert found.event["actor.user.name"] == f"arn:aws:iam::{ACCOUNT}:user/ada.example"
    assert found.warnings == ("zone_assumed_utc",)


def test_documents_one_after_another_and_empty_ones() -> None:
    data = document(line(1), line(2)) + b"\n" + document() + document(line(3)) + b"\n\n" + document(line(4))
    assert ids(read(data)) == [1, 2, 3, 4]
    assert read(document()) == []


def test_what_stands_beside_the_list_is_told() -> None:
    data = b'{"Events": [' + line(1) + b'], "NextToken": "abc"}'
    found = read(data)
    assert ids(found) == [1, "more_pages"]
    assert ids(read(b'{"Events": [' + line(1) + b'],"ResponseMetadata":{"a":{"b":1}}}\n' + line(2))) == [
        1,
        "outside_the_list",
        2,
    ]


def test_each_broken_line_costs_itself_and_says_why() -> None:
    found = read(b"\n".join([line(1), b'{"Id": ', b"[1", b'"text"', b'{"a": 1}', b"noise", line(2), line(3)[:-20]]))
    assert ids(found) == [1, "not_json", "not_an_object", "not_an_object", "not_cloudtrail", "not_json", 2, "not_json"]
    assert isinstance(found[-1], Unreadable)
    assert "ends in the middle of a record" in found[-1].detail


def test_a_broken_element_of_a_document_costs_itself() -> None:
    assert ids(read(document(line(1), line(2)[:-9], line(3)))) == [1, "not_json", 3]
    assert ids(read(document(line(1), line(2)[:200]))) == [1, "not_json"]
    assert ids(read(document(line(1), b"7", line(3)))) == [1, "not_an_object", 3]
    pretty = json.dumps({"Records": [call(1), call(2), call(3)]}, indent=2).encode()
    assert ids(read(pretty.replace(b"-000000000002", b'-0000"00000002'))) == [1, "not_json", 3]
    assert ids(read(pretty[:-300])) == [1, 2, "not_json"]


def test_a_cut_off_line_never_swallows_the_records_after_it() -> None:
    cut = line(1)[: line(1).index(b'"principalId"')]
    assert ids(read(cut + b"\n" + line(2) + b"\n" + line(3))) == ["not_json", 2, 3]


def test_invalid_utf8_surrogates_and_control_characters_are_kept_with_a_warning() -> None:
    record = only(line(1).replace(b"example/1.0", b"exa\xffmple"))
    assert record.warnings == ("invalid_utf8",)
    assert record.fields["userAgent"] == "exa\\xffmple"
    assert only(line(1).replace(b"example/1.0", rb"a\ud800b")).warnings == ("lone_surrogate",)
    assert only(line(1).replace(b"example/1.0", b"a\x00b")).warnings == ("control_characters",)


def test_a_record_longer_than_one_may_be_is_not_read() -> None:
    long = line(1, errorMessage="x" * MAX_RECORD_BYTES)
    assert ids(read(long + b"\n" + line(2))) == ["too_long", 2]
    assert ids(read(document(line(1), long, line(2)))) == [1, "too_long", 2]


def test_deep_nesting_neither_raises_nor_hides_the_record() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": [deep]}
    record = only(line(1, additionalEventData=deep))
    assert record.warnings == ("nested_too_deeply",)
    assert ids(read(b'{"a":' + b"[" * 100_000 + b"\n" + line(2))) == ["not_json", 2]


@pytest.mark.parametrize(
    "data",
    [
        document(*(line(number) for number in range(3_000))),
        document(*(line(number)[:-3] for number in range(1_500))),
        b'{"eventVersion":' * 20_000,
        b'{"x":{"y":' * 20_000,
        b'"' * 30_000,
        b'{"a"\n' * 20_000,
    ],
    ids=["whole", "broken", "open", "nested", "quotes", "lines"],
)
def test_no_input_takes_more_than_linear_time(data: bytes) -> None:
    started = time.process_time()
    found = read(data)
    assert found
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "data",
    [
        b"".join(line(number, userAgent='é\n{"},{"eventVersion":"') + b"\n" for number in range(40))
        + b"noise\n\n"
        + line(99),
        document(*(line(number, userAgent='"},{"eventVersion":"1"') for number in range(40))),
        json.dumps({"Records": [call(number) for number in range(40)]}, indent=2).encode(),
        json.dumps([call(number) for number in range(40)], indent=2, sort_keys=True).encode(),
        (SAMPLES / "documents.jsonl").read_bytes() * 3,
    ],
    ids=["lines", "document", "pretty", "sorted", "documents"],
)
@pytest.mark.parametrize("window", [1, 100, 700, 3_000])
def test_a_file_read_in_pieces_gives_the_same_records(data: bytes, window: int) -> None:
    whole = [(one.offset, one.length, one.data) for one in read(data)]
    pieces: list[tuple[int, int, bytes]] = []
    start = cuts = 0
    while start < len(data):
        found = SOURCE.cut(data[start + window :], b"")
        end = len(data) if found is None else start + window + found
        cuts += found is not None
        pieces += [(start + one.offset, one.length, one.data) for one in SOURCE.records(data[start:end], b"", 0)]
        start = end
    assert pieces == whole
    assert cuts > 3


def test_fields_are_named_as_rules_name_them() -> None:
    fields = only(
        line(
            requestParameters={"policyDocument": '{"Effect":"Allow"}', "items": [{"a": 1}, {"a": None}], "empty": {}},
            resources=[{"ARN": "arn:x", "type": "t"}],
        )
    ).fields
    assert fields["userIdentity.type"] == "IAMUser"
    assert fields["requestParameters.items.a"] == [1, None]
    assert fields["resources.ARN"] == ["arn:x"]
    assert fields["responseElements"] is None
    text, unescaped = fields["requestParameters"]
    assert json.loads(text)["empty"] == {}
    assert unescaped == '{"Effect":"Allow"}'
    assert fields["derived.status"] == "success"


def test_the_columns_of_an_event() -> None:
    found = SOURCE.map(only(line(5, errorCode="AccessDenied")))
    assert found.event["time"] == parse_time("2024-03-04T08:00:00Z")
    assert found.event["status"] == "failure"
    assert found.event["actor.user.name"] == f"arn:aws:iam::{ACCOUNT}:user/ada.example"
    assert found.event["actor.session.uid"] == "AKIAEXAMPLEADA000001"
    assert found.event["metadata.log_name"] == f"{ACCOUNT}/eu-central-1"
    assert found.event["metadata.event_code"] == "s3.amazonaws.com"
    assert set(found.event) <= {*EVENT_COLUMNS, "time", "class_uid", "metadata.sequence"}


def test_rows_bear_columns_of_their_tables() -> None:
    for one in read((SAMPLES / "lines.jsonl").read_bytes()):
        assert isinstance(one, Record)
        found = SOURCE.map(one)
        assert all(set(row) < set(ACCESSES.names) for row in found.accesses)
        assert all(set(row) < set(MARKS.names) and row["kind"] in set(Mark) for row in found.marks)
        assert all(row["degree"] in set(Degree) for row in found.accesses)


def test_what_failed_reached_and_changed_nothing() -> None:
    assert reached(mapped("s3", "GetObject", {"bucketName": "b", "key": "k"})) != []
    for failure in ({"errorCode": "AccessDenied"}, {"errorMessage": "no"}):
        found = mapped("s3", "PutObjectAcl", {"bucketName": "b", "key": "k"}, **failure)
        assert (found.accesses, found.marks) == ((), ())
    assert mapped("signin", "ConsoleLogin", None, {"ConsoleLogin": "Failure"}).event["status"] == "failure"


def test_objects() -> None:
    request = {"bucketName": "sealed-example", "key": "a/b c.pdf"}
    holding = f"{BUCKET}/a/b c.pdf"
    sent = {"additionalEventData": {"bytesTransferredOut": 0}}
    assert reached(mapped("s3", "GetObject", request)) == [("object", holding, "downloaded")]
    assert reached(mapped("s3", "GetObject", request, **sent)) == [("object", holding, "accessed")]
    assert reached(mapped("s3", "HeadObject", request)) == [("object", holding, "accessed")]
    assert reached(mapped("s3", "PutObject", request)) == [("object", holding, "altered")]
    assert reached(mapped("s3", "DeleteObject", request)) == [("object", holding, "destroyed")]
    assert reached(mapped("s3", "ListObjects", request)) == [("bucket", BUCKET, "accessed")]
    (row,) = mapped("s3", "GetObject", request).accesses
    assert (row["container"], row["label"]) == (BUCKET, "b c.pdf")


def test_a_copy_takes_the_source_and_alters_the_destination() -> None:
    request = {
        "bucketName": "out-example",
        "key": "x",
        "x-amz-copy-source": "/sealed-example/a%2Fb%20c.pdf?versionId=3",
    }
    assert reached(mapped("s3", "CopyObject", request)) == [
        ("object", f"{BUCKET}/a/b c.pdf", "downloaded"),
        ("object", "arn:aws:s3:::out-example/x", "altered"),
    ]


def test_a_copy_of_which_the_destination_is_not_told_may_have_gone_into_any_bucket() -> None:
    listed = [{"type": "AWS::S3::Bucket", "arn": BUCKET}, {"type": "AWS::S3::Bucket", "arn": f"{BUCKET}-2"}]
    found = mapped("s3", "CopyObject", {"x-amz-copy-source": "/sealed-example/a"}, resources=listed)
    assert {(row["holding"], row["container"]) for row in found.accesses if row["degree"] == "altered"} == {("", None)}


def test_an_access_point_is_followed_to_its_bucket_and_objects_deleted_together_are_the_bucket() -> None:
    point = {"bucketName": "arn:aws:s3:eu-central-1:1:accesspoint/p", "key": "k"}
    resources_ = [{"type": "AWS::S3::Bucket", "ARN": BUCKET}]
    assert reached(mapped("s3", "GetObject", point, resources=resources_)) == [("object", f"{BUCKET}/k", "downloaded")]
    assert reached(mapped("s3", "DeleteObjects", {"bucketName": "sealed-example"})) == [("bucket", BUCKET, "destroyed")]
    listed = [*resources_, {"type": "AWS::S3::Object", "ARN": f"{BUCKET}/k"}]
    assert reached(mapped("s3", "DeleteObjects", {"bucketName": "sealed-example"}, resources=listed)) == [
        ("object", f"{BUCKET}/k", "destroyed")
    ]


def test_an_access_without_a_name_is_a_warning() -> None:
    found = mapped("s3", "GetObject", None)
    assert {(row["kind"], row["holding"]) for row in found.accesses} == {("object", "")}
    assert found.warnings == ("holding_not_named",)


def test_secrets_and_parameters() -> None:
    secret = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:door"
    parameter = f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/a/b"
    assert reached(mapped("secretsmanager", "GetSecretValue", {"secretId": "door"})) == [
        ("secret", secret, "downloaded")
    ]
    assert reached(mapped("secretsmanager", "GetSecretValue", {"secretId": secret + "-AbCdEf"})) == [
        ("secret", secret + "-AbCdEf", "downloaded")
    ]
    assert reached(mapped("secretsmanager", "BatchGetSecretValue", {"filters": []})) == []
    assert reached(mapped("ssm", "GetParameter", {"name": "/a/b", "withDecryption": True})) == [
        ("secret", parameter, "downloaded")
    ]
    assert reached(mapped("ssm", "GetParameters", {"names": ["/a/b", parameter + "c"]})) == [
        ("secret", parameter, "accessed"),
        ("secret", parameter + "c", "accessed"),
    ]
    assert reached(mapped("ssm", "GetParametersByPath", {"path": "/a"}))[0][0] == "folder"


def test_snapshots_made_copied_shared_and_used() -> None:
    share = {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": "444455556666"}]}}}
    shared = mapped("ec2", "ModifySnapshotAttribute", share)
    assert reached(shared) == [("snapshot", "snap-1", "presumed")]
    assert marked(shared) == [("permission", "snap-1")]
    taken_back = {"snapshotId": "snap-1", "createVolumePermission": {"remove": {"items": [{"userId": "4"}]}}}
    back = mapped("ec2", "ModifySnapshotAttribute", taken_back)
    assert (back.accesses, back.marks) == ([], [])
    assert reached(mapped("ec2", "CreateSnapshot", {"volumeId": "vol-1"}, {"snapshotId": "snap-2"})) == [
        ("snapshot", "snap-2", "accessed")
    ]
    assert reached(mapped("ec2", "CopySnapshot", {"sourceSnapshotId": "snap-2"}, {"snapshotId": "snap-3"})) == [
        ("snapshot", "snap-2", "accessed")
    ]
    database = f"arn:aws:rds:eu-central-1:{ACCOUNT}:snapshot:copy"
    request = {"dBSnapshotIdentifier": "copy", "attributeName": "restore", "valuesToAdd": ["all"]}
    assert reached(mapped("rds", "ModifyDBSnapshotAttribute", request)) == [("snapshot", database, "presumed")]


def test_using_a_key_is_no_access() -> None:
    assert mapped("kms", "Decrypt", {"encryptionContext": {"aws:s3:arn": BUCKET}}).accesses == ()


@pytest.mark.parametrize(
    ("service", "name", "request_", "kind"),
    [
        ("cloudtrail", "StopLogging", {"name": "t"}, "audit_changed"),
        ("cloudtrail", "DeleteTrail", {"name": "t"}, "audit_changed"),
        ("cloudtrail", "UpdateTrail", {"name": "t"}, "audit_changed"),
        ("cloudtrail", "PutEventSelectors", {"trailName": "t"}, "audit_changed"),
        ("iam", "CreateAccessKey", {"userName": "t"}, "credential"),
        ("iam", "CreateLoginProfile", {"userName": "t"}, "credential"),
        ("iam", "AttachUserPolicy", {"userName": "t", "policyArn": "arn:p"}, "permission"),
        ("s3", "PutBucketPolicy", {"bucketName": "t"}, "permission"),
        ("s3", "PutBucketAcl", {"bucketName": "t"}, "permission"),
        ("s3", "PutBucketReplication", {"bucketName": "t"}, "forwarding"),
    ],
)
def test_marks(service: str, name: str, request_: dict[str, Any], kind: str) -> None:
    scope = "arn:aws:s3:::t" if service == "s3" else "t"
    assert marked(mapped(service, name, request_)) == [(kind, scope)]


def test_a_session_leaves_no_standing_access_but_tells_who_became_whom() -> None:
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/Clerk/Bo"
    found = mapped("sts", "AssumeRole", {"roleArn": "arn:r"}, {"assumedRoleUser": {"arn": role}})
    assert not found.marks
    assert [(row["kind"], row["holding"], row["label"]) for row in found.accesses] == [("", "", role.lower())]
    assert found.event["user.name"] == role.lower()


def test_a_deleted_log_file_clears_the_trail_it_is_of() -> None:
    key = "AWSLogs/444455556666/CloudTrail/us-east-1/2024/03/04/x.json.gz"
    (mark,) = mapped("s3", "DeleteObject", {"bucketName": "trail", "key": key}).marks
    assert (mark["kind"], mark["channel"]) == ("cleared", "444455556666/us-east-1")


@pytest.mark.parametrize(
    ("identity", "address", "account", "actor_class"),
    [
        ({"type": "AWSService", "invokedBy": BACKUP}, BACKUP, BACKUP, "provider_service"),
        ({"type": "AWSService", "invokedBy": BACKUP}, "198.51.100.4", BACKUP, "account"),
        ({"type": "AWSService", "invokedBy": "evil.example"}, "AWS Internal", "evil.example", "account"),
        ({**ADA, "invokedBy": BACKUP}, BACKUP, ADA["arn"].lower(), "account"),
        ({"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"}, "203.0.113.9", "anonymous", "account"),
        ({"type": "AWSAccount", "principalId": "AIDAX:s", "accountId": "4"}, "203.0.113.9", "aidax:s", "account"),
        ({"type": "IAMUser", "accountId": "4", "userName": "Bo"}, "203.0.113.9", "arn:aws:iam::4:user/bo", "account"),
        ({"type": "Root", "accountId": "4"}, "203.0.113.9", "arn:aws:iam::4:root", "account"),
        (None, "203.0.113.9", "", "account"),
        ("text", "203.0.113.9", "", "account"),
    ],
)  # fmt: skip
def test_who_acted(identity: object, address: str, account: str, actor_class: str) -> None:
    request = {"bucketName": "b", "key": "k"}
    (row,) = mapped("s3", "GetObject", request, userIdentity=identity, sourceIPAddress=address).accesses
    assert (row["actor"], row["actor_class"]) == (account, actor_class)
    assert row["actor_class"] in set(ActorClass)


def test_one_id_with_another_content_is_another_event() -> None:
    genuine, forged = SOURCE.map(only(line(1))), SOURCE.map(only(line(1, errorCode="AccessDenied")))
    assert genuine.key != forged.key
    assert genuine.claimed == forged.claimed is not None


def test_copies_are_one_event_and_masked_ids_are_none() -> None:
    turned = json.dumps(dict(reversed(json.loads(line(1)).items())), indent=1).encode()
    assert SOURCE.map(only(line(1))).key == SOURCE.map(only(turned)).key is not None
    assert SOURCE.map(only(line(1, eventID="1111"))).key is None


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (None, "time_missing"),
        ("", "time_missing"),
        ("yesterday", "time_unrepresentable"),
        ("2024-03-04 08:00:00.000", "zone_assumed_utc"),
        ("1970-01-01T00:00:00Z", "time_implausible"),
    ],
)
def test_odd_times_are_kept_with_a_warning(text: object, warning: str) -> None:
    assert mapped("ec2", "DescribeInstances", eventTime=text).warnings == (warning,)


def test_every_operation_declared_is_one_the_code_can_find() -> None:
    declared = tomllib.loads(
        resources.files("tocsin.collect.sources.aws_cloudtrail").joinpath("audit.toml").read_text("utf-8")
    )
    for one in declared["operation"]:
        assert one["degree"] in set(Degree)
        assert one["touches"] in {"object", "copied_object", "renamed_object", "bucket", "named"}
        assert ("from" in one) == (one["touches"] == "named")
    for one in declared["change"]:
        assert one["kind"] in set(Mark)
    for one in (*declared["operation"], *declared["change"], *declared["left_out"]):
        assert one["citation"] in declared["citations"]


fragments = st.sampled_from(
    [
        line(1),
        document(line(2), line(3)),
        b'{"Records":[',
        b'{"Events":[{"CloudTrailEvent":"{}"}],"NextToken":"x"}',
        *(b"\n", b"\r\n", b",", b'"', b"{", b"}", b"[", b"]", b"]}", b":", b"\\", b"\xff", b"\x00", b"1", b"\n{\n"),
    ]
) | st.binary(max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"", b"[", b"\xef\xbb\xbf", b'{"Records":[']), st.lists(fragments, max_size=24).map(b"".join))
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
        loose += data[position : one.offset] + b"\n"
        position = one.offset + one.length
        if isinstance(one, Record):
            SOURCE.map(one)
    loose += data[position:]
    for opener in (b'{"Records":[', b'{"Events":['):
        loose = loose.replace(opener, b"")
    assert not loose.replace(b"]}", b"").translate(None, b" \t\r\n\x0b\x0c,[]}")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_never_raise(data: bytes) -> None:
    SOURCE.recognises(head_of(data))
    SOURCE.cut(data, b"")
    for one in read(data):
        if isinstance(one, Record):
            SOURCE.map(one)


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bucketName", "key", "type", "arn", "ARN", "items", "add", "name", "x-amz-copy-source"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["s3:GetObject", "s3:CopyObject", "ssm:GetParameters", "ec2:ModifySnapshotAttribute", "iam:CreateUser"]
    ),
    st.dictionaries(st.sampled_from(sorted(call())), values, max_size=12),
)
def test_odd_values_never_raise(operation: str, odd: dict[str, Any]) -> None:
    service, name = operation.split(":")
    record = {**call(), "eventSource": f"{service}.amazonaws.com", **odd, "eventName": name}
    for one in read(json.dumps(record).encode()):
        if isinstance(one, Record):
            found = SOURCE.map(one)
            assert all(isinstance(row["holding"], str) for row in found.accesses)
            assert all(row["holding"] for row in found.accesses) or found.warnings


@pytest.mark.parametrize(
    ("service", "operation", "is_known"),
    [
        ("sts", "GetCallerIdentity", True),
        ("sts", "GetAccessKeyInfo", True),
        ("iam", "getrole", True),
        ("iam", "GetInventedSetting", False),
        ("s3", "GetBucketInvented", False),
        ("ec2", "DescribeInstances", True),
        ("ec2", "DescribeInstanceAttribute", False),
        ("ec2", "DescribeVpnConnections", False),
        ("cloudformation", "ListExports", False),
        ("invented", "ListTables", False),
        ("sts", "GetInventedToken", False),
        ("sso", "GetRoleCredentials", False),
        ("signin", "GetSigninToken", False),
    ],
)
def test_a_call_that_no_list_names_may_have_opened_anything(service: str, operation: str, *, is_known: bool) -> None:
    assert meaning_of(f"{service}.amazonaws.com", operation).is_known is is_known


def test_no_call_is_listed_as_without_content_that_is_declared_to_reach_or_change_something() -> None:
    folder = resources.files("tocsin.collect.sources.aws_cloudtrail")
    listed = tomllib.loads(folder.joinpath("without_content.toml").read_text("utf-8"))["calls"]
    meanings = [meaning_of(f"{service}.amazonaws.com", name) for service, names in listed.items() for name in names]
    assert meanings
    assert all(one.is_known and not one.touches and not one.changes for one in meanings)
