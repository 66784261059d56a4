"""A small ledger, built leaf by leaf, and the package of two findings that is made from it. All names are invented."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.model.answers import Accounting, Answers, BlindRule, FailedRule, RulesAccount, Run
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.evidence import (
    EnclosedRecord,
    EnclosedStatement,
    Export,
    HitLine,
    Package,
    Reading,
    ShownFields,
    Token,
    Value,
    WithheldSession,
)
from tocsin.model.exposure import ActorClass, Basis, Degree, Exposure, Premises, Verdict
from tocsin.model.finding import Detector, Entity, EntityType, Finding, Incident, Level, Link
from tocsin.model.instant import parse_time
from tocsin.model.reference import RecordPlace
from tocsin.record.canonical import canonical
from tocsin.record.checkpoint import sign_checkpoint, verifier_key
from tocsin.record.commitment import leaf_text, open_fields, salts_of
from tocsin.record.merkle import root_of
from tocsin.record.notes import ed25519_key, signed_note
from tocsin.record.statements import statement_leaf

ORIGIN = "tribunal.example/tocsin"
ADA = "ada.example@tribunal.example"
SUBJECT = "Hearing of witness K-4471, draft"
MAIL = "logs/<script>alert(1)</script>/unified-audit.jsonl"
EVTX = "logs/files-01/Security.evtx"
SESSION = "5f2c0a10-0000-4000-8000-00000000c0de"
_LOG = Ed25519PrivateKey.from_private_bytes(b"log-key-of-an-invented-tribunal!")
_OFFICER = Ed25519PrivateKey.from_private_bytes(b"officer-key-of-invented-tribunal")
_CUSTODIAN = Ed25519PrivateKey.from_private_bytes(b"custodian-key-invented-tribunal!")
_DECODER = "example 1"
_SECRETS = (b"s" * 32, b"t" * 32)

RECORDS: tuple[dict[str, Any], ...] = (
    {"Operation": "UserLoggedIn", "UserId": ADA, "ClientIP": "192.0.2.77"},
    {"Operation": "MailItemsAccessed", "UserId": ADA, "ClientIP": "192.0.2.77", "Subject": SUBJECT},
    {
        "Operation": "MailItemsAccessed",
        "UserId": ADA,
        "ClientIP": "192.0.2.77",
        "Subject": "</pre><img src=x onerror=a>",
    },
    {"Operation": "Send", "UserId": ADA, "ClientIP": "192.0.2.77", "Subject": "\u202egnp.\x1b[2J", "Size": 4624},
    {"Operation": "UserLoggedOut", "UserId": "ben.example@tribunal.example", "ClientIP": "198.51.100.4"},
    {"Operation": "MailItemsAccessed", "UserId": ADA, "ClientIP": "192.0.2.77", "Subject": "Agenda"},
)
_RAW = tuple(json.dumps(one).encode() + b"\n" for one in RECORDS)
_EVTX_RAW = b"\x2a\x2a\x00\x00" + bytes(range(64))
_EVTX_FIELDS = {"EventID": 1102, "SubjectUserName": "svc-files"}
_EVTX_TEXT = canonical({"Event": _EVTX_FIELDS})


def at(text: str) -> int:
    """Nanoseconds of a time that is one."""
    value = parse_time(text)
    assert value is not None
    return value


class Said(NamedTuple):
    """A statement on its way into the tree."""

    kind: str
    data: bytes

    @property
    def salt(self) -> bytes:
        """Of 32 bytes, made from what it says: a test asks for no chance."""
        return sha256(b"salt" + self.data).digest()

    @property
    def leaf(self) -> bytes:
        """Its leaf."""
        return statement_leaf(self.salt, self.data).encode()


def act(
    kind: str,
    when: str,
    what: dict[str, Any],
    leaves: Sequence[bytes],
    key: Ed25519PrivateKey = _LOG,
    by: str = ORIGIN,
    *,
    previous: int | None,
) -> Said:
    """An act over the tree of these leaves."""
    body = {
        "act": kind,
        "at": when,
        "by": [by],
        "ledger": {"root": base64.b64encode(tree(leaves)).decode(), "size": len(leaves)},
        "previous": previous,
        "what": what,
    }
    text = f"tocsin/act/1\n{canonical(body).decode()}\n"
    return Said("act", str(signed_note(text, ed25519_key(by, key.public_key()), key.sign)).encode())


def tree(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves."""
    return root_of(b"".join(sha256(b"\0" + leaf).digest() for leaf in leaves))


