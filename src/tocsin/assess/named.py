"""Whether words that say who did something, a signature, may name one of those in question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocsin.assess.actors import Actors, words
from tocsin.model.estate import Identity
from tocsin.model.identity import canonical_account

_BETWEEN = re.compile(r"[\s<>/,;]+")


class Named:
    """Tells of words that somebody is named by whether they may name one of those in question.

    theirs      the identities in question; `others` all that the estate declares
    """

    def __init__(self, theirs: Iterable[Identity], others: Iterable[Identity], whose: Actors) -> None:
        self._whose = whose
        in_question = list(theirs)
        self._theirs = {name for one in in_question for name in (*_exactly(one), *_functions(one))}
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


def _functions(one: Identity) -> set[str]:
    return {text.strip().casefold() for text in (one.unit, one.role) if text.strip()}
