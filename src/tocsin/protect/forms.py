"""Every writing of a protected person's form that the door searches for."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from tocsin.model.protection import FormKind
from tocsin.protect.calling_codes import other_digits
from tocsin.protect.folding import fold
from tocsin.protect.romanise import by_system, script_of
from tocsin.protect.spelling import FILLERS, SERVANT, first_of, spelled
from tocsin.protect.weakness import common_words

__all__ = ["FILLERS", "Expansion", "expand"]

_GIVEN_TOO = frozenset(["al", "van", "ben"])  # fillers that are given names as well, where they come first
_JAMMED = 64
_JAM_SYSTEMS = 8
_SHORTEST_JAM = 5
_WHOLE = 3  # letters a word has at least to say a name with initials beside it
_MOST_PARTS = 12
_KEPT_WORDS = 4096
_LONGEST_LOCAL = 5  # letters up to which the local part of an address is no name of its own

_BETWEEN = re.compile(r"[\s.,;_+/\\&\-·]+")
_PATRONYMIC = re.compile(
    r".{2,}(?:ович|евич|йович|ьич|овна|евна|івна|ївна|ична|ovich|evich|ovych|yovych|ovna|evna|ivna)"
)
_SURNAME = re.compile(
    r".{2,}(?:[оеё]ва?|[иы]на?|ск(?:ий|ая)|цк(?:ий|ая)|ськ(?:ий|а)|енко|[уч]ук|ч[уи]к|ich|ић|дзе|швили|ян|янц)"
)
_INITIAL_PAIRS = re.compile(r"ch|sh|th|ph|zh|kh|dj|dz|ts|gh|ya|ye|yo|yu|ll|mc")


class Expansion(NamedTuple):
    """What to look for, for one form. All but `exact` is folded (`folding.fold`). What a matcher does with it:

    exact      the form, NFC and its white space collapsed: a text that says just this said it exactly, all else is
               a generated writing
    parts      for a form of several words: for each word its spellings, own script first, then Latin ones; letters and
               digits, or apostrophes among them. They may stand in any order, side by side: between two of them
               separators, and any number of `FILLERS` with theirs
    words      texts that stand for the person alone: names of one word, words jammed together (`johnsmith`, `jsmith`),
               addresses; with separators in them, names that are very short or begin or end with a filler. Of a
               phone: its other digits
    digits     of a phone or a document: its digits or letters and digits without any separator, "" else. A matcher
               drops the separators between them
    families   places in `parts` of what may be the family name. Where any word is an initial, or not all of `parts`
               are there, one of these must be there and whole
    least      how many of `parts` suffice, at least one of them whole and of three letters or more
    initials   for each of `parts`, what may stand for it as an initial; empty for a code name
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
    """Every writing to search for; total: any text has an expansion, if an empty one. Latin names are not written back
    into other scripts: a person named in Cyrillic somewhere needs a Cyrillic form.
    """
    exact = " ".join(unicodedata.normalize("NFC", form).split())
    if kind is FormKind.ADDRESS:
        return Expansion(kind=kind, exact=exact, words=_address(fold(exact).text))
    if kind is FormKind.PHONE:
        digits, others = other_digits(fold(exact).text)
        return Expansion(kind=kind, exact=exact, digits=digits, words=others)
    if kind is FormKind.DOCUMENT:
        return Expansion(kind=kind, exact=exact, digits="".join(filter(str.isalnum, fold(exact).text)))
    return _name(exact, kind)


class _Word(NamedTuple):
    """A word of a form: its spellings, by which system the Latin ones that are by one (no apostrophes), what its first
    letter becomes, and which unit (between white space) of the form it is of.
    """

    spelled: tuple[str, ...]
    systems: Mapping[str, str]
    initials: tuple[str, ...]
    unit: int


