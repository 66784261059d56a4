"""From what acquisition records say and what was read to whether the two agree; where they do not, nothing is whole.

An acquisition speaks of the inputs of its folder, of those below that it names by path, and of the members of an
archive it names. Of several the one in the nearest folder counts. Every doubt becomes a row that forbids a ruling-out.
"""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from tocsin.model.acquisition import SOURCE, Acquisition, AcquisitionRecord, Attested, Extent
from tocsin.model.answers import InputAccount
from tocsin.model.chunk import InputState
from tocsin.model.coverage import STILL_COMING, Coverage, CoverageState
from tocsin.model.instant import DAY, HOUR, format_time

# A filter that begins so leaves nothing out.
_EVERYTHING = re.compile(
    r"(?:none|nothing|no filters?|without (?:a |any )?filters?|\*|-|(?:every|all|any)(?![a-z])"
    r"(?!.*\b(?:but|except\w*|excluding|without|not|no|of|save|other|than)\b).*)[\s.]*$",
    re.IGNORECASE | re.DOTALL,
)
# Parameters of the search of the unified audit log that leave records out, in full or shortened as the shell allows:
# https://learn.microsoft.com/en-us/powershell/module/exchangepowershell/search-unifiedauditlog
_IN_PART = re.compile(
    r"Search-UnifiedAuditLog\b[^|;]*\s-(?:us|op|rec|ob|ip|fr|si)[a-z]*(?:\s|:|$)|\s-UserIds\b|Filters\W+\w",
    re.IGNORECASE | re.DOTALL,
)


class Reconciled(NamedTuple):
    """The inputs with what is attested of them, and the rows that speak against their completeness.

    tied   sources of whose inputs every one is, by its SHA-256, what somebody took: a record that was taken away or
           changed since would show. A number of records shows the first alone
    """

    accounts: tuple[InputAccount, ...]
    coverage: tuple[Coverage, ...]
    tied: frozenset[str] = frozenset()


class Numbered(NamedTuple):
    """The highest record number read of one log."""

    source: str
    host: str
    channel: str
    highest: int


# The place of a record, and of an acquisition in it.
_Key = tuple[int, int]


class _Taken(NamedTuple):
    """One acquisition, the record it stands in, and the inputs it covers, by their place."""

    record: AcquisitionRecord
    acquisition: Acquisition
    inputs: tuple[int, ...]


# A log of which files were taken: its format, and the system they are from as the acquisition says it.
_Log = tuple[str, str]


class _Period(NamedTuple):
    """The time that was asked for of one file, ns UTC, and the record that says so."""

    from_: int
    to: int
    record: str
    log: _Log


class _Held(NamedTuple):
    """The files of one log: from when each holds records, in order, and how far those up to it reach at the latest."""

    firsts: Sequence[int]
    reached: Sequence[int]

    def is_after(self, from_: int, to: int) -> bool:
        """Whether one of them holds records from before `from_` on until after `to`."""
        before = bisect_right(self.firsts, from_)
        return before > 0 and self.reached[before - 1] > to


_NOTHING_HELD = _Held((), ())
_EVER, _NEVER = -(2**63), 2**63 - 1


