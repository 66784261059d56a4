"""From a folder of CSV files or one `estate.yaml` to the institution described (`docs/formats/estate.md`).

A fault is told by file, line and column, never by value: values are names of people.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import re
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tocsin.errors import ConfigError
from tocsin.model.estate import (
    Assignment,
    Attestation,
    Estate,
    Function,
    Holding,
    Host,
    Identity,
    Network,
    ProductInUse,
    Responder,
)
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import DAY, parse_time
from tocsin.store.durable import write_durably
from tocsin.store.estate_rows import TABLES, Notes, Row, csv_rows, told, told_line, yaml_rows

HOLDING_KINDS = (
    "mailbox",
    "mail_folder",
    "mail_item",
    "site",
    "folder",
    "document",
    "bucket",
    "object",
    "secret",
    "snapshot",
    "record_set",
)
_YES, _NO = {"yes", "true", "1", "y"}, {"", "no", "false", "0", "n"}
_ZONE = re.compile(r"([Zz]|UTC|[+-]\d\d:?\d\d)$")
_YAML_NAMES = ("estate.yaml", "estate.yml")


class Reading(NamedTuple):
    """An estate, and what is odd in it without being wrong: `file:line: what`, in order of file and line."""

    estate: Estate
    warnings: tuple[str, ...]


def read_estate(folder: Path) -> Estate:
    """The estate in a folder; files that are missing are empty lists. Raises ConfigError listing every fault."""
    return read_estate_with_warnings(folder).estate


def read_estate_with_warnings(folder: Path) -> Reading:
    """The estate in a folder and its warnings. Raises ConfigError listing every fault (20 shown, the rest counted)."""
    if not folder.is_dir():
        raise ConfigError("the estate is not a folder", hint="docs/formats/estate.md describes the folder")
    notes = Notes()
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for path in sorted(folder.iterdir()):
        if path.name in _YAML_NAMES:
            for name, row in yaml_rows(path, notes):
                rows[name].append(row)
        elif path.suffix == ".csv" and path.stem in TABLES:
            rows[path.stem] += csv_rows(path, TABLES[path.stem], notes)
        elif path.suffix in (".csv", ".yaml", ".yml") and not path.stem.endswith(".mapping"):
            notes.warnings.append((path.name, 0, "not a file of an estate: left out"))
    _check_values(rows, notes)
    estate = _estate(rows, notes)
    _check_references(rows, notes)
    if notes.faults:
        raise ConfigError(told(notes.faults), hint="docs/formats/estate.md describes every column")
    return Reading(estate, tuple(told_line(note) for note in sorted(set(notes.warnings))))


def keep_estate(folder: Path, kept: Path) -> None:
    """The estate as given replaces what `kept` held; nothing of that is gone before the new one is there."""
    if folder.resolve() == kept.resolve():
        return
    given = [file for file in sorted(folder.iterdir()) if file.suffix in (".csv", ".yaml", ".yml") and file.is_file()]
    for file in given:
        write_durably(kept / file.name, file.read_bytes())
    for old in kept.iterdir():
        if old.name not in {file.name for file in given}:
            old.unlink()


def _check_values(rows: dict[str, list[Row]], notes: Notes) -> None:
    for name, table in TABLES.items():
        for row in rows[name]:
            for column in table.required:
                if not row.values.get(column):
                    notes.fault(row, f"{column} is empty")
    for row in rows["holdings"]:
        if row.values.get("kind") and row.values["kind"].lower() not in HOLDING_KINDS:
            notes.fault(row, f"kind is not one of {', '.join(HOLDING_KINDS)}")
        if "*" in row.values.get("pattern", "")[:-1]:
            notes.fault(row, "a * stands elsewhere than at the end of the pattern")
    for row in rows["attestations"]:
        if "*" in row.values.get("pattern", "")[:-1]:
            notes.fault(row, "a * stands elsewhere than at the end of the pattern")
        if row.values.get("date") and not _is_date(row.values["date"]):
            notes.fault(row, "date is not a date (YYYY-MM-DD)")


def _estate(rows: dict[str, list[Row]], notes: Notes) -> Estate:
    identities = tuple(_identity(row, notes) for row in rows["identities"])
    return Estate(
        identities=identities,
        holdings=tuple(
            Holding(
                pattern=row.values.get("pattern", ""),
                kind=row.values.get("kind", "").lower(),
                matter=row.values.get("matter", ""),
                sensitivity=row.values.get("sensitivity", ""),
                owner=row.values.get("owner", ""),
            )
            for row in rows["holdings"]
        ),
        functions=tuple(
            Function(
                name=row.values.get("name", ""),
                description=row.values.get("description", ""),
                protected=_flag(row, "protected", notes),
            )
            for row in rows["functions"]
        ),
        assignments=tuple(_assignment(row, notes) for row in rows["assignments"]),
        attestations=tuple(_attestation(row, notes) for row in rows["attestations"]),
        products=tuple(_product(row, notes) for row in rows["products"]),
        hosts=tuple(
            Host(
                name=canonical_host(row.values.get("name", "")) or "",
                role=row.values.get("role", ""),
                function=row.values.get("function", ""),
            )
            for row in rows["hosts"]
        ),
        networks=tuple(
            Network(range=range_, name=row.values.get("name", ""))
            for row in rows["networks"]
            if (range_ := _range(row, notes)) is not None
        ),
        responders=tuple(_responder(row, notes) for row in rows["responders"]),
        by_account={account: identity for identity in identities for account in identity.accounts},
    )


def _identity(row: Row, notes: Notes) -> Identity:
    accounts = _accounts(row)
    if not accounts:
        notes.warn(row, "an identity without an account: no record can be matched to it")
    return Identity(
        id=row.values.get("id", ""),
        accounts=accounts,
        name=row.values.get("name", ""),
        unit=row.values.get("unit", ""),
        role=row.values.get("role", ""),
        function=row.values.get("function", ""),
        administrator=_flag(row, "administrator", notes),
    )


def _accounts(row: Row) -> tuple[str, ...]:
    """Accounts of an identity, canonical, in the order written, each once."""
    given = (canonical_account(part) for part in row.values.get("accounts", "").split(";"))
    return tuple(dict.fromkeys(account for account in given if account))


def _assignment(row: Row, notes: Notes) -> Assignment:
    from_, to = _interval(row, notes)
    return Assignment(identity=row.values.get("identity", ""), matter=row.values.get("matter", ""), from_=from_, to=to)


def _attestation(row: Row, notes: Notes) -> Attestation:
    from_, to = _interval(row, notes)
    return Attestation(
        source=row.values.get("source", ""),
        pattern=row.values.get("pattern", ""),
        from_=from_ or 0,
        to=to or 0,
        custodian=row.values.get("custodian", ""),
        date=row.values.get("date", ""),
        setting=row.values.get("setting", ""),
    )


def _product(row: Row, notes: Notes) -> ProductInUse:
    days = row.values.get("days", "")
    log = row.values.get("log", "")
    if days and not (days.isascii() and days.isdigit() and len(days) < 6 and int(days) > 0):
        notes.fault(row, "days is not a whole number from 1 to 99999")
        days = ""
    if days and not log:
        notes.fault(row, "days without a log: say which log is kept so long")
    return ProductInUse(
        product=row.values.get("product", ""),
        log=log,
        tier=row.values.get("tier", ""),
        days=int(days) if days else None,
    )


def _range(row: Row, notes: Notes) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    text = row.values.get("range", "")
    try:
        return ipaddress.ip_network(text, strict=False) if text else None
    except ValueError:
        notes.fault(row, "range is neither an address nor a network like 198.51.100.0/24")
        return None


def _responder(row: Row, notes: Notes) -> Responder:
    from_, to = _interval(row, notes)
    found = Responder(
        name=row.values.get("name", ""),
        account=canonical_account(row.values.get("account", "")) or "",
        address=canonical_address(row.values.get("address", "")) or "",
        host=canonical_host(row.values.get("host", "")) or "",
        from_=from_,
        to=to,
    )
    if not (found.account or found.address or found.host):
        notes.fault(row, "account, address and host are all empty: say by what the responders are known")
    elif not (found.account and (found.address or found.host)):
        notes.warn(row, "known by one thing alone: an intruder who shares it is taken for a responder")
    return found


def _interval(row: Row, notes: Notes) -> tuple[int | None, int | None]:
    from_, to = _time(row, "from", notes), _time(row, "to", notes)
    if from_ is not None and to is not None and from_ >= to:
        notes.fault(row, "from is not before to")
    return from_, to


def _time(row: Row, column: str, notes: Notes) -> int | None:
    """Nanoseconds UTC of a date or a time; a bare date as `to` means to its end."""
    text = row.values.get(column, "")
    if not text:
        return None
    if _is_date(text):
        days = dt.date.fromisoformat(text).toordinal() - dt.date(1970, 1, 1).toordinal()
        return days * DAY + (DAY if column == "to" else 0)
    value = parse_time(text)
    if value is None:
        notes.fault(row, f"{column} is neither a date (YYYY-MM-DD) nor a time (RFC 3339)")
    elif not _ZONE.search(text):
        notes.warn(row, f"{column} has no time zone: taken as UTC")
    return value


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _flag(row: Row, column: str, notes: Notes) -> bool:
    text = row.values.get(column, "").lower()
    if text not in _YES and text not in _NO:
        notes.fault(row, f"{column} is neither yes nor no")
    return text in _YES


def _check_references(rows: dict[str, list[Row]], notes: Notes) -> None:
    identities = _unique(rows["identities"], lambda row: row.values.get("id", ""), "the id", notes)
    functions = _unique(rows["functions"], lambda row: row.values.get("name", ""), "the name", notes)
    _unique(
        rows["holdings"],
        lambda row: f"{row.values.get('kind', '').lower()} {row.values.get('pattern', '').lower()}",
        "the pattern",
        notes,
    )
    matters = {row.values.get("matter", "") for row in rows["holdings"]}
    owners: dict[str, Row] = {}
    for row in rows["identities"]:
        for account in _accounts(row):
            if account in owners:
                notes.fault(row, f"an account that is already that of the identity in {_where(owners[account])}")
            owners.setdefault(account, row)
        _check_function(row, functions, notes)
    _unique(rows["hosts"], lambda row: canonical_host(row.values.get("name", "")) or "", "the name", notes)
    for row in rows["hosts"]:
        _check_function(row, functions, notes)
    for row in rows["assignments"]:
        if row.values.get("identity") and row.values["identity"] not in identities:
            notes.fault(row, "an identity that is not declared")
        if row.values.get("matter") and row.values["matter"] not in matters:
            notes.warn(row, "a matter that no holding belongs to")
    _check_overlaps(rows["assignments"], ("identity", "matter"), "assignment", notes)
    _check_overlaps(rows["attestations"], ("source", "pattern"), "attestation", notes)


def _check_function(row: Row, functions: Container[str], notes: Notes) -> None:
    function = row.values.get("function", "")
    if function and function not in functions:
        tell = notes.fault if functions else notes.warn
        tell(row, "a function that is not declared")


def _unique(rows: Iterable[Row], key: Callable[[Row], str], what: str, notes: Notes) -> dict[str, Row]:
    """Rows by key, the first of each; a second one is a fault."""
    found: dict[str, Row] = {}
    for row in rows:
        name = key(row)
        if name.strip() and name in found:
            notes.fault(row, f"{what} is already used in {_where(found[name])}")
        found.setdefault(name, row)
    return found


def _check_overlaps(rows: Iterable[Row], columns: Sequence[str], what: str, notes: Notes) -> None:
    """Warn of two rows that say the same of the same time."""
    silent = Notes()
    by_key: dict[tuple[str, ...], list[tuple[float, float, str, int]]] = {}
    for row in rows:
        from_, to = _interval(row, silent)
        start, end = -math.inf if from_ is None else from_, math.inf if to is None else to
        key = tuple(row.values.get(column, "") for column in columns)
        by_key.setdefault(key, []).append((start, end, row.file, row.line))
    for found in by_key.values():
        found.sort()
        _, reached, file, line = found[0]
        for start, end, here, at in found[1:]:
            if start < reached:
                notes.warnings.append((here, at, f"an {what} that overlaps the one in {file}:{line}"))
            if end > reached:
                reached, file, line = end, here, at


def _where(row: Row) -> str:
    return f"{row.file}:{row.line}"
