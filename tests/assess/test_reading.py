"""When mail being read counts as recorded all the time."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess.accesses import SCHEMA
from tocsin.assess.reading import Reading
from tocsin.assess.verdict import Window
from tocsin.model.instant import DAY, HOUR

ADA, BO = "ada.example@tribunal.example", "bo.example@tribunal.example"
HOURS = st.lists(st.integers(0, 14 * 24), min_size=1, max_size=8)


def state(read: dict[str, list[int]], used: dict[str, list[int]] | None = None) -> pa.Table:
    """Accesses at these hours: to read mail, and any others of a mailbox."""
    ways = [("MailItemsAccessed", *one) for one in read.items()] + [("Send", *one) for one in (used or {}).items()]
    rows = [
        {
            "source": "m365_unified_audit", "kind": "mail_item", "container": mailbox, "operation": operation,
            "first": min(hours) * HOUR, "last": max(hours) * HOUR,
            "record": [1000 * number + place for place in range(len(hours))], "time": [hour * HOUR for hour in hours],
        }
        for number, (operation, mailbox, hours) in enumerate(ways)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def window(from_: int, to: int) -> Window:
    return Window(from_=from_ * HOUR, to=to * HOUR)


@given(HOURS, HOURS, st.integers(0, 336), st.integers(0, 336))
def test_the_time_from_the_first_to_the_last_is_kept_and_of_a_longer_one_every_part(
    ada: list[int], bo: list[int], from_: int, to: int
) -> None:
    reading = Reading(state({ADA: ada, BO: bo}))
    assert reading.is_kept((ADA,), window(min(ada + bo), max(ada + bo)))
    if reading.is_kept((ADA,), window(from_, to)):
        assert reading.is_kept((ADA,), window(from_ + 1, to - 1))


def test_mail_may_be_quiet_at_the_end_for_as_long_as_it_was_between() -> None:
    reading = Reading(state({ADA: [0, 10, 20]}))
    assert reading.is_kept((ADA,), window(-10, 30))
    assert not reading.is_kept((ADA,), window(0, 31))
    assert not reading.is_kept((ADA,), window(-11, 20))


def test_a_mailbox_that_is_used_a_day_after_it_was_read_last_may_be_read_unrecorded() -> None:
    times = list(range(0, 100, 10))
    for last, is_kept in ((20 + DAY // HOUR, True), (21 + DAY // HOUR, False)):
        reading = Reading(state({ADA: [0, 20], BO: times}, {ADA: [5, last]}))
        assert reading.is_kept((ADA,), window(0, 90)) is is_kept


def test_what_is_not_recorded_in_the_middle_is_no_quiet() -> None:
    days = [24 * day for day in range(40)]
    outage = [hour for hour in days if not 240 < hour < 360]
    whole = Reading(state({ADA: days, BO: days}, {ADA: days}))
    assert whole.is_kept((ADA,), window(0, 900))
    assert not Reading(state({ADA: outage, BO: days}, {ADA: days})).is_kept((ADA,), window(0, 900))
    nobodys = Reading(state({ADA: outage, BO: outage}, {BO: days}))
    assert not nobodys.is_kept((ADA,), window(0, 900))
    assert nobodys.is_kept((ADA,), window(400, 900))
    assert not Reading(state({ADA: [0, 24, 24 * 16]})).is_kept((ADA,), window(0, 24 * 20))


def test_a_mailbox_never_read_is_not_kept() -> None:
    assert not Reading(state({BO: [0, 20]})).is_kept((ADA,), window(0, 20))
    assert not Reading(state({})).is_kept((ADA,), window(0, 20))
