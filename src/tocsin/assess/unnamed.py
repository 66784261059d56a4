"""Which accesses do not say to what they were, and within what that lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocsin.assess.columns import Row
from tocsin.assess.holdings import HoldingIndex, container_kind
from tocsin.assess.naming import HoldingNames
from tocsin.assess.spelling import comparable, is_guid
from tocsin.assess.telling import tells

_SIGNS_IN = re.compile(r"^(?!arn:)(?:.*[\\@]|s-1-)", re.IGNORECASE | re.DOTALL)
_PLACE = re.compile(r"@|://|^arn:|^\\\\")


def unnamed(
    columns: Row, ways: Iterable[int], asked: frozenset[str], names: HoldingNames, declared: HoldingIndex
) -> Iterator[tuple[str, str, str]]:
    """(source, kind, container) of each way that does not name what it reached; many ways lead to one thing."""
    told = ("source", "kind", "holding", "container", "label")
    for source, kind, holding, container, label in {tuple(columns[name][way] or "" for name in told) for way in ways}:
        # One that says no more than that somebody went on under a name in question too is no access of its own.
        if kind or label.lower() not in asked:
            within = _unnamed_in(kind, holding, container, names, declared)
            if within is not None:
                # An account of a directory signs in to anything, which other logs record.
                yield "" if not kind and _SIGNS_IN.search(label) else source, kind, within


def _unnamed_in(kind: str, holding: str, container: str, names: HoldingNames, declared: HoldingIndex) -> str | None:
    """The container in which a way reached a thing that it does not name, "" for any; None where it names it."""
    if not kind or (container and _is_unknown_id(container, names)):
        return ""
    if not _is_told(kind, holding, container, names, declared):
        # What lies on a host does not bear the host's name, as what lies in a mailbox, site or share bears theirs.
        is_place = _PLACE.search(container) and tells(container_kind(kind), container, "", is_declared=bool)
        return container if is_place else ""
    return None


def _is_told(kind: str, holding: str, container: str, names: HoldingNames, declared: HoldingIndex) -> bool:
    """Whether the name says to what it was, or another that records join to it does: of an id alone none is known."""

    def is_telling(name: str) -> bool:
        return tells(kind, name, container, is_declared=lambda text: declared.find(text, "") is not None)

    if is_telling(holding):
        return True
    # Of a name with several ids one may be of a thing of which no other name is on record.
    return len(names.ids.get(comparable(holding), ())) < 2 and any(map(is_telling, names.may_be(holding)))


def _is_unknown_id(text: str, names: HoldingNames) -> bool:
    return is_guid(text) and not names.may_be(text)
