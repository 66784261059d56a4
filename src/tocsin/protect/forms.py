"""Every writing of a protected person's form that the door searches for."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from tocsin.model.protection import FormKind
from tocsin.protect.folding import fold

# Words that may stand between two parts of a name, or be left out: `parts` never holds one. Folded.
FILLERS = frozenset({"de", "la", "van", "der", "von", "al", "el", "ibn", "bin"})


class Expansion(NamedTuple):
    """What to look for, for one form. All but `exact` is folded (`folding.fold`). What a matcher does with it:

    exact      the form, NFC and its white space collapsed: a text that says just this said it exactly, all else is
               a generated writing
    parts      for a form of several words: for each word its spellings, own script first, then Latin ones. They may
               stand in any order, side by side: between two of them separators, and any number of `FILLERS`
    families   places in `parts` of what may be the family name. Where any word is an initial (of a name or an alias
               only), or not all of `parts` are there, one of these must be there and whole
    least      how many of `parts` suffice, at least one of them whole and of three letters or more
    initials   for each of `parts`, what may stand for it as an initial; empty where none may
    words      words that stand for the person alone: names of one word, words jammed together (`johnsmith`, `jsmith`),
               addresses; letters, but in an address also `@ . - _ +`
    digits     of a phone or a document: its digits or letters and digits without any separator, "" else. A matcher
               drops separators between them
    """

    kind: FormKind
    exact: str
    parts: tuple[tuple[str, ...], ...] = ()
    words: tuple[str, ...] = ()
    digits: str = ""
    families: tuple[int, ...] = ()
    least: int = 0
    initials: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        """Says nothing of the form: this is printed in tracebacks."""
        return f"Expansion(kind={self.kind.value!r}, {len(self.parts)} parts, {len(self.words)} words)"


def expand(form: str, kind: FormKind) -> Expansion:
    """Every writing to search for; total: any text has an expansion, if an empty one."""
    exact = " ".join(unicodedata.normalize("NFC", form).split())
    words = tuple(fold(exact).text.split())
    if len(words) == 1:
        return Expansion(kind=kind, exact=exact, words=words)
    return Expansion(
        kind=kind,
        exact=exact,
        parts=tuple((word,) for word in words),
        families=tuple(range(len(words))),
        least=len(words),
        initials=tuple((word[0],) for word in words),
    )
