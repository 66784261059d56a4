"""What is known of an institution in; whether the five questions could be answered tomorrow, and what would help, out.

Nothing here knows a product: what a log tells, how long it is kept and what proves it complete is what sources and
retentions declare. Measures are tried: each is taken on paper, and what it changes is counted, so none counts twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tocsin.model.exposure import Basis
from tocsin.model.readiness import (
    SIGN_IN,
    Able,
    Answerable,
    Asked,
    ClassKey,
    Institution,
    Lacks,
    LogState,
    Measure,
    MeasureKind,
    Moved,
    Readiness,
    ReadyClass,
)

_MOST_MEASURES = 12
_ABLE = list(Able)
# In which order measures of equal gain are taken: first what a log needs to be there, a word on it last.
_TAKEN = (
    MeasureKind.LOG,
    MeasureKind.PERMISSION,
    MeasureKind.SETTING,
    MeasureKind.LICENCE,
    MeasureKind.RETENTION,
    MeasureKind.ESTATE,
    MeasureKind.SEAL,
    MeasureKind.WORD,
)
_WHOSE = ("account", "address", "session")


class _Said(NamedTuple):
    """An answer with its reason, before it is known of which question."""

    able: Able
    reason: str
    lacks: tuple[Lacks, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A measure that could be taken: what it makes of the institution."""

    kind: MeasureKind
    text: str
    source: str
    family: str
    citation: str
    take: Callable[[Institution], Institution]

    @property
    def order(self) -> tuple[int, str, str, str]:
        return _TAKEN.index(self.kind), self.source, self.family, self.text


def assess(known: Institution, as_of: int, look_back: int, *, moved: Institution | None = None) -> Readiness:
    """Every class of holding with what could be answered of it, the weightiest first, and what would help most.

    look_back  days before `as_of` (ns UTC) at which the intrusion asked about began
    moved      the same holdings, one by one, after some were moved elsewhere
    """
    classes = _classes(known, look_back, _counts(known))
    return Readiness(
        as_of=as_of,
        look_back=look_back,
        classes=tuple(sorted(classes.values(), key=_order)),
        measures=tuple(_measures(known, look_back)),
        moves=() if moved is None else tuple(_moves(known, moved, look_back)),
    )


def _order(one: ReadyClass) -> tuple[int, str, str, str]:
    return -one.weight, one.family, one.matter, one.sensitivity


def _counts(known: Institution) -> dict[ClassKey, int]:
    counts = Counter(thing.key for thing in known.things)
    return {key: counts[key] for key in sorted(counts)}


def _classes(known: Institution, look_back: int, counts: Mapping[ClassKey, int]) -> dict[ClassKey, ReadyClass]:
    return {key: _class(key, count, known, look_back) for key, count in counts.items()}


def _class(key: ClassKey, holdings: int, known: Institution, look_back: int) -> ReadyClass:
    logs = _channels(known, key.family)
    said = [_of_log(log, known, key.family, look_back) for log in logs]
    answers = []
    for asked in Asked:
        if asked is Asked.NOW:
            answers.append(Answerable(asked, *_now(known), source=""))
            continue
        best = max(range(len(logs)), key=lambda at: (_ABLE.index(said[at][asked].able), -at), default=None)
        if best is None:
            reason = "no source that is read here records accesses to it"
            answers.append(Answerable(asked, Able.NO, reason, (Lacks.LOG,), ""))
        else:
            answers.append(Answerable(asked, *said[best][asked], source=logs[best].telling.source))
    persons = known.persons.get(key, 0)
    protected = persons > 0 or key.matter in known.protective
    return ReadyClass(
        family=key.family,
        matter=key.matter,
        sensitivity=key.sensitivity,
        holdings=holdings,
        persons=persons,
        protected=protected,
        weight=holdings * _level(key.sensitivity, known.ranks) * (2 if protected else 1),
        channels=tuple(log.telling.source for log in logs),
        answers=tuple(answers),
        days=max((_days(log, look_back) for log in logs if log.read or log.declared), default=None, key=_known_days),
    )


