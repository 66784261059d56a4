"""The cuts proposed: what is implicated is cut, what is protected goes on, and each says what it stops."""

from __future__ import annotations

import dataclasses
import ipaddress

import pytest

from tocsin.contain.actions import load_catalogue
from tocsin.contain.plan import propose
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.estate import Assignment, Estate, Function, Host, Identity, Network
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level
from tocsin.model.instant import DAY, HOUR, parse_time
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Cut, Means

START = parse_time("2026-03-02T08:00:00Z") or 0
ADA = "ada.example@tribunal.example"
BO = "bo.example@tribunal.example"
FAR = "203.0.113.9"
ACCOUNT = Entity(EntityType.ACCOUNT, ADA)


def finding(*entities: Entity, level: Level = Level.HIGH, name: str = "f-1", record: int = 7) -> Finding:
    return Finding(
        id=name,
        detector=Detector(kind="sigma", id="r", title="Rule that hides mail", level=level),
        techniques=(),
        tactics=(),
        first=START,
        last=START + HOUR,
        entities=entities,
        records=(RecordPlace("audit.jsonl", record),),
        why="",
    )


def incident(*findings: Finding, level: Level = Level.HIGH, name: str = "i-1") -> Incident:
    return Incident(
        id=name,
        title="",
        level=level,
        first=START,
        last=START + HOUR,
        score=60,
        findings=tuple(f.id for f in findings),
        techniques=(),
        entities=tuple(sorted({e for f in findings for e in f.entities})),
        links=(),
    )


def change(kind: Mark, scope: str = ADA, actor: str = ADA, at: int | None = START, entry: int = 90) -> StandingChange:
    record = RecordPlace("audit.jsonl", entry)
    return StandingChange(kind=kind, time=at, actor=actor, scope=scope, detail=f"{kind} set", source="m", record=record)


def plan(
    *findings: Finding,
    changes: tuple[StandingChange, ...] = (),
    estate: Estate | None = None,
    means: tuple[Means, ...] = (),
    carriers: dict[Entity, int] | None = None,
) -> tuple[Cut, ...]:
    answer = Attribution(incident="i-1", statement="", means=means, processes=())
    return propose([incident(*findings)], findings, changes, estate or Estate(), [answer], carriers=carriers)


def estate(protected: bool, *, accounts: tuple[str, ...] = (ADA,)) -> Estate:
    identity = Identity(
        id="p-1", accounts=accounts, name="Ada Example", unit="Registry", role="clerk", function="Witness support"
    )
    return Estate(
        identities=(identity,),
        functions=(Function(name="Witness support", description="calls to witnesses", protected=protected),),
        assignments=(
            Assignment(identity="p-1", matter="Matter 7"),
            Assignment(identity="p-1", matter="Matter 3", to=START - DAY),
        ),
        by_account=dict.fromkeys(accounts, identity),
    )


def test_an_implicated_account_is_disabled_together_with_its_tokens() -> None:
    (cut,) = plan(finding(ACCOUNT))
    assert (cut.action, cut.target, cut.protected) == ("disable_sign_in", ACCOUNT, False)
    assert "tokens survive a disabled account" in cut.scope
    assert cut.why == f'The account {ADA} is the subject of a finding of level high: "Rule that hides mail".'
    assert "not known: no estate was given" in " ".join(cut.interrupts)
    assert ADA in cut.evidence_first
    assert ADA in cut.reversal
    assert cut.records == (RecordPlace("audit.jsonl", 7),)


def test_an_account_that_was_only_acted_on_is_left_alone() -> None:
    assert [cut.target for cut in plan(finding(ACCOUNT, Entity(EntityType.ACCOUNT, BO)))] == [ACCOUNT]


@pytest.mark.parametrize("account", ["nt authority\\system", "tribunal\\ws1$", "s-1-5-18"])
def test_a_machine_account_is_never_cut(account: str) -> None:
    assert plan(finding(Entity(EntityType.ACCOUNT, account))) == ()


def test_incidents_below_medium_are_not_acted_on() -> None:
    low = finding(ACCOUNT, level=Level.LOW)
    assert propose([incident(low, level=Level.LOW)], [low], (), Estate(), ()) == ()


def test_the_estate_says_what_stops_and_for_whom() -> None:
    (cut,) = plan(finding(ACCOUNT), estate=estate(protected=False))
    assert cut.action == "disable_sign_in"
    assert not cut.protected
    assert "Affected is Ada Example (clerk, Registry)." in cut.interrupts
    assert "Work on Matter 7 waits." in cut.interrupts


