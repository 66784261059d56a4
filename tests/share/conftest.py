"""An invented answer with something of everything, an empty one, and hostile values where a log could put them."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from tocsin.correlate.triage import by_day
from tocsin.cover.grid import map_of
from tocsin.model.acquisition import NOT_ATTESTED, Attested, Extent
from tocsin.model.answers import (
    Accounting,
    Answers,
    BlindRule,
    CorrelationAccount,
    FailedRule,
    HitsAccount,
    InputAccount,
    Lack,
    PartlyBlindRule,
    RejectedRecords,
    RulesAccount,
    Run,
)
from tocsin.model.causes import Cause, CauseKind
from tocsin.model.chunk import InputState
from tocsin.model.coverage import Coverage, CoverageMap, CoverageState, Mark, Matched, Proof, StandingChange
from tocsin.model.exceptions import ExceptionAccount, HiddenHits, ImplicatedHits
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Premises, Verdict
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level, Link
from tocsin.model.hypotheses import Hypotheses, Hypothesis, Missing, Observation
from tocsin.model.indicator import (
    FoundIndicator,
    IndicatorFile,
    IndicatorsAccount,
    IndicatorSight,
    NotAsked,
    ShowingLog,
    Span,
    UnreadIndicator,
)
from tocsin.model.instant import parse_time
from tocsin.model.joining import Join, JoinKind
from tocsin.model.note import Note
from tocsin.model.preservation import Bound, Collected, Expiry, Retention, Standing
from tocsin.model.reach import NodeKind, Reach, Reached, ReachedMatter
from tocsin.model.reference import RecordPlace
from tocsin.model.response import Attribution, Cut, Means, ProcessStep
from tocsin.model.since import Cause as SinceCause
from tocsin.model.since import Counted, Group, Read, Since
from tocsin.model.unsealing import Alone

MAIL = "logs/unified-audit.jsonl"
WINDOWS = "logs/files-01/Security.evtx"
ADA = "ada.example@tribunal.example"
BEN = "ben.example@tribunal.example"
HOSTILE = "192.0.2.77"
SESSION = "5f2c0a10-0000-4000-8000-00000000c0de"
_PROOFS = {
    "m365_unified_audit": Proof(
        Basis.PROVIDERS_WORD, "the provider gives no proof of completeness", "https://example.org/"
    ),
}
GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def at(text: str) -> int:
    """Nanoseconds of a time that is one."""
    value = parse_time(text)
    assert value is not None
    return value


@pytest.fixture
def answers() -> Answers:
    """Three incidents' worth of everything: every verdict, every state of an input, rejected records, hostile names."""
    findings = _findings()
    return Answers(
        as_of=at("2024-03-08T06:58:11.25Z"),
        accounting=_accounting(),
        findings=findings,
        incidents=(incidents := _incidents(findings)),
        days=by_day(findings, incidents),
        exposure=_exposure(),
        coverage=_coverage(),
        identities=(
            Join(
                kind=JoinKind.SAME_ACCOUNT,
                a="ada.example@tribunal.example",
                b="s-1-5-21-1-2-3-1001",
                count=12,
                first=1_772_438_400_000_000_000,
                last=1_772_524_800_000_000_000,
                record=RecordPlace("logs/audit.jsonl", 4),
            ),
        ),
        changes=(
            StandingChange(
                kind=Mark.FORWARDING,
                time=at("2024-03-05T02:20:00Z"),
                actor=ADA,
                scope=ADA,
                detail="forwarding of ada.example@tribunal.example set to collector@mail.example",
                source="m365_unified_audit",
                record=RecordPlace(MAIL, 412),
                given_to=("collector@mail.example",),
            ),
            StandingChange(
                kind=Mark.RULE,
                time=None,
                actor=BEN,
                scope=BEN,
                detail="inbox rule \u202egnihton\u202c moves mail with \x1b[2J in its subject",
                source="m365_unified_audit",
                record=RecordPlace(MAIL, 413),
            ),
        ),
        reach=_reach(),
        attribution=_attribution(),
        hypotheses=_hypotheses(),
        containment=_cuts(),
        names_in_clear=True,
        unreviewed=(
            Alone(entry=17, at="2031-05-04T10:00:00Z", by=("ada.invented",), subject="finding", of="finding-invented"),
        ),
        not_done=("Behaviour is not modelled: what no rule describes is not noticed.",),
        run=Run(
            workspace="/srv/cases/tocsin-2024-03-08",
            tool="tocsin 0.1.0",
            started="2024-03-08T07:02:00Z",
            seconds=12.3456,
            workers=2,
            checkpoint_size=3_116,
            checkpoint_root="q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
            key_file="/home/officer/.config/tocsin/keys/0a1b2c3d",
            since=Since(
                answer=1,
                given="2024-03-08T07:00:00Z",
                as_of=at("2024-03-07T23:00:00Z"),
                read=(Read(source="m365_unified_audit", inputs=1, records=400),),
                verdicts=(
                    Group(
                        kind="mail_item",
                        before="unknown",
                        after="opened",
                        cause=SinceCause.RECORDS,
                        by=("m365_unified_audit",),
                        holdings=12,
                    ),
                    Group(kind="mailbox", before="ruled_out", after="", cause=SinceCause.PREMISES, by=(), holdings=1),
                ),
                incidents=(Counted(what="new", count=1), Counted(what="grown", count=2)),
                coverage=(Counted(what="worse", count=1),),
            ),
        ),
        preservation=_preservation(),
        exceptions=_exceptions(),
        notes=(
            Note(
                time=at("2024-03-05T18:40:00Z"),
                text="Firewall pulled, by order of the registrar\nHearing room 2 keeps its line",
                by="duty officer",
                written="2024-03-05T18:52:10Z",
                record=RecordPlace("notes-0a1b2c3d4e5f.jsonl", 0),
            ),
        ),
        causes=_causes(),
        settings={"to": "2024-03-09T00:00:00Z", "from": "2024-03-01T00:00:00Z"},
        coverage_map=dataclasses.replace(
            map_of(_coverage(), at("2024-03-08T06:58:11.25Z"), _PROOFS),
            matches=(
                Matched(
                    event="sign-ins",
                    source="m365_unified_audit",
                    host="",
                    channel="AzureActiveDirectory",
                    beside="entra / SignInLogs",
                    events=120,
                    matched=118,
                    at_least=0.9482,
                    in_all=122,
                    apart_seconds=-2.0,
                ),
            ),
        ),
    )


