"""Of which mailboxes it may be said that they were not reached: the narrowest case, in which nothing is left to names.

Where people made logs by hand to bring about a wrong "ruled out", most of what was wrong began with a name: one thing
written in two ways, an id that nothing joins, somebody whom nobody declared. So it is said only where all that bears on
a verdict is written in one way: whom is asked of, where these were, and the mailbox itself, each by an address that
cannot be read otherwise, each mailbox under one id that no other has; and where nobody else but declared people, and
no change of rights, is on record at the mailbox.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa

from tocsin.assess import obstacles
from tocsin.assess.actors import Actors, DeclaredAccounts
from tocsin.assess.columns import Columns
from tocsin.assess.holdings import MAIL_KINDS
from tocsin.assess.matching import Seen
from tocsin.assess.naming import HoldingNames
from tocsin.assess.spelling import comparable
from tocsin.assess.standing import is_of_a_mailbox
from tocsin.model.coverage import StandingChange
from tocsin.model.estate import Estate
from tocsin.model.exposure import ActorClass
from tocsin.model.joining import Identities
from tocsin.model.question import Question

_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_IN_A_TEXT = re.compile(r"[^\s<>\"',;:()\[\]{}|\\/=]+@[^\s<>\"',;:()\[\]{}|\\/=]+")
_ID = re.compile(r"(?!0{8}-(?:0{4}-){3}0{12})[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What lies in no mailbox, by how it is written: at a web address, on a share, drive or host, in AWS.
_ELSEWHERE = re.compile(r"https?://[!-~ ]+|\\\\[ -~]+|[a-z]:\\[ -~]*|/[ -~]*|arn:[!-~]+", re.IGNORECASE)
# Files that hold mail, or files: somebody's mailbox may have been put into one.
_WITH_MAIL = re.compile(r"\.(?:pst|ost|mbox|msg|eml|nsf|zip|7z|rar|tar|t?gz|t?bz2|xz|zst|cab|iso)$", re.IGNORECASE)


class PlainMailboxes:
    """What stands against saying it of a mailbox; built for one question, asked once a mailbox.

    state    the accesses of everybody at any time; `seen` what of them bears on the question
    sources  by whose logs it may be said
    """

    def __init__(
        self,
        state: pa.Table,
        seen: Seen,
        question: Question,
        whose: Actors,
        estate: Estate,
        identities: Identities,
        names: HoldingNames,
        changes: Iterable[StandingChange],
        sources: Collection[str],
    ) -> None:
        self._names, self._whose = names, whose
        self._called: dict[str, set[str]] = defaultdict(set)
        for name, ids in names.ids.items():
            for one in ids:
                self._called[one].add(name)
        columns = Columns(state)
        services = DeclaredAccounts(estate).of(one.id for one in estate.identities if one.is_service)
        self._strangers = frozenset(_with_strangers(columns, whose, services))
        self._named_by_them = frozenset(_words_of(columns, whose))
        self._declared = DeclaredAccounts(estate)
        self._identities = identities
        changes = list(changes)
        self._changed = {
            one.lower()
            for change in changes
            for text in (change.scope, change.detail, *change.given_to)
            for one in (*_IN_A_TEXT.findall(text), *_ID.findall(text.lower()))
        }
        # Of a mailbox that is called otherwise than by an address: it may be any.
        self._is_any_changed = any(is_of_a_mailbox(one) and not _IN_A_TEXT.search(one.scope) for one in changes)
        self._touched = {
            *((thing.kind, thing.holding, thing.container) for thing in seen.reached),
            *seen.near,
            *((kind, "", container) for source, kind, container in seen.unnamed if source in ("", *sources)),
        }
        self._of_all = self._against_all(question)

    def against(self, kind: str, text: str) -> str:
        """The sentence that says why it is not said of this holding; empty where it may be."""
        if kind != "mailbox":
            return obstacles.UNTRIED
        if self._of_all:
            return self._of_all
        address = comparable(text)
        if not self._is_plain(address) or self._is_under_another_name(address):
            return obstacles.NOT_BY_ONE_NAME
        if not self._strangers.isdisjoint((address, *self._names.may_be(address))):
            return obstacles.BY_STRANGERS
        if self._is_any_changed or not self._changed.isdisjoint((address, *self._names.may_be(address))):
            return obstacles.CHANGED
        own = _words(address.partition("@")[0])
        return obstacles.NAMED_THERE if any(own <= words for words in self._named_by_them) else ""

    def _is_plain(self, address: str) -> bool:
        """Whether records give the mailbox of this address one id, and neither of them another name."""
        ids = self._names.ids.get(address, frozenset())
        return (
            _is_address(address)
            and len(ids) == 1
            and all(_ID.fullmatch(one) and self._called[one] == {address} for one in ids)
            and self._names.may_be(address) == ids
            and not self._names.folders.get(address)
            and not any(address in owners and len(owners) > 1 for owners in self._names.bearers.values())
        )

    def _is_under_another_name(self, address: str) -> bool:
        """Whether an account in question was in a mailbox under another address of the person whose this one is."""
        own = self._accounts(address) - {address}
        return any(comparable(container or holding) in own for _, holding, container in self._touched)

    def _is_mistaken(self, asked: frozenset[str]) -> bool:
        """Whether a record gives somebody else an id, or another name, of one who is asked of: both may have acted.

        Or it says that one asked of has had, or has since, another name.
        """
        return any(self._names.folders.get(one) for one in asked) or any(
            not accounts <= asked
            for name, accounts in self._names.bearers.items()
            if name in asked or not accounts.isdisjoint(asked) or self._whose.is_addressed(name)
        )

    def _accounts(self, address: str) -> frozenset[str]:
        return self._declared.of(self._identities.all_forms(address))

    def _against_all(self, question: Question) -> str:
        """What stands against all of them alike: of whom is asked, and where these were."""
        named = {*question.identities, *question.accounts, *(way.identity for way in question.ways)} - {""}
        if self._names.is_incomplete:
            return obstacles.LEFT_OUT
        if question.hosts or question.keys or not named:
            return obstacles.NOT_BY_ADDRESS
        owners = (self._declared.declared(self._identities.all_forms(one)) for one in sorted(named))
        if not all(any(_is_address(account) for one in known for account in one.accounts) for known in owners):
            return obstacles.NOT_BY_ADDRESS
        if self._is_mistaken(frozenset().union(*map(self._accounts, named))):
            return obstacles.MISTAKEN
        return "" if all(self._is_plainly(*thing) for thing in self._touched) else obstacles.NOT_PLAINLY

    def _is_plainly(self, kind: str, holding: str, container: str) -> bool:
        """Whether something an account in question reached is plainly in somebody's mailbox, or plainly in none.

        A mailbox that the estate does not declare as a person's may be another one of somebody it does: an archive, one
        moved here, one of a former name.
        """
        if kind in MAIL_KINDS:
            address = comparable(container or holding)
            owners = self._declared.declared((address,))
            return self._is_plain(address) and bool(owners) and not any(owner.is_service for owner in owners)
        text = holding or container
        return bool(kind and _ELSEWHERE.fullmatch(text) and not _WITH_MAIL.search(text))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))


def _words_of(columns: Columns, whose: Actors) -> Iterator[frozenset[str]]:
    """The words of what an account in question, or who may be one, reached, and of where that lay."""
    _, ways = columns.combined("holding", "label", "actor")
    for holding, label, actor in ways:
        if not whose.is_anothers(actor or ""):
            yield _words(f"{holding or ''} {label or ''}")


def _is_address(account: str) -> bool:
    return bool(_ADDRESS.fullmatch(account.lower()))


def _with_strangers(columns: Columns, whose: Actors, services: Collection[str]) -> Iterator[str]:
    """The mailboxes in which somebody is recorded who is not, by the estate, a person other than those asked of.

    So are those in which anybody did what nothing declares: such a record may say of the mailbox what nobody reads.
    """
    _, ways = columns.combined("kind", "container", "actor", "actor_class")
    for kind, container, actor, of in ways:
        is_known = of != ActorClass.ADMINISTRATOR and whose.is_anothers(actor or "") and actor not in services
        if container and ((kind in MAIL_KINDS and not is_known) or not kind):
            yield comparable(container)
