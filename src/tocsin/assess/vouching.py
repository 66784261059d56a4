"""Whose word a log's completeness rests on, and whether it says by closed words that everything is in it.

Free words are for people: whoever writes `all users in The Hague` may mean all. So what somebody vouches for counts as
all only where the one question was answered that cannot be misread, by one other person whom the estate declares.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tocsin.assess import obstacles
from tocsin.assess.actors import Actors, words
from tocsin.assess.holdings import matches
from tocsin.assess.other_people import OtherPeople
from tocsin.assess.verdict import Window
from tocsin.model.acquisition import Extent
from tocsin.model.answers import InputAccount
from tocsin.model.estate import Attestation, Identity
from tocsin.model.identity import canonical_account


def taken_whole(accounts: Iterable[InputAccount]) -> frozenset[str]:
    """The log formats of which every file read was, by an acquisition record, asked for without leaving anything out.

    The time that was asked for must be told with it: what lies outside is a row of coverage.
    """
    read = [one for one in accounts if one.records_read]
    return frozenset(one.source for one in read) - {one.source for one in read if not _is_whole(one)}


def _is_whole(account: InputAccount) -> bool:
    said = account.acquisition
    return said.attested and said.extent is Extent.EVERYTHING and said.from_ is not None and said.to is not None


def against(
    names: Collection[str],
    sources: Collection[str],
    window: Window,
    attestations: Iterable[Attestation],
    taken: Collection[str],
    people: OtherPeople,
) -> str:
    """The sentence that says why no word makes the logs of these sources whole for a holding of these names; empty
    where one does: of what speaks of it then, all must say so."""
    if not set(sources) <= set(taken):
        return obstacles.NOT_ALL_TAKEN
    for source in sorted(sources):
        spoken = [one for one in attestations if one.source == source and _speaks_of(one, names, window)]
        if not spoken or any(one.recorded is not Extent.EVERYTHING for one in spoken):
            return obstacles.NOT_ALL_RECORDED
        if not all(people.is_named(one.custodian) for one in spoken):
            return obstacles.NO_CUSTODIAN
    return ""


def _speaks_of(one: Attestation, names: Collection[str], window: Window) -> bool:
    is_in_time = (window.to is None or one.from_ < window.to) and (window.from_ is None or one.to > window.from_)
    return is_in_time and any(matches(one.pattern, name) for name in names)


_BETWEEN = re.compile(r"[\s<>/,;]+")


class Named:
    """Tells of words that somebody is named by whether they may name one of those in question.

    theirs      the identities in question; `others` all that the estate declares
    """

    def __init__(self, theirs: Iterable[Identity], others: Iterable[Identity], whose: Actors) -> None:
        self._whose = whose
        in_question = list(theirs)
        self._theirs = {name for one in in_question for name in _exactly(one)}
        self._others = {name for one in others for name in _exactly(one)} - self._theirs
        self._parts = {word for one in in_question for word in words(one.name) if len(word) > 1}
        self._wholes = [words(name) for one in in_question for name in (one.id, *one.accounts)]

    def is_one(self, text: str) -> bool:
        """Whether it is an id, name or account of one, has a word of a name of one, or all words of an account."""
        told = text.strip().casefold()
        if told in self._theirs or self._whose.is_one(text):
            return True
        of_text = _words(text)
        return told not in self._others and (
            not self._parts.isdisjoint(of_text)
            or any(one and (one <= of_text or (of_text and of_text <= one)) for one in self._wholes)
        )


def _words(text: str) -> frozenset[str]:
    """The words of a text in which an account or address may stand beside others."""
    return frozenset().union(words(text), *map(words, _BETWEEN.split(text)))


def _exactly(one: Identity) -> set[str]:
    return {
        *(text.casefold() for text in (one.id, one.name) if text),
        *(canonical_account(account) or account for account in one.accounts),
    }