def _name(exact: str, kind: FormKind) -> Expansion:
    units, families = _units(exact, kind)
    words = _words(units, kind)[:_MOST_PARTS]
    if not words:
        return Expansion(kind=kind, exact=exact)
    if len(words) == 1:
        return Expansion(kind=kind, exact=exact, words=words[0].spelled)
    family_places = tuple(place for place, word in enumerate(words) if word.unit in families)
    family_places = family_places or tuple(range(len(words)))
    strict = kind is FormKind.CODE_NAME
    if not any(len(spelling) >= _WHOLE for word in words for spelling in word.spelled):
        return Expansion(kind=kind, exact=exact, words=_short(words))
    parts = _with_joined(words)
    return Expansion(
        kind=kind,
        exact=exact,
        parts=parts,
        words=(*_jammed(words, family_places, strict=strict), *_edged(exact)),
        families=family_places,
        least=len(words) if strict else 2,
        initials=() if strict else tuple(word.initials for word in words),
    )


def _units(exact: str, kind: FormKind) -> tuple[list[str], set[int]]:
    """The words between white space, and which of them may be the family name."""
    before, comma, after = exact.partition(",")
    family, given = before.split(), after.split()
    units = [unit for unit in (*family, *given) if any(map(str.isalnum, unit))]
    if kind is FormKind.CODE_NAME:
        return units, set(range(len(units)))
    if comma and family and given:
        return units, set(range(len(units) - len([unit for unit in given if any(map(str.isalnum, unit))])))
    return units, _family_units(units)


def _family_units(units: Sequence[str]) -> set[int]:
    """Where no comma tells: words in capitals among others, what a patronymic or a family's ending tells, else all but
    the first.
    """
    everything = set(range(len(units)))
    shouted = {place for place in everything if len(units[place]) > 2 and units[place].isupper()}
    if shouted and any(unit[1:] != unit[1:].upper() for unit in units):
        return shouted
    lower = [unit.casefold() for unit in units]
    if len(units) == 3:
        if _PATRONYMIC.fullmatch(lower[2]):
            return {0}
        if _PATRONYMIC.fullmatch(lower[1]):
            return {2}
    if len(units) == 2 and any("\u0400" <= letter <= "\u052f" for letter in lower[0]):
        ends = [bool(_SURNAME.fullmatch(unit)) for unit in lower]
        return everything if ends[0] == ends[1] else {ends.index(True)}
    return everything - {0} or everything


def _words(units: Sequence[str], kind: FormKind) -> list[_Word]:
    """The words with their spellings, fillers left out where two words are left without them."""
    given = [(piece, place) for place, unit in enumerate(units) for piece in _BETWEEN.split(unit) if piece.strip("'’")]
    folded = [fold(piece).text for piece, _ in given]
    if kind is not FormKind.CODE_NAME:
        kept = [
            place
            for place, text in enumerate(folded)
            if text not in FILLERS or (place == 0 and text in _GIVEN_TOO and len(units) > 2)
        ]
        if len(kept) > 1:
            after_abd = {place for place in kept if place and folded[place - 1] == SERVANT}
            return [_word(*given[place], servant=place in after_abd) for place in kept if folded[place]]
    return [_word(piece, unit) for (piece, unit), text in zip(given, folded, strict=True) if text]


@lru_cache(maxsize=_KEPT_WORDS)
def _word(given: str, unit: int, *, servant: bool = False) -> _Word:
    """Kept, for the forms of one person share their words; only the process that holds all forms calls this."""
    texts = spelled(given, servant=servant)
    script = script_of(given)
    systems = {} if script is None or script.name == "arabic" else by_system(given)
    first = by_system(given[0]).values() if script else ()
    found = [spelling[0] for spelling in texts]
    found += [pair.group() for spelling in texts if (pair := _INITIAL_PAIRS.match(spelling))]
    return _Word(
        spelled=texts,
        systems={name: text.replace("'", "") for name, text in systems.items()},
        initials=tuple(dict.fromkeys(text for text in (*found, *first) if text.isalpha() and len(text) <= _WHOLE)),
        unit=unit,
    )


