"""What of each record is shown where fields are withheld by name: their values stand nowhere else either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from tocsin.attest.redaction import Sought, values_of
from tocsin.errors import ConfigError
from tocsin.evidence.enclosure import OpenedRecord
from tocsin.model.door import Door
from tocsin.model.evidence import ProtectedRecord, ShownFields, Value
from tocsin.protect.tokens import persons_of
from tocsin.record.commitment import open_fields, value_text


@dataclass(frozen=True, slots=True)
class Redaction:
    """The names that are withheld, what they say in any of the records, and whether any record is shown in part."""

    names: frozenset[str]
    values: frozenset[str]
    hides_records: bool
    protected: Mapping[int, ProtectedRecord]
    _sought: Sought

    @classmethod
    def of(cls, records: Sequence[OpenedRecord], names: Iterable[str], door: Door) -> Redaction:
        """Of these records; where they speak of protected persons, the fields that do as well.

        Raises ConfigError for a field that none of them has: nothing would be withheld.
        """
        wanted = frozenset(names)
        known = {name for record in records for name in record.fields}
        if missing := sorted(wanted - known):
            raise ConfigError(
                f"no enclosed record has a field {missing[0]!r}",
                hint=f"fields of these records: {', '.join(sorted(known)[:40])}",
            )
        texts = {value_text(record.fields[name]).decode() for record in records for name in wanted & set(record.fields)}
        values = frozenset(value for text in texts for value in values_of(text))
        in_records = frozenset(value for text in texts for value in values_of(text, in_records=True))
        protected = {each.index: each for each in _protected(records, door)}
        sought = Sought(in_records, in_records=True)
        found = cls(wanted, values, hides_records=False, protected=protected, _sought=sought)
        return replace(found, hides_records=any(found.hides(record) for record in records))

    def hides(self, record: OpenedRecord) -> bool:
        """Whether the record is shown by its fields alone: it has a withheld one, or its bytes hold what one says."""
        if record.index in self.protected:
            return True
        if not self.names:
            return False
        if not self.names.isdisjoint(record.fields):
            return True
        return self._sought.stands_in(record.raw) or self._sought.stands_in(record.text or b"")

    def fields(self, record: OpenedRecord, statement: int | None) -> ShownFields | None:
        """The record's fields: those withheld, and others that hold what one of them says, by their digests alone.

        None of a record that speaks of a protected person and does not say in which field.
        """
        protected = self.protected.get(record.index)
        if protected is not None and not protected.fields:
            return None
        names = self.names.union(protected.fields if protected else ())
        opened = open_fields(record.salts.fields, record.fields)
        values = tuple(
            Value(digest=sha256(salt + text.encode()).digest())
            if name in names or (self.names and self._sought.stands_in(text.encode()))
            else Value(salt=salt, text=text)
            for name, (salt, text) in zip(sorted(record.fields), opened.values, strict=True)
        )
        return ShownFields(names=opened.names, names_salt=opened.names_salt, values=values, statement=statement)


def _protected(records: Sequence[OpenedRecord], door: Door) -> Iterator[ProtectedRecord]:
    """The records that speak of protected persons, each with the fields that do.

    Where its bytes or the names of its fields do, and none of its values, no field of it is shown: a name may stand
    across several.
    """
    for record in records if door.epoch else ():
        names = sorted(record.fields)
        values = [value_text(record.fields[name]).decode("utf-8", "replace") for name in names]
        whole = [record.raw.decode("utf-8", "replace"), (record.text or b"").decode("utf-8", "replace"), *names]
        masked = door.mask([*values, *whole])
        if masked:
            is_told = all(place < len(names) + 2 for place in masked)  # else by the name of a field
            hidden = tuple(name for place, name in enumerate(names) if place in masked) if is_told else ()
            tokens = persons_of(one.token for each in masked.values() for one in each.sightings)
            yield ProtectedRecord(index=record.index, fields=hidden, tokens=tokens)
