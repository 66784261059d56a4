"""By what else a record of Microsoft 365 calls who acted."""

from __future__ import annotations

from typing import Any

from tocsin.collect.sources.m365_unified_audit.bearers import bearers
from tocsin.collect.sources.m365_unified_audit.flatten import flatten

ADA, BO = "ada.example@tribunal.example", "bo.example@tribunal.example"
TENANT = "11111111-2222-4333-8444-555555555555"


def called(**native: Any) -> dict[str, set[str]]:
    fields, _ = flatten(native)
    return {one["scope"]: set(one["detail"].splitlines()) for one in bearers(native, fields)}


def test_each_account_stands_with_its_own_ids() -> None:
    found = called(
        UserId=ADA.upper(), MailboxOwnerUPN=BO, LogonUserSid="S-1-5-21-1-2-3-4", MailboxOwnerSid="S-1-5-21-1-2-3-5",
        OrganizationId=TENANT, UserKey="i:0h.f|membership|1003000012345678@live.com",
        AppAccessContext={"DeviceId": "D1"},
    )  # fmt: skip
    own = {"s-1-5-21-1-2-3-4", "1003000012345678", "device\td1", f"tenant\t{TENANT}"}
    assert found == {ADA: own, BO: {"s-1-5-21-1-2-3-5"}}


def test_what_says_nothing_names_nobody() -> None:
    zeros = "{00000000-0000-0000-0000-000000000000}"
    assert called(UserId=ADA, UserKey="Not Available", TokenObjectId=zeros, OrganizationId=TENANT) == {}


def test_who_signed_in_may_be_another_than_the_record_says_and_an_application_is_nobody() -> None:
    actors = [{"ID": BO, "Type": 5}, {"ID": "Some Portal", "Type": 1}, {"ID": TENANT, "Type": 2}]
    assert called(UserId=ADA, Actor=actors) == {ADA: {BO}}