def test_a_protected_function_keeps_its_sign_in() -> None:
    (cut,) = plan(finding(ACCOUNT), estate=estate(protected=True))
    assert cut.action == "revoke_sessions"
    assert cut.protected
    text = " ".join(cut.interrupts)
    assert "protected function Witness support (calls to witnesses)" in text
    assert "new device and new credentials" in text


def test_an_account_the_estate_does_not_name_is_said_to_be_unknown() -> None:
    (cut,) = plan(finding(Entity(EntityType.ACCOUNT, BO)), estate=estate(protected=True))
    assert "the estate does not name this account" in " ".join(cut.interrupts)


def test_sessions_of_the_incident_are_named() -> None:
    def means(session: str) -> Means:
        return Means(account=ADA, session=session, address=FAR, client="", count=1, first=START, last=START)

    (cut,) = plan(finding(ACCOUNT, Entity(EntityType.SESSION, "S-1")), means=(means("S-1"), means("own")))
    assert cut.scope.endswith("; seen here: S-1")


def test_standing_changes_of_implicated_accounts_near_the_incident_are_removed() -> None:
    cuts = plan(
        finding(ACCOUNT),
        changes=(
            change(Mark.RULE, entry=1),
            change(Mark.FORWARDING, entry=2, at=START - HOUR),
            change(Mark.PERMISSION, entry=3, at=None),
            change(Mark.CONSENT, scope="app-1", entry=4),
            change(Mark.LINK, scope="https://tribunal.example/doc", entry=5),
            change(Mark.CREDENTIAL, scope=BO, entry=6),
            change(Mark.RULE, actor=BO, entry=10),
            change(Mark.RULE, at=START - 2 * DAY, entry=11),
            change(Mark.CLEARED, entry=12),
        ),
    )
    assert [(cut.action, cut.target.type, cut.target.id) for cut in cuts] == [
        ("remove_forwarding", EntityType.MAILBOX, ADA),
        ("disable_sign_in", EntityType.ACCOUNT, ADA),
        ("remove_rule", EntityType.MAILBOX, ADA),
        ("revoke_consent", EntityType.APPLICATION, "app-1"),
        ("remove_permission", EntityType.MAILBOX, ADA),
        ("remove_link", EntityType.ACCOUNT, ADA),
        ("reset_credential", EntityType.ACCOUNT, BO),
    ]
    assert "before the incident's first record" in cuts[0].why
    assert "at a time the log does not give" in cuts[4].why


def test_a_change_that_a_finding_rests_on_is_removed_whoever_made_it() -> None:
    cuts = plan(finding(ACCOUNT, record=7), changes=(change(Mark.RULE, actor="", at=START - 9 * DAY, entry=7),))
    assert [cut.action for cut in cuts] == ["disable_sign_in", "remove_rule"]


def test_one_change_recorded_twice_is_one_cut_with_both_records() -> None:
    cuts = plan(finding(ACCOUNT), changes=(change(Mark.RULE, entry=2), change(Mark.RULE, entry=1)))
    assert [record.entry for record in cuts[1].records] == [1, 2]


def test_what_one_action_undoes_is_one_cut() -> None:
    first, second = change(Mark.CONSENT, scope="app-1", entry=1), change(Mark.CONSENT, scope="app-1", entry=2)
    other = dataclasses.replace(second, detail="delegated permission given")
    cuts = plan(finding(ACCOUNT), changes=(first, second, other))
    assert [cut.action for cut in cuts] == ["disable_sign_in", "revoke_consent"]
    assert cuts[1].why.startswith("consent set (and 1 more change), made at ")


def test_resetting_a_credential_of_a_protected_function_needs_a_decision() -> None:
    change_of_ada = change(Mark.CREDENTIAL, scope=ADA, actor=BO)
    cuts = plan(finding(Entity(EntityType.ACCOUNT, BO)), changes=(change_of_ada,), estate=estate(protected=True))
    assert [(cut.action, cut.protected) for cut in cuts] == [("disable_sign_in", False), ("reset_credential", True)]


@pytest.mark.parametrize(
    ("host", "protected"),
    [("ws1", False), ("dc01.tribunal.example", True), ("hag-dc-1", True), ("rodc2", True), ("docs1", False)],
)
def test_a_domain_controller_is_isolated_only_by_decision(host: str, protected: bool) -> None:
    named = Estate(hosts=(Host(name=host, role="workstation"),))
    (cut,) = plan(finding(Entity(EntityType.HOST, host)), estate=named)
    assert (cut.action, cut.protected) == ("isolate_host", protected)
    assert any(text.startswith("Alternative") for text in cut.interrupts) == protected


