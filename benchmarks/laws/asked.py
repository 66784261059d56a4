"""A slice of a real audit with an estate, a question and the words of custodians under which what is untouched is ruled
out; and beside it the truth, read from the records."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.laws.audits import CLOUDTRAIL, M365, WINDOWS, Audit, Native, Shape, value
from benchmarks.laws.case import Case, Log, acquired
from tocsin.assess.holdings import CONTAINER_KINDS, site_of
from tocsin.assess.spelling import comparable
from tocsin.collect.scanning import recognise
from tocsin.collect.source import Head
from tocsin.model.acquisition import Extent
from tocsin.model.estate import Attestation, Estate, Group, Holding, Identity, Membership
from tocsin.model.identity import is_machine_account
from tocsin.model.instant import DAY, HOUR
from tocsin.model.question import Question
from tocsin.model.record import Record

_A_GROUP = "Group_"  # before the id of one, as the log of a directory writes it
# Who vouches for the logs, and is in no record.
CUSTODIAN = Identity(id="p-custodian", accounts=("custodian@tribunal.example",))
# Declared, and in no record: they must come out as ruled out wherever anything does.
NEVER_SEEN = {
    M365.source: (
        ("mailbox", "never.seen@tribunal.example"),
        ("site", "https://tribunal.example/sites/never-seen"),
        ("document", "https://tribunal.example/sites/never-seen/Shared Documents/*"),
    ),
    CLOUDTRAIL.source: (
        ("bucket", "arn:aws:s3:::never-seen.example"),
        ("secret", "arn:aws:secretsmanager:eu-example-1:000000000000:secret:never-seen-AbCdEf"),
    ),
    WINDOWS.source: (("document", "\\\\{host}\\NeverSeen$\\*"), ("document", "C:\\NeverSeen\\*")),
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A thing that a record says was reached, by one of its names."""

    kind: str
    holding: str
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of the slice as the unmutated log gives it."""

    native: Native
    account: str
    uid: str
    address: str
    session: str
    time: int
    reached: tuple[Reached, ...]


@dataclass(slots=True, kw_only=True)
class Asked:
    """A case, and what is true of it.

    entries   every record that has a time
    """

    shape: Shape
    case: Case
    entries: list[Entry]
    accounts: Sequence[str]
    compromised: tuple[str, ...]
    window: tuple[int, int]

    def without(self) -> bool:
        """Whether of a host of the log no record is left: see `changes` for what then names no host."""
        if not self.shape.hosted:
            return False
        left = {str(native.get("Hostname")) for log in self.case.logs for native in log.records}
        return not {str(entry.native.get("Hostname")) for entry in self.entries} <= left

    def truth(self, compromised: Iterable[str]) -> set[Reached]:
        """What those accounts reached in the window, under the question's other criteria."""
        question, whose = self.case.question, set(compromised)
        return {
            thing
            for entry in self.entries
            if (entry.account in whose or not question.identities)
            and self.window[0] <= entry.time < self.window[1]
            and (not question.addresses or entry.address in question.addresses)
            and (not question.sessions or entry.session.lower() in question.sessions)
            for thing in entry.reached
        }