def path(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return ()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return (*path(index, leaves[:half]), tree(leaves[half:]))
    return (*path(index - half, leaves[half:]), tree(leaves[:half]))


def joined(old: int, leaves: Sequence[bytes], *, is_whole: bool = True) -> tuple[bytes, ...]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if old == len(leaves):
        return () if is_whole else (tree(leaves),)
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= half:
        return (*joined(old, leaves[:half], is_whole=is_whole), tree(leaves[half:]))
    return (*joined(old - half, leaves[half:], is_whole=False), tree(leaves[:half]))


class Made(NamedTuple):
    """The package, and the leaves of the ledger it was made from."""

    package: Package
    leaves: tuple[bytes, ...]


def made(*, hide: frozenset[str] = frozenset()) -> Made:
    """The package; the fields of `hide` are withheld, and the bytes of records that have one."""
    leaves: list[bytes] = []
    said: dict[int, Said] = {}

    def say(one: Said) -> int:
        said[len(leaves)] = one
        leaves.append(one.leaf)
        return len(leaves) - 1

    def said_act(kind: str, when: str, what: dict[str, Any], *by: Any) -> int:
        previous = max((n for n, one in said.items() if one.kind == "act"), default=None)
        return say(act(kind, when, what, leaves, *by, previous=previous))

    officer, custodian = "registrar@tribunal.example", "duty@tribunal.example"
    said_act("enrolled", "2024-03-01T08:00:00Z", _enrolment(officer, _OFFICER, "officer"), _OFFICER, officer)
    what = _enrolment(custodian, _CUSTODIAN, "custodian")
    said_act("enrolled", "2024-03-01T08:05:00Z", what, _OFFICER, officer)
    say(_input(1, MAIL, b"".join(_RAW)))
    first = len(leaves)
    spans, offset = [], 0
    for raw, fields in zip(_RAW, RECORDS, strict=True):
        spans.append((offset, len(raw), raw, None, fields))
        offset += len(raw)
    name = "5e" * 32
    texts = [leaf_text(name, _DECODER, n, span, salts_of(_SECRETS[0], n)) for n, span in enumerate(spans)]
    leaves += [text.encode() for text in texts]
    mail_chunk = say(_chunk(1, name, offset, first, len(texts)))
    early = len(leaves)
    what = {"input": MAIL, "sha256": sha256(b"".join(_RAW)).hexdigest(), "from": "the mail provider"}
    said_act("collected", "2024-03-08T06:30:00Z", what, _CUSTODIAN, custodian)
    say(_input(2, EVTX, _EVTX_RAW))
    span = (0, len(_EVTX_RAW), _EVTX_RAW, _EVTX_TEXT, None)
    evtx = len(leaves)
    evtx_leaf = leaf_text("6f" * 32, _DECODER, 0, span, salts_of(_SECRETS[1], 0))
    leaves.append(evtx_leaf.encode())
    evtx_chunk = say(_chunk(2, "6f" * 32, len(_EVTX_RAW), evtx, 1))
    evtx_fields = open_fields(salts_of(_SECRETS[1], 0).fields, _EVTX_FIELDS)
    digests = [sha256(salt + text.encode()).digest() for salt, text in evtx_fields.values]
    root = sha256(sha256(evtx_fields.names_salt + evtx_fields.names.encode()).digest() + b"".join(digests)).hexdigest()
    fields_at = say(Said("fields", canonical({"statement": "fields", "leaf": evtx, "fields": root})))
    said_act("read", "2024-03-08T07:10:00Z", {"login": "analyst-2", "records": 7})
    said_act("read", "2024-03-08T07:15:00Z", {"login": "analyst-2", "records": 2})
    size = len(leaves)

    records = [_mail_record(n, text, leaves, first, mail_chunk, hide) for n, text in enumerate(texts) if n in (1, 2, 3)]
    names = tuple(sorted(_EVTX_FIELDS))
    hidden = bool(hide & set(names))
    salts = salts_of(_SECRETS[1], 0)
    records.append(
        EnclosedRecord(
            index=evtx,
            leaf=evtx_leaf,
            proof=path(evtx, leaves),
            chunk=evtx_chunk,
            input=EVTX,
            entry=0,
            raw=None if hidden else _EVTX_RAW,
            raw_salt=b"" if hidden else salts.raw,
            text=None if hidden else _EVTX_TEXT,
            text_salt=b"" if hidden else salts.text,
            fields=ShownFields(
                names=evtx_fields.names,
                names_salt=evtx_fields.names_salt,
                values=_values(names, evtx_fields.values, hide),
                statement=fields_at,
            ),
            findings=("f-0002",),
            time=at("2024-03-06T03:00:00Z"),
        )
    )
    findings = _findings()
    package = Package(
        origin=ORIGIN,
        log_key=verifier_key(ORIGIN, _LOG.public_key()),
        tool="tocsin 0.1.0",
        asked=("i-0001", "f-0002"),
        size=size,
        checkpoints={n: sign_checkpoint(ORIGIN, n, tree(leaves[:n]), _LOG).note for n in (early, size)},
        consistency=((early, size, joined(early, leaves)),),
        tokens=(),
        records=tuple(records),
        statements=tuple(
            EnclosedStatement(
                index=n,
                kind=one.kind,
                salt=one.salt,
                data=one.data,
                proof=path(n, leaves),
                ledger_proof=ledger_proof(n, leaves) if one.kind == "act" else None,
            )
            for n, one in said.items()
        ),
        incidents=_incidents(),
        findings=findings,
        exposure=_exposure(),
        coverage=_coverage(),
        hits=tuple(
            HitLine(finding=finding.id, data=canonical({"finding": finding.id, "why": finding.why}))
            for finding in findings
        ),
        withheld=(
            WithheldSession(
                session=SESSION,
                count=2,
                first=at("2024-03-04T02:11:00Z"),
                last=at("2024-03-04T02:40:00Z"),
                leaves=tuple((first + n, sha256(b"\0" + texts[n].encode()).digest()) for n in (0, 5)),
            ),
        ),
        rules={
            "0c6f1a52-0000-4000-8000-00000000e001": "title: Mail read in bulk\n",
            "../../etc/cron.d/x": "title: A rule whose id is a path\n",
            "CON": "title: A rule whose id is a device\n",
        },
        answers=_answers(),
        outside=(),
        reading=Reading(preambles={}, as_of=at("2024-03-09T10:00:00Z"), dating=None, names={}, rules=()),
        redacted=tuple(sorted(hide)),
        made="2024-03-09T10:00:00Z",
    )
    return Made(package, tuple(leaves))


def export(made_: Made, content: str) -> Export:
    """The act that names the content, in the ledger that goes on, and what proves it."""
    package, leaves = made_.package, list(made_.leaves)
    what = {
        "asked": list(package.asked),
        "content": content,
        "records": len(package.records),
        "redacted": list(package.redacted),
        "login": "analyst-2",
    }
    previous = max(each.index for each in package.statements if each.kind == "act")
    one = act("exported", "2024-03-09T10:00:05Z", what, leaves, previous=previous)
    leaves.append(one.leaf)
    index, size = len(leaves) - 1, len(leaves)
    return Export(
        act=EnclosedStatement(
            index=index,
            kind="act",
            salt=one.salt,
            data=one.data,
            proof=path(index, leaves),
            ledger_proof=ledger_proof(index, leaves),
        ),
        size=size,
        checkpoint=sign_checkpoint(ORIGIN, size, tree(leaves), _LOG).note,
        consistency=joined(package.size, leaves),
    )


def with_token(package: Package) -> Package:
    """The same with two tokens over one checkpoint; they are no tokens, and stand for such."""
    token = Token(
        size=package.size,
        authority="stamp.example.org",
        time=at("2024-03-08T08:00:00Z"),
        der=b"\x30\x03\x02\x01\x00",
        roots=b"-----BEGIN CERTIFICATE-----\n",
    )
    other = dataclasses.replace(token, authority="zeit.example.org", der=b"\x30\x03\x02\x01\x01")
    return dataclasses.replace(package, tokens=(other, token), outside=("Stamped by stamp.example.org at ...",))


def _enrolment(name: str, key: Ed25519PrivateKey, role: str) -> dict[str, Any]:
    return {
        "name": name,
        "key": verifier_key(name, key.public_key()),
        "roles": [role],
        "person": f"The {role} (invented)",
    }


def _input(number: int, name: str, data: bytes) -> Said:
    digest = sha256(data).hexdigest()
    said = {"statement": "input", "input": number, "path": name, "sha256": digest, "size": len(data), "state": "read"}
    return Said("input", canonical(said))


def _chunk(number: int, name: str, length: int, start: int, leaves: int) -> Said:
    said = {
        "statement": "chunk",
        "sequence": number,
        "input": number,
        "name": name,
        "decoder": _DECODER,
        "offset": 0,
        "length": length,
        "tree_start": start,
        "leaves": leaves,
        "first_entry": 0,
        "read": leaves,
    }
    return Said("chunk", canonical(said))


def ledger_proof(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """That the ledger before entry `index`, over which an act there is signed, is the beginning of this one."""
    return joined(index, leaves) if index else ()


def _mail_record(
    ordinal: int, leaf: str, leaves: Sequence[bytes], first: int, chunk: int, hide: frozenset[str]
) -> EnclosedRecord:
    salts = salts_of(_SECRETS[0], ordinal)
    opened = open_fields(salts.fields, RECORDS[ordinal])
    names = tuple(sorted(RECORDS[ordinal]))
    hidden = bool(hide & set(names))
    return EnclosedRecord(
        index=first + ordinal,
        leaf=leaf,
        proof=path(first + ordinal, leaves),
        chunk=chunk,
        input=MAIL,
        entry=ordinal,
        raw=None if hidden else _RAW[ordinal],
        raw_salt=b"" if hidden else salts.raw,
        fields=ShownFields(
            names=opened.names, names_salt=opened.names_salt, values=_values(names, opened.values, hide)
        ),
        findings=("f-0001",),
        time=at("2024-03-04T02:11:09Z"),
    )


def _values(names: Sequence[str], values: Sequence[tuple[bytes, str]], hide: frozenset[str]) -> tuple[Value, ...]:
    return tuple(
        Value(digest=sha256(salt + text.encode()).digest()) if name in hide else Value(salt=salt, text=text)
        for name, (salt, text) in zip(names, values, strict=True)
    )


def _findings() -> tuple[Finding, ...]:
    account = Entity(EntityType.ACCOUNT, ADA)
    return (
        Finding(
            id="f-0001",
            detector=Detector(kind="sigma", id="tocsin-0001", title="Mail read in bulk", level=Level.HIGH),
            techniques=("T1114.002",),
            tactics=("collection",),
            first=at("2024-03-04T02:11:09Z"),
            last=at("2024-03-04T02:40:00Z"),
            entities=(account, Entity(EntityType.SESSION, SESSION), Entity(EntityType.ADDRESS, "192.0.2.77")),
            records=tuple(RecordPlace(MAIL, entry) for entry in (1, 2, 3)),
            why=f"Operation is MailItemsAccessed and Subject is {SUBJECT}",
        ),
        Finding(
            id="f-0002",
            detector=Detector(kind="sigma", id="tocsin-0012", title="Security log cleared <b>", level=Level.CRITICAL),
            techniques=("T1070.001",),
            tactics=("defense_evasion",),
            first=at("2024-03-06T03:00:00Z"),
            last=None,
            entities=(Entity(EntityType.HOST, "files-01.tribunal.example"),),
            records=(RecordPlace(EVTX, 0),),
            why="EventID is 1102",
        ),
    )


def _incidents() -> tuple[Incident, ...]:
    return (
        Incident(
            id="i-0001",
            title="Mailbox of ada.example@tribunal.example read in bulk",
            level=Level.HIGH,
            first=at("2024-03-04T02:11:09Z"),
            last=at("2024-03-04T02:40:00Z"),
            score=83,
            findings=("f-0001", "f-0009"),
            techniques=("T1114.002",),
            entities=(Entity(EntityType.ACCOUNT, ADA),),
            links=(Link(a="f-0001", b="f-0009", reason=f"same session {SESSION}", affinity=0.91),),
        ),
    )


def _exposure() -> tuple[Exposure, ...]:
    premises = Premises(
        compromised=(f"account:{ADA}",),
        earliest=at("2024-03-04T02:11:09Z"),
        likely=None,
        latest=at("2024-03-05T02:20:00Z"),
        channels=("m365_unified_audit",),
        logging_point="the provider",
    )
    return (
        Exposure(
            holding="<AAMk-invented-0001@tribunal.example>",
            kind="mail_item",
            container=ADA,
            label=SUBJECT,
            actor=ADA,
            actor_class=ActorClass.ACCOUNT,
            verdict=Verdict.CONFIRMED,
            degree=Degree.OPENED,
            basis=Basis.RECORD,
            premises=premises,
            addresses=("192.0.2.77",),
            sessions=(SESSION,),
            clients=(),
            operations=(("MailItemsAccessed", 1),),
            first=at("2024-03-04T02:11:09Z"),
            last=at("2024-03-04T02:11:09Z"),
            matter="",
            sensitivity="",
            reasons=(f"Opened: {SUBJECT}.",),
            records=(RecordPlace(MAIL, 1),),
        ),
    )


def _coverage() -> tuple[Coverage, ...]:
    return (
        Coverage(
            source="m365_unified_audit",
            host="",
            channel="exchange",
            from_=at("2024-03-05T00:00:00Z"),
            to=None,
            state=CoverageState.THROTTLED,
            evidence="Recording was throttled for 24 hours.",
        ),
    )


def _answers() -> Answers:
    blind = BlindRule(id="r-1", title="An invented rule", reason="no Sysmon log was read")
    failed = FailedRule(id="r-2", path="rules/bad.yml", reason="it has no condition")
    return Answers(
        as_of=at("2024-03-08T06:58:11Z"),
        accounting=Accounting(inputs=(), rules=RulesAccount(loaded=3, operable=2, blind=(blind,), failed=(failed,))),
        findings=(),
        incidents=(),
        exposure=(),
        coverage=(),
        changes=(),
        identities=(),
        attribution=(),
        containment=(),
        names_in_clear=True,
        not_done=("Behaviour is not modelled: what no rule describes is not noticed.",),
        run=Run(
            workspace="/srv/invented",
            tool="tocsin 0.1.0",
            started="2024-03-08T07:02:00Z",
            seconds=1.0,
            workers=1,
            checkpoint_size=0,
            checkpoint_root="",
            key_file="",
        ),
    )
