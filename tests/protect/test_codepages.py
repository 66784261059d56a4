"""Names in bytes that are no UTF-8, in text read in the wrong encoding and in encoded words of mail are found, and the
whole of what says them is replaced.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protect.codepage_writings import WRITERS, Writer, backslash, mail_word, percent, russian, windows, zip_member
from tests.protect.oracle import Persons, search

from tocsin.model.protection import FormKind
from tocsin.protect.codepages import PAGES, pages_for
from tocsin.protect.forms import expand
from tocsin.protect.mail_words import _CODECS, _NO_CHARSETS
from tocsin.protect.matcher import Found, Matcher

# Invented, all of them; with the code pages that have their letters.
PAGES_OF = {
    "Jan Qwertović": ("cp1250", "iso8859-2", "cp852"),
    "Zoë Fantôme": ("cp1252", "latin-1", "iso8859-15", "cp850", "cp437", "mac-roman"),
    "Şükrü Örnekoğlu": ("cp1254",),
    "Иван Прыкладов": ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic"),
    "Рісі Ґелімко": ("cp1251", "koi8-u"),
    "محمد المثالي": ("cp1256", "iso8859-6"),
    "Ιωάννης Παραδειγμάτης": ("cp1253", "iso8859-7", "cp737"),
    "გიორგი მაგალითაძე": (),
}
NAMES = tuple(PAGES_OF)
WRITTEN = [(name, page) for name, pages in PAGES_OF.items() for page in (*pages, "utf-8")]


@functools.lru_cache(maxsize=1)
def matcher() -> Matcher:
    return Matcher([(person, [expand(name, FormKind.NAME)]) for person, name in enumerate(NAMES)])


@functools.lru_cache(maxsize=1)
def persons() -> Persons:
    return [(person, [expand(name, FormKind.NAME)]) for person, name in enumerate(NAMES[:5])]


def find(text: str) -> list[Found]:
    return matcher().find([text]).get(0, [])


def spellings(name: str, page: str) -> Sequence[bytes]:
    """In the cases that the page has all letters of."""
    found = []
    for said in (name, name.lower(), name.upper()):
        try:
            found.append(said.encode(page))
        except UnicodeEncodeError:
            continue
    assert found
    return found


@pytest.mark.parametrize(("name", "page"), WRITTEN)
@pytest.mark.parametrize("writer", WRITERS, ids=lambda one: one.__name__)
def test_finds_a_name_in_a_code_page_and_replaces_the_whole_of_it(name: str, page: str, writer: Writer) -> None:
    for data in spellings(name, page):
        said = writer(data)
        assert [(one.person, one.start, one.end) for one in find(f"file {said}.doc")] == [
            (NAMES.index(name), 5, 5 + len(said))
        ]


_said = st.one_of(
    st.sampled_from([name.encode(page) for name, page in WRITTEN if name in NAMES[:5]]),
    st.binary(max_size=6),
    st.sampled_from([b" ", b"/", b"-", b"Jan ", b"x"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_said, st.sampled_from(WRITERS)), min_size=1, max_size=3))
def test_the_quick_look_loses_none_of_what_a_slow_one_finds(pieces: list[tuple[bytes, Writer]]) -> None:
    text = "".join(writer(data) for data, writer in pieces)
    assert Matcher(persons()).find([text]).get(0, []) == search(text, persons())


@pytest.mark.parametrize("name", NAMES)
def test_finds_utf8_that_was_read_as_cyrillic(name: str) -> None:
    said = russian(name.encode())
    assert [(one.person, one.start, one.end) for one in find(f"<{said}>")] == [(NAMES.index(name), 1, 1 + len(said))]


@given(st.sampled_from(WRITTEN), st.sampled_from("BQ"), st.data())
def test_finds_a_name_in_encoded_words_wherever_they_are_cut(
    written: tuple[str, str], how: str, data: st.DataObject
) -> None:
    name, page = written
    whole = data.draw(st.sampled_from(spellings(name, page)))
    # Mailers call the set what it is, or what it is not, or something nobody knows.
    charset = data.draw(st.sampled_from([page, page.upper(), f"{page}*ka", "us-ascii", "utf-8", "x-none"]))
    cuts = sorted(data.draw(st.lists(st.integers(1, len(whole) - 1), max_size=3, unique=True)))
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    between = data.draw(st.sampled_from([" ", "\n ", "\r\n\t", "  \r\n  "]))
    said = between.join(mail_word(part, charset, how) for part in parts)
    assert [(one.person, one.start, one.end) for one in find(f"Subject: {said} x")] == [
        (NAMES.index(name), 9, 9 + len(said))
    ]


@pytest.mark.parametrize("charset", ["gb2312", "gb18030", "big5", "euc-kr", "shift_jis", "iso-2022-jp", "utf-7"])
def test_finds_a_name_between_letters_of_a_set_of_many_bytes(charset: str) -> None:
    said = mail_word("中 Jan Qwertovic 文".encode(charset, "ignore"), charset, "B")
    assert [(one.start, one.end) for one in find(said)] == [(0, len(said))]


def test_finds_a_name_whose_base64_is_cut_between_two_words() -> None:
    digits = base64.b64encode("Иван Прыкладов".encode("koi8-r")).decode()
    said = f"=?koi8-r?B?{digits[:7]}?= =?koi8-r?B?{digits[7:]}?="
    assert [(one.start, one.end) for one in find(said)] == [(0, len(said))]


def test_every_character_set_that_is_known_decodes() -> None:
    for codec in {*_CODECS.values()} - _NO_CHARSETS:
        b"x".decode(codec, "replace")


@pytest.mark.parametrize(
    "said",
    [
        "filename*=windows-1251''{0}",
        "filename*0*=windows-1251''{1};\r\n filename*1*={2}",
        'name*0="{1}"; name*1="{2}"',
    ],
)
def test_finds_a_name_in_the_parameters_of_a_mail(said: str) -> None:
    name = percent("Иван Прыкладов".encode("cp1251"))
    assert [one.person for one in find(said.format(name, name[:12], name[12:]))] == [NAMES.index("Иван Прыкладов")]


@pytest.mark.parametrize(
    "text",
    [
        "Jan Qwert\udcffović",
        "Jan \ufffdQw\ufffdertović",
        "Jan\\xff Qwert\\xffović",
        "logs/Jan Qwertović/\udcc8\udcff.log",
        windows(windows("Jan Qwertović".encode()).encode()),
        windows(windows("Иван Прыкладов".encode()).encode()),
    ],
)
def test_a_byte_too_many_or_text_misread_twice_hides_no_name(text: str) -> None:
    assert len(find(text)) == 1


@pytest.mark.parametrize("writer", [percent, backslash, zip_member], ids=lambda one: one.__name__)
def test_a_code_page_inside_another_encoding_is_found(writer: Writer) -> None:
    said = percent(writer("Иван Прыкладов".encode("cp1251")).encode())
    assert [(one.start, one.end) for one in find(said)] == [(0, len(said))]


@pytest.mark.parametrize(
    "text", ["São Paulo, l’été «à côté»", "Größe: 12 µm²", "ST=California, L=São", "Привет, Сі Рё", "και σε"]
)
def test_ordinary_text_names_nobody(text: str) -> None:
    assert find(text) == []


def test_only_pages_of_scripts_that_are_searched_for_are_tried() -> None:
    assert {page.name for page in pages_for(["иван", "jan"])} & {"cp1251", "cp1252", "cp1253", "cp1256"} == {
        "cp1251",
        "cp1252",
    }
    assert len(pages_for(["ა"])) < len(PAGES)
