"""Where the rows of an estate do not fit together: what is there twice, names nothing, overlaps or covers another."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from tocsin.model.identity import canonical_account, canonical_host
from tocsin.store.estate_rows import Notes, Row
from tocsin.store.estate_values import accounts_of_row, interval


def check_references(rows: Mapping[str, Sequence[Row]], notes: Notes) -> None:
    """Note every such fault, and what is odd without being wrong as a warning."""
    holders = (*rows["identities"], *rows["services"])
    identities = _unique(holders, lambda row: row.values.get("id", ""), "the id", notes)
    groups = _unique(rows["groups"], lambda row: row.values.get("id", ""), "the id", notes)
    functions = _unique(rows["functions"], lambda row: row.values.get("name", ""), "the name", notes)
    hosts = _unique(rows["hosts"], lambda row: canonical_host(row.values.get("name", "")) or "", "the name", notes)
    matters = _unique(rows["matters"], lambda row: row.values.get("id", ""), "the id", notes)
    _unique(rows["units"], lambda row: row.values.get("name", ""), "the name", notes)
    _unique(rows["sensitivities"], lambda row: row.values.get("name", ""), "the name", notes)
    _unique(
        rows["holdings"],
        lambda row: f"{row.values.get('kind', '').lower()} {row.values.get('pattern', '').lower()}",
        "the pattern",
        notes,
    )
    owners: dict[str, Row] = {}
    for row in holders:
        for account in accounts_of_row(row):
            if account in owners:
                notes.fault(row, f"an account that is already that of the identity in {_where(owners[account])}")
            owners.setdefault(account, row)
        _check_function(row, functions, notes)
    for row in rows["hosts"]:
        _check_function(row, functions, notes)
    for row in rows["services"]:
        if hosts and row.values.get("host") and canonical_host(row.values["host"]) not in hosts:
            notes.warn(row, "a host that is not declared")
    for row in rows["assignments"]:
        if row.values.get("identity") and row.values["identity"] not in identities:
            notes.fault(row, "an identity that is not declared")
    _check_groups(rows, identities, groups, notes)
    _check_matters(rows, matters, notes)
    _check_persons(rows, owners, notes)
    _check_aliases(rows["aliases"], notes)
    _check_overlaps(rows["assignments"], ("identity", "matter"), "assignment", notes)
    _check_overlaps(rows["memberships"], ("identity", "group"), "membership", notes)
    _check_grants(rows, identities, groups, owners, notes)
    _check_overlaps(rows["grants"], ("grantee", "kind", "pattern", "right"), "grant", notes)
    _check_overlaps(rows["attestations"], ("source", "pattern"), "attestation", notes)
    _check_covered(rows["holdings"], notes)


def _check_groups(
    rows: Mapping[str, Sequence[Row]], identities: Mapping[str, Row], groups: Mapping[str, Row], notes: Notes
) -> None:
    for row in rows["groups"]:
        if (name := row.values.get("id", "")) and name in identities:
            notes.fault(row, f"the id is already used in {_where(identities[name])}")
    for row in rows["memberships"]:
        member, group = row.values.get("identity", ""), row.values.get("group", "")
        if group and group not in groups:
            notes.warn(row, "a group that is not declared")
        if member and member not in identities and member not in groups:
            notes.warn(row, "neither an identity, nor a service, nor a group that is declared")
        if member and member == group:
            notes.fault(row, "a group that is a member of itself")


def _check_grants(
    rows: Mapping[str, Sequence[Row]],
    identities: Container[str],
    groups: Container[str],
    accounts: Container[str],
    notes: Notes,
) -> None:
    units = {row.values.get("name", "") for row in rows["units"]}
    units |= {row.values.get("unit", "") for row in rows["identities"]}
    for row in rows["grants"]:
        grantee = row.values.get("grantee", "")
        is_known = grantee in ("", "*") or grantee in identities or grantee in groups or grantee in units
        if not is_known and canonical_account(grantee) not in accounts:
            notes.warn(row, "neither an identity, nor a service, a group or a unit that is declared")


def _check_matters(rows: Mapping[str, Sequence[Row]], matters: Container[str], notes: Notes) -> None:
    held = {row.values.get("matter", "") for row in (*rows["units"], *rows["holdings"])}
    for row in rows["assignments"]:
        if row.values.get("matter") and row.values["matter"] not in held:
            notes.warn(row, "a matter that no holding belongs to")
    if rows["matters"]:
        for row in (*rows["units"], *rows["holdings"]):
            if row.values.get("matter") and row.values["matter"] not in matters:
                notes.warn(row, "a matter that is not declared")
    levels = {row.values.get("name", "") for row in rows["sensitivities"]}
    for row in (*rows["matters"], *rows["units"], *rows["holdings"]):
        if levels and row.values.get("sensitivity") and row.values["sensitivity"] not in levels:
            notes.warn(row, "a sensitivity that is not declared")


def _check_persons(rows: Mapping[str, Sequence[Row]], owners: Container[str], notes: Notes) -> None:
    """A handle is what the vault calls a person. Whoever writes a name there has put it into the estate."""
    names = {row.values.get("name", "").casefold() for row in (*rows["identities"], *rows["services"])}
    for row in rows["persons"]:
        handle = row.values.get("handle", "")
        if handle and (handle.casefold() in names or canonical_account(handle) in owners or "@" in handle):
            notes.fault(row, "the handle is a name or an account: write the handle that the vault has")
    _unique(
        rows["persons"],
        lambda row: f"{row.values.get('pattern', '').lower()} {row.values.get('handle', '')}",
        "the handle for this pattern",
        notes,
    )


def _check_aliases(rows: Sequence[Row], notes: Notes) -> None:
    def key(row: Row, column: str) -> str:
        return f"{row.values.get('kind', '').lower()} {row.values.get(column, '').lower()}"

    others = _unique(rows, lambda row: key(row, "other"), "this other name", notes)
    for row in rows:
        if key(row, "name") in others:
            notes.warn(
                row, f"the name is itself another name, in {_where(others[key(row, 'name')])}: say the first one"
            )


def _check_covered(rows: Sequence[Row], notes: Notes) -> None:
    """Warn of a holding that lies under a pattern of another matter."""
    named = sorted(
        (pattern.lower().removesuffix("*"), not pattern.endswith("*"), row.file, row.line, row.values.get("matter", ""))
        for row in rows
        if (pattern := row.values.get("pattern", "")).strip("*")
    )
    above: list[tuple[str, bool, str, int, str]] = []
    for one in named:
        while above and not one[0].startswith(above[-1][0]):
            above.pop()
        if above and above[-1][4] and one[4] and above[-1][4] != one[4]:
            _, _, file, line, _ = above[-1]
            what = f"lies under {file}:{line}, which is of another matter: the longer pattern decides"
            notes.warnings.append((one[2], one[3], what))
        if not one[1] and one[4]:
            above.append(one)


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
        from_, to = interval(row, silent)
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
