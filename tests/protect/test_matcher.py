"""Names are found however they are written, and what is found is what a slow and plainly right matcher finds."""

from __future__ import annotations

import functools
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.protect.encodings import ENCODERS, RUNS, Encoder, json_all, percent, standard, utf16_seen
from tests.protect.oracle import Persons, search

from tocsin.model.protection import FormKind, How
from tocsin.protect.forms import expand
from tocsin.protect.matcher import Found, Matcher

# Invented, all of them.
FORMS = {
    1: (("Jan Qwertović", FormKind.NAME), ("Иван Прыкладов", FormKind.NAME), ("Nightowl", FormKind.ALIAS)),
    2: (("Zelda de la Fictive O'Sample", FormKind.NAME), ("zelda.fictive@mail.example.org", FormKind.ADDRESS)),
    3: (("محمد المثالي", FormKind.NAME), ("+49 170 5550123", FormKind.PHONE), ("AB-123456-X", FormKind.DOCUMENT)),
    4: (("გიორგი მაგალითაძე", FormKind.NAME), ("Quartz 7 Meadow", FormKind.CODE_NAME)),
    5: (("Ιωάννης Παραδειγμάτης", FormKind.NAME), ("Jan Samplov", FormKind.NAME)),
}
PERSON_OF = {"Jan Qwertović": 1, "Иван Прыкладов": 1, "محمد المثالي": 3, "გიორგი მაგალითაძე": 4}
NAMES = tuple(PERSON_OF)


@functools.lru_cache(maxsize=1)
def persons() -> Persons:
    return [(person, [expand(*form) for form in forms]) for person, forms in FORMS.items()]


@functools.lru_cache(maxsize=1)
def matcher() -> Matcher:
    return Matcher(persons())


def find(text: str) -> list[Found]:
    return matcher().find([text]).get(0, [])


def who(text: str) -> list[int]:
    return [found.person for found in find(text)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda one: one.__name__)
def test_finds_a_name_in_every_encoding(name: str, encoder: Encoder) -> None:
    (found,) = find(encoder(name))
    assert (found.person, found.how) == (PERSON_OF[name], How.EXACT)


