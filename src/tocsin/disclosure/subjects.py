"""What is to be unsealed, found: the records behind one finding, or one record, and the tokens in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from tocsin.errors import ConfigError
from tocsin.evidence.enclosure import OpenedRecord, open_records
from tocsin.evidence.proving import tree_of
from tocsin.model.answers import Answers
from tocsin.model.door import Door, mask_one
from tocsin.model.finding import Finding
from tocsin.model.reference import RecordPlace, record_reference
from tocsin.protect.tokens import TOKEN, persons_of
from tocsin.record.commitment import value_text
from tocsin.record.keys import WorkspaceKey
from tocsin.render.element import element
from tocsin.render.json_text import json_text
from tocsin.store import tables
from tocsin.store.workspace import Workspace

# Names are looked for in so many records of a finding: they say how somebody was named, and the finding says who.
MOST_RECORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One finding or record.

    kind     `finding` or `record`; `of` the finding's id, or the leaf of the record
    tokens   of the persons in it, 27 characters each, sorted
    texts    of its records, in clear
    shown    the record itself in clear, "" of a finding
    where    of the record, as findings name it
    """

    kind: str
    of: str | int
    tokens: tuple[str, ...]
    texts: tuple[str, ...] = field(repr=False)
    shown: str = field(repr=False, default="")
    where: str = ""


def finding_named(answers: Answers, name: str) -> Finding | None:
    """The finding of that id, None where there is none."""
    return next((one for one in answers.findings if one.id == name), None)


def of_finding(workspace: Workspace, key: WorkspaceKey, finding: Finding) -> Subject:
    """A finding, with what its records say. Raises VerificationError where one is not what was sealed."""
    references = sorted(_references(workspace, finding.records))[:MOST_RECORDS]
    records = open_records(workspace, key, references, tree_of(workspace)).records
    return Subject(
        kind="finding",
        of=finding.id,
        tokens=tokens_in(json_text(element(finding))),
        texts=tuple(text for record in records for text in texts_of(record)),
    )


def of_record(workspace: Workspace, key: WorkspaceKey, name: str) -> Subject:
    """The record that is named `PATH#ENTRY` or `@LEAF`. Raises ConfigError where there is none."""
    record = _record_named(workspace, key, name)
    texts = texts_of(record)
    return Subject(
        kind="record",
        of=record.index,
        tokens=persons_in(key.door, texts),
        texts=texts,
        shown=(record.raw if record.text is None else record.text).decode("utf-8", "replace"),
        where=f"{record.path}#{record.entry}",
    )


def tokens_in(text: str) -> tuple[str, ...]:
    """The tokens of persons in a text that passed the door, sorted, each once."""
    return persons_of(found[0] for found in TOKEN.finditer(text))


def persons_in(door: Door, texts: Sequence[str]) -> tuple[str, ...]:
    """The same of texts in clear."""
    return persons_of(one.token for masked in door.mask(texts).values() for one in masked.sightings)


def texts_of(record: OpenedRecord) -> tuple[str, ...]:
    """All that a record says in clear: as framed, as text, and field by field, where escapes are undone."""
    raw = record.raw.decode("utf-8", "replace")
    text = () if record.text is None else (record.text.decode("utf-8", "replace"),)
    fields = (value_text(value).decode("utf-8", "replace") for value in record.fields.values())
    return tuple(dict.fromkeys((raw, *text, *fields)))


def _record_named(workspace: Workspace, key: WorkspaceKey, name: str) -> OpenedRecord:
    with workspace.reading() as connection:
        rows = connection.execute(
            select(tables.chunks, tables.inputs.c.path)
            .join(tables.inputs, tables.chunks.c.input == tables.inputs.c.id)
            .order_by(tables.chunks.c.sequence)
        ).all()
    if name.startswith("@"):
        found = list(_at_leaf(rows, name))
    else:
        path, _, entry = name.rpartition("#")
        if not path or not entry.isdigit():
            raise ConfigError("there is no such finding, and no record is named so", hint="PATH#ENTRY, or @LEAF")
        # The path of a log may bear a name: it is known by its tokens.
        found = list(_at_entry(rows, mask_one(key.door, path), int(entry)))
    if not found:
        raise ConfigError("there is no such record", hint="name it as findings do: PATH#ENTRY, or @LEAF")
    if len(found) > 1:
        leaves = ", ".join(f"@{row.tree_start + ordinal}" for row, ordinal in found)
        raise ConfigError("the log was taken in several times", hint=f"name the leaf: about {leaves}")
    ((row, ordinal),) = found
    reference = record_reference(row.sequence, ordinal)
    records = open_records(workspace, key, [reference], tree_of(workspace)).records
    return next(one for one in records if one.reference == reference)


def _at_leaf(rows: Iterable[Row[Any]], name: str) -> Iterator[tuple[Row[Any], int]]:
    if not name[1:].isdigit():
        raise ConfigError("that is no leaf", hint="give its index in the tree: @1234")
    leaf = int(name[1:])
    for row in rows:
        if row.tree_start <= leaf < row.tree_start + row.leaves:
            if row.leaves != row.read:
                raise ConfigError("the leaf does not tell the record", hint="name it as findings do: PATH#ENTRY")
            yield row, leaf - row.tree_start


def _at_entry(rows: Iterable[Row[Any]], path: str, entry: int) -> Iterator[tuple[Row[Any], int]]:
    for row in rows:
        if row.path == path and row.first_entry <= entry < row.first_entry + row.read:
            yield row, entry - row.first_entry


def _references(workspace: Workspace, places: Iterable[RecordPlace]) -> Iterator[int]:
    """Of each place; of a log that was taken in several times, of each."""
    wanted: dict[str, set[int]] = {}
    for place in places:
        wanted.setdefault(place.input, set()).add(place.entry)
    rows = tables.chunks.c
    with workspace.reading() as connection:
        chunks = connection.execute(
            select(rows.sequence, rows.first_entry, rows.read, tables.inputs.c.path)
            .join(tables.inputs, rows.input == tables.inputs.c.id)
            .order_by(rows.sequence)
        ).all()
    for row in chunks:
        for entry in wanted.get(row.path, ()):
            if row.first_entry <= entry < row.first_entry + row.read:
                yield record_reference(row.sequence, entry - row.first_entry)
