"""From acquisition records and the inputs to which inputs each acquisition speaks of, by the paths it names."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.model.acquisition import SOURCE, Acquisition, AcquisitionRecord
from tocsin.model.answers import InputAccount
from tocsin.model.coverage import Coverage, CoverageState

# The place of a record, and of an acquisition in it.
_Key = tuple[int, int]


class Taken(NamedTuple):
    """One acquisition, the record it stands in, and the inputs it covers, by their place."""

    record: AcquisitionRecord
    acquisition: Acquisition
    inputs: tuple[int, ...]


def takings(accounts: Sequence[InputAccount], records: Sequence[AcquisitionRecord]) -> tuple[Taken, ...]:
    """Every acquisition of the records, in their order, with the inputs it covers; one may have several or none."""
    inputs: dict[_Key, list[int]] = {
        (number, which): [] for number, record in enumerate(records) for which in range(len(record.acquisitions))
    }
    spoken: dict[str, list[tuple[_Key, Acquisition]]] = {}
    for number, record in enumerate(records):
        for which, acquisition in enumerate(record.acquisitions):
            spoken.setdefault(folder_of(record.path), []).append(((number, which), acquisition))
    for place, account in enumerate(accounts):
        if account.source != SOURCE:
            for key in _nearest(account.path, spoken):
                inputs[key].append(place)
    return tuple(
        Taken(records[number], records[number].acquisitions[which], tuple(found))
        for (number, which), found in inputs.items()
    )


def paths_inside(accounts: Sequence[InputAccount], records: Sequence[AcquisitionRecord]) -> dict[str, list[str]]:
    """Of each folder with a record, the paths of the inputs in it, from the folder on."""
    found: dict[str, list[str]] = {folder_of(record.path): [] for record in records}
    for account in accounts:
        for folder in folders_of(account.path):
            if folder in found:
                found[folder].append(account.path[len(folder) :])
    return found


def _nearest(path: str, spoken: Mapping[str, Sequence[tuple[_Key, Acquisition]]]) -> list[_Key]:
    """The acquisitions that speak of the input: of the nearest folder, those that name it, else those that name none.

    A record that was changed between two runs speaks twice: neither takes the other's place.
    """
    for folder in folders_of(path):
        here, below = spoken.get(folder, ()), path[len(folder) :]
        naming = [key for key, one in here if any(fits(below, name) for name, _ in one.files)]
        speaking = {number for number, _ in naming}
        is_beside = "/" not in below.split("!")[0]
        silent = [key for key, one in here if not one.files and is_beside and key[0] not in speaking]
        if naming or silent:
            return naming + silent
    return []


def hashed(accounts: Sequence[InputAccount], taken: Taken) -> set[int]:
    """The inputs of an acquisition of which it gives the SHA-256."""
    folder = folder_of(taken.record.path)
    hashed = {folder + name for name, digest in taken.acquisition.files if digest}
    return {place for place in taken.inputs if accounts[place].path in hashed}


def folder_of(path: str) -> str:
    """Everything of a path up to its name: `logs/`, `logs/a.zip!`, or nothing."""
    return path[: max(path.rfind("/"), path.rfind("!")) + 1]


def folders_of(path: str) -> Iterator[str]:
    """The folders and archives a path lies in, the nearest first; the one a relative path starts from last."""
    folder = folder_of(path)
    while folder:
        yield folder
        folder = folder_of(folder[:-1])
    if not path.startswith(("/", "../")):
        yield ""


def fits(below: str, name: str) -> bool:
    """Whether a name or pattern fits an input, or the archive the input is a member of."""
    return any(fnmatch.fnmatchcase(text, name) or text == name for text in (below, *_outer(below))) and (
        "/" in name or "/" not in below.split("!")[0]
    )


def _outer(below: str) -> Iterator[str]:
    while "!" in below:
        below = below.rpartition("!")[0]
        yield below


def doubt(source: str, state: CoverageState, sentence: str) -> Coverage:
    """Against completeness, at any time: which records are missing is not known."""
    return Coverage(source=source, host="", channel="", from_=None, to=None, state=state, evidence=sentence)
