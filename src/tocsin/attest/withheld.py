"""A package in; what is not enclosed, where, how much, and why, out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tocsin.attest.redaction import is_sought
from tocsin.model.evidence import EnclosedRecord, Package, ProtectedRecord, WithheldRules, WithheldSession
from tocsin.model.instant import format_time
from tocsin.render.element import Json, element


def document(package: Package, values: Iterable[str]) -> Json:
    """`withheld.json`; `values` are those of the redacted fields, and only counted."""
    return {
        "sessions": [_session(one) for one in package.withheld],
        "fields": [{"field": element(name), "records": [*hidden_in(package, name)]} for name in package.redacted],
        **({"protected": [_protected(one) for one in package.protected]} if package.protected else {}),
        **({"rules": [_rules(one) for one in package.untold]} if package.untold else {}),
        "values_not_searched_for": sum(not is_sought(value) for value in values),
        "why": list(reasons(package)),
    }


def hidden_in(package: Package, field: str) -> Iterator[int]:
    """The entries of the ledger whose record has the field, its value withheld; ascending."""
    for record in sorted(package.records, key=lambda one: one.index):
        if field in hidden_fields(record):
            yield record.index


def hidden_fields(record: EnclosedRecord) -> tuple[str, ...]:
    """Names of the record's fields that are withheld."""
    return tuple(name for name, value in fields_of(record) if value is None)


def fields_of(record: EnclosedRecord) -> Iterator[tuple[str, str | None]]:
    """(name, JSON text of its value, None where it is withheld) of each field the record shows."""
    if record.fields is not None:
        names = json.loads(record.fields.names)
        for name, value in zip(names, record.fields.values, strict=True):
            yield str(name), None if value.is_redacted else value.text


def reasons(package: Package) -> Iterator[str]:
    """Why something is not enclosed, a sentence each."""
    if package.withheld:
        yield (
            "Records of the same sessions on which no finding rests are not enclosed: they are not needed to check "
            "what is claimed, and name people and matters that are not in question. Their commitments are listed, so "
            "that such a record, when it is shown later, can be held against them."
        )
    if package.redacted:
        yield (
            "The values of the fields named are withheld wherever they stand, and with them the bytes of the records "
            "that hold them, by decision of whoever made the package. The commitments to the values are enclosed."
        )
    if package.protected:
        yield (
            "Fields that speak of a protected person are withheld, with the bytes of records that hold them: a token "
            "stands for the person in what was derived. Their names are with those who answer for the protected. The "
            "commitments to the values are enclosed."
        )
    if package.untold:
        yield (
            "Rules that ask for a part of a protected name are not enclosed: beside the token of the person they would "
            "tell whose it is. What they find is told without their words, and cannot be derived again from here. The "
            "ids of the rules and a commitment to each file are enclosed."
        )
    if any(one.raw is None and not hidden_fields(one) for one in package.records):
        yield "Of some records the bytes are withheld though no field is: only fields or the text are shown."
    yield "Everything else in the ledger is not enclosed because it was not asked for."


def _protected(one: ProtectedRecord) -> Json:
    return {"record": one.index, "fields": [element(name) for name in one.fields], "tokens": list(one.tokens)}


def _rules(one: WithheldRules) -> Json:
    return {"ids": [element(each) for each in one.ids], "digest": one.digest}


def _session(one: WithheldSession) -> Json:
    return {
        "session": element(one.session),
        "count": one.count,
        "first": None if one.first is None else format_time(one.first),
        "last": None if one.last is None else format_time(one.last),
        "leaves": [{"index": index, "hash": leaf.hex()} for index, leaf in one.leaves],
    }