def reconcile(
    accounts: Sequence[InputAccount],
    records: Sequence[AcquisitionRecord],
    numbered: Iterable[Numbered] = (),
    delays: Mapping[str, int] = MappingProxyType({}),
) -> Reconciled:
    """Compare every acquisition with what was read of its inputs.

    Fewer records read than reported, a named file that is not there, another hash, a lower last record number, a time
    that was not asked for, a record that is damaged: each gives a row. More read than reported is told only. `delays`
    is by source how long records are on their way: what was taken before that may lack them, unless a later taking
    holds that time.
    """
    covered = _covered(accounts, records)
    copies = _copies(accounts)
    highest = tuple(numbered)
    told: dict[int, list[str]] = {}
    attested: dict[int, Attested] = {}
    mismatched: set[int] = set()
    tied: set[int] = set()
    rows: list[Coverage] = []
    inside = _inside(accounts, records)
    held = _held(accounts, covered)
    for taken in covered:
        acquisition = taken.acquisition
        counted = sum(accounts[place].records_read for place in taken.inputs)
        sources = _sources(accounts, taken)
        doubts = [
            *_count_doubts(taken, counted, sum(copies[place] for place in taken.inputs)),
            *_missing_doubts(inside[_folder(taken.record.path)], taken),
            *_number_doubts(acquisition, sources, highest),
            *_time_doubts(accounts, taken),
            *_filter_doubts(taken),
        ]
        if not doubts and not acquisition.own_word:
            tied |= _hashed(accounts, taken)
        for place, sentence in _hash_doubts(accounts, taken):
            mismatched.add(place)
            told.setdefault(place, []).append(sentence)
            rows.append(_row(accounts[place].source, CoverageState.UNPROVEN, sentence))
        rows += (_row(source, state, sentence) for state, sentence in doubts for source in sources)
        rows += _on_their_way(taken, sources, delays, held)
        more = _more(taken, counted, sum(copies[place] for place in taken.inputs))
        for place in taken.inputs:
            told.setdefault(place, []).extend((*(sentence for _, sentence in doubts), *more))
            attested[place] = _attested(taken, counted)
    rows += _not_asked_for(accounts, covered)
    rows += _damage(accounts, records)
    return Reconciled(
        tuple(
            _account(account, attested.get(place, account.acquisition), told.get(place, []), place in mismatched)
            for place, account in enumerate(accounts)
        ),
        tuple(dict.fromkeys(rows)),
        _whole_sources(accounts, tied - mismatched),
    )


def _hashed(accounts: Sequence[InputAccount], taken: _Taken) -> set[int]:
    """The inputs of an acquisition of which it gives the SHA-256."""
    folder = _folder(taken.record.path)
    hashed = {folder + name for name, digest in taken.acquisition.files if digest}
    return {place for place in taken.inputs if accounts[place].path in hashed}


def _whole_sources(accounts: Sequence[InputAccount], tied: set[int]) -> frozenset[str]:
    sources = {account.source for account in accounts if account.records_read}
    loose = {account.source for place, account in enumerate(accounts) if account.records_read and place not in tied}
    return frozenset(sources - loose)


def _account(account: InputAccount, attested: Attested, told: Sequence[str], mismatched: bool) -> InputAccount:
    found = replace(account, acquisition=replace(attested, told=tuple(dict.fromkeys(told))))
    if not mismatched:
        return found
    state = InputState.PARTIAL if account.state is InputState.READ else account.state
    reason = "the file is not the one that was acquired: its SHA-256 is another"
    return replace(found, state=state, reason=f"{account.reason}; {reason}" if account.reason else reason)


def _attested(taken: _Taken, counted: int) -> Attested:
    one = taken.acquisition
    return Attested(
        attested=not one.own_word,
        own_word=one.own_word,
        file=taken.record.path,
        by=one.by,
        when=one.when,
        system=one.system,
        tool=one.tool,
        command=one.command,
        account=one.account,
        filter=one.filter,
        extent=one.extent,
        from_=one.from_,
        to=one.to,
        reported_count=one.reported_count,
        counted=counted,
    )


def _covered(accounts: Sequence[InputAccount], records: Sequence[AcquisitionRecord]) -> tuple[_Taken, ...]:
    inputs: dict[_Key, list[int]] = {
        (number, which): [] for number, record in enumerate(records) for which in range(len(record.acquisitions))
    }
    spoken: dict[str, list[tuple[_Key, Acquisition]]] = {}
    for number, record in enumerate(records):
        for which, acquisition in enumerate(record.acquisitions):
            spoken.setdefault(_folder(record.path), []).append(((number, which), acquisition))
    for place, account in enumerate(accounts):
        if account.source != SOURCE:
            for key in _nearest(account.path, spoken):
                inputs[key].append(place)
    return tuple(
        _Taken(records[number], records[number].acquisitions[which], tuple(found))
        for (number, which), found in inputs.items()
    )


