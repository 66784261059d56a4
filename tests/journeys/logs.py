"""A small invented tenant's audit log, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.exercise.formats.m365 import Act, AuditRecord, Person, Tenant, audit_line, mail_items_accessed, sign_in
from tocsin.model.instant import parse_time

TENANT = Tenant(
    id="11111111-2222-4333-8444-555555555555",
    domain="tribunal.example",
    sharepoint="https://tribunal.sharepoint.example",
)
ADA = Person(
    upn="ada.example@tribunal.example",
    object_id="aaaaaaaa-0000-4000-8000-000000000001",
    puid="1003200000000001",
    sid="S-1-5-21-1-2-3-1001",
    mailbox_guid="bbbbbbbb-0000-4000-8000-000000000001",
)
START = parse_time("2026-03-02T08:00:00Z") or 0
MINUTE = 60 * 1_000_000_000


def act(number: int, *, person: Person = ADA, address: str = "192.0.2.10", session: str = "s-1") -> Act:
    """The numbered act, a minute after the one before."""
    return Act(
        time=START + number * MINUTE,
        record_id=f"cccccccc-0000-4000-8000-{number:012d}",
        tenant=TENANT,
        person=person,
        address=address,
        session=session,
        user_agent="Mozilla/5.0 (invented)",
    )


def records(count: int, first: int = 0) -> Iterator[AuditRecord]:
    """A sign-in, then mail read a message at a time, over and over."""
    for number in range(first, first + count):
        if number % 10 == 0:
            yield sign_in(act(number))
        else:
            yield mail_items_accessed(act(number), folders={"Inbox": [f"<{number}@tribunal.example>"]})


def lines(count: int, first: int = 0) -> bytes:
    """`records` as the log writes them."""
    return b"".join(audit_line(record) for record in records(count, first))