def asked(audit: Audit, chance: random.Random) -> Asked | None:
    """One slice and one question; None where the slice has too little to ask of."""
    size = chance.randint(30, 90)
    start = max(0, chance.choice(audit.dense) - chance.randrange(size))
    records = [dict(one) for one in audit.records[start : start + size]]
    shape = audit.shape
    if shape.hosted:
        _number(records)
    entries = _entries(records, shape)
    people = Counter(entry.account for entry in entries if is_somebody(entry.account))
    accounts = sorted(people)
    active = sorted({entry.account for entry in entries if entry.reached} & set(accounts))
    if not active:
        return None
    compromised = tuple(sorted(chance.sample(active, min(len(active), chance.choice((1, 1, 1, 2, 3))))))
    if chance.random() < 0.15 and len(accounts) > 1:
        compromised = (chance.choice(accounts),)
    times = sorted(entry.time for entry in entries)
    low, high = times[0], times[-1]
    if high - low < 2:
        return None
    window = (low, high + 1)
    if chance.random() < 0.5:
        a, b = sorted((chance.randint(low, high), chance.randint(low, high)))
        window = (a, b + 1)
    question = Question(identities=compromised, from_=window[0], to=window[1])
    of_them = [entry for entry in entries if entry.account in compromised]
    if chance.random() < 0.12:
        known = sorted({entry.address for entry in of_them if entry.address})
        question = _with(question, addresses=tuple(known[:1]))
    elif chance.random() < 0.12:
        known = sorted({entry.session.lower() for entry in of_them if entry.session})
        question = _with(question, sessions=tuple(known[:1]))
    elif chance.random() < 0.12:  # sessions alone: whose they are the logs say
        known = sorted({entry.session.lower() for entry in of_them if entry.session})
        if known:
            question = replace(question, identities=(), sessions=tuple(known[:2]))
            compromised = tuple(sorted({entry.account for entry in entries if entry.session.lower() in known[:2]}))
    case = Case(
        logs=_logs(records, shape, chance),
        estate=_estate(entries, accounts, shape, low, high, chance),
        question=question,
    )
    acquired(case, high + 2 * DAY)  # after the day in which records may still come
    return Asked(
        shape=shape,
        case=case,
        entries=entries,
        accounts=accounts,
        compromised=compromised,
        window=window,
    )


NOBODY = "nobody.at.all@tribunal.example"  # declared, and in no record


def whole(audit: Audit, chance: random.Random, questions: int) -> list[Asked]:
    """The whole audit with a whole estate, asked of `NOBODY`, and of up to so many of the accounts that reached something.

    Each alone, over the time in which every log has records: outside it no log allows more than its provider's word.
    """
    records, shape = [dict(one) for one in audit.records], audit.shape
    if shape.hosted:
        _number(records)
    entries = _entries(records, shape)
    accounts = sorted({NOBODY, *(entry.account for entry in entries if is_somebody(entry.account))})
    active = sorted({entry.account for entry in entries if entry.reached} & set(accounts))
    times: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        times[str(entry.native.get("Hostname"))].append(entry.time)
    low, high = max(min(each) for each in times.values()), min(max(each) for each in times.values())
    if low >= high:
        return []
    estate = _estate(entries, accounts, shape, low, high, chance, is_whole=True)
    found = []
    for account in (NOBODY, *sorted(chance.sample(active, min(questions, len(active))))):
        case = Case(
            logs=_logs(records, shape, chance),
            estate=estate,
            question=Question(identities=(account,), from_=low, to=high + 1),
        )
        acquired(case, high + 2 * DAY)  # after the day in which records may still come
        found.append(
            Asked(
                shape=shape,
                case=case,
                entries=entries,
                accounts=accounts,
                compromised=(account,),
                window=(low, high + 1),
            )
        )
    return found


def is_somebody(account: str) -> bool:
    """Whether an account can be asked of: a machine's can, what every machine runs under cannot."""
    return bool(account) and (account.endswith("$") or not is_machine_account(account))


def _with(question: Question, **changed: Any) -> Question:
    return Question(
        identities=question.identities, from_=question.from_, to=question.to,
        addresses=changed.get("addresses", ()), sessions=changed.get("sessions", ()),
    )  # fmt: skip


def _number(records: Sequence[Native]) -> None:
    """Consecutive numbers for each host: a slice begins anywhere."""
    numbers: Counter[str] = Counter()
    for one in records:
        numbers[one["Hostname"]] += 1
        one["RecordNumber"] = 10_000 + numbers[one["Hostname"]]


def _logs(records: list[Native], shape: Shape, chance: random.Random) -> list[Log]:
    if shape.hosted:
        hosts = sorted({one["Hostname"] for one in records})
        return [
            Log(name=f"{host}.jsonl", records=[one for one in records if one["Hostname"] == host]) for host in hosts
        ]
    if chance.random() < 0.5:
        middle = chance.randrange(1, len(records))
        return [Log(name="a.jsonl", records=records[:middle]), Log(name="b.jsonl", records=records[middle:])]
    return [Log(name="a.jsonl", records=records)]