def _known_days(days: int | None) -> int:
    return -1 if days is None else days


def _days(log: LogState, look_back: int) -> int | None:
    """How many days it reaches back; of one that nobody deletes, at least what is asked of."""
    if log.kept is None:
        return None
    return max(look_back, log.kept.days or 0) if log.kept.forever else log.kept.days


def _level(sensitivity: str, ranks: Sequence[str]) -> int:
    """From 1, one more for each step up."""
    return len(ranks) - ranks.index(sensitivity) + 1 if sensitivity in ranks else 1


def _channels(known: Institution, family: str) -> list[LogState]:
    """The logs that record accesses to a family: of one log in two formats the one that is read, else the first."""
    by_log: dict[tuple[str, ...], list[LogState]] = defaultdict(list)
    for log in known.logs:
        if log.telling.of == family:
            by_log[log.telling.kept_as or (log.telling.source,)].append(log)
    chosen = [max(alike, key=lambda log: log.read) for alike in by_log.values()]
    return sorted(chosen, key=lambda log: (not log.read, not log.declared, log.telling.source))


def _of_log(log: LogState, known: Institution, family: str, look_back: int) -> dict[Asked, _Said]:
    happened = _happened(log, look_back)
    if happened.able is Able.NO:
        return dict.fromkeys((Asked.HAPPENED, Asked.COMPROMISED, Asked.WHO, Asked.PROOF), happened)
    return {
        Asked.HAPPENED: happened,
        Asked.COMPROMISED: _least(happened, _ruling_out(log)),
        Asked.WHO: _least(happened, _who(log, known, family)),
        Asked.PROOF: _proof(log),
    }


def _least(*said: _Said) -> _Said:
    """The worst of them, with all that holds it there."""
    able = min((one.able for one in said), key=_ABLE.index)
    worst = [one for one in said if one.able is able]
    lacks = sorted({lack for one in worst for lack in one.lacks})
    return _Said(able, "; ".join(dict.fromkeys(one.reason for one in worst if one.reason)), tuple(lacks))


def _partly(lacks: Mapping[Lacks, str]) -> _Said:
    if not lacks:
        return _Said(Able.YES, "")
    return _Said(Able.PARTLY, "; ".join(lacks.values()), tuple(sorted(lacks)))


def _happened(log: LogState, look_back: int) -> _Said:
    source = log.telling.source
    if not log.read and not log.declared:
        reason = f"no log that would record it is read, or declared in the estate ({source} would)"
        return _Said(Able.NO, reason, (Lacks.LOG,))
    lacks = {}
    if not log.seen:
        lacks[Lacks.RECORDED] = f"whether it is recorded is not known: it takes {log.telling.needs}"
    if not log.exported:
        what = log.kept.product if log.kept else source
        lacks[Lacks.READ] = f"the estate declares {what}, and no record of it was ever read here"
    if log.kept is None:
        lacks[Lacks.REACH] = f"how long {source} is kept is not known"
    elif not log.kept.forever and (log.kept.days is None or log.kept.days < look_back):
        lacks[Lacks.REACH] = f"{log.kept.words}, and {look_back} days are asked of"
    return _partly(lacks)


def _ruling_out(log: LogState) -> _Said:
    source, shown = log.telling.source, "accesses are shown, and none can be ruled out"
    lacks = {}
    if not log.telling.itemised:
        lacks[Lacks.ITEMS] = f"{source} names no single items"
    if not log.telling.proof.attestable:
        lacks[Lacks.BEST_EFFORT] = f"{shown}: {log.telling.proof.reason}"
    elif not log.sealed and not log.attested:
        lacks[Lacks.VOUCHED] = f"{shown}: nobody vouches that {source} is whole"
    return _partly(lacks)


