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
from tocsin.assess.actors import WORD, Actors, DeclaredAccounts, plain, words
from tocsin.assess.columns import Columns
from tocsin.assess.holdings import MAIL_KINDS
from tocsin.assess.matching import Seen
from tocsin.assess.naming import HoldingNames
from tocsin.assess.other_people import OtherPeople
from tocsin.assess.reading import Reading
from tocsin.assess.spelling import comparable
from tocsin.assess.standing import address_of, is_of_a_mailbox
from tocsin.assess.verdict import Window
from tocsin.model.coverage import TENANT, Mark, StandingChange
from tocsin.model.estate import Estate
from tocsin.model.exposure import ActorClass
from tocsin.model.joining import Identities
from tocsin.model.question import Question

_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9._+-]*[a-z0-9])?@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_IN_A_TEXT = re.compile(r"[^\s<>\"',;:()\[\]{}|\\/=]+@[^\s<>\"',;:()\[\]{}|\\/=]+")
_ID = re.compile(r"(?!0{8}-(?:0{4}-){3}0{12})[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NONE = frozenset[int]()
# Of these kinds of ids an account has one: a security id, a number of its own, its id in the directory, its tenant.
_HAD_ONCE = (re.compile(r"s-1-5-21-[0-9-]+"), re.compile(r"[0-9a-f]{16}"), _ID, re.compile(rf"{TENANT}.+", re.DOTALL))
_OWNERSHIP = "ownership of an application"
_BETWEEN_PEOPLE = frozenset((Mark.PERMISSION, Mark.MEMBERSHIP, Mark.ROLE))
# What lies in no mailbox, by how it is written: at a web address, on a share, drive or host, in AWS.
_ELSEWHERE = re.compile(r"https?://[!-~ ]+|\\\\[ -~]+|[a-z]:\\[ -~]*|/[ -~]*|arn:[!-~]+", re.IGNORECASE)
# Files that are mailboxes, what was taken out of one, and files with others in them.
_HOLDS_MAIL = re.compile(
    r"\.(?:pst|ost|nst|olm|mbox?x?|msg|emlx?|edb|nsf|bak|zip|7z|rar|tar|t?gz|t?bz2|xz|zst|cab|iso)(?![a-z0-9])",
    re.IGNORECASE,
)


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
        people: OtherPeople,
        estate: Estate,
        identities: Identities,
        names: HoldingNames,
        changes: Iterable[StandingChange],
        sources: Collection[str],
    ) -> None:
        self._names, self._whose, self._identities = names, whose, identities
        self._declared = DeclaredAccounts(estate)
        self._called: dict[str, set[str]] = defaultdict(set)
        for name, ids in names.ids.items():
            for one in ids:
                self._called[one].add(name)
        columns = Columns(state)
        self._mixed_up = frozenset(_mixed_up(names, identities))
        known = people.nobodys | self._mixed_up
        self._strangers = frozenset((*_with_strangers(columns, whose, known), *_by_applications(names, whose)))
        self._reading = Reading(state)
        self._reached = _by_word(_reached_by_them(columns, whose))
        against = [change for change in changes if not _is_between_others(change, whose)]
        self._changed = _by_word(
            text for change in against for text in (change.actor, change.scope, change.detail, *change.given_to)
        )
        self._touched = {
            *((thing.kind, thing.holding, thing.container) for thing in seen.reached),
            *seen.near,
            *((kind, "", container) for source, kind, container in seen.unnamed if source in ("", *sources)),
        }
        self._boxes = {comparable(container or holding) for _, holding, container in self._touched}
        self._of_all = self._against_all(question, against)

    def against(self, kind: str, text: str, window: Window) -> str:
        """The sentence that says why it is not said of this holding for that time; empty where it may be."""
        if kind != "mailbox":
            return obstacles.UNTRIED
        if self._of_all:
            return self._of_all
        address = comparable(text)
        names = (address, *self._names.may_be(address))
        if not self._is_plain(address) or self._is_under_another_name(address):
            return obstacles.NOT_BY_ONE_NAME
        if not self._strangers.isdisjoint(names):
            return obstacles.BY_STRANGERS
        borne = (one.rpartition("\t")[2] for one in self._names.borne.get(address, ()) if not one.startswith(TENANT))
        called = (*names, *borne, *self._names.applications.get(address, ()))
        if any(_has_all_words(self._changed, name) for name in called):
            return obstacles.CHANGED
        if not self._reading.is_kept(names, window):
            return obstacles.NOT_KEPT
        return obstacles.NAMED_THERE if _has_all_words(self._reached, address) else ""

    def _is_plain(self, address: str) -> bool:
        """Whether records give the mailbox of this address one id, and neither of them another name."""
        ids = self._names.ids.get(address, frozenset())
        return (
            _is_address(address)
            and len(ids) == 1
            and all(_ID.fullmatch(one) and self._called[one] == {address} for one in ids)
            and self._names.may_be(address) == ids
            and not self._names.folders.get(address)
            and address not in self._mixed_up
        )

    def _is_under_another_name(self, address: str) -> bool:
        """Whether an account in question was in a mailbox under another address of the person whose this one is."""
        return not self._boxes.isdisjoint(self._accounts(address) - {address})

    def _accounts(self, address: str) -> frozenset[str]:
        return self._declared.of(self._identities.all_forms(address))

    def _against_all(self, question: Question, changes: Iterable[StandingChange]) -> str:
        """What stands against all of them alike: of whom is asked, where these were, and what is of any mailbox."""
        named = {*question.identities, *question.accounts, *(way.identity for way in question.ways)} - {""}
        if self._names.is_incomplete:
            return obstacles.LEFT_OUT
        if self._is_mistaken(frozenset().union(*map(self._accounts, named))):
            return obstacles.MISTAKEN
        if any(_may_be_of_any(change, self._whose, self._is_plain) for change in changes):
            return obstacles.CHANGED
        if "" in self._strangers:
            return obstacles.IN_ANY
        return "" if all(self._is_plainly(*thing) for thing in self._touched) else obstacles.NOT_PLAINLY

    def _is_mistaken(self, asked: frozenset[str]) -> bool:
        """Whether a record gives somebody else an id, or another name, of one who is asked of: both may have acted.

        Or it says that one asked of has had, or has since, another name.
        """
        return any(self._names.folders.get(one) for one in asked) or any(
            not accounts <= asked
            for name, accounts in self._names.bearers.items()
            if name in asked or not accounts.isdisjoint(asked) or self._whose.is_addressed(name)
        )

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
        return bool(kind and _ELSEWHERE.fullmatch(text)) and not _HOLDS_MAIL.search(text)