def _inside(accounts: Sequence[InputAccount], records: Sequence[AcquisitionRecord]) -> dict[str, list[str]]:
    """Of each folder with a record, the paths of the inputs in it, from the folder on."""
    found: dict[str, list[str]] = {_folder(record.path): [] for record in records}
    for account in accounts:
        for folder in _folders(account.path):
            if folder in found:
                found[folder].append(account.path[len(folder) :])
    return found


def _nearest(path: str, spoken: Mapping[str, Sequence[tuple[_Key, Acquisition]]]) -> list[_Key]:
    """The acquisitions that speak of the input: of the nearest folder, those that name it, else those that name none.

    A record that was changed between two runs speaks twice: neither takes the other's place.
    """
    for folder in _folders(path):
        here, below = spoken.get(folder, ()), path[len(folder) :]
        naming = [key for key, one in here if any(_fits(below, name) for name, _ in one.files)]
        speaking = {number for number, _ in naming}
        is_beside = "/" not in below.split("!")[0]
        silent = [key for key, one in here if not one.files and is_beside and key[0] not in speaking]
        if naming or silent:
            return naming + silent
    return []


def _folder(path: str) -> str:
    """Everything of a path up to its name: `logs/`, `logs/a.zip!`, or nothing."""
    return path[: max(path.rfind("/"), path.rfind("!")) + 1]


def _folders(path: str) -> Iterator[str]:
    """The folders and archives a path lies in, the nearest first; the one a relative path starts from last."""
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder[:-1])
    if not path.startswith(("/", "../")):
        yield ""


def _fits(below: str, name: str) -> bool:
    """Whether a name or pattern fits an input, or the archive the input is a member of."""
    return any(fnmatch.fnmatchcase(text, name) or text == name for text in (below, *_outer(below))) and (
        "/" in name or "/" not in below.split("!")[0]
    )


def _outer(below: str) -> Iterator[str]:
    while "!" in below:
        below = below.rpartition("!")[0]
        yield below


def _copies(accounts: Sequence[InputAccount]) -> list[int]:
    """Second copies in each input; those of a file read before, in another place, are the first one's."""
    first: dict[str, int] = {}
    for account in accounts:
        if account.sha256:
            first.setdefault(account.sha256, account.duplicates)
    return [first.get(account.sha256, account.duplicates) for account in accounts]


def _sources(accounts: Sequence[InputAccount], taken: _Taken) -> tuple[str, ...]:
    """The log formats an acquisition is of; one that is not known could be any."""
    found = {accounts[place].source for place in taken.inputs if accounts[place].records_read}
    if taken.acquisition.source:
        found.add(taken.acquisition.source)
    return tuple(sorted(found)) or ("",)


def _count_doubts(taken: _Taken, counted: int, copies: int) -> list[tuple[CoverageState, str]]:
    reported = taken.acquisition.reported_count
    if reported is None or counted - copies >= reported:
        return []
    what = f"{taken.record.path} reports {_records(reported)}"
    if not counted:
        return [(CoverageState.NOT_COLLECTED, f"{what}, and none was read")]
    if counted < reported:
        return [(CoverageState.TRUNCATED, f"{what}, {counted:,} were read: {_records(reported - counted)} missing")]
    return [
        (
            CoverageState.UNPROVEN,
            f"{what}, {counted:,} were read, of which {copies:,} are second copies: up to"
            f" {_records(reported - counted + copies)} may be missing",
        )
    ]


