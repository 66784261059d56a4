"""What a set of compromised things could open: by the estate alone, and with what logs show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.assess import logons, reach
from tocsin.assess.attribution import SCHEMA as MEANS
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import (
    Alias,
    Assignment,
    Estate,
    Grant,
    Group,
    Holding,
    Host,
    Identity,
    Membership,
    Unit,
)
from tocsin.model.exposure import ActorClass, Basis, Exposure, Premises, Verdict
from tocsin.model.instant import parse_time
from tocsin.model.joining import Identities, Join, JoinKind
from tocsin.model.question import CompromiseStart, Question, Way
from tocsin.model.reach import NodeKind, Reach, Reached
from tocsin.model.reference import RecordPlace
from tocsin.model.tables import EVENTS
from tocsin.share.reach_words import way_to

ADA, BEN, EVA = (f"{name}.example@tribunal.example" for name in ("ada", "ben", "eva"))
ROOT = "root.example@tribunal.example"
SITE, SHARE, BOX = "https://tribunal.example/sites/m1/*", "\\\\files-01\\Matters\\M2\\*", BEN
SPRING, SUMMER, AUTUMN = (parse_time(f"2024-{month:02}-01T00:00:00Z") or 0 for month in (3, 6, 9))


def identity(id_: str, account: str, **more: Any) -> Identity:
    return Identity(id=id_, accounts=(account, f"tribunal\\{id_}"), **more)


def estate(**lists: Any) -> Estate:
    people = lists.pop(
        "identities",
        (identity("ada", ADA), identity("ben", BEN), identity("eva", EVA), identity("root", ROOT, administrator=True)),
    )
    holdings = lists.pop(
        "holdings",
        (
            Holding(pattern=SITE, kind="site", matter="M-1", sensitivity="secret"),
            Holding(pattern=SHARE, kind="folder", matter="M-2", sensitivity="internal"),
            Holding(pattern=BOX, kind="mailbox", matter="M-2", sensitivity="internal"),
        ),
    )
    return Estate(
        identities=people,
        holdings=holdings,
        by_account={account: one for one in people for account in one.accounts},
        **lists,
    )


def change(kind: Mark, scope: str, *given_to: str, actor: str = "", time: int | None = SUMMER) -> StandingChange:
    return StandingChange(
        kind=kind,
        time=time,
        actor=actor,
        scope=scope,
        detail="key AKIAEXAMPLE made" if kind is Mark.CREDENTIAL else "set",
        source="m365_unified_audit",
        record=RecordPlace("audit.jsonl", 7),
        given_to=given_to,
    )


def events(rows: Sequence[dict[str, Any]]) -> pa.Table:
    filled = [
        {"record": n, "key": bytes(16), "source": "windows_evtx", "class_uid": 3002} | row for n, row in enumerate(rows)
    ]
    return logons.summarise(pa.Table.from_pylist(filled, schema=EVENTS))


def logon(account: str, host: str, **more: Any) -> dict[str, Any]:
    return {
        "time": SUMMER,
        "metadata.event_code": "4624",
        "actor.user.name": account,
        "device.hostname": host,
        "process.file.path": "C:\\Windows\\System32\\winlogon.exe",
        **more,
    }


def ask(question: Question, declared: Estate, *, start: CompromiseStart | None = None, **ways: Any) -> Reach:
    given_ways = reach.Ways(estate=declared, place=lambda number: RecordPlace("Security.evtx", number), **ways)
    return reach.conclude(question, given_ways, start or CompromiseStart())


def opened(found: Reach) -> dict[str, int | None]:
    return {one.name: one.time for one in found.reached if one.kind is NodeKind.HOLDING}


def the(found: Reach, name: str) -> Reached:
    (one,) = [one for one in found.reached if one.name == name]
    return one


OF_ADA = Question(identities=(ADA,))


def test_assignments_groups_and_grants_lead_to_holdings_from_their_date_on() -> None:
    declared = estate(
        groups=(Group(id="registry"), Group(id="all-staff")),
        memberships=(
            Membership(identity="ada", group="registry", from_=SPRING),
            Membership(identity="registry", group="all-staff", from_=SUMMER),
        ),
        grants=(Grant(grantee="all-staff", kind="folder", pattern="\\\\files-01\\*", right="read"),),
        assignments=(Assignment(identity="ada", matter="M-1", from_=AUTUMN),),
    )
    found = ask(OF_ADA, declared)
    assert opened(found) == {SITE: AUTUMN, SHARE: SUMMER, "\\\\files-01\\*": SUMMER}
    assert "is in the group registry" in way_to(found, the(found, SHARE))
    assert "group all-staff may open this folder (read)" in way_to(found, the(found, SHARE))
    assert opened(ask(Question(identities=("ada",), to=SUMMER), declared)) == {}


def test_a_membership_that_had_ended_is_no_way_for_who_came_later() -> None:
    declared = estate(
        groups=(Group(id="registry"),),
        memberships=(Membership(identity="ada", group="registry", to=SUMMER),),
        grants=(Grant(grantee="registry", kind="site", pattern=SITE),),
    )
    assert opened(ask(OF_ADA, declared, start=CompromiseStart(earliest=SUMMER))) == {}
    both = ask(OF_ADA, declared, start=CompromiseStart(earliest=SPRING, latest=SUMMER))
    assert opened(both) == {SITE: SPRING}
    assert not the(both, SITE).at_latest
    assert [(row.matter, row.reached, row.only_early) for row in both.matters if row.reached] == [("M-1", 1, 1)]


def test_owners_units_mailboxes_and_other_names() -> None:
    declared = estate(
        identities=(identity("ada", ADA, unit="Registry"), identity("ben", BEN)),
        units=(Unit(name="Registry", matter="M-1"),),
        aliases=(Alias(kind="account", name=ADA, other="s-1-5-21-1-2-3-1001"),),
    )
    assert opened(ask(OF_ADA, declared)).keys() == {SITE}
    assert opened(ask(Question(identities=("S-1-5-21-1-2-3-1001",)), declared)).keys() == {SITE}
    assert opened(ask(Question(identities=("tribunal\\ben",)), declared)).keys() == {BOX}


def test_an_administrator_reaches_everything_that_is_declared() -> None:
    declared = estate(hosts=(Host(name="files-01.tribunal.example"),))
    found = ask(Question(identities=(ROOT,)), declared)
    assert opened(found).keys() == {SITE, SHARE, BOX}
    reached = {(one.kind, one.name) for one in found.reached}
    assert {(NodeKind.IDENTITY, "ada"), (NodeKind.CONTROLLED_HOST, "files-01.tribunal.example")} <= reached


def test_what_a_host_kept_is_reached_from_the_host_and_not_by_who_only_signed_in() -> None:
    seen = events(
        [
            logon(BEN, "files-01.tribunal.example"),
            logon(EVA, "files-01.tribunal.example", **{"process.file.path": None}),
            logon(ADA, "files-01.tribunal.example"),
        ]
    )
    through_host = ask(Question(hosts=("files-01",)), estate(hosts=(Host(name="files-01"),)), logons=seen)
    names = {one.name for one in through_host.reached if one.kind is NodeKind.IDENTITY}
    assert names == {"ada", "ben"}  # a network logon leaves nothing behind
    assert opened(through_host) == {BOX: SUMMER}
    assert the(through_host, "ben").records == (RecordPlace("Security.evtx", 0),)
    assert opened(ask(OF_ADA, estate(), logons=seen)) == {}


def test_an_administrator_of_a_host_takes_what_others_left_on_it() -> None:
    seen = events(
        [
            logon(ADA, "ws-1", **{"metadata.event_code": "4672", "class_uid": 3003}),
            {**logon(ADA, "ws-1", **{"metadata.event_code": "4648"}), "user.name": BEN, "time": AUTUMN},
        ]
    )
    assert opened(ask(OF_ADA, estate(), logons=seen)) == {BOX: AUTUMN}


def test_tickets_asked_of_a_domain_controller_put_nobody_on_it() -> None:
    seen = events([logon(BEN, "dc-1", **{"metadata.event_code": code}) for code in ("4768", "4769", "4776")])
    assert seen.num_rows == 0
    assert events([logon(BEN, "ws-1", status="failure")]).num_rows == 0


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (change(Mark.PERMISSION, BEN, ADA), {BOX}),
        (change(Mark.PERMISSION, BEN, EVA), set()),
        (change(Mark.FORWARDING, "tribunal\\ben", f"smtp:{ADA}", actor=BEN), {BOX}),
        (change(Mark.RULE, BEN, EVA, ADA, actor=BEN), {BOX}),
        (
            change(Mark.LINK, "https://tribunal.example/sites/m1/a.docx", actor=ADA),
            {"https://tribunal.example/sites/m1/a.docx"},
        ),
        (change(Mark.CREDENTIAL, BEN, actor=ADA), {BOX}),
        (change(Mark.ROLE, ADA, ADA, actor=ROOT), {SITE, SHARE, BOX}),
        (change(Mark.PERMISSION, "TRIBUNAL\\Domain Admins", ADA), {SITE, SHARE, BOX}),
        (change(Mark.CONSENT, "app-1", actor=BEN), set()),
    ],
)
def test_a_change_opens_what_it_gives_to_whom_it_was_given_and_who_made_it(
    made: StandingChange, expected: set[str]
) -> None:
    found = ask(OF_ADA, estate(), changes=(made,))
    assert opened(found).keys() == expected
    assert set(opened(found).values()) <= {SUMMER}


def test_a_link_to_a_single_thing_is_of_the_matter_it_lies_in() -> None:
    found = ask(OF_ADA, estate(), changes=(change(Mark.LINK, "https://tribunal.example/sites/m1/a.docx", actor=ADA),))
    assert [(row.matter, row.reached, row.declared) for row in found.matters][:1] == [("M-1", 1, 1)]


def test_sessions_keys_addresses_and_ways_lead_to_the_accounts_that_used_them() -> None:
    used = {
        "session": "AKIAEXAMPLE",
        "address": "203.0.113.66",
        "client": "",
        "count": 2,
        "first": SUMMER,
        "last": AUTUMN,
    }
    means = pa.Table.from_pylist([{"account": BEN, **used}], schema=MEANS)
    for question in (
        Question(keys=("AKIAEXAMPLE",)),
        Question(sessions=("akiaexample",)),
        Question(addresses=("203.0.113.66",)),
        Question(ways=(Way("", "203.0.113.66", ""),)),
    ):
        assert opened(ask(question, estate(), means=means)) == {BOX: SUMMER}
    assert opened(ask(Question(keys=("akiaexample",)), estate(), changes=(change(Mark.CREDENTIAL, BEN),))) == {
        BOX: SUMMER
    }


def test_an_address_leads_to_the_host_while_it_had_it() -> None:
    lease = Join(
        kind=JoinKind.HOST_ADDRESS,
        a="ws-1",
        b="10.0.0.5",
        count=1,
        first=SPRING,
        last=SUMMER,
        record=RecordPlace("dhcp", 0),
    )
    seen = events([logon(BEN, "ws-1", time=SPRING)])
    question = Question(addresses=("10.0.0.5",))
    shown = {"identities": Identities(joins=(lease,)), "logons": seen}
    assert opened(ask(question, estate(), **shown)) == {BOX: SPRING}
    assert opened(ask(question, estate(), start=CompromiseStart(earliest=AUTUMN), **shown)) == {}


def test_nobody_compromised_reaches_nothing() -> None:
    assert ask(Question(), estate()) == replace(ask(Question(), estate()), reached=())


_IDS = ("ada", "ben", "eva", "g1", "g2")
_DATES = st.sampled_from((None, SPRING, SUMMER))


@st.composite
def _estates(draw: st.DrawFn) -> Estate:
    pairs = st.tuples(st.sampled_from(_IDS), st.sampled_from(("g1", "g2")), _DATES)
    grants = st.tuples(st.sampled_from(_IDS), st.sampled_from((SITE, SHARE, BOX)), _DATES)
    return estate(
        groups=(Group(id="g1"), Group(id="g2")),
        memberships=tuple(Membership(identity=a, group=b, from_=at) for a, b, at in draw(st.lists(pairs, max_size=5))),
        grants=tuple(
            Grant(grantee=a, kind="site", pattern=b, from_=at) for a, b, at in draw(st.lists(grants, max_size=5))
        ),
    )


@given(_estates(), st.sampled_from(("ada", "ben", "eva")), st.sampled_from(("ada", "ben", "root")))
def test_one_more_compromised_reaches_no_less_and_no_later(declared: Estate, one: str, other: str) -> None:
    few, more = (opened(ask(Question(identities=names), declared)) for names in ((one,), (one, other)))
    assert few.keys() <= more.keys()
    assert all((more[name] or 0) <= (time or 0) for name, time in few.items())


@given(_estates(), st.sampled_from((SPRING, SUMMER, AUTUMN)))
def test_every_thing_stands_once_after_what_it_was_reached_from(declared: Estate, latest: int) -> None:
    found = ask(OF_ADA, declared, start=CompromiseStart(earliest=SPRING, latest=latest))
    assert len({(one.kind, one.name) for one in found.reached}) == len(found.reached)
    for place, one in enumerate(found.reached):
        assert one.through is None or one.through < place
        assert one.at_latest or one.through is not None


def exposed(holding: str, kind: str = "document", container: str = "", **more: Any) -> Exposure:
    return replace(
        Exposure(
            holding=holding,
            kind=kind,
            container=container,
            label="",
            actor="",
            actor_class=ActorClass.ACCOUNT,
            verdict=Verdict.UNKNOWN,
            degree=None,
            basis=Basis.NONE,
            premises=Premises(compromised=(), earliest=None, likely=None, latest=None, channels=(), logging_point=""),
            addresses=(),
            sessions=(),
            clients=(),
            operations=(),
            first=None,
            last=None,
            matter="",
            sensitivity="",
            reasons=(),
            records=(),
        ),
        **more,
    )


def test_what_is_unknown_and_could_be_opened_is_marked_and_no_verdict_changes() -> None:
    declared = estate(grants=(Grant(grantee="ada", kind="site", pattern=SITE),))
    link = change(Mark.LINK, "\\\\files-01\\Matters\\M2\\a.docx", actor=ADA)
    found = ask(OF_ADA, declared, changes=(link,))
    rows = (
        exposed(SITE, "site"),
        exposed("https://tribunal.example/sites/m1/b.docx"),
        exposed("x-1", "mail_item", container=BEN),
        exposed(SHARE, "folder"),
        exposed("https://tribunal.example/sites/m1/c.docx", verdict=Verdict.RULED_OUT),
        exposed("https://tribunal.example/sites/m1/d.docx", verdict=Verdict.CONFIRMED),
    )
    marked = reach.with_reach(rows, found, declared)
    assert [row.reachable for row in marked] == [True, True, False, True, False, False]
    assert [replace(row, reachable=False) for row in marked] == list(rows)
    assert reach.with_reach(rows, Reach(), declared) == rows
