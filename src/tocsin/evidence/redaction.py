"""What of each record is shown where fields are withheld by name: their values stand nowhere else either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from tocsin.attest.redaction import Sought, values_of
from tocsin.errors import ConfigError
from tocsin.evidence.enclosure import OpenedRecord
from tocsin.model.evidence import ShownFields, Value
from tocsin.record.commitment import open_fields, value_text


@dataclass(frozen=True, slots=True)
class Redaction:
    """The names that are withheld, what they say in any of the records, and whether any record is shown in part."""

    names: frozenset[str]
    values: frozenset[str]
    hides_records: bool
    _sought: Sought

    @classmethod
    def of(cls, records: Sequence[OpenedRecord], names: Iterable[str]) -> Redaction:
        """Of these records. Raises ConfigError for a field that none of them has: nothing would be withheld."""
        wanted = frozenset(names)
        known = {name for record in records for name in record.fields}
        if missing := sorted(wanted - known):
            raise ConfigError(
                f"no enclosed record has a field {missing[0]!r}",
                hint=f"fields of these records: {', '.join(sorted(known)[:40])}",
            )
        values = frozenset(
            value
            for record in records
            for name in wanted & set(record.fields)
            for value in values_of(value_text(record.fields[name]).decode())
        )
        found = cls(wanted, values, hides_records=False, _sought=Sought(values))
        return replace(found, hides_records=any(found.hides(record) for record in records))

    def hides(self, record: OpenedRecord) -> bool:
        """Whether the record is shown by its fields alone: it has a withheld one, or its bytes hold what one says."""
        if not self.names:
            return False
        if not self.names.isdisjoint(record.fields):
            return True
        return self._sought.stands_in(record.raw) or self._sought.stands_in(record.text or b"")

    def fields(self, record: OpenedRecord, statement: int | None) -> ShownFields:
        """The record's fields: those withheld, and others that hold what one of them says, by their digests alone."""
        opened = open_fields(record.salts.fields, record.fields)
        values = tuple(
            Value(digest=sha256(salt + text.encode()).digest())
            if name in self.names or (self.names and self._sought.stands_in(text.encode()))
            else Value(salt=salt, text=text)
            for name, (salt, text) in zip(sorted(record.fields), opened.values, strict=True)
        )
        return ShownFields(names=opened.names, names_salt=opened.names_salt, values=values, statement=statement)
