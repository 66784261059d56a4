"""A word of another script in Latin letters: by each published system, and as the press mixes them; see `scripts/`."""

from __future__ import annotations

import heapq
import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from tocsin.protect.folding import fold

SCRIPTS = ("cyrillic", "greek", "georgian", "arabic")
_TATWEEL = "\u0640"
_SHADDA = "\u0651"
_HARAKAT = "\u064b-\u0652\u0670"
# A product of alternatives is cut where it has been tried this many times for each spelling asked for.
_TRIES = 12
_LONGEST_WORD = 40  # letters; a longer word is spelled by the systems only


class _Rules:
    """Expressions in order: at each place of a word the first that fits counts."""

    def __init__(self, patterns: Sequence[str], classes: Mapping[str, str]) -> None:
        self._count = len(patterns)
        self._pattern = re.compile(
            "|".join(f"({_insert(pattern, classes)})" for pattern in (*patterns, ".")), re.DOTALL
        )

    def units(self, word: str) -> list[tuple[int, str]]:
        """(place of the rule that fits, the letters it fits); a letter no rule knows has -1."""
        found = [((match.lastindex or 1) - 1, match.group()) for match in self._pattern.finditer(word)]
        return [(place if place < self._count else -1, letters) for place, letters in found]


@dataclass(frozen=True, kw_only=True)
class System:
    """One way to write a script in Latin letters, as it folds. `vowels`: its short vowels where the script has none."""

    name: str
    source: str
    only: re.Pattern[str] | None
    vowels: Mapping[str, str]
    context: re.Pattern[str] | None
    context_texts: tuple[str, ...]
    letters: Mapping[int, str]

    def write(self, word: str) -> str:
        """The Latin text, accents of the system folded away. A letter the system does not know stays as it is."""
        if self.context is not None:
            word = self.context.sub(lambda found: self.context_texts[(found.lastindex or 1) - 1], word)
        return word.translate(self.letters)


@dataclass(frozen=True, kw_only=True)
class Script:
    """The tables of one script."""

    name: str
    letters: re.Pattern[str]
    systems: tuple[System, ...]
    mixed: Mapping[str, tuple[str, ...]]
    base: Mapping[str, str]
    slots: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, str]

    @cached_property
    def mixing(self) -> tuple[_Rules, tuple[tuple[str, ...], ...]]:
        """What may stand for each unit of a word: `mixed` first, then the letters as the table has them."""
        rest = {letter: (text,) for letter, text in self.base.items() if letter not in self.mixed}
        choices = {**self.mixed, **rest}
        return _Rules(tuple(choices), self.classes), tuple(choices.values())


@cache
def script_tables(name: str) -> Script:
    """The tables of the script `name`, one of SCRIPTS."""
    table = _table(name)
    classes = table["classes"]
    base: dict[str, str] = table["letters"]
    return Script(
        name=name,
        letters=re.compile(f"[{table['range']}]"),
        systems=tuple(_system(row, base, classes) for row in table["systems"]),
        mixed={pattern: tuple(texts) for pattern, texts in table.get("mixed", {}).items()},
        base=base,
        slots={place: tuple(texts) for place, texts in table.get("slots", {}).items()},
        classes=classes,
    )


def _system(row: Mapping[str, Any], base: Mapping[str, str], classes: Mapping[str, str]) -> System:
    context = [(f"({_insert(pattern, classes)})", fold(text).text) for pattern, text in row.get("context", [])]
    return System(
        name=row["name"],
        source=row["source"],
        only=re.compile(row["only"]) if "only" in row else None,
        vowels=row.get("vowels", {}),
        context=re.compile("|".join(pattern for pattern, _ in context)) if context else None,
        context_texts=tuple(text for _, text in context),
        letters={ord(letter): fold(text).text for letter, text in {**base, **row.get("letters", {})}.items()},
    )


def script_of(word: str) -> Script | None:
    """The script most of the word's letters are of; None for Latin and for those without tables."""
    best, most = None, 0
    for name in SCRIPTS if not word.isascii() else ():
        script = script_tables(name)
        letters = len(script.letters.findall(word))
        if letters > most:
            best, most = script, letters
    return best


