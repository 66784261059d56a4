"""Answers in; the counts, orders and words that the text and the report both show out. No layout here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tocsin.model.answers import Accounting, Answers, InputAccount, Lack
from tocsin.model.chunk import InputState
from tocsin.model.coverage import WATCHED, CoverageState
from tocsin.model.exposure import Basis, Degree, Exposure, Verdict
from tocsin.model.probing import SPOKEN
from tocsin.model.response import Attribution, Cut
from tocsin.share.cuts import MergedCut

_KINDS = {
    "mailbox": "mailboxes as a whole",
    "mail_item": "mail items",
    "mail_folder": "mail folders",
    "document": "documents",
    "folder": "folders",
    "site": "sites as a whole",
    "object": "stored objects",
    "bucket": "buckets as a whole",
    "secret": "secrets",
    "snapshot": "snapshots",
    "record_set": "record sets",
}

PATTERN = "declared_path"  # one of a pattern of the estate, with all under it
_KINDS[PATTERN] = "declared paths"
ADMINISTRATIVE = "administrative_share"
_KINDS[ADMINISTRATIVE] = "paths on administrative shares (C$, ADMIN$, IPC$)"
_ADMINISTRATIVE_SHARE = re.compile(r"\\\\[^\\]+\\(?:admin|ipc|print|[a-z])\$(?:\\|$)", re.IGNORECASE)

# What a thing of this kind lies in. While such a container is not ruled out, what else lies in it is not known.
_CONTAINERS = {
    "mail_item": ("mailbox", "mail_folder"),
    "mail_folder": ("mailbox",),
    "document": ("site", "folder"),
    "folder": ("site",),
    "object": ("bucket",),
}

DEGREES = {
    Degree.ACCESSED: "accessed",
    Degree.PRESUMED: "presumed read (sync)",
    Degree.OPENED: "opened",
    Degree.DOWNLOADED: "downloaded",
    Degree.SENT_OUT: "sent out",
    Degree.ALTERED: "altered",
    Degree.DESTROYED: "destroyed",
}

BASES = {
    Basis.SEALED: "sealed log",
    Basis.SEQUENCE: "unbroken sequence",
    Basis.ATTESTED: "attested by a custodian",
    Basis.PROVIDERS_WORD: "the provider's word, without proof of completeness",
    Basis.STATISTICAL: "statistical",
    Basis.RECORD: "the log record itself",
    Basis.NONE: "nothing to rest on",
}

COVERAGE_STATES = {
    CoverageState.PROVEN: "watched, proven complete",
    CoverageState.UNPROVEN: "watched, completeness not proven",
    CoverageState.SILENT: "silent",
    CoverageState.GAPPED: "records missing",
    CoverageState.THROTTLED: "recording throttled by the provider",
    CoverageState.TRUNCATED: "cut off",
    CoverageState.EXPIRED: "expired before collection",
    CoverageState.UNPARSED: "not readable",
    CoverageState.CLEARED: "log cleared",
    CoverageState.NOT_COLLECTED: "not collected",
}
LACKS = {
    Lack.LOG: "The log is missing: what these rules look for could be in it",
    Lack.SOURCE: "No format read here holds what these rules look for",
    Lack.FIELD: "The log was read, and no record of it has a field these rules need",
    Lack.EVENT: "The log was read, and holds nothing of the kind",
}

_DEGREE_RANK = {degree: rank for rank, degree in enumerate(Degree)}
_VERDICT_RANK = {Verdict.RULED_OUT: 0, Verdict.UNKNOWN: 1, Verdict.CONFIRMED: 2}


class Bounds(NamedTuple):
    """Distinct holdings of one kind: at least `confirmed`, at most `possible` (confirmed or unknown) compromised.

    ruled_out   those of which no part is confirmed
    open        there is no upper bound: a mailbox, folder, site or all under a pattern is not ruled out, and no list
                says what is in it
    containers  how many mailboxes or sites the confirmed lie in
    degrees     of the confirmed, the furthest of each, as (degree, count), furthest first
    """

    kind: str
    confirmed: int
    possible: int
    ruled_out: int
    open: bool
    containers: int
    degrees: tuple[tuple[Degree, int], ...]


class Books(NamedTuple):
    """All inputs together: `read == stored + sum of rejected`; `rejected` as (reason, count), most first."""

    read: int
    stored: int
    duplicates: int
    rejected: tuple[tuple[str, int], ...]
    states: tuple[tuple[InputState, int], ...]


class Origins(NamedTuple):
    """Of the inputs read as logs, how many have an acquisition record; and what in these records does not agree."""

    logs: int
    attested: int
    told: tuple[str, ...]


class ReasonGroup(NamedTuple):
    """Rules that were not run for one reason; `rules` as their ids, sorted."""

    reason: str
    rules: tuple[str, ...]


def plural_of(kind: str) -> str:
    """`mail items` for `mail_item`; a kind not known here by its own name."""
    return _KINDS.get(kind, kind.replace("_", " "))


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 input`, `3,112 inputs`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def and_more(count: int, singular: str, where: str = "in the report") -> Iterator[str]:
    """The line that says how many more there are than were listed, and where; none where that are all."""
    if count > 0:
        yield f"  ... and {counted(count, singular)} {where}"


def is_provider(exposure: Exposure) -> bool:
    """Whether it is an access by a provider's own service: a class of its own, never counted as the intruder's."""
    return exposure.actor_class.is_apart


def is_ruled_out(exposure: Exposure) -> bool:
    """Whether all of it is ruled out; what is left of a thing of which a part was reached is not counted as that."""
    return exposure.verdict is Verdict.RULED_OUT and not exposure.label


def bounds(exposures: Iterable[Exposure]) -> tuple[Bounds, ...]:
    """[confirmed ; cannot be excluded] for each kind of holding, by the strongest verdict on each; no providers."""
    by_kind: dict[str, list[Exposure]] = {}
    for exposure in strongest(exposures).values():
        by_kind.setdefault(kind_of(exposure), []).append(exposure)
    possible = {kind: [one for one in found if one.verdict is not Verdict.RULED_OUT] for kind, found in by_kind.items()}
    standing = {kind for kind, found in possible.items() if found}
    patterns = {kind for kind, found in possible.items() if any(map(_is_of_many, found))}
    return tuple(
        _bounds_of(kind, by_kind[kind], is_open=kind in patterns or not standing.isdisjoint(_CONTAINERS.get(kind, ())))
        for kind in sorted(by_kind, key=_kind_order)
    )


def _is_of_many(exposure: Exposure) -> bool:
    """Whether it is a pattern of things, and not that of one container with all in it."""
    return exposure.holding.endswith("*") and not plural_of(exposure.kind).endswith(" as a whole")


def strongest(exposures: Iterable[Exposure]) -> dict[tuple[str, str, str], Exposure]:
    """The strongest verdict on each holding, by kind, container and holding; accesses by providers left out."""
    found: dict[tuple[str, str, str], Exposure] = {}
    for exposure in exposures:
        if is_provider(exposure):
            continue
        key = exposure.kind, exposure.container, exposure.holding
        if key not in found or verdict_rank(exposure) > verdict_rank(found[key]):
            found[key] = exposure
    return found


def taken_as_hostile(exposures: Iterable[Exposure]) -> frozenset[str]:
    """Every entity, as `type:id`, that a verdict takes as compromised; most verdicts stand under the same premises."""
    return frozenset(entity for named in {each.premises.compromised for each in exposures} for entity in named)


def kind_of(exposure: Exposure) -> str:
    """The kind it is counted as: what is reached through an administrative share is counted apart from documents."""
    name = exposure.container or exposure.holding
    return ADMINISTRATIVE if _ADMINISTRATIVE_SHARE.match(name) else exposure.kind


def provider_only(exposures: Sequence[Exposure]) -> int:
    """How many holdings a provider's service reached and nobody in question did."""
    reached = {(each.kind, each.container, each.holding) for each in exposures if is_provider(each)}
    judged = {(each.kind, each.container, each.holding) for each in exposures if not is_provider(each)}
    return len(reached - judged)