def _entries(records: Sequence[Native], shape: Shape) -> list[Entry]:
    data = Log(name="", records=list(records)).data
    head = Head(data[:65_536], len(data), "")
    source, _ = recognise(head)
    found: list[Entry] = []
    if source is None:
        return found
    start = source.preamble(head)
    framed = [one for one in source.records(data, data[:start], start) if isinstance(one, Record)]
    if len(framed) != len(records):
        raise AssertionError("a real record was not read")
    for native, record in zip(records, framed, strict=True):
        mapped = source.map(record)
        time, account = mapped.event.get("time"), mapped.event.get("actor.user.name") or ""
        if time is None:
            continue
        things = {
            Reached(row["kind"] or "", row["holding"], row.get("container") or "")
            for row in mapped.accesses
            if row["holding"] or row.get("container")
        }
        things |= _read_directly(native, shape)
        found.append(
            Entry(
                native=native,
                account=account,
                uid=mapped.event.get("actor.user.uid") or "",
                address=mapped.event.get("src_endpoint.ip") or "",
                session=mapped.event.get("actor.session.uid") or "",
                time=time,
                reached=tuple(sorted(things, key=lambda one: (one.kind, one.holding, one.container))),
            )
        )
    return found


# Records of mail and of files: what they are about was reached, whatever the product makes of the operation.
_OF_CONTENT = {2: "mailbox", 3: "mailbox", 50: "mailbox", 6: "document"}
_OF_FILES = ("File", "Folder", "Page")


def _read_directly(native: Mapping[str, Any], shape: Shape) -> set[Reached]:
    """The same without the product: fields of the record, by the provider's description of them."""
    if shape is M365:
        failed = str(native.get("ResultStatus", "")).lower() in ("failed", "false", "failure")
        kind = _OF_CONTENT.get(native.get("RecordType", 0))
        if failed or kind is None:
            return set()
        if kind == "mailbox":
            owner = str(native.get("MailboxOwnerUPN") or "").strip().lower()
            is_mail = str(native.get("Operation")) in (
                "MailItemsAccessed",
                "Send",
                "Create",
                "SoftDelete",
                "HardDelete",
            )
            return {Reached("mailbox", "", owner)} if owner and is_mail else set()
        operation, url = str(native.get("Operation")), str(native.get("ObjectId"))
        if operation.startswith(_OF_FILES) and "://" in url:
            return {Reached("document", url, str(native.get("SiteUrl") or "").rstrip("/").lower())}
        return set()
    if shape is WINDOWS and str(native.get("ObjectType")) == "File":
        host = str(native.get("Hostname")).lower()
        failure = str(native.get("EventType")) == "AUDIT_FAILURE" or str(native.get("Keywords")) == "0x8010000000000000"
        if failure:
            return set()
        if str(native.get("EventID")) == "4663":
            return {Reached("document", str(native["ObjectName"]), host)}
        share, name = str(native.get("ShareName")), str(native.get("RelativeTargetName") or "")
        if str(native.get("EventID")) == "5145" and share != "\\\\*\\IPC$" and name not in ("", "\\"):
            found = {Reached("document", f"\\\\{host}\\{share[4:]}\\{name}", "")}
            if local := str(native.get("ShareLocalPath") or ""):
                found.add(Reached("document", f"{local.removeprefix(chr(92) + '??' + chr(92))}\\{name}", host))
            return found
    if shape is CLOUDTRAIL and not native.get("errorCode") and not native.get("errorMessage"):
        secret = value(native, ("requestParameters", "secretId"))
        if native.get("eventName") == "GetSecretValue" and isinstance(secret, str) and secret.startswith("arn:"):
            return {Reached("secret", secret, "")}
    return set()


