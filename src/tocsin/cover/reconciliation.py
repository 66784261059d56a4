"""From what acquisition records say and what was read to whether the two agree; where they do not, nothing is whole.

An acquisition speaks of the inputs of its folder, of those below that it names by path, and of the members of an
archive it names. Of several the one in the nearest folder counts. Every doubt becomes a row that forbids a ruling-out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from tocsin.cover.taken_times import held_times, later_than_taken, not_asked_for, on_their_way
from tocsin.cover.takings import Taken, doubt, fits, folder_of, folders_of, hashed, paths_inside, takings
from tocsin.model.acquisition import Acquisition, AcquisitionRecord, Attested, Extent
from tocsin.model.answers import InputAccount
from tocsin.model.chunk import InputState
from tocsin.model.coverage import Coverage, CoverageState

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
    covered = takings(accounts, records)
    copies = _copies(accounts)
    highest = tuple(numbered)
    told: dict[int, list[str]] = {}
    attested: dict[int, Attested] = {}
    mismatched: set[int] = set()
    tied: set[int] = set()
    rows: list[Coverage] = []
    inside = paths_inside(accounts, records)
    held = held_times(accounts, covered)
    for taken in covered:
        acquisition = taken.acquisition
        counted = sum(accounts[place].records_read for place in taken.inputs)
        sources = _sources(accounts, taken)
        doubts = [
            *_count_doubts(taken, counted, sum(copies[place] for place in taken.inputs)),
            *_missing_doubts(inside[folder_of(taken.record.path)], taken),
            *_number_doubts(acquisition, sources, highest),
            *later_than_taken(accounts, taken),
            *_filter_doubts(taken),
        ]
        if not doubts and not acquisition.own_word:
            tied |= hashed(accounts, taken)
        for place, sentence in _hash_doubts(accounts, taken):
            mismatched.add(place)
            told.setdefault(place, []).append(sentence)
            rows.append(doubt(accounts[place].source, CoverageState.UNPROVEN, sentence))
        rows += (doubt(source, state, sentence) for state, sentence in doubts for source in sources)
        rows += on_their_way(taken, sources, delays, held)
        more = _more(taken, counted, sum(copies[place] for place in taken.inputs))
        for place in taken.inputs:
            told.setdefault(place, []).extend((*(sentence for _, sentence in doubts), *more))
            attested[place] = _together(attested.get(place), _attested(taken, counted))
    rows += not_asked_for(accounts, covered)
    rows += _damage(accounts, records)
    return Reconciled(
        tuple(
            _account(account, attested.get(place, account.acquisition), told.get(place, []), place in mismatched)
            for place, account in enumerate(accounts)
        ),
        tuple(dict.fromkeys(rows)),
        _whole_sources(accounts, tied - mismatched),
    )


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


def _together(before: Attested | None, one: Attested) -> Attested:
    """What several acquisitions of one input say was asked for: no more than all of them do."""
    if before is None or before.own_word or one.own_word:
        return one
    both = before.extent, one.extent
    times = [(each.from_, each.to) for each in (before, one) if each.from_ is not None and each.to is not None]
    return replace(
        one,
        extent=Extent.PART if Extent.PART in both else one.extent if before.extent is one.extent else None,
        from_=max(from_ for from_, _ in times) if len(times) > 1 else None,
        to=min(to for _, to in times) if len(times) > 1 else None,
    )


def _attested(taken: Taken, counted: int) -> Attested:
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


def _copies(accounts: Sequence[InputAccount]) -> list[int]:
    """Second copies in each input; those of a file read before, in another place, are the first one's."""
    first: dict[str, int] = {}
    for account in accounts:
        if account.sha256:
            first.setdefault(account.sha256, account.duplicates)
    return [first.get(account.sha256, account.duplicates) for account in accounts]


def _sources(accounts: Sequence[InputAccount], taken: Taken) -> tuple[str, ...]:
    """The log formats an acquisition is of; one that is not known could be any."""
    found = {accounts[place].source for place in taken.inputs if accounts[place].records_read}
    if taken.acquisition.source:
        found.add(taken.acquisition.source)
    return tuple(sorted(found)) or ("",)


def _count_doubts(taken: Taken, counted: int, copies: int) -> list[tuple[CoverageState, str]]:
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


def _more(taken: Taken, counted: int, copies: int) -> list[str]:
    reported = taken.acquisition.reported_count
    if reported is None or counted - copies <= reported:
        return []
    over = counted - copies - reported
    return [f"{taken.record.path} reports {_records(reported)}, {counted:,} were read: {over:,} more than reported"]


def _missing_doubts(inside: Sequence[str], taken: Taken) -> list[tuple[CoverageState, str]]:
    missing = [name for name, _ in taken.acquisition.files if not any(fits(below, name) for below in inside)]
    if missing:
        names = ", ".join(missing[:5]) + (f" and {len(missing) - 5:,} more" if len(missing) > 5 else "")
        return [(CoverageState.NOT_COLLECTED, f"{taken.record.path} names {names}: not among the inputs")]
    if not taken.inputs:
        return [(CoverageState.NOT_COLLECTED, f"{taken.record.path} has an acquisition of no input: name its files")]
    return []


def _hash_doubts(accounts: Sequence[InputAccount], taken: Taken) -> Iterable[tuple[int, str]]:
    folder = folder_of(taken.record.path)
    declared: Mapping[str, str] = {folder + name: digest for name, digest in taken.acquisition.files if digest}
    for place, account in enumerate(accounts if declared else ()):
        expected = declared.get(account.path)
        if expected is not None and account.sha256 != expected:
            yield place, f"{account.path} has another SHA-256 than {taken.record.path} says: it was changed since"


def _filter_doubts(taken: Taken) -> list[tuple[CoverageState, str]]:
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
            folder = folder_of(record.path)
            sources = {
                account.source for account in accounts if account.records_read and folder in folders_of(account.path)
            }
            for source in sorted(sources) or [""]:
                sentence = f"{record.path} is damaged, so that counts cannot be compared: {record.faults[0]}"
                yield doubt(source, CoverageState.UNPROVEN, sentence)


def _records(count: int) -> str:
    return f"{count:,} record" if count == 1 else f"{count:,} records"
