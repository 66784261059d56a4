"""From the rows of an estate to its values; what is no value of its column is a fault of its row."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Mapping, Sequence

from tocsin.model.acquisition import Extent
from tocsin.model.estate import (
    Alias,
    Assignment,
    Attestation,
    Estate,
    Function,
    Grant,
    Group,
    Holding,
    Host,
    Identity,
    Matter,
    Membership,
    Network,
    PersonAt,
    ProductInUse,
    Responder,
    Sensitivity,
    Unit,
)
from tocsin.model.identity import canonical_account, canonical_address, canonical_host
from tocsin.model.instant import DAY, parse_time
from tocsin.store.estate_rows import TABLES, Notes, Row, told_line

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
ALIAS_KINDS = ("account", "host", "group", *HOLDING_KINDS)
GRANT_KINDS = ("account", "host", *HOLDING_KINDS)
_YES, _NO = {"yes", "true", "1", "y"}, {"", "no", "false", "0", "n"}
_ZONE = re.compile(r"([Zz]|UTC|[+-]\d\d:?\d\d)$")
# The lists whose `pattern` is a holding's, and those whose `kind` is one of a few words.
_PATTERNS = ("holdings", "attestations", "persons", "grants")
_KINDS = {"holdings": HOLDING_KINDS, "aliases": ALIAS_KINDS, "grants": GRANT_KINDS}


def check_values(rows: Mapping[str, Sequence[Row]], notes: Notes) -> None:
    """Faults that a row shows by itself, beside those that `estate_of` finds."""
    for name, table in TABLES.items():
        for row in rows[name]:
            for column in table.required:
                if not row.values.get(column):
                    notes.fault(row, f"{column} is empty")
            if name in _PATTERNS and "*" in row.values.get("pattern", "")[:-1]:
                notes.fault(row, "a * stands elsewhere than at the end of the pattern")
            if name in _KINDS and row.values.get("kind") and row.values["kind"].lower() not in _KINDS[name]:
                notes.fault(row, f"kind is not one of {', '.join(_KINDS[name])}")
    for row in rows["attestations"]:
        if row.values.get("date") and not _is_date(row.values["date"]):
            notes.fault(row, "date is not a date (YYYY-MM-DD)")
    for row in rows["aliases"]:
        _check_alias(row, notes)


def _check_alias(row: Row, notes: Notes) -> None:
    name, other = row.values.get("name", ""), row.values.get("other", "")
    if "*" in name[:-1] or "*" in other[:-1]:
        notes.fault(row, "a * stands elsewhere than at the end of a name")
    elif name.endswith("*") != other.endswith("*"):
        notes.fault(row, "one name ends in * and the other does not")
    if name and name.lower() == other.lower():
        notes.fault(row, "the two names are the same")


def estate_of(rows: Mapping[str, Sequence[Row]], notes: Notes) -> Estate:
    """Everything the rows declare, in their order; what cannot be read is a fault and left out."""
    identities = (
        *(_identity(row, notes, is_service=False) for row in rows["identities"]),
        *(_identity(row, notes, is_service=True) for row in rows["services"]),
    )
    matters = tuple(
        Matter(
            id=row.values.get("id", ""),
            title=row.values.get("title", ""),
            sensitivity=row.values.get("sensitivity", ""),
            protective_measures=_flag(row, "protective_measures", notes),
        )
        for row in rows["matters"]
    )
    units = tuple(
        Unit(
            name=row.values.get("name", ""),
            matter=row.values.get("matter", ""),
            sensitivity=row.values.get("sensitivity", ""),
            description=row.values.get("description", ""),
        )
        for row in rows["units"]
    )
    holdings = _holdings(rows["holdings"], matters, _of_owners(identities, units, matters), notes)
    assignments = tuple(_assignment(row, notes) for row in rows["assignments"])
    groups = tuple(
        Group(id=row.values.get("id", ""), name=row.values.get("name", ""), owner=row.values.get("owner", ""))
        for row in rows["groups"]
    )
    memberships = tuple(_membership(row, notes) for row in rows["memberships"])
    grants = tuple(_grant(row, notes) for row in rows["grants"])
    declared = (
        (identities, (*rows["identities"], *rows["services"])),
        (holdings, rows["holdings"]),
        (assignments, rows["assignments"]),
        (units, rows["units"]),
        (groups, rows["groups"]),
        (memberships, rows["memberships"]),
        (grants, rows["grants"]),
    )
    return Estate(
        identities=identities,
        holdings=holdings,
        functions=tuple(
            Function(
                name=row.values.get("name", ""),
                description=row.values.get("description", ""),
                protected=_flag(row, "protected", notes),
            )
            for row in rows["functions"]
        ),
        assignments=assignments,
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
        units=units,
        groups=groups,
        memberships=memberships,
        matters=matters,
        sensitivities=_sensitivities(rows),
        persons=tuple(
            PersonAt(pattern=row.values.get("pattern", ""), handle=row.values.get("handle", ""))
            for row in rows["persons"]
        ),
        aliases=tuple(_alias(row) for row in rows["aliases"]),
        grants=grants,
        by_account={account: identity for identity in identities for account in identity.accounts},
        lines={
            thing: told_line((row.file, row.line, "")).removesuffix(": ")
            for things, its_rows in declared
            for thing, row in zip(reversed(things), reversed(its_rows), strict=True)
        },
    )


def _of_owners(
    identities: Sequence[Identity], units: Sequence[Unit], matters: Sequence[Matter]
) -> dict[str, tuple[str, str]]:
    """By the id or account of an identity, the matter and sensitivity of what it owns."""
    of_matter = {matter.id: matter.sensitivity for matter in matters}
    said = {unit.name: (unit.matter, unit.sensitivity or of_matter.get(unit.matter, "")) for unit in units}
    return {
        name.lower(): said[identity.unit]
        for identity in identities
        if identity.unit in said
        for name in (identity.id, *identity.accounts)
    }


def _holdings(
    rows: Sequence[Row], matters: Sequence[Matter], of_owners: Mapping[str, tuple[str, str]], notes: Notes
) -> tuple[Holding, ...]:
    """In their order; what a row leaves out it has from its matter, or from the longest pattern it lies under, or from
    its owner's unit."""
    of_matter = {matter.id: matter.sensitivity for matter in matters}
    said: list[tuple[str, str]] = []
    for row in rows:
        own = row.values.get("matter", "")
        said.append((own, row.values.get("sensitivity", "") or of_matter.get(own, "")))
    patterns = [row.values.get("pattern", "").lower() for row in rows]
    above: list[tuple[str, str, str]] = []
    for place in sorted(range(len(rows)), key=lambda one: (patterns[one].removesuffix("*"), patterns[one][-1:] != "*")):
        text = patterns[place].removesuffix("*")
        while above and not text.startswith(above[-1][0]):
            above.pop()
        _, matter, sensitivity = above[-1] if above else ("", "", "")
        if not matter:
            matter, sensitivity = of_owners.get(rows[place].values.get("owner", "").lower(), (matter, sensitivity))
        own, level = said[place]
        said[place] = (own or matter, level or (sensitivity if own in ("", matter) else ""))
        if patterns[place].endswith("*"):
            above.append((text, *said[place]))
    return tuple(
        Holding(
            pattern=row.values.get("pattern", ""),
            kind=row.values.get("kind", "").lower(),
            matter=matter,
            sensitivity=sensitivity,
            owner=row.values.get("owner", ""),
            is_decoy=_flag(row, "decoy", notes),
        )
        for row, (matter, sensitivity) in zip(rows, said, strict=True)
    )