def _estate(
    entries: Sequence[Entry],
    accounts: Sequence[str],
    shape: Shape,
    low: int,
    high: int,
    chance: random.Random,
    *,
    is_whole: bool = False,
) -> Estate:
    identities = tuple(
        Identity(id=f"p-{number}", accounts=one) for number, one in enumerate(_people(entries, accounts))
    )
    patterns: set[tuple[str, str]] = set()
    for entry in entries:
        for thing in entry.reached:
            if shape is M365 and thing.container:
                patterns.add(("mailbox" if "@" in thing.container else "site", thing.container))
            if "://" in thing.holding and thing.holding.count("/") > 5 and chance.random() < 0.5:
                patterns.add(("document", site_of(thing.holding).rpartition("/")[0] + "/*"))
            elif thing.kind in (*CONTAINER_KINDS, "secret", "object", "snapshot") and thing.holding:
                patterns.add((thing.kind, thing.holding))
            elif shape is WINDOWS and "\\" in thing.holding:
                patterns.add(("document", thing.holding.rpartition("\\")[0] + "\\*"))
                if chance.random() < 0.5:
                    patterns.add(("document", thing.holding))
    identities += (CUSTODIAN,)
    groups, memberships = _groups(entries, identities, chance, is_whole=is_whole)
    hosts = sorted({str(entry.native.get("Hostname")).lower() for entry in entries}) if shape.hosted else [""]
    for kind, pattern in NEVER_SEEN[shape.source]:
        patterns.update((kind, pattern.replace("{host}", host)) for host in hosts)
    if not is_whole and chance.random() < 0.2:  # an estate is seldom whole
        patterns = set(chance.sample(sorted(patterns), max(1, len(patterns) // 2)))
    return Estate(
        identities=identities,
        by_account={account: one for one in identities for account in one.accounts},
        groups=groups,
        memberships=memberships,
        holdings=tuple(Holding(pattern=pattern, kind=kind) for kind, pattern in sorted(patterns)),
        attestations=(
            Attestation(
                source=shape.source,
                pattern="*",
                from_=low - 24 * HOUR,
                to=high + 24 * HOUR,
                custodian=CUSTODIAN.id,
                date="2026-01-01",
                setting="everything is recorded (invented)",
                recorded=Extent.EVERYTHING,
            ),
        ),
    )


def _groups(
    entries: Sequence[Entry], identities: Sequence[Identity], chance: random.Random, *, is_whole: bool
) -> tuple[tuple[Group, ...], tuple[Membership, ...]]:
    """The groups that were given a directory role, and who is in them: who gave it, where the estate is whole; else anybody."""
    ids = {account: one.id for one in identities for account in one.accounts}
    givers: dict[str, str] = {}
    for entry in entries:
        name = str(entry.native.get("ObjectId"))
        if (
            entry.native.get("Operation") == "Add member to role."
            and name.startswith(_A_GROUP)
            and entry.account in ids
        ):
            givers[name.removeprefix(_A_GROUP)] = ids[entry.account]
    if not is_whole and chance.random() < 0.3:
        return (), ()
    members = {
        group: [giver] if is_whole else chance.sample([one.id for one in identities], min(2, len(identities)))
        for group, giver in sorted(givers.items())
    }
    return tuple(Group(id=group) for group in members), tuple(
        Membership(identity=one, group=group) for group, several in members.items() for one in several
    )


def _people(entries: Sequence[Entry], accounts: Sequence[str]) -> list[tuple[str, ...]]:
    """The accounts of each identity, as a directory has them: those that bear one id are one's.

    Declared as two, they would be two by the estate's word as soon as the id is gone: then the estate is wrong.
    """
    group = {account: frozenset((account,)) for account in accounts}
    by_uid: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.uid and entry.account in group and not is_machine_account(entry.uid.lower()):
            by_uid[entry.uid.lower()].add(entry.account)
    for several in by_uid.values():
        together = frozenset().union(*(group[account] for account in several))
        group.update(dict.fromkeys(together, together))
    return sorted({tuple(sorted(each)) for each in group.values()})


def denies(row_text: str, kind: str, thing: Reached) -> bool:
    """Whether what is said of a holding, or of all under a pattern, is said of the thing."""
    text = comparable(row_text)
    for name in (thing.holding, thing.container):
        known = comparable(name) if name else ""
        if not known:
            continue
        if text.endswith("*"):
            if known.startswith(text[:-1]):
                return True
        elif known == text or (
            kind in CONTAINER_KINDS and kind != "mailbox" and known.startswith(text.rstrip("/") + "/")
        ):
            return True
    return False
