"""The ways a name gets into a log: as it is, encoded, encoded twice, turned round, shortened."""

from __future__ import annotations

import base64
import quopri
import unicodedata
import urllib.parse
from collections.abc import Callable, Mapping

from benchmarks.door_proof.names import Name


def _json(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def _percent(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def _base64(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def _quoted(text: str) -> str:
    return quopri.encodestring(text.encode(), quotetabs=True).decode().strip()


def _in_document(text: str) -> str:
    return _base64(f'{{"k":"an invented document","who":"{text}","n":17}}')


ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "upper case": str.upper,
    "JSON escapes": _json,
    "percent": _percent,
    "percent, lower case": lambda text: _percent(text).replace("%D", "%d").replace("%C", "%c").replace("%E", "%e"),
    "form": urllib.parse.quote_plus,
    "base64": _base64,
    "base64, URL alphabet": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in a longer text": _in_document,
    "base64 of UTF-16": lambda text: _base64(text, "utf-16-le"),
    "base64 of UTF-16, big end first": lambda text: _base64(text, "utf-16-be"),
    "quoted-printable": _quoted,
    "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "entities, hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "hexadecimal": lambda text: text.encode().hex().upper(),
    "zero-width strewn": lambda text: "\u200b".join(text[place : place + 3] for place in range(0, len(text), 3)),
    "percent of percent": lambda text: _percent(_percent(text)),
    "percent of base64": lambda text: _percent(_base64(text)),
    "base64 of percent": lambda text: _base64(_percent(text)),
    "base64 of JSON escapes": lambda text: _base64(_json(text)),
    "base64 of base64": lambda text: _base64(_base64(text)),
    "base64 of entities": lambda text: _base64("".join(f"&#{ord(letter)};" for letter in text)),
    "JSON escapes in percent": lambda text: _percent(_json(text)),
}

ARRANGED: Mapping[str, Callable[[str, str], str]] = {
    "as given": lambda given, family: f"{given} {family}",
    "turned": lambda given, family: f"{family}, {given}",
    "dots": lambda given, family: f"{given}.{family}".lower(),
    "underscores": lambda given, family: f"{family}_{given}",
    "initial": lambda given, family: f"{given[0]}. {family}",
    "jammed": lambda given, family: f"{given[0]}{family}".lower().replace("'", ""),
}


def generated(name: Name) -> list[tuple[str, str]]:
    """Spellings that are not in the vault: by which system, and the text."""
    return [(system, f"{given} {family}") for system, (given, family) in name.spellings.items()]
