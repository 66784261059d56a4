"""Romanisation: what standards, press and passports make of a name is among its spellings."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.protection import FormKind
from tocsin.protect.folding import fold
from tocsin.protect.forms import expand
from tocsin.protect.romanise import SCRIPTS, by_system, known_spellings, script_of, script_tables, spellings

# Syllables of names nobody bears.
_SYLLABLES = {
    "cyrillic": ("жо", "ще", "ки", "хру", "цья", "юл", "ёг", "вы", "гий", "ша", "чне", "эрз", "ъя", "ксу"),
    "greek": ("ζου", "μπι", "ξε", "χρα", "ευ", "αύ", "γγω", "θη", "ψο", "ντα", "φυ", "βει"),
    "georgian": ("ყო", "ჭი", "ღრა", "ხვე", "ჯუ", "წყა", "ძი", "ფშე", "ქო", "ჩტი", "ჟუ", "თრა"),
}
_ENDS = {"cyrillic": "вский", "greek": "ρίδης", "georgian": "ძველი"}
# Roots nobody's name has, in the patterns names have; the marks say the vowels a form does not.
_ROOTS = ("زقد", "ضغب", "ظشم", "ذخر", "قثف", "غجز", "شظل", "طذن", "خضس", "بزغ", "جشك", "ثقط")
_PATTERNS = (
    "1َ2ِي3", "1َا2ِ3", "1َ2َّا3", "مَ1ْ2ُو3", "1ُ2َي3", "1َ2ْ3َان", "مُ1َ2َّ3", "1َ2َ3", "1ُ2ُو3", "1َ2ْ3", "1ِ2َا3", "مُ1ْ2ِ3",
    "1َ2ْ3ِي", "1َا2ِ3َة", "1َ2َا3ِي", "أَ1ْ2َ3", "1َ2ُو3ِي", "1ُ2ْ3َان",
)  # fmt: skip
_HARAKAT = dict.fromkeys(range(0x64B, 0x653))


def invented(script: str, number: int) -> list[str]:
    """At most `number` names, strewn over all that can be made, the same each time."""
    if script == "arabic":
        every = [
            "".join(root[int(sign) - 1] if sign in "123" else sign for sign in pattern)
            for root in _ROOTS
            for pattern in _PATTERNS
        ]
    else:
        every = ["".join(parts) + _ENDS[script] for parts in itertools.permutations(_SYLLABLES[script], 3)]
    return every[:: max(1, len(every) // number)][:number]


def searched(word: str) -> tuple[str, ...]:
    return expand(word, FormKind.NAME).words


@pytest.mark.parametrize(
    ("word", "system", "written"),
    [
        ("Щукин", "iso_9", "ŝukin"),
        ("Щукин", "icao", "shchukin"),
        ("Юрий", "icao", "iurii"),
        ("Подъячев", "icao", "podieiachev"),
        ("Юрьев", "bgn_russian", "yur'yev"),
        ("Ёлкин", "bgn_russian", "yëlkin"),
        ("Елец", "bgn_russian", "yelets"),
        ("Щукин", "french", "chtchoukine"),
        ("Жигулин", "french", "jigouline"),
        ("Васильев", "german", "wassiljew"),
        ("Щукин", "german", "schtschukin"),
        ("Щукин", "scholarly", "ščukin"),
        ("Цой", "gost_passport", "tcoi"),
        ("Щукин", "bulgarian_2009", "shtukin"),
        ("Згурський", "ukrainian_2010", "zghurskyi"),
        ("Їжакевич", "ukrainian_2010", "yizhakevych"),
        ("Ђурђевић", "serbian", "đurđević"),
        ("Џепчиште", "macedonian", "djepchishte"),
        ("Чехов", "dutch", "tsjechov"),
        ("Αυγερινός", "elot_743", "avgerinos"),
        ("Ευχαριστίδης", "elot_743", "efcharistidis"),
        ("Μπάμπης", "elot_743", "bampis"),
        ("Άγγελος", "elot_743", "angelos"),
        ("Χρήστος", "classical", "chrestos"),
        ("Μάυρος", "elot_743", "mayros"),
        ("Ψαρώ", "greeklish", "psarw"),
        ("ყვარელი", "national", "q'vareli"),
        ("თბილელი", "bgn_1981", "t'bileli"),
        ("ჟღენტი", "national_unmarked", "zhghenti"),
        ("შალვაშვილი", "iso_9984", "šalvašvili"),
        ("ჯაფარიძე", "french", "djaparidze"),
        ("مُحَمَّد", "scholarly", "muhammad"),
        ("شَرِيف", "french", "charif"),
        ("حُسَين", "scholarly", "husayn"),
    ],
)
def test_a_system_writes_as_its_table_says(word: str, system: str, written: str) -> None:
    assert by_system(word)[system] == fold(written).text


@pytest.mark.parametrize("script", ["cyrillic", "greek", "georgian"])
def test_what_any_system_makes_of_any_invented_name_is_searched_for(script: str) -> None:
    missed = Counter(
        system
        for word in invented(script, 125)
        for system, written in by_system(word).items()
        if not {written, written.replace("'", "")} <= set(searched(word))
    )
    assert missed == Counter()


def test_arabic_names_are_found_though_their_vowels_are_not_written() -> None:
    """The short vowels of an invented name are a guess: most are found, and how many is held here."""
    tried = found = 0
    for word in invented("arabic", 125):
        spelled = searched(word.translate(_HARAKAT))
        for written in set(by_system(word).values()):
            tried += 1
            found += written in spelled
    assert found / tried >= 0.97


@pytest.mark.parametrize(
    ("script", "least"), [("cyrillic", 0.97), ("greek", 0.92), ("georgian", 0.97), ("arabic", 0.84)]
)
def test_spellings_in_print_are_searched_for(script: str, least: float) -> None:
    tried = found = 0
    for line in (Path(__file__).parent / "known_spellings.txt").read_text(encoding="utf-8").splitlines()[1:]:
        word, *printed = line.split()
        of = script_of(word)
        if of is not None and of.name == script:
            spelled = searched(word)
            tried += len(printed)
            found += sum(fold(text).text.replace("'", "") in spelled for text in printed)
    assert tried >= 20
    assert found / tried >= least


# What clerks and papers do to a name that began with a system, from outside the product's tables.
_HABITS = {
    "cyrillic": (
        ("iy", "y"),
        ("ii", "i"),
        ("ts", "tz"),
        ("kh", "h"),
        ("shch", "sch"),
        ("yu", "iu"),
        ("ya", "ia"),
        ("x", "ks"),
    ),
    "greek": (("ch", "h"), ("ei", "i"), ("ou", "u"), ("th", "t"), ("ng", "gg"), ("x", "ks")),
    "georgian": (("kh", "h"), ("gh", "g"), ("ts", "tz"), ("q", "k"), ("j", "dj"), ("p", "f")),
}
_BEGUN = {
    "cyrillic": ("english_press", "icao", "french"),
    "greek": ("elot_743", "press"),
    "georgian": ("national_unmarked", "press"),
}


@pytest.mark.parametrize("script", ["cyrillic", "greek", "georgian"])
def test_a_system_with_one_habit_of_the_press_is_searched_for(script: str) -> None:
    tried = found = 0
    for word in invented(script, 60):
        spelled = searched(word)
        for begun in _BEGUN[script]:
            plain = by_system(word)[begun]
            for usual, habit in _HABITS[script]:
                if usual in plain and habit not in plain:
                    tried += 1
                    found += plain.replace(usual, habit) in spelled
    assert found / tried >= 0.97


@given(st.text(max_size=50), st.integers(1, 60))
def test_spellings_are_folded_distinct_and_bounded(word: str, limit: int) -> None:
    found = spellings(word, limit)
    assert len(found) <= limit
    assert len(set(found)) == len(found)
    assert all(fold(spelling).text == spelling != "" for spelling in found)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_system_names_its_source_and_knows_the_letters_of_the_script(name: str) -> None:
    script = script_tables(name)
    assert all(system.source for system in script.systems)
    assert len({system.name for system in script.systems}) == len(script.systems)
    for word in invented(name, 20):
        for written in by_system(word).values():
            assert not script.letters.search(written)


def test_a_frequent_name_is_known_from_any_of_its_spellings() -> None:
    assert {"mohamed", "muhammad"} <= set(known_spellings("mohammed"))
    assert {"mohamed", "muhammad"} <= set(known_spellings(fold("محمد").text))
    assert known_spellings("quellmar") == ()