def _more(taken: _Taken, counted: int, copies: int) -> list[str]:
    reported = taken.acquisition.reported_count
    if reported is None or counted - copies <= reported:
        return []
    over = counted - copies - reported
    return [f"{taken.record.path} reports {_records(reported)}, {counted:,} were read: {over:,} more than reported"]


def _missing_doubts(inside: Sequence[str], taken: _Taken) -> list[tuple[CoverageState, str]]:
    missing = [name for name, _ in taken.acquisition.files if not any(_fits(below, name) for below in inside)]
    if missing:
        names = ", ".join(missing[:5]) + (f" and {len(missing) - 5:,} more" if len(missing) > 5 else "")
        return [(CoverageState.NOT_COLLECTED, f"{taken.record.path} names {names}: not among the inputs")]
    if not taken.inputs:
        return [(CoverageState.NOT_COLLECTED, f"{taken.record.path} has an acquisition of no input: name its files")]
    return []


def _hash_doubts(accounts: Sequence[InputAccount], taken: _Taken) -> Iterable[tuple[int, str]]:
    folder = _folder(taken.record.path)
    declared: Mapping[str, str] = {folder + name: digest for name, digest in taken.acquisition.files if digest}
    for place, account in enumerate(accounts if declared else ()):
        expected = declared.get(account.path)
        if expected is not None and account.sha256 != expected:
            yield place, f"{account.path} has another SHA-256 than {taken.record.path} says: it was changed since"


def _time_doubts(accounts: Sequence[InputAccount], taken: _Taken) -> list[tuple[CoverageState, str]]:
    """What was taken holds nothing later; a day is left for zones and for a time that is given as a date."""
    when = taken.acquisition.when
    last = max((one for place in taken.inputs if (one := accounts[place].last) is not None), default=None)
    if when is None or last is None or last <= when + DAY:
        return []
    said = f"{taken.record.path} says that the files were taken at {format_time(when)}"
    return [(CoverageState.UNPROVEN, f"{said}, and a record in them is of {format_time(last)}")]


def _held(accounts: Sequence[InputAccount], covered: Iterable[_Taken]) -> dict[_Log, _Held]:
    """By log from when to when each of its files holds records that had come by its taking."""
    spans: dict[_Log, list[tuple[int, int]]] = {}
    for taken in covered:
        for place in () if taken.acquisition.own_word else taken.inputs:
            one = accounts[place]
            if one.first is not None and one.last is not None:
                span = one.first, min(one.last, taken.acquisition.when)
                spans.setdefault(_log(one.source, taken), []).append(span)
    held = {}
    for log, its in spans.items():
        its.sort()
        held[log] = _Held([first for first, _ in its], list(accumulate((last for _, last in its), max)))
    return held


def _log(source: str, taken: _Taken) -> _Log:
    return source, taken.acquisition.system.strip().casefold()


def _on_their_way(
    taken: _Taken, sources: Iterable[str], delays: Mapping[str, int], held: Mapping[_Log, _Held]
) -> Iterator[Coverage]:
    """A row for the time before the taking, but where a file that was taken later from the same holds all of it."""
    when = taken.acquisition.when
    for source in sources:
        if source in delays and not held.get(_log(source, taken), _NOTHING_HELD).is_after(when - delays[source], when):
            late = f"records of the {delays[source] // HOUR} hours before {STILL_COMING}"
            evidence = f"taken at {format_time(when)}: {late}"
            yield replace(_row(source, CoverageState.UNPROVEN, evidence), from_=when - delays[source], to=when)


