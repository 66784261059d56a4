"""A text in; every byte string that it is looked for as, out. What is not in this list is not looked for."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

from tocsin.attest.searching import ANYWHERE_FROM
from tocsin.render.plain import shown

_CHARSETS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1")


def variants(value: str) -> frozenset[str]:
    """The text as it is, and with its accents composed and apart (Unicode NFC and NFD)."""
    return frozenset({value, unicodedata.normalize("NFC", value), unicodedata.normalize("NFD", value)})


def spellings(value: str) -> frozenset[bytes]:
    """Of each of its variants, also in lower and in upper case: see `_spelled`. A search takes ASCII in either case."""
    texts = variants(value)
    if not value.isascii():
        texts |= {each for text in texts for each in (text.lower(), text.upper())}
    return frozenset(form for text in texts for form in _spelled(text))


def _spelled(value: str) -> set[bytes]:
    """The text as UTF-8, UTF-16, Windows-1252 and Latin-1, and of each of these the hex and the per cent encoding.

    In JSON with `\\u` escapes or without, once and twice, `/` escaped or not; with its characters as HTML and XML
    entities, by number and by name; and all of these in base64, at each of its three alignments.
    """
    texts = {value, html.escape(value, quote=False), html.escape(value)}
    texts |= {text.replace("&#x27;", apostrophe) for text in texts for apostrophe in ("&#39;", "&apos;")}
    texts |= {text.replace("&quot;", "&#34;") for text in texts}
    texts |= {references(text) for text in texts for references in (_decimal, _hexadecimal, _named)}
    texts |= {shown(value), html.escape(shown(value))}
    for _ in range(2):
        texts |= {json.dumps(text, ensure_ascii=ascii_alone)[1:-1] for text in texts for ascii_alone in (True, False)}
    texts |= {text.replace("/", "\\/") for text in texts if "/" in value}
    encoded = set(_encoded(value))
    for data in encoded:
        texts |= {quote(data, safe=""), quote(data), quote_plus(data)}
    texts |= {re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in list(texts) if "%" in text}
    plain = {text.encode("utf-8", "surrogatepass") for text in texts} | encoded
    found = set(plain)
    for data in encoded:
        found |= {data.hex().encode(), data.hex().upper().encode()}
    for form in plain:
        found |= {inside for inside in _inside_base64(form) if len(inside) >= ANYWHERE_FROM}
    return found


def _encoded(value: str) -> Iterator[bytes]:
    for charset in _CHARSETS:
        try:
            yield value.encode(charset, "surrogatepass" if charset.startswith("utf") else "strict")
        except UnicodeEncodeError:
            continue  # nothing written in it can hold the text


def _decimal(text: str) -> str:
    return "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in text)


def _hexadecimal(text: str) -> str:
    return "".join(letter if letter.isascii() else f"&#x{ord(letter):x};" for letter in text)


def _named(text: str) -> str:
    names = ((letter, None if letter.isascii() else codepoint2name.get(ord(letter))) for letter in text)
    return "".join(f"&{name};" if name else letter for letter, name in names)


def _inside_base64(data: bytes) -> Iterator[bytes]:
    """The characters that bytes make in base64 whatever stands before and behind them, at each of three alignments."""
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + data)
        first, end = -(-lead * 8 // 6), (lead + len(data)) * 8 // 6
        yield text[first:end]
        yield text[first:end].replace(b"+", b"-").replace(b"/", b"_")
