"""Forms: what a person's name, address or number may look like in a log is searched for, and no more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.protection import FormKind
from tocsin.protect.folding import fold
from tocsin.protect.forms import FILLERS, Expansion, expand
from tocsin.protect.weakness import common_words, weak

KINDS = st.sampled_from(FormKind)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="abcÄßøđ'’- ,.@+0159бЙщьіგყწაحمدالعβςή\u064e\u0651\u200f", max_size=40),
)


def name(form: str) -> Expansion:
    return expand(form, FormKind.NAME)


@given(TEXTS, KINDS)
def test_any_text_has_an_expansion_that_is_folded_bounded_and_the_same_each_time(text: str, kind: FormKind) -> None:
    found = expand(text, kind)
    assert found == expand(text, kind)
    texts = [*found.words, found.digits, *(spelling for part in found.parts for spelling in part)]
    texts += [initial for each in found.initials for initial in each]
    assert all(fold(each).text == each for each in texts)
    assert all(part and all(part) for part in found.parts)
    assert all(found.words)
    assert len(found.words) <= 100
    assert all(len(part) <= 110 for part in found.parts)
    assert len(found.parts) != 1
    assert found.least <= len(found.parts)
    assert all(0 <= place < len(found.parts) for place in found.families)
    assert bool(found.parts) == bool(found.families)


@given(st.text(alphabet="abcdefgh", min_size=3, max_size=9), st.text(alphabet="ијклмн", min_size=3, max_size=9))
def test_what_is_printed_of_an_expansion_says_nothing_of_the_form(first: str, second: str) -> None:
    said = f"{name(f'{first}q {second}')!r} {name(f'{first}q {second}')}"
    assert first + "q" not in said
    assert second not in said


def test_exact_is_the_form_composed_and_without_stray_space() -> None:
    assert name("  Zoe\u0308\t Quellmar\n").exact == "Zoë Quellmar"


def test_a_name_of_two_words_is_searched_for_by_both_and_as_user_names() -> None:
    found = name("Zorb Quellmar")
    assert found.parts == (("zorb",), ("quellmar",))
    assert found.least == 2
    assert {"zorbquellmar", "quellmarzorb", "zquellmar", "quellmarz"} <= set(found.words)
    assert "quellmar" not in found.words
    assert "zorb" not in found.words
    assert found.initials == (("z",), ("q",))


def test_one_word_stands_for_the_person_alone() -> None:
    assert name("Quellmar") == Expansion(kind=FormKind.NAME, exact="Quellmar", words=("quellmar",))


@pytest.mark.parametrize(
    ("form", "family"),
    [
        ("Zorb Quellmar", (1,)),
        ("Quellmar, Zorb", (0,)),
        ("Quellmar-Tinder, Zorb", (0, 1)),
        ("QUELLMAR Zorb", (0,)),
        ("ZORB QUELLMAR", (1,)),
        ("Жорб Петрович Квельмар", (2,)),
        ("Квельмар Жорб Петрович", (0,)),
        ("Квельмаров Жорб", (0,)),
        ("Жорб Квельмаров", (1,)),
        ("Жорб Квельмар", (0, 1)),
        ("Zorb Tinder Quellmar", (1, 2)),
    ],
)
def test_the_family_name_is_told_where_it_can_be(form: str, family: tuple[int, ...]) -> None:
    """It is the word that is not an initial: `Zorb Q` is no form, and a log is full of `-u zorb -q`."""
    assert name(form).families == family


def test_of_three_words_two_suffice() -> None:
    found = name("Zorb Tinder Quellmar")
    assert len(found.parts) == 3
    assert found.least == 2
    assert {"ztquellmar", "zorbquellmar", "zquellmar", "zorbtinderquellmar"} <= set(found.words)


def test_a_hyphenated_given_name_is_found_jammed_and_in_its_parts() -> None:
    found = name("Zorb-Olin Quellmar")
    assert found.parts == (("zorb", "zorbolin"), ("olin",), ("quellmar",))
    assert found.families == (2,)
    assert "zoquellmar" in found.words


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        ("Zorb de la Quellmar", ["zorb", "quellmar"]),
        ("Zorb van der Quellmar", ["zorb", "quellmar"]),
        ("Zorb al-Quellmar", ["zorb", "quellmar"]),
        ("Zorb ibn Tinder al Quellmar", ["zorb", "tinder", "quellmar"]),
        ("Seán Ó Quellmar", ["sean", "quellmar"]),
        ("Ben Quellmar", ["ben", "quellmar"]),
        ("Van Quellmar", ["van", "quellmar"]),
        ("Ben Tinder Quellmar", ["ben", "tinder", "quellmar"]),
    ],
)
def test_small_words_may_be_left_out_unless_nothing_is_left(form: str, kept: list[str]) -> None:
    assert [part[0] for part in name(form).parts] == kept


def test_small_words_are_folded() -> None:
    assert all(fold(word).text == word for word in FILLERS)


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("Müßelov", {"musselov", "muesselov"}),
        ("Muesselov", {"muesselov", "musselov"}),
        ("Đoquell", {"doquell", "djoquell"}),
        ("Djoquell", {"djoquell", "doquell"}),
        ("O’Quellmar", {"o'quellmar", "oquellmar"}),
        ("Çelquør", {"celquor", "chelquor", "celquoer", "chelquoer"}),
        ("Haaquell", {"haaquell", "haquell"}),
        ("Quäröđumåx", {"quarodumax", "quaeroedjumaax"}),
        ("Mohammed", {"mohammed", "muhammad", "mohamed"}),
    ],
)
def test_a_latin_word_is_searched_for_with_and_without_what_keyboards_lack(word: str, spelled: set[str]) -> None:
    assert spelled <= set(name(word).words)


@pytest.mark.parametrize(
    ("form", "spelled"),
    [
        ("القزبير", {"القزبير", "قزبير", "alqazbir", "qazbir", "elkazbir"}),
        ("قَزْبِير", {"قزبير", "qazbir"}),
        ("عبدالقزبير", {"عبدالقزبير", "عبدقزبير", "abdulqazbir", "abdelkazbir"}),
    ],
)
def test_arabic_is_searched_for_with_and_without_article_and_marks(form: str, spelled: set[str]) -> None:
    assert spelled <= set(name(form).words)


def test_the_servant_of_a_name_is_one_name_in_one_word_or_two() -> None:
    joined, apart = name("عبدالقزبير طندور"), name("عبد القزبير طندور")
    assert {"عبدالقزبير", "abdulqazbir"} <= set(joined.parts[0]) & set(apart.parts[0])
    assert {"القزبير", "qazbir"} <= set(apart.parts[0])
    assert fold("عبد").text in FILLERS


def test_a_form_that_begins_or_ends_with_a_small_word_is_searched_for_with_it() -> None:
    assert "de la quellmar, zorb" in name("de la Quellmar, Zorb").words
    assert "عبد القزبير طندور" in name("عبد القزبير طندور").words
    assert "zorb de quellmar" not in name("Zorb de Quellmar").words


def test_user_names_are_in_one_system_throughout() -> None:
    words = name("Жорб Щукельмаров").words
    assert {"zhorbshchukelmarov", "zshchukelmarov", "shchukelmarovzh", "jorbchtchoukelmarov"} <= set(words)
    assert "zhorbchtchoukelmarov" not in words


def test_initials_are_letters_of_any_system() -> None:
    assert {"ж", "z", "zh", "j"} <= set(name("Жорб Щукельмаров").initials[0])
    assert {"c", "ch"} <= set(name("Chorb Quellmar").initials[0])


def test_a_code_name_is_said_in_full_or_not_at_all() -> None:
    found = expand("Grey Quellmar Nine", FormKind.CODE_NAME)
    assert found.least == 3
    assert found.initials == ()
    assert set(found.words) == {"greyquellmarnine", "ninequellmargrey"}


def test_a_name_without_a_word_of_three_letters_is_searched_for_as_it_stands() -> None:
    found = name("Qi Xo")
    assert found.parts == ()
    assert {"qi xo", "xo qi", "qi.xo", "xo, qi", "qixo"} <= set(found.words)


def test_no_user_name_is_a_common_word() -> None:
    assert "files" not in name("Les Fi").words
    assert not common_words() & set(name("Mission Per").words)


@pytest.mark.parametrize(
    ("address", "searched"),
    [
        ("Zorb.Quell@example.org", {"zorb.quell@example.org", "zorb.quell", "zorb_quell", "zorb-quell", "zorbquell"}),
        ("z.que+x@example.org", {"z.que+x@example.org", "z.que@example.org"}),
        ("zorbquell@example.org", {"zorbquell@example.org"}),
        ("z.que@example.org", {"z.que@example.org"}),
        ("press.office@example.org", {"press.office@example.org"}),
        ("no-reply@", {"no-reply@"}),
        ("zorb", {"zorb"}),
        ("", set()),
    ],
)  # fmt: skip
def test_the_local_part_alone_is_searched_for_only_where_it_says_a_name(address: str, searched: set[str]) -> None:
    assert set(expand(address, FormKind.ADDRESS).words) == searched


@pytest.mark.parametrize(
    "written",
    [
        "+999 12 34 56 78",
        "0099912345678",
        "+999 (0)12 34 56 78",
        "tel. +999-12.34.56.78",
        "+٩٩٩ ١٢٣٤٥٦٧٨",
        "+99912345678 ext. 5",
    ],
)
def test_a_phone_is_one_number_however_it_is_written(written: str) -> None:
    found = expand(written, FormKind.PHONE)
    assert found.digits == "99912345678"
    assert {"0099912345678", "012345678", "12345678", "999012345678"} <= set(found.words)


@pytest.mark.parametrize(("written", "home"), [("+7 900 000 00 09", "89000000009"), ("+1 202 555 0100", "12025550100")])
def test_a_phone_at_home_has_the_trunk_of_its_country(written: str, home: str) -> None:
    found = expand(written, FormKind.PHONE)
    assert home in {found.digits, *found.words}


def test_a_phone_without_its_country_is_itself_only() -> None:
    found = expand("012 34 56 78", FormKind.PHONE)
    assert (found.digits, found.words) == ("012345678", ())


@pytest.mark.parametrize("written", ["QX 12-34/99z", "qx123499Z", "Q.X.1234 99 z", "ＱＸ１２３４９９Ｚ"])
def test_a_document_is_its_letters_and_digits(written: str) -> None:
    assert expand(written, FormKind.DOCUMENT).digits == "qx123499z"


@pytest.mark.parametrize(
    ("form", "kind", "reason"),
    [
        ("", FormKind.NAME, "holds no letter or digit"),
        ("-.\u200b", FormKind.NAME, "holds no letter or digit"),
        ("Qé", FormKind.NAME, "has fewer than 3 letters"),
        ("ADMIN", FormKind.ALIAS, "is a common word"),
        ("Système Windows", FormKind.NAME, "holds common words only"),
        ("Zoq", FormKind.NAME, "is one word of three letters"),
        ("12345", FormKind.CODE_NAME, "is a number"),
        ("12345", FormKind.PHONE, "has fewer than 7 digits"),
        ("012 34 56 78", FormKind.PHONE, "has no country code, so it is found only as it is written"),
        ("QX 12", FormKind.DOCUMENT, "has fewer than 5 letters and digits"),
        ("quellmar", FormKind.ADDRESS, "is no mail address"),
        ("Quellmar", FormKind.NAME, None),
        ("Zorb Quellmar", FormKind.NAME, None),
        ("+999 12 34 56 78", FormKind.PHONE, None),
        ("Press.Office@example.org", FormKind.ADDRESS, "is the address of an office"),
        ("zorb@example.org", FormKind.ADDRESS, None),
    ],
)
def test_a_form_that_would_mask_half_the_logs_is_named_before_it_does(
    form: str, kind: FormKind, reason: str | None
) -> None:
    assert weak(form, kind) == reason


@given(TEXTS, KINDS)
def test_why_a_form_is_weak_does_not_quote_it(text: str, kind: FormKind) -> None:
    reason = weak(text, kind)
    assert reason is None or text.strip() == "" or len(text.strip()) < 5 or text.strip() not in reason
