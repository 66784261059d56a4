"""An estate and files in; out comes the estate as it would be, and all that changes, before a byte is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tocsin.describe.listed import Listed
from tocsin.describe.merging import changes_between, merged
from tocsin.describe.taking import Taken, accounted, take
from tocsin.errors import ConfigError
from tocsin.model.describing import Imported, Unread
from tocsin.model.door import NO_DOOR, Door, mask_all
from tocsin.store.estate import YAML_NAMES, judged, rows_in
from tocsin.store.estate_checks import check_references
from tocsin.store.estate_files import Lists, list_text
from tocsin.store.estate_rows import TABLES, Notes, Row, told, told_line
from tocsin.store.estate_values import check_values, estate_of

_MOST_ROUNDS = 20


def lists_in(folder: Path) -> dict[str, list[Row]]:
    """The rows of the estate in a folder, none where there is no folder. Raises ConfigError listing every fault."""
    notes = Notes()
    rows = rows_in(folder, notes) if folder.is_dir() else {name: [] for name in TABLES}
    judged(rows, notes)
    if notes.faults:
        raise ConfigError(told(notes.faults), hint="tocsin estate check says what is wrong with it")
    return rows


def imported(
    base: Lists, paths: Sequence[Path], *, domain: str = "", listed: Sequence[Listed] = (), door: Door = NO_DOOR
) -> Imported:
    """What importing the files, and what other systems listed, into the estate makes of it.

    Rows that would make it faulty are left out, and told.

    Raises ConfigError for a path that does not exist.
    """
    taken = take(paths, domain, listed=listed)
    unread = list(taken.unread)
    given, faults = _sound(taken)
    unread += faults
    shown = mask_all(door, _texts(base, given))
    for _ in range(_MOST_ROUNDS):
        found = merged(base, given, shown=shown)
        notes = Notes()
        judged(found.lists, notes)
        check_references(behind(found.lists, shown), notes)
        mine = {(row.file, row.line) for rows in base.values() for row in rows}
        wrong = {(file, line): why for file, line, why in notes.faults if (file, line) not in mine}
        if not wrong:
            break
        unread += [Unread(file=file, line=line, why=why) for (file, line), why in sorted(wrong.items())]
        given = _without(given, wrong)
    if notes.faults:
        raise ConfigError(told(notes.faults), hint="nothing was changed")
    unread += [Unread(file=row.file, line=row.line, why=why) for row, why in found.refused]
    changes = changes_between(base, found.lists)
    changed = {change.list for change in changes}
    in_yaml = any(row.file in YAML_NAMES for rows in base.values() for row in rows)
    return Imported(
        read=accounted(taken.read, unread),
        unread=tuple(sorted(unread, key=lambda one: (one.file, one.line, one.why))),
        changes=changes,
        warnings=(*taken.notes, *warnings_of(found.lists)),
        files={
            f"{name}.csv": list_text(name, rows)
            for name, rows in found.lists.items()
            if name in changed or (changes and in_yaml and rows)
        },
        gone=YAML_NAMES if changes and in_yaml else (),
    )


def warnings_of(lists: Lists) -> tuple[str, ...]:
    """What is odd in an estate without being wrong, as it would be told of its files."""
    notes = Notes()
    judged({name: placed(name, rows) for name, rows in lists.items()}, notes)
    return tuple(told_line(note) for note in sorted(set(notes.warnings)))


def placed(name: str, rows: Sequence[Row]) -> list[Row]:
    """The rows with the places they have once they are written."""
    return [Row(f"{name}.csv", place, row.values) for place, row in enumerate(rows, 2)]


def behind(lists: Lists, shown: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows as they are behind the door."""
    if not shown:
        return {name: [] for name in TABLES}
    return {
        name: [
            Row(row.file, row.line, {column: _masked(text, shown) for column, text in row.values.items()})
            for row in rows
        ]
        for name, rows in lists.items()
    }


def _masked(text: str, shown: Mapping[str, str]) -> str:
    return shown.get(text, text) if ";" not in text else ";".join(shown.get(one, one) for one in text.split(";"))


def _texts(*all_lists: Lists) -> Iterator[str]:
    for lists in all_lists:
        for rows in lists.values():
            for row in rows:
                for text in row.values.values():
                    yield text
                    yield from (one.strip() for one in text.split(";"))


def _sound(taken: Taken) -> tuple[dict[str, list[Row]], list[Unread]]:
    """The rows without those that are faulty by themselves."""
    notes = Notes()
    check_values(taken.lists, notes)
    estate_of(taken.lists, notes)
    wrong = {(file, line): why for file, line, why in notes.faults}
    unread = [Unread(file=file, line=line, why=why) for file, line, why in sorted(set(notes.faults))]
    return _without(taken.lists, wrong), unread


def _without(lists: Lists, wrong: Mapping[tuple[str, int], str]) -> dict[str, list[Row]]:
    return {name: [row for row in rows if (row.file, row.line) not in wrong] for name, rows in lists.items()}
