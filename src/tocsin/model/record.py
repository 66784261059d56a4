"""A record as a source frames and decodes it, inside one worker; and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Record(NamedTuple):
    """The smallest unit a source frames: a line, an array element, an EVTX record.

    offset, length   span of the bytes as framed, in the chunk's data
    data             what is committed beside the span: the bytes as framed, or for EVTX the canonical text
    log              values of the source's `log_fields`, in their order, as text ("" where absent)
    fields           native field name to value, flat; values are str, int, float, bool, None or a list of those
    native           the decoded record as the source's own mapping wants it
    warnings         codes of what had to be assumed or repaired (`invalid_utf8`, `time_missing`, ...)
    context          what reading it took from elsewhere in its chunk, in the source's own form: with it, the bytes and
                     the chunk's preamble the record is read again alone (`collect.reframing`); "" where it took nothing
    numbered         its number among what a search gave, from 1, and how many that were, as an export writes beside it;
                     None where it does not
    """

    offset: int
    length: int
    data: bytes
    log: tuple[str, ...]
    fields: Mapping[str, Any]
    native: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    context: str = ""
    numbered: tuple[int, int] | None = None


# Under this name the context stands among the fields that are committed to: it decides how the record was read.
CONTEXT = "tocsin:context"


def committed_fields(record: Record) -> Mapping[str, Any]:
    """What is committed to field by field: the record's fields and, where there is any, its context."""
    return {**record.fields, CONTEXT: record.context} if record.context else record.fields


class Unreadable(NamedTuple):
    """Bytes that are a record's but cannot be read as one; counted, sealed and reported, never dropped.

    reason   a short stable code: `not_json`, `not_an_object`, `too_long`, `damaged_block`, ...
    detail   one line for a person
    records  how many records the span stands for, where the format tells (a damaged EVTX block); at least 1
    """

    offset: int
    length: int
    data: bytes
    reason: str
    detail: str
    records: int = 1