@pytest.fixture
def empty(answers: Answers) -> Answers:
    """Nothing read, nothing found: the answer to an empty folder."""
    rules = RulesAccount(loaded=0, operable=0, blind=(), failed=())
    return dataclasses.replace(
        answers,
        as_of=None,
        accounting=Accounting(inputs=(), rules=rules),
        findings=(),
        incidents=(),
        days=(),
        exposure=(),
        coverage=(),
        coverage_map=CoverageMap(),
        changes=(),
        identities=(),
        attribution=(),
        containment=(),
        not_done=(),
        preservation=(),
        exceptions=(),
        notes=(),
        causes=(),
        settings={},
        run=dataclasses.replace(answers.run, checkpoint_size=0, checkpoint_root="", key_file=""),
    )


@pytest.fixture
def same_as_golden() -> GoldenCheck:
    """Compares a text with the reviewed file; set TOCSIN_WRITE_GOLDEN to write it anew and review the difference."""
    return GoldenCheck()


class GoldenCheck:
    """A reviewed file and what is to equal it."""

    def __call__(self, name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("TOCSIN_WRITE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} differs: if it should, set TOCSIN_WRITE_GOLDEN=1"


def _indicators() -> IndicatorsAccount:
    """Of a list and a bundle: one found outside of its time, one not found, one nobody could look for."""
    of_list = IndicatorFile(
        path="indicators:feeds/list.txt",
        form="list",
        given=3,
        asked=2,
        partly=0,
        not_asked=1,
        revoked=0,
        repeated=0,
        unread=1,
        guessed=1,
    )
    found = FoundIndicator(
        id="list.txt:1",
        title="Indicator domain-name evil.example",
        path="indicators:feeds/list.txt",
        place="line 1",
        kinds=("domain-name",),
        labels=("malicious-activity",),
        marking="TLP:AMBER",
        related=("malware Invented Kit",),
        confidence=80,
        valid_from=at("2024-03-04T00:00:00Z"),
        valid_until=at("2024-03-04T01:00:00Z"),
        findings=(),
        outside=1,
    )
    looked = IndicatorSight(
        kind="domain-name",
        asked=2,
        found=1,
        not_found=1,
        unknown=0,
        logs=(ShowingLog("zeek", "dns"),),
        hosts=2,
        first=at("2024-03-04T00:00:00Z"),
        last=at("2024-03-04T10:00:00Z"),
        gaps=(Span(at("2024-03-04T03:00:00Z"), at("2024-03-04T05:00:00Z")),),
        troubled=1,
    )
    nobody = dataclasses.replace(
        looked,
        kind="file-hash",
        asked=1,
        found=0,
        not_found=0,
        unknown=1,
        logs=(),
        hosts=0,
        first=None,
        last=None,
        gaps=(),
    )
    return IndicatorsAccount(
        asked=3,
        found=1,
        not_found=1,
        unknown=1,
        files=(
            of_list,
            dataclasses.replace(of_list, path="indicators:feeds/kit.json", form="stix", marking="TLP:AMBER"),
        ),
        reasons=(NotAsked(reason="no log read here records mutex", count=2, example="list.txt:3"),),
        unread=(
            UnreadIndicator(path="indicators:feeds/list.txt", place="line 9", reason="neither one thing nor another"),
        ),
        hits=(found,),
        sight=(looked, nobody),
    )


def _exceptions() -> tuple[ExceptionAccount, ...]:
    """One that hid hits of an implicated account, and one that has expired and partly covers nothing."""
    hid = ExceptionAccount(
        id="0c6f1a52-0000-4000-8000-00000000e001",
        title="The archive copies its own mail",
        owner="Head of records",
        reason="the nightly copy of the registry mailbox",
        expires="2024-06-30",
        expired=False,
        path="rules/exceptions/archive.yml",
        names=("tocsin-0001",),
        covers=1,
        lost=(),
        hidden=14,
        reopened=0,
        first=at("2024-03-02T01:00:00Z"),
        last=at("2024-03-07T01:00:04Z"),
        rules=(
            HiddenHits(
                rule="tocsin-0001",
                title="Mail read in bulk",
                hits=14,
                first=at("2024-03-02T01:00:00Z"),
                last=at("2024-03-07T01:00:04Z"),
                records=(RecordPlace(MAIL, 17), RecordPlace(MAIL, 18)),
            ),
        ),
        implicated=(ImplicatedHits(entity=Entity(EntityType.ACCOUNT, ADA), incidents=("i-000000000001",), hits=2),),
    )
    expired = dataclasses.replace(
        hid,
        id="0c6f1a52-0000-4000-8000-00000000e002",
        title="The old scanner \u202egninrom eht ni",
        expires="2024-02-29",
        expired=True,
        names=("old_scanner_rule", "tocsin-0002"),
        lost=("old_scanner_rule covers nothing: no rule that is loaded has this id or name",),
        hidden=0,
        reopened=3,
        first=None,
        last=None,
        rules=(),
        implicated=(),
    )
    return hid, expired


def _findings() -> tuple[Finding, ...]:
    account, address = Entity(EntityType.ACCOUNT, ADA), Entity(EntityType.ADDRESS, HOSTILE)
    session = Entity(EntityType.SESSION, SESSION)
    return (
        Finding(
            id="f-0001",
            detector=Detector(
                kind="sigma", id="tocsin-0001", title="Mailbox opened with a forged sign-in", level=Level.HIGH
            ),
            techniques=("T1114.002",),
            tactics=("collection",),
            first=at("2024-03-04T02:11:09Z"),
            last=at("2024-03-07T23:58:40Z"),
            entities=(account, session, address),
            records=tuple(RecordPlace(MAIL, entry) for entry in (17, 18, 19, 44, 45, 46, 47, 90)),
            why=f"Operation is MailItemsAccessed and ClientIPAddress is {HOSTILE}",
        ),
        Finding(
            id="f-0002",
            detector=Detector(kind="sigma", id="tocsin-0004", title="Mail forwarding set", level=Level.MEDIUM),
            techniques=("T1114.003",),
            tactics=("collection", "exfiltration"),
            first=at("2024-03-05T02:20:00Z"),
            last=at("2024-03-05T02:20:00Z"),
            entities=(account, session),
            records=(RecordPlace(MAIL, 412),),
            why="Operation is Set-Mailbox and ForwardingSmtpAddress is collector@mail.example",
        ),
        Finding(
            id="f-0003",
            detector=Detector(kind="sigma", id="tocsin-0012", title="Security log cleared", level=Level.CRITICAL),
            techniques=("T1070.001",),
            techniques_elsewhere=("T1685.005",),
            tactics=("defense_evasion",),
            first=at("2024-03-06T03:00:00.1234567Z"),
            last=None,
            entities=(
                Entity(EntityType.HOST, "files-01.tribunal.example"),
                Entity(EntityType.ACCOUNT, "tribunal\\svc-files"),
            ),
            records=(RecordPlace(WINDOWS, 0),),
            why="EventID is 1102",
        ),
        Finding(
            id="f-0004",
            detector=Detector(
                kind="sigma", id="tocsin-0015", title="Odd file name <script>alert(1)</script>", level=Level.LOW
            ),
            techniques=(),
            tactics=(),
            first=None,
            last=None,
            entities=(),
            records=(RecordPlace("logs/<script>alert(1)</script>.jsonl", 3),),
            why='ObjectId ends with "><img src=x onerror=alert(1)>',
        ),
    )


def _incidents(findings: tuple[Finding, ...]) -> tuple[Incident, ...]:
    mail, forward, cleared, _ = findings
    return (
        Incident(
            id="i-0002",
            title="Security log of files-01.tribunal.example cleared",
            level=Level.CRITICAL,
            first=cleared.first,
            last=cleared.last,
            score=91,
            findings=(cleared.id,),
            techniques=("T1070.001",),
            entities=cleared.entities,
            links=(),
        ),
        Incident(
            id="i-0001",
            title="Mailbox of ada.example@tribunal.example opened with a forged sign-in, then forwarded",
            level=Level.HIGH,
            first=mail.first,
            last=mail.last,
            score=83,
            findings=(mail.id, forward.id),
            techniques=("T1114.002", "T1114.003"),
            entities=(*mail.entities, Entity(EntityType.MAILBOX, ADA)),
            links=(Link(a=mail.id, b=forward.id, reason=f"same session {SESSION}", affinity=0.91),),
        ),
    )


def _reach() -> Reach:
    """An account whose group may open two holdings, one of them only if it was compromised early."""
    return Reach(
        earliest=at("2024-03-04T02:11:09Z"),
        latest=at("2024-03-05T02:20:00Z"),
        reached=(
            Reached(kind=NodeKind.IDENTITY, name="p-1", label=ADA, time=at("2024-03-04T02:11:09Z")),
            Reached(
                kind=NodeKind.GROUP,
                name="registry <b>",
                time=at("2024-03-04T02:11:09Z"),
                through=0,
                how="is in the group registry <b>",
                basis=("memberships.csv:2",),
            ),
            Reached(
                kind=NodeKind.HOLDING,
                name=ADA,
                holding_kind="mailbox",
                time=at("2024-03-04T02:11:09Z"),
                matter="matter-7",
                sensitivity="sealed",
                through=1,
                how="may open this mailbox (read)",
                basis=("grants.csv:2",),
            ),
            Reached(
                kind=NodeKind.HOLDING,
                name=BEN,
                holding_kind="mailbox",
                time=at("2024-03-04T09:00:00Z"),
                at_latest=False,
                through=0,
                how="was given a right on it",
                records=(RecordPlace(MAIL, 413),),
            ),
        ),
        matters=(
            ReachedMatter(
                matter="matter-7",
                sensitivity="sealed",
                declared=2,
                reached=1,
                only_early=0,
                time=at("2024-03-04T02:11:09Z"),
            ),
            ReachedMatter(
                matter="", sensitivity="", declared=1, reached=1, only_early=1, time=at("2024-03-04T09:00:00Z")
            ),
        ),
        declared=3,
        edges=4,
    )


def _exposure() -> tuple[Exposure, ...]:
    premises = Premises(
        compromised=(f"account:{ADA}", f"session:{SESSION}"),
        earliest=at("2024-03-04T02:11:09Z"),
        likely=at("2024-03-04T02:11:09Z"),
        latest=at("2024-03-05T02:20:00Z"),
        channels=("m365_unified_audit",),
        logging_point="the provider",
        from_=at("2024-03-04T02:11:09Z"),
        to=at("2024-03-08T06:00:00Z"),
    )
    opened = Exposure(
        holding="<AAMk-invented-0001@tribunal.example>",
        kind="mail_item",
        container=ADA,
        label="Draft list of witnesses <script>alert(document.domain)</script>",
        actor=ADA,
        actor_class=ActorClass.ACCOUNT,
        verdict=Verdict.CONFIRMED,
        degree=Degree.OPENED,
        basis=Basis.RECORD,
        premises=premises,
        addresses=(HOSTILE,),
        sessions=(SESSION,),
        clients=("Client=OWA;Mozilla/5.0 (X11; invented)",),
        operations=(("MailItemsAccessed", 8),),
        first=at("2024-03-04T02:11:09Z"),
        last=at("2024-03-07T23:58:40Z"),
        matter="matter-7",
        sensitivity="sealed",
        reasons=("Opened in session " + SESSION + ".",),
        records=tuple(RecordPlace(MAIL, entry) for entry in (17, 18, 19, 44, 45, 46, 47, 90)),
    )
    return (
        opened,
        dataclasses.replace(
            opened,
            holding="folder-inbox",
            kind="mail_folder",
            label="Inbox",
            degree=Degree.PRESUMED,
            operations=(("MailItemsAccessed", 1),),
            last=at("2024-03-04T02:31:00Z"),
            reasons=("Synchronised: every item of the folder has to be taken as read.",),
            records=(RecordPlace(MAIL, 51),),
            at_latest=Verdict.UNKNOWN,
        ),
        dataclasses.replace(
            opened,
            holding=ADA,
            kind="mailbox",
            label="",
            verdict=Verdict.UNKNOWN,
            degree=None,
            basis=Basis.PROVIDERS_WORD,
            addresses=(),
            sessions=(),
            clients=(),
            operations=(),
            first=None,
            last=None,
            matter="matter-7",
            sensitivity="sealed",
            reachable=True,
            reasons=(
                "Recording was throttled on 2024-03-05 for 24 hours.",
                "Every other item of this mailbox: no access recorded; the log has no proof of completeness.",
            ),
            records=(),
        ),
        dataclasses.replace(
            opened,
            holding="https://tribunal.example/sites/registry",
            kind="site",
            container="https://tribunal.example/sites/registry",
            label="",
            verdict=Verdict.RULED_OUT,
            degree=None,
            basis=Basis.ATTESTED,
            addresses=(),
            sessions=(),
            clients=(),
            operations=(),
            first=None,
            last=None,
            matter="",
            sensitivity="",
            reasons=("Logging was complete by the word of custodian Eve Example, 2024-03-08, and shows no access.",),
            records=(),
        ),
        dataclasses.replace(
            opened,
            holding="<AAMk-invented-0002@tribunal.example>",
            label="Agenda",
            actor="indexing service",
            actor_class=ActorClass.PROVIDER_SERVICE,
            degree=Degree.ACCESSED,
            addresses=(),
            sessions=(),
            clients=("indexer",),
            operations=(("MailItemsAccessed", 3),),
            reasons=("A service of the provider, by declared data.",),
            records=(RecordPlace(MAIL, 60),),
        ),
    )


def _causes() -> tuple[Cause, ...]:
    throttled = Cause(
        kind=CauseKind.THROTTLED,
        obstacle="m365_unified_audit, Exchange: the provider says it recorded more than it kept for this mailbox",
        step="Ask the provider in writing what of m365_unified_audit was recorded for 2024-03-05.",
        source="m365_unified_audit",
        host="",
        channel="Exchange",
        from_=at("2024-03-05T00:00:00Z"),
        to=at("2024-03-06T00:00:00Z"),
        holdings=1,
        alone=1,
        resolves=1,
        matters=("matter-7",),
    )
    beyond = dataclasses.replace(
        throttled,
        kind=CauseKind.NOT_ATTESTABLE,
        obstacle="no access recorded, and exchange_message_tracking cannot hold every access",
        step="",
        source="",
        channel="",
        from_=None,
        to=None,
        alone=0,
        resolves=0,
        matters=(),
    )
    return throttled, beyond


def _coverage() -> tuple[Coverage, ...]:
    mail = Coverage(
        source="m365_unified_audit",
        host="",
        channel="Exchange",
        from_=at("2024-03-01T00:00:00Z"),
        to=at("2024-03-05T00:00:00Z"),
        state=CoverageState.UNPROVEN,
        evidence="2,700 records on 4 of 4 days; the provider gives no proof of completeness",
        basis=Basis.PROVIDERS_WORD,
    )
    windows = dataclasses.replace(mail, source="evtx", host="files-01.tribunal.example", channel="Security")
    return (
        dataclasses.replace(
            windows,
            from_=None,
            to=at("2024-03-06T03:00:00Z"),
            state=CoverageState.CLEARED,
            evidence="The log was cleared: what came before is gone.",
            records=(RecordPlace(WINDOWS, 0),),
        ),
        dataclasses.replace(
            windows,
            from_=at("2024-03-06T03:00:00Z"),
            to=None,
            evidence="400 records, numbers 1 to 400 without a gap; no receipt was taken at the source",
        ),
        mail,
        dataclasses.replace(
            mail,
            from_=at("2024-03-05T00:00:00Z"),
            to=at("2024-03-06T00:00:00Z"),
            state=CoverageState.THROTTLED,
            evidence="The provider says it recorded more than it kept for this mailbox.",
            scope=ADA,
            records=(RecordPlace(MAIL, 77),),
        ),
    )


def _attribution() -> tuple[Attribution, ...]:
    return (
        Attribution(
            incident="i-0001",
            statement=f"Unknown actor. Account {ADA} was used from address {HOSTILE}, which no other account used.",
            means=(
                Means(
                    account=ADA,
                    session=SESSION,
                    address=HOSTILE,
                    client="Client=OWA;Mozilla/5.0 (X11; invented)",
                    count=321,
                    first=at("2024-03-04T02:11:09Z"),
                    last=at("2024-03-07T23:58:40Z"),
                ),
                Means(account=ADA, session="", address="192.0.2.78", client="", count=1, first=None, last=None),
            ),
            processes=(),
        ),
        Attribution(
            incident="i-0002",
            statement="Unknown actor. Account tribunal\\svc-files was used on host files-01.tribunal.example.",
            means=(),
            processes=(
                ProcessStep(
                    host="files-01.tribunal.example",
                    time=at("2024-03-06T02:59:58Z"),
                    parent="C:\\Windows\\System32\\cmd.exe",
                    image="C:\\Windows\\System32\\wevtutil.exe",
                    command_line="wevtutil cl Security & echo <done>",
                    account="tribunal\\svc-files",
                    record=RecordPlace(WINDOWS, 1),
                ),
            ),
        ),
    )


def _hypotheses() -> tuple[Hypotheses, ...]:
    def observation(name: str, says: str) -> Observation:
        return Observation(
            id=name,
            says=says,
            why="it is told of that kind <more>",
            source="an invented source",
            plantable=True,
            count=2,
            records=(RecordPlace(MAIL, 3), RecordPlace(WINDOWS, 1)),
        )

    guessing = observation("guessing", "passwords were tried against accounts")
    matter = observation("one_matter_collected", "many holdings of one matter were reached")
    missing = Missing(what="whether the holder was at work", step="Ask whoever keeps door & shift records.")
    kinds = (
        ("insider", "somebody inside", (matter,), (guessing,), (missing,)),
        ("state_directed", "a service acting for a state", (matter, guessing), (), ()),
        ("unknown", "an actor nobody has thought of", (), (), (missing,)),
    )
    return tuple(
        Hypotheses(
            incident=incident,
            statement="Nothing in these logs says who.",
            hypotheses=tuple(
                Hypothesis(
                    id=id_, title=title, premise="what it would mean", supports=for_, contradicts=no, missing=lacks
                )
                for id_, title, for_, no, lacks in kinds
            ),
        )
        for incident in ("i-0001", "i-0002")
    )


def _cuts() -> tuple[Cut, ...]:
    return (
        Cut(
            action="revoke_sessions",
            target=Entity(EntityType.ACCOUNT, ADA),
            scope="every session",
            why=f"Session {SESSION} was used from {HOSTILE}.",
            interrupts=("Ada Example has to sign in again on every device",),
            protected=False,
            reversal="sign in again",
            evidence_first="export the sign-in log of the account",
            incident="i-0001",
            records=(RecordPlace(MAIL, 17),),
        ),
        Cut(
            action="isolate_host",
            target=Entity(EntityType.HOST, "files-01.tribunal.example"),
            scope="",
            why="Its log was cleared.",
            interrupts=("the filings of matter-7", "the hearing room's shared folder"),
            protected=True,
            reversal="release it from isolation",
            evidence_first="memory and disk image",
            incident="i-0002",
        ),
        Cut(
            action="remove_forwarding",
            target=Entity(EntityType.MAILBOX, ADA),
            scope="to collector@mail.example",
            why="It sends a copy of every mail out.",
            interrupts=(),
            protected=False,
            reversal="set it again",
            evidence_first="export the mailbox settings",
            incident="i-0001",
        ),
    )


def _preservation() -> tuple[Expiry, ...]:
    retention = Retention(
        id="invented-mail",
        product="Invented mail",
        log="Audit log",
        tier="Free",
        bound=Bound.AGE,
        days=2,
        limit="set by nobody",
        first_lost="the oldest reading of a mailbox",
        save=("export-audit --from START | tee <out>.jsonl",),
        hold="None.",
        citation="https://vendor.example/retention",
        stated_on="2024-03-01",
        checked=True,
        sources=("m365_unified_audit",),
    )
    memory = dataclasses.replace(
        retention, id="invented-memory", product="Machines", log="Memory", tier="", bound=Bound.VOLATILE, days=None
    )
    kept = dataclasses.replace(
        retention, id="invented-kept", log="Archive", bound=Bound.KEPT, days=None, limit="", checked=False
    )
    lost = Expiry(
        retention=retention,
        standing=Standing.LOST_IN_PART,
        lost_from=at("2024-03-04T02:11:09Z"),
        lost_to=at("2024-03-06T06:58:11.25Z"),
        deadline=at("2024-03-08T06:58:11.25Z"),
        sentence="What was written from 2024-03-04 to 2024-03-06 is past its time (kept 2 days).",
        soon=True,
        named=True,
        collected=(
            Collected("m365_unified_audit", 2, at("2024-03-07T12:00:00Z"), at("2024-03-08T06:58:11.25Z")),
            Collected("windows_evtx", 1, at("2024-03-07T12:00:00Z"), at("2024-03-07T12:00:00Z")),
        ),
    )
    undated = dataclasses.replace(
        lost,
        retention=memory,
        standing=Standing.ANY_TIME,
        lost_from=None,
        lost_to=None,
        sentence="Any hour.",
        collected=(),
    )
    last = dataclasses.replace(
        undated, retention=kept, standing=Standing.KEPT, deadline=None, sentence="Stays.", soon=False, named=False
    )
    return undated, lost, last


def _accounting() -> Accounting:
    read = InputAccount(
        path=MAIL,
        sha256="a" * 64,
        source="m365_unified_audit",
        certainty=0.987,
        state=InputState.PARTIAL,
        reason="",
        size=1_048_576,
        records_read=2_714,
        stored=2_712,
        duplicates=4,
        rejected=(RejectedRecords(reason="not_json", count=2, first_entry=99, detail="line is cut off"),),
        warnings=(("invalid_utf8", 1), ("time_missing", 2)),
        first=at("2024-03-01T00:00:03Z"),
        last=at("2024-03-08T06:58:11.25Z"),
        acquisition=Attested(
            attested=True,
            file="logs/acquisition.yaml",
            by="tenant administration",
            when=at("2024-03-08T07:00:00Z"),
            system="tribunal.example",
            tool="an invented module 1.0",
            command="export-audit --all <b>",
            account="audit-export@tribunal.example",
            filter="1 to 8 March",
            extent=Extent.EVERYTHING,
            from_=at("2024-03-01T00:00:00Z"),
            to=at("2024-03-09T00:00:00Z"),
            reported_count=2_720,
            counted=2_714,
            told=("logs/acquisition.yaml reports 2,720 records, 2,714 were read: 6 records missing",),
        ),
    )
    nothing = dataclasses.replace(
        read,
        size=0,
        records_read=0,
        stored=0,
        duplicates=0,
        rejected=(),
        warnings=(),
        first=None,
        last=None,
        acquisition=NOT_ATTESTED,
    )
    return Accounting(
        indicators=_indicators(),
        inputs=(
            dataclasses.replace(
                nothing,
                path="logs/README.txt",
                sha256="b" * 64,
                source="",
                certainty=0.0,
                state=InputState.IGNORED,
                reason="a README, not a log",
                size=220,
            ),
            dataclasses.replace(
                read,
                path=WINDOWS,
                sha256="c" * 64,
                source="evtx",
                certainty=1.0,
                state=InputState.READ,
                size=69_632,
                records_read=400,
                stored=400,
                duplicates=0,
                rejected=(),
                warnings=(),
                first=at("2024-03-06T03:00:00.1234567Z"),
                last=at("2024-03-07T12:00:00Z"),
                acquisition=NOT_ATTESTED,
            ),
            read,
            dataclasses.replace(
                nothing,
                path="logs/odd\x1b[31m\u202ename\udc80.bin",
                sha256="d" * 64,
                source="",
                certainty=0.0,
                state=InputState.UNRECOGNISED,
                reason="no source knows these bytes",
                size=9,
            ),
        ),
        rules=RulesAccount(
            loaded=23,
            operable=19,
            blind=(
                BlindRule(id="tocsin-0002", title="Sign-in from two places", reason="no input has sign-in logs"),
                BlindRule(id="tocsin-0003", title="New consent", reason="no input has sign-in logs"),
                BlindRule(id="tocsin-0009", title="Odd process", reason="no record has CommandLine", lacks=Lack.FIELD),
                BlindRule(id="tocsin-0010", title="Odd parent", reason="no input has sign-in logs"),
            ),
            failed=(FailedRule(id="", path="rules/broken.yml", reason="no detection", line=3),),
            partly=(
                PartlyBlindRule(
                    id="tocsin-0004", title="Odd module", log_source="windows/image_load", fields=("Signed",)
                ),
            ),
        ),
        hits=HitsAccount(found=85, shown=40, hidden=14, counted=31),
        correlations=(
            CorrelationAccount(
                id="tocsin-0020",
                title="Password guessed",
                records=31,
                untimed=2,
                ungrouped=1,
                unvalued=0,
                bursts=1,
                shown=True,
            ),
        ),
    )
