"""Unknown verdicts in; what stands in their way, with the step that removes it and the order to take the steps in, out.

A holding is freed when every step in its way is taken, so steps are ordered by how many holdings each group of steps
frees for its size: greedy, and so not always the best order, but never one that counts a holding twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.assess import obstacles
from tocsin.assess.holdings import family, matches
from tocsin.assess.steps import LOG_WANTED, STEPS, STREAM_STEPS, during, log_name
from tocsin.model.causes import Cause, CauseKind
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Exposure, Verdict

_BY_SENTENCE = {
    obstacles.NEAR: CauseKind.OTHER_USE,
    obstacles.OTHER_NAME: CauseKind.OTHER_NAME,
    obstacles.UNNAMED: CauseKind.UNNAMED,
    obstacles.NOT_ITEMISED: CauseKind.NOT_ITEMISED,
    obstacles.IN_A_WHOLE: CauseKind.NOT_ITEMISED,
    obstacles.UNTIMED: CauseKind.UNTIMED,
    obstacles.ADMINISTRATOR: CauseKind.ADMINISTRATOR,
    obstacles.ACCOUNTS_NOT_KNOWN: CauseKind.ACCOUNTS_NOT_KNOWN,
    obstacles.NOT_DECLARED: CauseKind.NOT_DECLARED,
    obstacles.ROLE_NOT_TOLD: CauseKind.ROLE_NOT_TOLD,
    obstacles.HOST: CauseKind.HOST,
    obstacles.STANDING_CHANGE: CauseKind.STANDING_CHANGE,
    obstacles.NOT_PLAINLY: CauseKind.NOT_PLAIN,
    obstacles.NOT_BY_ONE_NAME: CauseKind.NOT_PLAIN,
    obstacles.MISTAKEN: CauseKind.NOT_PLAIN,
    obstacles.NAMED_THERE: CauseKind.NOT_PLAIN,
    obstacles.LEFT_OUT: CauseKind.NOT_PLAIN,
    obstacles.NOT_KEPT: CauseKind.NOT_PLAIN,
    obstacles.IN_ANY: CauseKind.STRANGER,
    obstacles.BY_STRANGERS: CauseKind.STRANGER,
    obstacles.CHANGED: CauseKind.CHANGED,
    obstacles.NOT_ONE_OWNERS: CauseKind.NOT_ONE_OWNERS,
    obstacles.MAY_ADMINISTER: CauseKind.ADMINISTRATOR,
    obstacles.NOT_ALL_TAKEN: CauseKind.NOT_ALL_TAKEN,
    obstacles.NOT_ALL_RECORDED: CauseKind.NOT_ALL_RECORDED,
    obstacles.NO_CUSTODIAN: CauseKind.NO_CUSTODIAN,
}
# Of kinds that several sentences stand for.
_IN_ONE = {
    CauseKind.NOT_ITEMISED: "it, or a folder or container it may lie in, was accessed as a whole in a way that names "
    "no items",
    CauseKind.STRANGER: "somebody is recorded in it, or in a mailbox that is not told, whom the estate does not "
    "declare as another person",
    CauseKind.NOT_PLAIN: "it, or something that was done by an account in question, does not stand in the log by one "
    "address and one id",
}
_WITHOUT_STEP = frozenset((CauseKind.NOT_ATTESTABLE, CauseKind.OTHER))
_BLOCKING = {state: f"{state.replace('_', ' ')}: " for state in CoverageState if state is not CoverageState.PROVEN}


class _Key(NamedTuple):
    """What makes two obstacles one; sorts."""

    kind: CauseKind
    source: str
    host: str
    channel: str
    from_: int
    to: int
    about: str


class _Holding(NamedTuple):
    kind: str
    container: str
    holding: str


def conclude(
    exposures: Iterable[Exposure],
    coverage: Sequence[Coverage],
    *,
    not_attestable: Collection[str] = (),
) -> tuple[Cause, ...]:
    """Every cause with its counts: those with a step first, in the order to take them; the others last.

    not_attestable  sources that nobody's word makes complete
    """
    found = _Reading(coverage, frozenset(not_attestable))
    causes: dict[_Holding, frozenset[_Key]] = {}
    matters: dict[_Holding, str] = {}
    confirmed: set[_Holding] = set()
    for each in exposures:
        holding = _Holding(each.kind, each.container, each.holding)
        if each.actor_class.is_apart:
            continue
        if each.verdict is Verdict.CONFIRMED:
            confirmed.add(holding)
        if each.verdict is Verdict.UNKNOWN:
            known = causes.get(holding)
            causes[holding] = found.causes_of(each) if known is None else known | found.causes_of(each)
            matters[holding] = each.matter
    unknown = Counter((keys, matters[holding]) for holding, keys in causes.items() if holding not in confirmed)
    return _ordered(unknown, found.sentences)


class _Reading:
    """The reasons of one verdict read back as causes; `sentences` says each in words and what to do."""

    def __init__(self, coverage: Sequence[Coverage], not_attestable: frozenset[str]) -> None:
        self.sentences: dict[_Key, tuple[str, str]] = {}
        self._unvouched: dict[tuple[tuple[str, ...], int | None], tuple[_Key, ...]] = {}
        self._coverage = coverage
        self._not_attestable = not_attestable
        self._are_scoped = any(row.scope for row in coverage if row.state in _BLOCKING)
        self._known: dict[tuple[object, ...], frozenset[_Key]] = {}
        self._proven = {row.evidence for row in coverage if row.state is CoverageState.PROVEN}

    def causes_of(self, each: Exposure) -> frozenset[_Key]:
        """Every cause among the reasons; a reason that is no obstacle is none, one not known here is `other`.

        Read once for all holdings of which the same is said: of one holding alone speak only rows with a scope.
        """
        of = each.holding if self._are_scoped else family(each.kind, each.holding)
        alike = each.reasons, each.premises.channels, each.premises.earliest, each.kind, of
        if alike not in self._known:
            self._known[alike] = frozenset(key for reason in each.reasons for key in self._causes(each, reason))
        return self._known[alike]

    def _causes(self, each: Exposure, reason: str) -> Iterator[_Key]:
        bare = reason[reason.find(obstacles.NO_ACCESS) :] if obstacles.NO_ACCESS in reason else reason
        is_no_obstacle = bare == f"{obstacles.NO_ACCESS} recorded" or bare.startswith(obstacles.NO_ACCESS_FROM)
        if reason in self._proven or is_no_obstacle or reason.endswith("could not reach it"):
            return
        if bare == obstacles.NONE_RECORDED:
            yield self._told(_key(CauseKind.OTHER, about=bare), bare, "")
        elif reason in _BY_SENTENCE:
            kind = _BY_SENTENCE[reason]
            yield self._told(_key(kind), _IN_ONE.get(kind, reason), STEPS[kind])
        elif reason == obstacles.NO_LOG:
            where = family(each.kind, each.holding)
            yield self._told(_key(CauseKind.LOG_MISSING, about=where), f"{reason} ({where})", LOG_WANTED[where])
        elif bare.startswith(obstacles.NO_RECORD):
            source = bare.removeprefix(obstacles.NO_RECORD).split()[0]
            step = f"Collect the log read as {source} of the time asked of{_asked(each)}, from wherever it is kept."
            yield self._told(_key(CauseKind.NOT_COLLECTED, source=source), bare, step)
        elif bare.endswith(obstacles.NO_PROOF):
            yield from self._unproven(each)
        else:
            yield from self._blocked(each, reason)

    def _unproven(self, each: Exposure) -> tuple[_Key, ...]:
        """Said once for all verdicts that stand under the same channels and start: it is the reason of most."""
        under = each.premises.channels, each.premises.earliest
        if under not in self._unvouched:
            self._unvouched[under] = tuple(self._unvouched_of(each))
        return self._unvouched[under]

    def _unvouched_of(self, each: Exposure) -> Iterator[_Key]:
        for source in each.premises.channels:
            if source in self._not_attestable:
                obstacle = f"no access recorded, and {source} cannot hold every access: nobody's word makes it complete"
                yield self._told(_key(CauseKind.NOT_ATTESTABLE, source=source), obstacle, "")
            else:
                obstacle = f"no access recorded, and nobody vouches that {source} is complete"
                step = (
                    f"Ask the custodian of {source} to say in writing that access was recorded without a break"
                    f"{_asked(each)}: the audit settings and licences, checked holding by holding, and any bypass (one "
                    "row each in attestations.csv of the estate, with recorded: everything or part). Obtain an "
                    "acquisition record of the export with it (extent: everything or part, from and to)."
                )
                yield self._told(_key(CauseKind.NOT_ATTESTED, source=source), obstacle, step)

    def _blocked(self, each: Exposure, reason: str) -> Iterator[_Key]:
        """One cause for each stretch of a log that speaks against completeness; a reason not known as itself."""
        state = next((state for state, lead in _BLOCKING.items() if reason.startswith(lead)), None)
        rows = [row for row in self._coverage if row.state is state and _concerns(row, each)] if state else []
        if state is None or not rows:
            yield self._told(_key(CauseKind.OTHER, about=reason), reason, "")
            return
        kind = CauseKind.NOT_ATTESTED if state is CoverageState.UNPROVEN else CauseKind(state.value)
        for row in rows:
            key = _Key(kind, row.source, row.host, row.channel, row.from_ or 0, row.to or 0, row.scope)
            step = STREAM_STEPS[kind].format(log=log_name(row), during=during(row.from_, row.to))
            yield self._told(key, f"{log_name(row)}: {row.evidence}", step)

    def _told(self, key: _Key, obstacle: str, step: str) -> _Key:
        self.sentences.setdefault(key, (obstacle, step))
        return key


def _key(kind: CauseKind, *, source: str = "", about: str = "") -> _Key:
    return _Key(kind, source, "", "", 0, 0, about)


def _asked(each: Exposure) -> str:
    return during(each.premises.earliest, None)


def _concerns(row: Coverage, each: Exposure) -> bool:
    if row.source and row.source not in each.premises.channels:
        return False
    return not row.scope or matches(row.scope, each.holding) or matches(each.holding, row.scope)


def _ordered(
    unknown: Mapping[tuple[frozenset[_Key], str], int], sentences: Mapping[_Key, tuple[str, str]]
) -> tuple[Cause, ...]:
    """Causes with counts, in the order to take their steps. `unknown`: how many holdings by causes and matter."""
    counts: Counter[_Key] = Counter()
    ways: Counter[frozenset[_Key]] = Counter()
    of_matter: dict[_Key, set[str]] = defaultdict(set)
    for (keys, matter), count in unknown.items():
        ways[frozenset(filter(_is_removable, keys))] += count
        for key in keys:
            counts[key] += count
            of_matter[key].update(filter(None, [matter]))
    alone = Counter({key: count for keys, count in ways.items() if len(keys) == 1 for key in keys})
    steps = [*_steps(ways, counts)]
    rest = sorted((key for key in counts if not _is_removable(key)), key=lambda key: (-counts[key], key))
    return tuple(
        Cause(
            kind=key.kind,
            obstacle=sentences[key][0],
            step=sentences[key][1],
            source=key.source,
            host=key.host,
            channel=key.channel,
            from_=key.from_ or None,
            to=key.to or None,
            holdings=counts[key],
            alone=alone[key],
            resolves=resolves,
            matters=tuple(sorted(of_matter[key])),
        )
        for key, resolves in [*steps, *((key, 0) for key in rest)]
    )


def _steps(ways: Mapping[frozenset[_Key], int], counts: Mapping[_Key, int]) -> Iterator[tuple[_Key, int]]:
    """(step, holdings it frees) in the order to take them: always the steps that free most holdings for each step."""
    left = {keys: count for keys, count in ways.items() if keys}
    while left:
        chosen = min(left, key=lambda keys: (-left[keys] / len(keys), len(keys), sorted(keys)))
        for key in sorted(chosen, key=lambda key: (-counts[key], key)):
            reduced: Counter[frozenset[_Key]] = Counter()
            for keys, count in left.items():
                reduced[keys - {key}] += count
            freed = reduced.pop(frozenset(), 0)
            left = dict(reduced)
            yield key, freed


def _is_removable(key: _Key) -> bool:
    return key.kind not in _WITHOUT_STEP