def verdict_rank(exposure: Exposure) -> tuple[int, int]:
    """Sorts by how much is compromised: verdict, then degree."""
    degree = -1 if exposure.degree is None else _DEGREE_RANK[exposure.degree]
    return _VERDICT_RANK[exposure.verdict], degree


def books(accounting: Accounting) -> Books:
    """The books of all inputs together."""
    rejected: Counter[str] = Counter()
    for account in accounting.inputs:
        for rejection in account.rejected:
            rejected[rejection.reason] += rejection.count
    states = Counter(account.state for account in accounting.inputs)
    return Books(
        read=sum(account.records_read for account in accounting.inputs),
        stored=sum(account.stored for account in accounting.inputs),
        duplicates=sum(account.duplicates for account in accounting.inputs),
        rejected=tuple(sorted(rejected.items(), key=lambda item: (-item[1], item[0]))),
        states=tuple((state, states[state]) for state in InputState),
    )


def origins(accounting: Accounting) -> Origins:
    """Who took the logs, counted; what does not agree once each, in the order of the inputs."""
    logs = [account for account in accounting.inputs if account.records_read and account.source not in SPOKEN]
    told = dict.fromkeys(sentence for account in accounting.inputs for sentence in account.acquisition.told)
    return Origins(len(logs), sum(account.acquisition.attested for account in logs), tuple(told))


