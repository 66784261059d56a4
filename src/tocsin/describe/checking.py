"""An estate held against itself and against what the logs show: faults, overlaps, and how much of them it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tocsin.assess.holdings import HoldingIndex
from tocsin.describe.drafting import Logs
from tocsin.describe.places import place_of
from tocsin.errors import ConfigError
from tocsin.model.describing import Checked, Covered
from tocsin.model.estate import Alias, Estate, Holding
from tocsin.model.identity import canonical_account, canonical_host, is_machine_account
from tocsin.store.estate import judged, rows_in
from tocsin.store.estate_rows import TABLES, Notes, Row, told_line

_LISTED = 10


def checked(folder: Path, logs: Logs | None) -> Checked:
    """Everything that is wrong or odd in the estate of a folder, and what it names of the logs.

    Raises ConfigError where there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder", hint="docs/formats/estate.md describes the folder")
    notes = Notes()
    rows = rows_in(folder, notes)
    estate = judged(rows, notes)
    _check_other_names(estate, rows["aliases"], notes)
    found = Checked(
        rows=tuple((name, len(rows[name])) for name in TABLES if rows[name]),
        faults=tuple(told_line(note) for note in sorted(set(notes.faults))),
        warnings=tuple(told_line(note) for note in sorted(set(notes.warnings))),
    )
    if logs is None:
        return found
    find = _finder(estate)
    names = _other_names(estate, "account")
    known = {*estate.by_account, *(other for other, name in names.items() if name in estate.by_account)}
    short = {host.name.split(".")[0] for host in estate.hosts}
    return Checked(
        rows=found.rows,
        faults=found.faults,
        warnings=found.warnings,
        accesses=_accesses(logs, lambda one: one is not None, find),
        with_matter=_accesses(logs, lambda one: one is not None and bool(one.matter), find),
        accounts=_accounts(logs, known),
        hosts=_covered(
            ((host, len(channels)) for host, channels in logs.hosts.items()),
            lambda host: (canonical_host(host) or "").split(".")[0] in short,
        ),
    )


def _other_names(estate: Estate, *kinds: str) -> dict[str, str]:
    return {alias.other.lower(): alias.name for alias in estate.aliases if alias.kind in kinds}


def _finder(estate: Estate) -> Callable[[str, str], Holding | None]:
    """Which holding covers a thing, by each name it has."""
    index = HoldingIndex(estate.holdings)
    names = _other_names(estate, *(alias.kind for alias in estate.aliases if alias.kind not in ("account", "host")))
    prefixes = sorted((other[:-1] for other in names if other.endswith("*")), key=len, reverse=True)

    def first_name(text: str) -> str:
        if text.lower() in names:
            return names[text.lower()]
        prefix = next((one for one in prefixes if text.lower().startswith(one)), None)
        return text if prefix is None else names[f"{prefix}*"][:-1] + text[len(prefix) :]

    def find(holding: str, container: str) -> Holding | None:
        return index.find(holding, container) or index.find(first_name(holding), first_name(container))

    return find


def _accesses(
    logs: Logs, is_covered: Callable[[Holding | None], bool], find: Callable[[str, str], Holding | None]
) -> Covered:
    missing: Counter[str] = Counter()
    total = covered = 0
    for access in logs.accesses:
        place = place_of(access.kind, access.holding, access.container)
        if place is not None and place.is_system:
            continue
        total += access.times
        if is_covered(find(access.holding, access.container)):
            covered += access.times
        else:
            missing[place.top if place is not None else access.holding] += access.times
    return _counted(total, covered, missing)


def _accounts(logs: Logs, known: Iterable[str]) -> Covered:
    """Of the accounts that are no machine's: one is covered if any of its names is."""
    declared = set(known)
    groups: Counter[str] = Counter()
    for account, seen in logs.accounts.items():
        if not is_machine_account(account):
            groups[logs.identities.canonical(account)] += seen.records
    return _covered(
        groups.items(),
        lambda name: any(
            (canonical_account(form) or "") in declared for form in (name, *logs.identities.all_forms(name))
        ),
    )


def _covered(things: Iterable[tuple[str, int]], is_covered: Callable[[str], bool]) -> Covered:
    """Things are counted once each; the missing come with how often they were seen."""
    missing: Counter[str] = Counter()
    total = covered = 0
    for name, times in things:
        total += 1
        if is_covered(name):
            covered += 1
        else:
            missing[name] = times
    return _counted(total, covered, missing)


def _counted(total: int, covered: int, missing: Mapping[str, int]) -> Covered:
    top = sorted(missing.items(), key=lambda one: (-one[1], one[0]))[:_LISTED]
    return Covered(total=total, covered=covered, missing=tuple(top))


def _check_other_names(estate: Estate, rows: Iterable[Row], notes: Notes) -> None:
    """Warn where two names of one thing are of different matters."""
    index = HoldingIndex(estate.holdings)

    def matter(alias_name: str) -> str:
        found = index.find(alias_name.removesuffix("*"), "")
        return found.matter if found is not None else ""

    for alias, row in zip(estate.aliases, rows, strict=True):
        if _is_of_a_holding(alias) and matter(alias.name) and matter(alias.other) not in ("", matter(alias.name)):
            notes.warn(row, "two names of one holding that are of different matters")


def _is_of_a_holding(alias: Alias) -> bool:
    return alias.kind not in ("account", "host", "group")
