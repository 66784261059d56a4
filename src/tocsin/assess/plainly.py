"""Of which mailboxes it may be said that they were not reached: the narrowest case, in which nothing is left to names.

Where people made logs by hand to bring about a wrong "ruled out", most of what was wrong began with a name: one thing
written in two ways, an id that nothing joins, somebody whom nobody declared. So it is said only where the mailbox, and
all others in which an account in question was or may have been, stand in the log by one address that cannot be read
otherwise and one id that no other has; where nobody but declared people is on record in the mailbox, and no change of
rights that names it but between such people.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import pyarrow as pa

from tocsin.assess import obstacles
from tocsin.assess.actors import Actors, words
from tocsin.assess.columns import Columns
from tocsin.assess.holdings import MAIL_KINDS
from tocsin.assess.matching import Seen
from tocsin.assess.naming import HoldingNames
from tocsin.assess.spelling import comparable, is_guid
from tocsin.assess.standing import address_of, is_of_a_mailbox
from tocsin.model.coverage import Mark, StandingChange
from tocsin.model.exposure import ActorClass

_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_IN_A_TEXT = re.compile(r"[^\s<>\"',;:()\[\]{}|\\/=]+@[^\s<>\"',;:()\[\]{}|\\/=]+")
# Files that are mailboxes, or what was taken out of one.
_HOLDS_MAIL = re.compile(r"\.(?:pst|ost|nst|olm|mbox?x?|edb|nsf|bak)(?![a-z0-9])", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_NONE = frozenset[int]()
_OWNERSHIP = "ownership of an application"
_BETWEEN_PEOPLE = frozenset((Mark.PERMISSION, Mark.MEMBERSHIP, Mark.ROLE))
_OPENS_MAIL = frozenset((Mark.PERMISSION, Mark.RULE, Mark.FORWARDING))
# What lies in no mailbox, by how it is written: at a web address, on a share, drive or host, in AWS.
_ELSEWHERE = re.compile(r"https?://[!-~ ]+|\\\\[ -~]+|[a-z]:\\[ -~]*|/[ -~]*|arn:[!-~]+", re.IGNORECASE)


class PlainMailboxes:
    """What stands against saying it of a mailbox; built for one question, asked once a mailbox.

    state    the accesses of everybody at any time; `seen` what of them bears on the question
    sources  by whose logs it may be said
    """

    def __init__(
        self,
        state: pa.Table,
        seen: Seen,
        whose: Actors,
        names: HoldingNames,
        changes: Iterable[StandingChange],
        sources: Collection[str],
    ) -> None:
        self._names = names
        self._called: dict[str, set[str]] = defaultdict(set)
        for name, ids in names.ids.items():
            for one in ids:
                self._called[one].add(name)
        self._strangers = frozenset(_with_strangers(Columns(state), whose))
        against = [change for change in changes if not _is_between_others(change, whose)]
        self._changed = {
            one.lower()
            for change in against
            for text in (change.actor, change.scope, change.detail, *change.given_to)
            for one in _IN_A_TEXT.findall(text)
        }
        self._named = _by_word(text for change in against for text in (change.scope, *change.given_to))
        is_of_any = any(_may_be_of_any(change, whose, self._is_plain) for change in against)
        if is_of_any:
            self._of_all = obstacles.CHANGED
        elif "" in self._strangers:
            self._of_all = obstacles.IN_ANY
        else:
            self._of_all = self._against_all(seen, sources)

    def against(self, kind: str, text: str) -> str:
        """The sentence that says why it is not said of this holding; empty where it may be."""
        if kind != "mailbox":
            return obstacles.UNTRIED
        if self._of_all:
            return self._of_all
        address = comparable(text)
        if not self._is_plain(address):
            return obstacles.NOT_BY_ONE_NAME
        if not self._strangers.isdisjoint((address, *self._names.may_be(address))):
            return obstacles.BY_STRANGERS
        return obstacles.CHANGED if self._is_changed(address) else ""

    def _is_changed(self, address: str) -> bool:
        """Whether a change names it, by its address, by its id, or by all words of its address before the domain."""
        if address in self._changed:
            return True
        names = (words(one) for one in (address, *self._names.may_be(address)))
        return any(frozenset.intersection(*(self._named.get(word, _NONE) for word in name)) for name in names if name)

    def _is_plain(self, address: str) -> bool:
        """Whether records give the mailbox of this address one id, and neither of them another name."""
        ids = self._names.ids.get(address, frozenset())
        return (
            _is_address(address)
            and len(ids) == 1
            and all(is_guid(one) and self._called[one] == {address} for one in ids)
            and self._names.may_be(address) == ids
        )

    def _against_all(self, seen: Seen, sources: Collection[str]) -> str:
        """What stands against all of them alike: where those in question were, or may have been."""
        touched = {(kind, "", container) for source, kind, container in seen.unnamed if source in ("", *sources)}
        touched |= {(thing.kind, thing.holding, thing.container) for thing in seen.reached} | seen.near
        if not all(self._is_plainly(*thing) for thing in touched):
            return obstacles.NOT_PLAINLY
        return ""

    def _is_plainly(self, kind: str, holding: str, container: str) -> bool:
        """Whether something an account in question reached is plainly in a mailbox, or plainly in none."""
        if kind in MAIL_KINDS:
            return self._is_plain(comparable(container or holding))
        text = holding or container
        return bool(kind and _ELSEWHERE.fullmatch(text)) and not _HOLDS_MAIL.search(text)


def _is_between_others(change: StandingChange, whose: Actors) -> bool:
    """Whether other people gave other people a right or role, or a rule of one sends no mail on.

    Mail sent on is in another mailbox, whoever has that one.
    """
    if change.kind in (Mark.RULE, Mark.FORWARDING):
        is_told = is_of_a_mailbox(change) and not change.given_to
    else:
        is_told = change.kind in _BETWEEN_PEOPLE and bool(change.given_to)
    return is_told and whose.is_anothers(change.actor) and all(map(whose.is_another_person, change.given_to))


def _may_be_of_any(change: StandingChange, whose: Actors, is_plain: Callable[[str], bool]) -> bool:
    """Whether it opens a mailbox, or sends mail on, of which it is not told, to who may be one of those in question.

    What somebody outside is sent is theirs under their own name alone; inside it is where others may be, too. An
    address under which no mailbox is plainly recorded (`is_plain`) may be a second one of any.
    """
    if change.kind not in _OPENS_MAIL or (change.kind is Mark.PERMISSION and not _is_of_mail(change)):
        return False
    told = _IN_A_TEXT.findall(change.scope) if is_of_a_mailbox(change) else []
    if told and all(is_plain(comparable(one)) for one in told):
        return False
    if change.kind is Mark.PERMISSION:
        # The shells write `DOMAIN.PROD.OUTLOOK.COM/…/name`.
        return not change.given_to or whose.may_be_given([one.rpartition("/")[2] for one in change.given_to])
    return any(whose.is_inside(one) or whose.may_receive(one) for one in map(address_of, change.given_to))


def _is_of_mail(change: StandingChange) -> bool:
    """Whether a right is not on a site, nor of who owns an application, which is written as its scope."""
    return "://" not in change.scope and not change.detail.startswith(_OWNERSHIP)


def _by_word(texts: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """Which of the texts have each word."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, text in enumerate(sorted(set(texts))):
        for word in _WORD.findall(text.casefold()):
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def _is_address(account: str) -> bool:
    return bool(_ADDRESS.fullmatch(account.lower()))


def _with_strangers(columns: Columns, whose: Actors) -> Iterator[str]:
    """The mailboxes in which somebody is recorded who is not, by the estate, a person other than those asked of.

    "" where it is not told which mailbox anybody took, searched or was in.
    """
    _, ways = columns.combined("kind", "container", "actor", "actor_class")
    for kind, container, actor, of in ways:
        is_known = of != ActorClass.ADMINISTRATOR and whose.is_anothers(actor or "")
        if kind in MAIL_KINDS and not (is_known and container):
            yield comparable(container or "")
