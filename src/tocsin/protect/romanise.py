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
# Mixtures end where this many have been tried for each spelling asked for, or at this cost.
_TRIES = 6
_FARTHEST = 4
_UNWRITTEN = "①②③"
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
    leads: bool

    def fits(self, word: str) -> bool:
        """Whether the word can be of the language the system is for."""
        return self.only is None or self.only.search(word) is not None

    def write_part(self, word: str, start: int, end: int) -> str:
        """What `word[start:end]` becomes where it stands in the word."""
        texts = []
        while start < end:
            found = self.context.match(word, start) if self.context is not None else None
            if found is not None and found.end() <= end:
                texts.append(self.context_texts[(found.lastindex or 1) - 1])
                start = found.end()
            else:
                texts.append(word[start].translate(self.letters))
                start += 1
        return "".join(texts)

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
    rare: Mapping[str, tuple[str, ...]]
    classes: Mapping[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    @cached_property
    def mixing(self) -> tuple[_Rules, tuple[tuple[int, tuple[str, ...]], ...]]:
        """The units of a word the press writes in its own ways: how dear another writing is, and which there are."""
        choices = [(0, texts) for texts in self.mixed.values()] + [(1, texts) for texts in self.rare.values()]
        return _Rules([*self.mixed, *self.rare], self.classes), tuple(choices)


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
        rare={pattern: tuple(texts) for pattern, texts in table.get("rare", {}).items()},
        classes=classes,
        patterns=tuple(
            (re.compile(f"{_insert(pattern, classes)}(?P<ending>[هي]?)"), text)
            for pattern, text in table.get("patterns", [])
        ),
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
        leads=row.get("leads", False),
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
        return {system.name: _vocalised(_doubled(prepared), system) for system in script.systems}
    return {system.name: system.write(prepared) for system in script.systems if system.fits(prepared)}


def spellings(word: str, limit: int) -> tuple[str, ...]:
    """At most `limit` Latin spellings of a word of another script, folded, the likelier first: what the systems write,
    then mixtures. Empty for a Latin word. A spelling with apostrophes is followed by the one without.
    """
    script = script_of(word)
    if script is None:
        return ()
    prepared = _prepared(word, script)
    if script.name == "arabic":
        return tuple(itertools.islice(_distinct(_arabic(prepared, script, limit)), limit))
    written = by_system(word).values()
    mixtures = _mixtures(prepared, script, limit) if len(word) <= _LONGEST_WORD else iter(())
    usual = known_spellings(fold(word).text)
    return tuple(itertools.islice(_distinct(itertools.chain(written, usual, mixtures)), limit))


def known_spellings(word: str) -> tuple[str, ...]:
    """The usual Latin spellings of a frequent given name, folded, whatever script it is given in; () for any other."""
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
    names = {fold(name).text: tuple(texts.split()) for name, texts in _table("names").items()}
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


def _mixtures(word: str, script: Script, limit: int) -> Iterator[str]:
    """The word as each leading system writes it, and with each unit in each of its other writings, the nearest to a
    system first: another writing costs its place in the list. A unit that occurs twice is written the same both times.
    """
    rules, choices = script.mixing
    units = rules.units(word)
    numbers = [place if place >= 0 else -1 - item for item, (place, _) in enumerate(units)]
    variables = {number: variable for variable, number in enumerate(dict.fromkeys(numbers))}
    of_item = [variables[number] for number in numbers]
    leading = [system for system in script.systems if system.leads and system.fits(word)]
    texts = [_choices(word, units, choices, system) for system in leading]
    first = [of_item.index(variable) for variable in range(len(variables))]
    # A unit that occurs again may have fewer writings where it stands: then its last counts for the rest.
    padded = [
        [
            [text for _, text in own[item]] + [own[item][-1][1]] * (len(own[first[variable]]) - len(own[item]))
            for item, variable in enumerate(of_item)
        ]
        for own in texts
    ]
    # What follows a choice changes a unit at or after the one it changed last: so each choice is met once.
    waiting = [(0, place, 0, (0,) * len(variables)) for place in range(len(leading))]
    for _ in range(limit * _TRIES):
        if not waiting:
            return
        cost, system, last, chosen = heapq.heappop(waiting)
        own = texts[system]
        yield "".join([written[chosen[variable]] for written, variable in zip(padded[system], of_item, strict=True)])
        for variable in range(last, len(chosen)):
            options, rank = own[first[variable]], chosen[variable] + 1
            if rank < len(options):
                further = cost + options[rank][0] - options[rank - 1][0]
                if further <= _FARTHEST:
                    changed = (*chosen[:variable], rank, *chosen[variable + 1 :])
                    heapq.heappush(waiting, (further, system, variable, changed))


def _choices(
    word: str, units: Sequence[tuple[int, str]], choices: Sequence[tuple[int, tuple[str, ...]]], system: System
) -> list[list[tuple[int, str]]]:
    """For each unit of the word what it may become, with its cost: first, at none, as the system has it."""
    found = []
    at = 0
    for place, letters in units:
        own = system.write_part(word, at, at + len(letters))
        at += len(letters)
        dear, others = choices[place] if place >= 0 else (0, ())
        if letters in _UNWRITTEN:
            others = tuple(dict.fromkeys(system.vowels.get(text, text) for text in others))
        ranked = [text for text in others if text != own]
        found.append([(0, own), *((rank + dear, text) for rank, text in enumerate(ranked, 1))])
    return found


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
    text = re.sub("^ا(?=[َُِ])", "", word)
    text = re.sub("َ(?=ا|ه$)", "", text)
    text = re.sub("ُو(?![َُِّ])", "و", text)
    text = re.sub("ِي(?![َُِّ])", "ي", text)
    text = re.sub("َي(?![َُِّ])", "ay", text)
    text = re.sub("َو(?![َُِّ])", "aw", text)
    text = re.sub("و(?=[َُِ])", "w", text)
    text = re.sub("ي(?=[َُِ])", "y", text)
    for mark, vowel in (("َ", "a"), ("ِ", "i"), ("ُ", "u")):
        text = text.replace(mark, system.vowels[vowel])
    return system.write(text.replace("ْ", ""))


def _arabic(word: str, script: Script, limit: int) -> Iterator[str]:
    """The usual spellings of a frequent name; a word with harakat by each system; else with a vowel, or none, in each
    place where one may be unwritten.
    """
    bare = re.sub(f"[{_HARAKAT}]", "", word)
    yield from known_spellings(bare)
    if re.search("[َُِ]", word):
        yield from (_vocalised(_doubled(word), system) for system in script.systems)
    else:
        yield from _by_pattern(bare, script)
    if len(bare) <= _LONGEST_WORD:
        yield from _mixtures(_with_gaps(bare, script), script, limit)
    else:
        yield from (system.write(bare) for system in script.systems)


def _by_pattern(word: str, script: Script) -> Iterator[str]:
    """A word of the shape of a frequent pattern, with the pattern's vowels and double letters, by each system."""
    for pattern, vocalised in script.patterns:
        found = pattern.fullmatch(word)
        if found is not None:
            doubled = _doubled(found.expand(vocalised))
            yield from (_vocalised(doubled, system) + system.write(found["ending"]) for system in script.systems)


def _with_gaps(word: str, script: Script) -> str:
    """A mark wherever a vowel may be unwritten between two consonants: ① after the first letter, ③ before the last
    consonant, ② elsewhere, as the tables have them.
    """
    vowels = script.classes["V"]
    pieces = [word[:1]]
    last = len(word.rstrip(vowels + "ه")) - 1
    for place in range(1, len(word)):
        before = word[place - 1]
        if word[place] not in vowels and (before not in vowels or (place == 1 and before != "ا")):
            pieces.append("①" if place == 1 else "③" if place == last else "②")
        pieces.append(word[place])
    return "".join(pieces)
