"""What a record reached: objects, buckets, secrets, disk and database copies, with the degree `audit.toml` allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import unquote

from tocsin.collect.sources.aws_cloudtrail.semantics import Meaning, Touch
from tocsin.model.exposure import Degree

_OBJECT, _BUCKET = "AWS::S3::Object", "AWS::S3::Bucket"
_PARTITION = re.compile(r"arn:(aws[a-z-]*):")
_COPY_SOURCE = "requestParameters.x-amz-copy-source"
_RENAME_SOURCE = "requestParameters.x-amz-rename-source"


class Touched(NamedTuple):
    """One thing a record reached: `holding` and `container` (the bucket) by their ARN or as the log gives them."""

    kind: str
    holding: str
    container: str | None
    label: str | None
    degree: str


class Place(NamedTuple):
    """Where a record was made: what a bare name has to be completed with."""

    partition: str
    region: str
    account: str


def place_of(native: Mapping[str, Any], arn: str | None) -> Place:
    """The partition is the caller's ARN's, else the region's; "" where neither is there, for then it may be any."""
    region = _text(native.get("awsRegion")) or ""
    if arn and (match := _PARTITION.match(arn)):
        partition = match.group(1)
    elif region.startswith("cn-"):
        partition = "aws-cn"
    else:
        partition = "aws-us-gov" if region.startswith("us-gov-") else "aws" if region else ""
    return Place(partition, region, _text(native.get("recipientAccountId")) or "")


def touched(
    native: Mapping[str, Any], fields: Mapping[str, Any], meaning: Meaning, place: Place
) -> tuple[list[Touched], str]:
    """(what was reached, a warning code or ""): the warning where the record does not say what.

    Then one thing without an id: of the kind the call reaches, or of no kind where nothing declares what it does.
    """
    if not meaning.is_known:
        return [Touched("", "", None, None, Degree.ACCESSED)], "operation_undeclared"
    found: list[Touched] = []
    applied = False
    for touch in meaning.touches:
        if touch.applies(fields):
            applied = True
            found.extend(_found(native, fields, touch, place))
    named = list(dict.fromkeys(found))
    if applied and not named:
        kinds = sorted({touch.kind for touch in meaning.touches})
        return [Touched(kind, "", None, None, Degree.ACCESSED) for kind in kinds], "holding_not_named"
    return named, "" if all(one.holding for one in named) else "holding_not_named"


def copied(fields: Mapping[str, Any], meaning: Meaning, place: Place) -> Iterator[tuple[str, str]]:
    """What was copied and the copy, by name: whoever reaches the one reaches what was in the other."""
    for touch in meaning.touches:
        if touch.way in ("copied_object", "renamed_object") and touch.applies(fields):
            bucket, key = _bucket({}, fields, place), _text(fields.get("requestParameters.key"))
            is_copied = touch.way == "copied_object"
            source = _copy_source(_text(fields.get(_COPY_SOURCE)), place) if is_copied else _renamed(bucket, fields)
            if source and bucket and key:
                yield source.holding, f"{bucket}/{key}"
        elif touch.copy and touch.applies(fields):
            one, other = (_texts(fields.get(name)) for name in touch.copy)
            of, to = (replace(touch, arn=arn) for arn in touch.copy_arns or (touch.arn, touch.arn))
            yield from ((_completed(a, of, place), _completed(b, to, place)) for a in one for b in other)


def object_arn(partition: str, bucket: str, key: str | None) -> str:
    """The ARN of an object, or without a key of its bucket."""
    return f"arn:{partition}:s3:::{bucket}/{key}" if key else f"arn:{partition}:s3:::{bucket}"


