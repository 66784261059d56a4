"""Whose word a log's completeness rests on, and whether it says by closed words that everything is in it.

Free words are for people: whoever writes `all users in The Hague` may mean all. So what somebody vouches for counts as
all only where the one question was answered that cannot be misread, by one other person whom the estate declares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tocsin.assess import obstacles
from tocsin.assess.holdings import PatternIndex
from tocsin.assess.other_people import OtherPeople
from tocsin.assess.verdict import Window
from tocsin.model.acquisition import Extent
from tocsin.model.answers import InputAccount
from tocsin.model.estate import Attestation


def taken_whole(accounts: Iterable[InputAccount]) -> frozenset[str]:
    """The log formats of which every file read was, by an acquisition record, asked for without leaving anything out.

    The time that was asked for must be told with it: what lies outside is a row of coverage.
    """
    read = [one for one in accounts if one.records_read]
    return frozenset(one.source for one in read) - {one.source for one in read if not _is_whole(one)}


def _is_whole(account: InputAccount) -> bool:
    said = account.acquisition
    return said.attested and said.extent is Extent.EVERYTHING and said.from_ is not None and said.to is not None


class Vouching:
    """Built for one question: which sources were taken whole, and what attestations say of each holding."""

    def __init__(self, attestations: Sequence[Attestation], taken: Collection[str], people: OtherPeople) -> None:
        self._attestations, self._taken, self._people = attestations, frozenset(taken), people
        self._patterns = PatternIndex(one.pattern for one in attestations)

    def against(self, names: Collection[str], sources: Collection[str], window: Window) -> str:
        """The sentence that says why no word makes the logs of these sources whole for a holding of these names; empty
        where one does: of what speaks of it then, all must say so."""
        if not self._taken.issuperset(sources):
            return obstacles.NOT_ALL_TAKEN
        numbers = set().union(*map(self._patterns.covering, names))
        said = [one for one in (self._attestations[number] for number in sorted(numbers)) if _is_in_time(one, window)]
        for source in sorted(sources):
            spoken = [one for one in said if one.source == source]
            if not spoken or any(one.recorded is not Extent.EVERYTHING for one in spoken):
                return obstacles.NOT_ALL_RECORDED
            if not all(self._people.is_named(one.custodian) for one in spoken):
                return obstacles.NO_CUSTODIAN
        return ""


def _is_in_time(one: Attestation, window: Window) -> bool:
    return (window.to is None or one.from_ < window.to) and (window.from_ is None or one.to > window.from_)
