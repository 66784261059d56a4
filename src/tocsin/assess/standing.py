"""To what the changes that accounts in question made open a way: to one mailbox or document, or to anything."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.assess.holdings import MAIL_KINDS, HoldingIndex, ThingIndex, container_kind
from tocsin.assess.naming import HoldingNames
from tocsin.assess.spelling import comparable
from tocsin.assess.telling import tells
from tocsin.model.coverage import Mark, StandingChange

# What these open is what the record says they are of. A role, a consent, a credential opens what its bearer may reach.
_OF_ONE_THING = frozenset((Mark.RULE, Mark.FORWARDING, Mark.PERMISSION, Mark.LINK))
_OF_A_MAILBOX = "inbox rule"  # how the sentence of a rule begins that is one mailbox's and not of all mail


class Standing:
    """`opens` says of a holding whether one of the changes opens a way to it."""

    def __init__(self, changes: Iterable[StandingChange], names: HoldingNames, declared: HoldingIndex) -> None:
        self._names = names
        things: list[tuple[str, str, str]] = []
        self._anything = False
        for change in changes:
            kind = _kind_of(change, declared)
            self._anything |= not kind
            things.append((kind, change.scope, ""))
        self._things = ThingIndex(things)
        self._scopes = sorted({(kind, comparable(scope)) for kind, scope, _ in things})
        self._kinds = {kind for kind, _, _ in things}

    def opens(self, kind: str, text: str) -> bool:
        """Whether one of the changes opens a way to it, or to something in it."""
        if self._anything or (kind in MAIL_KINDS - {"mailbox"} and "mailbox" in self._kinds):
            return True
        if not self._scopes:
            return False
        if any(self._things.under(kind, name) for name in (text, *self._names.may_be(text))):
            return True
        known = comparable(text)
        within = "mailbox" if container_kind(kind) == "mailbox" else "document"
        return any(of == within and known.startswith(scope.rstrip("/")) for of, scope in self._scopes)


def is_of_a_mailbox(change: StandingChange) -> bool:
    """Whether a change sends on, or shows others, what one mailbox has, and not all mail."""
    if change.kind is Mark.LINK:
        return "://" not in change.scope
    return change.kind is Mark.FORWARDING or (change.kind is Mark.RULE and change.detail.startswith(_OF_A_MAILBOX))


def _kind_of(change: StandingChange, declared: HoldingIndex) -> str:
    """`mailbox` or `document` where it is of one that the estate declares; "" where it may be of anything."""
    if change.kind not in _OF_ONE_THING or declared.find(change.scope, "") is None:
        return ""
    if "://" in change.scope:
        is_told = change.kind in (Mark.PERMISSION, Mark.LINK) and tells("document", change.scope, "", is_declared=bool)
        return "document" if is_told else ""
    is_rule_of_all = change.kind is Mark.RULE and not is_of_a_mailbox(change)
    return "mailbox" if "@" in change.scope and change.kind is not Mark.LINK and not is_rule_of_all else ""


def address_of(receiver: str) -> str:
    """A receiver as records of rules write it (`smtp:a@b`, `"A" [SMTP:a@b]`), the address alone."""
    return receiver.rpartition(":")[2].strip(' "<>[]')