def test_what_stops_with_a_host_the_estate_does_not_name_is_not_known_and_so_a_decision() -> None:
    for estate_ in (Estate(), Estate(hosts=(Host(name="ws2"),))):
        (cut,) = plan(finding(Entity(EntityType.HOST, "ws1")), estate=estate_)
        assert cut.protected
        assert "is not known" in " ".join(cut.interrupts)


def test_a_host_is_known_by_its_short_or_its_full_name_with_what_it_serves() -> None:
    portal = Host(name="web01", role="filing portal", function="filings")
    functions = (Function(name="filings", description="days that cannot be moved", protected=True),)
    (cut,) = plan(
        finding(Entity(EntityType.HOST, "web01.tribunal.example")), estate=Estate(hosts=(portal,), functions=functions)
    )
    assert cut.protected
    assert "It is the filing portal." in cut.interrupts
    assert "It serves the protected function filings (days that cannot be moved), which must go on." in cut.interrupts


def test_a_rule_that_sends_mail_on_is_stopped_before_anything_else() -> None:
    leak = dataclasses.replace(change(Mark.RULE, entry=7), detail="inbox rule made: ForwardTo out@post.example")
    (first, *_) = plan(finding(ACCOUNT), changes=(leak,))
    assert (first.action, first.protected) == ("stop_forwarding", False)


def test_roles_given_to_one_account_are_taken_back_in_one_step() -> None:
    roles = (change(Mark.ROLE, scope=BO, entry=7), change(Mark.ROLE, scope=BO, entry=8))
    (cut,) = (cut for cut in plan(finding(ACCOUNT), changes=roles) if cut.action == "remove_role")
    assert cut.target == Entity(EntityType.ACCOUNT, BO)


def test_a_change_of_what_is_no_intrusion_is_asked_about_first() -> None:
    one = finding(ACCOUNT, level=Level.MEDIUM)
    weak = dataclasses.replace(incident(one, level=Level.MEDIUM), score=30)
    cuts = propose([weak], [one], (change(Mark.PERMISSION, entry=7),), Estate(), (), assumed_from=50)
    (cut,) = (cut for cut in cuts if cut.action == "remove_permission")
    assert cut.protected
    assert "not taken as an intrusion" in " ".join(cut.interrupts)


def test_a_host_of_a_protected_function_is_isolated_only_by_decision() -> None:
    (cut,) = plan(
        finding(Entity(EntityType.HOST, "ws1.tribunal.example")), estate=estate(True, accounts=("tribunal\\ws1$",))
    )
    assert cut.protected


def test_hosts_and_addresses_of_low_findings_are_not_cut() -> None:
    low = finding(ACCOUNT, Entity(EntityType.HOST, "ws1"), level=Level.LOW, name="f-2")
    assert [cut.action for cut in plan(finding(ACCOUNT), low)] == ["disable_sign_in"]


@pytest.mark.parametrize(
    ("address", "word"),
    [(FAR, ""), ("10.1.2.3", "private address"), ("40.96.1.1", "provider publishes"), ("fd00::1", "private address")],
)
def test_private_and_provider_addresses_are_never_blocked(address: str, word: str) -> None:
    (cut,) = plan(finding(Entity(EntityType.ADDRESS, address)))
    assert cut.action == ("find_device" if word else "block_address")
    assert word in " ".join(cut.interrupts)


def test_loopback_is_never_blocked() -> None:
    assert plan(finding(Entity(EntityType.ADDRESS, "127.0.0.1"))) == ()


def test_blocking_an_address_says_who_else_loses_it() -> None:
    target = Entity(EntityType.ADDRESS, FAR)
    used = Means(account=BO, session="", address=FAR, client="", count=1, first=START, last=START)
    (cut,) = plan(finding(target), means=(used,), carriers={target: 2})
    assert cut.action == "block_address"
    assert BO in " ".join(cut.interrupts)


def test_an_address_that_many_share_or_the_institution_owns_is_not_blocked_but_looked_behind() -> None:
    target = Entity(EntityType.ADDRESS, FAR)
    (cut,) = plan(finding(target), carriers={target: 40})
    assert cut.action == "find_device"
    assert "40 accounts used it" in " ".join(cut.interrupts)
    own = Estate(networks=(Network(range=ipaddress.ip_network("203.0.113.0/24"), name="the office"),))
    (cut,) = plan(finding(target), estate=own)
    assert (cut.action, cut.interrupts) == ("find_device", ("It is the institution's own: the office.",))