def _found(native: Mapping[str, Any], fields: Mapping[str, Any], touch: Touch, place: Place) -> Iterator[Touched]:
    if touch.way == "named":
        yield from _named(fields, touch, place)
        return
    # Of a copy the resources list both buckets, and do not say which is which.
    bucket = _bucket({} if touch.way == "copied_object" else native, fields, place)
    key = None if touch.way == "bucket" else _text(fields.get("requestParameters.key"))
    if touch.way == "copied_object":
        source = _copy_source(_text(fields.get(_COPY_SOURCE)), place) or Touched("object", "", None, None, "")
        yield source._replace(degree=touch.degree)
        yield (
            _object(bucket, key, Degree.ALTERED)
            if bucket and key
            else Touched("object", "", bucket, None, Degree.ALTERED)
        )
        return
    if touch.way == "renamed_object":
        former = _renamed(bucket, fields) or Touched("object", "", bucket, None, "")
        yield former._replace(degree=touch.degree)
    degree = touch.degree
    if touch.empty and fields.get("additionalEventData.bytesTransferredOut") == 0:
        degree = touch.empty
    if bucket and key:
        yield _object(bucket, key, degree)
        return
    listed = _resources(native, _OBJECT) if touch.way == "object" else []
    for arn in listed:
        container, _, listed_key = arn.partition("/")
        yield Touched("object", arn, container, _name(listed_key), degree)
    if bucket and not listed:
        yield Touched("bucket", bucket, bucket, _name(bucket), degree)


def _object(bucket: str, key: str, degree: str) -> Touched:
    return Touched("object", f"{bucket}/{key}", bucket, _name(key), degree)


def _bucket(native: Mapping[str, Any], fields: Mapping[str, Any], place: Place) -> str | None:
    """The bucket's ARN: of an access point or its alias the bucket behind it, where the record names that."""
    name = (_text(fields.get("requestParameters.bucketName")) or "").strip() or None
    if name is None or name.startswith("arn:") or name.endswith(("-s3alias", "--ol-s3")):
        buckets = set(_resources(native, _BUCKET))
        if len(buckets) == 1:
            return buckets.pop()
    if name is None:
        return None
    return name if name.startswith("arn:") else object_arn(place.partition, name, None)


def _copy_source(text: str | None, place: Place) -> Touched | None:
    if not text:
        return None
    path = text.split("?versionId=")[0]
    if path.startswith("arn:"):
        return Touched("object", unquote(path), None, _name(unquote(path)), "")
    bucket, _, key = unquote(path.lstrip("/")).partition("/")
    if not bucket or not key:
        return None
    return _object(object_arn(place.partition, bucket, None), key, "")


def _renamed(bucket: str | None, fields: Mapping[str, Any]) -> Touched | None:
    """What an object was called before, in the same bucket."""
    key = (_text(fields.get(_RENAME_SOURCE)) or "").lstrip("/")
    return _object(bucket, unquote(key), "") if bucket and key else None


def _named(fields: Mapping[str, Any], touch: Touch, place: Place) -> Iterator[Touched]:
    label = next((text for name in touch.label if (text := _joined(fields.get(name)))), None)
    for name in touch.named_by:
        texts = _texts(fields.get(name))
        for text in texts:
            yield Touched(touch.kind, _completed(text, touch, place), None, label or _name(text), touch.degree)
        if texts:
            return


def _completed(text: str, touch: Touch, place: Place) -> str:
    if not touch.arn or text.startswith("arn:"):
        return text
    name = text.lstrip("/") if "/{name}" in touch.arn else text
    return touch.arn.format(partition=place.partition, region=place.region, account=place.account, name=name)


def _resources(native: Mapping[str, Any], kind: str) -> list[str]:
    resources = native.get("resources")
    if not isinstance(resources, list):
        return []
    return [
        arn
        for one in resources
        if isinstance(one, dict) and one.get("type") == kind and (arn := _text(one.get("ARN")) or _text(one.get("arn")))
    ]


def _name(text: str) -> str | None:
    """The last part of a path or ARN."""
    return text.rstrip("/").rpartition("/")[2].rpartition(":")[2] or None


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for one in values if isinstance(one, str) and (text := one.strip())]


def _joined(value: object) -> str:
    return ", ".join(_texts(value))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