@pytest.mark.parametrize("outer", ENCODERS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("inner", ENCODERS, ids=lambda one: one.__name__)
def test_finds_a_name_in_an_encoding_inside_another(inner: Encoder, outer: Encoder) -> None:
    if inner is utf16_seen and outer in (*RUNS, utf16_seen):
        pytest.skip("bytes taken for characters, and the characters then packed: they are no text there")
    for name in NAMES:
        assert set(who(outer(inner(name)))) == {PERSON_OF[name]}


@pytest.mark.parametrize(
    "broken", ["=\n", "=\r\n", "= \n", "=\\n", "=\\r\\n", "= \\n", "=\\\\n", "=\\u000a", "=%0A", "=&#10;"]
)
def test_a_soft_break_of_mail_hides_nothing_however_the_line_s_end_is_written(broken: str) -> None:
    """As a line of mail stands in JSON, in an address or in markup: at each place of the name, packed or not."""
    packed = standard("some words and Zelda Fictive and more")
    for cut in range(4, len(packed) - 4):
        assert who(packed[:cut] + broken + packed[cut:]) == [2]
    for cut in range(1, len("Zelda Fictive")):
        assert who(f"from {'Zelda Fictive'[:cut]}{broken}{'Zelda Fictive'[cut:]} to nobody") == [2]


@pytest.mark.parametrize("sign", ["=", "%"])
@pytest.mark.parametrize("name", ["Bedřich Fašimpel", "Fadima Čaquell", "deborah Ěllimox", "Adéla Žumbrik"])
def test_a_name_that_begins_like_an_escape_is_found_behind_its_sign(name: str, sign: str) -> None:
    escaped = "".join(
        letter if letter.isascii() and letter != " " else "".join(f"{sign}{byte:02X}" for byte in letter.encode())
        for letter in name
    )
    ((_, (found,)),) = Matcher([(7, [expand(name, FormKind.NAME)])]).find([f"find?q{sign}{escaped}&x=1"]).items()
    assert (found.person, found.start, found.end) == (7, 7, 7 + len(escaped))


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("file_QWERTOVIC_jan.docx", 1),
        ("Qwertović, J.", 1),
        ("j.qwertovic2", 1),
        ("JanQwertovic", 1),
        (unicodedata.normalize("NFD", "Jan Qwertović"), 1),
        ("Ja\u200bn\u202e Qwer\u00adtović", 1),
        ("C:\\Users\\nightowl\\x", 1),
        ("nightowl2", 1),
        ("Fictive/Zelda", 2),
        ("o’sample, zelda", 2),
        ("mailto:ZELDA.Fictive@mail.example.org", 2),
        ("0170/555 01-23", 3),
        ("0049 170 5550123", 3),
        ("ab 123.456 x", 3),
        ("Muhammad al-Mithali", 3),
        ("quartz_7_meadow", 4),
        ('Jan "Qwertovic"', 1),
        ("Jan     \t  Qwertovic", 1),
        ("Jan -- Qwertovic", 1),
        ("Jan K. Qwertovic", 1),
        ("Qwertovic (Jan)", 1),
        ("Jan [Qwertovic]", 1),
        ("Jan|Qwertovic", 1),
        ("Qwertovic:Jan", 1),
        ("**Jan** #Qwertovic", 1),
        ("jan@qwertovic", 1),
        ("jan~qwertovic", 1),
        ("jan=qwertovic", 1),
        ("Jan→Qwertovic", 1),
        ("Jan «Qwertovic»", 1),
        ("Jan &lt;b&gt;Qwertovic", 1),
        ("Jan\\u003cb\\u003eQwer\\u003c/b\\u003etovic", 1),
        ("Papadeigma: Ιωαννης Παραδειγματης", 5),
    ],
)
def test_finds_other_writings(text: str, person: int) -> None:
    assert who(text) == [person]


@pytest.mark.parametrize(
    "text",
    [
        "Jan",
        "J. Q.",
        "Jan Q.",
        "Qwertovicx Jan",
        "nightowls",
        "Jan -------- Qwertovic",
        'Jan", "Qwertovic',
        "Jan K. M. Qwertovic",
        "Jan ((((( Qwertovic",
        "quartz 77 meadow",
        "4917055501234",
        "example.org",
        "",
    ],
)
def test_leaves_what_is_no_name(text: str) -> None:
    assert who(text) == []


def test_replaces_the_whole_run_of_an_encoding_and_the_whole_escape() -> None:
    run = standard("seen by Jan Qwertovic at noon")
    assert [text_of(f"a={run}&b", found) for found in find(f"a={run}&b")] == [run]
    escaped = "for %4Aan%20Qwertovi%C4%87 only"
    assert [text_of(escaped, found) for found in find(escaped)] == ["%4Aan%20Qwertovi%C4%87"]
    assert [text_of(f"x {json_all('Jan')} Qwertovic", found) for found in find(f"x {json_all('Jan')} Qwertovic")] == [
        f"{json_all('Jan')} Qwertovic"
    ]


def text_of(text: str, found: Found) -> str:
    return text[found.start : found.end]


def test_the_longest_wins_and_two_names_are_two() -> None:
    assert [(found.start, found.end, found.person) for found in find("Jan Qwertovic, Jan Samplov")] == [
        (0, 13, 1),
        (15, 26, 5),
    ]


def test_gives_only_the_values_in_which_something_is_and_the_same_every_time() -> None:
    values = ["nothing", "Jan Qwertovic", "nothing else", percent("Иван Прыкладов"), "", "nothing"]
    fresh = Matcher(persons())
    first = fresh.find(values)
    assert sorted(first) == [1, 3]
    assert fresh.find(values) == first == Matcher(reversed(persons())).find(values)