def by_system(word: str) -> dict[str, str]:
    """The word (any case) by each system of its script, folded; empty for a Latin word.

    An Arabic word must have its harakat on it: nothing is guessed here.
    """
    script = script_of(word)
    if script is None:
        return {}
    prepared = _prepared(word, script)
    if script.name == "arabic":
        prepared = _doubled(prepared)
    return {
        system.name: _vocalised(prepared, system) if script.slots else system.write(prepared)
        for system in script.systems
        if system.only is None or system.only.search(prepared)
    }


def spellings(word: str, limit: int) -> tuple[str, ...]:
    """At most `limit` Latin spellings of a word of another script, folded, the likelier first: what the systems write,
    then mixtures. Empty for a Latin word. A spelling with apostrophes is followed by the one without.
    """
    script = script_of(word)
    if script is None:
        return ()
    if script.slots:
        return tuple(itertools.islice(_distinct(_arabic(_prepared(word, script), script)), limit))
    written = by_system(word).values()
    mixtures = _mixtures(_prepared(word, script), script, limit * _TRIES) if len(word) <= _LONGEST_WORD else iter(())
    return tuple(itertools.islice(_distinct(itertools.chain(written, mixtures)), limit))


def known_spellings(word: str) -> tuple[str, ...]:
    """The other usual spellings of a frequent Arabic name given in folded Latin or Arabic letters; () for any other."""
    names, backwards = _names()
    if word in names:
        return names[word]
    return tuple(dict.fromkeys(text for name in backwards.get(word, ()) for text in names[name]))


