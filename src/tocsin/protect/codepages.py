"""What bytes above 127 say in the code pages that were in use before UTF-8, and texts that were read in the wrong one.

A byte whose meaning is open stands in a text as the lone surrogate that Python's `surrogateescape` writes for it
(PEP 383): U+DC80 to U+DCFF. The tables are those of the codecs of Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

_SURROGATES = 0xDC00
_NO_LETTER = "\ufffd"

# Of several pages of one script the most used first. Of KOI8 the Ukrainian one, which has all letters of the Russian.
_OF_SCRIPT = {
    "Latin": "cp1252 cp1250 iso8859-2 iso8859-15 cp1254 cp1257 cp850 cp852 mac-roman",
    "Cyrillic": "cp1251 koi8-u cp866 iso8859-5 mac-cyrillic",
    "Greek": "cp1253 iso8859-7 cp737",
    "Arabic": "cp1256 iso8859-6",
    "Hebrew": "cp1255 cp862",
}
_LETTERS = {"Cyrillic": "\u0400-\u052f", "Greek": "\u0370-\u03ff", "Arabic": "\u0600-\u06ff", "Hebrew": "\u05d0-\u05ea"}
_FEWEST_LETTERS = 3  # in a row: the least word that can carry a name

BYTE: Final = "\udc80-\udcff"  # for a set of characters in a pattern
_BYTE_SEEN = re.compile(f"[{BYTE}]")


class Page(NamedTuple):
    """A code page: what each byte above 127 stands for, by its surrogate."""

    name: str
    table: Mapping[int, str]
    told: re.Pattern[str]  # found in a text whose bytes are worth reading in this page


def _page(name: str, script: str) -> Page:
    letters = {}
    for byte in range(0x80, 0x100):
        said = bytes((byte,)).decode(name, "replace")
        # As browsers read it: what Windows left open has the meaning of Latin-1.
        letters[byte + _SURROGATES] = chr(byte) if said == _NO_LETTER and name == "cp1252" else said
    if script == "Latin":
        return Page(name, letters, _BYTE_SEEN)
    of_script = re.compile(f"[{_LETTERS[script]}]")
    held = "".join(re.escape(chr(byte)) for byte, said in letters.items() if of_script.match(said))
    return Page(name, letters, re.compile(f"[{held}]{{{_FEWEST_LETTERS}}}"))


_PAGES = {script: tuple(_page(name, script) for name in names.split()) for script, names in _OF_SCRIPT.items()}
PAGES: Final = tuple(page for pages in _PAGES.values() for page in pages)


def pages_for(words: Iterable[str]) -> tuple[Page, ...]:
    """The pages in which one of the words can be written, and those of Latin letters, which all names have."""
    first = "".join({word[:1] for word in words if not word.isascii()})
    scripts = {script for script, letters in _LETTERS.items() if re.search(f"[{letters}]", first)}
    return tuple(page for script, pages in _PAGES.items() if script == "Latin" or script in scripts for page in pages)


def _bytes_of(codec: str) -> dict[int, int]:
    """By character above 127 the surrogate of the byte it stands for in the codec."""
    return {
        ord(said): byte + _SURROGATES
        for byte in range(0x80, 0x100)
        if (said := bytes((byte,)).decode(codec, "replace")) != _NO_LETTER
    }


# What a reader took bytes for that asked for no encoding: Windows and HTTP, the names in zip archives, a Russian desk.
_WESTERN = {byte: byte + _SURROGATES for byte in range(0x80, 0x100)} | _bytes_of("cp1252")
_DOS = _bytes_of("cp437")
_RUSSIAN = _bytes_of("cp1251") | {0x98: 0x98 + _SURROGATES}


class Misreading(NamedTuple):
    """A page that bytes of other encodings were read in.

    bytes     by character the surrogate of its byte
    runs      characters of it in a row, which may be UTF-8
    told      found where they may be of another code page
    """

    bytes: Mapping[int, int]
    runs: re.Pattern[str]
    told: re.Pattern[str] | None


def _misreading(table: Mapping[int, int], *, pages: bool) -> Misreading:
    held = "".join(re.escape(chr(code)) for code in sorted(table) if code != 0xA0)
    told = f"(?<=[A-Za-z])[{held}]|[{held}](?=[A-Za-z])|[{held}]{{{_FEWEST_LETTERS}}}"
    return Misreading(table, re.compile(f"[{held}\xa0]{{2,}}+"), re.compile(told) if pages else None)


MISREADINGS: Final = (
    _misreading(_WESTERN, pages=True),
    _misreading(_DOS, pages=True),
    _misreading(_RUSSIAN, pages=False),
)

_FOLLOWS = "".join(re.escape(bytes((byte,)).decode("cp1251", "ignore") or "\x98") for byte in range(0x80, 0xC0))
_OTHERS = "".join(re.escape(chr(code)) for code in sorted(_WESTERN.keys() | _DOS.keys()) if code != 0xA0)
# What a text has to hold for any of this to be tried. UTF-8 read as Cyrillic: two characters
# of it, or one beside Latin letters.
OPEN: Final = re.compile(
    f"[{BYTE}\ufffd]|(?<=[A-Za-z])[{_OTHERS}]|[{_OTHERS}](?=[A-Za-z])|[{_OTHERS}][{_OTHERS}\xa0]"
    f"|(?<=[A-Za-z])[\u0412-\u0415][{_FOLLOWS}]|[\u0412-\u0415][{_FOLLOWS}](?=[A-Za-z])"
    f"|(?:[\u0413-\u0415\u041e-\u0421\u0427-\u0429][{_FOLLOWS}]|\u0431[{_FOLLOWS}][{_FOLLOWS}]){{2}}"
)


def has_open_bytes(text: str) -> bool:
    """Whether there are bytes of which nobody knows what they say."""
    return not text.isascii() and _BYTE_SEEN.search(text) is not None


def bytes_in(text: str) -> bytes:
    """The bytes that the characters of a text stand for, where all of them are bytes above 127."""
    return bytes(ord(character) - _SURROGATES for character in text)
