"""From what found something and its first record to the id of the finding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tocsin.model.reference import RecordPlace


def finding_ids(rules: Sequence[str], firsts: Sequence[tuple[int, RecordPlace]]) -> list[str]:
    """Per finding, of its rule and first record (reference, place): `f-`, 12 hex digits of a digest of rule and place.

    An id leaves the house where names are withheld. The digest has no salt, so that the enclosed records alone give it
    again: it must hold nothing but what is shown beside it. That rules out the subject, and the record's event key as
    well, which is made of what the record says. Where a digest is taken (one path with two contents, or by chance) the
    later record in the order of the record gets the digest's digest; of one record, the later finding in order.
    """
    found = [""] * len(firsts)
    taken: set[str] = set()
    for number in sorted(range(len(firsts)), key=lambda number: firsts[number][0]):
        _, where = firsts[number]
        said = f"{rules[number]}\0{where.input}\0{where.entry}"
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()
        while (identity := f"f-{digest.hex()[:12]}") in taken:
            digest = hashlib.sha256(digest).digest()
        taken.add(identity)
        found[number] = identity
    return found
