"""Collections of KAPE: a tree of drives, and beside it what was copied, what was skipped and the console's log.

Columns and names: https://ericzimmerman.github.io/KapeDocs/ ("Log files"). Times in the names are UTC, those inside
the console's log the machine's own.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from tocsin.collect.collection import AS_SAID, Collection, Left, Read, Sum
from tocsin.model.acquisition import Acquisition
from tocsin.model.clipping import to_be_cut
from tocsin.model.instant import parse_time

_CONTROL = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d)_?(\d\d)_?(\d\d)(?:_\d+)?_(CopyLog|SkipLog|ConsoleLog)\.(?:csv|txt)(?:\.csv)?"
)
_WHAT = {
    "CopyLog": "KAPE's list of the files it copied",
    "SkipLog": "KAPE's list of the files it skipped",
    "ConsoleLog": "KAPE's own log",
}
_COMMAND = re.compile(r"Command line:\s*(.*?)\s*$", re.MULTILINE)
_SYSTEM = re.compile(r"Machine name: ([^,\r\n]+),.*?User: (.*?)(?: OS: .*)?\r?$", re.MULTILINE)
_FAILED = re.compile(r"Could not copy file (.+?) to .+?\. Error: (.*?)\r?$", re.MULTILINE)
_GONE = re.compile(r"File (.+?) does not exist! Skipping!")
_LIVE = re.compile(r"--tsource C:?(?:\\)?(?:\s|$)", re.IGNORECASE)
_DEDUPED = "deduped"


class Kape:
    """See `collect.collection.Layout`."""

    def roots(self, names: Sequence[str]) -> Sequence[str]:
        """Where one of its logs lies."""
        found = []
        for name in names:
            folder, _, last = name.rpartition("/")
            if _CONTROL.fullmatch(last):
                found.append(f"{folder}/" if folder else "")
        return found

    def shown(self, name: str) -> str:
        """As it is: KAPE keeps names, and a drive is a folder."""
        return name

    def read(self, names: Sequence[str], read: Read) -> Collection:
        """Who and how from the console's log; what is missing from it and the list of skipped files."""
        controls = {name: _WHAT[match[5]] for name in names if (match := _CONTROL.fullmatch(name))}
        kinds = {kind: [name for name in controls if f"_{kind}." in name] for kind in _WHAT}
        console = {name: _text(read(name)) for name in kinds["ConsoleLog"]}
        left = [one for text in console.values() for one in _uncopied(text)]
        for name in kinds["SkipLog"]:
            left += _skipped(_text(read(name)))
        sums: dict[str, Sum] = {}
        present = {name.lower(): name for name in names}
        for name in kinds["CopyLog"]:
            for row in _rows(_text(read(name))):
                source, place = row.get("SourceFile") or "", _place(row, present)
                if place:
                    sums[place] = Sum(size=_size(row), sha1=row.get("SourceFileSha1") or "")
                elif source:
                    left.append(Left(source, "KAPE's list says that it was copied, and it is not here"))
        return Collection(
            tool="KAPE",
            stated=_stated(controls, console, names),
            controls=controls,
            left=tuple(dict.fromkeys(left)),
            sums=sums,
        )


LAYOUT = Kape()


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")


def _rows(text: str) -> Iterator[dict[str, str]]:
    try:
        yield from csv.DictReader(io.StringIO(text))
    except csv.Error:
        return


def _place(row: dict[str, str], present: dict[str, str]) -> str | None:
    """The name below the root under which a copied file lies; a stream's is that of the stream."""
    parts = (row.get("DestinationFile") or "").replace("\\", "/").lower().split("/")
    return next((present[name] for at in range(len(parts)) if (name := "/".join(parts[at:])) in present), None)


def _size(row: dict[str, str]) -> int | None:
    text = row.get("FileSize") or ""
    return int(text) if text.isascii() and text.isdecimal() else None


def _skipped(text: str) -> Iterator[Left]:
    for row in _rows(text):
        source, reason = row.get("SourceFile") or "", row.get("Reason") or "no reason given"
        if source:
            is_copy = reason.strip().lower() == _DEDUPED
            why = "a copy of a file that KAPE has brought" if is_copy else f"KAPE skipped it: {reason}"
            yield Left(source, why, is_copy)


def _uncopied(text: str) -> Iterator[Left]:
    for match in _FAILED.finditer(text):
        yield Left(match[1], f"KAPE could not copy it: {to_be_cut(match[2], 200)}")
    for match in _GONE.finditer(text):
        yield Left(match[1], "it was gone when KAPE came to copy it")


def _stated(controls: dict[str, str], console: dict[str, str], names: Sequence[str]) -> tuple[str, Acquisition] | None:
    name = min(console, default=min(controls, default=""))
    match = _CONTROL.fullmatch(name)
    when = parse_time(f"{match[1]}T{match[2]}:{match[3]}:{match[4]}Z") if match else None
    if when is None:
        return None
    text = console.get(name, "")
    command, system = _COMMAND.search(text), _SYSTEM.search(text)
    who = f"{system[2].strip()}, by KAPE on {system[1]}" if system else "not said by whom, by KAPE"
    drives = sorted({each.split("/")[0] for each in names if "/" in each})
    return name, Acquisition(
        files=tuple((f"{drive}/*", "") for drive in drives),
        by=f"{who} ({AS_SAID})",
        own_word=True,
        when=when,
        # KAPE may have run on an examiner's machine, over an image: then its machine is not where the files are from.
        system=system[1] if system and command and _LIVE.search(command[1]) else "",
        tool="KAPE",
        command=command[1] if command else "",
        account=system[2].strip() if system else "",
    )
