"""Invented persons in four scripts, out of invented syllables; and how their names are written in Latin letters.

The romanisations are letter tables of their own (ISO 9:1995, ICAO 9303, BGN/PCGN, the press of three languages; the
Georgian national system of 2002 and ISO 9984; for Arabic BGN/PCGN and the press), applied to the letters a name was
built of. Short Arabic vowels, which are not written, are known here because the name was invented with them.
"""

from __future__ import annotations

import itertools
import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

SEED = 20261122
SCRIPTS = ("latin", "cyrillic", "arabic", "georgian")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A person nobody has ever met.

    spellings   by system, given and family name in Latin letters
    """

    number: int
    script: str
    given: str
    family: str
    spellings: Mapping[str, tuple[str, str]]

    @property
    def form(self) -> str:
        """What the vault is given."""
        return f"{self.given} {self.family}"


def invented(count: int, seed: int = SEED) -> list[Name]:
    """So many names, a quarter in each script, no two with the same family name in any spelling."""
    chance = random.Random(seed)
    each = [list(itertools.islice(_names(script, chance), count // 4)) for script in SCRIPTS]
    return [
        Name(number=number, script=script, given=given, family=family, spellings=spellings)
        for number, (script, given, family, spellings) in enumerate(
            itertools.chain.from_iterable(zip(*each, strict=True))
        )
    ]


_Built = tuple[str, str, str, Mapping[str, tuple[str, str]]]


def _names(script: str, chance: random.Random) -> Iterator[_Built]:
    build = {"latin": _latin, "cyrillic": _cyrillic, "arabic": _arabic, "georgian": _georgian}[script]
    taken: set[str] = set()
    while True:
        given, given_spelled = build(chance, 2)
        family, spelled = build(chance, 4)
        keys = {family, *spelled.values()}
        if not keys & taken and all(len(text) >= 8 for text in spelled.values()):
            taken |= keys
            yield script, given, family, {system: (given_spelled[system], spelled[system]) for system in spelled}


def _split(letters: str) -> list[str]:
    return letters.split()


# -- Latin with diacritics ----------------------------------------------------------------------------------------------

_ONSETS = _split("b br d dr f g gr k kr l m n p pr qu r s š sk t tr v vr z ž č ř đ ł ñ w x")
_VOWELS = _split("a e i o u y á é í ó ú ä ö ü å ø ě ô ã")
_CODAS = ["", "", "", "n", "r", "l", "s", "v", "k", "m"]
_EXPANDED = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "đ": "dj"}
_BARE = {"đ": "d", "ł": "l", "ø": "o"}


def _latin(chance: random.Random, syllables: int) -> tuple[str, Mapping[str, str]]:
    text = "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) + chance.choice(_CODAS) for _ in range(syllables))
    bare = "".join(_BARE.get(letter, unicodedata.normalize("NFD", letter)[0]) for letter in text)
    typed = "".join(_EXPANDED.get(letter, letter) for letter in text)
    typed = "".join(_BARE.get(letter, unicodedata.normalize("NFD", letter)[0]) for letter in typed)
    return text.capitalize(), {"bare": bare.capitalize(), "typed": typed.capitalize()}


# -- Cyrillic -----------------------------------------------------------------------------------------------------------

_CYRILLIC = _split("а б в г д е ж з и к л м н о п р с т у ф х ц ч ш щ ю я")
_CYRILLIC_SYSTEMS = {
    "ISO 9": _split("a b v g d e ž z i k l m n o p r s t u f h c č š ŝ û â"),
    "ICAO 9303": _split("a b v g d e zh z i k l m n o p r s t u f kh ts ch sh shch iu ia"),
    "BGN/PCGN": _split("a b v g d e zh z i k l m n o p r s t u f kh ts ch sh shch yu ya"),
    "French press": _split("a b v g d e j z i k l m n o p r s t ou f kh ts tch ch chtch iou ia"),
    "German press": _split("a b w g d e sch s i k l m n o p r s t u f ch z tsch sch schtsch ju ja"),
}
_HARD = _split("б в г д ж з к л м н п р с т ф х ц ч ш")
_SOFT = _split("а е и о у я ю")


def _cyrillic(chance: random.Random, syllables: int) -> tuple[str, Mapping[str, str]]:
    letters: list[str] = []
    for _ in range(syllables):
        letters += [chance.choice(_HARD), chance.choice(_SOFT)]
        letters += [chance.choice("лмнрсв")] if chance.random() < 0.4 else []
    return _by_tables(letters, _CYRILLIC, _CYRILLIC_SYSTEMS)


# -- Georgian -----------------------------------------------------------------------------------------------------------

_GEORGIAN = list("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ")
_GEORGIAN_SYSTEMS = {
    "national 2002": _split("a b g d e v z t i k' l m n o p' zh r s t' u p k gh q' sh ch ts dz ts' ch' kh j h"),
    "national, no apostrophes": _split("a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h"),
    "ISO 9984": _split("a b g d e v z t' i k l m n o p ž r s t u p' k' ḡ q š č' c' j c č x ǰ h"),
}


def _georgian(chance: random.Random, syllables: int) -> tuple[str, Mapping[str, str]]:
    vowels = list("აეიოუ")
    consonants = [letter for letter in _GEORGIAN if letter not in vowels]
    letters: list[str] = []
    for _ in range(syllables):
        letters += [chance.choice(consonants), chance.choice(vowels)]
        letters += [chance.choice("ლმნრს")] if chance.random() < 0.3 else []
    return _by_tables(letters, _GEORGIAN, _GEORGIAN_SYSTEMS)


# -- Arabic -------------------------------------------------------------------------------------------------------------

_ARABIC = _split("ب ت ث ج ح خ د ذ ر ز س ش ص ط غ ف ق ك ل م ن ه ا و ي")
_ARABIC_SYSTEMS = {
    "BGN/PCGN": _split("b t th j h kh d dh r z s sh s t gh f q k l m n h a u i"),
    "English press": _split("b t th j h kh d dh r z s sh s t gh f q k l m n h a oo ee"),
    "French press": _split("b t th dj h kh d dh r z s ch s t gh f k k l m n h a ou i"),
}
_SHORT = {"BGN/PCGN": "aui", "English press": "aoe", "French press": "aoi"}


def _arabic(chance: random.Random, syllables: int) -> tuple[str, Mapping[str, str]]:
    """In every other word the vowel of one syllable is short, and not written."""
    written: list[str] = []
    spelled: dict[str, list[str]] = {system: [] for system in _ARABIC_SYSTEMS}
    short = chance.randrange(1, syllables + 1) if chance.random() < 0.5 else 0
    for place in range(syllables + 1):
        consonant, vowel = chance.choice(_ARABIC[:-3]), chance.randrange(3)
        is_short = bool(short) and place == short
        written += [consonant] if is_short else [consonant, _ARABIC[vowel - 3]]
        for system, table in _ARABIC_SYSTEMS.items():
            spelled[system] += [
                table[_ARABIC.index(consonant)],
                _SHORT[system][vowel] if is_short else table[vowel - 3],
            ]
    return "".join(written), {system: "".join(parts).capitalize() for system, parts in spelled.items()}


def has_short_vowel(name: Name) -> bool:
    """Whether a vowel of an Arabic name is not written: then its Latin spelling says more than the name does."""
    return name.script == "arabic" and any(
        sum(letter in "اوي" for letter in part) < sum(letter in "aui" for letter in name.spellings["BGN/PCGN"][place])
        for place, part in enumerate((name.given, name.family))
    )


def _by_tables(
    letters: Sequence[str], alphabet: Sequence[str], systems: Mapping[str, Sequence[str]]
) -> tuple[str, Mapping[str, str]]:
    spelled = {
        system: "".join(table[alphabet.index(letter)] for letter in letters).capitalize()
        for system, table in systems.items()
    }
    text = "".join(letters)
    return (text.capitalize() if text[0] in _CYRILLIC else text), spelled