def _who(log: LogState, known: Institution, family: str) -> _Said:
    missing = [name for name in _WHOSE if name not in log.telling.who]
    signs = [one for one in known.logs if one.telling.of == SIGN_IN and family in one.telling.behind]
    lacks = {}
    if missing and not any(one.read or one.declared for one in signs):
        named = " and no ".join(missing)
        lacks[Lacks.NAMES] = f"{log.telling.source} names no {named}, and no sign-ins are read or declared"
    elif "account" in missing:
        lacks[Lacks.NAMES] = f"{log.telling.source} names no account"
    if not known.names_identities:
        lacks[Lacks.IDENTITIES] = "the estate says of no account whose it is"
    return _partly(lacks)


def _now(known: Institution) -> _Said:
    lacks = {}
    if not known.names_identities:
        lacks[Lacks.IDENTITIES] = "identities"
    if not known.names_functions:
        lacks[Lacks.FUNCTIONS] = "the functions that must not stop"
    if not lacks:
        return _Said(Able.YES, "")
    reason = f"the estate does not say {' and '.join(lacks.values())}: what a cut would stop is not known"
    return _Said(Able.NO if len(lacks) > 1 else Able.PARTLY, reason, tuple(sorted(lacks)))


def _proof(log: LogState) -> _Said:
    proof = log.telling.proof
    if not proof.attestable:
        return _Said(Able.NO, proof.reason, (Lacks.BEST_EFFORT,))
    if log.sealed or log.attested or proof.basis is Basis.SEALED:
        return _Said(Able.YES, "")
    return _Said(Able.PARTLY, proof.reason, (Lacks.VOUCHED,))


def _measures(known: Institution, look_back: int) -> Iterator[Measure]:
    """Greedy: at each step the one by which most can be said of what was compromised, then of everything else."""
    now, taken = known, set[tuple[int, str, str, str]]()
    counts = _counts(known)
    before = _classes(now, look_back, counts)
    while len(taken) < _MOST_MEASURES:
        found = []
        for step in _steps(now, look_back):
            if step.order not in taken:
                then = step.take(now)
                after = _classes(then, look_back, counts)
                found.append((_gain(before, after), step, then, after))
        best = min(found, key=lambda one: (one[0].rank, one[1].order[0], -one[0].others, one[1].order), default=None)
        if best is None or not best[0].answers:
            return
        gain, step, now, before = best
        taken.add(step.order)
        yield Measure(
            kind=step.kind,
            step=step.text,
            source=step.source,
            family=step.family,
            holdings=gain.holdings,
            weight=gain.weight,
            answers=gain.answers,
            citation=step.citation,
        )


