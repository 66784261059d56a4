"""The source: recognises CloudTrail by content, frames its records, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.source import HEAD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.aws_cloudtrail.decoding import LAYOUT, is_typical
from tocsin.collect.sources.aws_cloudtrail.documents import Framed, cut_documents, frame_documents
from tocsin.collect.sources.aws_cloudtrail.flatten import flatten
from tocsin.collect.sources.aws_cloudtrail.mapping import STATUS, map_record, status_of
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # records of the head looked at
_BLANK = b" \t\r\n\x0b\x0c"
_SIGNS = (b'"eventName"', b'"eventSource"', b'"awsRegion"')
_BEGUN = 0.6  # certainty where not even the first record ends within the head, but it shows a record's names
_BORROWED = 0.7  # of a record that lies under a name another log may use as well


class AwsCloudTrail:
    """AWS CloudTrail in every shape it is delivered and exported in (`Source`)."""

    name = "aws_cloudtrail"
    decoder = "aws_cloudtrail 1"
    log_fields = ("eventSource", "eventName")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole records at the start that look like CloudTrail's; nothing of the name counts."""
        text = head.data[self.preamble(head) :]
        if text.lstrip(_BLANK)[:1] not in (b"{", b"["):
            return 0.0
        framed = list(islice(frame_documents(text, 0, LAYOUT), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if framed and not is_whole and framed[-1].offset + framed[-1].length >= len(text.rstrip(_BLANK)):
            framed.pop()  # the head ends in the middle of it
        if not framed:
            return _BEGUN if all(sign in text for sign in _SIGNS) else 0.0
        return sum(_weight(one) for one in framed) / len(framed)

    def preamble(self, head: Head) -> int:
        """The byte order mark: what opens a list may come again and again, so it belongs to the records' framing."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Where a line, or an element after another one in a list, is a record by itself."""
        return cut_documents(window, LAYOUT)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every record; what opens and closes lists and documents belongs to none."""
        for framed in frame_documents(data, skip, LAYOUT):
            yield _record(framed)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_record`."""
        return map_record(record)


def _weight(framed: Framed) -> float:
    native = framed.decoded.native
    if native is None or not is_typical(native):
        return 0.0
    return _BORROWED if framed.decoded.is_borrowed else 1.0


def _record(framed: Framed) -> Record | Unreadable:
    offset, length, raw, decoded = framed
    native, warnings, reason, detail, _ = decoded
    if native is None:
        return Unreadable(offset, length, raw, reason, detail)
    fields, whole = flatten(native)
    if not whole:
        warnings = (*warnings, "nested_too_deeply")
    status = status_of(fields)
    if status:
        fields[STATUS] = status
    source, operation = native.get("eventSource"), native.get("eventName")
    log = (source if isinstance(source, str) else "", operation if isinstance(operation, str) else "")
    return Record(offset, length, raw, log, fields, native, warnings)