def test_what_is_not_taken_as_an_intrusion_is_asked_about_and_not_cut() -> None:
    one = finding(ACCOUNT, Entity(EntityType.HOST, "ws1"), Entity(EntityType.ADDRESS, FAR), level=Level.MEDIUM)
    weak = dataclasses.replace(incident(one, level=Level.MEDIUM), score=30)
    cuts = propose([weak], [one], (), estate(True), (), assumed_from=50)
    assert {cut.action for cut in cuts} == {"ask_holder", "examine_host", "find_device"}
    assert not any(cut.interrupts for cut in cuts)
    assert {cut.action for cut in propose([weak], [one], (), estate(True), (), assumed_from=30)} == {
        "revoke_sessions",
        "isolate_host",
        "block_address",
    }


def test_a_cut_that_serves_two_incidents_stands_once() -> None:
    a, b = finding(ACCOUNT), finding(ACCOUNT, name="f-2", record=8)
    (cut,) = propose([incident(a), incident(b, name="i-2")], [a, b], (), Estate(), ())
    assert (cut.incident, cut.also) == ("i-1", ("i-2",))
    assert cut.records == (RecordPlace("audit.jsonl", 7), RecordPlace("audit.jsonl", 8))


def test_what_was_stolen_is_renewed_and_that_is_a_decision() -> None:
    stolen = dataclasses.replace(finding(ACCOUNT, Entity(EntityType.HOST, "fed01")), techniques=("T1552.004",))
    (first, *_) = plan(stolen)
    assert (first.action, first.target, first.protected) == (
        "renew_signing_key",
        Entity(EntityType.HOST, "fed01"),
        True,
    )
    quiet = dataclasses.replace(stolen, detector=dataclasses.replace(stolen.detector, level=Level.LOW))
    assert "renew_signing_key" not in {cut.action for cut in plan(quiet)}


@pytest.mark.parametrize("account", ["tribunal\\svc-fed", "adfs-service@tribunal.example", "sa_backup"])
def test_a_service_account_is_given_a_new_secret_and_not_disabled(account: str) -> None:
    (cut,) = plan(finding(Entity(EntityType.ACCOUNT, account)))
    assert (cut.action, cut.protected) == ("renew_service_secret", True)
    assert "what runs under it stops" in " ".join(cut.interrupts)


def test_the_estate_knows_an_account_by_any_of_its_names() -> None:
    one = finding(Entity(EntityType.ACCOUNT, "i:0h.f|membership|1003@live.example"))
    cuts = propose([incident(one)], [one], (), estate(True), (), forms=lambda name: (name, ADA))
    assert cuts[0].action == "revoke_sessions"
    assert "Affected is Ada Example" in cuts[0].interrupts[1]


def test_undoing_a_change_no_finding_rests_on_asks_the_holder_first() -> None:
    cuts = plan(finding(ACCOUNT), changes=(change(Mark.RULE),))
    (cut,) = (cut for cut in cuts if cut.action == "remove_rule")
    assert cut.protected
    assert "ask the holder" in " ".join(cut.interrupts)


def test_incidents_keep_their_order_and_the_plan_does_not_depend_on_that_of_the_rest() -> None:
    a, b = finding(ACCOUNT, Entity(EntityType.HOST, "ws1")), finding(Entity(EntityType.ACCOUNT, BO), name="f-2")
    incidents = [incident(b, name="i-2"), incident(a, name="i-1")]
    changes = [change(Mark.RULE, entry=1), change(Mark.FORWARDING, entry=2)]
    cuts = propose(incidents, [a, b], changes, Estate(), ())
    assert [cut.incident for cut in cuts] == ["i-2", "i-1", "i-1", "i-1", "i-1"]
    assert propose(incidents, [b, a], changes[::-1], Estate(), ()) == cuts


def test_every_kind_of_standing_change_has_an_action_with_words() -> None:
    for action in load_catalogue().actions.values():
        for template in (action.scope, action.interrupts, action.evidence_first, action.reversal):
            said = template.format(target="T", scope="S", who="W")
            asks = action.name in ("ask_holder", "examine_host", "find_device")
            assert said or (asks and template == action.interrupts)