def _not_asked_for(accounts: Sequence[InputAccount], covered: Sequence[_Taken]) -> Iterator[Coverage]:
    """The times of each log that none of its files was asked for; a taking that names no time was asked for all.

    Of a file of which several records speak, only what all of them say counts.
    """
    asked: dict[int, _Period] = {}
    for taken in covered:
        one = taken.acquisition
        from_, to = _EVER if one.from_ is None else one.from_, _NEVER if one.to is None else one.to
        for place in () if one.own_word else taken.inputs:
            known = asked.get(place, _Period(_EVER, _NEVER, taken.record.path, _log(accounts[place].source, taken)))
            asked[place] = known._replace(from_=max(known.from_, from_), to=min(known.to, to))
    of_log: dict[_Log, list[_Period]] = {}
    for place, period in asked.items():
        if accounts[place].records_read:
            of_log.setdefault(period.log, []).append(period)
    for (source, _), periods in sorted(of_log.items()):
        reached, record = _EVER, min(period.record for period in periods)
        for period in (
            *sorted(one for one in periods if one.from_ < one.to),
            _Period(_NEVER, _NEVER, record, ("", "")),
        ):
            if period.from_ > reached:
                begins = None if reached == _EVER else reached
                ends = None if period.from_ == _NEVER else period.from_
                between = f"{_moment(begins, 'the beginning')} to {_moment(ends, 'the end')}"
                evidence = f"{period.record} says that nothing of {between} was asked for"
                yield replace(_row(source, CoverageState.UNPROVEN, evidence), from_=begins, to=ends)
            reached = max(reached, period.to)


def _moment(time: int | None, otherwise: str) -> str:
    return otherwise if time is None else format_time(time)


def _filter_doubts(taken: _Taken) -> list[tuple[CoverageState, str]]:
    """What was taken in part: by the filter as it is written, or by what is known of the command."""
    one = taken.acquisition
    asked = f"{taken.record.path} says that not everything was taken"
    if one.extent is Extent.PART:
        return [(CoverageState.UNPROVEN, f"{asked}: extent is part")]
    if one.filter and not _EVERYTHING.match(one.filter.strip()):
        return [(CoverageState.UNPROVEN, f"{asked}: {one.filter}")]
    return [(CoverageState.UNPROVEN, f"{asked}: {one.command}")] if _IN_PART.search(one.command) else []


def _number_doubts(
    acquisition: Acquisition, sources: tuple[str, ...], numbered: Sequence[Numbered]
) -> Iterable[tuple[CoverageState, str]]:
    for channel, last in acquisition.last_record_numbers:
        found = [
            one.highest
            for one in numbered
            if one.channel.casefold() == channel.casefold()
            and (one.source in sources or sources == ("",))
            and _is_host(one.host, acquisition.system)
        ]
        where = f"{channel} of {acquisition.system}" if acquisition.system else channel
        if not found:
            yield (
                CoverageState.NOT_COLLECTED,
                f"{where} had the record number {last:,} when it was taken, and no numbered record of it was read",
            )
        elif max(found) < last:
            yield (
                CoverageState.TRUNCATED,
                f"{where} had the record number {last:,} when it was taken, the last read is {max(found):,}:"
                f" {_records(last - max(found))} missing at its end",
            )


def _is_host(host: str, system: str) -> bool:
    """Whether the host of a log is the system named, by its full or short name; a system of two words names none."""
    if not system or " " in system.strip():
        return True
    names = host.casefold(), system.casefold().strip()
    return names[0] == names[1] or names[0].split(".")[0] == names[1].split(".")[0]


def _damage(accounts: Sequence[InputAccount], records: Sequence[AcquisitionRecord]) -> Iterable[Coverage]:
    """A damaged record may have held the count that would not agree."""
    for record in records:
        if record.faults:
            folder = _folder(record.path)
            sources = {
                account.source for account in accounts if account.records_read and folder in _folders(account.path)
            }
            for source in sorted(sources) or [""]:
                sentence = f"{record.path} is damaged, so that counts cannot be compared: {record.faults[0]}"
                yield _row(source, CoverageState.UNPROVEN, sentence)


def _row(source: str, state: CoverageState, sentence: str) -> Coverage:
    """Against completeness, at any time: which records are missing is not known."""
    return Coverage(source=source, host="", channel="", from_=None, to=None, state=state, evidence=sentence)


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"
