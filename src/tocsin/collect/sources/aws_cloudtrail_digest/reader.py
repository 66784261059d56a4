"""The source: recognises digest files by content, frames one record a digest, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.source import HEAD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.aws_cloudtrail.documents import Framed, Layout, cut_documents, frame_documents
from tocsin.collect.sources.aws_cloudtrail.flatten import flatten
from tocsin.collect.sources.aws_cloudtrail.json_text import Decoded, kind_of
from tocsin.collect.sources.aws_cloudtrail_digest.mapping import map_digest
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 20
_BLANK = b" \t\r\n\x0b\x0c"
_SIGNS = (b'"awsAccountId"', b'"digestStartTime"', b'"digestS3Object"')
_BEGUN = 0.9  # certainty where not even the first digest ends within the head


def unwrap(value: object, warnings: tuple[str, ...] = ()) -> Decoded:
    """The digest in a decoded JSON value, or why there is none."""
    if not isinstance(value, dict):
        return Decoded(None, warnings, "not_an_object", f"JSON, but not an object: {kind_of(value)}")
    if not _is_digest(value):
        return Decoded(None, warnings, "not_a_digest", "an object without awsAccountId, digestEndTime and logFiles")
    return Decoded(value, warnings)


LAYOUT = Layout(unwrap=unwrap, first_keys=(b"awsAccountId",), opens_lists=False)


class AwsCloudTrailDigest:
    """Digest files of AWS CloudTrail (`Source`). Signatures are not checked: see `audit.toml`."""

    name = "aws_cloudtrail_digest"
    decoder = "aws_cloudtrail_digest 1"
    log_fields = ("awsAccountId",)
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole objects at the start that are digests; nothing of the name counts."""
        text = head.data[self.preamble(head) :]
        if text.lstrip(_BLANK)[:1] not in (b"{", b"["):
            return 0.0
        framed = list(islice(frame_documents(text, 0, LAYOUT), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if framed and not is_whole and framed[-1].offset + framed[-1].length >= len(text.rstrip(_BLANK)):
            framed.pop()  # the head ends in the middle of it
        if not framed:
            return _BEGUN if all(sign in text for sign in _SIGNS) else 0.0
        return sum(1 for one in framed if one.decoded.native is not None) / len(framed)

    def preamble(self, head: Head) -> int:
        """The byte order mark."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Where a digest begins that is a line, or an element of a list."""
        return cut_documents(window, LAYOUT)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """One record a digest, with all the log files it lists."""
        for framed in frame_documents(data, skip, LAYOUT):
            yield _record(framed)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_digest`."""
        return map_digest(record)


def _is_digest(value: Mapping[str, Any]) -> bool:
    return (
        isinstance(value.get("awsAccountId"), str)
        and "digestEndTime" in value
        and "digestS3Object" in value
        and isinstance(value.get("logFiles"), list)
    )


def _record(framed: Framed) -> Record | Unreadable:
    offset, length, raw, decoded = framed
    native, warnings, reason, detail, _ = decoded
    if native is None:
        return Unreadable(offset, length, raw, reason, detail)
    fields, whole = flatten(native)
    if not whole:
        warnings = (*warnings, "nested_too_deeply")
    return Record(offset, length, raw, (native["awsAccountId"],), fields, native, warnings)
