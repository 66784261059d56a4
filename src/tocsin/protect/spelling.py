"""The spellings of one word of a name: its own script's, then Latin ones."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator

from tocsin.protect.folding import fold
from tocsin.protect.romanise import known_spellings, latin_letters, script_of, spellings

# Words that may stand between two parts of a name, or be left out: `parts` holds one only where a form has too few
# other words, or as its first word. Folded. The article takes the first letter of some Arabic names.
FILLERS = frozenset({
    "de", "del", "della", "der", "den", "des", "di", "do", "dos", "da", "das", "du", "la", "le", "las", "los", "lo",
    "van", "von", "vom", "zu", "zum", "zur", "ten", "ter", "y", "e", "af", "av", "o", "d", "l", "al", "el", "ul",
    "as", "ash", "ad", "an", "ar", "at", "az", "ibn", "bin", "ben", "bint", "bent", "binti", "abu", "abou", "abi",
    "um", "umm", "oum", "ould", "wuld", "ait", "abd", "abdul", "abdel", "abdal", "abdoul", "abder", "abdur", "ال",
    "بن", "ابن", "بنت", "ابو", "ابي", "ام", "عبد",
})  # fmt: skip
_ARTICLE = "ال"
SERVANT = "عبد"  # a name with a name of God; written in one word or two

# Spellings of one word, its own script included. How much they cover: docs/guides/protected-names.md.
_SPELLINGS = {"cyrillic": 48, "greek": 32, "georgian": 32, "arabic": 96}
_LATIN_SPELLINGS = 12
_SHORTEST_RESPELLED = 5  # letters a word has where `ue` is searched for as `u` as well
_SHORTEST_AFTER_APOSTROPHE = 3


def spelled(word: str, *, servant: bool = False) -> tuple[str, ...]:
    """The folded spellings of one word. `servant`: the word before it was Abd, with which it is one name."""
    own = fold(word).text.strip("'")
    script = script_of(word)
    if script is None:
        return first_of(_LATIN_SPELLINGS, _latin(unicodedata.normalize("NFC", word).casefold(), own))
    limit = _SPELLINGS[script.name]
    if script.name == "arabic":
        return first_of(limit, _arabic(word, own, limit, servant=servant))
    return first_of(limit, itertools.chain(_apostrophes(own), spellings(word, limit)))


def _latin(word: str, own: str) -> Iterator[str]:
    """The bare letters; each accented one as typed without accents; without apostrophes; the other usual spellings."""
    yield from _apostrophes(own)
    accented, spelled = latin_letters()
    # All at once as well, however many they are: a keyboard without one has none.
    yield fold("".join(accented.get(letter, letter) for letter in word)).text.strip("'")
    several = [letter for letter in dict.fromkeys(word) if letter in accented][:3]
    for size in range(1, len(several) + 1):
        for chosen in itertools.combinations(several, size):
            yield fold("".join(accented[letter] if letter in chosen else letter for letter in word)).text.strip("'")
    if len(own) >= _SHORTEST_RESPELLED:
        for two, one in spelled.items():
            if two in own and "q" + two not in own:
                yield own.replace(two, one)
    yield from known_spellings(own)


def _apostrophes(own: str) -> Iterator[str]:
    yield own
    if "'" in own:
        yield own.replace("'", "")
        before, _, after = own.partition("'")
        if len(before) == 1 and before in FILLERS and len(after) >= _SHORTEST_AFTER_APOSTROPHE:
            yield after  # what is left of "O Neill" once its first word is a filler


def _arabic(word: str, own: str, limit: int, *, servant: bool) -> Iterator[str]:
    """With and without the article, and with the servant's word joined in the ways it is."""
    joined = own.removeprefix(SERVANT) if own.startswith(SERVANT) and len(own) > len(SERVANT) + 1 else ""
    name = joined or own
    core = name.removeprefix(_ARTICLE) if name.startswith(_ARTICLE) and len(name) > len(_ARTICLE) + 1 else name
    if name == "الله":
        core = name
    if joined or servant:
        plain = list(spellings(core, 8)) if core != "الله" else ["allah", "ullah", "alla", "ulla", "llah", "lah"]
        yield from (SERVANT + name, SERVANT + core, *((name, core) if servant else ()))
        if core == "الله":
            yield from ("abdullah", "abdallah", "abdulla", "abdalla", "abdellah", "abdoullah", "abdoulla", "abdollah")
        for latin in plain[:6]:
            doubled = latin[0] + latin if latin[0] not in "aeiou" else latin
            yield from (
                f"abdul{latin}",
                f"abdel{latin}",
                f"abd{latin}",
                f"abde{doubled}",
                f"abdu{doubled}",
                f"abdoul{latin}",
                f"abdal{latin}",
            )
        yield from plain
        return
    yield from (own, core)
    bare = re.search("[\u064b-\u0652]", word)
    core_word = word if bare and core == own else _bare_core(word, core) if bare else core
    latin_spellings = spellings(core_word, limit)
    if core == own:
        yield from latin_spellings
        return
    yield _ARTICLE + core
    yield from latin_spellings[: limit - 10]
    for article in ("al", "el"):
        yield from (article + latin for latin in latin_spellings[:4])


def _bare_core(word: str, core: str) -> str:
    """The word with its harakat from the first letter of its core on."""
    folded = fold(word)
    place = folded.places[len(folded.text) - len(core)] if folded.text.endswith(core) else 0
    return word[place:]


def first_of(limit: int, texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(itertools.islice(dict.fromkeys(text for text in texts if text), limit))