def _sensitivities(rows: Mapping[str, Sequence[Row]]) -> tuple[Sensitivity, ...]:
    """As declared; what is named elsewhere alone comes after that, in the order of matters and then of holdings."""
    found = {
        row.values.get("name", ""): Sensitivity(
            name=row.values.get("name", ""),
            label=row.values.get("label", "").lower(),
            description=row.values.get("description", ""),
        )
        for row in reversed(rows["sensitivities"])
    }
    declared = {name: found[name] for name in reversed(found)}
    for row in (*rows["matters"], *rows["holdings"]):
        if name := row.values.get("sensitivity", ""):
            declared.setdefault(name, Sensitivity(name=name))
    return tuple(declared.values())


def _alias(row: Row) -> Alias:
    kind = row.values.get("kind", "").lower()
    canonical = {"account": canonical_account, "host": canonical_host}.get(kind, str)
    name, other = (canonical(row.values.get(column, "")) or "" for column in ("name", "other"))
    return Alias(kind=kind, name=name, other=other)


def _membership(row: Row, notes: Notes) -> Membership:
    from_, to = interval(row, notes)
    return Membership(identity=row.values.get("identity", ""), group=row.values.get("group", ""), from_=from_, to=to)


def _grant(row: Row, notes: Notes) -> Grant:
    from_, to = interval(row, notes)
    kind, pattern = row.values.get("kind", "").lower(), row.values.get("pattern", "")
    canonical = {"account": canonical_account, "host": canonical_host}.get(kind, str)
    return Grant(
        grantee=row.values.get("grantee", ""),
        kind=kind,
        pattern=canonical(pattern) or "",
        right=row.values.get("right", ""),
        from_=from_,
        to=to,
    )


def _identity(row: Row, notes: Notes, *, is_service: bool) -> Identity:
    accounts = accounts_of_row(row)
    if not accounts:
        notes.warn(row, "an identity without an account: no record can be matched to it")
    from_, to = interval(row, notes)
    return Identity(
        id=row.values.get("id", ""),
        accounts=accounts,
        name=row.values.get("name", ""),
        unit=row.values.get("unit", ""),
        unit_since=_time(row, "unit_since", notes),
        role=row.values.get("role", ""),
        function=row.values.get("function", ""),
        administrator=_flag(row, "administrator", notes),
        from_=from_,
        to=to,
        is_service=is_service,
        host=canonical_host(row.values.get("host", "")) or "",
        owner=row.values.get("owner", ""),
    )


def accounts_of_row(row: Row) -> tuple[str, ...]:
    """Accounts of an identity, canonical, in the order written, each once."""
    given = (canonical_account(part) for part in row.values.get("accounts", "").split(";"))
    return tuple(dict.fromkeys(account for account in given if account))


def _assignment(row: Row, notes: Notes) -> Assignment:
    from_, to = interval(row, notes)
    return Assignment(identity=row.values.get("identity", ""), matter=row.values.get("matter", ""), from_=from_, to=to)


def _attestation(row: Row, notes: Notes) -> Attestation:
    from_, to = interval(row, notes)
    return Attestation(
        source=row.values.get("source", ""),
        pattern=row.values.get("pattern", ""),
        from_=from_ or 0,
        to=to or 0,
        custodian=row.values.get("custodian", ""),
        date=row.values.get("date", ""),
        setting=row.values.get("setting", ""),
        recorded=_extent(row, "recorded", notes),
    )


def _extent(row: Row, column: str, notes: Notes) -> Extent | None:
    said = row.values.get(column, "").lower()
    if said in tuple(Extent):
        return Extent(said)
    if said:
        notes.fault(row, f"{column} is not one of {', '.join(Extent)}")
    return None


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
    from_, to = interval(row, notes)
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


def interval(row: Row, notes: Notes) -> tuple[int | None, int | None]:
    """`from` and `to` of a row, ns UTC, None where open; faults where they are no times, or in the wrong order."""
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
