"""What a list of protected persons changes in those a vault holds already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tocsin.model.protection import FormKind
from tocsin.protect.doors import form_key
from tocsin.protect.persons_file import Row
from tocsin.protect.vault import Form, Person

_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The persons after an import, and what it did.

    shared   lines whose form is that of another person too, and the line that gave it to them, 0 for the vault
    """

    persons: tuple[Person, ...]
    new_persons: int
    new_forms: int
    known_forms: int
    shared: Mapping[int, int]

    @property
    def is_change(self) -> bool:
        """Whether anything is now otherwise than before."""
        return bool(self.new_persons or self.new_forms)


def merge(
    persons: Sequence[Person], rows: Iterable[Row], new_id: Callable[[], bytes] = lambda: os.urandom(_ID_BYTES)
) -> Merged:
    """The persons with the forms of the rows added: to whom bears the handle, else to a new person at the end."""
    held = {person.handle: person for person in persons}
    owners = _owners(persons)
    shared: dict[int, int] = {}
    new_forms = known = 0
    for row in rows:
        before = held.get(row.handle) or Person(id=new_id(), handle=row.handle, matters=(), forms=())
        key = form_key(row.kind, row.form)
        owner, line = owners.setdefault(key, (row.handle, row.line))
        if owner != row.handle:
            shared[row.line] = line
        matters = tuple(sorted({*before.matters, row.matter} - {""}))
        if any(form_key(form.kind, form.text) == key for form in before.forms):
            known += 1
            held[row.handle] = replace(before, matters=matters)
            continue
        new_forms += 1
        forms = (*before.forms, Form(kind=row.kind, text=row.form))
        held[row.handle] = replace(before, matters=matters, forms=forms)
    return Merged(
        persons=tuple(held.values()),
        new_persons=len(held) - len(persons),
        new_forms=new_forms,
        known_forms=known,
        shared=shared,
    )


def _owners(persons: Sequence[Person]) -> dict[tuple[FormKind, str], tuple[str, int]]:
    """Whose each form is: of several the first, who came into the vault with line 0 of this list."""
    owners: dict[tuple[FormKind, str], tuple[str, int]] = {}
    for person in persons:
        for form in person.forms:
            owners.setdefault(form_key(form.kind, form.text), (person.handle, 0))
    return owners
