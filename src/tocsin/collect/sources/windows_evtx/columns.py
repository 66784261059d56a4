"""Readers of one event column each: a record's fields and its host in, the column's canonical value out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from xml.sax.saxutils import unescape

from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.rows import MISSING

Read = Callable[[Mapping[str, Any], str | None], str | None]
_Canonical = Callable[[str, str | None], str | None]
# Columns of fields by name, and hosts, in; the values that are plainly there out, None for a closer look at a row.
_Quick = Callable[[Mapping[str, Sequence[object]], Sequence[str | None]], list[str | None]]
_Getter = Callable[[Mapping[str, Any]], str | None]

SILENT = frozenset({"", "-", ".", "S-1-0-0", "(null)"})

account = lru_cache(maxsize=65_536)(canonical_account)
address = lru_cache(maxsize=65_536)(canonical_address)
host_name = lru_cache(maxsize=65_536)(canonical_host)


def value_text(value: object) -> str | None:
    """A decoded value as text, lists joined; None where there is none."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := value_text(item)) is not None)
    return str(value)


class Reader(NamedTuple):
    """Reads one column of events from the fields `names` and the host: of one record, or of many side by side."""

    names: tuple[str, ...]
    read: Read
    quick: _Quick

    def column(
        self, values: Callable[[str], Sequence[object] | None], hosts: Sequence[str | None]
    ) -> list[str | None] | None:
        """`read` row by row; `values` gives a field's, None where no row has it. None where no row says anything."""
        held = {name: column for name in self.names if (column := values(name)) is not None}
        if not held:
            return None
        found = self.quick(held, hosts)
        if None in found:
            for at, text in enumerate(found):
                if text is None:
                    fields = {name: column[at] for name, column in held.items() if column[at] is not MISSING}
                    found[at] = self.read(fields, hosts[at])
        return found


def reader(column: str, names: Sequence[str]) -> Reader:
    """The reader of a column from fields in order of preference.

    `Domain\\User` joins two fields; `Field/Element` is the text of an element of XML that stands in a field.
    """
    if column in {"actor.user.name", "user.name"} or any("\\" in name for name in names):
        return _account_reader([tuple(name.split("\\")) for name in names])
    if column in {"src_endpoint.ip", "dst_endpoint.ip"}:
        return _first(names, lambda text, _: address(text))
    if column == "dst_endpoint.hostname":
        return _first(names, lambda text, _: host_name(text))
    if column == "actor.session.uid":
        return _first(names, session)
    if column == "process.uid":
        return _first(names, process)
    return _first(names, None)


def _getter(name: str) -> _Getter:
    field, _, element = name.partition("/")
    if not element:

        def plain(fields: Mapping[str, Any]) -> str | None:
            value = fields.get(name)
            return value if type(value) is str else value_text(value)

        return plain
    pattern = re.compile(rf"<{re.escape(element)}(?:\s[^>]*)?>([^<]*)</")

    def read(fields: Mapping[str, Any]) -> str | None:
        found = pattern.search(value_text(fields.get(field)) or "")
        return unescape(found.group(1)).strip() if found else None

    return read


def _fields_of(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.partition("/")[0] for name in names))


def _look_closer(held: Mapping[str, Sequence[object]], hosts: Sequence[str | None]) -> list[str | None]:
    return [None] * len(hosts)


def _first(names: Sequence[str], canonical: _Canonical | None) -> Reader:
    """The first that says something, as `canonical` has it; as it is for None."""
    if not any("/" in name for name in names):
        return Reader(tuple(names), _first_plain(tuple(names), canonical), _quick_plain(canonical))
    getters = tuple(map(_getter, names))

    def read(fields: Mapping[str, Any], host: str | None) -> str | None:
        return _first_of((get(fields) for get in getters), canonical, host)

    return Reader(_fields_of(names), read, _look_closer)


def _first_plain(names: tuple[str, ...], canonical: _Canonical | None) -> Read:
    """Most columns: fields as they stand, nearly all of them texts."""

    def read(fields: Mapping[str, Any], host: str | None) -> str | None:
        for name in names:
            text = fields.get(name)
            if type(text) is str and text not in SILENT:
                if canonical is None:
                    return text
                value = canonical(text, host)
                if value is not None:
                    return value
            elif text is not None:
                return _first_of((value_text(fields.get(name)) for name in names), canonical, host)
        return None

    return read


def _quick_plain(canonical: _Canonical | None) -> _Quick:
    """The first field that the rows have, where it says something."""

    def quick(held: Mapping[str, Sequence[object]], hosts: Sequence[str | None]) -> list[str | None]:
        column = next(iter(held.values()))
        if canonical is None:
            return [text if type(text) is str and text not in SILENT else None for text in column]
        return [
            canonical(text, host) if type(text) is str and text not in SILENT else None
            for text, host in zip(column, hosts, strict=True)
        ]

    return quick


def _first_of(texts: Iterable[str | None], canonical: _Canonical | None, host: str | None) -> str | None:
    empty = None
    for text in texts:
        if text is None:
            continue
        if text in SILENT:
            empty = "" if text == "" else empty
        elif (value := text if canonical is None else canonical(text, host)) is not None:
            return value
    return empty


def _account_reader(names: Sequence[tuple[str, ...]]) -> Reader:
    getters = tuple((_getter(parts[0]) if len(parts) == 2 else None, _getter(parts[-1])) for parts in names)

    def read(fields: Mapping[str, Any], host: str | None) -> str | None:
        for get_domain, get_user in getters:
            value = account_in(get_domain(fields) if get_domain else None, get_user(fields))
            if value is not None:
                return value
        return None

    def quick(held: Mapping[str, Sequence[object]], hosts: Sequence[str | None]) -> list[str | None]:
        """The first account that the rows have, where it is one."""
        for *domain, user in names:
            if user in held:
                domains = held.get(domain[0]) if domain else None
                return [
                    account_in(one, name) if type(name) is str and (one is None or type(one) is str) else None
                    for one, name in zip(domains or [None] * len(hosts), held[user], strict=True)
                ]
        return _look_closer(held, hosts)

    every = [name for parts in names for name in parts]
    return Reader(_fields_of(every), read, _look_closer if any("/" in name for name in every) else quick)


@lru_cache(maxsize=65_536)
def account_in(domain: str | None, user: str | None) -> str | None:
    """`domain\\user` canonical; a user name that is already qualified, as `user@realm`, stands alone."""
    if user is None or user in SILENT:
        return None
    if not domain or domain in SILENT or "@" in user or "\\" in user:
        return account(user)
    return account(f"{domain}\\{user}")


def session(text: str, host: str | None) -> str | None:
    """A logon id as `host|0x3e7`, because it is unique on one host only; None for the id that stands for no session."""
    number = _hexadecimal(text)
    return None if number == "0x0" else f"{host or ''}|{number}"


def process(text: str, host: str | None) -> str | None:
    """A process GUID without braces, or `host|pid` with the id in decimal."""
    if len(text) >= 32:
        return text.strip("{}").lower()
    return f"{host or ''}|{_decimal(text)}"


@lru_cache(maxsize=65_536)
def _hexadecimal(text: str) -> str:
    try:
        return hex(int(text, 0))
    except ValueError:
        return text.lower()


@lru_cache(maxsize=65_536)
def _decimal(text: str) -> str:
    try:
        return str(int(text, 0))
    except ValueError:
        return text.lower()
