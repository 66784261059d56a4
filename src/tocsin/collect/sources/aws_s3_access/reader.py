"""The source: recognises S3 server access logs by content, frames their lines, and hands each to the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from tocsin.collect.json_text import BYTE_ORDER_MARK
from tocsin.collect.lines import cut_line, split_lines
from tocsin.collect.source import HEAD_BYTES, MAX_RECORD_BYTES, Head, Mapped, declared_proof
from tocsin.collect.sources.aws_s3_access.line import is_line, parse_line
from tocsin.collect.sources.aws_s3_access.mapping import STATUS, map_line, status_of
from tocsin.model.record import Record, Unreadable

_MOST_TRIED = 50  # lines of the head looked at


class AwsS3Access:
    """Server access logs of AWS S3 as delivered to a bucket (`Source`)."""

    name = "aws_s3_access"
    decoder = "aws_s3_access 1"
    log_fields = ("bucket_name", "operation")
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """The share of whole lines at the start that are such lines; nothing of the name counts."""
        lines = list(islice(split_lines(head.data, self.preamble(head)), _MOST_TRIED))
        is_whole = head.size <= len(head.data) < HEAD_BYTES
        if lines and not is_whole and lines[-1].end >= len(head.data.rstrip(b"\r\n")):
            lines.pop()  # the head ends in the middle of it
        if not lines:
            return 0.0
        return sum(1 for line in lines if is_line(line.data.decode("utf-8", "replace"))) / len(lines)

    def preamble(self, head: Head) -> int:
        """The byte order mark an editor may have put there."""
        return len(BYTE_ORDER_MARK) if head.data.startswith(BYTE_ORDER_MARK) else 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """One record a line."""
        for offset, _, line in split_lines(data, skip):
            yield _record(offset, line)

    def map(self, record: Record) -> Mapped:
        """See `mapping.map_line`."""
        return map_line(record)


def _record(offset: int, line: bytes) -> Record | Unreadable:
    if len(line) > MAX_RECORD_BYTES:
        detail = f"{len(line)} bytes: a record longer than {MAX_RECORD_BYTES} bytes is not read"
        return Unreadable(offset, len(line), line, "too_long", detail)
    warnings: tuple[str, ...] = ()
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("utf-8", "backslashreplace")
        warnings = ("invalid_utf8",)
    parsed = parse_line(text)
    if parsed is None:
        return Unreadable(offset, len(line), line, "not_s3_access", "a line without the fields of a server access log")
    fields, more = parsed
    fields[STATUS] = status_of(fields)
    log = (fields.get("bucket_name", ""), fields.get("operation", ""))
    return Record(offset, len(line), line, log, fields, fields, (*warnings, *more))
