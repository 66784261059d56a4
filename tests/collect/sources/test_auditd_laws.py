"""Laws of reading the audit log: nothing is raised, no span overlaps, every record is in one event."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.collect.source import Coalescing, Head
from tocsin.collect.sources.auditd import SOURCE
from tocsin.collect.sources.auditd.grouping import NEAR_BYTES, cut_between_events
from tocsin.model.record import Record
from tocsin.model.tables import ACCESSES, EVENTS, MARKS

_SAMPLE = (Path(__file__).parents[2] / "samples" / "auditd" / "enriched.log").read_bytes()
_BLANK = b" \t\r\n\x0b\x0c"
lines = st.sampled_from(_SAMPLE.splitlines(keepends=True))
pieces = st.sampled_from(
    (b"type=", b"SYSCALL", b" msg=audit(", b"1.2:3", b"):", b" a0=", b" exit=-", b" saddr=", b"0200", b"9" * 30, b'"',
     b"'", b"msg='", b"(null)", b" key=", b"\x1d", b"node=x ", b"\n", b"\r\n", b"\0", b"\xff", b" items=1", b" mode=0",
     b"{", b"}")
)  # fmt: skip
noise = st.lists(lines | pieces | st.binary(max_size=4), max_size=30).map(b"".join)


@settings(max_examples=200, deadline=None)
@given(noise)
def test_every_byte_is_owned_and_every_record_is_in_one_event(data: bytes) -> None:
    head = Head(data[:65_536], len(data), "")
    assert 0.0 <= SOURCE.recognises(head) <= 1.0
    skip = SOURCE.preamble(head)
    items = list(SOURCE.records(data, data[:skip], skip))
    position = skip
    for item in items:
        assert item.offset >= position
        assert not data[position : item.offset].strip(_BLANK)
        assert item.length > 0
        assert item.data == data[item.offset : item.offset + item.length]
        position = item.offset + item.length
    assert not data[position:].strip(_BLANK)
    found = [item for item in items if isinstance(item, Record)]
    assert isinstance(SOURCE, Coalescing)
    events = list(SOURCE.coalesce(found))
    assert sorted(place for event in events for place in event.records) == list(range(len(found)))
    for event in events:
        assert list(event.records) == sorted(event.records)
        assert len(event.seen) == len(event.records)
        assert all(len(record.log) == len(SOURCE.log_fields) for record in event.seen)
        assert set(event.mapped.event) <= set(EVENTS.names)
        assert all(set(row) <= set(ACCESSES.names) for row in event.mapped.accesses)
        assert all(set(row) <= set(MARKS.names) for row in event.mapped.marks)
    assert [event.records[0] for event in events] == sorted(event.records[0] for event in events)
    for record in found:
        SOURCE.map(record)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4000)), min_size=40, max_size=80),
    st.integers(0, 5000),
)
def test_no_event_reaches_across_a_cut(shape: list[tuple[int, int]], skip: int) -> None:
    """Events that go on within `NEAR_BYTES` of the place are all on one side of it, wherever the window begins."""
    data = b"".join(
        b"type=PATH msg=audit(1.%03d:%d): name=%s\n" % (place // 5 + event % 2, place // 5 + event % 2, b"x" * size)
        for place, (event, size) in enumerate(shape * 3)
    )
    found = cut_between_events(data[skip:])
    if found is None:
        return
    cut = skip + found
    assert data[cut - 1 : cut] == b"\n"
    before = {
        line.split(b"audit(")[1].split(b")")[0] for line in data[max(cut - NEAR_BYTES, 0) : cut].split(b"\n")[1:-1]
    }
    behind = {line.split(b"audit(")[1].split(b")")[0] for line in data[cut : cut + NEAR_BYTES].split(b"\n")[:-1]}
    assert not before & behind