class _Gain(NamedTuple):
    """What a measure changes, in weight: what was compromised (`nearer`: or lacks less), and all other answers."""

    weight: int
    nearer: int
    others: int
    holdings: int
    answers: int

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the largest first: what was compromised, then what comes nearer to it."""
        return -self.weight, -self.nearer


def _gain(before: Mapping[ClassKey, ReadyClass], after: Mapping[ClassKey, ReadyClass]) -> _Gain:
    first = others = nearer = holdings = answers = 0
    for key, one in before.items():
        for old, new in zip(one.answers, after[key].answers, strict=True):
            change = _change(old, new)
            if change <= 0:
                continue
            answers += 1
            steps = _ABLE.index(new.able) - _ABLE.index(old.able)
            others += one.weight * steps
            nearer += one.weight * (old.asked is Asked.COMPROMISED)
            first += one.weight * steps * (old.asked is Asked.COMPROMISED)
            holdings += one.holdings * (old.asked is Asked.COMPROMISED)
    return _Gain(first, nearer, others, holdings, answers)


def _change(old: Answerable, new: Answerable) -> int:
    """Above 0 where it is answered better, or lacks less and nothing else; below 0 the other way round."""
    steps = _ABLE.index(new.able) - _ABLE.index(old.able)
    return steps or (set(new.lacks) < set(old.lacks)) - (set(old.lacks) < set(new.lacks))


def _steps(known: Institution, look_back: int) -> Iterator[_Step]:
    families = {thing.family for thing in known.things}
    behind = {log.telling.of for log in known.logs} & families
    for log in known.logs:
        of = log.telling.of
        if of in behind or (of == SIGN_IN and not families.isdisjoint(log.telling.behind)):
            yield from _steps_of(log, look_back)
    if not known.names_identities:
        text = "Say in the estate who each account is (tocsin estate draft proposes it)."
        yield _Step(
            kind=MeasureKind.ESTATE,
            text=text,
            source="",
            family="",
            citation="docs/guides/describe-your-institution.md",
            take=lambda one: replace(one, names_identities=True),
        )
    if not known.names_functions:
        text = "Say in the estate what must not stop, and where it runs (functions.csv, hosts.csv)."
        yield _Step(
            kind=MeasureKind.ESTATE,
            text=text,
            source="",
            family="",
            citation="docs/guides/describe-your-institution.md",
            take=lambda one: replace(one, names_functions=True),
        )


def _steps_of(log: LogState, look_back: int) -> Iterator[_Step]:
    telling, kept = log.telling, log.kept
    source, what = telling.source, kept.product if kept else telling.source
    where = {"source": source, "family": telling.of}

    def changed(**changes: object) -> Callable[[Institution], Institution]:
        return lambda one: replace(one, logs=tuple(_changed(each, log, changes) for each in one.logs))

    if not log.read and not log.declared:
        text = f"Have the log of {what} that is read as {source}, or declare it (products.csv of the estate)."
        yield _Step(kind=MeasureKind.LOG, text=text, citation=telling.citation, take=changed(declared=True), **where)
    if not log.seen:
        text = f"{what}: switch on {telling.needs}, and read a record that shows it."
        yield _Step(kind=MeasureKind.SETTING, text=text, citation=telling.citation, take=changed(seen=True), **where)
    if log.declared and not log.exported:
        text = f"{what}: give the responders {telling.permission}, and try an export now."
        take = changed(exported=True, read=True)
        yield _Step(kind=MeasureKind.PERMISSION, text=text, citation=telling.citation, take=take, **where)
    if kept is not None and not kept.forever and (kept.days is None or kept.days < look_back):
        if kept.longer is not None and kept.longer[0] >= look_back:
            days, tier, citation = kept.longer
            text = f"{what}: the licence {tier} keeps it {days:,} days."
            take = changed(kept=kept._replace(days=days, longer=None))
            yield _Step(kind=MeasureKind.LICENCE, text=text, citation=citation, take=take, **where)
        text = f"{what}: keep it longer. {kept.hold}"
        take = changed(kept=kept._replace(forever=True))
        yield _Step(kind=MeasureKind.RETENTION, text=text, citation=kept.citation, take=take, **where)
    if telling.of != SIGN_IN and telling.sealed_by and not log.sealed:
        text = f"Have {what} sealed, and read what seals it ({telling.sealed_by}) with the log."
        yield _Step(
            kind=MeasureKind.SEAL, text=text, citation=telling.proof.citation, take=changed(sealed=True), **where
        )
    if telling.of != SIGN_IN and telling.proof.attestable and not log.attested:
        text = (
            f"Have the custodian of {what} say in writing, holding by holding, that access is recorded without a break "
            "(attestations.csv of the estate)."
        )
        yield _Step(
            kind=MeasureKind.WORD, text=text, citation=telling.proof.citation, take=changed(attested=True), **where
        )


def _changed(each: LogState, log: LogState, changes: Mapping[str, object]) -> LogState:
    return replace(each, **changes) if each.telling == log.telling else each  # type: ignore[arg-type]


def _moves(known: Institution, moved: Institution, look_back: int) -> Iterator[Moved]:
    """Class by class of those that were moved, as they were and as they would be."""
    pairs: Counter[tuple[ClassKey, ClassKey]] = Counter()
    for old, new in zip(known.things, moved.things, strict=True):
        if old != new:
            pairs[old.key, new.key] += 1
    for (old_key, new_key), count in sorted(pairs.items()):
        before = _class(old_key, count, known, look_back)
        after = _class(new_key, count, moved, look_back)
        change = {old.asked: _change(old, new) for old, new in zip(before.answers, after.answers, strict=True)}
        yield Moved(
            before,
            after,
            tuple(asked for asked in Asked if change[asked] > 0),
            tuple(asked for asked in Asked if change[asked] < 0),
        )