def equation(books: Books) -> str:
    """The conservation law in words: `records read 3,114 = stored 3,112 + rejected 2 (not_json 2)`."""
    total = sum(count for _, count in books.rejected)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in books.rejected)
    return f"records read {books.read:,} = stored {books.stored:,} + rejected {total:,}" + (
        f" ({reasons})" if total else ""
    )


def is_incomplete(account: InputAccount) -> bool:
    """Whether an input was not read to the last record; an ignored one (README, empty file) was not meant to be."""
    return account.state in {InputState.PARTIAL, InputState.UNRECOGNISED} or bool(account.rejected)


def grouped(rules: Iterable[tuple[str, str]]) -> tuple[ReasonGroup, ...]:
    """(reason, rule id) pairs as groups, the largest first."""
    by_reason: dict[str, list[str]] = {}
    for reason, rule in rules:
        by_reason.setdefault(reason, []).append(rule)
    groups = (ReasonGroup(reason, tuple(sorted(ids))) for reason, ids in by_reason.items())
    return tuple(sorted(groups, key=lambda group: (-len(group.rules), group.reason)))


def attributions(answers: Answers) -> tuple[Attribution, ...]:
    """In the order of the incidents; those of no incident known last."""
    rank = {incident.id: place for place, incident in enumerate(answers.incidents)}
    return tuple(sorted(answers.attribution, key=lambda each: rank.get(each.incident, len(rank))))


def blind_spots(answers: Answers) -> tuple[tuple[CoverageState, int], ...]:
    """(state, intervals) of every time that was not watched, in the order of the states."""
    found = Counter(interval.state for interval in answers.coverage)
    return tuple((state, found[state]) for state in CoverageState if state not in WATCHED and found[state])


def span(times: Iterable[int | None]) -> tuple[int, int] | None:
    """First and last of the times there are; None without any."""
    known = [time for time in times if time is not None]
    return (min(known), max(known)) if known else None


def cut_words(cut: Cut | MergedCut) -> str:
    """`Revoke sessions: account ada.example@tribunal.example`, to be shown escaped."""
    return f"{cut.action.replace('_', ' ').capitalize()}: {cut.target.type} {cut.target.id}"


def has_items(kind: Bounds) -> bool:
    """Whether things of the kind lie in something else, so that where they lie is worth saying."""
    return kind.kind in _CONTAINERS and kind.confirmed > 0


def container_words(kind: Bounds) -> str:
    """`3 mailboxes`, `1 site`: what the confirmed of the kind lie in."""
    if "mailbox" in _CONTAINERS[kind.kind]:
        return counted(kind.containers, "mailbox", "mailboxes")
    if "bucket" in _CONTAINERS[kind.kind]:
        return counted(kind.containers, "bucket")
    return counted(kind.containers, "site")


def _bounds_of(kind: str, exposures: Sequence[Exposure], *, is_open: bool) -> Bounds:
    verdicts = Counter(exposure.verdict for exposure in exposures)
    degrees = Counter(exposure.degree for exposure in exposures if exposure.degree is not None)
    return Bounds(
        kind=kind,
        confirmed=verdicts[Verdict.CONFIRMED],
        possible=verdicts[Verdict.CONFIRMED] + verdicts[Verdict.UNKNOWN],
        ruled_out=sum(map(is_ruled_out, exposures)),
        open=is_open,
        containers=len({each.container for each in exposures if each.verdict is Verdict.CONFIRMED}),
        degrees=tuple((degree, degrees[degree]) for degree in reversed(Degree) if degrees[degree]),
    )


def _kind_order(kind: str) -> tuple[int, str]:
    known = list(_KINDS)
    return (known.index(kind) if kind in _KINDS else len(known)), kind