def test_says_where_something_is_encoded_deeper_than_is_searched() -> None:
    one = Matcher(persons())
    four_deep = percent(percent(percent(percent("Иван Прыкладов"))))
    assert [found.end for found in one.find([four_deep])[0]] == [len(four_deep)]
    assert one.beyond == 0
    assert one.find([percent(four_deep)]) == {}
    assert one.beyond == 1


def test_holds_no_name_in_what_it_prints() -> None:
    shown = repr(matcher()) + repr([matcher()._index.form(place) for place in range(3)])
    assert not any(part.casefold() in shown.casefold() for part in ("Jan", "Qwertov", "Иван"))


_WORDS = [
    "Jan",
    "Qwertović",
    "qwertovic",
    "J",
    "Q",
    "ИВАН",
    "Прыкладов",
    "ივანე",
    "გიორგი",
    "მაგალითაძე",
    "محمد",
    "المثالي",
]
_WORDS += [
    "Zelda",
    "Fictive",
    "O'Sample",
    "Z.F",
    "de",
    "la",
    "al",
    "nightowl",
    "quartz",
    "7",
    "meadow",
    "AB",
    "123456",
    "X",
]
_WORDS += ["0170", "5550123", "zelda.fictive@mail.example.org", "the", "of", "x", "C:\\", "ß", "\u200b", "2", "Samplov"]
_GAPS = ["", " ", ".", "_", "-", ", ", " - ", "    ", "\\", "/", "=", '"', ":", "\n", "\\n", "%20", "\t", "+", "&amp;"]
_GAPS += [
    " (",
    ") ",
    "[",
    "|",
    " * ",
    "#",
    "~",
    "@",
    "→",
    " -- ",
    "      ",
    "&lt;b&gt;",
    "\\u003ctd\\u003e",
    " M. ",
    "«",
]
_pieces = st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from(_GAPS)), max_size=5)
_plain = st.one_of(_pieces.map(lambda pieces: "".join(word + gap for word, gap in pieces)), st.text(max_size=12))


@st.composite
def _texts(draw: st.DrawFn) -> str:
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        piece = draw(_plain)
        for encoder in draw(st.lists(st.sampled_from(ENCODERS), max_size=2)):
            if not any("\ud800" <= one <= "\udfff" for one in piece) and (
                encoder.__name__ != "utf16_seen" or piece.isprintable()
            ):
                piece = encoder(piece)
        text += piece + draw(st.sampled_from(_GAPS))
    return text


@settings(max_examples=60, deadline=None)
@given(st.lists(_texts(), min_size=1, max_size=3))
@example(["\\nJan Qwertovic", "Jan\\nQwertovic", "\\tnightowl"])
@example(["x/y/" + standard("nightowl")])
@example(["W3t9IGFuZCBtb3JlIG9mIHRoYXQ=\\nWmVsZGFGaWN0aXZl"])
def test_finds_what_every_form_at_every_place_of_every_layer_finds(texts: list[str]) -> None:
    expected = {place: found for place, text in enumerate(texts) if (found := search(text, persons()))}
    assert Matcher.find(matcher(), texts) == expected


@pytest.mark.parametrize(
    "unit",
    [
        "%25",
        "a ",
        "A",
        "QUJD",
        "&#x26;",
        "\\\\",
        "=\n",
        "\0a",
        "QUJDQUJDQUJDQUJD\n",
        "Jan ",
        "Jan Q",
        "4917055501 ",
        "4 ",
        "%C8%E2",
        "\\xc8=CA",
        "Ð˜Ð²",
        "É",
        "=?utf-8?B?QUJD?= ",
        "=?utf-8?Q?",
        ";a*1=",
        "\udcc8",
    ],
)
def test_a_text_ten_times_as_long_takes_about_ten_times_the_work(unit: str) -> None:
    """Counted in calls, not in seconds."""
    counts = [_calls(unit * size) for size in (2_000, 20_000)]
    assert counts[1] < 20 * counts[0] + 2_000


def _calls(text: str) -> int:
    calls = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        Matcher(persons()[:1]).find([text])
    finally:
        sys.setprofile(before)
    return calls
