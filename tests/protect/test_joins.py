"""A page puts values side by side: what only so reads as a name is taken out, and the page leaves all the same."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protect.planted import CYRILLIC, GEORGIAN, GREEK, LATIN, NAMES, door
from tests.protect.stub import ORIGIN

from tocsin.errors import RefusedError
from tocsin.model.protection import FormKind
from tocsin.protect.door import LocalDoor
from tocsin.protect.exits import close_doors, guard_exits
from tocsin.protect.forms import expand
from tocsin.protect.guard import Guard
from tocsin.protect.matcher import Matcher
from tocsin.protect.own_text import is_known
from tocsin.protect.tokens import TOKEN
from tocsin.share.exit import release

_GUARD = Guard([door()], knows_own=True)
_BETWEEN = ("  ", " · ", ": ", ", ", "\n  ", " | ", " → ", "\t")
_PLAIN = st.text("mnopq ", max_size=12)


def _door(*names: str) -> LocalDoor:
    return LocalDoor(
        epoch=1,
        workspace=ORIGIN,
        persons=[number.to_bytes(16, "big") for number in range(len(names))],
        finder=Matcher((number, [expand(name, FormKind.NAME)]) for number, name in enumerate(names)),
        token_key=bytes(32),
        door_keys=[bytes([1]) * 32],
    )


def _words(name: str) -> tuple[str, str]:
    first, last = name.split()
    return first, last


def _leaves(text: str) -> str:
    """What leaves of a text; in it nobody finds anything."""
    passing = _GUARD.parted(text).text
    _GUARD.refuse(passing)
    return passing


@given(st.sampled_from(NAMES), st.sampled_from(_BETWEEN), st.booleans(), _PLAIN, _PLAIN)
def test_a_name_over_two_cells_of_a_row_is_read_by_nobody(
    name: str, between: str, turned: bool, before: str, behind: str
) -> None:
    first, last = _words(name)[:: -1 if turned else 1]
    left = _leaves(f"{before}  {first}{between}{last}  {behind}\n")
    assert first not in left or last not in left
    assert left.startswith(f"{before}  ")
    assert left.endswith(f"  {behind}\n")


@given(st.sampled_from(NAMES))
def test_both_words_become_the_token_of_the_person(name: str) -> None:
    first, last = _words(name)
    tokens = TOKEN.findall(_leaves(f"zzz\n{first}   {last}\nzzz"))
    assert [token[:27].upper() for token in tokens] == [door().mask((name,))[0].text[:27].upper()] * 2


@given(st.lists(st.sampled_from([word for name in NAMES for word in name.split()]), min_size=2, max_size=6))
def test_a_list_of_cells_stays_json_with_as_many_values(words: list[str]) -> None:
    document = {"first": words, "last": [{"account": word} for word in words]}
    left = json.loads(_leaves(json.dumps(document, ensure_ascii=False, indent=2)))
    assert list(left) == ["first", "last"]
    assert [len(each) for each in left.values()] == [len(words)] * 2
    assert all(each.keys() == {"account"} for each in left["last"])


@given(st.sampled_from([LATIN, GREEK, CYRILLIC, GEORGIAN]))
def test_the_tags_of_a_page_stay(name: str) -> None:
    first, last = map(html.escape, _words(name))
    page = f"<!doctype html><p class='jan'><b>{first}</b> · <code class='x'>{last}</code></p>"
    left = _leaves(page)
    assert re.findall(r"<[^>]*>", left) == re.findall(r"<[^>]*>", page)
    assert last not in left


@pytest.mark.parametrize("text", [f"by {LATIN}", f"zzz: {CYRILLIC} zzz", "J.Qwertović", "x=jqwertovic"])
def test_what_one_value_says_is_refused_as_ever(text: str) -> None:
    with pytest.raises(RefusedError):
        _leaves(text)


def test_a_sentence_of_the_product_is_no_name_of_somebody() -> None:
    sentence = "Sigma correlation rules are listed as not run; rules are matched one record at a time"
    guard = Guard([_door("Lorrin Isted", "Listed Asnotrun")], knows_own=True)
    assert guard.parted(sentence) == (sentence, 0)
    guard.refuse(sentence)
    with pytest.raises(RefusedError):  # a file of somebody else is searched as it stands
        Guard([_door("Lorrin Isted")]).refuse(sentence)


def test_beside_a_word_of_the_product_no_token_tells_whose_it_is() -> None:
    name = "Correlation Zorbequill"
    assert is_known("correlation")
    left = Guard([_door(name)], knows_own=True).parted("rules behind a correlation: zorbequill")
    assert left.places == 1
    assert left.text == "rules behind a correlation: […]"


@pytest.fixture
def guarded() -> Iterator[None]:
    guard_exits("a", door())
    yield
    close_doors()


@pytest.mark.usefixtures("guarded")
def test_what_was_withheld_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    release("jan    qwertovic\n", tmp_path / "out.txt")
    assert "qwertovic" not in (tmp_path / "out.txt").read_text()
    told = capfd.readouterr().err
    assert told.startswith("tocsin: at 1 place of out.txt words side by side")
    assert "qwertovic" not in told
