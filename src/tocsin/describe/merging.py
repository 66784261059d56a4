"""An estate and what is to be added to it in; one estate out, in which each thing stands once.

Rows are of one thing where their ids are equal, of a holder also where they share an account. Nothing of the estate is
lost: its rows stay in their order, and what is new comes after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocsin.model.describing import Change
from tocsin.model.identity import canonical_account, canonical_host
from tocsin.store.estate_files import Lists
from tocsin.store.estate_rows import REMARKS, TABLES, Row

HOLDERS = ("identities", "services")
# Where a list names a holder by its id.
_NAMING = (("memberships", "identity"), ("assignments", "identity"), ("holdings", "owner"), ("grants", "grantee"))
_DATES = ("from", "to")
# What tells two rows of a list apart; a list that is not here is told apart by all its columns.
_KEYS = {
    "units": ("name",),
    "groups": ("id",),
    "memberships": ("identity", "group"),
    "sensitivities": ("name",),
    "matters": ("id",),
    "holdings": ("kind", "pattern"),
    "grants": ("grantee", "kind", "pattern", "right"),
    "persons": ("pattern", "handle"),
    "aliases": ("kind", "other"),
    "functions": ("name",),
    "assignments": ("identity", "matter"),
    "products": ("product", "log", "tier"),
    "hosts": ("name",),
    "networks": ("range",),
}
_WITHOUT_CASE = {"kind", "pattern", "other"}


class Merged(NamedTuple):
    """The estate as it would be, and the rows that could not go into it, with the reason."""

    lists: dict[str, list[Row]]
    refused: list[tuple[Row, str]]


def merged(base: Lists, given: Lists, *, only_new: bool = False, shown: Mapping[str, str] | None = None) -> Merged:
    """`base` with `given` in it. Merging the same again changes nothing.

    only_new   rows that `base` has stay as they are; else what `given` says of them counts, and what it leaves out does
               not: accounts are added, and a row that says no time adds nothing to one that does
    shown      what texts are behind a door: two that are equal there are one, and the one of `base` stays
    """
    return _Merging(base, only_new=only_new, shown=shown or {}).with_(given)


def changes_between(before: Lists, after: Lists) -> tuple[Change, ...]:
    """What differs, list by list: `after` has the rows of `before` at the same places, and more after them."""
    return tuple(
        change for name in TABLES for change in _changes(name, before[name], after[name]) if change is not None
    )


def _changes(name: str, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Change]:
    for place, row in enumerate(after):
        old = before[place].values if place < len(before) else None
        differences = tuple(
            (column, (old or {}).get(column, ""), row.values.get(column, ""))
            for column in (*TABLES[name].columns, *REMARKS)
            if (old or {}).get(column, "") != row.values.get(column, "")
        )
        if differences:
            known = " ".join(row.values.get(column, "") for column in TABLES[name].required)
            yield Change(list=name, name=known, is_new=old is None, differences=differences)


class _Merging:
    """One merge. Built, asked once, thrown away."""

    def __init__(self, base: Lists, *, only_new: bool, shown: Mapping[str, str]) -> None:
        self._lists = {name: [Row(row.file, row.line, dict(row.values)) for row in base[name]] for name in TABLES}
        self._only_new = only_new
        self._shown = shown
        self._refused: list[tuple[Row, str]] = []
        self._refused_ids: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._by_id: dict[str, tuple[str, int]] = {}
        self._by_account: dict[str, tuple[str, int]] = {}
        for name in HOLDERS:
            for place, row in enumerate(self._lists[name]):
                self._index_holder(name, place, row)
        for row in self._lists["aliases"]:
            holder = self._by_account.get(self._account(row.values.get("name", "")))
            if row.values.get("kind", "").lower() == "account" and holder:
                self._by_account.setdefault(self._account(row.values.get("other", "")), holder)

    def with_(self, given: Lists) -> Merged:
        for name in HOLDERS:
            for row in given[name]:
                self._add_holder(name, row)
        for name in TABLES:
            if name not in HOLDERS:
                self._add_rows(name, [self._named_anew(name, row) for row in given[name]])
        return Merged(self._lists, self._refused)

    def _show(self, text: str) -> str:
        return self._shown.get(text, text)

    def _account(self, text: str) -> str:
        return canonical_account(self._show(text)) or ""

    def _accounts(self, row: Row) -> dict[str, str]:
        """Written accounts of a row by what they are behind the door."""
        parts = (part.strip() for part in row.values.get("accounts", "").split(";"))
        return {account: part for part in parts if (account := self._account(part))}

    def _index_holder(self, name: str, place: int, row: Row) -> None:
        self._by_id.setdefault(self._show(row.values.get("id", "")), (name, place))
        for account in self._accounts(row):
            self._by_account.setdefault(account, (name, place))

    def _add_holder(self, name: str, row: Row) -> None:
        if not row.values.get("id"):
            self._refused.append((row, "id is empty"))
            return
        accounts = self._accounts(row)
        by_id = self._by_id.get(self._show(row.values["id"]))
        owners = {self._by_account[account] for account in accounts if account in self._by_account}
        if by_id is None and (len(owners) > 1 or row.values["id"] in self._refused_ids):
            self._refused_ids.add(row.values["id"])
            self._refused.append((row, "its accounts belong to several identities that are declared"))
            return
        found = by_id or next(iter(owners), None)
        free = [text for account, text in accounts.items() if self._by_account.get(account, found) == found]
        if found is None:
            values = {**row.values, **({"accounts": ";".join(free)} if "accounts" in row.values else {})}
            self._lists[name].append(Row(row.file, row.line, values))
            self._index_holder(name, len(self._lists[name]) - 1, self._lists[name][-1])
            return
        list_, place = found
        held = self._lists[list_][place]
        if held.values.get("id", "") != row.values.get("id", ""):
            self._renamed[row.values["id"]] = held.values.get("id", "")
            self._by_id.setdefault(self._show(row.values["id"]), found)
        if self._only_new:
            return
        said = {column: text for column, text in row.values.items() if column not in ("id", "accounts")}
        known = self._accounts(held)
        more = [text for text in free if self._account(text) not in known]
        if more:
            said["accounts"] = ";".join([part for part in (held.values.get("accounts", ""), *more) if part])
        self._lists[list_][place] = self._told(list_, held, said, row)
        self._index_holder(list_, place, self._lists[list_][place])

    def _told(self, name: str, held: Row, said: Mapping[str, str], by: Row) -> Row:
        """The row with what is said of it now; it is then told as the row that said so."""
        new = {
            column: text
            for column, text in said.items()
            if text and column in TABLES[name].columns and self._show(text) != self._show(held.values.get(column, ""))
        }
        return Row(by.file, by.line, {**held.values, **new}) if new else held

    def _named_anew(self, name: str, row: Row) -> Row:
        """The row with the ids that the estate has for the holders it names."""
        new = {
            column: self._renamed[row.values[column]]
            for list_, column in _NAMING
            if list_ == name and row.values.get(column, "") in self._renamed
        }
        return Row(row.file, row.line, {**row.values, **new}) if new else row

    def _add_rows(self, name: str, given: Iterable[Row]) -> None:
        rows = self._lists[name]
        columns = _KEYS.get(name, TABLES[name].columns)
        is_dated = name in _KEYS and "from" in TABLES[name].columns
        places: dict[tuple[str, ...], int] = {}
        whole: set[tuple[str, ...]] = set()
        key_of = self._keyed(name, columns)
        all_of = self._keyed(name, TABLES[name].columns)
        for place, row in enumerate(rows):
            places.setdefault(key_of(row), place)
            whole.add(all_of(row))
        for row in given:
            key = key_of(row)
            if key in places and not is_dated:
                if not self._only_new:
                    rows[places[key]] = self._told(name, rows[places[key]], row.values, row)
                continue
            is_said = all_of(row) in whole or not any(row.values.get(date) for date in _DATES)
            if key in places and (self._only_new or is_said):
                continue
            places.setdefault(key, len(rows))
            whole.add(all_of(row))
            rows.append(Row(row.file, row.line, dict(row.values)))

    def _keyed(self, name: str, columns: Sequence[str]) -> Callable[[Row], tuple[str, ...]]:
        def key(row: Row) -> tuple[str, ...]:
            texts = [self._show(row.values.get(column, "")) for column in columns]
            if name == "hosts":
                return tuple(canonical_host(text) or "" for text in texts)
            pairs = zip(columns, texts, strict=True)
            return tuple(text.lower() if column in _WITHOUT_CASE else text for column, text in pairs)

        return key
