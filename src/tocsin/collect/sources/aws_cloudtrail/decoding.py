"""A decoded JSON value in, the CloudTrail record in it out: as delivered, or wrapped by what exported it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.collect.sources.aws_cloudtrail.documents import Layout
from tocsin.collect.sources.aws_cloudtrail.json_text import Decoded, decode_strictly, decode_tolerantly, kind_of

# What holds a record, by who wraps it: `aws cloudtrail lookup-events`, EventBridge; then names that any export uses
# (CloudWatch Logs, Beats, Splunk, event tables), under which another log may lie as well.
_NAMED_WRAPPERS = ("CloudTrailEvent", "detail")
_BORROWED_WRAPPERS = ("event", "message", "original", "_raw", "result")
_MOST_WRAPPED = 3
_BESIDE_NAME = ("eventVersion", "eventTime", "awsRegion")
_NOTIFICATION = "aws:"  # source of the notifications of S3 and others, which are no audit records
_NESTED = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
_NAMES = (
    *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress"),
    *("userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData"),
    *("requestID", "eventID", "eventType", "apiVersion", "managementEvent", "readOnly", "resources"),
    *("recipientAccountId", "serviceEventDetails", "sharedEventID", "vpcEndpointId", "eventCategory", "tlsDetails"),
)
_IDENTITY_NAMES = (
    *("type", "principalId", "arn", "accountId", "accessKeyId", "userName", "sessionContext", "invokedBy"),
    *("identityProvider", "onBehalfOf", "attributes", "creationDate", "mfaAuthenticated", "sessionIssuer"),
    *("webIdFederationData", "sourceIdentity", "credentialId"),
)
_SPELLED = {name.lower(): name for name in _NAMES}
_IDENTITY_SPELLED = {name.lower(): name for name in _IDENTITY_NAMES}


def unwrap(value: object, warnings: tuple[str, ...] = ()) -> Decoded:
    """The record in a decoded JSON value, or why there is none."""
    return _unwrap(value, warnings, _MOST_WRAPPED)


def is_typical(native: Mapping[str, Any]) -> bool:
    """Whether an object has what every record has: enough to recognise the log by."""
    source = native.get("eventSource")
    return (
        "eventName" in native
        and isinstance(source, str)
        and source.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        and ("eventTime" in native or "eventVersion" in native or "awsRegion" in native)
    )


def _unwrap(value: object, warnings: tuple[str, ...], depth: int) -> Decoded:
    if not isinstance(value, dict):
        return Decoded(None, warnings, "not_an_object", f"JSON, but not an object: {kind_of(value)}")
    if _is_record(value):
        return _whole(value, warnings)
    for name in (*_NAMED_WRAPPERS, *_BORROWED_WRAPPERS) if depth else ():
        if name not in value:
            continue
        inner = _inner(value[name], warnings, depth - 1)
        if inner.native is not None:
            return inner._replace(is_borrowed=inner.is_borrowed or name in _BORROWED_WRAPPERS)
    if "eventname" in value and "eventName" not in value:
        lowered: dict[str, Any] = {_SPELLED.get(str(name), str(name)): one for name, one in value.items()}
        if isinstance(identity := lowered.get("userIdentity"), dict):
            lowered["userIdentity"] = _spelled(identity)
        if _is_record(lowered):
            return _whole(lowered, tuple(sorted({*warnings, "names_lower_case"})))
    return Decoded(None, warnings, "not_cloudtrail", "an object without the eventName and eventSource of a record")


def _inner(value: object, warnings: tuple[str, ...], depth: int) -> Decoded:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return _unwrap(decode_strictly(value), warnings, depth)
        except ValueError:
            tolerant = decode_tolerantly(value.encode("utf-8", "replace"))
            if tolerant is not None:
                return _unwrap(tolerant[0], tuple(sorted({*warnings, *tolerant[1]})), depth)
    return _unwrap(value, warnings, depth)


def _is_record(value: Mapping[str, Any]) -> bool:
    if value.get("eventName").__class__ is not str:
        return False
    source = value.get("eventSource")
    if source.__class__ is str:
        return not source.startswith(_NOTIFICATION)
    return source is None and any(name in value for name in _BESIDE_NAME)


def _whole(native: dict[str, Any], warnings: tuple[str, ...]) -> Decoded:
    """The record with members that an export wrote as JSON texts read."""
    for name in _NESTED:
        value = native.get(name)
        if value.__class__ is not str or not value.startswith("{"):
            continue
        try:
            inner = decode_strictly(value)
        except ValueError:
            continue
        native = {**native, name: inner}
        warnings = tuple(sorted({*warnings, "nested_text"}))
    return Decoded(native, warnings)


def _spelled(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _IDENTITY_SPELLED.get(str(name), str(name)): _spelled(one) if isinstance(one, dict) else one
        for name, one in identity.items()
    }


LAYOUT = Layout(
    unwrap=unwrap,
    first_keys=(b"eventVersion", b"awsRegion", b"additionalEventData", b"apiVersion", b"userIdentity", b"EventId"),
    opens_lists=True,
)