def _mixed_up(names: HoldingNames, identities: Identities) -> Iterator[str]:
    """The accounts with an id on record that is another's, too, or with two ids of a kind that an account has once."""
    for owners in names.bearers.values():
        if len({identities.canonical(one) for one in owners}) > 1:
            yield from owners
    for account, borne in names.borne.items():
        if any(sum(form.fullmatch(one) is not None for one in borne) > 1 for form in _HAD_ONCE):
            yield account


def _is_between_others(change: StandingChange, whose: Actors) -> bool:
    """Whether other people gave other people a right or role, or a rule of one sends no mail on.

    Mail sent on is in another mailbox, whoever has that one.
    """
    if change.kind is Mark.RULE:
        is_told = is_of_a_mailbox(change) and not change.given_to
    else:
        is_told = change.kind in _BETWEEN_PEOPLE and bool(change.given_to)
    return is_told and whose.is_anothers(change.actor) and all(map(whose.is_another_person, change.given_to))


def _may_be_of_any(change: StandingChange, whose: Actors, is_plain: Callable[[str], bool]) -> bool:
    """Whether it opens a mailbox, or sends mail on, of which it is not told, to who may be one of those in question.

    What somebody outside is sent is theirs under their own name alone; inside it is where others may be, too. An
    address under which no mailbox is plainly recorded (`is_plain`) may be a second one of any.
    """
    told = _IN_A_TEXT.findall(change.scope)
    if is_of_a_mailbox(change) and not told:
        return True
    is_rule_of_all = change.kind is Mark.RULE and not is_of_a_mailbox(change)  # its scope is a condition of it
    if told and not is_rule_of_all and all(is_plain(comparable(one)) for one in told):
        return False
    if change.kind is Mark.PERMISSION and _is_of_mail(change):
        # The shells write `DOMAIN.PROD.OUTLOOK.COM/…/name`.
        return not change.given_to or whose.may_be_given([one.rpartition("/")[2] for one in change.given_to])
    return change.kind in (Mark.RULE, Mark.FORWARDING) and any(
        whose.is_inside(one) or whose.may_receive(one) for one in map(address_of, change.given_to)
    )


def _is_of_mail(change: StandingChange) -> bool:
    """Whether a right is not on a site, nor of who owns an application, which is written as its scope."""
    return "://" not in change.scope and not change.detail.startswith(_OWNERSHIP)


def _by_word(texts: Iterable[str]) -> Mapping[str, frozenset[int]]:
    """Which of the texts have each word."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, text in enumerate(sorted(set(texts))):
        for word in WORD.findall(plain(text)):
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def _has_all_words(texts: Mapping[str, frozenset[int]], name: str) -> bool:
    """Whether one of the texts has all words of an id, or of an address before its domain."""
    of_name = words(name)
    return bool(of_name) and bool(frozenset.intersection(*(texts.get(word, _NONE) for word in of_name)))


def _is_address(account: str) -> bool:
    return bool(_ADDRESS.fullmatch(account.lower()))


def _with_strangers(columns: Columns, whose: Actors, doubted: Collection[str]) -> Iterator[str]:
    """The mailboxes in which somebody is recorded who is not, by the estate, a person other than those asked of.

    So are those in which anybody did what nothing declares: such a record may say of the mailbox what nobody reads. ""
    where it is not told which mailbox such a one took, searched or was in.
    """
    _, ways = columns.combined("kind", "container", "actor", "actor_class")
    for kind, container, actor, of in ways:
        is_known = of != ActorClass.ADMINISTRATOR and whose.is_anothers(actor or "") and actor not in doubted
        if kind in MAIL_KINDS and not (is_known and container):
            yield comparable(container or "")
        elif not kind and container:
            yield comparable(container)


def _by_applications(names: HoldingNames, whose: Actors) -> Iterator[str]:
    """The mailboxes mail of which was reached by an application that is neither the provider's nor declared.

    With rights of its own it acts under the owner's name, for whoever has it.
    """
    for mailbox, applications in names.applications.items():
        if not all(map(whose.is_anothers, applications)):
            yield mailbox


def _reached_by_them(columns: Columns, whose: Actors) -> Iterator[str]:
    """What accounts in question, or who may be one, reached, by its name and that of what it lay in."""
    _, ways = columns.combined("holding", "label", "actor")
    yield from (
        f"{holding or ''} {label or ''}" for holding, label, actor in ways if not whose.is_anothers(actor or "")
    )
