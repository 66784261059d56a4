"""Which rule files stay at home: beside the token of a person they would tell a part of that person's name."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tocsin.detect.sigma.compiled_rules import CompiledRules
from tocsin.evidence.enclosure import OpenedRecord
from tocsin.model.door import Door
from tocsin.model.evidence import WithheldRules
from tocsin.protect.windows import spans
from tocsin.record.commitment import value_text

# Shorter parts of a name are words of their own too often.
_PART = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Rule files by path: those that may be enclosed, and the paths, sorted, of those that stay."""

    enclosed: Mapping[str, bytes]
    withheld: tuple[str, ...]


def parted(
    texts: Mapping[str, bytes],
    untold: Collection[str],
    rules: CompiledRules,
    records: Sequence[OpenedRecord],
    door: Door,
    own: Collection[bytes],
) -> Texts:
    """The files but those of a rule whose words some hit does not tell, and those, exceptions and lists of values among
    them, that say a part of a name as an enclosed record writes it.

    own   the bytes of the rules everybody has: who wrote them knew of nobody here. They are always enclosed
    """
    asked = {path: text for path, text in texts.items() if text not in own} if door.epoch else {}
    if not asked:
        return Texts(enclosed=texts, withheld=())
    paths = {info.path for info in rules.infos.values() if info.id in untold}
    parts = frozenset(_parts_of_names(records, door))
    withheld = tuple(path for path, text in sorted(asked.items()) if path in paths or _says(text, parts))
    return Texts(enclosed={path: text for path, text in texts.items() if path not in withheld}, withheld=withheld)


def told(
    withheld: Sequence[str], texts: Mapping[str, bytes], rules: CompiledRules, salt_of: Callable[[str], str]
) -> tuple[WithheldRules, ...]:
    """What is said of the files that stay: the ids in them, and a commitment to their bytes.

    salt_of   64 hex digits by the digest of a file, that tell nothing of it and can be made again at home: a digest
              without one would let names be guessed
    """
    within: defaultdict[str, set[str]] = defaultdict(set)
    for info in rules.infos.values():
        within[info.path].add(info.id)
    for exception in rules.exceptions:
        within[exception.info.path].add(exception.info.id)
    found = []
    for path in withheld:
        plain = hashlib.sha256(texts[path]).hexdigest()
        salted = hashlib.sha256(bytes.fromhex(salt_of(plain)) + texts[path]).hexdigest()
        found.append(WithheldRules(ids=tuple(sorted(within[path])), digest=salted))
    return tuple(sorted(found, key=lambda one: (one.ids, one.digest)))


def _says(text: bytes, parts: Collection[str]) -> bool:
    said = text.decode("utf-8", "replace").casefold()
    return any(part in said for part in parts)


def _parts_of_names(records: Sequence[OpenedRecord], door: Door) -> Iterator[str]:
    """The words of what became a token in these records, folded."""
    for record in records:
        values = [value_text(value).decode("utf-8", "replace") for value in record.fields.values()]
        texts = [*values, record.raw.decode("utf-8", "replace"), (record.text or b"").decode("utf-8", "replace")]
        for place, masked in door.mask(texts).items():
            for start, end, _ in spans(texts[place], masked):
                yield from _PART.findall(texts[place][start:end].casefold())
