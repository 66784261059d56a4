"""What is lost when: the facts are whole, no date comes too late, and what may go first stands first."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cover.preserve import Product, collected_from, expiries, load_retentions, products_of
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.estate import ProductInUse
from tocsin.model.exposure import Basis
from tocsin.model.instant import DAY, HOUR, PLAUSIBLE_FROM, PLAUSIBLE_TO, parse_time
from tocsin.model.preservation import Bound, Expiry, Retention, Standing

NOW = parse_time("2026-03-20T14:05:00Z") or 0
times = st.integers(min_value=PLAUSIBLE_FROM + 12 * 366 * DAY, max_value=PLAUSIBLE_TO)


def of(name: str) -> Product:
    """The fact of that id."""
    return Product(next(one for one in load_retentions() if one.id == name), named=True)


def one(name: str, start: str | None, now: int | None = NOW) -> Expiry:
    """What is said of one log."""
    (found,) = expiries(now, None if start is None else parse_time(start), [of(name)])
    return found


@pytest.mark.parametrize("retention", load_retentions(), ids=lambda one: one.id)
def test_every_fact_is_whole(retention: Retention) -> None:
    assert (retention.days is not None) == (retention.bound is Bound.AGE)
    assert retention.days is None or retention.days > 0
    assert retention.save
    assert all(retention.save)
    assert retention.hold
    assert retention.first_lost
    assert retention.citation.startswith("https://")
    dt.date.fromisoformat(retention.stated_on)
    assert retention.limit or retention.bound is Bound.AGE


def test_every_fact_has_a_name_of_its_own() -> None:
    assert set(Counter(one.id for one in load_retentions()).values()) == {1}
    assert len(load_retentions()) > 50


def test_the_first_days_of_an_old_start_are_past_their_time() -> None:
    found = one("entra-sign-in-premium", "2026-02-01T00:00:00Z")
    assert found.standing is Standing.LOST_IN_PART
    assert (found.lost_from, found.lost_to) == (parse_time("2026-02-01T00:00:00Z"), NOW - 30 * DAY)
    assert found.deadline == NOW
    assert found.soon
    assert found.sentence == (
        "What was written from 2026-02-01 to 2026-02-18 is past its time (kept 30 days); each day takes one day more."
    )


def test_what_is_whole_has_the_day_on_which_it_goes() -> None:
    found = one("entra-sign-in-premium", "2026-03-18T22:00:00Z")
    assert found.standing is Standing.EXPIRES
    assert found.deadline == parse_time("2026-04-17T00:00:00Z")
    assert not found.soon
    assert found.sentence == "What was written on 2026-03-18 goes by 2026-04-17, in 27 days (kept 30 days)."
    assert one("entra-sign-in-premium", "2026-02-19T22:00:00Z").soon


def test_without_a_start_it_is_how_far_back_a_log_reaches() -> None:
    assert one("entra-sign-in-free", None).sentence.startswith("Reaches back to 2026-03-13 (kept 7 days)")
    assert one("entra-sign-in-free", None, now=None).sentence == "Kept 7 days."


def test_a_log_bounded_by_size_may_go_any_hour() -> None:
    found = one("windows-security-log", "2026-03-18T22:00:00Z")
    assert (found.standing, found.soon, found.deadline, found.lost_to) == (Standing.ANY_TIME, True, NOW, None)


@given(now=times, start=times)
def test_no_deadline_comes_after_the_records_own_end(now: int, start: int) -> None:
    for found in expiries(now, start, products_of(())):
        days = found.retention.days
        if days is None:
            continue
        end = start + days * DAY
        assert found.deadline is not None
        assert found.deadline == now or now <= found.deadline <= end
        assert (found.standing is Standing.LOST_IN_PART) == (end < now)
        if found.standing is Standing.LOST_IN_PART:
            assert (found.lost_from, found.lost_to) == (start, now - days * DAY)
        assert found.soon == (found.deadline <= now + 7 * DAY)


@given(now=times, start=times, later=st.integers(min_value=0, max_value=400 * DAY))
def test_waiting_never_brings_anything_back(now: int, start: int, later: int) -> None:
    before = {found.retention.id: found for found in expiries(now, start, products_of(()))}
    for found in expiries(now + later, start, products_of(())):
        was = before[found.retention.id]
        assert (found.lost_to or 0) >= (was.lost_to or 0)
        assert not was.soon or found.soon


@given(now=times, start=st.none() | times)
def test_the_soonest_stands_first(now: int, start: int | None) -> None:
    found = expiries(now, start, products_of(()))
    dated = [one.deadline for one in found if one.deadline is not None]
    assert dated == sorted(dated)
    soon = [one.soon for one in found]
    assert soon == sorted(soon, reverse=True)
    assert found == expiries(now, start, reversed(products_of(())))


def test_what_the_estate_does_not_name_comes_last_and_is_not_left_out() -> None:
    declared = (ProductInUse(product="microsoft 365", tier="E5"),)
    found = expiries(NOW, None, products_of(declared))
    assert {one.retention.id for one in found} == {one.retention.id for one in expiries(NOW, None, products_of(()))}
    named = [one for one in found if one.named]
    assert named == list(found[: len(named)])
    assert {one.retention.product for one in named} == {"Microsoft 365"}
    assert not [one for one in found if one.soon and not one.named]


def test_a_tier_nobody_has_heard_of_narrows_nothing() -> None:
    named = [one for one in products_of((ProductInUse(product="Microsoft 365", tier="Business Basic"),)) if one.named]
    assert {one.retention.id for one in named} >= {"m365-audit-standard", "m365-audit-premium"}


def test_a_product_of_ones_own_is_listed_with_its_days_or_the_request_to_ask() -> None:
    archive = ProductInUse(product="Documents Archive", log="access log", days=60)
    found = {
        one.retention.product: one for one in expiries(NOW, None, products_of((archive, ProductInUse(product="Fax"))))
    }
    assert found["Documents Archive"].retention.days == 60
    assert found["Documents Archive"].standing is Standing.ROLLING
    assert found["Fax"].standing is Standing.AS_SET
    assert found["Fax"].named
    assert "Ask its custodian" in found["Fax"].retention.save[0]


def test_a_setting_of_ones_own_replaces_the_vendors_number() -> None:
    declared = ProductInUse(product="Linux", log="Files of syslog", days=365)
    (found,) = [one.retention for one in products_of((declared,)) if one.named]
    assert (found.id, found.days, found.citation) == ("linux-syslog", 365, "")


def test_what_is_worth_naming_only_where_it_is_declared() -> None:
    assert "Google Workspace" not in {one.retention.product for one in products_of(())}
    assert "Google Workspace" in {
        one.retention.product for one in products_of((ProductInUse(product="Google Workspace"),))
    }


def test_what_was_read_is_marked_to_its_last_record_and_changes_no_date() -> None:
    span = Coverage(
        source="windows_evtx",
        host="files-01.tribunal.example",
        channel="Security",
        from_=NOW - DAY,
        to=NOW - HOUR + 1,
        state=CoverageState.UNPROVEN,
        evidence="",
        basis=Basis.SEQUENCE,
    )
    rows = [
        span,
        dataclasses.replace(span, host="dc-01.tribunal.example", to=NOW - 2 * HOUR + 1),
        dataclasses.replace(span, channel="System"),
        dataclasses.replace(span, state=CoverageState.GAPPED, basis=Basis.NONE, to=NOW + DAY),
    ]
    security, plain = (
        {one.retention.id: one for one in expiries(NOW, None, products_of(()), collected)}
        for collected in (collected_from(rows), {})
    )
    (read,) = security["windows-security-log"].collected
    assert read == ("windows_evtx", 2, NOW - 2 * HOUR, NOW - HOUR)
    assert security["windows-other-logs"].collected[0].logs == 3
    assert security["m365-audit-standard"].collected == ()
    assert dataclasses.replace(security["windows-security-log"], collected=()) == plain["windows-security-log"]
