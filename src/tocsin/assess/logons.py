"""From events to who signed in where and as whom: a fold, of what a host keeps of those who were on it.

A network logon leaves no secret on the host. Windows writes no process on its record (event 4624): it is kept apart.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tocsin.model.tables import empty

NAME = "logons"
_KEYS = ("relation", "a", "b")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in _KEYS),
        pa.field("count", pa.int64(), nullable=False),  # records
        pa.field("first", pa.int64()),  # ns UTC; null where no record has a time
        pa.field("record", pa.int64(), nullable=False),  # reference of the first in plan order
    ]
)
_AUTHENTICATION = 3002  # OCSF class
_WINDOWS_LOGON = "4624"
_EXPLICIT = "4648"  # credentials of another account were typed or kept on the host
_PRIVILEGED = "4672"  # special privileges assigned to a new logon
# Written by a domain controller of sign-ins elsewhere: who asked for a ticket was not on it.
_ELSEWHERE = ("4768", "4769", "4770", "4771", "4776")


class Relation(enum.StrEnum):
    """What `a`, an account, has to do with `b`."""

    SIGNED_IN = "signed_in"  # was on the host b, which may keep its credentials
    CONNECTED = "connected"  # over the network to the host b, which keeps nothing of it
    PRIVILEGED = "privileged"  # was an administrator of the host b
    USED_ON = "used_on"  # its credentials were used on the host b by somebody else
    ACTED_AS = "acted_as"  # took on the account b


def summarise(events: pa.Table) -> pa.Table:
    """The distinct relations one chunk shows, with count, first and first record. Pure."""
    done = events.filter(pc.not_equal(pc.fill_null(events["status"], ""), "failure"))
    code = pc.fill_null(done["metadata.event_code"], "")
    signs_in = pc.equal(done["class_uid"], _AUTHENTICATION)
    elsewhere = pc.is_in(code, pa.array(_ELSEWHERE))
    explicit = pc.equal(code, _EXPLICIT)
    over_network = pc.and_(pc.equal(code, _WINDOWS_LOGON), pc.is_null(done["process.file.path"]))
    on_host = pc.and_(signs_in, pc.invert(pc.or_(elsewhere, explicit)))
    parts = [
        _rows(done, Relation.SIGNED_IN, "actor.user.name", "device.hostname", pc.and_not(on_host, over_network)),
        _rows(done, Relation.CONNECTED, "actor.user.name", "device.hostname", pc.and_(on_host, over_network)),
        _rows(done, Relation.PRIVILEGED, "actor.user.name", "device.hostname", pc.equal(code, _PRIVILEGED)),
        _rows(done, Relation.USED_ON, "user.name", "device.hostname", explicit),
        _rows(done, Relation.ACTED_AS, "actor.user.name", "user.name", pc.and_not(signs_in, elsewhere)),
    ]
    return _fold(pa.concat_tables([empty(SCHEMA), *parts]))


def combine(partials: Sequence[pa.Table]) -> pa.Table:
    """The relations of all partials, by relation and names; associative and commutative."""
    return _fold(pa.concat_tables([empty(SCHEMA), *partials]))


def rows_of(state: pa.Table) -> Iterator[tuple[Relation, str, str, int | None, int, int]]:
    """(relation, a, b, first, count, record) of each row."""
    columns = (state[name].to_pylist() for name in ("relation", "a", "b", "first", "count", "record"))
    for relation, a, b, first, count, record in zip(*columns, strict=True):
        yield Relation(relation), a, b, first, count, record


def _rows(events: pa.Table, relation: Relation, a: str, b: str, which: pa.ChunkedArray) -> pa.Table:
    named = pc.and_(pc.is_valid(events[a]), pc.is_valid(events[b]))
    rows = events.filter(pc.and_(which, pc.and_(named, pc.not_equal(events[a], events[b]))))
    return pa.table(
        {
            "relation": pa.array([relation.value] * rows.num_rows, pa.string()),
            "a": pc.utf8_lower(rows[a]),
            "b": pc.utf8_lower(rows[b]),
            "count": pa.array(np.ones(rows.num_rows, dtype=np.int64)),
            "first": rows["time"],
            "record": rows["record"],
        },
        schema=SCHEMA,
    )


def _fold(table: pa.Table) -> pa.Table:
    grouped = table.group_by(list(_KEYS)).aggregate([("count", "sum"), ("first", "min"), ("record", "min")])
    names = {"count_sum": "count", "first_min": "first", "record_min": "record"}
    named = grouped.rename_columns([names.get(name, name) for name in grouped.column_names])
    return named.select(SCHEMA.names).cast(SCHEMA).sort_by([(name, "ascending") for name in _KEYS])