def _with_joined(words: Sequence[_Word]) -> tuple[tuple[str, ...], ...]:
    """The spellings of each word; the first of a hyphenated unit may also stand for all of it, jammed."""
    parts = [word.spelled for word in words]
    for place, word in enumerate(words):
        unit = [other for other in words if other.unit == word.unit]
        if len(unit) > 1 and unit[0] is word:
            joined = ("".join(other.spelled[min(rank, len(other.spelled) - 1)] for other in unit) for rank in range(4))
            parts[place] = tuple(dict.fromkeys((*word.spelled, *joined)))
    return tuple(parts)


def _jammed(words: Sequence[_Word], families: Sequence[int], *, strict: bool) -> tuple[str, ...]:
    """The words run together as in user names: both orders, and given names by their first letter before and after
    the family name. In each system all words are written by that system.
    """
    found: list[str] = []
    for row in _rows(words):
        forward = list(row)
        found += ["".join(forward), "".join(reversed(forward))]
        if strict:
            continue
        for family in families:
            others = [place for place in range(len(row)) if place != family]
            if not others:
                continue
            whole, given = row[family], row[others[0]]
            if len(row) > 2:
                found += [given + whole, whole + given]
                first_letters = "".join(row[place][0] for place in others)
                found += [first_letters + whole, whole + first_letters]
            found += [given[0] + whole, whole + given[0]]
            if pair := _INITIAL_PAIRS.match(given):
                found += [pair.group() + whole, whole + pair.group()]
    usable = (text for text in found if len(text) >= _SHORTEST_JAM and text not in common_words())
    return first_of(_JAMMED, usable)


def _rows(words: Sequence[_Word]) -> list[tuple[str, ...]]:
    """Ways to write all the words, each in one way throughout: own script, then system by system."""
    rows = [tuple(word.spelled[0].replace("'", "") for word in words)]
    systems = list(dict.fromkeys(system for word in words for system in word.systems))
    rows += [tuple(word.systems.get(system) or _latin_only(word)[0] for word in words) for system in systems]
    latin = [_latin_only(word) for word in words]
    for ranks in sorted(itertools.product(range(3), repeat=min(len(words), 3)), key=sum):
        padded = (*ranks, *[0] * (len(words) - len(ranks)))
        if not systems and all(rank < len(texts) for rank, texts in zip(padded, latin, strict=True)):
            rows.append(tuple(texts[rank] for rank, texts in zip(padded, latin, strict=True)))
    return [row for row in dict.fromkeys(rows) if all(row)][: 1 + _JAM_SYSTEMS]


def _latin_only(word: _Word) -> list[str]:
    texts = [spelling.replace("'", "") for spelling in word.spelled if spelling.isascii()]
    return list(dict.fromkeys(texts)) or [word.spelled[0]]


def _edged(exact: str) -> tuple[str, ...]:
    """The form as it stands where its first or last word is a filler, which its parts alone would leave outside."""
    folded = fold(exact).text
    words = [word for word in _BETWEEN.split(folded) if word]
    return (folded.strip(),) if len(words) > 1 and {words[0], words[-1]} & FILLERS else ()


def _short(words: Sequence[_Word]) -> tuple[str, ...]:
    """A name without any word of three letters: only as given or turned round, with one separator or none."""
    texts = [word.spelled[0] for word in words]
    orders = (texts, texts[::-1])
    return tuple(
        dict.fromkeys(separator.join(order) for order in orders for separator in (" ", "-", "_", ".", ", ", ""))
    )


def _address(folded: str) -> tuple[str, ...]:
    """The whole address, also without its tag; and the local part where it says a name: over five letters in two parts
    that are not both common words, as it stands, with the other separators and without.
    """
    local, at, domain = folded.rpartition("@")
    if not at:
        return (folded,) if folded else ()
    plain, plus, _ = local.partition("+")
    found = [folded, *([f"{plain}@{domain}"] if plus else [])]
    pieces = [piece for piece in re.split(r"[._\-]", plain) if piece]
    named = len(pieces) > 1 and sum(map(str.isalpha, plain)) > _LONGEST_LOCAL
    if named and any(len(piece) >= _WHOLE and not piece.isdigit() and piece not in common_words() for piece in pieces):
        found += [plain, *(separator.join(pieces) for separator in "._-"), "".join(pieces)]
    return tuple(dict.fromkeys(found))
