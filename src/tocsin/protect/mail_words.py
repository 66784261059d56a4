"""The encoded words of mail headers (RFC 2047, with the language of RFC 2231), those side by side put together."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from encodings.aliases import aliases
from itertools import groupby
from typing import Final, NamedTuple

WORD: Final = re.compile(
    r"=\?(?P<charset>[A-Za-z0-9][A-Za-z0-9_.:-]{1,39})(?:\*[A-Za-z0-9-]{0,35})?\?(?P<how>[BbQq])\?(?P<said>[^?]*+)\?="
)
_BETWEEN = re.compile(r"[ \t\r\n]*")
_NO_DIGITS = re.compile(r"[^A-Za-z0-9+/_-]+")
_STANDARD = str.maketrans("-_", "+/")
_QUOTED = re.compile(rb"=([0-9A-Fa-f]{2})|=[ \t]*+\r?\n")

# A closed list: Python remembers for good every name it was asked for, and some of its codecs are of no characters.
_NO_CHARSETS = {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
    "mbcs",
    "tactis",
}
_MORE = ("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "iso8859_1", "koi8_t", "koi8_u", "mac_arabic")
# What the names of wider use mean: mailers write the name of the older set and letters of the newer.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "latin_1": "cp1252",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_sjis": "cp932",
    "x_gbk": "gb18030",
    "windows_874": "cp874",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
}
_CODECS = {**aliases, **{name: name for name in (*aliases.values(), *_MORE)}, **_WIDER}


class Said(NamedTuple):
    """Part of what encoded words say; bytes that say nothing in their character set are surrogates (PEP 383).

    start, end    what it stands for: a word, or two where a character or a group of base64 digits is cut between them
    """

    text: str
    start: int
    end: int


class _Bytes(NamedTuple):
    """Bytes of one word, and where they are from."""

    charset: str
    data: bytes
    start: int
    end: int


def mail_words(text: str) -> Iterator[tuple[int, int, list[Said]]]:
    """Each group of encoded words with only white space between: its start and end, and what it says, in order."""
    held: list[re.Match[str]] = []
    for match in WORD.finditer(text):
        if held and not _BETWEEN.fullmatch(text, held[-1].end(), match.start()):
            yield held[0].start(), held[-1].end(), list(_said(held))
            held = []
        held.append(match)
    if held:
        yield held[0].start(), held[-1].end(), list(_said(held))


def _said(words: Sequence[re.Match[str]]) -> Iterator[Said]:
    for charset, group in groupby(_bytes(words), key=lambda one: one.charset):
        codec = _CODECS.get(charset.replace("-", "_"))
        codec = None if codec is None or codec in _NO_CHARSETS else _WIDER.get(codec, codec)
        parts = list(group)
        yield from _unknown(parts) if codec in (None, "utf_8", "ascii") else _known(parts, codec or "")


def _bytes(words: Sequence[re.Match[str]]) -> Iterator[_Bytes]:
    """A group of base64 digits that is cut between two words is put together."""
    cut, begun = "", 0
    for place, word in enumerate(words):
        charset, start = word["charset"].lower(), word.start()
        if word["how"] in "Qq":
            data = _QUOTED.sub(_quoted, _encoded(word["said"].replace("_", " ")))
            yield _Bytes(charset, data, start, word.end())
            continue
        digits = _NO_DIGITS.sub("", word["said"]).translate(_STANDARD)
        if cut:
            groups = min(4 - len(cut), len(digits))
            yield _Bytes(charset, _unpacked(cut + digits[:groups]), begun, word.end())
            digits, cut = digits[groups:], ""
        following = words[place + 1] if place + 1 < len(words) else None
        if following and following["how"] in "Bb" and "=" not in word["said"]:
            whole = len(digits) - len(digits) % 4
            digits, cut, begun = digits[:whole], digits[whole:], start
        yield _Bytes(charset, _unpacked(digits), start, word.end())


def _unpacked(digits: str) -> bytes:
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character of UTF-16, which is no letter
        return text.encode("utf-8", "replace")


def _quoted(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),)) if match[1] else b""


def _known(parts: Sequence[_Bytes], codec: str) -> Iterator[Said]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    begun = parts[0].start
    for place, part in enumerate(parts):
        text = decoder.decode(part.data, place + 1 == len(parts))
        pending = bool(decoder.getstate()[0])
        if text:
            yield Said(text[:1], begun, part.end)
            yield Said(text[1:], part.start, part.end)
        if text or not pending:
            begun = part.start if pending else parts[place + 1].start if place + 1 < len(parts) else 0


def _unknown(parts: Sequence[_Bytes]) -> Iterator[Said]:
    """As UTF-8, what is none as bytes."""
    place, left = 0, len(parts[0].data)
    for character in b"".join(part.data for part in parts).decode("utf-8", "surrogateescape"):
        length = 1 if "\udc80" <= character <= "\udcff" else len(character.encode())
        while not left:
            place, left = place + 1, len(parts[place + 1].data)
        begun = parts[place].start
        while length > left:
            length -= left
            place, left = place + 1, len(parts[place + 1].data)
        left -= length
        yield Said(character, begun, parts[place].end)
