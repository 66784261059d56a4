"""Arrow schemas of the tables that cross stage borders. Column names are OCSF 1.6 attribute paths where OCSF has one.

`record` is a reference (`model.reference`); times are int64 nanoseconds UTC (`model.instant`), null where the log has
none. Text columns are plain utf8; empty means the log said so, null means it said nothing.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

OCSF_VERSION = "1.6.0"

EVENT_COLUMNS: tuple[str, ...] = (
    "activity_name",  # operation or event name, as the source words it
    "status",  # success, failure or null
    "actor.user.name",  # account, canonical (model.identity)
    "actor.user.uid",  # SID, object id, user key
    "actor.session.uid",
    "actor.process.file.path",  # the process that acted (parent of a started one)
    "actor.app_uid",  # client application id
    "http_request.user_agent",  # client string
    "src_endpoint.ip",  # canonical
    "device.hostname",  # canonical
    "device.ip",  # canonical: an address of the device itself, where the log tells it from the one that came to it
    "metadata.log_name",  # channel or workload
    "metadata.event_code",  # event id or record type
    "metadata.uid",  # native id
    "metadata.original_time",  # as written, where the log leaves out the year or the zone
    "process.uid",
    "process.file.path",
    "process.cmd_line",
    "user.name",  # account acted on, canonical
    "resource.name",  # what was acted on: mailbox, object id, service, share
    "file.path",
    "dst_endpoint.ip",  # canonical: where a connection or request went
    "dst_endpoint.hostname",  # canonical, where the record names it
    "cloud.region",
    "auth_protocol",  # of a sign-in, as the source words it: Kerberos, NTLM
)

# Whole numbers beside them, 0 and more; null where the log says nothing.
EVENT_COUNTS: tuple[str, ...] = (
    "traffic.bytes_in",  # to the source, bytes
    "traffic.bytes_out",  # from the source, bytes
)

EVENTS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("key", pa.binary(16), nullable=False),  # event key (design, decision 4)
        pa.field("time", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("class_uid", pa.int32(), nullable=False),
        pa.field("metadata.sequence", pa.int64()),  # EventRecordID and the like
        *(pa.field(name, pa.string()) for name in EVENT_COLUMNS),
        *(pa.field(name, pa.int64()) for name in EVENT_COUNTS),
    ]
)

# A rule matched a record: the event's own columns, the rule, the fields that made it true, what takes it out again.
HITS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("time", pa.int64()),
        pa.field("rule", pa.string(), nullable=False),  # rule id
        pa.field("matched", pa.string(), nullable=False),  # JSON list of [field, what was asked, value], in rule order
        # Ids of the exceptions whose condition takes this hit out, sorted, with spaces between; null where none does.
        # Whether they are in force is not decided here. More than one row of a (record, rule): it is hidden only if
        # each of them is.
        pa.field("hidden_by", pa.string()),
        # What another tool says of the rule of its own that fired (`model.alert.Alert.told`); null for a rule of ours.
        pa.field("told", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in EVENT_COLUMNS),
    ]
)

# A rule that correlations count matched a record: what they ask of it, and what names who it is about. More than one
# row of a (record, rule) where an event has several records, or exceptions differ.
SIGHTINGS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("time", pa.int64()),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("hidden_by", pa.string()),  # as in `HITS`
        # JSON list: what the record says in the fields asked of the rule (`model.correlation.asked_fields`), in their
        # order; null where it says nothing.
        pa.field("said", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        *(
            pa.field(name, pa.string())
            for name in (
                "status",
                "actor.user.name",
                "actor.session.uid",
                "actor.app_uid",
                "src_endpoint.ip",
                "device.hostname",
                "user.name",
            )
        ),
    ]
)

# One access of one actor to one thing that can be compromised, as the source's audit semantics read the record.
ACCESSES = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("time", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # mailbox, mail_item, mail_folder, document, folder, site
        # Its id as the log gives it; "" where the record does not say which of the kind it was (of any kind: kind "").
        pa.field("holding", pa.string(), nullable=False),
        pa.field("container", pa.string()),  # the mailbox or site it lies in, canonical
        pa.field("label", pa.string()),  # file name, subject, folder: what a person would call it
        pa.field("actor", pa.string(), nullable=False),  # account, canonical
        pa.field("actor_class", pa.string(), nullable=False),  # account, provider_service, administrator, delegate
        pa.field("address", pa.string()),
        pa.field("session", pa.string()),
        pa.field("client", pa.string()),  # application id or client string
        pa.field("degree", pa.string(), nullable=False),  # model.exposure.Degree
        pa.field("operation", pa.string(), nullable=False),
    ]
)

# What a record says about the log itself or about standing access: cleared, throttled, a rule made, a right given.
MARKS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("time", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # model.coverage.Mark
        pa.field("host", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("scope", pa.string()),  # the mailbox throttled, the log cleared, the object changed
        pa.field("actor", pa.string()),
        pa.field("detail", pa.string()),  # one line for a person
        # Whom a change gives a way, as the log names them: accounts, addresses, applications, with `; ` between.
        pa.field("given_to", pa.string()),
    ]
)

# A record that says its number among what a search gave, and how many those were (`model.record.Record.numbered`).
NUMBERS = pa.schema(
    [
        pa.field("record", pa.int64(), nullable=False),
        pa.field("key", pa.binary(16), nullable=False),  # event key, of second copies too
        pa.field("time", pa.int64()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("content", pa.string(), nullable=False),  # SHA-256 of the input it stands in, inflated
        pa.field("number", pa.int64(), nullable=False),
        pa.field("of", pa.int64(), nullable=False),
    ]
)


def empty(schema: pa.Schema) -> pa.Table:
    """A table of no rows with this schema."""
    return schema.empty_table()


def in_time(rows: pa.Table, from_: int | None, to: int | None) -> pa.Table:
    """Rows from `from_` to `to` (exclusive) by `time`, and those without one: they cannot be placed outside it."""
    if from_ is not None:
        rows = rows.filter(pc.fill_null(pc.greater_equal(rows["time"], from_), fill_value=True))
    if to is not None:
        rows = rows.filter(pc.fill_null(pc.less(rows["time"], to), fill_value=True))
    return rows