@cache
def latin_letters() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(accented letter: its other writing, two letters: the one they may stand for) of Latin."""
    table = _table("latin")
    return table["accented"], table["spelled"]


@cache
def _names() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    names = {fold(name).text: tuple(texts.split()) for name, texts in _table("arabic_names").items()}
    backwards: dict[str, tuple[str, ...]] = {}
    for name, texts in names.items():
        for text in texts:
            backwards[text] = (*backwards.get(text, ()), name)
    return names, backwards


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("scripts", f"{name}.toml").read_text(encoding="utf-8"))


def _insert(pattern: str, classes: Mapping[str, str]) -> str:
    for name, letters in classes.items():
        pattern = pattern.replace(f"{{{name}}}", f"[{letters}]")
    return pattern


def _prepared(word: str, script: Script) -> str:
    """Lower case, composed, one kind of apostrophe; what the tables are written in."""
    if script.name == "arabic":
        return _arabic_letters(word)
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", word).casefold())
    if script.name == "greek":
        # Final sigma is written again; an accent on the first of two vowels says that they are two.
        text = re.sub(r"([άέό])([ιυ])", lambda two: two[1] + {"ι": "ϊ", "υ": "ϋ"}[two[2]], text)
    return "".join(letter if script.letters.match(letter) else fold(letter).text for letter in text)


def _distinct(written: Iterator[str] | Sequence[str]) -> Iterator[str]:
    seen = set()
    for text in written:
        folded = text if text.isascii() else fold(text).text
        for spelling in (folded, folded.replace("'", "")) if "'" in folded else (folded,):
            if spelling and spelling not in seen:
                seen.add(spelling)
                yield spelling


def _mixtures(word: str, script: Script, tries: int) -> Iterator[str]:
    """The word with each unit in each of its writings, by the sum of how far down each stands in its list. A unit that
    occurs twice is written the same both times.
    """
    rules, choices = script.mixing
    units = rules.units(word)
    texts = [choices[place] if place >= 0 else (letters,) for place, letters in units]
    yield from _product(texts, [place for place, _ in units], tries)


def _product(texts: Sequence[Sequence[str]], same: Sequence[int], tries: int) -> Iterator[str]:
    """Every choice of one text for each item, cheapest first: a choice costs its place in the list. Items of the same
    number in `same` (from 0) make the same choice.
    """
    variables: dict[int, int] = {}
    of_item = []
    for item, number in enumerate(same):
        key = number if number >= 0 else -1 - item
        of_item.append(variables.setdefault(key, len(variables)))
    sizes = [0] * len(variables)
    for item, variable in enumerate(of_item):
        sizes[variable] = len(texts[item])
    start = (0,) * len(variables)
    waiting = [(0, start)]
    seen = {start}
    for _ in range(tries):
        if not waiting:
            return
        cost, chosen = heapq.heappop(waiting)
        yield "".join(texts[item][chosen[variable]] for item, variable in enumerate(of_item))
        for variable, size in enumerate(sizes):
            if chosen[variable] + 1 < size:
                following = (*chosen[:variable], chosen[variable] + 1, *chosen[variable + 1 :])
                if following not in seen:
                    seen.add(following)
                    heapq.heappush(waiting, (cost + 1, following))


def _arabic_letters(word: str) -> str:
    """Folded letter by letter, but harakat stay where they stand."""
    kept = re.compile(f"[{_HARAKAT}]")
    text = unicodedata.normalize("NFKC", word).replace(_TATWEEL, "")
    return "".join(letter if kept.match(letter) else fold(letter).text for letter in text)


def _doubled(word: str) -> str:
    """Shadda written out: the letter twice."""
    return re.sub(f"(.)([{_HARAKAT}]*){_SHADDA}", r"\1\1\2", word)


def _vocalised(word: str, system: System) -> str:
    """A word with its harakat: long vowels as the system has them; waw and ya with a vowel are consonants."""
    text = re.sub("َا", "ا", word)
    text = re.sub("ُو(?![َُِّ])", "و", text)
    text = re.sub("ِي(?![َُِّ])", "ي", text)
    text = re.sub("َي(?![َُِّ])", "ay", text)
    text = re.sub("َو(?![َُِّ])", "aw", text)
    text = re.sub("و(?=[َُِ])", "w", text)
    text = re.sub("ي(?=[َُِ])", "y", text)
    for mark, vowel in (("َ", "a"), ("ِ", "i"), ("ُ", "u")):
        text = text.replace(mark, system.vowels[vowel])
    return system.write(text.replace("ْ", ""))


def _arabic(word: str, script: Script) -> Iterator[str]:
    """The usual spellings of a frequent name; a word with harakat by each system; else every system with each choice of
    the vowels that are not written, all systems with the likeliest choice before the next choice.
    """
    bare = re.sub(f"[{_HARAKAT}]", "", word)
    yield from known_spellings(bare)
    if re.search("[َُِ]", word):
        yield from (_vocalised(_doubled(word), system) for system in script.systems)
    if len(bare) > _LONGEST_WORD:
        yield from (system.write(bare) for system in script.systems)
        return
    gaps = _gaps(bare, script)
    choices = [script.slots[kind] for _, kind in gaps]
    for vowels in _combinations(choices):
        for system in script.systems:
            pieces, place = [], 0
            for (at, _), vowel in zip(gaps, vowels, strict=True):
                pieces.append(bare[place:at])
                pieces.append(system.vowels.get(vowel, ""))
                place = at
            pieces.append(bare[place:])
            yield system.write("".join(pieces))


def _combinations(choices: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """All choices, cheapest first, within the bound of tries."""
    ranks = itertools.product(*(range(len(texts)) for texts in choices[:6]))
    ordered = sorted(ranks, key=lambda chosen: (sum(chosen), chosen))
    for chosen in ordered:
        picked = tuple(texts[rank] for texts, rank in zip(choices, chosen, strict=False))
        yield picked + tuple(texts[0] for texts in choices[6:])


def _gaps(word: str, script: Script) -> list[tuple[int, str]]:
    """The places between two consonants where a vowel may be unwritten, and of which kind each is."""
    vowels = script.classes["V"]
    places = [
        place
        for place in range(1, len(word))
        if not (word[place - 1] in vowels and place > 1) and word[place] not in vowels and word[place - 1] != "ا"
    ]
    kinds = []
    for place in places:
        kind = "first" if place == 1 else "last" if place == len(word) - 1 else "middle"
        kinds.append((place, kind))
    return kinds
