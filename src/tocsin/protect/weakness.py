"""Forms that would mask half the logs: said at import, before they are in the vault."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from tocsin.model.protection import FormKind
from tocsin.protect.calling_codes import other_digits
from tocsin.protect.folding import fold
from tocsin.protect.own_text import page_words

_SHORTEST_NAME = 3
_SHORTEST_PHONE = 7
_SHORTEST_DOCUMENT = 5


@cache
def common_words() -> frozenset[str]:
    """Words of offices and logs (English, French, a few in other scripts) that a form should not be, folded."""
    text = files(__package__).joinpath("common_words.txt").read_text(encoding="utf-8")
    return frozenset(fold(text).text.split())


def weak(form: str, kind: FormKind = FormKind.NAME) -> str | None:
    """Why the form is dangerous to search for, in words that do not quote it; None where it is not."""
    folded = fold(form).text
    letters = [character for character in folded if character.isalnum()]
    words = re.findall(r"[^\W_]+", folded)
    if not letters:
        return "holds no letter or digit"
    if kind is FormKind.PHONE:
        return _weak_phone(form)
    if kind is FormKind.DOCUMENT:
        return f"has fewer than {_SHORTEST_DOCUMENT} letters and digits" if len(letters) < _SHORTEST_DOCUMENT else None
    if kind is FormKind.ADDRESS:
        return _weak_address(folded)
    if len(letters) < _SHORTEST_NAME:
        return f"has fewer than {_SHORTEST_NAME} letters"
    if all(word in common_words() for word in words):
        return "is a common word" if len(words) == 1 else "holds common words only"
    if len(words) == 1 and words[0] in page_words():
        return "is a word of Tocsin's own pages"
    if len(words) == 1 and folded.isascii() and len(letters) == _SHORTEST_NAME:
        return "is one word of three letters"
    if len(words) == 1 and folded.strip().isdigit():
        return "is a number"
    return None


def _weak_address(folded: str) -> str | None:
    found = re.fullmatch(r"([^@\s]+)@[^@\s]+", folded)
    if found is None:
        return "is no mail address"
    office = all(word in common_words() for word in re.findall(r"[^\W\d_]+", found[1]))
    return "is the address of an office" if office else None


def _weak_phone(form: str) -> str | None:
    digits, others = other_digits(fold(form).text)
    if len(digits) < _SHORTEST_PHONE:
        return f"has fewer than {_SHORTEST_PHONE} digits"
    return None if others else "has no country code, so it is found only as it is written"
