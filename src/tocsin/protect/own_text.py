"""The product's own words: what it says itself speaks of nobody, though a name may be spelled like it by chance.

What is own is what stands in the product's own files. The word lists of the search for names, and the invented people
of exercises, are no words the product says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tocsin.protect.folding import fold

_PACKAGE = Path(__file__).resolve().parents[1]
_SAID = (".py", ".j2", ".toml", ".html", ".css")
_UNSAID = ("exercise", "protect/scripts")
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
# So far from a find its neighbour is looked for; it is then a neighbour to the eye as well.
_NEAR = 48


def is_known(word: str) -> bool:
    """Whether the product says that word anywhere, as it is written."""
    return word in _words_and_pairs()[0]


def are_said(first: str, second: str) -> bool:
    """Whether the product says the two words one after the other."""
    return (first, second) in _words_and_pairs()[1]


def before(text: str, start: int) -> str:
    """The word that stands near before the place, "" for none."""
    found = [match[0] for match in WORD.finditer(text, max(0, start - _NEAR), start)]
    return found[-1] if found else ""


def behind(text: str, end: int) -> str:
    """The word that stands near behind the place, "" for none."""
    found = WORD.search(text, end, end + _NEAR)
    return found[0] if found else ""


@cache
def page_words() -> frozenset[str]:
    """The words of the product's own pages and of what explains a package, folded."""
    paths = (*_PACKAGE.rglob("*.j2"), _PACKAGE / "attest/words.py", _PACKAGE / "attest/custody.py")
    return frozenset(fold(word).text for path in paths for word in WORD.findall(path.read_text(encoding="utf-8")))


@cache
def _words_and_pairs() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    words: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for text in _texts():
        said = WORD.findall(text)
        words.update(said)
        pairs.update(itertools.pairwise(said))
    return frozenset(words), frozenset(pairs)


def _texts() -> Iterator[str]:
    for path in sorted(_PACKAGE.rglob("*")):
        below = path.relative_to(_PACKAGE).as_posix()
        if path.suffix in _SAID and not below.startswith(_UNSAID):
            yield path.read_text(encoding="utf-8")
